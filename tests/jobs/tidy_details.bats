# SPDX-License-Identifier: MIT
# regjob tidy, keep_details_days: what runs and tries said in words is erased, and no count changes, as of any moment.

load ../helper

setup() {
    holder=
    regjob_setup
    standin_start
    outbound_config
    printf 'email,outcome,Shoe size\nada@example.com,success,7\nbob@example.com,success,8\n' >ottokar-qvist.csv
}

teardown() {
    [ -z "$holder" ] || let_go
    standin_stop
}

keep() {
    sed -i '/^keep_details_days/d' regjob.conf
    sed -i "s/^path = ledger.db$/&\nkeep_details_days = $1/" regjob.conf
}

# Another program has the ledger open, so that its log stays where it is; with a transaction (`hold BEGIN`) it reads what is there now.
hold() {
    mkfifo -m 600 told said
    sqlite3 -batch -noheader ledger.db <told >said 3>&- &
    holder=$!
    exec {into}>told {from}<said
    echo "${1:+$1; }SELECT count(*) FROM try;" >&"$into"
    read -r -u "$from" _
}

let_go() {
    echo .quit >&"$into"
    wait "$holder"
    holder=
    exec {into}>&- {from}<&-
    rm told said
}

# What is asked, as of now and ten moments: states, times, history, calls, reconciliation; never the words.
counted() {
    local moment
    printf '.load %s\n' "${REG%.so}"
    for moment in $(ledger "SELECT min(at) + (max(at) - min(at)) * value / 9 FROM (SELECT recorded_at AS at FROM attempt UNION ALL SELECT finished_at FROM try), generate_series(0, 9) GROUP BY value"); do
        printf "SELECT 'attempt', %s, id, outcome, reasons, report_state, code_state, attempted_at, decided_at, acknowledged_at FROM reg_attempts('%s') ORDER BY 3;
                SELECT 'code', id, state, handed_over_at, failures, expiry_timestamp, last_error IS NULL FROM reg_codes('%s') ORDER BY 2;
                SELECT 'report', id, state, tries, ambiguous_tries, last_status, next_try_at, last_error IS NULL FROM reg_reports('%s') ORDER BY 2;
                SELECT 'vendor', day, outcome, certain, possible, difference, causes, verdict FROM reg_reconcile('export.csv', '%s') ORDER BY 2, 3;\n" \
            "$moment" "$moment" "$moment" "$moment" "$moment"
    done
    printf "SELECT id, code_id, report_id, run_id, started_at, finished_at, lease_until, result, status, retry_at FROM try ORDER BY id;
            SELECT id, command, started_at, finished_at, exit_code, counts -> '\$.import', counts -> '\$.send', counts -> '\$.report' FROM run WHERE command <> 'tidy' ORDER BY id;\n"
}

ask() {
    counted >questions.sql
    ahead sqlite3 -batch -bail -noheader ledger.db <questions.sql
}

# How many words of those tries and runs are in a file of the ledger.
words() {
    cat ledger.db ledger.db-wal 2>/dev/null | grep -a -c -e 'ottokar-qvist.csv"' -e 'Shoe size' -e 'not the right one' -e "$first_owner" || true
}

# Tries of all kinds: accepted, refused for good, not reached, ambiguous; a file that was read.
busy_days() {
    carry import ottokar-qvist.csv || [ $? -eq 2 ]
    carry report
    ledger_reg "INSERT INTO reg_attempts (email, outcome) VALUES ('eve@example.com', 'success'), ('eva@example.com', 'success'), ('ina@example.com', 'success')"
    carry report
    ledger "UPDATE try SET result = 'refused', status = 400, answer = 'eve@example.com: not the right one' WHERE id = 3;
            UPDATE report_event SET state = 'dead' WHERE report_id = 3;
            UPDATE try SET result = 'ambiguous', status = NULL, answer = 'no answer: not the right one' WHERE id = 4;
            INSERT INTO try (report_id, run_id, owner, started_at, lease_until, finished_at, result, status)
            SELECT report_id, run_id, owner, started_at, lease_until, finished_at, 'accepted', 200 FROM try WHERE id = 4"
    first_owner=$(ledger "SELECT owner FROM run WHERE id = 1")
    printf 'date,success,failure\n2026-01-01,0,0\n' >export.csv
}

@test "words go, every count stays; twice changes nothing; off until set" {
    busy_days
    later +40d
    carry tidy
    ask >before
    [ "$(wc -l <before)" -gt 60 ]
    [ "$(words)" -gt 0 ]
    keep 60
    carry tidy
    [ "$(words)" -gt 0 ]
    keep 30
    # What would be erased is said, and nothing is.
    run carry tidy --dry-run
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = 'the details of 6 tries that ended more than 30 days ago
the details of 3 runs that ended more than 30 days ago' ]
    [ "$(words)" -gt 0 ]
    digest=$(ledger "SELECT counts ->> '$.inputs[0].digest' FROM run WHERE id = 1")
    hold
    run carry -v tidy
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *'erased the details of 6 tries that ended more than 30 days ago'*'erased the details of 3 runs that ended more than 30 days ago'* ]]
    # The log is emptied although somebody has the ledger open.
    [ "$(words)" = 0 ]
    [ "$(stat -c %s ledger.db-wal)" -lt 20000 ] # but for the end of that run, which is written after it
    let_go
    ask | diff before -
    [ "$(ledger "SELECT group_concat(coalesce(answer, '-'), ', ') FROM (SELECT answer FROM try ORDER BY id)")" = '-, -, status 400, ambiguous, -, -' ]
    [ "$(ledger_reg "SELECT last_error FROM reg_reports WHERE id = 3")" = 'status 400' ]
    [ "$(ledger "SELECT counts ->> '$.inputs[0].digest' FROM run WHERE id = 1")" = "$digest" ]
    [ "$(ledger "SELECT counts ->> '$.files[0].read' FROM run WHERE id = 1")" = 2 ]
    carry status --format json | /usr/bin/python3 -c 'import json, sys; assert json.load(sys.stdin)["files"][0]["name"] == "import 1"'
    # A file is known as before.
    run carry -v import ottokar-qvist.csv
    [[ "$output" == *'imported already (import 1'* ]]
    ledger "SELECT * FROM try; SELECT * FROM run WHERE command <> 'tidy' AND finished_at < $(ledger "SELECT max(finished_at) FROM try") + 1" >once
    carry tidy
    ledger "SELECT * FROM try; SELECT * FROM run WHERE command <> 'tidy' AND finished_at < $(ledger "SELECT max(finished_at) FROM try") + 1" | diff once -
    [ "$(ledger "SELECT counts ->> '$.tidy.tries' FROM run ORDER BY id DESC LIMIT 1")" = 0 ]
    carry check --data
}

@test "a reader that holds the log up is named; tidy again, when it is gone, empties it" {
    busy_days
    keep 30
    later +40d
    sed -i 's/^path = ledger.db$/&\nbusy_timeout_ms = 100/' regjob.conf
    hold BEGIN
    run carry tidy
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *'the write-ahead log still holds old pages'*'`regjob tidy` again'* ]]
    # It lets go of what it reads, not of the ledger, whose log therefore stays.
    echo 'COMMIT; SELECT 1;' >&"$into"
    read -r -u "$from" _
    [ "$(words)" -gt 0 ]
    carry tidy
    [ "$(words)" = 0 ]
}

@test "killed in between, the next run goes on; a try without a result keeps what it has" {
    busy_days
    # Many tries, in several transactions.
    ledger "INSERT INTO try (report_id, run_id, owner, started_at, lease_until, finished_at, result, status, answer)
            SELECT 1, 1, owner, started_at, lease_until, finished_at, 'not_accepted', 503, 'not the right one' FROM try, generate_series(1, 25000) WHERE id = 1;
            UPDATE try SET finished_at = NULL, result = NULL, status = NULL, answer = NULL WHERE id = 25006"
    ledger "UPDATE try SET started_at = started_at - 40 * 86400000, finished_at = finished_at - 40 * 86400000;
            UPDATE run SET started_at = started_at - 40 * 86400000, finished_at = finished_at - 40 * 86400000"
    keep 30
    ask >before
    # Killed after each of its commits in turn, from the one that begins the run on.
    states=
    for commit in 1 2 3 3 3 3 3; do
        run faulty "KILL_AFTER_SYNCS=$commit" "$REGJOB" -c regjob.conf tidy
        ask | diff before -
        states+="$status $(ledger "SELECT count(*) FROM try WHERE owner <> ''") $(ledger "SELECT count(*) FROM run WHERE owner = '$first_owner'")
"
    done
    echo "$states"
    [ "$states" = '137 25006 1
137 25006 1
137 15006 1
137 5006 1
137 1 1
137 1 0
137 1 0
' ]
    carry tidy
    ask | diff before -
    [ "$(ledger "SELECT count(*) || ' ' || max(id) FROM try WHERE owner <> ''")" = '1 25006' ]
    [ "$(ledger "SELECT count(*) FROM try WHERE answer = 'status 503'")" = 24999 ]
    [ "$(words)" = 0 ]
}

@test "what another program wrote about a run stops nothing" {
    ledger "INSERT INTO run (command, started_at, counts) VALUES ('import', 1, '{\"inputs\":[\"ottokar\",{\"name\":\"ottokar\",\"digest\":\"d\"}],\"files\":3}')"
    keep 30
    later +40d
    carry tidy
    [ "$(ledger "SELECT counts FROM run WHERE started_at = 1")" = '{"inputs":[null,{"digest":"d"}],"files":[null]}' ]
}
