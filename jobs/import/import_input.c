/* SPDX-License-Identifier: MIT */
#include "import/import_input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "import/import_columns.h"
#include "run/stop.h"

/* Reading is left off between two blocks: a record may be as long as the file. */
static ssize_t read_until_stop(void *context, void *bytes, size_t size)
{
    const struct input_source *source = context;
    if (stop_asked()) {
        errno = ECANCELED;
        return -1;
    }
    return source->read(source->context, bytes, size);
}

static bool seek_source(void *context, uint64_t offset)
{
    const struct input_source *source = context;
    return source->seek(source->context, offset);
}

static bool open_source(struct import_input *input, struct error *error)
{
    const struct import_file *file = input->file;
    if (file->is_stream) {
        stream_begin(&input->stream, file->input, file->offset);
        input->source = stream_source(&input->stream);
    } else if (file->packed != PACKED_NOT) {
        input->packed = decompress_open(file->input, file->packed, import_file_most(file));
        if (input->packed == NULL)
            return error_no_memory(error, NULL);
        input->source = decompress_source(input->packed);
    } else {
        input->source = input_from_descriptor(&input->holder, file->input);
    }
    return true;
}

static bool open_rows(struct import_input *input, struct error *error)
{
    const struct import_file *file = input->file;
    const struct import_request *request = file->request;
    struct input_source source = {.read = read_until_stop, .context = &input->source};
    const struct intake_options options = {
        .limits = {.max_field_bytes = file->job->config.import.max_field_bytes,
                   .discreet = input->discreet,
                   .encoding = request->encoding,
                   .separator = request->separator},
        .names = import_columns_names(request),
        .is_header = import_columns_are_header(request),
        .expected = import_columns_expected(request),
        .profile = request->profile,
        .recognises = !request->confirmations,
        .strict = request->strict};
    if (!open_source(input, error))
        return false;
    if (input->source.seek != NULL)
        source.seek = seek_source;
    input->intake = intake_open(&source, &options, error);
    return input->intake != NULL;
}

bool import_input_open(struct import_input *input, const struct import_file *file, bool discreet,
                       struct error *error)
{
    memset(input, 0, sizeof *input);
    input->file = file;
    input->discreet = discreet;
    return open_rows(input, error);
}

static void close_rows(struct import_input *input)
{
    intake_close(input->intake);
    stream_end(&input->stream);
    decompress_close(input->packed);
    input->intake = NULL;
    input->packed = NULL;
}

void import_input_close(struct import_input *input)
{
    close_rows(input);
}

bool import_input_check(struct import_input *input, struct error *error)
{
    if (input->file->is_stream || !intake_is_document(input->intake))
        return true;
    if (!intake_check(input->intake)) {
        *error = *intake_error(input->intake);
        return false;
    }
    close_rows(input);
    if (lseek(input->file->input, 0, SEEK_SET) != 0)
        return error_set(error, ERROR_IO, "cannot seek back in the input: %s", strerror(errno));
    return open_rows(input, error);
}

const char *import_input_fault(const struct import_input *input, char text[160])
{
    if (decompress_is_damaged(input->packed))
        return "the compressed file is damaged or cut off";
    if (!decompress_is_too_large(input->packed))
        return NULL;
    snprintf(text, 160,
             "the compressed file unpacks to more than %" PRIu64 " bytes (max_expansion = %u)",
             import_file_most(input->file), input->file->job->config.import.max_expansion);
    return text;
}

bool import_input_can_be_read_again(const struct import_input *input)
{
    return !input->file->is_stream && input->file->packed == PACKED_NOT &&
           !intake_is_converted(input->intake);
}
