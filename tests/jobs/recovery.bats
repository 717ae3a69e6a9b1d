# SPDX-License-Identifier: MIT
# samples/recovery/README.md, command by command: the ledger is lost and put back, from a snapshot and from SQLite's backup.

load ../helper
load ../recovery

setup() {
    recovery_setup
    day=$(date +%u)
}

teardown() {
    standin_stop
}

# A night before the copy (3 sign-ups), one after it (2): the ledger dies with a write-ahead log that is not in it yet.
lives() {
    sign_ups 1 3
    carry nightly
    code=$(sqlite3 lib/ledger.db ".load ${REG%.so}" "SELECT reg_issue_code('someone@example.org', 'none')")
    page "$1"
    sign_ups 4 5
    carry nightly
    [ "$(known)" = 5 ]
    [ "$(vendor accepted)" = 5 ]
    sqlite3 lib/ledger.db ".load ${REG%.so}" ".filectrl persist_wal 1" "SELECT reg_issue_code('late@example.org', 'none')" >/dev/null
    [ -s lib/ledger.db-wal ]
}

comes_back() {
    page stop
    [ ! -e lib/ledger.db ]
    [ -s lib/lost/ledger.db-wal ]
    page "$1"
    [ "$(stat -c %a lib/ledger.db)" = 600 ]
    run page restored
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"1 codes superseded, 0 tries are ambiguous"* ]]
    [[ "$output" == *"outcomes waiting to be reported"* ]]
    [ "$(cat systemctl.log)" = "stop regjob-send.timer regjob-nightly.timer regjob-send.service regjob-nightly.service
start regjob-send.timer regjob-nightly.timer" ]
    [ "$(known)" = 3 ]
    [ "$(sqlite3 lib/ledger.db "PRAGMA integrity_check; PRAGMA journal_mode")" = $'ok\nwal' ]
    [ "$(sqlite3 lib/ledger.db ".load ${REG%.so}" "SELECT reg_verify_code('someone@example.org', '$code')")" = superseded ]
    [ "$(sqlite3 lib/ledger.db ".load ${REG%.so}" "SELECT reg_verify_code('late@example.org', '123456')")" = not_found ]

    # What was lost is imported again; what is known is left alone.
    [ "$(find lib/signups/done -name "*.csv" | wc -l)" = 2 ]
    page again
    [ "$(known)" = 5 ]
    [ "$(sqlite3 lib/ledger.db "SELECT count(DISTINCT email) FROM person")" = 5 ]
    # Those two outcomes go out once more, and the vendor has them twice.
    carry nightly
    [ "$(vendor accepted)" = 7 ]
    [ "$(sqlite3 lib/ledger.db ".load ${REG%.so}" "SELECT count(*) FROM reg_reports WHERE state = 'acknowledged'")" = 5 ]
}

@test "from last night's snapshot" {
    lives snapshot
    [ "$(ls backups)" = "ledger-$day.db" ] # unless midnight has just passed
    grep -qxF 'regjob_run_exit_code{command="snapshot"} 0' lib/snapshot.prom
    comes_back restore-snapshot
    # The next night replaces it.
    page snapshot
    [ "$(sqlite3 "backups/ledger-$day.db" "SELECT count(*) FROM attempt")" = 5 ]
}

@test "from SQLite's own backup" {
    lives backup
    [ "$(ls backups)" = ledger.db ]
    comes_back restore-backup
}

@test "a person who was erased after the copy was made is back, and is erased again" {
    sign_ups 1 1
    carry nightly
    page snapshot
    echo jane1@example.com >lib/forget
    carry forget - <lib/forget
    rm -f lib/ledger.db*-wal lib/ledger.db*-shm lib/ledger.db
    page restore-snapshot
    page restored
    [ "$(sqlite3 lib/ledger.db "SELECT email FROM person")" = jane1@example.com ]
    carry forget - <lib/forget
    [ "$(sqlite3 lib/ledger.db "SELECT count(email) FROM person")" = 0 ]
    ! grep -qa jane1 lib/ledger.db
}
