#!/bin/bash
# SPDX-License-Identifier: MIT
# reg_bar and reg_spark: charts in text.
. tests/sql/tap.sh

answers "a bar: empty, an eighth, half, all but, all" $'|▏|██▌|████▉|█████' "SELECT reg_bar(0, 40, 5), reg_bar(1, 40, 5), reg_bar(20, 40, 5), reg_bar(39, 40, 5), reg_bar(40, 40, 5);"
answers "each eighth" "▏▎▍▌▋▊▉█" "SELECT group_concat(reg_bar(value, 8, 1), '') FROM (SELECT column1 AS value FROM (VALUES (1),(2),(3),(4),(5),(6),(7),(8)));"
answers "20 cells unless told" "20|10|1|200" "SELECT length(reg_bar(1, 1)), length(reg_bar(1, 2)), length(reg_bar(1, 1, 1)), length(reg_bar(1, 1, 200));"
answers "something is never nothing, less than all never all" "▏|█▉" "SELECT reg_bar(0.001, 1000000, 2), reg_bar(999999.9, 1000000, 2);"
answers "beyond the ends" "██|||" "SELECT reg_bar(7, 3, 2), reg_bar(-1, 3, 2), reg_bar(1, 0, 2), reg_bar(1, -1, 2);"
answers "reals, and numbers as text" "█▌|█▌" "SELECT reg_bar(1.5, 2.0, 2), reg_bar('1.5', '2', 2);"
answers "NULL for NULL" "null|null|null" "SELECT coalesce(reg_bar(NULL, 1), 'null'), coalesce(reg_bar(1, NULL), 'null'), coalesce(reg_bar(NULL, NULL, 3), 'null');"
for width in 0 201 -1 9223372036854775807; do
    refuses "width $width" 'reg_bar: argument 3 \(width\): expected an integer from 1 to 200' "SELECT reg_bar(1, 2, $width);"
done
refuses "a width that is no integer" 'reg_bar: argument 3 \(width\): expected an integer' "SELECT reg_bar(1, 2, 2.5);"
refuses "a width of NULL" 'reg_bar: argument 3 \(width\)' "SELECT reg_bar(1, 2, NULL);"
refuses "no number" 'reg_bar: argument 1 \(value\): expected a finite number' "SELECT reg_bar('much', 2);"
refuses "no number for max" 'reg_bar: argument 2 \(max\): expected a finite number' "SELECT reg_bar(1, x'00');"
refuses "infinity" 'reg_bar: argument 1 \(value\): expected a finite number' "SELECT reg_bar(9e999, 2);"
refuses "wrong number of arguments" 'wrong number of arguments to function reg_bar' "SELECT reg_bar(1);"

spark() { answers "$1" "$2" "SELECT reg_spark(column1) FROM (VALUES $3);"; }
spark "a line, in the order of its rows" "▁▂▃▄▅▆▇█" "(0),(1),(2),(3),(4),(5),(6),(7)"
spark "heights are from zero" "▅█▅" "(4),(7),(4)"
spark "and from the lowest where that is below" "▁▅█" "(-5),(0),(5)"
spark "nothing but zero" "▁▁▁" "(0),(0),(0)"
spark "one value" "█" "(3)"
spark "a blank for NULL" "▁ █" "(0),(NULL),(1)"
spark "nothing but NULL" "  " "(NULL),(NULL)"
spark "reals, and numbers as text" "▄█" "(0.5),('1.25')"
spark "the largest numbers" "▁█▁" "(-1.7e308),(1.7e308),(-1.7e308)"
answers "over no rows: NULL" "null" "SELECT coalesce(reg_spark(1), 'null') WHERE 0;"
answers "by group" $'a|▅█\nb|█' "SELECT column1, reg_spark(column2) FROM (VALUES ('a', 1), ('b', 5), ('a', 2)) GROUP BY 1;"
answers "many values" "100000" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT length(reg_spark(i)) FROM n;"
refuses "too many" 'reg_spark: expected at most 100000 values' "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100001) SELECT length(reg_spark(i)) FROM n;"
refuses "no number" 'reg_spark: argument 1 \(value\): expected a finite number' "SELECT reg_spark(column1) FROM (VALUES (1), ('much'), (2));"
refuses "infinity" 'expected a finite number' "SELECT reg_spark(9e999);"
answers "both may stand in a view" "█|█" "CREATE VIEW v AS SELECT reg_bar(1, 1, 1) AS b, reg_spark(1) AS s; SELECT * FROM v;"
done_testing
