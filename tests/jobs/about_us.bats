# SPDX-License-Identifier: MIT
# Answers that are about us and not about a recipient stop the channel and mark nothing; what is refused to one recipient is undeliverable, said, and can be
# queued again. By a real SMTP server (aiosmtpd), and by the stand-in's SMS gateway and fraud API.

load ../helper

setup() {
    regjob_setup
}

teardown() {
    [ -z "$running" ] || kill -9 "$running" 2>/dev/null || true
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    standin_stop
}

# mail_server [LINES]: the server, and [mail] with these lines, one message at a time in the order of the sign-ups
mail_server() {
    kept=kept
    mkdir -p kept
    [ -e certificate.pem ] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out certificate.pem 2>openssl.log
    /usr/bin/python3 "$ROOT/tests/jobs/smtp_server.py" kept certificate.pem key.pem plain >log 2>&1 3>&- &
    server=$!
    until_true test -e kept/port
    port=$(cat kept/port)
    outbound_config mail "url = smtp://localhost:$port
tls = none
from = no-reply@example.com
concurrency = 1
${1:-}"
    pins email
}

gateway() {
    standin_start
    outbound_config sms "$(printf 'url = %s/sms\nfrom = +16045550000\ntoken_file = token\nconcurrency = 1\n%s' "$STANDIN_URL" "${1:-}")"
    pins sms
}

# A ledger without sign-ups, at the present time.
fresh() {
    regjob_fresh
    later ""
    pins email
}

# sign_up E-MAIL...: each with a phone of its own
sign_up() {
    local address
    for address in "$@"; do
        number=$((${number:-1000} + 1))
        ledger_reg "INSERT INTO reg_attempts (email, phone, password) VALUES ('$address', '+1604555$number', 'Abcdef1!x')"
    done
}

states() {
    ahead sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" \
        "SELECT state || ' ' || count(*) FROM reg_codes GROUP BY state ORDER BY state"
}

@test "a mail server that refuses our name, our sender, our relaying or our message: stopped, nothing marked, and all of it goes out once it is mended" {
    mail_server
    while read -r calls refusal; do
        fresh
        rm -f kept/refused
        sign_up a@example.com b@example.org c@example.net d@example.com e@example.com
        echo "$refusal" >kept/refuse
        run carry send
        echo "$output"
        cat kept/refused
        [ "$status" -eq 1 ]
        [ "${#lines[@]}" = 1 ]
        [[ "$output" == "regjob: send: email: localhost:$port refuses our credentials or setup: check [mail] in the configuration: "*"SMTP 5"*"no thank you"*"5 still to be sent, nothing is lost" ]]
        [ "$(wc -l <kept/refused)" = "$calls" ]
        [ "$(states)" = "pending 5" ]
        [ "$(ledger "SELECT count(*) FROM try")" = 0 ]
        [ "$(ledger "SELECT count(*) FROM code_end")" = 0 ]
        rm kept/refuse
        run carry send
        [ "$status" -eq 0 ]
        [ "$(states)" = "sent 5" ]
    done <<'END'
2 EHLO 550 5.7.1 no thank you
1 MAIL 553 5.1.8 no thank you
3 RCPT 554 5.7.1 <{}>: Relay access denied, no thank you, queue 4f5e
3 RCPT 550 no thank you
3 DATA 554 5.7.1 no thank you
END
}

@test "the words that differ from recipient to recipient make no difference; those of the server are shown without its controls" {
    mail_server
    sign_up a@example.com b@example.org c@example.net
    printf 'RCPT 550 we do not relay to {} \033[2J (id {}@relay.example.com 10.0.0.1)' >kept/refuse
    run carry send
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *'3 identical refusals in a row: SMTP 550 we do not relay to [hidden] \x1B[2J'* ]]
    [[ "$output" != *a@example* ]]
    [ "$(states)" = "pending 3" ]
}

@test "one who is refused among others is undeliverable: exit 2 and a line" {
    mail_server
    sign_up a@example.com reject-data@example.com b@example.com
    run carry send
    echo "$output"
    [ "$status" -eq 2 ]
    [ "${#lines[@]}" = 1 ]
    [[ "$output" == *"send: 1 code is undeliverable: see last_error in reg_codes; \`regjob send --retry-undeliverable\` replaces it"* ]]
    [ "$(states)" = $'sent 2\nundeliverable 1' ]
    [ "$(ledger "SELECT counts FROM run ORDER BY id DESC LIMIT 1" | grep -o '"undeliverable":1')" != "" ]
    run carry send
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
}

@test "two, a mailbox that is not there, or several answers to one recipient are no verdict about us" {
    mail_server
    # What is refused alike: two alone; three of one recipient; and any number of mailboxes that the server says it does not have.
    sign_up a@example.com b@example.com
    echo "RCPT 550 no thank you" >kept/refuse
    run carry send
    [ "$status" -eq 2 ]
    [ "$(states)" = "undeliverable 2" ]
    fresh
    sign_up a@example.com a@example.com a@example.com a@example.com
    later "+10m" # one address is not written to more than once a minute
    run carry send
    [ "$status" -eq 2 ]
    [ "$(states)" = "undeliverable 4" ]
    fresh
    sign_up a@example.com b@example.com c@example.com d@example.com
    echo "RCPT 550 5.1.1 <{}>: no such user" >kept/refuse
    run carry send
    [ "$status" -eq 2 ]
    [ "$(states)" = "undeliverable 4" ]
}

@test "after something was taken it needs ten in a row; different words are different refusals" {
    mail_server
    sign_up a@example.com reject-data@example.com reject-data@example.org reject-data@example.net reject-data@example.edu
    run carry send
    [ "$status" -eq 2 ]
    [ "$(states)" = $'sent 1\nundeliverable 4' ]
    fresh
    sign_up reject-data@example.com escape@example.com reject-data@example.org escape@example.org
    run carry send
    [ "$status" -eq 2 ]
    [ "$(states)" = "undeliverable 4" ]
    fresh
    sign_up a@example.com
    for i in $(seq 12); do sign_up "reject-data@$i.example.com"; done
    run carry send
    [ "$status" -eq 1 ]
    [[ "$output" == *"10 identical refusals in a row: SMTP 554 5.6.0 not wanted; 12 still to be sent"* ]]
    [ "$(states)" = $'pending 12\nsent 1' ]
}

@test "those whose refusal may have been their own do not keep the others waiting for ever" {
    mail_server
    sign_up reject-data@example.com reject-data@example.org reject-data@example.net a@example.com b@example.com
    run carry send
    [ "$status" -eq 1 ]
    [ "$(states)" = "pending 5" ]
    run carry send
    echo "$output"
    [ "$status" -eq 2 ]
    [ "$(states)" = $'sent 2\nundeliverable 3' ]
}

@test "killed or stopped while it is not known whose fault it is: nothing is undeliverable" {
    mail_server
    sign_up reject-data@example.com reject-data@example.org hang@example.com
    start_and_hang
    kill -9 "$running"
    wait "$running" || true
    [ "$(states)" = "pending 3" ]
    run carry send
    [ "$status" -eq 0 ]
    [ "$(states)" = "pending 3" ]
    [ "$(tries)" = "ambiguous 3" ]

    fresh
    kill "$server"
    wait "$server" || true
    rm -r kept
    mail_server 'idle_seconds = 2'
    sign_up reject-data@example.com reject-data@example.org hang@example.com
    start_and_hang
    kill -TERM "$running"
    code=0
    wait "$running" || code=$?
    [ "$code" = 1 ]
    [ "$(states)" = "pending 3" ]
    [ "$(tries)" = "ambiguous 1" ]
}

start_and_hang() {
    rm -f kept/hanging
    EXEC=exec carry send >said 2>&1 3>&- &
    running=$!
    until_true test -e kept/hanging
}

@test "a gateway that answers 404, 402, a redirect or a page, or refuses everybody alike: stopped, nothing marked" {
    gateway
    while read -r calls fault; do
        regjob_fresh
        pins sms
        sign_up a@example.com b@example.com c@example.com d@example.com
        standin_faults "[$fault]"
        before=$(vendor requests)
        run carry send
        echo "$fault: $output"
        [ "$status" -eq 1 ]
        [ "${#lines[@]}" = 1 ]
        [[ "$output" == *"sms: 127.0.0.1:$STANDIN_PORT refuses our credentials or setup: check [sms] in the configuration: "*"HTTP "*"4 still to be sent, nothing is lost" ]]
        [ "$(($(vendor requests) - before))" = "$calls" ]
        [ "$(states)" = "pending 4" ]
        [ "$(ledger "SELECT count(*) FROM try")" = 0 ]
        standin_faults '[]'
        run carry send
        [ "$status" -eq 0 ]
        [ "$(states)" = "sent 4" ]
    done <<'END'
1 {"fault":"status-404"}
1 {"fault":"status-402"}
1 {"fault":"status-308"}
1 {"fault":"redirect"}
1 {"fault":"not-json"}
3 {"fault":"status-400"}
END
}

@test "the fraud API: 404, a redirect and a page of HTML acknowledge nothing and end nothing; three alike are about us" {
    standin_start
    outbound_config fraud 'concurrency = 1'
    while read -r calls fault; do
        regjob_fresh
        outcomes 5
        standin_faults "[$fault]"
        before=$(vendor requests)
        run carry report
        echo "$fault: $output"
        [ "$status" -eq 1 ]
        [ "${#lines[@]}" = 1 ]
        [[ "$output" == *"fraud API: 127.0.0.1:$STANDIN_PORT refuses our credentials or setup: check [fraud] in the configuration: "*"5 still to be sent, nothing is lost" ]]
        [ "$(($(vendor requests) - before))" = "$calls" ]
        [ "$(events)" = "queued 5" ]
        [ "$(ledger "SELECT count(*) FROM fingerprint")" = 5 ]
        standin_faults '[]'
        run carry report
        [ "$status" -eq 0 ]
        [ "$(events)" = "acknowledged 5" ]
    done <<'END'
1 {"fault":"status-404"}
1 {"fault":"redirect"}
1 {"fault":"not-json"}
3 {"fault":"status-400"}
END
}

@test "many at once: those under way when it is found out are not marked either" {
    gateway
    sed -i 's/^concurrency = 1$/concurrency = 20/' regjob.conf
    for i in $(seq 40); do echo "INSERT INTO reg_attempts (email, phone, password) VALUES ('p$i@example.com', '+1604555$((2000 + i))', 'Abcdef1!x');"; done >many.sql
    ledger_reg "$(cat many.sql)"
    standin_faults '[{"fault":"status-400"}]'
    run carry send
    [ "$status" -eq 1 ]
    [ "$(states)" = "pending 40" ]
    [ "$(ledger "SELECT count(*) FROM try")" = 0 ]
}

@test "--retry-undeliverable: another code in its place, with the whole of its time; the old one stays as history" {
    mail_server
    sign_up a@example.com b@example.com
    echo "RCPT 550 no thank you" >kept/refuse
    run carry send
    [ "$status" -eq 2 ]
    rm kept/refuse
    later "+20h"
    run carry send --retry-undeliverable --limit 1
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(ahead sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" "SELECT group_concat(id || ' ' || state || ' ' || attempt, ', ') FROM reg_codes")" \
        = "1 superseded 1, 2 superseded 1, 3 sent 2, 4 pending 2" ]
    [ "$(ledger "SELECT group_concat(state) FROM (SELECT state FROM code_end WHERE code_id = 1 ORDER BY id)")" = "undeliverable,superseded" ]
    pin=$(/usr/bin/python3 -c 'import re; print(re.search(r"\b[0-9]{6}\b", open("kept/1.eml").read()).group())')
    # The code's five minutes and the attempt's day run from now on.
    later "+1204m"
    [ "$(ahead sqlite3 -batch ledger.db ".load ${REG%.so}" "SELECT reg_verify_code('a@example.com', '$pin')")" = verified ]
    [ "$(ledger "SELECT count(*) FROM code WHERE next_try_at IS NOT NULL")" = 1 ]
    # Nothing is left to be put back.
    run carry -v send --retry-undeliverable
    [ "$status" -eq 0 ]
    [[ "$output" == *"0 undeliverable codes replaced and queued"* ]]
    [ "$(ahead sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" "SELECT state FROM reg_codes WHERE id = 4")" = sent ]
}

@test "--retry-undeliverable leaves alone what is of no use any more: attempts that have ended, replaced codes, another channel, the forgotten" {
    mail_server
    sign_up settled@example.com replaced@example.com forgotten@example.com
    settings '{"channels":["email","sms"]}'
    outbound_config mail "$(printf 'url = smtp://localhost:%s\ntls = none\nfrom = no-reply@example.com' "$port")"
    echo "RCPT 550 5.1.1 no such user" >kept/refuse
    run carry send
    [ "$(states)" = "undeliverable 3" ]
    rm kept/refuse
    later "+5m"
    ahead sqlite3 -batch -bail ledger.db ".load ${REG%.so}" "SELECT reg_issue_code('replaced@example.com', 'email')" >/dev/null
    run carry send
    [ "$status" -eq 0 ]
    run carry forget forgotten@example.com
    [ "$status" -eq 0 ]
    run carry -v send --retry-undeliverable --only sms
    [[ "$output" == *"0 undeliverable codes replaced and queued"* ]]
    later "+25h"
    run carry settle
    [ "$status" -eq 0 ]
    run carry -v send --retry-undeliverable
    [ "$status" -eq 0 ]
    [[ "$output" == *"0 undeliverable codes replaced and queued"* ]]
    [ "$(find kept -name '*.eml' | wc -l)" = 1 ]
}

@test "--retry-undeliverable for a success that is to be confirmed, and for a code without an attempt, while they are of use" {
    mail_server
    settings '{"registrationType":"REQUIRE_EMAIL_CONFIRMATION"}'
    sign_up a@example.com
    ledger_reg "SELECT reg_issue_code('someone@example.org', 'email')" >/dev/null
    echo "RCPT 550 5.1.1 no such user" >kept/refuse
    run carry send
    [ "$status" -eq 2 ]
    [ "$(states)" = "undeliverable 2" ]
    rm kept/refuse
    later "+25h"
    run carry send --retry-undeliverable
    [ "$status" -eq 0 ]
    [ "$(find kept -name '*.eml' | wc -l)" = 1 ]
    check 1 'assert envelope["to"] == ["a@example.com"], envelope'
}

@test "helo_name is what the mail server is greeted with" {
    for name in registration.example.com '[192.0.2.7]'; do
        [ -z "$server" ] || kill "$server"
        rm -rf kept
        regjob_fresh
        mail_server "helo_name = $name"
        sign_up jane@example.com
        run carry send
        [ "$status" -eq 0 ]
        check 1 'assert envelope["greeted"] == sys.argv[3], envelope' "$name"
    done
    sed -i 's/^helo_name.*/helo_name = two words/' regjob.conf
    run carry send
    [ "$status" -eq 78 ]
    [[ "$output" == *"[mail] helo_name"* ]]
}

@test "the last try of a killed run is undeliverable, and said" {
    standin_start --fault never:count=1
    outbound_config sms "$(printf 'url = %s/sms\nfrom = +16045550000\ntoken_file = token\nconcurrency = 1\ntries = 1' "$STANDIN_URL")"
    pins sms
    sign_up a@example.com
    EXEC=exec carry send >said 2>&1 3>&- &
    running=$!
    asked() { [ "$(vendor requests)" -ge 1 ]; }
    until_true asked
    kill -9 "$running"
    wait "$running" || true
    run carry send
    [ "$status" -eq 2 ]
    [[ "$output" == *"1 code is undeliverable"* ]]
}
