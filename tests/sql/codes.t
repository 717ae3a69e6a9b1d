#!/bin/bash
# SPDX-License-Identifier: MIT
# Codes: issued, given again, replaced, entered; by the second.
. tests/sql/tap.sh
sessions
issue() { sql "SELECT reg_issue_code('$1', '$2'${3:+, '$3'});"; }
resend() { sql "SELECT reg_resend_code('$1', '$2'${3:+, '$3'});"; }
verify() { sql "SELECT reg_verify_code('$1', '$2'${3:+, '$3'});"; }
wrong_for() { printf %06d $(((10#$1 + 1) % 1000000)); } # another pin of the same length
SIGN_UP='"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","passwordAt":"confirm"'

# A code that stands alone.
ledger
pin=$(at "$START" issue a@example.com none)
like "a pin of six digits" '^[0-9]{6}$' "$pin"
is "the same within the resend pause, so that evaluating twice is harmless" "$pin" "$(at "$(later 59)" issue a@example.com none)"
is "however the address is written" "$pin" "$(at "$START" issue A@Example.com none)"
is "a second evaluation in one statement" "$pin|1|1" "$(at "$(later 30)" sql "SELECT c, count(*), (SELECT count(*) FROM reg_codes) FROM (SELECT reg_issue_code('a@example.com', 'none') AS c FROM json_each('[1]')) WHERE c > '' ORDER BY c;")"
second=$(at "$(later 60)" issue a@example.com none)
like "another one after the pause" '^[0-9]{6}$' "$second"
ok "which is not the first" test "$pin" != "$second"
is "the first is superseded" superseded "$(at "$(later 61)" verify a@example.com "$pin")"
is "the second is good" verified "$(at "$(later 61)" verify a@example.com "$second")"
is "once" already_verified "$(at "$(later 62)" verify a@example.com "$second")"
is "nobody else's" not_found "$(at "$START" verify b@example.com "$second")"
is "as reg_codes tells it" "1|a@example.com|pin|none|NONE||1|2026-01-01T12:00:00.000Z|2026-01-01T12:00:00.000Z|5.0|2026-01-01T12:05:00.000Z|0|superseded|0||
2|a@example.com|pin|none|NONE||2|2026-01-01T12:01:00.000Z|2026-01-01T12:01:00.000Z|5.0|2026-01-01T12:06:00.000Z|0|verified|0|2026-01-01T12:01:01.000Z|" "$(at "$(later 70)" sql "
    SELECT id, subject, kind, channel, token_type, token_prefix, attempt, request_timestamp, handed_over_at, expiry_minutes, expiry_timestamp, active, state, failures, verified_at, last_error FROM reg_codes ORDER BY id;")"
answers "a verified code stands for nobody's registration" 0 "SELECT count(*) FROM reg_attempts;"
for channel in fax '' EMAIL; do refuses "no such channel: '$channel'" "reg_issue_code: channel: expected email, sms or none" "SELECT reg_issue_code('a@example.com', '$channel');"; done
refuses "no such subject" "reg_issue_code: subject: expected an e-mail address, a phone number or a username" "SELECT reg_issue_code('', 'none');"
refuses "mail to a phone number" "reg_issue_code: subject: no e-mail address is known for it" "SELECT reg_issue_code('+16045550001', 'email');"
refuses "a message to an address" "reg_issue_code: subject: no phone number is known for it" "SELECT reg_issue_code('a@example.com', 'sms');"
sql "SELECT reg_issue_code('+16045550001', 'sms'); SELECT reg_issue_code('+16045550001', 'none');" >/dev/null
answers "channels are apart, and a code for a channel waits to be sent" $'none|NONE|sent\nsms|SMS|pending' "SELECT channel, token_type, state FROM reg_codes WHERE subject = '+16045550001' ORDER BY channel;"

# Expiry, by the second.
for case in "pin 300 {}" "token 3600 {\"registrationType\":\"REQUIRE_EMAIL_ACTIVATION\"}" "pin 30 {\"pinConfirmationValidInSeconds\":30}"; do
    read -r kind life settings <<<"$case"
    for offset in -1 0 1; do
        ledger "$settings"
        code=$(at "$START" issue a@example.com none)
        expected=code_timeout
        [ $offset -ge 0 ] || expected=verified
        is "a $kind good for $life s, entered after $((life + offset)) s" $expected "$(at "$(later $((life + offset)))" verify a@example.com "$code")"
    done
done
ledger
code=$(at "$START" issue a@example.com none)
is "sent a millisecond before its end" sent "$(at "$(later 299.999)" sql "SELECT state FROM reg_codes;")"
is "expired at its end" "expired|0" "$(at "$(later 300)" sql "SELECT state, active FROM reg_codes;")"
ledger '{"pinConfirmationValidInSeconds":86400,"tokenLifetimeInSeconds":86400}'
at "$START" sql "SELECT reg_issue_code('+16045550001', 'sms'); SELECT reg_issue_code('a@example.com', 'email');" >/dev/null
answers "a code by SMS lives ten minutes at most" $'email|1440.0\nsms|10.0' "SELECT channel, expiry_minutes FROM reg_codes ORDER BY 1;"

# Wrong tries.
ledger '{"maxCodeTries":3}'
code=$(at "$START" issue a@example.com none)
wrong=$(printf %06d $(((10#$code + 1) % 1000000)))
for expected in invalid_code invalid_code invalid_code rate_limit rate_limit; do
    is "try: $expected" $expected "$(at "$(later 5)" verify a@example.com "$wrong")"
done
is "the right one comes too late" rate_limit "$(at "$(later 6)" verify a@example.com "$code")"
is "the code is exhausted" "exhausted|3|0" "$(at "$(later 6)" sql "SELECT state, failures, active FROM reg_codes;")"
ledger '{"maxCodeTries":3}'
code=$(at "$START" issue a@example.com none)
wrong=$(printf %06d $(((10#$code + 1) % 1000000)))
at "$START" verify a@example.com "$wrong" >/dev/null
at "$START" verify a@example.com "$wrong" >/dev/null
second=$(at "$(later 61)" issue a@example.com none)
at "$(later 62)" verify a@example.com "$(wrong_for "$second")" >/dev/null
is "wrong tries survive a new code" rate_limit "$(at "$(later 63)" verify a@example.com "$second")"
ledger '{"maxCodeTries":3}'
code=$(at "$START" issue a@example.com none)
for _ in 1 2; do at "$START" verify a@example.com "$(wrong_for "$code")" >/dev/null; done
is "two wrong and one right is right" verified "$(at "$START" verify a@example.com "$code")"
# A second code of the same subject, on another channel, is not left to be guessed at for nothing.
ledger '{"maxCodeTries":3}'
older=$(at "$START" issue a@example.com none)
at "$START" issue a@example.com email >/dev/null
for expected in invalid_code invalid_code invalid_code rate_limit; do
    is "two channels, try: $expected" $expected "$(at "$(later 5)" verify a@example.com "$(wrong_for "$older")")"
done
is "neither is good any more" rate_limit "$(at "$(later 6)" verify a@example.com "$older")"
ledger '{"maxCodeTries":2}'
older=$(at "$START" issue a@example.com none)
at "$START" issue a@example.com email phone-1 >/dev/null
for expected in invalid_code invalid_code; do
    is "the newest is bound to another device, try: $expected" $expected "$(at "$(later 5)" verify a@example.com "$(wrong_for "$older")" phone-2)"
done
is "a wrong try from elsewhere is paid for by the code that it was for" rate_limit "$(at "$(later 6)" verify a@example.com "$older" phone-2)"

# How a code may be written: blanks, line ends, separators and widths do not matter, nor what cannot be seen.
wide() { printf %s "$1" | sed 's/0/０/g; s/1/１/g; s/2/２/g; s/3/３/g; s/4/４/g; s/5/５/g; s/6/６/g; s/7/７/g; s/8/８/g; s/9/９/g'; }
spellings=(' %s%s' '%s%s ' '%s %s' $'%s%s\n' $'\t%s\r\n%s' '%s-%s' '%s–%s' '%s.%s' '%s·%s' "'%s%s" $'%s\u00a0%s' $'\u200b%s\ufeff%s' $'%s\u2011%s' '<%s%s>')
for spelling in "${spellings[@]}"; do
    ledger '{"maxCodeTries":1}'
    code=$(at "$START" issue a@example.com none)
    # shellcheck disable=SC2059
    printf -v entry "$spelling" "${code:0:3}" "${code:3}"
    expected=verified
    case $spelling in *'·'* | '<'*) expected=invalid_code ;; esac # of another alphabet
    is "written $(printf %q "$spelling"): $expected" $expected "$(at "$START" verify a@example.com "${entry//\'/\'\'}")"
    is "and it has cost nothing" 0 "$(at "$START" sql "SELECT failures FROM reg_codes;")"
done
ledger '{"maxCodeTries":1}'
code=$(at "$START" issue a@example.com none)
is "full-width digits" verified "$(at "$START" verify a@example.com "$(wide "$code")")"
ledger '{"pinPrefixLength":4}'
code=$(at "$START" issue a@example.com none)
is "the prefix in the other case" verified "$(at "$START" verify a@example.com "$(tr 'a-zA-Z' 'A-Za-z' <<<"${code:0:4}")-${code:4}")"
ledger '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}'
token=$(at "$START" issue a@example.com none)
is "a token that a line broke" verified "$(at "$START" sql "SELECT reg_verify_code(' ${token:0:30}' || char(13, 10) || '${token:30} ');")"
is "with its subject" already_verified "$(at "$START" verify a@example.com " $token ")"

# What cannot be the code, by its length or its alphabet, costs no try.
ledger '{"maxCodeTries":1}'
code=$(at "$START" issue a@example.com none)
for entry in '' ' ' x nonsense "${code:1}" "${code}0" "${code:0:5}x" "Ab$code" "1e5" "-${code:1}" "$(printf 'A%.0s' {1..64})" "$(printf '1%.0s' {1..9999})" '１２３' $'\xff\xfe'; do
    is "cannot be the code: ${entry:0:20}" invalid_code "$(at "$START" verify a@example.com "$entry")"
done
is "none has cost a try" '0|1' "$(at "$START" sql "SELECT failures, active FROM reg_codes;")"
is "nor written anything" 0 "$(sql "SELECT count(*) FROM wrong_try;")"
is "another one of its form does" invalid_code "$(at "$START" verify a@example.com "$(wrong_for "$code")")"
is "and was the last" rate_limit "$(at "$START" verify a@example.com "$code")"
ledger '{"maxCodeTries":1,"pinConfirmationLength":8}'
at "$START" issue a@example.com none >/dev/null
at "$START" sql "SELECT reg_settings_patch('{\"pinConfirmationLength\":6}') IS NULL;" >/dev/null
six=$(at "$START" issue a@example.com email)
is "of two lengths" invalid_code "$(at "$START" verify a@example.com "$(wrong_for "$six")")"
is "only the code that it could have been has paid" $'8|0\n6|1' "$(sql "SELECT digits, (SELECT count(*) FROM wrong_try w WHERE w.code_id = c.id) FROM code c ORDER BY id;")"

# A row comes out of a table, where a number has no leading zeros: they are put back, and what then is wrong costs a try as any other.
tell() { at "$START" sql "INSERT INTO reg_attempts (email, email_confirm_code) VALUES ('$1', $2); SELECT verdict FROM continuation ORDER BY id DESC LIMIT 1;"; }
for spelling in 5:text 4:text 5:number; do
    digits=${spelling%:*}
    until
        ledger "{\"maxCodeTries\":2}"
        code=$(at "$START" sql "CREATE TABLE seen (code); WITH RECURSIVE n(i, c) AS (VALUES (0, '') UNION ALL SELECT i + 1, reg_issue_code('p' || i || '@example.com', 'none') FROM n WHERE i < 4000)
            INSERT INTO seen SELECT i || ' ' || c FROM n WHERE c GLOB '$(printf '0%.0s' $(seq $((6 - digits))))[1-9]*' LIMIT 1; SELECT code FROM seen;")
        [ -n "$code" ]
    do :; done
    subject=p$((${code% *} - 1))@example.com
    code=${code#* }
    short=$((10#$code))
    is "by hand a digit is missing: ${#short} of 6" invalid_code "$(at "$START" verify "$subject" "$short")"
    is "in a row: a wrong one of so many digits costs a try" 'invalid_code|1' "$(tell "$subject" "'$((short - 1))'")|$(sql "SELECT count(*) FROM wrong_try;")"
    [ ${spelling#*:} = number ] || short="'$short'"
    is "in a row the zeros are put back" verified "$(tell "$subject" "$short")"
done
ledger '{"maxCodeTries":1}'
code=$(at "$START" issue a@example.com none)
is "a row that cannot be the code says so" email_confirm_code_invalid "$(tell a@example.com "'${code:0:3}x'")"
is "and has cost nothing" 0 "$(sql "SELECT count(*) FROM wrong_try;")"
is "of nobody" not_found "$(tell b@example.com "'x'")"

# Entries that are read late count from the moment each was made.
ledger '{"maxCodeTries":2}'
code=$(at "$START" issue a@example.com none)
for entry in "1 $(wrong_for "$code")" "2 $(wrong_for "$code")" "3 $code"; do
    at "$(later 60)" sql "INSERT INTO reg_attempts (email, email_confirm_code, attempted_at) VALUES ('a@example.com', '${entry#* }', '2026-01-01T12:00:0${entry% *}Z');"
done
answers "the right one after the last permitted try" $'invalid_code\ninvalid_code\nrate_limit' "SELECT verdict FROM continuation ORDER BY id;"
# But what wrong tries have used up stays so, whatever a row tells of the time before: a file could be made to fit.
ledger "{$SIGN_UP,\"maxCodeTries\":2}"
at "$START" sql "INSERT INTO reg_attempts(email) VALUES ('p@example.com');"
lone=$(at "$START" issue a@example.com none)
code=$(at "$START" issue p@example.com email)
for subject in a p; do
    wrong=$(printf %06d $(((10#${lone} + 10#${code} + 500000) % 1000000)))
    for _ in 1 2; do at "$(later 5)" verify $subject@example.com "$wrong" >/dev/null; done
done
is "a right entry of before the guesses, told after them" $'rate_limit\nrate_limit' "$(at "$(later 60)" sql "
    INSERT INTO reg_attempts (email, email_confirm_code, attempted_at) VALUES ('a@example.com', '$lone', '2026-01-01T12:00:03Z'), ('p@example.com', '$code', '2026-01-01T12:00:03Z');
    SELECT verdict FROM continuation ORDER BY id;")"
is "the attempt stays failed" 'failure|["verification_failed"]|1' "$(at "$(later 61)" sql "SELECT outcome, reasons, (SELECT count(*) FROM decision) FROM reg_attempts;")"

# A code that waits in the queue can only be guessed.
ledger
code=$(at "$START" issue a@example.com email)
sql "UPDATE code SET runs_from = NULL;"
is "a code that nobody has been sent is none" invalid_code "$(at "$START" verify a@example.com "$code")"
sql "INSERT INTO try (id, code_id, owner, started_at, lease_until) VALUES (1, 1, 'host:1', 0, 0);"
is "it may have arrived: a call was begun" verified "$(at "$START" verify a@example.com "$code")"

# Resending.
ledger
refuses "nothing to resend" "reg_resend_code: no code was requested for this subject on channel none: use reg_issue_code" "SELECT reg_resend_code('a@example.com', 'none');"
pin=$(at "$START" issue a@example.com none)
for wait in 60:0 59:1 59:1.5 1:59.001; do
    like "too early after ${wait#*:} seconds" "^Error: reg_resend_code: wait ${wait%:*} seconds before requesting another code" "$(at "$(later "${wait#*:}")" resend a@example.com none)"
done
second=$(at "$(later 60)" resend a@example.com none)
like "after the pause: another" '^[0-9]{6}$' "$second"
is "the last one is superseded" superseded "$(at "$(later 60)" verify a@example.com "$pin")"
third=$(at "$(later 120)" resend a@example.com none)
fourth=$(at "$(later 1000)" resend a@example.com none)
is "an expired code may be replaced at once" "2026-01-01T12:16:40.000Z" "$(at "$(later 1001)" sql "SELECT max(request_timestamp) FROM reg_codes;")"
ledger '{"maxCodesPerDay":2,"resendPauseInSeconds":1}'
at "$START" issue a@example.com none >/dev/null
at "$(later 2)" issue a@example.com none >/dev/null
like "a third in a day" "^Error: reg_issue_code: 2 codes were requested for this subject within a day: wait 86396 seconds" "$(at "$(later 4)" issue a@example.com none)"
like "on any channel" "^Error: reg_issue_code: 2 codes were requested for this subject within a day" "$(at "$(later 4)" issue a@example.com email)"
like "not for somebody else" '^[0-9]{6}$' "$(at "$(later 4)" issue b@example.com none)"
like "to the second" "wait 1 seconds" "$(at "$(later 86399)" issue a@example.com none)"
like "and when the first is a day old" '^[0-9]{6}$' "$(at "$(later 86400)" issue a@example.com none)"
# The pause is the subject's: a code that has ended does not end it.
for ended in verified exhausted superseded; do
    ledger
    first=$(at "$START" issue a@example.com none)
    case $ended in
    verified) at "$START" verify a@example.com "$first" >/dev/null ;;
    exhausted) for _ in 1 2 3 4 5; do at "$START" verify a@example.com "$(wrong_for "$first")" >/dev/null; done ;;
    superseded) sql "INSERT INTO code_end (code_id, recorded_at, state) VALUES (1, $(date -u -d "$START UTC" +%s)000, 'superseded');" ;;
    esac
    is "the code is $ended" "$ended" "$(at "$START" sql "SELECT state FROM reg_codes;")"
    is "no other one within the pause" "Error: reg_issue_code: wait 1 seconds before requesting another code" "$(at "$(later 59.001)" issue a@example.com none)"
    like "by another channel there is" '^[0-9]{6}$' "$(at "$(later 59.001)" issue a@example.com email)"
    like "another one after it" '^[0-9]{6}$' "$(at "$(later 60)" issue a@example.com none)"
done
ledger '{"resendPauseInSeconds":0}'
first=$(at "$START" issue a@example.com none)
at "$START" verify a@example.com "$first" >/dev/null
like "without a pause there is one at once" '^[0-9]{6}$' "$(at "$START" issue a@example.com none)"

# The device.
ledger '{"resendPauseInSeconds":1}'
pin=$(at "$START" issue a@example.com none phone-1)
is "from another device" wrong_device "$(at "$START" verify a@example.com "$pin" phone-2)"
is "from none" wrong_device "$(at "$START" verify a@example.com "$pin")"
is "a wrong code from another device: the same, and no try spent" "wrong_device|0" "$(at "$START" sql "SELECT reg_verify_code('a@example.com', 'x', 'phone-2'), failures FROM reg_codes;")"
like "resend from another device" "^Error: reg_resend_code: only the device that asked for the last code may ask again" "$(at "$(later 5)" resend a@example.com none phone-2)"
like "resend from none" "^Error: reg_resend_code: only the device" "$(at "$(later 5)" resend a@example.com none)"
like "issue from another device" "^Error: reg_issue_code: only the device" "$(at "$(later 5)" issue a@example.com none phone-2)"
is "from its own" verified "$(at "$START" verify a@example.com "$pin" phone-1)"
ledger '{"resendPauseInSeconds":1,"allowPinResendFromDifferentDeviceId":true}'
pin=$(at "$START" issue a@example.com none phone-1)
second=$(at "$(later 5)" resend a@example.com none phone-2)
is "resent from another device: the first device is the wrong one now" wrong_device "$(at "$(later 6)" verify a@example.com "$second" phone-1)"
is "the last that asked is right" verified "$(at "$(later 6)" verify a@example.com "$second" phone-2)"
ledger
pin=$(at "$START" issue a@example.com none)
is "a code that no device asked for is good from any" verified "$(at "$START" verify a@example.com "$pin" phone-9)"

# Kinds: lengths, prefixes, sandbox, tokens.
for length in 4 5 6 7 8; do
    ledger "{\"pinConfirmationLength\":$length}"
    like "a pin of $length digits" "^[0-9]{$length}\$" "$(issue a@example.com none)"
done
ledger '{"pinPrefixLength":3,"pinConfirmationLength":4}'
pin=$(at "$START" issue a@example.com none)
like "a pin with a prefix" '^[A-Za-z]{3}[0-9]{4}$' "$pin"
is "its prefix is shown, the digits are not" "${pin:0:3}" "$(at "$START" sql "SELECT token_prefix FROM reg_codes;")"
is "good without its prefix" verified "$(at "$START" verify a@example.com "${pin:3}")"
ledger '{"pinPrefixLength":3,"pinConfirmationLength":4}'
pin=$(at "$START" issue a@example.com none)
is "not with another prefix" invalid_code "$(at "$START" verify a@example.com "zzz${pin:3}")"
is "good with it" verified "$(at "$START" verify a@example.com "$pin")"
ledger '{"sandbox":true,"pinConfirmationLength":8}'
is "sandbox: always 12345" 12345 "$(at "$START" issue a@example.com none)"
at "$START" sql "SELECT reg_settings_patch('{\"sandbox\":false}');" >/dev/null
is "sandbox belongs to the code: turned off, a code that was issued keeps its own" verified "$(at "$START" verify a@example.com 12345)"
ledger
pin=$(at "$START" issue a@example.com none)
at "$START" sql "SELECT reg_settings_patch('{\"sandbox\":true}');" >/dev/null
is "turned on, it opens no live code" invalid_code "$(at "$START" verify a@example.com 12345)"
is "which stays as it was" verified "$(at "$START" verify a@example.com "$pin")"
ledger '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}'
token=$(at "$START" issue a@example.com none)
like "a token" '^[A-Za-z0-9_-]{64}$' "$token"
is "with its subject" verified "$(at "$START" verify a@example.com "$token")"
is "by itself" already_verified "$(at "$START" sql "SELECT reg_verify_code('$token');")"
token=$(at "$(later 100)" issue a@example.com none)
is "by itself, at first" verified "$(at "$(later 100)" sql "SELECT reg_verify_code('$token');")"
token=$(at "$(later 200)" issue a@example.com none)
flipped=$(printf %s "${token:0:63}"; case ${token:63} in A) printf B ;; *) printf A ;; esac)
is "a token with another end" invalid_code "$(at "$(later 200)" sql "SELECT reg_verify_code('$flipped');")"
is "a token of nobody's" not_found "$(at "$(later 200)" sql "SELECT reg_verify_code('$(printf 'A%.0s' {1..64})');")"
for shape in 123456 "${token}A" "${token:1}" "${token:0:63}=" ''; do
    refuses "not shaped like a token: '${shape:0:10}'" "reg_verify_code: argument 1 \(token\): expected a token; a pin is verified with its subject" "SELECT reg_verify_code('$shape');"
done
ledger '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}'
is "another ledger's token" not_found "$(at "$(later 200)" sql "SELECT reg_verify_code('$token');")"

# A key for two ledgers: codes do not carry over.
ledger
cp -p "$LEDGER.key" "$FOLDER/shared"
export REG_KEY_FILE=$FOLDER/shared
one=$LEDGER
ledger
two=$LEDGER
LEDGER=$one; first=$(issue a@example.com none)
LEDGER=$two; second=$(issue a@example.com none)
is "two ledgers with one key give the first code of the same subject each its own" different "$([ "$first" != "$second" ] && echo different)"
unset REG_KEY_FILE

# The code of a pending attempt.
ledger "{$SIGN_UP,\"channels\":[\"email\"]}"
at "$START" sql "INSERT INTO reg_attempts(email, phone, username) VALUES ('p@example.com', '+16045550009', 'pat');" >/dev/null
is "admission queues it" "1|p@example.com|pin|email|EMAIL|1|pending||1|pat|+16045550009" "$(at "$START" sql "SELECT attempt_id, subject, kind, channel, token_type, attempt, state, expiry_timestamp, active, username, phone FROM reg_codes;")"
is "the attempt waits for it" "pending|pending||" "$(at "$START" sql "SELECT outcome, code_state, decided_at, customer_id FROM reg_attempts;")"
is "it may be given to the caller within the pause, and its time begins then" "2026-01-01T12:05:10.000Z" "$(at "$(later 10)" sql "SELECT length(reg_issue_code('p@example.com', 'email')) <> 6 AS x WHERE x; SELECT expiry_timestamp FROM reg_codes;")"
code=$(at "$(later 11)" issue p@example.com email)
is "by the username too" verified "$(at "$(later 12)" verify PAT "$code")"
is "which completes the attempt" "success|verified|2026-01-01T12:00:12.000Z|1|2026-01-01T12:00:12.000Z||queued" "$(at "$(later 13)" sql "SELECT outcome, code_state, decided_at, customer_id, email_confirmed_at, phone_confirmed_at, report_state FROM reg_attempts;")"
ledger "{$SIGN_UP,\"channels\":[\"email\",\"sms\"]}"
at "$START" sql "INSERT INTO reg_attempts(email, phone) VALUES ('p@example.com', '+16045550009');" >/dev/null
code=$(at "$START" issue +16045550009 sms)
is "with two channels either confirms" verified "$(at "$START" verify p@example.com "$code")"
is "only its own channel" "success||2026-01-01T12:00:00.000Z" "$(at "$START" sql "SELECT outcome, email_confirmed_at, phone_confirmed_at FROM reg_attempts;")"
is "the other code is idle" $'email|superseded\nsms|verified' "$(at "$START" sql "SELECT channel, state FROM reg_codes ORDER BY 1;")"

# The last permitted wrong try.
ledger "{$SIGN_UP,\"maxCodeTries\":2}"
at "$START" sql "INSERT INTO reg_attempts(email) VALUES ('p@example.com');" >/dev/null
code=$(at "$START" issue p@example.com email)
is "one wrong" invalid_code "$(at "$START" verify p@example.com "$(wrong_for "$code")")"
is "waits on" "pending|sent" "$(at "$START" sql "SELECT outcome, CASE code_state WHEN 'pending' THEN 'sent' ELSE code_state END FROM reg_attempts;")"
is "two wrong" invalid_code "$(at "$(later 1)" verify p@example.com "$(wrong_for "$code")")"
is "the attempt has failed at once, and is reported" 'failure|["verification_failed"]|exhausted|2026-01-01T12:00:01.000Z|queued' "$(at "$(later 1)" sql "SELECT outcome, reasons, code_state, decided_at, report_state FROM reg_attempts;")"
is "the right one is late" rate_limit "$(at "$(later 2)" verify p@example.com "$code")"

# Settled, and then guessed at: a try is a try, whatever became of the attempt, so that late news of the right code is no prize for whoever tries them all.
settle() { LD_PRELOAD=$faketime FAKETIME=$CLOCK $BUILD/regjob -l "$LEDGER" settle; }
enter() { sql "INSERT INTO reg_attempts (email, email_confirm_code, attempted_at) VALUES ('a@example.com', '$1', '2026-01-01T12:00:30Z'); SELECT verdict FROM continuation ORDER BY id DESC LIMIT 1;"; }
for way in enter "verify a@example.com"; do
    ledger "{$SIGN_UP,\"pendingLifetimeInSeconds\":60,\"maxCodeTries\":3}"
    at "$START" sql "INSERT INTO reg_attempts (email) VALUES ('a@example.com');"
    first=$(at "$START" issue a@example.com none)
    at "$(later 61)" settle
    answers "settled" 'failure|["verification_expired"]|0' "SELECT outcome, reasons, (SELECT count(*) FROM wrong_try) FROM reg_attempts;"
    said=
    for try in 1 2 3 4; do said+="$(at "$(later $((61 + try)))" $way "$(wrong_for "$first")") "; done
    is "$way: wrong ones are counted" "invalid_code invalid_code invalid_code rate_limit " "$said"
    is "$way: and then the right one is as good as they are" rate_limit "$(at "$(later 70)" enter "$first")"
    is "$way: nor does it tell that it is right" rate_limit "$(at "$(later 70)" verify a@example.com "$first")"
    answers "$way: it stays failed, and why" 'failure|["verification_expired"]|3' "SELECT outcome, reasons, (SELECT count(*) FROM wrong_try) FROM reg_attempts;"
done
ledger "{$SIGN_UP,\"pendingLifetimeInSeconds\":60,\"maxCodeTries\":3}"
at "$START" sql "INSERT INTO reg_attempts (email) VALUES ('a@example.com');"
first=$(at "$START" issue a@example.com none)
at "$(later 61)" settle
is "one wrong try leaves the others" invalid_code "$(at "$(later 62)" enter "$(wrong_for "$first")")"
is "of which the right one, entered in time, is" verified "$(at "$(later 63)" enter "$first")"

# Deadlines: a pending attempt that nobody settled reads as failed.
ledger "{$SIGN_UP,\"pendingLifetimeInSeconds\":60,\"pinConfirmationValidInSeconds\":3600}"
at "$START" sql "INSERT INTO reg_attempts(email) VALUES ('never@example.com'), ('given@example.com');" >/dev/null
code=$(at "$(later 30)" issue given@example.com email)
reads() { at "$(later "$1")" sql "SELECT outcome, failure_reason, decided_at FROM reg_attempts ORDER BY id;"; }
is "after 59 s" $'pending||\npending||' "$(reads 59)"
is "after 60 s: never given" $'failure|undeliverable|2026-01-01T12:01:00.000Z\npending||' "$(reads 60)"
is "after 89 s" $'failure|undeliverable|2026-01-01T12:01:00.000Z\npending||' "$(reads 89)"
is "after 90 s: its time began when the code was given" $'failure|undeliverable|2026-01-01T12:01:00.000Z\nfailure|verification_expired|2026-01-01T12:01:30.000Z' "$(reads 90)"
is "a code after its attempt's deadline" code_timeout "$(at "$(later 90)" verify given@example.com "$code")"
is "in its last second" verified "$(at "$(later 89)" verify given@example.com "$code")"

# Errors write nothing; a code asked for in a transaction goes with it.
ledger
code=$(at "$START" sql "BEGIN; SELECT reg_issue_code('a@example.com', 'none'); ROLLBACK;")
is "rolled back: not found" not_found "$(at "$START" verify a@example.com "$code")"
is "within INSERT ... SELECT and CREATE TABLE AS" "1|1" "$(at "$START" sql "CREATE TABLE t AS SELECT reg_issue_code('b@example.com', 'none') AS c; CREATE TABLE u(c); INSERT INTO u SELECT reg_issue_code('c@example.com', 'none');
    SELECT (SELECT c FROM t) = reg_issue_code('b@example.com', 'none'), (SELECT c FROM u) = reg_issue_code('c@example.com', 'none');")"
is "verification within a transaction of the caller's" $'verified\nalready_verified' "$(at "$START" sql "BEGIN; SELECT reg_verify_code('b@example.com', (SELECT c FROM t)); COMMIT; SELECT reg_verify_code('b@example.com', (SELECT c FROM t));")"
done_testing
