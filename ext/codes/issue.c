/* SPDX-License-Identifier: MIT */
#include "codes/issue.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "ledger/session.h"
#include "host.h"
#include "values/signup.h"
#include "values/text.h"
#include "codes/device.h"
#include "codes/subject_lookup.h"
#include "values/time_units.h"

enum { LONGEST_LIST = 4096 };

/* Whom the code is for. */
struct target {
    int64_t attempt; /* 0: none */
    char address[SUBJECT_SIZE];
    int64_t key;
};

/* What was issued before for this subject and channel. */
struct before {
    bool any;
    int64_t newest; /* id */
    bool newest_live;
    bool started;
    int64_t since; /* when the newest one's time began, or it was asked for */
    int64_t asked; /* the same of all that went to the subject by this channel, also for another
                      attempt, and ended or not; 0: none */
    char device[SUBJECT_SIZE];
    struct code_seed seed;
    char prefix[CODE_PREFIX_SIZE];
    int64_t today;        /* how many within a day */
    int64_t oldest_today; /* seconds until the oldest of them is a day old are derived from this */
    char replaces[LONGEST_LIST];
};

/* A pin that links a password to a third-party customer goes to that customer's own address, and to
 * no other that the attempt may have. */
static bool may_complete(struct session *session, const struct target *target, const char *folded)
{
    bool may = false;
    struct ledger_statement *row = ledger_use(session->ledger, STATEMENT_address_completes);
    ledger_set_integer(row, ":attempt_id", target->attempt);
    ledger_set_integer(row, ":key", target->key);
    ledger_set_text(row, ":text", folded);
    if (ledger_row(row)) {
        may = ledger_integer(row, 0) != 0;
        ledger_done(row);
    }
    if (!may)
        ledger_fail(session->ledger, SQLITE_ERROR,
                    "subject: this attempt will be linked to an existing customer: send the code "
                    "to an address of that customer");
    return may;
}

/* What the attempt knows, where that is of its form. */
static void read_address(struct session *session, struct target *target, bool by_mail,
                         char folded[SUBJECT_SIZE])
{
    static const char *const by_email[] = {"email", "email_folded", "email_key", NULL},
                             *const by_phone[] = {"phone", "phone", "phone_key", NULL};
    enum { ADDRESS, COMPARED, KEY };
    struct ledger_statement *row = ledger_select(session->ledger, STATEMENT_addresses_of_attempt,
                                                 by_mail ? by_email : by_phone);
    ledger_set_integer(row, ":attempt_id", target->attempt);
    if (!ledger_row(row))
        return;
    const char *address = ledger_text(row, ADDRESS);
    const char *compared = ledger_text(row, COMPARED);
    if (address != NULL && compared != NULL && (by_mail || address[0] == '+')) {
        snprintf(target->address, sizeof target->address, "%s", address);
        snprintf(folded, SUBJECT_SIZE, "%s", compared);
        target->key = ledger_key(row, KEY);
    }
    ledger_done(row);
}

/* Whether the text itself is where the channel delivers to, as it is meant there. */
static bool delivers_to(const struct lookup_reading *meant, bool by_mail, bool by_sms)
{
    return by_mail  ? meant->kind == SUBJECT_EMAIL
           : by_sms ? meant->kind == SUBJECT_PHONE || meant->use == LOOKUP_INSTEAD
                    : true;
}

/* The address that the channel delivers to: the subject itself, or what its attempt knows. */
static bool find_address(struct session *session, const struct issue_request *request,
                         const struct lookup_reading *meant, struct target *target)
{
    char folded[SUBJECT_SIZE] = "";
    bool by_mail = strcmp(request->channel, "email") == 0,
         by_sms = strcmp(request->channel, "sms") == 0;
    if (delivers_to(meant, by_mail, by_sms)) {
        snprintf(target->address, sizeof target->address, "%s",
                 by_sms ? meant->text : request->subject);
        snprintf(folded, sizeof folded, "%s", meant->text);
        target->key = meant->key;
    } else if (target->attempt != 0) {
        read_address(session, target, by_mail, folded);
    }
    if (target->address[0] == '\0')
        ledger_fail(session->ledger, SQLITE_ERROR, "subject: no %s is known for it",
                    by_mail ? "e-mail address" : "phone number");
    return !ledger_failed(session->ledger) &&
           (target->attempt == 0 || may_complete(session, target, folded));
}

static bool find_target(struct session *session, const struct issue_request *request,
                        struct target *target)
{
    struct lookup who;
    struct lookup_found found;
    memset(target, 0, sizeof *target);
    if (strcmp(request->channel, "email") != 0 && strcmp(request->channel, "sms") != 0 &&
        strcmp(request->channel, "none") != 0) {
        ledger_fail(session->ledger, SQLITE_ERROR, "channel: expected email, sms or none");
        return false;
    }
    if (request->device_id != NULL && !text_is_clean(request->device_id, SIGNUP_LONGEST_DEVICE)) {
        ledger_fail(session->ledger, SQLITE_ERROR,
                    "device_id: expected a text of 1 to %d bytes without control characters",
                    SIGNUP_LONGEST_DEVICE);
        return false;
    }
    if (!lookup_read(session, request->subject, &who)) {
        ledger_fail(session->ledger, SQLITE_ERROR,
                    "subject: expected an e-mail address, a phone number or a username");
        return false;
    }
    lookup_find(session, &who, ledger_now(session->ledger), &found);
    /* An attempt that waits is one person's, whoever else has the address. */
    if (found.people.apart || (found.pending == 0 && found.people.customers > 1))
        lookup_refuse(session, &found.people);
    /* The newest attempt that waits, else the customer's; of nobody, what the text means first. */
    target->attempt = found.pending != 0 ? found.pending : found.customer;
    const struct lookup_reading *meant = found.pending != 0    ? found.pending_by
                                         : found.customer != 0 ? found.customer_by
                                                               : &who.readings[0];
    return find_address(session, request, meant, target);
}

/* Columns of the statement codes_before. */
enum {
    ID,
    KIND,
    NONCE,
    DIGITS,
    PREFIX,
    SANDBOX,
    SINCE,
    RUNS_FROM,
    DEVICE,
    OVER,
    ENDED,
    CHANNEL,
    ATTEMPT,
    RECORDED_AT
};
static const char *const before_columns[] = {
    "id",        "kind", "nonce", "digits",  "prefix",     "sandbox",     "since", "runs_from",
    "device_id", "over", "ended", "channel", "attempt_id", "recorded_at", NULL};

static void note_newest(struct ledger_statement *row, struct before *before)
{
    static const struct code_columns columns = {
        .kind = KIND, .nonce = NONCE, .digits = DIGITS, .prefix = PREFIX, .sandbox = SANDBOX};
    const char *device = ledger_text(row, DEVICE);
    before->any = true;
    before->newest = ledger_integer(row, ID);
    before->since = ledger_integer(row, SINCE);
    before->started = !ledger_is_null(row, RUNS_FROM);
    before->newest_live = ledger_integer(row, OVER) == 0 && ledger_integer(row, ENDED) == 0;
    snprintf(before->device, sizeof before->device, "%s", device == NULL ? "" : device);
    code_read_seed(row, &columns, &before->seed, before->prefix);
}

static void read_before(struct session *session, const struct issue_request *request,
                        const struct target *target, struct before *before)
{
    memset(before, 0, sizeof *before);
    size_t length = (size_t)snprintf(before->replaces, LONGEST_LIST, "[");
    int64_t now = ledger_now(session->ledger);
    struct ledger_statement *row =
        ledger_select(session->ledger, STATEMENT_codes_before, before_columns);
    ledger_set_integer(row, ":subject_key", target->key);
    ledger_set_integer(row, ":now", now);
    while (ledger_row(row)) {
        if (ledger_integer(row, RECORDED_AT) > now - DAY_MS) {
            before->today++;
            before->oldest_today = ledger_integer(row, RECORDED_AT);
        }
        if (strcmp(ledger_word(row, CHANNEL), request->channel) != 0)
            continue;
        if (ledger_integer(row, SINCE) > before->asked)
            before->asked = ledger_integer(row, SINCE);
        if (ledger_integer(row, ATTEMPT) != target->attempt)
            continue;
        if (!before->any)
            note_newest(row, before);
        if (ledger_integer(row, ENDED) == 0 && length + 24 < LONGEST_LIST)
            length += (size_t)snprintf(before->replaces + length, LONGEST_LIST - length, "%s%lld",
                                       length > 1 ? "," : "", (long long)ledger_integer(row, ID));
    }
    snprintf(before->replaces + length, LONGEST_LIST - length, "]");
    before->seed.prefix = before->prefix;
}

static int64_t seconds_left(int64_t until, int64_t now)
{
    return until <= now ? 0 : (until - now + SECOND_MS - 1) / SECOND_MS;
}

/* Whether the newest code may be given once more. */
static bool is_the_same(const struct before *before)
{
    return before->newest_live && before->since == before->asked;
}

/* Seconds that are still to wait before another code. The pause is the subject's: who has spent a
 * code's tries, or has used it, waits as well. */
static int64_t wait_for_another(const struct settings *settings, const struct before *before,
                                int64_t now)
{
    int64_t pause = settings->resend_pause_seconds;
    /* A pause of 0 still lasts the second in which SQLite may evaluate the same call twice. */
    if (pause < 1 && is_the_same(before))
        pause = 1;
    return seconds_left(before->asked + pause * SECOND_MS, now);
}

/* The rules of asking again (Synerise: only from the device that asked last, for pins, unless the
 * setting allows another). False with the error set. */
static bool may_issue(struct session *session, const struct issue_request *request,
                      const struct before *before, int64_t wait)
{
    const struct settings *settings = session->settings;
    struct ledger *ledger = session->ledger;
    bool elsewhere = device_is_refused(before->seed.kind, before->device, request->device_id);
    if (request->resend && !before->any)
        ledger_fail(ledger, SQLITE_ERROR,
                    "no code was requested for this subject on channel %s: use reg_issue_code",
                    request->channel);
    else if (elsewhere && !settings->resend_from_other_device)
        ledger_fail(ledger, SQLITE_ERROR,
                    "only the device that asked for the last code may ask again "
                    "(allowPinResendFromDifferentDeviceId is false)");
    else if (wait > 0 && (request->resend || elsewhere || !is_the_same(before)))
        /* the last code is no use elsewhere, nor once it has ended */
        ledger_fail(ledger, SQLITE_ERROR, "wait %lld seconds before requesting another code",
                    (long long)wait);
    return !ledger_failed(ledger);
}

static bool within_daily_limit(struct session *session, const struct before *before)
{
    if (before->today < session->settings->max_codes_per_day)
        return true;
    ledger_fail(
        session->ledger, SQLITE_ERROR,
        "%lld codes were requested for this subject within a day: wait %lld seconds",
        (long long)before->today,
        (long long)seconds_left(before->oldest_today + DAY_MS, ledger_now(session->ledger)));
    return false;
}

static void write_code(struct session *session, const struct issue_request *request,
                       const struct target *target, const struct before *before,
                       const struct code_seed *seed)
{
    const struct settings *settings = session->settings;
    bool none = strcmp(request->channel, "none") == 0;
    int64_t now = ledger_stamp(session->ledger);
    struct ledger_statement *issue = ledger_use(session->ledger, STATEMENT_issue);
    if (target->attempt != 0)
        ledger_set_integer(issue, ":attempt_id", target->attempt);
    ledger_set_text(issue, ":channel", request->channel);
    ledger_set_text(issue, ":kind", seed->kind == CODE_PIN ? "pin" : "token");
    ledger_set_blob(issue, ":nonce", seed->nonce, CODE_NONCE_SIZE);
    ledger_set_integer(issue, ":digits", seed->digits);
    ledger_set_text(issue, ":prefix", seed->prefix);
    ledger_set_integer(issue, ":sandbox", seed->sandbox);
    ledger_set_integer(issue, ":recorded_at", now);
    ledger_set_integer(issue, ":lifetime_ms",
                       settings_code_ms(settings, seed->kind == CODE_PIN, request->channel));
    ledger_set_integer(issue, ":runs_from", now);
    if (none)
        ledger_set_integer(issue, ":handed_over_at", now);
    else
        ledger_set_integer(issue, ":next_try_at", now);
    ledger_set_integer(issue, ":subject_key", target->key);
    ledger_set_text(issue, ":address", target->address);
    ledger_set_text(issue, ":device_id", request->device_id);
    ledger_set_text(issue, ":replaces", before->replaces);
    ledger_run(issue);
}

/* A code that waits to be sent has been given to the caller: its time begins. */
static void start(struct session *session, int64_t code)
{
    int64_t now = ledger_stamp(session->ledger);
    struct ledger_statement *statement = ledger_use(session->ledger, STATEMENT_start_code);
    ledger_set_integer(statement, ":code_id", code);
    ledger_set_integer(statement, ":recorded_at", now);
    ledger_run(statement);
}

bool issue_code(struct session *session, const struct issue_request *request, char code[CODE_SIZE])
{
    struct target target;
    struct before before;
    const struct settings *settings = session_settings(session);
    const struct key *key = session_key(session);
    const unsigned char *uuid = ledger_uuid(session->ledger);
    if (settings == NULL || key == NULL || uuid == NULL || !find_target(session, request, &target))
        return false;
    read_before(session, request, &target, &before);
    int64_t wait = wait_for_another(settings, &before, ledger_now(session->ledger));
    if (!may_issue(session, request, &before, wait))
        return false;
    if (wait > 0) {
        if (!before.started)
            start(session, before.newest);
        code_derive(key, uuid, &before.seed, code);
        return !ledger_failed(session->ledger);
    }
    if (!within_daily_limit(session, &before))
        return false;

    bool pin = settings->registration_type == SETTINGS_AUTOMATIC ||
               settings->registration_type == SETTINGS_REQUIRE_PIN_CONFIRMATION;
    char prefix[CODE_PREFIX_SIZE];
    struct code_seed seed = {.kind = pin ? CODE_PIN : CODE_TOKEN,
                             .sandbox = settings->sandbox,
                             .digits = (int)settings->pin_length};
    code_prefix(pin ? (size_t)settings->pin_prefix_length : 0, prefix);
    seed.prefix = prefix[0] == '\0' ? NULL : prefix;
    randombytes_buf(seed.nonce, sizeof seed.nonce);
    write_code(session, request, &target, &before, &seed);
    code_derive(key, uuid, &seed, code);
    return !ledger_failed(session->ledger);
}
