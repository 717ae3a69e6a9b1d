/* mime.h: one mail as the bytes that SMTP carries and a Maildir keeps. Pure: no network, no clock.
 *
 * Made here and not by curl_mime: libcurl can send its MIME but not hand out the bytes, and a
 * Maildir must get exactly what a server would.
 */
#ifndef MIME_H
#define MIME_H

#include "message.h"

struct mime_mail {
    const char *from;       /* `address` or `Name <address>` */
    const char *to;         /* one address, its domain as A-label */
    const char *message_id; /* without the angle brackets */
    const char *boundary;   /* not in the parts: random, and letters that bodies encode */
    int64_t date;           /* Unix milliseconds */
    const struct message_text *text;
};

/* The message with CRLF line ends, malloc'ed. NULL: out of memory, or a header that would need a
 * line break or a control character (then *unsafe). */
char *mime_build(const struct mime_mail *mail, size_t *length, bool *unsafe);

/* A header's text as RFC 2047 encoded words where it is not plain ASCII, folded. `used` is the
 * length of the header's name and ": ". malloc'ed. */
char *mime_header_text(const char *text, size_t used);

/* Quoted-printable with CRLF line ends; NUL-terminated, malloc'ed. */
char *mime_quoted_printable(const char *text);

#endif
