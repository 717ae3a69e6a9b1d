# SPDX-License-Identifier: MIT
# regjob check: can the job do its work here? A real SMTP server (aiosmtpd) with STARTTLS and AUTH, and the stand-in of gateway and fraud API.

load ../helper

setup_file() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        -keyout "$BATS_FILE_TMPDIR/key.pem" -out "$BATS_FILE_TMPDIR/certificate.pem" 2>"$BATS_FILE_TMPDIR/openssl.log"
}

setup() {
    regjob_setup
    mkdir kept inbox
    /usr/bin/python3 "$ROOT/tests/jobs/smtp_server.py" kept "$BATS_FILE_TMPDIR/certificate.pem" "$BATS_FILE_TMPDIR/key.pem" >log 2>&1 3>&- &
    server=$!
    standin_start
    until_true test -e kept/port
    printf 's3cret\n' >password
    chmod 600 password
    outbound_config ledger $'metrics = m.prom\n[import]\ninbox = inbox' sms "url = $STANDIN_URL/sms" mail "url = smtp://localhost:$(cat kept/port)
username = mailer
password_file = password
ca_file = $BATS_FILE_TMPDIR/certificate.pem
from = no-reply@example.com"
}

teardown() {
    kill "$server"
    standin_stop
}

# failing: the names of what failed
failing() {
    carry check 2>err | sed -n 's/^failed *\([a-z]*\) .*/\1/p' | xargs
}

@test "all is well: one line for each thing, nothing is sent or written, exit code 0" {
    run carry check
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(cut -c1-8 <<<"$output" | sort -u)" = 'ok      ' ]
    [ "$(awk '{print $2}' <<<"$output" | xargs)" = 'ledger integrity key clock disk mail sms fraud inbox metrics' ]
    # What the server said last was to the log-in.
    [[ "$output" == *"mail       localhost:$(cat kept/port): 235 "* ]]
    # No message, no request: the stand-in and the mail server have kept nothing.
    [ "$(ls kept/*.eml 2>/dev/null)" = '' ]
    [ "$(vendor requests)" = 0 ]
    [ "$(ledger 'SELECT count(*) FROM run')" = 0 ]
    [ ! -e m.prom ]
}

@test "as JSON: one object with the same findings" {
    carry check --format json >found
    [ "$(/usr/bin/python3 -c 'import json; checks = json.load(open("found"))["checks"]
assert all(sorted(one) == ["check", "detail", "ok"] and one["ok"] is True for one in checks)
print(*(one["check"] for one in checks))')" = 'ledger integrity key clock disk mail sms fraud inbox metrics' ]
}

@test "each thing that is wrong fails by its own name, and the others are still looked at" {
    [ "$(failing)" = '' ]
    chmod 640 ledger.db.key
    [ "$(failing)" = key ]
    chmod 600 ledger.db.key
    printf 'wrong\n' >password
    [ "$(failing)" = mail ]
    run carry check
    [ "$status" -eq 1 ]
    [[ "$output" == *'failed  mail  '*535* ]]
    printf 's3cret\n' >password
    # Another certificate than the one that is trusted.
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout other.key -out other.pem 2>/dev/null
    sed -i "s,^ca_file = .*,ca_file = other.pem," regjob.conf
    [ "$(failing)" = mail ]
    sed -i "s,^ca_file = .*,ca_file = $BATS_FILE_TMPDIR/certificate.pem," regjob.conf
    rmdir inbox
    [ "$(failing)" = inbox ]
    mkdir inbox
    sed -i 's,^metrics = .*,metrics = nowhere/m.prom,' regjob.conf
    [ "$(failing)" = metrics ]
    sed -i 's,^metrics = .*,metrics = m.prom,' regjob.conf
    # An entry from the day after tomorrow.
    ledger "UPDATE clock SET newest = (strftime('%s', 'now') + 172800) * 1000"
    [ "$(failing)" = clock ]
    standin_stop
    [ "$(failing)" = 'clock sms fraud' ]
    # The middle of the file is where tables are.
    size=$(stat -c %s ledger.db)
    dd if=/dev/urandom of=ledger.db bs=4096 seek=$((size / 8192)) count=4 conv=notrunc status=none
    rm -f ledger.db-wal ledger.db-shm
    run failing
    [[ "$output" == *integrity* || "$output" == ledger* ]]
    rm ledger.db
    run carry check
    [ "$status" -eq 1 ]
    [[ "$output" == *'there is no ledger: make one with `regjob init`'* ]]
    [[ "$output" == *'failed  ledger '* ]]
    [[ "$output" == *'ok      mail '* ]]
    [ ! -e ledger.db ]
}

@test "a disk that is nearly full fails; a configuration that cannot be read is said, with exit code 78" {
    if unshare --mount true; then # by root, and not within a chroot
        run unshare --mount sh -c 'mkdir small && mount -t tmpfs -o size=8m tmpfs small && cp -p ledger.db ledger.db.key small/ &&
            exec "$0" -c regjob.conf -l small/ledger.db check' "$REGJOB"
        echo "$output"
        [ "$status" -eq 1 ]
        [[ "$output" == *'failed  disk '*' MiB free beside a ledger of '* ]]
    fi
    echo 'colour = blue' >>regjob.conf
    run carry check
    [ "$status" -eq 78 ]
    run carry check --export file
    [ "$status" -eq 78 ]
    sed -i '$d' regjob.conf
    run carry check --export file
    [ "$status" -eq 64 ]
}
