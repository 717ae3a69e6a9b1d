/* SPDX-License-Identifier: MIT */
#include "intake/profile_builtin.h"

#include <string.h>

#include "intake/profile.h"

const char *profile_builtin_name(size_t n)
{
    return profile_builtins[n].file;
}

const char *profile_builtin_text(const char *name)
{
    for (size_t i = 0; profile_builtins[i].file != NULL; i++)
        if (strcmp(profile_builtins[i].file, name) == 0)
            return profile_builtins[i].text;
    return NULL;
}
