/* SPDX-License-Identifier: MIT */
/* message.h: the SMS messages that the gateway took. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "bytes.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct message_store {
    char **messages; /* each a JSON object */
    size_t count;
    size_t room;
    const char *directory; /* NULL: memory only */
};

/* Keeps the message, as NNNNNN.json of the directory too (its owner's alone: messages carry codes).
 * Takes no reference. False: the file could not be written; said on standard error. */
bool message_keep(struct message_store *store, const json_t *message);

/* All messages as a JSON array. */
void message_print_all(const struct message_store *store, struct bytes *text);

/* Forgets the messages and removes their files. */
void message_clear(struct message_store *store);

/* Forgets them and leaves the files. */
void message_close(struct message_store *store);

#endif
