#!/bin/bash
# SPDX-License-Identifier: MIT
# Every function and table of the extension by name, and what the functions say without a ledger.
. tests/sql/tap.sh

answers "the functions and tables, exactly" "\
reg_attempts|reg_attempts([as_of])
reg_bar|reg_bar(value, max)
reg_bar|reg_bar(value, max, width)
reg_cell|reg_cell(value)
reg_check_policy|reg_check_policy(password)
reg_check_policy|reg_check_policy(password, profile)
reg_codes|reg_codes([as_of])
reg_columns|reg_columns
reg_complete|reg_complete(subject, code, password)
reg_complete|reg_complete(subject, code, password, device_id)
reg_dashboard|reg_dashboard(file [, columns])
reg_email_exists|reg_email_exists(email)
reg_forget|reg_forget(subject)
reg_functions|reg_functions
reg_hash_formats|reg_hash_formats
reg_hash_password|reg_hash_password(password)
reg_hash_password|reg_hash_password(password, format)
reg_init|reg_init('beside')
reg_init|reg_init()
reg_issue_code|reg_issue_code(subject, channel)
reg_issue_code|reg_issue_code(subject, channel, device_id)
reg_mask|reg_mask(text)
reg_needs_rehash|reg_needs_rehash(stored)
reg_password_formats|reg_password_formats
reg_phone_exists|reg_phone_exists(phone)
reg_policy|reg_policy(password [, profile])
reg_prepare_password|reg_prepare_password(password)
reg_prepare_password|reg_prepare_password(password, format)
reg_reasons|reg_reasons
reg_reconcile|reg_reconcile(file [, as_of [, columns]])
reg_record_step|reg_record_step(subject, step, status)
reg_record_step|reg_record_step(subject, step, status, reference)
reg_report_payload|reg_report_payload(attempt_id)
reg_reports|reg_reports([as_of])
reg_resend_code|reg_resend_code(subject, channel)
reg_resend_code|reg_resend_code(subject, channel, device_id)
reg_rules|reg_rules
reg_set_consent|reg_set_consent(subject, name, version, state)
reg_settings|reg_settings()
reg_settings|reg_settings(json)
reg_settings_patch|reg_settings_patch(json)
reg_shared_origins|reg_shared_origins(since, until [, least])
reg_signups|reg_signups(file)
reg_spark|reg_spark(value)
reg_username_exists|reg_username_exists(username)
reg_verify_code|reg_verify_code(subject, code)
reg_verify_code|reg_verify_code(subject, code, device_id)
reg_verify_code|reg_verify_code(token)
reg_verify_login|reg_verify_login(subject, password)
reg_verify_password|reg_verify_password(password, stored)
reg_version|reg_version()" "SELECT name, signature FROM reg_functions ORDER BY 1, 2;"

# SQLite's own lists say the same, so that nothing is registered that is not listed; but for the one by which tables read, which nobody else can call.
answers "functions that SQLite knows" "" "
    SELECT DISTINCT name FROM pragma_function_list WHERE name GLOB 'reg_*' AND name <> 'reg_take'
    EXCEPT SELECT name FROM reg_functions;
    SELECT name FROM reg_functions EXCEPT SELECT name FROM pragma_function_list EXCEPT SELECT name FROM pragma_module_list;"
answers "tables that SQLite knows" "reg_attempts reg_codes reg_columns reg_dashboard reg_functions reg_hash_formats reg_password_formats reg_policy reg_reasons reg_reconcile reg_reports reg_rules reg_shared_origins reg_signups" "
    SELECT group_concat(name, ' ') FROM (SELECT name FROM pragma_module_list WHERE name GLOB 'reg_*' ORDER BY 1);"
answers "each with the arguments of its signature" "" "
    SELECT name, narg FROM pragma_function_list WHERE name GLOB 'reg_*' AND name <> 'reg_take'
    EXCEPT SELECT name, CASE WHEN signature GLOB '*()' THEN 0
                             ELSE length(signature) - length(replace(signature, ',', '')) + 1 END FROM reg_functions;"
for call in "reg_take()" "reg_take(NULL, 1)" "reg_take('row_taker', 1, 2)" "reg_take(x'00000000')"; do
    refuses "nobody else's: $call" "reg_take: only the extension's own statements can ask this" "SELECT $call;"
done
answers "each with a line of help" 0 "SELECT count(*) FROM reg_functions WHERE length(help) < 10 OR help IS NULL;"
answers "each with the source of its rules" 0 "SELECT count(*) FROM reg_functions WHERE length(source) < 5 OR source IS NULL;"
answers "the columns of a sign-up, with their other names" "custom_id|external_id customer_number
email_confirm_code|emailConfirmCode pinCode
phone|telephone phone_number mobile mobile_number mobile_phone cell_phone" "SELECT name, other_names FROM reg_columns WHERE name IN ('phone', 'email_confirm_code', 'custom_id') ORDER BY name;"
answers "each column with its rule and the source of it" 0 "SELECT count(*) FROM reg_columns WHERE length(help) < 5 OR length(source) < 5 OR help IS NULL OR source IS NULL;"
answers "every column of a sign-up is a column of reg_attempts" "" "
    SELECT name FROM reg_columns EXCEPT SELECT name FROM pragma_table_xinfo('reg_attempts');"
answers "two cursors of one listing do not disturb each other" "attempted_at_missing|email_invalid" "
    SELECT a.reason, b.reason FROM reg_reasons a, reg_reasons b WHERE a.rowid = 1 AND b.rowid = 4;"
is "only the entry points are exported" "sqlite3_extension_init sqlite3_reg_init sqlite3_regread_init" \
    "$(nm -D --defined-only $BUILD/reg.so | awk '$2 ~ /[TDBRVWi]/ {print $3}' | grep -vE '^(__asan|__odr_asan|_?_?ubsan|__lsan|__sanitizer)' | sort | paste -sd' ')"

# Wrong counts and types name the function.
for call in 'reg_version(1)' 'reg_init(1,2)' 'reg_settings(1,2)' 'reg_settings_patch()' 'reg_check_policy()' \
    'reg_hash_password()' 'reg_prepare_password()' 'reg_verify_password(1)' 'reg_needs_rehash()' 'reg_issue_code(1)' 'reg_resend_code(1)' \
    'reg_verify_code()' 'reg_verify_code(1,2,3,4)' 'reg_email_exists()' 'reg_phone_exists()' 'reg_username_exists()' \
    'reg_report_payload()' 'reg_mask()' 'reg_complete(1,2)' 'reg_set_consent(1,2,3)' 'reg_record_step(1,2)' 'reg_forget()'; do
    refuses "wrong number of arguments: $call" "wrong number of arguments to function ${call%(*}\(\)" "SELECT $call;"
done
type_error() {
    refuses "wrong type: $1" "${1%%(*}: argument $2 \\($3\\): $4" "SELECT $1;"
}
text='expected text'
type_error "reg_init(1)" 1 where "$text"
type_error "reg_init('inside')" 1 where "expected 'beside'"
type_error "reg_settings(1)" 1 json "$text"
type_error "reg_settings(NULL)" 1 json "$text"
type_error "reg_settings_patch(5)" 1 json "$text"
type_error "reg_settings_patch(x'00')" 1 json "expected text without NUL characters"
type_error "reg_check_policy(1)" 1 password "$text"
type_error "reg_check_policy('a', 1)" 2 profile "$text"
type_error "reg_hash_password(x'61')" 1 password "$text"
type_error "reg_hash_password('a', 1)" 2 format "$text"
type_error "reg_hash_password('a', 'SHA256')" 2 format 'expected sha256, sha1sha256 or md5'
type_error "reg_hash_password('a', 'bcrypt')" 2 format 'expected sha256, sha1sha256 or md5'
type_error "reg_prepare_password(1)" 1 password "$text"
type_error "reg_prepare_password('a', 'sha256')" 2 format 'expected md5'
type_error "reg_prepare_password('a', 'md5')" 1 password 'expected 32 hexadecimal digits'
type_error "reg_verify_password(1, 'a')" 1 password "$text"
type_error "reg_verify_password('a', 1)" 2 stored "$text"
type_error "reg_needs_rehash(1)" 1 stored "$text"
type_error "reg_mask(1)" 1 text "$text"
type_error "reg_issue_code(1, 'email')" 1 subject "$text"
type_error "reg_issue_code('a', NULL)" 2 channel "$text"
type_error "reg_issue_code('a', 'none', 5)" 3 device_id "$text"
type_error "reg_resend_code(NULL, 'email')" 1 subject "$text"
type_error "reg_verify_code(1)" 1 token "$text"
type_error "reg_verify_code(1, 'a')" 1 subject "$text"
type_error "reg_verify_code('a', 1)" 2 code "$text"
type_error "reg_verify_code('a', 'b', 1)" 3 device_id "$text"
type_error "reg_complete(1, 'a', 'b')" 1 subject "$text"
type_error "reg_complete('a', NULL, 'b')" 2 code "$text"
type_error "reg_complete('a', 'b', 3)" 3 password "$text"
type_error "reg_complete('a', 'b', 'c', 4)" 4 device_id "$text"
type_error "reg_set_consent(1, 'terms', '1', 'accepted')" 1 subject "$text"
type_error "reg_set_consent('a', NULL, '1', 'accepted')" 2 name "$text"
type_error "reg_set_consent('a', 'terms', 1, 'accepted')" 3 version "$text"
type_error "reg_set_consent('a', 'terms', '1', NULL)" 4 state "$text"
type_error "reg_record_step(NULL, 'KYC', 'started')" 1 subject "$text"
type_error "reg_record_step('a', 5, 'started')" 2 step "$text"
type_error "reg_record_step('a', 'KYC', NULL)" 3 status "$text"
type_error "reg_record_step('a', 'KYC', 'started', 7)" 4 reference "$text"
type_error "reg_forget(5)" 1 subject "$text"
type_error "reg_verify_code('123456')" 1 token 'expected a token; a pin is verified with its subject'
type_error "reg_mask('a' || char(0) || 'b')" 1 text 'expected text without NUL characters'

# NULL in, NULL out, where a value is looked at; no ledger is needed for that.
for call in 'reg_check_policy(NULL)' "reg_check_policy(NULL, 'nist')" 'reg_hash_password(NULL)' "reg_hash_password(NULL, 'md5')" 'reg_prepare_password(NULL)' \
    "reg_verify_password(NULL, 'a')" "reg_verify_password('a', NULL)" 'reg_needs_rehash(NULL)' 'reg_mask(NULL)' \
    'reg_email_exists(NULL)' 'reg_phone_exists(NULL)' 'reg_username_exists(NULL)' 'reg_report_payload(NULL)'; do
    answers "NULL gives NULL: $call" null "SELECT coalesce($call, 'null');"
done

# Without a ledger.
for call in 'reg_settings()' "reg_settings('{}')" "reg_settings_patch('{}')" "reg_issue_code('a@b.com','none')" \
    "reg_resend_code('a@b.com','none')" "reg_verify_code('a@b.com','1')" "reg_email_exists('a@b.com')" \
    "reg_phone_exists('+16045555555')" "reg_prepare_password('a')" "reg_username_exists('a')" "reg_report_payload(1)" \
    "reg_complete('a','b','A9#bL8@z')" "reg_set_consent('a','terms','1','accepted')" "reg_record_step('a','KYC','started')" "reg_forget('a')" "reg_verify_login('a','b')"; do
    refuses "no ledger: $call" "${call%%(*}: there is no ledger in this database: make one with reg_init\(\) or .regjob init" "SELECT $call;"
done
for table in reg_attempts reg_codes reg_reports reg_password_formats 'reg_shared_origins(NULL, NULL)'; do
    refuses "no ledger: $table" "there is no ledger in this database" "SELECT * FROM $table;"
done
refuses "no ledger: INSERT" "there is no ledger in this database" "INSERT INTO reg_attempts(email) VALUES ('a@b.com');"
like "the version" '^[0-9]+\.[0-9]+\.[0-9]+$' "$(sql 'SELECT reg_version();')"

# Passwords: the seeds' and the programs' own values.
answers "SHA-256 as the fraud API's example has it" ef92b778bafe771e89245b89ecbc08a44a4e166c06659911881f383d4473e94f \
    "SELECT reg_hash_password('password123', 'sha256');"
answers "SHA-256 of SHA-1" "$(printf %s "$(printf %s password123 | sha1sum | cut -d' ' -f1)" | sha256sum | cut -d' ' -f1)" \
    "SELECT reg_hash_password('password123', 'sha1sha256');"
answers "MD5 in upper case" "$(printf %s password123 | md5sum | cut -d' ' -f1 | tr a-f A-F)" "SELECT reg_hash_password('password123', 'md5');"
like "Argon2id at the default cost" '^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$' "$(sql "SELECT reg_hash_password('x');")"
answers "verified by every format" "1|1|1|1|1|0|0" "SELECT reg_verify_password('pass', reg_hash_password('pass')),
    reg_verify_password('pass', reg_hash_password('pass', 'sha256')), reg_verify_password('pass', reg_hash_password('pass', 'sha1sha256')),
    reg_verify_password('pass', reg_hash_password('pass', 'md5')), reg_verify_password('pass', upper(reg_hash_password('pass', 'sha256'))),
    reg_verify_password('Pass', reg_hash_password('pass')), reg_verify_password('pass', 'nonsense');"
argon2id=$(printf %s 'A9#bL8@z' | argon2 somesalt -id -t 2 -m 10 -p 1 -e)
answers "verifies what the argon2 program made" "1|0" "SELECT reg_verify_password('A9#bL8@z', '$argon2id'), reg_verify_password('A9#bL8@Z', '$argon2id');"
answers "rehash: cheaper, equal, of another kind" "1|0|1" "SELECT reg_needs_rehash('$argon2id'), reg_needs_rehash(reg_hash_password('a')), reg_needs_rehash(reg_hash_password('a','md5'));"

# A hash names its own cost: what would take hours or gigabytes is refused before any work is done.
SQL_LIMIT=20
tail='$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG/GxRrvY0uGk'
for cost in m=1048576,t=4000000000 m=8,t=4000000000 m=4194304,t=1 m=262145,t=1 m=64,t=17; do
    for kind in '' md5; do
        hostile="$kind\$argon2id\$v=19\$$cost,p=1$tail"
        refuses "too costly: $kind $cost" 'reg_verify_password: argument 2 \(stored\): it costs more than the setting passwordHashLimit allows \(262144 KiB of memory, 16 passes\)' \
            "SELECT reg_verify_password('x', '$hostile');"
        answers "and to be made anew: $kind $cost" 1 "SELECT reg_needs_rehash('$hostile');"
    done
done
unset SQL_LIMIT

answers "policy: the seed's own password" '[]' "SELECT reg_check_policy('A9#bL8@z');"
answers "policy: rules in their order" '["too_short","no_lowercase","no_uppercase","no_digit","no_symbol"]' "SELECT reg_check_policy('');"
answers "policy: code points are counted" '["no_lowercase","no_uppercase","no_digit","no_symbol"]|["too_long"]' "SELECT reg_check_policy('éééééééé'),
    reg_check_policy('aA1!' || '$(printf 'é%.0s' {1..29})');"
answers "policy: profiles by name" '["no_digit_or_symbol"]|["too_short"]|["no_lowercase","no_uppercase","no_digit","no_symbol"]' "
    SELECT reg_check_policy('abcdefgh', 'cleeng'), reg_check_policy('abcdefgh', 'nist'), reg_check_policy('        ', 'classic');"
answers "policy: a profile in JSON" '["guessable"]' "SELECT reg_check_policy('Password1!', '{\"profile\":\"classic\",\"minScore\":4}');"
refuses "policy: no such profile" "reg_check_policy: .*classic" "SELECT reg_check_policy('a', 'strict');"
refuses "policy: no such blocklist" "reg_check_policy: .*/nowhere" "SELECT reg_check_policy('abcdefgh', '{\"blocklist\":\"/nowhere\"}');"
# The characters are OWASP's (CSV injection): = + - @, tab, line feed, carriage return, and the full-width forms.
answers "a cell that would be a formula" "'=1+1|'+160|'-5|'@x|'＝1|'＋1|'－1|'＠1|hex 270941|hex 270D41|hex 270A41" "SELECT reg_cell('=1+1'), reg_cell('+160'), reg_cell('-5'), reg_cell('@x'),
    reg_cell('＝1'), reg_cell('＋1'), reg_cell('－1'), reg_cell('＠1'), 'hex ' || hex(reg_cell(char(9) || 'A')), 'hex ' || hex(reg_cell(char(13) || 'A')), 'hex ' || hex(reg_cell(char(10) || 'A'));"
answers "a cell that is none" "a=b|1+1| =1|'=1||-5|integer|-0.5|real|blob|null" "SELECT reg_cell('a=b'), reg_cell('1+1'), reg_cell(' =1'), reg_cell('''=1'), reg_cell(''), reg_cell(-5), typeof(reg_cell(-5)),
    reg_cell(-0.5), typeof(reg_cell(-0.5)), typeof(reg_cell(x'3d')), typeof(reg_cell(NULL));"
answers "mask" 'j***@example.com|+1604*****55' "SELECT reg_mask('john@example.com'), reg_mask('+16045555555');"

# Flags: what may stand in a view or an index.
LEDGER=$FOLDER/flags.db
sql "SELECT reg_init();" >/dev/null
for call in 'reg_init()' "reg_settings('{}')" "reg_settings_patch('{}')" "reg_check_policy('a')" "reg_check_policy('a','nist')" "reg_hash_password('a')" \
    "reg_hash_password('a','md5')" "reg_verify_password('a','0CC175B9C0F1B6A831C399E269772661')" "reg_issue_code('a@b.com','none')" "reg_issue_code('a@b.com','none','d')" "reg_resend_code('a@b.com','none')" \
    "reg_resend_code('a@b.com','none','d')" "reg_verify_code('a')" "reg_verify_code('a','b')" "reg_verify_code('a','b','c')" 'reg_report_payload(1)' \
    "reg_complete('a','b','c')" "reg_complete('a','b','c','d')" "reg_set_consent('a','b','c','accepted')" "reg_record_step('a','b','c')" \
    "reg_record_step('a','b','c','d')" "reg_forget('a')" "reg_verify_login('a','b')"; do
    refuses "not from a view: $call" "unsafe use of ${call%%(*}\(\)" "CREATE VIEW v AS SELECT $call; SELECT * FROM v; DROP VIEW v;"
    sql "DROP VIEW IF EXISTS v;" >/dev/null
done
answers "pure functions in a view, and where the schema is not trusted" "j***@example.com|1" "PRAGMA trusted_schema = OFF;
    CREATE VIEW pure AS SELECT reg_mask('john@example.com'), reg_version() IS NOT NULL;
    SELECT * FROM pure; DROP VIEW pure;"
answers "an index over a pure function" "1" "CREATE TABLE t(x); CREATE INDEX i ON t(reg_mask(x)); INSERT INTO t VALUES ('john@example.com');
    SELECT count(*) FROM t INDEXED BY i WHERE reg_mask(x) = 'j***@example.com'; DROP TABLE t;"
refuses "no index over one that asks the ledger" "non-deterministic functions prohibited" "PRAGMA trusted_schema = ON; CREATE TABLE t(x); CREATE INDEX i ON t(reg_email_exists(x));"
over_tables="AS SELECT (SELECT count(*) FROM reg_attempts), (SELECT count(*) FROM reg_codes), (SELECT count(*) FROM reg_reports), reg_email_exists('a@b.com')"
answers "an analyst's view over the tables, where the schema is trusted" "0|0|0|0" "PRAGMA trusted_schema = ON; CREATE VIEW analyst $over_tables; SELECT * FROM analyst;"
refuses "not where it is not, as in shells from 3.46 on" "unsafe use of virtual table" "PRAGMA trusted_schema = OFF; SELECT * FROM analyst;"
answers "but one of the connection's own, trusted or not" "0|0|0|0" "PRAGMA trusted_schema = OFF; CREATE TEMP VIEW own $over_tables; SELECT * FROM own;"
done_testing
