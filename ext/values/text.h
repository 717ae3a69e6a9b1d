/* SPDX-License-Identifier: MIT */
/* text.h: which characters a text may contain, and how to show an untrusted text safely. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicode/umachine.h>

/*
 * The one table of what may be shown, by code point. Every message, mail, page and report asks it.
 * - Obeyed by a terminal or a page instead of shown, so that a line reads as another one, or two:
 *   what is ill-formed, controls (C0, DEL, C1), line and paragraph separators, bidirectional
 *   embeddings, overrides and isolates. No value may hold one.
 * - Unseen: other format characters (joiners, direction marks, U+00AD, U+180E, U+FEFF, tags), the
 *   unassigned, private use, and all from U+E0000 on. A value may hold one, because names are
 *   written with joiners and direction marks; but a message escapes it, because it makes two texts
 *   look the same, or hides one.
 */
enum text_class { TEXT_SEEN, TEXT_UNSEEN, TEXT_OBEYED };

/* Of a code point; -1 for one that is ill-formed. */
enum text_class text_class(UChar32 point);

/* What a value may hold: valid UTF-8, 1 to `longest` bytes, nothing that is obeyed. */
bool text_is_clean(const char *text, size_t longest);

/* What a message may repeat: `text` where it has 1 to `longest` bytes and all of it is seen, else
 * `otherwise`. */
const char *text_shown(const char *text, size_t longest, const char *otherwise);

/* Makes a text from outside harmless to show: every byte of what is not seen becomes \xNN. Always
 * ends with '\0', cut between characters where it does not fit. Returns `out`. */
char *text_escape(char *out, size_t size, const char *text);

enum { TEXT_ESCAPED = 4 * sizeof "\\xNN" };

/* The same for the character at `*at`, below `length` (-1: the text ends with NUL); steps over it.
 * Returns the bytes written, which end with '\0'. */
size_t text_escape_next(const char *text, int32_t *at, int32_t length, char escaped[TEXT_ESCAPED]);

/* For bytes that need not be UTF-8 (passwords, paths): whether there is a control character of
 * ASCII in them, which could begin a line of its own in a header or a file. */
bool text_has_control(const char *text);

bool text_is_ascii(const char *text, size_t length);

/* Exactly `digits` hex digits of either case. */
bool text_is_hex(const char *text, size_t digits);

/* An integer as SQLite's INTEGER affinity takes one: `7`, `7.0`, `+0.7e1`, with blanks around it.
 * Up to 18 digits; false for anything else. */
bool text_integer(const char *text, int64_t *integer);

/* Equal but for ASCII case, whatever locale the host has set: toupper(), strcasecmp() and their
 * like follow it, and I and i are two letters in a Turkish one. */
bool text_same(const char *left, const char *right);

/* The same for the first `length` bytes. */
bool text_same_start(const char *left, const char *right, size_t length);

/* Here, because whole texts are folded letter by letter. */
static inline char text_lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static inline char text_upper(char letter)
{
    return letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
}

#endif
