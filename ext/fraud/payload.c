/* SPDX-License-Identifier: MIT */
#include "fraud/payload.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/document.h"
#include "ledger/cluster.h"
#include "ledger/session.h"
#include "host.h"
#include "fraud/json_text.h"
#include "values/region.h"
#include "values/text.h"

/* Columns of the statement payload_facts. */
enum fact {
    ATTEMPTED_AT,
    LOGIN,
    HAS_PASSWORD,
    PROVIDER,
    APP_NAME,
    APP_PLATFORM,
    APP_DOMAIN,
    GUEST_ACCOUNT,
    MARKETING,
    USER_TYPE,
    CUSTOMER_ID,
    EMAIL,
    EMAIL_VERIFIED_AT,
    NAME,
    FAMILY_NAME,
    GIVEN_NAME,
    PHONE,
    PHONE_VERIFIED_AT,
    PHONE_COUNTRY,
    DEVICE_ID,
    DEVICE_TYPE,
    MANUFACTURER,
    MODEL,
    OS,
    IP_ADDRESS,
    LANGUAGE,
    LATITUDE,
    LONGITUDE,
    SEALED,
    CODE_MECHANISM,
    FACTS
};
static const char *const facts_columns[FACTS + 1] = {
    [ATTEMPTED_AT] = "attempted_at",
    [LOGIN] = "login",
    [HAS_PASSWORD] = "has_password",
    [PROVIDER] = "identity_provider",
    [APP_NAME] = "app_name",
    [APP_PLATFORM] = "app_platform",
    [APP_DOMAIN] = "app_domain",
    [GUEST_ACCOUNT] = "guest_account",
    [MARKETING] = "marketing",
    [USER_TYPE] = "user_type",
    [CUSTOMER_ID] = "customer_id",
    [EMAIL] = "email",
    [EMAIL_VERIFIED_AT] = "email_verified_at",
    [NAME] = "name",
    [FAMILY_NAME] = "family_name",
    [GIVEN_NAME] = "given_name",
    [PHONE] = "phone",
    [PHONE_VERIFIED_AT] = "phone_verified_at",
    [PHONE_COUNTRY] = "phone_country",
    [DEVICE_ID] = "device_id",
    [DEVICE_TYPE] = "device_type",
    [MANUFACTURER] = "manufacturer",
    [MODEL] = "model",
    [OS] = "os",
    [IP_ADDRESS] = "ip_address",
    [LANGUAGE] = "language",
    [LATITUDE] = "latitude",
    [LONGITUDE] = "longitude",
    [SEALED] = "sealed",
    [CODE_MECHANISM] = "code_mechanism",
};

static void add_text(struct json_text *json, const char *member, struct ledger_statement *facts,
                     enum fact fact)
{
    json_text_string(json, member, ledger_text(facts, (int)fact));
}

static void add_integer(struct json_text *json, const char *member, struct ledger_statement *facts,
                        enum fact fact)
{
    if (!ledger_is_null(facts, (int)fact))
        json_text_integer(json, member, ledger_integer(facts, (int)fact));
}

/* The vendor's word for the first of our reasons that the operator's map knows. */
static void add_failure_reason(struct session *session, struct json_text *json,
                               const struct payload_request *request,
                               const struct settings *settings)
{
    struct error error;
    json_t *reasons =
        request->reasons == NULL ? NULL : document_parse(request->reasons, 0, NULL, &error);
    if (request->reasons != NULL && reasons == NULL) {
        json->failed = error.code == ERROR_NO_MEMORY;
        if (!json->failed)
            ledger_fail(session->ledger, SQLITE_CORRUPT,
                        "the ledger is damaged, or was edited: the reasons of attempt %lld are no "
                        "JSON; restore it from a backup",
                        (long long)request->attempt_id);
    }
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const char *word =
            settings_fraud_reason(settings, json_string_value(json_array_get(reasons, i)));
        if (word != NULL) {
            json_text_string(json, "failureReason", word);
            break;
        }
    }
    json_decref(reasons);
}

static void add_fingerprint(struct session *session, struct json_text *json,
                            struct ledger_statement *facts, const struct payload_request *request)
{
    unsigned char fingerprint[KEY_FINGERPRINT_SIZE];
    char hex[2 * KEY_FINGERPRINT_SIZE + 1];
    size_t length = 0;
    if (ledger_is_null(facts, SEALED))
        return;
    const unsigned char *sealed = ledger_blob(facts, SEALED, &length);
    const struct key *key = request->fingerprint == PAYLOAD_MASKED ? NULL
                            : request->fingerprint == PAYLOAD_WHERE_KEY_IS
                                ? session_key_if_any(session)
                                : session_key(session);
    const unsigned char *uuid = ledger_uuid(session->ledger);
    if (key == NULL || ledger_failed(session->ledger)) {
        if (request->fingerprint != PAYLOAD_NEEDED)
            json_text_string(json, "passwordHashed", "***");
        return;
    }
    if (uuid == NULL || !key_unseal(key, uuid, request->attempt_id, sealed, length, fingerprint)) {
        ledger_fail(
            session->ledger, SQLITE_AUTH,
            "the fingerprint of attempt %lld does not open with this key: is it the ledger's own?",
            (long long)request->attempt_id);
        return;
    }
    sodium_bin2hex(hex, sizeof hex, fingerprint, sizeof fingerprint);
    json_text_string(json, "passwordHashed", hex);
    sodium_memzero(hex, sizeof hex);
    sodium_memzero(fingerprint, sizeof fingerprint);
}

static void add_verdict(struct session *session, struct json_text *json,
                        const struct payload_request *request, const struct settings *settings)
{
    json_text_boolean(json, "success", request->success);
    if (!request->success)
        add_failure_reason(session, json, request, settings);
    json_text_close(json);
}

static void add_mechanism(struct session *session, struct json_text *json,
                          struct ledger_statement *facts, const struct payload_request *request,
                          const struct settings *settings)
{
    const char *provider = ledger_text(facts, PROVIDER), *code = ledger_text(facts, CODE_MECHANISM);
    json_text_open(json, "registrationMechanism");
    if (provider != NULL &&
        strcmp(provider, "oauth") != 0) { /* the vendor has no word for plain OAuth */
        json_text_open(json, "social");
        json_text_string(json, "socialProvider", provider);
        add_verdict(session, json, request, settings);
    } else if (provider == NULL && ledger_integer(facts, HAS_PASSWORD) != 0) {
        json_text_open(json, "password");
        add_fingerprint(session, json, facts, request);
        add_verdict(session, json, request, settings);
    } else if (provider == NULL && code != NULL) { /* who has no password came in by a code alone */
        json_text_open(json, code);
        if (strcmp(code, "smsCode") == 0)
            add_text(json, "phoneNumber", facts, PHONE);
        else
            json_text_string(json, "transport", "email");
        add_verdict(session, json, request, settings);
    }
    json_text_close(json);
}

static void add_registration(struct session *session, struct json_text *json,
                             struct ledger_statement *facts, const struct payload_request *request,
                             const struct settings *settings)
{
    const char *marketing = ledger_text(facts, MARKETING);
    json_text_open(json, "registration");
    add_text(json, "username", facts, LOGIN);
    json_text_boolean(json, "success", request->success);
    add_mechanism(session, json, facts, request, settings);
    json_text_open(json, "app");
    add_text(json, "name", facts, APP_NAME);
    add_text(json, "platform", facts, APP_PLATFORM);
    add_text(json, "domain", facts, APP_DOMAIN);
    json_text_close(json);
    if (!ledger_is_null(facts, GUEST_ACCOUNT))
        json_text_boolean(json, "guestAccount", ledger_integer(facts, GUEST_ACCOUNT) != 0);
    if (marketing != NULL)
        json_text_boolean(json, "marketingEmailsEnabled", strcmp(marketing, "accepted") == 0);
    json_text_close(json);
}

/* The person, as customer or as supplier: they differ in the name of the identifier (docs). */
static void add_person(struct json_text *json, struct ledger_statement *facts,
                       const struct settings *settings)
{
    const char *country = ledger_text(facts, PHONE_COUNTRY);
    bool supplier = settings_is_supplier(settings, ledger_text(facts, USER_TYPE));
    char alpha3[4];
    json_text_open(json, supplier ? "supplier" : "customer");
    if (settings->send_customer_id && !ledger_is_null(facts, CUSTOMER_ID)) {
        char id[32];
        snprintf(id, sizeof id, "%lld", (long long)ledger_integer(facts, CUSTOMER_ID));
        json_text_string(json, supplier ? "supplierId" : "customerId", id);
    }
    add_text(json, "email", facts, EMAIL);
    add_integer(json, "emailVerifiedTime", facts, EMAIL_VERIFIED_AT);
    add_text(json, "name", facts, NAME);
    add_text(json, "familyName", facts, FAMILY_NAME);
    add_text(json, "givenName", facts, GIVEN_NAME);
    add_text(json, "telephone", facts, PHONE);
    add_integer(json, "telephoneVerifiedTime", facts, PHONE_VERIFIED_AT);
    if (country != NULL && region_country_alpha3(country, alpha3))
        json_text_string(json, "telephoneCountry", alpha3);
    json_text_close(json);
}

static void add_device(struct json_text *json, struct ledger_statement *facts)
{
    json_text_open(json, "device");
    add_text(json, "deviceId", facts, DEVICE_ID);
    add_text(json, "type", facts, DEVICE_TYPE);
    add_text(json, "manufacturer", facts, MANUFACTURER);
    add_text(json, "model", facts, MODEL);
    add_text(json, "os", facts, OS);
    add_text(json, "ipAddress", facts, IP_ADDRESS);
    add_text(json, "language", facts, LANGUAGE);
    if (ledger_is_real(facts, LATITUDE) && ledger_is_real(facts, LONGITUDE)) {
        json_text_open(json, "location");
        json_text_real(json, "latitude", ledger_real(facts, LATITUDE));
        json_text_real(json, "longitude", ledger_real(facts, LONGITUDE));
        json_text_close(json);
    }
    json_text_close(json);
}

static struct ledger_statement *use_facts(struct session *session,
                                          const struct payload_request *request)
{
    struct ledger_statement *facts =
        ledger_select(session->ledger, STATEMENT_payload_facts, facts_columns);
    ledger_set_integer(facts, ":attempt_id", request->attempt_id);
    ledger_set_integer(facts, ":as_of", request->as_of != 0 ? request->as_of : INT64_MAX);
    if (request->customer_id != 0)
        ledger_set_integer(facts, ":customer_id", request->customer_id);
    return facts;
}

void payload_foresee(struct session *session, const struct payload_request *request)
{
    ledger_foresee(use_facts(session, request));
}

char *payload_build(struct session *session, const struct payload_request *request)
{
    struct json_text json;
    const struct settings *settings = session_settings(session);
    struct ledger_statement *facts = use_facts(session, request);
    if (settings == NULL || !ledger_row(facts)) {
        ledger_fail(session->ledger, SQLITE_CORRUPT,
                    "the ledger is damaged, or was edited: there is no attempt %lld, which is to "
                    "be told; restore it from a backup",
                    (long long)request->attempt_id);
        return NULL;
    }
    json_text_begin(&json);
    json_text_integer(&json, "timestamp", ledger_integer(facts, ATTEMPTED_AT));
    add_registration(session, &json, facts, request, settings);
    add_person(&json, facts, settings);
    add_device(&json, facts);
    char *text = json_text_end(&json);
    if (text == NULL)
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
    ledger_done(facts);
    if (!ledger_failed(session->ledger))
        return text;
    payload_free(text);
    return NULL;
}

void payload_free(char *payload)
{
    if (payload == NULL)
        return;
    sodium_memzero(payload, strlen(payload));
    free(payload);
}

char *payload_preview(struct session *session, int64_t attempt_id)
{
    struct payload_request request = {.attempt_id = attempt_id,
                                      .fingerprint = PAYLOAD_WHERE_KEY_IS};
    char *payload = NULL;
    enum { OUTCOME, REASONS, CUSTOMER };
    static const char *const columns[] = {"outcome", "reasons", "customer_id", NULL};
    struct ledger_statement *outcome =
        ledger_select(session->ledger, STATEMENT_outcome_now, columns);
    ledger_set_integer(outcome, ":attempt_id", attempt_id);
    ledger_set_integer(outcome, ":now", ledger_now(session->ledger));
    if (ledger_row(outcome)) {
        request.success = strcmp(ledger_word(outcome, OUTCOME), "success") == 0;
        request.reasons = ledger_text(outcome, REASONS);
        request.customer_id = ledger_integer(outcome, CUSTOMER);
        payload = payload_build(session, &request);
        ledger_done(outcome);
    }
    return payload;
}
