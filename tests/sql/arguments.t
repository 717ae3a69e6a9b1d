#!/bin/bash
# SPDX-License-Identifier: MIT
# Hidden columns that are arguments, and the types that drivers bind: whatever form a condition has, it is answered as it was meant, or refused.
. tests/sql/tap.sh
ledger
signup() { # SECONDS EMAIL [MORE COLUMNS, VALUES]
    at "$(later "$1")" sql "INSERT INTO reg_attempts(email${3:+, $3}) VALUES ('$2'${4:+, $4});"
}
signup 0 one@example.com
signup 20 two@example.com
first=$(later 10) second=$(later 30)
asked() { # what a query gives a minute later
    at "$(later 60)" sql "$1"
}
count="SELECT count(*) FROM reg_attempts WHERE"
is "a moment" "1|2" "$(asked "SELECT ($count as_of = '$first'), ($count as_of = '$second');")"
is "two moments" "3" "$(asked "$count as_of = '$first' OR as_of = '$second';")"
is "a list of moments" "3" "$(asked "$count as_of IN ('$first', '$second');")"
is "a moment, and it is shown" "$first" "$(asked "SELECT DISTINCT as_of FROM reg_attempts WHERE as_of = '$first';")"
is "a moment, and again in an expression" "1" "$(asked "$count as_of = '$first' AND CASE WHEN as_of = '$first' THEN 1 END;")"
is "each with the moment of another row" "1|2" "$(asked "SELECT count(*) FILTER (WHERE column1 = '$first'), count(*) FILTER (WHERE column1 = '$second') FROM (VALUES ('$first'), ('$second')) JOIN reg_attempts ON as_of = column1;")"
is "a moment, and either of two conditions" "1|2|2" "$(asked "SELECT ($count as_of = '$first' AND (id = 1 OR email = 'two@example.com')),
    ($count as_of = '$second' AND (id = 1 OR email = 'two@example.com' OR country = 'ID')), ($count as_of = (SELECT '$second') AND (outcome = 'failure' OR import_id IS NULL));")"
is "a moment shown, and either of two conditions" "$first 1" "$(asked "SELECT as_of || ' ' || id FROM reg_attempts WHERE as_of = '$first' AND (id = 1 OR email = 'two@example.com');")"
is "a view that shows the moment" "1" "$(asked "CREATE TEMP VIEW v AS SELECT as_of, email FROM reg_attempts; SELECT count(*) FROM v WHERE as_of = '$first';")"
not_understood() {
    like "$1" "^Error: .*as_of: expected one moment, as in as_of = '2026-01-31T12:00:00Z'.*: not within OR, CASE or another expression" "$(asked "$2")"
}
not_understood "one moment or the other, each with a condition" "$count (as_of = '$first' AND id = 1) OR (as_of = '$second' AND id = 2);"
not_understood "beside another condition" "$count outcome = 'pending' AND ((as_of = '$first' AND id < 2) OR (as_of = '$second' AND id > 2));"
not_understood "a moment or something else" "$count as_of = '$first' OR id = 1;"
not_understood "CASE" "$count CASE WHEN as_of = '$first' THEN 1 ELSE 0 END;"
not_understood "IIF" "$count iif(as_of = '$first', 1, 0);"
not_understood "an expression" "$count +as_of = '$first';"
not_understood "another side" "$count (as_of || '') = '$first';"
not_understood "a negation" "$count NOT as_of = '$first';"
not_understood "unequal" "$count as_of <> '$first';"
not_understood "a range" "$count as_of < '$first';"
not_understood "IS" "$count as_of IS '$first';"
not_understood "LIKE" "$count as_of LIKE '2026%';"
not_understood "BETWEEN" "$count as_of BETWEEN '$first' AND '$second';"
not_understood "in the result" "SELECT count(*) FILTER (WHERE as_of = '$first') FROM reg_attempts;"
not_understood "shown, but not given" "SELECT as_of FROM reg_attempts;"
not_understood "in an order" "SELECT id FROM reg_attempts ORDER BY as_of;"
not_understood "of the right table of a LEFT JOIN, in WHERE" "SELECT count(*) FROM (VALUES (1)) LEFT JOIN reg_attempts a ON a.id = column1 WHERE a.as_of = '$first';"
not_understood "of reg_codes" "SELECT count(*) FROM reg_codes WHERE (as_of = '$first' AND id = 1) OR (as_of = '$second' AND id = 2);"
not_understood "of reg_reports" "SELECT count(*) FROM reg_reports WHERE CASE WHEN as_of = '$first' THEN 1 END;"
not_understood "behind a statement that looks at the same columns" "SELECT 1 WHERE ($count as_of = '$first' AND id = 1) IS NULL;
$count CASE WHEN as_of = '$first' AND id = 1 THEN 1 END;"
is "of the right table of a LEFT JOIN, in ON" "1" "$(asked "SELECT count(a.id) FROM (VALUES (1), (2)) LEFT JOIN reg_attempts a ON a.id = column1 AND a.as_of = '$first';")"

# The other tables' arguments.
printf 'date,success,failure\n2026-01-01,1,0\n' >"$FOLDER/export.csv"
argument() { # NAME COLUMN SQL
    like "$1" "^Error: .*$2: expected one value, as in $2 = .*: not within OR, CASE or another expression" "$(asked "$3")"
}
argument "reg_policy's profile" profile "SELECT count(*) FROM reg_policy WHERE password = 'x' AND ((profile = 'nist' AND met) OR (profile = 'classic' AND NOT met));"
argument "reg_policy's password" password "SELECT count(*) FROM reg_policy WHERE CASE WHEN password = 'x' THEN 1 END;"
argument "reg_reconcile's moment" as_of "SELECT count(*) FROM reg_reconcile('$FOLDER/export.csv') WHERE (as_of = '$first' AND vendor > 0) OR (as_of = '$second' AND vendor = 0);"
argument "reg_reconcile's moment in a range" as_of "SELECT count(*) FROM reg_reconcile('$FOLDER/export.csv') WHERE as_of < '$first';"
argument "reg_dashboard's columns" columns "SELECT count(*) FROM reg_dashboard('$FOLDER/export.csv') WHERE CASE columns WHEN '{}' THEN 1 END;"
argument "reg_signups's file" file "SELECT count(*) FROM reg_signups WHERE file LIKE '%.csv';"
is "an argument, and either of two conditions" "1" "$(asked "SELECT count(*) FROM reg_policy('x') WHERE rule = 'too_short' OR rule = 'nonsense' OR met = 7;")"
is "an argument that is given is shown" "classic" "$(asked "SELECT DISTINCT p.column1 FROM (VALUES ('classic')) p JOIN reg_policy('x', p.column1);")"

# What drivers bind: JavaScript's numbers are doubles, and some bind texts. What a column of that type would take, ours take.
ledger '{"requirePartnerId":true,"passwordAt":"confirm"}'
answer=$(at "$(later 0)" sql "WITH v(n, p, g, t) AS (VALUES (1, 7, 1, $(date -u -d '2026-01-01 11:00' +%s)000), (2, 7.0, 1.0, $(date -u -d '2026-01-01 11:00' +%s)000.0), (3, '7', '1', '$(date -u -d '2026-01-01 11:00' +%s)000'),
    (4, '7.0', '1.0', '$(date -u -d '2026-01-01 11:00' +%s)000.0'), (5, ' 7 ', ' 1', '2026-01-01T11:00Z'), (6, '+7', '+1', '2026-01-01 11:00'), (7, '007', 'TRUE', '2026-01-01T11:00:00Z'))
    INSERT INTO reg_attempts(email, partner_id, guest_account, attempted_at, latitude) SELECT n || '@example.com', p, g, t, n FROM v;
    SELECT group_concat(DISTINCT outcome || ' ' || typeof(partner_id) || ' ' || partner_id || ' ' || typeof(guest_account) || ' ' || guest_account || ' ' || attempted_at) FROM reg_attempts;")
is "seven spellings of the same" "success integer 7 integer 1 2026-01-01T11:00:00.000Z" "$answer"
for wrong in 7.5 "'7.5'" "'7x'" "'0x7'" "'1e99'" -7 "'--7'" "'7.0.0'" "'.'" "'e1'" 3e9; do
    like "no partner: $wrong" '^failure\|\["partner_id_invalid"' "$(at "$(later 0)" sql "INSERT INTO reg_attempts(email, partner_id) VALUES ('x' || hex($wrong) || '@example.com', $wrong);
        SELECT outcome, reasons FROM reg_attempts WHERE id = last_insert_rowid();")"
done
printf 'email,partner_id,guest_account\ncsv1@example.com,7.0,1.0\ncsv2@example.com,7.5,2\n' >"$FOLDER/numbers.csv"
is "the same in a CSV" 'success|[] failure|["partner_id_invalid"]' "$(at "$(later 60)" sql "SELECT outcome, reasons FROM reg_signups('$FOLDER/numbers.csv');" 2>&1 | paste -sd' ')"

# Every typed column compares as a column of a table with that declared type does, whatever is bound.
typed() { # TABLE
    local names name column missing=
    names=$(sql "SELECT name FROM pragma_table_xinfo('$1') WHERE hidden = 0 AND type IN ('INTEGER', 'REAL');")
    for name in $names; do
        column="$column UNION ALL SELECT '$name', operator, form FROM forms WHERE (operator = '=' AND (SELECT count(*) FROM $1 WHERE $name = form) <> (SELECT count(*) FROM copy WHERE $name = form))
            OR (operator = '<' AND (SELECT count(*) FROM $1 WHERE $name < form) <> (SELECT count(*) FROM copy WHERE $name < form))
            OR (operator = '>=' AND (SELECT count(*) FROM $1 WHERE $name >= form) <> (SELECT count(*) FROM copy WHERE $name >= form))
            OR (operator = 'IN' AND (SELECT count(*) FROM $1 WHERE $name IN (form, form || '')) <> (SELECT count(*) FROM copy WHERE $name IN (form, form || '')))"
    done
    at "$(later 120)" sql "CREATE TEMP TABLE copy($(sql "SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_xinfo('$1') WHERE hidden = 0;"));
        INSERT INTO copy SELECT * FROM $1;
        CREATE TEMP TABLE forms AS SELECT operators.column1 AS operator, forms.column1 AS form FROM (VALUES ('='), ('<'), ('>='), ('IN')) operators,
            (VALUES (1), (1.0), ('1'), ('1.0'), (' 1'), (7.0), ('7'), ('x'), (NULL), (x'31'), ('1767265200000'), (1767265200000.0), (1e300), (-0.5)) forms;
        SELECT * FROM (SELECT 1 AS name, 2 AS operator, 3 AS form WHERE 0 $column);"
}
for table in reg_attempts reg_codes reg_reports; do
    is "$table: compares as a table" "" "$(typed $table)"
done
is "a text for a partner" "7" "$(at "$(later 120)" sql "SELECT count(*) FROM reg_attempts WHERE partner_id = '7' AND guest_account = '1' AND id < '8' AND latitude >= '1';")"
milliseconds=$(($(date -u -d "$second" +%s) * 1000))
is "a moment as a driver's number" "18" "$(at "$(later 120)" sql "$count as_of = $milliseconds.0;")"
is "of reg_reconcile, too" "1" "$(at "$(later 120)" sql "SELECT count(DISTINCT day) FROM reg_reconcile('$FOLDER/export.csv', $milliseconds.0);")"
like "half a millisecond is no moment" "as_of: 1.5 is not a moment" "$(sql "$count as_of = 1.5;")"
is "an attempt's number as a driver's" "$(sql 'SELECT reg_report_payload(1);')" "$(sql "SELECT reg_report_payload(1.0) WHERE reg_report_payload('1') = reg_report_payload(1);")"
done_testing
