#!/bin/bash
# SPDX-License-Identifier: MIT
# sqlite3_regread_init: what a server may offer to strangers. Everything else of the extension is not there.
. tests/sql/tap.sh

ledger '{"registrationType":"AUTOMATIC"}'
sql "INSERT INTO reg_attempts (email, password) VALUES ('ann@example.com', 'Abcdef1!'), ('bob@example.com', 'short');" >/dev/null
asked() { # SQL: of a connection that has the other entry point
    printf '.load %s sqlite3_regread_init\n%s\n' "$PWD/$BUILD/reg" "$1" | shell | sed -E 's/^(Runtime error|Parse error|Error) near line [0-9]+: /Error: /; /^  .*( error here ---\^|\^--- error here)$/d'
}
is "what is offered, exactly" "reg_attempts([as_of])
reg_bar(value, max)
reg_bar(value, max, width)
reg_cell(value)
reg_codes([as_of])
reg_columns
reg_email_exists(email)
reg_functions
reg_hash_formats
reg_mask(text)
reg_phone_exists(phone)
reg_reasons
reg_reports([as_of])
reg_rules
reg_spark(value)
reg_username_exists(username)
reg_version()" "$(asked "SELECT signature FROM reg_functions ORDER BY name, signature;")"
is "it answers" "1|success
2|failure
1|j***@example.com|2" "$(asked "SELECT id, outcome FROM reg_attempts; SELECT reg_email_exists('ann@example.com'), reg_mask('john@example.com'), (SELECT count(*) FROM reg_attempts);")"
like "a sign-up is refused" "table reg_attempts may not be modified" "$(asked "INSERT INTO reg_attempts (email) VALUES ('new@example.com');")"
# Whatever the other entry point has, and this one has not, cannot be reached.
offered=$(asked "SELECT DISTINCT name FROM reg_functions;")
reached=
for name in reg_take $(sql "SELECT DISTINCT name FROM reg_functions;"); do
    grep -qx "$name" <<<"$offered" && continue
    said=$(asked "SELECT $name('a');
SELECT * FROM $name;" | grep -cE "^Error: .*no such (function|table)")
    [ "$said" = 2 ] || reached="$reached $name"
done
is "nothing else can be called or read" "" "$reached"
is "nothing has been written" "2" "$(sqlite3 "$LEDGER" "SELECT count(*) FROM attempt;")"
like "the other entry point after it is refused" "this connection has loaded it by the other entry point" "$(asked ".load $PWD/$BUILD/reg")"
like "and it after the other one" "this connection has loaded it by the other entry point" "$(sql ".load $PWD/$BUILD/reg sqlite3_regread_init")"
is "twice the same is fine" "1" "$(asked ".load $PWD/$BUILD/reg sqlite3_regread_init
SELECT reg_version() IS NOT NULL;")"

# samples/datasette: each question runs on a share, without the extension but for one.
$BUILD/regjob -l "$LEDGER" share "$FOLDER/registrations.db"
printf '%s\n' "import json" "metadata = json.load(open('samples/datasette/metadata.json'))['databases']['registrations']" \
    "for name, query in metadata['queries'].items(): print(name + '\t' + query['sql'])" >"$FOLDER/questions.py"
LEDGER=$FOLDER/registrations.db
while IFS=$'\t' read -r name question; do
    said=$(asked ".mode list
.parameter set :from \"'2000-01-01'\"
.parameter set :moment \"'$(date -u +%FT%TZ)'\"
$question;")
    ok "Datasette: $name answers" test -z "$(grep -E '^Error' <<<"$said")"
done < <(/usr/bin/python3 "$FOLDER/questions.py")
is "Datasette: what it names is there" "" "$(/usr/bin/python3 -c '
import json, sqlite3, sys
metadata = json.load(open("samples/datasette/metadata.json"))["databases"]["registrations"]["tables"]
database = sqlite3.connect(sys.argv[1])
for table, what in metadata.items():
    there = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
    named = set(what.get("columns", {})) | set(what.get("units", {})) | set(what.get("facets", [])) | {what[key] for key in ("sort_desc",) if key in what}
    if not there or named - there:
        print(table, named - there)' "$FOLDER/registrations.db")"
done_testing
