# SPDX-License-Identifier: MIT
# Mail through a real SMTP server (aiosmtpd) with STARTTLS and AUTH, read back by Python's email package.

load ../helper

send_mail=${BUILD:-build}/tools/send_mail

setup_file() {
    export WORK=$BATS_FILE_TMPDIR
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
        -keyout "$WORK/key.pem" -out "$WORK/certificate.pem" 2>"$WORK/openssl.log"
}

setup() {
    kept=$BATS_TEST_TMPDIR/kept
    mkdir "$kept"
}

teardown() {
    [ -z "$server" ] || kill "$server"
}

# start [plain|no-utf8]
start() {
    /usr/bin/python3 tests/jobs/smtp_server.py "$kept" "$WORK/certificate.pem" "$WORK/key.pem" "$@" \
        >"$kept/log" 2>&1 3>&- &
    server=$!
    for _ in $(seq 200); do
        [ ! -e "$kept/port" ] || break
        kill -0 "$server" || { cat "$kept/log"; return 1; }
        sleep 0.05
    done
    port=$(cat "$kept/port")
}

# deliver PASSWORD CONCURRENCY LINE...
deliver() {
    local password=$1 concurrency=$2
    shift 2
    printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/messages"
    run "$send_mail" "smtp://localhost:$port" "$WORK/certificate.pem" mailer "$password" \
        samples/templates "$concurrency" <"$BATS_TEST_TMPDIR/messages"
    echo "$output"
    # A refusal comes back when it is known whose fault it is.
    mapfile -t lines < <(grep -v '^end' <<<"$output" | sort -n; grep '^end' <<<"$output")
}

@test "a message arrives whole: headers, both parts, UTF-8" {
    start
    deliver s3cret 1 '{"to":"jane@example.com","locale":"de-AT","name":"Jürgen","code":"123456"}'
    [ "$status" = 0 ]
    [ "${lines[0]}" = "0 accepted 250 SMTP 250 OK kept" ]
    [ "${lines[1]}" = "end 0 " ]
    check 1 'assert mail["Subject"] == "123456 ist Ihr Bestätigungscode", mail["Subject"]
assert str(mail["From"]) == "Exämple <no-reply@example.com>", mail["From"]
assert mail["To"] == "jane@example.com"
assert mail["Auto-Submitted"] == "auto-generated"
assert mail["Content-Language"] == "de"
assert mail["Message-ID"].endswith("@example.com>") and len(mail["Message-ID"]) > 40
assert abs(mail["Date"].datetime.timestamp() - __import__("time").time()) < 600
assert mail.get_content_type() == "multipart/alternative"
assert "Guten Tag Jürgen,\r\n" in part("plain") or "Guten Tag Jürgen,\n" in part("plain"), part("plain")
assert "    Ihr Code: 123456\n" in part("plain").replace("\r", "")
assert "<span class=\"code\">123456</span>" in part("html")
assert not mail.defects and not any(p.defects for p in mail.walk())
assert all(len(line) <= 78 for line in raw.split(b"\r\n")), max(raw.split(b"\r\n"), key=len)
assert b"\n" not in raw.replace(b"\r\n", b"")
assert envelope["from"] == "no-reply@example.com" and envelope["to"] == ["jane@example.com"]
assert envelope["tls"] and envelope["authenticated"]'
}

@test "what a customer writes cannot add headers, recipients or lines" {
    start
    deliver s3cret 1 \
        '{"to":"jane@example.com","locale":"en","name":"Eve\r\nBcc: victim\r\n\r\n.\r\nRCPT TO:<victim>","code":"1\r\nBcc: x"}' \
        '{"to":"a@example.com>\r\nRCPT TO:<victim@example.com","locale":"en","name":"Eve","code":"1"}'
    [[ "${lines[0]}" = "1 refused 0 (unreached) not an address"* || "${lines[1]}" = "1 refused 0 (unreached) not an address"* ]]
    check 1 'assert mail["Bcc"] is None
assert mail["Subject"] == "1  Bcc: x is your confirmation code", mail["Subject"]
assert "Hello Eve  Bcc: victim    .  RCPT TO:<victim>," in part("plain"), part("plain")
assert envelope["to"] == ["jane@example.com"]'
    [ ! -e "$kept/2.eml" ]
}

@test "a line of a single dot survives SMTP" {
    start
    mkdir "$BATS_TEST_TMPDIR/templates"
    printf 'Subject: x\n\nbefore\n.\n..two\nafter {code}' >"$BATS_TEST_TMPDIR/templates/email.en.txt"
    echo '{"to":"jane@example.com","code":"1"}' | "$send_mail" "smtp://localhost:$port" \
        "$WORK/certificate.pem" mailer s3cret "$BATS_TEST_TMPDIR/templates" 1
    check 1 'assert mail.get_content().replace("\r", "") == "before\n.\n..two\nafter 1\n", mail.get_content()'
}

@test "answers are told apart" {
    start
    deliver s3cret 1 '{"to":"greylist@example.com","code":"1234"}' '{"to":"unknown@example.com","code":"1234"}' \
        '{"to":"later-data@example.com","code":"1234"}' '{"to":"reject-data@example.com","code":"1234"}' \
        '{"to":"drop-rcpt@example.com","code":"1234"}' '{"to":"drop-data@example.com","code":"1234"}' \
        '{"to":"escape@example.com","code":"1234"}' '{"to":"overload@example.com","code":"1234"}' \
        '{"to":"jane@example.com","code":"1234"}'
    [ "${lines[0]}" = "0 not_accepted 451 SMTP 451 4.7.1 Greylisted, come back later" ]
    [ "${lines[1]}" = "1 refused 550 SMTP 550 5.1.1 <[hidden]>: no such user" ]
    [ "${lines[2]}" = "2 not_accepted 452 SMTP 452 4.2.2 mailbox full" ]
    [ "${lines[3]}" = "3 refused 554 SMTP 554 5.6.0 not wanted" ]
    [[ "${lines[4]}" = "4 not_accepted 0 (unreached) "* ]]
    [[ "${lines[5]}" = "5 ambiguous 0 "* ]]
    [ "${lines[6]}" = '6 refused 550 SMTP 550 5.7.1 \x1B[2Jgone \x07' ]
    [ "${lines[7]}" = "7 not_accepted 421 SMTP 421 4.3.2 too busy" ]
    [ "${lines[8]}" = "8 accepted 250 SMTP 250 OK kept" ]
    [ -e "$kept/1.eml" ] && [ -e "$kept/2.eml" ] && [ ! -e "$kept/3.eml" ]
}

@test "one connection carries many messages" {
    start
    messages=()
    for i in $(seq 20); do messages+=("{\"to\":\"user$i@example.com\",\"code\":\"1234\"}"); done
    deliver s3cret 2 "${messages[@]}"
    [ "$(grep -c ' accepted ' <<<"$output")" = 20 ]
    [ "$(cat "$kept"/*.json | grep -o '"connection": [0-9]*' | sort -u | wc -l)" -le 2 ]
    [ "$(cat "$kept"/*.eml | grep -c '^Message-ID')" = 20 ]
    [ "$(cat "$kept"/*.eml | grep '^Message-ID' | sort -u | wc -l)" = 20 ]
}

@test "messages wait for the server's answer side by side" {
    start
    deliver s3cret 3 '{"to":"meet@example.com","code":"1234"}' '{"to":"meet@example.com","code":"1234"}' \
        '{"to":"meet@example.com","code":"1234"}'
    [ "$(grep -c ' accepted ' <<<"$output")" = 3 ]
}

@test "a wrong password stops the run and marks nothing" {
    start
    deliver wrong 1 '{"to":"a@example.com","code":"1234"}' '{"to":"b@example.com","code":"1234"}'
    [[ "${lines[0]}" = "0 about_us 535 SMTP 535 "* ]]
    [[ "${lines[1]}" = "end 5 SMTP 535 "* ]]
    [ "${#lines[@]}" = 2 ]
    [[ "$output" != *wrong* ]]
}

@test "a server without STARTTLS gets neither password nor message" {
    start plain
    deliver s3cret 1 '{"to":"a@example.com","code":"1234"}'
    [[ "${lines[0]}" = "0 not_accepted 0 (unreached) "* ]]
    [ ! -e "$kept/1.eml" ]
}

@test "a certificate that is not trusted ends before the password" {
    start
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other \
        -keyout "$BATS_TEST_TMPDIR/other.key" -out "$BATS_TEST_TMPDIR/other.pem" 2>/dev/null
    run "$send_mail" "smtp://localhost:$port" "$BATS_TEST_TMPDIR/other.pem" mailer s3cret \
        samples/templates 1 <<<'{"to":"a@example.com","code":"1234"}'
    [[ "${lines[0]}" = "0 not_accepted 0 (unreached) SSL certificate problem"* ]]
    [ ! -e "$kept/1.eml" ]
}

@test "addresses beyond ASCII" {
    start
    deliver s3cret 1 '{"to":"jane@bücher.example","code":"1234"}' '{"to":"jörg@bücher.example","code":"1234"}'
    [ "$(grep -c ' accepted 250' <<<"$output")" = 2 ]
    check 1 'assert envelope["to"] == ["jane@xn--bcher-kva.example"]; assert mail["To"] == "jane@xn--bcher-kva.example"'
    check 2 'assert envelope["to"] == ["jörg@xn--bcher-kva.example"], envelope; assert "SMTPUTF8" in envelope["options"]'
}

@test "a local part beyond ASCII where the server cannot" {
    start no-utf8
    deliver s3cret 1 '{"to":"jörg@bücher.example","code":"1234"}' '{"to":"jane@bücher.example","code":"1234"}'
    [[ "${lines[0]}" = "0 refused "* ]]
    [ "${lines[1]}" = "1 accepted 250 SMTP 250 OK kept" ]
}

@test "a server that is down costs few tries" {
    start
    kill "$server" && wait "$server" || true
    server=
    messages=()
    for i in $(seq 50); do messages+=("{\"to\":\"user$i@example.com\",\"code\":\"1234\"}"); done
    deliver s3cret 1 "${messages[@]}"
    [ "$(grep -c ' not_accepted 0 (unreached) ' <<<"$output")" = 7 ]
    [[ "$output" = *"end 3 destination down: "* ]]
}
