/* transfer.h: carries items to their destinations: pace, concurrency, time limits, push-back and
 * outages, over one libcurl multi handle. It knows nothing of the ledger, and calls its
 * owners back on the caller's thread only.
 *
 * A destination is a channel (how a request is made, how its answer is judged) and an owner (who
 * has the items and keeps the journal). The owner journals a group of tries before it hands out
 * the first of them; the engine starts what it is handed at once, so that no journalled try waits
 * here. Every item handed out comes back exactly once, by done() or by returned(); tries that were
 * journalled but not handed out when the run ends are the owner's to take back. A refusal may come
 * back late: it is held until it is known whether it is about the item or about us (refusals.h).
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include "config/config.h"

#include <curl/curl.h>
#include <signal.h>

enum {
    TRANSFER_TEXT = 512,       /* a kept answer, shortened and escaped */
    TRANSFER_BODY = 64 * 1024, /* what is read of an answer's body; more ends the call */
    TRANSFER_HIDE = 8,         /* texts of one call that no kept answer may repeat */
    TRANSFER_TICK_MS = 250,    /* how often the owner's tick() runs, and the span of a group */
    TRANSFER_DESTINATIONS = 8, /* most in one run */
};

/* What an answer means for the item. */
enum transfer_result {
    TRANSFER_ACCEPTED,     /* the other side has it */
    TRANSFER_DEFERRED,     /* has it, and will act on it later: do not send it again */
    TRANSFER_REFUSED,      /* will never take it */
    TRANSFER_NOT_ACCEPTED, /* certainly does not have it: try again */
    TRANSFER_AMBIGUOUS,    /* may have it: try again, and count a possible duplicate */
    TRANSFER_FATAL,        /* about us, not about the item (credentials, set-up, sender): take the
                              try back. The destination's run ends */
    TRANSFER_RESULTS
};

struct transfer_answer {
    enum transfer_result result;
    long status;            /* HTTP status or SMTP reply code; 0: none arrived */
    int64_t retry_after_ms; /* the other side asked us to wait so long; -1: it did not */
    int64_t timestamp; /* Unix milliseconds that the other side gave its acceptance; -1: none */
    bool unreached;    /* nothing was sent: not this item's fault, need not spend its tries */
    bool particular;   /* refused in words that are about this recipient and no other */
    bool behind;       /* FATAL: give it back behind all that is due, as it may be its fault */
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

/* What the owner hands out. Both pointers stay valid until the item comes back. */
struct transfer_item {
    const void *request; /* for the channel: struct message_request, struct fraud_request */
    void *tag;           /* the owner's own */
};

enum transfer_supply {
    TRANSFER_ITEM,    /* `item` is filled, its try is committed */
    TRANSFER_LATER,   /* nothing now: ask again in *later_ms */
    TRANSFER_AFTER,   /* the same, and nothing before one of those handed out has come back */
    TRANSFER_NO_MORE, /* and never ask again in this run */
    TRANSFER_BROKEN,  /* the owner failed: end this destination's run */
};

struct transfer_owner {
    void *context;
    /*
     * Asked only when an item can start at once. `room` (at least 1) is how many could start within
     * the next TRANSFER_TICK_MS: an owner that has no journalled item left journals up to so many
     * in one transaction, and hands out the first. Later calls hand out the others. An open
     * circuit breaker asks for one.
     */
    enum transfer_supply (*next)(void *context, unsigned room, struct transfer_item *item,
                                 int64_t *later_ms);
    /* The item's result; `answer` lives only during the call. */
    void (*done)(void *context, const struct transfer_item *item,
                 const struct transfer_answer *answer);
    /* Handed out but nothing of it was sent: take the try back. */
    void (*returned)(void *context, const struct transfer_item *item);
};

struct transfer_destination {
    const char *name; /* for messages: "email", "sms", "fraud API" */
    struct transfer_channel channel;
    struct config_pace pace;
    struct config_patience patience; /* time limits; tries and pauses are the owner's */
    struct transfer_owner owner;
};

enum transfer_end {
    TRANSFER_END_DONE,    /* the owner had no more */
    TRANSFER_END_STOPPED, /* *stop was 1: what was under way is finished */
    TRANSFER_END_ABORTED, /* *stop was 2: what was under way is judged as it stood */
    TRANSFER_END_TIME,    /* run_ms is over: what was under way is finished */
    TRANSFER_END_DOWN,    /* the destination is down and the patience for it is over */
    TRANSFER_END_HELD,    /* it asked us to wait (hold_ms) for longer than the run may last */
    TRANSFER_END_FATAL,   /* an answer was TRANSFER_FATAL */
    TRANSFER_END_BROKEN,  /* owner, memory or libcurl failed here */
};

struct transfer_outcome {
    enum transfer_end end;
    uint64_t started; /* calls made (local deliveries too) */
    uint64_t results[TRANSFER_RESULTS];
    uint64_t returned;
    int64_t hold_ms;          /* still to wait when the run ended, 0: none */
    char text[TRANSFER_TEXT]; /* why it ended, empty for DONE; safe to print */
};

/* Zero in any of the numbers takes the default. */
struct transfer_limits {
    const volatile sig_atomic_t *stop; /* NULL: never. 1: start nothing new; 2: abort at once */
    int64_t run_ms;                    /* the whole run; 0: without limit */
    unsigned probes;                   /* of a destination that is down, default 8 */
    int64_t down_ms;                   /* without success while down, default 60 s */
    int64_t probe_pause_ms;            /* before the first probe, default 500; doubles */
    /* Every TRANSFER_TICK_MS and before the run ends: commit results, renew leases, show progress.
     * False: the owner failed, everything stops. May be NULL. */
    bool (*tick)(void *context);
    void *tick_context;
};

/*
 * Runs all destinations side by side until each has ended; outcomes[i] is for destinations[i].
 * False: could not begin (outcomes[0].text says why), no item was handed out.
 */
bool transfer_run(const struct transfer_destination *destinations, size_t count,
                  const struct transfer_limits *limits, struct transfer_outcome *outcomes);

/* The try-result's fixed name: accepted, deferred, refused, not_accepted, ambiguous, fatal. */
const char *transfer_result_name(enum transfer_result result);

/* Milliseconds to wait after the `tries`-th try (from 1): doubles from pause_seconds to
 * longest_pause_seconds, with jitter (half to one and a half times, never over the longest). */
int64_t transfer_pause_ms(const struct config_patience *patience, unsigned tries);

#endif
