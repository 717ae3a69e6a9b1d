/* SPDX-License-Identifier: MIT */
#include "values/document.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 16, ROOM_A_BYTE = 16 };

/* What jansson needs for the longest word of a text must be there before it begins: where its
 * buffer cannot grow it loses a character, and may read on beyond the end (2.14, lex_scan_string).
 */
static bool is_there_room(size_t length)
{
    void *volatile room =
        length > (SIZE_MAX - ROOM) / ROOM_A_BYTE ? NULL : malloc(length * ROOM_A_BYTE + ROOM);
    free(room);
    return room != NULL;
}

/* Of other memory that fails jansson makes a mistake in the text: so a mistake is looked at twice.
 */
json_t *document_parse(const char *text, size_t flags, json_error_t *place, struct error *error)
{
    json_error_t trouble = {.text = ""};
    size_t length = strlen(text);
    bool room = is_there_room(length);
    json_t *document = NULL;
    for (int turn = 0; turn < 2 && room && document == NULL; turn++) {
        document = json_loads(text, flags | JSON_REJECT_DUPLICATES, &trouble);
        room = document != NULL || is_there_room(length);
    }
    if (!room)
        error_no_memory(error, NULL);
    else if (document == NULL)
        error_set(error, ERROR_INVALID, "%s", trouble.text);
    if (place != NULL)
        *place = trouble;
    return document;
}

void document_hide_text(struct error *error, const json_error_t *place)
{
    char *text = strstr(error->text, " near ");
    if (error->code != ERROR_INVALID)
        return;
    if (text != NULL)
        *text = '\0';
    error_set(error, ERROR_INVALID, "%s (line %d, column %d)", error->text, place->line,
              place->column);
}

/* Into memory of ours, for which jansson needs none of its own but to look for loops. */
char *document_text(const json_t *document, size_t flags)
{
    char few[512]; /* room for most, which are then written once */
    size_t length = json_dumpb(document, few, sizeof few, flags);
    char *text = length == 0 ? NULL : malloc(length + 1);
    if (text == NULL)
        return NULL;
    if (length <= sizeof few) {
        memcpy(text, few, length);
    } else if (json_dumpb(document, text, length, flags) != length) {
        free(text);
        return NULL;
    }
    sodium_memzero(few, length < sizeof few ? length : sizeof few);
    text[length] = '\0';
    return text;
}
