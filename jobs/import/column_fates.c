/* SPDX-License-Identifier: MIT */
#include "import/column_fates.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/say.h"

enum { CELL = 48, MOST_BEFORE = 4 };

static const char *const words[FATES] = {"empty",   "as it is", "trimmed", "normalised",
                                         "missing", "left out", "refused"};

enum fate fate_of_note(const char *done)
{
    enum fate fate = FATE_TRIMMED;
    if (strcmp(done, "left_out") == 0)
        return FATE_LEFT_OUT;
    while (fate < FATES && strcmp(done, words[fate]) != 0)
        fate++;
    return fate;
}

void fates_add(struct fates *fates, enum fate fate, uint64_t rows, int64_t line)
{
    if (fates->rows[fate] == 0)
        fates->lines[fate] = line;
    fates->rows[fate] += rows;
}

/* `2.5% (17)`, or `25 (17)`: the line in parentheses. Where all are empty or taken, no line is
 * wanted. */
static void write_cell(const struct fates *fates, enum fate fate, uint64_t of, char cell[CELL])
{
    uint64_t rows = fates->rows[fate];
    char line[24] = "";
    if (rows == 0) {
        cell[0] = '\0';
        return;
    }
    if (rows != of)
        snprintf(line, sizeof line, " (%" PRId64 ")", fates->lines[fate]);
    if (of == 0)
        snprintf(cell, CELL, "%" PRIu64 "%s", rows, line);
    else if (rows == of)
        snprintf(cell, CELL, "100%%");
    else
        snprintf(cell, CELL, "%.1f%%%s", 100.0 * (double)rows / (double)of, line);
}

/* The fates that some column has, in their order. */
static size_t find_fates(const struct fates_table *table, enum fate found[FATES])
{
    size_t count = 0;
    for (enum fate fate = 0; fate < FATES; fate++) {
        bool any = false;
        for (size_t i = 0; i < table->count && !any; i++)
            any = table->fates[i].rows[fate] > 0;
        if (any)
            found[count++] = fate;
    }
    return count;
}

bool fates_show(const struct fates_table *table)
{
    enum fate shown[FATES];
    const char *head[MOST_BEFORE + FATES];
    char align[MOST_BEFORE + FATES + 1] = "";
    size_t before = table->cell_count, fates = find_fates(table, shown), width = before + fates;
    char(*texts)[CELL] = calloc(table->count * fates + 1, sizeof *texts);
    const char **cells = calloc(table->count * width + 1, sizeof *cells);
    if (texts != NULL && cells != NULL) {
        for (size_t i = 0; i < width; i++) {
            head[i] = i < before ? table->head[i] : words[shown[i - before]];
            align[i] = i < before ? 'l' : 'r';
        }
        for (size_t row = 0; row < table->count; row++) {
            memcpy(cells + row * width, table->cells + row * before, before * sizeof *cells);
            for (size_t i = 0; i < fates; i++) {
                write_cell(&table->fates[row], shown[i], table->rows, texts[row * fates + i]);
                cells[row * width + before + i] = texts[row * fates + i];
            }
        }
        struct say_table shape = {.title = table->title,
                                  .align = align,
                                  .head = head,
                                  .cells = cells,
                                  .rows = table->count};
        (table->summary ? say_summary : say_table)(&shape);
    }
    bool done = texts != NULL && cells != NULL;
    free(texts);
    free(cells);
    return done;
}
