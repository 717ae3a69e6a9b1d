#!/bin/bash
# SPDX-License-Identifier: MIT
# What a stranger sends costs no more than its length: inputs that took minutes, each within so many seconds of CPU as are
# generous for a slow machine and still far below what the square of their length would take. The sanitizers look at shorter ones.
. tests/sql/tap.sh
sessions
ulimit -t 8
case $BUILD in */asan) rows=500 ;; *) rows=10000 ;; esac
repeat() { head -c $(($2 * ${#1})) < <(yes "$1" | tr -d '\n'); }

# A header is compared with itself and with all columns that there are: it has a bound.
ledger
{ echo -n email; seq -f ',c%.0f' 450000 | tr -d '\n'; printf '\na@example.com\n'; } >"$FOLDER/wide.csv"
refuses "a header of four megabytes" 'reg_signups: .*wide.csv: the header has 450001 columns: expected 1000 at the most' "SELECT * FROM reg_signups('$FOLDER/wide.csv');"
refuses "in an export, too" 'reg_dashboard: .*wide.csv: the header \(line 1, .*: the record is longer than 16384 bytes' "SELECT * FROM reg_dashboard('$FOLDER/wide.csv');"
{ echo -n email; seq -f ',c%.0f' 999 | tr -d '\n'; echo; echo -n a@example.com; repeat , 999; echo; } >"$FOLDER/wide.csv"
answers "a thousand columns" 'a@example.com|failure|["password_missing"]' "SELECT email, outcome, reasons FROM reg_signups('$FOLDER/wide.csv');"
{ echo -n email,; repeat c 65530; echo; echo a@example.com,; } >"$FOLDER/wide.csv"
refuses "a name that is too long" 'the header has 65537 bytes: expected 65536 at the most' "SELECT * FROM reg_signups('$FOLDER/wide.csv');"
# Passwords: combining marks out of their order, and what zxcvbn takes long for. Forty of each: one alone took three seconds.
policy() { printf "SELECT sum(length(reg_check_policy(%s, '%s')) > 2) FROM generate_series(1, 40);" "$1" "$2"; }
answers "marks out of their order" 40 "$(policy "'a' || replace(printf('%.*c', 16000, 'x'), 'x', char(0x301)) || replace(printf('%.*c', 16000, 'x'), 'x', char(0x316))" nist)"
answers "a password that zxcvbn takes long for" 40 "$(policy "replace(printf('%.*c', 50, 'x'), 'x', '12')" '{"profile":"classic","minScore":4}')"
answers "a long one is judged by its beginning, and still too long" '["too_long"]|["too_long"]' \
    "SELECT reg_check_policy(replace(printf('%.*c', 1025, 'x'), 'x', 'aB1!'), '{\"maxLength\":1024,\"normalise\":true}'), reg_check_policy('aB1!' || replace(printf('%.*c', 30000, 'x'), 'x', char(0x1f82)), '{\"maxLength\":1024,\"normalise\":true}');"

# Many sign-ups of one address: each asks for a code, and each waits for those before it.
ledger '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE"}'
answers "a flood of one address" '1200|1200' "INSERT INTO reg_attempts (email, password) SELECT 'ann@example.com', 'A9#bL8@z' FROM generate_series(1, 1200);
    SELECT count(*), count(DISTINCT next_try_at) FROM code;"
answers "the pause and the daily limit hold for the last of them as for the first" '60000|86400000' "SELECT
    (SELECT min(next_try_at - before) FROM (SELECT next_try_at, lag(next_try_at) OVER (ORDER BY id) AS before FROM code) WHERE before IS NOT NULL),
    (SELECT min(next_try_at - before) FROM (SELECT next_try_at, lag(next_try_at, 10) OVER (ORDER BY id) AS before FROM code) WHERE before IS NOT NULL);"
# What it costs to have more of them: copies of the last code, each due a day later.
sql "CREATE TEMP TABLE copies AS SELECT c.*, value FROM code c, generate_series(1, 10 * $rows) WHERE c.id = (SELECT max(id) FROM code);
    UPDATE copies SET id = id + value, attempt_id = NULL, nonce = randomblob(16), next_try_at = next_try_at + 86400000 * value;
    CREATE TEMP TABLE key AS SELECT subject_key, address FROM recipient LIMIT 1;
    ALTER TABLE copies DROP COLUMN value;
    INSERT INTO code SELECT * FROM copies;
    INSERT INTO recipient (code_id, subject_key, address) SELECT id, subject_key, address FROM copies, key;"
answers "one more of them" "$((10 * rows + 1300))" "INSERT INTO reg_attempts (email, password) SELECT 'ann@example.com', 'A9#bL8@z' FROM generate_series(1, 100); SELECT count(*) FROM code;"
# And as many in a file, rehearsed against as many that came to nothing.
ledger
sql "INSERT INTO reg_attempts (email, phone) SELECT 'ann@example.com', '+16045550001' FROM generate_series(1, $rows);"
{ echo email,phone; yes 'ann@example.com,+16045550001' | head -$rows; } >"$FOLDER/flood.csv"
answers "a flood of one address, rehearsed" "failure|$rows" "SELECT outcome, count(*) FROM reg_signups('$FOLDER/flood.csv') GROUP BY 1;"

# Many attempts of one customer.
ledger
sql "INSERT INTO reg_attempts (email, phone, outcome) SELECT 'a' || (value % 2) || '@example.com', '+16045550001', 'success' FROM generate_series(1, $((rows / 2)));"
answers "a customer of many attempts is forgotten" "$((rows / 2))" "SELECT reg_forget('a1@example.com');"
done_testing
