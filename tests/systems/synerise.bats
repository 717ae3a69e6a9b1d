#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Synerise's document, played: the settings object, the four ways to confirm, PINs and their devices, tokens, and third-party sign-ups.

load systems

DEVICE=5966145e-412d-44db-b826-7d53e6cfd300
UUID=07243772-008a-42e1-ba37-c3807cebde8f

setup() {
    system_setup synerise
}

basic() { # EMAIL [DEVICE]
    ledger_reg "INSERT INTO reg_attempts(email, password, uuid, device_id)
                VALUES ('$1', 'Strong-passw0rd', NULL, $([ -z "${2:-}" ] && echo NULL || echo "'$2'"))"
}

outcome() { # ID
    ledger_reg "SELECT outcome || coalesce(':' || failure_reason, '') || CASE WHEN email_confirmed_at IS NULL THEN '' ELSE ' confirmed' END
                  FROM reg_attempts WHERE id = $1"
}

@test "the document's settings object is taken as it is; what is not sent returns to its default" {
    run ledger_reg "SELECT json_remove(reg_settings('{\"registrationType\":\"REQUIRE_PIN_CONFIRMATION\",\"tokenLifetimeInSeconds\":3600,
        \"confirmationRedirectLink\":null,\"voucherPoolUuid\":null,\"allowOverwriteCustomIdentify\":false,\"allowEmailChangeFromWebForm\":false,
        \"pinConfirmationType\":\"ON_CONFLICT_WITH_EXTERNAL_ACCOUNT\",\"pinConfirmationLength\":6,\"pinConfirmationValidInSeconds\":300,
        \"allowPinResendFromDifferentDeviceId\":false}'), '$.warnings') ->> '$.registrationType'"
    [ "$output" = REQUIRE_PIN_CONFIRMATION ]
    settings '{"pinConfirmationLength":8,"voucherPoolUuid":"b3f56868-9667-4843-a8e5-0509456baa9b","allowOverwriteCustomIdentify":true}'
    run ledger_reg "SELECT reg_settings() ->> '$.pinConfirmationLength', reg_settings() ->> '$.registrationType', reg_settings() ->> '$.voucherPoolUuid'"
    [ "$output" = "8|REQUIRE_PIN_CONFIRMATION|b3f56868-9667-4843-a8e5-0509456baa9b" ]
    run ledger_reg "SELECT reg_settings('{\"pinConfirmationLength\":7}') ->> '$.registrationType';
                    SELECT reg_settings() ->> '$.pinConfirmationLength', reg_settings() ->> '$.voucherPoolUuid', reg_settings() ->> '$.allowOverwriteCustomIdentify'"
    [ "$output" = $'AUTOMATIC\n7||0' ]
    # Get, copy, change, send: what is shown can be sent back, warnings and all.
    run ledger_reg "SELECT reg_settings('{\"pinConfirmationLength\":4}') ->> '$.warnings[0]';
                    SELECT reg_settings(reg_settings()) = reg_settings()"
    [[ "${lines[0]}" == pinConfirmationLength:* ]]
    [ "${lines[1]}" = 1 ]
    # A bad value or an unknown member changes nothing, and the message names it and what it allows.
    for pair in '{"pinConfirmationLength":9}|pinConfirmationLength: expected a whole number from 4 to 8' \
        '{"registrationType":"MANUAL"}|registrationType: expected one of AUTOMATIC' \
        '{"pinConfirmationType":"NOBODY"}|pinConfirmationType: expected one of ON_CONFLICT_WITH_EXTERNAL_ACCOUNT' \
        '{"allowPinResendFromDifferentDeviceId":"no"}|allowPinResendFromDifferentDeviceId: expected true or false' \
        '{"confirmationRedirectLink":"shop.example.com"}|confirmationRedirectLink: expected a link' \
        '{"pinLength":6}|pinLength: there is no such setting'; do
        run ledger_reg "SELECT reg_settings('${pair%%|*}')"
        [ "$status" != 0 ]
        [[ "$output" == *"${pair#*|}"* ]]
        [ "$(ledger_reg "SELECT reg_settings() ->> '$.pinConfirmationLength'")" = 4 ]
    done
    # Every change is history, and an attempt knows which one judged it.
    basic a@example.com
    settings '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}'
    basic b@example.com
    run ledger "SELECT s.json ->> '$.registrationType' FROM attempt a JOIN setting s ON s.id = a.setting_id ORDER BY a.id"
    [ "$output" = $'AUTOMATIC\nREQUIRE_EMAIL_ACTIVATION' ]
}

@test "through CSV: a plain sign-up, a Facebook one, the PIN on conflict with it, and log-ins" {
    run job -v import "$ROOT/samples/synerise.csv"
    [ "$status" = 0 ]
    [ "$(sums)" = "8|4|1|1|2|0" ]
    run ledger_reg "SELECT line, email, identity_provider, outcome, failure_reason, customer_id FROM reg_attempts ORDER BY line"
    [ "${lines[0]}" = "2|sampleclient@synerise.com||success||1" ]
    [ "${lines[1]}" = "3|john.doe@synerise.com|facebook|success||2" ]
    [ "${lines[2]}" = "4|john.doe@synerise.com||pending||" ]
    [ "${lines[3]}" = "5|jane.doe@synerise.com|google|success||4" ]
    [ "${lines[4]}" = "8|max@synerise.com|oauth|success||7" ]
    [ "${lines[5]}" = "9|max@synerise.com||failure|identity_provider_unknown|" ]
    # The same Google identity again is a log-in; Apple with Jane's verified address is linked to her and one as well.
    run ledger "SELECT line, kind, attempt_id, verdict FROM continuation ORDER BY line"
    [ "$output" = $'6|login|4|known\n7|login|4|linked' ]
    job send
    local pin
    pin=$(code_in "$(mailed john.doe@synerise.com)")
    [[ "$pin" =~ ^[0-9]{6}$ ]]
    # The PIN from the device that asked, in a file: no second customer, but the password is John's from now on.
    printf 'subject,code,device_id\njohn.doe@synerise.com,%s,%s\n' "$pin" "$DEVICE" >confirm.csv
    job confirm confirm.csv
    run ledger_reg "SELECT outcome, customer_id, email_confirmed_at IS NOT NULL FROM reg_attempts WHERE line = 4"
    [ "$output" = "success|2|1" ]
    [ "$(ledger "SELECT count(DISTINCT customer_id) FROM (SELECT customer_id FROM attempt UNION SELECT customer_id FROM decision) WHERE customer_id IS NOT NULL")" = 4 ]
    [ "$(ledger_reg "SELECT reg_verify_password('Strong-passw0rd', password_hash) FROM person WHERE attempt_id = 2")" = 1 ]
    # Now that he has a password the address is simply taken.
    basic john.doe@synerise.com
    [ "$(outcome "(SELECT max(id) FROM reg_attempts)")" = failure:email_taken ]
}

@test "AUTOMATIC: usable at once, e-mail not confirmed" {
    settings '{"registrationType":"AUTOMATIC"}'
    basic a@example.com
    [ "$(outcome 1)" = success ]
    [ "$(ledger "SELECT count(*) FROM code")" = 0 ]
}

@test "e-mail confirmation required: usable at once, confirmed by the token in the link" {
    settings '{"registrationType":"REQUIRE_EMAIL_CONFIRMATION","confirmationRedirectLink":"https://shop.example.com/done?lang=en#top"}'
    basic a@example.com $DEVICE
    [ "$(outcome 1)" = success ]
    [ "$(ledger_reg "SELECT reg_email_exists('a@example.com')")" = 1 ]
    job send
    local token
    token=$(mailed a@example.com | grep -oE 'https://shop.example.com/done\?lang=en&token=[A-Za-z0-9_-]+#top' | head -1 | sed -E 's/.*token=(.*)#top/\1/')
    [ "${#token}" = 64 ]
    # A link is opened wherever the mail is read: the token asks for no device.
    [ "$(ledger_reg "SELECT reg_verify_code('$token')")" = verified ]
    [ "$(outcome 1)" = "success confirmed" ]
    [ "$(ledger_reg "SELECT reg_verify_code('$token')")" = already_verified ]
}

@test "e-mail confirmation that never comes: the account stays" {
    settings '{"registrationType":"REQUIRE_EMAIL_CONFIRMATION"}'
    at "2026-01-01 00:00:00" basic a@example.com
    [ "$(at "2026-03-01 00:00:00" ledger_reg "SELECT outcome FROM reg_attempts")" = success ]
}

@test "e-mail activation required: unusable until the token is entered; a new token on request" {
    settings '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}'
    at "2026-01-01 00:00:00" basic a@example.com $DEVICE
    [ "$(at "2026-01-01 00:00:01" ledger_reg "SELECT reg_email_exists('a@example.com')")" = 0 ]
    local first second
    first=$(at "2026-01-01 00:00:01" ledger_reg "SELECT reg_issue_code('a@example.com', 'email')")
    # Its life is an hour; the request for another one names the address alone, no device.
    [ "$(at "2026-01-01 01:00:01" ledger_reg "SELECT reg_verify_code('$first')")" = code_timeout ]
    second=$(at "2026-01-01 01:00:02" ledger_reg "SELECT reg_resend_code('a@example.com', 'email')")
    [ "$first" != "$second" ]
    [ "$(at "2026-01-01 01:00:03" ledger_reg "SELECT reg_verify_code('$first')")" != verified ]
    [ "$(at "2026-01-01 01:00:03" ledger_reg "SELECT reg_verify_code('$second')")" = verified ]
    [ "$(outcome 1)" = "success confirmed" ]
}

@test "PIN for everyone: length, life, and that it completes the account" {
    settings '{"pinConfirmationType":"EVERYONE","pinConfirmationLength":8,"pinConfirmationValidInSeconds":60}'
    at "2026-01-01 00:00:00" basic a@example.com $DEVICE
    [ "$(at "2026-01-01 00:00:01" outcome 1)" = pending ]
    local pin
    pin=$(at "2026-01-01 00:00:01" ledger_reg "SELECT reg_issue_code('a@example.com', 'email', '$DEVICE')")
    [[ "$pin" =~ ^[0-9]{8}$ ]]
    [ "$(at "2026-01-01 00:01:01" ledger_reg "SELECT reg_verify_code('a@example.com', '$pin', '$DEVICE')")" = code_timeout ]
    pin=$(at "2026-01-01 00:02:00" ledger_reg "SELECT reg_resend_code('a@example.com', 'email', '$DEVICE')")
    [ "$(at "2026-01-01 00:02:59" ledger_reg "SELECT reg_verify_code('a@example.com', '$pin', '$DEVICE')")" = verified ]
    [ "$(outcome 1)" = "success confirmed" ]
}

@test "PIN only on conflict: a customer of a third party, unless a password has come since; others are automatic" {
    basic new@example.com $DEVICE
    [ "$(outcome 1)" = success ]
    basic new@example.com $DEVICE
    [ "$(outcome 2)" = failure:email_taken ]
    ledger_reg "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('face@example.com', 'FACEBOOK', '1001')"
    [ "$(outcome 3)" = success ]
    basic Face@Example.com $DEVICE
    [ "$(outcome 4)" = pending ]
    [ "$(ledger_reg "SELECT channel, kind, state FROM reg_codes WHERE attempt_id = 4")" = "email|pin|pending" ]
}

@test "the PIN of a conflict goes to the third-party customer's own address and nowhere else" {
    settings '{"channels":["email","sms"]}'
    ledger_reg "INSERT INTO reg_attempts(email, phone, identity_provider, identity_subject) VALUES ('owner@example.com', '+16045555555', 'FACEBOOK', '1001')"
    # Somebody with the owner's address and a phone of his own, and with the owner's phone and an address of his own.
    ledger_reg "INSERT INTO reg_attempts(email, phone, password) VALUES ('owner@example.com', '+16045555556', 'Strong-passw0rd');
                INSERT INTO reg_attempts(email, phone, password) VALUES ('thief@example.com', '+16045555555', 'Strong-passw0rd')"
    run ledger_reg "SELECT attempt_id, channel, subject FROM reg_codes ORDER BY id"
    [ "$output" = $'2|email|owner@example.com\n3|sms|+16045555555' ]
    for call in "reg_issue_code('+16045555556', 'sms')" "reg_resend_code('owner@example.com', 'sms')" "reg_issue_code('thief@example.com', 'email')" \
        "reg_issue_code('thief@example.com', 'none')"; do
        run ledger_reg "SELECT $call"
        [ "$status" != 0 ]
        [[ "$output" == *"will be linked to an existing customer"* || "$output" == *"no code was requested"* ]]
    done
    # Where no channel could prove it, the identifier is taken.
    settings '{"channels":["email"]}'
    ledger_reg "INSERT INTO reg_attempts(email, phone, password) VALUES ('thief@example.com', '+16045555555', 'Strong-passw0rd')"
    [ "$(outcome 4)" = failure:phone_taken ]
    # With both of the owner's own, either code will do.
    settings '{"channels":["email","sms"]}'
    ledger_reg "INSERT INTO reg_attempts(email, phone, username, password) VALUES ('owner@example.com', '+16045555555', 'owner', 'Strong-passw0rd')"
    [ "$(outcome 5)" = pending ]
    [ "$(ledger_reg "SELECT count(*) FROM reg_codes WHERE attempt_id = 5")" = 2 ]
}

@test "the device rule: the PIN is good only from the device that asked for it last" {
    settings '{"pinConfirmationType":"EVERYONE"}'
    basic a@example.com phone-1
    local pin
    pin=$(ledger_reg "SELECT reg_issue_code('a@example.com', 'email', 'phone-1')")
    [ "$(ledger_reg "SELECT reg_verify_code('a@example.com', '$pin', 'phone-2')")" = wrong_device ]
    [ "$(ledger_reg "SELECT reg_verify_code('a@example.com', '$pin')")" = wrong_device ]
    # That spent no try, and tells nothing of the code.
    [ "$(ledger "SELECT count(*) FROM wrong_try")" = 0 ]
    [ "$(ledger_reg "SELECT reg_verify_code('a@example.com', 'x', 'phone-2')")" = wrong_device ]
    for call in "reg_resend_code('a@example.com', 'email', 'phone-2')" "reg_resend_code('a@example.com', 'email')"; do
        run ledger_reg "SELECT $call"
        [ "$status" != 0 ]
        [[ "$output" == *"only the device that asked for the last code"* ]]
    done
}

@test "a PIN asked for again from another device is that device's, where it is allowed" {
    settings '{"pinConfirmationType":"EVERYONE","allowPinResendFromDifferentDeviceId":true}'
    at "2026-01-01 00:00:00" basic a@example.com phone-1
    local first second
    first=$(at "2026-01-01 00:00:00" ledger_reg "SELECT reg_issue_code('a@example.com', 'email', 'phone-1')")
    # Within the pause the last code is still the first device's: the other one has to wait.
    run at "2026-01-01 00:00:10" ledger_reg "SELECT reg_issue_code('a@example.com', 'email', 'phone-2')"
    [ "$status" != 0 ]
    [[ "$output" == *"wait 50 seconds"* ]]
    second=$(at "2026-01-01 00:01:00" ledger_reg "SELECT reg_resend_code('a@example.com', 'email', 'phone-2')")
    [ "$(at "2026-01-01 00:01:01" ledger_reg "SELECT reg_verify_code('a@example.com', '$second', 'phone-1')")" = wrong_device ]
    [ "$(at "2026-01-01 00:01:01" ledger_reg "SELECT reg_verify_code('a@example.com', '$first', 'phone-1')")" = wrong_device ]
    [ "$(at "2026-01-01 00:01:01" ledger_reg "SELECT reg_verify_code('a@example.com', '$second', 'phone-2')")" = verified ]
}

@test "the activation request in its own names, as a row of CSV: device, e-mail, PIN and uuid are the registration's" {
    settings '{"pinConfirmationType":"EVERYONE"}'
    ledger_reg "INSERT INTO reg_attempts(email, password, uuid, device_id) VALUES ('john.doe@synerise.com', 'Strong-passw0rd', '$UUID', '$DEVICE')"
    job send
    local pin
    pin=$(code_in "$(mailed john.doe@synerise.com)")
    printf 'deviceId,email,pinCode,uuid\n%s,john.doe@synerise.com,%s,%s\n%s,john.doe@synerise.com,%s,%s\n%s,john.doe@synerise.com,%s,%s\n' \
        other "$pin" "$UUID" $DEVICE "$pin" b3f56868-9667-4843-a8e5-0509456baa9b $DEVICE "$pin" "$UUID" >activation.csv
    job import activation.csv
    [ "$(sums)" = "3|0|0|0|3|0" ]
    [ "$(ledger "SELECT group_concat(verdict) FROM (SELECT verdict FROM continuation ORDER BY line)")" = "wrong_device,not_found,verified" ]
    [ "$(outcome 1)" = "success confirmed" ]
}

@test "uuid: of RFC 4122's form, any case, and unique among customers" {
    ledger_reg "INSERT INTO reg_attempts(email, password, uuid) VALUES ('a@example.com', 'Strong-passw0rd', '$UUID');
                INSERT INTO reg_attempts(email, password, uuid) VALUES ('b@example.com', 'Strong-passw0rd', upper('$UUID'));
                INSERT INTO reg_attempts(email, password, uuid) VALUES ('c@example.com', 'Strong-passw0rd', '07243772-008a-42e1-ba37');
                INSERT INTO reg_attempts(email, password) VALUES ('d@example.com', 'Strong-passw0rd')"
    run ledger_reg "SELECT coalesce(failure_reason, outcome) FROM reg_attempts ORDER BY id"
    [ "$output" = $'success\nuuid_taken\nuuid_invalid\nsuccess' ]
    # Who came by a third party keeps the uuid when a password is added.
    ledger_reg "INSERT INTO reg_attempts(email, uuid, identity_provider, identity_subject) VALUES ('e@example.com', '11111111-008a-42e1-ba37-c3807cebde8f', 'apple', '1');
                INSERT INTO reg_attempts(email, password, uuid) VALUES ('e@example.com', 'Strong-passw0rd', '11111111-008a-42e1-ba37-c3807cebde8f')"
    [ "$(outcome 6)" = pending ]
}

@test "third-party sign-ups by Facebook, Google, Apple and OAuth; a known one is a log-in and no second registration" {
    local subject=0
    for provider in FACEBOOK GOOGLE APPLE OAUTH; do
        subject=$((subject + 1))
        ledger_reg "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('p$subject@example.com', '$provider', 's$subject')"
        ledger_reg "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('p$subject@example.com', '$provider', 's$subject')"
    done
    [ "$(ledger_reg "SELECT group_concat(identity_provider || ' ' || outcome) FROM (SELECT * FROM reg_attempts ORDER BY id)")" = \
        "facebook success,google success,apple success,oauth success" ]
    [ "$(ledger "SELECT count(*), count(DISTINCT attempt_id), group_concat(DISTINCT verdict) FROM continuation WHERE kind = 'login'")" = "4|4|known" ]
    # The log-in needs neither e-mail address nor consent: the person is known.
    settings '{"requiredConsents":["terms"]}'
    ledger_reg "INSERT INTO reg_attempts(identity_provider, identity_subject) VALUES ('google', 's2')"
    [ "$(ledger "SELECT count(*) FROM continuation WHERE kind = 'login'")" = 5 ]
    # A subject is the provider's own: another provider's same subject is somebody else.
    settings '{"requiredConsents":[]}'
    ledger_reg "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('q@example.com', 'apple', 's2')"
    [ "$(ledger "SELECT count(*) FROM attempt WHERE outcome = 'success'")" = 5 ]
}

@test "a third-party sign-up with a customer's address is linked where the provider has verified it, else the address is taken" {
    # The customer has shown, too, that the address is his: he had it verified.
    ledger_reg "INSERT INTO reg_attempts(email, password, email_verified_at) VALUES ('a@example.com', 'Strong-passw0rd', '2024-04-01')"
    ledger_reg "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('a@example.com', 'google', '1')"
    [ "$(outcome 2)" = failure:email_taken ]
    ledger_reg "INSERT INTO reg_attempts(email, identity_provider, identity_subject, email_verified_at) VALUES ('a@example.com', 'google', '1', '2024-05-01')"
    [ "$(ledger "SELECT kind, attempt_id, verdict FROM continuation")" = "login|1|linked" ]
    ledger_reg "INSERT INTO reg_attempts(identity_provider, identity_subject) VALUES ('google', '1')"
    [ "$(ledger "SELECT kind, attempt_id, verdict FROM continuation ORDER BY id DESC LIMIT 1")" = "login|1|known" ]
    ledger_reg "INSERT INTO reg_attempts(email, identity_provider) VALUES ('b@example.com', 'google');
                INSERT INTO reg_attempts(email, identity_subject) VALUES ('b@example.com', '7');
                INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('b@example.com', 'myspace', '7')"
    run ledger_reg "SELECT reasons FROM reg_attempts WHERE id > 3 AND outcome = 'failure' ORDER BY id"
    [ "${lines[0]}" = '["identity_subject_missing"]' ]
    [[ "${lines[1]}" == '["identity_provider_missing"'* ]]
    [ "${lines[2]}" = '["identity_provider_unknown"]' ]
}

@test "non-unique e-mail addresses, where they are configured" {
    settings '{"uniqueEmail":false,"requiredFields":["custom_id"]}'
    for id in crm-1 crm-2; do
        ledger_reg "INSERT INTO reg_attempts(email, password, custom_id) VALUES ('family@example.com', 'Strong-passw0rd', '$id')"
    done
    [ "$(ledger_reg "SELECT group_concat(outcome) FROM reg_attempts")" = "success,success" ]
    ledger_reg "INSERT INTO reg_attempts(email, password) VALUES ('family@example.com', 'Strong-passw0rd')"
    [ "$(outcome 3)" = failure:custom_id_missing ]
    # No conflict with a third-party customer either: the address names nobody.
    ledger_reg "INSERT INTO reg_attempts(email, custom_id, identity_provider, identity_subject) VALUES ('face@example.com', 'crm-3', 'facebook', '1');
                INSERT INTO reg_attempts(email, password, custom_id) VALUES ('face@example.com', 'Strong-passw0rd', 'crm-4')"
    [ "$(outcome 5)" = success ]
    settings '{"uniqueEmail":true,"requiredFields":["email"]}'
    basic family@example.com
    [ "$(outcome 6)" = failure:email_taken ]
}

@test "several attempts wait for one address: the PIN that is entered decides, the others have lost" {
    settings '{"pinConfirmationType":"EVERYONE","resendPauseInSeconds":0}'
    at "2026-01-01 00:00:00" basic a@example.com
    local first second
    first=$(at "2026-01-01 00:00:05" ledger_reg "SELECT reg_issue_code('a@example.com', 'email')")
    at "2026-01-01 00:00:10" basic a@example.com
    second=$(at "2026-01-01 00:00:15" ledger_reg "SELECT reg_issue_code('a@example.com', 'email')")
    [ "$first" != "$second" ]
    [ "$(at "2026-01-01 00:00:20" ledger_reg "SELECT reg_verify_code('a@example.com', '$second')")" = verified ]
    [ "$(outcome 1)" = failure:superseded_attempt ]
    [ "$(outcome 2)" = "success confirmed" ]
    [ "$(at "2026-01-01 00:00:21" ledger_reg "SELECT reg_verify_code('a@example.com', '$first')")" = superseded ]
}

@test "wrong tries count for the attempt and survive a new PIN; the last one fails it at once" {
    settings '{"pinConfirmationType":"EVERYONE","maxCodeTries":3}'
    at "2026-01-01 00:00:00" basic a@example.com
    local pin
    at "2026-01-01 00:00:00" ledger_reg "SELECT reg_issue_code('a@example.com', 'email')"
    [ "$(at "2026-01-01 00:00:10" ledger_reg "SELECT reg_verify_code('a@example.com', '000000')")" = invalid_code ]
    [ "$(at "2026-01-01 00:00:11" ledger_reg "SELECT reg_verify_code('a@example.com', '000001')")" = invalid_code ]
    pin=$(at "2026-01-01 00:02:00" ledger_reg "SELECT reg_resend_code('a@example.com', 'email')")
    [ "$(at "2026-01-01 00:02:01" outcome 1)" = pending ]
    [ "$(at "2026-01-01 00:02:02" ledger_reg "SELECT reg_verify_code('a@example.com', '000002')")" = invalid_code ]
    [ "$(at "2026-01-01 00:02:03" outcome 1)" = failure:verification_failed ]
    [ "$(at "2026-01-01 00:02:04" ledger_reg "SELECT reg_verify_code('a@example.com', '$pin')")" = rate_limit ]
    [ "$(ledger_reg "SELECT state, failures FROM reg_codes ORDER BY id DESC LIMIT 1")" = "exhausted|1" ]
}

@test "a wrong code costs each waiting attempt of the address a try" {
    settings '{"pinConfirmationType":"EVERYONE","maxCodeTries":2,"resendPauseInSeconds":0}'
    at "2026-01-01 00:00:00" basic a@example.com
    at "2026-01-01 00:00:00" ledger_reg "SELECT reg_issue_code('a@example.com', 'email')"
    [ "$(at "2026-01-01 00:00:10" ledger_reg "SELECT reg_verify_code('a@example.com', '000000')")" = invalid_code ]
    at "2026-01-01 00:00:20" basic a@example.com
    at "2026-01-01 00:00:20" ledger_reg "SELECT reg_issue_code('a@example.com', 'email')"
    [ "$(at "2026-01-01 00:00:30" ledger_reg "SELECT reg_verify_code('a@example.com', '000001')")" = invalid_code ]
    [ "$(at "2026-01-01 00:00:40" outcome 1)" = failure:verification_failed ]
    [ "$(at "2026-01-01 00:00:40" outcome 2)" = pending ]
}

@test "a provider's token that comes with a sign-up is left out, said so, and kept nowhere" {
    printf 'email,identityProvider,identitySubject,identityProviderToken,apiKey\nann@example.com,FACEBOOK,1001,70fb8a02-0a6e-48ca-96d5-0212ee140eae,01234abc-1234\n' >login.csv
    run job -v import login.csv
    [ "$status" = 0 ]
    [[ "$output" == *'unknown columns: '*'`identityProviderToken`'*'; ignored'* ]]
    [ "$(outcome 1)" = success ]
    run grep -c -e 70fb8a02 -e 01234abc-1234 ledger.db
    [ "$output" = 0 ]
    sed 's/ann@/bob@/' login.csv >strict.csv
    run job import --strict strict.csv
    [ "$status" = 65 ]
}
