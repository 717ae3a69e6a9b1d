/* SPDX-License-Identifier: MIT */
/* response.h: what the channels share: headers, uploads, and keeping what the other side sent,
 * which is hostile until escaped.
 */
#ifndef RESPONSE_H
#define RESPONSE_H

#include "delivery/transfer.h"

/* An answer without status, wait, timestamp or text; the result is refused. */
void response_answer_clear(struct transfer_answer *answer);

/* Refused before anything was sent, with the reason (our own words, not from outside). */
void response_refuse(struct transfer_answer *answer, const char *reason);

/*
 * `bytes` as one line that is safe to print and keep: shortened, blanks joined, what cannot be
 * shown escaped, without the texts to hide (NULL-terminated; NULL: none) and without long runs of
 * hexadecimal digits (fingerprints).
 */
void response_escape(char *text, size_t text_size, const char *bytes, size_t length,
                     const char *const *hide);

/* Adds `text` to the texts that no kept answer of this call may repeat; it must outlive the call.
 * Nothing of fewer than three bytes is hidden. */
void response_hide(struct transfer_call *call, const char *text);

/* A CURLOPT_READFUNCTION over call->body; READDATA is the call. */
size_t response_upload(char *buffer, size_t size, size_t count, void *call);

/* Appends a header; where memory is out it frees the list and gives NULL. */
struct curl_slist *response_header(struct curl_slist *list, const char *header);

/* Wipes and frees a list that may hold secrets. */
void response_headers_free(struct curl_slist *list);

#endif
