/* SPDX-License-Identifier: MIT */
/* message.h: what a customer is sent: templates by locale, filled in.
 *
 * A folder holds `email.LOCALE.txt`, `email.LOCALE.html` (optional) and `sms.LOCALE.txt`. An
 * e-mail's text begins with `Subject: ...` lines and a blank line; the first subject whose
 * placeholders all have a value is used. Placeholders: {code} {name} {subject} {link} {minutes}
 * {expires} {prefix}; a line that asks for a value that is missing is left out together with the
 * blank line after it
 * ({prefix} alone may be empty).
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "values/error.h"

enum { MESSAGE_LOCALE = 64 };

enum message_kind { MESSAGE_EMAIL, MESSAGE_SMS };

/* Untrusted where they come from a sign-up. NULL, "" or 0: no value. */
struct message_values {
    const char *code; /* a pin, or a token that has no link */
    const char
        *name; /* left out where it looks like a link: mail must not carry strangers' adverts */
    const char *subject; /* the address, number or username that is confirmed */
    const char *link;    /* with the token */
    const char *prefix;  /* of the pin, in clear */
    unsigned minutes;    /* that the code is good for */
    int64_t expires;     /* Unix milliseconds; shown in the customer's locale, UTC stated */
};

/* One message to make and send: the request of mail_channel() and sms_channel(). The owner keeps
 * the texts until the item comes back. */
struct message_request {
    const char *to;     /* e-mail address, or phone number in E.164 */
    const char *locale; /* BCP 47; NULL or "": English */
    struct message_values values;
    const char *token; /* what is secret of values.link, which an answer may repeat in another
                          spelling; NULL: there is no link */
};

/* A message filled in. UTF-8, line ends LF. */
struct message_text {
    char locale[MESSAGE_LOCALE]; /* the template's */
    char *subject;               /* one line; NULL for an SMS */
    char *text;
    char *html; /* NULL where there is no HTML template */
};

struct message_templates;

/* Reads and checks all templates of a kind; folder "": those that the program brings with it.
 * NULL: error names file, line and what is wrong. */
struct message_templates *message_open(const char *folder, enum message_kind kind,
                                       struct error *error);
void message_close(struct message_templates *templates);

/* Fills in the template of the locale (`id-ID`, then `id`, then `en`). False: out of memory. The
 * caller ends `text`. Not for two threads at once. */
bool message_render(struct message_templates *templates, const char *locale,
                    const struct message_values *values, struct message_text *text);

/* Wipes and frees. */
void message_end(struct message_text *text);

#endif
