/* reg.h: the extension's entry point. */
#ifndef REG_H
#define REG_H

#include "host.h"

/* `.load build/reg`. */
__attribute__((visibility("default"))) int sqlite3_reg_init(sqlite3 *database, char **error,
                                                            const sqlite3_api_routines *api);

#endif
