/* SPDX-License-Identifier: MIT */
/* sms.h: the SMS channel: an HTTP gateway, or a folder. Its requests are struct message_request. */
#ifndef SMS_H
#define SMS_H

#include "channels/message.h"
#include "delivery/transfer.h"

struct sms;

/* Reads the templates, checks URL, headers and body template. `config` must outlive it. NULL: error
 * filled (a configuration error). */
struct sms *sms_open(const struct config_sms *config, struct error *error);
void sms_close(struct sms *sms);

struct transfer_channel sms_channel(struct sms *sms);

struct sms_length {
    bool unicode;      /* UCS-2: a character is not in GSM-7 */
    unsigned units;    /* septets, or 16-bit units */
    unsigned segments; /* messages that are paid for */
};

/* How long a text is on the air. */
struct sms_length sms_segments(const char *text);

#endif
