/* import_columns.c: what the header of a file means. */
#include "import/import_columns.h"

#include <stdlib.h>
#include <string.h>

#include "run/say.h"

/* A confirmation is the second request of a sign-up, whose subject may be a phone number or a
 * username as well. */
static int confirmation_column(const char *header)
{
    static const struct {
        const char *name;
        enum signup_column column;
    } columns[] = {{"subject", SIGNUP_email},           {"code", SIGNUP_email_confirm_code},
                   {"entered_at", SIGNUP_attempted_at}, {"device_id", SIGNUP_device_id},
                   {"password", SIGNUP_password},       {"password_md5", SIGNUP_password_md5}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (strcmp(header, columns[i].name) == 0)
            return (int)columns[i].column;
    return -1;
}

static bool map_column(const struct import_request *request, struct chunk_column *columns,
                       size_t at, const char *header)
{
    struct chunk_column *column = &columns[at];
    bool confirmations = request->confirmations;
    column->column = confirmations ? confirmation_column(header) : signup_column_named(header);
    column->keep_empty = confirmations && column->column == SIGNUP_email_confirm_code;
    column->consent = column->column < 0 && !confirmations ? signup_consent_named(header) : NULL;
    if (column->column < 0 && column->consent == NULL) {
        if (request->strict)
            say_error("%s: column %zu, `%s`, has no meaning here: --strict refuses it",
                      request->path, at + 1, header);
        else
            say_note("%s: column %zu, `%s`, has no meaning here and is left out", request->path,
                     at + 1, header);
        return !request->strict;
    }
    for (size_t i = 0; i < at; i++)
        if (column->column >= 0
                ? columns[i].column == column->column
                : columns[i].consent != NULL && strcmp(columns[i].consent, column->consent) == 0) {
            say_error("%s: columns %zu and %zu both mean `%s`: remove one", request->path, i + 1,
                      at + 1,
                      column->column >= 0 ? signup_column_name((enum signup_column)column->column)
                                          : header);
            return false;
        }
    return true;
}

static bool has_column(const struct chunk_column *columns, size_t count, enum signup_column column)
{
    for (size_t i = 0; i < count; i++)
        if (columns[i].column == (int)column)
            return true;
    return false;
}

/* A file that has none of our columns is another kind of file; and more consents than a sign-up can
 * have would be lost. */
static bool make_sense(const struct import_request *request, const struct chunk_column *columns,
                       size_t count)
{
    size_t known = 0, consents = 0;
    for (size_t i = 0; i < count; i++) {
        known += columns[i].column >= 0;
        consents += columns[i].consent != NULL;
    }
    if (consents > SIGNUP_CONSENTS_MAX) {
        say_error("%s: %zu columns of consents, and a sign-up has at most %d: put them into the "
                  "column `consents`",
                  request->path, consents, SIGNUP_CONSENTS_MAX);
        return false;
    }
    if (request->confirmations ? has_column(columns, count, SIGNUP_email) &&
                                     has_column(columns, count, SIGNUP_email_confirm_code)
                               : known > 0)
        return true;
    say_error("%s: %s", request->path,
              request->confirmations
                  ? "the columns `subject` and `code` are expected"
                  : "no column of its first line is a sign-up's; `email` is expected, for one");
    return false;
}

struct chunk_column *import_columns(const struct import_request *request,
                                    const struct records *records, enum status_code *status)
{
    size_t count = records_columns(records);
    const char *const *header = records_header(records);
    struct chunk_column *columns = calloc(count, sizeof *columns);
    if (columns == NULL) {
        say_error("out of memory");
        *status = STATUS_RETRY;
        return NULL;
    }
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = map_column(request, columns, i, header[i]);
    if (good && make_sense(request, columns, count))
        return columns;
    free(columns);
    *status = STATUS_BAD_DATA;
    return NULL;
}
