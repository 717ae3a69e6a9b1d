/* SPDX-License-Identifier: MIT */
#include "copies/sink.h"

#include <errno.h>
#include <stdio_ext.h>
#include <string.h>

#include "run/say.h"
#include "values/write_all.h"

enum { BUFFER = 65536 };

/* say.h knows how a terminal is to be treated, and tells of a full disk or a closed pipe. */
static ssize_t write_out(void *context, const char *bytes, size_t length)
{
    (void)context;
    say_document(bytes, length);
    return say_end() ? (ssize_t)length : 0;
}

static ssize_t write_file(void *context, const char *bytes, size_t length)
{
    const struct sink *sink = context;
    return write_all(sink->draft.descriptor, bytes, length) ? (ssize_t)length : 0;
}

static enum exit_code open_draft(struct sink *sink, const char *path)
{
    struct error error;
    const char *slash = strrchr(path, '/');
    enum draft_result result =
        draft_open(&sink->draft, path, slash == NULL ? path : slash + 1, &error);
    if (result == DRAFT_OPEN)
        return EXIT_DONE;
    say_error("%s", error.text);
    return result == DRAFT_HELD          ? EXIT_LOCKED
           : error.code == ERROR_INVALID ? EXIT_USAGE
                                         : EXIT_RETRY;
}

enum exit_code sink_open(struct sink *sink, const char *path)
{
    sink->is_file = path != NULL;
    enum exit_code status = sink->is_file ? open_draft(sink, path) : EXIT_DONE;
    if (status != EXIT_DONE)
        return status;
    sink->stream = fopencookie(
        sink, "w", (cookie_io_functions_t){.write = sink->is_file ? write_file : write_out});
    /* One thread writes it: a lock at each character would cost more than the character. */
    if (sink->stream != NULL)
        __fsetlocking(sink->stream, FSETLOCKING_BYCALLER);
    if (sink->stream != NULL && setvbuf(sink->stream, NULL, _IOFBF, BUFFER) == 0)
        return EXIT_DONE;
    say_error("out of memory");
    if (sink->stream != NULL)
        fclose(sink->stream);
    if (sink->is_file)
        draft_close(&sink->draft);
    return EXIT_RETRY;
}

static enum exit_code publish(struct sink *sink, bool replace)
{
    struct error error;
    if (draft_publish(&sink->draft, replace, &error))
        return EXIT_DONE;
    say_error("%s", error.text);
    return error.code == ERROR_INVALID ? EXIT_USAGE : EXIT_RETRY;
}

enum exit_code sink_close(struct sink *sink, bool whole, bool replace)
{
    bool written = fflush(sink->stream) == 0 && ferror(sink->stream) == 0;
    int reason = errno;
    enum exit_code status = written ? EXIT_DONE : EXIT_RETRY;
    fclose(sink->stream);
    if (!sink->is_file)
        return status;
    if (!written)
        say_error("%s cannot be written: %s", sink->draft.path, strerror(reason));
    else if (whole)
        status = publish(sink, replace);
    draft_close(&sink->draft);
    return status;
}
