# SPDX-License-Identifier: MIT
# The ledger as a whole on a cluster: made, moved there, looked at, copied, forgotten in; and what bad input gets.

load ../helper
load ../cluster

setup() {
    regjob_setup
    nodes_start
    outbound_config
    cluster_conf
}

teardown() {
    nodes_stop
    standin_stop
}

has_no_leader() { [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:${ports[0]}/readyz")" = 503 ]; }

is_gone() { ! kill -0 "$1" 2>/dev/null; }

refused() { # STATUS WORDS COMMAND...
    run shared "${@:3}"
    echo "$status: $output"
    [ "$status" -eq "$1" ]
    [[ "$output" == *"$2"* ]]
    [ "$(wc -l <<<"$output")" = 1 ]
}

@test "made: its schema byte for byte that of a file, and the same on each node; a second time nothing happens" {
    run shared -v init
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *": ledger of version $(ledger "PRAGMA user_version") made"* ]]
    [[ "$output" == *"9.4.2 or newer is advised"* ]]
    until_true all_hold all.db
    for db in ledger.db all.db; do sqlite3 $db "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name" >$db.schema; done
    cmp ledger.db.schema all.db.schema
    [ "$(wc -l <all.db.schema)" -gt 300 ]
    [ "$(sqlite3 all.db "PRAGMA application_id")" = "$(ledger "PRAGMA application_id")" ]
    run shared -v init
    [ "$status" -eq 0 ]
    [[ "$output" == *"already"* ]]
    [ "$(ask "SELECT count(*) FROM setting")" = "[1]" ]
    # Its key is the file's beside ledger.db, which was there.
    refused 78 "has a ledger already, which is not replaced" init --from ledger.db
}

@test "settings, status, dashboard, snapshot, reconcile and dry runs" {
    shared init --from ledger.db
    echo '{"requiredConsents":["terms"]}' >settings.json
    shared settings --patch settings.json
    [[ "$(shared settings)" == *'"terms"'* ]]
    cp "$ROOT"/samples/signups.csv "$ROOT"/samples/dashboard.csv .
    run shared import --dry-run signups.csv
    [ "$status" -eq 0 ]
    run shared import signups.csv
    job settings --patch settings.json
    job import signups.csv
    # From a follower, which may be behind.
    until_true all_hold all.db
    [ "$(shared status --format json | grep -c '"command"')" = "$(ask "SELECT count(*) FROM run" | tr -dc 0-9)" ]
    [[ "$(shared status)" == *"a snapshot of $nodes, taken at "* ]]
    shared snapshot copy.db
    same ledger.db copy.db
    [ "$(stat -c %a copy.db)" = 600 ]
    sqlite3 -batch copy.db ".load ${REG%.so}" "SELECT count(*) FROM reg_attempts" >count
    [ "$(cat count)" = "$(ledger "SELECT count(*) FROM attempt")" ]
    run sqlite3 -batch copy.db ".load ${REG%.so}" "INSERT INTO reg_attempts (email) VALUES ('a@example.com')"
    [[ "$output" == *"this is a snapshot of the ledger at $nodes: write with regjob"* ]]
    refused 64 "copy.db is there already" snapshot copy.db
    shared dashboard -o page.html
    grep -q "a.papadopoulos\|Registrations" page.html
    for how in "shared" "job"; do TZ=UTC $how reconcile --format csv dashboard.csv >$how.csv || true; done
    cmp shared.csv job.csv
    [ -s shared.csv ]
    run shared check
    echo "$output"
    [[ "$output" == *"ok      ledger     $nodes: version "* ]]
    # What is given away is the same, too.
    for where in shared job; do
        $where share --replace "$where.share.db"
        $where export outcomes >"$where.export.csv"
        sqlite3 "$where.share.db" "SELECT outcome, reasons, country, count(*) FROM attempt GROUP BY 1, 2, 3" >"$where.share.txt"
    done
    [ -s shared.share.txt ]
    diff shared.share.txt job.share.txt
    diff shared.export.csv job.export.csv
    # Nothing of it stays.
    [ -z "$(ls state/*.part* state/look* 2>/dev/null)" ]
}

remains() {
    /usr/bin/python3 "$ROOT/tests/cluster/remains.py" "$BATS_TEST_TMPDIR/nodes" "$1"
}

@test "what was erased is in no file of any node" {
    standin_start
    outbound_config
    cluster_conf
    shared init --from ledger.db
    {
        echo email,name,phone,password
        for i in $(seq 60); do echo "keep$i@example.com,Keep $i,,Abcdef1!x"; done
        echo "forgetme.zyxw@example.com,Ottokar Qvist,+4930123456,Abcdef1!x"
    } >people.csv
    shared import people.csv
    shared report
    [[ "$(remains forgetme.zyxw)" == *db.sqlite* ]] # it is there, before
    run shared -v forget forgetme.zyxw@example.com
    echo "$output"
    [ "$status" -eq 0 ]
    for words in forgetme.zyxw "Ottokar Qvist" +4930123456; do
        run remains "$words"
        echo "$words: $output"
        [ -z "$output" ]
    done
    [ "$(ask "SELECT count(*) FROM attempt")" = "[61]" ]
    [ "$(ask "SELECT count(*) FROM person")" = "[60]" ]
    # As it says, too: a node that begins anew has a new log.
    for node in 0 1 2; do node_replace $node; done
    for words in forgetme.zyxw "Ottokar Qvist" +4930123456; do
        run remains "$words"
        echo "$words: $output"
        [ -z "$output" ]
    done
    [ "$(ask "SELECT count(*) FROM person")" = "[60]" ]
    until_true all_hold all.db
}

@test "what failed long ago is tidied" {
    shared init --from ledger.db
    sed -i "s|^path = .*|&\nkeep_failed_days = 1\nkeep_details_days = 1|" regjob.conf
    printf 'email,password\nlong.ago@example.com,weak\nstays@example.com,Abcdef1!x\n' >people.csv
    shared import people.csv
    "$ROOT/${BUILD:-build}/tools/rqlite_say" "$nodes" execute 20 <<<'[["UPDATE attempt SET recorded_at = 1, attempted_at = 1 WHERE id = 1"], ["UPDATE run SET started_at = 1, finished_at = 2 WHERE command = '"'import'"'"]]'
    [[ "$(ask "SELECT counts FROM run WHERE command = 'import'")" == *people.csv* ]]
    run shared tidy
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(ask "SELECT attempt_id, email FROM person")" = '[2, "stays@example.com"]' ]
    [ "$(ask "SELECT attempt_id FROM erasure")" = "[1]" ]
    [ "$(ask "SELECT owner, counts ->> '$.files[0].name', counts ->> '$.import.read' FROM run WHERE command = 'import'")" = '[null, null, 2]' ]
    [ "$(ask "SELECT counts ->> '$.tidy.runs' FROM run WHERE command = 'tidy'")" = '[1]' ]
}

@test "a node that is not there cannot let go of its log: that is said, and done later" {
    shared init --from ledger.db
    { echo email,password; for i in 1 2 3; do echo "keep$i@example.com,Abcdef1!x"; done; } >people.csv
    shared import people.csv
    node_kill 2
    run shared forget keep1@example.com
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"erased, but a node's log still holds what was written before"* ]]
    node_start 2
    until_true all_ready
    run shared forget keep2@example.com
    [ "$status" -eq 0 ]
}

@test "what is wrong is said in one line, and nothing is written" {
    refused 78 "there is no ledger in this database" settings
    # Another key, one that is not there, none at all.
    sed -i 's|^key_file = .*|key_file = other.key|' regjob.conf
    head -c 32 /dev/urandom >other.key
    chmod 600 other.key
    refused 78 "the key beside it is not the one of [ledger] key_file" init --from ledger.db
    [ "$(ask "SELECT count(*) FROM sqlite_schema")" = "[0]" ]
    sed -i 's|^key_file = .*|key_file = ledger.db.key|' regjob.conf
    shared init --from ledger.db
    sed -i 's|^key_file = .*|key_file = other.key|' regjob.conf
    refused 78 "the key file is not this ledger's" settings
    chmod 644 other.key
    refused 78 "other.key" settings
    rm other.key
    refused 78 "other.key" settings
    sed -i 's|^key_file = .*||' regjob.conf
    refused 78 "set [ledger] key_file" settings
    sed -i 's|^path = .*|&\nkey_file = ledger.db.key|' regjob.conf
    # A newer ledger.
    "$ROOT/${BUILD:-build}/tools/rqlite_say" "$nodes" execute 20 <<<'[["PRAGMA user_version = 1000"]]'
    refused 78 "version 1000, this program knows up to" settings
    # Another application's.
    "$ROOT/${BUILD:-build}/tools/rqlite_say" "$nodes" execute 20 <<<'[["PRAGMA application_id = 7"]]'
    refused 78 "the cluster holds another application's data" settings
    refused 78 "the cluster holds another application's data" init
    # Nodes that do not check what they carry out.
    nodes_stop
    nodes_start 1
    node_kill 0
    until_true is_gone "${pid[0]}"
    "$RQLITED" -node-id 0 -http-addr "127.0.0.1:${ports[0]}" -raft-addr "127.0.0.1:${ports[1]}" "$BATS_TEST_TMPDIR/nodes/0" >log 2>&1 3>&- &
    pid[0]=$!
    disown
    until_true all_ready
    sed -i "s|^path = .*|path = $nodes|" regjob.conf
    refused 78 "with -fk" settings
    nodes_stop
    nodes_start
    sed -i "s|^path = .*|path = $nodes|" regjob.conf
    # No majority; nobody at all; no rqlite.
    node_kill 1
    node_kill 2
    # For a moment the one that is left may still take itself for the leader, and answer.
    until_true has_no_leader
    refused 1 "" settings
    node_kill 0
    refused 1 "127.0.0.1" settings
    standin_start
    sed -i "s|^path = .*|path = $STANDIN_URL|" regjob.conf
    refused 78 "" settings
    sed -i "s|^path = .*|path = http://192.0.2.1:4001|" regjob.conf
    run shared settings
    echo "$output"
    [ "$status" -eq 78 ]
    [[ "$output" == *"regjob.conf:2: [ledger] path"* ]]
}
