#!/bin/bash
# SPDX-License-Identifier: MIT
# What the fraud API is told: the vendor's own example, member for member, and what becomes of it.
. tests/sql/tap.sh
payload() { sql "SELECT reg_report_payload($1);" | jq_sorted; }
jq_sorted() { /usr/bin/python3 -c 'import json,sys; print(json.dumps(json.load(sys.stdin), sort_keys=True, indent=1))'; }

ledger
# The seed's request. Its telephoneCountry stands for another country than its number: both are kept as told.
columns="attempted_at, username, email, email_verified_at, name, family_name, given_name, phone, phone_verified_at, phone_country, device_id, device_type, manufacturer, model, os, ip_address, language, latitude, longitude, outcome"
values="1512828988826, 'jsmith123@example.com', 'jsmith123@example.com', 1512828988826, 'John Smith', 'Smith', 'John', '+16045555555', 1512828988826, 'DOM', 'a1b2c3d4e5f6', 'phone', 'google', 'Pixel XL', 'android', '81.152.92.84', 'en-US', 51.503252, -0.127899, 'success'"
seed='{"timestamp": 1512828988826,
 "registration": {"username": "jsmith123@example.com", "success": true,
  "registrationMechanism": {"password": {"passwordHashed": "ef92b778bafe771e89245b89ecbc08a44a4e166c06659911881f383d4473e94f", "success": true}}},
 "customer": {"email": "jsmith123@example.com", "emailVerifiedTime": 1512828988826, "name": "John Smith", "familyName": "Smith", "givenName": "John",
  "telephone": "+16045555555", "telephoneVerifiedTime": 1512828988826, "telephoneCountry": "DOM"},
 "device": {"deviceId": "a1b2c3d4e5f6", "type": "phone", "manufacturer": "google", "model": "Pixel XL", "os": "android", "ipAddress": "81.152.92.84", "language": "en-US",
  "location": {"latitude": 51.503252, "longitude": -0.127899}}}'
sql "INSERT INTO reg_attempts($columns, password) VALUES ($values, 'password123');" >/dev/null
is "the example, from a told row with its password" "$(jq_sorted <<<"$seed")" "$(payload 1)"
sql "INSERT INTO reg_attempts($columns, password_sha256) VALUES (${values/jsmith123@example.com/jsmith123@example.com}, 'EF92B778BAFE771E89245B89ECBC08A44A4E166C06659911881F383D4473E94F');" >/dev/null
is "the same from a row with its fingerprint" "$(jq_sorted <<<"$seed")" "$(payload 2)"
is "member order is the example's" "timestamp registration customer device" "$(sql "SELECT group_concat(key, ' ') FROM json_each(reg_report_payload(1));")"
is "on one line, for sending" 1 "$(sql "SELECT reg_report_payload(1);" | wc -l)"
is "masked where rows are read" "***" "$(sql "SELECT payload ->> '$.registration.registrationMechanism.password.passwordHashed' FROM reg_reports WHERE id = 1;")"
is "but for that the same" 1 "$(sql "SELECT json_set(reg_report_payload(1), '$.registration.registrationMechanism.password.passwordHashed', '***') = payload FROM reg_reports WHERE id = 1;")"
mv "$LEDGER.key" "$FOLDER/away"
is "masked without the key" "***" "$(sql "SELECT reg_report_payload(1) ->> '$.registration.registrationMechanism.password.passwordHashed';")"
mv "$FOLDER/away" "$LEDGER.key"
answers "no such attempt: NULL" "1" "SELECT reg_report_payload(99) IS NULL;"
refuses "not a number" "reg_report_payload: argument 1 \(attempt_id\): expected an integer" "SELECT reg_report_payload('x');"

member() { is "$1" "$3" "$(sql "SELECT reg_report_payload(max(id)) -> '$2' FROM attempt;")"; }
add() { sql "INSERT INTO reg_attempts($1) VALUES ($2);"; }
# Nothing is sent that is not known.
add "email, outcome, attempted_at" "'bare@example.com', 'success', 1512828988826"
member "no more than there is" '$' '{"timestamp":1512828988826,"registration":{"username":"bare@example.com","success":true},"customer":{"email":"bare@example.com"}}'
add "email, password" "'bare2@example.com', 'short'"
member "a failure" '$.registration' '{"username":"bare2@example.com","success":false,"registrationMechanism":{"password":{"success":false}}}'
sql "SELECT reg_settings_patch('{\"fraudReasonMap\":{\"password_too_short\":\"PASSWORD_TOO_SIMPLE\",\"email_taken\":\"EMAIL_EXISTS\"}}');" >/dev/null
member "the vendor's word for our reason, by the operator's map" '$.registration.registrationMechanism.password' '{"success":false,"failureReason":"PASSWORD_TOO_SIMPLE"}'
add "email, identity_provider, identity_subject" "'social@example.com', 'google', '1'"
member "a third party" '$.registration.registrationMechanism' '{"social":{"socialProvider":"google","success":true}}'
add "email, identity_provider, identity_subject" "'social2@example.com', 'oauth', '1'"
member "plain OAuth is none of the vendor's" '$.registration.registrationMechanism' ''
add "email, password, app_name, app_platform, app_domain, guest_account, consents" "'app@example.com', 'A9#bL8@z', 'Shop', 'ios', 'shop.example', 'false', '{\"marketing\":true}'"
member "the app" '$.registration.app' '{"name":"Shop","platform":"ios","domain":"shop.example"}'
member "a guest or not" '$.registration.guestAccount' false
member "marketing" '$.registration.marketingEmailsEnabled' true
sql "SELECT reg_set_consent('app@example.com', 'marketing', NULL, 'declined');" >/dev/null
member "marketing, withdrawn" '$.registration.marketingEmailsEnabled' false
sql "SELECT reg_settings_patch('{\"supplierUserTypes\":[\"DRIVER\"],\"sendCustomerId\":true}');" >/dev/null
add "email, password, user_type" "'driver@example.com', 'A9#bL8@z', 'DRIVER'"
member "a supplier takes the customer's place" '$.customer' ''
member "by its own member's name" '$.supplier' '{"supplierId":"8","email":"driver@example.com"}'
add "email, password" "'customer@example.com', 'A9#bL8@z'"
member "a customer with its id, where the setting says so" '$.customer' '{"customerId":"9","email":"customer@example.com"}'
sql "SELECT reg_settings_patch('{\"registrationType\":\"REQUIRE_PIN_CONFIRMATION\",\"pinConfirmationType\":\"EVERYONE\"}');" >/dev/null
at "$START" sql "INSERT INTO reg_attempts(email, password) VALUES ('pin@example.com', 'A9#bL8@z');" >/dev/null
member "a pending one reads as not successful" '$.registration.success' false
at "$(later 5)" sql "SELECT reg_verify_code('pin@example.com', reg_issue_code('pin@example.com', 'email'));" >/dev/null
is "confirmed: the time, and the customer, in both places" "1767268805000|1|1767268805000|1" "$(at "$(later 9)" sql "SELECT p ->> '$.customer.emailVerifiedTime', p ->> '$.customer.customerId' = CAST(id AS TEXT), q ->> '$.customer.emailVerifiedTime', q ->> '$.customer.customerId' = CAST(id AS TEXT)
    FROM (SELECT max(id) AS id, reg_report_payload(max(id)) AS p, (SELECT payload FROM reg_reports ORDER BY id DESC LIMIT 1) AS q FROM attempt);")"

# Real numbers and texts that JSON must escape.
add "email, name, user_agent, latitude, longitude, outcome" "'q@example.com', 'a \"b\" \\ ü', '</script>', 0.1, -179.123456789, 'success'"
is "names as they are" 'a "b" \ ü' "$(sql "SELECT reg_report_payload(max(id)) ->> '$.customer.name' FROM attempt;")"
is "degrees as they were sent" '{"latitude":0.1,"longitude":-179.123456789}' "$(sql "SELECT reg_report_payload(max(id)) -> '$.device.location' FROM attempt;")"
add "email, latitude, outcome" "'r@example.com', 5, 'success'"
member "half a place is none" '$.device' ''
done_testing
