/* device.h: which device a code is good on. */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>

#include "codes/code.h"

/*
 * Whether a device is another one than the code was asked for on. NULL: none was named. The rule is
 * the pin's (Synerise): a token's link is opened wherever the mail is read, and a code that was
 * asked for on no device is good on any.
 */
bool device_is_another(enum code_kind kind, const char *asked_on, const char *device);

#endif
