/* SPDX-License-Identifier: MIT */
/* subjects.c: see subjects.h. */
#include "commands/subjects.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "run/stop.h"

void subjects_begin(struct subjects *subjects, int descriptor)
{
    memset(subjects, 0, sizeof *subjects);
    subjects->descriptor = descriptor;
}

/* SUBJECTS_ONE: there are bytes now, or the input has ended. */
static enum subjects_next fill(struct subjects *subjects)
{
    for (;;) {
        struct pollfd wait[] = {{.fd = subjects->descriptor, .events = POLLIN},
                                {.fd = stop_descriptor(), .events = POLLIN}};
        if (poll(wait, 2, stop_wait_milliseconds(-1)) < 0 && errno != EINTR)
            return SUBJECTS_FAILED;
        if (stop_asked())
            return SUBJECTS_STOPPED;
        if (wait[0].revents == 0)
            continue;
        ssize_t got = read(subjects->descriptor, subjects->window, sizeof subjects->window);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0)
            return SUBJECTS_FAILED;
        subjects->at = 0;
        subjects->filled = (size_t)got;
        subjects->ended = got == 0;
        return SUBJECTS_ONE;
    }
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static void trim(struct subjects *subjects, size_t length)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t start = 0;
    if (subjects->line == 1 && length >= 3 && memcmp(subjects->text, mark, 3) == 0)
        start = 3;
    while (start < length && is_blank(subjects->text[start]))
        start++;
    while (length > start && is_blank(subjects->text[length - 1]))
        length--;
    memmove(subjects->text, subjects->text + start, length - start);
    subjects->text[length - start] = '\0';
}

/* One line into `text`. */
static enum subjects_next read_line(struct subjects *subjects)
{
    size_t length = 0;
    bool right = true, any = false;
    for (;;) {
        if (subjects->at == subjects->filled && !subjects->ended) {
            enum subjects_next filled = fill(subjects);
            if (filled != SUBJECTS_ONE) {
                subjects->line -= any; /* not a whole one */
                return filled;
            }
        }
        if (subjects->ended && !any)
            return SUBJECTS_END;
        subjects->line += !any;
        any = true;
        if (subjects->ended || subjects->window[subjects->at] == '\n')
            break;
        char byte = (char)subjects->window[subjects->at++];
        right = right && byte != '\0' && length < SUBJECTS_LONGEST;
        if (right)
            subjects->text[length++] = byte;
    }
    subjects->at += !subjects->ended;
    trim(subjects, length);
    return right ? SUBJECTS_ONE : SUBJECTS_BAD;
}

enum subjects_next subjects_next(struct subjects *subjects)
{
    enum subjects_next next;
    do
        next = stop_asked() ? SUBJECTS_STOPPED : read_line(subjects);
    while (next == SUBJECTS_ONE && subjects->text[0] == '\0');
    return next;
}
