#include "verify.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "code.h"
#include "door.h"
#include "host.h"
#include "who.h"

enum {
    MOST_CODES = 200,
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
    bool pending; /* its attempt waits for it, or it stands alone: a wrong entry costs it a try */
    bool wrong_device;
    bool matches;
    enum verify_verdict
        standing; /* what a right entry would come to; VERIFY_VERIFIED where it is live */
};

/* Reads one column that may be NULL. */
static const char *text_or_empty(struct ledger_statement *row, int column)
{
    const char *text = ledger_text(row, column);
    return text == NULL ? "" : text;
}

/* What a right entry of this code would come to. Columns as in the statement codes_of_subject. */
static enum verify_verdict standing(struct ledger_statement *row, int64_t entered_at)
{
    const char *state = text_or_empty(row, 9), *attempt = text_or_empty(row, 10);
    bool over = !ledger_is_null(row, 12) && entered_at >= ledger_integer(row, 12);
    if (strcmp(state, "verified") == 0)
        return VERIFY_ALREADY_VERIFIED;
    if (strcmp(attempt, "[\"erased\"]") == 0)
        return VERIFY_NOT_FOUND;
    if (strcmp(state, "exhausted") == 0 ||
        (over && strcmp(attempt, "[\"verification_failed\"]") == 0))
        return VERIFY_RATE_LIMIT;
    /* Superseded as an attempt, or its subject is another customer's by now: late news must not
     * make a second one. */
    if (strcmp(state, "superseded") == 0 || strcmp(attempt, "[\"superseded_attempt\"]") == 0 ||
        (strcmp(attempt, "success") != 0 && ledger_integer(row, 11) != 0))
        return VERIFY_SUPERSEDED;
    if (!ledger_is_null(row, 7) && entered_at >= ledger_integer(row, 7))
        return VERIFY_CODE_TIMEOUT;
    if (over && strcmp(attempt, "success") != 0)
        return VERIFY_CODE_TIMEOUT;
    if (strcmp(state, "cancelled") == 0)
        return VERIFY_CODE_TIMEOUT;
    return VERIFY_VERIFIED;
}

static const struct code_columns seed_columns = {
    .kind = 2, .nonce = 3, .digits = 4, .prefix = 5, .sandbox = 6};

/* Two of a kind, where both are given. */
static bool differs(const char *second, const char *first)
{
    return second != NULL && first != NULL && strcmp(second, first) != 0;
}

/* All codes of the subject, each compared, so that time does not tell which one was near. */
static size_t read_candidates(struct door *door, const struct verify_request *request,
                              const char *keys, const unsigned char *nonce,
                              struct candidate *candidates)
{
    const struct settings *settings = door_settings(door);
    const struct key *key = door_key(door);
    const unsigned char *uuid = ledger_uuid(door->ledger);
    size_t count = 0;
    if (settings == NULL || key == NULL || uuid == NULL)
        return 0;
    struct ledger_statement *row = ledger_use(door->ledger, STATEMENT_codes_of_subject);
    ledger_set_text(row, ":keys", keys);
    ledger_set_blob(row, ":nonce", nonce, CODE_NONCE_SIZE);
    ledger_set_integer(row, ":entered_at", request->entered_at);
    ledger_set_integer(row, ":known_by",
                       request->entered_at < request->now ? request->entered_at + PRECISION_MS
                                                          : INT64_MAX);
    ledger_set_integer(row, ":unique_email", settings->unique_email);
    ledger_set_integer(row, ":unique_phone", settings->unique_phone);
    while (ledger_row(row)) {
        struct candidate *candidate = &candidates[count];
        struct code_seed seed;
        char prefix[CODE_PREFIX_SIZE];
        const char *device = ledger_text(row, 8);
        if (differs(request->partner_id, ledger_text(row, 13)) ||
            differs(request->uuid, ledger_text(row, 14)))
            continue;
        code_read_seed(row, &seed_columns, &seed, prefix);
        candidate->id = ledger_integer(row, 0);
        candidate->attempt = ledger_integer(row, 1);
        candidate->pending = ledger_is_null(row, 10) ||
                             strcmp(text_or_empty(row, 10), "success") == 0 ||
                             strcmp(text_or_empty(row, 10), "pending") == 0;
        /* The device rule is the pin's (Synerise): a token's link is opened wherever the mail is
         * read. */
        candidate->wrong_device =
            seed.kind == CODE_PIN && device != NULL &&
            (request->device_id == NULL || strcmp(device, request->device_id) != 0);
        candidate->standing = standing(row, request->entered_at);
        /* A code that nobody has been sent can only be guessed: however many wait in the queue,
         * they make no guess better. */
        candidate->matches = code_matches(key, uuid, &seed, request->code) &&
                             (ledger_integer(row, 15) != 0 || nonce != NULL);
        if (candidate->standing != VERIFY_NOT_FOUND)
            count++;
        if (count == MOST_CODES) {
            ledger_done(row);
            break;
        }
    }
    return count;
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

/* Whether a wrong entry costs this code's attempt a try. */
static bool pays(const struct candidate *candidate)
{
    return candidate->pending && !candidate->wrong_device &&
           candidate->standing != VERIFY_ALREADY_VERIFIED &&
           candidate->standing != VERIFY_RATE_LIMIT;
}

/* JSON arrays of code ids: of a right entry, the live codes that it makes idle; of a wrong one, one
 * code for each attempt that pays with a try. */
static void list_codes(const struct candidate *candidates, size_t count, bool right, char *json,
                       size_t size)
{
    size_t length = (size_t)snprintf(json, size, "[");
    for (size_t i = 0; i < count; i++) {
        const struct candidate *candidate = &candidates[i];
        bool listed =
            right ? candidate->standing == VERIFY_VERIFIED && !candidate->matches : pays(candidate);
        for (size_t k = 0; k < i && listed && !right; k++) /* only one that pays stands for all */
            listed = candidates[k].attempt != candidate->attempt || !pays(&candidates[k]);
        if (listed && length + 24 < size)
            length += (size_t)snprintf(json + length, size - length, "%s%lld",
                                       length > 1 ? "," : "", (long long)candidate->id);
    }
    snprintf(json + length, size - length, "]");
}

/* The password that came with a right code, for the attempt that the code confirms. */
static void set_password(struct door *door, struct ledger_statement *write,
                         const struct verify_request *request, int64_t attempt,
                         unsigned char sealed[KEY_SEALED_SIZE])
{
    unsigned char nonce[24];
    const struct key *key = door_key(door);
    const unsigned char *uuid = ledger_uuid(door->ledger);
    ledger_set_text(write, ":password_hash", request->password_hash);
    if (request->fingerprint == NULL || attempt == 0 || key == NULL || uuid == NULL)
        return;
    randombytes_buf(nonce, sizeof nonce);
    key_seal(key, uuid, attempt, nonce, request->fingerprint, sealed);
    ledger_set_blob(write, ":sealed", sealed, KEY_SEALED_SIZE);
}

static void write_verdict(struct door *door, const struct verify_request *request,
                          enum verify_verdict verdict, const struct candidate *matched,
                          const char *compared)
{
    unsigned char sealed[KEY_SEALED_SIZE];
    const struct settings *settings = door->settings;
    struct ledger_statement *write = ledger_use(door->ledger, STATEMENT_verify);
    ledger_set_text(write, ":verdict",
                    request->refused != NULL ? request->refused : verify_name(verdict));
    if (matched != NULL)
        ledger_set_integer(write, ":code_id", matched->id);
    if (matched != NULL && verdict == VERIFY_VERIFIED)
        set_password(door, write, request, matched->attempt, sealed);
    ledger_set_text(write, ":compared", compared);
    ledger_set_integer(write, ":recorded_at", request->now);
    ledger_set_integer(write, ":entered_at", request->entered_at);
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
static bool find_keys(struct door *door, const struct verify_request *request, bool *several,
                      char keys[WHO_LIST])
{
    struct who who;
    struct who_found found;
    if (!who_read(door, request->subject, &who) || !who_find(door, &who, request->now, &found))
        return false;
    *several = found.people.apart;
    if (*several && request->continuation_id == 0)
        who_refuse(door, &found.people);
    snprintf(keys, WHO_LIST, "%s", found.keys);
    return !*several;
}

enum verify_verdict verify_code(struct door *door, const struct verify_request *request)
{
    struct candidate candidates[MOST_CODES];
    const struct candidate *matched = NULL;
    unsigned char nonce[CODE_NONCE_SIZE];
    char compared[MOST_CODES * 24], keys[WHO_LIST] = "[]";
    size_t count = 0;
    bool several = false;
    if (request->refused != NULL) {
        count = 0;
    } else if (request->subject != NULL) {
        if (find_keys(door, request, &several, keys))
            count = read_candidates(door, request, keys, NULL, candidates);
    } else if (code_token_nonce(request->code, nonce)) {
        count = read_candidates(door, request, keys, nonce, candidates);
    }
    enum verify_verdict verdict =
        several ? VERIFY_SUBJECT_AMBIGUOUS : decide(candidates, count, &matched);
    bool writes = verdict == VERIFY_VERIFIED || verdict == VERIFY_INVALID_CODE ||
                  request->continuation_id != 0;
    if (writes && !ledger_failed(door->ledger) && door_settings(door) != NULL) {
        list_codes(candidates, count, verdict == VERIFY_VERIFIED, compared, sizeof compared);
        write_verdict(door, request, verdict, matched, compared);
    }
    return verdict;
}
