#include "document.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROBE = 1 << 16 };

/* Where memory fails for a moment jansson may drop a character of a name or a number, or find a
 * mistake: what a text says it says twice. */
json_t *document_parse(const char *text, size_t flags, json_error_t *trouble)
{
    json_t *document = json_loads(text, flags | JSON_REJECT_DUPLICATES, trouble);
    json_t *again = json_loads(text, flags | JSON_REJECT_DUPLICATES, trouble);
    bool same = document == NULL ? again == NULL : json_equal(document, again);
    void *probe = same && document == NULL ? malloc(PROBE) : NULL;
    if (!same || (document == NULL && probe == NULL)) {
        snprintf(trouble->text, sizeof trouble->text, "out of memory");
        json_decref(document);
        document = NULL;
    }
    free(probe);
    json_decref(again);
    return document;
}

/* Into memory of ours, for which jansson needs none of its own but to look for loops. */
char *document_text(const json_t *document, size_t flags)
{
    size_t length = json_dumpb(document, NULL, 0, flags);
    char *text = length == 0 ? NULL : malloc(length + 1);
    if (text != NULL && json_dumpb(document, text, length, flags) != length) {
        free(text);
        return NULL;
    }
    if (text != NULL)
        text[length] = '\0';
    return text;
}
