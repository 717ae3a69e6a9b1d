/* SPDX-License-Identifier: MIT */
#include "codes/device.h"

#include <stddef.h>
#include <string.h>

bool device_is_refused(enum code_kind kind, const char *asked_on, const char *device)
{
    return kind == CODE_PIN && asked_on != NULL && asked_on[0] != '\0' &&
           (device == NULL || strcmp(device, asked_on) != 0);
}
