# SPDX-License-Identifier: MIT
# regjob import: what people do with exports, profiles and spreadsheets without reading a manual: each gets a sentence that says what to do, and nothing is
# half imported.

load ../helper

EXPORTS=$ROOT/samples/exports

setup() {
    regjob_setup
    cat >own.ini <<'END'
# A German shop.
[profile]
form = csv
mark = Kundennummer & 'E-Mail'

[columns]
email = 'E-Mail'
username = Benutzername
given_name = Vorname
family_name = Nachname
phone = Telefon
country = Land
birth_date = Geburtsdatum as "%d.%m.%Y %H:%M"
attempted_at = 'Registriert am' as "%d.%m.%Y %H:%M"
email_verified_at = 'Registriert am' as "%d.%m.%Y %H:%M" if 'E-Mail bestätigt' = "1,0"
consent_terms = "accepted" if AGB = "ja"
guest_account = AGB
outcome = "success"

[values guest_account]
ja = no
nein = yes
END
}

# refused CODE TEXT ARGUMENT...: an import that takes nothing and says that.
refused() {
    run job import "${@:3}"
    [ "$status" -eq "$1" ] || { echo "$output"; return 1; }
    [[ "$output" == *"$2"* ]] || { echo "$output"; return 1; }
    [ "$(ledger "SELECT count(*) FROM attempt")" = 0 ]
}

@test "a profile with an unknown column, a mistake in a value, an unknown section or key: its file and line" {
    sed 's/^email =/emial =/' own.ini >a.ini
    refused 65 'a.ini, line 7: unknown column `emial`: expected one that a sign-up has' --profile a.ini "$EXPORTS/cognito.csv"
    sed 's/%H:%M"$/%H:%M/' own.ini >b.ini
    refused 65 'b.ini, line 13: expected the closing quote' --profile b.ini "$EXPORTS/cognito.csv"
    sed 's/\[columns\]/[colums]/' own.ini >c.ini
    refused 65 'c.ini, line 6: unknown section [colums]: expected [profile], [columns] or [values COLUMN]' --profile c.ini "$EXPORTS/cognito.csv"
    sed 's/^form/from/' own.ini >d.ini
    refused 65 'd.ini, line 3: unknown key `from`: expected form, records, header or mark' --profile d.ini "$EXPORTS/cognito.csv"
    printf '[columns]\nname = a | | b\n' >e.ini
    refused 65 'e.ini, line 2: expected the name of a member or column' --profile e.ini "$EXPORTS/cognito.csv"
    printf '[columns]\nname = given_name\n' >f.ini
    refused 65 'the profile f.ini makes none of the columns that say who a row is about: expected `email`' --profile f.ini "$EXPORTS/cognito.csv"
    printf '[columns]\nemail = a if @phone is given\n' >g.ini
    refused 65 'g.ini, line 2: unknown `@phone`: expected @now, or a column of the lines above' --profile g.ini "$EXPORTS/cognito.csv"
    printf '[columns]\nattempted_at = a as "%%A"\nemail = b\n' >h.ini
    refused 65 'h.ini, line 2: expected a format of %Y %m %d %H %M %S' --profile h.ini "$EXPORTS/cognito.csv"
}

@test "a profile that there is not: the built-in ones are listed" {
    refused 65 'profile okta: No such file or directory; the built-in ones are auth0, cognito, firebase, keycloak, kratos' --profile okta "$EXPORTS/cognito.csv"
    refused 65 'profile ./none.ini: No such file or directory' --profile ./none.ini "$EXPORTS/cognito.csv"
}

@test "a profile for another form of file" {
    refused 65 'the file is CSV, and the profile keycloak is for JSON' --profile keycloak "$EXPORTS/cognito.csv"
    refused 65 'the file is JSON, and the profile own.ini is for CSV' --profile own.ini "$EXPORTS/kratos.json"
}

@test "Firebase without the project's parameters: everybody fails by the same rule, and --explain says it before" {
    run job import --explain "$EXPORTS/firebase.json"
    [ "$status" -eq 2 ]
    grep -qE '^password_hash_invalid +3 +1 +.*project' <<<"$output"
    job import "$EXPORTS/firebase.json" || true
    [ "$(ledger "SELECT DISTINCT n.value ->> 'rule' FROM attempt a, json_each(a.notes) n WHERE a.outcome = 'failure' AND n.value ->> 'column' = 'password_hash'")" = hash_project ]
    [ "$(ledger "SELECT count(*) FROM attempt WHERE outcome = 'success'")" = 0 ]
}

@test "a header written above Firebase's rows by hand, or rows of something else under its name" {
    { echo 'uid,email,verified,hash,salt,name,photo,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,created,seen,phone,disabled,claims,'; cat "$EXPORTS/firebase.csv"; } >a.csv
    refused 65 'the first line is no row of the profile firebase, whose files have no header' --profile firebase a.csv
    refused 65 'the first line is no row of the profile firebase, whose files have no header and another number of columns' --profile firebase "$EXPORTS/cognito.csv"
}

@test "an export that was cut off, and one user that was pretty-printed" {
    head -c 2000 "$EXPORTS/kratos.json" >a.json
    refused 65 'a.json: byte 2001 (line ' a.json
    printf '{\n  "email": "a@example.com",\n  "password": "Abcdef1!x"\n}\n' >b.json
    refused 65 'the document is one object, and none of its members is an array of records by a known name: name it in a profile (records = NAME)' b.json
}

@test "an array in a member of another name: a profile of three lines reads it" {
    printf '{"page":1,"data":[\n{"mail":"a@example.com","pw":"Abcdef1!x"}]}\n' >a.json
    refused 65 'name it in a profile (records = NAME)' a.json
    printf '[profile]\nrecords = data\n[columns]\nemail = mail\npassword = pw\n' >my.ini
    run job import --profile my.ini a.json
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT form FROM import")" = 'a JSON array in `data`, profile my.ini (as it was named)' ]
    [ "$(ledger "SELECT email FROM person")" = a@example.com ]
}

@test "a file that looks like the exports of two systems" {
    printf '{"traits":{"email":"a@example.com"},"schema_id":"x","user_id":"1","email":"a@example.com","email_verified":true}\n' >a.json
    refused 65 'the file looks like an export of auth0 and like one of kratos: say which by --profile' a.json
    run job import --profile kratos --dry-run a.json
    [[ "$output" != *looks* ]]
}

@test "--profile none reads an export as the plain file that it is" {
    run job -v import --profile none --dry-run "$EXPORTS/cognito.csv"
    [[ "$output" == *'unknown column'*'cognito:username'* && "$output" != *"profile cognito"* ]]
}

@test "semicolons and tabs, announced or found; two readings are refused; the same in confirmations and dashboards' exports" {
    printf 'email;password\na@example.com;Abcdef1!x\n' >a.csv
    printf 'sep=\t\r\nemail\tpassword\r\nb@example.com\tAbcdef1!x\r\n' | iconv -f utf-8 -t utf-16 >b.csv
    run job -v import a.csv b.csv
    [ "$status" -eq 0 ]
    [[ "$output" == *'a.csv: read as CSV separated by semicolons (found from the header)'* ]]
    [[ "$output" == *'b.csv: read as CSV separated by tabs (as line 1 says), in utf-16le (by its byte order mark)'* ]]
    [ "$(ledger "SELECT group_concat(email) FROM person")" = "a@example.com,b@example.com" ]
    regjob_fresh
    printf 'email;a,phone\na@example.com;1,2\n' >c.csv
    refused 65 'c.csv: the header (line 1) can be read in two ways: separated by commas its columns begin with `email;a`, `phone`, by semicolons with `email`, `a,phone`' c.csv
    run ledger_reg "SELECT * FROM reg_signups('c.csv')"
    [[ "$output" == *'can be read in two ways'* ]]
    printf 'subject;code\nnobody@example.com;123456\n' >d.csv
    run job confirm d.csv
    [ "$status" -eq 0 ]
    printf 'date\toutcome\tcount\n2026-01-02\tsuccess\t7\n' | iconv -f utf-8 -t utf-16be | sed '1s/^/\xfe\xff/' >e.csv
    [ "$(ledger_reg "SELECT * FROM reg_dashboard('e.csv')")" = "2026-01-02|success|7" ]
    printf 'date;success;failure\n2026-01-02;7;2\n' >f.csv
    [ "$(ledger_reg "SELECT sum(count) FROM reg_dashboard('f.csv')")" = 9 ]
}

@test "Windows-1252: rejected line by line until its name is given; then the rejects are UTF-8 and say so" {
    printf 'email,password,given_name\na@example.com,Abcdef1!x,Ad\xe9le\nb@example.com,Abcdef1!x,Bob\nbroken \xe9\n' >a.csv
    run job import a.csv
    [ "$status" -eq 2 ]
    [ "$(ledger "SELECT line, kind FROM reject" | tr '\n' ' ')" = "2|encoding 4|encoding " ]
    regjob_fresh
    rm -f ./*.rejects
    run job import --encoding windows-1252 a.csv
    [ "$status" -eq 2 ]
    [ "$(ledger "SELECT given_name FROM person WHERE email = 'a@example.com'")" = Adéle ]
    printf '\xef\xbb\xbfemail,password,given_name\nbroken é\n' | cmp - a.csv.1.rejects
    # Mended and imported again, whatever encoding is named.
    sed -i 's/broken é/c@example.com,Abcdef1!x,Zoé/' a.csv.1.rejects
    run job import --encoding windows-1252 a.csv.1.rejects
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT given_name FROM person WHERE email = 'c@example.com'")" = Zoé ]
    refused_usage() { run job import "$@"; [ "$status" -eq 64 ]; }
    refused_usage --encoding ebcdic a.csv
    refused_usage --separator ab a.csv
}

@test "UTF-16 and no byte order mark: which encoding to name" {
    printf 'email\na@example.com\n' | iconv -f utf-8 -t utf-16le >a.csv
    refused 65 'the input seems to be in UTF-16, without a byte order mark: name its encoding, utf-16le' a.csv
    run job import --dry-run --encoding utf-16le a.csv
    [[ "$output" == *"read"* ]]
}

@test "a German spreadsheet by a profile of one's own, from the configuration: names, times, words and consents" {
    mkdir etc inbox
    cp own.ini etc/shop.ini
    cp "$ROOT/tests/foreign/pandas-german.csv" inbox/
    printf '[ledger]\npath = ../ledger.db\n[import]\nprofile = shop.ini\ninbox = ../inbox\nsettle_seconds = 0\n' >etc/job.conf
    "$REGJOB" -c etc/job.conf nightly || true
    [ "$(ledger "SELECT form FROM import")" = "CSV separated by semicolons (found from the header), profile shop.ini (as it was named)" ]
    [ "$(sums)" = "13|13|0|0|0|0" ]
    [ "$(ledger_reg "SELECT given_name, birth_date, attempted_at, email_verified_at, guest_account, consents ->> '$.terms.state' FROM reg_attempts WHERE line = 2")" \
        = "Siobhán|1988-02-29|2026-03-29T03:59:00.000Z|2026-03-29T03:59:00.000Z|0|accepted" ]
    printf '[import]\nencoding = ebcdic\n' >etc/bad.conf
    run "$REGJOB" -c etc/bad.conf import inbox
    [ "$status" -eq 78 ]
    [[ "$output" == *"auto, utf-8, utf-16le, utf-16be, windows-1252 or latin-1"* || "$output" == *"utf-16be"* ]]
}

@test "--explain shows what a profile makes of each column, and what it leaves out" {
    run job import --explain "$EXPORTS/keycloak-realm.json"
    grep -qE '^column +made of +its meaning' <<<"$output"
    grep -qE '^12 +credentials\[type=password\] +password_hash +100%' <<<"$output"
    grep -qE '^13 +"failure" if enabled = "false" +outcome +75.0% \(1\) +25.0% \(4\)' <<<"$output"
    [[ "$output" == *"What the profile leaves out: totp, disableableCredentialTypes, requiredActions, realmRoles, notBefore, groups"* ]]
    [[ "$output" != *Lantern* && "$output" != *secretData\"* ]]
}

@test "a profile may be copied from those that are installed" {
    [[ "$(make -s -n -C "$ROOT" install PREFIX=/usr)" == *"-t /usr/share/regjob/profiles "*"samples/profiles/kratos.ini"* ]]
    cp "$ROOT/samples/profiles/kratos.ini" mine.ini
    run job import --dry-run --profile ./mine.ini "$EXPORTS/kratos.json"
    [ "$status" -eq 0 ]
    [[ "$output" == *success*3* ]]
    run job import --dry-run --profile kratos "$EXPORTS/kratos.json"
    [ "$status" -eq 0 ]
}
