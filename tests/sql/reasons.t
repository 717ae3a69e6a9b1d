#!/bin/bash
# SPDX-License-Identifier: MIT
# Why a sign-up fails: every reason, alone and together, in the fixed order; and which values are right.
. tests/sql/tap.sh
ledger '{"requiredConsents":["terms"],"consentVersions":{"terms":"3","news":"1"}}'
# Here every wrong value is a reason; what is left out otherwise, with a note, stands in notes.t.
sql "SELECT reg_settings_patch(json_object('strictFields', json_group_array(name))) FROM reg_columns WHERE longest IS NOT NULL;" >/dev/null
session
ok_consent='{"terms":{"state":"accepted","version":"3"}}'

# attempt COLUMNS VALUES: the verdict on a sign-up that is right but for what is given here
attempt() {
    local columns=$1 values=$2 name value
    for name in email password consents; do
        case ",$columns," in *",$name,"*) continue ;; esac
        case $name in
        email) value="'n' || hex(randomblob(6)) || '@example.com'" ;;
        password) case ",$columns," in *,password_md5,* | *,password_hash,* | *,identity_provider,*) continue ;; esac; value="'A9#bL8@z'" ;;
        consents) value="'$ok_consent'" ;;
        esac
        columns="$columns${columns:+,}$name" values="$values${values:+,}$value"
    done
    sql "INSERT INTO reg_attempts($columns) VALUES ($values);
        SELECT outcome, CASE outcome WHEN 'failure' THEN reasons ELSE '' END FROM reg_attempts WHERE id = last_insert_rowid();"
}
fails() { # COLUMN VALUE-IN-SQL REASON...
    local column=$1 value=$2 list
    shift 2
    list=$(printf ',"%s"' "$@")
    is "$* where $column is ${value:0:60}" "failure|[${list:1}]" "$(attempt "$column" "$value")"
}
works() { # COLUMNS VALUES
    is "right: ${1:0:40} ${2:0:80}" "success|" "$(attempt "$1" "$2")"
}

is "a sign-up that is right" "success|" "$(attempt "" "")"
answers "failure_reason is the first of reasons; a success has none" $'[]||success' "SELECT reasons, failure_reason, outcome FROM reg_attempts WHERE id = 1;"

# The list itself.
answers "the reasons that are not about a column, in their order" "identity_provider_unknown password_missing password_too_short password_too_long password_no_lowercase password_no_uppercase password_no_letter password_no_digit password_no_symbol password_no_digit_or_symbol password_contains_identity password_guessable password_breached password_hash_invalid consent_required consent_version_unknown email_taken phone_taken username_taken uuid_taken prevented verification_failed verification_expired undeliverable superseded_attempt erased told" \
    "SELECT group_concat(reason, ' ') FROM (SELECT reason FROM reg_reasons WHERE rowid > (SELECT min(rowid) - 1 FROM reg_reasons WHERE reason = 'identity_provider_unknown') ORDER BY rowid);"
answers "before them two for each column that a sign-up shows, in the order of reg_columns" "" "
    SELECT name FROM (SELECT name, rowid AS n FROM reg_columns) c
     WHERE n <= (SELECT rowid / 2 FROM reg_reasons WHERE reason = 'failure_reason_invalid')
       AND NOT EXISTS (SELECT 1 FROM reg_reasons r WHERE r.rowid = 2 * n - 1 AND r.reason = c.name || '_missing')
       AND NOT EXISTS (SELECT 1 FROM reg_reasons r WHERE r.rowid = 2 * n AND r.reason = c.name || '_invalid');"
like "one is looked up, not searched for" 'SCAN k VIRTUAL TABLE INDEX 1:' "$(sql "EXPLAIN QUERY PLAN SELECT sentence FROM reg_attempts a, json_each(a.reasons) r JOIN reg_reasons k ON k.reason = r.value;")"
answers "each finds itself and nothing else" "1|1|0|0" "
    SELECT (SELECT count(*) FROM reg_reasons) = (SELECT count(*) FROM reg_reasons a JOIN reg_reasons b ON b.reason = a.reason AND b.rowid = a.rowid AND b.sentence = a.sentence),
           (SELECT count(*) FROM reg_reasons WHERE reason = 'EMAIL_TAKEN' COLLATE NOCASE), (SELECT count(*) FROM reg_reasons WHERE reason = 'email'), (SELECT count(*) FROM reg_reasons WHERE reason = 5 OR reason = NULL);"
answers "each with a sentence" 0 "SELECT count(*) FROM reg_reasons WHERE sentence NOT GLOB '*.' OR length(sentence) < 20;"

# Values that are not of their form. They are not kept (see kept.t).
long="'$(printf 'x%.0s' {1..1025})'"
for bad in "'plain'" "'a@'" "'@b.com'" "'a b@c.com'" "'a@b@c.com'" "'a@b..com'" "'a@b.com,c@d.com'" "'a@-b.com'" "'a@[127.0.0.1]'" \
    "'$(printf 'x%.0s' {1..65})@example.com'" "'a@$(printf 'x%.0s' {1..64}).com'" "'a' || char(10) || '@b.com'"; do
    fails email "$bad" email_invalid
done
fails attempted_at "'yesterday'" attempted_at_invalid
fails attempted_at "'2026-02-30T00:00:00Z'" attempted_at_invalid
fails attempted_at "strftime('%s','now') + 90000" attempted_at_invalid
fails phone "'12'" phone_invalid
fails phone "'081234567890'" phone_invalid
fails phone "'+1604555555a'" phone_invalid
fails phone "'+0123456789'" phone_invalid
fails phone "'+999999999999'" phone_invalid
fails phone_country "'Kanada'" phone_country_invalid
fails username "'$(printf 'x%.0s' {1..256})'" username_invalid
for column in name given_name family_name birth_place source_id account_group_id custom_id device_id device_type manufacturer model os user_agent app_name app_domain captcha; do
    fails $column "$long" ${column}_invalid
    fails $column "'a' || char(7)" ${column}_invalid
    works $column "'x'"
done
for bad in "'1990-13-01'" "'1990-02-30'" "'31.12.1990'" "'90-12-31'" "'2999-01-01'"; do fails birth_date "$bad" birth_date_invalid; done
fails gender "'x'" gender_invalid
fails country "'XX'" country_invalid
fails country "'Utopia'" country_invalid
fails currency "'RUPIAH'" currency_invalid
fails currency "'AAA'" currency_invalid
fails locale "'xx-YY-nonsense'" locale_invalid
fails language "'12'" language_invalid
fails user_type "'a b'" user_type_invalid
fails user_type "'$(printf 'x%.0s' {1..65})'" user_type_invalid
for bad in -1 2147483648 "'1.5'" "'x'" 1.5; do fails partner_id "$bad" partner_id_invalid; done
fails uuid "'b3f56868-9667-4843-a8e5-0509456baa9'" uuid_invalid
fails uuid "'b3f56868x9667-4843-a8e5-0509456baa9b'" uuid_invalid
fails ip_address "'81.152.92.256'" ip_address_invalid
fails ip_address "'example.com'" ip_address_invalid
for bad in 91 -90.5 "'x'" "'0x10'" "'nan'" "'1e400'" "'inf'"; do fails latitude "$bad" latitude_invalid; done
fails longitude 180.5 longitude_invalid
fails app_platform "'windows'" app_platform_invalid
fails guest_account "'maybe'" guest_account_invalid
fails guest_account 2 guest_account_invalid
fails recommendation "'STOP'" recommendation_invalid
fails email_verified_at "'soon'" email_verified_at_invalid
fails phone_verified_at "'soon'" phone_verified_at_invalid
fails outcome "'pending'" outcome_invalid
fails failure_reason "'email_taken'" failure_reason_invalid
fails "identity_provider,identity_subject" "'myspace','1'" identity_provider_unknown
fails "identity_provider" "'google'" identity_subject_missing
fails "identity_subject" "'123'" identity_provider_missing
fails "identity_provider,identity_subject" "'google',$long" identity_subject_invalid
answers "what was wrong is not there" '|0' "SELECT email, (SELECT count(*) FROM reg_attempts WHERE email = 'plain') FROM reg_attempts WHERE reasons = '[\"email_invalid\"]' ORDER BY id LIMIT 1;"

# Missing: what the settings require.
fails email NULL email_missing
sql "SELECT reg_settings_patch('{\"requiredFields\":[\"phone\",\"name\",\"country_id\"]}');" >/dev/null
answers "a required field by its alias" '["phone","name","countryId"]' "SELECT reg_settings_patch('{\"requiredFields\":[\"phone\",\"name\",\"countryId\"]}') -> '$.requiredFields';"
fails phone NULL phone_missing name_missing country_missing
fails "phone,name,country" "'+16045550001','','CA'" name_missing
works "email,phone,name,country" "NULL,'+16045550001','x','CA'"
sql "SELECT reg_settings_patch('{\"requiredFields\":[\"email\"],\"requirePartnerId\":true}');" >/dev/null
fails partner_id NULL partner_id_missing
works partner_id 0
works partner_id "'2147483647'"
sql "SELECT reg_settings_patch('{\"requirePartnerId\":false}');" >/dev/null
for column in attempted_at username phone phone_country given_name family_name birth_date birth_place gender currency locale user_type source_id account_group_id uuid custom_id device_id device_type \
    manufacturer model os ip_address language latitude longitude user_agent app_name app_platform app_domain guest_account captcha recommendation email_verified_at phone_verified_at; do
    sql "SELECT reg_settings_patch('{\"requiredFields\":[\"$column\"]}');" >/dev/null
    case $column in user_type) works name "'x'" ;; *) fails name "'x'" ${column}_missing ;; esac
done
sql "SELECT reg_settings_patch('{\"requiredFields\":[\"email\"]}');" >/dev/null

# Passwords.
fails password NULL password_missing
fails password "'short'" password_too_short password_no_uppercase password_no_digit password_no_symbol
fails password "'aA1!$(printf 'x%.0s' {1..29})'" password_too_long
fails password "'A9#BL8@Z'" password_no_lowercase
fails password "'a9#bl8@z'" password_no_uppercase
fails password "'Ab#bLx@z'" password_no_digit
fails password "'A9xbL8xz'" password_no_symbol
fails password "''" password_missing
fails password_md5 "'nonsense'" password_hash_invalid
fails password_hash "'\$2y\$10\$abcdefghijklmnopqrstuv'" password_hash_invalid
fails password_hash "''" password_missing
works password_md5 "'0CC175B9C0F1B6A831C399E269772661'"
works password_hash "'$(printf %s 'A9#bL8@z' | argon2 somesalt -id -t 1 -m 3 -p 1 -e)'"
answers "a hash is kept as it came, an MD5 only wrapped" '$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ|md5$argon2id$v=19' "SELECT substr((SELECT password_hash FROM person ORDER BY attempt_id DESC LIMIT 1), 1, 38),
    substr((SELECT password_hash FROM person ORDER BY attempt_id DESC LIMIT 1 OFFSET 1), 1, 17);"
sql "SELECT reg_settings_patch('{\"passwordPolicy\":\"cleeng\"}');" >/dev/null
fails password "'12345678'" password_no_letter
fails password "'abcdefgh'" password_no_digit_or_symbol
printf '%s:3\n' "$(printf %s 'A9#bL8@zA9#bL8@z' | sha1sum | cut -d' ' -f1 | tr a-f A-F)" >"$FOLDER/blocklist"
sql "SELECT reg_settings_patch('{\"passwordPolicy\":{\"profile\":\"nist\",\"minScore\":4,\"blocklist\":\"$FOLDER/blocklist\"}}');" >/dev/null
fails "email,password" "'johnathan@example.com','johnathanjohnathan'" password_contains_identity password_guessable
fails password "'aaaaaaaaaaaaaaaaaaaa'" password_guessable
fails password "'A9#bL8@zA9#bL8@z'" password_breached
works password "'seven quiet otters fold paper maps'"
rm "$FOLDER/blocklist"
refuses "a blocklist that is gone is an error, not a verdict" "reg_attempts: .*$FOLDER/blocklist" "INSERT INTO reg_attempts(email, password) VALUES ('x@example.com', 'seven quiet otters fold paper maps');"
sql "SELECT reg_settings_patch('{\"passwordPolicy\":\"classic\",\"passwordAt\":\"confirm\"}');" >/dev/null
works password NULL
sql "SELECT reg_settings_patch('{\"passwordAt\":\"signup\"}');" >/dev/null

# Consents, in every spelling.
for right in "$ok_consent" '[{"name":"terms","state":"accepted","version":"3"}]' '{"terms":{"state":"true","version":"3"},"news":{"state":"declined","version":"1"},"other":"yes"}' \
    '{"terms":{"state":"ACCEPTED","version":"3"},"a":true,"b":false,"c":"no","d":"0","e":"declined"}'; do
    works consents "'$right'"
done
answers "as they are kept: a state each, a version where one came" '{"terms":{"state":"accepted","version":"3"},"a":{"state":"accepted"},"b":{"state":"declined"},"c":{"state":"declined"},"d":{"state":"declined"},"e":{"state":"declined"}}' \
    "SELECT consents FROM reg_attempts ORDER BY id DESC LIMIT 1;"
fails consents NULL consent_required
fails consents "'{}'" consent_required
fails consents "'{\"terms\":{\"state\":\"declined\",\"version\":\"3\"}}'" consent_required
fails consents "'{\"terms\":\"declined\"}'" consent_required consent_version_unknown
fails consents "'{\"terms\":true}'" consent_version_unknown
fails consents "'{\"terms\":{\"state\":\"accepted\",\"version\":\"2\"}}'" consent_version_unknown
fails consents "'{\"terms\":{\"state\":\"accepted\",\"version\":\"3\"},\"news\":\"accepted\"}'" consent_version_unknown
fails consents "'terms'" consents_invalid consent_required
fails consents "'{\"terms\":\"perhaps\"}'" consents_invalid consent_required
fails consents "'{\"terms\":{\"state\":\"accepted\",\"version\":3}}'" consents_invalid consent_required
fails consents "'[\"terms\"]'" consents_invalid consent_required
fails consents "'{\"terms\":true,\"terms\":false}'" consents_invalid consent_required
sql "SELECT reg_settings_patch('{\"requiredConsents\":[],\"consentVersions\":{}}');" >/dev/null
works consents NULL

# Values that are right, at their edges.
works attempted_at "1512828988826"
works attempted_at "strftime('%s','now') + 80000"
works birth_date "date('now')"
works gender "'true'"
works gender "'UNSPECIFIED'"
works locale "'zh_hant_tw'"
works ip_address "'2001:db8::1'"
works latitude "'-90'"
works longitude 180
works partner_id 2147483647
works app_platform "'iOS'"
works email "'$(printf 'x%.0s' {1..64})@example.com'"
works email "'jürgen@bücher.example'"
works "identity_provider,identity_subject" "'FACEBOOK','1'"
works recommendation "'REVIEW'"
fails recommendation "'PREVENT'" prevented

# Taken: over customers.
sql "INSERT INTO reg_attempts(email, phone, username, uuid, password) VALUES ('owner@example.com', '+16045559999', 'Owner', 'B3F56868-9667-4843-A8E5-0509456BAA9B', 'A9#bL8@z');" >/dev/null
fails email "'OWNER@Example.com'" email_taken
fails phone "'+1 (604) 555-9999'" phone_taken
fails "phone,country" "'6045559999','CA'" phone_taken
fails username "'oWNER'" username_taken
fails uuid "'b3f56868-9667-4843-a8e5-0509456baa9b'" uuid_taken

# All at once, in the order of the list.
is "many at once, in the fixed order" 'failure|["attempted_at_invalid","username_invalid","birth_date_invalid","gender_invalid","country_invalid","currency_invalid","locale_invalid","partner_id_invalid","ip_address_invalid","latitude_invalid","identity_provider_unknown","password_too_short","password_no_uppercase","password_no_digit","password_no_symbol","consent_required","consent_version_unknown","email_taken","phone_taken","uuid_taken","prevented"]' \
    "$(sql "SELECT reg_settings_patch('{\"requiredConsents\":[\"terms\"],\"consentVersions\":{\"news\":\"2\"}}');" >/dev/null
        attempt "attempted_at,username,birth_date,gender,country,currency,locale,partner_id,ip_address,latitude,identity_provider,identity_subject,password,consents,email,phone,uuid,recommendation" \
        "'x',char(7),'x','x','x','x','?','x','x','x','x','1','short','{\"news\":{\"state\":\"accepted\",\"version\":\"1\"}}','owner@example.com','+16045559999','b3f56868-9667-4843-a8e5-0509456baa9b','prevent'")"
answers "failure_reason is the first of them" attempted_at_invalid "SELECT failure_reason FROM reg_attempts ORDER BY id DESC LIMIT 1;"
answers "every attempt's reasons stand in the order of reg_reasons, each once" 0 "SELECT count(*) FROM reg_attempts a WHERE a.reasons <> (SELECT json_group_array(reason) FROM
    (SELECT r.reason FROM reg_reasons r WHERE r.reason IN (SELECT value FROM json_each(a.reasons)) ORDER BY r.rowid));"

# Told outcomes: nothing is judged, everything is kept.
told() { # NAME EXPECTED COLUMNS VALUES
    is "$1" "$2" "$(sql "INSERT INTO reg_attempts($3) VALUES ($4);
        SELECT outcome, reasons, failure_reason, told_reason, customer_id IS NOT NULL, report_state FROM reg_attempts WHERE id = last_insert_rowid();")"
}
told "a told success without password and consents" 'success|[]|||1|queued' "email,outcome" "'told@example.com','success'"
told "a told failure of a reason in the list" 'failure|["email_taken"]|email_taken||0|queued' "email,outcome,failure_reason" "'told2@example.com','failure','email_taken'"
told "a policy reason, which is not reported" 'failure|["password_too_short"]|password_too_short||0|' "email,outcome,failure_reason" "'told3@example.com','failure','password_too_short'"
told "a reason that is not in the list" 'failure|["told"]|told|the captain said no|0|' "email,outcome,failure_reason" "'told4@example.com','failure','the captain said no'"
told "no reason" 'failure|["told"]|told||0|' "email,outcome" "'told5@example.com','failure'"
told "a known e-mail: linked, and counted" 'success|[]|||1|queued' "email,outcome" "'OWNER@example.com','success'"
answers "to the customer who has it" 1 "SELECT t.customer_id = o.id FROM reg_attempts t, reg_attempts o WHERE t.email = 'OWNER@example.com' AND t.outcome = 'success' AND o.email = 'owner@example.com' AND o.outcome = 'success';"
told "with everything wrong" 'success|[]|||1|queued' "email,phone,outcome,password,uuid,country" "'nonsense','12','success','short','x','Utopia'"
told "a told failure with a recommendation is reported" 'failure|["told"]|told|x|0|queued' "email,outcome,failure_reason,recommendation" "'told6@example.com','failure','x','PREVENT'"
told "an outcome that cannot be told" 'failure|["outcome_invalid"]|outcome_invalid||0|' "email,outcome,password,consents" "'told7@example.com','maybe','A9#bL8@z','{\"terms\":true}'"
told "a told failure takes nobody's name" 'success|[]|||1|queued' "email,outcome" "'told2@example.com','success'"

# What is reported: successes, reportable failures, whatever was recommended on.
reported() {
    is "$1" "$2" "$(sql "INSERT INTO reg_attempts($3) VALUES ($4); SELECT outcome, report_state FROM reg_attempts WHERE id = last_insert_rowid();")"
}
sql "SELECT reg_settings_patch('{\"requiredConsents\":[]}');" >/dev/null
reported "a success is reported" 'success|queued' "email,password" "'rep1@example.com','A9#bL8@z'"
reported "a taken e-mail is" 'failure|queued' "email,password" "'rep1@example.com','A9#bL8@z'"
reported "a short password is not" 'failure|' "email,password" "'rep2@example.com','short'"
reported "both: it is" 'failure|queued' "email,password" "'rep1@example.com','short'"
reported "a short password with a recommendation is" 'failure|queued' "email,password,recommendation" "'rep3@example.com','short','ALLOW'"
reported "prevented is" 'failure|queued' "email,password,recommendation" "'rep4@example.com','A9#bL8@z','PREVENT'"
sql "SELECT reg_settings_patch('{\"reportableReasons\":[\"password_too_short\"]}');" >/dev/null
reported "by the setting: a short password is" 'failure|queued' "email,password" "'rep5@example.com','short'"
reported "by the setting: a taken e-mail is not" 'failure|' "email,password" "'rep1@example.com','A9#bL8@z'"
done_testing
