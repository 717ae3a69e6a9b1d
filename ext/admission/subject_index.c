/* SPDX-License-Identifier: MIT */
#include "admission/subject_index.h"

#include "ledger/ledger.h"

/* Below that many attempts it costs less to change each page than to merge later. A segment is
 * worth its while from some keys on, and takes those of several small imports. Measured: see
 * tests/bench/RESULTS.md. */
enum { LARGE_LEDGER = 4000000, FEWEST_ENTRIES = 1000, FULL_SEGMENT = 500000, MOST_SEGMENTS = 16 };

enum { AT_ONCE = 16 };

/* Into segment 0, or appended to another. */
static void insert(struct ledger *ledger, int64_t segment, const struct admit_key *rows, int count)
{
    static const enum statement names[2][2] = {
        {STATEMENT_add_subject, STATEMENT_add_16_subjects},
        {STATEMENT_append_subject, STATEMENT_append_16_subjects}};
    struct ledger_statement *add = ledger_use(ledger, names[segment != 0][count == AT_ONCE]);
    int at = 1;
    if (segment != 0)
        ledger_set_integer_at(add, at++, segment);
    for (int i = 0; i < count; i++) {
        ledger_set_integer_at(add, at++, rows[i].key);
        ledger_set_integer_at(add, at++, rows[i].holder);
        ledger_set_integer_at(add, at++, rows[i].attempt);
    }
    ledger_run(add);
}

void subject_index_add_one(struct ledger *ledger, const struct admit_key *row)
{
    insert(ledger, 0, row, 1);
}

/* Where so many entries belong. */
static int64_t segment_for(struct ledger *ledger, uint32_t count, int64_t newest)
{
    enum { ID, ENTRIES };
    int64_t segment = 0, entries = 0;
    if (newest < LARGE_LEDGER)
        return 0;
    struct ledger_statement *row = ledger_use(ledger, STATEMENT_newest_segment);
    if (ledger_row(row)) {
        segment = ledger_integer(row, ID);
        entries = ledger_integer(row, ENTRIES);
        ledger_done(row);
    }
    if (segment > 0 && entries < FULL_SEGMENT)
        return segment;
    if (count < FEWEST_ENTRIES || ledger_failed(ledger))
        return 0;
    ledger_run(ledger_use(ledger, STATEMENT_open_segment));
    return segment + 1;
}

bool subject_index_takes(uint32_t count, int64_t newest)
{
    return newest >= LARGE_LEDGER && count >= FULL_SEGMENT / 2;
}

void subject_index_add(struct ledger *ledger, const struct admit_key *rows, uint32_t count,
                       int64_t newest)
{
    uint32_t done = 0;
    int64_t segment = segment_for(ledger, count, newest);
    for (; count - done >= AT_ONCE; done += AT_ONCE)
        insert(ledger, segment, rows + done, AT_ONCE);
    for (; done < count; done++)
        insert(ledger, segment, rows + done, 1);
    if (segment == 0)
        return;
    struct ledger_statement *counted = ledger_use(ledger, STATEMENT_count_entries);
    ledger_set_integer(counted, ":segment", segment);
    ledger_set_integer(counted, ":entries", count);
    ledger_run(counted);
}

int64_t subject_index_segments(struct ledger *ledger)
{
    return ledger_number(ledger, STATEMENT_segment_count, 0);
}

bool subject_index_is_split(struct ledger *ledger)
{
    return subject_index_segments(ledger) >= MOST_SEGMENTS;
}

static void change_slice(struct ledger *ledger, enum statement name, int64_t first, int64_t last)
{
    struct ledger_statement *change = ledger_use(ledger, name);
    ledger_set_integer(change, ":first", first);
    ledger_set_integer(change, ":last", last);
    ledger_run(change);
}

void subject_index_merge(struct ledger *ledger, int slice)
{
    const uint64_t width = UINT64_MAX / SUBJECT_INDEX_SLICES + 1;
    const int64_t first = (int64_t)(UINT64_C(1) << 63 ^ (uint64_t)slice * width),
                  last = first + (int64_t)(width - 1);
    change_slice(ledger, STATEMENT_merge_entries, first, last);
    change_slice(ledger, STATEMENT_drop_merged_entries, first, last);
    if (slice == SUBJECT_INDEX_SLICES - 1)
        ledger_run(ledger_use(ledger, STATEMENT_drop_empty_segments));
}
