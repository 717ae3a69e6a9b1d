/* SPDX-License-Identifier: MIT */
/* precheck.c: see precheck.h. */
#include "import/precheck.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/session.h"
#include "ledger/settings.h"

enum { SUBJECTS = 4, SEEN = 1 << 15 /* rows remembered; a later one takes the place of another */ };

/* The identifiers of a row that wants a hash; 0 where it has none of that kind. */
struct subjects {
    int64_t keys[SUBJECTS];
};

struct kept_settings {
    struct settings *settings;
    struct kept_settings *next;
};

struct precheck {
    const struct job *job;
    struct job_reader reader;
    struct kept_settings *kept; /* the newest first */
    struct subjects *seen;
};

struct precheck *precheck_open(const struct job *job, struct error *error)
{
    struct precheck *precheck = calloc(1, sizeof *precheck);
    error_no_memory(error, NULL);
    if (precheck == NULL)
        return NULL;
    precheck->seen = calloc(SEEN, sizeof *precheck->seen);
    precheck->job = job;
    if (precheck->seen != NULL && job_open_reader(job, &precheck->reader, error))
        return precheck;
    precheck_close(precheck);
    return NULL;
}

void precheck_close(struct precheck *precheck)
{
    if (precheck == NULL)
        return;
    while (precheck->kept != NULL) {
        struct kept_settings *next = precheck->kept->next;
        settings_free(precheck->kept->settings);
        free(precheck->kept);
        precheck->kept = next;
    }
    job_close_reader(precheck->job, &precheck->reader);
    free(precheck->seen);
    free(precheck);
}

bool precheck_failed(const struct precheck *precheck)
{
    return ledger_failed(precheck->reader.session->ledger);
}

bool precheck_error(const struct precheck *precheck, struct error *error)
{
    const struct ledger *ledger = precheck->reader.session->ledger;
    if (!ledger_failed(ledger))
        return error_no_memory(error, NULL);
    return error_set(error, ledger_code(ledger) == SQLITE_NOMEM ? ERROR_NO_MEMORY : ERROR_IO, "%s",
                     ledger_error(ledger));
}

struct session *precheck_session(struct precheck *precheck)
{
    return precheck->reader.session;
}

const struct settings *precheck_settings(struct precheck *precheck)
{
    struct ledger *ledger = precheck->reader.session->ledger;
    int64_t newest = ledger_number(ledger, STATEMENT_newest_setting_id, 0);
    if (ledger_failed(ledger))
        return NULL;
    if (precheck->kept != NULL && precheck->kept->settings->id == newest)
        return precheck->kept->settings;
    struct kept_settings *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return NULL;
    kept->settings = settings_load(ledger);
    kept->next = precheck->kept;
    precheck->kept = kept;
    return kept->settings;
}

/* Whether a sign-up that succeeds does so at once, and keeps what it has for itself. */
static bool decides_at_once(const struct admission *admission)
{
    const struct settings *settings = admission->settings;
    return admission->told == NULL && admission->provider[0] == '\0' &&
           admission->signup->text[SIGNUP_email_confirm_code] == NULL && settings->unique_email &&
           settings->unique_phone &&
           (settings->registration_type == SETTINGS_AUTOMATIC ||
            settings->registration_type == SETTINGS_REQUIRE_EMAIL_CONFIRMATION);
}

/*
 * Certain to be taken: an earlier row has no identifier that this one does not have as well. Either
 * that row became a customer, or one of those identifiers was taken even before. The erasure of a
 * person in between is all that can make this wrong, which the write finds out.
 */
static bool is_taken_before(const struct subjects *earlier, const struct subjects *now)
{
    bool any = false;
    for (int i = 0; i < SUBJECTS; i++) {
        if (earlier->keys[i] != 0 && earlier->keys[i] != now->keys[i])
            return false;
        any = any || earlier->keys[i] != 0;
    }
    return any;
}

/* Looks for such a row, and remembers this one. */
static bool is_repeated(struct precheck *precheck, const struct admission *admission)
{
    if (!decides_at_once(admission))
        return false;
    const struct admit_subjects *own = &admission->subjects;
    struct subjects subjects = {{own->email, own->phone, own->username, own->uuid}};
    int first = 0;
    while (first < SUBJECTS && subjects.keys[first] == 0)
        first++;
    if (first == SUBJECTS)
        return false;
    struct subjects *seen = &precheck->seen[(uint64_t)subjects.keys[first] % SEEN];
    bool repeated = is_taken_before(seen, &subjects);
    *seen = repeated ? *seen : subjects;
    return repeated;
}

void precheck_spare_hashes(struct precheck *precheck, struct chunk *chunk)
{
    for (size_t i = 0; i < chunk->count && chunk->hashes > 0; i++) {
        const struct admission *admission = chunk_to_hash(chunk, i);
        if (admission != NULL && (is_repeated(precheck, admission) ||
                                  admit_is_held(precheck->reader.session, admission)))
            chunk_spare_hash(chunk, i);
    }
}
