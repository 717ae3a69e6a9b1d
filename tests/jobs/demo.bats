#!/usr/bin/env bats
# samples/demo.sh runs to its end, says what it is there to show, and notices when something is not as expected.

setup_file() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    cd "$ROOT" || return
    export ROOT DEMO=build/demo-test SAID=$BATS_FILE_TMPDIR/said
    sh samples/demo.sh >"$SAID" 2>&1 3>&- || echo "the demo's exit code: $?" >>"$SAID"
}

teardown_file() {
    rm -rf "${ROOT:?}/build/demo-test" "${ROOT:?}/build/demo-broken"
}

setup() {
    cd "$ROOT" || return
}

said() {
    grep -qE -- "$1" "$SAID" || {
        echo "not said: $1"
        cat "$SAID"
        return 1
    }
}

# A faketime that does something besides; the rest of PATH stays.
with_faketime() {
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\n%s\n' "$1" >"$BATS_TEST_TMPDIR/bin/faketime"
    chmod +x "$BATS_TEST_TMPDIR/bin/faketime"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "it runs to its end" {
    said '^Done\. Look around:$'
    ! grep -q "the demo's exit code" "$SAID"
}

@test "both files are imported, with every kind of reject, and the sum holds" {
    said '^read +353$'
    said '^read +46$'
    said '^rejected +23$'
    for kind in quoting field_count encoding nul too_long; do said "^  $kind +[0-9]+$"; done
    said '^\(exit code 2\)$'
    [ "$(sqlite3 -init /dev/null build/demo-test/ledger.db "SELECT count(*) FROM import WHERE finished_at IS NOT NULL")" = 2 ]
}

@test "the second night finds nothing to do" {
    sed -n '/^3\. /,/^4\. /p' "$SAID" >"$BATS_TEST_TMPDIR/part"
    grep -q '^(exit code 0)$' "$BATS_TEST_TMPDIR/part"
    ! grep -qE 'read|tried|settled' "$BATS_TEST_TMPDIR/part"
}

@test "codes are read from mails and text messages and verified, refused, limited" {
    said '^176 mails and 60 text messages have arrived\.$'
    said '^ +[0-9]+ verified$'
    said '^ +5 invalid_code$'
    said '^ +1 rate_limit$'
    said '^wrong_device$'
    said 'superseded_attempt'
}

@test "the morning settles the rest and reports it, and nothing is left waiting" {
    said 'settle: the time of [0-9]+ pending attempts was over'
    said 'report: fraud API: [0-9]+ tried: [0-9]+ accepted'
    said '^attempts pending +0$'
    said '^outcomes waiting to be reported +0$'
    for reason in verification_expired undeliverable superseded_attempt verification_failed; do said "$reason"; done
    run sqlite3 -init /dev/null -cmd '.load build/reg' build/demo-test/ledger.db \
        "SELECT count(*) FROM reg_attempts WHERE outcome = 'pending'"
    [ "$output" = 0 ]
}

@test "what the fraud API has is what the ledger says it was told" {
    told=$(sqlite3 -init /dev/null -cmd '.load build/reg' build/demo-test/ledger.db \
        "SELECT count(*) FROM reg_reports WHERE state IN ('acknowledged', 'deferred')")
    [ "$told" -gt 200 ]
    [ "$told" = "$(wc -l <build/demo-test/accepted.jsonl)" ]
    said "^The fraud API has $told reports\.$"
}

@test "the dashboard's export is reconciled: every count is a match, and the rest was not to be reported" {
    sed -n '/^6\. /,/^7\. /p' "$SAID" >"$BATS_TEST_TMPDIR/part"
    [ "$(grep -c '^(exit code 0)$' "$BATS_TEST_TMPDIR/part")" = 2 ]
    [ "$(grep -cE '^2026-11-[0-9]{2} +(success|failure) .* match( |$)' "$BATS_TEST_TMPDIR/part")" = 24 ]
    [ "$(grep -cE '^2026.* (un)?explained' "$BATS_TEST_TMPDIR/part")" = 0 ]
    said '^not_reportable +-122 +122 +failed for a reason that is not reported$'
    [ "$(awk -F, 'NR > 1 { sum += $2 + $3 } END { print sum }' build/demo-test/exports/dashboard.csv)" = "$(wc -l <build/demo-test/accepted.jsonl)" ]
}

@test "no secret is found in ledger, log and metrics, by a search that finds them elsewhere" {
    said '^for [0-9]{4} passwords and unsalted hashes and [0-9]{3} codes\. Found: 0\.$'
    said 'finds [1-9][0-9]+ lines'
}

@test "the analyst's queries all run on the demo's ledger, each with rows but the one about who waits" {
    run sh -c 'sqlite3 -bail -init samples/sqliterc -readonly build/demo-test/ledger.db <samples/analyst.sql 2>&1'
    [ "$status" = 0 ]
    questions=$(grep -c '^\.print' samples/analyst.sql)
    [ "$questions" -ge 12 ]
    # A table has one upper edge; without rows the shell prints nothing.
    [ "$(grep -c '^== ' <<<"$output")" = "$questions" ]
    [ "$(grep -c '^┌' <<<"$output")" = $((questions - 1)) ]
    grep -A 1 '^== Who is still waiting' <<<"$output" | tail -n 1 | grep -q '^== '
    # While they waited, it had an answer.
    run sh -c 'sed -n "/^WITH waiting/,/;/p" samples/analyst.sql | sed "s/ WHERE outcome/ WHERE as_of = (SELECT max(recorded_at_ms) FROM reg_attempts) AND outcome/" |
        sqlite3 -bail -init samples/sqliterc -readonly build/demo-test/ledger.db'
    [[ $output == *'under an hour'* ]]
}

@test "the stand-in has gone" {
    ! kill -0 "$(cat build/demo-test/standin.pid)" 2>/dev/null
}

@test "an unexpected exit code ends it, and the stand-in with it" {
    with_faketime 'exit 9'
    DEMO=build/demo-broken run sh samples/demo.sh 3>&-
    [ "$status" = 1 ]
    [[ $output == *'exit code 0 was expected'* ]]
    ! kill -0 "$(cat build/demo-broken/standin.pid)" 2>/dev/null
}

@test "a secret in the log is found" {
    with_faketime 'case "$*" in *nightly*) echo "Sample-Mend-001!" ;; esac; exec /usr/bin/faketime "$@"'
    DEMO=build/demo-broken run sh samples/demo.sh 3>&-
    [ "$status" = 1 ]
    [[ $output == *'a secret stands in clear'* ]]
}
