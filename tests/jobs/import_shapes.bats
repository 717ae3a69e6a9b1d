# regjob import: files whose lines are not all rows of one length, as spreadsheets and reports write them.

load ../helper

setup() {
    regjob_setup
}

notes() { # line, outcome and notes of every attempt
    ledger "SELECT line, outcome, coalesce(notes, '') FROM attempt ORDER BY line"
}

rejects() { # line, kind, column
    ledger "SELECT line, kind, column_number FROM reject ORDER BY line"
}

@test "a row that lacks its last empty fields is taken, with a note at the first of ours" {
    printf 'email,password,given_name,Shoe size,country\n' >a.csv
    printf 'ada@example.com,Abcdef1!x,Ada,39,AT\nbob@example.com,Abcdef1!x,Bob\neve@example.com,Abcdef1!x\n' >>a.csv
    printf 'dan@example.com\r\nfay@example.com,Abcdef1!x,Fay,40,\n' >>a.csv
    job import a.csv 2>said || [ $? -eq 2 ]
    [ "$(notes)" = '2|success|
3|success|[{"column":"country","done":"missing","rule":"short_row"}]
4|success|[{"column":"given_name","done":"missing","rule":"short_row"}]
6|success|' ]
    [ "$(rejects)" = "5|field_count|2" ]
    [ "$(cat a.csv.1.rejects)" = "$(printf 'email,password,given_name,Shoe size,country\ndan@example.com\r')" ]
}

@test "what decides is never missing: who, when, what was decided, consents, passwords, and what the settings ask for" {
    local column
    for column in attempted_at phone username uuid custom_id identity_provider identity_subject recommendation consents \
        consent_terms outcome failure_reason password_md5 password_hash password_sha256 email_confirm_code; do
        regjob_fresh
        rm -f a.csv.*
        printf 'email,password,name,%s\nada@example.com,Abcdef1!x,Ada\n' "$column" >a.csv
        run job import a.csv
        echo "$column: $status $output"
        [ "$status" -eq 2 ]
        [ "$(rejects)" = "2|field_count|4" ]
        [ "$(ledger "SELECT count(*) FROM attempt")" = 0 ]
    done
    printf 'email,password,name,country\nada@example.com,Abcdef1!x,Ada\n' >a.csv
    for column in requiredFields strictFields; do
        regjob_fresh
        settings '{"'$column'":["email","country"]}'
        run job import a.csv
        [ "$status" -eq 2 ]
        [ "$(rejects)" = "2|field_count|4" ]
    done
    regjob_fresh
    job import a.csv
    [ "$(notes)" = '2|success|[{"column":"country","done":"missing","rule":"short_row"}]' ]
}

@test "one empty column too many is taken, anything else too many is not" {
    printf 'email,password\na@example.com,Abcdef1!x,\nb@example.com,Abcdef1!x,""\nc@example.com,Abcdef1!x,x\nd@example.com,Abcdef1!x,,\ne@example.com,Abcdef1!x, \n' >a.csv
    job import a.csv 2>said || [ $? -eq 2 ]
    [ "$(notes)" = '2|success|
3|success|' ]
    [ "$(rejects)" = '4|field_count|3
5|field_count|3
6|field_count|3' ]
}

@test "a last line without its end may have been cut off: it lacks nothing, and goes on once it is whole" {
    printf 'email,password,name,country\na@example.com,Abcdef1!x\nb@example.com,Abcdef1!x,Bo' >a.csv
    run job import a.csv
    [ "$status" -eq 2 ]
    [ "$(rejects)" = "3|field_count|4" ]
    printf 'email,password,name,country\nb@example.com,Abcdef1!x,Bo,' >b.csv
    job import b.csv
    [ "$(notes)" = '2|success|[{"column":"name","done":"missing","rule":"short_row"}]
2|success|' ]
}

@test "a line of totals is a reject that says so, be it short or in a file where it could be a row" {
    printf 'email,password,name,country\na@example.com,Abcdef1!x,Ann,AT\nTotal: 1,\n(1 row)\nGrand total,1,,,,\n' >a.csv
    run job import a.csv
    [ "$status" -eq 2 ]
    [ "$(rejects)" = '3|field_count|3
4|field_count|2
5|field_count|5' ]
    [ "$(ledger "SELECT DISTINCT message LIKE '%it looks like a line of totals: remove it' FROM reject")" = 1 ]
    printf 'email,name\na@example.com,Ann\nTotal\n' >b.csv
    run job import b.csv
    [ "$(ledger "SELECT line, message FROM reject WHERE import_id = 2")" = "3|1 field: expected 2, as in the header; it looks like a line of totals: remove it" ]
}

@test "of a confirmation nothing may be missing; one empty column too many is taken" {
    printf 'subject,code,device_id\na@example.com,123456\na@example.com,123456,,\n' >a.csv
    run job confirm a.csv
    [ "$status" -eq 2 ]
    [ "$(rejects)" = "2|field_count|3" ]
    [ "$(sums)" = "2|0|0|0|1|1" ]
}
