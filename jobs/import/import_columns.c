/* SPDX-License-Identifier: MIT */
/* import_columns.c: what the header of a file means. */
#include "import/import_columns.h"

#include <stdio.h>
#include <string.h>

#include "config/suggestion.h"
#include "csv/title_lines.h"
#include "run/say.h"
#include "values/text.h"

enum { NAME_TO_GUESS = 4, NAME_SHOWN = 64 };

/* A confirmation is the second request of a sign-up, whose subject may be a phone number or a
 * username as well. */
static const struct header_name confirmation_columns[] = {
    {"subject", SIGNUP_email},           {"code", SIGNUP_email_confirm_code},
    {"entered_at", SIGNUP_attempted_at}, {"device_id", SIGNUP_device_id},
    {"password", SIGNUP_password},       {"password_md5", SIGNUP_password_md5},
    {"pin", SIGNUP_email_confirm_code},  {"confirmed_at", SIGNUP_attempted_at}};

/* Whoever writes such a file calls its columns as in his sign-ups. But when an attempt was made is
 * not when its code was entered. */
static int meaning_in_confirmation(int column)
{
    switch (column) {
    case SIGNUP_email:
    case SIGNUP_phone:
    case SIGNUP_username:
        return SIGNUP_email;
    case SIGNUP_email_confirm_code:
    case SIGNUP_device_id:
    case SIGNUP_password:
    case SIGNUP_password_md5:
        return column;
    default:
        return -1;
    }
}

static const struct header_names confirmation_header = {.list = confirmation_columns,
                                                        .count = sizeof confirmation_columns /
                                                                 sizeof *confirmation_columns,
                                                        .others = &signup_header,
                                                        .meaning = meaning_in_confirmation};

/* The first of its names. */
static const char *name_of(const struct import_request *request, int column)
{
    for (size_t i = 0; request->confirmations && i < confirmation_header.count; i++)
        if (confirmation_columns[i].column == column)
            return confirmation_columns[i].name;
    return signup_column_name((enum signup_column)column);
}

const struct header_names *import_columns_names(const struct import_request *request)
{
    return request->confirmations ? &confirmation_header : &signup_header;
}

const char *import_columns_nearest(const struct import_request *request, const char *cell)
{
    const struct header_names *names = import_columns_names(request);
    struct suggestion nearest = {0};
    char typed[NAME_SHOWN];
    size_t length = 0;
    for (; cell[length] != '\0' && length < sizeof typed - 1; length++)
        typed[length] = strchr(" -.", cell[length]) != NULL ? '_' : text_lower(cell[length]);
    typed[length] = '\0';
    for (size_t i = 0; i < names->count; i++)
        suggestion_offer(&nearest, typed, names->list[i].name);
    return length >= NAME_TO_GUESS && nearest.distance * 3 <= length ? nearest.word : NULL;
}

/* One line for all that is left out: nobody who reads it in the morning should have to guess. */
static bool say_unknown(const struct import_request *request, const struct header *header,
                        const char *const *cells, char list[IMPORT_UNKNOWN])
{
    char rest[32] = "";
    size_t length = 0, shown = 0, unknown = 0;
    for (size_t i = 0; i < header->count; i++) {
        const struct header_column *column = &header->columns[i];
        if (column->column >= 0 || column->suffix != NULL || unknown++ > shown)
            continue;
        const char *near = import_columns_nearest(request, cells[i]);
        const char *name = cells[i], *quote = "`";
        if (name[0] == '\0') { /* a comma too many, mostly */
            name = "(no name)";
            quote = "";
        }
        int width = snprintf(list + length, IMPORT_UNKNOWN - length, "%s%zu %s%.80s%s%s%s%s",
                             shown > 0 ? ", " : "", i + 1, quote, name, quote,
                             near == NULL ? "" : " (did you mean `", near == NULL ? "" : near,
                             near == NULL ? "" : "`?)");
        if ((size_t)width < IMPORT_UNKNOWN - length) {
            length += (size_t)width;
            shown++;
        }
        list[length] = '\0'; /* whole ones, the first that fit */
    }
    if (unknown > shown)
        snprintf(rest, sizeof rest, " and %zu more", unknown - shown);
    if (unknown > 0 && (request->strict || !request->explain)) /* which shows them in its table */
        say_error("%s: unknown column%s: %s%s%s", request->path, unknown == 1 ? "" : "s", list,
                  rest, request->strict ? "; --strict refuses the file" : "; ignored");
    return unknown == 0 || !request->strict;
}

static bool check_column(const struct import_request *request, const struct header *header,
                         size_t at, const char *const *cells)
{
    const struct header_column *column = &header->columns[at];
    if (column->same_as > 0)
        say_error("%s: columns %zu `%s` and %zu `%s` both mean `%s`: remove one", request->path,
                  column->same_as, cells[column->same_as - 1], at + 1, cells[at],
                  column->column >= 0 ? name_of(request, column->column) : cells[at]);
    return column->same_as == 0;
}

static bool names_confirmations(const struct header *header)
{
    return header_has(header, SIGNUP_email) && header_has(header, SIGNUP_email_confirm_code);
}

bool (*import_columns_are_header(const struct import_request *request))(const struct header *)
{
    return request->confirmations ? names_confirmations : signup_header_names_people;
}

const char *import_columns_expected(const struct import_request *request)
{
    return request->confirmations ? "`subject` and `code`" : signup_people_columns;
}

/* A file without the columns that its rows need is another kind of file; and more consents than a
 * sign-up can have would be lost. */
static bool makes_sense(const struct import_request *request, const struct header *header,
                        struct intake *intake)
{
    const char *const *cells = intake_cells(intake);
    bool (*is_header)(const struct header *) = import_columns_are_header(request);
    struct records *records = intake_records(intake);
    char title[TITLE_TEXT];
    if (header->prefixed > SIGNUP_CONSENTS_MAX) {
        say_error("%s: %zu columns of consents, and a sign-up has at most %d: put them into the "
                  "column `consents`",
                  request->path, header->prefixed, SIGNUP_CONSENTS_MAX);
        return false;
    }
    if (records == NULL || is_header(header)) /* or else it was asked before */
        return true;
    if (title_found(records, import_columns_names(request), is_header, title))
        say_error("%s: %s", request->path, title);
    else if (request->confirmations)
        say_error("%s: expected the columns `subject` and `code`", request->path);
    else if (header->count == 1 && strchr(cells[0], '|') != NULL)
        say_error("%s: its columns are separated neither by commas nor semicolons nor tabs: say by "
                  "what, with --separator",
                  request->path);
    else
        say_error("%s: none of its columns says who signed up: expected %s", request->path,
                  signup_people_columns);
    return false;
}

bool import_columns(const struct import_request *request, struct intake *intake,
                    char unknown[IMPORT_UNKNOWN], enum exit_code *status)
{
    const struct header *header = intake_header(intake);
    bool good = true;
    unknown[0] = '\0';
    for (size_t i = 0; i < header->count && good; i++)
        good = check_column(request, header, i, intake_cells(intake));
    good = good && makes_sense(request, header, intake) &&
           (intake_records(intake) == NULL ||
            say_unknown(request, header, intake_cells(intake), unknown));
    if (!good)
        *status = EXIT_BAD_DATA;
    return good;
}

void import_columns_met(const struct import_request *request, struct intake *intake,
                        char unknown[IMPORT_UNKNOWN])
{
    if (intake_records(intake) == NULL && !intake_has_profile(intake) && !request->strict)
        say_unknown(request, intake_header(intake), intake_cells(intake), unknown);
}
