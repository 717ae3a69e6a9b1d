# SPDX-License-Identifier: MIT
# Reports to a loopback server that answers at once, beside curl with the same bodies; and their pace.

STANDIN_PID=
standin_start() {
    BENCH_TOKEN=bench-token
    export BENCH_TOKEN
    rm -f port
    "$BUILD/standin" --token "$BENCH_TOKEN" --port-file port --unchecked --seconds 3600 &
    STANDIN_PID=$!
    while [ ! -s port ]; do
        kill -0 "$STANDIN_PID"
        sleep 0.02
    done
    base=http://127.0.0.1:$(cat port)
}

standin_stop() {
    [ -z "$STANDIN_PID" ] || kill "$STANDIN_PID" 2>/dev/null || true
    STANDIN_PID=
}

# A ledger in which COUNT outcomes wait to be told: reports_ledger FILE COUNT
reports_ledger() {
    tool rows "$2" $((SEED + 3000)) hashed >reports.csv
    ledger_new "$1"
    "$REGJOB" -l "$1" import reports.csv
    [ "$(sqlite3 "$1" 'SELECT count(*) FROM report WHERE next_try_at IS NOT NULL')" = "$2" ]
}

# regjob report over a copy: report_copy FROM RATE NAME
report_copy() {
    rm -f copy.db*
    sqlite3 "$1" "VACUUM INTO 'copy.db'"
    cp "$1.key" copy.db.key
    printf '[ledger]\npath = copy.db\n[fraud]\nurl = %s\ntoken_env = BENCH_TOKEN\nrate = %s\nconcurrency = 50\n' "$base" "$2" >report.conf
    curl -sf -X POST "$base/control/reset" >/dev/null
    timed "$3" "$REGJOB" -c report.conf report
    [ "$(sqlite3 copy.db 'SELECT count(*) FROM report WHERE next_try_at IS NOT NULL')" = 0 ]
}

# The requests of a ledger's reports as a file of options for curl, 50 at once as ours.
write_requests() {
    sqlite3 -batch -cmd ".load $BUILD/reg" "$1" >requests.conf "
        SELECT CASE WHEN row_number() OVER (ORDER BY id) > 1 THEN 'next' || char(10) ELSE '' END
            || 'url = \"$base/v2/registration\"' || char(10) || 'header = \"Authorization: token $BENCH_TOKEN\"' || char(10)
            || 'header = \"Content-Type: application/json\"' || char(10) || 'output = /dev/null' || char(10)
            || 'data = \"' || replace(replace(reg_report_payload(attempt_id), '\\', '\\\\'), '\"', '\\\"') || '\"'
          FROM report"
}

stat_of() {
    curl -sf "$base/stats" | sed -n "s/^ *\"$1\": \([0-9]*\).*/\1/p"
}

# The same without what is of no interest here, at once: backlog_ledger FILE COUNT
backlog_ledger() {
    ledger_new "$1"
    sqlite3 -batch "$1" "PRAGMA synchronous = OFF; BEGIN;
        INSERT INTO attempt (id, recorded_at, attempted_at, setting_id, outcome, customer_id, has_password)
        SELECT value, 1, 1, 1, 'success', value, 0 FROM generate_series(1, $2);
        INSERT INTO person (attempt_id, email) SELECT value, 'person' || value || '@example.com' FROM generate_series(1, $2);
        INSERT INTO report (id, attempt_id, outcome, recorded_at, next_try_at) SELECT value, value, 'success', 1, 1 FROM generate_series(1, $2);
        COMMIT"
}

# The largest memory of a run with a limit, by the length of the queue.
backlogs() {
    for count in 10000 1000000; do
        backlog_ledger "backlog-$count.db" "$count"
        printf '[ledger]\npath = backlog-%s.db\n[fraud]\nurl = %s\ntoken_env = BENCH_TOKEN\nrate = 0\nconcurrency = 50\n' "$count" "$base" >backlog.conf
        timed "backlog-$count" "$REGJOB" -c backlog.conf report --limit 8000
    done
    short=$(median backlog-10000 2) long=$(median backlog-1000000 2)
    ratio=$(calculate "$long / $short" 2)
    line "memory, 1000000 due : 10000 due, --limit 8000" "$long KiB" "$short KiB" "$ratio" "at most 1.1" "$(at_most "$ratio" 1.1)"
}

# The same outcomes by the script of night.sh, which goes on from where it was.
report_by_script() {
    rm -f team.db*
    sqlite3 team.db "ATTACH '$1' AS ledger;
        CREATE TABLE signup AS SELECT a.id, a.attempted_at, p.email, a.outcome, 0 AS reported FROM ledger.attempt a JOIN ledger.person p ON p.attempt_id = a.id;
        CREATE UNIQUE INDEX signup_id ON signup (id)"
    curl -sf -X POST "$base/control/reset" >/dev/null
    timed reports-team /usr/bin/python3 "$HERE/team.py" report team.db "$base/v2/registration"
    [ "$(stat_of requests)" = "$REPORTS" ]
}

reports() {
    heading "reports: $REPORTS, 50 at once"
    standin_start
    reports_ledger reports.db "$REPORTS"
    write_requests reports.db
    for round in $(seq "$ROUNDS"); do
        report_copy reports.db 0 reports
        curl -sf -X POST "$base/control/reset" >/dev/null
        timed reports-peer curl -s --parallel --parallel-immediate --parallel-max 50 -K requests.conf 2>/dev/null
        [ "$(stat_of requests)" = "$REPORTS" ]
        report_by_script reports.db
    done
    ours=$(per_second "$REPORTS" "$(median reports)")
    compare_rates "without pace : curl --parallel" "$ours" "$(per_second "$REPORTS" "$(median reports-peer)")" 1
    compare_rates "without pace : a script, one after the other" "$ours" "$(per_second "$REPORTS" "$(median reports-team)")" 10
    line "without pace" "$ours /s" "" "" "at least 20000 /s" "$(at_least "$ours" 20000)"
    for rate in 50 1000; do
        reports_ledger paced.db $((rate * 10 + 1))
        report_copy paced.db "$rate" "paced-$rate"
        seconds=$(calculate "($(stat_of last_ms) - $(stat_of first_ms)) / 1000")
        reached=$(calculate "$rate * 10 / $seconds" 1)
        off=$(calculate "($reached - $rate) / $rate * 100" 2)
        line "with a pace of $rate a second" "$reached /s" "$rate /s" "$(calculate "$reached / $rate" 3)" "within 2 %" \
            "$(at_most "${off#-}" 2)"
    done
    backlogs
    standin_stop
}
