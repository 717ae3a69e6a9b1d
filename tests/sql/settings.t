#!/bin/bash
# SPDX-License-Identifier: MIT
# The registration settings: defaults, replace, patch, what is refused, and their history.
. tests/sql/tap.sh
sessions
LEDGER=$FOLDER/settings.db
sql "SELECT reg_init();" >/dev/null

# Names and defaults are fixed; so is the order.
defaults='{"registrationType":"AUTOMATIC","tokenLifetimeInSeconds":3600,"confirmationRedirectLink":null,"voucherPoolUuid":null,"allowOverwriteCustomIdentify":false,"allowEmailChangeFromWebForm":false,"pinConfirmationType":"ON_CONFLICT_WITH_EXTERNAL_ACCOUNT","pinConfirmationLength":6,"pinConfirmationValidInSeconds":300,"allowPinResendFromDifferentDeviceId":false,"sandbox":false,"pinPrefixLength":0,"channels":["email"],"maxCodeTries":5,"resendPauseInSeconds":60,"maxCodesPerDay":10,"pendingLifetimeInSeconds":86400,"passwordAt":"signup","passwordPolicy":"classic","passwordHash":{"memoryKiB":19456,"passes":2},"passwordHashLimit":{"memoryKiB":262144,"passes":16},"firebaseScrypt":null,"requiredFields":["email"],"strictFields":[],"requiredConsents":["terms"],"consentVersions":{},"requirePartnerId":false,"uniqueEmail":true,"uniquePhone":true,"usernameIsPhone":false,"defaultUserType":"CUSTOMER","supplierUserTypes":[],"defaultCountry":null,"phoneCheck":"possible","countryDatabase":null,"sendCustomerId":false,"reportableReasons":["email_taken","phone_taken","username_taken","verification_failed","verification_expired"],"fraudReasonMap":{}}'
answers "the defaults" "$defaults" "SELECT reg_settings();"
answers "what the first ledger has is what no settings give" 1 "SELECT reg_settings() = reg_settings('{}');"

# The example of the registration service, as it is sent.
synerise='{"registrationType": "REQUIRE_PIN_CONFIRMATION","tokenLifetimeInSeconds": 3600,"confirmationRedirectLink": null,"voucherPoolUuid": null,"allowOverwriteCustomIdentify": false,"allowEmailChangeFromWebForm": false,"pinConfirmationType": "ON_CONFLICT_WITH_EXTERNAL_ACCOUNT","pinConfirmationLength": 6,"pinConfirmationValidInSeconds": 300,"allowPinResendFromDifferentDeviceId": false}'
answers "the example is taken as it stands" REQUIRE_PIN_CONFIRMATION "SELECT json_extract(reg_settings('$synerise'), '$.registrationType');"

# Each member takes another value, shows it, and returns to its default when it is not sent.
while IFS='|' read -r member value; do
    answers "$member: $value, and back to its default when not sent" "1|1" "
        SELECT json_array(json(reg_settings('{\"$member\":$value}') -> '$.$member')) = json_array(json('$value')),
               reg_settings('{}') = '$defaults';"
done <<'END'
registrationType|"REQUIRE_EMAIL_CONFIRMATION"
registrationType|"REQUIRE_EMAIL_ACTIVATION"
registrationType|"REQUIRE_PIN_CONFIRMATION"
tokenLifetimeInSeconds|86400
confirmationRedirectLink|"https://example.com/welcome"
voucherPoolUuid|"b3f56868-9667-4843-a8e5-0509456baa9b"
allowOverwriteCustomIdentify|true
allowEmailChangeFromWebForm|true
pinConfirmationType|"EVERYONE"
pinConfirmationLength|4
pinConfirmationLength|8
pinConfirmationValidInSeconds|30
allowPinResendFromDifferentDeviceId|true
sandbox|true
pinPrefixLength|3
channels|["sms","email"]
maxCodeTries|1
resendPauseInSeconds|0
maxCodesPerDay|1000
pendingLifetimeInSeconds|60
passwordAt|"confirm"
passwordPolicy|"nist"
passwordPolicy|{"profile":"classic","minLength":10}
passwordHash|{"memoryKiB":8,"passes":1}
passwordHashLimit|{"memoryKiB":19456,"passes":2}
firebaseScrypt|{"signerKey":"MDEyMzQ1Njc4OWFiY2RlZg==","saltSeparator":"Bw==","rounds":8,"memoryCost":14}
requiredFields|["email","phone"]
requiredFields|[]
requiredConsents|[]
consentVersions|{"terms":"3"}
requirePartnerId|true
uniqueEmail|false
uniquePhone|false
usernameIsPhone|true
defaultUserType|"USER"
supplierUserTypes|["DRIVER"]
defaultCountry|"ID"
countryDatabase|"/var/lib/GeoIP/country.mmdb"
sendCustomerId|true
reportableReasons|["email_taken"]
fraudReasonMap|{"verification_failed":"INVALID_CODE"}
END
answers "an alpha-3 default country is kept as alpha-2" ID "SELECT json_extract(reg_settings('{\"defaultCountry\":\"IDN\"}'), '$.defaultCountry');"

# Patch.
answers "a patch changes only what is sent" $'8|5\n8|3' "
    SELECT s ->> '$.pinConfirmationLength', s ->> '$.maxCodeTries' FROM (SELECT reg_settings('{\"pinConfirmationLength\":8}') AS s);
    SELECT s ->> '$.pinConfirmationLength', s ->> '$.maxCodeTries' FROM (SELECT reg_settings_patch('{\"maxCodeTries\":3}') AS s);"
answers "a patch to the default is a change like any" 5 "SELECT reg_settings_patch('{\"maxCodeTries\":5}') ->> '$.maxCodeTries';"
answers "an empty patch" 8 "SELECT reg_settings_patch('{}') ->> '$.pinConfirmationLength';"

# What is refused changes nothing, and says which member and what it allows.
before=$(sql "SELECT count(*) FROM setting;")
refuse_setting() {
    refuses "refused: $1" "reg_settings: $2" "SELECT reg_settings('$1');"
    refuses "refused as a patch: $1" "reg_settings_patch: $2" "SELECT reg_settings_patch('$1');"
}
refuse_setting '{"pinLength":5}' 'pinLength: there is no such setting'
refuse_setting '{"registrationtype":"AUTOMATIC"}' 'registrationtype: there is no such setting'
refuse_setting '{"sandbox":true,"nonsense":1}' 'nonsense: there is no such setting'
refuse_setting '{"registrationType":"MANUAL"}' 'registrationType: expected one of AUTOMATIC.REQUIRE_EMAIL_CONFIRMATION.REQUIRE_EMAIL_ACTIVATION.REQUIRE_PIN_CONFIRMATION'
refuse_setting '{"registrationType":null}' 'registrationType: expected one of'
refuse_setting '{"tokenLifetimeInSeconds":59}' 'tokenLifetimeInSeconds: expected a whole number from 60 to 86400'
refuse_setting '{"tokenLifetimeInSeconds":86401}' 'tokenLifetimeInSeconds: expected a whole number from 60 to 86400'
refuse_setting '{"tokenLifetimeInSeconds":"3600"}' 'tokenLifetimeInSeconds: expected a whole number'
refuse_setting '{"tokenLifetimeInSeconds":3600.5}' 'tokenLifetimeInSeconds: expected a whole number'
refuse_setting '{"pinConfirmationLength":3}' 'pinConfirmationLength: expected a whole number from 4 to 8'
refuse_setting '{"pinConfirmationLength":9}' 'pinConfirmationLength: expected a whole number from 4 to 8'
refuse_setting '{"pinConfirmationLength":99999999999999999999}' 'settings must be one JSON object'
refuse_setting '{"sandbox":1}' 'sandbox: expected true or false'
refuse_setting '{"confirmationRedirectLink":5}' 'confirmationRedirectLink: expected a text'
refuse_setting '{"channels":[]}' 'channels: expected an array of 1 to 2 different texts out of email.sms'
refuse_setting '{"channels":["fax"]}' 'channels: expected an array'
refuse_setting '{"channels":["sms","sms"]}' 'channels: expected an array'
refuse_setting '{"channels":"sms"}' 'channels: expected an array'
refuse_setting '{"maxCodeTries":0}' 'maxCodeTries: expected a whole number from 1 to 100'
refuse_setting '{"passwordPolicy":"strict"}' 'passwordPolicy: '
refuse_setting '{"passwordPolicy":{"minLenght":8}}' 'passwordPolicy: .*minLenght'
refuse_setting '{"passwordHash":{"memoryKiB":19456}}' 'passwordHash: expected an object of memoryKiB \(8 to 4194304\) and passes \(1 to 1000\)'
refuse_setting '{"passwordHash":{"memoryKiB":7,"passes":1}}' 'passwordHash: expected an object of memoryKiB'
refuse_setting '{"passwordHash":{"memoryKiB":8,"passes":1,"lanes":1}}' 'passwordHash: expected an object of memoryKiB'
refuse_setting '{"passwordHash":{"memoryKiB":4194304,"passes":5}}' 'passwordHash: expected memoryKiB times passes of at most 16777216'
refuse_setting '{"passwordHash":{"memoryKiB":1048576,"passes":2},"passwordHashLimit":{"memoryKiB":262144,"passes":16}}' 'passwordHashLimit: expected at least the memoryKiB \(1048576\) and passes \(2\) of passwordHash'
refuse_setting '{"passwordHashLimit":{"memoryKiB":19455,"passes":2}}' 'passwordHashLimit: expected at least the memoryKiB \(19456\) and passes \(2\) of passwordHash'
refuse_setting '{"passwordHashLimit":{"memoryKiB":4194305,"passes":2}}' 'passwordHashLimit: expected an object of memoryKiB'
refuse_setting '{"passwordHashLimit":null}' 'passwordHashLimit: expected an object of memoryKiB'
refuse_setting '{"firebaseScrypt":{"signerKey":"MDEyMzQ1Njc4OWFiY2RlZg==","rounds":8,"memoryCost":14}}' 'firebaseScrypt: expected an object of signerKey and saltSeparator'
refuse_setting '{"requiredFields":["mail"]}' 'requiredFields: .*"mail" is none'
refuse_setting '{"strictFields":["mail"]}' 'strictFields: .*"mail" is none'
refuse_setting '{"requiredFields":["password"]}' 'requiredFields: .*"password" is none'
refuse_setting '{"consentVersions":{"terms":3}}' 'consentVersions: expected an object whose values are texts of at most 255 bytes without control characters'
refuse_setting '{"consentVersions":["terms"]}' 'consentVersions: expected an object whose values are texts of at most 255 bytes without control characters'
refuse_setting '{"defaultCountry":"ZZ"}' 'defaultCountry: expected a country by ISO 3166-1, or null'
refuse_setting '{"defaultUserType":""}' 'defaultUserType: expected a text of 1 to 64 bytes'
refuse_setting '{"reportableReasons":["no_such_reason"]}' 'reportableReasons: .*"no_such_reason"'
refuse_setting '{"fraudReasonMap":{"no_such_reason":"X"}}' 'fraudReasonMap: .*"no_such_reason"'
refuse_setting '{"defaultUserType":"a b"}' 'defaultUserType: '
refuse_setting '[]' 'settings must be one JSON object'
refuse_setting '{"sandbox":true,"sandbox":false}' 'settings must be one JSON object: duplicate'
refuse_setting '{' 'settings must be one JSON object: '
refuse_setting '' 'settings must be one JSON object: '
answers "nothing that was refused has changed anything" "$before|8|0" \
    "SELECT count(*), reg_settings() ->> '$.pinConfirmationLength', reg_settings() ->> '$.sandbox' FROM setting;"

# History: a row for each change, in order, the newest in force; also for a connection that is open.
at "2026-01-02 03:04:05" sql "SELECT reg_settings_patch('{\"maxCodeTries\":7}');" >/dev/null
answers "a change is a row with its time" "7|1767323045000|$((before + 1))" \
    "SELECT json ->> '$.maxCodeTries', recorded_at, id FROM setting ORDER BY id DESC LIMIT 1;"
answers "another process's change is seen at once" $'7\n9' "
    SELECT reg_settings() ->> '$.maxCodeTries';
    $(meanwhile "SELECT reg_settings_patch('{\"maxCodeTries\":9}');")
    SELECT reg_settings() ->> '$.maxCodeTries';"
answers "a rolled back change never was" $'11\n9' "
    BEGIN; SELECT reg_settings_patch('{\"maxCodeTries\":11}') ->> '$.maxCodeTries'; ROLLBACK;
    SELECT reg_settings() ->> '$.maxCodeTries';"
answers "nor does what it set come back under its number" $'11\n11\n12' "
    BEGIN; SELECT reg_settings_patch('{\"maxCodeTries\":11}') ->> '$.maxCodeTries'; SELECT reg_settings() ->> '$.maxCodeTries'; ROLLBACK;
    $(meanwhile "SELECT reg_settings_patch('{\"maxCodeTries\":12}');")
    SELECT reg_settings() ->> '$.maxCodeTries';"

# The bound of what a hash may cost holds what this ledger's own hashes cost, in settings that are older than it, too.
ledger
refuses "a patch is held against the limit in force" "reg_settings_patch: passwordHashLimit: expected at least the memoryKiB \(1048576\)" \
    "SELECT reg_settings_patch('{\"passwordHash\":{\"memoryKiB\":1048576,\"passes\":2}}');"
answers "a limit that is not sent is as wide as it must be" '{"memoryKiB":1048576,"passes":16}' \
    "SELECT reg_settings('{\"passwordHash\":{\"memoryKiB\":1048576,\"passes\":2}}') -> '$.passwordHashLimit';"
sql "INSERT INTO setting (recorded_at, json) SELECT 0, json_set(json_remove(reg_settings(), '$.passwordHashLimit'), '$.passwordHash', json('{\"memoryKiB\":8,\"passes\":40}'));"
answers "older settings are good, and their limit is as wide as it must be" '{"memoryKiB":262144,"passes":40}' "SELECT reg_settings() -> '$.passwordHashLimit';"

# The door takes in no hash that costs more.
ledger
tail='$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG/GxRrvY0uGk'
hashed() {
    printf "INSERT INTO reg_attempts(email, password_hash) VALUES ('%s@example.com', '\$argon2id\$v=19\$%s,p=1%s'); " "$1" "$2" "$tail"
}
answers "hashes at the door" $'success|[]\nfailure|["password_hash_invalid"]\nfailure|["password_hash_invalid"]\nfailure|["password_hash_invalid"]' \
    "$(hashed a m=262144,t=16)$(hashed b m=262145,t=1)$(hashed c m=64,t=17)$(hashed d m=8,t=4000000000) SELECT outcome, coalesce(reasons, '[]') FROM reg_attempts ORDER BY id;"
printf 'email,password_hash\ne@example.com,"$argon2id$v=19$m=2097152,t=1,p=1%s"\n' "$tail" >"$FOLDER/hashes.csv"
answers "in a file" 'failure|["password_hash_invalid"]' "SELECT outcome, reasons FROM reg_signups('$FOLDER/hashes.csv');"
answers "the limit is a setting" $'success\nsuccess' "SELECT reg_settings_patch('{\"passwordHashLimit\":{\"memoryKiB\":2097152,\"passes\":8}}') IS NULL AS x WHERE x;
    $(hashed f m=2097152,t=1) SELECT outcome FROM reg_attempts WHERE email = 'f@example.com'; SELECT outcome FROM reg_signups('$FOLDER/hashes.csv');"
done_testing
