/* SPDX-License-Identifier: MIT */
/* completion.h: what a shell needs to complete the command line, made from the tables of options.
 */
#ifndef COMPLETION_H
#define COMPLETION_H

#include <stddef.h>

#include "config/options.h"

/* The script for `shell`: bash, fish or zsh; the caller frees it. NULL: another shell, or no
 * memory. */
char *completion_script(const char *shell, const struct options_command *commands, size_t count);

#endif
