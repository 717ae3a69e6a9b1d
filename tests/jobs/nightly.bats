# SPDX-License-Identifier: MIT
# regjob nightly: each step has the time of a run for itself, and what was cut short or left out is named.

load ../helper

setup() {
    regjob_setup
    # Sign-ups that take longer than any time limit here; a code, a pending attempt whose time is over, and an outcome that wait for their steps.
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE"}'
    ledger_reg "INSERT INTO reg_attempts (email, password) VALUES ('a@example.com', 'Abcdef1!x'), ('b@example.com', 'Abcdef1!x')"
    ledger "UPDATE waiting SET deadline = 1 WHERE attempt_id = 2"
    outcomes 1
    settings '{"passwordHash":{"memoryKiB":19456,"passes":2}}'
    mkdir inbox confirmations
    seq 20000 | awk 'BEGIN { print "email,password" } { print "p" $1 "@example.net,Abcdef1!x" }' >inbox/many.csv
    standin_start
}

teardown() {
    standin_stop
}

configure() {
    outbound_config ledger "run_seconds = $1"
    printf '[import]\ninbox = inbox\nsettle_seconds = 0\nconfirm_inbox = confirmations\nbatch = 10\n' >>regjob.conf
}

@test "a step whose time is over is named, and the others have theirs" {
    configure 5
    run carry nightly
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"many.csv: reached the time limit (run_seconds = 5) before line "* ]]
    [[ "$output" == *"nightly: import ran out of time (run_seconds = 5)"* ]]
    [ "$(ledger "SELECT count(*) FROM attempt WHERE import_id IS NOT NULL")" -lt 20000 ]
    # Sent, settled, told.
    [ "$(find mail/new -type f | wc -l)" -ge 1 ]
    [ "$(ledger "SELECT outcome FROM decision WHERE attempt_id = 2")" = failure ]
    [ "$(vendor accepted)" = 1 ]
    [[ "$output" != *"left out"* ]]
}

@test "a signal ends the night, and the steps that it leaves out are named" {
    configure 3600
    run faulty TERM_AFTER_SYNCS=4 "$REGJOB" -c regjob.conf nightly
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"many.csv: stopped by SIGTERM before line "* ]]
    [[ "$output" == *"nightly: stopped by SIGTERM; left out: confirm, send, settle, report, tidy, sums, reconcile"* ]]
    [ ! -e mail/new ] || [ -z "$(ls mail/new)" ]
    [ "$(vendor requests)" = 0 ]
}

@test "files on a command line that are not come to any more are named" {
    configure 1
    cp inbox/many.csv second.csv
    run carry import inbox/many.csv second.csv
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"second.csv: reached the time limit (run_seconds = 1); this file and those after it were not processed"* ]]
    [ "$(ledger "SELECT count(*) FROM import")" = 1 ]
}
