/* SPDX-License-Identifier: MIT */
#include "admission/admit.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/admit_steps.h"
#include "admission/admit_values.h"
#include "admission/field_checks.h"
#include "admission/consents.h"
#include "ledger/session.h"
#include "host.h"
#include "passwords/hash.h"
#include "passwords/policy.h"
#include "values/text.h"
#include "codes/verify.h"

static void add_reason(struct admission *admission, enum reason reason)
{
    admission->reasons.others |= 1U << reason;
}

/* A told failure keeps its reason: by name where the list has it, else as `told` with its text
 * beside. */
static void check_told(struct admission *admission)
{
    const char *reason = admission->given[SIGNUP_failure_reason];
    bool failure = admission->told != NULL && strcmp(admission->told, "failure") == 0;
    if (reason != NULL && !failure) {
        admission->reasons.invalid |= UINT64_C(1) << SIGNUP_failure_reason;
        notes_add(&admission->notes, SIGNUP_failure_reason, RULE_outcome);
    }
    if (!failure)
        return;
    bool known = reason != NULL && reasons_known(reason);
    snprintf(admission->told_list, sizeof admission->told_list, ",\"%s\"", known ? reason : "told");
    if (!known && admission->values[SIGNUP_failure_reason].type == ADMIT_TEXT)
        admission->told_reason = reason;
}

static bool check_policy(struct admission *admission, const char *password, struct error *error)
{
    const char *const *given = admission->given;
    struct policy_identity identity = {.email = given[SIGNUP_email],
                                       .username = given[SIGNUP_username],
                                       .name = given[SIGNUP_name],
                                       .given_name = given[SIGNUP_given_name],
                                       .family_name = given[SIGNUP_family_name],
                                       .phone =
                                           admission->phone[0] != '\0' ? admission->phone : NULL};
    return policy_check(&admission->settings->policy, password, strlen(password), &identity,
                        &admission->reasons.policy, error);
}

static void refuse_hash(struct admission *admission, enum signup_column column, enum rule rule)
{
    add_reason(admission, REASON_password_hash_invalid);
    notes_add(&admission->notes, column, rule);
}

static void take_fingerprint(struct admission *admission, const char *hex)
{
    size_t length;
    admission->has_fingerprint =
        text_is_hex(hex, 64) &&
        sodium_hex2bin(admission->fingerprint, sizeof admission->fingerprint, hex, 64, NULL,
                       &length, NULL) == 0;
    if (!admission->has_fingerprint)
        refuse_hash(admission, SIGNUP_password_sha256, RULE_hash_digest);
}

static bool take_hash(struct admission *admission, const char *hash, struct error *error)
{
    bool fast;
    enum rule rule =
        password_read(hash, &admission->settings->password_limit, admission->stored, &fast);
    admission->password = fast ? ADMIT_FAST_HASH : ADMIT_HASH;
    if (rule != RULE_as_given || fast)
        admission->stored[0] = '\0';
    if (rule == (enum rule)HASH_NO_MEMORY)
        return error_no_memory(error, "reading a password hash");
    if (rule != RULE_as_given)
        refuse_hash(admission, SIGNUP_password_hash, rule);
    return true;
}

/* One of the four ways a password may come; what came in clear goes before what came hashed. */
static bool check_password(struct admission *admission, struct error *error)
{
    const struct signup *signup = admission->signup;
    const char *clear = signup->text[SIGNUP_password], *md5 = signup->text[SIGNUP_password_md5];
    const char *hash = signup->text[SIGNUP_password_hash],
               *sha256 = signup->text[SIGNUP_password_sha256];
    bool judged = admission->told == NULL;
    if (clear != NULL) {
        admission->password = ADMIT_CLEAR;
        crypto_hash_sha256(admission->fingerprint, (const unsigned char *)clear, strlen(clear));
        admission->has_fingerprint = true;
        if (judged && password_is_md5(clear))
            refuse_hash(admission, SIGNUP_password, RULE_hash_in_clear);
        return !judged || check_policy(admission, clear, error);
    }
    if (md5 != NULL) {
        admission->password = ADMIT_MD5;
        if (!text_is_hex(md5, 32))
            refuse_hash(admission, SIGNUP_password_md5, RULE_hash_digest);
    } else if (hash != NULL) {
        return take_hash(admission, hash, error);
    } else if (sha256 != NULL && !judged) {
        take_fingerprint(admission, sha256);
    } else if (judged && admission->given[SIGNUP_identity_provider] == NULL &&
               admission->settings->password_at == SETTINGS_AT_SIGNUP) {
        add_reason(admission, REASON_password_missing);
    }
    return true;
}

static void clear(struct admission *admission)
{
    char *const texts[] = {
        admission->told_list,      admission->stored,     admission->email,
        admission->email_folded,   admission->phone,      admission->username_folded,
        admission->username_phone, admission->birth_date, admission->address,
        admission->uuid,           admission->provider,   admission->recommendation,
        admission->platform,       admission->country,    admission->phone_country,
        admission->currency,       admission->locale,     admission->language,
        admission->gender,
    };
    memset(admission, 0, offsetof(struct admission, told_list));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        texts[i][0] = '\0';
}

bool admit_prepare(struct admission *admission, const struct settings *settings,
                   const struct signup *signup, int64_t now, struct error *error)
{
    clear(admission);
    admission->settings = settings;
    admission->signup = signup;
    admission->now = now;
    if (!field_checks_run(admission, error))
        return false;
    check_told(admission);
    if (!check_password(admission, error))
        return false;
    enum rule consents;
    if (!consents_read(signup, settings, admission->told == NULL, &admission->reasons, &consents,
                       &admission->consents))
        return error_no_memory(error, NULL);
    if (consents != RULE_as_given)
        notes_add(&admission->notes, SIGNUP_consents, consents);
    if (admission->told == NULL && strcmp(admission->recommendation, "PREVENT") == 0)
        add_reason(admission, REASON_prevented);
    return true;
}

bool admit_wants_hash(const struct admission *admission)
{
    bool confirms = admission->signup->text[SIGNUP_email_confirm_code] != NULL;
    bool fails = admission->told != NULL ? strcmp(admission->told, "failure") == 0
                 : confirms ? admission->settings->password_at != SETTINGS_AT_CONFIRM ||
                                  admission->reasons.policy != 0
                            : !reasons_none(&admission->reasons);
    return admit_password_given(admission) != NULL && !fails &&
           (admission->reasons.others >> REASON_password_hash_invalid & 1) == 0;
}

/* The text by which a third-party identity is found; "" where the sign-up has none of that form. */
static void write_identity(const struct admission *admission, char identity[SUBJECT_SIZE])
{
    const struct admit_value *subject = &admission->values[SIGNUP_identity_subject];
    identity[0] = '\0';
    if (admission->provider[0] != '\0' && subject->type == ADMIT_TEXT)
        snprintf(identity, SUBJECT_SIZE, "%s\n%s", admission->provider, subject->text);
}

void admit_find_subjects(struct session *session, struct admission *admission)
{
    struct admit_subjects *subjects = &admission->subjects;
    char identity[SUBJECT_SIZE];
    write_identity(admission, identity);
    const struct {
        int64_t *key;
        enum subject_kind kind;
        const char *folded;
    } all[] = {
        {&subjects->email, SUBJECT_EMAIL, admission->email_folded},
        {&subjects->phone, SUBJECT_PHONE, admission->phone},
        {&subjects->username, SUBJECT_USERNAME, admission->username_folded},
        {&subjects->uuid, SUBJECT_UUID, admission->uuid},
        {&subjects->identity, SUBJECT_IDENTITY, identity},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        *all[i].key =
            all[i].folded[0] == '\0' ? 0 : session_subject_key(session, all[i].kind, all[i].folded);
}

static bool is_held(struct session *session, int64_t key, const char *folded)
{
    if (key == 0)
        return false;
    struct ledger_statement *held = ledger_use(session->ledger, STATEMENT_held_by_customer);
    ledger_set_integer(held, ":key", key);
    ledger_set_text(held, ":text", folded);
    bool found = ledger_row(held);
    if (found)
        ledger_done(held);
    return found;
}

bool admit_is_held(struct session *session, const struct admission *admission)
{
    const struct settings *settings = admission->settings;
    if (admission->told != NULL || admission->signup->text[SIGNUP_email_confirm_code] != NULL ||
        settings->registration_type == SETTINGS_REQUIRE_PIN_CONFIRMATION)
        return false; /* told ones are counted all the same; a third-party customer may be linked by
                         PIN */
    const struct admit_subjects *subjects = &admission->subjects;
    return (settings->unique_email && is_held(session, subjects->email, admission->email_folded)) ||
           (settings->unique_phone && is_held(session, subjects->phone, admission->phone)) ||
           is_held(session, subjects->username, admission->username_folded) ||
           is_held(session, subjects->uuid, admission->uuid);
}

bool admit_hash_password(const struct settings *settings, enum admit_password kind,
                         const char *password, char stored[PASSWORD_STORED_SIZE])
{
    const struct password_cost cost = settings->password_cost;
    return kind == ADMIT_MD5 ? password_wrap_md5(password, cost, stored)
           : kind == ADMIT_FAST_HASH
               ? password_wrap(password, &settings->password_limit, cost, stored)
               : policy_hash(&settings->policy, password, cost, stored);
}

const char *admit_password_given(const struct admission *admission)
{
    const char *const *text = admission->signup->text;
    return admission->password == ADMIT_CLEAR       ? text[SIGNUP_password]
           : admission->password == ADMIT_MD5       ? text[SIGNUP_password_md5]
           : admission->password == ADMIT_FAST_HASH ? text[SIGNUP_password_hash]
                                                    : NULL; /* it is taken as it came */
}

bool admit_hash(struct admission *admission)
{
    const char *password = admit_password_given(admission);
    return password == NULL || admit_hash_password(admission->settings, admission->password,
                                                   password, admission->stored);
}

void admit_wipe(struct admission *admission)
{
    free(admission->consents);
    free(admission->mended);
    admission->consents = admission->mended = NULL;
    sodium_memzero(admission->fingerprint, sizeof admission->fingerprint);
    sodium_memzero(admission->stored, sizeof admission->stored);
}

/* Why a confirmation's code is not even looked at, so that it costs no try; NULL where it is. The
 * password counts where it is asked for now. */
static const char *refusal(const struct admission *admission, char reason[REASONS_TEXT])
{
    struct reasons found = {0, 0, 0, 0};
    bool with_password = admission->settings->password_at == SETTINGS_AT_CONFIRM;
    found.invalid = admission->reasons.invalid & UINT64_C(1) << SIGNUP_attempted_at;
    found.policy = with_password ? admission->reasons.policy : 0;
    found.others =
        with_password ? admission->reasons.others & 1U << REASON_password_hash_invalid : 0;
    if (reasons_none(&found))
        return admission->signup->text[SIGNUP_email_confirm_code][0] == '\0'
                   ? "email_confirm_code_missing"
                   : NULL;
    reasons_before_taken(&found, reason); /* `,"first","second"` */
    reason[2 + strcspn(reason + 2, "\"")] = '\0';
    return reason + 2;
}

const char *admit_subject(const struct admission *admission)
{
    const char *const *given = admission->given;
    if (given[SIGNUP_email] != NULL)
        return given[SIGNUP_email];
    if (admission->phone[0] != '\0')
        return admission->phone;
    return given[SIGNUP_username] != NULL ? given[SIGNUP_username] : "";
}

struct writing {
    struct session *session;
    struct admission *admission;
    int64_t id;
};

static void write_steps(void *context)
{
    const struct writing *writing = context;
    struct session *session = writing->session;
    struct admit_values values;
    if (!admit_values_prepare(&values, writing->admission))
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
    admit_values_complete(&values, session, writing->admission, writing->id);
    admit_steps_take(session->admit_steps, session->ledger, writing->admission, &values);
    admit_values_wipe(&values);
}

int64_t admit_write(struct session *session, struct admission *admission)
{
    int64_t id = admit_next_id(session->ledger);
    struct writing writing = {session, admission, id};
    if (admission->signup->text[SIGNUP_email_confirm_code] != NULL)
        return admit_confirm(session, admission, id).id;
    if (session->admit_steps == NULL)
        session->admit_steps = calloc(1, sizeof *session->admit_steps);
    if (session->admit_steps == NULL)
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
    ledger_run_as_one(session->ledger, write_steps, &writing);
    return id;
}

/* The second request of a two-step sign-up (partner API, steps 2 and 2.1): goes on with the attempt
 * that the first one made, and brings the password where the sign-up had none (INVAS). */
struct admit_verdict admit_confirm(struct session *session, const struct admission *admission,
                                   int64_t id)
{
    const struct signup *signup = admission->signup;
    const struct admit_value *partner = &admission->values[SIGNUP_partner_id];
    bool tells_when = admission->values[SIGNUP_attempted_at].type == ADMIT_INTEGER;
    char partner_id[24];
    struct verify_request request = {
        .subject = admit_subject(admission),
        .code = signup->text[SIGNUP_email_confirm_code],
        .device_id = admission->given[SIGNUP_device_id],
        .entered_at = tells_when ? admission->attempted_at : 0,
        .continuation_id = id,
        .attempted_at = admission->attempted_at,
        .import_id = signup->import_id,
        .line = signup->line,
        .uuid = admission->uuid[0] != '\0' ? admission->uuid : NULL,
        .password_hash =
            admission->settings->password_at == SETTINGS_AT_CONFIRM && admission->stored[0] != '\0'
                ? admission->stored
                : NULL,
        .fingerprint = admission->has_fingerprint && admission->stored[0] != '\0'
                           ? admission->fingerprint
                           : NULL,
    };
    char reason[REASONS_TEXT];
    if (partner->type == ADMIT_INTEGER) {
        snprintf(partner_id, sizeof partner_id, "%lld", (long long)partner->integer);
        request.partner_id = partner_id;
    }
    request.refused = refusal(admission, reason);
    verify_code(session, &request);
    return (struct admit_verdict){ADMIT_CONTINUED, id};
}
