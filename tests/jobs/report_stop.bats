# SPDX-License-Identifier: MIT
# regjob report, stopped: by a signal, by its time limit, by SIGKILL at any instant, or met by another run.
# SOAK=1 takes ten thousand outcomes and thirty kills.

load ../helper

setup() {
    regjob_setup
}

teardown() {
    [ -z "$running" ] || kill -9 "$running" 2>/dev/null || true
    standin_stop
}

start() {
    EXEC=exec carry "$@" >>log 2>&1 3>&- &
    running=$!
}

# ends WITH: waits for the run and checks its exit status.
ends() {
    local code=0
    wait "$running" || code=$?
    running=
    [ "$code" = "$1" ] || {
        echo "ended with $code"
        cat log
        return 1
    }
}

vendor_has_at_least() {
    [ "$(vendor requests)" -ge "$1" ]
}

@test "SIGTERM: what is under way is finished and written down, the rest is left, nothing is told twice" {
    standin_start
    outbound_config fraud $'rate = 40\nconcurrency = 4'
    outcomes 200
    start report
    until_true vendor_has_at_least 10
    kill -TERM "$running"
    ends 1
    grep -q "stopped by SIGTERM; .* still to be sent, nothing is lost" log
    [ "$(wc -l <log)" = 1 ]
    [ "$(ledger "SELECT count(*) FROM try WHERE result IS NOT 'accepted'")" = 0 ]
    told=$(ledger "SELECT count(*) FROM try")
    [ "$told" = "$(vendor accepted)" ]
    [ "$told" -lt 200 ]
    [ "$(ledger "SELECT count(*) FROM report WHERE next_try_at <= 1000 * (unixepoch() + 1)")" = $((200 - told)) ]
    outbound_config
    run carry report
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 200" ]
    [ "$(vendor accepted)" = 200 ]
    [ "$(vendor duplicates)" = 0 ]
}

@test "a run's time limit ends it like a signal" {
    standin_start
    outbound_config fraud 'rate = 20' ledger 'run_seconds = 1'
    outcomes 200
    run carry report
    [ "$status" -eq 1 ]
    [[ "$output" == *"time limit"*"still to be sent"* ]]
    [ "$(ledger "SELECT count(*) FROM try WHERE result IS NOT 'accepted'")" = 0 ]
    [ "$(ledger "SELECT count(*) FROM try")" = "$(vendor accepted)" ]
}

@test "SIGKILL in a call: the next run counts it as ambiguous and makes it again" {
    standin_start --fault never:count=1
    outbound_config fraud 'concurrency = 1'
    outcomes 2
    start report
    until_true vendor_has_at_least 1
    kill -9 "$running"
    ends 137
    [ "$(ledger "SELECT count(*) FROM try WHERE finished_at IS NULL")" -ge 1 ]
    [ "$(ledger "SELECT count(*) FROM report_event")" = 0 ]
    run carry -v report
    echo "$output"
    # The item under way must wait for its pause: nobody knows whether the vendor has it.
    [ "$status" -eq 0 ]
    [[ "$output" == *"of an earlier run have no answer: counted as ambiguous"* ]]
    [ "$(ledger "SELECT count(*) FROM try WHERE finished_at IS NULL")" = 0 ]
    [ "$(ledger "SELECT answer FROM try WHERE result = 'ambiguous' LIMIT 1")" = "no answer was recorded: the program ended in between" ]
    later "+2h"
    run carry report
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 2" ]
    [ "$(vendor accepted)" = 3 ]
    [ "$(ledger_reg "SELECT count(*) FROM reg_reports WHERE ambiguous_tries > 0")" -ge 1 ]
}

# What the vendor was asked, less what the ledger has an answer to.
unanswered() {
    echo $(($(vendor requests) - $(ledger "SELECT count(*) FROM try WHERE result = 'accepted'")))
}

@test "SIGKILL: ambiguous is what may have been made, and nothing else; the rest is due as it was, its try not spent" {
    # At full speed until a moment at which nothing is answered any more: of a large group some have set out.
    standin_start --fault never:after=1500
    outbound_config fraud 'concurrency = 8'
    outcomes 4000
    start report
    until_true vendor_has_at_least 1508
    kill -9 "$running"
    ends 137
    open=$(ledger "SELECT count(*) FROM try WHERE finished_at IS NULL")
    most=$(($(unanswered) + 8)) # and those that were just setting out
    echo "open $open, at most $most of them ambiguous"
    [ "$open" -gt "$most" ]
    standin_faults '[]'
    run carry -v report
    echo "$output"
    [ "$status" -eq 0 ]
    ambiguous=$(ledger "SELECT count(*) FROM try WHERE result = 'ambiguous'")
    [ "$ambiguous" -ge 8 ]
    [ "$ambiguous" -le "$most" ]
    [[ "$output" == *"an earlier run recorded $((open - ambiguous)) tries but never made them: withdrawn"* ]]
    [ "$(ledger "SELECT count(*) FROM report WHERE next_try_at IS NOT NULL")" = "$ambiguous" ]
    # None of the others has a second try.
    [ "$(ledger "SELECT count(*) FROM try")" = 4000 ]
    [ "$(ledger "SELECT counts FROM run ORDER BY id DESC LIMIT 1" | grep -o "\"unmade\":$((open - ambiguous))")" != "" ]
}

@test "SIGKILL at several moments: never more is ambiguous than was under way" {
    standin_start
    outbound_config fraud $'concurrency = 20\npause_seconds = 1\nlongest_pause_seconds = 1\ntries = 100'
    outcomes 6000
    for asked in 1 700 1900 2600 4100; do
        earlier=$(unanswered)
        start report
        until_true vendor_has_at_least "$asked"
        kill -9 "$running"
        wait "$running" || true
        running=
        most=$(($(unanswered) - earlier + 20))
        before=$(ledger "SELECT count(*) FROM try WHERE result = 'ambiguous'")
        run carry report --limit 1
        now=$(ledger "SELECT count(*) FROM try WHERE result = 'ambiguous'")
        echo "asked $asked: $((now - before)) ambiguous, at most $most"
        [ "$((now - before))" -le "$most" ]
    done
}

@test "a lock file of another boot of the machine, or with any other text, tells nothing: all is ambiguous" {
    for note in 'handed 01234567-89ab-cdef-0123-456789abcdef OWNER 00000000000000000000 00000000000000000000' \
        'handed - OWNER 00000000000000000000 00000000000000000000' 'handed BOOT somebody:1 00000000000000000000 00000000000000000000' \
        'handed BOOT OWNER' $'\xff\x00handed' ''; do
        standin_stop
        standin_start --fault never
        regjob_fresh
        outbound_config fraud 'concurrency = 1'
        outcomes 3
        start report
        until_true vendor_has_at_least 1
        kill -9 "$running"
        ends 137
        owner=$(ledger "SELECT owner FROM try LIMIT 1")
        open=$(ledger "SELECT count(*) FROM try WHERE finished_at IS NULL")
        note=${note//OWNER/$owner}
        printf '%-79s\n%s' '1 2026-01-01T00:00:00Z' "${note//BOOT/$(cat /proc/sys/kernel/random/boot_id)}" >ledger.db.report.lock
        standin_faults '[]'
        run carry report
        [ "$(ledger "SELECT count(*) FROM try WHERE result = 'ambiguous'")" = "$open" ]
        [ ! -s ledger.db.report.lock ]
    done
}

@test "a second run finds the lock, by whatever path it comes, and sends nothing" {
    standin_start --fault never:count=1
    outbound_config
    outcomes 3
    start report
    until_true vendor_has_at_least 1
    ln -s ledger.db link.db
    before=$(vendor requests)
    run "$REGJOB" -c regjob.conf -l link.db report
    [ "$status" -eq 75 ]
    [ "$output" = "" ]
    [ "$(vendor requests)" -ge "$before" ]
    [ "$(ledger "SELECT max(n) FROM (SELECT count(*) AS n FROM try GROUP BY report_id)")" = 1 ]
    kill -9 "$running"
    ends 137
}

@test "jobs on one ledger at the same time send nothing twice" {
    standin_start
    outbound_config fraud $'rate = 400'
    outcomes 400
    for _ in 1 2 3; do
        carry report >>log 2>&1 3>&- &
    done
    codes=
    for pid in $(jobs -p); do
        [ "$pid" != "$STANDIN_PID" ] || continue
        code=0
        wait "$pid" || code=$?
        codes="$codes $code"
    done
    [[ "$codes" == *0* ]]
    run carry report
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 400" ]
    [ "$(vendor accepted)" = 400 ]
    [ "$(vendor duplicates)" = 0 ]
}

@test "killed again and again while the other side fails in every way: each is acknowledged, deferred or dead, and the counts hold" {
    # Each 429 and 503 halves the pace: of many outcomes fewer get one, lest the test take an hour.
    count=300 kills=8 pushback=0.05
    [ -z "$SOAK" ] || count=10000 kills=30 pushback=0.002
    standin_start --seed 7
    standin_faults '[{"fault":"status-503","probability":'$pushback'},{"fault":"status-429","probability":'$pushback'},
                     {"fault":"500-accepted","probability":0.05},{"fault":"status-500","probability":0.05},
                     {"fault":"hangup-after","probability":0.05},{"fault":"hangup-before","probability":0.05},
                     {"fault":"null","probability":0.1},{"fault":"short","probability":0.03},
                     {"fault":"status-400","probability":0.03},{"fault":"truncated","probability":0.1}]'
    outbound_config fraud $'concurrency = 20\npause_seconds = 1\nlongest_pause_seconds = 1\ntries = 100'
    outcomes "$count"
    for round in $(seq "$kills"); do
        seen=$(vendor requests)
        start report
        # What was pushed back goes out at a pace that comes back slowly.
        PATIENCE=300 until_true eval "vendor_has_at_least $((seen + count / kills)) || ! kill -0 $running 2>/dev/null"
        kill -9 "$running" 2>/dev/null || true
        wait "$running" || true
        running=
        later "+${round}h"
    done
    rounds=0
    while [ "$(due)" != 0 ]; do
        rounds=$((rounds + 1))
        later "+$((kills + rounds))h"
        code=0
        carry report >>log 2>&1 || code=$?
        [ "$code" -le 2 ] || { echo "ended with $code"; tail -3 log; }
        [ "$code" -le 2 ]
        [ "$rounds" -lt 60 ]
    done
    [ "$(ledger "SELECT count(*) FROM try WHERE finished_at IS NULL")" = 0 ]
    [ "$(ledger_count acknowledged)" -gt 0 ]
    [ "$(($(ledger_count acknowledged) + $(ledger_count deferred) + $(ledger_count dead)))" = "$count" ]
    # The vendor has each that is not dead, at least once; beyond that, at most as many as are known to be ambiguous.
    [ "$(held)" = "$(($(ledger_count acknowledged) + $(ledger_count deferred)))" ]
    [ "$(vendor duplicates)" -le "$(ledger "SELECT count(*) FROM try WHERE result = 'ambiguous'")" ]
}

ledger_count() {
    ledger "SELECT count(*) FROM report_event v WHERE state = '$1'
              AND id = (SELECT max(id) FROM report_event w WHERE w.report_id = v.report_id)"
}

# How many of those that are not dead the vendor holds.
held() {
    ledger "SELECT p.email FROM report_event v JOIN report r ON r.id = v.report_id JOIN person p USING (attempt_id)
             WHERE v.state IN ('acknowledged', 'deferred')" | sort -u >alive
    /usr/bin/python3 -c '
import json, sys
alive = set(open("alive").read().split())
print(len(alive & {json.loads(line)["body"]["customer"]["email"] for line in open(sys.argv[1])}))' "$STANDIN_DIR/accepted.jsonl"
}
