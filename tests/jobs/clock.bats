# SPDX-License-Identifier: MIT
# A clock that was wrong: what it has recorded stays, nothing dies of it, and it is said.

load ../helper

setup() {
    regjob_setup
}

# The ledger's mark is as late as anything in it.
mark_holds() {
    [ "$(ledger "SELECT newest >= (SELECT max(at) FROM (
        SELECT recorded_at AS at FROM attempt UNION ALL SELECT recorded_at FROM decision UNION ALL SELECT recorded_at FROM continuation
        UNION ALL SELECT recorded_at FROM code UNION ALL SELECT runs_from FROM code UNION ALL SELECT handed_over_at FROM code UNION ALL SELECT recorded_at FROM code_end
        UNION ALL SELECT recorded_at FROM wrong_try UNION ALL SELECT recorded_at FROM report UNION ALL SELECT recorded_at FROM report_event
        UNION ALL SELECT started_at FROM try UNION ALL SELECT finished_at FROM try)) FROM clock")" = 1 ]
}

teardown() {
    mark_holds
    nobody_gone
    standin_stop
}

# Sign-ups at that clock.
sign_up() {
    clock "$1" sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" "INSERT INTO reg_attempts (email, password) VALUES ('$2', 'Abcdef1!x')"
}

waiting_for_pins() {
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE"}'
}

@test "a report that reaches nobody while the clock is a year ahead is not dead; it is told when the clock is right" {
    nobody
    outbound_config
    outcomes 1
    run carry report
    [ "$status" -eq 1 ]
    for ahead in "+365d" "+365d2m" "+366d"; do
        later "$ahead"
        run carry report
        echo "$output"
        [ "$status" -eq 1 ]
        [ "$(events)" = "retrying 1" ]
    done
    nobody_gone
    standin_start
    outbound_config
    later ""
    run carry report
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 1" ]
    [ "$(vendor accepted)" = 1 ]
}

@test "a report that a run took along, when the clock was a year ahead, is told as well" {
    standin_start
    outbound_config
    sign_up "+365d" jane@example.com
    [ "$(ledger "SELECT count(*) FROM report")" = 1 ]
    # As a run leaves it that was killed: taken until a moment that is far ahead.
    ledger "UPDATE report SET next_try_at = recorded_at + 400000;
            INSERT INTO try (id, report_id, owner, started_at, lease_until) SELECT 1, id, '$(hostname):1', recorded_at, next_try_at FROM report"
    run carry report
    later "+2h"
    run carry report
    [ "$status" -eq 0 ]
    [ "$(tries)" = $'accepted 1\nambiguous 1' ]
}

@test "pending sign-ups of a clock that was a year ahead, and of one that is right again, are settled in their time" {
    outbound_config
    waiting_for_pins
    sign_up "+365d" then@example.com
    sign_up "+0" now@example.com
    run carry settle
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(*) FROM decision")" = 0 ]
    later "+25h"
    run carry settle
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(*), min(reasons) FROM decision")" = '2|["undeliverable"]' ]
    [ "$(ledger "SELECT count(*) FROM waiting")" = 0 ]
    [ "$(ledger "SELECT min(later) FROM (SELECT recorded_at >= lag(recorded_at, 1, 0) OVER (ORDER BY id) AS later FROM (SELECT id, recorded_at FROM attempt UNION ALL SELECT id + 100, recorded_at FROM decision))")" = 1 ]
}

@test "codes of a clock that was a year ahead go out, and are good for their time" {
    outbound_config
    waiting_for_pins
    sign_up "+365d" jane@example.com
    run carry send
    [ "$status" -eq 0 ]
    pin=$(grep -ohE '\b[0-9]{6}\b' mail/new/* | head -1)
    verify() { clock "$1" sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" "SELECT reg_verify_code('jane@example.com', '$2')"; }
    [ "$(verify "+6m" "$pin")" = code_timeout ]
    [ "$(verify "+4m" "$pin")" = verified ]
}

@test "a clock that is far from the newest entry is said, with both times" {
    waiting_for_pins
    sign_up "2026-06-01 12:00:00" jane@example.com
    said() { # CLOCK PATTERN: a line on standard error, and nothing else
        run clock "$1" "$REGJOB" -l ledger.db settle
        echo "$1: $output"
        [ "$status" -eq 0 ]
        [ "${#lines[@]}" = 1 ]
        [[ "$output" == $2 ]]
    }
    regjob_keep
    said "2026-06-01 11:00:00" "regjob: ledger.db: the clock shows 2026-06-01T11:00:0*Z, but the ledger's newest entry is from 2026-06-01T12:00:00.*Z: the clock is wrong now, or was wrong then; *"
    said "2026-06-01 11:00:00" "*" # as long as it is so
    regjob_fresh
    said "2027-06-01 12:00:00" "regjob: ledger.db: the clock shows 2027-06-01T12:00:0*Z, but the ledger's newest entry is from 2026-06-01T12:00:00.*Z, 365 days earlier: if the clock is wrong, correct it now*"
    for near in "2026-06-01 11:56:00" "2026-06-01 12:00:00" "2026-06-20 12:00:00"; do
        regjob_fresh
        run clock "$near" "$REGJOB" -l ledger.db settle
        echo "$near: $output"
        [ "$status" -eq 0 ]
        [ "$output" = "" ]
    done
    # What only looks says it too, and what has been said once of a ledger that was left alone is not said again.
    regjob_fresh
    run clock "2026-06-01 11:00:00" "$REGJOB" -l ledger.db status
    [[ "$output" == *"the clock shows 2026-06-01T11:00:0"* ]]
    said "2026-09-01 12:00:00" "*92 days earlier*"
    run clock "2026-09-01 12:01:00" "$REGJOB" -l ledger.db settle
    [ "$output" = "" ]
}

@test "an import while the clock is set back: nothing is recorded earlier, every row is there" {
    waiting_for_pins
    sign_up "+1h" jane@example.com
    printf 'email,password\na@example.com,Abcdef1!x\nb@example.com,Abcdef1!x\n' >signups.csv
    run job import signups.csv
    [ "$status" -eq 0 ]
    [ "$(ledger_reg "SELECT count(*) FROM reg_attempts WHERE import_id = 1")" = 2 ]
    [ "$(ledger "SELECT count(*) FROM attempt WHERE recorded_at < (SELECT recorded_at FROM attempt WHERE id = 1)")" = 0 ]
    [ "$(ledger "SELECT recorded_at - attempted_at BETWEEN 3500000 AND 3700000 FROM attempt WHERE id = 3")" = 1 ] # the sign-up's own time is the clock's
}
