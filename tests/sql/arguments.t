#!/bin/bash
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
    like "$1" "^Error: .*as_of: one moment is expected, as in as_of = '2026-01-31T12:00:00Z'.*: not within OR, CASE or another expression" "$(asked "$2")"
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
    like "$1" "^Error: .*$2: one value is expected, as in $2 = .*: not within OR, CASE or another expression" "$(asked "$3")"
}
argument "reg_policy's profile" profile "SELECT count(*) FROM reg_policy WHERE password = 'x' AND ((profile = 'nist' AND met) OR (profile = 'classic' AND NOT met));"
argument "reg_policy's password" password "SELECT count(*) FROM reg_policy WHERE CASE WHEN password = 'x' THEN 1 END;"
argument "reg_reconcile's moment" as_of "SELECT count(*) FROM reg_reconcile('$FOLDER/export.csv') WHERE (as_of = '$first' AND vendor > 0) OR (as_of = '$second' AND vendor = 0);"
argument "reg_reconcile's moment in a range" as_of "SELECT count(*) FROM reg_reconcile('$FOLDER/export.csv') WHERE as_of < '$first';"
argument "reg_dashboard's columns" columns "SELECT count(*) FROM reg_dashboard('$FOLDER/export.csv') WHERE CASE columns WHEN '{}' THEN 1 END;"
argument "reg_signups's file" file "SELECT count(*) FROM reg_signups WHERE file LIKE '%.csv';"
is "an argument, and either of two conditions" "1" "$(asked "SELECT count(*) FROM reg_policy('x') WHERE rule = 'too_short' OR rule = 'nonsense' OR met = 7;")"
is "an argument that is given is shown" "classic" "$(asked "SELECT DISTINCT p.column1 FROM (VALUES ('classic')) p JOIN reg_policy('x', p.column1);")"
done_testing
