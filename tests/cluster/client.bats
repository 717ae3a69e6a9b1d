# SPDX-License-Identifier: MIT
# The job's client of rqlite against three nodes of the real one, which RQLITED names: `make test-cluster` installs it.

load ../helper
load ../cluster

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    SAY=$ROOT/${BUILD:-build}/tools/rqlite_say
    nodes_start
}

teardown() {
    nodes_stop
}

say() { # HOW: statements from standard input
    "$SAY" "$nodes" "$1" 20
}

same_everywhere() {
    all_hold all.db && sqlite3 all.db .dump >dump0
}

# The whole schema, its rules and views, as statements of one request.
schema() {
    awk -f "$ROOT/sql/embed.awk" -v part=schema $(printf '%s\n' "$ROOT"/sql/upgrades/*.sql | sort -V) "$ROOT"/sql/rules/*.sql "$ROOT"/sql/*.sql |
        /usr/bin/python3 -c '
import json, sqlite3, sys
statement, all = "", []
for line in sys.stdin:
    statement += line
    if sqlite3.complete_statement(statement):
        all.append([statement]); statement = ""
print(json.dumps(all))'
}

@test "schema and rules in one request; a rule over a set of rows; the same on each node" {
    run say execute < <(schema)
    echo "$output" | cut -c1-500
    [ "$status" -eq 0 ]
    rows=$(/usr/bin/python3 -c 'import json; print(json.dumps(json.dumps([[i, "x\x274142\x27" if i == 7 else f"person {i}"] for i in range(1, 1001)])))')
    cat >batch <<END
[["INSERT INTO setting (id, recorded_at, json) VALUES (1, 0, '{}')"],
 ["INSERT INTO run (id, command, started_at) VALUES (1, 'report', 0)"],
 ["INSERT INTO attempt (id, recorded_at, attempted_at, setting_id, outcome, customer_id, has_password) SELECT v ->> 0, 1, 1, 1, 'success', v ->> 0, 0 FROM (SELECT value AS v FROM json_each(:rows) LIMIT -1)", {"rows": $rows}],
 ["INSERT INTO person (attempt_id, name) SELECT v ->> 0, v ->> 1 FROM (SELECT value AS v FROM json_each(:rows) LIMIT -1)", {"rows": $rows}],
 ["INSERT INTO report (id, attempt_id, outcome, recorded_at, next_try_at) SELECT id, id, outcome, 1, 1 FROM attempt ORDER BY id"]]
END
    run say execute <batch
    echo "$output"
    [ "$status" -eq 0 ]
    items=$(/usr/bin/python3 -c 'import json; print(json.dumps(json.dumps({str(i): 1 for i in range(1000, 0, -2)})))')
    run say execute <<<"[[\"INSERT INTO take_reports (items, run_id, owner, recorded_at, lease_until) VALUES (:items, 1, 'host:1', 5, 9)\", {\"items\": $items}]]"
    [ "$status" -eq 0 ]
    run say strong <<<'[["SELECT count(*), min(report_id), max(report_id), (SELECT report_id FROM try WHERE id = 1), (SELECT count(*) FROM report WHERE next_try_at = 9), (SELECT typeof(name) || name FROM person WHERE attempt_id = 7) FROM try"]]'
    echo "$output"
    [[ "$output" == *"[500,2,1000,1000,500,\"textx'4142'\"]"* ]]
    until_true same_everywhere
    grep -q "person 1000" dump0
}

@test "a wrong statement undoes the whole request, and is told by its number" {
    say execute <<<'[["CREATE TABLE t (n INTEGER NOT NULL)"]]'
    run say execute <<<'[["INSERT INTO t VALUES (1)"], ["INSERT INTO t VALUES (NULL)"], ["INSERT INTO t VALUES (3)"]]'
    echo "$output"
    [ "$status" -eq 2 ]
    [ "${lines[0]}" = "refused 1" ]
    [[ "${lines[1]}" == *"statement 2: NOT NULL constraint failed: t.n"* ]]
    run say strong <<<'[["SELECT count(*) FROM t"]]'
    [[ "$output" == *"[[0]]"* ]]
}

@test "a leader that is killed, or frozen: the request goes to the next, and is carried out" {
    say execute <<<'[["CREATE TABLE t (n INTEGER PRIMARY KEY)"]]'
    for how in KILL STOP; do
        led=$(leader)
        [ -n "$led" ]
        kill "-$how" "${pid[$led]}"
        run say execute <<<"[[\"INSERT INTO t VALUES (${#how}) ON CONFLICT DO NOTHING\"], [\"INSERT INTO t VALUES ($RANDOM + 100) ON CONFLICT DO NOTHING\"]]"
        echo "$how $led: $output"
        [ "$status" -eq 0 ]
        [ "$how" = KILL ] && node_start "$led" || kill -CONT "${pid[$led]}"
        until_true all_ready
    done
    run say strong <<<'[["SELECT count(*) FROM t WHERE n = 4"]]'
    echo "$output"
    [[ "$output" == *"[[1]]"* ]]
    until_true same_everywhere
}

@test "without a majority it is not known, and what came of it is found when there is one again" {
    say execute <<<'[["CREATE TABLE t (n INTEGER PRIMARY KEY)"]]'
    kill -9 "${pid[1]}" "${pid[2]}"
    run "$SAY" "$nodes" execute 3 <<<'[["INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING"]]'
    echo "$output"
    [ "$status" -eq 2 ]
    [[ "${lines[0]}" == unknown* ]]
    node_start 1
    node_start 2
    until_true all_ready
    run say execute <<<'[["INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING"]]'
    [ "$status" -eq 0 ]
    run say strong <<<'[["SELECT n FROM t"]]'
    [[ "$output" == *"[[1]]"* ]]
}
