/* SPDX-License-Identifier: MIT */
/*
 * subject_lookup.h: finds the person that a subject refers to, for functions, confirmations and
 * erasure alike.
 *
 * A text of the form of an e-mail address means the address. One of the form of a phone number
 * means the number; digits that only a default country completes mean the number of each default
 * country that the ledger has had, and a username. Any other text is a username. A username of the
 * form of an address or a number is only for whoever has that (admission/field_checks.c), so that
 * nobody is hidden by it; in rows of older versions it may be somebody else's, and counts for
 * erasing alone.
 */
#ifndef SUBJECT_LOOKUP_H
#define SUBJECT_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/session.h"
#include "ledger/settings.h"
#include "values/subject.h"

enum {
    LOOKUP_NUMBERS = SETTINGS_COUNTRIES + 1,
    LOOKUP_READINGS = 2 * LOOKUP_NUMBERS + 2,
    LOOKUP_LIST = LOOKUP_READINGS * 64,
    LOOKUP_PEOPLE = 512
};

/* How a reading counts. */
enum lookup_use {
    LOOKUP_MEANT = 1,
    LOOKUP_FORMER =
        2, /* a number by a country that is the default no more: nothing is sent there */
    LOOKUP_INSTEAD = 4, /* with usernameIsPhone, a row of an older version that has the number as
                        username alone: where nobody has it as phone */
    LOOKUP_ERASING = 8, /* a row of an older version: only to be erased */
    LOOKUP_ANY = 15
};

struct lookup_reading {
    enum subject_kind kind;
    enum lookup_use use;
    const char *text; /* as it is compared; in struct lookup, which may not move */
    int64_t key;      /* in the index of subjects */
};

/* Every reading of a text. */
struct lookup {
    struct lookup_reading readings[LOOKUP_READINGS];
    size_t count;
    char email[SUBJECT_SIZE], username[SUBJECT_SIZE];
    char numbers[LOOKUP_NUMBERS][SUBJECT_NUMBER_SIZE];
    size_t number_count;
    char list[LOOKUP_LIST]; /* what lookup_bind() bound last */
};

/* False where the text can mean nobody, and after an error of the ledger. */
bool lookup_read(struct session *session, const char *text, struct lookup *who);

/* Who is there: the people behind the readings, as "1 by username, 2 by phone number". The numbers
 * are those of their attempts; a customer's is that of his first. */
struct lookup_people {
    bool apart;        /* by different readings that have nobody in common */
    int64_t customers; /* how many */
    char names[LOOKUP_PEOPLE];
};

/* Everybody that a text can be meant by to erase; what failed and codes that stand alone among it.
 */
void lookup_list(struct session *session, struct lookup *who, struct lookup_people *people);

/* Whom a text means now: a pending attempt, a customer, or both. */
struct lookup_found {
    int64_t pending;  /* the newest attempt that waits; 0: none */
    int64_t customer; /* the newest attempt of a customer; 0: none */
    const struct lookup_reading *pending_by, *customer_by; /* the reading that found it */
    struct lookup_people people; /* filled in where they may be several: `names` is "" otherwise */
    char keys[LOOKUP_LIST];      /* JSON: the keys of the readings that count */
};

/* False after an error of the ledger. */
bool lookup_find(struct session *session, struct lookup *who, int64_t now,
                 struct lookup_found *found);

/* Sets the ledger's error: they are several. */
void lookup_refuse(struct session *session, const struct lookup_people *people);

/* The keys of all readings, as a JSON array. */
void lookup_keys(const struct lookup *who, char keys[LOOKUP_LIST]);

/* Binds :readings, :email and :username of a statement: the readings of these uses. */
struct ledger_statement;
void lookup_bind(struct ledger_statement *statement, struct lookup *who, unsigned uses);

#endif
