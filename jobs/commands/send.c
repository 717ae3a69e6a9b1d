/* SPDX-License-Identifier: MIT */
/* send.c: hands pending codes to their channel. A code exists in clear from the moment it sets out
 * until its answer has come, and only here and in the message. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes/code.h"
#include "channels/confirm_link.h"
#include "channels/mail.h"
#include "delivery/delivery_run.h"
#include "delivery/retry.h"
#include "values/time_units.h"
#include "run/say.h"
#include "channels/sms.h"
#include "run/stop.h"
#include "values/subject.h"

enum { EMAIL, SMS, CHANNELS };
enum { REQUEUE_BATCH = 1000 };

static const struct delivery_words words = {"send", "code", "undeliverable"};
static const char *const channel_names[CHANNELS] = {"email", "sms"};

/* -- the cargo -- */

/* What a code is made with. */
struct maker {
    struct job *job;
    const struct key *key;
    const unsigned char *ledger;
    const char *link; /* the redirect link of the settings; NULL: none */
    struct handed *handed;
};

struct parcel {
    struct message_request request;
    struct code_seed seed;
    int64_t lifetime_ms;
    int64_t runs_from; /* 0: its time begins when it is handed over */
    char prefix[CODE_PREFIX_SIZE];
    char code[CODE_SIZE];
    char link[LINK_SIZE];
    size_t size;  /* of the whole */
    char texts[]; /* address, locale, name */
};

static void unload(void *argument)
{
    struct parcel *parcel = argument;
    if (parcel == NULL)
        return;
    sodium_memzero(parcel, parcel->size);
    free(parcel);
}

/* Copies a text to *at and moves *at behind it; NULL for none. */
static const char *keep(char **at, const char *text)
{
    if (text == NULL)
        return NULL;
    const char *kept = *at;
    size_t size = strlen(text) + 1;
    memcpy(*at, text, size);
    *at += size;
    return kept;
}

static void read_seed(struct parcel *parcel, struct ledger_statement *row)
{
    static const struct code_columns columns = {.kind = QUEUE_CODE_KIND,
                                                .nonce = QUEUE_CODE_NONCE,
                                                .digits = QUEUE_CODE_DIGITS,
                                                .prefix = QUEUE_CODE_PREFIX,
                                                .sandbox = QUEUE_CODE_SANDBOX};
    code_read_seed(row, &columns, &parcel->seed, parcel->prefix);
    parcel->lifetime_ms = ledger_integer(row, QUEUE_CODE_LIFETIME);
    parcel->runs_from = ledger_integer(row, QUEUE_CODE_RUNS_FROM);
}

static void *load(void *context, struct session *session, struct ledger_statement *row)
{
    (void)context;
    (void)session;
    size_t size = sizeof(struct parcel) + 1; /* an address that is missing is still a text */
    for (int column = QUEUE_CODE_ADDRESS; column <= QUEUE_CODE_NAME; column++)
        size += ledger_is_null(row, column) ? 0 : strlen(ledger_text(row, column)) + 1;
    struct parcel *parcel = calloc(1, size);
    if (parcel == NULL)
        return NULL;
    char *at = parcel->texts;
    parcel->size = size;
    read_seed(parcel, row);
    parcel->request.to = keep(&at, ledger_word(row, QUEUE_CODE_ADDRESS));
    parcel->request.locale = keep(&at, ledger_text(row, QUEUE_CODE_LOCALE));
    parcel->request.values.name = keep(&at, ledger_text(row, QUEUE_CODE_NAME));
    parcel->request.values.subject = parcel->request.to;
    return parcel;
}

/* The code is made now, and its time begins. */
static const void *request(void *context, void *argument, int64_t now)
{
    const struct maker *maker = context;
    struct parcel *parcel = argument;
    struct message_values *values = &parcel->request.values;
    int64_t left = parcel->lifetime_ms;
    if (parcel->runs_from != 0 && parcel->runs_from < now) /* else the clock was set back */
        left = parcel->runs_from + parcel->lifetime_ms - now;
    code_derive(maker->key, maker->ledger, &parcel->seed, parcel->code);
    if (parcel->seed.kind == CODE_TOKEN && maker->link != NULL &&
        confirm_link_build(maker->link, parcel->code, parcel->link)) {
        values->link = parcel->link;
        parcel->request.token = parcel->code;
    } else {
        values->code = parcel->code;
    }
    values->prefix = parcel->seed.prefix;
    values->minutes = left < MINUTE_MS ? 1 : (unsigned)(left / MINUTE_MS);
    values->expires = now + left;
    return &parcel->request;
}

/* -- the channels -- */

static struct queue queue_of(struct job *job, int channel, struct handed *handed)
{
    return (struct queue){.job = job,
                          .kind = QUEUE_CODES,
                          .channel = channel_names[channel],
                          .patience = channel == EMAIL ? &job->config.mail.patience
                                                       : &job->config.sms.patience,
                          .handed = handed,
                          .lane = (unsigned)channel};
}

static bool is_asked_for(const struct job *job, int channel)
{
    return job->options.only == NULL || strcmp(job->options.only, channel_names[channel]) == 0;
}

/* Which channels have something to send: a bit each. */
static unsigned busy_channels(struct job *job)
{
    unsigned busy = 0;
    for (int channel = 0; channel < CHANNELS; channel++) {
        const struct queue queue = queue_of(job, channel, NULL);
        if (is_asked_for(job, channel) && queue_count(&queue, 1) > 0)
            busy |= 1U << channel;
    }
    return busy;
}

struct channels {
    struct mail *mail;
    struct sms *sms;
};

/* Opens a lane's channel; false: said. */
static bool open_lane(struct job *job, int channel, struct maker *maker, struct channels *open,
                      struct delivery_lane *lane)
{
    struct error error;
    *lane = (struct delivery_lane){
        .channel = channel_names[channel],
        .section = channel == EMAIL ? "mail" : "sms",
        .url = channel == EMAIL ? job->config.mail.url : job->config.sms.url,
        .queue = queue_of(job, channel, maker->handed),
        .cargo = {maker, load, NULL, NULL, request, unload},
        .pace = channel == EMAIL ? job->config.mail.pace : job->config.sms.pace};
    if (channel == EMAIL) {
        open->mail = mail_open(&job->config.mail, &error);
        if (open->mail != NULL)
            lane->transfer = mail_channel(open->mail);
    } else {
        open->sms = sms_open(&job->config.sms, &error);
        if (open->sms != NULL)
            lane->transfer = sms_channel(open->sms);
    }
    if (lane->transfer.prepare == NULL)
        say_error("%s", error.text);
    return lane->transfer.prepare != NULL;
}

/* A channel that cannot be opened does not keep the other from its work. */
static enum exit_code send_by(struct job *job, unsigned busy, struct maker *maker,
                              uint64_t *undeliverable)
{
    struct delivery_lane lanes[CHANNELS];
    struct channels open = {NULL, NULL};
    size_t count = 0;
    uint64_t limit = job->options.limit;
    enum exit_code status = EXIT_DONE;
    for (int channel = 0; channel < CHANNELS; channel++) {
        if ((busy & 1U << channel) == 0)
            continue;
        if (open_lane(job, channel, maker, &open, &lanes[count]))
            count++;
        else
            status = EXIT_CONFIG;
    }
    if (count > 0)
        status = job_worse(status, delivery_run(job, &words, lanes, count,
                                                limit > 0 ? &limit : NULL, undeliverable));
    mail_close(open.mail);
    sms_close(open.sms);
    return status;
}

/* -- what was undeliverable -- */

/* The next codes of a channel that may be sent anew, after `after`; how many. */
static size_t find_undeliverable(struct job *job, int channel, int64_t now, int64_t *after,
                                 int64_t codes[REQUEUE_BATCH])
{
    enum { END_ID, CODE_ID };
    static const char *const columns[] = {"end_id", "code_id", NULL};
    struct ledger *ledger = job->session->ledger;
    const struct settings *settings = session_settings(job->session);
    size_t count = 0;
    if (settings == NULL)
        return 0;
    struct ledger_statement *found = ledger_select(ledger, STATEMENT_undeliverable_codes, columns);
    ledger_set_text(found, ":channel", channel_names[channel]);
    ledger_set_integer(found, ":after", *after);
    ledger_set_integer(found, ":now", now);
    ledger_set_integer(found, ":alone_since", now - settings->pending_lifetime_seconds * SECOND_MS);
    ledger_set_integer(found, ":success_since", now - retry_unreached_ms());
    ledger_set_integer(found, ":batch", REQUEUE_BATCH);
    while (count < REQUEUE_BATCH && ledger_row(found)) {
        *after = ledger_integer(found, END_ID);
        codes[count++] = ledger_integer(found, CODE_ID);
    }
    ledger_done(found);
    return count;
}

/* One batch of a channel in a transaction; how many were found, and are replaced. */
static size_t requeue_some(struct job *job, int channel, int64_t *after, uint64_t *queued)
{
    struct ledger *ledger = job->session->ledger;
    int64_t codes[REQUEUE_BATCH], before = *after;
    size_t count = 0;
    do {
        *after = before;
        ledger_begin(ledger);
        int64_t now = ledger_now(ledger);
        count = find_undeliverable(job, channel, now, after, codes);
        ledger_stamp(ledger);
        for (size_t i = 0; i < count; i++) {
            unsigned char nonce[CODE_NONCE_SIZE];
            randombytes_buf(nonce, sizeof nonce);
            struct ledger_statement *anew = ledger_use(ledger, STATEMENT_issue_anew);
            ledger_set_integer(anew, ":id", codes[i]);
            ledger_set_integer(anew, ":now", now);
            ledger_set_blob(anew, ":nonce", nonce, sizeof nonce);
            ledger_run(anew);
        }
        ledger_end(ledger);
    } while (ledger_again(ledger));
    if (ledger_failed(ledger))
        return 0;
    *queued += count;
    return count;
}

/* What is undeliverable is so for good, unless the operator knows better. */
static enum exit_code requeue(struct job *job)
{
    uint64_t queued = 0;
    for (int channel = 0; channel < CHANNELS; channel++) {
        int64_t after = 0;
        while (is_asked_for(job, channel) && !stop_asked() &&
               requeue_some(job, channel, &after, &queued) == REQUEUE_BATCH)
            continue;
    }
    if (ledger_failed(job->session->ledger))
        return job_ledger_failed(job, "queueing undeliverable codes again");
    job_add(job, words.step, "requeued", queued);
    say_note("send: %llu undeliverable code%s replaced and queued", (unsigned long long)queued,
             queued == 1 ? "" : "s");
    return job_stopped(words.step, "the remaining undeliverable codes were not replaced");
}

/* -- the step -- */

static enum exit_code say_undeliverable(uint64_t undeliverable)
{
    if (undeliverable == 0)
        return EXIT_DONE;
    say_error("send: %llu code%s undeliverable: see last_error in reg_codes; `regjob send "
              "--retry-undeliverable` replaces %s",
              (unsigned long long)undeliverable, undeliverable == 1 ? " is" : "s are",
              undeliverable == 1 ? "it" : "them");
    return EXIT_PARTLY;
}

static enum exit_code send_due(struct job *job, struct handed *handed, unsigned busy,
                               uint64_t *undeliverable)
{
    struct maker maker = {.job = job,
                          .handed = handed,
                          .key = session_key(job->session),
                          .ledger = ledger_uuid(job->session->ledger)};
    const struct settings *settings = session_settings(job->session);
    if (maker.key == NULL || maker.ledger == NULL || settings == NULL)
        return job_ledger_failed(job, "sending codes");
    maker.link = settings->confirmation_redirect_link;
    return send_by(job, busy, &maker, undeliverable);
}

static enum exit_code send_locked(struct job *job, struct handed *handed, uint64_t *undeliverable)
{
    enum exit_code status = EXIT_DONE;
    for (int channel = 0; channel < CHANNELS && status == EXIT_DONE; channel++) {
        struct queue queue = queue_of(job, channel, handed);
        status = delivery_leftovers(&words, &queue, undeliverable);
    }
    if (status == EXIT_DONE)
        handed_forget(handed);
    if (status == EXIT_DONE && job->options.retry_undeliverable)
        status = requeue(job);
    if (status != EXIT_DONE)
        return status;
    unsigned busy = busy_channels(job);
    if (ledger_failed(job->session->ledger))
        return job_ledger_failed(job, "reading the queue");
    return busy == 0 ? EXIT_DONE : send_due(job, handed, busy, undeliverable);
}

/* Whom something would be sent to, masked; the codes are not even made. */
static enum exit_code show_due(struct job *job)
{
    struct ledger *ledger = job->session->ledger;
    uint64_t left = job->options.limit > 0 ? job->options.limit : UINT64_MAX;
    for (int channel = 0; channel < CHANNELS; channel++) {
        if (!is_asked_for(job, channel))
            continue;
        const struct queue queue = queue_of(job, channel, NULL);
        struct ledger_statement *due = queue_due(&queue, ledger, ledger_now(ledger), INT64_MAX);
        while (left > 0 && ledger_row(due)) {
            char masked[SUBJECT_SIZE];
            const char *locale = ledger_text(due, QUEUE_CODE_LOCALE);
            if (ledger_integer(due, QUEUE_WANTED) == 0)
                continue;
            subject_mask(ledger_word(due, QUEUE_CODE_ADDRESS), masked, sizeof masked);
            say_line("code %lld: %s to %s%s%s", (long long)ledger_integer(due, QUEUE_ID),
                     channel_names[channel], masked, locale == NULL ? "" : ", ",
                     locale == NULL ? "" : locale);
            left--;
        }
        ledger_done(due);
    }
    return ledger_failed(job->session->ledger) ? job_ledger_failed(job, "reading the queue")
                                               : EXIT_DONE;
}

enum exit_code send_step(struct job *job)
{
    struct lock lock;
    enum exit_code status = job_lock(job, words.step, &lock);
    if (status != EXIT_DONE)
        return status;
    uint64_t undeliverable = 0;
    struct handed handed;
    handed_read(&handed, &lock);
    status = send_locked(job, &handed, &undeliverable);
    status = job_worse(status, say_undeliverable(undeliverable));
    lock_release(&lock);
    return status;
}

enum exit_code send_command(struct job *job)
{
    return job->options.dry_run ? show_due(job) : send_step(job);
}
