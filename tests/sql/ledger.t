#!/bin/bash
# SPDX-License-Identifier: MIT
# The ledger as a file: made, its key, its version, and what happens where it cannot be written.
. tests/sql/tap.sh
VERSION=10
# How many pages more each time, where the disk is full. The sanitizers, which a page more tells little, look at fewer.
case ${SOAK:-$BUILD} in 1) stride=1 ;; */asan) stride=6 ;; *) stride=2 ;; esac
signup="INSERT INTO reg_attempts(email, password, consents) VALUES ('someone@example.com', 'A9#bL8@z', '{\"terms\":true}');"

# Made, and made again.
LEDGER=$FOLDER/made.db
answers "reg_init gives the schema version" $VERSION "SELECT reg_init();"
answers "it is a WAL database of its own kind" "wal|$VERSION|1919248243" "SELECT * FROM pragma_journal_mode, pragma_user_version, pragma_application_id;"
answers "without anything but the ledger in it" 1 "SELECT count(*) = (SELECT count(*) FROM sqlite_schema) FROM sqlite_schema;"
digest=$(sql ".sha3sum --schema
.sha3sum")
answers "again: the same version" $VERSION "SELECT reg_init();"
is "again changes nothing" "$digest" "$(sql ".sha3sum --schema
.sha3sum")"
answers "twice in one connection, and in a transaction" "$VERSION
$VERSION
$VERSION" "SELECT reg_init(); BEGIN; SELECT reg_init(); COMMIT; SELECT reg_init();"
answers "first in a transaction of the caller's" "$VERSION
$VERSION" "ATTACH '$FOLDER/in-transaction.db' AS other; BEGIN; SELECT reg_init(); ROLLBACK;
    BEGIN; SELECT reg_init(); COMMIT;"
answers "quick_check and foreign keys" "ok" "$signup PRAGMA quick_check; PRAGMA foreign_key_check;"
answers "in memory" "1|success" "ATTACH ':memory:' AS m; SELECT 1, outcome FROM reg_attempts;"
LEDGER=:memory:
answers "an in-memory ledger has a key for its lifetime" "$VERSION
1
verified" "SELECT reg_init(); SELECT reg_settings('{\"requiredConsents\":[]}') IS NOT NULL;
    SELECT reg_verify_code('a@example.com', reg_issue_code('a@example.com', 'none'));"

# The key.
LEDGER=$FOLDER/made.db
is "the key: 32 bytes, for its owner alone" "600 32" "$(stat -c '%a %s' "$LEDGER.key")"
is "nothing is left beside it" "made.db made.db.key" "$(cd "$FOLDER" && ls made.db* | grep -vE -- '-(wal|shm)$' | paste -sd' ')"
key_is_refused() {
    refuses "$1: a code" "reg_issue_code: key file $LEDGER.key $2" "SELECT reg_issue_code('a@example.com', 'none');"
    refuses "$1: a verification" "reg_verify_code: key file $LEDGER.key $2" "SELECT reg_verify_code('a@example.com', '123456');"
    refuses "$1: a sign-up with a password, which is sealed" "key file $LEDGER.key $2" "$signup"
    answers "$1: all that needs no secret still works" $'1|1\n0\nfailure\n***\n***' "SELECT count(*), reg_email_exists('someone@example.com') FROM reg_attempts;
        SELECT count(*) FROM reg_codes; SAVEPOINT s; INSERT INTO reg_attempts(email) VALUES ('other@example.com');
        SELECT outcome FROM reg_attempts WHERE id = last_insert_rowid(); ROLLBACK TO s; RELEASE s;
        SELECT payload ->> '$.registration.registrationMechanism.password.passwordHashed' FROM reg_reports WHERE id = 1;
        SELECT reg_report_payload(1) ->> '$.registration.registrationMechanism.password.passwordHashed';"
}
cp -p "$LEDGER.key" "$FOLDER/kept"
for mode in 640 604 620 602 610; do
    chmod $mode "$LEDGER.key"
    refuses "mode $mode is refused" "can be used by others \(mode $mode\): chmod 600 it" "SELECT reg_issue_code('a@example.com', 'none');"
done
key_is_refused "too open" "can be used by others"
chmod 600 "$LEDGER.key"
printf 'short' >"$LEDGER.key"
key_is_refused "too short" "must hold 32 bytes and holds 5"
cat "$FOLDER/kept" "$FOLDER/kept" >"$LEDGER.key"
key_is_refused "too long" "must hold 32 bytes and holds 64"
rm "$LEDGER.key"
key_is_refused "missing" "is missing: restore it, or name it in REG_KEY_FILE"
answers "missing: reg_init makes no other key, which would make old codes worthless" $VERSION "SELECT reg_init();"
ok "missing: and leaves none" test ! -e "$LEDGER.key"
mkfifo "$LEDGER.key"
key_is_refused "a pipe" "is not a regular file"
rm "$LEDGER.key"
mkdir "$LEDGER.key"
key_is_refused "a folder" "is not a regular file"
rmdir "$LEDGER.key"
head -c 32 /dev/zero >"$LEDGER.key"
chmod 600 "$LEDGER.key"
refuses "another ledger's key" "the fingerprint of attempt 1 does not open with this key" "SELECT reg_report_payload(1);"
rm "$LEDGER.key"
export REG_KEY_FILE=$FOLDER/kept
answers "REG_KEY_FILE names it" 64 "SELECT length(reg_report_payload(1) ->> '$.registration.registrationMechanism.password.passwordHashed');"
LEDGER=$FOLDER/elsewhere.db REG_KEY_FILE=$FOLDER/elsewhere.secret sql "SELECT reg_init();" >/dev/null
is "reg_init makes the key there" "600 32" "$(stat -c '%a %s' "$FOLDER/elsewhere.secret")"
ok "and none beside the ledger" test ! -e "$FOLDER/elsewhere.db.key"
unset REG_KEY_FILE
cp -p "$FOLDER/kept" "$LEDGER.key"
LEDGER=$FOLDER/refused.db
printf 'short' >"$LEDGER.key"
chmod 600 "$LEDGER.key"
refuses "reg_init with a key that cannot be used" "reg_init: key file $LEDGER.key must hold 32 bytes" "SELECT reg_init();"
answers "has made nothing" "0" "SELECT count(*) FROM sqlite_schema;"

# Versions and other people's databases.
LEDGER=$FOLDER/made.db
newer="the ledger has version 99, this program knows up to $VERSION: use a newer sqlite-reg"
sql "PRAGMA user_version = 99;" >/dev/null
for statement in "SELECT reg_init();" "SELECT reg_settings();" "SELECT * FROM reg_attempts;" "SELECT * FROM reg_codes;" "SELECT * FROM reg_reports;" \
    "SELECT reg_issue_code('a@example.com', 'none');" "SELECT reg_verify_code('a@example.com', '1');" "SELECT reg_email_exists('a@example.com');" "SELECT reg_report_payload(1);" "$signup"; do
    refuses "a newer ledger: $statement" "$newer" "$statement"
done
answers "a newer ledger is left as it is" "99|1" "SELECT user_version, (SELECT count(*) FROM attempt) FROM pragma_user_version;"
sql "PRAGMA user_version = $VERSION;" >/dev/null

# Older ones, made by their own upgrades: the facts stay, the rules are the new ones.
older_tables="ledger setting attempt person report import reject"
index_of() { # VERSION: the table of the index of subjects
    [ "$1" -lt 8 ] && echo subject || echo subject_entry
}
older() { # VERSION: $LEDGER.VERSION with the facts of $LEDGER, as a program of that version made it
    local version=$1 table columns
    rm -f "$LEDGER.$version"*
    for ((upgrade = 1; upgrade <= version; upgrade++)); do cat sql/upgrades/$upgrade.sql; done | sqlite3 "$LEDGER.$version"
    for table in $older_tables; do
        columns=$(sqlite3 "$LEDGER.$version" "SELECT group_concat(name) FROM pragma_table_info('$table');")
        sqlite3 "$LEDGER.$version" "ATTACH '$LEDGER' AS newer; INSERT INTO main.$table ($columns) SELECT $columns FROM newer.$table;"
    done
    sqlite3 "$LEDGER.$version" "ATTACH '$LEDGER' AS newer; INSERT INTO main.$(index_of $version) ($([ $version -lt 8 ] || echo segment,)key, holder, attempt_id)
        SELECT $([ $version -lt 8 ] || echo 0,)key, holder, attempt_id FROM newer.subject_index;"
    # Some wait in a segment, as an import left them.
    [ $version -lt 8 ] || sqlite3 "$LEDGER.$version" "INSERT INTO subject_segment VALUES (3, 1); UPDATE subject_entry SET segment = 3 WHERE key = (SELECT max(key) FROM subject_entry);"
    sqlite3 "$LEDGER.$version" "CREATE VIEW admit AS SELECT 1 AS old; CREATE VIEW broken AS SELECT * FROM of_the_application; PRAGMA journal_mode = WAL; PRAGMA application_id = 1919248243; PRAGMA user_version = $version;" >/dev/null
    cp -p "$LEDGER.key" "$LEDGER.$version.key"
}
facts() {
    sql ".dump $older_tables
SELECT key, holder, attempt_id FROM subject_index ORDER BY 1, 2, 3;"
}
LEDGER=$FOLDER/newer.db
sql "SELECT reg_init(); $signup INSERT INTO import (id, name, started_at) VALUES (1, 'a.csv', 1);
    INSERT INTO reject (import_id, line, byte_offset, bytes, kind, message, recorded_at) VALUES (1, 2, 9, 9, 'quoting', 'a quote', 1);" >/dev/null
schema=$(sql "SELECT sql FROM sqlite_schema WHERE name <> 'broken' ORDER BY type, name;")
for ((version = 1; version < VERSION; version++)); do
    older $version
    before=$(facts)
    LEDGER=$LEDGER.$version
    refuses "a ledger of version $version" "the ledger has version $version, this program needs $VERSION: upgrade it with reg_init" "$signup"
    answers "version $version: it is upgraded" $VERSION "SELECT reg_init();"
    is "version $version: its facts stay" "$before" "$(facts)"
    is "version $version: its schema is that of a new ledger" "$schema" "$(sql "SELECT sql FROM sqlite_schema WHERE name <> 'broken' ORDER BY type, name;")"
    [ $version -ge 8 ] || refuses "version $version: a program of that version that still runs finds no index, not an empty one" "no such table: subject" "SELECT * FROM subject;"
    answers "version $version: and it goes on" "failure|[\"email_taken\"]" "$signup SELECT outcome, reasons FROM reg_attempts WHERE id = 2;"
    LEDGER=$FOLDER/newer.db
done

# Up to version 2, what failed its check was kept as sent, and the free text of people who were erased.
older 2
LEDGER=$LEDGER.2
sqlite3 "$LEDGER" "PRAGMA secure_delete = OFF;
    INSERT INTO attempt (id, recorded_at, attempted_at, setting_id, outcome, reasons, customer_id, told, told_reason, country, currency, locale, phone_country, user_type, partner_id, identity_provider, language, app_platform, guest_account, recommendation, os, captcha, has_password)
    VALUES (11, 11, 11, 1, 'failure', '[\"email_invalid\",\"username_invalid\",\"phone_invalid\",\"phone_country_invalid\",\"name_invalid\",\"birth_date_invalid\",\"gender_invalid\",\"country_invalid\",\"currency_invalid\",\"locale_invalid\",\"user_type_invalid\",\"partner_id_invalid\",\"uuid_invalid\",\"ip_address_invalid\",\"language_invalid\",\"latitude_invalid\",\"longitude_invalid\",\"app_platform_invalid\",\"guest_account_invalid\",\"recommendation_invalid\",\"identity_provider_unknown\"]', NULL, NULL, NULL,
            'XX', 'Secret-2', 'Secret3', 'Secret-4', 'Secret-5!', 'Secret-6', 'Secret-7', 'Secret8', 'Secret-9', 'Secret-10', 'Secret-11', 'fine', 'fine', 0),
           (12, 12, 12, 1, 'success', NULL, 12, 'success', NULL, 'Secret-12', 'EUR', 'de-DE', 'DE', 'CUSTOMER', 7, 'google', 'Secret 13', 'ios', 1, 'ALLOW', 'Secret' || char(27) || '14', 'fine', 0),
           (13, 13, 13, 1, 'failure', '[\"told\"]', NULL, 'failure', 'Erased-1', 'DE', 'EUR', 'de-DE', 'DE', 'CUSTOMER', 7, NULL, 'de', 'ios', 0, NULL, 'Erased-2', 'Erased-3', 0),
           (14, 14, 14, 1, 'failure', '[\"told\"]', NULL, 'failure', 'kept', 'DE', 'EUR', 'de-DE', 'DE', 'CUSTOMER', 7, NULL, 'de', 'ios', 0, NULL, 'kept', 'kept', 0);
    INSERT INTO person (attempt_id, email, email_key, email_folded, phone, phone_key, username, username_key, username_folded, uuid, uuid_key, name, birth_date, gender, ip_address, latitude, longitude, device_id)
    VALUES (11, 'Secret-20', 20, NULL, 'Secret-21', 21, ' Secret-22', 22, NULL, 'Secret-23', 23, 'Secret' || char(155) || '24', 'Secret-25', 'Secret-26', 'Secret-27', 'Secret-28', 'Secret-29', 'fine'),
           (12, 'b@b.com', 31, 'b@b.com', '+16045550001', 32, 'Secret-33 ', 33, NULL, '00000000-0000-4000-8000-000000000000', 34, 'Zo', '1990-01-01', 'male', '2001:db8::1', 48.5, 11.0, 'Secret' || char(7) || '34'),
           (14, 'd@b.com', 41, 'd@b.com', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'kept', NULL, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO subject VALUES (20, -1, 11), (21, -1, 11), (22, -1, 11), (23, -1, 11), (31, 12, 12), (32, 12, 12), (33, 12, 12), (34, 12, 12), (41, -1, 14);
    INSERT INTO erasure VALUES (13, 15);
    INSERT INTO step (attempt_id, name, status, reference, recorded_at) VALUES (13, 'KYC', 'Erased-4', NULL, 13), (14, 'KYC', 'kept', 'kept', 14);
    INSERT INTO report (id, attempt_id, outcome, recorded_at) VALUES (13, 13, 'failure', 13), (14, 14, 'failure', 14);
    INSERT INTO code (id, attempt_id, ordinal, channel, kind, nonce, digits, sandbox, recorded_at, lifetime_ms) VALUES (13, NULL, 1, 'email', 'pin', zeroblob(16), 6, 0, 13, 1), (14, NULL, 1, 'email', 'pin', randomblob(16), 6, 0, 13, 1);
    INSERT INTO recipient VALUES (14, 41, 'd@b.com', NULL);
    INSERT INTO try (code_id, report_id, owner, started_at, lease_until, finished_at, result, answer)
    VALUES (13, NULL, 'h', 1, 2, 3, 'refused', 'Erased-5'), (14, NULL, 'h', 1, 2, 3, 'refused', 'kept'), (NULL, 13, 'h', 1, 2, 3, 'refused', 'Erased-6'), (NULL, 14, 'h', 1, 2, 3, 'refused', 'kept');"
ok "there is something to erase" grep -aq Erased-6 "$LEDGER"
answers "it is upgraded, and the host's secure_delete is what it was" "0
$VERSION
0" "PRAGMA secure_delete = OFF; SELECT reg_init(); PRAGMA secure_delete;"
is "what was right is" "11|||||||||||fine|fine||||||||||fine
12||EUR|de-DE|DE|CUSTOMER|7|google||ios|1||fine|b@b.com|+16045550001||00000000-0000-4000-8000-000000000000|Zo|1990-01-01|male|2001:db8::1|48.5|
13||EUR|de-DE|DE|CUSTOMER|7|||ios|0||||||||||||
14|kept|EUR|de-DE|DE|CUSTOMER|7||de|ios|0|kept|kept|d@b.com||||kept|||||" "$(sql "SELECT a.id, CASE a.id WHEN 12 THEN country ELSE told_reason END, currency, locale, phone_country, user_type, partner_id, identity_provider, language, app_platform, guest_account, os, captcha,
        email, phone, username, uuid, name, birth_date, gender, ip_address, latitude, device_id FROM attempt a LEFT JOIN person p ON p.attempt_id = a.id WHERE a.id > 10;")"
answers "the index of subjects has what is still there" "31 12, 32 12, 34 12, 41 14" "SELECT group_concat(key || ' ' || attempt_id, ', ') FROM (SELECT * FROM subject_index WHERE attempt_id > 10 ORDER BY key);"
answers "and no key is left of what is not" "||||31|32||34|41|||" "SELECT group_concat(coalesce(email_key, '') || '|' || coalesce(phone_key, '') || '|' || coalesce(username_key, '') || '|' || coalesce(uuid_key, ''), '|') FROM person WHERE attempt_id > 10;"
answers "steps and answers" $'13|erased|\n14|kept|kept\n\nkept\n\nkept' "SELECT attempt_id, status, reference FROM step; SELECT answer FROM try;"
ok "the bytes of the rest are gone" test 0 = "$(sqlite3 "$LEDGER" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null; grep -acE 'Secret|Erased-' "$LEDGER")"
LEDGER=$FOLDER/other.db
other() {
    rm -f "$LEDGER"*
    sqlite3 "$LEDGER" "CREATE TABLE theirs(x); $1"
    refuses "another application's database ($1): reg_init" "reg_init: this database belongs to another application .*: keep the ledger in a file of its own" "SELECT reg_init();"
    refuses "another application's database ($1): reading" "there is no ledger in this database" "SELECT count(*) FROM reg_attempts;"
    answers "another application's database ($1): untouched" "theirs|delete" "SELECT group_concat(name), journal_mode FROM sqlite_schema, pragma_journal_mode;"
    ok "another application's database ($1): no key" test ! -e "$LEDGER.key"
    answers "another application's database ($1): its own settings stay" "$2" "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id;"
}
other "PRAGMA user_version = 1" "1|0"
other "PRAGMA user_version = 7" "7|0"
other "PRAGMA application_id = 5" "0|5"
other "PRAGMA user_version = 0" "0|0"
other "ALTER TABLE theirs RENAME TO attempt; CREATE TABLE theirs(x); DROP TABLE attempt" "0|0"

# Beside another application's tables, where it is asked for: its settings stay, its version is not ours.
theirs="CREATE TABLE theirs(x); CREATE VIEW their_view AS SELECT * FROM theirs; INSERT INTO theirs VALUES (1);"
beside() { # $LEDGER: another application's database
    rm -f "$LEDGER"*
    sqlite3 "$LEDGER" "PRAGMA page_size = 1024; $theirs $1"
}
beside "PRAGMA user_version = 7; PRAGMA application_id = 5;"
answers "beside: a ledger is made" $VERSION "SELECT reg_init('beside');"
answers "beside: all of theirs stays" "delete|1024|7|5|1" "SELECT journal_mode, page_size, user_version, application_id, x FROM pragma_journal_mode, pragma_page_size, pragma_user_version, pragma_application_id, their_view;"
answers "beside: it is a ledger" "1|success|1" "$signup SELECT id, outcome, reg_email_exists('someone@example.com') FROM reg_attempts;"
answers "beside: again, and without saying so" "$VERSION
$VERSION" "SELECT reg_init('beside'); SELECT reg_init();"
is "beside: the job takes it" "0" "$($BUILD/regjob -l "$LEDGER" -q settle >/dev/null 2>&1; echo $?)"
sqlite3 "$LEDGER" "PRAGMA user_version = 9;"
answers "beside: their version goes on" "1" "SELECT count(*) FROM reg_attempts;"
sql "UPDATE ledger SET version = 99;" >/dev/null
refuses "beside: a newer one" "the ledger has version 99, this program knows up to $VERSION" "SELECT count(*) FROM reg_attempts;"
sql "UPDATE ledger SET version = 2;" >/dev/null
refuses "beside: an older one" "the ledger has version 2, this program needs $VERSION" "SELECT count(*) FROM reg_attempts;"
beside "CREATE TABLE report(x);"
before=$(sqlite3 "$LEDGER" .dump; sha256sum <"$LEDGER")
refuses "beside: a name that is taken" 'reg_init: this database has a table "report" already, and the ledger needs that name' "SELECT reg_init('beside');"
refuses "beside: also in a transaction" 'has a table "report" already' "BEGIN; SELECT reg_init('beside');
COMMIT;"
is "beside: nothing has changed" "$before" "$(sqlite3 "$LEDGER" .dump; sha256sum <"$LEDGER")"
is "beside: and there is no key" "other.db" "$(cd "$FOLDER" && ls other.db*)"
beside "CREATE VIEW funnel AS SELECT 'theirs';"
refuses "beside: a view that has the name of one of ours" 'has a view "funnel" already' "SELECT reg_init('beside');"
is "beside: stays theirs" "theirs" "$(sqlite3 "$LEDGER" "SELECT * FROM funnel;")"

# All or nothing: whatever fails, at one page after another that a full disk leaves, in and out of a transaction of the caller's.
made() { # what there is: objects, ids, journal mode, files
    echo "$(sqlite3 "$LEDGER" "SELECT (SELECT count(*) FROM sqlite_schema), user_version, application_id, journal_mode FROM pragma_user_version, pragma_application_id, pragma_journal_mode;" |
        sed "s/^[0-9]*[1-9][0-9]*|$VERSION|1919248243|/whole|/") $(cd "$FOLDER" && ls -d full.db* | paste -sd' ')"
}
LEDGER=$FOLDER/full.db
fresh() {
    rm -f "$LEDGER"*
    sqlite3 "$LEDGER" "PRAGMA journal_mode = DELETE; VACUUM;" >/dev/null
}
results=
for transaction in "" "BEGIN;" "CREATE TABLE mine(x); BEGIN;"; do
    how=reg_init\(\)
    [ "${transaction#CREATE}" = "$transaction" ] || how="reg_init('beside')"
    for pages in $(seq 1 $((2 * stride + 1)) 120); do
        fresh
        said=$(sql "$transaction PRAGMA max_page_count = $pages;
SELECT $how;
${transaction:+COMMIT;}")
        case $said in *"database or disk is full"*) said=full ;; *Error*) ;; *) said=made ;; esac
        results="$results
$how${transaction:+ in a transaction}: $said: $(made)"
    done
done
is "a full disk: all or nothing" "reg_init('beside') in a transaction: full: 1|0|0|delete full.db
reg_init('beside') in a transaction: made: N|0|0|delete full.db full.db.key
reg_init() in a transaction: full: 0|0|0|delete full.db
reg_init() in a transaction: made: whole|delete full.db full.db.key
reg_init(): full: 0|0|0|delete full.db
reg_init(): made: whole|wal full.db full.db.key" "$(sed -E '/^$/d; s/(beside.*made: )[0-9]{2,}/\1N/' <<<"$results" | sort -u)"
fresh
mkdir "$LEDGER.key"
refuses "no key can be made: refused" "key file $LEDGER.key is not a regular file" "SELECT reg_init();"
is "no key can be made: nothing is made" "0|0|0|delete full.db full.db.key" "$(made)"
rmdir "$LEDGER.key"
refuses "within a statement that writes" "reg_init: the calling statement writes: call it in a statement of its own" "CREATE TABLE mine AS SELECT reg_init('beside');"
is "within a statement that writes: nothing is made" "0|0|0|delete full.db" "$(made)"
like "within a transaction the caller's own work stays, and no more" "already, and the ledger needs that name.*
kept 1$" "$(rm -f "$LEDGER"; sql "BEGIN; CREATE TABLE report(x); INSERT INTO report VALUES ('kept');
SELECT reg_init('beside');
COMMIT;
SELECT max(x) || ' ' || (SELECT count(*) FROM sqlite_schema) FROM report;")"

# A ledger that was put back by .dump or .clone has lost its marks.
LEDGER=$FOLDER/made.db
cp -p "$FOLDER/kept" "$LEDGER.key"
for way in dump clone; do
    put_back() {
        rm -f "$FOLDER/back.db"*
        case $way in
        dump) sqlite3 "$FOLDER/made.db" .dump | sqlite3 "$FOLDER/back.db" ;;
        clone) sqlite3 "$FOLDER/made.db" ".clone $FOLDER/back.db" >/dev/null ;;
        esac
        LEDGER=$FOLDER/back.db
    }
    put_back
    is "$way: it has lost its marks" "0|0" "$(sqlite3 "$LEDGER" "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id;")"
    for statement in "SELECT reg_settings();" "SELECT count(*) FROM reg_attempts;"; do
        refuses "$way: $statement" "this database has a ledger's tables but not its user_version and application_id \(.dump and .clone lose them\): restore them with reg_init\(\)" "$statement"
    done
    answers "$way: reg_init puts them back" "$VERSION
1|success|wal|$VERSION|1919248243" "SELECT reg_init();
        SELECT count(*), max(outcome), journal_mode, user_version, application_id FROM reg_attempts, pragma_journal_mode, pragma_user_version, pragma_application_id;"
    ok "$way: and makes no other key" test ! -e "$LEDGER.key"
    put_back
    cp -p "$FOLDER/kept" "$LEDGER.key"
    said=$($BUILD/regjob -l "$LEDGER" settle 2>&1)
    like "$way: the job says what to do" "^78 .*but not its user_version.*regjob init --restored" "$? $said"
    said=$($BUILD/regjob -v -l "$LEDGER" init --restored 2>&1)
    like "$way: and does it" "^0 .*is marked as a ledger of version $VERSION again" "$? $said"
    answers "$way: then all is there" "1" "SELECT count(*) FROM reg_attempts;"
done
put_back
sqlite3 "$LEDGER" "DROP TABLE try;"
refuses "put back in part" "a ledger's tables but not its user_version, and the tables match no version up to $VERSION: restore the complete backup again" "SELECT reg_init();"
put_back
sqlite3 "$LEDGER" "DROP VIEW admit; DROP VIEW funnel;"
answers "rules and views are made anew" "$VERSION
failure" "SELECT reg_init(); INSERT INTO reg_attempts(email) VALUES ('next@example.com'); SELECT outcome FROM reg_attempts WHERE id = 2;"
LEDGER=$FOLDER/newer.db
older 2
sqlite3 "$LEDGER.2" "PRAGMA user_version = 0; PRAGMA application_id = 0;"
LEDGER=$LEDGER.2
answers "an older one without its marks is upgraded" "$VERSION
1" "SELECT reg_init(); SELECT count(*) FROM reg_attempts;"
head -c 8192 /dev/urandom >"$FOLDER/noise.db"
LEDGER=$FOLDER/noise.db
refuses "a file that is no database" "file is not a database" "SELECT reg_init();"

# Read-only.
LEDGER=$FOLDER/made.db
SHELL_ARGUMENTS="-batch -readonly"
answers "read-only: reads" "1|success|1" "SELECT id, outcome, reg_email_exists('someone@example.com') FROM reg_attempts;"
refuses "read-only: INSERT" "attempt to write a readonly database" "$signup"
refuses "read-only: a code" "reg_issue_code: attempt to write a readonly database" "SELECT reg_issue_code('a@example.com', 'none');"
refuses "read-only: settings" "reg_settings: attempt to write a readonly database" "SELECT reg_settings('{}');"
answers "read-only: reg_init has nothing to do" $VERSION "SELECT reg_init();"
sqlite3 "$FOLDER/empty.db" "VACUUM;"
LEDGER=$FOLDER/empty.db
refuses "read-only: nothing can be made" "reg_init: attempt to write a readonly database" "SELECT reg_init();"
SHELL_ARGUMENTS=-batch

# Another process holds the write lock: an error at once (no busy_timeout is set), and nothing is written.
LEDGER=$FOLDER/made.db
lock=$FOLDER/lock
mkfifo "$lock"
sqlite3 -batch "$LEDGER" <"$lock" >"$FOLDER/locked" &
holder=$!
exec 9>"$lock"
printf 'BEGIN IMMEDIATE; SELECT 1;\n' >&9
until [ -s "$FOLDER/locked" ] || ! kill -0 $holder; do sleep 0.01; done
refuses "locked: INSERT" "database is locked" "$signup"
refuses "locked: a code" "reg_issue_code: database is locked" "SELECT reg_issue_code('a@example.com', 'none');"
refuses "locked: a verification" "reg_verify_code: database is locked" "SELECT reg_verify_code('a@example.com', '1');"
refuses "locked: settings" "reg_settings_patch: database is locked" "SELECT reg_settings_patch('{}');"
answers "locked: readers do not wait" 1 "SELECT count(*) FROM reg_attempts;"
printf 'COMMIT;\n.quit\n' >&9
exec 9>&-
wait $holder
answers "unlocked: everything is as it was" "1|0" "SELECT count(*), (SELECT count(*) FROM code) FROM attempt;"

# Full: the same through a limit on pages and on a real full disk.
answers "full: the limit is in place" "1" "SELECT max_page_count > 0 FROM pragma_max_page_count;"
state="SELECT (SELECT count(*) FROM attempt), (SELECT count(*) FROM person), (SELECT count(*) FROM subject_index), (SELECT count(*) FROM report), (SELECT count(*) FROM code), (SELECT count(*) FROM setting);"
# Ever more pages: the write stops at each place once, and leaves all or nothing.
broken=0 full=0 whole=0
sql "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM;" >/dev/null
cp "$LEDGER" "$FOLDER/before.db"
pages=$(sqlite3 "$LEDGER" "PRAGMA page_count;")
long=$(printf 'x%.0s' {1..1000})
many="WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 14)
    INSERT INTO reg_attempts(email, name, user_agent, custom_id, phone) SELECT 'n' || i || '@example.com', '$long', '$long', '$long', '+1604555' || (1000 + i) FROM n;"
sql "SELECT reg_settings_patch('{\"passwordAt\":\"confirm\",\"requiredConsents\":[],\"registrationType\":\"REQUIRE_PIN_CONFIRMATION\",\"pinConfirmationType\":\"EVERYONE\"}');" >/dev/null
cp "$LEDGER" "$FOLDER/before.db"
was=$(sql "$state")
for extra in $(seq 0 $stride 30); do
    for transaction in "" "BEGIN;"; do
        cp "$FOLDER/before.db" "$LEDGER"
        said=$(sql "PRAGMA max_page_count = $((pages + extra)); $transaction $many
            ${transaction:+COMMIT;}")
        now=$(sql "$state PRAGMA integrity_check;")
        if [[ $said = *"database or disk is full"* ]]; then
            full=$((full + 1))
            [ "$now" = "$was"$'\nok' ] || broken=$((broken + 1))
        else
            [[ $said = *Error* ]] && broken=$((broken + 1))
            whole=$((whole + 1))
            [ "$now" != "$was"$'\nok' ] || broken=$((broken + 1))
        fi
    done
done
is "full at one page after another: all or nothing, in or out of a transaction" "0 broken, full: yes, whole: yes" "$broken broken, full: $([ $full -ge 3 ] && echo yes), whole: $([ $whole -gt 1 ] && echo yes)"
cp "$FOLDER/before.db" "$LEDGER"
like "full: a code says so" "Error: reg_issue_code: database or disk is full" "$(sql "PRAGMA max_page_count = $pages;
    SELECT sum(reg_issue_code('a' || value || '@example.com', 'none') IS NULL) FROM json_each('[$(seq -s, 1 300)]');")"
answers "full: and leaves only whole codes" 1 "SELECT (SELECT count(*) FROM code) = (SELECT count(*) FROM recipient) AND (SELECT count(*) FROM code) < 300;"

# A ledger that was made and rolled back, and made by another process: nothing is remembered of the first.
LEDGER=$FOLDER/twice.db
answers "the salt of a ledger that was rolled back is forgotten" "$VERSION
0
1" "BEGIN; SELECT reg_init(); SELECT reg_email_exists('someone@example.com'); ROLLBACK;
    $(meanwhile "SELECT reg_init(); SELECT reg_settings_patch('{\"requiredConsents\":[]}'); $signup")
    SELECT reg_email_exists('someone@example.com');"
done_testing
