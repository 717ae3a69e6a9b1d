/* SPDX-License-Identifier: MIT */
/* email.h: the one parser and checker of e-mail addresses. */
#ifndef EMAIL_H
#define EMAIL_H

#include <stdbool.h>
#include <stddef.h>

enum { EMAIL_SIZE = 512 };

/*
 * Checks an e-mail address (RFC 5321 lengths in octets: 64 before the @, 254 in all with the domain
 * in its ASCII form; RFC 6531: UTF-8 is kept) and gives the form in which addresses are compared:
 * local part in NFC and case-folded (dots and tags kept), domain by IDNA (UTS 46, hyphens anywhere
 * within a label) in ASCII lower case. No trimming: a blank makes it invalid. Control characters,
 * quotes, angle brackets, commas and anything that could break a header are refused, and so is what
 * cannot be seen or is not assigned, and a domain that is not fully qualified (RFC 5321 2.3.5).
 */
bool email_fold(const char *text, char folded[EMAIL_SIZE]);

/* By the same check, the form in which mail is sent to it: the local part as given, the domain as
 * above. */
bool email_address(const char *text, char address[EMAIL_SIZE]);

struct email_mailbox {
    const char *name; /* in the text, without quotes around it; not ended with NUL */
    size_t name_length;
    char address[EMAIL_SIZE]; /* as email_address() gives it */
};

/* A sender, ADDRESS or NAME <ADDRESS>, by the same check; but its domain may be a plain host name,
 * such as localhost. */
bool email_mailbox(const char *text, struct email_mailbox *mailbox);

/* Of an address that has been checked; points into it. */
const char *email_domain(const char *address);

#endif
