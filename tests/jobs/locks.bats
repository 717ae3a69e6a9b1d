# SPDX-License-Identifier: MIT
# The locks of the job's steps, where they cannot be had: a step that cannot lock does nothing, and says so.

load ../helper

setup() {
    regjob_setup
}

teardown() {
    [ -z "$running" ] || kill -9 "$running" 2>/dev/null || true
    standin_stop
}

running=

everything() {
    ledger "SELECT (SELECT count(*) FROM attempt), (SELECT count(*) FROM import), (SELECT count(*) FROM continuation),
                   (SELECT count(*) FROM try), (SELECT count(*) FROM code_end)"
}

@test "a lock that cannot be made stops every step, with a line that names it" {
    standin_start
    outbound_config
    outcomes 1
    code=$(ledger_reg "SELECT reg_issue_code('ann@example.com', 'none')")
    ledger_reg "SELECT reg_issue_code('bob@example.com', 'email')" >/dev/null
    printf 'email,password\ncy@example.com,A9#bL8@z\n' >signups.csv
    printf 'subject,code\nann@example.com,%s\n' "$code" >confirmations.csv
    before=$(everything)
    while read -r step command; do
        mkdir "ledger.db.$step.lock"
        # shellcheck disable=SC2086
        run carry $command
        echo "$command: $status $output"
        [ "$status" -eq 1 ]
        [[ "$output" == *"ledger.db.$step.lock"* ]]
        [ "$(everything)" = "$before" ]
        rmdir "ledger.db.$step.lock"
    done <<'END'
import import signups.csv
import confirm confirmations.csv
send send
settle settle
report report
END
    [ "$(vendor requests)" = 0 ]
}

@test "init --restored waits for no step: while one is under way it changes nothing and ends with 75" {
    standin_start --fault never:path=/v2
    outbound_config fraud $'transfer_seconds = 600\nidle_seconds = 300'
    outcomes 1
    ledger_reg "SELECT reg_issue_code('ann@example.com', 'none')" >/dev/null
    EXEC=exec carry report >log 2>&1 3>&- &
    running=$!
    asked() { [ "$(vendor requests)" -ge 1 ]; }
    until_true asked
    before=$(everything)
    run carry init --restored
    echo "$output"
    [ "$status" -eq 75 ]
    [[ "$output" == *"report"* ]]
    [ "$(everything)" = "$before" ]
    [ "$(tries)" = "open 1" ]
    kill -9 "$running"
    wait "$running" || true
    running=
    for step in import send settle report reconcile; do
        exec 9>"ledger.db.$step.lock"
        flock 9
        run carry init --restored
        echo "$step: $status $output"
        [ "$status" -eq 75 ]
        [[ "$output" == *"$step"* ]]
        [ "$(everything)" = "$before" ]
        exec 9>&-
    done
    rm ledger.db.settle.lock
    mkdir ledger.db.settle.lock
    run carry init --restored
    [ "$status" -eq 1 ]
    [[ "$output" == *"ledger.db.settle.lock"* ]]
    [ "$(everything)" = "$before" ]
    rmdir ledger.db.settle.lock
    run carry init --restored
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(tries)" = "ambiguous 1" ]
}

# What is imported in transactions that take long enough for a pause after each.
import_alone() { # FILE
    printf '[ledger]\npath = ledger.db\n[import]\nbatch = 30000\n' >job.conf
    { echo email,outcome; seq -f "$1-%.0f@example.com,success" 90000; } >"$1.csv"
    rm -f pauses
    faulty PAUSES=pauses "$REGJOB" -c job.conf import "$1.csv"
}

@test "an import pauses for others only where they are, and always where they cannot be seen" {
    import_alone a
    [ ! -e pauses ]
    coproc reader { sqlite3 -batch ledger.db; }
    echo "SELECT count(*) FROM attempt;" >&"${reader[1]}"
    read -r count <&"${reader[0]}"
    [ "$count" = 90000 ]
    import_alone b
    [ -s pauses ]
    echo .quit >&"${reader[1]}"
    wait "$reader_PID"
    # In another mode than WAL who waits has no lock.
    [ "$(sqlite3 ledger.db "PRAGMA journal_mode = DELETE")" = delete ]
    import_alone c
    [ -s pauses ]
    [ "$(sqlite3 ledger.db "PRAGMA journal_mode")" = delete ]
}
