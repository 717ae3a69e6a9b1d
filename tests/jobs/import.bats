# SPDX-License-Identifier: MIT
# regjob import: what becomes of the lines of a file. Its identity and its stops: import_again.bats, import_stop.bats.

load ../helper

setup() {
    regjob_setup
}

good='email,password
ann@example.com,Abcdef1!x
bob@example.com,short
ANN@example.com,Abcdef1!x
'

@test "rows become attempts with their verdicts, and an import in order says nothing" {
    printf %s "$good" >a.csv
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ ! -e ledger.db-wal ] # all of it is in the ledger
    [ "$(sums)" = "3|1|0|2|0|0" ]
    run ledger_reg "SELECT line, outcome, reasons FROM reg_attempts ORDER BY line"
    [ "${lines[0]}" = "2|success|[]" ] || [ "${lines[0]}" = "2|success|" ]
    [[ "${lines[1]}" == '3|failure|["password_too_short"'* ]]
    [ "${lines[2]}" = '4|failure|["email_taken"]' ]
    [ "$(ls ./*.rejects 2>/dev/null)" = "" ]
}

@test "a rejected line is said where nobody watches, and where it is kept" {
    printf '%sx@example.com\n' "$good" >a.csv
    run job import a.csv
    [ "$status" -eq 2 ]
    [ "$output" = "regjob: a.csv: 1 line rejected (line 5: field_count): see a.csv.1.rejects" ]
    [ "$(tail -n 1 a.csv.1.rejects)" = x@example.com ]
    printf '%sy@example.com\nz@example.com\n' "$good" >b.csv
    run job import b.csv
    [ "$output" = "regjob: b.csv: 2 lines rejected (the first in line 5: field_count): see b.csv.2.rejects" ]
    run job --dry-run import b.csv
    [[ "$output" != *"see "* ]]
}

@test "with -v a table: read, outcomes, failures by reason, rejects by kind, seconds and rows a second" {
    printf '%sx@example.com\n' "$good" >a.csv
    run job -v import a.csv
    [ "$status" -eq 2 ]
    [[ "$output" =~ "a.csv: import 1, "[0-9.]+" seconds, "[0-9]+" rows a second" ]]
    [[ "$output" =~ read\ +4 ]]
    [[ "$output" =~ success\ +1 ]]
    [[ "$output" =~ pending\ +0 ]]
    [[ "$output" =~ failed\ +2 ]]
    [[ "$output" =~ email_taken\ +1 ]]
    [[ "$output" =~ password_too_short\ +1 ]]
    [[ "$output" =~ rejected\ +1 ]]
    [[ "$output" =~ field_count\ +1 ]]
    printf 'email,password,country,birth_date\n d@example.com,Abcdef1!x,Kanada,03/04/1990\ne@example.com,Abcdef1!x,XQ,\n' >b.csv
    run job -v import b.csv
    [ "$status" -eq 0 ]
    [[ "$output" =~ "left out: country (code)"\ +2 ]]
    [[ "$output" =~ "left out: birth_date (ambiguous)"\ +1 ]]
    [[ "$output" =~ "trimmed: email (blanks)"\ +1 ]]
}

# Every kind of reject, each between good lines, with CRLF where the comment says so.
hostile() {
    printf 'email,name,password\n'
    printf 'a@example.com,A,Abcdef1!x\n'
    printf 'b@example.com,B "the" B,Abcdef1!x\n'         # 3: quoting
    printf 'c@example.com,Abcdef1!x\n'                   # 4: a field too few
    printf 'd@example.com,D,Abcdef1!x,more\r\n'          # 5: one too many, CRLF
    printf 'e@example.com,\xff\xfe,Abcdef1!x\n'          # 6: encoding
    printf 'f@example.com,F\0F,Abcdef1!x\n'              # 7: nul
    printf 'g@example.com,%02000d,Abcdef1!x\n' 7         # 8: too long
    printf 'h@example.com,"two\nlines, one field",Abcdef1!x\n' # 9 and 10: readable, and a name all the same
    printf 'i@example.com,"never closed,Abcdef1!x\n'     # 11: quoting
    printf 'j@example.com,J,Abcdef1!x'                   # 12: in order, without a line end
}

@test "each kind of reject is kept with line, byte, column and original bytes, and costs its own line alone" {
    hostile >a.csv
    printf '[ledger]\npath = ledger.db\n[import]\nmax_field_bytes = 1K\n' >job.conf
    run "$REGJOB" -c job.conf import a.csv
    [ "$status" -eq 2 ]
    [ "$(sums)" = "10|3|0|0|0|7" ]
    run ledger "SELECT line, kind, column_number FROM reject ORDER BY line"
    [ "${lines[0]}" = "3|quoting|2" ]
    [ "${lines[1]}" = "4|field_count|3" ]
    [ "${lines[2]}" = "5|field_count|4" ]
    [ "${lines[3]}" = "6|encoding|2" ]
    [ "${lines[4]}" = "7|nul|2" ]
    [ "${lines[5]}" = "8|too_long|2" ]
    [ "${lines[6]}" = "11|quoting|2" ]
    [ "${#lines[@]}" -eq 7 ]
    # The place in the file is where the bytes are, and they stand in a.csv.1.rejects under the header.
    ledger "SELECT byte_offset, bytes FROM reject ORDER BY line" >places
    {
        printf 'email,name,password\n'
        while IFS='|' read -r offset bytes; do
            tail -c +$((offset + 1)) a.csv | head -c "$bytes"
        done <places
    } >expected
    cmp expected a.csv.1.rejects
    [ "$(stat -c %a a.csv.1.rejects)" = 600 ]
    [ "$(ledger "SELECT email FROM person ORDER BY attempt_id")" = $'a@example.com\nh@example.com\nj@example.com' ]
    # No secret that could not be read is in the ledger.
    [ "$(ledger "SELECT count(*) FROM reject WHERE message LIKE '%Abcdef%'")" = 0 ]
}

@test "mended rejects are imported again, and only they" {
    hostile >a.csv
    job import a.csv || [ $? -eq 2 ]
    sed -e 's/B "the" B/B/' -e 's/0\{100,\}7/G/' -e 's/^c@example.com,/&C,/' -e 's/,more//' -e 's/"never closed/I/' a.csv.1.rejects |
        tr -d '\0\377\376' >mended.csv
    run job import mended.csv
    [ "$status" -eq 0 ]
    [ "$(sums)" = "6|6|0|0|0|0" ]
    [ "$(ledger "SELECT count(*), count(DISTINCT email) FROM person")" = "10|10" ]
}

@test "a byte order mark and CRLF line ends are no part of the values" {
    printf '\xef\xbb\xbf"email","name","password"\r\n"a@example.com","A, B",Abcdef1!x\r\nb@example.com,,Abcdef1!x\r\n' >a.csv
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT email, name FROM person ORDER BY attempt_id")" = $'a@example.com|A, B\nb@example.com|' ]
    [ "$(sums)" = "2|2|0|0|0|0" ]
}

@test "numbers keep their zeros, blanks around a value go, and what is too much of a value is a failed attempt" {
    printf 'email,custom_id,name,partner_id,password\na@example.com,007, A ,12,Abcdef1!x\nb@example.com,1,B,-5,Abcdef1!x\n' >a.csv
    ledger_reg "SELECT reg_settings_patch('{\"strictFields\":[\"partner_id\"]}')" >/dev/null
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT custom_id, name FROM person WHERE attempt_id = 1")" = "007|A" ]
    [ "$(ledger "SELECT reasons FROM attempt WHERE id = 2")" = '["partner_id_invalid"]' ]
}

@test "columns go by name in any order and by the systems' own names" {
    printf 'passwordHashed,Telephone,E_MAIL,countryId,outcome\n%s,+16045550101,a@example.com,CA,success\n' "$(printf x | sha256sum | cut -c1-64)" >a.csv
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT a.outcome, a.country, p.phone, p.email FROM attempt a JOIN person p ON p.attempt_id = a.id")" = "success|CA|+16045550101|a@example.com" ]
    [ "$(ledger "SELECT length(sealed) > 0 FROM fingerprint")" = 1 ]
}

@test "an unknown column is named and left out; --strict refuses the file" {
    printf 'email,shoe_size,password\na@example.com,44,Abcdef1!x\n' >a.csv
    run job --strict import a.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"a.csv: unknown column: 2 \`shoe_size\`; --strict refuses the file"* ]]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 0 ]
    run job import a.csv # also where nobody watches
    [ "$status" -eq 0 ]
    [[ "$output" == *"a.csv: unknown column: 2 \`shoe_size\`; ignored"* ]]
    [ "$(sums)" = "1|1|0|0|0|0" ]
}

@test "what a file's header says is shown without its control characters" {
    printf 'email,\033[31mred,password\na@example.com,44,Abcdef1!x\n' >a.csv
    run job --strict import a.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *'\x1b[31mred'* || "$output" == *'\x1B[31mred'* ]]
    [[ "$output" != *$'\033'* ]]
}

@test "a header as others write it: blanks, case, dashes, dots and their names; what is left out is said with the nearest name" {
    printf '\xEF\xBB\xBF"E-Mail Address", First Name ,last.name,Mobile Phone,Sign-up date,Passwort,Password,Consent terms,,Frist Name\na@example.com,Ada,Byron,+16045550101,2026-01-01T00:00:00Z,x,Abcdef1!x,accepted,7,Ada\n' >a.csv
    run job import a.csv
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *'a.csv: unknown columns: 6 `Passwort` (did you mean `password`?), 9 (no name), 10 `Frist Name` (did you mean `first_name`?); ignored'* ]]
    [ "$(ledger_reg "SELECT email, given_name, family_name, phone, attempted_at, outcome, consents FROM reg_attempts")" = \
        'a@example.com|Ada|Byron|+16045550101|2026-01-01T00:00:00.000Z|success|{"terms":{"state":"accepted"}}' ]
}

@test "of very many unknown columns the first are named, and the others counted" {
    python3 -c 'print(",".join(["email"] + [f"nothing_of_that_kind_{n:03}" for n in range(100)])); print("a@example.com" + "," * 100)' >a.csv
    run job import a.csv
    [ "$status" -eq 0 ]
    [[ "$output" == *'2 `nothing_of_that_kind_000`, 3 '*'`nothing_of_that_kind_0'??'` and '*' more; ignored' ]]
    named=$(grep -o nothing_of <<<"$output" | wc -l)
    [ "$named" -gt 20 ]
    [[ "$output" == *" and $((100 - named)) more; ignored" ]]
}

@test "two columns with one meaning, no known column, a name twice: refused with both named" {
    printf 'email,telephone,phone\na@example.com,+16045550101,+16045550102\n' >a.csv
    run job import a.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"columns 2 \`telephone\` and 3 \`phone\` both mean \`phone\`"* ]]
    printf 'consent_terms,email,CONSENT_terms\naccepted,a@example.com,accepted\n' >b.csv
    run job import b.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"columns 1 \`consent_terms\` and 3 \`CONSENT_terms\` both mean"* ]]
    printf 'colour,size\nred,4\n' >c.csv
    run job import c.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"c.csv: none of its columns"* ]]
    printf 'email,name,email\na@example.com,A,b@example.com\n' >d.csv
    run job import d.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"d.csv"* ]]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 0 ]
    [ "$(ledger "SELECT count(*) FROM import")" = 0 ]
}

@test "an empty file is refused; a header alone is an import of no rows" {
    : >a.csv
    run job import a.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"a.csv"* ]]
    printf 'email,password\n' >b.csv
    run job -v import b.csv
    [ "$status" -eq 0 ]
    [[ "$output" =~ read\ +0 ]]
    [ "$(ledger "SELECT finished_at IS NOT NULL FROM import WHERE name LIKE '%b.csv'")" = 1 ]
    run job -v import b.csv
    [[ "$output" == *"imported already"* ]]
}

@test "a device, a missing and an unreadable file each have their own message" {
    run job import missing.csv
    [ "$status" -eq 1 ]
    [ "$output" = "regjob: missing.csv: No such file or directory" ]
    run job import /dev/null
    [ "$status" -eq 65 ]
    [[ "$output" == *"/dev/null is a device or pipe, not a file"* ]]
    mkfifo pipe.csv
    run timeout 20 "$REGJOB" -l ledger.db import pipe.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"pipe.csv is a device or pipe, not a file"* ]]
    printf %s "$good" >a.csv
    chmod 0 a.csv
    if [ "$(id -u)" = 0 ]; then
        chmod 711 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" 2>/dev/null || true
        run setpriv --bounding-set -dac_override,-dac_read_search --inh-caps -dac_override,-dac_read_search "$REGJOB" -l ledger.db import a.csv
    else
        run job import a.csv
    fi
    [ "$status" -eq 1 ]
    [ "$output" = "regjob: a.csv: Permission denied" ]
}

@test "one bad file of several does not keep the others out" {
    printf %s "$good" >a.csv
    printf 'email,password\nzoe@example.com,Abcdef1!x\n' >b.csv
    run job import missing.csv a.csv b.csv
    [ "$status" -eq 1 ]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 4 ]
}

@test "--dry-run tells the counts an import then has, and writes nothing" {
    hostile >a.csv
    before=$(sha256sum ledger.db)
    run job --dry-run import a.csv
    [ "$status" -eq 2 ]
    rehearsed=$(printf '%s\n' "$output" | sed 1d)
    [[ "$output" == *"a.csv: what an import would do"* ]]
    [ "$(sha256sum ledger.db)" = "$before" ]
    [ "$(ls ./*.rejects 2>/dev/null)" = "" ]
    [ "$(ledger "SELECT (SELECT count(*) FROM import) + (SELECT count(*) FROM attempt) + (SELECT count(*) FROM run)")" = 0 ]
    run job -v import a.csv
    [ "$status" -eq 2 ]
    [ "$(printf '%s\n' "$output" | sed '/ rejected (.*: see /d' | sed 1d)" = "$rehearsed" ]
}

@test "a rehearsal knows the duplicates within the file and those in the ledger" {
    printf %s "$good" >a.csv
    job import a.csv
    printf 'email,password\nann@example.com,Abcdef1!x\ncid@example.com,Abcdef1!x\nCID@example.com,Abcdef1!x\n' >b.csv
    run job --dry-run import b.csv
    [[ "$output" =~ email_taken\ +2 ]]
    [[ "$output" =~ success\ +1 ]]
}

@test "a pending file, a log-in and a second request are counted as what they are" {
    settings '{"registrationType":"REQUIRE_EMAIL_ACTIVATION","sandbox":true}'
    cat >a.csv <<'CSV'
email,password,identity_provider,identity_subject,emailConfirmCode
ann@example.com,Abcdef1!x,,,
,,google,g-1,
,,google,g-1,
nobody@example.com,,,,12345
CSV
    settings '{"requiredFields":[]}'
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$(sums)" = "4|1|1|0|2|0" ]
    [ "$(ledger "SELECT line, kind, verdict FROM continuation ORDER BY line")" = $'4|login|known\n5|confirmation|not_found' ]
}

@test "who follows a log-in or a known address has the next id after it" {
    settings '{"requiredFields":[],"registrationType":"AUTOMATIC"}'
    awk 'BEGIN { print "email,password,outcome,identity_provider,identity_subject"
                 for (id = 1; id <= 200; id++)
                     print id % 7 == 2 ? ",,,google,g-1" : id % 11 == 5 ? "P1@example.com,Abcdef1!x,,," : "p" id "@example.com,,success,," }' >a.csv
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(*), max(id) FROM attempt")" = "172|200" ] # 28 log-ins
    [ "$(ledger "SELECT group_concat(id - line + 1, '') FROM continuation")" = "$(printf '0%.0s' {1..28})" ]
    [ "$(ledger "SELECT count(*) FROM person p JOIN attempt a ON a.id = p.attempt_id
                  WHERE p.email = 'p' || a.id || '@example.com' AND a.customer_id = a.id AND a.line = a.id + 1")" = 156 ]
    [ "$(ledger "SELECT count(*) FROM attempt WHERE outcome = 'failure' AND line = id + 1 AND line % 11 = 6")" = 15 ]
}

@test "triggers of the application see each sign-up by its id, and may forbid it" {
    awk 'BEGIN { print "email,outcome,country"
                 for (id = 1; id <= 300; id++) print "p" id "@example.com,success," (id == 200 ? "CA" : "US") }' >a.csv
    ledger "CREATE TABLE seen (id INTEGER, country TEXT);
            CREATE TRIGGER sees BEFORE INSERT ON person BEGIN
                INSERT INTO seen SELECT id, country FROM attempt WHERE id = NEW.attempt_id; END"
    cp ledger.db before.db
    job import a.csv
    [ "$(ledger "SELECT count(*), count(DISTINCT id), sum(country = 'CA' AND id = 200) FROM seen")" = "300|300|1" ]
    mv before.db ledger.db
    rm -f ledger.db-wal ledger.db-shm
    ledger "CREATE TRIGGER forbids BEFORE INSERT ON person WHEN (SELECT country FROM attempt WHERE id = NEW.attempt_id) = 'CA'
            BEGIN SELECT RAISE(ABORT, 'not from there'); END"
    run job import a.csv
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"not from there"* ]]
    [ "$(ledger "SELECT (SELECT count(*) FROM attempt), (SELECT count(*) FROM person), (SELECT count(*) FROM seen)")" = "0|0|0" ]
}

@test "people before thousands of rejected lines are kept whole" {
    {
        echo email,name
        for n in 1 2 3 4 5 6 7 8 9; do echo "p$n@example.com,Name $n"; done
        yes "too,many,fields" | head -4000
    } >mostly.csv
    run job import mostly.csv
    [ "$status" = 2 ]
    [ "$(ledger "SELECT count(*) FROM person WHERE email = 'p' || attempt_id || '@example.com' AND name = 'Name ' || attempt_id")" = 9 ]
}

@test "a column that most rows leave empty is kept of the rows that fill it, also behind hundreds that do not" {
    {
        echo email,password,captcha,birth_place
        seq -f 'a%g@example.com,Abcdef1!x,,' 300
        echo 'b@example.com,Abcdef1!x,passed,'
        seq -f 'c%g@example.com,Abcdef1!x,,' 300
        echo 'd@example.com,Abcdef1!x,,Lyon'
    } | sed 's/,Abcdef1!x,/,,/' >a.csv
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(*), count(captcha), count(birth_place) FROM attempt JOIN person ON attempt_id = id")" = "602|1|1" ]
    [ "$(ledger "SELECT email, captcha FROM attempt JOIN person ON attempt_id = id WHERE captcha IS NOT NULL")" = "b@example.com|passed" ]
    [ "$(ledger "SELECT email, birth_place FROM person WHERE birth_place IS NOT NULL")" = "d@example.com|Lyon" ]
}
