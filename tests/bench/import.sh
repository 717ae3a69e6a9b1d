# SPDX-License-Identifier: MIT
# Imports that need no hash: beside the shell's .import, into a large ledger, and their memory.

# The shell's .import into a table with the same columns and the same three unique keys; what breaks
# one, it drops. shell_import FILE PRAGMA NAME
shell_import() {
    rm -f peer.db
    {
        echo "$2"
        head -1 "$1" | tr -d '\r' | awk -F, '{
            printf "CREATE TABLE signup ("
            for (i = 1; i <= NF; i++)
                printf "%s%s TEXT%s", (i > 1 ? ", " : ""), $i, ($i ~ /^(email|phone|username)$/ ? " UNIQUE" : "")
            print ");"
        }'
        echo ".import --csv --skip 1 $1 signup"
    } >peer.sql
    timed "$3" sqlite3 -batch -init peer.sql peer.db 'SELECT 1' >/dev/null 2>&1
    found=$(sqlite3 peer.db 'SELECT count(*) FROM signup')
    [ "$((found * 100))" -gt "$((ROWS * 98))" ]
}

import_rows() {
    tool rows "$ROWS" "$SEED" hashed >rows.csv
    tool rows "$BIG" $((SEED + 1000)) hashed >big.csv
    ledger_new big.db
    timed big "$REGJOB" -l big.db import big.csv
    ledger_holds big.db "$BIG"
    rm -f big.csv
    for round in $(seq "$ROUNDS"); do
        ledger_new rows.db
        timed rows "$REGJOB" -l rows.db import rows.csv
        shell_import rows.csv "" rows-peer
        shell_import rows.csv "PRAGMA cache_size = -40960;" rows-peer-cached
        tool rows "$ROWS" $((SEED + 1000 + round)) hashed >more.csv
        timed more "$REGJOB" -l big.db import more.csv
    done
    tool rows "$ROWS" "$SEED" hashed scattered >rows.csv
    ledger_new scattered.db
    timed scattered "$REGJOB" -l scattered.db import rows.csv
    tool rows "$ROWS" $((SEED + 1500)) hashed scattered >more.csv
    timed more-scattered "$REGJOB" -l big.db import more.csv
    ledger_holds rows.db "$ROWS"
    ledger_holds big.db $((BIG + (ROUNDS + 1) * ROWS))

    ours=$(per_second "$ROWS" "$(median rows)")
    heading "import: $ROWS rows of 26 columns, no hash"
    compare_rates "empty ledger : .import of the sqlite3 shell" "$ours" "$(per_second "$ROWS" "$(median rows-peer)")" 1.2
    compare_rates "... that has a cache of 40 MiB, as ours" "$ours" "$(per_second "$ROWS" "$(median rows-peer-cached)")" 1.2
    compare_rates "ledger of $BIG attempts : empty ledger" "$(per_second "$ROWS" "$(median more)")" "$ours" 0.75
    line "empty ledger, times in no order" "$(per_second "$ROWS" "$(median scattered)") /s" "" "" "" ""
    line "ledger of $BIG attempts, times in no order" "$(per_second "$ROWS" "$(median more-scattered)") /s" "" "" "" ""
    rate_by_size
    memory_by_size
}

# As the commits of the large import tell.
rate_by_size() {
    sqlite3 -separator ' ' big.db "SELECT read, recorded_at FROM import_batch WHERE import_id = 1 ORDER BY end_offset" |
        awk -v rows="$BIG" '
            NR == 1 { from = $1; at = $2; part = 1 }
            $1 >= rows * part / 5 && $2 > at {
                printf "%s %.0f\n", from "-" $1, ($1 - from) * 1000 / ($2 - at)
                from = $1; at = $2; part++
            }' >by-size
    while read -r range rate; do
        line "rate by size: rows $range" "$rate /s" "" "" "" ""
    done <by-size
}

memory_by_size() {
    for count in 100000 $((BIG / 5)); do
        tool rows "$count" $((SEED + 2000)) hashed >size.csv
        ledger_new size.db
        timed "size-$count" "$REGJOB" -l size.db import size.csv
        memory "memory of an import of $count rows" "$(largest "size-$count" 2)" 128
    done
    rm -f size.csv size.db*
    memory "memory of an import of $BIG rows" "$(largest big 2)" 128
}
