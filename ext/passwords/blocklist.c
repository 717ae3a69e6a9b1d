/* SPDX-License-Identifier: MIT */
#include "passwords/blocklist.h"

#include <errno.h>
#include <fcntl.h>
#include <sha1.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HASH_DIGITS = SHA1_DIGEST_LENGTH * 2,
    /* A hash, a colon, a count of 20 digits and CRLF take 63 bytes. */
    LONGEST_LINE = 128,
    WINDOW = 2 * LONGEST_LINE
};

struct blocklist {
    int file;
    const char *path;
    off_t end; /* of the last line's text, blank lines behind it left out */
    struct error *error;
};

struct line {
    off_t start;
    off_t next;
    char hash[HASH_DIGITS + 1]; /* upper case */
};

static bool fail_reading(const struct blocklist *list)
{
    return error_set(list->error, ERROR_IO, "blocklist %s cannot be read: %s", list->path,
                     strerror(errno));
}

static bool fail_format(const struct blocklist *list, off_t at, const char *what)
{
    return error_set(list->error, ERROR_INVALID,
                     "blocklist %s, byte %jd: %s; it must be a text file of SHA-1 hashes in hex, "
                     "one to a line, ordered by hash",
                     list->path, (intmax_t)at, what);
}

static bool read_at(const struct blocklist *list, off_t at, char *bytes, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = pread(list->file, bytes + done, size - done, at + (off_t)done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_reading(list);
        if (got == 0)
            return fail_format(list, at, "the file became shorter while it was read");
        done += (size_t)got;
    }
    return true;
}

/* Blank lines at the end are no lines. */
static bool find_end(struct blocklist *list)
{
    char tail[LONGEST_LINE];

    while (list->end > 0) {
        size_t size = list->end < (off_t)sizeof tail ? (size_t)list->end : sizeof tail;
        size_t kept = size;

        if (!read_at(list, list->end - (off_t)size, tail, size))
            return false;
        while (kept > 0 && (tail[kept - 1] == '\n' || tail[kept - 1] == '\r'))
            kept--;
        list->end -= (off_t)(size - kept);
        if (kept > 0)
            return true;
    }
    return true;
}

static bool open_list(struct blocklist *list)
{
    struct stat status;

    /* Not blocking: a FIFO under this name must not hold anyone up. */
    list->file = open(list->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (list->file < 0 || fstat(list->file, &status) != 0)
        return fail_reading(list);
    if (!S_ISREG(status.st_mode))
        return fail_format(list, 0, "not a regular file");
    list->end = status.st_size;
    return find_end(list);
}

static bool read_hash(const struct blocklist *list, const char *text, size_t length,
                      struct line *line)
{
    if (length > 0 && text[length - 1] == '\r')
        length--;
    if (length < HASH_DIGITS || (length > HASH_DIGITS && text[HASH_DIGITS] != ':'))
        return fail_format(list, line->start, "not a line with a SHA-1 hash");
    for (size_t i = 0; i < HASH_DIGITS; i++) {
        char c = text[i];

        if (c >= 'a' && c <= 'f')
            c = (char)(c - 'a' + 'A');
        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'F'))
            return fail_format(list, line->start, "not a line with a SHA-1 hash");
        line->hash[i] = c;
    }
    line->hash[HASH_DIGITS] = '\0';
    return true;
}

/* The line around byte `at`, where `low` is the start of a line at or before it. */
static bool read_line(const struct blocklist *list, off_t low, off_t at, struct line *line)
{
    char window[WINDOW];
    off_t from = at - low > LONGEST_LINE ? at - LONGEST_LINE : low;
    size_t size = list->end - from < WINDOW ? (size_t)(list->end - from) : WINDOW;
    size_t offset = (size_t)(at - from);
    const char *before, *after;

    if (!read_at(list, from, window, size))
        return false;
    before = memrchr(window, '\n', offset);
    if (before == NULL && from != low)
        return fail_format(list, at, "a line is too long");
    line->start = before == NULL ? low : from + (before + 1 - window);
    after = memchr(window + offset, '\n', size - offset);
    if (after == NULL && from + (off_t)size != list->end)
        return fail_format(list, at, "a line is too long");
    line->next = after == NULL ? list->end : from + (after + 1 - window);
    offset = (size_t)(line->start - from);
    return read_hash(list, window + offset,
                     (after == NULL ? size : (size_t)(after - window)) - offset, line);
}

static bool search(const struct blocklist *list, const char *hash, bool *found)
{
    off_t low = 0, high = list->end;
    char lowest[HASH_DIGITS + 1] = "", highest[HASH_DIGITS + 1] = "G";

    *found = false;
    while (low < high) {
        struct line line;
        int order;

        if (!read_line(list, low, low + (high - low) / 2, &line))
            return false;
        /* Also ordered by count, or not at all, such lists are in circulation: a search in them
         * would let every password through. */
        if (strcmp(line.hash, lowest) < 0 || strcmp(line.hash, highest) > 0)
            return fail_format(list, line.start, "the hashes are not in order");
        order = strcmp(hash, line.hash);
        if (order == 0) {
            *found = true;
            return true;
        }
        if (order > 0) {
            low = line.next;
            memcpy(lowest, line.hash, sizeof lowest);
        } else {
            high = line.start;
            memcpy(highest, line.hash, sizeof highest);
        }
    }
    return true;
}

bool blocklist_contains(const char *path, const char *password, size_t length, bool *found,
                        struct error *error)
{
    struct blocklist list = {.path = path, .error = error};
    SHA1_CTX context;
    unsigned char digest[SHA1_DIGEST_LENGTH];
    char hash[HASH_DIGITS + 1];
    bool read;

    SHA1Init(&context);
    SHA1Update(&context, (const uint8_t *)password, length);
    SHA1Final(digest, &context);
    for (size_t i = 0; i < sizeof digest; i++) {
        hash[2 * i] = "0123456789ABCDEF"[digest[i] >> 4];
        hash[2 * i + 1] = "0123456789ABCDEF"[digest[i] & 0xf];
    }
    hash[HASH_DIGITS] = '\0';
    read = open_list(&list) && search(&list, hash, found);
    if (list.file >= 0)
        (void)close(list.file);
    sodium_memzero(&context, sizeof context);
    sodium_memzero(digest, sizeof digest);
    sodium_memzero(hash, sizeof hash);
    return read;
}
