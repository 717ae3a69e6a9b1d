#!/bin/bash
# SPDX-License-Identifier: MIT
# What is done to a value beside the verdict: left out, or taken in another form, with a note that names the rule and never the value.
. tests/sql/tap.sh
sessions
ledger '{"consentVersions":{"terms":"3"}}'

# sign COLUMNS VALUES: the verdict and the notes of a sign-up with these, as DONE RULE of each column.
sign() {
    sql "INSERT INTO reg_attempts($1, password) VALUES ($2, 'A9#bL8@z');
        SELECT a.outcome || coalesce(' ' || a.failure_reason, '') || coalesce(' ' || (SELECT group_concat(n.value ->> 'column' || ' ' || (n.value ->> 'done') || ' ' || (n.value ->> 'rule'), ', ')
            FROM json_each(a.notes) n), '') FROM reg_attempts a WHERE a.id = last_insert_rowid();"
}
mail() { # an address of its own
    echo "'n$RANDOM$RANDOM@example.com'"
}
left_out() { # COLUMN VALUE RULE
    is "left out: $1 $2" "success $1 left_out $3" "$(sign "email, $1" "$(mail), $2")"
    is "and it reads NULL" "" "$(sql "SELECT $1 FROM reg_attempts ORDER BY id DESC LIMIT 1;")"
    sql "SELECT reg_settings_patch('{\"strictFields\":[\"$1\"]}');" >/dev/null
    is "strict: $1 $2" "failure ${1}_invalid $1 refused $3" "$(sign "email, $1" "$(mail), $2")"
    sql "SELECT reg_settings_patch('{\"strictFields\":[]}');" >/dev/null
}
refused() { # COLUMN VALUE RULE
    is "refused: $1 $2" "failure ${1}_invalid $1 refused $3" "$(sign "email, $1" "$(mail), $2")"
}

is "nothing to note" "success" "$(sign email "$(mail)")"
answers "then there is none, and no hint" '[]||1' "SELECT notes, hint, (SELECT notes IS NULL FROM attempt WHERE attempt.id = a.id) FROM reg_attempts a;"

# An optional value that cannot be understood.
left_out phone "'12'" phone_country
left_out phone_country "'ZZ'" code
left_out name "'a' || char(27)" characters
left_out birth_date "'1990-02-30'" time
left_out birth_date "'2999-01-01'" future
left_out gender "'x'" word
left_out country "'XX'" code
left_out currency "'AAA'" code
left_out locale "'xx-YY-nonsense'" code
left_out user_type "'a b'" form
left_out partner_id -1 number
left_out source_id "replace(hex(zeroblob(513)), '0', 'x')" too_long
left_out ip_address "'81.152.92.256'" address
left_out language "'12'" code
left_out latitude 91 number
left_out app_platform "'windows'" word
left_out guest_account "'maybe'" word
left_out email_verified_at "'soon'" time

# What is left out decides nothing either: no number is completed by it, nothing derived from it.
for column in country phone_country; do
    is "a $column that is left out completes no number" "success phone left_out phone_country, $column left_out ambiguous" "$(sign "email, phone, $column" "$(mail), '0664 1234567', 'de-AT'")"
    answers "and gives no currency" "||" "SELECT phone, currency, locale FROM reg_attempts ORDER BY id DESC LIMIT 1;"
done

# What decides, or is required, is never left out.
is "e-mail" "failure email_invalid email refused email_at" "$(sign email "'a b'")"
refused attempted_at "'yesterday'" time
refused username "char(7)" characters
refused uuid "'x'" form
refused custom_id "'a' || char(7)" characters
refused recommendation "'STOP'" word
refused outcome "'maybe'" word
refused failure_reason "'email_taken'" outcome
refused consents "'[]['" form
refused consents "'[{\"name\":\"terms\",\"state\":\"declined\"},{\"name\":\"terms\",\"state\":\"accepted\",\"version\":\"3\"}]'" ambiguous
is "the provider" "failure identity_provider_unknown identity_provider refused word" "$(sign "email, identity_provider, identity_subject" "$(mail), 'myspace', '1'")"
is "another one's address as username" "failure username_invalid username refused another" "$(sign "email, username" "$(mail), 'ada@example.com'")"
sql "SELECT reg_settings_patch('{\"channels\":[\"email\",\"sms\"],\"requiredFields\":[\"email\",\"country\"],\"requirePartnerId\":true}');" >/dev/null
is "the phone where it is a channel, what is required" "failure phone_invalid phone refused phone_country, country refused code, partner_id refused number" \
    "$(sign "email, phone, country, partner_id" "$(mail), '12', 'XX', -1")"
answers "the first of them is the hint" phone_country "SELECT hint FROM reg_attempts ORDER BY id DESC LIMIT 1;"
sql "SELECT reg_settings_patch('{\"channels\":[\"email\"],\"requiredFields\":[\"email\"],\"requirePartnerId\":false,\"usernameIsPhone\":true}');" >/dev/null
refused phone "'12'" phone_country
sql "SELECT reg_settings_patch('{\"usernameIsPhone\":false}');" >/dev/null
is "a told outcome refuses nothing" "success email left_out email_at, country left_out code" "$(sign "email, country, outcome" "'a b', 'XX', 'success'")"

# A failure for another reason has its notes too; what was derived is no note.
sql "SELECT reg_settings_patch('{\"requiredConsents\":[\"terms\"]}');" >/dev/null
is "beside another reason" "failure consent_required country left_out code" "$(sign "email, country" "$(mail), 'XX'")"
sql "SELECT reg_settings_patch('{\"requiredConsents\":[]}');" >/dev/null

# The import and its rehearsal note the same.
printf 'email,password,country,gender,uuid\nf1@example.com,A9#bL8@z,Utopia,x,\nf2@example.com,A9#bL8@z,DE,,\nf3@example.com,A9#bL8@z,DE,y,7\n' >"$FOLDER/a.csv"
rehearsed=$(sql "SELECT line, outcome, notes FROM reg_signups('$FOLDER/a.csv');")
is "as by INSERT" '2|success|[{"column":"gender","done":"left_out","rule":"word"},{"column":"country","done":"left_out","rule":"code"}]
3|success|[]
4|failure|[{"column":"gender","done":"left_out","rule":"word"},{"column":"uuid","done":"refused","rule":"form"}]' "$rehearsed"
printf '[ledger]\npath = %s\n' "$LEDGER" >"$FOLDER/job.conf"
"$BUILD/regjob" -c "$FOLDER/job.conf" import "$FOLDER/a.csv" >/dev/null 2>&1
answers "the import's are those of the rehearsal" "$rehearsed" "SELECT line, outcome, notes FROM reg_attempts WHERE import_id = 1;"

# Blanks around a consent's cell do not matter; two answers are none.
printf 'email,password,consent_terms,consents\ng1@example.com,A9#bL8@z,\302\240Yes@3 ,\ng2@example.com,A9#bL8@z, ,\n' >"$FOLDER/b.csv"
printf 'g3@example.com,A9#bL8@z,yes@3,"{""terms"":""declined""}"\ng4@example.com,A9#bL8@z,accepted,"{""terms"":true}"\n' >>"$FOLDER/b.csv"
"$BUILD/regjob" -c "$FOLDER/job.conf" import "$FOLDER/b.csv" >/dev/null 2>&1
answers "consents in cells" '2|success|{"terms":{"state":"accepted","version":"3"}}|blanks
3|success|{}|
4|failure|{}|ambiguous
5|failure|{"terms":{"state":"accepted"}}|' "SELECT line, outcome, consents, notes ->> '\$[0].rule' FROM reg_attempts WHERE import_id = 2;"

# A consent's column is spelled as freely as any: as the settings know it, else as it is written. One meaning stands once.
sql "SELECT reg_settings_patch('{\"requiredConsents\":[\"termsOfUse\"]}');" >/dev/null
printf 'email,password,Consent Terms,CONSENT terms of use,consent.MARKETING,consent_Letters\nh1@example.com,A9#bL8@z,yes@3,yes,no,y\n' >"$FOLDER/c.csv"
"$BUILD/regjob" -c "$FOLDER/job.conf" import "$FOLDER/c.csv" >/dev/null 2>&1
answers "consents by the names of the settings" 'success|accepted|accepted|declined|accepted' \
    "SELECT outcome, consents ->> '\$.terms.state', consents ->> '\$.termsOfUse.state', consents ->> '\$.marketing.state', consents ->> '\$.Letters.state' FROM reg_attempts WHERE import_id = 3;"
printf 'email,password,Consent Terms,consent_terms\ni1@example.com,A9#bL8@z,yes@3,no@3\n' >"$FOLDER/d.csv"
like "the same consent in two columns is refused" 'columns 3 .Consent Terms. and 4 .consent_terms. both mean' "$("$BUILD/regjob" -c "$FOLDER/job.conf" import "$FOLDER/d.csv" 2>&1)"
refuses "by the rehearsal too" 'column' "SELECT * FROM reg_signups('$FOLDER/d.csv');"
done_testing
