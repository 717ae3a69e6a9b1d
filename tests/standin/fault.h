/* SPDX-License-Identifier: MIT */
/* fault.h: what the stand-in is told to do wrong, and to which requests.
 *
 * A fault is written as a JSON object or, on the command line, as `name[:key=value,...]`:
 *   fault         the name: status-CODE, CODE-accepted, slow, never, twice, null, truncated, short,
 *                 unknown, not-json, nul, huge, redirect, hangup-before, hangup-after
 *   path          only requests whose path begins so; default: every vendor and gateway path
 *   after         the first so many requests pass unharmed (default 0)
 *   count         how many requests it hits (default: no limit)
 *   probability   0 to 1, by the seeded generator (default 1)
 *   seconds, milliseconds  the answer waits so long (default 0; `slow`: 1 second)
 *   status        the answer's status where the name does not say it
 *   retry_after   seconds, sent as Retry-After
 *   location      sent as Location (`redirect`: /redirected)
 *   mebibytes     size of the `huge` body (default 64)
 * The first fault of the list that applies to a request is the one it gets.
 */
#ifndef FAULT_H
#define FAULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_kind {
    FAULT_NONE,          /* only its delay and status */
    FAULT_NEVER,         /* kept, never answered */
    FAULT_TWICE,         /* kept twice */
    FAULT_NULL,          /* the body is `null` */
    FAULT_TRUNCATED,     /* half a JSON text, correctly framed */
    FAULT_SHORT,         /* the connection closes in the middle of the announced body */
    FAULT_UNKNOWN,       /* additional random members */
    FAULT_NOT_JSON,      /* an HTML page */
    FAULT_NUL,           /* NUL and control characters */
    FAULT_HUGE,          /* a body of many MiB */
    FAULT_HANGUP_BEFORE, /* the connection closes before anything is read or kept */
    FAULT_HANGUP_AFTER   /* kept, then the connection closes without an answer */
};

enum { FAULT_TEXT = 256, FAULT_LIST = 64 };

struct fault {
    char name[32];
    enum fault_kind kind;
    unsigned status; /* 0: the endpoint's own */
    bool accepted;   /* kept although the status says otherwise */
    char path[FAULT_TEXT];
    char location[FAULT_TEXT];
    int64_t after;
    int64_t count;       /* -1: no limit */
    int64_t wait_ms;     /* 0: at once */
    int64_t retry_after; /* -1: not sent */
    int64_t mebibytes;
    double probability;
    int64_t seen; /* requests it applied to, hit or not */
    int64_t hits;
};

struct fault_list {
    struct fault faults[FAULT_LIST];
    size_t count;
    uint64_t random; /* the generator's state: the seed at first */
};

/* Adds one fault as the command line writes it. */
bool fault_add_text(struct fault_list *list, const char *text, char *error, size_t error_size);

/* Puts the array in the list's place; where it is wrong, the list stays as it was. */
bool fault_replace(struct fault_list *list, const json_t *array, char *error, size_t error_size);

/* The list with its hits, as JSON; the caller releases it. */
json_t *fault_describe(const struct fault_list *list);

/* The fault for a request, counted as a hit; NULL: none. `standard` says that faults without a path
 * apply to this path. */
const struct fault *fault_choose(struct fault_list *list, const char *path, bool standard);

/* Whether the request's event is kept under this fault (NULL: yes). */
bool fault_keeps(const struct fault *fault);

/* The status that will be answered under this fault; 0: none. */
unsigned fault_status(const struct fault *fault, unsigned usual);

/* The next number of the seeded generator. */
uint64_t fault_random(struct fault_list *list);

#endif
