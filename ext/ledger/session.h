/* SPDX-License-Identifier: MIT */
/*
 * session.h: all that one connection needs for a registration: its ledger, the key (read when it is
 * first needed), and the settings in force.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/key.h"
#include "ledger/ledger.h"
#include "ledger/settings.h"
#include "values/subject.h"

struct admit_steps;

struct session {
    int holders; /* functions and tables of the connection that share this */
    struct ledger *ledger;
    struct key *key;                 /* NULL until session_key() */
    struct settings *settings;       /* NULL until session_settings() */
    int64_t settings_at;             /* when they were read, monotonic */
    struct settings *defaults;       /* NULL until asked for without a ledger */
    uint64_t qualified;              /* see qualified.h */
    struct admit_steps *admit_steps; /* NULL until a sign-up is written */
    bool answering;                  /* reg_attempts, reg_codes or reg_reports reads a row */
    char key_file[KEY_PATH_SIZE];    /* from the job's configuration; "": by the rule of key.h */
};

/* NULL when out of memory. The connection must outlive the session. Each session_hold() wants a
 * session_release(); the last one frees. */
struct session *session_open(struct sqlite3 *database);
struct session *session_hold(struct session *session);
void session_release(struct session *session);

/* Finalizes the statements at hand, which would keep SQLite from closing the connection. They are
 * prepared anew when they are needed. */
void session_rest(struct session *session);

/* reg_init: makes or upgrades the ledger, its key and its first settings, all or nothing; running
 * it again changes nothing. `beside`: also in another application's database. The schema version,
 * or 0 after an error. */
int session_init(struct session *session, bool beside);

/* The settings in force, read again when another connection has changed them; NULL after an error.
 * They live until the next call. */
const struct settings *session_settings(struct session *session);

/*
 * Replaces the settings by those of a JSON object, or changes only the members that it has
 * (`patch`), in a write of its own or within the caller's. The new ones, to be freed with
 * settings_free(); NULL with the ledger's error set, which is about the JSON where `refused`.
 */
struct settings *session_change_settings(struct session *session, const char *json, bool patch,
                                         bool *refused);

/* The settings in force, or the defaults where the database has no ledger. */
const struct settings *session_settings_or_defaults(struct session *session);

/* The key; NULL with the ledger's error set. */
const struct key *session_key(struct session *session);

/* The key where it is at hand, without an error where it is not. */
const struct key *session_key_if_any(struct session *session);

/* The key of the index of subjects, for a folded text of that kind: SipHash-2-4 with the ledger's
 * salt. */
int64_t session_subject_key(struct session *session, enum subject_kind kind, const char *folded);

#endif
