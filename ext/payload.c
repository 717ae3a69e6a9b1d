#include "payload.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "door.h"
#include "host.h"
#include "region.h"

/* Columns of the statement payload_facts. */
enum fact {
    ATTEMPTED_AT,
    USERNAME,
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
    CODE_MECHANISM
};

/* What a payload is made from. */
struct making {
    struct door *door;
    struct ledger_statement *facts;
    const struct payload_request *request;
    const struct settings *settings;
};

/* Takes the value over. What could not be added must not be missing in silence. */
static void set(const struct making *making, json_t *object, const char *member, json_t *value)
{
    if (json_object_set_new(object, member, value) != 0)
        ledger_fail(making->door->ledger, SQLITE_NOMEM, "out of memory");
}

static void add_text(const struct making *making, json_t *object, const char *member,
                     enum fact fact)
{
    const char *text = ledger_text(making->facts, (int)fact);
    if (text != NULL)
        set(making, object, member, json_string(text));
}

static void add_integer(const struct making *making, json_t *object, const char *member,
                        enum fact fact)
{
    if (!ledger_is_null(making->facts, (int)fact))
        set(making, object, member, json_integer(ledger_integer(making->facts, (int)fact)));
}

/* An object that says nothing is not sent. */
static void add_object(const struct making *making, json_t *parent, const char *member,
                       json_t *object)
{
    if (object == NULL || json_object_size(object) > 0)
        set(making, parent, member, object);
    else
        json_decref(object);
}

/* The vendor's word for the first of our reasons that the operator's map knows. */
static void add_failure_reason(const struct making *making, json_t *mechanism)
{
    const char *text = making->request->reasons;
    json_error_t trouble;
    json_t *reasons = text == NULL ? NULL : document_parse(text, 0, &trouble);
    if (text != NULL && reasons == NULL) /* we wrote it, so it can be read */
        ledger_fail(making->door->ledger, SQLITE_NOMEM, "out of memory");
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const char *word =
            settings_fraud_reason(making->settings, json_string_value(json_array_get(reasons, i)));
        if (word != NULL) {
            set(making, mechanism, "failureReason", json_string(word));
            break;
        }
    }
    json_decref(reasons);
}

static void add_fingerprint(const struct making *making, json_t *password)
{
    struct door *door = making->door;
    struct ledger_statement *facts = making->facts;
    const struct payload_request *request = making->request;
    unsigned char fingerprint[KEY_FINGERPRINT_SIZE];
    char hex[2 * KEY_FINGERPRINT_SIZE + 1];
    size_t length = 0;
    if (ledger_is_null(facts, SEALED))
        return;
    const unsigned char *sealed = ledger_blob(facts, SEALED, &length);
    const struct key *key = request->fingerprint == PAYLOAD_MASKED         ? NULL
                            : request->fingerprint == PAYLOAD_WHERE_KEY_IS ? door_key_if_any(door)
                                                                           : door_key(door);
    const unsigned char *uuid = ledger_uuid(door->ledger);
    if (key == NULL || ledger_failed(door->ledger)) {
        if (request->fingerprint != PAYLOAD_NEEDED)
            set(making, password, "passwordHashed", json_string("***"));
        return;
    }
    if (uuid == NULL || !key_unseal(key, uuid, request->attempt_id, sealed, length, fingerprint)) {
        ledger_fail(
            door->ledger, SQLITE_AUTH,
            "the fingerprint of attempt %lld does not open with this key: is it the ledger's own?",
            (long long)request->attempt_id);
        return;
    }
    sodium_bin2hex(hex, sizeof hex, fingerprint, sizeof fingerprint);
    set(making, password, "passwordHashed", json_string(hex));
    sodium_memzero(hex, sizeof hex);
    sodium_memzero(fingerprint, sizeof fingerprint);
}

static json_t *mechanism(const struct making *making)
{
    struct ledger_statement *facts = making->facts;
    const struct payload_request *request = making->request;
    json_t *mechanisms = json_object();
    const char *provider = ledger_text(facts, PROVIDER), *code = ledger_text(facts, CODE_MECHANISM);
    json_t *one = json_object();
    if (provider != NULL &&
        strcmp(provider, "oauth") != 0) { /* the vendor has no word for plain OAuth */
        set(making, one, "socialProvider", json_string(provider));
        set(making, mechanisms, "social", one);
    } else if (provider == NULL && ledger_integer(facts, HAS_PASSWORD) != 0) {
        add_fingerprint(making, one);
        set(making, mechanisms, "password", one);
    } else if (provider == NULL && code != NULL) { /* who has no password came in by a code alone */
        if (strcmp(code, "smsCode") == 0)
            add_text(making, one, "phoneNumber", PHONE);
        else
            set(making, one, "transport", json_string("email"));
        set(making, mechanisms, code, one);
    } else {
        json_decref(one);
        return mechanisms;
    }
    set(making, one, "success", json_boolean(request->success));
    if (!request->success)
        add_failure_reason(making, one);
    return mechanisms;
}

static json_t *registration(const struct making *making)
{
    struct ledger_statement *facts = making->facts;
    json_t *object = json_object(), *app = json_object();
    const char *marketing = ledger_text(facts, MARKETING);
    add_text(making, object, "username", USERNAME);
    set(making, object, "success", json_boolean(making->request->success));
    add_object(making, object, "registrationMechanism", mechanism(making));
    add_text(making, app, "name", APP_NAME);
    add_text(making, app, "platform", APP_PLATFORM);
    add_text(making, app, "domain", APP_DOMAIN);
    add_object(making, object, "app", app);
    if (!ledger_is_null(facts, GUEST_ACCOUNT))
        set(making, object, "guestAccount",
            json_boolean(ledger_integer(facts, GUEST_ACCOUNT) != 0));
    if (marketing != NULL)
        set(making, object, "marketingEmailsEnabled",
            json_boolean(strcmp(marketing, "accepted") == 0));
    return object;
}

/* The person, as customer or as supplier: they differ in the name of the identifier (docs). */
static json_t *person(const struct making *making, const char *id_member)
{
    struct ledger_statement *facts = making->facts;
    json_t *object = json_object();
    const char *country = ledger_text(facts, PHONE_COUNTRY);
    char alpha3[4];
    if (making->settings->send_customer_id && !ledger_is_null(facts, CUSTOMER_ID)) {
        char id[32];
        snprintf(id, sizeof id, "%lld", (long long)ledger_integer(facts, CUSTOMER_ID));
        set(making, object, id_member, json_string(id));
    }
    add_text(making, object, "email", EMAIL);
    add_integer(making, object, "emailVerifiedTime", EMAIL_VERIFIED_AT);
    add_text(making, object, "name", NAME);
    add_text(making, object, "familyName", FAMILY_NAME);
    add_text(making, object, "givenName", GIVEN_NAME);
    add_text(making, object, "telephone", PHONE);
    add_integer(making, object, "telephoneVerifiedTime", PHONE_VERIFIED_AT);
    if (country != NULL && region_country_alpha3(country, alpha3))
        set(making, object, "telephoneCountry", json_string(alpha3));
    return object;
}

static json_t *device(const struct making *making)
{
    struct ledger_statement *facts = making->facts;
    json_t *object = json_object();
    add_text(making, object, "deviceId", DEVICE_ID);
    add_text(making, object, "type", DEVICE_TYPE);
    add_text(making, object, "manufacturer", MANUFACTURER);
    add_text(making, object, "model", MODEL);
    add_text(making, object, "os", OS);
    add_text(making, object, "ipAddress", IP_ADDRESS);
    add_text(making, object, "language", LANGUAGE);
    if (ledger_is_real(facts, LATITUDE) && ledger_is_real(facts, LONGITUDE)) {
        json_t *location = json_object();
        set(making, location, "latitude", json_real(ledger_real(facts, LATITUDE)));
        set(making, location, "longitude", json_real(ledger_real(facts, LONGITUDE)));
        set(making, object, "location", location);
    }
    return object;
}

char *payload_build(struct door *door, const struct payload_request *request)
{
    char *text = NULL;
    const struct settings *settings = door_settings(door);
    struct ledger_statement *facts = ledger_use(door->ledger, STATEMENT_payload_facts);
    ledger_set_integer(facts, ":attempt_id", request->attempt_id);
    ledger_set_integer(facts, ":as_of", request->as_of != 0 ? request->as_of : INT64_MAX);
    if (request->customer_id != 0)
        ledger_set_integer(facts, ":customer_id", request->customer_id);
    if (settings == NULL || !ledger_row(facts))
        return NULL;
    struct making making = {.door = door, .facts = facts, .request = request, .settings = settings};
    json_t *payload = json_object();
    set(&making, payload, "timestamp", json_integer(ledger_integer(facts, ATTEMPTED_AT)));
    set(&making, payload, "registration", registration(&making));
    bool supplier = settings_is_supplier(settings, ledger_text(facts, USER_TYPE));
    add_object(&making, payload, supplier ? "supplier" : "customer",
               person(&making, supplier ? "supplierId" : "customerId"));
    add_object(&making, payload, "device", device(&making));
    if (!ledger_failed(door->ledger)) {
        text = document_text(payload, JSON_COMPACT | JSON_REAL_PRECISION(15));
        if (text == NULL)
            ledger_fail(door->ledger, SQLITE_NOMEM, "out of memory");
    }
    json_decref(payload);
    ledger_done(facts);
    return text;
}

void payload_free(char *payload)
{
    if (payload == NULL)
        return;
    sodium_memzero(payload, strlen(payload));
    free(payload);
}

char *payload_preview(struct door *door, int64_t attempt_id, int64_t now)
{
    struct payload_request request = {.attempt_id = attempt_id,
                                      .fingerprint = PAYLOAD_WHERE_KEY_IS};
    char *payload = NULL;
    struct ledger_statement *outcome = ledger_use(door->ledger, STATEMENT_outcome_now);
    ledger_set_integer(outcome, ":attempt_id", attempt_id);
    ledger_set_integer(outcome, ":now", now);
    if (ledger_row(outcome)) {
        request.success = strcmp(ledger_text(outcome, 0), "success") == 0;
        request.reasons = ledger_text(outcome, 1);
        request.customer_id = ledger_integer(outcome, 2);
        payload = payload_build(door, &request);
        ledger_done(outcome);
    }
    return payload;
}
