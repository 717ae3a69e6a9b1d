/* SPDX-License-Identifier: MIT */
/* shape.h: the documented shape of a registration event, checked without mercy.
 *
 * The vendor itself may be more lenient; the stand-in is strict so that a wrong member, type or
 * format in what we send cannot pass unseen.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* False: `error` names the member and what it must be. */
bool shape_check(const json_t *event, char *error, size_t error_size);

#endif
