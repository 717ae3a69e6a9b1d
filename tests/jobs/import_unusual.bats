# SPDX-License-Identifier: MIT
# regjob import: a file of which unusually many sign-ups failed is said, where nobody watches, too.

load ../helper

setup() {
    regjob_setup
    number=0
}

# file GOOD BAD: a new file of so many sign-ups that succeed and fail. Sets $file.
file() {
    number=$((number + 1))
    file=$number.csv
    { echo email,password; seq -f "p%g.$number@example.com,Abcdef1!x" "$1"; seq -f 'p%g,Abcdef1!x' "$2"; } >$file
}

@test "a first import: more than half" {
    file 20 20
    run job import $file
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    regjob_fresh
    file 19 21
    run job import $file
    [ "$status" -eq 0 ]
    [ "$output" = "regjob: 2.csv: 21 of 40 sign-ups failed (52.5%), most often by email_invalid" ]
    regjob_fresh
    file 0 19
    run job import $file
    [ -z "$output" ]
}

@test "later ones: by the factor of the configuration more than the mean of those before" {
    file 9 11 # the first
    job import $file 2>/dev/null
    for good in 90 70 80; do # a tenth, three, two: with the first's 55 % a mean of 28.75 %
        file $good $((100 - good))
        job import $file
    done
    file 36 64 # not more than half-way to all
    run job import $file
    [ -z "$output" ]
    printf '[ledger]\npath = ledger.db\n[import]\nunusual_failures = 1\n' >job.conf
    file 60 40 # the mean is 35.8 % now
    run "$REGJOB" -c job.conf import $file
    [ "$status" -eq 0 ]
    [ "$output" = "regjob: 6.csv: 40 of 100 sign-ups failed (40.0%), most often by email_invalid; 35.8% in the last 5 imports" ]
    printf '[ledger]\npath = ledger.db\n[import]\nunusual_failures = 0\n' >job.conf
    file 0 100
    run "$REGJOB" -c job.conf import $file
    [ -z "$output" ]
}

@test "where nobody ever failed, one of twenty is worth a line, and three of a hundred are none" {
    file 100 0
    job import $file
    file 97 3
    run job import $file
    [ -z "$output" ]
    regjob_fresh
    file 100 0
    job import $file
    file 19 1
    run job import $file
    [ "$output" = "regjob: 4.csv: 1 of 20 sign-ups failed (5.0%), most often by email_invalid; 0.0% in the last import" ]
}

@test "small files, confirmations, imports that never ended and told outcomes are no custom, and are not compared" {
    for turn in 1 2 3; do
        file 0 19
        job import $file
    done
    { echo email,outcome; seq -f 'q%g@example.com,failure' 100; } >told.csv
    run job import told.csv
    [ -z "$output" ]
    printf 'subject,code\n' >confirm.csv
    seq -f 'p%g@example.com,123456' 30 >>confirm.csv
    run job confirm confirm.csv
    [ -z "$output" ]
    file 10 90
    run job import $file
    [ "$output" = "regjob: 4.csv: 90 of 100 sign-ups failed (90.0%), most often by email_invalid" ]
    ledger "UPDATE import SET finished_at = NULL WHERE id = (SELECT max(id) FROM import)"
    file 40 60
    run job import $file
    [ "$output" = "regjob: 5.csv: 60 of 100 sign-ups failed (60.0%), most often by email_invalid" ]
}

@test "at night, too; not in a rehearsal, and not again for a file that is known" {
    mkdir inbox
    file 5 45
    run job import --dry-run $file
    [[ "$output" != *"sign-ups failed"* ]]
    mv $file inbox/
    printf '[ledger]\npath = ledger.db\n[import]\ninbox = inbox\nsettle_seconds = 0\n' >job.conf
    run "$REGJOB" -c job.conf nightly
    [ "$status" -eq 0 ]
    [ "$output" = "regjob: inbox/1.csv: 45 of 50 sign-ups failed (90.0%), most often by email_invalid" ]
    run job import inbox/done/*.csv
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}
