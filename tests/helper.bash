# SPDX-License-Identifier: MIT
# Functions for tests of programs, in bats: `load ../helper`. The clock is set in one place: clock(), and for what leaves the machine later().
#
# The job, on a ledger of the test's own:
#
#   regjob_setup         a folder of the test's own with a fresh ledger.db and its key, the current folder from
#                        then on; hashes cost next to nothing and no consent is required there. Fresh ledgers of one
#                        test file are copies of each other (same uuid, salt and key), so that what is in them can
#                        be compared.
#   job ARGUMENT...      build/regjob on that ledger. REGJOB names another program, REGJOB_RUNNER one to run it under
#   bounded KIB COMMAND  runs it in so much address space
#   clock TIME COMMAND   runs it at that time, as libfaketime has it ("+2h"), in one process, so that a signal finds it; the times of
#                        files are what they are
#   ledger SQL           what the stock sqlite3 shell says, without the extension
#   ledger_reg SQL       with it
#   settings JSON        changes settings
#   pins [CHANNEL]       from now on sign-ups wait for a PIN
#   contents             what is in the ledger, ids and times aside
#   sums                 read, success, pending, failed, continued and rejected of the newest import
#
# The stand-in of the fraud API and SMS gateway:
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
#
# What leaves the machine:
#
#   outbound_config [SECTION LINES]...  regjob.conf: the fraud API and the SMS gateway are the stand-in (where one
#                        runs), without pace; further lines by section, as `outbound_config fraud $'tries = 2'`
#   carry ARGUMENT...    build/regjob with that configuration
#   later TIME           from now on the job's clock is so much ahead ("+2h", as libfaketime has it); "" for now
#   outcomes N           N successful sign-ups, decided elsewhere, each with a fingerprint: N due reports
#   due                  how many reports are queued
#   tries                the results of all tries and how many of each, as `accepted 3`
#   events               the states of all reports and how many of each
#   vendor NAME          a count of the stand-in
#   nobody               sets STANDIN_URL to a port where nobody listens, and nobody else can while the test runs
#   nobody_gone          ends that, in teardown
#   until_true COMMAND... waits until it succeeds, at most 30 seconds, or $PATIENCE
#
# Messages that smtp_server.py has kept in a folder, as Python's email package reads them:
#
#   check N PYTHON...   runs PYTHON with the N-th message of $kept as `mail`, its envelope as `envelope`, further arguments in sys.argv
#
# Faults of the disk, and death at chosen instants:
#
#   faulty [VARIABLE=value...] COMMAND...   runs it with the faults that faulty.c lists
#
# Programs as a user who is not root:
#
#   unprivileged_setup       a folder that such a user may write to, with copies of the job and a fresh ledger; the
#                            current folder from then on, removed by unprivileged_end
#   unprivileged COMMAND...  runs it as that user: us, or nobody (65534) where we are root

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
REGJOB=$(realpath "${REGJOB:-$ROOT/${BUILD:-build}/regjob}")
# For the stock shell, which has no sanitizer's library to begin with: always the plain build's.
REG=$(realpath "${REG:-$ROOT/build/reg.so}")
# Exported: bats reads this file again for each test.
export FAKETIME_LIBRARY=${FAKETIME_LIBRARY:-/usr/lib/$(gcc -print-multiarch)/faketime/libfaketime.so.1:$ROOT/build/clock.so}

regjob_setup() {
    local pristine=$BATS_FILE_TMPDIR/pristine
    if [ ! -e "$pristine/ledger.db" ]; then
        mkdir -p "$pristine"
        "$REGJOB" -l "$pristine/ledger.db" init
        cd "$pristine" || return 1
        settings '{"passwordHash":{"memoryKiB":8,"passes":1},"requiredConsents":[]}'
    fi
    mkdir -p "${BATS_TEST_TMPDIR:?a test or a folder of its own}/work"
    cd "$BATS_TEST_TMPDIR/work" || return 1
    REGJOB_FRESH=$pristine
    regjob_fresh
}

# The ledger as it was when the test began, or at the last regjob_keep.
regjob_fresh() {
    rm -f ledger.db ledger.db-wal ledger.db-shm ledger.db.key
    cp -p "$REGJOB_FRESH/ledger.db" "$REGJOB_FRESH/ledger.db.key" .
}

regjob_keep() {
    REGJOB_FRESH=$BATS_TEST_TMPDIR/kept
    mkdir -p "$REGJOB_FRESH"
    cp -p ledger.db ledger.db.key "$REGJOB_FRESH/"
}

job() {
    # shellcheck disable=SC2086
    ${REGJOB_RUNNER:-} "$REGJOB" -l ledger.db "$@"
}

# Runs a command in so many KiB of address space; sanitizers want terabytes, and get them.
bounded() {
    case ${BUILD:-build} in
    */asan) "${@:2}" ;;
    *) (ulimit -v "$1" && "${@:2}") ;;
    esac
}

# Not by the command `faketime`: what that leaves in /dev/shm when it is killed is in the way of a later process of the same number.
clock() {
    ${EXEC:-} env LD_PRELOAD="$FAKETIME_LIBRARY" FAKETIME="$1" NO_FAKE_STAT=1 "${@:2}"
}

ledger() {
    sqlite3 -batch -bail -noheader ledger.db "$1"
}

ledger_reg() {
    sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" "$1"
}

# Changes settings.
settings() {
    ledger_reg "SELECT reg_settings_patch('$1')" >/dev/null
}

# From now on sign-ups wait for a PIN.
pins() {
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","channels":["'"${1:-email}"'"]}'
}

contents() {
    sqlite3 -batch -bail ledger.db <"$ROOT/tests/jobs/contents.sql"
}

sums() {
    ledger "SELECT read, success, pending, failed, continued, rejected FROM import_batch
             WHERE import_id = (SELECT max(id) FROM import) ORDER BY end_offset DESC LIMIT 1"
}

# -- The stand-in.

STANDIN_TOKEN=stand-in-token
STANDIN_PID=

standin_start() {
    STANDIN_DIR=$(mktemp -d "${BATS_TEST_TMPDIR:-${BATS_FILE_TMPDIR:-${TMPDIR:-/tmp}}}/standin.XXXXXX")
    local -a accepted=(--accepted "$STANDIN_DIR/accepted.jsonl")
    case " $* " in *" --unchecked "* | *" --accepted "*) accepted=() ;; esac
    # bats waits for whoever holds its descriptor 3.
    # shellcheck disable=SC2086
    ${STANDIN_RUNNER:-} "${STANDIN:-$ROOT/build/standin}" --port 0 --port-file "$STANDIN_DIR/port" \
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

# -- What leaves the machine.

FINGERPRINT=ef92b778bafe771e89245b89ecbc08a44a4e166c06659911881f383d4473e94f

outbound_config() {
    printf '%s' "$STANDIN_TOKEN" >token
    chmod 600 token
    local fraud='' sms='' mail='' ledger=
    while [ $# -gt 0 ]; do
        printf -v "$1" '%s\n%s' "${!1}" "$2"
        shift 2
    done
    local section
    for section in fraud sms mail; do
        [[ "${!section}" == *rate\ =* ]] || printf -v "$section" '%s\nrate = 0' "${!section}"
        [[ "${!section}" == *pause_seconds\ =* ]] || printf -v "$section" '%s\npause_seconds = 60' "${!section}"
    done
    cat >regjob.conf <<END
[ledger]
path = ledger.db
$ledger
[fraud]
url = ${STANDIN_URL:-http://127.0.0.1:9}
token_file = token
$fraud
[sms]
$sms
[mail]
$mail
END
}

# A program at the job's time.
ahead() {
    if [ -n "$AHEAD" ]; then
        clock "$AHEAD" "$@"
    else
        ${EXEC:-} "$@"
    fi
}

carry() {
    # shellcheck disable=SC2086
    ahead ${REGJOB_RUNNER:-} "$REGJOB" -c regjob.conf "$@"
}

later() {
    AHEAD=$1
}

outcomes() {
    ledger_reg "INSERT INTO reg_attempts (email, phone, name, outcome, password_sha256)
                SELECT 'jane' || value || '@example.com', '+16045551234', 'Jane Doe', 'success', '$FINGERPRINT'
                  FROM generate_series(1, $1)"
}

due() {
    ledger "SELECT count(*) FROM report WHERE next_try_at IS NOT NULL"
}

tries() {
    ledger "SELECT coalesce(result, 'open') || ' ' || count(*) FROM try GROUP BY result ORDER BY result"
}

events() {
    ahead sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" \
        "SELECT state || ' ' || count(*) FROM reg_reports GROUP BY state ORDER BY state"
}

vendor() {
    standin_stats "$1"
}

AHEAD=
NOBODY_PID=

# The port is bound, but not listened on: one that was merely closed might be given to the next who asks for any.
nobody() {
    rm -f nobody.port
    /usr/bin/python3 -c '
import socket, time
held = socket.socket()
held.bind(("127.0.0.1", 0))
print(held.getsockname()[1], flush=True)
time.sleep(600)' >nobody.port 3>&- &
    NOBODY_PID=$!
    until_true test -s nobody.port
    STANDIN_URL=http://127.0.0.1:$(cat nobody.port)
}

nobody_gone() {
    [ -z "$NOBODY_PID" ] || kill "$NOBODY_PID" 2>/dev/null || true
    NOBODY_PID=
}

until_true() {
    local deadline=$((SECONDS + ${PATIENCE:-30}))
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.02
    done
}

# -- Mail that was kept.

check() {
    /usr/bin/python3 - "$kept/$1" "$2" "${@:3}" <<'END'
import email, email.policy, json, sys
raw = open(sys.argv[1] + ".eml", "rb").read()
mail = email.message_from_bytes(raw, policy=email.policy.default)
envelope = json.load(open(sys.argv[1] + ".json"))
def part(kind):
    return mail.get_body((kind,)).get_content()
exec(sys.argv[2])
END
}

# -- Faults.

faulty() {
    local library=$BATS_FILE_TMPDIR/faulty.so
    [ -e "$library" ] ||
        "${CC:-gcc}" -std=c17 -D_GNU_SOURCE -O1 -fPIC -shared "$ROOT/tests/jobs/faulty.c" -o "$library" || return 99
    env LD_PRELOAD="$library" "$@"
}

# -- Another user.

unprivileged() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}

unprivileged_setup() {
    UNPRIVILEGED=$(mktemp -d "${TMPDIR:-/tmp}/regjob-user.XXXXXX")
    chmod 755 "$UNPRIVILEGED"
    cp "$REGJOB" "$UNPRIVILEGED/regjob"
    chmod 755 "$UNPRIVILEGED/regjob"
    mkdir "$UNPRIVILEGED/work"
    [ "$(id -u)" != 0 ] || chown 65534:65534 "$UNPRIVILEGED/work"
    cd "$UNPRIVILEGED/work" || return 1
    REGJOB=$UNPRIVILEGED/regjob
    unprivileged "$REGJOB" -l ledger.db init
}

unprivileged_end() {
    cd / && rm -rf "${UNPRIVILEGED:?}"
}
