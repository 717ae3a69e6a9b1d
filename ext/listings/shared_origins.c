/* SPDX-License-Identifier: MIT */
#include "listings/shared_origins.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "functions/row_taker.h"
#include "functions/sql_call.h"
#include "listings/catalog.h"
#include "tables/as_of.h"
#include "tables/table.h"
#include "values/key_sort.h"
#include "values/moment.h"

enum column { KIND, VALUE, ATTEMPTS, EMAILS, SUCCESS, FIRST, LAST, FIRST_MS, LAST_MS, ARGUMENTS };
enum argument { SINCE, UNTIL, LEAST, ARGUMENT_COUNT };
enum { ADDRESS, DEVICE, DOMAIN, KINDS }; /* as the columns of origins_of_attempt */
enum { DEFAULT_LEAST = 5, MOST_LEAST = 1000000000, FIRST_ROOM = 16 };

/* That sqlite3_realloc64() gives at once: 67 million attempts. */
enum { MOST_BYTES = 0x7fffff00 };

static const char name[] = "reg_shared_origins";
static const char declaration[] =
    "CREATE TABLE x(kind TEXT, value TEXT, attempts INTEGER, emails INTEGER, success INTEGER, "
    "first TEXT, last TEXT, first_ms INTEGER, last_ms INTEGER, since HIDDEN, until HIDDEN, "
    "least HIDDEN)";
static const char *const arguments[] = {"since", "until", "least"};
static const char *const kinds[] = {"address", "device", "domain"};

/* What stands for a text: 96 bits of its SipHash under a key of the question's own, so that two
 * texts are taken for one in one of 10^14 questions about ten million. */
enum { PRINT = 12 };

struct attempt {
    int64_t id, attempted_at;
    int64_t email; /* person.email_key, the ledger's number for an address in whatever case */
    bool has_email, is_pending, success;
};

/* An attempt, to be sorted by one of its origins: the first 64 bits of that, and the rest. */
struct place {
    int64_t key;
    uint32_t rest, attempt;
};

struct span {
    struct ledger *ledger;
    struct attempt *attempts;
    struct place *places[KINDS];
    size_t count, room, pending, placed[KINDS];
    unsigned char secret[crypto_shorthash_siphashx24_KEYBYTES];
};

struct shared {
    int kind;
    int64_t id; /* of one of the attempts */
    int64_t attempts, emails, success, first, last;
};

struct cursor {
    struct table_cursor base;
    sqlite3_value *given[ARGUMENT_COUNT]; /* what the arguments read as; NULL: not given */
    struct shared *shared;
    size_t room;
};

static int shared_connect(sqlite3 *database, void *client, int count, const char *const *texts,
                          sqlite3_vtab **made, char **error)
{
    (void)count;
    (void)texts;
    const struct table_design design = {declaration, SQLITE_VTAB_INNOCUOUS, NULL};
    return table_make(database, ((struct catalog_module *)client)->session, &design, made, error);
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    static const double ROWS = 1000, COST = 1e7;
    info->estimatedRows = (sqlite3_int64)ROWS;
    info->estimatedCost = COST;
    return table_arguments(table, info, ARGUMENTS, ARGUMENT_COUNT, arguments);
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    int code = table_is_meant(table, ((struct table *)table)->session, false);
    return code == SQLITE_OK ? table_open(sizeof(struct cursor), made) : code;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    for (int k = 0; k < ARGUMENT_COUNT; k++)
        sqlite3_value_free(cursor->given[k]);
    sqlite3_free(cursor->shared);
    return table_close(base);
}

/* Room for rows of `size` bytes up to the one numbered `last`. False: the ledger has failed. */
static bool make_room(struct ledger *ledger, void **rows, size_t last, size_t *room, size_t size)
{
    size_t more = *room == 0 ? FIRST_ROOM : *room / 2 * 3;
    if (ledger_failed(ledger) || last < *room)
        return !ledger_failed(ledger);
    more = more > last ? more : last + 1;
    if (more * size > MOST_BYTES)
        more = MOST_BYTES / size;
    if (more <= last) {
        ledger_fail(ledger, SQLITE_TOOBIG, "more than %zu attempts at once: ask for a shorter span",
                    more);
        return false;
    }
    void *moved = sqlite3_realloc64(*rows, more * size);
    if (moved == NULL) {
        ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
        return false;
    }
    *rows = moved;
    *room = more;
    return true;
}

/* -- The attempts of the span -- */

/* For one attempt more, with all its origins. */
static bool make_room_for_one(struct span *span)
{
    size_t room = span->room;
    if (span->count < room)
        return true;
    for (int kind = 0; kind < KINDS; kind++, room = span->room)
        make_room(span->ledger, (void **)&span->places[kind], span->count, &room,
                  sizeof *span->places[kind]);
    /* Last: of the largest there is room for the fewest. */
    if (make_room(span->ledger, (void **)&span->attempts, span->count, &room,
                  sizeof *span->attempts))
        span->room = room;
    return !ledger_failed(span->ledger);
}

/* As the index of origins has it (sql/upgrades/9.sql): without an @, all of it. */
static const char *domain_of(const char *email)
{
    const char *at = email == NULL ? NULL : strchr(email, '@');
    return email == NULL ? NULL : at == NULL ? email : at + 1;
}

static void take_origin(struct span *span, int kind, const char *text)
{
    unsigned char hash[crypto_shorthash_siphashx24_BYTES];
    if (text == NULL)
        return;
    struct place *place = &span->places[kind][span->placed[kind]++];
    crypto_shorthash_siphashx24(hash, (const unsigned char *)text, strlen(text), span->secret);
    memcpy(&place->key, hash, sizeof place->key);
    memcpy(&place->rest, hash + sizeof place->key, PRINT - sizeof place->key);
    place->attempt = (uint32_t)span->count;
}

static bool take_attempt(void *context, sqlite3_value **values)
{
    enum { ID, ATTEMPTED_AT, OUTCOME, EMAIL_KEY, EMAIL, IP_ADDRESS, DEVICE_ID };
    struct span *span = context;
    struct ledger *ledger = span->ledger;
    if (!make_room_for_one(span))
        return false;
    const char *outcome = row_taker_word(ledger, values[OUTCOME], "attempt.outcome");
    const char *email = row_taker_text(ledger, values[EMAIL]);
    struct attempt *attempt = &span->attempts[span->count];
    *attempt = (struct attempt){
        .id = row_taker_integer(ledger, values[ID], "attempt.id"),
        .attempted_at = row_taker_integer(ledger, values[ATTEMPTED_AT], "attempt.attempted_at"),
        .email = sqlite3_value_int64(values[EMAIL_KEY]),
        .has_email = email != NULL,
        .is_pending = strcmp(outcome, "pending") == 0,
        .success = strcmp(outcome, "success") == 0};
    take_origin(span, ADDRESS, row_taker_text(ledger, values[IP_ADDRESS]));
    take_origin(span, DEVICE, row_taker_text(ledger, values[DEVICE_ID]));
    take_origin(span, DOMAIN, domain_of(email));
    span->pending += attempt->is_pending;
    span->count++;
    return true;
}

static void read_span(struct span *span, int64_t since, int64_t until)
{
    const struct row_taker taker = {span->ledger, take_attempt, span};
    struct ledger_statement *row = ledger_use(span->ledger, STATEMENT_origins_of_span);
    randombytes_buf(span->secret, sizeof span->secret);
    ledger_set_integer(row, ":since", since);
    ledger_set_integer(row, ":until", until);
    row_taker_bind(row, &taker);
    if (!ledger_row(row))
        return;
    if (ledger_integer(row, 0) != (int64_t)span->count)
        ledger_fail(span->ledger, SQLITE_ERROR,
                    "reg_take was not asked: an authorizer keeps it away, or another function has "
                    "its name");
    ledger_done(row);
}

/* Those that were pending at first, in the order of their ids. */
struct pending {
    struct span *span;
    struct place *places;
    size_t next; /* most decisions come in their order */
};

static void sort_pending(struct pending *pending)
{
    const struct span *span = pending->span;
    size_t count = 0;
    for (size_t i = 0; i < span->count; i++)
        if (span->attempts[i].is_pending)
            pending->places[count++] =
                (struct place){.key = span->attempts[i].id, .attempt = (uint32_t)i};
    key_sort(pending->places, count, sizeof *pending->places);
}

static int compare_keys(const void *left, const void *right)
{
    int64_t a = ((const struct place *)left)->key, b = ((const struct place *)right)->key;
    return (a > b) - (a < b);
}

/* NULL: not one of them. */
static struct attempt *find_pending(struct pending *pending, int64_t id)
{
    const struct place wanted = {.key = id};
    const struct place *found = &pending->places[pending->next];
    if (pending->next == pending->span->pending || found->key != id)
        found =
            bsearch(&wanted, pending->places, pending->span->pending, sizeof wanted, compare_keys);
    if (found == NULL)
        return NULL;
    pending->next = (size_t)(found - pending->places) + 1;
    return &pending->span->attempts[found->attempt];
}

/* What became of them: to read all decisions takes a fraction of looking each attempt's up. */
static void read_decisions(struct span *span)
{
    enum { ATTEMPT, SUCCESSFUL };
    struct pending pending = {.span = span};
    size_t last = span->pending - 1, room = 0;
    if (span->pending == 0 ||
        !make_room(span->ledger, (void **)&pending.places, last, &room, sizeof *pending.places))
        return;
    sort_pending(&pending);
    struct ledger_statement *row = ledger_use(span->ledger, STATEMENT_decisions_between);
    ledger_set_integer(row, ":first", pending.places[0].key);
    ledger_set_integer(row, ":last", pending.places[last].key);
    while (ledger_row(row)) {
        struct attempt *attempt = find_pending(&pending, ledger_integer(row, ATTEMPT));
        if (attempt != NULL)
            attempt->success = ledger_integer(row, SUCCESSFUL) != 0;
    }
    sqlite3_free(pending.places);
}

/* -- Who shares -- */

/* Most origins have few attempts. So attempts are counted first, of several origins in one counter,
 * up to what it can hold: who cannot have enough need not be sorted. */
enum { FEWEST_COUNTERS = 1 << 10, MOST_COUNTERS = 1 << 22, FULL = UINT8_MAX };

struct counters {
    uint8_t *counts;
    size_t number; /* a power of two */
};

static uint8_t *counter_of(const struct counters *counters, const struct place *place)
{
    return &counters->counts[(size_t)place->key & (counters->number - 1)];
}

/* Looks now and then, so often that a host's progress handler is called. */
static bool goes_on(const struct span *span, size_t place)
{
    enum { BETWEEN_LOOKS = 8192 };
    return place % BETWEEN_LOOKS != 0 || ledger_goes_on(span->ledger);
}

static void count_origins(const struct span *span, int kind, const struct counters *counters)
{
    memset(counters->counts, 0, counters->number);
    for (size_t i = 0; i < span->placed[kind] && goes_on(span, i); i++) {
        uint8_t *counter = counter_of(counters, &span->places[kind][i]);
        if (*counter < FULL)
            ++*counter;
    }
}

/* Leaves the places of origins that may have `least` attempts, sorted by them. How many there are.
 */
static size_t sort_places(const struct span *span, int kind, int64_t least,
                          const struct counters *counters)
{
    struct place *places = span->places[kind];
    size_t count = 0;
    count_origins(span, kind, counters);
    for (size_t i = 0; i < span->placed[kind] && goes_on(span, i); i++)
        if (*counter_of(counters, &places[i]) >= (least < FULL ? least : FULL))
            places[count++] = places[i];
    key_sort(places, count, sizeof *places);
    /* Nearly always they are in order now: 64 bits tell them apart. */
    for (size_t i = 1; i < count; i++)
        for (size_t to = i; to > 0 && places[to - 1].key == places[to].key &&
                            places[to - 1].rest > places[to].rest;
             to--) {
            struct place later = places[to - 1];
            places[to - 1] = places[to];
            places[to] = later;
        }
    return count;
}

/* How many places from the first on have one origin. */
static size_t run_of(const struct place *places, size_t count)
{
    size_t run = 1;
    while (run < count && places[run].key == places->key && places[run].rest == places->rest)
        run++;
    return run;
}

/* What the attempts of an origin come to. Their places are used up. */
static struct shared add_up(const struct span *span, int kind, struct place *places, size_t count)
{
    enum { AHEAD = 16 };
    const struct attempt *one = &span->attempts[places->attempt];
    struct shared shared = {.kind = kind,
                            .id = one->id,
                            .attempts = (int64_t)count,
                            .first = one->attempted_at,
                            .last = one->attempted_at};
    size_t emails = 0;
    for (size_t i = 0; i < count; i++) {
        const struct attempt *attempt = &span->attempts[places[i].attempt];
        if (i + AHEAD < count) /* it is anywhere in memory */
            __builtin_prefetch(&span->attempts[places[i + AHEAD].attempt]);
        shared.success += attempt->success;
        shared.first = attempt->attempted_at < shared.first ? attempt->attempted_at : shared.first;
        shared.last = attempt->attempted_at > shared.last ? attempt->attempted_at : shared.last;
        if (attempt->has_email)
            places[emails++].key = attempt->email;
    }
    key_sort(places, emails, sizeof *places);
    for (size_t i = 0; i < emails; i++)
        shared.emails += i == 0 || places[i].key != places[i - 1].key;
    return shared;
}

static void find_shared(struct cursor *cursor, const struct span *span, int64_t least)
{
    struct ledger *ledger = span->ledger;
    struct counters counters = {NULL, FEWEST_COUNTERS};
    size_t none = 0;
    while (counters.number < span->count && counters.number < MOST_COUNTERS)
        counters.number *= 2;
    if (!make_room(ledger, (void **)&counters.counts, counters.number, &none, 1))
        return;
    for (int kind = 0; kind < KINDS && !ledger_failed(ledger); kind++) {
        struct place *places = span->places[kind];
        size_t count = sort_places(span, kind, least, &counters), run;
        for (size_t from = 0; from < count; from += run) {
            run = run_of(places + from, count - from);
            if ((int64_t)run < least)
                continue;
            struct shared shared = add_up(span, kind, places + from, run);
            if (shared.emails < least)
                continue;
            if (make_room(ledger, (void **)&cursor->shared, cursor->base.count, &cursor->room,
                          sizeof *cursor->shared))
                cursor->shared[cursor->base.count++] = shared;
        }
    }
    sqlite3_free(counters.counts);
}

static int compare_ids(const void *left, const void *right)
{
    int64_t a = ((const struct shared *)left)->id, b = ((const struct shared *)right)->id;
    return (a > b) - (a < b);
}

static void fill(struct ledger *ledger, struct cursor *cursor, const int64_t asked[ARGUMENT_COUNT])
{
    struct span span = {.ledger = ledger};
    read_span(&span, asked[SINCE], asked[UNTIL]);
    read_decisions(&span);
    find_shared(cursor, &span, asked[LEAST]);
    /* As their values lie in the ledger, which are looked up one by one. */
    if (cursor->base.count > 0)
        qsort(cursor->shared, cursor->base.count, sizeof *cursor->shared, compare_ids);
    for (int kind = 0; kind < KINDS; kind++)
        sqlite3_free(span.places[kind]);
    sqlite3_free(span.attempts);
}

/* -- The table -- */

static bool read_least(sqlite3_value *value, int64_t *least, struct error *error)
{
    return (sql_value_whole(value, least) && *least >= 1 && *least <= MOST_LEAST) ||
           error_set(error, ERROR_INVALID, "least: expected a number from 1 to %d", MOST_LEAST);
}

/* `which`: bit k is set where argument k is among the values. */
static bool read_arguments(struct cursor *cursor, int which, sqlite3_value **values,
                           int64_t asked[ARGUMENT_COUNT], struct error *error)
{
    bool right = true;
    for (int k = 0; k < ARGUMENT_COUNT && right; k++) {
        sqlite3_value_free(cursor->given[k]);
        cursor->given[k] = NULL;
        if ((which >> k & 1) == 0)
            continue;
        sqlite3_value *value = *values++;
        cursor->given[k] = sqlite3_value_dup(value);
        if (cursor->given[k] == NULL)
            right = error_no_memory(error, NULL);
        else if (k == LEAST)
            right = read_least(value, &asked[k], error);
        else if (sqlite3_value_type(value) != SQLITE_NULL)
            right = as_of_read_moment(value, arguments[k], &asked[k], error);
    }
    return right;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                         sqlite3_value **values)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    struct ledger *ledger = table->session->ledger;
    int64_t asked[] = {[SINCE] = INT64_MIN, [UNTIL] = INT64_MAX, [LEAST] = DEFAULT_LEAST};
    struct error error;
    (void)text;
    (void)count;
    cursor->base.row = cursor->base.count = 0;
    if (!read_arguments(cursor, plan, values, asked, &error))
        return table_fail(&table->base, name, &error);
    if (ledger_ready(ledger))
        fill(ledger, cursor, asked);
    return ledger_failed(ledger) ? table_fail_by_ledger(&table->base, name, ledger) : SQLITE_OK;
}

static int show_value(sqlite3_vtab_cursor *base, sqlite3_context *context,
                      const struct shared *shared)
{
    struct table *table = (struct table *)base->pVtab;
    struct ledger *ledger = table->session->ledger;
    struct ledger_statement *row = ledger_use(ledger, STATEMENT_origins_of_attempt);
    ledger_set_integer(row, ":id", shared->id);
    if (ledger_row(row)) {
        const char *value = ledger_text(row, shared->kind);
        sqlite3_result_text(context, shared->kind == DOMAIN ? domain_of(value) : value, -1,
                            SQLITE_TRANSIENT);
        ledger_done(row);
    }
    return ledger_failed(ledger) ? table_fail_by_ledger(&table->base, name, ledger) : SQLITE_OK;
}

static void show_moment(sqlite3_context *context, int64_t moment)
{
    char text[MOMENT_SIZE];
    moment_format(moment, text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct shared *shared = &cursor->shared[cursor->base.row];
    const int64_t numbers[] = {[ATTEMPTS] = shared->attempts,
                               [EMAILS] = shared->emails,
                               [SUCCESS] = shared->success,
                               [FIRST_MS] = shared->first,
                               [LAST_MS] = shared->last};
    if (column == KIND)
        sqlite3_result_text(context, kinds[shared->kind], -1, SQLITE_STATIC);
    else if (column == VALUE)
        return show_value(base, context, shared);
    else if (column == FIRST || column == LAST)
        show_moment(context, column == FIRST ? shared->first : shared->last);
    else if (column < ARGUMENTS)
        sqlite3_result_int64(context, numbers[column]);
    else if (cursor->given[column - ARGUMENTS] != NULL)
        sqlite3_result_value(context, cursor->given[column - ARGUMENTS]);
    return SQLITE_OK;
}

const sqlite3_module shared_origins_module = {
    .iVersion = 0,
    .xConnect = shared_connect,
    .xBestIndex = best_index,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = table_next,
    .xEof = table_eof,
    .xColumn = cursor_column,
    .xRowid = table_rowid,
};
