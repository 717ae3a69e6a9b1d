# SPDX-License-Identifier: MIT
# regjob snapshot: a copy of the ledger in use, whole or not there; what may be done with it, and how it becomes a ledger again.

load ../helper

setup() {
    regjob_setup
    mkdir backup
    printf 'email,name,outcome\nann@example.com,Ann,success\nbob@example.com,Bob,failure\n' >signups.csv
    job import signups.csv
    ledger_reg "SELECT reg_issue_code('ann@example.com', 'email')" >/dev/null
    sentence="this is a snapshot of the ledger at $(pwd -P)/ledger.db: write with regjob"
}

teardown() {
    [ -z "$running" ] || kill -9 "$running" 2>/dev/null || true
    [ -z "$UNPRIVILEGED" ] || unprivileged_end
}

running=
UNPRIVILEGED=

of() { # FILE SQL
    sqlite3 -batch -bail -noheader "$1" "$2"
}

# Every row of every table but the mark, by the shell, with what marks a ledger.
rows() {
    of "$1" ".dump" | grep -v ledger_snapshot
    of "$1" "PRAGMA user_version; PRAGMA application_id; PRAGMA page_size"
}

is_whole() {
    [ "$(of "$1" "PRAGMA integrity_check")" = ok ]
    [ "$(of "$1" "SELECT count(*) FROM ledger_snapshot")" = 1 ]
    [ "$(stat -c %a "$1")" = 600 ]
}

# How a draft is called: the ledger's name and the beginning of its uuid.
draft() {
    echo "ledger.db.$(ledger "SELECT lower(substr(hex(uuid), 1, 8)) FROM ledger").part"
}

@test "a snapshot has every row of the ledger, in one file of its owner's" {
    # Something is in the write-ahead log alone, as the connection is still open.
    coproc HOLD { sqlite3 -batch ledger.db; }
    echo "SELECT count(*) FROM attempt;" >&"${HOLD[1]}"
    read -r -u "${HOLD[0]}" _
    job settings --patch - <<<'{"sandbox":true}'
    [ -s ledger.db-wal ]
    cp -p ledger.db before.db
    run job snapshot backup/a.db
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ "$(ls -A backup)" = a.db ]
    is_whole backup/a.db
    diff <(rows ledger.db) <(rows backup/a.db)
    [ "$(of backup/a.db "SELECT count(*) FROM setting WHERE json LIKE '%\"sandbox\":true%'")" = 1 ]
    [ "$(of backup/a.db "SELECT source FROM ledger_snapshot")" = "$(pwd -P)/ledger.db" ]
    [ "$(of backup/a.db "PRAGMA journal_mode")" = delete ]
    # The run left no row, and the ledger's file is as it was.
    [ "$(ledger "SELECT count(*) FROM run WHERE command = 'snapshot'")" = 0 ]
    cmp ledger.db before.db
}

@test "it is on the disk before it has its name, and then its name is" {
    faulty SYNCED="$PWD/synced" "$REGJOB" -l ledger.db snapshot backup/a.db
    # By SQLite when the copy was made, and again with its mark.
    [ "$(grep -cxF "$(pwd -P)/backup/$(draft)" synced)" -ge 2 ]
    [ "$(tail -n 2 synced)" = "$(pwd -P)/backup/$(draft)"$'\n'"$(pwd -P)/backup" ]
}

@test "what was erased is not in it, not even in what is free" {
    ledger "PRAGMA secure_delete = OFF; DELETE FROM setting WHERE id = 1;
            CREATE TABLE scratch (text); INSERT INTO scratch SELECT 'left-over ' || value FROM generate_series(1, 2000); DROP TABLE scratch;
            PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    grep -qa left-over ledger.db
    job snapshot backup/a.db
    ! grep -qa left-over backup/a.db
}

@test "a file that is there is replaced only if asked, and only by its like" {
    job snapshot backup/a.db
    before=$(of backup/a.db "SELECT taken_at FROM ledger_snapshot")
    run job snapshot backup/a.db
    echo "$output"
    [ "$status" -eq 64 ]
    [ "$output" = "regjob: backup/a.db is there already: --replace replaces an older snapshot" ]
    [ "$(of backup/a.db "SELECT taken_at FROM ledger_snapshot")" = "$before" ]
    job snapshot --replace backup/a.db
    [ "$(of backup/a.db "SELECT taken_at FROM ledger_snapshot")" -gt "$before" ]
    is_whole backup/a.db
    # As mktemp makes one.
    : >backup/empty.db
    job snapshot --replace backup/empty.db
    is_whole backup/empty.db

    echo text >backup/text
    sqlite3 backup/other.db "CREATE TABLE t (x)"
    ln -s a.db backup/link.db
    ln -s nowhere backup/dangling.db
    mkfifo backup/pipe
    cp -p ledger.db backup/copy.db
    sums=$(cd backup && sha256sum a.db empty.db other.db copy.db text)
    for target in backup/text backup/other.db backup/link.db backup/dangling.db backup/pipe backup backup/ ledger.db backup/copy.db ledger.db.key ledger.db-wal \
        new.db-wal new.db-shm new.db-journal; do
        for option in --quiet --replace; do
            run job snapshot $option "$target"
            echo "$target $option: $status $output"
            [ "$status" -eq 64 ]
            [[ "$output" == "regjob: $target"* ]]
        done
    done
    [ "$(cd backup && sha256sum a.db empty.db other.db copy.db text)" = "$sums" ]
    [ ! -e backup/nowhere ]
    [ ! -e backup/copy.db-wal ]
    run job snapshot
    [ "$status" -eq 64 ]
    run job snapshot a b
    [ "$status" -eq 64 ]
}

@test "a folder that is not there, may not be written to, or belongs to everybody" {
    run job snapshot nowhere/a.db
    [ "$status" -eq 1 ]
    [ "$output" = "regjob: nowhere/a.db cannot be created: No such file or directory" ]
    chmod 1777 backup
    run job snapshot backup/a.db
    echo "$output"
    [ "$status" -eq 64 ]
    [[ "$output" == "regjob: backup/a.db: every user may make files in its folder"* ]]
    [ -z "$(ls -A backup)" ]

    unprivileged_setup
    mkdir closed
    chmod 755 closed # root's
    [ "$(id -u)" = 0 ] || chmod 555 closed
    run unprivileged "$REGJOB" -l ledger.db snapshot closed/a.db
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"closed/ledger.db."*".part cannot be created: Permission denied" ]]
    # Who may only read the ledger can take a snapshot of it.
    unprivileged mkdir mine
    chmod 444 ledger.db
    run unprivileged "$REGJOB" -l ledger.db snapshot mine/a.db
    echo "$output"
    [ "$status" -eq 0 ]
    is_whole mine/a.db
}

@test "nobody is kept from writing, and what is being written is not in it" {
    ledger "CREATE TABLE pair (left_side, right_side)"
    /usr/bin/python3 - 3>&- <<'END' &
import os, sqlite3
database = sqlite3.connect("ledger.db", isolation_level=None, timeout=60)
number = 0
while not os.path.exists("enough"):
    number += 1
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO pair VALUES (?, NULL)", (number,))
    database.execute("UPDATE pair SET right_side = left_side WHERE left_side = ?", (number,))
    database.execute("COMMIT")
END
    running=$!
    grown() { [ "$(ledger "SELECT count(*) FROM pair")" -gt "$rows" ]; }
    rows=0
    for i in 1 2 3 4 5 6; do
        until_true grown
        job snapshot "backup/$i.db"
        is_whole "backup/$i.db"
        [ "$(of "backup/$i.db" "SELECT count(*) FROM pair WHERE right_side IS NULL")" = 0 ]
        [ "$(of "backup/$i.db" "SELECT max(left_side) = count(*) FROM pair")" = 1 ]
        now=$(of "backup/$i.db" "SELECT count(*) FROM pair")
        [ "$now" -gt "$rows" ]
        rows=$now
    done
    touch enough
    wait "$running"
    running=

    # A transaction that is open all the while: neither waits for the other.
    coproc HOLD { sqlite3 -batch ledger.db; }
    echo "BEGIN IMMEDIATE; INSERT INTO pair VALUES ('open', NULL); SELECT 'begun';" >&"${HOLD[1]}"
    read -r -u "${HOLD[0]}" said
    [ "$said" = begun ]
    job snapshot backup/open.db
    [ "$(of backup/open.db "SELECT count(*) FROM pair WHERE left_side = 'open'")" = 0 ]
    echo "COMMIT; SELECT 'done';" >&"${HOLD[1]}"
    read -r -u "${HOLD[0]}" said
    [ "$said" = "done" ]
}

@test "a full disk leaves nothing but a line that says so" {
    for full in FULL_IN=.part FULL_AFTER=40000 FULL_AFTER=100000 FULL_AFTER=300000; do
        run faulty "$full" "$REGJOB" -l ledger.db snapshot backup/a.db
        echo "$full: $output"
        [ "$status" -eq 1 ]
        [[ "$output" == "regjob: backup/a.db: a snapshot of ledger.db cannot be made: "* ]]
        [[ "$output" == *full* || "$output" == *"I/O error"* ]]
        [ -z "$(ls -A backup)" ]
    done
    # The ledger's own disk may be full.
    run faulty FULL_IN=ledger.db-wal "$REGJOB" -l ledger.db snapshot backup/a.db
    echo "$output"
    [ "$status" -eq 0 ]
    is_whole backup/a.db
    # An older one stays as it is.
    before=$(sha256sum <backup/a.db)
    run faulty FULL_IN=backup "$REGJOB" -l ledger.db snapshot --replace backup/a.db
    [ "$status" -eq 1 ]
    [ "$(sha256sum <backup/a.db)" = "$before" ]
    [ "$(ls -A backup)" = a.db ]
}

@test "killed anywhere, it is there and whole, or not there; the next run removes what was left" {
    job snapshot model.db
    died=0
    [ -n "${SOAK-}" ] && step=1 || step=2
    for ((at = 1; ; at += at < 16 ? 1 : step)); do
        run faulty "KILL_AT=$at" "$REGJOB" -l ledger.db snapshot backup/a.db
        [ ! -e backup/a.db ] || is_whole backup/a.db
        [ "$status" -ne 0 ] || break
        [ "$status" -eq 137 ]
        died=$((died + 1))
        rm -f backup/a.db # of a run that was killed when it had its name
        # By another name, as each night's.
        if [ $((died % 5)) = 0 ]; then
            job snapshot "backup/next.db"
            [ "$(ls -A backup)" = next.db ]
            is_whole backup/next.db
            diff <(rows model.db) <(rows backup/next.db)
            rm backup/next.db
        fi
    done
    echo "killed $died times, the last time at $at"
    [ "$died" -gt 20 ]
    [ "$(ls -A backup)" = a.db ]
    # A journal that was left, or laid there, is not played back into the next copy.
    sqlite3 hot.db "CREATE TABLE t (x); INSERT INTO t VALUES (1)"
    printf 'PRAGMA journal_mode = PERSIST; BEGIN; UPDATE t SET x = 2; ROLLBACK;' | sqlite3 hot.db >/dev/null
    cp hot.db-journal "backup/$(draft)-journal"
    job snapshot backup/b.db
    [ "$(ls -A backup)" = $'a.db\nb.db' ]
    diff <(rows model.db) <(rows backup/b.db)
}

@test "a signal ends it, with nothing left" {
    ledger "INSERT INTO run (command, started_at) SELECT 'send', value FROM generate_series(1, 40000)"
    run faulty TERM_AT=2 "$REGJOB" -l ledger.db snapshot backup/a.db
    echo "$output"
    [ "$status" -eq 1 ]
    [ "$output" = "regjob: backup/a.db: stopped by SIGTERM; nothing was written" ]
    [ -z "$(ls -A backup)" ]
}

@test "two at once in one folder: the second one leaves it to the first" {
    name=$(draft)
    : >"backup/$name"
    exec 9<"backup/$name"
    flock 9
    run job snapshot backup/a.db
    exec 9>&-
    echo "$output"
    [ "$status" -eq 75 ]
    [ "$output" = "regjob: ./backup/$name is being written by another process" ]
    [ "$(ls -A backup)" = "$name" ]
    # What stands in the way of a draft is removed, and is not followed.
    rm "backup/$name"
    echo text >victim
    ln -s ../victim "backup/$name"
    job snapshot backup/a.db
    [ "$(cat victim)" = text ]
    [ "$(ls -A backup)" = a.db ]
}

@test "a damaged ledger is told now, and not when the copy is needed" {
    ledger "INSERT INTO run (command, started_at) SELECT 'send', value FROM generate_series(1, 4000); PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    page=$(($(ledger "PRAGMA page_count") - 4)) # in the midst of the table run, where no command looks
    printf 'nothing that a page may begin with' | dd of=ledger.db bs=1 seek=$(((page - 1) * 8192)) conv=notrunc status=none
    run job snapshot backup/a.db
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == "regjob: backup/a.db: a snapshot of ledger.db cannot be made: "*malformed* ]]
    [ -z "$(ls -A backup)" ]
}

@test "metrics say when the last one was made" {
    run job --metrics m.prom snapshot backup/a.db
    [ "$status" -eq 0 ]
    grep -qxF 'regjob_run_exit_code{command="snapshot"} 0' m.prom
    grep -qxF "regjob_run_items{command=\"snapshot\",step=\"snapshot\",what=\"bytes\"} $(stat -c %s backup/a.db)" m.prom
    run job --metrics m.prom snapshot backup/a.db
    grep -qxF 'regjob_run_exit_code{command="snapshot"} 64' m.prom
}

@test "everything that reads works on a snapshot, and leaves it as it is" {
    printf '[ledger]\npath = backup/a.db\n' >snapshot.conf
    printf 'date,success,failure\n%s,1,1\n' "$(date -u +%F)" >dashboard.csv
    job snapshot backup/a.db
    before=$(sha256sum <backup/a.db)
    job() { "$REGJOB" -c snapshot.conf "$@"; }
    run job status
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" =~ ^"a snapshot of $(pwd -P)/ledger.db, taken at 20"[0-9T:.-]+Z$ ]]
    job status --format json | grep -qF "\"source\": \"$(pwd -P)/ledger.db\""
    job status --format openmetrics | grep -q regjob_queue_items
    job dashboard -o page.html
    grep -q "Outcomes by day" page.html
    run job reconcile dashboard.csv
    echo "$output"
    [ "$status" -eq 0 ] || [ "$status" -eq 2 ]
    [[ "$output" == *unexplained* || "$output" == *match* ]]
    [ "$(job settings)" = "$("$REGJOB" -l ledger.db settings)" ]
    printf 'email,outcome\ndan@example.com,success\n' >more.csv
    run job -v import --dry-run more.csv
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"what an import would do"* ]]
    job import --explain more.csv >/dev/null
    run job report --dry-run
    echo "$output"
    run job init
    [ "$status" -eq 0 ]
    [ "$(sqlite3 backup/a.db ".load ${REG%.so}" \
        "SELECT count(*) FROM reg_attempts; SELECT count(*) FROM reg_codes; SELECT count(*) FROM reg_signups('signups.csv'); SELECT reg_email_exists('ann@example.com'), reg_init();
         SELECT count(*) FROM reg_attempts(unixepoch() * 1000 - 86400000); SELECT count(*) FROM reg_reconcile('dashboard.csv')")" = $'2\n1\n2\n1|'"$(of ledger.db "PRAGMA user_version")"$'\n0\n2' ]
    [ "$(sha256sum <backup/a.db)" = "$before" ]
    [ "$(ls -A backup)" = $'a.db\na.db.import.lock' ]
    # Also where nothing can be written: not even a file for shared memory.
    unprivileged_setup
    unprivileged "$REGJOB" -l ledger.db snapshot a.db
    chmod 555 .
    chmod 444 a.db
    run unprivileged "$REGJOB" -l a.db status
    echo "$output"
    [ "$status" -eq 0 ]
    run unprivileged sqlite3 a.db ".load ${REG%.so}" "SELECT count(*) FROM reg_attempts"
    [ "$output" = 0 ]
    chmod 755 .
}

@test "whatever writes is refused on a snapshot, with a line that says where the ledger is" {
    printf '[ledger]\npath = backup/a.db\n' >snapshot.conf
    printf 'subject,code\nann@example.com,12345\n' >confirmations.csv
    cp ledger.db.key backup/a.db.key
    job snapshot backup/a.db
    before=$(sha256sum <backup/a.db)
    while read -r command; do
        # shellcheck disable=SC2086
        run "$REGJOB" -c snapshot.conf $command
        echo "$command: $status $output"
        [ "$status" -eq 78 ]
        [ "$output" = "regjob: backup/a.db: $sentence" ]
    done <<'END'
import signups.csv
confirm confirmations.csv
send
settle
report
nightly
forget ann@example.com
settings signups.csv
settings --patch signups.csv
snapshot backup/b.db
END
    while read -r sql; do
        run sqlite3 -batch -bail backup/a.db ".load ${REG%.so}" "$sql"
        echo "$sql: $output"
        [ "$status" -ne 0 ]
        [[ "$output" == *"$sentence"* ]]
    done <<'END'
INSERT INTO reg_attempts (email) VALUES ('new@example.com')
INSERT INTO reg_attempts (email) SELECT 'new@example.com'
SELECT reg_settings('{}')
SELECT reg_settings_patch('{}')
SELECT reg_issue_code('ann@example.com', 'none')
SELECT reg_issue_code('ann@example.com', 'email', 'device')
SELECT reg_resend_code('ann@example.com', 'email')
SELECT reg_verify_code('ann@example.com', '123456')
SELECT reg_verify_code('ann@example.com', '123456', 'device')
SELECT reg_complete('ann@example.com', '123456', 'A9#bL8@z')
SELECT reg_set_consent('ann@example.com', 'terms', NULL, 'accepted')
SELECT reg_record_step('ann@example.com', 'KYC', 'done')
SELECT reg_forget('ann@example.com')
BEGIN; SELECT reg_forget('ann@example.com')
CREATE TEMP TABLE t AS SELECT reg_forget('ann@example.com')
END
    # The host's own transaction goes on, and the ledger next to it can be written to.
    printf '.load %s\n' "${REG%.so}" >script
    printf '%s;\n' "CREATE TEMP TABLE t (x)" "BEGIN" "INSERT INTO t VALUES (1)" "SELECT reg_forget('ann@example.com')" "COMMIT" "SELECT count(*) FROM t" >>script
    run sqlite3 -batch backup/a.db <script
    echo "$output"
    [[ "$output" == *$'\n'1 ]]
    [ "$(sha256sum <backup/a.db)" = "$before" ]
    job settle
}

@test "init --restored makes it a ledger again, at once with what else a restored one needs" {
    first=$(ledger_reg "SELECT reg_issue_code('someone@example.org', 'none')")
    job snapshot backup/a.db
    open=$(ledger "SELECT count(*) FROM code c WHERE NOT EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = c.id)")
    [ "$open" = 2 ]
    died=0
    for ((at = 1; ; at++)); do
        rm -f ledger.db ledger.db-wal ledger.db-shm ledger.db-journal
        cp -p backup/a.db ledger.db
        run faulty "KILL_AT=$at" "$REGJOB" -v -l ledger.db init --restored
        [ "$status" -ne 0 ] || break
        died=$((died + 1))
        # It is a snapshot still, or no code of it is good.
        marked=$(ledger "SELECT count(*) FROM sqlite_schema WHERE name = 'ledger_snapshot'")
        live=$(ledger "SELECT count(*) FROM code c WHERE NOT EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = c.id)")
        echo "$at: $marked $live"
        [ "$marked $live" = "1 2" ] || [ "$marked $live" = "0 0" ]
    done
    echo "killed $died times; $output"
    [ "$died" -gt 5 ]
    [[ "$output" == *"ledger.db: 2 codes superseded, 0 tries are ambiguous"* ]]
    [ "$(ledger "PRAGMA journal_mode")" = wal ]
    [ "$(ledger_reg "SELECT reg_verify_code('someone@example.org', '$first')")" = superseded ]
    printf 'email,outcome\ncyd@example.com,success\n' >more.csv
    run job import more.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 3 ]
    job snapshot backup/b.db
}

@test "a snapshot of an older version is upgraded, and stays one" {
    job snapshot backup/a.db
    newest=$(of backup/a.db "PRAGMA user_version")
    # What the last version has brought is there already: but for the number nothing is to be done.
    of backup/a.db "PRAGMA user_version = $((newest + 1))"
    run "$REGJOB" -l backup/a.db status
    [ "$status" -eq 78 ]
    [[ "$output" == *"use a newer sqlite-reg"* ]]
    awk -f "$ROOT/sql/embed.awk" -v part=schema "$ROOT"/sql/upgrades/1.sql "$ROOT"/sql/ledger.sql >old.sql
    sqlite3 old.db <old.sql
    of old.db "PRAGMA user_version = 1; PRAGMA application_id = $(ledger "PRAGMA application_id");
        INSERT INTO ledger (id, uuid, subject_salt, created_at) VALUES (1, zeroblob(16), zeroblob(16), 0); INSERT INTO setting (id, recorded_at, json) VALUES (1, 0, '{}');
        CREATE TABLE ledger_snapshot (source TEXT NOT NULL, taken_at INTEGER NOT NULL) STRICT; INSERT INTO ledger_snapshot VALUES ('/old' || char(27) || '[31m/ledger.db', 0)"
    run "$REGJOB" -v -l old.db init
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"upgraded from version 1 to $newest"* ]]
    run "$REGJOB" -l old.db settle
    echo "$output"
    [ "$status" -eq 78 ]
    [ "$output" = 'regjob: old.db: this is a snapshot of the ledger at /old\x1B[31m/ledger.db: write with regjob' ]
}
