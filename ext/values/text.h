/* text.h: what may be said of a text from outside before anything else is asked of it. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the character at `characters`, 1 for the closing NUL; 0 where it is not valid UTF-8.
 */
size_t text_character(const char *characters);

/* Valid UTF-8 (no overlong form, no surrogate, at most U+10FFFF), 1 to `longest` bytes, and nothing
 * that a terminal or a page obeys instead of showing it: no control characters (C0, DEL, C1), no
 * line or paragraph separators, no bidirectional embeddings, overrides and isolates. Joiners and
 * direction marks, which names are written with, may stand. */
bool text_is_clean(const char *text, size_t longest);

bool text_is_ascii(const char *text, size_t length);

/* Exactly `digits` hex digits of either case. */
bool text_is_hex(const char *text, size_t digits);

/* An integer as SQLite's INTEGER affinity takes one: `7`, `7.0`, `+0.7e1`, with blanks around it.
 * Up to 18 digits; false for anything else. */
bool text_integer(const char *text, int64_t *integer);

/* Whether an error's text says that there was no memory: it is then SQLITE_NOMEM, wherever it was
 * found. */
bool text_tells_no_memory(const char *error);

/* Equal but for ASCII case, whatever locale the host has set: toupper(), strcasecmp() and their
 * like follow it, and I and i are two letters in a Turkish one. */
bool text_same(const char *left, const char *right);

/* The same for the first `length` bytes. */
bool text_same_start(const char *left, const char *right, size_t length);

char text_upper(char letter);

#endif
