# SPDX-License-Identifier: MIT
# regjob confirm: codes as they come out of a table.

load ../helper

setup() {
    regjob_setup
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","passwordAt":"confirm","maxCodeTries":1}'
}

# Sign-ups until one of them has a PIN that begins with a zero; all of them with their PINs.
sign_ups() {
    local added=0
    until [ "$added" -ge 60 ] || ledger_reg "SELECT 1 FROM issued WHERE code GLOB '0[1-9]*' LIMIT 1" 2>/dev/null | grep -q 1; do
        ledger_reg "INSERT INTO reg_attempts (email) SELECT 'p' || value || '@example.com' FROM generate_series($added * 30 + 1, $added * 30 + 30)"
        ledger_reg "CREATE TABLE IF NOT EXISTS issued (email, code);
                    INSERT INTO issued SELECT 'p' || value || '@example.com', reg_issue_code('p' || value || '@example.com', 'email') FROM generate_series($added * 30 + 1, $added * 30 + 30)"
        added=$((added + 1))
    done
}

@test "a PIN is known without its leading zeros, with blanks and dashes; what cannot be one says so and costs no try" {
    sign_ups
    zero=$(ledger "SELECT email || ',' || CAST(code AS INTEGER) FROM issued WHERE code GLOB '0[1-9]*' LIMIT 1")
    mapfile -t others < <(ledger "SELECT email || ' ' || code FROM issued WHERE code NOT GLOB '0*' LIMIT 3")
    {
        printf 'subject,code\n%s\n' "$zero"
        printf '%s," %s-%s"\n' "${others[0]% *}" "${others[0]: -6:3}" "${others[0]: -3}"
        printf '%s,%sx\n' "${others[1]% *}" "${others[1]: -6:5}"
        printf '%s,%06d\n' "${others[2]% *}" $(((10#${others[2]: -6} + 1) % 1000000))
        printf 'nobody@example.com,123456\n'
    } >codes.csv
    run job -v confirm codes.csv
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT group_concat(verdict, ' ') FROM (SELECT verdict FROM continuation ORDER BY line)")" = \
        "verified verified email_confirm_code_invalid invalid_code not_found" ]
    [ "$(ledger "SELECT count(*) FROM wrong_try")" = 1 ]
    [ "$(ledger "SELECT count(*) FROM continuation WHERE attempt_id IS NULL")" = 1 ]
    [[ "$output" == *"confirmation: email_confirm_code_invalid"* ]]
    # The right one is still good.
    printf 'subject,code\n%s,%s\n' "${others[1]% *}" "${others[1]#* }" >again.csv
    job confirm again.csv
    [ "$(ledger "SELECT verdict FROM continuation ORDER BY id DESC LIMIT 1")" = verified ]
}

@test "subject, time and header are read as a sign-up's are; a time that is none costs no try" {
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","passwordAt":"confirm","maxCodeTries":1,"channels":["sms"],"requiredFields":["phone"]}'
    for i in 1 2 3 4 5 6 7; do
        ledger_reg "INSERT INTO reg_attempts (phone) VALUES ('+49302312500$i')"
        code[i]=$(ledger_reg "SELECT reg_issue_code('+49302312500$i', 'sms')")
    done
    sleep 1 # the files tell times by the second
    {
        printf '\xef\xbb\xbfSUBJECT , Code,Entered-At\n'
        printf '"+49 (0)30 23125001",%s,%s\n' "${code[1]}" "$(date -u +%s)"
        printf "'+49302312500%s,%s,%s\n" 2 "${code[2]}" "$(date -u '+%Y-%m-%d %H:%M:%S UTC')"
        printf '0049\xc2\xa030\xc2\xa023125003,%s, %s \n' "${code[3]}" "$(date -u '+%Y-%m-%dt%H:%M:%S.250000z')"
        printf '\xe2\x80\xaa+493023125004\xe2\x80\xac,%s,%s\n' "${code[4]}" "$(TZ=Asia/Kolkata date '+%Y-%m-%dT%H:%M:%S%:z[Asia/Kolkata]')"
        printf '+493023125005,%s,%s\n' "${code[5]}" 45352.5 "${code[5]}" 0 "${code[5]}" 03/04/2026 "${code[5]}" "$(date -u -d '+2 days' +%s)"
        printf '+493023125006,%s,%s\n' "${code[6]}" "$(TZ=Asia/Kolkata date '+%Y-%m-%dT%H:%M:%S%:z[America/New_York]')"
        printf '+493023125005,%s,\n' "${code[5]}"
        printf '4.93023E+11,%s,\n' "${code[7]}"
    } >codes.csv
    job confirm codes.csv
    [ "$(ledger "SELECT group_concat(verdict, ' ') FROM (SELECT verdict FROM continuation ORDER BY line)")" = \
        "verified verified verified verified attempted_at_invalid attempted_at_invalid attempted_at_invalid attempted_at_invalid attempted_at_invalid verified not_found" ]
    [ "$(ledger "SELECT count(*) FROM wrong_try")" = 0 ]
}
