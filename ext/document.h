/* document.h: JSON read with jansson, whose parser takes a lack of memory for a mistake in the
 * text. */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <jansson.h>

/*
 * As json_loads() with these flags and JSON_REJECT_DUPLICATES. NULL: not JSON, or no memory, and
 * then trouble->text says "out of memory". The caller owns the result.
 */
json_t *document_parse(const char *text, size_t flags, json_error_t *trouble);

#endif
