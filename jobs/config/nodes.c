/* SPDX-License-Identifier: MIT */
#include "config/nodes.h"

#include <stdio.h>
#include <string.h>

#include "config/url.h"

enum { SCHEME_SIZE = 16, PORT = 4001 };

bool nodes_are(const char *path)
{
    static const char *const schemes[] = {"http://", "https://", "rqlite://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(path, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

/* The scheme that a node is called by. */
static void write_url(char url[NODES_URL], const char *scheme, const char *place)
{
    snprintf(url, NODES_URL, "http://%s", place);
    bool here = strcmp(scheme, "rqlite") == 0 && url_is_loopback(url);
    snprintf(url, NODES_URL, "%s://%s",
             here                            ? "http"
             : strcmp(scheme, "rqlite") == 0 ? "https"
                                             : scheme,
             place);
}

/* rqlite's own port, where none is given: the last colon of an address in brackets is within. */
static bool has_port(const char *place)
{
    const char *colon = strrchr(place, ':'), *bracket = strrchr(place, ']');
    return colon != NULL && (bracket == NULL || colon > bracket);
}

static bool read_one(const char *text, size_t length, char scheme[SCHEME_SIZE], char url[NODES_URL],
                     struct error *error)
{
    char one[NODES_URL / 2], place[NODES_URL / 2 + 8];
    if (length == 0 || length >= sizeof one)
        return error_set(error, ERROR_INVALID,
                         "expected nodes as https://HOST:4001, separated by commas");
    snprintf(one, sizeof one, "%.*s", (int)length, text);
    char *rest = strstr(one, "://");
    if (rest != NULL && rest - one < SCHEME_SIZE) {
        snprintf(scheme, SCHEME_SIZE, "%.*s", (int)(rest - one), one);
        rest += 3;
    } else {
        rest = one;
    }
    size_t end = strlen(rest);
    if (end > 0 && rest[end - 1] == '/')
        rest[--end] = '\0';
    if (end == 0 || strcspn(rest, "/?#@ ") != end)
        return error_set(error, ERROR_INVALID, "a node is HOST:PORT, without user, path or query");
    if (has_port(rest))
        snprintf(place, sizeof place, "%s", rest);
    else
        snprintf(place, sizeof place, "%s:%d", rest, PORT);
    write_url(url, scheme, place);
    return url_check(url, "https|(http)", error);
}

bool nodes_read(const char *path, struct nodes *nodes, struct error *error)
{
    char scheme[SCHEME_SIZE] = "";
    nodes->count = 0;
    for (;;) {
        size_t length = strcspn(path, ",");
        if (nodes->count == NODES_MOST)
            return error_set(error, ERROR_INVALID, "more than %d nodes", NODES_MOST);
        if (!read_one(path, length, scheme, nodes->url[nodes->count], error))
            return false;
        nodes->count++;
        if (path[length] == '\0')
            return true;
        path += length + 1;
        path += strspn(path, " ");
    }
}
