/* SPDX-License-Identifier: MIT */
/*
 * admit.h: the one door. A sign-up, from a CSV row or an INSERT, becomes an attempt with its
 * verdict, or goes on with one.
 *
 * Steps, so that a batch can spread them: admit_prepare() reads and checks what came (no database,
 * any thread); admit_find_subjects() makes the keys of its identifiers (any thread with a session);
 * admit_hash() spends the Argon2id cost (any thread); admit_write() decides and writes (the thread
 * that owns the ledger).
 */
#ifndef ADMIT_H
#define ADMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admission/notes.h"
#include "codes/code.h"
#include "ledger/key.h"
#include "passwords/password.h"
#include "ledger/reasons.h"
#include "values/error.h"
#include "values/moment.h"
#include "values/region_read.h"
#include "values/signup.h"
#include "values/subject.h"

struct session;
struct settings;

enum admit_outcome { ADMIT_SUCCESS, ADMIT_PENDING, ADMIT_FAILURE, ADMIT_CONTINUED };

/* What a sign-up came to. */
struct admit_verdict {
    enum admit_outcome outcome;
    int64_t id; /* of the attempt, or of the continuation */
};

/* How a password came. A hash is kept as it is, but a fast one, and an MD5, is wrapped first. */
enum admit_password { ADMIT_NO_PASSWORD, ADMIT_CLEAR, ADMIT_MD5, ADMIT_HASH, ADMIT_FAST_HASH };

/* A value as it goes into its column: text, a number where the column holds numbers, or bytes that
 * only the rule knows. */
struct admit_value {
    enum { ADMIT_NULL, ADMIT_TEXT, ADMIT_INTEGER, ADMIT_REAL, ADMIT_BLOB } type;
    uint32_t length; /* of a text or blob: SQLite has none of more than 2^31 bytes */
    union {
        const char *text;
        const void *bytes;
        int64_t integer;
        double real;
    };
};

/* The keys of a sign-up's identifiers in the index of subjects; 0 where it has none of that kind.
 */
struct admit_subjects {
    int64_t email, phone, username, uuid, identity;
};

/* A sign-up, checked. Texts point into the sign-up or into this structure, so neither may move
 * before admit_write() is done. */
struct admission {
    const struct settings *settings;
    const struct signup *signup;
    const char *given[SIGNUP_COLUMN_COUNT]; /* its texts as they are read; NULL: not given */
    char *mended; /* those of them that were changed; freed by admit_wipe() */
    size_t mended_length;
    int64_t now;
    int64_t attempted_at;
    struct admit_value values[SIGNUP_INPUT_ONLY];
    struct reasons reasons;
    struct notes notes;
    const char *told;        /* "success", "failure" or NULL */
    const char *told_reason; /* its text where it is in no list */
    enum admit_password password;
    bool has_fingerprint;
    unsigned char fingerprint[KEY_FINGERPRINT_SIZE];
    char *consents; /* JSON; freed by admit_wipe() */
    struct admit_subjects subjects;

    /* Texts, "" where there is none. They come last, since each is begun by itself: to clear some
     * thousand bytes for a few dozen characters takes longer than to write those. */
    char told_list[80];                /* `,"reason"` of a told failure */
    char stored[PASSWORD_STORED_SIZE]; /* "" until admit_hash() */
    char email[SUBJECT_SIZE];          /* without quotes that it had */
    char email_folded[SUBJECT_SIZE];
    char phone[SUBJECT_SIZE];
    char username_folded[SUBJECT_SIZE];
    char username_phone[SUBJECT_SIZE];
    char birth_date[MOMENT_DAY_SIZE];
    char address[REGION_ADDRESS_SIZE];
    char uuid[37];
    char provider[16];
    char recommendation[8];
    char platform[12];
    char country[3], phone_country[3], currency[4];
    char locale[REGION_LOCALE_SIZE], language[REGION_LOCALE_SIZE];
    char gender[12];
};

/* Checks a sign-up against the settings. `now` in Unix milliseconds. False only when out of memory
 * or a file of the settings cannot be read. */
bool admit_prepare(struct admission *admission, const struct settings *settings,
                   const struct signup *signup, int64_t now, struct error *error);

/* Finds the keys of its identifiers, by which admit_is_held() and the write look for them. */
void admit_find_subjects(struct session *session, struct admission *admission);

/* Whether a hash would be spent well: there is something to hash and nothing that has failed yet.
 */
bool admit_wants_hash(const struct admission *admission);

/* Whether a customer holds one of the sign-up's identifiers already, so that a hash would be
 * wasted. Advice: the write decides. */
bool admit_is_held(struct session *session, const struct admission *admission);

/* What is to be hashed; NULL where nothing is. */
const char *admit_password_given(const struct admission *admission);

/* Hashes the password. False when there is not enough memory. */
bool admit_hash(struct admission *admission);
/* The same for a password (ADMIT_CLEAR, ADMIT_MD5 or ADMIT_FAST_HASH) of no sign-up yet; false also
 * for what is no such hash. */
bool admit_hash_password(const struct settings *settings, enum admit_password kind,
                         const char *password, char stored[PASSWORD_STORED_SIZE]);

/* Decides and writes, all or nothing. The caller is in a statement that writes. The id of the
 * attempt, or of the continuation; after an error of the ledger it means nothing. */
int64_t admit_write(struct session *session, struct admission *admission);

/* The second request of a two-step sign-up, under that id: what admit_write() does with one that
 * brings a code. */
struct admit_verdict admit_confirm(struct session *session, const struct admission *admission,
                                   int64_t id);

/* Whom a second request names: its first identifier. */
const char *admit_subject(const struct admission *admission);

/* Wipes and frees. */
void admit_wipe(struct admission *admission);

#endif
