# SPDX-License-Identifier: MIT
# regjob send through a real SMTP server (aiosmtpd) with STARTTLS and AUTH; what arrives is read back by Python's email package.

load ../helper

setup_file() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        -keyout "$BATS_FILE_TMPDIR/key.pem" -out "$BATS_FILE_TMPDIR/certificate.pem" 2>"$BATS_FILE_TMPDIR/openssl.log"
}

setup() {
    regjob_setup
    kept=kept
    mkdir kept
    /usr/bin/python3 "$ROOT/tests/jobs/smtp_server.py" kept "$BATS_FILE_TMPDIR/certificate.pem" "$BATS_FILE_TMPDIR/key.pem" >log 2>&1 3>&- &
    server=$!
    until_true test -e kept/port
    printf 's3cret\n' >password
    chmod 600 password
    # Without pace and on one connection, so that messages arrive in their order.
    outbound_config mail "url = smtp://localhost:$(cat kept/port)
username = mailer
password_file = password
ca_file = $BATS_FILE_TMPDIR/certificate.pem
from = Exämple <no-reply@example.com>
concurrency = 1"
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE"}'
}

teardown() {
    kill "$server"
}

# sign_up E-MAIL NAME LOCALE
sign_up() {
    ledger_reg "INSERT INTO reg_attempts (email, name, locale, password) VALUES ('$1', '$2', '$3', 'Abcdef1!x')"
}

# What reg_codes says of a code at the job's time.
code() {
    ahead sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" "SELECT $2 FROM reg_codes WHERE id = $1"
}

@test "a sign-up's pin goes by STARTTLS with AUTH, arrives whole in both parts, and verifies" {
    sign_up jane@example.com 'Jürgen Müller' de-AT
    run carry send
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ "$(code 1 state)" = sent ]
    [ "$(tries)" = "accepted 1" ]
    check 1 'import re, time
assert envelope["tls"] and envelope["authenticated"], envelope
assert envelope["from"] == "no-reply@example.com" and envelope["to"] == ["jane@example.com"], envelope
assert str(mail["From"]) == "Exämple <no-reply@example.com>", mail["From"]
assert mail["To"] == "jane@example.com" and mail["Auto-Submitted"] == "auto-generated" and mail["Content-Language"] == "de"
assert mail["Message-ID"].endswith("@example.com>") and abs(mail["Date"].datetime.timestamp() - time.time()) < 600
assert mail.get_content_type() == "multipart/alternative" and not mail.defects and not any(p.defects for p in mail.walk())
pin = re.search(r"\b[0-9]{6}\b", part("plain")).group()
assert "Jürgen Müller" in part("plain") and pin in part("html") and pin in mail["Subject"]
open("pin", "w").write(pin)'
    [ "$(ledger_reg "SELECT reg_verify_code('jane@example.com', '$(cat pin)')")" = verified ]
    [ "$(ledger_reg "SELECT outcome || ' ' || (email_confirmed_at IS NOT NULL) FROM reg_attempts")" = "success 1" ]
    run grep -aFl -- s3cret ledger.db*
    [ "$status" -eq 1 ]
}

@test "greylisting is waited for: 4xx is not accepted, and the code arrives with its second try" {
    sign_up greylist-once@example.com Jane en
    run carry send
    [ "$status" -eq 1 ]
    [[ "$output" == *"email: 1 of 1 failed and will be tried again; the last answer: SMTP 451 4.7.1 Greylisted, come back later"* ]]
    [ "$(code 1 "state || '|' || last_error")" = "pending|SMTP 451 4.7.1 Greylisted, come back later" ]
    [ "$(tries)" = "not_accepted 1" ]
    # Not before its pause is over.
    run carry send
    [ "$status" -eq 0 ]
    [ "$(tries)" = "not_accepted 1" ]
    later "+5m"
    run carry send
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(code 1 state)" = sent ]
    [ "$(ledger "SELECT group_concat(result || ' ' || status) FROM try")" = "not_accepted 451,accepted 250" ]
    # Its time began when it was handed over, not when it was refused.
    [ "$(ledger "SELECT runs_from - recorded_at >= 300000 FROM code")" = 1 ]
    [ -e kept/1.eml ] && [ ! -e kept/2.eml ]
}

@test "5xx ends the code as undeliverable with the reason, and its attempt when its time is up; others go on" {
    sign_up unknown@example.com Jane en
    sign_up reject-data@example.com Jane en
    sign_up jane@example.com Jane en
    run carry send
    echo "$output"
    [ "$status" -eq 2 ]
    [ "$(code 1 "state || '|' || last_error")" = "undeliverable|SMTP 550 5.1.1 <[hidden]>: no such user" ]
    [ "$(code 2 "state || '|' || last_error")" = "undeliverable|SMTP 554 5.6.0 not wanted" ]
    [ "$(code 3 state)" = sent ]
    [ "$(ledger "SELECT group_concat(result || ' ' || status, ' ') FROM try")" = "refused 550 refused 554 accepted 250" ]
    later "+2h"
    run carry send
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(*) FROM try")" = 3 ]
    later "+25h"
    run carry settle
    [ "$status" -eq 0 ]
    [ "$(ahead sqlite3 -batch ledger.db ".load ${REG%.so}" "SELECT group_concat(failure_reason) FROM reg_attempts")" = "undeliverable,undeliverable,verification_expired" ]
}

@test "what never gets through is undeliverable once its tries are used up" {
    sed -i 's/^concurrency = 1$/&\ntries = 2/' regjob.conf
    sign_up greylist@example.com Jane en
    run carry send
    [ "$status" -eq 1 ]
    later "+5m"
    run carry send
    [ "$status" -eq 2 ]
    [ "$(code 1 "state || '|' || last_error")" = "undeliverable|SMTP 451 4.7.1 Greylisted, come back later" ]
    [ "$(tries)" = "not_accepted 2" ]
}

@test "addresses beyond ASCII: the domain by IDNA, the local part by SMTPUTF8" {
    sign_up jane@bücher.example Jane en
    sign_up jörg@bücher.example Jörg de
    run carry send
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(code 1 state)$(code 2 state)" = sentsent ]
    check 1 'assert envelope["to"] == ["jane@xn--bcher-kva.example"], envelope
assert mail["To"] == "jane@xn--bcher-kva.example", mail["To"]'
    check 2 'assert envelope["to"] == ["jörg@xn--bcher-kva.example"] and "SMTPUTF8" in envelope["options"], envelope
assert "Jörg" in part("plain")'
}

@test "a connection that breaks after the message is ambiguous: it is sent again and may be there twice" {
    sign_up drop-data@example.com Jane en
    run carry send
    [ "$status" -eq 1 ]
    [ "$(tries)" = "ambiguous 1" ]
    [ "$(code 1 state)" = pending ]
    later "+5m"
    run carry send
    [ "$status" -eq 1 ]
    [ "$(tries)" = "ambiguous 2" ]
    [ -e kept/2.eml ]
    # Whichever of them is read: it is the same code, under a message id of its own.
    check 1 'import re
other = email.message_from_binary_file(open("kept/2.eml", "rb"), policy=email.policy.default)
assert mail["Subject"] == other["Subject"] and mail["Message-ID"] != other["Message-ID"]'
}

@test "a refused log-in stops the run and marks nothing; the password is in no message" {
    printf 'not-the-password' >password
    sign_up jane@example.com Jane en
    run carry -v send
    [ "$status" -eq 1 ]
    [[ "$output" == *"credentials"*"535"*"1 still to be sent, nothing is lost"* ]]
    [[ "$output" != *not-the-password* ]]
    [ "$(ledger "SELECT count(*) FROM try")" = 0 ]
    [ "$(code 1 state)" = pending ]
}

@test "a server whose certificate is not trusted gets no message" {
    sed -i '/^ca_file/d' regjob.conf
    sign_up jane@example.com Jane en
    run carry send
    [ "$status" -eq 1 ]
    [[ "$output" == *certificate* ]]
    [ "$(tries)" = "not_accepted 1" ]
    [ ! -e kept/1.eml ]
}
