/* SPDX-License-Identifier: MIT */
#include "codes/verify.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes/code.h"
#include "codes/device.h"
#include "ledger/session.h"
#include "host.h"
#include "codes/subject_lookup.h"

enum {
    PRECISION_MS = 999 /* of a moment that a file tells by the second */
};

static const char *const names[] = {"verified",         "invalid_code", "code_timeout",
                                    "rate_limit",       "wrong_device", "superseded",
                                    "already_verified", "not_found",    "subject_ambiguous"};

const char *verify_name(enum verify_verdict verdict)
{
    return names[verdict];
}

/* A code that was asked for the subject. */
struct candidate {
    int64_t id;
    int64_t attempt; /* 0: none */
    bool wrong_device;
    bool fits; /* the entry could be it, by its shape */
    bool matches;
    bool stands_for_all; /* of its attempt's: pays the try */
    enum verify_verdict
        standing; /* what a right entry would come to; VERIFY_VERIFIED where it is live */
};

/* Newest first. */
struct candidates {
    struct candidate *rows;
    size_t count, room;
};

/* Reads one column that may be NULL. */
static const char *text_or_empty(struct ledger_statement *row, int column)
{
    const char *text = ledger_text(row, column);
    return text == NULL ? "" : text;
}

/* Columns of the statement codes_of_subject. */
enum {
    ID,
    ATTEMPT,
    KIND,
    NONCE,
    DIGITS,
    PREFIX,
    SANDBOX,
    OVER_AT,
    DEVICE,
    STATE,
    ATTEMPT_STATE,
    TAKEN,
    DEADLINE,
    PARTNER_ID,
    UUID,
    SENT,
    SPENT
};
static const char *const columns[] = {
    "id",       "attempt_id", "kind",      "nonce", "digits",        "prefix",
    "sandbox",  "over_at",    "device_id", "state", "attempt_state", "taken",
    "deadline", "partner_id", "uuid",      "sent",  "spent",         NULL};

/* What a right entry of this code would come to. */
static enum verify_verdict standing(struct ledger_statement *row, int64_t entered_at)
{
    const char *state = text_or_empty(row, STATE), *attempt = text_or_empty(row, ATTEMPT_STATE);
    bool over = !ledger_is_null(row, DEADLINE) && entered_at >= ledger_integer(row, DEADLINE);
    if (strcmp(state, "verified") == 0)
        return VERIFY_ALREADY_VERIFIED;
    if (strcmp(attempt, "[\"erased\"]") == 0)
        return VERIFY_NOT_FOUND;
    if (strcmp(state, "exhausted") == 0 || ledger_integer(row, SPENT) != 0 ||
        strcmp(attempt, "[\"verification_failed\"]") == 0)
        return VERIFY_RATE_LIMIT;
    /* Superseded as an attempt, or its subject is another customer's by now: late news must not
     * make a second one. */
    if (strcmp(state, "superseded") == 0 || strcmp(attempt, "[\"superseded_attempt\"]") == 0 ||
        (strcmp(attempt, "success") != 0 && ledger_integer(row, TAKEN) != 0))
        return VERIFY_SUPERSEDED;
    if (!ledger_is_null(row, OVER_AT) && entered_at >= ledger_integer(row, OVER_AT))
        return VERIFY_CODE_TIMEOUT;
    if (over && strcmp(attempt, "success") != 0)
        return VERIFY_CODE_TIMEOUT;
    if (strcmp(state, "cancelled") == 0)
        return VERIFY_CODE_TIMEOUT;
    return VERIFY_VERIFIED;
}

static const struct code_columns seed_columns = {
    .kind = KIND, .nonce = NONCE, .digits = DIGITS, .prefix = PREFIX, .sandbox = SANDBOX};

/* Two of a kind, where both are given. */
static bool differs(const char *second, const char *first)
{
    return second != NULL && first != NULL && strcmp(second, first) != 0;
}

/* Adds the ids of the codes near a key to a JSON array. */
static void add_near(struct session *session, sqlite3_str *json, int64_t key, int64_t entered_at)
{
    struct ledger_statement *row = ledger_use(session->ledger, STATEMENT_codes_near);
    ledger_set_integer(row, ":key", key);
    ledger_set_integer(row, ":entered_at", entered_at);
    while (ledger_row(row))
        sqlite3_str_appendf(json, "%s%lld", sqlite3_str_length(json) > 1 ? "," : "",
                            (long long)ledger_integer(row, 0));
}

/* keys: a JSON array. To be freed with sqlite3_free(); NULL after an error. */
static char *list_near(struct session *session, const char *keys, int64_t entered_at)
{
    const char *at = keys + 1;
    sqlite3_str *json = sqlite3_str_new(NULL);
    sqlite3_str_appendchar(json, 1, '[');
    while (*at != ']') {
        char *end;
        add_near(session, json, strtoll(at, &end, 10), entered_at);
        at = *end == ',' ? end + 1 : end;
    }
    sqlite3_str_appendchar(json, 1, ']');
    char *text = sqlite3_str_finish(json);
    if (text == NULL)
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
    return text;
}

/* Room for one more; NULL after an error. */
static struct candidate *next_candidate(struct session *session, struct candidates *all)
{
    if (all->count == all->room) {
        size_t room = all->room == 0 ? 32 : 2 * all->room;
        struct candidate *rows = realloc(all->rows, room * sizeof *rows);
        if (rows == NULL) {
            ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
            return NULL;
        }
        all->rows = rows;
        all->room = room;
    }
    return &all->rows[all->count];
}

/* What is looked for: the codes for these keys (a JSON array), or the token of this nonce. */
struct search {
    const struct verify_request *request;
    const struct code_entry *entry;
    int64_t entered_at;
    const char *keys;
    const unsigned char *nonce; /* NULL: none */
};

/* One code, as the entry stands to it. */
static void read_candidate(struct session *session, const struct search *search,
                           struct ledger_statement *row, struct candidate *candidate)
{
    struct code_seed seed;
    char prefix[CODE_PREFIX_SIZE];
    const char *device = ledger_text(row, DEVICE);
    const struct key *key = session_key(session);
    const unsigned char *uuid =
        ledger_uuid(session->ledger); /* neither after an error of this row */
    code_read_seed(row, &seed_columns, &seed, prefix);
    candidate->stands_for_all = false;
    candidate->id = ledger_integer(row, ID);
    candidate->attempt = ledger_integer(row, ATTEMPT);
    candidate->wrong_device = device_is_refused(seed.kind, device, search->request->device_id);
    candidate->standing = standing(row, search->entered_at);
    candidate->fits = code_fits(&seed, search->entry);
    /* A code that nobody has been sent can only be guessed: however many wait in the queue, they
     * make no guess better. */
    candidate->matches = key != NULL && uuid != NULL &&
                         code_matches(key, uuid, &seed, search->entry) &&
                         (ledger_integer(row, SENT) != 0 || search->request->subject == NULL);
}

/* The codes that the entry may be, each compared, so that time does not tell which one was near. */
static void read_candidates(struct session *session, const struct search *search,
                            struct candidates *all)
{
    const struct verify_request *request = search->request;
    const int64_t entered_at = search->entered_at;
    const struct settings *settings = session_settings(session);
    all->count = 0;
    if (settings == NULL || session_key(session) == NULL || ledger_uuid(session->ledger) == NULL)
        return;
    char *codes = list_near(session, search->keys, entered_at);
    struct ledger_statement *row =
        ledger_select(session->ledger, STATEMENT_codes_of_subject, columns);
    ledger_set_text(row, ":codes", codes);
    ledger_set_blob(row, ":nonce", search->nonce, CODE_NONCE_SIZE);
    ledger_set_integer(row, ":entered_at", entered_at);
    ledger_set_integer(row, ":known_by",
                       entered_at < ledger_now(session->ledger) ? entered_at + PRECISION_MS
                                                                : INT64_MAX);
    ledger_set_integer(row, ":max_tries", settings->max_code_tries);
    ledger_set_integer(row, ":unique_email", settings->unique_email);
    ledger_set_integer(row, ":unique_phone", settings->unique_phone);
    while (ledger_row(row)) {
        struct candidate *candidate = next_candidate(session, all);
        if (candidate == NULL) {
            ledger_done(row);
            break;
        }
        if (differs(request->partner_id, ledger_text(row, PARTNER_ID)) ||
            differs(request->uuid, ledger_text(row, UUID)))
            continue;
        read_candidate(session, search, row, candidate);
        all->count += candidate->standing != VERIFY_NOT_FOUND;
    }
    sqlite3_free(codes);
}

/*
 * The verdict over all candidates, newest first. The device is looked at before the code: from
 * another device a right code says no more than a wrong one.
 */
static enum verify_verdict decide(const struct candidate *candidates, size_t count,
                                  const struct candidate **matched)
{
    size_t live = 0, elsewhere = 0;
    *matched = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct candidate *candidate = &candidates[i];
        bool is_live = candidate->standing == VERIFY_VERIFIED;
        live += is_live;
        elsewhere += is_live && candidate->wrong_device;
        /* With one fixed sandbox code every candidate matches: a live one goes first, then the
         * newest. */
        if (candidate->matches && !(is_live && candidate->wrong_device) &&
            (*matched == NULL || (is_live && (*matched)->standing != VERIFY_VERIFIED)))
            *matched = candidate;
    }
    if (count == 0)
        return VERIFY_NOT_FOUND;
    if (live > 0 && live == elsewhere)
        return VERIFY_WRONG_DEVICE;
    if (*matched != NULL)
        return (*matched)->standing;
    return live == 0 && candidates[0].standing == VERIFY_RATE_LIMIT ? VERIFY_RATE_LIMIT
                                                                    : VERIFY_INVALID_CODE;
}

/* Whether the entry cannot be any of the codes, whatever they are: by its length or its alphabet.
 */
static bool is_malformed(const struct candidate *candidates, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (candidates[i].fits)
            return false;
    return count > 0;
}

/* Whether a wrong entry costs this code's attempt a try: also where the attempt was settled or the
 * code's time is up, since late news could still make a success of the right one, and its verdict
 * alone would tell it from the wrong ones. What cannot be the code tells nothing of it. */
static bool pays(const struct candidate *candidate)
{
    return candidate->fits && !candidate->wrong_device &&
           candidate->standing != VERIFY_ALREADY_VERIFIED &&
           candidate->standing != VERIFY_RATE_LIMIT;
}

static int by_attempt(const void *left, const void *right)
{
    const struct candidate *one = *(struct candidate *const *)left,
                           *other = *(struct candidate *const *)right;
    if (one->attempt != other->attempt)
        return one->attempt < other->attempt ? -1 : 1;
    return one < other ? -1 : 1;
}

/* One code for each attempt that pays with a try: the newest. False after an error. */
static bool choose_payers(struct session *session, const struct candidates *all)
{
    struct candidate **paying = calloc(all->count + 1, sizeof *paying);
    size_t count = 0;
    if (paying == NULL) {
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
        return false;
    }
    for (size_t i = 0; i < all->count; i++)
        if (pays(&all->rows[i]))
            paying[count++] = &all->rows[i];
    qsort(paying, count, sizeof *paying, by_attempt);
    for (size_t i = 0; i < count; i++)
        paying[i]->stands_for_all = i == 0 || paying[i]->attempt != paying[i - 1]->attempt;
    free(paying);
    return true;
}

/* JSON arrays of code ids: of a right entry, the live codes that it makes idle; of a wrong one, one
 * code for each attempt that pays with a try. To be freed with sqlite3_free(); NULL after an error.
 */
static char *list_codes(struct session *session, const struct candidates *all, bool right)
{
    if (!right && !choose_payers(session, all))
        return NULL;
    sqlite3_str *json = sqlite3_str_new(NULL);
    sqlite3_str_appendchar(json, 1, '[');
    for (size_t i = 0; i < all->count; i++) {
        const struct candidate *candidate = &all->rows[i];
        bool listed = right ? candidate->standing == VERIFY_VERIFIED && !candidate->matches
                            : candidate->stands_for_all;
        if (listed)
            sqlite3_str_appendf(json, "%s%lld", sqlite3_str_length(json) > 1 ? "," : "",
                                (long long)candidate->id);
    }
    sqlite3_str_appendchar(json, 1, ']');
    char *text = sqlite3_str_finish(json);
    if (text == NULL)
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
    return text;
}

/* The password that came with a right code, for the attempt that the code confirms. */
static void set_password(struct session *session, struct ledger_statement *write,
                         const struct verify_request *request, int64_t attempt,
                         unsigned char sealed[KEY_SEALED_SIZE])
{
    unsigned char nonce[24];
    const struct key *key = session_key(session);
    const unsigned char *uuid = ledger_uuid(session->ledger);
    ledger_set_text(write, ":password_hash", request->password_hash);
    if (request->fingerprint == NULL || attempt == 0 || key == NULL || uuid == NULL)
        return;
    randombytes_buf(nonce, sizeof nonce);
    key_seal(key, uuid, attempt, nonce, request->fingerprint, sealed);
    ledger_set_blob(write, ":sealed", sealed, KEY_SEALED_SIZE);
}

static void write_verdict(struct session *session, const struct verify_request *request,
                          int64_t entered_at, enum verify_verdict verdict,
                          const struct candidate *matched, const char *compared)
{
    unsigned char sealed[KEY_SEALED_SIZE];
    const struct settings *settings = session->settings;
    int64_t now = ledger_stamp(session->ledger);
    struct ledger_statement *write = ledger_use(session->ledger, STATEMENT_verify);
    ledger_set_text(write, ":verdict",
                    request->refused != NULL ? request->refused
                    : verdict == VERIFY_INVALID_CODE && matched != NULL
                        ? "email_confirm_code_invalid"
                        : verify_name(verdict));
    if (matched != NULL)
        ledger_set_integer(write, ":code_id", matched->id);
    if (matched != NULL && verdict == VERIFY_VERIFIED)
        set_password(session, write, request, matched->attempt, sealed);
    ledger_set_text(write, ":compared", compared);
    ledger_set_integer(write, ":recorded_at", now);
    ledger_set_integer(write, ":entered_at", entered_at);
    ledger_set_integer(write, ":max_tries", settings->max_code_tries);
    ledger_set_integer(write, ":unique_email", settings->unique_email);
    ledger_set_integer(write, ":unique_phone", settings->unique_phone);
    ledger_set_text(write, ":reportable", settings->reportable_reasons);
    if (request->continuation_id != 0) {
        ledger_set_integer(write, ":continuation_id", request->continuation_id);
        ledger_set_integer(write, ":attempted_at", request->attempted_at);
    }
    if (request->import_id != 0) {
        ledger_set_integer(write, ":import_id", request->import_id);
        ledger_set_integer(write, ":line", request->line);
    }
    ledger_run(write);
}

/* The keys of whom the subject means, a JSON array. False where it can mean nobody, or may mean
 * several people: an error, but for a second request, whose row says so. */
static bool find_keys(struct session *session, const struct verify_request *request, bool *several,
                      char keys[LOOKUP_LIST])
{
    struct lookup who;
    struct lookup_found found;
    if (!lookup_read(session, request->subject, &who) ||
        !lookup_find(session, &who, ledger_now(session->ledger), &found))
        return false;
    *several = found.people.apart;
    if (*several && request->continuation_id == 0)
        lookup_refuse(session, &found.people);
    snprintf(keys, LOOKUP_LIST, "%s", found.keys);
    return !*several;
}

/* The codes that the entry may be one of. */
static void find_candidates(struct session *session, const struct verify_request *request,
                            const struct code_entry *entry, int64_t entered_at,
                            struct candidates *all, bool *several)
{
    unsigned char nonce[CODE_NONCE_SIZE];
    char keys[LOOKUP_LIST];
    struct search search = {
        .request = request, .entry = entry, .entered_at = entered_at, .keys = "[]"};
    all->count = 0;
    *several = false;
    if (request->refused != NULL)
        return;
    if (request->subject != NULL && find_keys(session, request, several, keys))
        search.keys = keys;
    else if (request->subject == NULL && code_token_nonce(entry->token, nonce))
        search.nonce = nonce;
    else
        return;
    read_candidates(session, &search, all);
}

/* Judged as of entered_at. */
static enum verify_verdict judge(struct session *session, const struct verify_request *request,
                                 const struct code_entry *entry, int64_t entered_at,
                                 struct candidates *all, const struct candidate **matched)
{
    bool several;
    find_candidates(session, request, entry, entered_at, all, &several);
    return several ? VERIFY_SUBJECT_AMBIGUOUS : decide(all->rows, all->count, matched);
}

static void write_what_follows(struct session *session, const struct verify_request *request,
                               int64_t entered_at, enum verify_verdict verdict,
                               const struct candidates *all, const struct candidate *matched)
{
    if (ledger_failed(session->ledger) || session_settings(session) == NULL)
        return;
    char *compared = list_codes(session, all, verdict == VERIFY_VERIFIED);
    bool costs = verdict == VERIFY_INVALID_CODE && compared != NULL && compared[1] != ']';
    if (verdict == VERIFY_INVALID_CODE && is_malformed(all->rows, all->count))
        matched = &all->rows[0]; /* which the continuation is of */
    if (verdict == VERIFY_VERIFIED || costs || request->continuation_id != 0)
        write_verdict(session, request, entered_at, verdict, matched, compared);
    sqlite3_free(compared);
}

enum verify_verdict verify_code(struct session *session, const struct verify_request *request)
{
    struct candidates all = {NULL, 0, 0};
    const struct candidate *matched = NULL;
    struct code_entry entry;
    int64_t now = ledger_now(session->ledger), clock = ledger_clock(session->ledger),
            entered_at = now;
    if (request->entered_at != 0 && request->entered_at < now)
        entered_at = request->entered_at;
    code_read(request->code, request->continuation_id != 0, &entry);
    enum verify_verdict verdict = judge(session, request, &entry, entered_at, &all, &matched);
    /* By a clock that was set back a code may have been entered before it was made. */
    if (verdict != VERIFY_VERIFIED && entered_at < now && clock < now) {
        entered_at = now;
        verdict = judge(session, request, &entry, entered_at, &all, &matched);
    }
    sodium_memzero(&entry, sizeof entry);
    write_what_follows(session, request, entered_at < now ? entered_at : clock, verdict, &all,
                       matched);
    free(all.rows);
    return verdict;
}
