/* SPDX-License-Identifier: MIT */
/* secret.c: secrets from files and from the environment. */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "passwords/secret_file.h"
#include "values/text.h"

/* One line, because it becomes one: a line end in a token would write a header of its own. */
static const char *what_is_wrong(const char *secret, size_t length)
{
    if (length == 0) {
        return "is empty";
    }
    return strlen(secret) < length || text_has_control(secret)
               ? "has a control character or more than one line"
               : NULL;
}

/* Bytes read, at most `size`; -1: errno says why. */
static ssize_t read_all(int descriptor, char *buffer, size_t size)
{
    size_t used = 0;
    while (used < size) {
        ssize_t got = read(descriptor, buffer + used, size - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    return (ssize_t)used;
}

/* The credential of that name, else the file itself. `credential` is where it was found, "" where
 * there is none. */
static int open_secret(const char *path, char credential[PATH_MAX])
{
    /* O_NONBLOCK: opening a pipe that nobody writes must not wait. */
    enum { HOW = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };
    const char *folder = getenv("CREDENTIALS_DIRECTORY"), *slash = strrchr(path, '/');
    int descriptor = -1;
    if (folder != NULL && folder[0] == '/' &&
        snprintf(credential, PATH_MAX, "%s/%s", folder, slash == NULL ? path : slash + 1) <
            PATH_MAX)
        descriptor = open(credential, HOW | O_NOFOLLOW);
    if (descriptor >= 0)
        return descriptor;
    credential[0] = '\0';
    return open(path, HOW);
}

bool secret_from_file(char *secret, size_t size, const char *path, struct error *error)
{
    bool done = false;
    const char *wrong;
    char credential[PATH_MAX] = "";

    secret[0] = '\0';
    int descriptor = open_secret(path, credential);
    if (credential[0] != '\0')
        path = credential;
    if (descriptor < 0) {
        return error_set(error, ERROR_IO, "%s: %s", path, strerror(errno));
    }
    if (!secret_file_is_private(descriptor, "", path, error))
        goto out;
    ssize_t got = read_all(descriptor, secret, size);
    if (got < 0) {
        error_set(error, ERROR_IO, "%s: %s", path, strerror(errno));
        goto out;
    }
    size_t length = (size_t)got;
    if (length == size) {
        error_set(error, ERROR_INVALID, "%s is longer than %zu bytes", path, size - 1);
        goto out;
    }
    if (length > 0 && secret[length - 1] == '\n') {
        length--;
        if (length > 0 && secret[length - 1] == '\r') {
            length--;
        }
    }
    secret[length] = '\0';
    wrong = what_is_wrong(secret, length);
    if (wrong != NULL) {
        error_set(error, ERROR_INVALID, "%s %s", path, wrong);
        goto out;
    }
    done = true;
out:
    close(descriptor);
    if (!done) {
        explicit_bzero(secret, size);
    }
    return done;
}

bool secret_from_environment(char *secret, size_t size, const char *name, struct error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    const char *wrong;

    secret[0] = '\0';
    /* A name of other letters may be the secret itself, put in the wrong place: not repeated. */
    if (name[0] == '\0' || name[strspn(name, letters)] != '\0') {
        return error_set(error, ERROR_INVALID, "expected the name of an environment variable");
    }
    const char *value = getenv(name);
    if (value == NULL) {
        return error_set(error, ERROR_INVALID, "the environment variable %s is not set", name);
    }
    size_t length = strlen(value);
    wrong = what_is_wrong(value, length);
    if (wrong != NULL) {
        return error_set(error, ERROR_INVALID, "the environment variable %s %s", name, wrong);
    }
    if (length >= size) {
        return error_set(error, ERROR_INVALID,
                         "the environment variable %s is longer than %zu bytes", name, size - 1);
    }
    memcpy(secret, value, length + 1);
    return true;
}
