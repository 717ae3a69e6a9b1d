/* SPDX-License-Identifier: MIT */
/* A host in C, to be linked with any SQLite: defensive, and with a schema that is not trusted,
 * where $3 says so. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int begun; /* the statement has begun */

static void begin(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    (void)values;
    begun = 1;
    sqlite3_result_int(context, 1);
}

static int stop(void *unused)
{
    (void)unused;
    return begun;
}

static sqlite3 *connect(char **given, int count)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    if (sqlite3_open(given[2], &db) || sqlite3_busy_timeout(db, 15000) ||
        sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL) ||
        (count > 3 && (sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) ||
                       sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL))) ||
        sqlite3_load_extension(db, given[1], NULL, &message)) {
        printf("%s\n", message != NULL ? message : sqlite3_errmsg(db));
        exit(1);
    }
    return db;
}

static int say(void *label, int count, char **values, char **names)
{
    (void)names;
    if (label == NULL)
        printf("%s\n", values[0]);
    else if (count != 2 || strcmp(values[0], "a***@example.com") != 0 ||
             strcmp(values[1], "1") != 0)
        exit(2);
    return 0;
}

static void run(sqlite3 *db, const char *sql, void *label)
{
    if (sqlite3_exec(db, sql, say, label, NULL) != SQLITE_OK)
        printf("%s\n", sqlite3_errmsg(db));
}

int main(int count, char **given)
{
    static char endless[1000];
    if (fread(endless, 1, sizeof endless - 1, stdin) == 0)
        return 1;
    sqlite3 *db = connect(given, count);
    sqlite3_create_function(db, "begun", 0, SQLITE_UTF8, NULL, begin, NULL, NULL);
    sqlite3_progress_handler(db, 1000, stop, NULL);
    run(db, endless, NULL);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    run(db, "SELECT count(*) > 0 FROM reg_attempts", NULL);
    sqlite3_close(db);
    for (int i = 0; i < 1000; i++) {
        db = connect(given, count);
        run(db, "SELECT reg_mask('ada@example.com'), (SELECT count(*) > 0 FROM reg_attempts)",
            &begun);
        if (sqlite3_close(db) != SQLITE_OK)
            return 3;
    }
    puts("reloaded");
    return 0;
}
