#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Cleeng's document, played: metadata for the customer, the publisher's consents, registration, and consents updated afterwards.

load systems

setup() {
    system_setup cleeng
    /usr/bin/python3 "$BATS_TEST_DIRNAME/country_database.py" countries.mmdb 192.0.2.0/24=ID 203.0.113.0/25=CH
}

@test "through CSV: metadata given, validated, completed by the country; consents required, named and versioned" {
    settings "{\"countryDatabase\":\"$PWD/countries.mmdb\"}"
    run job -v import "$ROOT/samples/cleeng.csv"
    [ "$status" = 0 ]
    [ "$(sums)" = "7|3|0|4|0|0" ]
    run ledger_reg "SELECT email, country, currency, locale, outcome, reasons FROM reg_attempts ORDER BY line"
    [ "${lines[0]}" = 'ann@example.com|NL|EUR|nl-NL|success|[]' ]
    [ "${lines[1]}" = 'bob@example.com|ID|IDR|id-ID|success|[]' ]
    [ "${lines[2]}" = 'cat@example.com|DE|EUR|de-DE|success|[]' ]
    [ "${lines[3]}" = 'dan@example.com|FR|EUR|fr-FR|failure|["consent_required"]' ]
    [ "${lines[4]}" = 'eve@example.com|FR|EUR|fr-FR|failure|["consent_version_unknown"]' ]
    [ "${lines[5]}" = 'fay@example.com||||failure|["country_invalid","currency_invalid","locale_invalid"]' ]
    [ "${lines[6]}" = 'gil@example.com||||failure|["country_missing","currency_missing","locale_missing"]' ]
    run ledger_reg "SELECT consents, captcha FROM reg_attempts WHERE line = 2"
    [ "$output" = '{"terms":{"state":"accepted","version":"1"},"marketing":{"state":"declined","version":"1"}}|passed' ]
}

@test "through SQL: the same verdicts" {
    settings "{\"countryDatabase\":\"$PWD/countries.mmdb\"}"
    ledger_reg "INSERT INTO reg_attempts(email, password, country, currency, locale, consents)
                VALUES ('ann@example.com', 'secret12', 'NLD', 'eur', 'nl_NL', '{\"terms\":{\"state\":\"accepted\",\"version\":\"1\"}}');
                INSERT INTO reg_attempts(email, password, ip_address, consents)
                VALUES ('bob@example.com', 'secret12', '192.0.2.7', '[{\"name\":\"terms\",\"state\":\"accepted\",\"version\":\"1\"}]');
                INSERT INTO reg_attempts(email, password, ip_address) VALUES ('cat@example.com', 'secret12', '203.0.113.7')"
    run ledger_reg "SELECT country, currency, locale, outcome, reasons FROM reg_attempts ORDER BY id"
    [ "${lines[0]}" = 'NL|EUR|nl-NL|success|[]' ]
    [ "${lines[1]}" = 'ID|IDR|id-ID|success|[]' ]
    [ "${lines[2]}" = 'CH|CHF|de-CH|failure|["consent_required"]' ]
}

@test "what is sent goes before what is derived; an unknown or private address derives nothing" {
    settings "{\"countryDatabase\":\"$PWD/countries.mmdb\",\"requiredConsents\":[],\"requiredFields\":[\"email\"]}"
    ledger_reg "INSERT INTO reg_attempts(email, password, ip_address, country) VALUES ('a@example.com', 'secret12', '192.0.2.7', 'FR');
                INSERT INTO reg_attempts(email, password, ip_address, currency) VALUES ('b@example.com', 'secret12', '192.0.2.7', 'USD');
                INSERT INTO reg_attempts(email, password, ip_address) VALUES ('c@example.com', 'secret12', '203.0.113.200');
                INSERT INTO reg_attempts(email, password, ip_address) VALUES ('d@example.com', 'secret12', '::1');
                INSERT INTO reg_attempts(email, password, ip_address) VALUES ('e@example.com', 'secret12', '192.0.2');
                INSERT INTO reg_attempts(email, password, ip_address) VALUES ('f@example.com', 'secret12', '203.0.113.127')"
    [ "$(ledger_reg "SELECT notes FROM reg_attempts WHERE email = 'e@example.com'")" = '[{"column":"ip_address","done":"left_out","rule":"address"}]' ]
    run ledger_reg "SELECT country, currency, locale, outcome, failure_reason FROM reg_attempts ORDER BY id"
    [ "${lines[0]}" = "FR|EUR|fr-FR|success|" ]
    [ "${lines[1]}" = "ID|USD|id-ID|success|" ]
    [ "${lines[2]}" = "|||success|" ]
    [ "${lines[3]}" = "|||success|" ]
    [ "${lines[4]}" = "|||success|" ]
    [ "${lines[5]}" = "CH|CHF|de-CH|success|" ]
}

@test "a country database that cannot be read is the operator's error, not the customer's" {
    settings '{"countryDatabase":"/nonexistent/countries.mmdb"}'
    run ledger_reg "INSERT INTO reg_attempts(email, password, ip_address, consents)
                    VALUES ('a@example.com', 'secret12', '192.0.2.7', '{\"terms\":{\"state\":\"accepted\",\"version\":\"1\"}}')"
    [ "$status" != 0 ]
    [[ "$output" == *"/nonexistent/countries.mmdb"* ]]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 0 ]
    run job import "$ROOT/samples/cleeng.csv"
    [ "$status" = 1 ]
    [[ "$output" == *"/nonexistent/countries.mmdb"* ]]
    # Mended, the import goes through.
    settings "{\"countryDatabase\":\"$PWD/countries.mmdb\"}"
    job import "$ROOT/samples/cleeng.csv"
    [ "$(sums)" = "7|3|0|4|0|0" ]
}

@test "terms must be accepted in their current version; marketing is optional, and its version counts where it is stated" {
    check() { # consents, reasons
        ledger_reg "INSERT INTO reg_attempts(email, password, country, consents) VALUES ('a@example.com', 'secret12', 'FR', $1)"
        local got
        got=$(ledger_reg "SELECT CASE outcome WHEN 'success' THEN 'success' ELSE reasons END FROM reg_attempts ORDER BY id DESC LIMIT 1")
        [ "$got" = "$2" ] || { echo "$1: $got"; return 1; }
        ledger_reg "SELECT reg_forget('a@example.com')" >/dev/null
    }
    check NULL '["consent_required"]'
    check "'{}'" '["consent_required"]'
    check "'{\"terms\":\"accepted\"}'" '["consent_version_unknown"]'
    check "'{\"terms\":{\"state\":\"declined\",\"version\":\"1\"}}'" '["consent_required"]'
    check "'{\"terms\":{\"state\":\"accepted\",\"version\":\"2\"}}'" '["consent_version_unknown"]'
    check "'{\"terms\":{\"state\":\"accepted\",\"version\":\"1\"},\"marketing\":{\"state\":\"accepted\",\"version\":\"9\"}}'" '["consent_version_unknown"]'
    check "'{\"terms\":{\"state\":\"accepted\",\"version\":\"1\"},\"marketing\":{\"state\":\"declined\",\"version\":\"1\"}}'" success
    check "'{\"terms\":{\"state\":\"accepted\",\"version\":\"1\"},\"newsletter\":\"accepted\"}'" success
    check "'accepted'" '["consents_invalid","consent_required"]'
    check "'{\"terms\":{\"state\":\"perhaps\",\"version\":\"1\"}}'" '["consents_invalid","consent_required"]'
}

@test "consents are updated after registration, by name and version, and both states are history" {
    at "2026-01-01 00:00:00" ledger_reg "INSERT INTO reg_attempts(email, password, country, consents)
        VALUES ('ann@example.com', 'secret12', 'FR', '{\"terms\":{\"state\":\"accepted\",\"version\":\"1\"}}')"
    [ "$(at "2026-01-02 00:00:00" ledger_reg "SELECT reg_set_consent('ann@example.com', 'marketing', '1', 'accepted')")" = accepted ]
    at "2026-01-03 00:00:00" ledger_reg "SELECT reg_set_consent('ann@example.com', 'marketing', '1', 'declined')"
    settings '{"consentVersions":{"terms":"2","marketing":"1"}}'
    run at "2026-01-04 00:00:00" ledger_reg "SELECT reg_set_consent('ann@example.com', 'terms', '1', 'accepted')"
    [ "$status" != 0 ]
    [[ "$output" == *"the current version of terms is 2"* ]]
    at "2026-01-04 00:00:00" ledger_reg "SELECT reg_set_consent('ann@example.com', 'terms', '2', 'accepted')"
    run ledger_reg "SELECT consents ->> '$.terms.version', consents ->> '$.marketing.state' FROM reg_attempts('2026-01-02T12:00:00Z')
          UNION ALL SELECT consents ->> '$.terms.version', consents ->> '$.marketing.state' FROM reg_attempts('2026-01-03T12:00:00Z')
          UNION ALL SELECT consents ->> '$.terms.version', consents ->> '$.marketing.state' FROM reg_attempts
          UNION ALL SELECT consents ->> '$.terms.version', consents ->> '$.marketing.state' FROM reg_attempts('2026-01-01T12:00:00Z')"
    [ "${lines[0]}" = "1|accepted" ]
    [ "${lines[1]}" = "1|declined" ]
    [ "${lines[2]}" = "2|declined" ]
    [ "${lines[3]}" = "1|" ]
    for call in "reg_set_consent('ann@example.com', 'terms', '2', 'perhaps')" "reg_set_consent('nobody@example.com', 'terms', '2', 'accepted')" \
        "reg_set_consent('ann@example.com', '', '2', 'accepted')"; do
        run ledger_reg "SELECT $call"
        [ "$status" != 0 ]
    done
}

@test "the password rules of its profile: 8 to 80 with a letter and a digit or symbol" {
    for pair in 'secret12|[]' 'secret!!|[]' 'secrets|["too_short","no_digit_or_symbol"]' '12345678|["no_letter"]' 'secretsecret|["no_digit_or_symbol"]'; do
        [ "$(ledger_reg "SELECT reg_check_policy('${pair%%|*}')")" = "${pair#*|}" ]
    done
}

@test "the locale chooses a message's language, with fallbacks from id-ID to id to en" {
    settings '{"registrationType":"REQUIRE_EMAIL_ACTIVATION","requiredConsents":[],"confirmationRedirectLink":"https://shop.example.com/confirm"}'
    ledger_reg "INSERT INTO reg_attempts(email, password, country) VALUES ('a@example.com', 'secret12', 'ID');
                INSERT INTO reg_attempts(email, password, country, locale) VALUES ('b@example.com', 'secret12', 'CH', 'fr-CH');
                INSERT INTO reg_attempts(email, password, country, locale) VALUES ('c@example.com', 'secret12', 'FI', 'fi-FI')"
    job send
    [[ "$(mailed a@example.com)" == *"Content-Language: id"* ]]
    [[ "$(mailed b@example.com)" == *"Content-Language: fr"* ]]
    [[ "$(mailed c@example.com)" == *"Content-Language: en"* ]]
    # The link carries the token, and the token alone completes the registration.
    local token
    token=$(mailed b@example.com | grep -oE 'https://shop.example.com/confirm\?token=[A-Za-z0-9_-]+' | head -1 | sed 's/.*token=//')
    [ "$(ledger_reg "SELECT reg_verify_code('$token')")" = verified ]
    [ "$(ledger_reg "SELECT outcome FROM reg_attempts WHERE id = 2")" = success ]
}
