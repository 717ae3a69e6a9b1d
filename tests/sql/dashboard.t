#!/bin/bash
# SPDX-License-Identifier: MIT
# reg_dashboard: a vendor's dashboard export as a table, strictly.
. tests/sql/tap.sh
sessions
write() { printf '%b' "$2" >"$FOLDER/$1"; }
rows() {
    write export.csv "$2"
    answers "$1" "$3" "SELECT * FROM reg_dashboard('$FOLDER/export.csv'${4:+, '$4'});"
}
bad() {
    write export.csv "$2"
    is "$1" "Error: reg_dashboard: $FOLDER/export.csv$3" "$(sql "SELECT * FROM reg_dashboard('$FOLDER/export.csv');")"
}

rows "a row a day" 'date,success,failure\n2026-01-02,3,0\n2026-01-01,10,4\n' $'2026-01-02|success|3\n2026-01-02|failure|0\n2026-01-01|success|10\n2026-01-01|failure|4'
rows "a row a day and outcome" 'date,outcome,count\n2026-01-02,success,3\n2026-01-01,failure,4\n2026-01-02,failure,0\n' $'2026-01-02|success|3\n2026-01-01|failure|4\n2026-01-02|failure|0'
rows "names in any order and case, outcomes in any case, further columns, CRLF, BOM, quotes, no last line end" \
    '\xef\xbb\xbfCOUNT,"note",Day,Outcome\r\n7,"a, b",2026-01-01,Failure\r\n8,,"2026-01-01",SUCCESS' $'2026-01-01|failure|7\n2026-01-01|success|8'
rows "one shape whole, a column of the other" 'date,success,failure,count\n2026-01-01,1,2,3\n' $'2026-01-01|success|1\n2026-01-01|failure|2'
rows "a header alone" 'date,success,failure\n' ""
rows "other names" 'Tag,Ja,date,Nein\n2026-01-01,1,x,2\n' $'2026-01-01|success|1\n2026-01-01|failure|2' '{"date":"tag","success":"JA","failure":"Nein"}'
rows "the names of some" 'date,Result,count\n2026-01-01,failure,2\n' '2026-01-01|failure|2' '{"outcome":"result"}'
write other.csv 'date,success,failure\n2026-01-01,1,2\n'
write second.csv 'date,outcome,count\n2026-01-01,failure,2\n'
answers "the arguments read as they were given, IN reads several files" $'other.csv|2\nsecond.csv|1' "
    SELECT replace(file, '$FOLDER/', ''), count(*) FROM reg_dashboard WHERE file IN ('$FOLDER/second.csv', '$FOLDER/other.csv') GROUP BY 1;"
answers "as an inner table of a join" $'2' "SELECT count(*) FROM (SELECT '$FOLDER/other.csv' AS f) JOIN reg_dashboard d ON d.file = f;"
answers "needs no ledger, and the columns are these" 'day TEXT,outcome TEXT,count INTEGER,file TEXT,columns TEXT' "
    SELECT group_concat(name || ' ' || type) FROM pragma_table_xinfo('reg_dashboard');"

bad "an empty file" '' ': no header: the input has no line with column names'
bad "a column is missing" 'date,success\n' ', line 1: there is no column failure: expected a header date,success,failure or date,outcome,count, or the names that were given for them'
bad "no day" 'success,failure\n' ', line 1: there is no column date: expected a header date,success,failure or date,outcome,count, or the names that were given for them'
bad "both shapes" 'date,success,failure,outcome,count\n' ', line 1: columns of both shapes: expected either date,success,failure or date,outcome,count'
bad "two days" 'date,day,success,failure\n' ', line 1, column 2: a second column for date: expected one'
# The forms that are taken, and the rules that are broken, stand in reg(7): values.t.
expected='expected a whole number, 0 or more, with or without commas between thousands'
for count in -1 +1 2.5 1e3 0x10 9999999999999999 1,23 12,34,567 1234,567 0,123 1,000,000,000,000,000 '1 234'; do
    bad "a count that is none: '$count'" "date,failure,success\n2026-01-01,1,1\n2026-01-02,4,\"$count\"\n" ", line 3, column 3 (success): this is not a count (number): $expected"
done
bad "one that may be two" 'date,outcome,count\n2026-01-01,success,1.234\n' ", line 2, column 3 (count): this is not a count (ambiguous): $expected"
bad "no count" 'date,outcome,count\n2026-01-01,success,\n' ", line 2, column 3 (count): nothing is not a count: $expected"
rows "thousands apart" 'date,outcome,count\n2026-01-01,success,"1,234,567"\n2026-01-01,failure, 12\xc2\xa0345.00 \n' $'2026-01-01|success|1234567\n2026-01-01|failure|12345'
for day in '01/02/2026 ambiguous' '2026-1-2 time' '2026-02-30 time' '1969-12-31 time' '1970-01-01 unix_zero' '0 unix_zero' '45000 spreadsheet_serial' '1767225601 time' '864000 unix_span'; do
    bad "a day that is none: '${day% *}'" "date,success,failure\n${day% *},1,2\n" ", line 2, column 1 (date): this is not a day (${day#* }): expected a date YYYY-MM-DD after 1970-01-01"
done
for outcome in pending ok 2; do
    bad "an outcome that is none: $outcome" "date,outcome,count\n2026-01-01,$outcome,2\n" ", line 2, column 2 (outcome): this is not an outcome (word): expected success or failure"
done
bad "what is not harmless is not shown" 'date,outcome,count\n2026-01-01,\x1b[31m,2\n' ', line 2, column 2 (outcome): this is not an outcome (word): expected success or failure'

# What reports have around their days is called by its name.
first='the first line must be the header, date,success,failure or date,outcome,count, or the names that were given for them'
bad "a title" 'Registrations\n\ndate,success,failure\n2026-01-01,1,2\n' ", line 1: this is a title; $first"
bad "a title as spreadsheets fill it up" 'Registrations,,\ndate,success,failure\n' ", line 1: this is a title; $first"
bad "no header at all" '2026-01-01,1,2\n' ", line 1: this names none of the columns; $first"
remove='remove it, because each line must be the count of one day'
for total in 'Total,3,4' '"Grand total ",3,4' 'SUMME,3,4'; do
    bad "a line of totals: $total" "date,success,failure\n2026-01-01,1,2\n$total\n" ", line 3, column 1 (date): this is a line of totals: $remove"
done
bad "totals with fewer fields" 'date,success,failure\n2026-01-01,1,2\n"Total: 3"\n' ", line 3: this is a line of totals: $remove"
bad "totals without a word" 'date,success,failure\n2026-01-01,1,2\n,1,2\n' ", line 3, column 1 (date): this is a line without a day, as of totals: $remove"
bad "an empty line" 'date,success,failure\n2026-01-01,1,2\n,\xc2\xa0,\n' ", line 3, column 1 (date): this is an empty line: $remove"
bad "one of blanks" 'date,success,failure\n2026-01-01,1,2\n   \n' ", line 3: this is an empty line: $remove"
rows "a line with nothing in it is no line" 'date,success,failure\n\n2026-01-01,1,2\n\n' $'2026-01-01|success|1\n2026-01-01|failure|2'
bad "the header again" 'date,success,failure\n2026-01-01,1,2\nDate,success,failure\n' ", line 3, column 1 (date): this is the header again: $remove"
bad "a day twice" 'date,success,failure\n2026-01-02,1,2\n2026-01-01,1,2\n2026-01-02,1,2\n' ', line 4, column 1 (date): this is already on line 2; each day may occur once'
bad "a day and outcome twice" 'date,outcome,count\n2026-01-01,success,1\n2026-01-01,failure,1\n2026-01-01,Success,1\n' ', line 4, column 1 (date): this is already on line 2; each day and outcome may occur once'
bad "a ragged line" 'date,success,failure\n2026-01-01,1\n' ', line 2, column 3 (failure): 2 fields: expected 3, as in the header'
bad "an open quote" 'date,success,failure\n2026-01-01,"1,2\n' ', line 2, column 2 (success): the quoted field that begins here is never closed: expected its closing quote before the end of the input'
like "nothing of a bad file is given, however good it begins" '^Error: [^|]*line 5002, column 3 [^|]*$' \
    "$({ echo date,outcome,count
        sqlite3 -separator , :memory: "SELECT date(value, 'unixepoch'), 'success', 1 FROM (WITH RECURSIVE s(value) AS (SELECT 86400 UNION ALL SELECT value + 86400 FROM s LIMIT 5000) SELECT * FROM s);"
        echo 2026-01-01,success,x; } >"$FOLDER/export.csv"
       sql "SELECT * FROM reg_dashboard('$FOLDER/export.csv');")"
refuses "a file that is not there" 'reg_dashboard: .*/nothing.csv: No such file or directory' "SELECT * FROM reg_dashboard('$FOLDER/nothing.csv');"
refuses "a folder" 'expected a regular file' "SELECT * FROM reg_dashboard('$FOLDER');"
mkfifo "$FOLDER/pipe"
SQL_LIMIT=10 refuses "a pipe, which would make the query wait" 'expected a regular file' "SELECT * FROM reg_dashboard('$FOLDER/pipe');"
refuses "no file" 'expected the name of a file' "SELECT * FROM reg_dashboard;"
refuses "a number for a file" 'expected the name of a file' "SELECT * FROM reg_dashboard(1);"
refuses "names that are no object" 'a JSON object of date, outcome, count, success and failure' "SELECT * FROM reg_dashboard('$FOLDER/other.csv', 'tag');"
refuses "names of other columns" 'tag: expected a JSON object' "SELECT * FROM reg_dashboard('$FOLDER/other.csv', '{\"tag\":\"x\"}');"
refuses "a schema may not choose what is read" 'unsafe use of virtual table' "CREATE VIEW v AS SELECT * FROM reg_dashboard('$FOLDER/other.csv'); SELECT * FROM v;"
answers "the sample is an export" '24|2026-11-09|2026-11-20|240' "SELECT count(*), min(day), max(day), sum(count) FROM reg_dashboard('samples/dashboard.csv');"

# Who may call a function need not be who may read the file: errors tell where and what is wrong, and nothing of what stands there.
ledger
secret=hunter2-Zq
quiet() {
    local table
    write secret.csv "$2"
    for table in reg_dashboard reg_reconcile reg_signups; do
        said=$(sql "SELECT line FROM (SELECT 1 AS line FROM $table('$FOLDER/secret.csv'));")
        case $said in
        *"$secret"* | *0x* | *hunter*) is "$table says nothing of the file: $1" "" "$said" ;;
        *) ok "$table says nothing of the file: $1" true ;;
        esac
    done
    like "and something of the place: $1" 'secret.csv(, line [0-9]+|: )' "$(sql "SELECT * FROM reg_dashboard('$FOLDER/secret.csv');")"
}
quiet "a cell in place of a day" "date,success,failure,email\n$secret,1,2,\n"
quiet "a cell in place of a count" "date,success,failure,email\n2026-01-01,$secret,2,\n"
quiet "a cell in place of an outcome" "date,outcome,count,email\n2026-01-01,$secret,2,\n"
quiet "a header of another kind" "$secret,b,c\n"
quiet "names that mean the same" "$secret,date,day,success,email,e_mail\n1,2,3,4,5,6\n"
quiet "the same name twice" "$secret,$secret,date,success,failure,email\n"
quiet "a reject in a column of theirs" "date,success,failure,$secret,email\n2026-01-01,1,2,a\"b,\n"
quiet "a byte after a quote" "date,success,failure,email\n2026-01-01,1,\"2\"$secret,\n"
quiet "a byte that is no text" "date,success,failure,email\n2026-01-01,1,2,\xe9\n"
quiet "a header that cannot be read" "\"$secret\"x,b\n"
quiet "a header that is no text" "\xff$secret,b\n"
quiet "no lines at all" "$secret"
answers "details of rejects neither" 'column 1: a byte after the closing quote of a field: expected a comma or the end of the line (a quote inside a field is doubled)' \
    "$(write secret.csv 'email\n"a"b\n')SELECT detail FROM reg_signups('$FOLDER/secret.csv');"
done_testing
