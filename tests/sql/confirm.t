#!/bin/bash
# SPDX-License-Identifier: MIT
# The ways to confirm; who is known already; rivals; third parties; the second request of a two-step sign-up.
. tests/sql/tap.sh
sessions
sign() { # EMAIL [COLUMNS VALUES]: at START
    at "${WHEN:-$START}" sql "INSERT INTO reg_attempts(email, password${2:+, $2}) VALUES ('$1', 'A9#bL8@z'${3:+, $3});
        SELECT outcome, reasons, code_state FROM reg_attempts WHERE id = last_insert_rowid() AND last_insert_rowid() IN (SELECT id FROM attempt);"
}
pin() { at "$START" sql "SELECT reg_issue_code('$1', 'email'${2:+, '$2'});"; }
verify() { at "$(later "${3:-1}")" sql "SELECT reg_verify_code('$1', '$2');"; }
attempts() { at "$(later "${1:-5}")" sql "SELECT id, outcome, reasons, customer_id, code_state, email_confirmed_at IS NOT NULL, report_state FROM reg_attempts ORDER BY id;"; }
PIN='"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE"'

# The four ways.
ledger '{"registrationType":"AUTOMATIC"}'
is "AUTOMATIC: at once, no code" 'success|[]|' "$(sign a@example.com)"
is "AUTOMATIC: not confirmed" '1|success|[]|1||0|queued' "$(attempts)"
ledger '{"registrationType":"REQUIRE_EMAIL_CONFIRMATION"}'
is "CONFIRMATION: at once, with a token" 'success|[]|pending' "$(sign a@example.com)"
token=$(pin a@example.com)
is "CONFIRMATION: usable before" 1 "$(at "$START" sql "SELECT reg_email_exists('a@example.com');")"
is "CONFIRMATION: by the token alone" verified "$(at "$(later 5)" sql "SELECT reg_verify_code('$token');")"
is "CONFIRMATION: the address is confirmed, the outcome stays" '1|success|[]|1|verified|1|queued' "$(attempts)"
is "CONFIRMATION: decided at sign-up" "2026-01-01T12:00:00.000Z|2026-01-01T12:00:05.000Z" "$(at "$(later 9)" sql "SELECT decided_at, email_confirmed_at FROM reg_attempts;")"
ledger '{"registrationType":"REQUIRE_EMAIL_CONFIRMATION","pendingLifetimeInSeconds":60,"maxCodeTries":1}'
sign a@example.com >/dev/null
token=$(pin a@example.com)
verify a@example.com wrong >/dev/null
is "CONFIRMATION: neither time nor wrong tries take the account away" 'success|[]|0' "$(at "$(later 99999)" sql "SELECT outcome, reasons, email_confirmed_at IS NOT NULL FROM reg_attempts;")"
ledger '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}'
is "ACTIVATION: pending, with a token" 'pending|[]|pending' "$(sign a@example.com)"
is "ACTIVATION: not usable" 0 "$(sql "SELECT reg_email_exists('a@example.com');")"
token=$(pin a@example.com)
like "ACTIVATION: a token" '^[A-Za-z0-9_-]{64}$' "$token"
is "ACTIVATION: by the token alone" verified "$(at "$(later 5)" sql "SELECT reg_verify_code('$token');")"
is "ACTIVATION: a customer, and confirmed" '1|success|[]|1|verified|1|queued' "$(attempts)"
ledger "{$PIN}"
is "PIN: pending, with a pin" 'pending|[]|pending' "$(sign a@example.com)"
code=$(pin a@example.com)
is "PIN: not reported yet, no customer yet" '1|pending|[]|||0|' "$(at "$(later 5)" sql "SELECT id, outcome, reasons, customer_id, acknowledged_at, email_confirmed_at IS NOT NULL, report_state FROM reg_attempts;")"
is "PIN: verified" verified "$(verify a@example.com "$code")"
is "PIN: a customer, and confirmed" '1|success|[]|1|verified|1|queued' "$(attempts)"
is "PIN: again" already_verified "$(verify a@example.com "$code" 9)"
answers "the password of a pending attempt is the customer's" 1 "SELECT reg_verify_password('A9#bL8@z', password_hash) FROM person;"

# Who is known: case, IDN domains, spellings of a phone.
ledger
sign 'Jürgen@Bücher.example' 'phone, country, username' "'(604) 555-5555','CA','Straße'" >/dev/null
is "exists, in any spelling" "1|1|1|0|1|1|1|1|0" "$(sql "SELECT reg_email_exists('jürgen@bücher.example'), reg_email_exists('JÜRGEN@XN--BCHER-KVA.EXAMPLE'), reg_email_exists('Ju' || char(776) || 'rgen@bücher.example'),
    reg_email_exists('jurgen@bücher.example'), reg_phone_exists('+16045555555'), reg_phone_exists('+1 604 555-5555'), reg_phone_exists('0016045555555'), reg_username_exists('STRASSE'), reg_username_exists('x');")"
is "a national number needs a country" "0|1" "$(sql "SELECT reg_phone_exists('6045555555'), (SELECT reg_phone_exists('6045555555') FROM (SELECT reg_settings_patch('{\"defaultCountry\":\"CA\"}') AS s) WHERE s IS NOT NULL);")"
is "what is no address is nobody's" "0|0|0" "$(sql "SELECT reg_email_exists('nonsense'), reg_phone_exists('x'), reg_username_exists(' ');")"
is "taken in another case and another form of the domain" 'failure|["email_taken"]|' "$(sign 'JÜRGEN@xn--bcher-kva.example')"
is "dots and tags are kept" 'success|[]|' "$(sign 'jürgen+1@bücher.example')"
is "a phone, national against E.164" 'failure|["phone_taken"]|' "$(sign 'b@example.com' 'phone, phone_country' "'604.555.5555','CAN'")"
is "a username by its folded form" 'failure|["username_taken"]|' "$(sign 'c@example.com' username "'STRASSE'")"
sql "SELECT reg_settings_patch('{\"uniqueEmail\":false,\"uniquePhone\":false}');" >/dev/null
is "not unique: e-mail and phone may repeat" 'success|[]|' "$(sign 'JÜRGEN@bücher.example' phone "'+16045555555'")"
ledger '{"usernameIsPhone":true,"defaultCountry":"ID"}'
is "the username is the phone number" 'success|[]|' "$(sign 'a@example.com' username "'081234567890'")"
is "in E.164" '+6281234567890|1' "$(sql "SELECT username, reg_username_exists('0812-3456-7890') FROM reg_attempts;")"
is "and comes from it" '+6281234567891' "$(sign 'b@example.com' phone "'081234567891'" >/dev/null; sql "SELECT username FROM reg_attempts WHERE id = 2;")"
is "a username that is none" 'failure|["username_invalid"]|' "$(sign 'c@example.com' username "'bob'")"
is "taken, as the phone that it is" 'failure|["phone_taken","username_taken"]|' "$(sign 'd@example.com' username "'+62 812 3456 7890'")"

# Failed attempts and pending ones reserve nothing.
ledger
sign a@example.com recommendation "'PREVENT'" >/dev/null
is "after a failure the address is free" 'success|[]|' "$(sign a@example.com)"
ledger "{$PIN}"
sign a@example.com 'username, device_id' "'ann', 'd1'" >/dev/null
is "a second pending one" 'pending|[]|pending' "$(sign A@example.com 'uuid, device_id' "'b3f56868-9667-4843-a8e5-0509456baa9b', 'd2'")"
is "a third, by the username alone" 'pending|[]|pending' "$(sign other@example.com username "'ANN'")"
is "a fourth for somebody else" 'pending|[]|pending' "$(sign b@example.com)"
codes=$(at "$START" sql "SELECT id, attempt_id, subject, state FROM reg_codes ORDER BY id;")
is "each has its code" $'1|1|a@example.com|pending\n2|2|A@example.com|pending\n3|3|other@example.com|pending\n4|4|b@example.com|pending' "$codes"
is "the second waits for the pause of its subject" "2026-01-01T12:00:00.000Z 2026-01-01T12:01:00.000Z" "$(sql "SELECT group_concat(strftime('%Y-%m-%dT%H:%M:%fZ', next_try_at / 1000.0, 'unixepoch'), ' ') FROM code WHERE id < 3;")"
code=$(at "$(later 61)" sql "SELECT reg_issue_code('a@example.com', 'email', 'd2');")
is "a code confirms its own attempt" verified "$(at "$(later 62)" sql "SELECT reg_verify_code('a@example.com', '$code', 'd2');")"
is "its rivals have lost, unreported; who asked for something else waits on" '1|failure|["superseded_attempt"]||superseded|0|
2|success|[]|2|verified|1|queued
3|pending|[]||pending|0|
4|pending|[]||pending|0|' "$(attempts 63)"
is "the loser's password is not the customer's" "0|1" "$(sql "SELECT (SELECT password_hash FROM person WHERE attempt_id = 1) = (SELECT password_hash FROM person WHERE attempt_id = 2), reg_verify_password('A9#bL8@z', (SELECT password_hash FROM person WHERE attempt_id = 2));")"
is "told outcomes too end rivals" 'success|[]|' "$(sign b@example.com outcome "'success'")"
is "so that one is a customer" '4|failure|["superseded_attempt"]|' "$(sql "SELECT id, outcome, reasons, customer_id FROM reg_attempts WHERE id = 4;")"
answers "a loser's code says so" superseded "SELECT reg_verify_code('b@example.com', '000000') WHERE 0; SELECT state FROM reg_codes WHERE attempt_id = 4;"

# By setting also the losers are reported.
ledger "{$PIN,\"reportableReasons\":[\"superseded_attempt\"]}"
sign a@example.com >/dev/null; sign a@example.com >/dev/null; sign a@example.com >/dev/null
code=$(at "$START" sql "SELECT reg_issue_code('a@example.com', 'email');")
verify a@example.com "$code" >/dev/null
is "three attempts, three reports, each id once" '3|3|3|1' "$(sql "SELECT count(*), count(DISTINCT id), count(DISTINCT attempt_id), sum(outcome = 'success') FROM report;")"

# Third parties.
ledger
is "by a third party: no password is asked" 'success|[]' "$(at "$START" sql "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('g@example.com', 'google', 'g-1'); SELECT outcome, reasons FROM reg_attempts;")"
is "again: a log-in, no attempt" "2|1|login|1|known" "$(at "$(later 5)" sql "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('g@example.com', 'Google', 'g-1');
    SELECT last_insert_rowid(), (SELECT count(*) FROM attempt), kind, attempt_id, verdict FROM continuation;")"
is "the next id is neither's" 3 "$(sql "INSERT INTO reg_attempts(email) VALUES ('x'); SELECT last_insert_rowid();")"
is "the same subject at another provider is another identity" 'failure|["email_taken"]' "$(sql "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('g@example.com', 'facebook', 'g-1');
    SELECT outcome, reasons FROM reg_attempts WHERE id = last_insert_rowid();")"
ledger '{"registrationType":"REQUIRE_PIN_CONFIRMATION"}'
at "$START" sql "INSERT INTO reg_attempts(email, phone, identity_provider, identity_subject) VALUES ('g@example.com', '+16045550001', 'google', 'g-1');" >/dev/null
is "ON_CONFLICT: who is new is a customer at once" 'success|[]|' "$(sign new@example.com)"
is "ON_CONFLICT: who came with a password is taken" 'failure|["email_taken"]|' "$(sign new@example.com)"
is "ON_CONFLICT: who came by a third party is asked for a pin" 'pending|[]|pending' "$(sign G@example.com)"
code=$(pin g@example.com)
is "ON_CONFLICT: the pin" verified "$(verify g@example.com "$code")"
is "ON_CONFLICT: links to that customer, and makes no second one" '4|success|1' "$(sql "SELECT id, outcome, customer_id FROM reg_attempts WHERE email = 'G@example.com';")"
is "ON_CONFLICT: who has the password now" 1 "$(sql "SELECT reg_verify_password('A9#bL8@z', password_hash) FROM person WHERE attempt_id = 1;")"
is "ON_CONFLICT: from then on it is taken" 'failure|["email_taken"]|' "$(sign g@example.com)"
is "ON_CONFLICT: and the third party still logs in" 1 "$(sql "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('g@example.com', 'google', 'g-1'); SELECT attempt_id FROM continuation ORDER BY id DESC LIMIT 1;")"
ledger '{"registrationType":"REQUIRE_PIN_CONFIRMATION"}'
at "$START" sql "INSERT INTO reg_attempts(email, phone, identity_provider, identity_subject) VALUES ('g@example.com', '+16045550001', 'google', 'g-1');" >/dev/null
sign g@example.com >/dev/null
is "ON_CONFLICT: the customer is erased while a link waits" 1 "$(at "$START" sql "SELECT reg_forget('+16045550001');")"
code=$(pin g@example.com)
is "ON_CONFLICT: then the attempt has its pin all the same" verified "$(verify g@example.com "$code")"
is "ON_CONFLICT: and is a customer of its own" '2|success|2|1' "$(at "$(later 5)" sql "SELECT id, outcome, customer_id, reg_email_exists('g@example.com') FROM reg_attempts WHERE email = 'g@example.com';")"
is "ON_CONFLICT: who is known by the address" 1 "$(at "$(later 5)" sql "SELECT reg_record_step('g@example.com', 'KYC', 'done'); SELECT reg_forget('g@example.com');" | tail -n 1)"
is "ON_CONFLICT: and can be erased, so that it is free again" 'success|[]|' "$(WHEN=$(later 6) sign g@example.com)"
ledger '{"registrationType":"AUTOMATIC"}'
at "$START" sql "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('g@example.com', 'google', 'g-1');" >/dev/null
is "AUTOMATIC: who came by a third party is taken, nothing is linked without a proof" 'failure|["email_taken"]|' "$(sign g@example.com)"
ledger "{$PIN}"
is "a third party's customers need no pin" 'success|[]' "$(sql "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('g@example.com', 'apple', 'a-1'); SELECT outcome, reasons FROM reg_attempts;")"

# Two steps: the same INSERT, the second time with the code.
ledger "{$PIN,\"sandbox\":true,\"requirePartnerId\":true}"
step() { at "$(later "$1")" sql "INSERT INTO reg_attempts(email, password, user_type, partner_id, email_confirm_code) VALUES ('$2', 'A9#bL8@z', 'CUSTOMER', 7, $3); SELECT kind, attempt_id, verdict, id = last_insert_rowid() FROM continuation WHERE id = last_insert_rowid();"; }
step 0 a@example.com NULL >/dev/null
is "two steps: a wrong code" "confirmation|1|invalid_code|1" "$(step 5 a@example.com "'11111'")"
is "two steps: still waiting" '1|pending|[]||0|' "$(at "$(later 6)" sql "SELECT id, outcome, reasons, customer_id, email_confirmed_at IS NOT NULL, report_state FROM reg_attempts;")"
is "two steps: the code, as a number too" "confirmation|1|verified|1" "$(step 7 A@example.com 12345)"
is "two steps: a customer; both rows stand, and one attempt" '1|success|[]|1|verified|1|queued' "$(attempts 8)"
is "two steps: once more" "confirmation|1|already_verified|1" "$(step 9 a@example.com "'12345'")"
is "two steps: of nobody" "confirmation||not_found|1" "$(step 9 nobody@example.com "'12345'")"
answers "two steps: every row has its id, once" "1 2 3 4 5" "SELECT group_concat(id, ' ') FROM (SELECT id FROM attempt UNION ALL SELECT id FROM continuation ORDER BY id);"

# Completing with a password.
ledger "{$PIN,\"passwordAt\":\"confirm\"}"
is "without a password" 'pending|[]' "$(at "$START" sql "INSERT INTO reg_attempts(email) VALUES ('a@example.com'); SELECT outcome, reasons FROM reg_attempts;")"
code=$(pin a@example.com)
is "a password that breaks rules costs no try" '["password_too_short","password_no_uppercase","password_no_digit","password_no_symbol"]|0' "$(at "$(later 1)" sql "SELECT reg_complete('a@example.com', '$code', 'short'), failures FROM reg_codes;")"
is "a wrong code does" 'invalid_code|1' "$(at "$(later 1)" sql "SELECT reg_complete('a@example.com', '000000', 'A9#bL8@z'); SELECT failures FROM reg_codes;" | paste -sd'|')"
is "both right" "verified" "$(at "$(later 2)" sql "SELECT reg_complete('a@example.com', '$code', 'A9#bL8@z');")"
is "the customer has it" '1|1' "$(sql "SELECT reg_verify_password('A9#bL8@z', password_hash), (SELECT count(*) FROM reg_attempts WHERE outcome = 'success') FROM person;")"
is "once" "already_verified" "$(at "$(later 3)" sql "SELECT reg_complete('a@example.com', '$code', 'B9#bL8@z');")"
sign b@example.com >/dev/null
code=$(pin b@example.com)
is "a password that came with the sign-up stays" $'verified\n1|0' "$(at "$(later 4)" sql "SELECT reg_complete('b@example.com', '$code', 'B9#bL8@z');
    SELECT reg_verify_password('A9#bL8@z', password_hash), reg_verify_password('B9#bL8@z', password_hash) FROM person WHERE attempt_id = 2;")"
is "and no other afterwards" '1' "$(sql "SELECT reg_verify_password('A9#bL8@z', password_hash) FROM person WHERE attempt_id = 1;")"

# Afterwards: consents and steps.
ledger '{"consentVersions":{"terms":"2"}}'
sign a@example.com consents "'{\"terms\":{\"state\":\"accepted\",\"version\":\"2\"},\"marketing\":\"declined\"}'" >/dev/null
is "a consent changes" 'accepted|{"terms":{"state":"accepted","version":"2"},"marketing":{"state":"accepted"}}' "$(at "$(later 5)" sql "SELECT reg_set_consent('a@example.com', 'marketing', NULL, 'accepted'), (SELECT consents FROM reg_attempts);" | tail -1 >/dev/null; at "$(later 6)" sql "SELECT reg_set_consent('A@example.com', 'marketing', NULL, 'accepted'); SELECT consents FROM reg_attempts;" | paste -sd'|')"
refuses "of another version" "reg_set_consent: version: the current version of terms is 2" "SELECT reg_set_consent('a@example.com', 'terms', '1', 'accepted');"
refuses "of no state" "reg_set_consent: state: expected accepted or declined" "SELECT reg_set_consent('a@example.com', 'news', NULL, 'maybe');"
refuses "of nobody" "reg_set_consent: subject: no customer and no pending attempt has it" "SELECT reg_set_consent('b@example.com', 'news', NULL, 'accepted');"
is "steps, in their order" '[["KYC","started","inspection-1"],["KYC","approved",null],["SUBSCRIPTION","active","s-1"]]' "$(at "$(later 9)" sql "SELECT reg_record_step('a@example.com', 'KYC', 'started', 'inspection-1') IS NULL; SELECT reg_record_step('a@example.com', 'KYC', 'approved') IS NULL;
    SELECT reg_record_step('a@example.com', 'SUBSCRIPTION', 'active', 's-1') IS NULL;" >/dev/null; sql "SELECT json_group_array(json_array(value ->> 'step', value ->> 'status', value ->> 'reference')) FROM reg_attempts, json_each(steps);")"
# As the value of any subquery does, which is no more so in the newest SQLite.
is "steps stay JSON for its functions" "$(sql "SELECT json_type(json_object('steps', (SELECT json_array(1))), '\$.steps');")" "$(at "$(later 9)" sql "SELECT json_type(json_object('steps', steps), '\$.steps') FROM reg_attempts WHERE id = 1;")"
refuses "a step of nobody" "reg_record_step: subject: no customer" "SELECT reg_record_step('b@example.com', 'KYC', 'started');"

# Forgetting.
answers "forget: how many attempts" 1 "SELECT reg_forget('A@example.com');"
answers "the count stays, the person is gone, at every moment" '1|success||||1|erased' "SELECT count(*), outcome, email, name, phone, erased_at IS NOT NULL, report_state FROM reg_attempts;"
is "also as of then" '1|success||queued' "$(sql "SELECT count(*), outcome, email, report_state FROM reg_attempts(1767268806000);")"
answers "the address is free" 'success' "INSERT INTO reg_attempts(email, password, consents) VALUES ('a@example.com', 'A9#bL8@z', '{}'); SELECT outcome FROM reg_attempts WHERE id = 2;"
answers "nobody: nothing" 0 "SELECT reg_forget('nobody@example.com');"
is "the host's own secure_delete is as it was" '0 0 0 1 0 1 2 0 2' "$(sql "$(for mode in OFF ON FAST; do
    echo "PRAGMA main.secure_delete = $mode; SELECT reg_forget('nobody@example.com'); PRAGMA main.secure_delete;"; done)" | xargs)"
ledger "{$PIN}"
sign a@example.com >/dev/null
code=$(pin a@example.com)
answers "forget a pending one" 1 "SELECT reg_forget('a@example.com');"
is "it fails as erased, its code is cancelled" 'failure|["erased"]|cancelled|' "$(sql "SELECT outcome, reasons, code_state, report_state FROM reg_attempts;")"
is "and its code is nobody's" not_found "$(verify a@example.com "$code")"

# What was told of the same customer under another address is his as well.
ledger
sql "INSERT INTO reg_attempts (email, phone, outcome) VALUES ('a@example.com', '+16045550001', 'success');
     INSERT INTO reg_attempts (email, phone, outcome) VALUES ('b@example.com', '+16045550001', 'success');
     INSERT INTO reg_attempts (email, outcome) VALUES ('c@example.com', 'success');"
answers "forget by one of his addresses" 2 "SELECT reg_forget('a@example.com');"
answers "the others are free again, and nobody else is touched" '0|0|1' "SELECT reg_phone_exists('+16045550001'), reg_email_exists('b@example.com'), reg_email_exists('c@example.com');"

# A third party's verified e-mail links to a customer only where that customer has shown that the address is his: whoever registered it first with a password
# of his own must not find himself in the owner's account.
ledger '{"requiredConsents":[]}'
sql "INSERT INTO reg_attempts (email, password) VALUES ('v@example.com', 'A9#bL8@z');
     INSERT INTO reg_attempts (email, email_verified_at, outcome) VALUES ('w@example.com', '2025-12-01', 'success');"
answers "an address that nobody has confirmed is not linked to" 'failure|email_taken' "INSERT INTO reg_attempts (email, identity_provider, identity_subject, email_verified_at) VALUES ('v@example.com', 'google', 'g1', '2025-12-31');
    SELECT outcome, failure_reason FROM reg_attempts WHERE id = 3;"
answers "a verified one is" 'login|2|linked' "INSERT INTO reg_attempts (email, identity_provider, identity_subject, email_verified_at) VALUES ('w@example.com', 'google', 'g2', '2025-12-31');
    SELECT kind, attempt_id, verdict FROM continuation;"

# Keys of 64 bits that collide bring in rivals whose texts decide: a third party's identifier is nothing without the party.
ledger "{$PIN}"
sign a@example.com >/dev/null
at "$START" sql "INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES ('z@example.com', 'google', '1');" >/dev/null
sql "UPDATE subject_merged SET key = (SELECT key FROM subject_index s JOIN person p ON s.key = p.email_key WHERE p.attempt_id = 2) WHERE attempt_id = 1;
    UPDATE person SET identity_subject = '77'; UPDATE attempt SET identity_provider = 'apple' WHERE id = 1;
    INSERT INTO supersede (attempt_id, recorded_at, unique_email, unique_phone, reportable) VALUES (2, 1767268800000, 1, 1, '[]');" >/dev/null
answers "the same identifier with another party is no rival" pending "SELECT outcome FROM attempt a WHERE id = 1 AND NOT EXISTS (SELECT 1 FROM decision WHERE attempt_id = 1);"
sql "UPDATE attempt SET identity_provider = 'google' WHERE id = 1;
    INSERT INTO supersede (attempt_id, recorded_at, unique_email, unique_phone, reportable) VALUES (2, 1767268800000, 1, 1, '[]');" >/dev/null
answers "with the same party it is" '["superseded_attempt"]' "SELECT reasons FROM decision WHERE attempt_id = 1;"

done_testing
