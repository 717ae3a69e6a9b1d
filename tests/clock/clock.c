/* SPDX-License-Identifier: MIT */
/* libfaketime asks libc itself for the time. Preloaded after it, this passes the question on to
 * whoever comes next, so that a clock which another library has moved already (as if on another
 * day) moves on from there. */
#include <dlfcn.h>
#include <stddef.h>
#include <time.h>

__attribute__((visibility("default"))) int __clock_gettime(clockid_t clock, struct timespec *now);

int __clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*next)(clockid_t clock, struct timespec * now);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
    return next(clock, now);
}
