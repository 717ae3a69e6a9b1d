/* SPDX-License-Identifier: MIT */
/*
 * inserts.c: people registered by INSERT, from one process or several at once.
 *
 *   inserts DATABASE EXTENSION KIND COUNT WRITERS [whole]
 *
 * KIND: `told` (an outcome that was decided elsewhere), `hashed` (a password that the INSERT
 * hashes), `prepared` (one that reg_prepare_password() hashed before), or `plain` (the peer: a
 * table with two unique keys). COUNT: people of each writer. Each INSERT is a transaction of its
 * own, in WAL mode with synchronous = NORMAL; with `whole` they are one.
 *
 * Prints people a second, all writers together, and the longest that one INSERT took, in
 * milliseconds, waiting for other writers included.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_WRITERS = 64, WAIT_MS = 120000 };

struct kind {
    const char *name;
    const char *prepare; /* run before the INSERT, with the password; its result is ?4 */
    const char *insert;  /* ?1 e-mail, ?2 username, ?3 password */
};

static const struct kind kinds[] = {
    {"told", NULL,
     "INSERT INTO reg_attempts (email, username, country, outcome) VALUES (?1, ?2, 'CA', "
     "'success')"},
    {"hashed", NULL,
     "INSERT INTO reg_attempts (email, username, country, password) VALUES (?1, ?2, 'CA', ?3)"},
    {"prepared", "SELECT reg_prepare_password(?1)",
     "INSERT INTO reg_attempts (email, username, country, password, password_hash) VALUES (?1, "
     "?2, 'CA', ?3, ?4)"},
    {"plain", NULL,
     "INSERT INTO plain (email, username, country, outcome) VALUES (?1, ?2, 'CA', 'success')"},
};

struct order {
    const char *database, *extension;
    const struct kind *kind;
    int count, writers;
    bool whole;
};

static double now(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return (double)clock.tv_sec + (double)clock.tv_nsec / 1e9;
}

static void need(sqlite3 *database, bool done, const char *what)
{
    if (done)
        return;
    fprintf(stderr, "inserts: %s: %s\n", what, sqlite3_errmsg(database));
    exit(1);
}

static sqlite3 *connect(const struct order *order)
{
    sqlite3 *database;
    need(NULL, sqlite3_open(order->database, &database) == SQLITE_OK, order->database);
    sqlite3_busy_timeout(database, WAIT_MS);
    need(database,
         sqlite3_exec(database, "PRAGMA synchronous = NORMAL; PRAGMA journal_mode = WAL", NULL,
                      NULL, NULL) == SQLITE_OK,
         "pragmas");
    need(database,
         sqlite3_enable_load_extension(database, 1) == SQLITE_OK &&
             sqlite3_load_extension(database, order->extension, NULL, NULL) == SQLITE_OK,
         order->extension);
    return database;
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sql != NULL)
        need(database, sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK, sql);
    return statement;
}

static void step(sqlite3 *database, sqlite3_stmt *statement, int expected)
{
    need(database, sqlite3_step(statement) == expected, sqlite3_sql(statement));
}

/* One writer's people; the longest INSERT in seconds. */
static double write_all(const struct order *order, int writer)
{
    sqlite3 *database = connect(order);
    sqlite3_stmt *before = prepare(database, order->kind->prepare);
    sqlite3_stmt *insert = prepare(database, order->kind->insert);
    double longest = 0;
    if (order->whole)
        need(database, sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK,
             "BEGIN");
    for (int i = 0; i < order->count; i++) {
        char email[64], username[64], password[64];
        snprintf(email, sizeof email, "person%d-%d@example.com", writer, i);
        snprintf(username, sizeof username, "person%d-%d", writer, i);
        snprintf(password, sizeof password, "Kx9#%d-correct-%d", i, writer);
        sqlite3_bind_text(insert, 1, email, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, username, -1, SQLITE_STATIC);
        if (strstr(order->kind->insert, "?3") != NULL)
            sqlite3_bind_text(insert, 3, password, -1, SQLITE_STATIC);
        if (before != NULL) {
            sqlite3_bind_text(before, 1, password, -1, SQLITE_STATIC);
            step(database, before, SQLITE_ROW);
            sqlite3_bind_value(insert, 4, sqlite3_column_value(before, 0));
            sqlite3_reset(before);
        }
        double began = now();
        step(database, insert, SQLITE_DONE);
        sqlite3_reset(insert);
        longest = now() - began > longest ? now() - began : longest;
    }
    if (order->whole)
        need(database, sqlite3_exec(database, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "COMMIT");
    sqlite3_finalize(before);
    sqlite3_finalize(insert);
    sqlite3_close(database);
    return longest;
}

static bool read_order(int count, char **words, struct order *order)
{
    if (count < 6)
        return false;
    *order = (struct order){.database = words[1],
                            .extension = words[2],
                            .count = (int)strtol(words[4], NULL, 10),
                            .writers = (int)strtol(words[5], NULL, 10),
                            .whole = count > 6 && strcmp(words[6], "whole") == 0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(words[3], kinds[i].name) == 0)
            order->kind = &kinds[i];
    return order->kind != NULL && order->count > 0 && order->writers > 0 &&
           order->writers <= MOST_WRITERS;
}

int main(int count, char **words)
{
    struct order order;
    if (!read_order(count, words, &order))
        return 64;
    double *longest = mmap(NULL, MOST_WRITERS * sizeof *longest, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (longest == MAP_FAILED)
        return 1;
    bool done = true;
    double began = now(), most = 0;
    for (int writer = 0; writer < order.writers; writer++) {
        pid_t child = fork();
        if (child < 0)
            return 1;
        if (child == 0) {
            longest[writer] = write_all(&order, writer);
            _exit(0);
        }
    }
    for (int status; wait(&status) > 0;)
        done = done && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    double seconds = now() - began;
    for (int writer = 0; writer < order.writers; writer++)
        most = longest[writer] > most ? longest[writer] : most;
    printf("%.1f %.1f\n", order.count * order.writers / seconds, most * 1000);
    return done ? 0 : 1;
}
