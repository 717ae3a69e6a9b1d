/* SPDX-License-Identifier: MIT */
/* mime.h: one mail as the bytes that SMTP carries and a Maildir keeps. Pure: no network, no clock.
 *
 * Made here and not by curl_mime: libcurl can send its MIME but not hand out the bytes, and a
 * Maildir must get exactly what a server would.
 */
#ifndef MIME_H
#define MIME_H

#include "channels/message.h"

struct mime_mail {
    const char *from;       /* `address`, or mime_phrase() and `<address>` */
    const char *to;         /* one address, its domain as A-label */
    const char *message_id; /* without the angle brackets */
    const char *boundary;   /* random */
    int64_t date;           /* Unix milliseconds */
    const struct message_text *text;
};

/* The message with CRLF line ends, malloc'ed. NULL: out of memory, or (then *unsafe) a header would
 * have held a line break or another control character. */
char *mime_build(const struct mime_mail *mail, size_t *length, bool *unsafe);

/*
 * A header's text, malloc'ed: as it is where that is short ASCII, else as encoded words (RFC 2047),
 * folded. `used`: the length of the header's name and ": ".
 */
char *mime_header_text(const char *text, size_t used);

/* A display name, malloc'ed: bare, quoted or as encoded words. */
char *mime_phrase(const char *name, size_t used);

/* Quoted-printable with CRLF line ends, malloc'ed. */
char *mime_quoted_printable(const char *text);

#endif
