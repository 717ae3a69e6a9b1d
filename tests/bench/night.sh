# SPDX-License-Identifier: MIT
# The whole night beside the script that a team would write: import with passwords, a mail to each, a report of each.

night_servers() {
    mkdir -p kept
    [ -e certificate.pem ] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out certificate.pem 2>openssl.log
    /usr/bin/python3 "$HERE/../jobs/smtp_server.py" kept certificate.pem key.pem plain 2>smtp.log &
    SMTP_PID=$!
    while [ ! -s kept/port ]; do
        kill -0 "$SMTP_PID"
        sleep 0.02
    done
    standin_start
}

# Every one was mailed to and reported, whoever did it.
night_is_done() {
    [ "$(find kept -name '*.eml' | wc -l)" = "$NIGHT" ] && [ "$(stat_of requests)" = "$NIGHT" ] || {
        echo "tests/bench: $1: not everybody was mailed to and reported" >&2
        exit 1
    }
    find kept -name '[0-9]*' -delete
    curl -sf -X POST "$base/control/reset" >/dev/null
}

night() {
    heading "a night of $NIGHT sign-ups with passwords, on $CORES cores"
    tool rows "$NIGHT" $((SEED + 7000)) clear >night.csv
    night_servers
    printf '[ledger]\npath = night.db\n[import]\nsettle_seconds = 0\ninbox = night-inbox\n[mail]\nurl = smtp://127.0.0.1:%s\ntls = none\nrate = 0\nconcurrency = 20\nfrom = no-reply@example.com\n[fraud]\nurl = %s\ntoken_env = BENCH_TOKEN\nrate = 0\nconcurrency = 50\n' \
        "$(cat kept/port)" "$base" >night.conf
    mkdir -p night-inbox
    for round in $(seq "$ROUNDS"); do
        ledger_new night.db
        sqlite3 -batch -cmd ".load $BUILD/reg" night.db "SELECT reg_settings_patch('{\"registrationType\":\"REQUIRE_EMAIL_CONFIRMATION\"}')" >/dev/null
        cp night.csv night-inbox/
        timed night "$REGJOB" -c night.conf nightly
        night_is_done regjob
        for threads in 1 2; do
            rm -f team.db*
            timed "night-team-$threads" /usr/bin/python3 "$HERE/team.py" night night.csv team.db "$(cat kept/port)" "$base/v2/registration" "$threads"
            night_is_done "the script"
        done
    done
    kill "$SMTP_PID"
    standin_stop
    ours=$(per_second "$NIGHT" "$(median night)")
    compare_rates "nightly : a script, hashing on one thread" "$ours" "$(per_second "$NIGHT" "$(median night-team-1)")" 4
    compare_rates "nightly : a script, hashing on two threads" "$ours" "$(per_second "$NIGHT" "$(median night-team-2)")" 2.3
}
