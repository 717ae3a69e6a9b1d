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
