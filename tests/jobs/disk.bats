# SPDX-License-Identifier: MIT
# What the disk does to a run: a full one, a ledger that is read-only for a while.

load ../helper

setup() {
    regjob_setup
    STANDIN_TOKEN=secret
    mkdir outbox
}

teardown() {
    [ -z "$UNPRIVILEGED" ] || unprivileged_end
}

UNPRIVILEGED=

@test "a full disk under the folder of a channel is told as that, and not as our credentials" {
    outbound_config mail "url = file:$PWD/outbox/mail"$'\nfrom = a@example.com' sms "url = file:$PWD/outbox/sms"$'\nfrom = 123'
    ledger_reg "SELECT reg_settings_patch('{\"channels\":[\"email\",\"sms\"]}') IS NOT NULL" >/dev/null
    ledger_reg "SELECT reg_issue_code('ann@example.com', 'email'), reg_issue_code('+16045550001', 'sms')" >/dev/null
    run faulty FULL_IN=outbox "$REGJOB" -c regjob.conf send
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"email: $PWD/outbox/mail: No space left on device; 1 still to be sent"* ]]
    [[ "$output" == *"sms: $PWD/outbox/sms: No space left on device; 1 still to be sent"* ]]
    [[ "$output" != *credentials* ]]
    [ "$(tries)" = "" ]
    run carry send
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(ls outbox/mail/new outbox/sms/new | grep -c .)" -ge 2 ]
}

@test "a full disk under the ledger is told as that, whatever the step was doing" {
    outbound_config mail "url = file:$PWD/outbox/mail"$'\nfrom = a@example.com'
    ledger_reg "SELECT reg_issue_code('ann@example.com', 'email')" >/dev/null
    regjob_keep
    for room in 0 4000 20000 40000; do
        regjob_fresh
        run faulty "FULL_AFTER=$room" "$REGJOB" -c regjob.conf send
        echo "$room: $output"
        [ "$status" -eq 1 ]
        [[ "${lines[0]}" == *"ledger.db: "*full* || "${lines[0]}" == *"ledger.db: "*"No space left"* ]]
        [[ "$output" != *credentials* ]]
    done
}

@test "a run while the ledger is read-only leaves nothing in the way of the next ones" {
    unprivileged_setup
    chmod 444 ledger.db
    run unprivileged "$REGJOB" -l ledger.db status
    [ "$status" -eq 0 ]
    run unprivileged "$REGJOB" -l ledger.db settle
    [ "$status" -eq 1 ]
    [[ "$output" == *"ledger.db: "*readonly* ]]
    [ "$(stat -c %a ledger.db-shm)" = 444 ]
    chmod 600 ledger.db
    run unprivileged "$REGJOB" -l ledger.db settle
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
}

# LEDGER-wal may hold commits that the ledger does not have yet: the advice must not lose them.
@test "another user's file next to the ledger: the advice mends it and never removes it" {
    [ "$(id -u)" = 0 ] || skip "only root can make another user's file"
    unprivileged_setup
    for suffix in shm wal; do
        touch "ledger.db-$suffix"
        chmod 444 "ledger.db-$suffix"
        run unprivileged "$REGJOB" -l ledger.db settle
        echo "$output"
        [ "$status" -eq 1 ]
        [[ "$output" == *"ledger.db-$suffix: not writable (Permission denied)"*"the ledger's owner and mode, and do not remove it" ]]
        chown --reference=ledger.db "ledger.db-$suffix"
        chmod --reference=ledger.db "ledger.db-$suffix"
        unprivileged "$REGJOB" -l ledger.db settle
        rm -f "ledger.db-$suffix"
    done
}
