/* response.h: what the channels share: headers, uploads, and judging and keeping what the other
 * side sent, which is hostile until escaped.
 */
#ifndef RESPONSE_H
#define RESPONSE_H

#include "delivery/transfer.h"

/*
 * Judges any HTTP answer by the one table. A status from success_low to success_high is accepted;
 * `retry_429`: 429 is not_accepted, not deferred. A redirect, 402 and 404 are about our set-up, as
 * 401 and 403 are: no item is answered so.
 */
void response_judge_http(const struct transfer_reply *reply, unsigned success_low,
                         unsigned success_high, bool retry_429, struct transfer_answer *answer);

/* Whether Content-Type says HTML. */
bool response_is_html(const struct transfer_reply *reply);

/* Whether the body is a page for people, such as a log-in's, and no program's answer. */
bool response_is_page(const struct transfer_reply *reply);

/* What would have been an acceptance is a page: it is about our set-up. */
void response_judge_page(const struct transfer_reply *reply, struct transfer_answer *answer);

/* The result of a call that ended without any answer to the request: by whether it was sent. */
void response_judge_silence(const struct transfer_reply *reply, struct transfer_answer *answer);

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

/* Retry-After: seconds or an HTTP date, at most one hour; -1 for anything else. `now`: Unix ms. */
int64_t response_retry_after(const char *value, int64_t now);

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
