/* SPDX-License-Identifier: MIT */
/* Signs somebody up, confirms the code, and asks what came of it: cc c.c -lsqlite3 -o c && ./c LIBRARY LEDGER */
#include <sqlite3.h>
#include <stdio.h>

/* Binds up to two values, and takes the first column of the first row. */
static int ask(sqlite3 *db, const char *sql, const char *first, const char *second, char answer[128])
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK && first != NULL)
        rc = sqlite3_bind_text(statement, 1, first, -1, SQLITE_TRANSIENT);
    if (rc == SQLITE_OK && second != NULL)
        rc = sqlite3_bind_text(statement, 2, second, -1, SQLITE_TRANSIENT);
    if (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        snprintf(answer, 128, "%s", (const char *)sqlite3_column_text(statement, 0));
    return sqlite3_finalize(statement);
}

int main(int count, char **given)
{
    static const char email[] = "c@example.com";
    char code[128] = "", verdict[128] = "", outcome[128] = "", *message = NULL;
    sqlite3 *db = NULL;
    int bad = count != 3 || sqlite3_open(given[2], &db) || sqlite3_busy_timeout(db, 15000) ||
              sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL) ||
              sqlite3_load_extension(db, given[1], NULL, &message) ||
              ask(db, "INSERT INTO reg_attempts (email, password) VALUES (?, ?)", email, "A9#bL8@z", outcome) ||
              ask(db, "SELECT reg_issue_code(?, 'none')", email, NULL, code) || /* for you to deliver */
              ask(db, "SELECT reg_verify_code(?, ?)", email, code, verdict) ||
              ask(db, "SELECT outcome FROM reg_attempts WHERE email = ?", email, NULL, outcome);
    if (bad)
        fprintf(stderr, "%s\n", message != NULL ? message : sqlite3_errmsg(db));
    else
        printf("%s %s\n", verdict, outcome);
    sqlite3_free(message);
    sqlite3_close(db);
    return bad;
}
