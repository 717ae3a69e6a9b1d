#include "door.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "subject.h"
#include "text.h"

struct door *door_open(sqlite3 *database)
{
    struct door *door = calloc(1, sizeof *door);
    if (door == NULL)
        return NULL;
    door->ledger = ledger_open(database);
    if (door->ledger == NULL) {
        free(door);
        return NULL;
    }
    door->holders = 1;
    return door;
}

struct door *door_hold(struct door *door)
{
    door->holders++;
    return door;
}

void door_rest(struct door *door)
{
    ledger_rest(door->ledger);
}

void door_release(struct door *door)
{
    if (door == NULL || --door->holders > 0)
        return;
    ledger_close(door->ledger);
    key_close(door->key);
    settings_free(door->settings);
    settings_free(door->defaults);
    free(door->admit_plan);
    free(door);
}

/* `made`: makes the key where there is none, and then tells whether it did. NULL: not to be made.
 */
static const struct key *open_key(struct door *door, bool *made, bool required)
{
    char error[KEY_PATH_SIZE + 256];
    if (door->key == NULL)
        door->key =
            key_open(ledger_database(door->ledger), door->key_file, made, error, sizeof error);
    if (door->key == NULL && (required || text_tells_no_memory(error)))
        ledger_fail(door->ledger, text_tells_no_memory(error) ? SQLITE_NOMEM : SQLITE_AUTH, "%s",
                    error);
    return door->key;
}

const struct key *door_key(struct door *door)
{
    return ledger_failed(door->ledger) ? NULL : open_key(door, NULL, true);
}

const struct key *door_key_if_any(struct door *door)
{
    return open_key(door, NULL, false);
}

struct key_making {
    struct door *door;
    bool made;
};

static void make_key(void *context)
{
    struct key_making *making = context;
    open_key(making->door, &making->made, true);
}

static void take_back_key(void *context)
{
    struct key_making *making = context;
    struct door *door = making->door;
    if (!making->made)
        return;
    key_close(door->key);
    door->key = NULL;
    key_remove(ledger_database(door->ledger), door->key_file);
}

int door_init(struct door *door, bool beside)
{
    struct key_making key = {.door = door};
    struct settings *settings = settings_defaults();
    char *text = settings == NULL ? NULL : settings_text(settings);
    struct ledger_making making = {.settings = text,
                                   .beside = beside,
                                   .make_key = make_key,
                                   .take_back_key = take_back_key,
                                   .context = &key};
    if (text == NULL)
        ledger_fail(door->ledger, SQLITE_NOMEM, "out of memory");
    else
        ledger_create(door->ledger, &making);
    free(text);
    settings_free(settings);
    return ledger_failed(door->ledger) ? 0 : ledger_version();
}

const struct settings *door_settings(struct door *door)
{
    if (!ledger_ready(door->ledger))
        return NULL;
    /* By their text, not by their id: a change that was rolled back leaves its id to another one.
     */
    struct ledger_statement *newest = ledger_use(door->ledger, STATEMENT_newest_setting);
    bool found = ledger_row(newest), same = false;
    if (found) {
        same = door->settings != NULL && door->settings->id == ledger_integer(newest, 0) &&
               strcmp(door->settings->source, ledger_word(newest, 1)) == 0;
        ledger_done(newest);
    }
    if (ledger_failed(door->ledger))
        return NULL;
    if (!same) {
        settings_free(door->settings);
        door->settings = settings_load(door->ledger);
    }
    return door->settings;
}

const struct settings *door_settings_or_defaults(struct door *door)
{
    if (ledger_version_found(door->ledger) == ledger_version())
        return door_settings(door);
    if (door->defaults == NULL)
        door->defaults = settings_defaults();
    if (door->defaults == NULL)
        ledger_fail(door->ledger, SQLITE_NOMEM, "out of memory");
    return door->defaults;
}

int64_t door_subject_key(struct door *door, enum subject_kind kind, const char *folded)
{
    _Static_assert(crypto_shorthash_KEYBYTES == LEDGER_SALT_SIZE &&
                       crypto_shorthash_BYTES == sizeof(int64_t),
                   "SipHash-2-4");
    unsigned char message[1 + SUBJECT_SIZE * 2];
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t key = 0;
    size_t length = strlen(folded);
    const unsigned char *salt = ledger_salt(door->ledger);
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
