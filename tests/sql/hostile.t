#!/bin/bash
# What a stranger sends costs no more than its length: inputs that took minutes, each within a limit that is generous
# for a slow machine and still far below what the square of their length would take.
. tests/sql/tap.sh
SQL_LIMIT=60
repeat() { head -c $(($2 * ${#1})) < <(yes "$1" | tr -d '\n'); }

# A header is compared with itself and with all columns that there are: it has a bound.
ledger
{ echo -n email; seq -f ',c%.0f' 450000 | tr -d '\n'; printf '\na@example.com\n'; } >"$FOLDER/wide.csv"
refuses "a header of four megabytes" 'reg_signups: .*wide.csv: the header has 450001 columns: expected 1000 at the most' "SELECT * FROM reg_signups('$FOLDER/wide.csv');"
refuses "in an export, too" 'reg_dashboard: .*wide.csv: the header .*the record is longer than 16384 bytes' "SELECT * FROM reg_dashboard('$FOLDER/wide.csv');"
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

done_testing
