/* who.h: whom a text means: the keys under which the index of subjects knows an e-mail address, a
 * phone number or a username. */
#ifndef WHO_H
#define WHO_H

#include <stdbool.h>
#include <stdint.h>

#include "door.h"
#include "subject.h"

struct ledger_statement;

/* A text may be a phone number and a username at once; "" where it is not of that kind. */
struct who {
    char email[SUBJECT_SIZE];
    char phone[SUBJECT_SIZE];
    char username[SUBJECT_SIZE];
    int64_t email_key, phone_key, username_key;
};

/* False where the text can be none of the three. */
bool who_is(struct door *door, const char *text, struct who *who);

/* Binds :email_key, :phone_key and :username_key, NULL for what it is not. */
void who_bind(struct ledger_statement *statement, const struct who *who);

#endif
