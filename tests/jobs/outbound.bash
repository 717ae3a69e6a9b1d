# Functions for tests of what leaves the machine: `load regjob`, `load standin`, `load outbound`.
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
