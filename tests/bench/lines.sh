# SPDX-License-Identifier: MIT
# Functions of the benchmarks: measuring, medians, and the table that is printed.

# One of the programs in build/bench.
tool() {
    tool_name=$1
    shift
    "$BUILD/bench/$tool_name" "$@"
}

# timed NAME COMMAND...: adds a round to the measurements called NAME.
timed() {
    timed_file=$1.measured
    shift
    tool measure "$timed_file" "$@"
}

# The median of a column of the measurements: 1 seconds, 2 largest memory (KiB), 3 page faults.
median() {
    cut -d' ' -f"${2:-1}" "$1.measured" | sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

largest() {
    cut -d' ' -f"$2" "$1.measured" | sort -n | tail -1
}

# calculate EXPRESSION [DIGITS]
calculate() {
    awk "BEGIN { printf \"%.${2:-6}f\", $1 }"
}

# per_second COUNT SECONDS
per_second() {
    calculate "$1 / $2" "$(awk "BEGIN { print ($1 / $2 < 1000 ? 1 : 0) }")"
}

heading() {
    printf '\n| %-46s | %14s | %14s | %7s | %-18s | %-3s |\n' "$1" ours peer ratio goal met
    printf '| %s | %s: | %s: | %s: | %s | %s |\n' "$(printf '%046d' 0 | tr 0 -)" "$(printf '%013d' 0 | tr 0 -)" \
        "$(printf '%013d' 0 | tr 0 -)" "$(printf '%06d' 0 | tr 0 -)" "$(printf '%018d' 0 | tr 0 -)" ---
}

# line NAME OURS PEER RATIO GOAL MET
line() {
    printf '| %-46s | %14s | %14s | %7s | %-18s | %-3s |\n' "$@"
}

# at_least VALUE BOUND, at_most VALUE BOUND: yes or no.
at_least() {
    awk "BEGIN { print ($1 >= $2 ? \"yes\" : \"no\") }"
}
at_most() {
    at_least "$2" "$1"
}

# compare_rates NAME OURS PEER LEAST: rates, and the least ratio that is the goal.
compare_rates() {
    ratio=$(calculate "$2 / $3" 2)
    line "$1" "$2 /s" "$3 /s" "$ratio" "at least $4" "$(at_least "$ratio" "$4")"
}

# memory NAME KIB MOST_MIB
memory() {
    line "$1" "$(calculate "$2 / 1024" 1) MiB" "" "" "under $3 MiB" "$(at_most "$2" "$(($3 * 1024))")"
}

ledger_new() {
    rm -f "$1" "$1"-wal "$1"-shm "$1".*
    "$REGJOB" -l "$1" init
}

# What was imported is all there: otherwise its speed means nothing.
ledger_holds() {
    found=$(sqlite3 "$1" 'SELECT count(*) FROM attempt')
    [ "$found" = "$2" ] || {
        echo "tests/bench: $1 holds $found attempts, not $2" >&2
        exit 1
    }
}
