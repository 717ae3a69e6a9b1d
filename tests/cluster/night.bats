# SPDX-License-Identifier: MIT
# A whole night on a cluster, as on a file: and with nodes that die or freeze in the middle of it.

load ../helper
load ../cluster

setup() {
    cluster_setup
    standin_start
    mkdir inbox confirmations mail
    configure
}

teardown() {
    nodes_stop
    standin_stop
}

configure() {
    outbound_config mail "url = file:mail"
    printf '[import]\ninbox = inbox\nsettle_seconds = 0\nconfirm_inbox = confirmations\n' >>regjob.conf
    cluster_conf
}

# Sign-ups of which each is told to the fraud API, and most are sent a code.
sign_ups() { # FIRST COUNT
    seq "$1" "$(($1 + $2 - 1))" | awk 'BEGIN { print "email,password" } { print "p" $1 "@example.net,Abcdef1!x" }'
}

# Every report that the vendor accepted is acknowledged, or ambiguous and counted; every code that was sent has a message.
all_adds_up() {
    until_true all_hold now.db
    reports=$(sqlite3 now.db "SELECT count(*) FROM report")
    [ "$(sqlite3 now.db "SELECT count(*) FROM report WHERE next_try_at IS NOT NULL")" = 0 ]
    [ "$(sqlite3 now.db "SELECT count(*) FROM report_event WHERE state = 'acknowledged'")" = "$reports" ]
    accepted=$(vendor accepted)
    doubtful=$(sqlite3 now.db "SELECT count(*) FROM try WHERE report_id IS NOT NULL AND result = 'ambiguous'")
    echo "$reports reports, $accepted accepted, $doubtful tries ambiguous"
    [ "$accepted" -ge "$reports" ]
    [ "$accepted" -le $((reports + doubtful)) ]
    codes=$(sqlite3 now.db "SELECT count(*) FROM code")
    messages=$(find mail/new -type f | wc -l)
    doubtful=$(sqlite3 now.db "SELECT count(*) FROM try WHERE code_id IS NOT NULL AND result = 'ambiguous'")
    echo "$codes codes, $messages messages, $doubtful tries ambiguous"
    [ "$(sqlite3 now.db "SELECT count(*) FROM code WHERE next_try_at IS NOT NULL")" = 0 ]
    [ "$messages" -ge "$codes" ]
    [ "$messages" -le $((codes + doubtful)) ]
    [ "$(sqlite3 now.db "SELECT count(*) FROM try WHERE finished_at IS NULL")" = 0 ]
}

@test "a night: imported, sent, confirmed, settled, told" {
    echo '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","sandbox":true}' >settings.json
    shared settings --patch settings.json
    sign_ups 1 30 >inbox/first.csv
    run shared nightly
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(find mail/new -type f | wc -l)" = 30 ]
    [ "$(vendor accepted)" = 0 ]
    # The codes of a sandbox are the same everywhere: ten right, five wrong.
    { echo subject,code; seq 1 10 | sed 's/.*/p&@example.net,12345/'; seq 11 15 | sed 's/.*/p&@example.net,54321/'; } >confirmations/answers.csv
    run shared nightly
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(vendor accepted)" = 10 ]
    [ "$(ask "SELECT outcome, count(*) FROM decision GROUP BY outcome")" = '["success", 10]' ]
    [ "$(ask "SELECT count(*) FROM wrong_try")" = "[5]" ]
    # What is left runs out of time.
    echo '{"pendingLifetimeInSeconds":60}' >settings.json
    shared settings --patch settings.json
    "$ROOT/${BUILD:-build}/tools/rqlite_say" "$nodes" execute 20 <<<'[["UPDATE waiting SET deadline = 1"]]'
    run shared nightly
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(ask "SELECT reasons, count(*) FROM decision WHERE outcome = 'failure' GROUP BY reasons")" = '["[\"verification_expired\"]", 20]' ]
    [ "$(vendor accepted)" = 30 ]
    [ "$(ask "SELECT count(*) FROM waiting")" = "[0]" ]
    until_true all_hold now.db
}

@test "nodes that lead are killed and frozen in the middle of nights: nothing is lost, and doubled no more than is counted" {
    echo '{"registrationType":"REQUIRE_EMAIL_CONFIRMATION"}' >settings.json
    shared settings --patch settings.json
    rounds=${SOAK:+20}
    for ((round = 1; round <= ${rounds:-2}; round++)); do
        sign_ups $((round * 1000)) 150 >inbox/round$round.csv
        shared nightly >night.log 2>&1 &
        night=$!
        # As soon as it has begun to write.
        at=$((RANDOM % 4))
        case $at in
        0) until_true import_began $round ;;
        1) until_true import_ended $round ;;
        2) until_true message_of $((round * 1000)) ;;
        3) until_true reports_began $round ;;
        esac
        led=$(leader)
        [ $((round % 2)) = 0 ] && node_freeze "$led" || node_kill "$led"
        wait $night && status=0 || status=$?
        echo "round $round: at $at node $led; $status"
        cat night.log
        [ "$status" -le 1 ]
        [ $((round % 2)) = 0 ] && node_thaw "$led" || node_start "$led"
        until_true all_ready
    done
    for _ in 1 2 3; do
        # What is tried again after a pause is due then.
        "$ROOT/${BUILD:-build}/tools/rqlite_say" "$nodes" execute 20 \
            <<<'[["UPDATE report SET next_try_at = 1 WHERE next_try_at IS NOT NULL"], ["UPDATE code SET next_try_at = 1 WHERE next_try_at IS NOT NULL"]]'
        shared nightly >night.log 2>&1 && break
        cat night.log
    done
    [ "$(ask "SELECT count(*), count(DISTINCT import_id || ':' || line) FROM attempt")" = "[$((${rounds:-2} * 150)), $((${rounds:-2} * 150))]" ]
    all_adds_up
}

import_began() { [ "$(ask "SELECT count(*) FROM import")" = "[$1]" ]; }
import_ended() { [ "$(ask "SELECT count(*) FROM import WHERE finished_at IS NOT NULL")" = "[$1]" ]; }
message_of() { grep -qrl "p$1@" mail/new 2>/dev/null || [ -n "$(ls mail/new 2>/dev/null)" ]; }
reports_began() { [ "$(vendor accepted)" -gt $((($1 - 1) * 150)) ]; }
