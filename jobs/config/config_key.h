/* SPDX-License-Identifier: MIT */
/* config_key.h: the configuration's keys, in one table: what it may say is read, checked, defaulted
 * and explained from here. A new key is a member in config.h, a row in config_key.c and a line in
 * samples/regjob.conf.
 */
#ifndef CONFIG_KEY_H
#define CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"

struct config;

enum config_kind {
    CONFIG_KIND_TEXT,         /* char[CONFIG_TEXT]; may be empty where its default is */
    CONFIG_KIND_ADDRESS,      /* a mail address, or NAME <ADDRESS> */
    CONFIG_KIND_HEADERS,      /* `Name: value` separated by |, none of which authorises */
    CONFIG_KIND_PROFILE,      /* a path as below, or the name of a built-in profile */
    CONFIG_KIND_PATH,         /* made relative to the configuration's folder */
    CONFIG_KIND_LEDGER,       /* likewise, or the nodes of a cluster (nodes.h) */
    CONFIG_KIND_URL,          /* one of the schemes in `words`; one in brackets only to this host */
    CONFIG_KIND_COUNT,        /* unsigned, low to high */
    CONFIG_KIND_RATE,         /* double, low to high */
    CONFIG_KIND_SIZE,         /* uint64_t, low to high, K M G */
    CONFIG_KIND_SWITCH,       /* bool: the second of `words` is true */
    CONFIG_KIND_CHOICE,       /* an enumeration in the order of `words` */
    CONFIG_KIND_STATUS_RANGE, /* two unsigned, one after the other */
    CONFIG_KIND_SECRET_FILE,  /* char[CONFIG_TEXT] from the file that the value names */
    CONFIG_KIND_SECRET_ENV,   /* the same from an environment variable */
    CONFIG_KIND_REFUSED       /* the secret itself; `words` says what to use */
};

struct config_key {
    const char *section;
    const char *name;
    enum config_kind kind;
    size_t offset; /* of the member in struct config */
    double low, high;
    const char *words;   /* separated by |, see the kinds; NULL where the kind has none */
    const char *initial; /* the default, written as in the file; "" is none */
};

enum { CONFIG_KEYS_MOST = 128 };

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* The row, or NULL. */
const struct config_key *config_key_find(const char *section, const char *name);

/* What the key may be, in words: "a number from 0 to 100000". */
void config_key_allowed(const struct config_key *key, char *words, size_t size);

/*
 * Checks `value` and stores it. `folder` ends with '/' or is "". False: `error` says what is wrong
 * or expected, without the value; nothing else is stored then.
 */
bool config_key_set(const struct config_key *key, struct config *config, const char *value,
                    const char *folder, struct error *error);

#endif
