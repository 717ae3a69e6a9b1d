# Functions for tests that need the stand-in of the fraud API and SMS gateway: `load standin`.
#
#   standin_start [ARGUMENT...]  starts one; sets STANDIN_PORT, STANDIN_URL, STANDIN_PID, STANDIN_DIR
#                                (a folder of its own, with port, accepted.jsonl and log)
#   standin_stop                 ends it; its exit status
#   standin_stats [NAME]         its counts as JSON, or one of them (also: by_status.429)
#   standin_faults JSON          replaces its faults
#   standin_get PATH             what one of its own pages says
#
# STANDIN names another program than build/standin (build/asan/standin), STANDIN_RUNNER one to run it
# under (valgrind). The token is STANDIN_TOKEN.

STANDIN_TOKEN=stand-in-token
STANDIN_PID=

standin_start() {
    local root
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    STANDIN_DIR=$(mktemp -d "${BATS_TEST_TMPDIR:-${BATS_FILE_TMPDIR:-${TMPDIR:-/tmp}}}/standin.XXXXXX")
    local -a accepted=(--accepted "$STANDIN_DIR/accepted.jsonl")
    case " $* " in *" --unchecked "* | *" --accepted "*) accepted=() ;; esac
    # bats waits for whoever holds its descriptor 3.
    # shellcheck disable=SC2086
    ${STANDIN_RUNNER:-} "${STANDIN:-$root/build/standin}" --port 0 --port-file "$STANDIN_DIR/port" \
        --token "$STANDIN_TOKEN" "${accepted[@]}" "$@" >"$STANDIN_DIR/log" 2>&1 3>&- &
    STANDIN_PID=$!
    local deadline=$((SECONDS + 60))
    until [ -s "$STANDIN_DIR/port" ]; do
        if ! kill -0 "$STANDIN_PID" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
            echo "the stand-in did not start:" >&2
            cat "$STANDIN_DIR/log" >&2
            return 1
        fi
        sleep 0.01
    done
    STANDIN_PORT=$(cat "$STANDIN_DIR/port")
    STANDIN_URL=http://127.0.0.1:$STANDIN_PORT
}

# Waits for its end, at most 60 seconds. Its exit status where it is this shell's own child (not under
# `run`, not started in setup_file), else 0.
standin_wait() {
    local pid=$1 state parent deadline=$((SECONDS + 60))
    while :; do
        # The name in parentheses may hold blanks: state and parent come after it.
        read -r state parent _ < <(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) || return 0
        [ "$state" != Z ] || break
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.01
    done
    [ "$parent" != "$BASHPID" ] || wait "$pid"
}

standin_stop() {
    [ -n "$STANDIN_PID" ] || return 0
    local pid=$STANDIN_PID
    STANDIN_PID=
    kill "$pid" 2>/dev/null || true
    standin_wait "$pid"
}

standin_get() {
    curl --silent --show-error --fail-with-body --max-time 30 "$STANDIN_URL$1"
}

standin_stats() {
    if [ $# = 0 ]; then
        standin_get /stats
    else
        local stats name
        stats=$(standin_get /stats) || return
        for name in ${1//./ }; do
            case $stats in
            *"\"$name\":"*) stats=${stats#*"\"$name\":"} ;;
            *) stats=0 ;;
            esac
        done
        stats=${stats%%[,\}]*}
        echo ${stats//[[:space:]]/}
    fi
}

standin_faults() {
    curl --silent --show-error --fail-with-body --max-time 30 --data-binary "$1" \
        "$STANDIN_URL/control/faults" >/dev/null
}
