/* SPDX-License-Identifier: MIT */
/* password_formats.h: reg_password_formats: how many of the ledger's password hashes are of each
 * format, and how many of those are weaker than the settings ask for. */
#ifndef PASSWORD_FORMATS_H
#define PASSWORD_FORMATS_H

#include "host.h"

/* The client data of the module is a struct catalog_module, of which only the session is used. */
extern const sqlite3_module password_formats_module;

#endif
