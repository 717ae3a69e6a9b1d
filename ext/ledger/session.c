/* SPDX-License-Identifier: MIT */
#include "ledger/session.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "ledger/cluster.h"
#include "values/moment.h"
#include "values/subject.h"

struct session *session_open(sqlite3 *database)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return NULL;
    session->ledger = ledger_open(database);
    if (session->ledger == NULL) {
        free(session);
        return NULL;
    }
    session->holders = 1;
    return session;
}

struct session *session_hold(struct session *session)
{
    session->holders++;
    return session;
}

void session_rest(struct session *session)
{
    ledger_rest(session->ledger);
}

void session_release(struct session *session)
{
    if (session == NULL || --session->holders > 0)
        return;
    ledger_close(session->ledger);
    key_close(session->key);
    settings_free(session->settings);
    settings_free(session->defaults);
    free(session->admit_steps);
    free(session);
}

/* `made`: makes the key where there is none, and then tells whether it did. NULL: not to be made.
 */
static const struct key *open_key(struct session *session, bool *made, bool required)
{
    struct error error;
    if (session->key == NULL)
        session->key = key_open(ledger_database(session->ledger), session->key_file, made, &error);
    if (session->key == NULL && error.code == ERROR_NO_MEMORY)
        ledger_fail_as(session->ledger, &error);
    else if (session->key == NULL && required)
        ledger_fail(session->ledger, SQLITE_AUTH, "%s", error.text);
    return session->key;
}

const struct key *session_key(struct session *session)
{
    return ledger_failed(session->ledger) ? NULL : open_key(session, NULL, true);
}

const struct key *session_key_if_any(struct session *session)
{
    return open_key(session, NULL, false);
}

struct key_making {
    struct session *session;
    bool made;
};

static void make_key(void *context)
{
    struct key_making *making = context;
    open_key(making->session, &making->made, true);
}

static void take_back_key(void *context)
{
    struct key_making *making = context;
    struct session *session = making->session;
    if (!making->made)
        return;
    key_close(session->key);
    session->key = NULL;
    key_remove(ledger_database(session->ledger), session->key_file);
}

int session_init(struct session *session, bool beside)
{
    struct key_making key = {.session = session};
    struct settings *settings = settings_defaults();
    char *text = settings == NULL ? NULL : settings_text(settings);
    struct ledger_making making = {.settings = text,
                                   .beside = beside,
                                   .make_key = make_key,
                                   .take_back_key = take_back_key,
                                   .context = &key};
    if (text == NULL)
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
    else
        ledger_create(session->ledger, &making);
    free(text);
    settings_free(settings);
    return ledger_failed(session->ledger) ? 0 : ledger_version();
}

const struct settings *session_settings(struct session *session)
{
    if (!ledger_ready(session->ledger))
        return NULL;
    if (session->settings != NULL && ledger_remembers(session->ledger, session->settings_at))
        return session->settings;
    session->settings_at = moment_monotonic();
    /* By their text, not by their id: a change that was rolled back leaves its id to another one.
     */
    struct ledger_statement *newest = settings_newest(session->ledger);
    bool found = ledger_row(newest), same = false;
    if (found) {
        same = session->settings != NULL &&
               session->settings->id == ledger_integer(newest, SETTINGS_ID) &&
               strcmp(session->settings->source, ledger_word(newest, SETTINGS_JSON)) == 0;
        ledger_done(newest);
    }
    if (ledger_failed(session->ledger))
        return NULL;
    if (!same) {
        settings_free(session->settings);
        session->settings = settings_load(session->ledger);
    }
    return session->settings;
}

struct settings *session_change_settings(struct session *session, const char *json, bool patch,
                                         bool *refused)
{
    struct error error;
    struct settings *changed = NULL;
    *refused = false;
    ledger_begin(session->ledger);
    const struct settings *current = session_settings(session);
    if (current != NULL) {
        changed = settings_parse(json, patch ? current : NULL, &error);
        *refused = changed == NULL && error.code == ERROR_INVALID;
        if (changed == NULL)
            ledger_fail_as(session->ledger, &error);
        else
            settings_save(session->ledger, changed);
    }
    ledger_end(session->ledger);
    session->settings_at = INT64_MIN / 2; /* what was read is older */
    if (ledger_failed(session->ledger)) {
        settings_free(changed);
        changed = NULL;
    }
    return changed;
}

const struct settings *session_settings_or_defaults(struct session *session)
{
    if (ledger_version_found(session->ledger) == ledger_version())
        return session_settings(session);
    if (session->defaults == NULL)
        session->defaults = settings_defaults();
    if (session->defaults == NULL)
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
    return session->defaults;
}

int64_t session_subject_key(struct session *session, enum subject_kind kind, const char *folded)
{
    _Static_assert(crypto_shorthash_KEYBYTES == LEDGER_SALT_SIZE &&
                       crypto_shorthash_BYTES == sizeof(int64_t),
                   "SipHash-2-4");
    unsigned char message[1 + SUBJECT_SIZE * 2];
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t key = 0;
    size_t length = strlen(folded);
    const unsigned char *salt = ledger_salt(session->ledger);
    if (salt == NULL)
        return 0;
    if (length > sizeof message - 1)
        length = sizeof message -
                 1; /* only a text that is nobody's is so long; a hit is checked against the text */
    message[0] = (unsigned char)kind;
    /* What is not folded, since it is not of its form, is found in any case as well. */
    for (size_t i = 0; i < length; i++)
        message[1 + i] =
            (unsigned char)(folded[i] >= 'A' && folded[i] <= 'Z' ? folded[i] - 'A' + 'a'
                                                                 : folded[i]);
    crypto_shorthash(hash, message, length + 1, salt);
    /* Little-endian on every machine: the ledger may move. */
    for (int i = 7; i >= 0; i--)
        key = key << 8 | hash[i];
    return (int64_t)key;
}
