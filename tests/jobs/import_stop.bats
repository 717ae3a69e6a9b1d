# SPDX-License-Identifier: MIT
# regjob import: stopped at any instant, by any means, and gone on with: the same ledger as without.

load ../helper

setup() {
    regjob_setup
    settings '{"requiredFields":[]}'
    regjob_keep
    printf '[ledger]\npath = ledger.db\nbusy_timeout_ms = 200\n[import]\nbatch = 10\n' >job.conf
}

# Rows of every kind: good, failed, taken, pending for nobody, told, log-ins and rejects.
mixed() {
    seq "$1" | awk '
        BEGIN { print "email,password,outcome,identity_provider,identity_subject,attempted_at,recommendation" }
        $1 % 8 == 0 { print "p" $1 "@example.com,short,,,,1700000000,"; next }
        $1 % 8 == 1 { print "p" int($1 / 2) "@example.com,Abcdef1!x,,,,1700000000,"; next }
        $1 % 8 == 2 { print "broken " $1; next }
        $1 % 8 == 3 { print ",,,google,g-" int($1 / 16) % 5 ",1700000000,"; next }
        $1 % 8 == 4 { print "p" int($1 / 3) "@example.com,,success,,,1700000000,"; next }
        $1 % 8 == 5 { print "p" $1 "@example.com,,failure,,,1700000000,REVIEW"; next }
        { print "p" $1 "@example.com,Abcdef1!x,,,,1700000000,ALLOW" }'
}

import() {
    "$REGJOB" -c job.conf import "$@"
}

# What an import that nothing stopped leaves: in undisturbed and undisturbed.rejects.
undisturbed() {
    import a.csv || [ $? -eq 2 ]
    contents >undisturbed
    mv a.csv.1.rejects undisturbed.rejects
    [ "$(ledger "SELECT count(DISTINCT outcome) FROM attempt")" -ge 2 ]
    [ "$(ledger "SELECT count(*) > 0 FROM continuation")" = 1 ]
    regjob_fresh
}

same_as_undisturbed() {
    contents >found
    diff undisturbed found >difference || { head -20 difference; return 1; }
    cmp undisturbed.rejects a.csv.1.rejects
    [ "$(ledger "PRAGMA integrity_check; PRAGMA foreign_key_check")" = ok ]
}

# Every fifth call, all of them with STRIDE=1.
@test "killed before each call that changes a file, one after the other, and gone on with" {
    mixed 25 >a.csv
    undisturbed
    calls=0
    for ((at = 1; ; at += ${STRIDE:-$([ -n "${SOAK-}" ] && echo 1 || echo 5)})); do
        regjob_fresh
        rm -f a.csv.*rejects*
        run faulty "KILL_AT=$at" "$REGJOB" -c job.conf import a.csv
        [ "$status" -eq 137 ] || break
        [ "$(ledger "PRAGMA integrity_check")" = ok ]
        run import a.csv
        [ "$status" -eq 2 ] || { [ "$status" -eq 0 ] && [ "$(ledger "SELECT finished_at IS NOT NULL FROM import")" = 1 ]; }
        same_as_undisturbed
        calls=$at
    done
    [ "$status" -eq 2 ]
    [ "$calls" -gt 30 ]
}

# Random instants of the work itself, from the first commit of rows to the last: as many as KILLS.
@test "killed at random instants, and gone on with" {
    mixed 6000 >a.csv
    sed -i 's/batch = 10/batch = 100/' job.conf
    began=$(date +%s%3N)
    undisturbed
    whole=$(($(date +%s%3N) - began))
    seed=${SEED:-$RANDOM}
    echo "# SEED=$seed" >&3
    RANDOM=$seed
    kills=0 quarter=()
    for ((round = 0; kills < ${KILLS:-$([ -n "${SOAK-}" ] && echo 50 || echo 6)}; round++)); do
        [ "$round" -lt 500 ]
        regjob_fresh
        rm -f a.csv.*rejects*
        run timeout -s KILL "$(printf '%d.%03d' 0 $((1 + RANDOM % (whole < 900 ? whole : 900))))" "$REGJOB" -c job.conf import a.csv
        [ "$status" -eq 137 ] || continue
        rows=$(ledger "SELECT coalesce(max(read), 0) FROM import_batch")
        [ "$rows" -gt 0 ] && [ "$rows" -lt 6000 ] || continue # not yet, or already over
        kills=$((kills + 1))
        quarter[rows / 1500]=1
        [ "$(ledger "PRAGMA integrity_check")" = ok ]
        [ "$(ledger "SELECT (SELECT count(*) FROM attempt) + (SELECT count(*) FROM continuation) + (SELECT count(*) FROM reject)")" = "$rows" ]
        # Once in three it is killed again, and again.
        if ((RANDOM % 3 == 0)); then
            run timeout -s KILL 0.05 "$REGJOB" -c job.conf import a.csv
            run timeout -s KILL 0.1 "$REGJOB" -c job.conf import a.csv
        fi
        run import a.csv
        [ "$status" -eq 2 ] || [ "$status" -eq 0 ]
        same_as_undisturbed
    done
    # They were spread over it.
    [ "${#quarter[@]}" -ge 2 ]
    [ -z "${SOAK-}" ] || [ "${#quarter[@]}" -eq 4 ]
}

@test "SIGTERM: the batch in hand is committed, exit 1, and it goes on from there" {
    mixed 45 >a.csv
    undisturbed
    run faulty TERM_AFTER_SYNCS=4 "$REGJOB" -c job.conf import a.csv
    [ "$status" -eq 1 ]
    [[ "$output" == *"a.csv: stopped by SIGTERM before line "*"; the next import continues there"* ]]
    line=$(sed -n 's/.*before line \([0-9]*\);.*/\1/p' <<<"$output")
    [ "$line" = "$(ledger "SELECT max(end_line) FROM import_batch")" ]
    [ "$line" -gt 2 ] && [ "$line" -lt 46 ]
    [ "$(ledger "SELECT exit_code FROM run WHERE id = 1")" = 1 ]
    run import a.csv
    [ "$status" -eq 2 ]
    same_as_undisturbed
}

@test "the time limit of a run ends it as SIGTERM does" {
    mixed 20000 >a.csv
    sed -i '/^path/a run_seconds = 1' job.conf
    settings '{"passwordHash":{"memoryKiB":19456,"passes":2}}'
    run import a.csv
    [ "$status" -eq 1 ]
    [[ "$output" == *"reached the time limit (run_seconds = 1)"* ]]
}

@test "a ledger that another program writes: one line, exit 1, and nothing of the file" {
    mixed 5 >a.csv
    mkfifo hold
    (printf 'BEGIN IMMEDIATE;\n.print held\n'; cat hold) | sqlite3 ledger.db >held 3>&- &
    holder=$!
    exec 9>hold
    until [ -s held ]; do sleep 0.01; done
    run import a.csv
    exec 9>&-
    wait "$holder" || true
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ "$output" == *"ledger.db: "*"locked"* ]]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 0 ]
    run import a.csv
    [ "$status" -eq 2 ]
}

@test "a ledger that another program keeps to itself cannot be opened: one line, exit 1" {
    mixed 5 >a.csv
    printf '[ledger]\npath = ledger.db\nbusy_timeout_ms = 100\n' >job.conf
    mkfifo hold
    (printf 'PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE;\n.print held\n'; cat hold) | sqlite3 ledger.db >held 3>&- &
    holder=$!
    exec 9>hold
    until grep -q held held; do sleep 0.01; done
    run "$REGJOB" -c job.conf import a.csv
    exec 9>&-
    wait "$holder" || true
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ "$output" == *"ledger.db: "*"locked"* ]]
    run "$REGJOB" -c job.conf import a.csv
    [ "$status" -eq 2 ]
}

@test "a ledger that may only be read: one line, exit 1" {
    mixed 5 >a.csv
    chmod 400 ledger.db
    mkdir sealed && mv ledger.db ledger.db.key sealed/
    chmod 500 sealed
    sed -i 's/^path.*/path = sealed\/ledger.db/' job.conf
    chmod a+rx "$BATS_RUN_TMPDIR" 2>/dev/null || true
    if [ "$(id -u)" = 0 ]; then
        run setpriv --bounding-set -all --inh-caps -all "$REGJOB" -c job.conf import a.csv
    else
        run import a.csv
    fi
    chmod 700 sealed
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ "$output" == "regjob: "*"ledger.db"* ]]
}

@test "a full disk: the last commit stands, exit 1, and it goes on when there is room" {
    mixed 200 >a.csv
    undisturbed
    for room in 50000 100000 200000 400000; do
        regjob_fresh
        rm -f a.csv.*rejects*
        run faulty "FULL_AFTER=$room" "$REGJOB" -c job.conf import a.csv
        [ "$status" -eq 1 ]
        [[ "$output" == *"full"* || "$output" == *"No space left"* ]]
        [ "$(ledger "PRAGMA integrity_check")" = ok ]
        [ "$(ledger "SELECT count(*) FROM attempt")" = "$(ledger "SELECT coalesce(max(success + pending + failed), 0) FROM import_batch")" ]
        run import a.csv
        [ "$status" -eq 2 ]
        same_as_undisturbed
    done
}

@test "a file size limit does as a full disk does, and no signal ends it" {
    mixed 200 >a.csv
    run prlimit --fsize=300000 "$REGJOB" -c job.conf import a.csv
    [ "$status" -eq 1 ]
    [[ "$output" == "regjob: "* ]]
    [ "$(ledger "PRAGMA integrity_check")" = ok ]
    run import a.csv
    [ "$status" -eq 2 ]
}

@test "a missing key, one that others may read and one of another length: exit 78, and nothing is written" {
    mixed 8 >a.csv
    mv ledger.db.key kept
    run import a.csv
    [ "$status" -eq 78 ]
    [[ "$output" == *"ledger.db.key"* ]]
    cp kept ledger.db.key
    chmod 644 ledger.db.key
    run import a.csv
    [ "$status" -eq 78 ]
    [[ "$output" == *"ledger.db.key"* ]]
    head -c 16 kept >ledger.db.key
    chmod 600 ledger.db.key
    run import a.csv
    [ "$status" -eq 78 ]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 0 ]
}

@test "no ledger and a ledger of a newer version: said, exit 1 and 78" {
    mixed 8 >a.csv
    ledger "PRAGMA user_version = 1000"
    run import a.csv
    [ "$status" -eq 78 ]
    [[ "$output" == *"1000"* ]]
    rm ledger.db
    run import a.csv
    [ "$status" -eq 1 ]
    [[ "$output" == *"regjob init"* ]]
    [ ! -e ledger.db ]
}

@test "an import that another run is doing: exit 75, and no complaint" {
    mixed 8 >a.csv
    exec 9>ledger.db.import.lock
    flock 9
    run import a.csv
    [ "$status" -eq 75 ]
    [ "$output" = "" ]
    run "$REGJOB" -v -c job.conf import a.csv
    [[ "$output" == *"lock"* || "$output" == *"run"* ]]
    exec 9>&-
    run import a.csv
    [ "$status" -eq 2 ]
}

@test "the same ledger for 1, 2 and 7 workers, and for any size of batch" {
    for case in "300 1 7 1000" "3000 997 1000 50000"; do
        read -r rows batches <<<"$case"
        regjob_fresh
        rm -f a.csv.*rejects*
        mixed "$rows" >a.csv
        undisturbed
        for workers in 1 2 7; do
            for batch in $batches; do
                regjob_fresh
                rm -f a.csv.*rejects*
                printf '[ledger]\npath = ledger.db\n[import]\nbatch = %d\nworkers = %d\n' "$batch" "$workers" >job.conf
                run import a.csv
                [ "$status" -eq 2 ]
                same_as_undisturbed
            done
        done
    done
}

# Whoever registers between two of its commits is known at the next one, though it asks the ledger for no identifier that it takes for new.
@test "what others register while it reads is taken" {
    mkfifo pipe
    sed -i 's/^batch.*/batch = 1/' job.conf
    "$REGJOB" -c job.conf import - --name pipe <pipe >said 2>&1 3>&- &
    reader=$!
    exec 9>pipe
    printf 'email,password\nfirst@example.com,Abcdef1!x\n' >&9
    until [ "$(ledger "SELECT count(*) FROM attempt")" = 1 ] || ! kill -0 "$reader"; do sleep 0.01; done
    ledger_reg "INSERT INTO reg_attempts(email, password) VALUES ('second@example.com', 'Abcdef1!x')"
    printf 'second@example.com,Abcdef1!x\nthird@example.com,Abcdef1!x\nFirst@example.com,Abcdef1!x\nthird@example.com,Abcdef1!x\n' >&9
    exec 9>&-
    wait "$reader"
    [ "$(ledger_reg "SELECT email, outcome, failure_reason FROM reg_attempts ORDER BY id")" = "\
first@example.com|success|
second@example.com|success|
second@example.com|failure|email_taken
third@example.com|success|
First@example.com|failure|email_taken
third@example.com|failure|email_taken" ]
}
