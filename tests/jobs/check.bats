# SPDX-License-Identifier: MIT
# regjob check --data: the laws as queries. A ledger in which much has happened breaks none; each breach is told by its check alone.

load ../helper

setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR regjob_setup # else there is none here
    pins
    printf 'email,username,password,consents\nann@example.com,ann,Abcdef1!,\nbob@example.com,bob,Abcdef1!,\nann@example.com,,short,\ncyd@example.com,,Abcdef1!,\neve@example.com,,Abcdef1!,\n' >signups.csv
    printf '"open\n' >>signups.csv
    job import signups.csv || true
    settings '{"sandbox":true}'
    ledger_reg "SELECT reg_issue_code('ann@example.com', 'none')" >/dev/null
    outcomes 3
    ledger "UPDATE code SET sandbox = 1"
    for name in ann bob; do
        [ "$(ledger_reg "SELECT reg_verify_code('$name@example.com', '12345')")" = verified ]
    done
    ledger_reg "SELECT reg_set_consent('ann@example.com', 'news', '1', 'accepted'), reg_record_step('bob@example.com', 'KYC', 'done', 'r1'), reg_forget('cyd@example.com')" >/dev/null
    # Told for a known customer, whose address it shares; and uniqueness that was off for a while.
    ledger_reg "INSERT INTO reg_attempts (email, outcome) VALUES ('ann@example.com', 'success')"
    settings '{"uniqueEmail":false,"registrationType":"AUTOMATIC"}'
    ledger_reg "INSERT INTO reg_attempts (email, password) VALUES ('bob@example.com', 'Abcdef1!')"
    settings '{"uniqueEmail":true}'
    standin_start
    outbound_config
    carry report
    standin_stop
    ledger "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    cp -p ledger.db ledger.db.key "$BATS_FILE_TMPDIR/"
}

setup() {
    mkdir -p "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work"
    cp -p "$BATS_FILE_TMPDIR/ledger.db" "$BATS_FILE_TMPDIR/ledger.db.key" .
}

@test "a sound ledger breaks no law, and nothing is said of it" {
    run job check --data
    echo "$output"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    run job -v check --data
    [ "$status" -eq 0 ]
    [ "$(wc -l <<<"$output")" = $(($(ls "$ROOT"/sql/checks/*.sql | wc -l) + 1)) ]
    [ "$(job check --data --format json | /usr/bin/python3 -c 'import json, sys; print(sum(c["rows"] or 0 for c in json.load(sys.stdin)["checks"]))')" = 0 ]
    # It leaves no run behind.
    [ "$(ledger "SELECT count(*) FROM run WHERE command = 'check'")" = 0 ]
}

@test "each file is one query that stands within another, and says its law first" {
    for file in "$ROOT"/sql/checks/*.sql; do
        grep -q '^-- .*\.$' <(sed '/^-- SPDX-License-Identifier: /d' "$file" | head -n 1)
        ! grep -q ';$' "$file"
        case $file in
        */vendor_counts.sql) ;;
        *) [ "$(ledger "SELECT count(*) FROM (
$(cat "$file")
)")" = 0 ] ;;
        esac
    done
}

# What breaks each law, and only that one.
breaches() {
    cat <<'END'
confirmations_have_codes 1 DELETE FROM code_end WHERE state = 'verified' AND code_id IN (SELECT id FROM code WHERE attempt_id = 1)
counts_of_imports 1 PRAGMA ignore_check_constraints = ON; UPDATE import_batch SET read = read + 1
counts_of_imports 1 DELETE FROM reject
customers_exist 1 UPDATE attempt SET customer_id = 3 WHERE id = (SELECT max(id) FROM attempt WHERE outcome = 'success' AND customer_id <> id); UPDATE subject_merged SET holder = 3 WHERE attempt_id = (SELECT max(id) FROM attempt WHERE customer_id <> id)
erased_people_are_gone 1 INSERT INTO person (attempt_id, name) VALUES (4, 'Cyd')
erased_people_are_gone 1 UPDATE attempt SET model = 'X' WHERE id = 4
journal_is_complete 1 DELETE FROM try WHERE report_id = (SELECT max(report_id) FROM try)
journal_is_complete 1 INSERT INTO report (attempt_id, outcome, recorded_at) SELECT attempt_id, outcome, recorded_at FROM report ORDER BY id DESC LIMIT 1
journal_is_complete 1 UPDATE code SET handed_over_at = recorded_at WHERE id = (SELECT max(id) FROM code WHERE channel = 'email')
origins_are_those_of_people 2 INSERT INTO kept_origin SELECT 0, kind, value, attempt_id FROM newer_origin; UPDATE kept_through SET origin_id = 99, merged_id = 99; DELETE FROM kept_origin WHERE attempt_id = 1
origins_are_those_of_people 1 INSERT INTO kept_origin SELECT 0, kind, value, attempt_id FROM newer_origin; UPDATE kept_through SET origin_id = 99, merged_id = 99; INSERT INTO kept_origin VALUES (0, 2, '192.0.2.255', 1)
one_customer_an_identifier 1 UPDATE attempt SET setting_id = (SELECT max(id) FROM setting) WHERE id = (SELECT max(id) FROM attempt)
pending_attempts_wait 1 DELETE FROM waiting WHERE attempt_id = 5; DELETE FROM fingerprint WHERE attempt_id = 5
pending_attempts_wait 1 INSERT INTO waiting VALUES (1, 0)
people_are_indexed 1 DELETE FROM subject_merged WHERE attempt_id = 5
people_are_indexed 2 UPDATE subject_merged SET holder = 0 WHERE attempt_id = 2
references_exist 1 INSERT INTO wrong_try (code_id, recorded_at) VALUES (9999, 0)
reports_have_outcomes 1 UPDATE report SET outcome = 'failure' WHERE id = (SELECT max(id) FROM report WHERE outcome = 'success' AND attempt_id IN (SELECT attempt_id FROM report GROUP BY attempt_id HAVING count(*) = 1)); INSERT INTO report (attempt_id, outcome, recorded_at, next_try_at) SELECT attempt_id, 'success', recorded_at, 1 FROM report WHERE outcome = 'failure' AND attempt_id IN (SELECT id FROM attempt WHERE outcome = 'success')
secrets_are_hashed 1 UPDATE person SET password_hash = '5f4dcc3b5aa765d61d8327deb882cf99' WHERE attempt_id = 1
secrets_are_hashed 1 INSERT INTO fingerprint VALUES (1, x'00')
successes_are_reported 1 DELETE FROM report_event WHERE report_id = (SELECT id FROM report WHERE attempt_id = 2); DELETE FROM try WHERE report_id = (SELECT id FROM report WHERE attempt_id = 2); DELETE FROM report WHERE attempt_id = 2
sums_are_those_of_facts 1 INSERT INTO kept_day SELECT attempted_at / 86400000, 0, count(*), 0, 0, 0, 0, 0, 0, 0 FROM attempt GROUP BY 1; UPDATE kept_through SET attempt_id = 99, decision_id = 99, code_id = 99, code_end_id = 99, report_id = 99, report_event_id = 99, try_id = 99, step_id = 99
times_are_in_order 1 UPDATE attempt SET recorded_at = recorded_at - 100000 WHERE id = 5
verdicts_have_reasons 1 UPDATE attempt SET reasons = '[]' WHERE id = 3
END
}

@test "each breach is told by its check, with the rows, and by no other" {
    [ "$(ledger "SELECT customer_id FROM attempt WHERE id = (SELECT max(id) FROM attempt WHERE customer_id <> id)")" = 1 ]
    while read -r name rows sql; do
        cp "$BATS_FILE_TMPDIR/ledger.db" ledger.db
        rm -f ledger.db-wal ledger.db-shm
        ledger "$sql"
        run job check --data --format json
        echo "$name: $status $output" | grep -E '"(check|rows)"|examples": \[$|:' | tail -n 70
        [ "$status" -eq 2 ]
        [ "$(/usr/bin/python3 -c '
import json, sys
print(*[c["check"] + " " + str(c["rows"]) for c in json.load(sys.stdin)["checks"] if c["rows"]])' <<<"$output")" = "$name $rows" ]
    done < <(breaches)
    # None is without a breach.
    diff <(breaches | cut -d' ' -f1 | sort -u) <(cd "$ROOT/sql/checks" && ls | sed 's/\.sql$//' | grep -v vendor_counts)
}

@test "the table shows the first rows, harmless" {
    ledger "UPDATE attempt SET reasons = '[]' || char(27) || '[31m' WHERE id = 3; PRAGMA ignore_check_constraints = ON; UPDATE attempt SET reasons = 'x' WHERE outcome = 'success'"
    run job check --data
    echo "$output"
    [ "$status" -eq 2 ]
    [ "$(grep -c '^verdicts_have_reasons: {"attempt_id":' <<<"$output")" = 3 ]
    grep -qE '^verdicts_have_reasons +[0-9]+  Every failure' <<<"$output"
    [[ "$output" != *$'\e'* ]]
}

@test "the vendor's counts are compared where its export is given" {
    day=$(date -u +%F)
    acknowledged=$(ledger "SELECT count(*) FROM report_event v JOIN report r ON r.id = v.report_id WHERE v.state = 'acknowledged' AND r.outcome = 'success'")
    failed=$(ledger "SELECT count(*) FROM report_event v JOIN report r ON r.id = v.report_id WHERE v.state = 'acknowledged' AND r.outcome = 'failure'")
    printf 'date,success,failure\n%s,%s,%s\n' "$day" "$acknowledged" "$failed" >export.csv
    run job check --data --export export.csv
    echo "$output"
    [ "$status" -eq 0 ]
    printf 'date,success,failure\n%s,%s,%s\n' "$day" "$((acknowledged + 7))" "$failed" >export.csv
    run job check --data --export export.csv
    echo "$output"
    [ "$status" -eq 2 ]
    grep -qF "vendor_counts: {\"day\":\"$day\",\"outcome\":\"success\"" <<<"$output"
    run job check --data --export nowhere.csv
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == "regjob: ledger.db: vendor_counts: "*nowhere.csv* ]]
}

@test "a snapshot is checked as well; a signal ends it" {
    job snapshot a.db
    "$REGJOB" -l a.db check --data
    run faulty TERM_AT=1 "$REGJOB" -l ledger.db check --data
    echo "$status $output"
    [ "$status" -eq 0 ] || [ "$status" -eq 1 ]
}
