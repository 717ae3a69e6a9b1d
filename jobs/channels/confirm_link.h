/* SPDX-License-Identifier: MIT */
/* confirm_link.h: the link of a confirmation message: the operator's redirect link with the token
 * in it. */
#ifndef CONFIRM_LINK_H
#define CONFIRM_LINK_H

#include <stdbool.h>

enum { LINK_SIZE = 4096 };

/*
 * `{token}` in the link is replaced, wherever it stands; a link without it gets `token=TOKEN` as a
 * query parameter, before its fragment. False: the result would not fit.
 */
bool confirm_link_build(const char *base, const char *token, char link[LINK_SIZE]);

#endif
