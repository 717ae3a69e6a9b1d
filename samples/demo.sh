#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a whole night of registrations on this machine, and the morning after: `make demo` from the repository's root.
#
# Everything is created anew in build/demo/. The dates of the samples move to the last few days. The fraud API and the SMS gateway are
# stand-ins on loopback; mail goes into a Maildir. The night runs with its clock set back by 26 hours (faketime), so that by
# the morning, which is now, time has really run out for everyone who never entered a code. Each step must end with the
# expected exit code. At the end the files are searched for secrets.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
unset REG_KEY_FILE
umask 077

demo=${DEMO:-build/demo} # another folder must be as deep, for the configuration's relative paths
log=$demo/regjob.log
work=$demo/work # the demo's own notes, including codes and passwords; removed at the end
token='demo-token'
standin='' shell=''

# --- Telling ------------------------------------------------------------------------------------------------------------------

if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s\n' "$*"; }
fail() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

# --- Doing --------------------------------------------------------------------------------------------------------------------

# Preload the library directly: the faketime wrapper shares its clock under a name that an earlier process may have left behind.
faketime=/usr/lib/$(gcc -print-multiarch)/faketime/libfaketime.so.1:$PWD/build/clock.so
at_night() { env LD_PRELOAD="$faketime" FAKETIME=-26h "$@"; }

# step EXPECTED_EXIT_CODE COMMAND...: runs a command as an operator would, and also logs its output.
step() {
    expected=$1
    shift
    shown=$(printf '%s ' "$@" | sed 's/^at_night //; s/ $//')
    printf '\n$ %s\n' "$shown"
    status=0
    "$@" >"$work/said" 2>&1 || status=$?
    { printf '$ %s\n' "$shown" && cat "$work/said"; } >>"$log"
    # The counts of malformed fields would fill the screen; the log has them.
    sed -E '/^  [a-z_]+_(invalid|missing) +[0-9]+$/d' "$work/said" | cut -c1-160
    note "(exit code $status)"
    [ "$status" = "$expected" ] || fail "$shown: expected exit code $expected"
}

# Runs SQL from standard input as an application would: extension loaded, key beside the ledger.
application() { at_night sqlite3 -batch -bail -init /dev/null -cmd '.load build/reg' -cmd '.timeout 5000' "$demo/ledger.db"; }

# Runs an analyst's query with samples/sqliterc.
analyst() { sqlite3 -batch -bail -readonly -init samples/sqliterc "$demo/ledger.db"; }

finish() {
    status=$?
    trap - EXIT
    exec 3>&- || true
    [ -z "$shell" ] || wait "$shell" || true
    [ -z "$standin" ] || kill "$standin" 2>/dev/null || true
    [ -z "$standin" ] || wait "$standin" 2>/dev/null || true
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# wait_for FILE: waits until it has content, at most 20 seconds.
wait_for() {
    tries=0
    until [ -s "$1" ]; do
        tries=$((tries + 1))
        [ "$tries" -le 200 ] || fail "$1 did not appear"
        sleep 0.1
    done
}

# --- The stage ----------------------------------------------------------------------------------------------------------------

rm -rf "$demo"
mkdir -p "$work" "$demo/inbox" "$demo/confirmations" "$demo/exports" "$demo/sms"
printf '%s\n' "$token" >"$demo/token"

# Two 429 answers that accept the event anyway, as the vendor does, and one number that the gateway refuses.
build/standin --port 0 --port-file "$demo/port" --token "$token" --accepted "$demo/accepted.jsonl" --sms-dir "$demo/sms" --seconds 600 \
    --fault 429-accepted:path=/v2/registration,after=30,count=2 --fault status-400:path=/sms,after=10,count=1 \
    >"$demo/standin.log" 2>&1 3>&- &
standin=$!
printf '%s\n' "$standin" >"$demo/standin.pid"
wait_for "$demo/port"
url=http://127.0.0.1:$(cat "$demo/port")

# samples/regjob.conf plus the demo's own settings. Paths are relative to the file's folder.
{
    cat samples/regjob.conf
    cat <<EOF

# --- The demo's own ---
[ledger]
metrics = regjob.prom
[import]
max_field_bytes = 4K
settle_seconds = 0
[mail]
templates = ../../samples/templates
rate = 200
[sms]
url = $url/sms
from = Sample Shop
token_file = token
templates = ../../samples/templates
rate = 200
[fraud]
url = $url
token_file = token
rate = 200
EOF
} >"$demo/regjob.conf"

heading '1. A new ledger'
step 0 at_night build/regjob -c "$demo/regjob.conf" init
note
note 'Everyone confirms with a PIN, by e-mail or SMS. Terms must be accepted; a marketing consent must name the current version:'
application >"$demo/settings.json" <<'EOF'
SELECT reg_settings_patch('{"registrationType": "REQUIRE_PIN_CONFIRMATION", "pinConfirmationType": "EVERYONE",
                            "channels": ["email", "sms"], "consentVersions": {"marketing": "2026-10"}}');
EOF
note "SELECT reg_settings_patch(...)  ->  $(cut -c1-100 "$demo/settings.json")..."

# An open shell keeps SQLite from removing the write-ahead log, so that it can be searched at the end.
mkfifo "$work/open"
sqlite3 -batch -init /dev/null "$demo/ledger.db" <"$work/open" >"$work/opened" &
shell=$!
exec 3>"$work/open"
printf 'SELECT count(*) FROM ledger;\n' >&3
wait_for "$work/opened"

heading '2. The night: two files in the inbox, one of them badly damaged'
for name in signups signups-damaged; do at_night perl samples/recent.pl "samples/$name.csv" >"$demo/inbox/$name.csv"; done
step 2 at_night build/regjob -c "$demo/regjob.conf" -v nightly
note 'Exit code 2: all done, but lines were rejected. They are in inbox/done/, to be corrected:'
ls "$demo/inbox/done"

heading '3. The same again: nothing left to do'
step 0 at_night build/regjob -c "$demo/regjob.conf" -v nightly

heading '4. Customers enter their codes'
# What only the customers see: their own mails and text messages. One line each: channel, address, code.
letters=$work/letters
for file in "$demo"/mail/new/*; do
    to=$(tr -d '\r' <"$file" | sed -n 's/^To: \([^ ]*@[^ ]*\)$/\1/p; /^$/q')
    code=$(tr -d '\r' <"$file" | sed -n 's/^.*: \([0-9]\{6\}\)$/\1/p' | head -n 1)
    [ -z "$to" ] || [ -z "$code" ] || printf 'email %s %s\n' "$to" "$code"
done >"$letters"
for file in "$demo"/sms/*.json; do
    cat "$file" && echo
done | sed -n 's/.*"to":"\(+[0-9]*\)".*"text":"[^"0-9]*\([0-9]\{6\}\)[^0-9].*/sms \1 \2/p' >>"$letters"
note "$(grep -c '^email' "$letters") mails and $(grep -c '^sms' "$letters") text messages have arrived."

# verify CHANNEL ADDRESS CODE: prints the application's statement, from the device that asked for the code.
verify() {
    printf "SELECT reg_verify_code('%s', '%s', (SELECT device_id FROM reg_codes WHERE subject = '%s' AND channel = '%s' AND state = 'sent' LIMIT 1));\n" \
        "$2" "$3" "$2" "$1"
}
code_of() { sed -n "s/^[a-z]* $1 //p" "$letters" | head -n 1; }

note
note 'Every fourth customer enters the code at once:'
mary=mary.ann@example.net mia=mia.sommer@example.net karl=kalle.weiss@example.org
awk 'NR % 4 == 1' "$letters" | grep -v -F -e $mary -e $mia -e $karl -e +1212555 | while read -r channel to code; do
    verify "$channel" "$to" "$code"
done | application >"$work/answers"
sort "$work/answers" | uniq -c
[ "$(grep -c '^verified$' "$work/answers")" -ge 40 ] || fail 'at least 40 codes should have been good'

note
note 'One customer guesses wrong five times, and then finds the message:'
right=$(code_of $mia)
wrong=$(printf '%s' "$right" | tr 0123456789 1234567890)
for code in "$wrong" "$wrong" "$wrong" "$wrong" "$wrong" "$right"; do
    verify email $mia "$code"
done | application | tee "$work/answers" | uniq -c
[ "$(tail -n 1 "$work/answers")" = rate_limit ] || fail 'no code may be good after five wrong tries'

note
note 'One enters the code on the wrong device, which costs no try, and then on the one that asked for it:'
{
    printf "SELECT reg_verify_code('%s', '%s', 'another-device');\n" $karl "$(code_of $karl)"
    verify email $karl "$(code_of $karl)"
} | application | tee "$work/answers"
printf 'wrong_device\nverified\n' | cmp -s - "$work/answers" || fail 'a code must be good only on the device that asked for it last'

note
note 'One signed up twice with the same e-mail address. Confirming the first request supersedes the second:'
verify email $mary "$(code_of $mary)" | application
analyst <<EOF
SELECT reg_mask(email) AS email, outcome, failure_reason FROM reg_attempts WHERE email = '$mary' COLLATE NOCASE;
EOF

heading '5. The morning after: time has run out for everyone else'
step 0 build/regjob -c "$demo/regjob.conf" -v settle
step 0 build/regjob -c "$demo/regjob.conf" -v report
step 0 build/regjob -c "$demo/regjob.conf" status
note "The fraud API has $(wc -l <"$demo/accepted.jsonl") reports."

heading "6. The fraud API's dashboard compared with the ledger"
note 'Its export, day by day. An unexplained count would give exit code 2:'
curl --silent --show-error --fail --max-time 20 -o "$demo/exports/dashboard.csv" "$url/dashboard.csv"
note
note "$(head -n 3 "$demo/exports/dashboard.csv")"
note ...
step 0 env TZ=UTC build/regjob -c "$demo/regjob.conf" reconcile "$demo/exports/dashboard.csv"
step 0 env TZ=UTC build/regjob -c "$demo/regjob.conf" dashboard -o "$demo/dashboard.html"

heading '7. What an analyst sees (more in samples/analyst.sql)'
note
note 'How each day went, by the day of the request:'
analyst <<'EOF'
SELECT substr(attempted_at, 1, 10) AS day, count(*) AS attempts, sum(outcome = 'success') AS success, sum(outcome = 'failure') AS failure
  FROM reg_attempts GROUP BY day ORDER BY day;
EOF
note
note 'Why attempts failed that had a code:'
analyst <<'EOF'
SELECT failure_reason, count(*) AS attempts, count(report_state) AS reported
  FROM reg_attempts WHERE outcome = 'failure' AND code_state IS NOT NULL GROUP BY failure_reason ORDER BY attempts DESC;
EOF
note
note 'The ledger after the import, and now:'
analyst <<'EOF'
WITH imported AS MATERIALIZED (SELECT max(recorded_at_ms) AS at FROM reg_attempts)
SELECT 'then' AS asked, sum(outcome = 'success') AS success, sum(outcome = 'pending') AS pending, sum(outcome = 'failure') AS failure
  FROM reg_attempts WHERE as_of = (SELECT at FROM imported)
UNION ALL
SELECT 'now', sum(outcome = 'success'), sum(outcome = 'pending'), sum(outcome = 'failure') FROM reg_attempts;
EOF

heading '8. Where are the secrets?'
# Passwords of at least 8 characters, and every unsalted hash that a vendor knows, as text and as bytes.
sqlite3 -batch -init /dev/null :memory: >"$work/secrets" <<'EOF'
.load build/reg
.import --csv samples/signups.csv signups
CREATE TEMP TABLE password AS SELECT password AS text FROM signups WHERE length(password) >= 8;
SELECT text FROM password WHERE instr(text, char(10)) = 0
UNION SELECT reg_hash_password(text, 'sha256') FROM password
UNION SELECT reg_hash_password(text, 'sha1sha256') FROM password
UNION SELECT reg_hash_password(text, 'md5') FROM password
UNION SELECT password_md5 FROM signups WHERE length(password_md5) = 32
UNION SELECT password_sha256 FROM signups WHERE length(password_sha256) = 64;
EOF
grep -aoE 'Sample-(Mend|Lost)-[0-9]{3}!' samples/signups-damaged.csv >>"$work/secrets"
grep -xE '[0-9a-fA-F]{32,64}' "$work/secrets" | tr A-F a-f | sort -u >"$work/hashes"
cut -d ' ' -f 3 "$letters" | sort -u | sed 's/.*/(^|[^0-9])&([^0-9]|$)/' >"$work/codes"

# found FILE...: counts the lines that hold a secret.
found() {
    {
        cat "$@" | grep -aiF -f "$work/secrets" || true
        cat "$@" | grep -aE -f "$work/codes" || true
        cat "$@" | od -An -v -tx1 | tr -d ' \n' | grep -F -f "$work/hashes" || true
    } | wc -l
}
for file in ledger.db ledger.db-wal regjob.log regjob.prom; do
    [ -s "$demo/$file" ] || fail "$file is missing, so it cannot be searched"
done
hits=$(found "$demo/ledger.db" "$demo/ledger.db-wal" "$demo/regjob.log" "$demo/regjob.prom")
control=$(found "$demo"/mail/new/* samples/signups.csv)
note "Searched the ledger, its write-ahead log, the job's log and its metrics, $(cat "$demo/ledger.db" "$demo/ledger.db-wal" "$log" "$demo/regjob.prom" | wc -c) bytes,"
note "for $(wc -l <"$work/secrets") passwords and unsalted hashes and $(wc -l <"$work/codes") codes. Found: $hits."
note "(The same search finds $control lines in the customers' mails and the CSV file.)"
[ "$control" -gt 0 ] || fail 'the search does not find secrets that are there'
[ "$hits" = 0 ] || fail 'a secret is in clear'

heading 'Done. Look around:'
note "sqlite3 -init samples/sqliterc -readonly $demo/ledger.db < samples/analyst.sql"
note "$demo/dashboard.html, in a browser"
