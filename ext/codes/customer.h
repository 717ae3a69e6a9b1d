/* SPDX-License-Identifier: MIT */
/* customer.h: what is recorded of a person after registration: consents, steps of onboarding, and
 * being forgotten. */
#ifndef CUSTOMER_H
#define CUSTOMER_H

#include <stdbool.h>
#include <stdint.h>

#include "codes/subject_lookup.h"

struct session;

/*
 * The three take a subject: e-mail address, phone number or username. The caller has a transaction
 * open or is in a statement that writes. Errors are the ledger's: among them that nobody has this
 * subject.
 */

/* A consent given or withdrawn later. `version` may be NULL where the settings name none; state is
 * "accepted" or "declined". */
void customer_set_consent(struct session *session, const char *subject, const char *name,
                          const char *version, const char *state);

struct customer_step {
    const char *name;      /* KYC, SUBSCRIPTION, PAYMENT, ... */
    const char *status;    /* the host's word: started, approved, rejected, ... */
    const char *reference; /* the other system's id; NULL: none */
};

void customer_record_step(struct session *session, const char *subject,
                          const struct customer_step *step);

struct customer_forgotten {
    int64_t attempts, codes; /* how many were erased; codes: those that stand alone. 0: nobody */
    bool refused;            /* several people: none was erased */
    struct lookup_people people; /* whom a subject names */
};

/*
 * Erases the person: every attempt with this subject, and of the customer it names, and codes for
 * it that stand alone. GDPR article 17; counts stay. A subject that names several people is refused
 * unless `all`. That nobody has it is no error.
 */
void customer_forget(struct session *session, const char *subject, bool all,
                     struct customer_forgotten *forgotten);

/* The first attempt with a number after `after` that customer_tidy() would erase; 0: none. */
int64_t customer_next_to_tidy(struct session *session, int64_t after, int64_t before);

/* The same for attempts that failed before the moment `before`, of those with numbers from after
 * `after` to `until`: each alone, whoever else is the same person. */
void customer_tidy(struct session *session, int64_t after, int64_t until, int64_t before,
                   struct customer_forgotten *forgotten);

/* How many attempts customer_tidy() would erase. */
int64_t customer_count_to_tidy(struct session *session, int64_t after, int64_t until,
                               int64_t before);

/* The same by an attempt: that one, and all of its customer. */
void customer_forget_attempt(struct session *session, int64_t attempt,
                             struct customer_forgotten *forgotten);

#endif
