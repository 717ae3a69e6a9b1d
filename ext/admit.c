#include "admit.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consents.h"
#include "door.h"
#include "columns.h"
#include "host.h"
#include "policy.h"
#include "text.h"
#include "verify.h"

enum {
    SMS_LONGEST_SECONDS = 600
}; /* SP 800-63A-4: a code sent by SMS is good for 10 minutes at most */

static void add_reason(struct admission *admission, enum reason reason)
{
    admission->reasons.others |= 1U << reason;
}

/* A told failure keeps its reason: by name where the list has it, else as `told` with its text
 * beside. */
static void check_told(struct admission *admission)
{
    const char *reason = admission->signup->text[SIGNUP_failure_reason];
    bool failure = admission->told != NULL && strcmp(admission->told, "failure") == 0;
    if (reason != NULL && !failure)
        admission->reasons.invalid |= UINT64_C(1) << SIGNUP_failure_reason;
    if (!failure)
        return;
    bool known = reason != NULL && reasons_known(reason);
    snprintf(admission->told_list, sizeof admission->told_list, ",\"%s\"", known ? reason : "told");
    if (!known)
        admission->told_reason = reason;
}

static bool check_policy(struct admission *admission, const char *password, char *error,
                         size_t error_size)
{
    const struct signup *signup = admission->signup;
    struct policy_identity identity = {.email = signup->text[SIGNUP_email],
                                       .username = signup->text[SIGNUP_username],
                                       .name = signup->text[SIGNUP_name],
                                       .given_name = signup->text[SIGNUP_given_name],
                                       .family_name = signup->text[SIGNUP_family_name],
                                       .phone =
                                           admission->phone[0] != '\0' ? admission->phone : NULL};
    return policy_check(&admission->settings->policy, password, strlen(password), &identity,
                        &admission->reasons.policy, error, error_size);
}

static void take_fingerprint(struct admission *admission, const char *hex)
{
    size_t length;
    admission->has_fingerprint =
        text_is_hex(hex, 64) &&
        sodium_hex2bin(admission->fingerprint, sizeof admission->fingerprint, hex, 64, NULL,
                       &length, NULL) == 0;
    if (!admission->has_fingerprint)
        add_reason(admission, REASON_password_hash_invalid);
}

/* One of the four ways a password may come; what came in clear goes before what came hashed. */
static bool check_password(struct admission *admission, char *error, size_t error_size)
{
    const struct signup *signup = admission->signup;
    const char *clear = signup->text[SIGNUP_password], *md5 = signup->text[SIGNUP_password_md5];
    const char *phc = signup->text[SIGNUP_password_hash],
               *sha256 = signup->text[SIGNUP_password_sha256];
    bool judged = admission->told == NULL;
    if (clear != NULL) {
        admission->password = ADMIT_CLEAR;
        crypto_hash_sha256(admission->fingerprint, (const unsigned char *)clear, strlen(clear));
        admission->has_fingerprint = true;
        if (judged && password_is_md5(clear))
            add_reason(admission, REASON_password_hash_invalid);
        return !judged || check_policy(admission, clear, error, error_size);
    }
    if (md5 != NULL) {
        admission->password = ADMIT_MD5;
        if (!text_is_hex(md5, 32))
            add_reason(admission, REASON_password_hash_invalid);
    } else if (phc != NULL) {
        admission->password = ADMIT_PHC;
        if (password_is_phc(phc) && strlen(phc) < PASSWORD_STORED_SIZE)
            snprintf(admission->stored, sizeof admission->stored, "%s", phc);
        else
            add_reason(admission, REASON_password_hash_invalid);
    } else if (sha256 != NULL && !judged) {
        take_fingerprint(admission, sha256);
    } else if (judged && signup->text[SIGNUP_identity_provider] == NULL &&
               admission->settings->password_at == SETTINGS_AT_SIGNUP) {
        add_reason(admission, REASON_password_missing);
    }
    return true;
}

bool admit_prepare(struct admission *admission, const struct settings *settings,
                   const struct signup *signup, int64_t now, char *error, size_t error_size)
{
    memset(admission, 0, sizeof *admission);
    admission->settings = settings;
    admission->signup = signup;
    admission->now = now;
    if (!columns_check(admission, error, error_size))
        return false;
    check_told(admission);
    if (!check_password(admission, error, error_size))
        return false;
    if (!consents_read(signup, settings, admission->told == NULL, &admission->reasons,
                       &admission->consents)) {
        snprintf(error, error_size, "out of memory");
        return false;
    }
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
    bool hashes = admission->password == ADMIT_CLEAR || admission->password == ADMIT_MD5;
    return hashes && !fails && (admission->reasons.others >> REASON_password_hash_invalid & 1) == 0;
}

static bool is_held(struct door *door, enum subject_kind kind, const char *folded)
{
    if (folded[0] == '\0')
        return false;
    struct ledger_statement *held = ledger_use(door->ledger, STATEMENT_held_by_customer);
    ledger_set_integer(held, ":key", door_subject_key(door, kind, folded));
    ledger_set_text(held, ":text", folded);
    bool found = ledger_row(held);
    if (found)
        ledger_done(held);
    return found;
}

bool admit_is_held(struct door *door, const struct admission *admission)
{
    const struct settings *settings = admission->settings;
    if (admission->told != NULL || admission->signup->text[SIGNUP_email_confirm_code] != NULL ||
        settings->registration_type == SETTINGS_REQUIRE_PIN_CONFIRMATION)
        return false; /* told ones are counted all the same; a third-party customer may be linked by
                         PIN */
    return (settings->unique_email && is_held(door, SUBJECT_EMAIL, admission->email_folded)) ||
           (settings->unique_phone && is_held(door, SUBJECT_PHONE, admission->phone)) ||
           is_held(door, SUBJECT_USERNAME, admission->username_folded) ||
           is_held(door, SUBJECT_UUID, admission->uuid);
}

bool admit_hash(struct admission *admission)
{
    const struct signup *signup = admission->signup;
    struct password_cost cost = admission->settings->password_cost;
    switch (admission->password) {
    case ADMIT_CLEAR:
        return password_hash(signup->text[SIGNUP_password], strlen(signup->text[SIGNUP_password]),
                             cost, admission->stored);
    case ADMIT_MD5:
        return password_wrap_md5(signup->text[SIGNUP_password_md5], cost, admission->stored);
    case ADMIT_PHC: /* taken as it came, when it was checked */
    case ADMIT_NO_PASSWORD:
        break;
    }
    return true;
}

void admit_end(struct admission *admission)
{
    free(admission->consents);
    sodium_memzero(admission, sizeof *admission);
}

/* The ways to confirm as a table: what an attempt waits for (see the view admit), and the code that
 * is sent. */
struct way {
    const char *confirm;
    enum code_kind code;
};

static struct way way_of(const struct admission *admission)
{
    static const struct way ways[] = {
        [SETTINGS_AUTOMATIC] = {"never", CODE_PIN},
        [SETTINGS_REQUIRE_EMAIL_CONFIRMATION] = {"after", CODE_TOKEN},
        [SETTINGS_REQUIRE_EMAIL_ACTIVATION] = {"before", CODE_TOKEN},
        [SETTINGS_REQUIRE_PIN_CONFIRMATION] = {"everyone", CODE_PIN},
    };
    const struct settings *settings = admission->settings;
    struct way way = ways[settings->registration_type];
    if (admission->provider[0] != '\0')
        way.confirm = "never"; /* the provider has seen to that */
    else if (settings->registration_type == SETTINGS_REQUIRE_PIN_CONFIRMATION &&
             settings->pin_confirmation_type == SETTINGS_ON_CONFLICT_WITH_EXTERNAL_ACCOUNT)
        way.confirm = "on_conflict";
    return way;
}

/* A value that is not of its form has a key as well, of its own text, so that it is found by it; it
 * is nobody's, since it has no folded text. */
static void set_key(struct door *door, struct ledger_statement *admit, const char *parameter,
                    enum subject_kind kind, const char *folded, const struct admit_value *value)
{
    if (folded[0] != '\0' || (value != NULL && value->type == ADMIT_TEXT))
        ledger_set_integer(admit, parameter,
                           door_subject_key(door, kind, folded[0] != '\0' ? folded : value->text));
}

static const char *given(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static void set_subjects(struct door *door, struct ledger_statement *admit,
                         const struct admission *admission)
{
    char identity[SUBJECT_SIZE];
    const struct admit_value *subject = &admission->values[SIGNUP_identity_subject];
    identity[0] = '\0';
    if (admission->provider[0] != '\0' && subject->type == ADMIT_TEXT &&
        (admission->reasons.invalid >> SIGNUP_identity_subject & 1) == 0)
        snprintf(identity, sizeof identity, "%s\n%s", admission->provider, subject->text);
    ledger_set_text(admit, ":email_folded", given(admission->email_folded));
    ledger_set_text(admit, ":username_folded", given(admission->username_folded));
    set_key(door, admit, ":email_key", SUBJECT_EMAIL, admission->email_folded,
            &admission->values[SIGNUP_email]);
    set_key(door, admit, ":phone_key", SUBJECT_PHONE, admission->phone,
            &admission->values[SIGNUP_phone]);
    set_key(door, admit, ":username_key", SUBJECT_USERNAME, admission->username_folded,
            &admission->values[SIGNUP_username]);
    set_key(door, admit, ":uuid_key", SUBJECT_UUID, admission->uuid, NULL);
    set_key(door, admit, ":identity_key", SUBJECT_IDENTITY, identity, NULL);
}

/* Columns that carry their value under their own name. The others are set by hand. */
static void set_values(struct ledger_statement *admit, const struct admission *admission)
{
    char parameter[64];
    for (int column = 0; column < SIGNUP_INPUT_ONLY; column++) {
        const struct admit_value *value = &admission->values[column];
        if (value->type == ADMIT_NULL || column == SIGNUP_attempted_at ||
            column == SIGNUP_consents || column == SIGNUP_outcome ||
            column == SIGNUP_failure_reason)
            continue;
        snprintf(parameter, sizeof parameter, ":%s",
                 signup_column_name((enum signup_column)column));
        int number = ledger_parameter(admit, parameter);
        if (value->type == ADMIT_TEXT)
            ledger_set_text_at(admit, number, value->text);
        else if (value->type == ADMIT_INTEGER)
            ledger_set_integer_at(admit, number, value->integer);
        else
            ledger_set_real_at(admit, number, value->real);
    }
}

struct ids {
    int64_t attempt, code, report;
};

static struct ids next_ids(struct ledger *ledger)
{
    struct ids ids = {0, 0, 0};
    struct ledger_statement *next = ledger_use(ledger, STATEMENT_next_ids);
    if (ledger_row(next)) {
        ids =
            (struct ids){ledger_integer(next, 0), ledger_integer(next, 1), ledger_integer(next, 2)};
        ledger_done(next);
    }
    return ids;
}

/* What chance gives to a write, drawn before it and bound to it. */
struct chance {
    unsigned char email_nonce[CODE_NONCE_SIZE], sms_nonce[CODE_NONCE_SIZE];
    char prefix[CODE_PREFIX_SIZE];
    unsigned char sealed[KEY_SEALED_SIZE];
};

static void set_codes(struct ledger_statement *admit, const struct admission *admission,
                      struct chance *chance)
{
    const struct settings *settings = admission->settings;
    struct way way = way_of(admission);
    int64_t seconds =
        way.code == CODE_PIN ? settings->pin_valid_seconds : settings->token_lifetime_seconds;
    ledger_set_text(admit, ":confirm", way.confirm);
    ledger_set_integer(admit, ":pending_ms", settings->pending_lifetime_seconds * 1000);
    ledger_set_text(admit, ":code_kind", way.code == CODE_PIN ? "pin" : "token");
    ledger_set_integer(admit, ":code_digits", settings->pin_length);
    ledger_set_integer(admit, ":code_sandbox", settings->sandbox);
    ledger_set_integer(admit, ":resend_pause_ms", settings->resend_pause_seconds * 1000);
    ledger_set_integer(admit, ":codes_per_day", settings->max_codes_per_day);
    if (strcmp(way.confirm, "never") == 0)
        return;
    code_prefix(way.code == CODE_PIN ? (size_t)settings->pin_prefix_length : 0, chance->prefix);
    ledger_set_text(admit, ":code_prefix", given(chance->prefix));
    if (settings->channel_email && admission->email_folded[0] != '\0') {
        randombytes_buf(chance->email_nonce, CODE_NONCE_SIZE);
        ledger_set_blob(admit, ":email_nonce", chance->email_nonce, CODE_NONCE_SIZE);
        ledger_set_integer(admit, ":email_code_ms", seconds * 1000);
    }
    if (settings->channel_sms && admission->phone[0] != '\0') {
        randombytes_buf(chance->sms_nonce, CODE_NONCE_SIZE);
        ledger_set_blob(admit, ":sms_nonce", chance->sms_nonce, CODE_NONCE_SIZE);
        ledger_set_integer(admit, ":sms_code_ms",
                           (seconds < SMS_LONGEST_SECONDS ? seconds : SMS_LONGEST_SECONDS) * 1000);
    }
}

static void set_sealed(struct door *door, struct ledger_statement *admit,
                       const struct admission *admission, int64_t id, struct chance *chance)
{
    unsigned char nonce[24];
    const struct key *key = admission->has_fingerprint ? door_key(door) : NULL;
    const unsigned char *uuid = ledger_uuid(door->ledger);
    if (key == NULL || uuid == NULL)
        return;
    randombytes_buf(nonce, sizeof nonce);
    key_seal(key, uuid, id, nonce, admission->fingerprint, chance->sealed);
    ledger_set_blob(admit, ":sealed", chance->sealed, KEY_SEALED_SIZE);
}

static struct admit_verdict read_verdict(struct ledger *ledger, int64_t id)
{
    struct admit_verdict verdict = {ADMIT_CONTINUED, id};
    struct ledger_statement *outcome = ledger_use(ledger, STATEMENT_admitted_outcome);
    ledger_set_integer(outcome, ":id", id);
    if (ledger_row(outcome)) {
        const char *text = ledger_text(outcome, 0);
        verdict.outcome = text[0] == 's'   ? ADMIT_SUCCESS
                          : text[0] == 'p' ? ADMIT_PENDING
                                           : ADMIT_FAILURE;
        ledger_done(outcome);
    }
    return verdict;
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

/* The first identifier that the second request names. */
static const char *subject_of(const struct admission *admission)
{
    const struct signup *signup = admission->signup;
    if (signup->text[SIGNUP_email] != NULL)
        return signup->text[SIGNUP_email];
    if (admission->phone[0] != '\0')
        return admission->phone;
    return signup->text[SIGNUP_username] != NULL ? signup->text[SIGNUP_username] : "";
}

/* The second request of a two-step sign-up (partner API, steps 2 and 2.1): goes on with the attempt
 * that the first one made, and brings the password where the sign-up had none (INVAS). */
static struct admit_verdict confirm_first_request(struct door *door,
                                                  const struct admission *admission, int64_t id)
{
    const struct signup *signup = admission->signup;
    const struct admit_value *partner = &admission->values[SIGNUP_partner_id];
    char partner_id[24];
    struct verify_request request = {
        .subject = subject_of(admission),
        .code = signup->text[SIGNUP_email_confirm_code],
        .device_id = signup->text[SIGNUP_device_id],
        .entered_at =
            admission->attempted_at < admission->now ? admission->attempted_at : admission->now,
        .now = admission->now,
        .continuation_id = id,
        .attempted_at = admission->attempted_at,
        .import_id = signup->import_id,
        .line = signup->line,
        .password_hash = admission->settings->password_at == SETTINGS_AT_CONFIRM
                             ? given(admission->stored)
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
    verify_code(door, &request);
    return (struct admit_verdict){ADMIT_CONTINUED, id};
}

struct admit_verdict admit_write(struct door *door, struct admission *admission)
{
    const struct signup *signup = admission->signup;
    struct ids ids = next_ids(door->ledger);
    if (signup->text[SIGNUP_email_confirm_code] != NULL)
        return confirm_first_request(door, admission, ids.attempt);

    char before[REASONS_TEXT], after[REASONS_TEXT];
    struct chance chance;
    struct ledger_statement *admit = ledger_use(door->ledger, STATEMENT_admit);
    if (admission->told == NULL) {
        reasons_before_taken(&admission->reasons, before);
        reasons_after_taken(&admission->reasons, after);
    } else {
        snprintf(before, sizeof before, "%s", admission->told_list);
        after[0] = '\0';
    }
    ledger_set_integer(admit, ":id", ids.attempt);
    ledger_set_integer(admit, ":code_id", ids.code);
    ledger_set_integer(admit, ":report_id", ids.report);
    ledger_set_integer(admit, ":recorded_at", admission->now);
    ledger_set_integer(admit, ":attempted_at", admission->attempted_at);
    ledger_set_integer(admit, ":setting_id", admission->settings->id);
    if (signup->import_id != 0) {
        ledger_set_integer(admit, ":import_id", signup->import_id);
        ledger_set_integer(admit, ":line", signup->line);
    }
    ledger_set_text(admit, ":told", admission->told);
    ledger_set_text(admit, ":told_reason", admission->told_reason);
    ledger_set_text(admit, ":consents", admission->consents);
    ledger_set_integer(admit, ":has_password",
                       admission->password != ADMIT_NO_PASSWORD || admission->has_fingerprint);
    ledger_set_text(admit, ":password_hash", given(admission->stored));
    ledger_set_text(admit, ":reasons_before", before);
    ledger_set_text(admit, ":reasons_after", after);
    ledger_set_integer(admit, ":unique_email", admission->settings->unique_email);
    ledger_set_integer(admit, ":unique_phone", admission->settings->unique_phone);
    ledger_set_text(admit, ":reportable", admission->settings->reportable_reasons);
    set_values(admit, admission);
    set_subjects(door, admit, admission);
    set_codes(admit, admission, &chance);
    set_sealed(door, admit, admission, ids.attempt, &chance);
    ledger_run(admit);
    sodium_memzero(&chance, sizeof chance);
    return read_verdict(door->ledger, ids.attempt);
}
