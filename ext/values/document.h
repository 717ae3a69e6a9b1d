/* SPDX-License-Identifier: MIT */
/* document.h: JSON read and written with jansson, which does not always say that memory failed. */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <jansson.h>

#include "values/error.h"

/*
 * As json_loads() with these flags and JSON_REJECT_DUPLICATES. NULL: ERROR_INVALID with jansson's
 * words, or ERROR_NO_MEMORY. `place`, unless NULL, tells line and column of the mistake. The caller
 * owns the result.
 */
json_t *document_parse(const char *text, size_t flags, json_error_t *place, struct error *error);

/* Takes the text out of the words of a mistake, and puts its place there: the document may be the
 * wrong one, and have a secret in it. */
void document_hide_text(struct error *error, const json_error_t *place);

/* As json_dumps() with these flags, which may leave out a character where memory fails for a
 * moment. NULL: no memory. The caller frees it with free(). */
char *document_text(const json_t *document, size_t flags);

#endif
