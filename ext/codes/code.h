/* SPDX-License-Identifier: MIT */
/*
 * code.h: confirmation codes. A code is not stored: it is derived from its nonce and a key outside
 * the ledger.
 *
 * code = f(HMAC-SHA-256(subkey, ledger uuid, nonce, kind)). A pin is the truncation of RFC 4226
 * section 5.3 to 4 to 8 digits, after its prefix; a token is base64url (RFC 4648) of the nonce, as
 * public selector, and the whole MAC.
 */
#ifndef CODE_H
#define CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key;

enum { CODE_NONCE_SIZE = 16, CODE_PREFIX_SIZE = 9, CODE_SIZE = 80 };

enum code_kind { CODE_PIN, CODE_TOKEN };

/* What a code is derived from. */
struct code_seed {
    enum code_kind kind;
    bool sandbox; /* then it is 12345, whatever the length */
    int digits;
    const char *prefix; /* NULL: none */
    unsigned char nonce[CODE_NONCE_SIZE];
};

struct ledger_statement;

/* Where a statement has them. */
struct code_columns {
    int kind, nonce, digits, prefix, sandbox;
};

/* The seed of a code in the ledger; its prefix is copied to `prefix`, which the seed points to.
 * What no code of ours has is the ledger's error. */
void code_read_seed(struct ledger_statement *row, const struct code_columns *columns,
                    struct code_seed *seed, char prefix[CODE_PREFIX_SIZE]);

/* The code itself. The caller wipes it. */
void code_derive(const struct key *key, const unsigned char *ledger_uuid,
                 const struct code_seed *seed, char code[CODE_SIZE]);

/* What was entered, without blanks, line ends and what cannot be seen, and in ASCII where there is
 * another width or another script's digit. */
struct code_entry {
    char pin[CODE_SIZE];   /* without dashes and other separators too; "": it is none */
    char token[CODE_SIZE]; /* "": it is none */
    bool from_table;       /* where a pin may have lost its leading zeros as a number */
};

/* The caller wipes it. */
void code_read(const char *text, bool from_table, struct code_entry *entry);

/* Whether the entry could be the code of this seed: by its length and alphabet, in any case of the
 * prefix, and with or without it. What could not is no try. */
bool code_fits(const struct code_seed *seed, const struct code_entry *entry);

/* Whether it is, in constant time; false where it does not fit. */
bool code_matches(const struct key *key, const unsigned char *ledger_uuid,
                  const struct code_seed *seed, const struct code_entry *entry);

/* The selector of a token; false where `text` is not shaped like one. */
bool code_token_nonce(const char *text, unsigned char nonce[CODE_NONCE_SIZE]);

/* A prefix of letters (INVAS: UhY1234) drawn from random bytes; "" for length 0. */
void code_prefix(size_t length, char prefix[CODE_PREFIX_SIZE]);

/* The truncation of RFC 4226 section 5.3 of a MAC of any length of 20 bytes or more: `digits`
 * decimal digits. */
void code_truncate(const unsigned char *mac, size_t mac_length, int digits, char text[CODE_SIZE]);

#endif
