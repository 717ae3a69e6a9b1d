/* SPDX-License-Identifier: MIT */
/* template.h: message templates as they are read from files: lines of literal text and
 * placeholders.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include "channels/message.h"

enum template_placeholder {
    TEMPLATE_CODE,
    TEMPLATE_NAME,
    TEMPLATE_SUBJECT,
    TEMPLATE_LINK,
    TEMPLATE_MINUTES,
    TEMPLATE_EXPIRES,
    TEMPLATE_PREFIX,
    TEMPLATE_PLACEHOLDERS,
    TEMPLATE_LITERAL
};

struct template_piece {
    enum template_placeholder kind; /* TEMPLATE_LITERAL: `text` */
    const char *text;
    size_t length;
};

struct template_line {
    struct template_piece *pieces;
    size_t count;
    unsigned needs; /* bit set of placeholders that must have a value */
};

struct template_lines {
    struct template_line *line;
    size_t count;
};

struct template
{
    char locale[MESSAGE_LOCALE];
    char *source; /* what the pieces point into */
    char *html_source;
    struct template_lines subjects; /* alternatives; none for an SMS */
    struct template_lines text;
    struct template_lines html; /* none where there is no HTML file */
};

/* The LOCALE of a file name `email.LOCALE.txt` or `sms.LOCALE.txt`; false for other files. */
bool template_locale(const char *file_name, enum message_kind kind, char locale[MESSAGE_LOCALE]);

/* Reads the files of template->locale; folder "": those that the program brings with it. False:
 * error names file and line; free it all the same. */
bool template_read(struct template *template, enum message_kind kind, const char *folder,
                   struct error *error);

void template_free(struct template *template);

#endif
