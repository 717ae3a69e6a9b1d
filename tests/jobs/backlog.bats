# SPDX-License-Identifier: MIT
# A long queue: what is in it takes neither memory nor time before the first call.
# SOAK=1 takes a million due codes and reports, and tells all of them.

load ../helper

setup() {
    regjob_setup
    few=10000 many=200000
    [ -z "$SOAK" ] || many=1000000
}

teardown() {
    standin_stop
}

# A ledger with so many due reports and codes of people that have one each.
backlog() {
    regjob_fresh
    ledger "PRAGMA synchronous = OFF; BEGIN;
        INSERT INTO attempt (id, recorded_at, attempted_at, setting_id, outcome, customer_id, has_password)
        SELECT value, 1, 1, 1, 'success', value, 0 FROM generate_series(1, $1);
        INSERT INTO person (attempt_id, email, name) SELECT value, 'jane' || value || '@example.com', 'Jane Doe' FROM generate_series(1, $1);
        INSERT INTO report (id, attempt_id, outcome, recorded_at, next_try_at) SELECT value, value, 'success', 1, 1 FROM generate_series(1, $1);
        INSERT INTO code (id, ordinal, channel, kind, nonce, digits, sandbox, recorded_at, lifetime_ms, next_try_at)
        SELECT value, 1, 'email', 'pin', randomblob(16), 6, 0, unixepoch() * 1000, 864000000, unixepoch() * 1000 FROM generate_series(1, $1);
        INSERT INTO recipient (code_id, subject_key, address) SELECT value, value, 'jane' || value || '@example.com' FROM generate_series(1, $1);
        COMMIT; PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
}

# The largest resident memory of a run, in KiB; it must end well.
peak() {
    /usr/bin/python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$REGJOB" -c regjob.conf "$@"
}

@test "what a run with a limit takes does not grow with the queue" {
    standin_start --unchecked
    outbound_config mail $'url = file:mail\nfrom = noreply@example.com'
    declare -A small
    for size in $few $many; do
        backlog "$size"
        for run in "report --limit 1" "report --limit 8000" "send --limit 1" "send --limit 100"; do
            # shellcheck disable=SC2086
            taken=$(peak $run)
            echo "$run of $size: $taken KiB"
            [ "$size" != "$few" ] || small[$run]=$taken
            # How many items are taken at once, up to two groups of 4096, is a matter of how fast the machine answers.
            more=1536
            [ "$run" != "report --limit 8000" ] || more=12288
            [ "$taken" -le $((small[$run] + more)) ]
        done
        [ "$(ledger "SELECT count(*) FROM report_event WHERE state = 'acknowledged'")" = 8001 ]
        [ "$(ledger "SELECT count(*) FROM code WHERE handed_over_at IS NOT NULL")" = 101 ]
        rm -r mail
    done
}

@test "what is due is found by an index, in its order" {
    awk '/^-- name: / { name = $3; next } /^-- / { next } name ~ /^(due|count)_/ { print > name ".sql" }' "$ROOT/sql/queue.sql"
    for name in due_codes due_reports count_codes count_reports; do
        plan=$(ledger "EXPLAIN QUERY PLAN $(cat "$name.sql")")
        echo "$plan"
        [[ "$plan" == *"_due (channel=? AND next_try_at<?)"* || "$plan" == *"_due (next_try_at<?)"* ]]
        [[ "$plan" != *"TEMP B-TREE"* ]]
        [[ ! "$plan" =~ SCAN\ (r|c|p|a|code|report|recipient|attempt|person) ]]
    done
}

@test "all of a long queue is told within the same memory" {
    [ -n "$SOAK" ] || many=30000
    standin_start --unchecked
    outbound_config fraud 'concurrency = 50' ledger 'run_seconds = 3600'
    backlog "$many"
    taken=$(peak report)
    echo "$taken KiB"
    [ "$taken" -le $((128 * 1024)) ]
    [ "$(ledger "SELECT count(*) FROM report_event WHERE state = 'acknowledged'")" = "$many" ]
    [ "$(due)" = 0 ]
    [ "$(vendor requests)" = "$many" ]
}
