/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool file_name(char *name, const struct message_store *store, size_t number,
                      const char *ending)
{
    return snprintf(name, PATH_MAX, "%s/%06zu.%s", store->directory, number, ending) < PATH_MAX;
}

/* Written beside and renamed, so that who waits for the file never reads half of it. */
static bool write_file(const struct message_store *store, size_t number, const char *text)
{
    char part[PATH_MAX], name[PATH_MAX];
    if (!file_name(part, store, number, "part") || !file_name(name, store, number, "json")) {
        errno = ENAMETOOLONG;
        return false;
    }
    int file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return false;
    }
    size_t size = strlen(text);
    ssize_t written = write(file, text, size);
    bool whole = written >= 0 && (size_t)written == size;
    return close(file) == 0 && whole && rename(part, name) == 0;
}

bool message_keep(struct message_store *store, const json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);
    if (text == NULL) {
        return false;
    }
    if (store->directory != NULL && !write_file(store, store->count + 1, text)) {
        fprintf(stderr, "standin: %s: %s\n", store->directory, strerror(errno));
        free(text);
        return false;
    }
    if (store->count == store->room) {
        store->room = store->room == 0 ? 256 : store->room * 2;
        store->messages = bytes_memory(store->messages, store->room * sizeof *store->messages);
    }
    store->messages[store->count++] = text;
    return true;
}

void message_print_all(const struct message_store *store, struct bytes *text)
{
    bytes_add(text, "[", 1);
    for (size_t i = 0; i < store->count; i++) {
        bytes_print(text, "%s\n%s", i == 0 ? "" : ",", store->messages[i]);
    }
    bytes_add(text, "\n]\n", 3);
}

void message_clear(struct message_store *store)
{
    for (size_t i = 0; i < store->count && store->directory != NULL; i++) {
        char name[PATH_MAX];
        if (file_name(name, store, i + 1, "json")) {
            unlink(name);
        }
    }
    message_close(store);
}

void message_close(struct message_store *store)
{
    for (size_t i = 0; i < store->count; i++) {
        free(store->messages[i]);
    }
    free(store->messages);
    store->messages = NULL;
    store->count = store->room = 0;
}
