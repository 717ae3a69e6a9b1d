/* SPDX-License-Identifier: MIT */
/* answer.h: what is sent back, as meant or as a fault wants it. */
#ifndef ANSWER_H
#define ANSWER_H

#include "bytes.h"
#include "fault.h"

#include <microhttpd.h>

enum answer_form {
    ANSWER_WHOLE,
    ANSWER_SHORT, /* closes in the middle of the body */
    ANSWER_HUGE,  /* a body made while it is sent */
    ANSWER_NONE   /* the connection closes without an answer */
};

/* All zero but for the status is an empty answer. */
struct answer {
    unsigned status;
    enum answer_form form;
    struct bytes body;
    const char *type;          /* NULL: application/json */
    const char *allow;         /* the method that is allowed, with 405 */
    const char *authenticate;  /* with 401 */
    const struct fault *fault; /* NULL: none; outlives the answer */
};

/* The body becomes {"status":...,"message":...}. */
void answer_message(struct answer *answer, unsigned status, const char *message);

/* Makes of an answer what the fault says; the fault must outlive it. */
void answer_spoil(struct answer *answer, const struct fault *fault, struct fault_list *random);

/* Queues it, and gives its body away. */
enum MHD_Result answer_send(struct answer *answer, struct MHD_Connection *connection);

#endif
