/* SPDX-License-Identifier: MIT */
/*
 * pseudonym.h: what stands for people in a share: pseudonyms, masks, or nothing.
 *
 * A pseudonym is a keyed hash (BLAKE2b) of a value: the same value has the same one, and without
 * the key nobody can tell whose it is, not even by trying out all values. The key is drawn anew for
 * each share and forgotten, or is a subkey of the ledger's; it lives in locked memory and is in no
 * file that is given away.
 */
#ifndef PSEUDONYM_H
#define PSEUDONYM_H

#include <stdbool.h>

#include "ledger/session.h"

enum pseudonym_kind {
    PSEUDONYM_EMAIL,
    PSEUDONYM_PHONE,
    PSEUDONYM_USERNAME,
    PSEUDONYM_NAME,
    PSEUDONYM_ADDRESS,
    PSEUDONYM_DEVICE,
    PSEUDONYM_ID, /* of another system: always a pseudonym */
    PSEUDONYM_KINDS
};

enum pseudonym_way { PSEUDONYM_KEYED, PSEUDONYM_MASK, PSEUDONYM_DROP };

struct pseudonyms;

/* `key`: that of the ledger, whose subkey is used; NULL: a new one. NULL when out of memory. */
struct pseudonyms *pseudonyms_open(const enum pseudonym_way ways[PSEUDONYM_KINDS],
                                   const struct key *key);
void pseudonyms_close(struct pseudonyms *pseudonyms);

/* Registers share_email() and its like (sql/share.sql) for a connection, whose ledger's session
 * makes the keys of the index of subjects. Both must outlive it. One of SQLite's codes. */
int pseudonyms_register(struct pseudonyms *pseudonyms, struct sqlite3 *database,
                        struct session *session);

#endif
