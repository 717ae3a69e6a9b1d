/* SPDX-License-Identifier: MIT */
/* transfer.h: sends items to their destinations: pace, concurrency, time limits, push-back and
 * outages, over one libcurl multi handle. It knows nothing of the ledger.
 *
 * A destination has a channel (how a request is made, how its answer is judged) and a source of
 * items. The engine asks the source for the next item when one can start at once, and starts it, so
 * that no journalled try waits here. That is the only call back: every item ends exactly once, and
 * the caller fetches it with transfer_ended(). A refusal may end late: it is held until it is known
 * whether it is about the item or about us (refusals.h).
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include "config/config.h"
#include "values/error.h"

#include <curl/curl.h>

enum {
    TRANSFER_TEXT = 512,       /* a kept answer, shortened and escaped */
    TRANSFER_BODY = 64 * 1024, /* what is read of an answer's body; more ends the call */
    TRANSFER_HIDE = 8,         /* texts of one call that no kept answer may repeat */
    TRANSFER_TICK_MS = 250,    /* the longest step, and the span of a group */
    TRANSFER_DESTINATIONS = 2, /* most in one run */
};

/* What an answer means for the item. */
enum transfer_result {
    TRANSFER_ACCEPTED,     /* the other side has it */
    TRANSFER_DEFERRED,     /* has it, and will act on it later: do not send it again */
    TRANSFER_REFUSED,      /* will never take it */
    TRANSFER_NOT_ACCEPTED, /* certainly does not have it: try again */
    TRANSFER_AMBIGUOUS,    /* may have it: try again, and count a possible duplicate */
    TRANSFER_RESULTS,      /* how many can be journalled */
    TRANSFER_ABOUT_US = TRANSFER_RESULTS, /* not about the item (credentials, set-up, sender): take
                                             the try back. The destination's run ends */
};

struct transfer_answer {
    enum transfer_result result;
    long status;            /* HTTP status or SMTP reply code; 0: none arrived */
    int64_t retry_after_ms; /* the other side asked us to wait so long; -1: it did not */
    int64_t timestamp; /* Unix milliseconds that the other side gave its acceptance; -1: none */
    bool unreached;    /* nothing was sent: not this item's fault, need not spend its tries */
    bool particular;   /* refused in words that are about this recipient and no other */
    bool behind;       /* ABOUT_US: give it back behind all that is due, as it may be its fault */
    bool down;         /* counts as a failure of the destination (for the circuit breaker) */
    bool slow_down;    /* the other side pushed back: the pace drops */
    bool for_one;      /* it may have pushed back this recipient alone: the pace drops where others
                          fare the same */
    char text[TRANSFER_TEXT]; /* one line, safe to print and keep: no control characters, none of
                                 the texts to hide, valid UTF-8 */
};

/* How a call went, as the channel's judge() sees it. The texts are what the other side sent:
 * hostile until escaped. */
struct transfer_reply {
    CURLcode code;
    const char *error; /* libcurl's words for `code` */
    long status;       /* of the final response (HTTP), or of the last reply (SMTP); 0: none */
    bool sent;         /* something of the request may have left */
    bool upload_ended; /* an upload was handed to libcurl to its last byte */
    bool stopped;      /* ended by our own abort */
    const char *body;  /* HTTP body, NUL appended */
    size_t body_length;
    bool body_cut;         /* there was more than TRANSFER_BODY */
    const char *type;      /* HTTP: Content-Type; "": none */
    const char *command;   /* SMTP: the last command that was sent, as "MAIL"; "": none */
    const char *last_line; /* SMTP: the last reply line */
    const char *location;  /* HTTP: where a redirect points */
    int64_t retry_after_ms;
    const char *const *hide; /* NULL-terminated */
};

/* One call in preparation. Strings given to libcurl by pointer must live until the call is over;
 * what is put here does, and is then wiped and freed by the engine. */
struct transfer_call {
    CURL *easy;
    struct curl_slist *list;             /* recipients or headers of this call alone */
    char *body;                          /* malloc'ed: request body or upload */
    size_t body_length;                  /* to wipe; what response_upload() sends */
    const char *hide[TRANSFER_HIDE + 1]; /* NULL-terminated; texts owned by the item or `kept` */
    char *kept;                          /* malloc'ed text that `hide` may point into */
    const char *recipient;               /* the item's own text; NULL: one of its own */
    size_t upload_at;
    bool upload_ended;
};

enum transfer_prepared {
    TRANSFER_READY,    /* `call` is set up: send it */
    TRANSFER_ANSWERED, /* no network needed: `answer` is filled (local delivery, or cannot be sent)
                        */
    TRANSFER_UNREADY,  /* out of memory or the like: the item is returned, the destination ends */
};

/* How requests are made and answers judged: made by mail_channel(), sms_channel(),
 * fraud_channel(). */
struct transfer_channel {
    void *context;
    bool local;  /* needs no network: no pace, no breaker */
    bool blocks; /* libcurl blocks on it: its calls are carried out on threads of their own */
    /* Options that all calls share, once per handle; false: out of memory. */
    bool (*setup)(void *context, CURL *easy);
    enum transfer_prepared (*prepare)(void *context, const void *request,
                                      struct transfer_call *call, struct transfer_answer *answer);
    void (*judge)(void *context, const struct transfer_reply *reply,
                  struct transfer_answer *answer);
};

/* What is sent. It belongs to the engine from when the source gives it until it has ended. */
struct transfer_item {
    const void *request; /* for the channel: struct message_request, struct fraud_request */
    struct transfer_item *next;
    unsigned destination; /* by number */
    bool answered; /* it ended with `answer`; else nothing of it was sent: take its try back */
    struct transfer_answer answer;
};

enum transfer_supply {
    TRANSFER_ITEM,    /* `item` is given, its try is committed */
    TRANSFER_LATER,   /* nothing now: ask again in *later_ms */
    TRANSFER_AFTER,   /* the same, and nothing before one of those under way has ended */
    TRANSFER_NO_MORE, /* and never ask again in this run */
    TRANSFER_BROKEN,  /* the source failed: end this destination's run */
};

struct transfer_source {
    void *context;
    /*
     * Asked only when an item can start at once. `room` (at least 1) is how many could start within
     * the next TRANSFER_TICK_MS: a source that has no journalled item left journals up to so many
     * in one transaction, and gives the first. Later calls give the others. An open circuit breaker
     * asks for one.
     */
    enum transfer_supply (*next)(void *context, unsigned room, struct transfer_item **item,
                                 int64_t *later_ms);
};

struct transfer_destination {
    struct transfer_channel channel;
    struct config_pace pace;
    struct config_patience patience; /* time limits; tries and pauses are decided in retry.h */
    struct transfer_source source;
};

enum transfer_end {
    TRANSFER_END_DONE,     /* the source had no more */
    TRANSFER_END_STOPPED,  /* the caller stopped it: what was under way is finished */
    TRANSFER_END_TIME,     /* run_ms is over: what was under way is finished */
    TRANSFER_END_DOWN,     /* the destination is down and the patience for it is over */
    TRANSFER_END_HELD,     /* it asked us to wait for longer than the run may last */
    TRANSFER_END_ABOUT_US, /* an answer was TRANSFER_ABOUT_US */
    TRANSFER_END_BROKEN,   /* source, memory or libcurl failed here */
};

struct transfer_outcome {
    enum transfer_end end;
    char text[TRANSFER_TEXT]; /* why it ended, empty for DONE; safe to print */
};

/* Zero in any of the numbers takes the default. */
struct transfer_limits {
    int64_t run_ms;         /* the whole run; 0: without limit */
    unsigned probes;        /* of a destination that is down, default 8 */
    int64_t down_ms;        /* without success while down, default 60 s */
    int64_t probe_pause_ms; /* before the first probe, default 500; doubles */
};

struct transfer;

/* Copies `destinations`; their channels' and sources' contexts must outlive it. */
struct transfer *transfer_open(const struct transfer_destination *destinations, size_t count,
                               const struct transfer_limits *limits, struct error *error);
/* Nothing may be under way. */
void transfer_close(struct transfer *transfer);

/* Starts what may start, lets libcurl work and brings back what has ended; sleeps, at most
 * TRANSFER_TICK_MS, where nothing has. False: all destinations are over. */
bool transfer_step(struct transfer *transfer);

/* The next item that has ended, NULL: none. To be called until then after each step. */
struct transfer_item *transfer_ended(struct transfer *transfer);

/* Starts nothing more: every destination that has not ended yet ends so. */
void transfer_end(struct transfer *transfer, enum transfer_end end, const char *text);

/* How a destination's run ended, once transfer_step() was false. */
const struct transfer_outcome *transfer_outcome(const struct transfer *transfer, size_t number);

/* The try-result's fixed name: accepted, deferred, refused, not_accepted, ambiguous. */
const char *transfer_result_name(enum transfer_result result);

#endif
