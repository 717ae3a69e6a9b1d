/* SPDX-License-Identifier: MIT */
#include "copies/rows.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>

#include "functions/cell.h"
#include "values/utf.h"

enum { NUMBER_SIZE = 40 };

/* SQLite's printf writes a point in every locale, and `!` a digit behind it. */
static void put_real(FILE *stream, double value)
{
    char digits[NUMBER_SIZE];
    sqlite3_snprintf(NUMBER_SIZE, digits, "%!.15g", value);
    fputs(digits, stream);
}

static void put_hex(FILE *stream, sqlite3_stmt *row, int column)
{
    const unsigned char *bytes = sqlite3_column_blob(row, column);
    int length = sqlite3_column_bytes(row, column);
    for (int i = 0; i < length; i++)
        fprintf(stream, "%02x", bytes[i]);
}

/* -- CSV -- */

static void put_quoted(FILE *stream, const char *text, bool harmful)
{
    fputc('"', stream);
    if (harmful)
        fputc(CELL_MARK, stream);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static void put_cell(FILE *stream, const char *text)
{
    bool harmful = cell_is_formula(text);
    if (harmful || text[0] == '\0' || strpbrk(text, "\",\r\n") != NULL)
        put_quoted(stream, text, harmful);
    else
        fputs(text, stream);
}

void rows_put_csv_names(FILE *stream, sqlite3_stmt *row)
{
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        if (i > 0)
            fputc(',', stream);
        put_cell(stream, sqlite3_column_name(row, i));
    }
    fputs("\r\n", stream);
}

void rows_put_csv(FILE *stream, sqlite3_stmt *row)
{
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        if (i > 0)
            fputc(',', stream);
        switch (sqlite3_column_type(row, i)) {
        case SQLITE_INTEGER:
            fprintf(stream, "%" PRId64, (int64_t)sqlite3_column_int64(row, i));
            break;
        case SQLITE_FLOAT:
            put_real(stream, sqlite3_column_double(row, i));
            break;
        case SQLITE_TEXT:
            put_cell(stream, (const char *)sqlite3_column_text(row, i));
            break;
        case SQLITE_BLOB:
            put_hex(stream, row, i);
            break;
        default:
            break;
        }
    }
    fputs("\r\n", stream);
}

/* -- JSON -- */

static void put_json_text(FILE *stream, const char *text)
{
    fputc('"', stream);
    while (*text != '\0') {
        int32_t length = 0;
        int32_t point = utf_next8(text, &length, -1);
        if (point < 0)
            fputs("\\uFFFD", stream);
        else if (point < ' ')
            fprintf(stream, "\\u%04X", (unsigned)point);
        else {
            if (point == '"' || point == '\\')
                fputc('\\', stream);
            fwrite(text, 1, (size_t)length, stream);
        }
        text += length;
    }
    fputc('"', stream);
}

static void put_json_value(FILE *stream, sqlite3_stmt *row, int column, bool is_json)
{
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
        fprintf(stream, "%" PRId64, (int64_t)sqlite3_column_int64(row, column));
        break;
    case SQLITE_FLOAT:
        put_real(stream, sqlite3_column_double(row, column));
        break;
    case SQLITE_TEXT:
        if (is_json)
            fputs((const char *)sqlite3_column_text(row, column), stream);
        else
            put_json_text(stream, (const char *)sqlite3_column_text(row, column));
        break;
    case SQLITE_BLOB:
        fputc('"', stream);
        put_hex(stream, row, column);
        fputc('"', stream);
        break;
    default:
        fputs("null", stream);
        break;
    }
}

void rows_put_json(FILE *stream, sqlite3_stmt *row, const bool *is_json)
{
    fputc('{', stream);
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        if (i > 0)
            fputc(',', stream);
        put_json_text(stream, sqlite3_column_name(row, i));
        fputc(':', stream);
        put_json_value(stream, row, i, is_json != NULL && is_json[i]);
    }
    fputc('}', stream);
}
