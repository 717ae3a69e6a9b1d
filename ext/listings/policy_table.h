/* SPDX-License-Identifier: MIT */
/* policy_table.h: reg_policy(password [, profile]): the rules of a policy, in words, and whether a
 * password meets them. */
#ifndef POLICY_TABLE_H
#define POLICY_TABLE_H

#include "host.h"

/* The client data of the module is a struct catalog_module, of which only the session is used. */
extern const sqlite3_module policy_module;

#endif
