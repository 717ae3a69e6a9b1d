/* SPDX-License-Identifier: MIT */
#include "copies/pseudonym.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/subject.h"
#include "values/text.h"

enum {
    LETTERS = 24, /* of four bits each: no two of a billion values get the same by chance */
    SHOWN_SIZE = 2 * SUBJECT_SIZE,
    LONGEST_FACT = 4096,
    LEAST_WORD = 4,    /* a shorter name may be part of anything */
    LEAST_NUMBER = 9,  /* digits that may be a phone number */
    NUMBER_END = 7,    /* of the person's own, the last digits tell it */
    LONGEST_WORD = 256 /* bytes of a name that is looked for */
};

/* The last value of a kind, and what stands for it: a row mentions it several times. */
struct memo {
    char given[SUBJECT_SIZE];
    char made[SHOWN_SIZE];
    bool known;
};

struct pseudonyms {
    unsigned char *key;
    enum pseudonym_way ways[PSEUDONYM_KINDS];
    struct memo memos[PSEUDONYM_KINDS];
    struct session *session;
};

/* -- one value -- */

/* Without vowels, so that no name is in it by chance. */
static void keyed(const struct pseudonyms *pseudonyms, enum pseudonym_kind kind, const char *text,
                  char letters[LETTERS + 1])
{
    static const char alphabet[] = "bcdfghjklmnpqrst";
    unsigned char hash[LETTERS / 2], number = (unsigned char)kind;
    crypto_generichash_state state;
    crypto_generichash_init(&state, pseudonyms->key, crypto_generichash_KEYBYTES,
                            crypto_generichash_BYTES_MIN);
    crypto_generichash_update(&state, &number, 1);
    crypto_generichash_update(&state, (const unsigned char *)text, strlen(text));
    unsigned char whole[crypto_generichash_BYTES_MIN];
    crypto_generichash_final(&state, whole, sizeof whole);
    _Static_assert(sizeof hash <= sizeof whole, "enough of a hash");
    memcpy(hash, whole, sizeof hash);
    for (size_t i = 0; i < LETTERS; i++)
        letters[i] = alphabet[hash[i / 2] >> (i % 2 * 4) & 15];
    letters[LETTERS] = '\0';
}

/* The network that an address is in: of IPv4 24 bits, of IPv6 the first three groups. */
static void mask_address(const char *address, char *shown)
{
    bool six = strchr(address, ':') != NULL;
    size_t at = 0;
    for (int groups = 0; groups < 3 && address[at] != '\0'; at++)
        groups += address[at] == (six ? ':' : '.');
    snprintf(shown, SHOWN_SIZE, "%.*s%s", (int)at, address, six ? ":" : "0");
}

static void make(const struct pseudonyms *pseudonyms, enum pseudonym_kind kind, const char *text,
                 char shown[SHOWN_SIZE])
{
    static const char *const prefixes[PSEUDONYM_KINDS] = {
        [PSEUDONYM_EMAIL] = "",     [PSEUDONYM_PHONE] = "phone-", [PSEUDONYM_USERNAME] = "user-",
        [PSEUDONYM_NAME] = "name-", [PSEUDONYM_ADDRESS] = "net-", [PSEUDONYM_DEVICE] = "device-",
        [PSEUDONYM_ID] = "id-",
    };
    char letters[LETTERS + 1];
    if (pseudonyms->ways[kind] == PSEUDONYM_MASK) {
        if (kind == PSEUDONYM_ADDRESS)
            mask_address(text, shown);
        else
            subject_mask(text, shown, SHOWN_SIZE);
        return;
    }
    const char *domain = kind == PSEUDONYM_EMAIL ? strrchr(text, '@') : NULL;
    keyed(pseudonyms, kind, text, letters);
    snprintf(shown, SHOWN_SIZE, "%s%s%s", prefixes[kind], letters, domain == NULL ? "" : domain);
}

static void stand_in(sqlite3_context *context, enum pseudonym_kind kind, sqlite3_value *value)
{
    struct pseudonyms *pseudonyms = sqlite3_user_data(context);
    struct memo *memo = &pseudonyms->memos[kind];
    const char *text = (const char *)sqlite3_value_text(value);
    if (text == NULL) {
        if (sqlite3_value_type(value) != SQLITE_NULL)
            sqlite3_result_error_nomem(context);
        return;
    }
    if (pseudonyms->ways[kind] == PSEUDONYM_DROP)
        return;
    const size_t length = strlen(text);
    bool fits = length < sizeof memo->given;
    if (!memo->known || !fits || strcmp(memo->given, text) != 0) {
        make(pseudonyms, kind, text, memo->made);
        memo->known = fits;
        if (fits)
            memcpy(memo->given, text, length + 1);
    }
    sqlite3_result_text(context, memo->made, -1, SQLITE_TRANSIENT);
}

#define STAND_IN(name, kind)                                                                       \
    static void name(sqlite3_context *context, int count, sqlite3_value **arguments)               \
    {                                                                                              \
        (void)count;                                                                               \
        stand_in(context, kind, arguments[0]);                                                     \
    }
STAND_IN(share_email, PSEUDONYM_EMAIL)
STAND_IN(share_phone, PSEUDONYM_PHONE)
STAND_IN(share_username, PSEUDONYM_USERNAME)
STAND_IN(share_name, PSEUDONYM_NAME)
STAND_IN(share_address, PSEUDONYM_ADDRESS)
STAND_IN(share_device, PSEUDONYM_DEVICE)
STAND_IN(share_id, PSEUDONYM_ID)

/* share_key(KIND, text): by the letter of enum subject_kind. */
static void share_key(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct pseudonyms *pseudonyms = sqlite3_user_data(context);
    const char *kind = (const char *)sqlite3_value_text(arguments[0]),
               *text = (const char *)sqlite3_value_text(arguments[1]);
    (void)count;
    if (kind != NULL && text != NULL)
        sqlite3_result_int64(
            context, session_subject_key(pseudonyms->session, (enum subject_kind)kind[0], text));
}

/* -- free texts -- */

/* Whether `word`, in any case of its ASCII letters, is in the text. */
static bool holds(const char *text, const char *word, size_t length)
{
    if (length < LEAST_WORD)
        return length > 0 && strlen(text) == length && text_same_start(text, word, length);
    for (; *text != '\0'; text++)
        if (text_same_start(text, word, length))
            return true;
    return false;
}

static size_t digits_of(const char *text, char *digits, size_t size)
{
    size_t length = 0;
    for (; *text != '\0' && length + 1 < size; text++)
        if (*text >= '0' && *text <= '9')
            digits[length++] = *text;
    digits[length] = '\0';
    return length;
}

/* Whether digits stand there that may be a phone number, also with what people write between them.
 */
static bool holds_number(const char *text)
{
    int digits = 0;
    for (; *text != '\0'; text++) {
        if (*text >= '0' && *text <= '9')
            digits++;
        else if (strchr(" -()/", *text) == NULL)
            digits = 0;
        if (digits >= LEAST_NUMBER)
            return true;
    }
    return false;
}

static bool holds_phone(const char *text, const char *phone)
{
    char its[64], all[LONGEST_FACT];
    size_t length = digits_of(phone, its, sizeof its);
    if (length < NUMBER_END)
        return false;
    digits_of(text, all, sizeof all);
    return strstr(all, its + length - NUMBER_END) != NULL;
}

/* Each word of a name. */
static bool holds_word_of(const char *text, const char *name)
{
    while (*name != '\0') {
        size_t length = strcspn(name, " ");
        if (length < LONGEST_WORD && holds(text, name, length))
            return true;
        name += length;
        name += strspn(name, " ");
    }
    return false;
}

/* share_fact(text, email, phone, username, name, given_name, family_name) */
static void share_fact(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    enum { TEXT, EMAIL, PHONE, USERNAME };
    const char *text = (const char *)sqlite3_value_text(arguments[TEXT]);
    if (text == NULL || strlen(text) >= LONGEST_FACT || strchr(text, '@') != NULL ||
        holds_number(text))
        return;
    for (int i = EMAIL; i < count; i++) {
        const char *its = (const char *)sqlite3_value_text(arguments[i]);
        if (its != NULL && (i == PHONE   ? holds_phone(text, its)
                            : i == EMAIL ? holds(text, its, strcspn(its, "@"))
                                         : holds_word_of(text, its)))
            return;
    }
    sqlite3_result_value(context, arguments[TEXT]);
}

/* -- all of them -- */

int pseudonyms_register(struct pseudonyms *pseudonyms, sqlite3 *database, struct session *session)
{
    static const struct {
        const char *name;
        int arguments;
        void (*function)(sqlite3_context *context, int count, sqlite3_value **arguments);
    } functions[] = {
        {"share_email", 1, share_email},
        {"share_phone", 1, share_phone},
        {"share_username", 1, share_username},
        {"share_name", 1, share_name},
        {"share_address", 1, share_address},
        {"share_device", 1, share_device},
        {"share_id", 1, share_id},
        {"share_key", 2, share_key},
        {"share_fact", 7, share_fact},
    };
    int code = SQLITE_OK;
    pseudonyms->session = session;
    for (size_t i = 0; i < sizeof functions / sizeof *functions && code == SQLITE_OK; i++)
        code = sqlite3_create_function_v2(database, functions[i].name, functions[i].arguments,
                                          SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                          pseudonyms, functions[i].function, NULL, NULL, NULL);
    return code;
}

struct pseudonyms *pseudonyms_open(const enum pseudonym_way ways[PSEUDONYM_KINDS],
                                   const struct key *key)
{
    struct pseudonyms *pseudonyms = calloc(1, sizeof *pseudonyms);
    if (pseudonyms == NULL)
        return NULL;
    memcpy(pseudonyms->ways, ways, sizeof pseudonyms->ways);
    pseudonyms->key = sodium_malloc(crypto_generichash_KEYBYTES);
    if (pseudonyms->key == NULL) {
        free(pseudonyms);
        return NULL;
    }
    if (key != NULL)
        key_for_shares(key, pseudonyms->key);
    else
        randombytes_buf(pseudonyms->key, crypto_generichash_KEYBYTES);
    return pseudonyms;
}

void pseudonyms_close(struct pseudonyms *pseudonyms)
{
    if (pseudonyms == NULL)
        return;
    sodium_free(pseudonyms->key); /* which wipes it */
    sodium_memzero(pseudonyms->memos, sizeof pseudonyms->memos);
    free(pseudonyms);
}
