#!/bin/bash
# SPDX-License-Identifier: MIT
# The days that the queries of sql/queries/ look at: :from and :to, one of them, neither (the 30 days up to the newest), all time; both days whole.
. tests/sql/tap.sh

# Sign-ups at five moments, in the last and first milliseconds of days: 5, 6, 7, 8 and 9 of them, each time by other people from one address. The newest is of
# 2 March, so that the 30 days begin on 1 February. At each moment a code is asked for and handed over, after 1 to 5 seconds.
moments=(2026-01-31T23:59:59.999Z 2026-02-01T00:00:00.000Z 2026-02-10T23:59:59.999Z 2026-02-11T00:00:00.000Z 2026-03-02T12:00:00.000Z)
ledger
at '2026-03-02 13:00:00' sql "$(
    for moment in 1 2 3 4 5; do
        for person in $(seq $((moment + 4))); do
            echo "INSERT INTO reg_attempts (attempted_at, email, ip_address, outcome, failure_reason)
                  VALUES ('${moments[moment - 1]}', 'p@m$moment-$person.example', '192.0.2.$moment', 'failure', 'email_taken');"
        done
    done
)"
sqlite3 "$LEDGER" "
    CREATE TEMP TABLE moment AS
    SELECT row_number() OVER (ORDER BY attempted_at) AS n, attempted_at AS ms FROM (SELECT DISTINCT attempted_at FROM attempt);
    INSERT INTO code (id, ordinal, channel, kind, nonce, digits, sandbox, recorded_at, lifetime_ms, runs_from, handed_over_at)
    SELECT n, 1, 'email', 'pin', CAST(printf('%016d', n) AS BLOB), 6, 0, ms, 300000, ms + n * 1000, ms + n * 1000 FROM moment ORDER BY n;
    INSERT INTO try (code_id, owner, started_at, lease_until, finished_at, result, status, answer)
    SELECT n, 'test:1', ms, ms + 60000, ms + n * 1000, 'accepted', 250, 'ok' FROM moment ORDER BY n;"
is "the stage" "35 5 5" "$(sqlite3 -separator ' ' "$LEDGER" "SELECT (SELECT count(*) FROM attempt), (SELECT count(*) FROM code), (SELECT count(*) FROM try);")"

# query NAME [FROM] [TO]: what it says; "" where a day is not given.
query() {
    sql "$([ -z "${2-}" ] || echo ".parameter set :from \"'$2'\""; [ -z "${3-}" ] || echo ".parameter set :to \"'$3'\"")
.read sql/queries/$1.sql"
}

# What each query says of the five moments, a line each.
funnel() { # its bars are as long as others' numbers, and are tested elsewhere
    query funnel "$@" | cut -d'|' -f1-6
}
of_funnel=('2026-01-31|5|0|0|0|0' '2026-02-01|6|0|0|0|0' '2026-02-10|7|0|0|0|0' '2026-02-11|8|0|0|0|0' '2026-03-02|9|0|0|0|0')
failure_reasons() {
    query failure_reasons "$@"
}
of_failure_reasons=('2026-01-31|email_taken|5|5' '2026-02-01|email_taken|6|6' '2026-02-10|email_taken|7|7' '2026-02-11|email_taken|8|8' '2026-03-02|email_taken|9|9')
duplicate_storms() { # the largest stands first
    query duplicate_storms "$@" | sort
}
of_duplicate_storms=('2026-01-31T23:00Z|address|192.0.2.1|5|5|5|0' '2026-02-01T00:00Z|address|192.0.2.2|6|6|6|0' '2026-02-10T23:00Z|address|192.0.2.3|7|7|7|0'
    '2026-02-11T00:00Z|address|192.0.2.4|8|8|8|0' '2026-03-02T12:00Z|address|192.0.2.5|9|9|9|0')
channels() { # the newest day stands first
    query channels "$@" | sort
}
of_channels=('2026-01-31|email|1|0.0|1|0|0|0|0|0|1.0|1.0|' '2026-02-01|email|1|0.0|1|0|0|0|0|0|2.0|2.0|' '2026-02-10|email|1|0.0|1|0|0|0|0|0|3.0|3.0|'
    '2026-02-11|email|1|0.0|1|0|0|0|0|0|4.0|4.0|' '2026-03-02|email|1|0.0|1|0|0|0|0|0|5.0|5.0|')

for name in funnel failure_reasons duplicate_storms channels; do
    declare -n lines="of_$name"
    says() { # WHAT FIRST LAST [FROM] [TO]: the moments from FIRST to LAST are shown
        is "$name: $1" "$([ "$2" -gt "$3" ] || printf '%s\n' "${lines[@]:$2-1:$3-$2+1}")" "$("$name" "${@:4}")"
    }
    says "the last 30 days" 2 5
    says "all time" 1 5 1970-01-01
    says "one day, from its first millisecond to its last" 3 3 2026-02-10 2026-02-10
    says "the day before the 30 days" 1 1 2026-01-31 2026-01-31
    says "from a day on" 4 5 2026-02-11
    says "up to a day" 2 3 '' 2026-02-10
    says "both days are included" 2 4 2026-02-01 2026-02-11
    says "a time of a day means all of the day" 4 4 2026-02-11T12:00:00Z 2026-02-11T01:00:00Z
    says "days on which nothing was" 1 0 2026-02-12 2026-03-01
    says "the last day before the first" 1 0 2026-02-11 2026-02-10
    says "after the newest" 1 0 2026-03-03
    says "before the first" 1 0 2020-01-01 2026-01-30
done

# Times to hand over, in seconds: number, median, 95th percentile, longest.
is "code_times: the last 30 days: 2, 3, 4, 5" 'email|handed over|4|3.0|5.0|5.0' "$(query code_times)"
is "code_times: all time: 1, 2, 3, 4, 5" 'email|handed over|5|3.0|5.0|5.0' "$(query code_times 1970-01-01)"
is "code_times: one day: 3" 'email|handed over|1|3.0|3.0|3.0' "$(query code_times 2026-02-10 2026-02-10)"
is "code_times: from a day on: 4, 5" 'email|handed over|2|4.0|5.0|5.0' "$(query code_times 2026-02-11)"
is "code_times: up to a day: 2, 3" 'email|handed over|2|2.0|3.0|3.0' "$(query code_times '' 2026-02-10)"
is "code_times: days on which nothing was" "" "$(query code_times 2026-02-12 2026-03-01)"

# The week has a number of days and the last one.
is "week: seven days up to the newest" $'received|9|▁▁▁▁▁▁█\nregistered|0|▁▁▁▁▁▁▁\nrefused at once|9|▁▁▁▁▁▁█' "$(query week)"
is "week: up to a day: 10 and 11 February" "$((7 + 8))" "$(query week '' 2026-02-11 | sed -n 's/^received|\([0-9]*\)|.*/\1/p')"
is "week: one day" $'received|7|█\nregistered|0|▁\nrefused at once|7|█' "$(sql ".parameter set :days 1
.parameter set :to \"'2026-02-10'\"
.read sql/queries/week.sql")"
is "week: thirty days: from 1 February on" "$((6 + 7 + 8 + 9))" "$(sql ".parameter set :days 30
.read sql/queries/week.sql" | sed -n 's/^received|\([0-9]*\)|.*/\1/p')"

# A ledger without a sign-up has no days.
ledger
for name in funnel failure_reasons duplicate_storms channels code_times; do
    is "$name: an empty ledger" "" "$(query "$name")"
    is "$name: an empty ledger, all time" "" "$(query "$name" 1970-01-01)"
done
done_testing
