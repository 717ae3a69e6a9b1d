# SPDX-License-Identifier: MIT
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

@test "the header again in the middle is a reject of its own kind" {
    printf '\xef\xbb\xbfemail,password\na@example.com,Abcdef1!x\n' >a.csv
    cp a.csv b.csv
    sed 's/a@/b@/' b.csv >>a.csv
    printf 'email,password\n' >>a.csv
    run job -v import a.csv
    [ "$status" -eq 2 ]
    [ "$(sums)" = "4|2|0|0|0|2" ]
    [[ "$output" =~ header_again\ +2 ]]
    [ "$(ledger "SELECT line, kind, what, message FROM reject")" = '3|field_count|header_again|the header again: only the first line is one
5|field_count|header_again|the header again: only the first line is one' ]
    [ "$(ledger "PRAGMA integrity_check")" = ok ]
    [ "$(ledger_reg "SELECT line, reasons FROM reg_signups('a.csv') WHERE outcome = 'rejected'")" = '3|["header_again"]
5|["header_again"]' ]
}

@test "lines above the header are refused as a whole file, with the line of the header" {
    printf '"Sign-ups, spring 2026",,\n\nemail,password,name\na@example.com,Abcdef1!x,Ann\n' >a.csv
    run job import a.csv
    [ "$status" -eq 65 ]
    [ "$output" = "regjob: a.csv: line 1 is not a header: it looks like a title; the names of the columns seem to be in line 3: remove what is above them" ]
    run ledger_reg "SELECT * FROM reg_signups('a.csv')"
    [[ "$output" == *"a.csv: line 1 is not a header: it looks like a title; the names of the columns seem to be in line 3"* ]]
    run job import --explain a.csv
    [ "$status" -eq 65 ]
    printf '\nMy people\na@example.com,Abcdef1!x,Ann\n' >b.csv
    run job import b.csv
    [ "$status" -eq 65 ]
    [ "$output" = "regjob: b.csv: line 2 is not a header: it looks like a title; the first line is to name the columns" ]
    printf 'Codes\nsubject,code\na@example.com,123456\n' >c.csv
    run job confirm c.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"c.csv: line 1 is not a header: it looks like a title; the names of the columns seem to be in line 2"* ]]
    # No header anywhere: two names beside each other are no title.
    printf 'Ann,Bob\na@example.com,Abcdef1!x\n' >d.csv
    run job import d.csv
    [[ "$output" == *"d.csv: none of its columns says who signed up"* ]]
    [ "$(ledger "SELECT count(*) FROM import")" = 0 ]
}

@test "what came of a file can be read the day after: in the run's record and in the status" {
    printf 'E-Mail,Emails,password,birth_date,Shoe size\na@example.com,,Abcdef1!x,,39\nb@example.com,,Abcdef1!x,1990-02-30,\nnobody,,Abcdef1!x,,\nx"y\n' >a.csv
    run job import a.csv
    [ "$status" -eq 2 ]
    [ "$(ledger "SELECT json_extract(counts, '$.files') FROM run ORDER BY id DESC LIMIT 1")" = '[{"name":"a.csv","import":1,"read":4,"failed":1,"rejected":1,"noted":2,"unknown_columns":"2 `Emails` (did you mean `email`?), 5 `Shoe size`"}]' ]
    printf 'mail;password\n' >refused.csv
    run job import refused.csv
    [ "$status" -eq 65 ]
    [ "$(ledger "SELECT counts ->> '$.files' FROM run ORDER BY id DESC LIMIT 1")" = '[{"name":"refused.csv","import":null,"read":0,"failed":0,"rejected":0,"noted":0,"unknown_columns":""}]' ]
    for turn in {1..12}; do job settle; done
    run job status
    [[ "$output" == *"last files"* ]]
    grep -E '^ *1 +a\.csv +4 +1 +1 +2 +2 `Emails` \(did you mean `email`\?\), 5 `Shoe size`$' <<<"$output"
    [[ "$output" != *'"files"'* ]]
    [ "$(job status --format json | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["files"][1]["rejected"])')" = 1 ]
    [ "$(job status --format json | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["files"][0]["id"])')" = None ]
    grep -E '^ *none +refused\.csv +0 +0 +0 +0$' <<<"$output"
    job --metrics m.prom settle
    ! grep -E 'step="(files|inputs)"' m.prom
}

@test "a value that is the name of a column makes no title of the header above it" {
    printf 'Label 1,Value 1,Label 2,Value 2\nMobile,+49302312,Home,,x\nMobile,+49302313,Home,\n' >a.csv
    run job import a.csv
    [ "$status" -eq 65 ]
    [[ "$output" == "regjob: a.csv: none of its columns says who signed up"* ]]
}

@test "rows of nothing but commas are blank lines: nobody failed to sign up there" {
    printf 'email,password,name\n,,\na@example.com,Abcdef1!x,Ann\n,,\r\n , ,\n,,,,\n,,' >a.csv
    [[ "$(job import --explain a.csv)" =~ rows\ looked\ at\ +1 ]]
    [ "$(ledger_reg "SELECT count(*), min(line) FROM reg_signups('a.csv')")" = "1|3" ]
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ "$(sums)" = "1|1|0|0|0|0" ]
    printf 'subject,code\n,\na@example.com,123456\n,\n' >codes.csv
    job confirm codes.csv
    [ "$(sums)" = "1|0|0|0|1|0" ]
}

@test "the columns of a confirmation may have the names that they have in a sign-up" {
    for header in 'subject,code,device_id,entered_at' 'E-Mail,pinCode,DeviceId,Entered At' 'user_email,PIN,device-id,confirmed_at' 'Phone Number,emailConfirmCode,device_id,entered_at' 'login,email_confirm_code,device_id,entered_at'; do
        printf '%s\na@example.com,123456,d,2026-01-31\n' "$header" >"$header.csv"
        run job confirm "$header.csv"
        [ "$status" -eq 0 ]
        [ "$output" = "" ]
        [ "$(ledger "SELECT line, verdict, date(attempted_at / 1000, 'unixepoch') FROM continuation WHERE import_id = (SELECT max(id) FROM import)")" = "2|not_found|2026-01-31" ]
    done
    # Two people in one row, or two times.
    printf 'email,phone,code\na@example.com,,123456\n' >a.csv
    run job confirm a.csv
    [ "$status" -eq 65 ]
    [ "$output" = 'regjob: a.csv: columns 1 `email` and 2 `phone` both mean `subject`: remove one' ]
    printf 'email,code,created_at,name\na@example.com,123456,,\n' >b.csv
    run job confirm b.csv
    [ "$status" -eq 0 ]
    [[ "$output" == 'regjob: b.csv: unknown columns: 3 `created_at`'*', 4 `name`; ignored' ]]
}
