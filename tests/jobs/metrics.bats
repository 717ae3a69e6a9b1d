# SPDX-License-Identifier: MIT
# --metrics FILE: one file for all commands.

load ../helper

setup() {
    regjob_setup
}

teardown() {
    standin_stop
}

# sample NAME: its value
sample() {
    grep -F "$1 " m.prom | cut -d' ' -f2
}

@test "the file tells of the last run of each command, not of the last run alone" {
    standin_start --fault status-400:count=1
    outbound_config ledger 'metrics = m.prom'
    outcomes 3
    carry report || [ $? = 2 ]
    [ "$(sample 'regjob_run_exit_code{command="report"}')" = 2 ]
    [ "$(sample 'regjob_run_items{command="report",step="report",what="accepted"}')" = 2 ]
    [ "$(sample 'regjob_run_items{command="report",step="report",what="dead"}')" = 1 ]
    ended=$(sample 'regjob_run_end_timestamp_seconds{command="report"}')
    carry send
    carry settle
    for command in send settle; do
        [ "$(sample "regjob_run_exit_code{command=\"$command\"}")" = 0 ]
        [ -n "$(sample "regjob_run_seconds{command=\"$command\"}")" ]
    done
    [ "$(sample 'regjob_run_exit_code{command="report"}')" = 2 ]
    [ "$(sample 'regjob_run_items{command="report",step="report",what="accepted"}')" = 2 ]
    [ "$(cut -d. -f1 <<<"$(sample 'regjob_run_end_timestamp_seconds{command="report"}')")" = "$(cut -d. -f1 <<<"$ended")" ]
    # Each command once, and the last run of it.
    carry report
    [ "$(grep -c '^regjob_run_exit_code{' m.prom)" = 3 ]
    [ "$(sample 'regjob_run_exit_code{command="report"}')" = 0 ]
    [ -z "$(sample 'regjob_run_items{command="report",step="report",what="dead"}')" ] ||
        [ "$(sample 'regjob_run_items{command="report",step="report",what="dead"}')" = 0 ]
    [ "$(tail -n 1 m.prom)" = "# EOF" ]
}

@test "a run that cannot write to the ledger is told of all the same" {
    standin_start
    outbound_config ledger $'metrics = m.prom\nbusy_timeout_ms = 0'
    carry send
    outcomes 1
    ledger "CREATE TRIGGER full BEFORE INSERT ON try BEGIN SELECT RAISE(ABORT, 'no room'); END"
    carry report || [ $? = 1 ]
    [ "$(sample 'regjob_run_exit_code{command="report"}')" = 1 ]
    [ "$(sample 'regjob_run_exit_code{command="send"}')" = 0 ]
}

@test "the last time that a command did all its work is told, whatever came after it" {
    standin_start
    outbound_config ledger 'metrics = m.prom'
    carry settle
    carry send
    ended=$(sample 'regjob_run_success_timestamp_seconds{command="settle"}')
    [ "$ended" = "$(sample 'regjob_run_end_timestamp_seconds{command="settle"}')" ]
    # Ended with 1, it has a newer end and the old success.
    ledger "INSERT INTO run (id, command, started_at, finished_at, exit_code, counts)
            SELECT max(id) + 1, 'settle', max(finished_at) + 5000, max(finished_at) + 6000, 1, '{}' FROM run"
    carry send
    [ "$(sample 'regjob_run_success_timestamp_seconds{command="settle"}')" = "$ended" ]
    [ "$(sample 'regjob_run_exit_code{command="settle"}')" = 1 ]
    # Work that was done, with something for somebody to look at, is done: 2.
    ledger "INSERT INTO run (id, command, started_at, finished_at, exit_code, counts)
            SELECT max(id) + 1, 'settle', 7000, 8000, 2, '{}' FROM run"
    ledger "UPDATE run SET finished_at = 4000 WHERE command = 'settle' AND exit_code = 0"
    carry send
    [ "$(sample 'regjob_run_success_timestamp_seconds{command="settle"}')" = 8 ]
    # status prints the same to whoever asks, without a run of its own.
    carry status --format openmetrics >printed
    [ "$(grep -c . <(grep -v '^#' printed))" = "$(grep -c . <(grep -v '^#' m.prom))" ]
    [ "$(grep 'exit_code{' printed)" = "$(grep 'exit_code{' m.prom | sort)" ] || diff <(grep 'exit_code{' printed | sort) <(grep 'exit_code{' m.prom | sort)
}

@test "a clock that went back shows in the metrics" {
    standin_start
    outbound_config ledger 'metrics = m.prom'
    carry send
    grep -q "^regjob_clock_behind_seconds 0$" m.prom
    later -2h
    run carry settle
    behind=$(sed -n 's/^regjob_clock_behind_seconds //p' m.prom)
    echo "$behind"
    [ "${behind%.*}" -ge 7190 ]
    [ "${behind%.*}" -le 7200 ]
}
