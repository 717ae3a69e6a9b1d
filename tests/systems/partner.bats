#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The partner API's document, played: a user is created in two requests, then verified by KYC and subscribed.

load systems

setup() {
    system_setup partner
}

first="INSERT INTO reg_attempts(user_type, email, password, partner_id) VALUES ('CUSTOMER', 'ann@example.com', 'A9#bL8@z', 4711)"

@test "sandbox, through CSV: the first request sends a code, the second one with 12345 creates the user" {
    settings '{"sandbox":true}'
    run job -v import "$ROOT/samples/partner.csv"
    [ "$status" = 0 ]
    [ "$(sums)" = "8|0|2|3|3|0" ]
    run ledger_reg "SELECT line, email, user_type, partner_id, outcome, failure_reason, code_state, email_confirmed_at IS NOT NULL
                      FROM reg_attempts ORDER BY line"
    [ "${lines[0]}" = "2|ann@example.com|CUSTOMER|4711|success||verified|1" ]
    [ "${lines[1]}" = "3|bob@example.com|CUSTOMER|4711|pending||pending|0" ]
    [ "${lines[2]}" = "4|cat@example.com|CUSTOMER||failure|partner_id_missing||0" ]
    [ "${lines[3]}" = "5|dan@example.com|CUSTOMER||failure|partner_id_invalid||0" ]
    [[ "${lines[4]}" = "6|eve@example.com|CUSTOMER|4711|failure|password_no_uppercase|"* ]]
    # The second requests, each with its verdict: right, wrong, and another partner's.
    run ledger "SELECT line, kind, attempt_id, verdict FROM continuation ORDER BY line"
    [ "${lines[0]}" = "7|confirmation|1|verified" ]
    [ "${lines[1]}" = "8|confirmation|2|invalid_code" ]
    [ "${lines[2]}" = "9|confirmation||not_found" ]
}

@test "the code that was mailed, back in a file: the second request of another day" {
    head -3 "$ROOT/samples/partner.csv" >first.csv
    job import first.csv
    [ "$(sums)" = "2|0|2|0|0|0" ]
    [ "$(ledger_reg "SELECT count(*) FROM reg_reports")" = 0 ]
    job send
    local code
    code=$(code_in "$(mailed ann@example.com)")
    [[ "$code" =~ ^[0-9]{6}$ ]]
    printf 'partnerId,userType,email,password,emailConfirmCode\n4711,CUSTOMER,ann@example.com,A9#bL8@z,%s\n' "$code" >second.csv
    job import second.csv
    [ "$(sums)" = "1|0|0|0|1|0" ]
    [ "$(ledger_reg "SELECT outcome, customer_id FROM reg_attempts WHERE email = 'ann@example.com'")" = "success|1" ]
    # A code is good once.
    printf 'email,emailConfirmCode\nann@example.com,%s\n' "$code" >third.csv
    job import third.csv
    [ "$(ledger "SELECT verdict FROM continuation ORDER BY id DESC LIMIT 1")" = already_verified ]
    # The second row's own password was not asked for: the first one's is kept, and kept hashed.
    run ledger_reg "SELECT reg_verify_password('A9#bL8@z', password_hash), password_hash LIKE '\$argon2id\$%' FROM person WHERE attempt_id = 1"
    [ "$output" = "1|1" ]
}

@test "through SQL: INSERT without the code, INSERT with it" {
    ledger_reg "$first"
    [ "$(ledger_reg "SELECT outcome, code_state FROM reg_attempts")" = "pending|pending" ]
    [ "$(ledger_reg "SELECT reg_email_exists('ann@example.com')")" = 0 ]
    job send
    local code
    code=$(code_in "$(mailed ann@example.com)")
    ledger_reg "INSERT INTO reg_attempts(user_type, email, password, partner_id, email_confirm_code)
                VALUES ('CUSTOMER', 'Ann@Example.com', 'A9#bL8@z', 4711, '$code')"
    run ledger_reg "SELECT id, outcome, code_state, email_confirmed_at IS NOT NULL FROM reg_attempts"
    [ "$output" = "1|success|verified|1" ]
    [ "$(ledger_reg "SELECT reg_email_exists('ann@example.com')")" = 1 ]
    # The same e-mail address again is taken now.
    ledger_reg "$first"
    [ "$(ledger_reg "SELECT failure_reason FROM reg_attempts WHERE id = 3")" = email_taken ]
}

@test "a wrong code spends a try, the last one fails the attempt, and the second request says so" {
    settings '{"sandbox":true,"maxCodeTries":2}'
    ledger_reg "$first"
    for code in 11111 22222 12345; do
        ledger_reg "INSERT INTO reg_attempts(email, partner_id, email_confirm_code) VALUES ('ann@example.com', 4711, '$code')"
    done
    [ "$(ledger "SELECT group_concat(verdict) FROM (SELECT verdict FROM continuation ORDER BY id)")" = "invalid_code,invalid_code,rate_limit" ]
    [ "$(ledger_reg "SELECT outcome, reasons FROM reg_attempts")" = 'failure|["verification_failed"]' ]
}

@test "the sandbox's code is a property of the code when it was asked for" {
    ledger_reg "$first"
    settings '{"sandbox":true}'
    [ "$(ledger_reg "SELECT reg_verify_code('ann@example.com', '12345')")" = invalid_code ]
    ledger_reg "INSERT INTO reg_attempts(email, password, partner_id) VALUES ('bob@example.com', 'A9#bL8@z', 1)"
    settings '{"sandbox":false}'
    [ "$(ledger_reg "SELECT reg_verify_code('bob@example.com', '12345')")" = verified ]
}

@test "the password rules: 8 to 32 characters, lower and upper case Latin letters, a number, a symbol" {
    check() {
        local got
        got=$(ledger_reg "SELECT reg_check_policy('$1')")
        [ "$got" = "$2" ] || { echo "$1: $got"; return 1; }
    }
    check 'A9#bL8@z' '[]'
    check 'A9#bL8@' '["too_short"]'
    check 'A9#bL8@zA9#bL8@zA9#bL8@zA9#bL8@z' '[]'
    check 'A9#bL8@zA9#bL8@zA9#bL8@zA9#bL8@zx' '["too_long"]'
    check 'A9#BL8@Z' '["no_lowercase"]'
    check 'a9#bl8@z' '["no_uppercase"]'
    check 'Ab#bLc@z' '["no_digit"]'
    check 'A9xbL8yz' '["no_symbol"]'
    check 'Ж9#жЖ8@ж' '["no_lowercase","no_uppercase"]'
    check 'abc' '["too_short","no_uppercase","no_digit","no_symbol"]'
    # The same at the door, all at once.
    ledger_reg "INSERT INTO reg_attempts(email, password, partner_id) VALUES ('ann@example.com', 'abc', 1);
                INSERT INTO reg_attempts(email, partner_id) VALUES ('ann@example.com', 1)"
    run ledger_reg "SELECT reasons FROM reg_attempts ORDER BY id"
    [ "${lines[0]}" = '["password_too_short","password_no_uppercase","password_no_digit","password_no_symbol"]' ]
    [ "${lines[1]}" = '["password_missing"]' ]
}

@test "partnerId is an int32, and required" {
    for id in 0 4711 2147483647; do
        ledger_reg "INSERT INTO reg_attempts(email, password, partner_id) VALUES ('p$id@example.com', 'A9#bL8@z', $id)"
    done
    [ "$(ledger_reg "SELECT group_concat(outcome) FROM reg_attempts")" = "pending,pending,pending" ]
    for id in "'2147483648'" "'99999999999'" "'x'" "'4.5'" "4.5" "'-1'"; do
        ledger_reg "INSERT INTO reg_attempts(email, password, partner_id) VALUES ('q@example.com', 'A9#bL8@z', $id)"
    done
    [ "$(ledger_reg "SELECT count(*) FROM reg_attempts WHERE reasons = '[\"partner_id_invalid\"]'")" = 6 ]
    ledger_reg "INSERT INTO reg_attempts(email, password) VALUES ('r@example.com', 'A9#bL8@z')"
    [ "$(ledger_reg "SELECT reasons FROM reg_attempts WHERE email = 'r@example.com'")" = '["partner_id_missing"]' ]
    settings '{"requirePartnerId":false}'
    ledger_reg "INSERT INTO reg_attempts(email, password) VALUES ('r@example.com', 'A9#bL8@z')"
    [ "$(ledger_reg "SELECT outcome FROM reg_attempts ORDER BY id DESC LIMIT 1")" = pending ]
}

@test "userType defaults to CUSTOMER and is another where it is sent or set" {
    ledger_reg "INSERT INTO reg_attempts(email, password, partner_id) VALUES ('a@example.com', 'A9#bL8@z', 1);
                INSERT INTO reg_attempts(email, password, partner_id, user_type) VALUES ('b@example.com', 'A9#bL8@z', 1, 'MERCHANT');
                INSERT INTO reg_attempts(email, password, partner_id, user_type) VALUES ('c@example.com', 'A9#bL8@z', 1, 'no such!')"
    settings '{"defaultUserType":"AGENT","strictFields":["user_type"]}'
    ledger_reg "INSERT INTO reg_attempts(email, password, partner_id, user_type) VALUES ('e@example.com', 'A9#bL8@z', 1, 'no such!')"
    ledger_reg "INSERT INTO reg_attempts(email, password, partner_id) VALUES ('d@example.com', 'A9#bL8@z', 1)"
    run ledger_reg "SELECT user_type, outcome, failure_reason FROM reg_attempts ORDER BY id"
    [ "${lines[0]}" = "CUSTOMER|pending|" ]
    [ "${lines[1]}" = "MERCHANT|pending|" ]
    [ "${lines[2]}" = "|pending|" ]
    [ "${lines[3]}" = "|failure|user_type_invalid" ]
    [ "${lines[4]}" = "AGENT|pending|" ]
}

@test "after creation come KYC (Sumsub) and the subscription, seen in the attempt and in the funnel" {
    settings '{"sandbox":true}'
    at "2026-03-01 10:00:00" ledger_reg "INSERT INTO reg_attempts(email, password, partner_id) VALUES ('ann@example.com', 'A9#bL8@z', 4711);
        INSERT INTO reg_attempts(email, password, partner_id) VALUES ('bob@example.com', 'A9#bL8@z', 4711);
        INSERT INTO reg_attempts(email, password, partner_id) VALUES ('cat@example.com', 'abc', 4711)"
    [ "$(at "2026-03-01 10:01:00" ledger_reg "SELECT reg_verify_code('ann@example.com', '12345')")" = verified ]
    run at "2026-03-01 11:00:00" ledger_reg "SELECT reg_record_step('ann@example.com', 'KYC', 'started', 'sumsub:5f3b')"
    [ "$output" = started ]
    at "2026-03-01 12:00:00" ledger_reg "SELECT reg_record_step('ann@example.com', 'KYC', 'approved', 'sumsub:5f3b');
        SELECT reg_record_step('ann@example.com', 'SUBSCRIPTION', 'started', 'subscriptionDetailsId:9');
        SELECT reg_record_step('ann@example.com', 'PAYMENT', 'paid', 'invoiceId:77')"
    run ledger_reg "SELECT s.value ->> 'step', s.value ->> 'status', s.value ->> 'reference'
                      FROM reg_attempts a, json_each(a.steps) s WHERE a.id = 1"
    [ "$output" = $'KYC|started|sumsub:5f3b\nKYC|approved|sumsub:5f3b\nSUBSCRIPTION|started|subscriptionDetailsId:9\nPAYMENT|paid|invoiceId:77' ]
    # As of before the second step, the first alone.
    [ "$(ledger_reg "SELECT json_array_length(steps) FROM reg_attempts('2026-03-01T11:30:00Z') WHERE id = 1")" = 1 ]
    run sqlite3 -header ledger.db "SELECT * FROM funnel"
    [ "${lines[0]}" = "day|received|accepted|code_sent|confirmed|registered|kyc|subscribed" ]
    [ "${lines[1]}" = "2026-03-01|3|2|0|1|1|1|1" ]
    # A stranger has no steps.
    run ledger_reg "SELECT reg_record_step('nobody@example.com', 'KYC', 'started')"
    [ "$status" != 0 ]
    [[ "$output" == *"no customer and no pending attempt"* ]]
}
