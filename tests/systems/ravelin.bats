#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The fraud API's document, played: outcomes of registrations that were decided elsewhere, and which of them are told.

load systems

setup() {
    system_setup ravelin
    standin_start
    cat >>regjob.conf <<END
[fraud]
url = $STANDIN_URL
token_env = FRAUD_TOKEN
rate = 0
END
    export FRAUD_TOKEN=$STANDIN_TOKEN
}

teardown() {
    standin_stop
}

# The document's own example of a request.
cat_example() {
    cat "$BATS_TEST_DIRNAME/../standin/request.json"
}

# The one accepted request whose e-mail address is $1, sorted, one line.
told() {
    /usr/bin/python3 - "$STANDIN_DIR/accepted.jsonl" "$1" <<'END'
import json, sys
path, email = sys.argv[1:]
for line in open(path):
    kept = json.loads(line)
    body = kept.get("body", kept.get("request", kept))
    if isinstance(body, str):
        body = json.loads(body)
    person = body.get("customer") or body.get("supplier") or {}
    if person.get("email") == email:
        print(json.dumps(body, sort_keys=True))
END
}

sorted_json() {
    /usr/bin/python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin), sort_keys=True))'
}

@test "the example, as a row of CSV in its own field names, is told member for member and its acknowledgement kept" {
    head -2 "$ROOT/samples/ravelin.csv" >one.csv
    job import one.csv
    [ "$(sums)" = "1|1|0|0|0|0" ]
    job report
    [ "$(standin_stats by_status.200)" = 1 ]
    [ "$(told jsmith123@example.com)" = "$(cat_example | sorted_json)" ]
    # The answer's timestamp is the stand-in's clock of a moment ago, in milliseconds.
    run ledger_reg "SELECT state, outcome, tries, last_status, payload LIKE '%ef92b778%',
                           abs(vendor_timestamp - unixepoch() * 1000) < 600000, acknowledged_at IS NOT NULL FROM reg_reports"
    [ "$output" = "acknowledged|success|1|200|0|1|1" ]
    run ledger_reg "SELECT outcome, report_state, acknowledged_at IS NOT NULL FROM reg_attempts"
    [ "$output" = "success|acknowledged|1" ]
    # Its unsalted hash was only lent.
    [ "$(ledger 'SELECT count(*) FROM fingerprint')" = 0 ]
    run grep -c ef92b778bafe771e ledger.db
    [ "$output" = 0 ]
}

@test "the example through SQL is the same request" {
    ledger_reg "INSERT INTO reg_attempts(attempted_at, username, outcome, password_sha256, email, email_verified_at, name, family_name,
                       given_name, phone, phone_verified_at, phone_country, device_id, device_type, manufacturer, model, os, ip_address,
                       language, latitude, longitude)
                VALUES (1512828988826, 'jsmith123@example.com', 'success',
                        'ef92b778bafe771e89245b89ecbc08a44a4e166c06659911881f383d4473e94f', 'jsmith123@example.com', 1512828988826,
                        'John Smith', 'Smith', 'John', '+16045555555', 1512828988826, 'DOM', 'a1b2c3d4e5f6', 'phone', 'google',
                        'Pixel XL', 'android', '81.152.92.84', 'en-US', 51.503252, -0.127899)"
    run ledger_reg "SELECT reg_report_payload(1)"
    [ "$(sorted_json <<<"$output")" = "$(cat_example | sorted_json)" ]
    job report
    [ "$(told jsmith123@example.com)" = "$(cat_example | sorted_json)" ]
}

@test "of failures those are told that may be an attack: taken e-mail or phone, failed verification, and no others" {
    job import "$ROOT/samples/ravelin.csv"
    [ "$(sums)" = "6|1|0|5|0|0" ]
    run ledger_reg "SELECT line, outcome, failure_reason, told_reason, report_state FROM reg_attempts ORDER BY line"
    [ "${lines[0]}" = "2|success|||queued" ]
    [ "${lines[1]}" = "3|failure|email_taken||queued" ]
    [ "${lines[2]}" = "4|failure|phone_taken||queued" ]
    [ "${lines[3]}" = "5|failure|password_too_short||" ]
    [ "${lines[4]}" = "6|failure|verification_failed||queued" ]
    [ "${lines[5]}" = "7|failure|told|declined by hand|" ]
    job report
    [ "$(standin_stats by_status.200)" = 4 ]
    run told ann@example.com
    [[ "$output" == *'"success": false'* ]]
    [[ "$output" == *'"telephone": "+16045555555"'* ]]
    [ -z "$(told bob@example.com)" ]
    [ -z "$(told dan@example.com)" ]
    # Told once: a second run has nothing to say, and the same file is known.
    job report
    job import "$ROOT/samples/ravelin.csv"
    job report
    [ "$(standin_stats by_status.200)" = 4 ]
}

@test "what is judged here is told by the same rules, and the reportable reasons are the operator's" {
    ledger_reg "INSERT INTO reg_attempts(email, phone, phone_country, password) VALUES ('ann@example.com', '6045555555', 'CA', 'A9#bL8@z');
                INSERT INTO reg_attempts(email, password) VALUES ('ann@example.com', 'A9#bL8@z');
                INSERT INTO reg_attempts(email, phone, password) VALUES ('bob@example.com', '+16045555555', 'A9#bL8@z');
                INSERT INTO reg_attempts(email, password) VALUES ('cat@example.com', 'short')"
    run ledger_reg "SELECT failure_reason, report_state FROM reg_attempts ORDER BY id"
    [ "${lines[0]}" = "|queued" ]
    [ "${lines[1]}" = "email_taken|queued" ]
    [ "${lines[2]}" = "phone_taken|queued" ]
    [ "${lines[3]}" = "password_too_short|" ]
    settings '{"reportableReasons":["password_too_short"]}'
    ledger_reg "INSERT INTO reg_attempts(email, password) VALUES ('cat@example.com', 'short');
                INSERT INTO reg_attempts(email, password) VALUES ('ann@example.com', 'A9#bL8@z')"
    run ledger_reg "SELECT failure_reason, report_state FROM reg_attempts WHERE id > 4 ORDER BY id"
    [ "${lines[0]}" = "password_too_short|queued" ]
    [ "${lines[1]}" = "email_taken|" ]
    # The preset's map has the vendor's word for that; the last reason has none and sends none.
    run ledger_reg "SELECT reg_report_payload(5) ->> '$.registration.registrationMechanism.password.failureReason',
                           reg_report_payload(6) ->> '$.registration.registrationMechanism.password.failureReason'"
    [ "$output" = "PASSWORD_TOO_SIMPLE|" ]
}

@test "after a recommendation every outcome is told, and PREVENT is a failure" {
    ledger_reg "INSERT INTO reg_attempts(email, password, recommendation) VALUES ('ann@example.com', 'short', 'ALLOW');
                INSERT INTO reg_attempts(email, password, recommendation) VALUES ('bob@example.com', 'A9#bL8@z', 'prevent');
                INSERT INTO reg_attempts(email, password, recommendation) VALUES ('cat@example.com', 'A9#bL8@z', 'REVIEW')"
    run ledger_reg "SELECT outcome, failure_reason, report_state FROM reg_attempts ORDER BY id"
    [ "${lines[0]}" = "failure|password_too_short|queued" ]
    [ "${lines[1]}" = "failure|prevented|queued" ]
    [ "${lines[2]}" = "success||queued" ]
    job report
    [ "$(standin_stats by_status.200)" = 3 ]
}

@test "a mandatory verification that fails is told when it fails" {
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","maxCodeTries":2}'
    ledger_reg "INSERT INTO reg_attempts(email, password) VALUES ('ann@example.com', 'A9#bL8@z')"
    job report
    [ "$(standin_stats by_status.200)" = 0 ]
    run ledger_reg "SELECT reg_verify_code('ann@example.com', '000001'); SELECT reg_verify_code('ann@example.com', '000002')"
    [ "$output" = $'invalid_code\ninvalid_code' ]
    job report
    [ "$(standin_stats by_status.200)" = 1 ]
    run told ann@example.com
    [[ "$output" == *'"success": false'* ]]
    run ledger_reg "SELECT outcome, reasons, report_state FROM reg_attempts"
    [ "$output" = 'failure|["verification_failed"]|acknowledged' ]
}

@test "the other mechanisms, the app, guests, marketing, suppliers and the customer's id" {
    settings '{"passwordAt":"confirm","sendCustomerId":true}'
    ledger_reg "INSERT INTO reg_attempts(email, identity_provider, identity_subject, app_name, app_platform, app_domain, guest_account, consents)
                VALUES ('ann@example.com', 'Facebook', '1', 'Shop', 'Mobile-Web', 'shop.example.com', 'true', '{\"marketing\":\"accepted\"}');
                INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('bob@example.com', 'oauth', '2');
                INSERT INTO reg_attempts(email, user_type, consents) VALUES ('cat@example.com', 'SUPPLIER', '{\"marketing\":\"declined\"}')"
    run ledger_reg "SELECT json_remove(reg_report_payload(1), '$.timestamp')"
    [ "$output" = '{"registration":{"username":"ann@example.com","success":true,"registrationMechanism":{"social":{"socialProvider":"facebook","success":true}},"app":{"name":"Shop","platform":"mobile-web","domain":"shop.example.com"},"guestAccount":true,"marketingEmailsEnabled":true},"customer":{"customerId":"1","email":"ann@example.com"}}' ]
    run ledger_reg "SELECT json_remove(reg_report_payload(2), '$.timestamp')"
    [ "$output" = '{"registration":{"username":"bob@example.com","success":true},"customer":{"customerId":"2","email":"bob@example.com"}}' ]
    run ledger_reg "SELECT json_remove(reg_report_payload(3), '$.timestamp')"
    [ "$output" = '{"registration":{"username":"cat@example.com","success":true,"marketingEmailsEnabled":false},"supplier":{"supplierId":"3","email":"cat@example.com"}}' ]
    # A consent that is changed before the report goes out is told as it is then.
    run ledger_reg "SELECT reg_set_consent('cat@example.com', 'marketing', NULL, 'accepted');
                    SELECT reg_report_payload(3) ->> '$.registration.marketingEmailsEnabled'"
    [ "$output" = $'accepted\n1' ]
    job report
    [ "$(standin_stats by_status.200)" = 3 ]
}

@test "who has no password came by a code: an SMS code or a magic link, with the vendor's word where it failed" {
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","passwordAt":"confirm","channels":["sms"],
            "requiredFields":["phone"],"maxCodeTries":1,"fraudReasonMap":{"verification_failed":"INVALID_CODE"}}'
    run ledger_reg "INSERT INTO reg_attempts(phone) VALUES ('+16045555555');
                    SELECT reg_verify_code('+16045555555', '000000');
                    SELECT json_remove(reg_report_payload(1), '$.timestamp')"
    [ "${lines[0]}" = invalid_code ]
    [ "${lines[1]}" = '{"registration":{"username":"+16045555555","success":false,"registrationMechanism":{"smsCode":{"phoneNumber":"+16045555555","success":false,"failureReason":"INVALID_CODE"}}},"customer":{"telephone":"+16045555555"}}' ]
    settings '{"registrationType":"REQUIRE_EMAIL_ACTIVATION","channels":["email"],"requiredFields":["email"],
            "fraudReasonMap":{"verification_expired":"TIMEOUT"}}'
    at "2026-01-01 00:00:00" ledger_reg "INSERT INTO reg_attempts(email) VALUES ('ann@example.com'); SELECT length(reg_issue_code('ann@example.com', 'email'))"
    run at "2026-01-02 00:00:00" ledger_reg "SELECT outcome, failure_reason FROM reg_attempts WHERE id = 2;
                    SELECT reg_report_payload(2) -> '$.registration.registrationMechanism'"
    [ "${lines[0]}" = "failure|verification_expired" ]
    [ "${lines[1]}" = '{"magiclink":{"transport":"email","success":false,"failureReason":"TIMEOUT"}}' ]
}

@test "the registration endpoint is asked, never the checkpoint; old data goes to the backfill endpoint" {
    head -2 "$ROOT/samples/ravelin.csv" >one.csv
    job import one.csv
    sed -i 's/^rate = 0/&\nbackfill = yes/' regjob.conf
    job report
    run cat "$STANDIN_DIR/accepted.jsonl"
    [[ "$output" == *'/v2/backfill/registration'* ]]
    [[ "$output" != *score* ]]
    [[ "$output" != *checkpoint* ]]
    sed -i 's/backfill = yes/backfill = no/' regjob.conf
    ledger_reg "INSERT INTO reg_attempts(email, outcome) VALUES ('new@example.com', 'true')"
    job report
    run tail -1 "$STANDIN_DIR/accepted.jsonl"
    [[ "$output" == *'/v2/registration'* ]]
    [[ "$output" != *score* ]]
}

@test "told outcomes are not judged again: a told success for a known address links to that customer and is counted and told" {
    ledger_reg "INSERT INTO reg_attempts(email, outcome) VALUES ('ann@example.com', 'success');
                INSERT INTO reg_attempts(email, outcome, password) VALUES ('ANN@example.com', 'success', 'x');
                INSERT INTO reg_attempts(email, outcome, phone) VALUES ('no address', 'success', '12');
                INSERT INTO reg_attempts(email, outcome) VALUES ('bob@example.com', 'perhaps');
                INSERT INTO reg_attempts(email, outcome, failure_reason, password) VALUES ('bob@example.com', 'success', 'email_taken', 'A9#bL8@z')"
    run ledger_reg "SELECT id, outcome, customer_id, failure_reason FROM reg_attempts ORDER BY id"
    [ "${lines[0]}" = "1|success|1|" ]
    [ "${lines[1]}" = "2|success|1|" ]
    [ "${lines[2]}" = "3|success|3|" ]
    [ "${lines[3]}" = "4|failure||outcome_invalid" ]
    [ "$(ledger_reg "SELECT count(*) FROM reg_reports")" = 4 ]
}
