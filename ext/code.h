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

/* Whether `entered` is the code of this seed, in constant time; a pin with or without its prefix, a
 * token exactly. */
bool code_matches(const struct key *key, const unsigned char *ledger_uuid,
                  const struct code_seed *seed, const char *entered);

/* The selector of a token; false where `text` is not shaped like one. */
bool code_token_nonce(const char *text, unsigned char nonce[CODE_NONCE_SIZE]);

/* A prefix of letters (INVAS: UhY1234) drawn from random bytes; "" for length 0. */
void code_prefix(size_t length, char prefix[CODE_PREFIX_SIZE]);

/* The truncation of RFC 4226 section 5.3 of a MAC of any length of 20 bytes or more: `digits`
 * decimal digits. */
void code_truncate(const unsigned char *mac, size_t mac_length, int digits, char text[CODE_SIZE]);

#endif
