/* SPDX-License-Identifier: MIT */
/* reach.h: whether a channel's server can be reached, for whoever sets a channel up. */
#ifndef REACH_H
#define REACH_H

#include "delivery/transfer.h"

/*
 * Connects as a call of the channel would: name, address, proxy, TLS and certificate, and for a
 * mail server also greeting, STARTTLS and log-in. Nothing is sent that could be taken for a message
 * or a report. `text`: what the server said, or why it was not reached; one line, safe to show.
 */
bool reach_server(const struct transfer_channel *channel, const struct config_patience *patience,
                  char text[TRANSFER_TEXT]);

#endif
