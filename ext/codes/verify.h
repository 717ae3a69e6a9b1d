/* SPDX-License-Identifier: MIT */
/* verify.h: verifies an entered code. */
#ifndef VERIFY_H
#define VERIFY_H

#include <stdint.h>

struct session;

enum verify_verdict {
    VERIFY_VERIFIED,
    VERIFY_INVALID_CODE,
    VERIFY_CODE_TIMEOUT,
    VERIFY_RATE_LIMIT,
    VERIFY_WRONG_DEVICE,
    VERIFY_SUPERSEDED,
    VERIFY_ALREADY_VERIFIED,
    VERIFY_NOT_FOUND,
    VERIFY_SUBJECT_AMBIGUOUS /* of a second request alone: otherwise it is an error */
};

struct verify_request {
    const char *subject;   /* NULL: the code is a token and names its subject itself */
    const char *code;      /* as it was entered: code_read() */
    const char *device_id; /* NULL: none */
    int64_t entered_at;    /* late news: judged as of then; 0, or not before now: as of now */
    /* The second request of a two-step sign-up leaves a row of its own: where it came from.
     * continuation_id 0: none. */
    int64_t continuation_id, attempted_at, import_id, line;
    /* The partner's id (partner API) and the uuid (Synerise) of the second request, NULL where
     * there is none: a code of a first request that had another is not looked at. */
    const char *partner_id, *uuid;
    /* The password that comes with the code, hashed, and its fingerprint (KEY_FINGERPRINT_SIZE
     * bytes); NULL: none. Kept where the sign-up brought none. */
    const char *password_hash;
    const unsigned char *fingerprint;
    const char *refused; /* why the code is not even looked at: recorded as the continuation's
                            verdict; NULL: nothing */
};

/*
 * Decides and writes with one statement. The caller has a transaction open or is in a statement
 * that writes. After an error of the ledger the verdict means nothing. A right code completes its
 * attempt; a wrong one costs each pending attempt of the subject one try. What cannot be a code, by
 * its length or alphabet, costs none: VERIFY_INVALID_CODE, and a continuation says
 * email_confirm_code_invalid.
 *
 * What is judged now is judged by the ledger's time as of the write's begin, when nobody else can
 * write. Late news never revives a code that wrong tries have exhausted, whenever it was entered.
 */
enum verify_verdict verify_code(struct session *session, const struct verify_request *request);

/* "verified" and so on. */
const char *verify_name(enum verify_verdict verdict);

#endif
