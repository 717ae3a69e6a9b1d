/* customer.h: what is recorded of a person after registration: consents, steps of onboarding, and
 * being forgotten. */
#ifndef CUSTOMER_H
#define CUSTOMER_H

#include <stdbool.h>
#include <stdint.h>

struct door;

/*
 * The three take a subject: e-mail address, phone number or username. The caller has a transaction
 * open or is in a statement that writes. Errors are the ledger's: among them that nobody has this
 * subject.
 */

/* A consent given or withdrawn later. `version` may be NULL where the settings name none; state is
 * "accepted" or "declined". */
void customer_set_consent(struct door *door, const char *subject, const char *name,
                          const char *version, const char *state, int64_t now);

struct customer_step {
    const char *name;      /* KYC, SUBSCRIPTION, PAYMENT, ... */
    const char *status;    /* the host's word: started, approved, rejected, ... */
    const char *reference; /* the other system's id; NULL: none */
};

void customer_record_step(struct door *door, const char *subject, const struct customer_step *step,
                          int64_t now);

/*
 * Erases the person: every attempt with this subject, and of the customer it names. GDPR article
 * 17; counts stay. A subject that several customers share is refused unless `all`. The number of
 * attempts erased, 0 where nobody has the subject (no error).
 */
int64_t customer_forget(struct door *door, const char *subject, bool all, int64_t now);

#endif
