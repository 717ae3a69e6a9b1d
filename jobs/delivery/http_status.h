/* SPDX-License-Identifier: MIT */
/* http_status.h: what each answer means for its item, by its HTTP status (200, 302, 401, 404, 429,
 * 503, ...), by a page in its place, or where none came.
 */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

#include "delivery/transfer.h"

/*
 * Judges any HTTP answer by the one table. A status from success_low to success_high is accepted;
 * `retry_429`: 429 is not_accepted, not deferred. A redirect, 402 and 404 are about our set-up, as
 * 401 and 403 are: no item is answered so.
 */
void http_status_judge(const struct transfer_reply *reply, unsigned success_low,
                       unsigned success_high, bool retry_429, struct transfer_answer *answer);

/* Whether Content-Type says HTML. */
bool http_status_is_html(const struct transfer_reply *reply);

/* Whether the body is a page for people, such as a log-in's, and no program's answer. */
bool http_status_is_page(const struct transfer_reply *reply);

/* What would have been an acceptance is a page: it is about our set-up. */
void http_status_judge_page(const struct transfer_reply *reply, struct transfer_answer *answer);

/* The result of a call, SMTP's too, that ended without any answer to the request: by whether it was
 * sent. */
void http_status_judge_silence(const struct transfer_reply *reply, struct transfer_answer *answer);

#endif
