# SPDX-License-Identifier: MIT
# Answers that are dropped, doubled, delayed, cut off or wrong: each write is carried out once, and each message and report is as the journal says.

load ../helper
load ../cluster

setup() {
    cluster_setup
    standin_start
    mkdir inbox
}

teardown() {
    for number in "${proxies[@]}"; do kill "$number" 2>/dev/null || true; done
    nodes_stop
    standin_stop
}

declare -a proxies

# From now on the job comes to the nodes by way of proxies.
spoil() { # SEED
    local i by=
    for number in "${proxies[@]}"; do kill "$number"; done
    proxies=()
    for i in 0 1 2; do
        rm -f "proxy$i"
        /usr/bin/python3 "$ROOT/tests/cluster/proxy.py" "proxy$i" "${ports[$i]}" "$(($1 * 3 + i + 1))" 2>"proxy$i.log" 3>&- &
        proxies+=($!)
        disown
        until_true test -s "proxy$i"
        by=${by:+$by,}http://127.0.0.1:$(cat "proxy$i")
    done
    outbound_config mail "url = file:mail"
    printf '[import]\ninbox = inbox\nsettle_seconds = 0\nbatch = 50\n' >>regjob.conf
    cluster_conf
    sed -i "s|^path = .*|path = $by|" regjob.conf
}

@test "nights through proxies that spoil a third of all requests" {
    echo '{"registrationType":"REQUIRE_EMAIL_CONFIRMATION"}' >settings.json
    shared settings --patch settings.json
    rounds=${SOAK:+10}
    for ((round = 1; round <= ${rounds:-1}; round++)); do
        seq $((round * 1000)) $((round * 1000 + 199)) | awk 'BEGIN { print "email,password" } { print "p" $1 "@example.net,Abcdef1!x" }' >inbox/round$round.csv
        cp inbox/round$round.csv .
        spoil "${SEED:-$((RANDOM + round))}"
        for _ in 1 2 3 4 5 6; do
            shared nightly >night.log 2>&1 && break
            cat night.log
            "$ROOT/${BUILD:-build}/tools/rqlite_say" "$nodes" execute 20 \
                <<<'[["UPDATE report SET next_try_at = 1 WHERE next_try_at IS NOT NULL"], ["UPDATE code SET next_try_at = 1 WHERE next_try_at IS NOT NULL"], ["UPDATE lease SET until = 1"]]'
        done
    done
    until_true all_hold now.db
    expected=$((${rounds:-1} * 200))
    [ "$(sqlite3 now.db "SELECT count(*), count(DISTINCT import_id || ':' || line), sum(outcome = 'success') FROM attempt")" = "$expected|$expected|$expected" ]
    [ "$(sqlite3 now.db "SELECT count(*) FROM report_event WHERE state = 'acknowledged'")" = "$expected" ]
    [ "$(sqlite3 now.db "SELECT count(*) FROM try WHERE finished_at IS NULL")" = 0 ]
    doubtful=$(sqlite3 now.db "SELECT count(*) FROM try WHERE report_id IS NOT NULL AND result = 'ambiguous'")
    [ "$(vendor accepted)" -ge "$expected" ]
    [ "$(vendor accepted)" -le $((expected + doubtful)) ]
    doubtful=$(sqlite3 now.db "SELECT count(*) FROM try WHERE code_id IS NOT NULL AND result = 'ambiguous'")
    [ "$(find mail/new -type f | wc -l)" -ge "$expected" ]
    [ "$(find mail/new -type f | wc -l)" -le $((expected + doubtful)) ]
    # A twin in a file has the same sign-ups.
    job settings --patch settings.json
    for ((round = 1; round <= ${rounds:-1}; round++)); do job import --name "$(sqlite3 now.db "SELECT name FROM import WHERE id = $round")" round$round.csv; done
    for what in "SELECT id, attempted_at > 0, import_id, line, outcome, customer_id FROM attempt ORDER BY id" "SELECT attempt_id, email, email_key FROM person ORDER BY 1" \
        "SELECT key, holder, attempt_id FROM subject_index ORDER BY 1, 2, 3"; do
        [ "$(sqlite3 now.db "$what")" = "$(ledger "$what")" ]
    done
}
