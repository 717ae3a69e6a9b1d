# SPDX-License-Identifier: MIT
# regjob import into a ledger so large that what it adds to the index of subjects goes to segments of their own.

load ../helper

FILES=19

setup() {
    regjob_setup
    printf '[ledger]\npath = ledger.db\n' >job.conf
    mkdir large
    cp -p ledger.db ledger.db.key job.conf large/
    # The next attempt has a number as it is given to one among five million.
    sqlite3 large/ledger.db "INSERT INTO continuation (id, recorded_at, attempted_at, kind, verdict) VALUES (5000000, 0, 0, 'login', '')"
    # People who come again, by address, number, name or third-party identity; told ones, and failures.
    awk -v files=$FILES 'BEGIN {
        srand(7)
        for (file = 1; file <= files; file++) {
            name = "f" file ".csv"
            print "email,phone,username,identity_provider,identity_subject,email_verified_at,outcome" >name
            for (row = 0; row < 700; row++) {
                who = int(rand() * 9000)
                kind = int(rand() * 5)
                printf "m%d@example.com,%s,%s,%s,%s,%s,%s\n", who, kind == 1 ? "" : sprintf("+6281%08d", int(rand() * 9000)), kind == 2 ? "" : "u" int(rand() * 9000), \
                    kind == 4 ? "" : "google", kind == 4 ? "" : "g" int(rand() * 9000), kind == 0 ? "1700000000" : "", kind == 4 ? (row % 3 ? "success" : "failure") : "" >name
            }
            close(name)
        }
    }'
}

import_both() { # FILE
    run "$REGJOB" -c job.conf import "$1"
    [ "$status" -eq 0 ]
    cd large
    run "$REGJOB" -c job.conf import "../$1"
    [ "$status" -eq 0 ]
    # The segment is taken for a full one, so that the next file opens another.
    ledger "UPDATE subject_segment SET entries = 500000 WHERE id > 0"
    cd ..
}

in_large() {
    (cd large && "$@")
}

large_contents() {
    in_large ledger "DELETE FROM continuation WHERE id = 5000000"
    in_large contents
}

segments() {
    in_large ledger "SELECT count(*) FROM subject_segment WHERE id > 0"
}

@test "the same becomes of everybody as in a small one; sixteen segments are merged by the import, the rest by the night" {
    local most=0
    for ((file = 1; file <= FILES; file++)); do
        import_both f$file.csv
        [ "$(segments)" -le 16 ]
        if [ "$(segments)" -gt "$most" ]; then most=$(segments); fi
    done
    [ "$most" -ge 15 ]
    [ "$(segments)" -lt "$FILES" ] && [ "$(segments)" -gt 0 ]
    [ "$(ledger "SELECT count(*) FROM subject_segment")" = 1 ]
    contents >small.txt
    [ "$(ledger "SELECT count(*) > 1000 FROM continuation")" = 1 ]
    [ "$(ledger "SELECT count(*) > 1000 FROM attempt WHERE reasons LIKE '%_taken%'")" = 1 ]
    large_contents | diff small.txt -
    in_large "$REGJOB" -c job.conf nightly
    [ "$(segments)" = 0 ]
    large_contents | diff small.txt -
    [ "$(in_large ledger "SELECT count(*) FROM subject_entry")" = "$(ledger "SELECT count(*) FROM subject_entry")" ]
    in_large "$REGJOB" -c job.conf check --data
}

@test "a file for which the whole index is read first finds those in any segment" {
    import_both f1.csv
    in_large "$REGJOB" -c job.conf nightly
    import_both f2.csv
    import_both f3.csv
    [ "$(segments)" = 2 ]
    # So many bytes that it may have a thirtieth of the ledger's attempts.
    { cat f4.csv && yes '' | head -c 34000000; } >long.csv
    import_both long.csv
    contents >small.txt
    [ "$(ledger "SELECT count(*) > 30 FROM attempt WHERE reasons LIKE '%_taken%' AND import_id = 4")" = 1 ]
    large_contents | diff small.txt -
}

@test "a merge that is killed at any commit leaves the index whole, and the next night goes on" {
    for file in 1 2 3; do import_both f$file.csv; done
    [ "$(segments)" = 3 ]
    contents >small.txt
    large_contents | diff small.txt -
    cd large
    merging=0
    for syncs in 3 6 9 12 15; do
        run faulty KILL_AFTER_SYNCS=$syncs "$REGJOB" -c job.conf nightly
        [ "$status" -eq 137 ]
        contents | diff ../small.txt -
        merged=$(ledger "SELECT count(DISTINCT segment) > 3 FROM subject_entry")
        merging=$((merging + merged))
    done
    [ "$merging" -gt 1 ]
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT count(*) FROM subject_segment WHERE id > 0")" = 0 ]
    contents | diff ../small.txt -
}

@test "few sign-ups open no segment, but go to the one that is there; a dry run opens none" {
    head -50 f1.csv >few.csv
    import_both few.csv
    [ "$(segments)" = 0 ]
    in_large "$REGJOB" -c job.conf import --dry-run ../f2.csv
    [ "$(segments)" = 0 ]
    import_both f2.csv
    [ "$(segments)" = 1 ]
    in_large ledger "UPDATE subject_segment SET entries = 0"
    head -50 f3.csv >few.csv
    import_both few.csv
    [ "$(segments)" = 1 ]
    [ "$(in_large ledger "SELECT count(*) > 30 FROM subject_entry WHERE segment = 1 AND attempt_id > 5000000 + 49 + 700")" = 1 ]
}

@test "who is in a segment is found, sent a code, confirmed and erased like anybody else" {
    import_both f1.csv
    [ "$(segments)" = 1 ]
    run in_large ledger_reg "SELECT count(*) FROM reg_attempts WHERE email = (SELECT email FROM person ORDER BY attempt_id LIMIT 1)"
    [ "$output" -gt 0 ]
    in_large "$REGJOB" -c job.conf forget "$(in_large ledger "SELECT email FROM person ORDER BY attempt_id LIMIT 1")"
    [ "$(in_large ledger "SELECT count(*) FROM subject_entry WHERE attempt_id = (SELECT min(id) FROM attempt)")" = 0 ]
    in_large ledger "DELETE FROM continuation WHERE id = 5000000"
    in_large "$REGJOB" -c job.conf check --data
}
