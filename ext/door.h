/*
 * door.h: all that one connection needs for a registration: its ledger, the key (read when it is
 * first needed), and the settings in force.
 */
#ifndef DOOR_H
#define DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "key.h"
#include "ledger.h"
#include "settings.h"
#include "subject.h"

struct admit_plan;

struct door {
    int holders; /* functions and tables of the connection that share this */
    struct ledger *ledger;
    struct key *key;               /* NULL until door_key() */
    struct settings *settings;     /* NULL until door_settings() */
    struct settings *defaults;     /* NULL until asked for without a ledger */
    uint64_t qualified;            /* see qualified.h */
    struct admit_plan *admit_plan; /* NULL until a sign-up is written */
    char key_file[KEY_PATH_SIZE];  /* from the job's configuration; "": by the rule of key.h */
};

/* NULL when out of memory. The connection must outlive the door. Each door_hold() wants a
 * door_release(); the last one frees. */
struct door *door_open(struct sqlite3 *database);
struct door *door_hold(struct door *door);
void door_release(struct door *door);

/* Finalizes the statements at hand, which would keep SQLite from closing the connection. They are
 * prepared anew when they are needed. */
void door_rest(struct door *door);

/* reg_init: makes or upgrades the ledger, its key and its first settings, all or nothing; running
 * it again changes nothing. `beside`: also in another application's database. The schema version,
 * or 0 after an error. */
int door_init(struct door *door, bool beside);

/* The settings in force, read again when another connection has changed them; NULL after an error.
 * They live until the next call. */
const struct settings *door_settings(struct door *door);

/* The settings in force, or the defaults where the database has no ledger. */
const struct settings *door_settings_or_defaults(struct door *door);

/* The key; NULL with the ledger's error set. */
const struct key *door_key(struct door *door);

/* The key where it is at hand, without an error where it is not. */
const struct key *door_key_if_any(struct door *door);

/* The key of the index of subjects, for a folded text of that kind: SipHash-2-4 with the ledger's
 * salt. */
int64_t door_subject_key(struct door *door, enum subject_kind kind, const char *folded);

#endif
