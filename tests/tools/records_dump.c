/* SPDX-License-Identifier: MIT */
/* records_dump: what the CSV reader makes of files, as JSON lines, to be compared with another
 * reader.
 *
 * records_dump [-s BYTES_A_READ] [-n] [-f MAX_FIELD] [-r MAX_RECORD] [-q] FILE...
 *   -n: as if the file could not be sought; -q: only count, for measuring.
 *
 * Each file gives {"file":...,"header":[...]} or {"file":...,"error":...}, a line for each row and
 * reject, and {"end":...}. Texts are given as hexadecimal bytes.
 */
#include "../../ext/csv/records.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dump {
    struct input_source file;
    size_t step; /* bytes a read, 0: as many as wanted */
};

static bool quiet;

static ssize_t read_step(void *context, void *bytes, size_t size)
{
    struct dump *dump = context;
    if (dump->step && size > dump->step)
        size = dump->step;
    return dump->file.read(dump->file.context, bytes, size);
}

static bool seek_file(void *context, uint64_t offset)
{
    struct dump *dump = context;
    return dump->file.seek(dump->file.context, offset);
}

static json_t *hexadecimal(const void *bytes, size_t length)
{
    static const char digit[] = "0123456789abcdef";
    const unsigned char *byte = bytes;
    char *text = malloc(2 * length + 1);
    json_t *value;
    if (!text)
        abort();
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digit[byte[i] >> 4];
        text[2 * i + 1] = digit[byte[i] & 15];
    }
    value = json_stringn(text, 2 * length);
    free(text);
    return value;
}

static bool spill_hexadecimal(void *context, const void *bytes, size_t length)
{
    json_t *pieces = context;
    return json_array_append_new(pieces, hexadecimal(bytes, length)) == 0;
}

static void print(json_t *line)
{
    if (json_dumpf(line, stdout, JSON_COMPACT) != 0)
        abort();
    putchar('\n');
    json_decref(line);
}

static void print_record(enum records_result result, const struct record *record, size_t columns,
                         json_t *spilled)
{
    json_t *line = json_pack("{s:I,s:I,s:I,s:I}", "line", (json_int_t)record->line, "offset",
                             (json_int_t)record->offset, "end", (json_int_t)record->end,
                             "next_line", (json_int_t)record->next_line);
    if (record->raw)
        json_object_set_new(line, "raw", hexadecimal(record->raw, record->raw_length));
    else
        json_object_set(line, "spilled", spilled);
    if (result == RECORDS_ROW) {
        json_t *fields = json_array();
        for (size_t i = 0; i < columns; i++)
            json_array_append_new(
                fields, record->fields[i].absent
                            ? json_null()
                            : hexadecimal(record->fields[i].text, record->fields[i].length));
        json_object_set_new(line, "row", fields);
    } else {
        json_object_set_new(line, "reject", json_string(records_kind_name(record->kind)));
        json_object_set_new(line, "at", json_integer((json_int_t)record->at));
        json_object_set_new(line, "column", json_integer((json_int_t)record->column));
        json_object_set_new(line, "message", json_string(record->message));
    }
    print(line);
}

static int dump_records(struct records *records)
{
    struct record record;
    enum records_result result;
    uint64_t rows = 0, rejects = 0;
    json_t *spilled = json_array();

    if (!quiet)
        records_spill(records, spill_hexadecimal, spilled);
    while ((result = records_next(records, &record)) == RECORDS_ROW || result == RECORDS_REJECT) {
        rows += result == RECORDS_ROW;
        rejects += result == RECORDS_REJECT;
        if (!quiet)
            print_record(result, &record, records_columns(records), spilled);
        json_array_clear(spilled);
    }
    json_decref(spilled);
    if (result == RECORDS_FAILED) {
        print(json_pack("{s:s}", "failed", records_error(records)->text));
        return 1;
    }
    print(json_pack("{s:I,s:I,s:I,s:I}", "end", (json_int_t)record.end, "line",
                    (json_int_t)record.line, "rows", (json_int_t)rows, "rejects",
                    (json_int_t)rejects));
    return 0;
}

static int dump_file(const char *path, struct dump *dump, bool seekable,
                     const struct records_limits *limits)
{
    struct input_descriptor holder;
    struct input_source source = {read_step, NULL, dump};
    struct records *records;
    struct error error;
    int status = 0;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);

    if (descriptor < 0) {
        perror(path);
        return 1;
    }
    dump->file = input_from_descriptor(&holder, descriptor);
    if (seekable && dump->file.seek)
        source.seek = seek_file;
    records = records_open(&source, limits, &error);
    if (!records) {
        print(json_pack("{s:s,s:s,s:b}", "file", path, "error", error.text, "unreadable",
                        error.code == ERROR_INVALID));
    } else {
        json_t *header = json_array();
        for (size_t i = 0; i < records_columns(records); i++)
            json_array_append_new(header, hexadecimal(records_header(records)[i],
                                                      strlen(records_header(records)[i])));
        print(json_pack("{s:s,s:o}", "file", path, "header", header));
        status = dump_records(records);
        records_close(records);
    }
    close(descriptor);
    return status;
}

int main(int count, char **argument)
{
    struct dump dump = {0};
    struct records_limits limits = {0};
    bool seekable = true;
    int option, status = 0;

    while ((option = getopt(count, argument, "s:nf:r:q")) != -1)
        switch (option) {
        case 's':
            dump.step = strtoul(optarg, NULL, 10);
            break;
        case 'n':
            seekable = false;
            break;
        case 'f':
            limits.max_field_bytes = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            limits.max_record_bytes = strtoull(optarg, NULL, 10);
            break;
        case 'q':
            quiet = true;
            break;
        default:
            return 64;
        }
    for (int i = optind; i < count; i++)
        status |= dump_file(argument[i], &dump, seekable, &limits);
    return status;
}
