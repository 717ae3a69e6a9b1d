/* document.h: JSON read and written with jansson, which does not always say that memory failed. */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <jansson.h>

/*
 * As json_loads() with these flags and JSON_REJECT_DUPLICATES. NULL: not JSON, or no memory, and
 * then trouble->text says "out of memory". The caller owns the result.
 */
json_t *document_parse(const char *text, size_t flags, json_error_t *trouble);

/* As json_dumps() with these flags, which may leave out a character where memory fails for a
 * moment. NULL: no memory. The caller frees it with free(). */
char *document_text(const json_t *document, size_t flags);

#endif
