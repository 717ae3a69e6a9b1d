/* SPDX-License-Identifier: MIT */
#include "tables/qualified_names.h"

#include <string.h>

#include "ledger/shadowing.h"

enum { LONGEST_NAME = 128, MOST_VIEWS = 256 };

/* As SQLite compares names, whatever the host's locale. */
static bool is_same(const char *left, const char *right)
{
    return sqlite3_stricmp(left, right) == 0;
}

/* -- The words of a statement -- */

struct word {
    char sign; /* 0: a name */
    char quote;
    char name[LONGEST_NAME]; /* without its quotes; "" where it is too long to be one of ours */
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

static const char *skip_blanks(const char *at)
{
    for (;;) {
        if (is_blank(*at)) {
            at++;
        } else if (at[0] == '-' && at[1] == '-') {
            at += strcspn(at, "\n");
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            at = end == NULL ? at + strlen(at) : end + 2;
        } else {
            return at;
        }
    }
}

static void append(struct word *word, size_t *length, char c)
{
    if (*length < LONGEST_NAME - 1)
        word->name[*length] = c;
    else
        word->name[0] = '\0';
    ++*length;
}

static const char *quoted_word(const char *at, struct word *word)
{
    size_t length = 0;
    word->quote = *at == '[' ? ']' : *at;
    for (at++; *at != '\0'; at++) {
        if (*at == word->quote) {
            if (at[1] != word->quote || word->quote == ']')
                return at + 1;
            at++;
        }
        append(word, &length, *at);
    }
    return at;
}

/* The next word: a name, also one in quotes (SQLite takes a text for one, too), or a sign. What is
 * behind it; NULL at the end. */
static const char *next_word(const char *at, struct word *word)
{
    size_t length = 0;
    at = skip_blanks(at);
    memset(word, 0, sizeof *word);
    if (*at == '\0')
        return NULL;
    if (strchr("\"'`[", *at) != NULL)
        return quoted_word(at, word);
    if (!is_letter(*at)) {
        word->sign = *at;
        return at + 1;
    }
    for (; is_letter(*at); at++)
        append(word, &length, *at);
    return at;
}

/* A name as a statement has it: what stands before it, its schema ("": none), itself. */
struct mention {
    struct word before, schema, name;
};

static const char *next_mention(const char *at, struct mention *mention)
{
    struct word word = mention->name;
    const char *behind;
    do {
        mention->before = word;
        at = next_word(at, &word);
    } while (at != NULL && word.sign != '\0');
    mention->name = word;
    memset(&mention->schema, 0, sizeof mention->schema);
    struct word dot, name;
    while (at != NULL && (behind = next_word(at, &dot)) != NULL && dot.sign == '.' &&
           (behind = next_word(behind, &name)) != NULL && name.sign == '\0') {
        /* Of schema.table.column the last is nobody's table. */
        if (mention->schema.name[0] == '\0') {
            mention->schema = mention->name;
            mention->name = name;
        }
        at = behind;
    }
    return at;
}

/* Whether a table stands behind this word, whatever its name. */
static bool leads_to_table(const struct word *word)
{
    return word->quote == '\0' && (is_same(word->name, "FROM") || is_same(word->name, "JOIN") ||
                                   is_same(word->name, "INTO") || is_same(word->name, "UPDATE"));
}

/* One of our tables, in a schema that is not main. */
static bool is_foreign(sqlite3 *database, const struct mention *mention)
{
    const char *schema = mention->schema.name;
    return schema[0] != '\0' && shadowing_is_ours(mention->name.name) && !is_same(schema, "main") &&
           (leads_to_table(&mention->before) || sqlite3_txn_state(database, schema) >= 0);
}

/* CREATE TABLE reg_attempts AS SELECT ... FROM reg_attempts. */
static bool makes_ours(const struct mention *mention)
{
    const struct word *before = &mention->before;
    return before->quote == '\0' &&
           (is_same(before->name, "TABLE") || is_same(before->name, "EXISTS")) &&
           shadowing_is_ours(mention->name.name);
}

static int refuse(const struct mention *mention, char **error)
{
    *error = sqlite3_mprintf(
        makes_ours(mention)
            ? "%s%s%s: a table of that name would hide the extension's: choose another"
            : "%s%s%s: reg's tables always show the main database's ledger, whatever the schema "
              "name: open that file as main",
        mention->schema.name, mention->schema.name[0] == '\0' ? "" : ".", mention->name.name);
    return *error == NULL ? SQLITE_NOMEM : SQLITE_ERROR;
}

/* -- Views of other schemas -- */

struct view {
    char *schema, *name, *sql;
    bool tainted; /* it shows what a table of main's shows, in the name of another schema */
};

struct views {
    struct view list[MOST_VIEWS];
    int count;
};

static bool is_tainted(const struct views *views, const struct mention *mention)
{
    const char *schema = mention->schema.name;
    bool can_be = schema[0] != '\0' || leads_to_table(&mention->before) ||
                  (mention->before.sign == ',' && mention->name.quote != '\'');
    for (int i = 0; can_be && i < views->count; i++)
        if (views->list[i].tainted && is_same(views->list[i].name, mention->name.name) &&
            (schema[0] == '\0' || is_same(views->list[i].schema, schema)))
            return true;
    return false;
}

/* In an attached database's view any of our tables is meant to be its own. */
static bool taints(sqlite3 *database, const struct views *views, const struct view *view)
{
    struct mention mention = {0};
    bool attached = !is_same(view->schema, "temp");
    for (const char *at = view->sql; (at = next_mention(at, &mention)) != NULL;)
        if ((attached && shadowing_is_ours(mention.name.name)) || is_foreign(database, &mention) ||
            is_tainted(views, &mention))
            return true;
    return false;
}

static void free_views(struct views *views)
{
    for (int i = 0; i < views->count; i++) {
        sqlite3_free(views->list[i].schema);
        sqlite3_free(views->list[i].name);
        sqlite3_free(views->list[i].sql);
    }
    sqlite3_free(views);
}

static int read_views(sqlite3 *database, const char *schema, struct views *views)
{
    sqlite3_stmt *rows = NULL;
    char *sql = sqlite3_mprintf(
        "SELECT name, sql FROM \"%w\".sqlite_schema WHERE type = 'view' AND sql IS NOT NULL",
        schema);
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(database, sql, -1, &rows, NULL);
    sqlite3_free(sql);
    while (code == SQLITE_OK && views->count < MOST_VIEWS && sqlite3_step(rows) == SQLITE_ROW) {
        struct view *view = &views->list[views->count++];
        view->schema = sqlite3_mprintf("%s", schema);
        view->name = sqlite3_mprintf("%s", sqlite3_column_text(rows, 0));
        view->sql = sqlite3_mprintf("%s", sqlite3_column_text(rows, 1));
        if (view->schema == NULL || view->name == NULL || view->sql == NULL)
            code = SQLITE_NOMEM;
    }
    sqlite3_finalize(rows);
    return code == SQLITE_NOMEM ? code : SQLITE_OK; /* one that cannot be read shows nothing now */
}

static int find_views(sqlite3 *database, struct views *views)
{
    sqlite3_stmt *list = NULL;
    int code = sqlite3_prepare_v2(database, "PRAGMA database_list", -1, &list, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(list)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(list, 1);
        code = name == NULL                       ? SQLITE_NOMEM
               : sqlite3_column_int(list, 0) == 0 ? SQLITE_OK
                                                  : read_views(database, name, views);
    }
    sqlite3_finalize(list);
    bool more = code == SQLITE_DONE;
    while (more) {
        more = false;
        for (int i = 0; i < views->count; i++)
            if (!views->list[i].tainted && taints(database, views, &views->list[i]))
                views->list[i].tainted = more = true;
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* -- The statements under way -- */

static const char *next_text(sqlite3 *database, sqlite3_stmt **statement)
{
    while ((*statement = sqlite3_next_stmt(database, *statement)) != NULL)
        if (sqlite3_stmt_busy(*statement) && sqlite3_sql(*statement) != NULL)
            return sqlite3_sql(*statement);
    return NULL;
}

static uint64_t digest_texts(sqlite3 *database)
{
    uint64_t digest = shadowing_attached(database) + 1;
    sqlite3_stmt *statement = NULL;
    const char *text;
    while ((text = next_text(database, &statement)) != NULL)
        for (size_t left = strlen(text), part; left > 0; left -= part, text += part) {
            uint64_t bytes = 0;
            part = left < sizeof bytes ? left : sizeof bytes;
            memcpy(&bytes, text, part);
            digest = (digest ^ bytes) * 0x9e3779b97f4a7c15U;
            digest ^= digest >> 32;
        }
    return digest;
}

int qualified_check(sqlite3 *database, uint64_t *seen, char **error)
{
    uint64_t digest = digest_texts(database);
    sqlite3_stmt *statement = NULL;
    const char *text;
    int code = SQLITE_OK;
    if (digest == *seen)
        return SQLITE_OK;
    struct views *views = sqlite3_malloc(sizeof *views);
    if (views == NULL)
        return SQLITE_NOMEM;
    memset(views, 0, sizeof *views);
    if (shadowing_attached(database) != 0)
        code = find_views(database, views);
    while (code == SQLITE_OK && (text = next_text(database, &statement)) != NULL) {
        struct mention mention = {0};
        while (code == SQLITE_OK && (text = next_mention(text, &mention)) != NULL)
            if (is_foreign(database, &mention) || is_tainted(views, &mention) ||
                makes_ours(&mention))
                code = refuse(&mention, error);
    }
    free_views(views);
    if (code == SQLITE_OK)
        *seen = digest;
    return code;
}

int qualified_check_target(sqlite3 *database, char **error)
{
    sqlite3_stmt *statement = NULL;
    const char *text;
    while ((text = next_text(database, &statement)) != NULL) {
        struct mention mention = {0};
        while ((text = next_mention(text, &mention)) != NULL &&
               !is_same(mention.before.name, "INTO"))
            ;
        if (text != NULL && is_foreign(database, &mention))
            return refuse(&mention, error);
    }
    return SQLITE_OK;
}
