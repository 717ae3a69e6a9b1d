#!/bin/bash
# SPDX-License-Identifier: MIT
# INSERT INTO reg_attempts as a statement: what it takes, what it refuses, and what becomes of transactions around it.
. tests/sql/tap.sh
ledger
is "no time: now" '2026-05-06T07:08:09.000Z|2026-05-06T07:08:09.000Z|2026-05-06T07:08:09.000Z' "$(at '2026-05-06 07:08:09' sql "INSERT INTO reg_attempts(email, password) VALUES ('b@example.com', 'A9#bL8@z');
    SELECT attempted_at, recorded_at, decided_at FROM reg_attempts WHERE id = last_insert_rowid();")"
ledger
counts="SELECT (SELECT count(*) FROM attempt), (SELECT count(*) FROM person), (SELECT count(*) FROM subject_index), (SELECT count(*) FROM report);"
added() { # NAME EXPECTED SQL: how many attempts SQL has added, and what it says
    local before
    before=$(sql "SELECT count(*) FROM attempt;")
    is "$1" "$2" "$(sql "$3"; sql "SELECT '+' || (count(*) - $before) FROM attempt;")"
}

# One row, with every column that comes in.
answers "every column, as it reads afterwards" '1|2026-01-01T10:00:00.000Z|John@Example.com|johnny|+16045555555|CA|John Smith|John|Smith|1990-12-31|Jakarta|male|CA|CAD|en-CA|DRIVER|77|01011|01|b3f56868-9667-4843-a8e5-0509456baa9b|c-1|google|g-123|dev-1|phone|google|Pixel XL|android|81.152.92.84|en-US|51.503252|-0.127899|Mozilla/5.0|Shop|mobile-web|shop.example|1|passed|ALLOW|2026-01-01T09:00:00.000Z|2026-01-01T09:30:00.000Z|{"terms":{"state":"accepted","version":"2"}}|success||||||' \
    "INSERT INTO reg_attempts(attempted_at, email, username, phone, phone_country, name, given_name, family_name, birth_date, birth_place, gender, country, currency, locale, user_type,
       partner_id, source_id, account_group_id, uuid, custom_id, identity_provider, identity_subject, device_id, device_type, manufacturer, model, os, ip_address, language, latitude, longitude,
       user_agent, app_name, app_platform, app_domain, guest_account, captcha, recommendation, email_verified_at, phone_verified_at, consents, password)
     VALUES ('2026-01-01 12:00+02:00', 'John@Example.com', 'johnny', '(604) 555-5555', 'CAN', 'John Smith', 'John', 'Smith', '1990-12-31', 'Jakarta', 'Male', 'ca', 'cad', 'en_CA', 'DRIVER',
       77, '01011', '01', 'B3F56868-9667-4843-a8e5-0509456baa9b', 'c-1', 'Google', 'g-123', 'dev-1', 'phone', 'google', 'Pixel XL', 'android', '81.152.92.84', 'en-us', 51.503252, -0.127899,
       'Mozilla/5.0', 'Shop', 'mobile-web', 'shop.example', 'TRUE', 'passed', 'allow', 1767258000000, '2026-01-01T09:30Z', '{\"terms\":{\"state\":\"accepted\",\"version\":\"2\"}}', 'A9#bL8@z');
     SELECT id, attempted_at, email, username, phone, phone_country, name, given_name, family_name, birth_date, birth_place, gender, country, currency, locale, user_type,
       partner_id, source_id, account_group_id, uuid, custom_id, identity_provider, identity_subject, device_id, device_type, manufacturer, model, os, ip_address, language, latitude, longitude,
       user_agent, app_name, app_platform, app_domain, guest_account, captcha, recommendation, email_verified_at, phone_verified_at, consents, outcome, failure_reason,
       password, password_md5, password_hash, password_sha256, email_confirm_code FROM reg_attempts;"
answers "the types of what reads as a number" 'integer|real|real|integer|integer' "SELECT typeof(partner_id), typeof(latitude), typeof(longitude), typeof(guest_account), typeof(id) FROM reg_attempts WHERE id = 1;"
answers "the columns of the table, in their order" "id attempted_at email username phone phone_country name given_name family_name birth_date birth_place gender country currency locale user_type partner_id source_id account_group_id uuid custom_id identity_provider identity_subject device_id device_type manufacturer model os ip_address language latitude longitude user_agent app_name app_platform recommendation email_verified_at phone_verified_at consents outcome failure_reason attempted_at_ms email_verified_at_ms recorded_at recorded_at_ms decided_at decided_at_ms reasons hint import_id customer_id email_confirmed_at email_confirmed_at_ms phone_confirmed_at phone_confirmed_at_ms code_state report_state acknowledged_at acknowledged_at_ms steps email_domain phone_verified_at_ms app_domain guest_account captcha notes told_reason line erased_at erased_at_ms" \
    "SELECT group_concat(name, ' ') FROM pragma_table_xinfo('reg_attempts') WHERE hidden = 0;"
answers "the hidden ones: the moment first" "as_of password password_md5 password_hash password_sha256 email_confirm_code" "SELECT group_concat(name, ' ') FROM pragma_table_xinfo('reg_attempts') WHERE hidden;"
answers "the columns of reg_codes" "id attempt_id subject kind channel token_type token_prefix attempt request_timestamp request_timestamp_ms handed_over_at handed_over_at_ms expiry_minutes expiry_timestamp expiry_timestamp_ms active username phone account_group_id device_id state failures verified_at verified_at_ms last_error as_of" \
    "SELECT group_concat(name, ' ') FROM pragma_table_xinfo('reg_codes');"
answers "the columns of reg_reports" "id attempt_id outcome due_at due_at_ms state tries ambiguous_tries last_status last_error next_try_at next_try_at_ms acknowledged_at acknowledged_at_ms vendor_timestamp payload as_of" \
    "SELECT group_concat(name, ' ') FROM pragma_table_xinfo('reg_reports');"
answers "what is missing is derived" '+6281234567890|ID|IDR|id-ID|CUSTOMER|2026-01-02T00:00:00.000Z|1' "INSERT INTO reg_attempts(email, phone, country, password, attempted_at) VALUES ('a@example.com', '081234567890', 'IDN', 'A9#bL8@z', '2026-01-02');
    SELECT phone, country, currency, locale, user_type, attempted_at, recorded_at > attempted_at FROM reg_attempts WHERE id = last_insert_rowid();"
answers "a Unix time in seconds" 2017-12-09T14:16:28.000Z "INSERT INTO reg_attempts(email, attempted_at) VALUES ('c', 1512828988); SELECT attempted_at FROM reg_attempts WHERE id = last_insert_rowid();"
answers "a small latitude, as SQL writes it" '1.0e-05|0' "INSERT INTO reg_attempts(email, latitude) VALUES ('c', 0.00001); SELECT latitude, reasons LIKE '%latitude%' FROM reg_attempts WHERE id = last_insert_rowid();"

# Columns that only go out are refused by their name; the aliases of CSV headers are none of SQL's.
for column in id attempted_at_ms recorded_at recorded_at_ms decided_at reasons import_id line customer_id email_confirmed_at phone_confirmed_at code_state report_state \
    acknowledged_at steps erased_at told_reason as_of; do
    added "refused: $column" "Error: reg_attempts: $column is decided by the ledger and cannot be inserted"$'\n+0' "INSERT INTO reg_attempts(email, $column) VALUES ('x@example.com', '1');"
done
added "NULL for them is nothing" "+1" "INSERT INTO reg_attempts(email, id, reasons, as_of) VALUES ('null@example.com', NULL, NULL, NULL);"
refuses "rowid is one of them" "reg_attempts: rowid is decided by the ledger and cannot be inserted" "INSERT INTO reg_attempts(rowid, email) VALUES (99, 'x@example.com');"
for alias in telephone countryId emailConfirmCode pinCode deviceType timestamp passwordHashed consent_terms emailVerifiedTime; do
    refuses "no column of the table: $alias" "table reg_attempts has no column named $alias" "INSERT INTO reg_attempts(email, $alias) VALUES ('x@example.com', '1');"
done
refuses "a blob" "reg_attempts: name: expected text, not a blob" "INSERT INTO reg_attempts(email, name) VALUES ('x@example.com', x'61');"
refuses "a NUL character" "reg_attempts: name holds a NUL character" "INSERT INTO reg_attempts(email, name) VALUES ('x@example.com', 'a' || char(0) || 'b');"

# Statements that history does not allow.
added "UPDATE" $'Error: reg_attempts: attempts are history and are not updated; what happens later is recorded by the reg_ functions\n+0' "UPDATE reg_attempts SET email = 'x' WHERE id = 1;"
added "UPDATE of a hidden column" $'Error: reg_attempts: attempts are history and are not updated; what happens later is recorded by the reg_ functions\n+0' "UPDATE reg_attempts SET password = 'x' WHERE id = 1;"
added "DELETE" $'Error: reg_attempts: attempts are history and are not deleted; a person is erased with `regjob forget`\n+0' "DELETE FROM reg_attempts WHERE id = 1;"
added "INSERT OR REPLACE" $'Error: reg_attempts: a sign-up is a new attempt each time: INSERT without OR REPLACE or OR IGNORE\n+0' "INSERT OR REPLACE INTO reg_attempts(email) VALUES ('x@example.com');"
added "REPLACE" $'Error: reg_attempts: a sign-up is a new attempt each time: INSERT without OR REPLACE or OR IGNORE\n+0' "REPLACE INTO reg_attempts(email) VALUES ('x@example.com');"
added "INSERT OR IGNORE" $'Error: reg_attempts: a sign-up is a new attempt each time: INSERT without OR REPLACE or OR IGNORE\n+0' "INSERT OR IGNORE INTO reg_attempts(email) VALUES ('x@example.com');"
added "UPSERT" $'Error: UPSERT not implemented for virtual table "reg_attempts"\n+0' "INSERT INTO reg_attempts(email) VALUES ('x@example.com') ON CONFLICT DO NOTHING;"
added "OR ABORT, FAIL and ROLLBACK only say what an error does" "+3" "INSERT OR ABORT INTO reg_attempts(email) VALUES ('x1'); INSERT OR FAIL INTO reg_attempts(email) VALUES ('x2'); INSERT OR ROLLBACK INTO reg_attempts(email) VALUES ('x3');"
for table in reg_codes reg_reports reg_functions reg_reasons; do
    refuses "nothing is written to $table" "table $table may not be modified" "INSERT INTO $table(rowid) VALUES (1);"
    refuses "nothing is deleted from $table" "table $table may not be modified" "DELETE FROM $table;"
done
refuses "it cannot be dropped" "table reg_attempts may not be dropped" "DROP TABLE reg_attempts;"

# Many rows.
added "VALUES with three rows, ids in their order" $'1\n+3' "INSERT INTO reg_attempts(email) VALUES ('m1'), ('m2'), ('m3'); SELECT last_insert_rowid() = max(id) FROM attempt;"
added "SELECT from a temporary table" $'m4@b.com,m5@b.com,m6@b.com\n+3' "CREATE TEMP TABLE incoming(mail); INSERT INTO incoming VALUES ('m4@b.com'), ('m5@b.com'), ('m6@b.com'); INSERT INTO reg_attempts(email) SELECT mail FROM incoming ORDER BY mail;
    SELECT group_concat(email) FROM (SELECT email FROM reg_attempts WHERE email GLOB 'm[456]@*' ORDER BY id);"
added "later rows see earlier ones" $'success,failure\n+2' "INSERT INTO reg_attempts(email, password) VALUES ('twice@example.com', 'A9#bL8@z'), ('TWICE@example.com', 'A9#bL8@z');
    SELECT group_concat(outcome) FROM (SELECT outcome FROM reg_attempts WHERE email LIKE 'twice@%' ORDER BY id);"
added "from the table itself, by way of an ORDER BY" $'+2' "INSERT INTO reg_attempts(email) SELECT email FROM reg_attempts WHERE id <= 2 ORDER BY id DESC;"
added "changes() counts sign-ups, not what they bring about" $'3\n+3' "INSERT INTO reg_attempts(email, password) VALUES ('ch1@example.com', 'A9#bL8@z'), ('ch2@example.com', 'A9#bL8@z'), ('ch3@example.com', NULL); SELECT changes();"
added "RETURNING shows what was sent, but not the password" $'r@example.com|\n+1' "INSERT INTO reg_attempts(email, password) VALUES ('r@example.com', 'A9#bL8@z') RETURNING email, id;"

# Whole or not there.
bad="('x1@example.com', NULL), ('x2@example.com', 5), ('x3@example.com', NULL)"
added "an error in the middle of many rows undoes them all" $'Error: reg_attempts: line is decided by the ledger and cannot be inserted\n+0' "INSERT INTO reg_attempts(email, line) VALUES $bad;"
added "and in a transaction only them" $'Error: reg_attempts: line is decided by the ledger and cannot be inserted\n0\n+1' "BEGIN; INSERT INTO reg_attempts(email) VALUES ('kept@example.com'); INSERT INTO reg_attempts(email, line) VALUES $bad;
    COMMIT;
    SELECT count(*) FROM reg_attempts WHERE email LIKE 'x%@example.com' AND id > (SELECT id FROM reg_attempts WHERE email = 'kept@example.com');"
added "ROLLBACK undoes" "+0" "BEGIN; INSERT INTO reg_attempts(email) VALUES ('rb@example.com'); INSERT INTO reg_attempts(email) VALUES ('rb2@example.com'); ROLLBACK;"
added "savepoints of the caller's" $'s1@b.com,s3@b.com\n+2' "SAVEPOINT a; INSERT INTO reg_attempts(email) VALUES ('s1@b.com'); SAVEPOINT b; INSERT INTO reg_attempts(email) VALUES ('s2@b.com'); ROLLBACK TO b; RELEASE b;
    INSERT INTO reg_attempts(email) VALUES ('s3@b.com'); RELEASE a; SELECT group_concat(email) FROM (SELECT email FROM reg_attempts WHERE email GLOB 's[0-9]@*' ORDER BY id);"

# A write within fails, at each table in turn: a sign-up is whole or not there.
for table in attempt person subject_merged report fingerprint; do
    for transaction in "" "BEGIN;"; do
        before=$(sql "$counts")
        said=$(sql "CREATE TEMP TRIGGER broken BEFORE INSERT ON main.$table BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END;
            $transaction INSERT INTO reg_attempts(email, password, uuid) VALUES ('whole-$table@example.com', 'A9#bL8@z', '$(cat /proc/sys/kernel/random/uuid)'); 
            ${transaction:+COMMIT;}")
        like "a failing write to $table${transaction:+ in a transaction}: its error" "^Error: broken on purpose" "$said"
        is "a failing write to $table${transaction:+ in a transaction}: nothing is there" "$before" "$(sql "$counts")"
    done
done
answers "OR ROLLBACK: an error of the door does not end the caller's transaction" $'Error: reg_attempts: line is decided by the ledger and cannot be inserted\n1' "BEGIN; CREATE TEMP TABLE kept(x);
    INSERT OR ROLLBACK INTO reg_attempts(email, line) VALUES ('x', 1);
    SELECT count(*) FROM temp.sqlite_schema WHERE name = 'kept'; COMMIT;"
answers "nothing is amiss" "ok" "PRAGMA integrity_check; PRAGMA foreign_key_check;"
answers "every attempt has its person, its subjects and a report where one is due" "0|0|0" "SELECT
    (SELECT count(*) FROM attempt WHERE id NOT IN (SELECT attempt_id FROM person)), (SELECT count(*) FROM attempt a WHERE outcome = 'success' AND NOT EXISTS (SELECT 1 FROM report r WHERE r.attempt_id = a.id)),
    (SELECT count(*) FROM person WHERE email IS NOT NULL AND attempt_id NOT IN (SELECT attempt_id FROM subject_index));"
done_testing
