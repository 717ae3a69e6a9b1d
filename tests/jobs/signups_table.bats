# SPDX-License-Identifier: MIT
# reg_signups: the verdicts that an import would give are those that it then gives, row by row; and nothing is written.

load ../helper

setup() {
    regjob_setup
}

SAMPLES=$BATS_TEST_DIRNAME/../../samples

# rehearsed FILE: line, outcome, reasons and notes as reg_signups has them. imported: those of the newest import.
rehearsed() {
    ledger_reg "SELECT line, outcome, reasons, notes FROM reg_signups('$1') ORDER BY line"
}

imported() {
    ledger "SELECT line, outcome, coalesce(reasons, '[]'), coalesce(notes, '[]') FROM attempt WHERE import_id = (SELECT max(id) FROM import)
            UNION ALL SELECT line, 'continued', '[]', '[]' FROM continuation WHERE import_id = (SELECT max(id) FROM import)
            UNION ALL SELECT line, 'rejected', '[\"' || coalesce(what, kind) || '\"]', NULL FROM reject WHERE import_id = (SELECT max(id) FROM import) ORDER BY 1"
}

# agree FILE: as above, before and after its import; the ledger is what it was in between.
agree() {
    local before after
    before=$(ledger .sha3sum)
    rehearsed "$1" >rehearsed
    after=$(ledger .sha3sum)
    [ "$before" = "$after" ]
    job import "$1" >said 2>&1 || [ $? -eq 2 ]
    imported >imported
    [ -s imported ]
    diff imported rehearsed
}

@test "the samples, under every kind of registration: first, damaged, and once more in the other order" {
    local settings
    head -n 1 "$SAMPLES/signups.csv" >again.csv
    # Whole records only: those without quotes.
    tail -n +2 "$SAMPLES/signups.csv" | grep -v '"' | tac >>again.csv
    for settings in '{}' '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","channels":["email","sms"]}' \
        '{"registrationType":"REQUIRE_PIN_CONFIRMATION"}' '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}' '{"uniqueEmail":false,"uniquePhone":false}'; do
        regjob_fresh
        settings "$settings"
        cp "$SAMPLES/signups.csv" "$SAMPLES/signups-damaged.csv" .
        agree signups.csv
        agree signups-damaged.csv
        agree again.csv
        # Verdicts of all kinds were among them.
        ledger "SELECT 1 FROM attempt WHERE reasons LIKE '%email_taken%' OR '$settings' LIKE '%unique%' OR outcome = 'pending' LIMIT 1" | grep -q 1
    done
}

@test "duplicates within the file and customers of the ledger; what is shown" {
    printf 'email,username,password\nann@example.com,ann,Abcdef1!x\n' >first.csv
    job import first.csv
    printf 'email,username,phone,password,attempted_at\nANN@example.com,x,,Abcdef1!x,\nbob@example.com,bob,,Abcdef1!x,2026-01-01T00:00:00Z\nBob@Example.com,bob2,,Abcdef1!x,\neve@example.com,BOB,+16045550100,short,\nnot "good",,,,\n' >a.csv
    run ledger_reg "SELECT * FROM reg_signups('a.csv')"
    [ "${lines[0]}" = '2||ANN@example.com|x||failure|email_taken|["email_taken"]|[]|' ]
    [ "${lines[1]}" = '3|2026-01-01T00:00:00Z|bob@example.com|bob||success||[]|[]|' ]
    [ "${lines[2]}" = '4||Bob@Example.com|bob2||failure|email_taken|["email_taken"]|[]|' ]
    [[ "${lines[3]}" == '5||eve@example.com|BOB|+16045550100|failure|password_too_short|["password_too_short",'*'"username_taken"]|[]|' ]]
    [[ "${lines[4]}" == '6|||||rejected|quoting|["quoting"]||column 1: '* ]]
    [ "${#lines[@]}" -eq 5 ]
    agree a.csv
}

@test "third-party sign-ups, log-ins, and rivals that a success supersedes" {
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION"}'
    printf 'email,identity_provider,identity_subject,email_verified_at,password,outcome\nann@example.com,google,1,,,\nbob@example.com,,,2025-12-01,Abcdef1!x,success\ncat@example.com,google,3,,,\n' >first.csv
    job import first.csv
    printf 'email,identity_provider,identity_subject,email_verified_at,password,outcome\nann@example.com,google,1,,,\nann@example.com,,,,Abcdef1!x,\nbob@example.com,google,2,2026-01-01,,\nbob@example.com,google,2,,,\ncat@example.com,,,,Abcdef1!x,\nnew@example.com,apple,9,,,\nnew@example.com,apple,9,,,\nnew@example.com,,,,Abcdef1!x,failure\n' >a.csv
    agree a.csv
    grep -q '^2|continued' rehearsed
    grep -q '^3|pending' rehearsed
    grep -q '^4|continued' rehearsed
    grep -q '^8|continued' rehearsed
    run ledger_reg "SELECT line, detail FROM reg_signups('a.csv') WHERE outcome = 'continued' ORDER BY line"
    [ "${lines[0]}" = '2|login known' ]
}

@test "the second request of a two-step sign-up, with the key and without" {
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","sandbox":true}'
    printf 'email,password\nann@example.com,Abcdef1!x\nbob@example.com,Abcdef1!x\n' >first.csv
    job import first.csv
    printf 'email,email_confirm_code\nann@example.com,12345\nann@example.com,12345\nbob@example.com,99999\nnobody@example.com,12345\n' >a.csv
    ledger_reg "SELECT line, outcome, detail FROM reg_signups('a.csv')" >rehearsed
    mv ledger.db.key kept
    run ledger_reg "SELECT * FROM reg_signups('a.csv')"
    [[ "$output" == *"reg_signups: key file"*"is missing"* ]]
    run ledger_reg "SELECT outcome FROM reg_signups('first.csv')"
    [ "$output" = $'pending\npending' ]
    mv kept ledger.db.key
    job import a.csv
    ledger "SELECT line, 'continued', kind || ' ' || verdict FROM continuation ORDER BY line" >imported
    [ -s imported ]
    diff imported rehearsed
}

# The attempts that wait would link a password to a third party's customer: else the e-mail address alone, taken meanwhile, would say no.
@test "a success in the file ends an attempt of the ledger that waits, and its code is good for nothing then" {
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","sandbox":true}'
    printf 'email,identity_provider,identity_subject,password\nann@example.com,google,1,\nbob@example.com,google,2,\nann@example.com,,,Abcdef1!x\nbob@example.com,,,Abcdef1!x\n' >first.csv
    job import first.csv
    [ "$(ledger 'SELECT count(*) FROM waiting')" = 2 ]
    printf 'email,outcome,email_confirm_code\nann@example.com,success,\nann@example.com,,12345\nbob@example.com,,12345\n' >a.csv
    ledger_reg "SELECT line, outcome, detail FROM reg_signups('a.csv') WHERE outcome = 'continued'" >rehearsed
    job import a.csv
    ledger "SELECT line, 'continued', kind || ' ' || verdict FROM continuation WHERE line > 2 ORDER BY line" >imported
    [ "$(wc -l <imported)" = 2 ]
    [ "$(grep -c '^3|continued|.* verified' imported)" = 0 ]
    grep -q '^4|continued|.* verified' imported
    diff imported rehearsed
}

@test "what cannot be rehearsed is an error that names the file" {
    refused() {
        run ledger_reg "SELECT * FROM reg_signups($1)"
        [[ "$output" == *"reg_signups: $2"* ]] || { echo "$output"; false; }
    }
    printf 'colour,size\nred,1\n' >a.csv
    refused "'a.csv'" 'a.csv, line 1: none of its columns says who signed up'
    printf 'email,E_MAIL\na,b\n' >a.csv
    refused "'a.csv'" 'a.csv, line 1, column 2: column 1 means the same'
    printf '' >a.csv
    refused "'a.csv'" 'a.csv: no header'
    refused "'missing.csv'" 'missing.csv: No such file or directory'
    mkfifo pipe
    refused "'pipe'" 'pipe: expected a regular file'
    refused "NULL" 'expected the name of a file'
    # They are counted before any is judged: as many sign-ups would take half a minute.
    { echo email; seq 100001 | sed "s,$,@example.com,"; } >a.csv
    SECONDS=0
    refused "'a.csv'" 'a.csv, line 100002: expected at most 100000 rows here'
    [ "$SECONDS" -le 5 ]
    run ledger_reg "CREATE TEMP TABLE t AS SELECT 1; CREATE VIEW v AS SELECT * FROM reg_signups('a.csv'); SELECT * FROM v"
    [[ "$output" == *"unsafe use of virtual table"* ]]
    ledger "DROP VIEW v"
    rm ledger.db*
    run ledger_reg "SELECT * FROM reg_signups('a.csv')"
    [[ "$output" == *"reg_signups: "*"ledger"* ]]
}

@test "within a transaction that writes: what it has written counts" {
    printf 'email,password\nann@example.com,Abcdef1!x\n' >a.csv
    run ledger_reg "BEGIN IMMEDIATE; INSERT INTO reg_attempts(email, password) VALUES ('ann@example.com', 'Abcdef1!x');
        SELECT outcome, failure_reason FROM reg_signups('a.csv'); ROLLBACK; SELECT outcome FROM reg_signups('a.csv');"
    [ "$output" = $'failure|email_taken\nsuccess' ]
}

@test "rows of another length than the header" {
    printf 'email,password,name,country\na@example.com,Abcdef1!x,Ann\nb@example.com,Abcdef1!x\nc@example.com\nd@example.com,Abcdef1!x,Dan,AT,\ne@example.com,Abcdef1!x,Eve,AT,,\nTotal: 5,\nf@example.com,Abcdef1!x' >a.csv
    agree a.csv
    [ "$(grep -c short_row rehearsed)" -eq 2 ]
    [ "$(grep -c field_count rehearsed)" -eq 4 ]
}
