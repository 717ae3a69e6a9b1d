/* SPDX-License-Identifier: MIT */
/* fraud.h: the fraud API's channel: one POST per outcome. Its requests are struct fraud_request. */
#ifndef FRAUD_H
#define FRAUD_H

#include "delivery/transfer.h"

/* The owner keeps the texts until the item comes back. */
struct fraud_request {
    const char *body; /* JSON */
    size_t length;
    const char *hide[TRANSFER_HIDE - 1]; /* texts of the body that no kept answer may repeat
                                            (e-mail, phone, fingerprint); unused ones NULL */
};

struct fraud;

/* `config` must outlive it. NULL: error filled (a configuration error); never names the token. */
struct fraud *fraud_open(const struct config_fraud *config, struct error *error);
void fraud_close(struct fraud *fraud);

/* answer.timestamp is the `timestamp` of a 200 answer, where it has one. */
struct transfer_channel fraud_channel(struct fraud *fraud);

#endif
