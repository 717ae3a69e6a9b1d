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
