# SPDX-License-Identifier: MIT
# People registered by INSERT: beside a plain table with two unique keys, and from several processes at once.

# inserts_into NAME KIND COUNT WRITERS [whole]: a round on a new database, added to NAME.rates.
inserts_into() {
    rm -f inserts.db*
    sqlite3 inserts.db "PRAGMA journal_mode = WAL; CREATE TABLE plain (id INTEGER PRIMARY KEY, email TEXT UNIQUE, username TEXT UNIQUE, country TEXT, outcome TEXT)" >/dev/null
    sqlite3 -batch -cmd ".load $BUILD/reg" inserts.db "SELECT reg_init('beside'); SELECT reg_settings_patch('{\"requiredConsents\":[]}')" >/dev/null
    name=$1
    shift
    tool inserts inserts.db "$BUILD/reg.so" "$@" >>"$name.rates"
}

# rate NAME [COLUMN]: the median of people a second (1), or of the longest INSERT in milliseconds (2).
rate() {
    cut -d' ' -f"${2:-1}" "$1.rates" | sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# rate_line NAME OURS PEER LEAST
rate_line() {
    line "$1" "$2 /s" "$3 /s" "$(calculate "$2 / $3" 2)" "at least $4 /s" "$(at_least "$2" "$4")"
}

inserts() {
    heading "INSERT INTO reg_attempts"
    writers=$([ "$CORES" -lt 4 ] && echo "$CORES" || echo 4) # that have a core each
    for round in $(seq "$ROUNDS"); do
        inserts_into told-whole told 20000 1 whole
        inserts_into plain-whole plain 20000 1 whole
        inserts_into told told 5000 1
        inserts_into plain plain 5000 1
        inserts_into hashed-1 hashed 50 1
        inserts_into hashed-4 hashed 25 4
        inserts_into prepared-1 prepared 100 1
        inserts_into prepared-4 prepared $((25 * writers)) 4
        hash_only only-1 1 100
        hash_only only-all "$writers" $((100 * writers))
    done
    rate_line "told, in one transaction : a plain table" "$(rate told-whole)" "$(rate plain-whole)" 12000
    rate_line "told, each its own transaction : a plain table" "$(rate told)" "$(rate plain)" 4000
    compare_rates "passwords prepared: 4 writers : 1" "$(rate prepared-4)" "$(rate prepared-1)" "$(calculate "0.9 * $writers" 1)"
    one=$(per_second 100 "$(median only-1)") all=$(per_second $((100 * writers)) "$(median only-all)")
    line "threads that only hash: $writers : 1" "$all /s" "$one /s" "$(calculate "$all / $one" 2)" "" ""
    line "passwords hashed by the INSERT: 4 writers : 1" "$(rate hashed-4) /s" "$(rate hashed-1) /s" "$(calculate "$(rate hashed-4) / $(rate hashed-1)" 2)" "" ""
    line "the longest INSERT of 4 writers: prepared : not" "$(rate prepared-4 2) ms" "$(rate hashed-4 2) ms" \
        "$(calculate "$(rate prepared-4 2) / $(rate hashed-4 2)" 2)" "" ""
}
