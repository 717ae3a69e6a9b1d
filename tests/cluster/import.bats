# SPDX-License-Identifier: MIT
# Imports into a ledger on a cluster: the same as into one in a file, from one machine or several, whatever becomes of them and of the nodes.

load ../helper
load ../cluster

setup() {
    cluster_setup
}

teardown() {
    nodes_stop
}

# Imports the same files into the twin, ledger.db.
twin() {
    local file
    for file in "$@"; do job import "$file" >/dev/null 2>&1 || true; done
}

# A second machine: its own name, state and folder, the same key.
machine() {
    local name=$1
    shift
    mkdir -p "$name"
    cp -p token "$name/"
    sed "s|^path = .*|&\\nstate = $PWD/$name/state|" regjob.conf >"$name/regjob.conf"
    sed -i "s|^key_file = .*|key_file = $PWD/ledger.db.key|" "$name/regjob.conf"
    (cd "$name" && exec unshare --uts sh -c 'hostname "$1"; shift; exec "$@"' sh "$name" "$REGJOB" -c regjob.conf "$@")
}

@test "every kind of sample, damaged ones too: on each node what a ledger in a file has" {
    for sample in signups signups-damaged ravelin invas partner cleeng; do
        cp "$ROOT/samples/$sample.csv" .
        run shared import "$sample.csv"
        local_status=0
        job import "$sample.csv" >/dev/null 2>&1 || local_status=$?
        echo "$sample: $status, $local_status: $output"
        [ "$status" = "$local_status" ]
    done
    like_the_twin
    cp signups-damaged.csv.2.rejects theirs
    # Again: known.
    run shared -v import signups.csv
    [[ "$output" == *"imported already (import 1"* ]]
    [ "$status" -eq 0 ]
}

@test "rejects that are many, standard input that goes on, and a file that has grown" {
    many 1 40 >grows.csv
    { many 1 30 | tail -n +2; echo 'a,b'; echo '"'; } >more
    { head -1 grows.csv; cat more; } | shared import --name stream - || [ $? = 2 ]
    { head -1 grows.csv; cat more; } | job import --name stream - >/dev/null 2>&1 || true
    run shared import --max-rejects 0 more
    shared import grows.csv
    many 41 20 | tail -n +2 >>grows.csv
    run shared -v import grows.csv
    echo "$output"
    [[ "$output" == *"has grown since import"* ]]
    [ "$(ask "SELECT count(*) FROM attempt a JOIN import i ON i.id = a.import_id WHERE i.name LIKE '%grows.csv'")" = "[60]" ]
    cmp state/ledger.import-1.rejects ledger.db.import-1.rejects
}

@test "an import that is killed goes on where it was, on another machine, too" {
    many 1 2000 >signups.csv
    printf '[import]\nbatch = 200\n' >>regjob.conf
    EXEC=exec shared import signups.csv &
    import=$!
    until_true some_committed 400
    kill -9 $import
    wait $import || true
    # What the killed one had asked for may still be on its way: the lease makes an end of it.
    run machine second import ../signups.csv
    echo "$output"
    [ "$status" -eq 75 ]
    [[ "$output" == *"is being imported by "* ]]
    # On the first its lock tells that it is gone.
    run shared import signups.csv
    echo "$output"
    [ "$status" -eq 0 ]
    printf '[import]\nbatch = 200\n' >batch.conf
    job -c batch.conf import signups.csv
    like_the_twin
}

@test "two machines at once, on different files and on the same: no row twice, none missing" {
    many 1 800 >one.csv
    many 5001 800 >two.csv
    printf '[import]\nbatch = 100\n' >>regjob.conf
    machine left import ../one.csv &
    left=$!
    machine right import ../two.csv &
    right=$!
    wait $left
    wait $right
    [ "$(ask "SELECT count(*), count(DISTINCT import_id || ':' || line), count(DISTINCT import_id) FROM attempt")" = "[1600, 1600, 2]" ]
    [ "$(ask "SELECT outcome, count(*) FROM attempt GROUP BY outcome ORDER BY outcome")" = $'["failure", 160]\n["success", 1440]' ]
    many 9001 800 >both.csv
    machine left import ../both.csv &
    left=$!
    machine right import ../both.csv &
    right=$!
    wait $left && one=0 || one=$?
    wait $right && two=0 || two=$?
    echo "$one $two"
    [[ "$one $two" =~ ^(0 (0|75)|75 0)$ ]]
    [ "$(ask "SELECT count(*), count(DISTINCT line) FROM attempt WHERE import_id = 3")" = "[800, 800]" ]
    [ "$(ask "SELECT count(*) FROM import")" = "[3]" ]
    until_true all_hold all.db
}

@test "a leader that is killed, one that is frozen, a follower away: row by row the verdicts of a file" {
    many 1 2000 >signups.csv
    printf '[import]\nbatch = 100\n' >>regjob.conf
    shared import signups.csv >import.log 2>&1 &
    import=$!
    until_true some_committed 300
    led=$(leader)
    node_kill "$led"
    until_true some_committed 800
    node_start "$led"
    until_true all_ready
    led=$(leader)
    node_freeze "$led"
    until_true some_committed 1300
    node_thaw "$led"
    wait $import && status=0 || status=$?
    cat import.log
    [ "$status" -eq 0 ]
    printf '[import]\nbatch = 100\n' >batch.conf
    job -c batch.conf import signups.csv
    until_true all_ready
    like_the_twin
}

@test "all nodes are killed and started again: the next run goes on" {
    many 1 1000 >signups.csv
    printf '[import]\nbatch = 100\n' >>regjob.conf
    shared import signups.csv >import.log 2>&1 &
    import=$!
    until_true some_committed 300
    for node in 0 1 2; do node_kill $node; done
    for node in 0 1 2; do node_start $node; done
    until_true all_ready
    wait $import && status=0 || status=$?
    cat import.log
    [ "$status" -eq 0 ] || shared import signups.csv
    printf '[import]\nbatch = 100\n' >batch.conf
    job -c batch.conf import signups.csv
    like_the_twin
}

@test "a follower that was away for many rows has them all when it is back" {
    rows=3000
    [ -z "${SOAK-}" ] || rows=20000
    many 1 $rows >signups.csv
    led=$(leader)
    away=$(((led + 1) % 3))
    node_kill $away
    shared import signups.csv
    # The log goes no further back than this: what it has missed comes as a whole.
    curl -sf -m 30 -XPOST "http://127.0.0.1:${ports[$led]}/snapshot?trailing_logs=1"
    node_start $away
    until_true all_ready
    job import signups.csv
    like_the_twin
}

@test "the ledger's salt cannot be read where rows are read: nothing is written without its subjects" {
    /usr/bin/python3 "$ROOT/tests/cluster/proxy.py" proxy "${ports[$(leader)]}" 0 subject_salt "${SALT_READ:-2}" 3>&- &
    local proxy=$!
    until_true test -s proxy
    printf 'email,outcome\nsame@example.net,success\nSAME@example.net,success\n' >same.csv
    sed "s|^path = .*|path = http://127.0.0.1:$(cat proxy)|" regjob.conf >by_proxy.conf
    run "$REGJOB" -c by_proxy.conf import same.csv
    kill "$proxy"
    echo "$status: $output"
    [ "$status" -eq 1 ]
    [ "$(ask "SELECT count(*) FROM attempt")" = "[0]" ]
    shared import same.csv
    [ "$(ask "SELECT count(DISTINCT customer_id) FROM attempt")" = "[1]" ]
}
