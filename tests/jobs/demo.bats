#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
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

# An `env`, by which the night is run, that does something besides; the rest of PATH stays.
with_env() {
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\n%s\n' "$1" >"$BATS_TEST_TMPDIR/bin/env"
    chmod +x "$BATS_TEST_TMPDIR/bin/env"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "it runs to its end" {
    said '^Done\. Look around:$'
    ! grep -q "the demo's exit code" "$SAID"
}

@test "both files are imported, with every kind of reject, and the sum holds" {
    said '^read +353$'
    said '^read +45$'
    said '^rejected +23$'
    for kind in quoting field_count encoding nul too_long; do said "^  $kind +[0-9]+$"; done
    said '^\(exit code 2\)$'
    [ "$(sqlite3 -init /dev/null build/demo-test/ledger.db "SELECT count(*) FROM import WHERE finished_at IS NOT NULL")" = 2 ]
}

@test "whatever day it is, the sign-ups are those of the last two weeks, without a gap" {
    # 344 of 353 rows are new sign-ups, and 22 of the damaged file's 45 can be read, and one of nothing but commas is none. Times that cannot be read count on the day of the night, 26 hours ago. Midnight may pass while the demo runs.
    run sqlite3 -batch -init /dev/null build/demo-test/ledger.db \
        "SELECT count(*), julianday(max(day)) - julianday(min(day)), julianday('now', 'start of day') - julianday(max(day)) BETWEEN 1 AND 3, sum(received)
           FROM funnel"
    [ "$output" = "13|12.0|1|366" ] || [ "$output" = "14|13.0|1|366" ]
    run sqlite3 -batch -readonly -init /dev/null -cmd '.load build/reg' -cmd '.parameter set :days 14' build/demo-test/ledger.db <sql/queries/week.sql
    [[ "${lines[0]}" == "received|366|"* ]]
}

@test "the second night finds nothing to do" {
    sed -n '/^3\. /,/^4\. /p' "$SAID" >"$BATS_TEST_TMPDIR/part"
    grep -q '^(exit code 0)$' "$BATS_TEST_TMPDIR/part"
    ! grep -qE 'read|tried|settled' "$BATS_TEST_TMPDIR/part"
}

@test "codes are read from mails and text messages and verified, refused, limited" {
    said '^210 mails and 74 text messages have arrived\.$'
    said '^ +[0-9]+ verified$'
    said '^ +5 invalid_code$'
    said '^ +1 rate_limit$'
    said '^wrong_device$'
    said 'superseded_attempt'
}

@test "the morning settles the rest and reports it, and nothing is left waiting" {
    said 'settle: settled [0-9]+ pending attempts whose time had run out'
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
    [ "$(grep -cE '^[0-9]{4}-[0-9]{2}-[0-9]{2} +(success|failure) .* match( |$)' "$BATS_TEST_TMPDIR/part")" = 24 ]
    [ "$(grep -cE '^[0-9]{4}-.* (un)?explained' "$BATS_TEST_TMPDIR/part")" = 0 ]
    said '^not_reportable +-93 +93 +failed for a reason that is not reported$'
    [ "$(awk -F, 'NR > 1 { sum += $2 + $3 } END { print sum }' build/demo-test/exports/dashboard.csv)" = "$(wc -l <build/demo-test/accepted.jsonl)" ]
}

@test "no secret is found in ledger, log and metrics, by a search that finds them elsewhere" {
    said '^for [0-9]{4} passwords and unsalted hashes and [0-9]{3} codes\. Found: 0\.$'
    said 'finds [1-9][0-9]+ lines'
}

@test "the analyst's queries all run on the demo's ledger, each with rows but those about who and what waits" {
    run sh -c 'sed "s,build/demo/,build/demo-test/," samples/analyst.sql | sqlite3 -bail -init samples/sqliterc -readonly build/demo-test/ledger.db 2>&1'
    [ "$status" = 0 ]
    questions=$(grep -c '^\.print' samples/analyst.sql)
    [ "$questions" -ge 22 ]
    # A table has one upper edge; without rows the shell prints nothing.
    [ "$(grep -c '^== ' <<<"$output")" = "$questions" ]
    [ "$(grep -cE '^(┌|╭)' <<<"$output")" = $((questions - 4)) ]
    [ "$(grep -A 1 -E '^== (Is the fraud API up to date|Who is still waiting|Which outcomes has the fraud API not been told)' <<<"$output" | grep -c '^== ')" = 6 ]
    # Every ready answer is among them, but the one that is for a file.
    [ "$(ls sql/queries/*.sql | grep -v '/sheet\.sql$')" = "$(sed -n 's/^\.read //p' samples/analyst.sql | sort)" ]
    # While they waited, it had an answer.
    run sh -c 'sed -n "/^WITH waiting/,/;/p" samples/analyst.sql | sed "s/ WHERE outcome/ WHERE as_of = (SELECT max(recorded_at_ms) FROM reg_attempts) AND outcome/" |
        sqlite3 -bail -init samples/sqliterc -readonly build/demo-test/ledger.db'
    [[ $output == *'under an hour'* ]]
}

# agrees NAME SQL [SETTING...]: what sql/queries/NAME.sql says is what SQL finds in the ledger in another way; `columns` of the answer are
# compared.
agrees() {
    local name=$1 sql=$2
    shift 2
    { printf '%s\n' '.load build/reg' "$@" && cat "sql/queries/$name.sql"; } >"$BATS_TEST_TMPDIR/query.sql"
    TZ=UTC sqlite3 -bail -batch -readonly -init /dev/null build/demo-test/ledger.db <"$BATS_TEST_TMPDIR/query.sql" |
        cut -d'|' -f"$columns" | sort >"$BATS_TEST_TMPDIR/answer"
    TZ=UTC sqlite3 -bail -batch -readonly -init /dev/null -cmd '.load build/reg' build/demo-test/ledger.db "$sql" | sort >"$BATS_TEST_TMPDIR/found"
    echo "$name:"
    diff "$BATS_TEST_TMPDIR/answer" "$BATS_TEST_TMPDIR/found"
    answered=$answered$name.sql$'\n'
}

@test "each ready answer is right about the demo's ledger, by what is found in another way" {
    answered=
    columns=1-8 agrees funnel "
        SELECT date(coalesce(attempted_at_ms, recorded_at_ms) / 1000, 'unixepoch') AS day, count(*), sum(outcome <> 'failure' OR code_state IS NOT NULL OR decided_at_ms > recorded_at_ms),
               sum(EXISTS (SELECT 1 FROM reg_codes c WHERE c.attempt_id = a.id AND c.handed_over_at IS NOT NULL)),
               sum(code_state IS 'verified'), sum(outcome = 'success'), sum(steps LIKE '%KYC%'), sum(steps LIKE '%SUBSCRIPTION%')
          FROM reg_attempts a GROUP BY day"
    columns=1,2 agrees week "
        SELECT 'received', count(*) FROM reg_attempts UNION ALL SELECT 'registered', sum(outcome = 'success') FROM reg_attempts
        UNION ALL SELECT 'refused at once', (SELECT count(*) FROM attempt WHERE outcome = 'failure')" '.parameter set :days 14'
    columns=1-4 agrees failure_reasons "
        SELECT date(coalesce(attempted_at_ms, recorded_at_ms) / 1000, 'unixepoch') AS day, r.value, count(*), sum(failure_reason = r.value)
          FROM reg_attempts, json_each(reasons) r WHERE outcome = 'failure' GROUP BY day, r.value"
    columns=1-5 agrees duplicate_storms "
        SELECT substr(attempted_at, 1, 13) || ':00Z' AS hour, 'address', ip_address, count(*), count(DISTINCT lower(email)) FROM reg_attempts
         WHERE ip_address IS NOT NULL GROUP BY hour, ip_address HAVING count(*) >= 5
        UNION ALL
        SELECT substr(attempted_at, 1, 13) || ':00Z' AS hour, 'device', device_id, count(*), count(DISTINCT lower(email)) FROM reg_attempts
         WHERE device_id IS NOT NULL GROUP BY hour, device_id HAVING count(*) >= 5
        UNION ALL
        SELECT * FROM (SELECT substr(attempted_at, 1, 13) || ':00Z' AS hour, 'domain', lower(substr(email, instr(email, '@') + 1)) AS domain, count(*) AS attempts,
                              count(DISTINCT lower(email)) AS emails FROM reg_attempts WHERE email LIKE '%@%' GROUP BY hour, domain)
         WHERE attempts >= 5 AND 2 * (attempts - emails) >= attempts"
    columns=1-3,6 agrees code_times "
        SELECT channel, 'handed over', count(*), max(handed_over_at_ms - request_timestamp_ms) / 1000.0 FROM reg_codes WHERE handed_over_at IS NOT NULL GROUP BY channel
        UNION ALL
        SELECT channel, 'confirmed', count(*), max(verified_at_ms - handed_over_at_ms) / 1000.0 FROM reg_codes WHERE state = 'verified' GROUP BY channel"
    columns=2,3,5-7 agrees channels "
        SELECT 'email', count(*), sum(result = 'accepted'), 0, 0 FROM try t JOIN code c ON c.id = t.code_id WHERE c.channel = 'email' GROUP BY date(started_at / 1000, 'unixepoch')
        UNION ALL
        SELECT 'sms', count(*), sum(result = 'accepted'), 0, 1 FROM try t JOIN code c ON c.id = t.code_id WHERE c.channel = 'sms' GROUP BY date(started_at / 1000, 'unixepoch')
        UNION ALL
        SELECT 'fraud', count(*), sum(result = 'accepted'), sum(result = 'deferred'), 0 FROM try WHERE report_id IS NOT NULL GROUP BY date(started_at / 1000, 'unixepoch')"
    columns=1 agrees report_backlog "SELECT state FROM reg_reports WHERE state NOT IN ('acknowledged', 'deferred')"
    columns=1 agrees pending_ages "SELECT 1 FROM reg_attempts WHERE outcome = 'pending'"
    # A moment in the night, when all had been imported and nothing been settled.
    columns=1-4 agrees changes "
        SELECT 'outcome', 'pending', outcome || coalesce(' (' || failure_reason || ')', ''), count(*) FROM reg_attempts
         WHERE id IN (SELECT id FROM attempt WHERE outcome = 'pending') GROUP BY outcome, failure_reason
        UNION ALL SELECT 'code', 'pending', code_state, count(*) FROM reg_attempts WHERE code_state IS NOT NULL GROUP BY code_state
        UNION ALL SELECT 'report', coalesce((SELECT 'queued' FROM report q WHERE q.attempt_id = r.attempt_id AND q.recorded_at <= (SELECT max(recorded_at) FROM attempt)), '(none)') AS was,
                         state, count(*) FROM reg_reports r GROUP BY was, state" '.parameter set :then "(SELECT max(recorded_at) FROM attempt)"'
    columns=1-3,8 agrees reconciliation "
        SELECT day, outcome, count, 'match' FROM reg_dashboard('build/demo-test/exports/dashboard.csv')" ".parameter set :file \"'build/demo-test/exports/dashboard.csv'\""
    columns=1,3 agrees sheet "SELECT id, outcome FROM reg_attempts WHERE attempted_at IS NOT NULL"
    [ "$(sort <<<"${answered%$'\n'}")" = "$(ls sql/queries)" ]
}

@test "the stand-in has gone" {
    ! kill -0 "$(cat build/demo-test/standin.pid)" 2>/dev/null
}

@test "an unexpected exit code ends it, and the stand-in with it" {
    with_env 'exit 9'
    DEMO=build/demo-broken run sh samples/demo.sh 3>&-
    [ "$status" = 1 ]
    [[ $output == *'expected exit code 0'* ]]
    ! kill -0 "$(cat build/demo-broken/standin.pid)" 2>/dev/null
}

@test "a secret in the log is found" {
    with_env 'case "$*" in *nightly*) echo "Sample-Mend-001!" ;; esac; exec /usr/bin/env "$@"'
    DEMO=build/demo-broken run sh samples/demo.sh 3>&-
    [ "$status" = 1 ]
    [[ $output == *'a secret is in clear'* ]]
}
