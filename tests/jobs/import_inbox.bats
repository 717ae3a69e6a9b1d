# SPDX-License-Identifier: MIT
# The inbox of `regjob nightly`, what is kept of it, and what is not kept anywhere.

load ../helper

setup() {
    regjob_setup
    printf '[ledger]\npath = ledger.db\n[import]\ninbox = inbox\nsettle_seconds = 0\n' >job.conf
    mkdir inbox
    printf 'email,password\nann@example.com,Abcdef1!x\n' >inbox/b.csv
    printf 'email,password\nbob@example.com,Abcdef1!x\nbroken\n' >inbox/a.csv
}

nightly() {
    "$REGJOB" -c job.conf nightly
}

today() {
    date -u +%F
}

@test "files are imported in the order of their names and moved to done/ with the date, for their owner alone" {
    chmod 644 inbox/*.csv
    run nightly
    [ "$status" -eq 2 ]
    [ "$(ledger "SELECT email FROM person ORDER BY attempt_id")" = $'bob@example.com\nann@example.com' ]
    [ "$(ls inbox)" = done ]
    [ "$(ls inbox/done)" = "$(printf '%s\n' "$(today).a.csv" "$(today).b.csv" a.csv.1.rejects)" ]
    [ "$(stat -c %a inbox/done)" = 700 ]
    [ "$(stat -c %a inbox/done/*)" = $'600\n600\n600' ]
    [ "$(cat inbox/done/a.csv.1.rejects)" = $'email,password\nbroken' ]
}

@test "nothing in done/ is ever overwritten, rejects neither" {
    nightly || [ $? -eq 2 ]
    for i in 1 2; do
        printf 'email,password\np%d@example.com,Abcdef1!x\nbroken %d\n' "$i" "$i" >inbox/a.csv
        nightly || [ $? -eq 2 ]
    done
    cd inbox/done
    [ "$(cat "$(today).a.csv" "$(today).1.a.csv" "$(today).2.a.csv" | grep -c example)" = 3 ]
    [ "$(cat a.csv.1.rejects a.csv.3.rejects a.csv.4.rejects | grep -c broken)" = 3 ]
}

@test "what is no .csv or hidden stays where it is, and is not spoken of" {
    touch inbox/notes.txt inbox/.hidden.csv
    nightly || [ $? -eq 2 ]
    run nightly
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ -e inbox/notes.txt ] && [ -e inbox/.hidden.csv ]
}

@test "the end of a name may be in capitals, as other systems write it" {
    rm inbox/*
    printf 'email,password\nann@example.com,Abcdef1!x\nbroken\n' >inbox/A.CSV
    printf 'email,password\nbob@example.com,Abcdef1!x\n' | gzip >inbox/B.Csv.GZ
    run nightly
    [ "$status" -eq 2 ]
    [ "$(ledger "SELECT count(*) FROM person")" = 2 ]
    [ "$(ls inbox)" = done ]
    run clock +31d "$REGJOB" -c job.conf nightly
    [ "$(ls inbox/done)" = "" ]
}

@test "a file that cannot be imported stays, is said, and does not keep the others" {
    printf 'colour\nred\n' >inbox/aa.csv
    run nightly
    [ "$status" -eq 65 ]
    [[ "$output" == *"aa.csv: none of its columns"* ]]
    [ "$(ls inbox/*.csv)" = inbox/aa.csv ]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 2 ]
}

@test "a file that was imported but not moved, because the run was killed there, is moved by the next" {
    "$REGJOB" -c job.conf import inbox/a.csv || [ $? -eq 2 ]
    run nightly
    [ "$(ledger "SELECT count(*) FROM attempt")" = 2 ]
    [ -e "inbox/done/$(today).a.csv" ]
}

@test "done files go after done_keep_days, by the time they were moved" {
    nightly || true
    run clock +29d "$REGJOB" -c job.conf nightly
    [ "$status" -eq 0 ]
    [ "$(ls inbox/done | wc -l)" = 3 ]
    run clock +31d "$REGJOB" -c job.conf nightly
    [ "$status" -eq 0 ]
    [ "$(ls inbox/done | wc -l)" = 0 ]
    printf 'done_keep_days = 3\n' >>job.conf
    printf 'email,password\ncid@example.com,Abcdef1!x\n' >inbox/c.csv
    nightly
    [ "$(ls inbox/done | wc -l)" = 1 ]
    clock +4d "$REGJOB" -c job.conf nightly
    [ "$(ls inbox/done | wc -l)" = 0 ]
}

@test "no password, code or fingerprint is left in the ledger, its log, the output or the disk's temporary files" {
    settings '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}'
    sha256=$(printf 'Second1!pw' | sha256sum | cut -d' ' -f1)
    cat >secret.csv <<CSV
email,password,password_md5,password_sha256,outcome,emailConfirmCode
p1@example.com,Secret1!pw,,,,
p2@example.com,short1,,,,
p3@example.com,,5EBE2294ECD0E0F08EAB7690D2A6EE69,,,
p4@example.com,,,$sha256,success,
p5@example.com,,,,,98765432
p6@example.com,Broken1!pw,,,,"
CSV
    mkdir tmp
    # A reader keeps the log from being taken into the ledger at the end.
    printf 'BEGIN;\nSELECT count(*) FROM attempt;\n.shell TMPDIR=tmp SQLITE_TMPDIR=tmp "%s" -v -c job.conf import secret.csv >said 2>&1\n.shell cp ledger.db-wal log\n' "$REGJOB" |
        sqlite3 ledger.db
    [ -s log ]
    [ "$(ls tmp)" = "" ]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 4 ]
    found=0
    for secret in Secret1!pw short1 5EBE2294ECD0E0F08EAB7690D2A6EE69 5ebe2294ecd0e0f08eab7690d2a6ee69 "$sha256" \
        "${sha256^^}" 98765432 Broken1!pw "$(printf 'Secret1!pw' | sha256sum | cut -d' ' -f1)"; do
        [ "$(cat ledger.db log said | grep -caF -- "$secret")" = 0 ]
        [ "$(od -An -v -tx1 ledger.db log | tr -d ' \n' | grep -ciF -- "$secret")" = 0 ]
        found=$((found + 1))
    done
    [ "$found" -eq 9 ]
    # The bytes of a reject alone are kept, beside the file they came from.
    [ "$(grep -c . secret.csv.1.rejects)" = 2 ]
    [ "$(grep -cF -e Secret1 -e short1 -e 98765432 secret.csv.1.rejects)" = 0 ]
}
