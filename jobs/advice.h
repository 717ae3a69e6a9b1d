/* advice.h: what the ledger says beforehand about sign-ups that are still on their way, read on a
 * connection of its own, which may be used by another thread than the ledger's. Nothing it says
 * decides: the write does. */
#ifndef ADVICE_H
#define ADVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "chunk.h"

struct advice;

/* NULL: `error`. */
struct advice *advice_open(const char *ledger, unsigned busy_timeout_ms, char *error,
                           size_t error_size);
void advice_close(struct advice *advice);
const char *advice_error(const struct advice *advice);

/* The settings in force; NULL: advice_error(). They live until advice_close(), since sign-ups that
 * they judged are under way. */
const struct settings *advice_settings(struct advice *advice);

/* Spares hashes that would be wasted: of sign-ups with an identifier that a customer has already,
 * or that an earlier row of the file takes. False: advice_error(). */
bool advice_spare_hashes(struct advice *advice, struct chunk *chunk);

#endif
