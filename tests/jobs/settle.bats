# SPDX-License-Identifier: MIT
# regjob settle: pending attempts whose time is over, and what is kept for reports that nobody waits for.

load ../helper

setup() {
    regjob_setup
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE"}'
}

teardown() {
    standin_stop
}

# The job at a frozen instant.
at() {
    clock "$1" "$REGJOB" -c regjob.conf "${@:2}"
}

sign_up() {
    ledger_reg "INSERT INTO reg_attempts (email, name, password)
                SELECT 'jane' || value || '@example.com', 'Jane Doe', 'Abcdef1!x' FROM generate_series(1, $1)"
}

delivered() {
    ledger "INSERT INTO start_code (code_id, recorded_at) SELECT id, recorded_at FROM code WHERE attempt_id = $1;
            UPDATE code SET handed_over_at = runs_from, next_try_at = NULL WHERE attempt_id = $1"
}

@test "an attempt ends at its deadline, not a millisecond before; it fails as of its deadline" {
    outbound_config
    sign_up 3
    delivered 1
    now=1893456000000 # 2030-01-01
    ledger "UPDATE waiting SET deadline = $now - 2 + attempt_id; -- a millisecond before, at, after
            UPDATE clock SET newest = $now - 1000, read_at = $now - 1000"
    run at "2030-01-01 00:00:00" settle
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ "$(ledger "SELECT attempt_id, decided_at - $now, recorded_at - $now, outcome, reasons FROM decision ORDER BY 1")" = \
'1|-1|0|failure|["verification_expired"]
2|0|0|failure|["undeliverable"]' ]
    [ "$(ledger "SELECT group_concat(attempt_id) FROM waiting")" = 3 ]
    [ "$(ledger "SELECT counts FROM run" | grep -o '"settled":2')" != "" ]
    # Another run, at the same instant, finds nothing to do.
    run at "2030-01-01 00:00:00" settle
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(*) FROM decision")" = 2 ]
}

@test "delivered and unused is reported, never delivered is our fault and is not" {
    outbound_config
    sign_up 2
    delivered 1
    at "+2d" settle
    [ "$(ledger "SELECT attempt_id, outcome, reasons FROM report")" = '1|failure|["verification_expired"]' ]
    [ "$(ledger "SELECT count(*) FROM fingerprint")" = 1 ]
    [ "$(ledger "SELECT code_id, state FROM code_end")" = '2|cancelled' ]
    [ "$(ledger "SELECT count(*) FROM code WHERE next_try_at IS NOT NULL")" = 0 ]
}

@test "many attempts, each with a report of its own" {
    outbound_config
    sign_up 2500
    ledger "INSERT INTO start_code (code_id, recorded_at) SELECT id, recorded_at FROM code"
    at "+2d" settle
    [ "$(ledger "SELECT count(*) FROM decision")" = 2500 ]
    [ "$(ledger "SELECT count(DISTINCT id), count(DISTINCT attempt_id), min(next_try_at IS NOT NULL) FROM report")" = "2500|2500|1" ]
    [ "$(ledger "SELECT count(*) FROM waiting")" = 0 ]
}

@test "a code entered in time but read late corrects the outcome: both reports go out, the correction last" {
    standin_start
    outbound_config
    sign_up 1
    run carry send
    pin=$(grep -ohE '\b[0-9]{6}\b' mail/new/* | head -1)
    at "+2d" settle
    [ "$(ledger "SELECT outcome FROM decision")" = failure ]
    printf 'subject,code,entered_at\njane1@example.com,%s,%s\n' "$pin" "$(ledger "SELECT runs_from + 1000 FROM code")" >late.csv
    "$REGJOB" -c regjob.conf confirm late.csv
    later "+3d"
    run carry report
    [ "$status" -eq 0 ]
    [ "$(/usr/bin/python3 -c '
import json, sys
print([json.loads(line)["body"]["registration"]["success"] for line in open(sys.argv[1])])' "$STANDIN_DIR/accepted.jsonl")" = "[False, True]" ]
}

@test "a fingerprint is kept while its report may be sent: for 30 days where it is dead" {
    standin_start --fault status-400
    outbound_config
    ledger_reg "INSERT INTO reg_attempts (email, password) VALUES ('pending@example.com', 'Abcdef1!x')"
    outcomes 1
    run carry report
    [ "$status" -eq 2 ]
    kept() { ledger "SELECT group_concat(attempt_id) FROM fingerprint"; }
    [ "$(kept)" = 1,2 ]
    ledger "UPDATE waiting SET deadline = 9e15" # stays pending
    at "+29d" settle
    [ "$(kept)" = 1,2 ]
    at "+31d" settle
    [ "$(kept)" = 1 ]
    [ "$(ledger "SELECT count(*) FROM report_event WHERE state = 'dead'")" = 1 ]
}

@test "a run that settles already has the lock: this one leaves" {
    outbound_config
    sign_up 1
    exec 9>ledger.db.settle.lock
    flock 9
    run at "+2d" settle 9>&-
    [ "$status" -eq 75 ]
    [ "$(ledger "SELECT count(*) FROM decision")" = 0 ]
    exec 9>&-
    run at "+2d" settle
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(*) FROM decision")" = 1 ]
}

# A file may say what it likes of when a code was entered: not that it was before the code was there.
@test "a code entered before it was made is not found and nothing changes; within its first second it is good" {
    outbound_config
    sign_up 1
    run carry send
    pin=$(grep -ohE '\b[0-9]{6}\b' mail/new/* | head -1)
    made=$(ledger "SELECT min(c.recorded_at, a.attempted_at) FROM code c JOIN attempt a ON a.id = c.attempt_id")
    printf 'subject,code,entered_at\njane1@example.com,%s,%s\njane1@example.com,%s,2000-01-01T00:00:00Z\n' "$pin" $((made - 1001)) "$pin" >early.csv
    "$REGJOB" -c regjob.conf confirm early.csv
    [ "$(ledger "SELECT group_concat(verdict, ' ') FROM continuation")" = "not_found not_found" ]
    [ "$(ledger "SELECT (SELECT count(*) FROM code_end) + (SELECT count(*) FROM wrong_try) + (SELECT count(*) FROM decision)")" = 0 ]
    printf 'subject,code,entered_at\njane1@example.com,%s,%s\n' "$pin" $((made - 500)) >early.csv
    "$REGJOB" -c regjob.conf confirm early.csv
    [ "$(ledger "SELECT verdict FROM continuation ORDER BY id DESC LIMIT 1")" = verified ]
}
