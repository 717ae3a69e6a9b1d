# SPDX-License-Identifier: MIT
# Functions for the scenarios of the five systems: `load systems`.
#
#   system_setup NAME    a fresh ledger with the preset samples/settings/NAME.json (hashes cost next to nothing), in a
#                        folder of the test's own; regjob.conf there sends mail and text messages into folders
#   job, ledger_reg, settings, sums, regjob_fresh    as in tests/helper.bash; `job` with that configuration
#   at TIME COMMAND...   with the clock standing at TIME (UTC)
#   mailed ADDRESS, texted NUMBER    the newest message to them, as text
#   code_in TEXT         the code in a message: prefix and digits
#   document ROW...      one JSON document out of the stand-in's accepted.jsonl

load ../helper

system_setup() {
    mkdir -p "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return 1
    rm -rf ./*
    cat >regjob.conf <<END
[mail]
url = file:mail
[sms]
url = file:sms
END
    "$REGJOB" -l ledger.db init
    ledger_reg "SELECT reg_settings(readfile('$ROOT/samples/settings/$1.json'))" >/dev/null
    settings '{"passwordHash":{"memoryKiB":8,"passes":1}}'
}

job() {
    "$REGJOB" -c regjob.conf -l ledger.db "$@"
}

# Only the clock of the day stands still; what waits for an event goes on.
at() {
    local time=$1
    shift
    CLOCK=$time FAKETIME_DONT_FAKE_MONOTONIC=1 "$@"
}

ledger_reg() {
    sqlite_at -batch -bail -noheader ledger.db ".load ${REG%.so}" "$@"
}

sqlite_at() {
    if [ -n "${CLOCK:-}" ]; then
        LD_PRELOAD=$FAKETIME_LIBRARY FAKETIME="$CLOCK" TZ=UTC sqlite3 "$@"
    else
        sqlite3 "$@"
    fi
}

newest_with() {
    local folder=$1 text=$2
    /usr/bin/python3 - "$folder" "$text" <<'END'
import email, email.policy, os, sys
folder, text = sys.argv[1:]
for name in sorted(os.listdir(folder + "/new"), reverse=True):
    raw = open(os.path.join(folder, "new", name), "rb").read()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    if message["To"] is not None and text not in message["To"]:
        continue
    if message["To"] is None and text.encode() not in raw:
        continue
    if message["To"] is None:
        print(raw.decode())
    else:
        print("Subject:", message["Subject"])
        print("Content-Language:", message["Content-Language"])
        print(message.get_body(("plain",)).get_content())
    break
else:
    sys.exit("no message to " + text)
END
}

mailed() {
    newest_with mail "$1"
}

texted() {
    newest_with sms "$1"
}

code_in() {
    grep -oE '\b[A-Za-z]{0,8}[0-9]{4,8}\b' <<<"$1" | head -1
}
