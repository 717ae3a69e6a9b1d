# SPDX-License-Identifier: MIT
# An import of JSON Lines that needs no hash, beside what an operator would do without it: jq makes CSV of it for the shell's .import.

# The same rows as lines of JSON, all values texts.
json_lines() {
    python3 -c 'import csv, json, sys
for row in csv.DictReader(sys.stdin):
    print(json.dumps(row, separators=(",", ":")))' <"$1"
}

json() {
    tool rows "$ROWS" "$SEED" hashed >json.csv
    json_lines json.csv >json.ndjson
    for round in $(seq "$ROUNDS"); do
        ledger_new json.db
        timed json "$REGJOB" -l json.db import json.ndjson
        rm -f peer.db
        head -1 json.csv | tr -d '\r' | awk -F, '{
            printf "CREATE TABLE signup ("
            for (i = 1; i <= NF; i++)
                printf "%s%s TEXT%s", (i > 1 ? ", " : ""), $i, ($i ~ /^(email|phone|username)$/ ? " UNIQUE" : "")
            print ");"
        }' | sqlite3 peer.db
        json_peer_timed
    done
    ledger_holds json.db "$ROWS"
    heading "JSON Lines: $ROWS rows of 26 members, no hash"
    compare_rates "import : jq -r @csv | sqlite3 .import" "$(per_second "$ROWS" "$(median json)")" "$(per_second "$ROWS" "$(median json-peer)")" 1
    memory "its memory" "$(largest json 2)" 128
}

# Both programs at once, as in a shell.
json_peer_timed() {
    timed json-peer sh -c 'jq -r "[.[]] | @csv" json.ndjson | sqlite3 -batch peer.db ".import --csv /dev/stdin signup"' 2>/dev/null
    found=$(sqlite3 peer.db 'SELECT count(*) FROM signup')
    [ "$((found * 100))" -gt "$((ROWS * 98))" ]
}
