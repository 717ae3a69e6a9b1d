# SPDX-License-Identifier: MIT
# regjob import with many threads, under whatever watches them: `make tsan` and `make valgrind` run this with their builds of regjob.

load ../helper

setup() {
    regjob_setup
    settings '{"requiredFields":[]}'
    regjob_keep
    printf '[ledger]\npath = ledger.db\n[import]\nbatch = 100\nworkers = 7\nmax_field_bytes = 1K\n' >job.conf
    seq "${ROWS:-3000}" | awk '
        BEGIN { print "email,password,outcome,identity_provider,identity_subject,attempted_at,consents" }
        $1 % 8 == 0 { print "p" $1 "@example.com,short,,,,1700000000,"; next }
        $1 % 8 == 1 { print "p" int($1 / 2) "@example.com,Abcdef1!x,,,,1700000000,"; next }
        $1 % 8 == 2 { print "broken " $1; next }
        $1 % 8 == 3 { print ",,,google,g-" int($1 / 16) % 50 ",1700000000,"; next }
        $1 % 8 == 4 { print "p" int($1 / 3) "@example.com,,success,,,1700000000,"; next }
        $1 % 8 == 5 { printf "long%d@example.com,%02000d,,,,1700000000,\n", $1, 7; next }
        { print "p" $1 "@example.com,Abcdef1!x,,,,1700000000,\"{\"\"news\"\":\"\"accepted\"\"}\"" }' >a.csv
}

# shellcheck disable=SC2086
import() {
    ${REGJOB_RUNNER:-} "$REGJOB" -c job.conf import "$@"
}

@test "seven threads, stopped by SIGTERM in the middle, and gone on with: a file, a compressed one and a pipe" {
    gzip -k a.csv
    import a.csv || [ $? -eq 2 ]
    ledger "SELECT count(*), count(DISTINCT outcome), (SELECT count(*) FROM reject), (SELECT count(*) FROM continuation) FROM attempt" >whole
    ledger "SELECT line, outcome, reasons FROM attempt ORDER BY line" >>whole
    mv a.csv.1.rejects whole.rejects
    for way in a.csv a.csv.gz -; do
        regjob_fresh
        rm -f a.csv*.rejects* ledger.db.import*.rejects*
        run faulty TERM_AFTER_SYNCS=6 ${REGJOB_RUNNER:-} "$REGJOB" -c job.conf import --name a "$way" <a.csv
        echo "$way: $status: $output"
        [ "$status" -eq 1 ]
        [[ "$output" == *"stopped by SIGTERM before line "* ]]
        run import --name a "$way" <a.csv
        echo "$way: $status: $output"
        [ "$status" -eq 2 ]
        {
            ledger "SELECT count(*), count(DISTINCT outcome), (SELECT count(*) FROM reject), (SELECT count(*) FROM continuation) FROM attempt"
            ledger "SELECT line, outcome, reasons FROM attempt ORDER BY line"
        } >found
        cmp whole found
        cmp whole.rejects "$(ls ./*.rejects | grep -v whole)"
    done
}

@test "a failure in the middle ends every thread: a damaged file, one that changes, a full disk" {
    gzip -k a.csv
    head -c $(($(stat -c %s a.csv.gz) * 2 / 3)) a.csv.gz >cut.csv.gz
    run import cut.csv.gz
    echo "$status: $output"
    [ "$status" -eq 65 ]
    regjob_fresh
    run faulty FULL_AFTER=400000 ${REGJOB_RUNNER:-} "$REGJOB" -c job.conf import a.csv
    echo "$status: $output"
    [ "$status" -eq 1 ]
    regjob_fresh
    rm -f a.csv*.rejects* ledger.db.import*.rejects*
    run faulty TOUCH_AFTER_SYNCS=5 TOUCH_FILE=a.csv ${REGJOB_RUNNER:-} "$REGJOB" -c job.conf import a.csv
    echo "$status: $output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"has changed while it was read"* ]]
}
