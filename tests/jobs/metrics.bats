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
