#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The INVAS document, played: a customer registers with data alone, gets a token by e-mail and by SMS, and completes with username,
# password and token.

load systems

setup() {
    system_setup invas
}

sample="INSERT INTO reg_attempts(phone, name, birth_date, birth_place, email, gender, country, source_id, account_group_id)
        VALUES ('081234567890', 'Septian Cahyo', '1990-12-31', 'Jakarta', 'email@gmail.com', 'true', 'ID', '01011', '01')"
MD5=$(printf %s 'A9#bL8@z' | md5sum | cut -c1-32 | tr a-f A-F)

@test "the document's sample, as CSV: its fields as they were sent, the phone number completed, nulls where allowed" {
    run job -v import "$ROOT/samples/invas.csv"
    [ "$status" = 0 ]
    [ "$(sums)" = "4|0|2|2|0|0" ]
    run ledger_reg "SELECT phone, username, name, birth_date, birth_place, email, gender, country, source_id, account_group_id
                      FROM reg_attempts WHERE line = 2"
    [ "$output" = "+6281234567890|+6281234567890|Septian Cahyo|1990-12-31|Jakarta|email@gmail.com|true|ID|01011|01" ]
    run ledger_reg "SELECT outcome, email IS NULL, gender, source_id IS NULL FROM reg_attempts WHERE line = 3"
    [ "$output" = "pending|1|false|1" ]
    run ledger_reg "SELECT reasons FROM reg_attempts WHERE line > 3 ORDER BY line"
    [ "${lines[0]}" = '["birth_date_invalid"]' ]
    [ "${lines[1]}" = '["phone_missing","birth_place_missing","gender_missing","account_group_id_missing"]' ]
}

@test "the same through SQL; values that are not of their form have their reasons, all at once and in order" {
    ledger_reg "$sample"
    [ "$(ledger_reg "SELECT phone, outcome FROM reg_attempts")" = "+6281234567890|pending" ]
    ledger_reg "INSERT INTO reg_attempts(phone, name, birth_date, birth_place, gender, country, account_group_id)
                VALUES ('12', 'X', '1990-02-30', 'Y', 'maybe', 'IDX', '01')"
    [ "$(ledger_reg "SELECT reasons FROM reg_attempts WHERE id = 2")" = '["phone_invalid","birth_date_invalid","gender_invalid","country_invalid"]' ]
    ledger_reg "INSERT INTO reg_attempts(phone, name, birth_date, birth_place, gender, country, account_group_id)
                VALUES ('08123', 'X', '2999-01-01', 'Y', 'false', 'ID', '01')"
    [ "$(ledger_reg "SELECT reasons FROM reg_attempts WHERE id = 3")" = '["phone_invalid","birth_date_invalid"]' ]
}

@test "e-mail and SMS token at once, with a prefix that both share and digits that differ in secret" {
    job import "$ROOT/samples/invas.csv"
    job send
    local mailed texted prefix
    mailed=$(mailed email@gmail.com)
    texted=$(texted +6281234567890)
    # In the customer's language: Indonesian follows from the country.
    [[ "$mailed" == *"Content-Language: id"* ]]
    prefix=$(ledger_reg "SELECT DISTINCT token_prefix FROM reg_codes WHERE attempt_id = 1")
    [[ "$prefix" =~ ^[A-Za-z]{3}$ ]]
    [[ "$(code_in "$mailed")" =~ ^$prefix[0-9]{4}$ ]]
    [[ "$(code_in "$texted")" =~ ^$prefix[0-9]{4}$ ]]
    # Who has no e-mail address gets the SMS alone.
    [ "$(ledger_reg "SELECT group_concat(channel) FROM reg_codes WHERE attempt_id = 2")" = sms ]
    [[ "$(code_in "$(texted +6281234567891)")" =~ ^[A-Za-z]{3}[0-9]{4}$ ]]
    # The secret digits are nowhere at rest.
    for code in "$(code_in "$mailed")" "$(code_in "$texted")"; do
        run grep -c "$code" ledger.db
        [ "$output" = 0 ]
    done
}

@test "every member of the token's description is in reg_codes" {
    at "2026-01-01 00:00:00" ledger_reg "$sample"
    run ledger_reg "SELECT c.expiry_minutes, c.expiry_timestamp, c.request_timestamp, c.phone, c.active, length(c.token_prefix), c.id,
                           c.token_type, c.attempt, c.username, c.account_group_id FROM reg_codes('2026-01-01T00:00:01Z') c"
    [ "${lines[0]}" = "5.0||2026-01-01T00:00:00.000Z|+6281234567890|1|3|1|EMAIL|1|+6281234567890|01" ]
    [ "${lines[1]}" = "5.0||2026-01-01T00:00:00.000Z|+6281234567890|1|3|2|SMS|1|+6281234567890|01" ]
    # Its time begins with its handing over.
    at "2026-01-01 00:10:00" ledger_reg "SELECT reg_issue_code('081234567890', 'sms')"
    run ledger_reg "SELECT token_type, expiry_timestamp, active, attempt FROM reg_codes('2026-01-01T00:11:00Z') ORDER BY id"
    [ "${lines[0]}" = "EMAIL||1|1" ]
    [ "${lines[1]}" = "SMS||0|1" ]
    [ "${lines[2]}" = "SMS|2026-01-01T00:15:00.000Z|1|2" ]
    [ "$(ledger_reg "SELECT active, state FROM reg_codes('2026-01-01T00:15:00Z') WHERE id = 3")" = "0|expired" ]
}

@test "completion with username, password and token in one step; either token, with its prefix or without" {
    job import "$ROOT/samples/invas.csv"
    job send
    local code
    code=$(code_in "$(texted +6281234567890)")
    # A broken rule costs no try; an MD5 in place of the password is refused.
    [ "$(ledger_reg "SELECT reg_complete('081234567890', '$code', 'abc')")" = '["password_too_short","password_no_uppercase","password_no_digit","password_no_symbol"]' ]
    [ "$(ledger_reg "SELECT reg_complete('081234567890', '$code', '$MD5')")" = '["password_hash_invalid"]' ]
    [ "$(ledger "SELECT count(*) FROM wrong_try")" = 0 ]
    [ "$(ledger_reg "SELECT outcome FROM reg_attempts WHERE id = 1")" = pending ]
    [ "$(ledger_reg "SELECT reg_complete('081234567890', '000000', 'A9#bL8@z')")" = invalid_code ]
    [ "$(ledger_reg "SELECT reg_complete('081234567890', '$code', 'A9#bL8@z')")" = verified ]
    run ledger_reg "SELECT outcome, code_state, phone_confirmed_at IS NOT NULL, email_confirmed_at IS NOT NULL FROM reg_attempts WHERE id = 1"
    [ "$output" = "success|verified|1|0" ]
    run ledger_reg "SELECT reg_verify_password('A9#bL8@z', password_hash), reg_verify_password('a9#bL8@z', password_hash) FROM person WHERE attempt_id = 1"
    [ "$output" = "1|0" ]
    # The e-mail token is no use any more.
    [ "$(ledger_reg "SELECT reg_verify_code('email@gmail.com', '$(code_in "$(mailed email@gmail.com)")')")" = superseded ]
    # The other customer, by the digits without their prefix.
    code=$(code_in "$(texted +6281234567891)")
    [ "$(ledger_reg "SELECT reg_complete('+62 812-3456-7891', '${code:3}', 'A9#bL8@z')")" = verified ]
}

@test "completion with an upper-case MD5: the second request through the door, from SQL" {
    ledger_reg "$sample"
    job send
    local code
    code=$(code_in "$(texted +6281234567890)")
    ledger_reg "INSERT INTO reg_attempts(username, password_md5, email_confirm_code) VALUES ('081234567890', 'no MD5', '$code')"
    [ "$(ledger "SELECT verdict FROM continuation")" = password_hash_invalid ]
    ledger_reg "INSERT INTO reg_attempts(username, password_md5, email_confirm_code) VALUES ('081234567890', '$MD5', '$code')"
    [ "$(ledger "SELECT verdict FROM continuation ORDER BY id DESC LIMIT 1")" = verified ]
    run ledger_reg "SELECT a.outcome, reg_verify_password('A9#bL8@z', p.password_hash), reg_needs_rehash(p.password_hash)
                      FROM reg_attempts a JOIN person p ON p.attempt_id = a.id"
    [ "$output" = "success|1|1" ]
    # Wrapped in Argon2id: the MD5 itself is not kept.
    run grep -ci "$MD5" ledger.db
    [ "$output" = 0 ]
}

@test "completion with an upper-case MD5: from CSV, as a sign-up file and as a confirmation file" {
    job import "$ROOT/samples/invas.csv"
    job send
    printf 'phone,countryId,password_md5,email_confirm_code\n081234567890,ID,%s,%s\n' "$MD5" "$(code_in "$(texted +6281234567890)")" >second.csv
    job import second.csv
    [ "$(sums)" = "1|0|0|0|1|0" ]
    printf 'subject,code,password_md5\n081234567891,%s,%s\n' "$(code_in "$(texted +6281234567891)")" "$MD5" >confirm.csv
    job confirm confirm.csv
    run ledger_reg "SELECT a.outcome, reg_verify_password('A9#bL8@z', p.password_hash) FROM reg_attempts a JOIN person p ON p.attempt_id = a.id
                     WHERE a.outcome <> 'failure'"
    [ "$output" = $'success|1\nsuccess|1' ]
}

@test "passwords that come as upper-case MD5 with the sign-up itself" {
    settings '{"passwordAt":"signup"}'
    ledger_reg "INSERT INTO reg_attempts(phone, name, birth_date, birth_place, gender, country, account_group_id, password_md5)
                VALUES ('081234567890', 'Septian Cahyo', '1990-12-31', 'Jakarta', 'true', 'ID', '01', '$MD5')"
    [ "$(ledger_reg "SELECT outcome FROM reg_attempts")" = pending ]
    [ "$(ledger_reg "SELECT reg_verify_password('A9#bL8@z', password_hash) FROM person")" = 1 ]
    [ "$(ledger_reg "SELECT reg_hash_password('A9#bL8@z', 'md5')")" = "$MD5" ]
}

@test "verifyUsername and verifyEmail: true once the customer exists, in any spelling" {
    ledger_reg "$sample"
    run ledger_reg "SELECT reg_username_exists('081234567890'), reg_email_exists('email@gmail.com'), reg_phone_exists('081234567890')"
    [ "$output" = "0|0|0" ]
    job send
    ledger_reg "SELECT reg_complete('081234567890', '$(code_in "$(mailed email@gmail.com)")', 'A9#bL8@z')"
    run ledger_reg "SELECT reg_username_exists('081234567890'), reg_username_exists('+6281234567890'), reg_email_exists('EMAIL@gmail.com'),
                           reg_phone_exists('0812-3456-7890'), reg_username_exists('081234567899'), reg_email_exists('other@gmail.com')"
    [ "$output" = "1|1|1|1|0|0" ]
    # And the phone number is the username: taken as both.
    ledger_reg "$sample"
    [ "$(ledger_reg "SELECT reasons FROM reg_attempts WHERE id = 2")" = '["email_taken","phone_taken","username_taken"]' ]
}

@test "the token is sent again by SMS and by e-mail, counted, and only the newest is good" {
    at "2026-01-01 00:00:00" ledger_reg "$sample"
    local first second by_mail
    first=$(at "2026-01-01 00:00:10" ledger_reg "SELECT reg_issue_code('081234567890', 'sms')")
    run at "2026-01-01 00:00:20" ledger_reg "SELECT reg_resend_code('081234567890', 'sms')"
    [[ "$output" == *"wait 50 seconds"* ]]
    second=$(at "2026-01-01 00:01:10" ledger_reg "SELECT reg_resend_code('081234567890', 'sms')")
    by_mail=$(at "2026-01-01 00:01:10" ledger_reg "SELECT reg_resend_code('081234567890', 'email')")
    [[ "$second" =~ ^[A-Za-z]{3}[0-9]{4}$ ]]
    [[ "$by_mail" =~ ^[A-Za-z]{3}[0-9]{4}$ ]]
    run ledger_reg "SELECT token_type, attempt, subject FROM reg_codes('2026-01-01T00:02:00Z') WHERE active ORDER BY token_type"
    [ "$output" = $'EMAIL|2|email@gmail.com\nSMS|2|+6281234567890' ]
    [ "$(at "2026-01-01 00:01:20" ledger_reg "SELECT reg_verify_code('081234567890', '$first')")" = superseded ]
    [ "$(at "2026-01-01 00:01:20" ledger_reg "SELECT reg_complete('081234567890', '$by_mail', 'A9#bL8@z')")" = verified ]
}

@test "a customer without e-mail address cannot be sent one, and a stranger nothing" {
    job import "$ROOT/samples/invas.csv"
    run ledger_reg "SELECT reg_resend_code('081234567891', 'email')"
    [ "$status" != 0 ]
    [[ "$output" == *"no e-mail address is known"* ]]
    run ledger_reg "SELECT reg_resend_code('081234560000', 'sms')"
    [ "$status" != 0 ]
    [[ "$output" == *"no code was requested"* ]]
}
