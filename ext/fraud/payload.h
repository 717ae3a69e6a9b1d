/* SPDX-License-Identifier: MIT */
/* payload.h: the JSON document that the fraud API is sent for an attempt (Ravelin's registration
 * event, seed document and public documentation). */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

struct session;

/* What is shown of the password's fingerprint. */
enum payload_fingerprint { PAYLOAD_MASKED, PAYLOAD_WHERE_KEY_IS, PAYLOAD_NEEDED };

struct payload_request {
    int64_t attempt_id;
    bool success;
    const char *reasons; /* JSON array; NULL: none */
    int64_t customer_id; /* 0: that of the attempt */
    enum payload_fingerprint
        fingerprint; /* stars; stars unless the key is at hand; an error unless it is */
    int64_t as_of;   /* leaves out what was recorded after it; 0: nothing */
};

/* Compact JSON, one document; the caller wipes and frees it with payload_free(). NULL where there
 * is no such attempt, and with the ledger's error set. */
char *payload_build(struct session *session, const struct payload_request *request);
void payload_free(char *payload);

/* On a cluster: this payload will be built soon, and what all foreseen ones need is read at once.
 */
void payload_foresee(struct session *session, const struct payload_request *request);

/* The same for an attempt as it stands now, success or not; a pending one reads as not successful.
 */
char *payload_preview(struct session *session, int64_t attempt_id);

#endif
