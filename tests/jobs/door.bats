# SPDX-License-Identifier: MIT
# One door: a row of a file and an INSERT get the same verdict and leave the same rows.

load ../helper

setup() {
    regjob_setup
}

# Imports FILE into one ledger, inserts its rows into a copy, and compares what is in both. RUNS for each row in turn.
same_both_ways() {
    regjob_keep
    job import "$1" || [ $? -eq 2 ]
    contents >by_import
    ledger "SELECT max(recorded_at) FROM attempt" >now
    regjob_fresh
    /usr/bin/python3 "$ROOT/tests/jobs/insert_rows.py" "${REG%.so}" ledger.db "$1"
    contents >by_insert
    # An INSERT has no import and no line; the rows are numbered by their order in both.
    /usr/bin/python3 - by_import by_insert <<'PY'
import sys
def read(path):
    kept = [line.split("|") for line in open(path, encoding="utf-8", errors="surrogateescape", newline="\n").read().split("\n") if line]
    return ["|".join(row) for row in kept if row[0] not in ("import", "sums", "reject")]
left, right = map(read, sys.argv[1:])
assert left, "nothing was imported"
if left != right:
    for a, b in zip(left, right):
        if a != b:
            print("import:", a[:400]); print("insert:", b[:400]); break
    sys.exit("%d rows by import, %d by INSERT" % (len(left), len(right)))
print(len(left), "rows")
PY
}

# hostile SETTINGS [hashed]: generated sign-ups both ways, ROWS of them.
hostile() {
    rm -rf "${BATS_TEST_TMPDIR:?}/kept"
    REGJOB_FRESH=$BATS_FILE_TMPDIR/pristine
    regjob_fresh
    settings "{$1}"
    /usr/bin/python3 "$ROOT/tests/jobs/hostile_rows.py" "${ROWS:-400}" "${SEED:-7}" ${2:+"$2"} >a.csv
    echo "# $1"
    same_both_ways a.csv
}

@test "generated hostile sign-ups, under each way to confirm" {
    local way
    for way in '"registrationType":"AUTOMATIC"' \
        '"registrationType":"REQUIRE_EMAIL_CONFIRMATION","channels":["email","sms"]' \
        '"registrationType":"REQUIRE_EMAIL_ACTIVATION","sandbox":true' \
        '"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","channels":["email","sms"],"pinPrefixLength":3,"sandbox":true' \
        '"registrationType":"REQUIRE_PIN_CONFIRMATION","channels":["email","sms"],"sandbox":true' \
        '"uniqueEmail":false,"uniquePhone":false,"requiredFields":[],"passwordAt":"confirm"'; do
        hostile "$way"
    done
}

@test "generated people of an export, whom mostly nobody knows, under each way to confirm" {
    local way some='"requiredFields":[],"requiredConsents":[],"sandbox":true'
    for way in '"registrationType":"AUTOMATIC"' '"registrationType":"REQUIRE_EMAIL_ACTIVATION"' '"registrationType":"REQUIRE_EMAIL_CONFIRMATION"' \
        '"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","channels":["sms"]' \
        '"registrationType":"REQUIRE_PIN_CONFIRMATION","channels":["email"]' '"uniqueEmail":false'; do
        hostile "$way,$some" hashed
    done
    # More than an import has in memory at a time.
    ROWS=2500 hostile "$some" hashed
    [ "$(ledger "SELECT count(*) > 500 FROM attempt WHERE outcome = 'success'")" = 1 ]
}

@test "a third-party identity that is known by its link alone" {
    settings '{"requiredFields":[],"requiredConsents":[]}'
    printf '%s\n' email,identity_provider,identity_subject,email_verified_at,password_hash \
        'k@example.com,,,1700000000,"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b5dWRWJTmaaJObG6yZyWyiHkyk"' \
        k@example.com,google,g1,1700000000, new@example.com,google,g1,, >linked.csv
    same_both_ways linked.csv
    [ "$(ledger "SELECT group_concat(attempt_id || verdict) FROM continuation")" = 1linked,1known ]
}

# in_ledger TEXT: in any file of it
in_ledger() {
    grep -aqF -e "$1" ledger.db*
}

# nowhere TEXT
nowhere() {
    if in_ledger "$1"; then
        echo "# still there: $1"
        return 1
    fi
}

@test "a password under a wrong header is kept nowhere" {
    # The headers of country and password, and of all the others with one or the other.
    local header=country,currency,locale,phone_country,partner_id,birth_date,gender,uuid,ip_address,app_platform,guest_account,recommendation,language,latitude
    header=$header,longitude,email_verified_at,identity_provider,consents,consent_terms,email,phone,attempted_at,password
    {
        echo "$header"
        for n in 10 11 12; do
            for _ in $(tr , ' ' <<<"${header%,*}"); do printf 'Sw0pped#%s!,' "$n"; done
            echo DE
        done
    } >swapped.csv
    ledger_reg "SELECT reg_settings_patch('{\"strictFields\":[\"phone\",\"phone_country\",\"country\"]}')" >/dev/null
    run job import swapped.csv
    [ "$(sums)" = "3|0|0|3|0|0" ]
    in_ledger country_invalid
    nowhere 'Sw0pped#'
    [ "$(ledger "SELECT count(*) FROM attempt WHERE reasons LIKE '[\"attempted_at_invalid\",\"email_invalid\",\"phone_invalid\",\"phone_country_invalid\",%'")" = 3 ]
    # A rehearsal shows no more than the ledger would.
    [ "$(ledger_reg "SELECT DISTINCT outcome, attempted_at, email, phone FROM reg_signups('swapped.csv')")" = "failure|||" ]
}

@test "an empty text bound in SQL is an empty cell" {
    printf '%s\n' email,password,country,name,outcome,email_confirm_code,consents "a@example.com,A9#bL8@z,,,,," ",A9#bL8@z,DE,,,," "b@example.com,,DE,x,,," >a.csv
    same_both_ways a.csv
    [ "$(ledger "SELECT group_concat(coalesce(reasons, outcome)) FROM attempt")" = 'success,["email_missing"],["password_missing"]' ]
}

@test "what a terminal obeys comes to none by way of the ledger: values and names of files" {
    printf 'email,name,country,user_agent,consents\n"a\033[31m@example.com","Zo\302\233 ","\033]0;owned\007","a\nb","{""a\\u001b"":""accepted""}"\nb@example.com,\342\200\256olleh,DE,\342\201\246x,\n' >bad.csv
    mv bad.csv "$(printf 'bad\033[2J\302\233\nname.csv')"
    job import "$PWD/bad"* || [ $? -eq 2 ]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 2 ]
    ledger_reg "SELECT * FROM reg_attempts; SELECT name FROM import; SELECT * FROM run; SELECT * FROM attempt; SELECT * FROM person; SELECT * FROM setting" >shown
    run env LC_ALL=C grep -cP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]' shown
    [ "$output" = 0 ]
    [ "$(ledger "SELECT name FROM import")" = "$PWD/bad\x1B[2J\xC2\x9B\x0Aname.csv" ]
    # The name is known again.
    printf '\n\nc@example.com,x,DE,x,\n' >>"$PWD/bad"*
    job import "$PWD/bad"* || [ $? -eq 2 ]
    [ "$(ledger "SELECT continues FROM import WHERE id = 2")" = 1 ]
}

@test "a person who is forgotten is in no file of the ledger" {
    printf '%s\n' email,name,outcome,failure_reason,captcha,os,source_id "f@example.com,Freda,failure,Free one,Free two,Free three,Free four" "g@example.com,Gerd,failure,Kept one,Kept two,x,x" >a.csv
    job import a.csv
    in_ledger "Free one"
    job forget f@example.com
    for text in "Free one" "Free two" "Free three" "Free four" Freda f@example.com; do nowhere "$text"; done
    in_ledger "Kept one"
    run ledger_reg "SELECT group_concat(reasons || coalesce(told_reason, '-')) FROM (SELECT * FROM reg_attempts ORDER BY id)"
    [ "$output" = '["told"]-,["told"]Kept one' ]
}
