# SPDX-License-Identifier: MIT
# A ledger on a cluster whose network falls apart: each node in a network namespace of its own, with a cable to a switch in another, where regjob runs.

load ../helper
load ../cluster

setup() {
    holders=() enter=() serves=() raft=()
    unshare --net true || skip "only root may make networks"
    hold_network
    in_switch="nsenter --net=/proc/$made/ns/net"
    $in_switch sh -c 'ip link set lo up && ip link add switch type bridge && ip addr add 10.77.0.254/24 dev switch && ip link set switch up'
    for i in 0 1 2; do
        hold_network
        enter[i]="nsenter --net=/proc/$made/ns/net"
        serves[i]=10.77.0.$((i + 1)):4001 raft[i]=10.77.0.$((i + 1)):4002
        $in_switch ip link add cable$i type veth peer name eth0 netns "$made"
        $in_switch ip link set cable$i master switch up
        ${enter[$i]} sh -c "ip link set lo up && ip addr add 10.77.0.$((i + 1))/24 dev eth0 && ip link set eth0 up"
    done
    REGJOB_RUNNER=$in_switch
    cluster_setup
}

teardown() {
    nodes_stop
    for holder in "${holders[@]}"; do kill -9 "$holder" 2>/dev/null || true; done
}

hold_network() {
    unshare --net sleep 600 3>&- &
    made=$!
    disown
    holders+=("$made")
    until_true another_network "$made"
}

another_network() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

# Plain HTTP is allowed to the machine itself alone: what comes to its ports is handed on to the nodes.
hand_on() {
    cat >hand_on.py <<'END'
import socketserver, socket, sys, threading
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for one in (a, b):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
class Hand(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            there = socket.create_connection((self.server.to, 4001), 2)
        except OSError:
            return
        there.settimeout(None)
        threading.Thread(target=pump, args=(self.request, there), daemon=True).start()
        pump(there, self.request)
class Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
for i, port in enumerate(sys.argv[1:]):
    server = Server(("127.0.0.1", int(port)), Hand)
    server.to = f"10.77.0.{i + 1}"
    threading.Thread(target=server.serve_forever).start()
END
    $in_switch /usr/bin/python3 hand_on.py "${ports[@]:0:3}" 3>&- &
    holders+=("$!")
    disown
}

curl() { $in_switch curl "$@"; }

cut_off() { $in_switch ip link set "cable$1" down; }
join_again() { $in_switch ip link set "cable$1" up; }

@test "the node that leads is cut off, then one that follows: the rest goes on, and all have the same in the end" {
    many 1 2000 >signups.csv
    printf '[import]\nbatch = 100\n' >>regjob.conf
    shared import signups.csv >import.log 2>&1 &
    import=$!
    until_true some_committed 300
    led=$(leader)
    cut_off "$led"
    until_true some_committed 800
    join_again "$led"
    until_true all_ready
    now=$(leader)
    echo "$led led, then $now"
    [ "$now" != "$led" ]
    follows=$(((now + 1) % 3))
    cut_off $follows
    until_true some_committed 1300
    join_again $follows
    wait $import && status=0 || status=$?
    cat import.log
    [ "$status" -eq 0 ]
    printf '[import]\nbatch = 100\n' >batch.conf
    job -c batch.conf import signups.csv
    until_true all_ready
    like_the_twin
}
