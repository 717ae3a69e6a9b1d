/* SPDX-License-Identifier: MIT */
/*
 * queries.c: reg_attempts beside the same query on the base tables, in one process and in turns.
 *
 *   queries LEDGER EXTENSION ROUNDS [QUESTIONS]
 *
 * A line for each query: name, seconds of ours, seconds of the peer, goal; the seconds are medians.
 * QUESTIONS is a file of SQL in place of the queries below: after each `-- question: NAME | GOAL`
 * stand our statement and the peer's, which may be missing.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* LONG_S: what takes so long is asked once; what fills the caches before is little of it. */
enum { MOST_ROUNDS = 101, LOOKUPS = 2000, LONG_S = 5 };

enum arguments { ARGUMENTS_NONE, ARGUMENTS_ID, ARGUMENTS_EMAIL, ARGUMENTS_RANGE };

struct comparison {
    const char *name;
    const char *goal;
    enum arguments arguments;
    const char *ours;
    const char *peer;
};

static const struct comparison comparisons[] = {
    {"look-up by id", "1.2", ARGUMENTS_ID,
     "SELECT attempted_at_ms, country, email FROM reg_attempts WHERE id = ?1",
     "SELECT a.attempted_at, a.country, p.email FROM attempt a JOIN person p ON p.attempt_id = "
     "a.id "
     "WHERE a.id = ?1"},
    {"look-up by e-mail", "1.2", ARGUMENTS_EMAIL,
     "SELECT id, attempted_at_ms, country FROM reg_attempts WHERE email = ?1",
     "SELECT a.id, a.attempted_at, a.country FROM subject_index s JOIN attempt a ON a.id = "
     "s.attempt_id "
     "JOIN person p ON p.attempt_id = a.id WHERE s.key = ?2 AND p.email = ?1"},
    {"1 % of the time", "2.2", ARGUMENTS_RANGE,
     "SELECT count(*), sum(partner_id) FROM reg_attempts WHERE attempted_at_ms BETWEEN ?1 AND ?2",
     "SELECT count(*), sum(partner_id) FROM attempt WHERE attempted_at BETWEEN ?1 AND ?2"},
    {"scan of integers", "3", ARGUMENTS_NONE,
     "SELECT sum(partner_id), sum(attempted_at_ms) FROM reg_attempts",
     "SELECT sum(partner_id), sum(attempted_at) FROM attempt"},
    {"scan of texts", "4", ARGUMENTS_NONE,
     "SELECT sum(length(country) + length(model) + length(source_id)) FROM reg_attempts",
     "SELECT sum(length(country) + length(model) + length(source_id)) FROM attempt"},
};

/* What a statement gave. */
struct seen {
    double sum; /* of all numbers and of the lengths of all texts */
    int64_t rows;
    int columns;
};

struct bench {
    sqlite3 *database;
    int64_t rows, first_ms, last_ms;
    char (*emails)[128]; /* LOOKUPS */
    int64_t *keys;       /* theirs in the ledger's index, which the peer is told */
    uint64_t random;
};

static void fail(struct bench *bench, const char *what)
{
    fprintf(stderr, "queries: %s: %s\n", what,
            bench->database == NULL ? "out of memory" : sqlite3_errmsg(bench->database));
    exit(1);
}

static sqlite3_stmt *prepare(struct bench *bench, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(bench->database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail(bench, sql);
    return statement;
}

/* Runs to the end and adds up what was seen, so that nothing is left out and both can be compared.
 */
static void run(struct bench *bench, sqlite3_stmt *statement, struct seen *seen)
{
    int code;
    seen->columns = sqlite3_column_count(statement);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        seen->rows++;
        for (int i = 0; i < seen->columns; i++)
            seen->sum += sqlite3_column_type(statement, i) == SQLITE_TEXT
                             ? (double)strlen((const char *)sqlite3_column_text(statement, i))
                             : sqlite3_column_double(statement, i);
    }
    if (code != SQLITE_DONE)
        fail(bench, sqlite3_sql(statement));
    sqlite3_reset(statement);
}

/* Of statements that show other columns, only the rows are compared. */
static bool are_equal(const struct seen *ours, const struct seen *peer)
{
    return ours->rows == peer->rows &&
           (ours->columns != peer->columns || ours->sum - peer->sum == 0);
}

static double now(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return (double)clock.tv_sec + (double)clock.tv_nsec / 1e9;
}

static struct seen run_timed(struct bench *bench, const struct comparison *comparison,
                             const char *sql, double *seconds)
{
    sqlite3_stmt *statement = prepare(bench, sql);
    int64_t share = (bench->last_ms - bench->first_ms) / 100;
    double began = now();
    struct seen seen = {0};
    switch (comparison->arguments) {
    case ARGUMENTS_NONE:
        run(bench, statement, &seen);
        break;
    case ARGUMENTS_ID:
        for (int i = 0; i < LOOKUPS; i++) {
            sqlite3_bind_int64(statement, 1, 1 + (int64_t)i * 7919 % bench->rows);
            run(bench, statement, &seen);
        }
        break;
    case ARGUMENTS_EMAIL:
        for (int i = 0; i < LOOKUPS; i++) {
            sqlite3_bind_text(statement, 1, bench->emails[i], -1, SQLITE_STATIC);
            sqlite3_bind_int64(statement, 2, bench->keys[i]); /* ours has no second parameter */
            run(bench, statement, &seen);
        }
        break;
    case ARGUMENTS_RANGE:
        for (int i = 0; i < 10; i++) {
            sqlite3_bind_int64(statement, 1, bench->first_ms + 9 * i * share);
            sqlite3_bind_int64(statement, 2, bench->first_ms + (9 * i + 1) * share);
            run(bench, statement, &seen);
        }
        break;
    }
    *seconds = now() - began;
    sqlite3_finalize(statement);
    return seen;
}

static int by_size(const void *left, const void *right)
{
    double difference = *(const double *)left - *(const double *)right;
    return difference < 0 ? -1 : difference > 0;
}

static void compare(struct bench *bench, const struct comparison *comparison, int rounds)
{
    double ours[MOST_ROUNDS], peer[MOST_ROUNDS];
    for (int round = -1; round < rounds; round++) { /* the first fills the caches */
        int at = round < 0 ? 0 : round;
        struct seen seen = run_timed(bench, comparison, comparison->ours, &ours[at]);
        struct seen other = comparison->peer == NULL
                                ? seen
                                : run_timed(bench, comparison, comparison->peer, &peer[at]);
        if (!are_equal(&seen, &other)) {
            fprintf(stderr, "queries: %s: ours and the peer's differ\n", comparison->name);
            exit(1);
        }
        if (round < 0 && ours[0] > LONG_S) {
            rounds = 1;
            break;
        }
    }
    qsort(ours, (size_t)rounds, sizeof *ours, by_size);
    printf("%s|%.6f|", comparison->name, ours[rounds / 2]);
    if (comparison->peer != NULL) {
        qsort(peer, (size_t)rounds, sizeof *peer, by_size);
        printf("%.6f", peer[rounds / 2]);
    }
    printf("|%s\n", comparison->goal);
    fflush(stdout);
}

/* One question: its text after the mark, which is cut up. */
static void compare_question(struct bench *bench, char *question, int rounds)
{
    char *goal = strstr(question, " | "), *line = strchr(question, '\n');
    sqlite3_stmt *first, *second;
    const char *peer, *rest;
    if (goal == NULL || line == NULL || goal > line)
        fail(bench, "a question has a name and a goal");
    *goal = *line = '\0';
    if (sqlite3_prepare_v2(bench->database, line + 1, -1, &first, &peer) != SQLITE_OK ||
        sqlite3_prepare_v2(bench->database, peer, -1, &second, &rest) != SQLITE_OK)
        fail(bench, question);
    char *ours = strndup(line + 1, (size_t)(peer - line - 1));
    if (ours == NULL)
        fail(bench, "out of memory");
    struct comparison comparison = {question, goal + 3, ARGUMENTS_NONE, ours,
                                    second == NULL ? NULL : peer};
    sqlite3_finalize(first);
    sqlite3_finalize(second);
    compare(bench, &comparison, rounds);
    free(ours);
}

/* Each question of a file. */
static void compare_questions(struct bench *bench, const char *path, int rounds)
{
    static const char mark[] = "-- question: ";
    char *text = NULL;
    size_t capacity = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL || getdelim(&text, &capacity, '\0', file) < 0) {
        perror(path);
        exit(1);
    }
    fclose(file);
    char *next = strstr(text, mark);
    while (next != NULL) {
        char *question = next + strlen(mark);
        next = strstr(question, mark);
        if (next != NULL)
            next[-1] = '\0';
        compare_question(bench, question, rounds);
    }
    free(text);
}

static void learn(struct bench *bench)
{
    sqlite3_stmt *facts =
        prepare(bench, "SELECT max(id), min(attempted_at), max(attempted_at) FROM attempt");
    if (sqlite3_step(facts) != SQLITE_ROW || sqlite3_column_int64(facts, 0) < LOOKUPS)
        fail(bench, "a ledger of a few thousand attempts is needed");
    bench->rows = sqlite3_column_int64(facts, 0);
    bench->first_ms = sqlite3_column_int64(facts, 1);
    bench->last_ms = sqlite3_column_int64(facts, 2);
    sqlite3_finalize(facts);
    bench->emails = calloc(LOOKUPS, sizeof *bench->emails);
    bench->keys = calloc(LOOKUPS, sizeof *bench->keys);
    if (bench->emails == NULL || bench->keys == NULL)
        fail(bench, "out of memory");
    sqlite3_stmt *email =
        prepare(bench, "SELECT email, email_key FROM person WHERE attempt_id = ?1");
    for (int i = 0; i < LOOKUPS; i++) {
        sqlite3_bind_int64(email, 1, 1 + (int64_t)i * 104729 % bench->rows);
        if (sqlite3_step(email) != SQLITE_ROW)
            fail(bench, "an attempt without a person");
        snprintf(bench->emails[i], sizeof *bench->emails, "%s",
                 (const char *)sqlite3_column_text(email, 0));
        bench->keys[i] = sqlite3_column_int64(email, 1);
        sqlite3_reset(email);
    }
    sqlite3_finalize(email);
}

int main(int count, char **words)
{
    struct bench bench = {.database = NULL};
    if (count != 4 && count != 5)
        return 64;
    int rounds = (int)strtol(words[3], NULL, 10);
    if (rounds < 1 || rounds > MOST_ROUNDS)
        return 64;
    if (sqlite3_open(words[1], &bench.database) != SQLITE_OK ||
        sqlite3_exec(bench.database, "PRAGMA cache_size = -262144", NULL, NULL, NULL) !=
            SQLITE_OK ||
        sqlite3_enable_load_extension(bench.database, 1) != SQLITE_OK ||
        sqlite3_load_extension(bench.database, words[2], NULL, NULL) != SQLITE_OK)
        fail(&bench, words[1]);
    if (count == 5)
        compare_questions(&bench, words[4], rounds);
    else
        learn(&bench);
    for (size_t i = 0; count == 4 && i < sizeof comparisons / sizeof *comparisons; i++)
        compare(&bench, &comparisons[i], rounds);
    free(bench.emails);
    free(bench.keys);
    sqlite3_close(bench.database);
    return 0;
}
