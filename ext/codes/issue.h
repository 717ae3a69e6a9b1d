/* SPDX-License-Identifier: MIT */
/* issue.h: a new code for a subject, or the same again within the resend pause. */
#ifndef ISSUE_H
#define ISSUE_H

#include <stdbool.h>
#include <stdint.h>

#include "codes/code.h"

struct session;

struct issue_request {
    const char *subject;   /* e-mail address, phone number or username */
    const char *channel;   /* "email", "sms" or "none" */
    const char *device_id; /* NULL: none */
    bool resend; /* asks for a new one in place of the last: refused within the pause, and where
                    there is none */
};

/*
 * Derives the code into `code`, which the caller wipes; its time runs from now. The caller has a
 * transaction open or is in a statement that writes. False with the ledger's error set where it is
 * refused: the message says how many seconds to wait, or which device may ask.
 */
bool issue_code(struct session *session, const struct issue_request *request, char code[CODE_SIZE]);

#endif
