# SPDX-License-Identifier: MIT
# regjob send: codes by mail (into a Maildir) and by SMS (to the stand-in's gateway).

load ../helper

setup() {
    regjob_setup
}

teardown() {
    standin_stop
}

# sign_up N: with mail address and phone; pending or not by the settings
sign_up() {
    ledger_reg "INSERT INTO reg_attempts (email, phone, name, password)
                SELECT 'jane' || value || '@example.com', '+1604555' || (1000 + value), 'Jane Doe', 'Abcdef1!x'
                  FROM generate_series(1, $1)"
}

# The stand-in's gateway, as [sms] has it.
gateway() {
    printf 'url = %s/sms\nfrom = +16045550000\ntoken_file = token' "$STANDIN_URL"
}

# The text of the one mail to an address.
mail_to() {
    /usr/bin/python3 - "$1" <<'END'
import email, email.policy, glob, sys
found = [m for m in (email.message_from_binary_file(open(p, "rb"), policy=email.policy.default) for p in glob.glob("mail/new/*"))
         if sys.argv[1] in m["To"]]
assert len(found) == 1, found
print(found[0]["Subject"])
print(found[0].get_body(("plain",)).get_content())
END
}

mails() {
    find mail/new -type f 2>/dev/null | wc -l
}

states() {
    ahead sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" \
        "SELECT state || ' ' || count(*) FROM reg_codes GROUP BY state ORDER BY state"
}

@test "the pin that is mailed verifies; the run is silent, a second one sends nothing" {
    pins
    outbound_config
    sign_up 3
    [ "$(states)" = "pending 3" ]
    run carry send
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ "$(mails)" = 3 ]
    [ "$(states)" = "sent 3" ]
    [ "$(tries)" = "accepted 3" ]
    pin=$(mail_to jane2@ | grep -oE '[0-9]{6}' | head -1)
    [ "$(ledger_reg "SELECT reg_verify_code('jane2@example.com', '$pin')")" = verified ]
    [ "$(ledger_reg "SELECT outcome FROM reg_attempts WHERE id = 2")" = success ]
    run carry send
    [ "$status" -eq 0 ]
    [ "$(mails)" = 3 ]
}

@test "the token's link is made from the redirect link, and its token verifies" {
    for link in 'https://example.com/confirm?lang=en&t={token}#top' 'https://example.com/confirm' 'https://example.com/confirm?lang=en#top'; do
        rm -rf mail
        regjob_fresh
        settings '{"registrationType":"REQUIRE_EMAIL_ACTIVATION","confirmationRedirectLink":"'"$link"'"}'
        outbound_config
        sign_up 1
        run carry send
        [ "$status" -eq 0 ]
        found=$(mail_to jane1@ | grep -oE 'https://[^ ]+' | head -1)
        token=$(grep -oE '(t|token)=[-_A-Za-z0-9]+' <<<"$found" | head -1)
        token=${token#*=}
        case $link in
        *"{token}"*) [ "$found" = "https://example.com/confirm?lang=en&t=$token#top" ] ;;
        *lang*) [ "$found" = "https://example.com/confirm?lang=en&token=$token#top" ] ;;
        *) [ "$found" = "https://example.com/confirm?token=$token" ] ;;
        esac
        [ "$(ledger_reg "SELECT reg_verify_code('$token')")" = verified ]
    done
}

@test "a code's time begins when it is handed over, and so does its attempt's" {
    pins
    outbound_config
    sign_up 1
    later "+20h"
    run carry send
    [ "$status" -eq 0 ]
    pin=$(mail_to jane1@ | grep -oE '[0-9]{6}' | head -1)
    # The pin is good for five minutes, and was not for the twenty hours before.
    [ "$(ledger "SELECT runs_from = handed_over_at AND runs_from - recorded_at > 19 * 3600000 FROM code")" = 1 ]
    [ "$(ledger "SELECT deadline - runs_from = lifetime_ms FROM waiting JOIN (SELECT runs_from FROM code), (SELECT lifetime_ms FROM attempt)")" = 1 ]
    later "+1204m"
    [ "$(ahead sqlite3 ledger.db ".load ${REG%.so}" "SELECT reg_verify_code('jane1@example.com', '$pin')")" = verified ]
}

@test "what is no longer wanted is not sent: verified, superseded, timed out" {
    pins
    outbound_config
    sign_up 4
    # 1: another attempt of the same person was confirmed; 2: its time is over; 3: cancelled with its attempt.
    ledger "UPDATE waiting SET deadline = 1 WHERE attempt_id = 2"
    ledger "INSERT INTO decide (attempt_id, recorded_at, decided_at, outcome, reasons, reportable)
            VALUES (3, 5, 5, 'failure', '[\"superseded_attempt\"]', '[]')"
    ledger_reg "SELECT reg_issue_code('jane1@example.com', 'email')" >pin
    [ "$(ledger_reg "SELECT reg_verify_code('jane1@example.com', '$(cat pin)')")" = verified ]
    run carry send
    [ "$status" -eq 0 ]
    [ "$(mails)" = 1 ]
    mail_to jane4@
    [ "$(ledger "SELECT count(*) FROM code WHERE next_try_at IS NOT NULL")" = 0 ]
}

@test "a success that asks to confirm, and a code of its own without an attempt, are sent too" {
    settings '{"registrationType":"REQUIRE_EMAIL_CONFIRMATION"}'
    outbound_config
    sign_up 1
    issued=$(ledger_reg "SELECT reg_issue_code('someone@example.org', 'email')")
    run carry send
    [ "$status" -eq 0 ]
    [ "$(mails)" = 2 ]
    mail_to someone@ | grep -F -- "$issued" # a token may begin with a dash
    [ "$(ledger_reg "SELECT outcome FROM reg_attempts")" = success ]
}

@test "SMS by the gateway: taken, tried again, undeliverable" {
    standin_start
    pins sms
    outbound_config sms "$(gateway)"
    sign_up 1
    standin_faults '[{"fault":"status-503"}]'
    run carry send
    [ "$status" -eq 1 ]
    [[ "$output" == *"sms: 1 of 1 failed and will be tried again"* ]]
    [ "$(states)" = "pending 1" ]
    [ "$(ledger "SELECT runs_from IS NULL FROM code")" = 1 ]
    standin_faults '[]'
    later "+5m"
    run carry send
    [ "$status" -eq 0 ]
    [ "$(states)" = "sent 1" ]
    [ "$(standin_stats sms_messages)" = 1 ]
    later ""
    regjob_fresh
    pins sms
    sign_up 1
    standin_faults '[{"fault":"status-400"}]'
    run carry send
    [ "$status" -eq 2 ]
    [ "$(states)" = "undeliverable 1" ]
    [ "$(ledger_reg "SELECT last_error FROM reg_codes" | cut -c1-8)" = "HTTP 400" ]
}

@test "SMS: 408 and 425 are tried again" {
    standin_start
    outbound_config sms "$(gateway)"
    for code in 408 425; do
        regjob_fresh
        later ""
        pins sms
        sign_up 1
        standin_faults '[{"fault":"status-'$code'"}]'
        run carry send
        [ "$status" -eq 1 ]
        [ "$(states)" = "pending 1" ]
        [ "$(tries)" = "not_accepted 1" ]
        standin_faults '[]'
        later "+5m"
        run carry send
        [ "$status" -eq 0 ]
        [ "$(states)" = "sent 1" ]
    done
}

@test "SMS: a 429 that asks to wait holds that message as long, and no other" {
    standin_start --fault status-429:count=1,retry_after=900
    pins sms
    outbound_config ledger 'run_seconds = 120' sms "$(gateway)"$'\nconcurrency = 1'
    sign_up 12
    run carry send
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"sms: 1 of 12 failed and will be tried again; the last answer: HTTP 429"* ]]
    [ "$(states)" = $'pending 1\nsent 11' ]
    [ "$(ledger "SELECT retry_at - finished_at FROM try WHERE result = 'not_accepted'")" = 900000 ]
    [ "$(ledger "SELECT next_try_at = retry_at FROM code JOIN try ON code_id = code.id AND result = 'not_accepted'")" = 1 ]
    # Not in the next minute, and then at once.
    run carry send
    [ "$status" -eq 0 ]
    [ "$(standin_stats requests)" = 12 ]
    later "+16m"
    run carry send
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(*) FROM code WHERE handed_over_at IS NOT NULL")" = 12 ]
}

@test "SMS: where everybody is answered 429 the channel waits" {
    standin_start --fault status-429:retry_after=900
    pins sms
    outbound_config ledger 'run_seconds = 60' sms "$(gateway)"$'\nconcurrency = 1'
    sign_up 12
    run carry send
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"asked to wait for longer than the run may last; 9 still to be sent"* ]]
    [ "$(tries)" = "not_accepted 3" ]
    [ "$(standin_stats requests)" = 3 ]
}

@test "SMS: a 200 whose body says failure is not sent; a body that says success is" {
    standin_start
    pins sms
    # The stand-in answers {"sid":"...","status":"queued"}.
    for wanted in '/status=failed' '"status":"(sent|delivered)"'; do
        regjob_fresh
        pins sms
        outbound_config sms "$(gateway)"$'\n'"success_body = $wanted"
        sign_up 1
        run carry send
        [ "$status" -eq 2 ]
        [ "$(states)" = "undeliverable 1" ]
        [[ "$(ledger_reg "SELECT last_error FROM reg_codes")" == "HTTP 200, but its body says no success: "* ]]
    done
    for wanted in '/status=queued' '"status":"(sent|queued)"'; do
        regjob_fresh
        pins sms
        outbound_config sms "$(gateway)"$'\n'"success_body = $wanted"
        sign_up 1
        run carry send
        [ "$status" -eq 0 ]
        [ "$(states)" = "sent 1" ]
    done
    outbound_config sms "$(gateway)"$'\nsuccess_body = /status'
    ledger "UPDATE code SET next_try_at = 1"
    run carry send
    [ "$status" -eq 78 ]
    [[ "$output" == *"[sms] success_body: "* ]]
}

@test "each channel goes its own way: --only, and one that cannot be opened does not hold the other" {
    standin_start
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","channels":["email","sms"]}'
    outbound_config sms "$(gateway)"
    sign_up 2
    run carry send --only sms
    [ "$status" -eq 0 ]
    [ "$(mails)" = 0 ]
    [ "$(standin_stats sms_messages)" = 2 ]
    regjob_fresh
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","channels":["email","sms"]}'
    sign_up 2
    outbound_config sms "$(gateway)" mail 'templates = nowhere'
    run carry send
    [ "$status" -eq 78 ]
    [[ "$output" == *nowhere* ]]
    [ "$(standin_stats sms_messages)" = 4 ]
    [ "$(ledger "SELECT count(*) FROM code WHERE channel = 'email' AND next_try_at IS NOT NULL")" = 2 ]
}

@test "--dry-run shows whom, masked, and no code; --limit" {
    pins
    outbound_config
    sign_up 3
    run carry send --dry-run
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" = 3 ]
    [ "${lines[0]}" = "code 1: email to j***@example.com" ]
    [ "$(ledger "SELECT count(*) FROM try")" = 0 ]
    [ "$(mails)" = 0 ]
    run carry send --limit 2
    [ "$status" -eq 0 ]
    [ "$(mails)" = 2 ]
}

@test "without the key nothing is sent and nothing is lost" {
    pins
    outbound_config
    sign_up 2
    mv ledger.db.key kept.key
    run carry send
    [ "$status" -eq 78 ]
    [[ "$output" == *"ledger.db.key"* ]]
    [ "$(ledger "SELECT count(*) FROM try")" = 0 ]
    [ "$(ledger "SELECT count(*) FROM code WHERE next_try_at IS NOT NULL")" = 2 ]
}

@test "no code stands in the ledger, its WAL or the log" {
    settings '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}'
    outbound_config
    sign_up 2
    carry -v send >log 2>&1
    [ -s log ]
    token=$(mail_to jane1@ | grep -oE '[-_A-Za-z0-9]{60,}' | head -1)
    [ "$(ledger_reg "SELECT reg_verify_code('$token')")" = verified ]
    run grep -aFl -- "${token:22}" ledger.db* log
    [ "$status" -eq 1 ]
}

@test "killed while a code is under way: ambiguous, then sent again" {
    standin_start --fault never:count=1
    pins sms
    outbound_config sms "$(gateway)"$'\nconcurrency = 1'
    sign_up 1
    EXEC=exec carry send >log 2>&1 3>&- &
    running=$!
    asked() { [ "$(standin_stats requests)" -ge 1 ]; }
    until_true asked
    kill -9 "$running"
    wait "$running" || true
    run carry send
    [ "$status" -eq 0 ]
    [ "$(tries)" = "ambiguous 1" ]
    [ "$(states)" = "pending 1" ]
    later "+5m"
    run carry send
    [ "$status" -eq 0 ]
    [ "$(states)" = "sent 1" ]
}

@test "killed among many mails: ambiguous is what was delivered and not written down, and nothing else" {
    pins
    outbound_config
    sign_up 3000
    EXEC=exec carry send >log 2>&1 3>&- &
    running=$!
    delivered() { [ "$(mails)" -ge 1500 ]; }
    until_true delivered
    kill -9 "$running"
    wait "$running" || true
    open=$(ledger "SELECT count(*) FROM try WHERE finished_at IS NULL")
    most=$(($(mails) - $(ledger "SELECT count(*) FROM try WHERE finished_at IS NOT NULL") + 1))
    echo "open $open, at most $most of them ambiguous"
    run carry send
    [ "$status" -eq 0 ]
    ambiguous=$(ledger "SELECT count(*) FROM try WHERE result = 'ambiguous'")
    echo "$ambiguous"
    [ "$ambiguous" -le "$most" ]
    [ "$(ledger "SELECT count(*) FROM try")" = 3000 ]
    [ "$(ledger "SELECT count(*) FROM code WHERE handed_over_at IS NOT NULL")" = $((3000 - ambiguous)) ]
}
