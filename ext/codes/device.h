/* SPDX-License-Identifier: MIT */
/* device.h: which device may use a code: a pin only the one that asked for it, a token any. */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>

#include "codes/code.h"

/*
 * Whether `device` (NULL: none was named) may not use a code that was asked for on `asked_on`. Only
 * a pin is tied to its device (Synerise); a token's link is opened wherever the mail is read. A
 * code that was asked for on no device works on any.
 */
bool device_is_refused(enum code_kind kind, const char *asked_on, const char *device);

#endif
