# SPDX-License-Identifier: MIT
# regjob share: a ledger to give away. Nothing personal and no secret is in the file; everything else is, and reads as in the ledger.

load ../helper

OUTBOUND=$'from = us@example.net\nurl = file:maildir'

setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR regjob_setup # else there is none here
    pins
    settings '{"firebaseScrypt":{"signerKey":"SGVyZWlzdGhlc2lnbmVya2V5b2Z0aGVwcm9qZWN0","saltSeparator":"Bw==","rounds":8,"memoryCost":14},"confirmationRedirectLink":"https://secret-host.example.org/back","requiredConsents":[],"maxCodeTries":2,"sandbox":true}'
    /usr/bin/python3 "$ROOT/tests/jobs/share_people.py" signups >"zebulon-quackenbush signups.csv"
    printf '"unterminated zz-broken-line-zz\n' >>"zebulon-quackenbush signups.csv"
    standin_start
    # Each answer of the vendor repeats somebody's address, but for those that five and more get.
    outbound_config fraud $'tries = 1'
    ledger "SELECT 1" >/dev/null
    mkdir -p maildir
    cat >>regjob.conf <<END
END
    sed -i "s|^\[mail\]|[mail]\n$(sed 's/$/\\n/' <<<"$OUTBOUND" | tr -d '\n')|" regjob.conf
    carry import "zebulon-quackenbush signups.csv" || [ $? = 2 ]
    carry send
    [ "$(ledger_reg "SELECT reg_verify_code('quimby3@example.com', '12345', 'device-serial-0')")" = verified ]
    [ "$(ledger_reg "SELECT reg_verify_code('quimby4@example.com', '99999', 'device-serial-1'), reg_verify_code('quimby4@example.com', '99998', 'device-serial-1')")" = "invalid_code|invalid_code" ]
    ledger_reg "SELECT reg_set_consent('told1@example.org', 'news', '2026-01-01', 'accepted'), reg_record_step('told1@example.org', 'KYC', 'GREEN', 'sumsub-reference-77'),
        reg_record_step('told2@example.org', 'SUBSCRIPTION', 'Told2 Quartermaine paid', 'sub-99887766'), reg_forget('told9@example.org')" >/dev/null
    ledger_reg "INSERT INTO reg_attempts (email, identity_provider, identity_subject, email_verified_at) VALUES ('told1@example.org', 'google', 'google-subject-5551234', 1760000000)" >/dev/null
    carry report || true
    standin_stop
    ledger_reg "INSERT INTO reg_attempts (email, outcome) VALUES ('quimby-late@example.com', 'success')" # its report is due
    ledger "
        INSERT INTO try (report_id, owner, started_at, lease_until, finished_at, result, status, answer)
        SELECT id, 'secret-host:1', recorded_at, recorded_at, recorded_at, 'refused', 400, 'no such person: ' || (SELECT email FROM person p WHERE p.attempt_id = r.attempt_id) FROM report r;
        INSERT INTO try (report_id, owner, started_at, lease_until, finished_at, result, status, answer)
        SELECT id, 'secret-host:1', recorded_at, recorded_at, recorded_at, 'ambiguous', 504, 'gateway time-out' FROM report;
        INSERT INTO try (code_id, owner, started_at, lease_until, finished_at, result, status, answer)
        SELECT 2, 'secret-host:1', 1, 1, 1, 'refused', 550, 'Mr Quackenbush1 has moved' FROM generate_series(1, 9);
        PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    cp -rp . "$BATS_FILE_TMPDIR/stage"
}

setup() {
    cp -rp "$BATS_FILE_TMPDIR/stage" "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work"
    mkdir out
}

of() { # FILE SQL
    sqlite3 -batch -bail -noheader "$1" "$2"
}
of_reg() {
    sqlite3 -batch -bail -noheader "$1" ".load ${REG%.so}" "$2"
}

@test "the stage: there is something of everything" {
    for table in setting run import import_batch reject attempt person fingerprint link decision waiting continuation code recipient code_end wrong_try given_code report \
        report_event try consent step erasure; do
        [ "$(ledger "SELECT count(*) > 0 FROM $table")" = 1 ] || {
            echo "$table is empty"
            false
        }
    done
}

@test "no address, name, number, hash, nonce, key or file name is in its bytes" {
    run job share out/a.db
    echo "$output"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [ "$(ls -A out)" = a.db ]
    [ "$(stat -c %a out/a.db)" = 640 ]
    # The search finds them in a snapshot.
    job snapshot out/snapshot.db
    run /usr/bin/python3 "$ROOT/tests/jobs/share_people.py" search ledger.db out/snapshot.db
    [ "$status" -eq 1 ]
    for how in "" "--emails mask --phones mask --usernames mask --names mask --addresses mask --devices mask" \
        "--emails drop --phones drop --usernames drop --names pseudonym --addresses drop --devices drop" --stable; do
        # shellcheck disable=SC2086
        job share --replace $how out/a.db
        run /usr/bin/python3 "$ROOT/tests/jobs/share_people.py" search ledger.db out/a.db
        echo "$how: $output"
        [ "$status" -eq 0 ]
    done
}

@test "every table and column is there, or is known not to be" {
    job share out/a.db
    run /usr/bin/python3 "$ROOT/tests/jobs/share_people.py" columns ledger.db out/a.db
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "every query, the reconciliation and the page say the same" {
    job share out/a.db
    printf 'date,success,failure\n%s,20,5\n' "$(date -u +%F)" >export.csv
    # The values of storms are pseudonyms there, and the last error of a channel may be about somebody.
    for file in "$ROOT"/sql/queries/*.sql; do
        hidden='s/x/x/'
        case $file in */duplicate_storms.sql) hidden='s/\|(address|device)\|[^|]*/|\1/' ;; */channels.sql) hidden='s/[^|]*$//' ;; */sheet.sql) hidden='s/^(([^|]*\|){4}).*/\1/' ;; esac
        for one in ledger.db out/a.db; do
            { printf '.parameter set :file "%s"\n' "'export.csv'"; cat "$file"; } |
                clock '2100-01-01 00:00:00' sqlite3 -batch -bail -cmd ".load ${REG%.so}" "$one" | sed -E "$hidden" | sort >"$(basename "$one").said"
        done
        echo "$file"
        diff ledger.db.said a.db.said
        [ -s a.db.said ] || [[ $file == */changes.sql ]]
    done
    [ "$(of out/a.db "SELECT count(*) FROM duplicate_storms")" -gt 0 ]
    [ "$(of out/a.db "SELECT last_error FROM channel_health WHERE channel = 'fraud'")" = "gateway time-out" ]
    for one in ledger.db out/a.db; do
        clock '2100-01-01 00:00:00' "$REGJOB" -l "$one" dashboard -o "$(basename "$one").html"
        # Last: in the ledger this leaves a run.
        "$REGJOB" -l "$one" reconcile --as-of "$(date -u +%FT%TZ)" --format csv export.csv >"$(basename "$one").csv" || [ $? = 2 ]
    done
    diff <(sed 's/20[0-9-]*T[0-9:.]*Z//' ledger.db.csv) <(sed 's/20[0-9-]*T[0-9:.]*Z//' a.db.csv)
    diff <(sed 's|[^ <>]*ledger.db||g' ledger.db.html) <(sed 's|[^ <>]*a.db||g' a.db.html)
    # What the tables of the extension say that is nobody's.
    columns="id, attempted_at, country, outcome, reasons, failure_reason, recorded_at, decided_at, import_id, line, customer_id, code_state, report_state, notes, steps <> '[]', erased_at"
    diff <(of_reg ledger.db "SELECT $columns FROM reg_attempts") <(of_reg out/a.db "SELECT $columns FROM reg_attempts")
    diff <(of_reg ledger.db "SELECT id, state, channel, failures, request_timestamp FROM reg_codes") <(of_reg out/a.db "SELECT id, state, channel, failures, request_timestamp FROM reg_codes")
    diff <(of_reg ledger.db "SELECT id, state, tries, due_at, acknowledged_at FROM reg_reports") <(of_reg out/a.db "SELECT id, state, tries, due_at, acknowledged_at FROM reg_reports")
    "$REGJOB" -l out/a.db check --data
}

@test "the same person has the same pseudonym, by which it is found" {
    job share out/a.db
    distinct="SELECT count(DISTINCT email_folded), count(DISTINCT phone), count(DISTINCT username_folded), count(DISTINCT device_id), count(DISTINCT ip_address), count(DISTINCT uuid) FROM person"
    [ "$(of ledger.db "$distinct")" = "$(of out/a.db "$distinct")" ]
    # Attempts that share an address there share one here.
    pairs="SELECT count(*) FROM person p JOIN person q ON q.email_folded = p.email_folded AND q.attempt_id < p.attempt_id"
    [ "$(of ledger.db "$pairs")" -gt 0 ]
    [ "$(of ledger.db "$pairs")" = "$(of out/a.db "$pairs")" ]
    [ "$(of out/a.db "SELECT count(*) FROM person WHERE email NOT GLOB '*@example.*'")" = 0 ]
    someone=$(of out/a.db "SELECT email FROM attempts WHERE outcome = 'success' AND email IS NOT NULL LIMIT 1")
    [ "$(of_reg out/a.db "SELECT reg_email_exists('$someone'), count(*) > 0 FROM reg_attempts WHERE email = '$someone'")" = "1|1" ]
    [[ "$(of out/a.db "EXPLAIN QUERY PLAN SELECT id FROM attempts WHERE email = '$someone'")" == *share_email* ]]
    [ "$(of out/a.db "SELECT count(*) FROM person WHERE coalesce(name, given_name, family_name, birth_date, birth_place, gender, latitude, longitude, user_agent, password_hash) IS NOT NULL")" = 0 ]
    [ "$(of out/a.db "SELECT group_concat(DISTINCT model) FROM attempt")" = "Pixel 9" ]

    # Who knows addresses finds nobody by trying them out: they are in no index, by whatever is in the file.
    of ledger.db "SELECT DISTINCT email FROM person WHERE email IS NOT NULL" >known
    for one in ledger.db out/a.db; do
        of_reg "$one" "$(sed "s/.*/SELECT reg_email_exists('&'), (SELECT count(*) FROM reg_attempts WHERE email = '&');/" known)" | sort | uniq -c >"$(basename "$one").found"
    done
    grep -q '1|1$' ledger.db.found
    [ "$(sed 's/^ *[0-9]* //' a.db.found)" = "0|0" ]

    # Two shares do not agree, two stable ones do.
    job share out/b.db
    job share --stable out/c.db
    job share --stable out/d.db
    emails() { of "$1" "SELECT email FROM person ORDER BY attempt_id"; }
    [ "$(emails out/a.db)" != "$(emails out/b.db)" ]
    [ "$(emails out/c.db)" = "$(emails out/d.db)" ]
    /usr/bin/python3 "$ROOT/tests/jobs/share_people.py" derive ledger.db out/c.db
    run /usr/bin/python3 "$ROOT/tests/jobs/share_people.py" derive ledger.db out/b.db
    [ "$status" -eq 1 ]
    [ "$(emails out/a.db)" != "$(emails out/c.db)" ]
    for file in a b c d; do
        [ "$(emails "out/$file.db" | sort -u | comm -12 - <(emails ledger.db | sort -u))" = "" ]
    done
    mv ledger.db.key elsewhere
    run job share --stable out/e.db
    echo "$output"
    [ "$status" -eq 78 ]
    [ "$output" != "" ]
    job share out/e.db
}

@test "masked or dropped, as the options say" {
    job share --emails mask --phones mask --usernames drop --names mask --addresses mask --devices drop out/a.db
    [ "$(of out/a.db "SELECT count(*) FROM person WHERE email NOT LIKE '_***@example.%'")" = 0 ]
    [ "$(of out/a.db "SELECT min(phone) FROM person")" = "+1604*****00" ]
    [ "$(of out/a.db "SELECT count(username) + count(device_id) FROM person")" = 0 ]
    [ "$(of out/a.db "SELECT name FROM person WHERE name IS NOT NULL LIMIT 1")" = "Z***" ]
    [ "$(of out/a.db "SELECT group_concat(DISTINCT ip_address) FROM (SELECT ip_address FROM person ORDER BY 1)")" = "198.51.100.0,2001:db8:7::" ]
    [ "$(of out/a.db "SELECT options ->> 'emails', options ->> 'names', options ->> 'devices' FROM ledger_share")" = "mask|mask|drop" ]
    run job share --emails keep out/b.db
    echo "$output"
    [ "$status" -eq 64 ]
    [ "$output" = "regjob: --emails keep: expected pseudonym|mask|drop" ]
}

@test "whatever writes refuses it, with a sentence; what reads works on it, and leaves it as it is" {
    job share out/a.db
    before=$(sha256sum <out/a.db)
    sentence='this is a share of a ledger, made for others to read at 20[0-9T:.-]+Z: write to the ledger itself, with regjob$'
    while read -r command; do
        # shellcheck disable=SC2086
        run "$REGJOB" -l out/a.db $command
        echo "$command: $status $output"
        [ "$status" -eq 78 ]
        [[ "$output" =~ $sentence ]]
    done <<'END'
import export.csv
confirm export.csv
send
settle
report
nightly
forget ann@example.com
settings export.csv
snapshot out/b.db
share out/b.db
init --restored
END
    while read -r sql; do
        run sqlite3 -batch -bail out/a.db ".load ${REG%.so}" "$sql"
        echo "$sql: $output"
        [ "$status" -ne 0 ]
        [[ "$output" =~ this\ is\ a\ share ]]
    done <<'END'
INSERT INTO reg_attempts (email) VALUES ('new@example.com')
SELECT reg_settings_patch('{}')
SELECT reg_issue_code('ann@example.com', 'none')
SELECT reg_verify_code('ann@example.com', '123456')
SELECT reg_record_step('ann@example.com', 'KYC', 'done')
SELECT reg_forget('ann@example.com')
SELECT * FROM reg_signups('zebulon-quackenbush signups.csv')
END
    run "$REGJOB" -l out/a.db import --dry-run "zebulon-quackenbush signups.csv"
    echo "$status $output"
    [ "$status" -ne 0 ]
    [[ "$output" == *"this is a share"* ]]
    for command in status "status --format json" settings "check --data" "dashboard -o page.html"; do
        # shellcheck disable=SC2086
        "$REGJOB" -l out/a.db $command >said
    done
    run "$REGJOB" -l out/a.db status
    [[ "${lines[0]}" =~ ^"a share of a ledger, made at 20" ]]
    "$REGJOB" -l out/a.db status --format json | grep -q '"share"'
    [ "$(sha256sum <out/a.db)" = "$before" ]
    [ -z "$(ls -A out | grep -vE '^a\.db(\.[a-z]+\.lock)?$')" ]
}

@test "a file that is there is replaced only if asked, and only by its like" {
    job snapshot out/snapshot.db
    job share out/a.db
    run job share out/a.db
    [ "$status" -eq 64 ]
    [ "$output" = "regjob: out/a.db is there already: --replace replaces an older share" ]
    job share --replace out/a.db
    for target in out/snapshot.db ledger.db; do
        run job share --replace "$target"
        echo "$output"
        [ "$status" -eq 64 ]
        [ "$output" = "regjob: $target is no share of a ledger: it is not replaced" ]
    done
    run job snapshot --replace out/a.db
    [ "$status" -eq 64 ]
    # The run leaves no row.
    [ "$(ledger "SELECT count(*) FROM run WHERE command = 'share'")" = 0 ]
}

@test "who may only read the ledger can share it; beside an application only the ledger is shared" {
    sqlite3 theirs.db "CREATE TABLE attempts (secret); INSERT INTO attempts VALUES ('of another application'); PRAGMA user_version = 7"
    of_reg theirs.db "SELECT reg_init('beside'); INSERT INTO reg_attempts (email, outcome) VALUES ('quimby-beside@example.com', 'success')" >/dev/null
    "$REGJOB" -l theirs.db share out/b.db
    ! grep -qaE 'of another application|quimby-beside' out/b.db
    [ "$(of out/b.db "SELECT outcome FROM attempts; PRAGMA user_version")" = "success"$'\n'"$(of ledger.db "PRAGMA user_version")" ]

    unprivileged_setup
    unprivileged mkdir mine
    chmod 444 ledger.db
    run unprivileged "$REGJOB" -l ledger.db share mine/a.db
    echo "$output"
    status_there=$status
    said=$(of mine/a.db "SELECT count(*) FROM ledger_share")
    unprivileged_end
    [ "$status_there" -eq 0 ]
    [ "$said" = 1 ]
}

@test "nobody is kept from writing meanwhile, and what is being written is not in it" {
    coproc HOLD { sqlite3 -batch ledger.db; }
    echo "BEGIN IMMEDIATE; INSERT INTO run (command, started_at) VALUES ('held', 1); SELECT 'begun';" >&"${HOLD[1]}"
    read -r -u "${HOLD[0]}" said
    [ "$said" = begun ]
    job share out/a.db
    [ "$(of out/a.db "SELECT count(*) FROM run WHERE command = 'held'")" = 0 ]
    echo "COMMIT; SELECT 'done';" >&"${HOLD[1]}"
    read -r -u "${HOLD[0]}" said
    [ "$said" = "done" ]
}

@test "a full disk, a signal, a kill: it is there and whole, or nothing is" {
    for full in FULL_IN=.part FULL_AFTER=40000 FULL_AFTER=300000; do
        run faulty "$full" "$REGJOB" -l ledger.db share out/a.db
        echo "$full: $output"
        [ "$status" -eq 1 ]
        [[ "$output" == "regjob: out/a.db: a share of ledger.db cannot be made: "* ]]
        [ -z "$(ls -A out)" ]
    done
    ledger "INSERT INTO run (command, started_at) SELECT 'send', value FROM generate_series(1, 40000)"
    run faulty TERM_AT=2 "$REGJOB" -l ledger.db share out/a.db
    echo "$output"
    [ "$status" -eq 1 ]
    [ "$output" = "regjob: out/a.db: stopped by SIGTERM; nothing was written" ]
    [ -z "$(ls -A out)" ]
    died=0
    [ -n "${SOAK-}" ] && step=1 || step=5
    for ((at = 1; ; at += step)); do
        run faulty "KILL_AT=$at" "$REGJOB" -l ledger.db share out/a.db
        [ "$status" -ne 0 ] || break
        [ "$status" -eq 137 ]
        died=$((died + 1))
        [ ! -e out/a.db ] || [ "$(of out/a.db "PRAGMA integrity_check; SELECT count(*) FROM ledger_share")" = $'ok\n1' ]
        rm -f out/a.db
    done
    echo "killed $died times"
    [ "$died" -gt 5 ]
    [ "$(ls -A out)" = a.db ]
}
