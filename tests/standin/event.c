/* SPDX-License-Identifier: MIT */
#include "event.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool event_open(struct event_store *store, const char *file, char *error, size_t error_size)
{
    *store = (struct event_store){.file = -1};
    if (file == NULL) {
        return true;
    }
    store->file = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (store->file < 0) {
        snprintf(error, error_size, "%s: %s", file, strerror(errno));
        return false;
    }
    return true;
}

/* FNV-1a: only has to spread; equality is decided by the bodies themselves. */
static uint64_t digest_of(const char *body, size_t size)
{
    uint64_t digest = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++) {
        digest = (digest ^ (unsigned char)body[i]) * 0x100000001b3u;
    }
    return digest ^ (digest >> 29);
}

/* The slot that holds the body's first event, or the empty one where it belongs. */
static size_t *find_slot(const struct event_store *store, uint64_t digest, const char *body,
                         size_t size)
{
    size_t mask = store->slot_count - 1;
    size_t place = (size_t)digest & mask;
    while (store->slots[place] != 0) {
        const struct event *event = &store->events[store->slots[place] - 1];
        if (event->digest == digest && event->size == size &&
            (body == event->body || memcmp(event->body, body, size) == 0)) {
            break;
        }
        place = (place + 1) & mask;
    }
    return &store->slots[place];
}

/* Keeps the hash at most half full. */
static void grow(struct event_store *store)
{
    if (store->count == store->room) {
        store->room = store->room == 0 ? 1024 : store->room * 2;
        store->events = bytes_memory(store->events, store->room * sizeof *store->events);
    }
    if ((store->count + 1) * 2 <= store->slot_count) {
        return;
    }
    store->slot_count = store->slot_count == 0 ? 2048 : store->slot_count * 2;
    store->slots = bytes_memory(store->slots, store->slot_count * sizeof *store->slots);
    memset(store->slots, 0, store->slot_count * sizeof *store->slots);
    for (size_t i = 0; i < store->count; i++) {
        const struct event *event = &store->events[i];
        if (!event->repeated) {
            *find_slot(store, event->digest, event->body, event->size) = i + 1;
        }
    }
}

static void print_event(const struct event *event, size_t number, struct bytes *text)
{
    bytes_print(text,
                "{\"n\":%zu,\"received_ms\":%" PRId64 ",\"path\":\"%s\",\"answered\":%u,\"body\":",
                number, event->received_ms, event->path, event->answered);
    bytes_add(text, event->body, event->size);
    bytes_add(text, "}", 1);
}

static bool write_line(int file, const char *line, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, line, size);
        if (written < 0 && errno != EINTR) {
            fprintf(stderr, "standin: the file of accepted events: %s\n", strerror(errno));
            return false;
        }
        if (written > 0) {
            line += written;
            size -= (size_t)written;
        }
    }
    return true;
}

bool event_keep(struct event_store *store, const struct event *event)
{
    grow(store);
    if (store->file >= 0) {
        store->line.size = 0;
        print_event(event, store->count + 1, &store->line);
        bytes_add(&store->line, "\n", 1);
        if (!write_line(store->file, store->line.data, store->line.size)) {
            return false;
        }
    }
    struct event kept = *event;
    kept.digest = digest_of(event->body, event->size);
    size_t *slot = find_slot(store, kept.digest, event->body, event->size);
    kept.repeated = *slot != 0;
    if (kept.repeated) {
        kept.body = store->events[*slot - 1].body;
        store->duplicates++;
    } else {
        char *copy = bytes_memory(NULL, event->size + 1);
        memcpy(copy, event->body, event->size);
        copy[event->size] = '\0';
        kept.body = copy;
        *slot = store->count + 1;
    }
    store->events[store->count++] = kept;
    return true;
}

void event_print_all(const struct event_store *store, struct bytes *text)
{
    bytes_add(text, "[", 1);
    for (size_t i = 0; i < store->count; i++) {
        bytes_add(text, i == 0 ? "\n" : ",\n", i == 0 ? 1 : 2);
        print_event(&store->events[i], i + 1, text);
    }
    bytes_add(text, "\n]\n", 3);
}

enum { DAY_MS = 86400000 };

static int compare_days(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void print_day(int64_t day, size_t successes, size_t failures, bool by_outcome,
                      struct bytes *text)
{
    time_t seconds = (time_t)(day * (DAY_MS / 1000));
    struct tm parts;
    char date[32] = "";
    if (gmtime_r(&seconds, &parts) != NULL) {
        strftime(date, sizeof date, "%Y-%m-%d", &parts);
    }
    if (by_outcome) {
        bytes_print(text, "%s,success,%zu\n%s,failure,%zu\n", date, successes, date, failures);
    } else {
        bytes_print(text, "%s,%zu,%zu\n", date, successes, failures);
    }
}

void event_print_dashboard(const struct event_store *store, int offset_minutes, bool by_outcome,
                           struct bytes *text)
{
    /* Day and outcome in one number, so that sorting brings equal ones together. The payloads'
     * times are checked to be far above zero: plain division rounds the right way. */
    int64_t *keys = bytes_memory(NULL, (store->count + 1) * sizeof *keys);
    for (size_t i = 0; i < store->count; i++) {
        int64_t local_ms = store->events[i].timestamp_ms + (int64_t)offset_minutes * 60000;
        keys[i] = local_ms / DAY_MS * 2 + (store->events[i].success ? 1 : 0);
    }
    qsort(keys, store->count, sizeof *keys, compare_days);
    bytes_print(text, by_outcome ? "date,outcome,count\n" : "date,success,failure\n");
    size_t counts[2] = {0, 0};
    for (size_t i = 0; i < store->count; i++) {
        counts[keys[i] & 1]++;
        if (i + 1 == store->count || keys[i + 1] / 2 != keys[i] / 2) {
            print_day(keys[i] / 2, counts[1], counts[0], by_outcome, text);
            counts[0] = counts[1] = 0;
        }
    }
    free(keys);
}

static void forget(struct event_store *store)
{
    for (size_t i = 0; i < store->count; i++) {
        if (!store->events[i].repeated) {
            free((char *)store->events[i].body);
        }
    }
    free(store->events);
    free(store->slots);
    store->events = NULL;
    store->slots = NULL;
    store->count = store->room = store->slot_count = store->duplicates = 0;
}

void event_clear(struct event_store *store)
{
    forget(store);
    if (store->file >= 0 && ftruncate(store->file, 0) != 0) {
        fprintf(stderr, "standin: the file of accepted events: %s\n", strerror(errno));
    }
}

void event_close(struct event_store *store)
{
    forget(store);
    bytes_end(&store->line);
    if (store->file >= 0) {
        close(store->file);
        store->file = -1;
    }
}
