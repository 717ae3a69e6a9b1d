/* import_columns.c: what the header of a file means. */
#include "import/import_columns.h"

#include "run/say.h"

/* A confirmation is the second request of a sign-up, whose subject may be a phone number or a
 * username as well. */
static const struct header_name confirmation_columns[] = {
    {"subject", SIGNUP_email},           {"code", SIGNUP_email_confirm_code},
    {"entered_at", SIGNUP_attempted_at}, {"device_id", SIGNUP_device_id},
    {"password", SIGNUP_password},       {"password_md5", SIGNUP_password_md5}};
static const struct header_names confirmation_header = {
    confirmation_columns, sizeof confirmation_columns / sizeof *confirmation_columns, NULL};

static bool check_column(const struct import_request *request, const struct header *header,
                         size_t at, const char *const *cells)
{
    const struct header_column *column = &header->columns[at];
    if (column->column < 0 && column->suffix == NULL) {
        if (request->strict)
            say_error("%s: column %zu, `%s`, has no meaning here: --strict refuses it",
                      request->path, at + 1, cells[at]);
        else
            say_note("%s: column %zu, `%s`, has no meaning here and is left out", request->path,
                     at + 1, cells[at]);
        return !request->strict;
    }
    if (column->same_as > 0)
        say_error("%s: columns %zu and %zu both mean `%s`: remove one", request->path,
                  column->same_as, at + 1,
                  column->column >= 0 ? signup_column_name((enum signup_column)column->column)
                                      : cells[at]);
    return column->same_as == 0;
}

/* A file without the columns that its rows need is another kind of file; and more consents than a
 * sign-up can have would be lost. */
static bool makes_sense(const struct import_request *request, const struct header *header)
{
    if (header->prefixed > SIGNUP_CONSENTS_MAX) {
        say_error("%s: %zu columns of consents, and a sign-up has at most %d: put them into the "
                  "column `consents`",
                  request->path, header->prefixed, SIGNUP_CONSENTS_MAX);
        return false;
    }
    if (request->confirmations
            ? header_has(header, SIGNUP_email) && header_has(header, SIGNUP_email_confirm_code)
            : signup_header_names_people(header))
        return true;
    if (request->confirmations)
        say_error("%s: the columns `subject` and `code` are expected", request->path);
    else
        say_error("%s: none of its columns says who signed up: %s is expected", request->path,
                  signup_people_columns);
    return false;
}

bool import_columns(struct header *header, const struct import_request *request,
                    const struct records *records, enum status_code *status)
{
    const char *const *cells = records_header(records);
    if (!header_read(header, request->confirmations ? &confirmation_header : &signup_header, cells,
                     records_columns(records))) {
        say_error("out of memory");
        *status = STATUS_RETRY;
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < header->count && good; i++)
        good = check_column(request, header, i, cells);
    good = good && makes_sense(request, header);
    if (!good)
        *status = STATUS_BAD_DATA;
    return good;
}
