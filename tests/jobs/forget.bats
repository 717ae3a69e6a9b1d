# SPDX-License-Identifier: MIT
# regjob forget: by arguments, a file and standard input; nobody, several people, and what cannot be a subject.

load ../helper

setup() {
    regjob_setup
    umask 022
}

sign() { # COLUMNS VALUES
    ledger_reg "INSERT INTO reg_attempts(password, $1) VALUES ('A9#bL8@z', $2)"
}

people() {
    ledger "SELECT group_concat(attempt_id, ' ') FROM (SELECT attempt_id FROM person ORDER BY attempt_id)"
}

# Attempt 1 has the digits as username, from before a country was the default; attempt 2 the number.
two_people() {
    sign 'email, username' "'bob@example.com', '6045550001'"
    settings '{"defaultCountry":"CA"}'
    sign 'email, phone' "'ada@example.com', '604 555 0001'"
}

@test "nobody: a line that shows little of the subject, exit code 2, also in the run's row" {
    sign email "'ada@example.com'"
    run job forget adda@example.com
    echo "$output"
    [ "$status" -eq 2 ]
    [ "$output" = 'regjob: a***@example.com: matches nobody; nothing was erased' ]
    [ "$(people)" = 1 ]
    [ "$(ledger "SELECT exit_code || ' ' || json_extract(counts, '$.forget.nobody') FROM run ORDER BY id DESC LIMIT 1")" = "2 1" ]
    run job forget ada@example.com
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [ -z "$(people)" ]
    run job -v forget ada@example.com
    [ "$status" -eq 2 ]
}

@test "somebody is said with -v; an erased person is in no page of the ledger or its log" {
    sign 'email, name' "'ada@example.com', 'Ada Lovelace'"
    run job -v forget ADA@example.com
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = 'regjob: A***@example.com: 1 attempt erased' ]
    [ "$(cat ledger.db ledger.db-wal 2>/dev/null | grep -ac Lovelace)" = 0 ]
}

@test "several arguments: each has its line, the right ones are erased" {
    sign email "'ada@example.com'"
    sign email "'bob@example.com'"
    run job forget ada@example.com nobody@example.com bob@example.com
    echo "$output"
    [ "$status" -eq 2 ]
    [ "$output" = 'regjob: argument 2: n***@example.com: matches nobody; nothing was erased' ]
    [ -z "$(people)" ]
}

@test "standard input: CR LF, blank lines, blanks, a byte order mark, a last line without its end" {
    local name
    for name in ada bob cyd dan; do sign email "'$name@example.com'"; done
    printf '\xEF\xBB\xBFada@example.com\r\n\r\n\n  bob@example.com \t\r\nnobody@example.com\ncyd@example.com' >people
    run job -v forget - <people
    echo "$output"
    [ "$status" -eq 2 ]
    [ "${lines[0]}" = 'regjob: standard input:1: a***@example.com: 1 attempt erased' ]
    [ "${lines[1]}" = 'regjob: standard input:4: b***@example.com: 1 attempt erased' ]
    [ "${lines[2]}" = 'regjob: standard input:5: n***@example.com: matches nobody; nothing was erased' ]
    [ "${lines[3]}" = 'regjob: standard input:6: c***@example.com: 1 attempt erased' ]
    [ "${#lines[@]}" -eq 4 ]
    [ "$(people)" = 4 ]
}

@test "a file; what is no file or is not there; nothing in it" {
    sign email "'ada@example.com'"
    printf 'ada@example.com\n' >people
    run job forget --from people
    echo "$output"
    [ "$status" -eq 0 ]
    [ -z "$output$(people)" ]
    printf '\n \n' >empty
    run job forget --from empty
    [ "$status" -eq 2 ]
    [ "$output" = 'regjob: empty: contains no subjects; nothing was erased' ]
    run job forget - </dev/null
    [ "$status" -eq 2 ]
    run job forget --from missing
    [ "$status" -eq 1 ]
    [ "$output" = 'regjob: missing: No such file or directory' ]
    run job forget --from .
    [ "$status" -eq 65 ]
    run job forget
    [ "$status" -eq 64 ]
}

@test "lines that are no subject: too long, with NUL; and nothing of them drives a terminal" {
    sign email "'ada@example.com'"
    {
        head -c 3000000 /dev/zero | tr '\0' x
        printf '\na\0da@example.com\n\033[2Jada\n\xff\xfe\xe2\x80\xaex\nada@example.com\n'
    } >people
    run job forget --from people
    printf '%q\n' "$output"
    [ "$status" -eq 2 ]
    [ "${lines[0]}" = 'regjob: people:1: too long for a subject, or contains a NUL byte; nothing was erased for this line' ]
    [ "${lines[1]}" = 'regjob: people:2: too long for a subject, or contains a NUL byte; nothing was erased for this line' ]
    [ "${lines[2]}" = 'regjob: people:3: ?***: matches nobody; nothing was erased' ]
    [ "${lines[3]}" = 'regjob: people:4: ?***: matches nobody; nothing was erased' ]
    [ "${#lines[@]}" -eq 4 ]
    [ -z "$(people)" ]
}

@test "two people: refused with their numbers, the others go on; --id one of them, --all both" {
    two_people
    sign email "'cyd@example.com'"
    printf '6045550001\ncyd@example.com\n' >subjects
    run job forget - <subjects
    echo "$output"
    [ "$status" -eq 2 ]
    [ "$output" = 'regjob: standard input:1: 6***: matches several people: 1 by username, 2 by phone number; nothing was erased: --all erases them all, --id one of them' ]
    [ "$(people)" = "1 2" ]
    regjob_keep
    run job forget --all 6045550001
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = '6***: 2 attempts erased, of several people: 1 by username, 2 by phone number' ]
    [ -z "$(people)" ]

    regjob_fresh
    run job -v forget --id 1
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = 'regjob: 1: 1 attempt erased' ]
    [ "$(people)" = 2 ]
    run job forget --id 1 99 x '2 ' 99999999999999999999
    echo "$output"
    [ "$status" -eq 2 ]
    [ "${#lines[@]}" -eq 5 ]
    [ "${lines[0]}" = 'regjob: argument 1: 1: matches nobody; nothing was erased' ]
    [ "$(people)" = 2 ]
    run job forget 6045550001
    [ "$status" -eq 0 ]
    [ -z "$(people)" ]
}

@test "--id erases all of a customer" {
    sign 'email, phone, outcome' "'a@example.com', '+16045550001', 'success'"
    sign 'email, phone, outcome' "'b@example.com', '+16045550001', 'success'"
    sign 'email, outcome' "'c@example.com', 'success'"
    run job -v forget --id 2
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(people)" = 3 ]
}

@test "a code that stands alone is somebody" {
    ledger_reg "SELECT reg_issue_code('+16045550009', 'none')" >/dev/null
    run job -v forget +16045550009
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = 'regjob: +1604*****09: 0 attempts and 1 code erased' ]
    [ "$(ledger "SELECT count(*) FROM recipient")" = 0 ]
}

@test "a subject that waits for its line ends with the run, at once and said" {
    sign email "'ada@example.com'"
    mkfifo subjects said
    "$REGJOB" -l ledger.db -v forget - <subjects 2>said 3>&- & # not by job: the signal is for the program
    local running=$! line
    exec 4>subjects 5<said
    printf 'ada@example.com\nbob@exa' >&4
    read -r -t 60 line <&5
    [ "$line" = 'regjob: standard input:1: a***@example.com: 1 attempt erased' ]
    kill -TERM "$running"
    read -r -t 60 line <&5
    echo "$line"
    [ "$line" = 'regjob: standard input: stopped by SIGTERM after line 1: the remaining lines were not erased' ]
    status=0
    wait "$running" || status=$?
    exec 4>&- 5<&-
    [ "$status" -eq 1 ]
    [ -z "$(people)" ]
}

@test "a confirmation whose subject may mean two people: recorded, and nobody's try; a rehearsal says the same" {
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE"}'
    two_people
    printf 'email,email_confirm_code\n6045550001,123456\nnobody@example.com,123456\n' >second.csv
    [ "$(ledger_reg "SELECT line, outcome, detail FROM reg_signups('second.csv') ORDER BY line")" = $'2|continued|confirmation subject_ambiguous\n3|continued|confirmation not_found' ]
    printf 'subject,code\n6045550001,123456\n604-555-0001,123456\n' >codes.csv
    run job confirm codes.csv
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT line || ' ' || verdict FROM continuation ORDER BY line")" = $'2 subject_ambiguous\n3 invalid_code' ]
    [ "$(sums)" = "2|0|0|0|2|0" ]
    [ "$(ledger "SELECT group_concat(c.attempt_id) FROM wrong_try w JOIN code c ON c.id = w.code_id")" = 2 ]
}

@test "a username of the form of another's address or number: one verdict from an INSERT, a rehearsal and an import" {
    sign 'email, phone' "'ada@example.com', '+16045550001'"
    settings '{"defaultCountry":"CA"}'
    cat >signups.csv <<END
email,phone,username,password
m@example.com,,ada@example.com,A9#bL8@z
n@example.com,,604-555-0001,A9#bL8@z
o@example.com,+16045550002,6045550002,A9#bL8@z
p@example.com,,P@example.com,A9#bL8@z
END
    expected='2|failure|["username_invalid"]
3|failure|["username_invalid"]
4|success|[]
5|success|[]'
    [ "$(ledger_reg "SELECT line, outcome, reasons FROM reg_signups('signups.csv') ORDER BY line")" = "$expected" ]
    run job import signups.csv
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(ledger_reg "SELECT line, outcome, reasons FROM reg_attempts WHERE import_id = 1 ORDER BY line")" = "$expected" ]
    sign 'email, username' "'q@example.com', '604 555 0001'"
    [ "$(ledger_reg "SELECT reasons FROM reg_attempts ORDER BY id DESC LIMIT 1")" = '["username_invalid"]' ]
}
