/* SPDX-License-Identifier: MIT */
#include "indexes/origin_index.h"

#include "ledger/ledger.h"
#include "ledger/session.h"
#include "run/job.h"
#include "run/others_turn.h"
#include "run/stop.h"
#include "values/moment.h"

/* MOST_ATTEMPTS: at a time, so that a night that is stopped has done some of it, and temporary
 * files do not grow with the ledger. Each entry that is added changes a page of the index, as long
 * as there are few of them: so it is put off until they are one in SHARE. */
enum { KINDS = 3, AT_ONCE = 10000, MOST_ATTEMPTS = 2000000, SHARE = 128 };

struct span {
    int64_t since, until; /* attempts after the first, up to the second */
    int64_t round;        /* moves on when people are erased */
};

/* False: there is nothing to do, or the ledger has failed. */
static bool look(struct ledger *ledger, struct span *span)
{
    enum { SINCE, NEWEST, ROUND };
    static const char *const columns[] = {"origin_id", "newest", "round", NULL};
    *span = (struct span){0};
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_origins_look, columns);
    if (ledger_row(row)) {
        span->since = ledger_integer(row, SINCE);
        span->until = ledger_integer(row, NEWEST);
        span->round = ledger_integer(row, ROUND);
        ledger_done(row);
    }
    bool many = span->until - span->since > span->until / SHARE;
    if (span->until - span->since > MOST_ATTEMPTS)
        span->until = span->since + MOST_ATTEMPTS;
    return many && !ledger_failed(ledger);
}

static bool is_going(const struct ledger *ledger, const struct ledger *reader)
{
    return !stop_asked() && !ledger_failed(ledger) && !ledger_failed(reader);
}

static void keep(struct ledger *ledger, struct ledger *reader, const struct span *span, int kind,
                 struct ledger_statement *person)
{
    enum { VALUE, ATTEMPT };
    const char *value = ledger_text(person, VALUE);
    if (ledger_failed(reader)) /* it is not the value */
        return;
    struct ledger_statement *insert = ledger_use(ledger, STATEMENT_keep_origin);
    ledger_set_integer(insert, ":kind", kind);
    ledger_set_text(insert, ":value", value);
    ledger_set_integer(insert, ":attempt_id", ledger_integer(person, ATTEMPT));
    ledger_set_integer(insert, ":round", span->round);
    ledger_run(insert);
}

/* The origins of one kind. They are sorted when the first is asked for, while the ledger is not
 * ours. */
static void add(struct ledger *ledger, struct ledger *reader, const struct span *span, int kind)
{
    struct ledger_statement *person = ledger_use(reader, STATEMENT_origins_of_people);
    ledger_set_integer(person, ":kind", kind);
    ledger_set_integer(person, ":since", span->since);
    ledger_set_integer(person, ":until", span->until);
    bool more = ledger_row(person);
    while (more && is_going(ledger, reader)) {
        ledger_begin(ledger);
        int64_t began = moment_monotonic();
        for (int i = 0; i < AT_ONCE && more; i++) {
            keep(ledger, reader, span, kind, person);
            more = !ledger_failed(ledger) && ledger_row(person);
        }
        ledger_end(ledger);
        others_turn(began, 0);
    }
    if (more)
        ledger_done(person);
}

static void move(struct ledger *ledger, const struct span *span)
{
    ledger_begin(ledger);
    struct ledger_statement *moved = ledger_use(ledger, STATEMENT_move_origins);
    ledger_set_integer(moved, ":since", span->since);
    ledger_set_integer(moved, ":until", span->until);
    ledger_run(moved);
    ledger_end(ledger);
}

bool origin_index_build(const struct job *job, struct error *error)
{
    struct job_reader people;
    struct span span;
    struct ledger *ledger = job->session->ledger;
    error->text[0] = '\0';
    if (!look(ledger, &span))
        return !ledger_failed(ledger);
    if (!job_open_reader(job, &people, error))
        return false;
    struct ledger *reader = people.session->ledger;
    do {
        for (int kind = 1; kind <= KINDS && is_going(ledger, reader); kind++)
            add(ledger, reader, &span, kind);
        if (is_going(ledger, reader))
            move(ledger, &span);
    } while (is_going(ledger, reader) && look(ledger, &span));
    if (ledger_failed(reader))
        error_set(error, ERROR_IO, "%s", ledger_error(reader));
    job_close_reader(job, &people);
    return !ledger_failed(ledger) && error->text[0] == '\0';
}
