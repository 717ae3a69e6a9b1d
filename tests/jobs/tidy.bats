# SPDX-License-Identifier: MIT
# regjob tidy: personal data of attempts that failed long ago is erased, and no count changes, as of any moment.

load ../helper

setup() {
    regjob_setup
    standin_start
    outbound_config
}

teardown() {
    standin_stop
}

# What an analyst counts, as of each of the given moments (milliseconds; 0: now).
counted() {
    local moment table
    for moment in "$@"; do
        table=reg_attempts
        [ "$moment" = 0 ] || table="reg_attempts('$moment')"
        ahead sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" \
            "SELECT $moment, outcome, failure_reason, reasons, report_state, code_state, attempted_at, decided_at, count(*)
               FROM $table GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8"
    done
}

# Whose personal data is still there.
people() {
    ledger "SELECT group_concat(email, ' ') FROM (SELECT email FROM person ORDER BY attempt_id)"
}

keep() {
    sed -i '/^keep_failed_days/d' regjob.conf
    sed -i "s/^path = ledger.db$/&\nkeep_failed_days = $1/" regjob.conf
}

@test "what failed long ago is erased, the rest stays, and every count is as it was" {
    # A customer, a failure that is reported, one that is not, one who never confirmed (expired), one who failed and then succeeded.
    ledger_reg "INSERT INTO reg_attempts (email, outcome) VALUES ('customer@example.com', 'success')"
    ledger_reg "INSERT INTO reg_attempts (email, outcome, failure_reason, phone, device_type) VALUES ('told@example.com', 'failure', 'email_taken', '+16045551234', 'mobile')"
    ledger_reg "INSERT INTO reg_attempts (email, password) VALUES ('weak@example.com', 'short')"
    pins
    ledger_reg "INSERT INTO reg_attempts (email, password) VALUES ('expired@example.com', 'Abcdef1!x')"
    ledger_reg "INSERT INTO reg_attempts (email, password) VALUES ('again@example.com', 'short')"
    ledger_reg "INSERT INTO reg_attempts (email, outcome) VALUES ('again@example.com', 'success')"
    first=$(ledger "SELECT max(recorded_at) + 1 FROM attempt")
    carry send
    later +2d
    carry nightly
    [ "$(ledger_reg "SELECT outcome || ' ' || failure_reason FROM reg_attempts WHERE email = 'expired@example.com'")" = 'failure verification_expired' ]
    second=$(ledger "SELECT max(newest) FROM clock")
    # Off until it is set.
    later +40d
    before=$(people)
    carry tidy
    carry nightly
    [ "$(people)" = "$before" ]
    # A failure of yesterday, and one whose report cannot be sent yet.
    later +39d
    ahead sqlite3 -batch -bail ledger.db ".load ${REG%.so}" "INSERT INTO reg_attempts (email, password) VALUES ('new@example.com', 'short')"
    later +40d
    counted 0 "$first" "$second" >before
    [ "$(grep -c failure before)" -ge 8 ]
    keep 30
    run carry -v tidy
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *'erased the personal data of 4 attempts that failed more than 30 days ago'* ]]
    [ "$(people)" = 'customer@example.com again@example.com new@example.com' ]
    counted 0 "$first" "$second" | diff before -
    # Nothing of them is left in any file of the ledger.
    [ "$(cat ledger.db ledger.db-wal 2>/dev/null | grep -c -a -e told@example -e weak@example -e expired@example -e 16045551234)" = 0 ]
    [ "$(ahead sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" "SELECT count(*) FROM reg_attempts('$second') WHERE email LIKE 'told%' OR phone IS NOT NULL")" = 0 ]
    # The customer who had failed before is one still; again there is nothing to do.
    [ "$(ledger_reg "SELECT reg_email_exists('again@example.com'), reg_email_exists('customer@example.com')")" = '1|1' ]
    run carry -v tidy
    [[ "$output" != *erased* ]]
    [ "$(ledger "SELECT counts ->> '$.tidy.attempts' FROM run WHERE command = 'tidy' ORDER BY id DESC LIMIT 1")" = 0 ]
    # The night does it, too.
    later +80d
    carry nightly
    [ "$(people)" = 'customer@example.com again@example.com' ]
    [ "$(ledger "SELECT counts ->> '$.tidy.attempts' FROM run WHERE command = 'nightly' ORDER BY id DESC LIMIT 1")" = 1 ]
    carry check --data
}

@test "the day before it is kept, the day after it is not; a report on its way keeps what it holds" {
    ledger_reg "INSERT INTO reg_attempts (email, outcome, failure_reason) VALUES ('told@example.com', 'failure', 'email_taken')"
    keep 10
    later '+10d'
    sed -i 's/^url = http.*/url = /' regjob.conf
    [ "$(due)" = 1 ]
    later +12d
    carry tidy
    [ "$(people)" = told@example.com ]
    sed -i "0,/^url = $/s,^url = $,url = $STANDIN_URL," regjob.conf
    carry report
    [ "$(vendor accepted)" = 1 ] || [ "$(events)" = 'acknowledged 1' ]
    ledger "UPDATE attempt SET recorded_at = recorded_at + 2 * 86400000 + 3600000"
    carry tidy
    [ "$(people)" = told@example.com ]
    ledger "UPDATE attempt SET recorded_at = recorded_at - 2 * 3600000"
    carry tidy
    [ "$(people)" = '' ]
}

@test "many attempts: in parts, each whole; stopped, the next run goes on" {
    ledger_reg "INSERT INTO reg_attempts (email, outcome, failure_reason) SELECT 'f' || value || '@example.com', 'failure', 'email_taken' FROM generate_series(1, 5000);
                INSERT INTO reg_attempts (email, outcome) SELECT 's' || value || '@example.com', 'success' FROM generate_series(1, 3000);
                INSERT INTO reg_attempts (email, outcome, failure_reason) SELECT 'g' || value || '@example.com', 'failure', 'email_taken' FROM generate_series(1, 10)"
    ledger "UPDATE report SET next_try_at = NULL"
    keep 1
    later +3d
    # The last part cannot be written: those before it stay done.
    ledger "CREATE TRIGGER full BEFORE DELETE ON person WHEN OLD.attempt_id > 8000 BEGIN SELECT RAISE(ABORT, 'no room'); END"
    run carry tidy
    [ "$status" -eq 1 ]
    [[ "$output" == *'tidying: no room'* ]]
    [ "$(ledger 'SELECT count(*) FROM person')" = 3010 ]
    ledger "DROP TRIGGER full"
    carry tidy
    [ "$(ledger 'SELECT count(*) FROM person')" = 3000 ]
    [ "$(ledger "SELECT count(*) FROM person WHERE email LIKE 's%'")" = 3000 ]
}
