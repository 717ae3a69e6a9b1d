# SPDX-License-Identifier: MIT
# What keeps secrets from others on the same machine: the program's memory, the files of secrets.

load ../helper

setup() {
    regjob_setup
    STANDIN_TOKEN=secret
    outbound_config
}

teardown() {
    [ -z "$running" ] || kill -9 "$running" 2>/dev/null || true
    [ -z "$UNPRIVILEGED" ] || unprivileged_end
}

running=
UNPRIVILEGED=

@test "no core file, and no look into the memory for others of the same user" {
    unprivileged_setup
    unprivileged mkfifo held
    # From a pipe that nobody ends: the job waits for its header.
    unprivileged sh -c 'ulimit -c unlimited 2>/dev/null; exec "$0" -l ledger.db import --name x - <held' "$REGJOB" >log 2>&1 3>&- &
    running=$!
    exec 8>held
    until_true test -s ledger.db.import.lock
    read -r pid _ <ledger.db.import.lock
    [[ "$(grep 'Max core file size' "/proc/$pid/limits")" =~ size\ +0\ +0\  ]]
    case ${BUILD:-build} in
    */asan) ;; # the search for leaks looks into it
    *) [ "$(stat -c %u "/proc/$pid/maps")" = 0 ] ;; # the kernel gives it to root where the process is not dumpable
    esac
    exec 8>&-
    wait "$running" || true
    running=
}

@test "without that look the job still finds its own input again" {
    unprivileged_setup
    unprivileged sh -c 'printf "email,password\nann@example.com,A9#bL8@z\n" >a.csv'
    run unprivileged sh -c '"$0" -l ledger.db import /dev/stdin <a.csv' "$REGJOB"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 1 ]
}

needs_a_key() {
    ledger_reg "SELECT reg_issue_code('ann@example.com', 'email')" >/dev/null
}

@test "a key and a secret must be root's or our own" {
    [ "$(id -u)" = 0 ] || skip "only root can give a file away"
    chown 65534 token
    run carry status
    echo "$output"
    [ "$status" -eq 78 ]
    [[ "$output" == *"token belongs to user 65534"*"the user who runs this (0)"* ]]
    chown 0 token
    run carry status
    [ "$status" -eq 0 ]
    chown 65534 ledger.db.key
    run needs_a_key
    echo "$output"
    [[ "$output" == *"ledger.db.key belongs to user 65534"* ]]
    chown 0 ledger.db.key
    needs_a_key
    unprivileged_setup
    printf 'secret' >token
    chmod 644 token # readable, or it would be another error
    printf '[ledger]\npath = ledger.db\n[fraud]\nurl = http://127.0.0.1:9\ntoken_file = token\n' >regjob.conf
    run unprivileged "$REGJOB" -c regjob.conf status
    [ "$status" -eq 78 ]
    [[ "$output" == *"token can be used by others (mode 644)"* ]]
}

# As systemd's LoadCredential= puts them there: a folder of the unit's, files of mode 0440 by the mask of an ACL.
@test "credentials of systemd are taken with mode 0440, from their folder alone" {
    mkdir -m 750 credentials
    mv token ledger.db.key credentials
    chmod 440 credentials/*
    export CREDENTIALS_DIRECTORY=$PWD/credentials REG_KEY_FILE=$PWD/credentials/ledger.db.key
    sed -i "s,^token_file = .*,token_file = $PWD/credentials/token," regjob.conf
    carry status
    needs_a_key
    cp -p credentials/token elsewhere
    sed -i "s,^token_file = .*,token_file = $PWD/elsewhere," regjob.conf
    run carry status
    [ "$status" -eq 78 ]
    [[ "$output" == *"elsewhere can be used by others (mode 440)"* ]]
    sed -i "s,^token_file = .*,token_file = $PWD/credentials/token," regjob.conf
    for mode in 444 460 470; do
        chmod "$mode" credentials/token
        run carry status
        [ "$status" -eq 78 ]
        [[ "$output" == *"credentials/token can be used by others (mode $mode)"* ]]
    done
    chmod 440 credentials/token
    chmod 770 credentials # then its files could be exchanged
    run carry status
    [ "$status" -eq 78 ]
    chmod 750 credentials
    carry status
    # One configuration serves every unit: a credential of the same name goes before the file, which may be root's alone.
    sed -i "s,^token_file = .*,token_file = $PWD/nowhere/token," regjob.conf
    carry status
    run env -u CREDENTIALS_DIRECTORY "$REGJOB" -c regjob.conf status
    [ "$status" -eq 78 ]
    [[ "$output" == *"nowhere/token: No such file"* ]]
    printf 'two\nlines\n' >credentials/spare
    chmod 600 credentials/spare
    sed -i "s,^token_file = .*,token_file = $PWD/nowhere/spare," regjob.conf
    run carry status
    [ "$status" -eq 78 ]
    [[ "$output" == *"$PWD/credentials/spare has a control character"* ]]
    sed -i "s,^token_file = .*,token_file = $PWD/credentials/token," regjob.conf
    CREDENTIALS_DIRECTORY=$PWD run carry status
    [ "$status" -eq 78 ]
    unset CREDENTIALS_DIRECTORY
    run carry status
    [ "$status" -eq 78 ]
    run needs_a_key
    [[ "$output" == *"credentials/ledger.db.key can be used by others (mode 440)"* ]]
}

@test "a secret may be a link: what it leads to is looked at" {
    mkdir store
    mv token store/token
    ln -s store/token token
    carry status
    chmod 640 store/token
    run carry status
    [ "$status" -eq 78 ]
    [[ "$output" == *"token can be used by others (mode 640)"* ]]
}
