/* SPDX-License-Identifier: MIT */
/* spill.c: see spill.h. */
#include "import/overlong_rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "import/rejects.h"

void overlong_rejects_begin(struct overlong_rejects *spill, const struct rejects *rejects)
{
    memset(spill, 0, sizeof *spill);
    spill->descriptor = -1;
    spill->folder = rejects->folder;
    spill->most = rejects->most;
    snprintf(spill->path, sizeof spill->path, "%s", rejects->path + rejects->name);
    char *slash = strrchr(spill->path, '/');
    if (slash != NULL)
        slash[1] = '\0';
    else
        snprintf(spill->path, sizeof spill->path, ".");
}

void overlong_rejects_end(struct overlong_rejects *spill)
{
    if (spill->descriptor >= 0)
        close(spill->descriptor);
    spill->descriptor = -1;
}

bool spill_keep(void *context, const void *bytes, size_t length)
{
    struct overlong_rejects *spill = context;
    const char *at = bytes;
    if (length > spill->most || spill->length > spill->most - length) {
        spill->length += length;
        return true;
    }
    if (spill->descriptor < 0)
        spill->descriptor =
            openat(spill->folder, spill->path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    while (spill->descriptor >= 0 && length > 0) {
        ssize_t written = write(spill->descriptor, at, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        length -= (size_t)written;
        spill->length += (uint64_t)written;
    }
    return spill->descriptor >= 0;
}

uint64_t overlong_rejects_last(struct overlong_rejects *spill)
{
    spill->last = spill->seen;
    spill->seen = spill->length;
    return spill->last;
}
