#!/bin/bash
# SPDX-License-Identifier: MIT
# Whom a text means: a text of the form of an e-mail address or a phone number means that; a username of such a form is only for whoever has it;
# and where a text may still mean two people, nobody is taken for the other.
. tests/sql/tap.sh
sessions
PIN='"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE"'
sign() { # COLUMNS VALUES: at START; outcome and reasons
    at "$START" sql "INSERT INTO reg_attempts(password, $1) VALUES ('A9#bL8@z', $2);
        SELECT outcome, reasons FROM reg_attempts WHERE id = last_insert_rowid();"
}
code() { at "${3:-$START}" sql "SELECT reg_issue_code('$1', '$2');"; }
verify() { at "$(later "${3:-1}")" sql "SELECT reg_verify_code('$1', '$2');"; }
patch() { sql "SELECT reg_settings_patch('$1') IS NOT NULL;" >/dev/null; }
refused() { like "$1" "^Error: .*$2" "$(at "$(later 99)" sql "SELECT $3;")"; }

# An address as another one's username.
ledger "{$PIN}"
sign email "'ada@example.com'" >/dev/null
is "another one's address is no username" 'failure|["username_invalid"]' "$(sign 'email, username' "'m@example.com', 'ada@example.com'")"
is "nor in another spelling" 'failure|["username_invalid"]' "$(sign 'email, username' "'m@example.com', 'ADA@Example.COM'")"
is "nor in another width" 'failure|["username_invalid"]' "$(sign 'email, username' "'m@example.com', 'ada＠example.com'")"
is "nor where nobody has it yet" 'failure|["username_invalid"]' "$(sign 'email, username' "'m@example.com', 'nobody@example.org'")"
is "nor without an address" 'failure|["email_missing","username_invalid"]' "$(sign username "'nobody@example.org'")"
is "one's own is" 'pending|[]' "$(sign 'email, username' "'Bob@example.com', 'bob@Example.com'")"
is "one's own in a domain that folds to another name" 'pending|[]' "$(sign 'email, username' "'bo@straße.example', 'bo@straße.example'")"
is "what has not the form of an address is any text" 'pending|[]' "$(sign 'email, username' "'c@example.com', 'c@home'")"
ada=$(code ada@example.com email)
is "the code that the address was sent" verified "$(verify ada@example.com "$ada")"
is "confirms who has the address" success "$(at "$(later 2)" sql "SELECT outcome FROM reg_attempts WHERE id = 1;")"
is "the username of its own form is still one" 'pending|[]' "$(sign 'email, username' "'d@example.com', 'dora'")"
like "and found" '^[0-9]{6}$' "$(code dora none)"

# A phone number as another one's username.
ledger "{$PIN,\"channels\":[\"email\",\"sms\"]}"
sign 'email, phone' "'ada@example.com', '+16045550001'" >/dev/null
for username in +16045550001 '+1 604 555-0001' 0016045550001 '＋１6045550001' +16045559999; do
    is "a number is no username: $username" 'failure|["username_invalid"]' "$(sign 'email, username' "'m@example.com', '$username'")"
done
is "one's own is" 'pending|[]' "$(sign 'email, phone, username' "'b@example.com', '+16045550002', '+1 604 555 0002'")"
is "digits alone are none while nothing completes them" 'pending|[]' "$(sign 'email, username' "'c@example.com', '6045550003'")"
ada=$(code +16045550001 sms)
is "the code that the number was sent" verified "$(verify +16045550001 "$ada")"
is "confirms who has the number" '1' "$(at "$(later 2)" sql "SELECT group_concat(id) FROM reg_attempts WHERE outcome = 'success';")"
patch '{"defaultCountry":"CA"}'
is "digits that are completed to a number" 'failure|["username_invalid"]' "$(sign 'email, username' "'m@example.com', '604-555-0001'")"
is "to one's own" 'pending|[]' "$(sign 'email, phone, username' "'e@example.com', '(604) 555-0005', '6045550005'")"
is "digits that are not" 'pending|[]' "$(sign 'email, username' "'f@example.com', '20261115'")"
patch '{"defaultCountry":"DE"}'
is "digits that a former country completes" 'failure|["username_invalid"]' "$(sign 'email, username' "'m@example.com', '6045550001'")"

# The username that is the phone number.
ledger "{$PIN,\"usernameIsPhone\":true,\"defaultCountry\":\"ID\"}"
sign 'email, phone' "'v@example.com', '081234567890'" >/dev/null
is "usernameIsPhone: it is the phone, where none is given" 'pending|[]' "$(sign 'email, username' "'a@example.com', '081234567891'")"
answers "and shown as both" '+6281234567891|+6281234567891' "SELECT phone, username FROM reg_attempts WHERE id = 2;"
is "not another than the phone" 'failure|["username_invalid"]' "$(sign 'email, phone, username' "'m@example.com', '081234567892', '081234567890'")"
is "the same in another spelling" 'pending|[]' "$(sign 'email, phone, username' "'m@example.com', '+6281234567892', '0812-3456-7892'")"
ledger '{"requiredFields":["phone"],"usernameIsPhone":true}'
is "so it is not missing" 'success|[]' "$(sign username "'+6281234567891'")"
is "and taken as both" 'failure|["phone_taken","username_taken"]' "$(sign username "'+6281234567891'")"

# What was told, and a ledger of an older version, may have such usernames: the address goes first, and none of them is reached by it.
ledger
sign 'email, username' "'m@example.com', 'mm'" >/dev/null
is "told" 'success|[]' "$(sign 'email, username, outcome' "'t@example.com', 'ada@example.com', 'success'")"
refuses "told: the text is not that customer's" "subject: no customer and no pending attempt has it" "SELECT reg_record_step('ada@example.com', 'KYC', 'started');"
is "told: nor taken from who has the address" 'success|[]' "$(sign 'email, username' "'ada@example.com', 'ada@example.com'")"

# older: attempt 1 gets the username of attempt 2, as only an older version would have let it.
older() {
    sql "UPDATE person SET (username, username_folded, username_key) = (SELECT username, username_folded, username_key FROM person WHERE attempt_id = 2) WHERE attempt_id = 1;
        INSERT INTO subject_merged SELECT p.username_key, s.holder, 1 FROM person p JOIN subject_index s ON s.key = p.email_key AND s.attempt_id = 1 WHERE p.attempt_id = 1;
        DELETE FROM subject_merged WHERE attempt_id = 2 AND key = (SELECT username_key FROM person WHERE attempt_id = 2);
        UPDATE person SET username = NULL, username_folded = NULL, username_key = NULL WHERE attempt_id = 2;"
}
# Addresses that usernames fold together are two, and so are the people who have them: as usernames, too.
ledger
is "one's own address, in letters that fold to another's" 'success|[]' "$(sign 'email, username' "'ｂob@example.com', 'ｂob@example.com'")"
is "takes nothing from whoever has the other one" 'success|[]' "$(sign 'email, username' "'bob@example.com', 'bob@example.com'")"
answers "each is found by his own" '1|1' "SELECT reg_username_exists('ｂob@example.com'), reg_username_exists('bob@example.com');"
answers "and erased by it alone" 1 "SELECT reg_forget('ｂob@example.com');"
answers "the other one stays" bob@example.com "SELECT group_concat(email) FROM reg_attempts WHERE email IS NOT NULL;"
for text in 'ｂob@example.com' $'bob\ufe0f@example.com' 'bob＠example.com'; do
    answers "nor is he erased by a text that only folds to his: $text" 0 "SELECT reg_forget('$text');"
done
# A ledger of an older version, where such a username was kept folded: the owner of the address failed at it.
ledger
sign 'email, username' "'m@example.com', 'mm'" >/dev/null
sign 'email, username' "'bob@example.com', 'bob@example.com'" >/dev/null
older
sql "UPDATE person SET (username, username_folded, username_key) = (SELECT username, username_folded, username_key FROM person WHERE attempt_id = 1) WHERE attempt_id = 2;
    INSERT INTO subject_merged SELECT username_key, -1, 2 FROM person WHERE attempt_id = 2;
    UPDATE subject_merged SET holder = -1 WHERE attempt_id = 2;"
refuses "older: an attempt that failed for both does not make one person of them" 'reg_forget: subject: matches several people: 1 by username, 2 by e-mail address' "SELECT reg_forget('bob@example.com');"

ledger "{$PIN}"
sign email "'m@example.com'" >/dev/null
sign 'email, username' "'ada@example.com', 'ada@example.com'" >/dev/null
older
ada=$(code ada@example.com email)
is "older: verified" verified "$(verify ada@example.com "$ada")"
answers "older: the one with the address" 2 "SELECT group_concat(id) FROM reg_attempts WHERE outcome = 'success';"
sql "SELECT reg_set_consent('ada@example.com', 'news', NULL, 'accepted'), reg_record_step('ada@example.com', 'KYC', 'started');" >/dev/null
answers "older: consents and steps are the one's with the address" '2|2' "SELECT (SELECT group_concat(attempt_id) FROM consent), (SELECT group_concat(attempt_id) FROM step);"
for text in 'ada＠example.com' $'ada\u200b@example.com'; do
    refuses "older: nor is a text that only folds to the address the username" "subject: no customer" "SELECT reg_record_step('$text', 'KYC', 'started');"
done
refuses "older: to be erased, both are named" 'reg_forget: subject: matches several people: 1 by username, 2 by e-mail address; .regjob forget --all. erases them all, .regjob forget --id. one of them' "SELECT reg_forget('ada@example.com');"
answers "older: and none is erased" 2 "SELECT count(*) FROM person;"
answers "older: who has it as username alone, by the address of his own" 1 "SELECT reg_forget('m@example.com');"
answers "older: then one is left" 1 "SELECT reg_forget('ada@example.com');"
ledger
sign email "'m@example.com'" >/dev/null
sign 'email, username' "'ada@example.com', 'ada@example.com'" >/dev/null
older
sql "UPDATE person SET (email, email_folded) = ('gone@example.com', 'gone@example.com') WHERE attempt_id = 2;"
refuses "older: a text that means an address is nobody else's" "subject: no customer and no pending attempt has it" "SELECT reg_set_consent('ada@example.com', 'news', NULL, 'accepted');"
answers "older: but is erased where it stands" 1 "SELECT reg_forget('ada@example.com');"

# A ledger of an older version with usernameIsPhone: the number is known as username alone.
ledger '{"usernameIsPhone":true}'
sign 'email, username' "'a@example.com', '+6281234567891'" >/dev/null
sql "DELETE FROM subject_merged WHERE key = (SELECT phone_key FROM person); UPDATE person SET phone = NULL, phone_key = NULL;"
answers "older: by the number that is the username" '1|started' "SELECT reg_username_exists('+62 812 3456 7891'), reg_record_step('+62 812 3456 7891', 'KYC', 'started');"
sign 'email, phone' "'b@example.com', '+6281234567892'" >/dev/null
sql "UPDATE person SET phone = '+6281234567893', phone_key = 1 WHERE attempt_id = 1;"
refuses "older: not where that one has another phone" "subject: no customer" "SELECT reg_record_step('+6281234567891', 'KYC', 'started');"

# A text that is one's phone when it is completed, and another's username.
ledger "{$PIN}"
sign 'email, username' "'b@example.com', '6045550001'" >/dev/null
patch '{"defaultCountry":"CA","channels":["email","sms"]}'
refused "no code to a number that the person never gave" "subject: no phone number is known for it" "reg_issue_code('6045550001', 'sms')"
like "one to the address" '^[0-9]{6}$' "$(code 6045550001 email)"
is "of whoever has the username" "b@example.com" "$(sql "SELECT subject FROM reg_codes ORDER BY id DESC LIMIT 1;")"
sign 'email, phone' "'ada@example.com', '604 555 0001'" >/dev/null
who='subject: it may mean several people: 1 by username, 2 by phone number; give a phone number with its country code, as in .16045550123, or another identifier of the person'
for call in "reg_issue_code('6045550001', 'sms')" "reg_issue_code('6045550001', 'email')" "reg_issue_code('6045550001', 'none')" "reg_resend_code('6045550001', 'sms')" \
    "reg_verify_code('6045550001', '123456')" "reg_set_consent('6045550001', 'news', NULL, 'accepted')" "reg_record_step('6045550001', 'KYC', 'started')"; do
    refused "two people: ${call%%(*}" "${call%%(*}: $who" "$call"
done
refused "two people: reg_complete" "reg_complete: $who" "reg_complete('6045550001', '123456', 'A9#bL8@z')"
answers "two people: a code costs neither a try" 0 "SELECT count(*) FROM wrong_try;"
refused "two people: reg_forget" 'reg_forget: subject: matches several people: 1 by username, 2 by phone number; ' "reg_forget('6045550001')"
is "two people: the second request of a sign-up is recorded, and judges nobody" 'subject_ambiguous||0' "$(at "$(later 99)" sql "INSERT INTO reg_attempts(email, email_confirm_code) VALUES ('6045550001', '123456');
    SELECT verdict, attempt_id, (SELECT count(*) FROM wrong_try) FROM continuation;")"
answers "with its country code it is one's" 1 "SELECT reg_forget('+16045550001');"
answers "and then the other's" '1|' "SELECT reg_forget('6045550001'), (SELECT group_concat(attempt_id) FROM person);"

# The same person by both readings is one person.
ledger '{"defaultCountry":"CA"}'
sign 'email, phone, username' "'ada@example.com', '6045550001', '6045550001'" >/dev/null
sign 'email, phone' "'x@example.com', '6045550001'" >/dev/null
sign 'email, username, phone' "'y@example.com', '604-555-0001', '604-555-0001'" >/dev/null
answers "one person by two readings" 'started|3' "SELECT reg_record_step('6045550001', 'KYC', 'started'), reg_forget('6045550001');"

# A number that was completed when another country was the default.
ledger '{"defaultCountry":"CA"}'
sign 'email, phone' "'ada@example.com', '604 555 0001'" >/dev/null
for country in '"DE"' null; do
    patch "{\"defaultCountry\":$country}"
    answers "another default, $country: found" '1|accepted|started' "SELECT reg_phone_exists('6045550001'), reg_set_consent('6045550001', 'news', NULL, 'accepted'), reg_record_step('604 555 0001', 'KYC', 'started');"
done
refuses "but nothing is sent to a number that today's settings do not make" "subject: no phone number is known for it" "SELECT reg_issue_code('6045550002', 'sms');"
answers "another default: erased" 1 "SELECT reg_forget('6045550001');"

# Several customers.
ledger '{"uniqueEmail":false}'
sign email "'a@example.com'" >/dev/null
sign email "'a@example.com'" >/dev/null
refuses "several customers: a consent is nobody's" "reg_set_consent: subject: it may mean several people: 1 by e-mail address, 2 by e-mail address" "SELECT reg_set_consent('a@example.com', 'news', NULL, 'accepted');"
refuses "several customers: nor is a step" "reg_record_step: subject: it may mean several people" "SELECT reg_record_step('a@example.com', 'KYC', 'started');"
refuses "several customers: nor is a code" "reg_issue_code: subject: it may mean several people: 1 by e-mail address, 2 by e-mail address" "SELECT reg_issue_code('a@example.com', 'none');"
refuses "several customers: nor is one erased" "reg_forget: subject: matches several people: 1 by e-mail address, 2 by e-mail address; " "SELECT reg_forget('a@example.com');"
patch "{$PIN}"
sign email "'a@example.com'" >/dev/null
is "several customers: but whoever signs up has a code" verified "$(verify a@example.com "$(code a@example.com none)")"
answers "several customers: which is that attempt's" '3|success' "SELECT c.attempt_id, a.outcome FROM reg_codes c JOIN reg_attempts a ON a.id = c.attempt_id WHERE c.state = 'verified';"
ledger "{\"uniqueEmail\":false}"
sign email "'a@example.com'" >/dev/null
patch "{$PIN}"
sign email "'a@example.com'" >/dev/null
at "$(later 5)" sql "SELECT reg_record_step('a@example.com', 'KYC', 'started');" >/dev/null
answers "a customer goes before who only asks for the address" 1 "SELECT attempt_id FROM step;"

# A code that stands alone.
ledger
bob=$(code bob none)
is "a code for a username without an attempt" verified "$(verify bob "$bob")"
number=$(code +16045550009 none)
answers "a code alone is erased with its address" '0|0' "SELECT reg_forget('+16045550009'), (SELECT count(*) FROM recipient WHERE address LIKE '+1604%');"
is "and is nobody's then" not_found "$(verify +16045550009 "$number")"

done_testing
