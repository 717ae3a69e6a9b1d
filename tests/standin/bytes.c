/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *bytes_memory(void *old, size_t size)
{
    void *memory = realloc(old, size);
    if (memory == NULL) {
        fputs("standin: out of memory\n", stderr);
        abort();
    }
    return memory;
}

static void bytes_reserve(struct bytes *bytes, size_t more)
{
    size_t wanted = bytes->size + more + 1;
    if (wanted <= bytes->room) {
        return;
    }
    size_t room = bytes->room < 128 ? 128 : bytes->room;
    while (room < wanted) {
        room *= 2;
    }
    bytes->data = bytes_memory(bytes->data, room);
    bytes->room = room;
}

void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
    bytes_reserve(bytes, size);
    if (size > 0) {
        memcpy(bytes->data + bytes->size, data, size);
    }
    bytes->size += size;
    bytes->data[bytes->size] = '\0';
}

void bytes_print(struct bytes *bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        bytes_reserve(bytes, (size_t)length);
        vsnprintf(bytes->data + bytes->size, (size_t)length + 1, format, again);
        bytes->size += (size_t)length;
    }
    va_end(again);
}

void bytes_end(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}
