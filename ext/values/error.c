/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "values/error.h"

bool error_set(struct error *error, enum error_code code, const char *format, ...)
{
    char text[ERROR_SIZE]; /* an argument may be the text that is replaced */
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(error->text, text, sizeof text);
    error->code = code;
    return false;
}

bool error_no_memory(struct error *error, const char *what)
{
    return error_set(error, ERROR_NO_MEMORY, "%s%sout of memory", what == NULL ? "" : what,
                     what == NULL ? "" : ": ");
}

bool error_at(struct error *error, const char *format, ...)
{
    char place[ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(place, sizeof place, format, arguments);
    va_end(arguments);
    size_t length = strlen(place), rest = strlen(error->text);
    if (length > ERROR_SIZE - 3)
        length = ERROR_SIZE - 3;
    if (rest > ERROR_SIZE - 3 - length)
        rest = ERROR_SIZE - 3 - length;
    memmove(error->text + length + 2, error->text, rest);
    memcpy(error->text, place, length);
    memcpy(error->text + length, ": ", 2);
    error->text[length + 2 + rest] = '\0';
    return false;
}
