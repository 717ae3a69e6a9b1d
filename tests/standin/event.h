/* SPDX-License-Identifier: MIT */
/* event.h: the registration events that were accepted: what the vendor's dashboard counts. */
#ifndef EVENT_H
#define EVENT_H

#include "bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event {
    const char *path; /* a text that outlives the store */
    const char *body; /* JSON on one line; given to event_keep(), copied there */
    size_t size;
    int64_t received_ms;
    int64_t timestamp_ms; /* the payload's own time */
    bool success;
    unsigned answered; /* HTTP status, 0: no answer */
    uint64_t digest;   /* filled by event_keep() */
    bool repeated;     /* the same body had been kept before; filled by event_keep() */
};

struct event_store {
    struct event *events;
    size_t count;
    size_t room;
    size_t *slots; /* open hash by digest: index + 1 of the first event of each body */
    size_t slot_count;
    size_t duplicates;
    int file; /* -1: none */
    struct bytes line;
};

/* `file` may be NULL: events are kept in memory only. An existing file is emptied. */
bool event_open(struct event_store *store, const char *file, char *error, size_t error_size);

/* False: the event could not be written to the file, and is not kept. */
bool event_keep(struct event_store *store, const struct event *event);

/* All events as a JSON array, and the dashboard's counts by day at that offset from UTC: one row a
 * day, or (`by_outcome`) one row a day and outcome. */
void event_print_all(const struct event_store *store, struct bytes *text);
void event_print_dashboard(const struct event_store *store, int offset_minutes, bool by_outcome,
                           struct bytes *text);

/* Forgets all events and empties the file. */
void event_clear(struct event_store *store);
void event_close(struct event_store *store);

#endif
