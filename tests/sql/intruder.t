#!/bin/bash
# SPDX-License-Identifier: MIT
# What stands before a table of the extension or of the ledger, and whose ledger a name with a schema before it means.
. tests/sql/tap.sh
ledger
signup="INSERT INTO reg_attempts(email, password) VALUES ('ada@example.com', 'A9#bL8@z');"
answers "a sign-up, to begin with" "1|success" "$signup SELECT id, outcome FROM reg_attempts;"
tables=$(sql "SELECT name FROM pragma_module_list WHERE name GLOB 'reg_*' ORDER BY 1;")
objects=$(sql "SELECT name FROM sqlite_schema WHERE sql NOT LIKE '% AS -- of the ledger%' AND type IN ('table', 'view') AND name NOT LIKE 'subject_of_version_%' ORDER BY 1;") # which nobody reads

# What a tool does that looks names up in sqlite_schema: it makes a table of that name, and the passwords stand in it.
printf 'email,password\nbob@example.com,Secret#1x\n' >"$FOLDER/signups.csv"
removed() { # SCHEMA NAME KIND: what is said of an intruder
    echo "$1\.\"$2\" is a $3 that hides the extension's table of that name: its rows are not registered, and passwords in them are in plain text; save the rows you need; remove it with DROP ${3^^} $1\.\"$2\""
}
sqlite3 "$LEDGER" "CREATE TABLE reg_attempts(email, password);"
sqlite3 "$LEDGER" ".import --csv --skip 1 $FOLDER/signups.csv reg_attempts"
is "a tool has put sign-ups into a table of its own" "bob@example.com|Secret#1x" "$(sqlite3 "$LEDGER" 'SELECT * FROM reg_attempts;')"
like "the load refuses" "^Error: .*$(removed main reg_attempts table)" "$(sql "SELECT 1;" | head -1)"
said=$($BUILD/regjob -l "$LEDGER" status 2>&1)
is "the job refuses: exit code" 78 $?
like "the job refuses" "$(removed main reg_attempts table)" "$said"
said=$($BUILD/regjob -l "$LEDGER" init 2>&1)
is "regjob init refuses: exit code" 78 $?
like "regjob init refuses" "$(removed main reg_attempts table)" "$said"
sqlite3 "$LEDGER" 'DROP TABLE main."reg_attempts"; VACUUM;'
answers "as soon as it is removed it goes on" "1" "SELECT count(*) FROM reg_attempts;"

# Each name, wherever it stands, in a connection that has the extension already.
functions="
SELECT reg_settings();
SELECT reg_email_exists('a@example.com');
SELECT reg_issue_code('a@example.com', 'none');
SELECT reg_check_policy('x');
SELECT reg_init();
"
refused() { # NAME SQL PATTERN: every function says so
    local said
    said=$(sql "$2 $functions")
    is "$1: every function refuses" 5 "$(grep -cE "^Error: reg_[a-z_]+: $3" <<<"$said")"
}
for table in $tables; do
    refused "a table $table" "SAVEPOINT s; CREATE TABLE $table(x);" "$(removed main "$table" table)"
done
refused "a name in another case" 'SAVEPOINT s; CREATE TABLE "Reg_Codes"(x);' "$(removed main Reg_Codes table)"
refused "a view" "SAVEPOINT s; CREATE VIEW reg_reports AS SELECT 1;" "$(removed main reg_reports view)"
refused "a table of temp" "CREATE TEMP TABLE reg_attempts(email);" "$(removed temp reg_attempts table)"
refused "a view of temp" "CREATE TEMP VIEW reg_attempts AS SELECT 1;" "$(removed temp reg_attempts view)"
refused "a table of an attached database" "ATTACH ':memory:' AS \"else where\"; CREATE TABLE \"else where\".reg_codes(x);" \
    '"else where"\."reg_codes" is a table that hides'
refuses "a copy made in an attached database, later" "n.\"reg_attempts\" is a table that hides" "ATTACH ':memory:' AS n; SELECT reg_email_exists('a@example.com') IS NULL WHERE 0;
    CREATE TABLE n.reg_attempts(email); SELECT reg_email_exists('a@example.com');"
for name in reg_attempts main.reg_codes n.reg_attempts 'IF NOT EXISTS "Reg_Reports"'; do
    refuses "a copy of a table under such a name: $name" "[Rr]eg_[A-Za-z]+: a table of that name would hide the extension's: choose another" "ATTACH ':memory:' AS n;
        CREATE TABLE $name AS SELECT * FROM reg_attempts;"
done
answers "a copy under another" "1" "CREATE TABLE temp.copy AS SELECT * FROM reg_attempts; SELECT count(*) FROM copy;"
answers "what has been removed hides nothing any more" "0" "CREATE TEMP TABLE reg_attempts(email); DROP TABLE temp.reg_attempts; SELECT reg_email_exists('a@example.com');"
answers "what was rolled back, neither" "0" "BEGIN; CREATE TABLE reg_codes(x); ROLLBACK; SELECT reg_email_exists('a@example.com');"
answers "an index or a trigger of such a name hides nothing" "0" "CREATE TEMP TABLE t(x); CREATE INDEX temp.reg_attempts ON t(x);
    CREATE TEMP TRIGGER reg_codes AFTER INSERT ON t BEGIN SELECT 1; END; SELECT reg_email_exists('a@example.com');"

# Temporary tables and views that stand before the ledger's own.
missed=
for object in $objects; do
    for kind in TABLE VIEW; do
        case $kind in TABLE) body='(x)' ;; VIEW) body=' AS SELECT 1 AS x' ;; esac
        said=$(sql "CREATE TEMP $kind \"$object\"$body; $functions $signup
            SELECT count(*) FROM reg_attempts;
            SELECT * FROM reg_reports;")
        found=$(grep -cE "^Error: .*temp\.\"$object\" is a ${kind,,} that hides the ledger's; remove it with DROP $kind temp\.\"$object\"" <<<"$said")
        [ "$found" = 8 ] || missed="$missed $object($kind: $found)"
    done
done
is "a temporary $(wc -w <<<"$objects" | tr -d ' ') times two names of the ledger: every function and table refuses" "" "$missed"
answers "and of any other name is nobody's business" "0" "CREATE TEMP TABLE mine(x); SELECT reg_email_exists('a@example.com');"
LEDGER=$FOLDER/none.db
sqlite3 "$LEDGER" "VACUUM;"
answers "without a ledger it stands before nothing" '[]' "CREATE TEMP TABLE report(x); SELECT reg_check_policy('A9#bL8@z');"
refuses "but no ledger is made beneath it" 'reg_init: temp."report" is a table' "CREATE TEMP TABLE report(x); SELECT reg_init();"

# Seen when it comes, also from another process, and when it is gone.
ledger
elsewhere() { # SQL: another process runs it now, without the extension
    printf '\n.system sqlite3 %s "%s"\n' "$LEDGER" "$1"
}
like "another process makes one, and removes it" "^0
Error: reg_email_exists: $(removed main reg_codes table).*
0$" "$(sql "SELECT reg_email_exists('a@example.com');
$(elsewhere "CREATE TABLE reg_codes(x)")
SELECT reg_email_exists('a@example.com');
$(elsewhere "DROP TABLE reg_codes")
SELECT reg_email_exists('a@example.com');")"
like "a table that is read while another's name is hidden" "$(removed main reg_codes table)" "$(sql "$(elsewhere "CREATE TABLE reg_codes(x)")
SELECT count(*) FROM reg_attempts;")"
sqlite3 "$LEDGER" "DROP TABLE reg_codes;"

# A schema before a name: SQLite does not tell a table of ours what stood there. Shells from 3.46 on refuse stored views by themselves.
main=$LEDGER
sql "$signup" >/dev/null
ledger
other=$LEDGER
sql "INSERT INTO reg_attempts(email, password) VALUES ('b@example.com', 'A9#bL8@z'), ('c@example.com', 'A9#bL8@z');" >/dev/null
LEDGER=$main
attach="PRAGMA trusted_schema = ON; ATTACH '$other' AS n; ATTACH ':memory:' AS \"odd \"\"name\";"
another="reg's tables always show the main database's ledger, whatever the schema name: open that file as main"
foreign() {
    refuses "$1" "$2: $another" "$attach $3"
}
foreign "n.reg_attempts" "n.reg_attempts" "SELECT count(*) FROM n.reg_attempts;"
foreign "another case and quotes" "N.Reg_Codes" "SELECT count(*) FROM \"N\" . /* x */ [Reg_Codes];"
foreign "a name with quotes in it" 'odd "name.reg_reports' "SELECT count(*) FROM \"odd \"\"name\".reg_reports;"
foreign "in a join" "n.reg_attempts" "SELECT count(*) FROM reg_attempts a, n.reg_attempts b WHERE a.id = b.id;"
foreign "in a subquery" "n.reg_attempts" "SELECT (SELECT count(*) FROM n.reg_attempts WHERE email = a.email) FROM reg_attempts a;"
foreign "with a moment" "n.reg_attempts" "SELECT count(*) FROM n.reg_attempts('2020-01-01');"
foreign "by its key" "n.reg_attempts" "SELECT email FROM n.reg_attempts WHERE id = 1;"
foreign "an INSERT" "n.reg_attempts" "INSERT INTO n.reg_attempts(email) VALUES ('d@example.com');"
foreign "an INSERT behind WITH" "n.reg_attempts" "WITH x AS (SELECT 'd@example.com') INSERT INTO n.reg_attempts(email) SELECT * FROM x;"
foreign "the file tables" "n.reg_signups" "SELECT count(*) FROM n.reg_signups('$FOLDER/signups.csv');"
foreign "the policy" "n.reg_policy" "SELECT count(*) FROM n.reg_policy('x');"
foreign "temp" "temp.reg_attempts" "SELECT count(*) FROM temp.reg_attempts;"
foreign "a schema that is not there" "nowhere.reg_attempts" "SELECT count(*) FROM nowhere.reg_attempts;"
foreign "a temporary view" "v" "CREATE TEMP VIEW v AS SELECT * FROM n.reg_attempts; SELECT count(*) FROM v;"
foreign "a view over it" "w" "CREATE TEMP VIEW v AS SELECT * FROM n.reg_attempts; CREATE TEMP VIEW w AS SELECT * FROM v; SELECT count(*) FROM w;"
refuses "temp, with nothing attached" "temp.reg_attempts: $another" "SELECT count(*) FROM temp.reg_attempts;"
refuses "no such schema, with nothing attached" "nowhere.reg_codes: $another" "SELECT count(*) FROM reg_attempts JOIN nowhere.reg_codes;"
sqlite3 "$other" "CREATE VIEW theirs AS SELECT email FROM reg_attempts; CREATE VIEW more AS SELECT * FROM theirs; CREATE VIEW plain AS SELECT id FROM attempt;"
foreign "a view of the other ledger over its reg_attempts" "n.theirs" "SELECT count(*) FROM n.theirs;"
foreign "unqualified" "theirs" "SELECT count(*) FROM theirs;"
foreign "a view of it over that" "n.more" "SELECT count(*) FROM n.more;"
answers "nothing was written" "1|2" "ATTACH '$other' AS n; SELECT (SELECT count(*) FROM attempt), (SELECT count(*) FROM n.attempt);"
answers "main, and no schema, mean main" "1|1|1" "$attach SELECT (SELECT count(*) FROM reg_attempts), (SELECT count(*) FROM main.reg_attempts), (SELECT count(*) FROM \"MAIN\".\"reg_attempts\");"
answers "the base tables of an attached ledger beside ours" "1|2|2|6" "$attach SELECT (SELECT count(*) FROM reg_attempts), (SELECT count(*) FROM n.attempt), (SELECT count(*) FROM n.plain),
    (SELECT count(*) FROM reg_policy('x') WHERE rule IS NOT NULL) + (SELECT 0 * sum(received) FROM n.funnel);"
answers "what only looks like it" "1" "$attach SELECT /* n.reg_attempts */ count(*) FROM reg_attempts n -- FROM n.reg_attempts
    WHERE 'FROM n.reg_attempts' <> n.email;"
answers "a column of such a name" "1|1" "CREATE TEMP TABLE t AS SELECT 1 AS reg_attempts; SELECT x.reg_attempts, (SELECT count(*) FROM main.reg_attempts) FROM t x;"
done_testing
