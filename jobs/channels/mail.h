/* SPDX-License-Identifier: MIT */
/* mail.h: the e-mail channel: SMTP by libcurl, or a Maildir. Its requests are struct
 * message_request.
 */
#ifndef MAIL_H
#define MAIL_H

#include "channels/message.h"
#include "delivery/transfer.h"

struct mail;

/* Reads the templates, checks `from` and the URL, opens the Maildir of a `file:` URL. `config` must
 * outlive it. NULL: error filled (a configuration error). */
struct mail *mail_open(const struct config_mail *config, struct error *error);
void mail_close(struct mail *mail);

struct transfer_channel mail_channel(struct mail *mail);

#endif
