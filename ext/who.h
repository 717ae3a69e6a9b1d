/*
 * who.h: whom a text means, for every function, confirmation and erasure alike.
 *
 * A text of the form of an e-mail address means the address. One of the form of a phone number
 * means the number; digits that only a default country completes mean the number of each default
 * country that the ledger has had, and a username. Any other text is a username. A username of the
 * form of an address or a number is only for whoever has that (columns.c), so that nobody is hidden
 * by it; in rows of older versions it may be somebody else's, and counts for erasing alone.
 */
#ifndef WHO_H
#define WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "door.h"
#include "settings.h"
#include "subject.h"

enum {
    WHO_NUMBERS = SETTINGS_COUNTRIES + 1,
    WHO_READINGS = 2 * WHO_NUMBERS + 2,
    WHO_LIST = WHO_READINGS * 64,
    WHO_PEOPLE = 512
};

/* How a reading counts. */
enum who_use {
    WHO_MEANT = 1,
    WHO_FORMER = 2,  /* a number by a country that is the default no more: nothing is sent there */
    WHO_INSTEAD = 4, /* with usernameIsPhone, a row of an older version that has the number as
                        username alone: where nobody has it as phone */
    WHO_ERASING = 8, /* a row of an older version: only to be erased */
    WHO_ANY = 15
};

struct who_reading {
    enum subject_kind kind;
    enum who_use use;
    const char *text; /* as it is compared; in struct who, which may not move */
    int64_t key;      /* in the index of subjects */
};

/* Every reading of a text. */
struct who {
    struct who_reading readings[WHO_READINGS];
    size_t count;
    char email[SUBJECT_SIZE], username[SUBJECT_SIZE];
    char numbers[WHO_NUMBERS][SUBJECT_NUMBER_SIZE];
    size_t number_count;
    char list[WHO_LIST]; /* what who_bind() bound last */
};

/* False where the text can mean nobody, and after an error of the ledger. */
bool who_read(struct door *door, const char *text, struct who *who);

/* Who is there: the people behind the readings, as "1 by username, 2 by phone number". The numbers
 * are those of their attempts; a customer's is that of his first. */
struct who_people {
    bool apart;        /* by different readings that have nobody in common */
    int64_t customers; /* how many */
    char names[WHO_PEOPLE];
};

/* Everybody that a text can be meant by to erase; what failed and codes that stand alone among it.
 */
void who_list(struct door *door, struct who *who, struct who_people *people);

/* Whom a text means now: a pending attempt, a customer, or both. */
struct who_found {
    int64_t pending;  /* the newest attempt that waits; 0: none */
    int64_t customer; /* the newest attempt of a customer; 0: none */
    const struct who_reading *pending_by, *customer_by; /* the reading that found it */
    struct who_people people; /* filled in where they may be several: `names` is "" otherwise */
    char keys[WHO_LIST];      /* JSON: the keys of the readings that count */
};

/* False after an error of the ledger. */
bool who_find(struct door *door, struct who *who, int64_t now, struct who_found *found);

/* Sets the ledger's error: they are several. */
void who_refuse(struct door *door, const struct who_people *people);

/* The keys of all readings, as a JSON array. */
void who_keys(const struct who *who, char keys[WHO_LIST]);

/* Binds :readings, :email and :username of a statement: the readings of these uses. */
struct ledger_statement;
void who_bind(struct ledger_statement *statement, struct who *who, unsigned uses);

#endif
