# SPDX-License-Identifier: MIT
# What analysts ask of a ledger that has lived for two months: questions beside the base tables by hand, the ready-made queries,
# the samples, and what the job makes of it.

# seconds_line NAME SECONDS PEER LIMIT
seconds_line() {
    # A ratio of next to nothing says nothing.
    ratio=$(awk "BEGIN { if (${3:-0} >= 0.001) printf \"%.2f\", $2 / ${3:-1} }")
    line "$1" "$2 s" "${3:+$3 s}" "$ratio" "at most $4 s" "$(at_most "$2" "$4")"
}

# analysts_ledger ATTEMPTS
analysts_ledger() {
    tool rows "$1" $((SEED + 3000)) hashed >lived.csv
    ledger_new lived.db
    "$REGJOB" -l lived.db import lived.csv
    rm -f lived.csv
    sqlite3 -batch -bail lived.db <"$HERE/analysts_ledger.sql" >/dev/null
    ledger_holds lived.db "$1"
}

analysts_questions() {
    tool queries lived.db "$BUILD/reg.so" 1 "$HERE/analysts_questions.sql" >questions.out
    while IFS='|' read -r name ours peer goal; do
        case $goal in
        *s) seconds_line "$name" "$(calculate "$ours" 3)" "${peer:+$(calculate "$peer" 3)}" "${goal% s}" ;;
        *)
            ratio=$(calculate "$ours / $peer" 2)
            line "$name" "$(calculate "$ours" 3) s" "$(calculate "$peer" 3) s" "$ratio" "at most $goal" "$(at_most "$ratio" "$goal")"
            ;;
        esac
    done <questions.out
}

# analysts_query NAME LIMIT [PARAMETER VALUE]: a query of sql/queries/, as in the shell.
analysts_query() {
    query=$1 limit=$2
    shift 2
    timed "query-$query${1-}" sqlite3 -batch -bail -readonly -cmd ".load $BUILD/reg" ${1:+-cmd ".parameter set $1 $2"} lived.db \
        ".read $HERE/../../sql/queries/$query.sql" >/dev/null
    seconds_line "sql/queries/$query${1:+, all time}" "$(calculate "$(median "query-$query${1-}")" 2)" "" "$limit"
}

# Each sample by its heading, as the shell's timer has it; all that stands before the first heading looks up the newest day.
analysts_samples() {
    (
        cd "$HERE/../.."
        sed "s|'build/demo/exports/dashboard.csv'|'$WORK/export.csv'|" samples/analyst.sql |
            sqlite3 -batch -bail -readonly -cmd ".load $BUILD/reg" -cmd '.timer on' "$WORK/lived.db"
    ) >samples.out
    awk '/^== / { name = substr($0, 4) } /^Run Time: real / { if (name != "") spent[name] += $4 }
         END { for (name in spent) printf "%.3f|%s\n", spent[name], name }' samples.out | sort -rn >samples.times
    [ "$(wc -l <samples.times)" = "$(grep -c '^\.print .==' "$HERE/../../samples/analyst.sql")" ]
    while IFS='|' read -r seconds name; do
        seconds_line "sample: $(printf '%.37s' "$name")" "$seconds" "" 3
    done <samples.times
}

# analysts_job NAME SECONDS MEMORY_MIB ARGUMENTS...
analysts_job() {
    name=$1 limit=$2 most=$3
    shift 3
    # A reconciliation that leaves differences unexplained ends with 2.
    timed "job-$name" "$REGJOB" -l lived.db "$@" >/dev/null || [ $? -eq 2 ]
    seconds_line "regjob $name" "$(calculate "$(median "job-$name")" 2)" "" "$limit"
    memory "its memory" "$(largest "job-$name" 2)" "$most"
}

# What the sums of days cost, and what the job does without them.
analysts_sums() {
    for command in dashboard reconcile; do
        [ "$command" = dashboard ] && set -- -o page.html || set -- export.csv
        timed "facts-$command" "$REGJOB" -l lived.db "$command" "$@" >/dev/null || [ $? -eq 2 ]
        line "regjob $command, no sums kept" "$(calculate "$(median "facts-$command")" 2) s" "" "" "" ""
    done
    timed sums "$REGJOB" -l lived.db nightly >/dev/null
    line "a night that sums these days" "$(calculate "$(median sums)" 2) s" "" "" "" ""
    memory "its memory" "$(largest sums 2)" 64
    rm -f ./*.measured
}

# analysts_over ATTEMPTS
analysts_over() {
    heading "analysts over $1 attempts of 60 days"
    rm -f ./*.measured
    analysts_ledger "$1"
    sqlite3 -csv -header lived.db "
        SELECT date(a.attempted_at / 1000, 'unixepoch') AS date, sum(a.outcome = 'success') + 1 AS success, sum(a.outcome = 'failure') AS failure
          FROM attempt a GROUP BY 1" >export.csv
    analysts_sums
    analysts_questions
    for query in changes duplicate_storms channels week funnel; do
        analysts_query "$query" 2
    done
    analysts_query changes 10 :then "'1970-01-01'"
    analysts_query week 10 :days 60
    for query in duplicate_storms channels funnel; do
        analysts_query "$query" 10 :from "'1970-01-01'"
    done
    analysts_samples
    analysts_job dashboard 3 64 dashboard -o page.html
    analysts_job reconcile 8 64 reconcile export.csv
    # What is given to others: so many microseconds an attempt, and as much memory for a million as for five.
    analysts_job share "$(calculate "$1 * 0.00006" 1)" 64 share --replace shared.db
    analysts_job "check" "$(calculate "$1 * 0.00003" 1)" 64 check --data
    analysts_job "export attempts" "$(calculate "$1 * 0.00004" 1)" 64 export attempts
    analysts_job "export outcomes" "$(calculate "$1 * 0.000004" 1)" 64 export outcomes
    rm -f lived.db* shared.db
}

analysts() {
    analysts_over "$ROWS"
    analysts_over "$BIG"
}
