# SPDX-License-Identifier: MIT
# samples/recovery/README.md with Litestream, the program that LITESTREAM names: `make test-recovery` installs it.

load ../helper
load ../recovery

setup() {
    SERVICES='case $* in "stop litestream") kill -INT "$(cat litestream.pid)"; while kill -0 "$(cat litestream.pid)" 2>/dev/null; do sleep 0.05; done ;; esac'
    recovery_setup
    ln -s "$LITESTREAM" bin/litestream
    sed "s|/var/lib/regjob|$PWD/lib|; s|/var/backups/regjob|$PWD/backups|; s|^\( *\)retention:.*|&\n\1sync-interval: 100ms|" "$ROOT/samples/recovery/litestream.yml" >litestream.yml
}

teardown() {
    [ ! -e litestream.pid ] || kill -9 "$(cat litestream.pid)" 2>/dev/null || true
    standin_stop
}

replicates() {
    page_text litestream | sed 's/^litestream/exec litestream/' >litestream.sh
    sh -eu litestream.sh >>litestream.log 2>&1 3>&- &
    echo $! >litestream.pid
}

# Has the replica what the ledger has? Looked at as one would in need.
has_all() {
    rm -f look.db* # a restored database has its log beside it
    litestream restore -config litestream.yml -o look.db "$PWD/lib/ledger.db" >/dev/null 2>&1 &&
        [ "$(sqlite3 look.db "SELECT count(*) FROM attempt; SELECT count(*) FROM run; SELECT count(*) FROM code")" = \
            "$(sqlite3 lib/ledger.db "SELECT count(*) FROM attempt; SELECT count(*) FROM run; SELECT count(*) FROM code")" ]
}

@test "the replica follows the job, and comes back when both are killed" {
    replicates
    sign_ups 1 3
    carry nightly
    code=$(sqlite3 lib/ledger.db ".load ${REG%.so}" "SELECT reg_issue_code('someone@example.org', 'none')")
    sign_ups 4 2000
    carry nightly
    until_true has_all
    expected=$(known)
    [ "$expected" = 2000 ]
    # A large import is on its way when the machine goes; none or some of it may be in the replica.
    { echo email,name,outcome; seq 10000 | sed 's/.*/more&@example.com,More,success/'; } >more.csv
    run faulty KILL_AFTER_SYNCS=3 "$REGJOB" -c regjob.conf import more.csv
    [ "$status" -eq 137 ]
    kill -9 "$(cat litestream.pid)"
    page stop
    page restore-litestream
    [ "$(stat -c %a lib/ledger.db)" = 600 ]
    [ "$(sqlite3 lib/ledger.db "PRAGMA integrity_check")" = ok ]
    run page restored
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *" codes superseded, "* ]]
    [ "$(known)" -ge "$expected" ]
    [ "$(sqlite3 lib/ledger.db ".load ${REG%.so}" "SELECT reg_verify_code('someone@example.org', '$code')")" = superseded ]
    # The job goes on where the replica ended, and Litestream with it.
    replicates
    carry import more.csv
    [ "$(known)" = $((expected + 10000)) ]
    page again
    carry report
    [ "$(sqlite3 lib/ledger.db ".load ${REG%.so}" "SELECT count(*) FROM reg_reports WHERE state <> 'acknowledged'")" = 0 ]
    PATIENCE=60 until_true has_all
    # Beside it a snapshot can be taken.
    page snapshot
    [ "$(sqlite3 backups/ledger-?.db "SELECT count(*) FROM attempt")" = "$(known)" ]
}

@test "forget needs Litestream to be stopped, and it goes on afterwards" {
    replicates
    sign_ups 1 3
    carry nightly
    until_true has_all
    echo jane2@example.com >lib/forget
    run carry forget - <lib/forget
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"erased, but the write-ahead log still holds old pages"* ]]
    [ "$(sqlite3 lib/ledger.db "SELECT count(*) FROM person WHERE email LIKE 'jane2%'")" = 0 ]
    run page forget
    echo "$output"
    [ "$status" -eq 0 ]
    ! grep -qa jane2 lib/ledger.db
    [ ! -s lib/ledger.db-wal ]
    replicates
    sign_ups 4 6
    carry nightly
    until_true has_all
    [ "$(sqlite3 look.db "SELECT count(*) FROM attempt")" = 6 ]
    ! grep -qa jane2 look.db
}
