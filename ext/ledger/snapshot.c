/* SPDX-License-Identifier: MIT */
#include "ledger/snapshot.h"

#include <stdio.h>
#include <string.h>

#include "ledger/ledger_inside.h"
#include "values/moment.h"
#include "values/text.h"

enum { SOURCE, TAKEN_AT };
static const char *const source_columns[] = {"source", "taken_at", NULL};

void ledger_snapshot_source(struct ledger *ledger, char source[SNAPSHOT_SOURCE_SIZE],
                            int64_t *taken_at)
{
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_snapshot_source, source_columns);
    bool found = ledger_row(row);
    text_escape(source, SNAPSHOT_SOURCE_SIZE,
                found ? ledger_word(row, SOURCE) : "an unknown place");
    *taken_at = found ? ledger_integer(row, TAKEN_AT) : 0;
    if (found)
        ledger_done(row);
}

int64_t ledger_share_made_at(struct ledger *ledger)
{
    return ledger_number(ledger, STATEMENT_share_made_at, 0);
}

void ledger_mark_share(struct ledger *ledger, int64_t made_at, const char *options)
{
    ledger_run(ledger_use(ledger, STATEMENT_make_share));
    struct ledger_statement *mark = ledger_use(ledger, STATEMENT_mark_share);
    ledger_set_integer(mark, ":made_at", made_at);
    ledger_set_text(mark, ":options", options);
    ledger_run(mark);
}

bool ledger_refuse_share(struct ledger *ledger)
{
    char moment[MOMENT_SIZE];
    if (!ledger_is_share(ledger))
        return false;
    moment_format(ledger_share_made_at(ledger), moment);
    ledger_fail(ledger, SQLITE_READONLY,
                "this is a share of a ledger, made for others to read at %s: write to the ledger "
                "itself, with regjob",
                moment);
    return true;
}

bool ledger_refuse_copy(struct ledger *ledger)
{
    char source[SNAPSHOT_SOURCE_SIZE];
    int64_t taken_at;
    if (ledger_refuse_share(ledger))
        return true;
    if (!ledger_is_snapshot(ledger))
        return false;
    ledger_snapshot_source(ledger, source, &taken_at);
    ledger_fail(ledger, SQLITE_READONLY,
                "this is a snapshot of the ledger at %s: write with regjob", source);
    return true;
}

/* The facts of a ledger are known after its first use, and it becomes no copy: so this costs
 * nothing. */
bool ledger_keeps_copy(struct ledger *ledger)
{
    if (ledger->snapshot_too ||
        (ledger->facts_known && !ledger->facts.snapshot && !ledger->facts.share))
        return false;
    return ledger_refuse_copy(ledger);
}

void ledger_copy_into(struct ledger *ledger, const char *path)
{
    struct ledger_statement *copy = ledger_use(ledger, STATEMENT_copy_into);
    ledger_set_text(copy, ":path", path);
    ledger_run(copy);
}

void ledger_mark_snapshot(struct ledger *ledger, const char *source, int64_t taken_at)
{
    ledger_begin(ledger);
    ledger_run(ledger_use(ledger, STATEMENT_make_snapshot));
    struct ledger_statement *mark = ledger_use(ledger, STATEMENT_mark_snapshot);
    ledger_set_text(mark, ":source", source);
    ledger_set_integer(mark, ":taken_at", taken_at);
    ledger_run(mark);
    ledger_end(ledger);
}

bool ledger_is_sound(struct ledger *ledger)
{
    char shown[LEDGER_ERROR_SIZE / 2];
    struct ledger_statement *check = ledger_use(ledger, STATEMENT_quick_check);
    bool said = ledger_row(check);
    const char *what = said ? ledger_text(check, 0) : NULL;
    if (what == NULL)
        what = "nothing is said of it";
    if (strcmp(what, "ok") != 0)
        ledger_fail(ledger, SQLITE_CORRUPT, "it is damaged: %s",
                    text_escape(shown, sizeof shown, what));
    if (said)
        ledger_done(check);
    return !ledger_failed(ledger);
}

/* Beside the tables of another application the journal is that application's business. */
static void log_ahead(struct ledger *ledger)
{
    if (ledger->ours)
        ledger_execute(ledger, "PRAGMA main.journal_mode = WAL");
}

void ledger_begin_restored(struct ledger *ledger)
{
    if (ledger_refuse_share(ledger))
        return;
    log_ahead(ledger);
    ledger->snapshot_too = true;
    ledger_begin(ledger);
    ledger->snapshot_too = false;
    if (ledger_is_snapshot(ledger))
        ledger_run(ledger_use(ledger, STATEMENT_end_snapshot));
}
