# SPDX-License-Identifier: MIT
# The index of origins, which the night builds: killed at any commit, while people are erased, and what is in none of it.

load ../helper

setup() {
    regjob_setup
    printf '[ledger]\npath = ledger.db\n' >job.conf
}

people() { # COUNT: a device each, the last one's after all others; few addresses and domains
    awk -v count="$1" 'BEGIN {
        print "email,device_id,ip_address,outcome"
        for (i = 1; i <= count; i++)
            printf "m%d@d%d.example.com,%s,%s,success\n", i, i % 5, i == count ? "zz-last" : i % 9 == 0 ? "" : sprintf("dev-%06d", i * 7919 % count), i % 7 == 0 ? "" : "192.0.2." i % 250
    }' >people.csv
    "$REGJOB" -c job.conf import people.csv
}

# Each origin by hand, of the attempts up to one or of all; and what is in the index.
by_hand() { # [LAST]
    ledger "SELECT kind || '|' || value || '|' || attempt_id
              FROM (SELECT 1 AS kind, device_id AS value, attempt_id FROM person UNION ALL SELECT 2, ip_address, attempt_id FROM person
                    UNION ALL SELECT 3, substr(email_folded, instr(email_folded, '@') + 1), attempt_id FROM person)
             WHERE value IS NOT NULL AND attempt_id <= ${1:-9999999} ORDER BY kind, value, attempt_id"
}
indexed() {
    ledger "SELECT kind || '|' || value || '|' || attempt_id FROM kept_origin ORDER BY kind, value, attempt_id"
}
# One after the other: to open a ledger after a kill, or to close it, may take it for a moment.
is_exact() { # [LAST]
    indexed >indexed.txt
    by_hand "$@" | cmp - indexed.txt
}
devices() {
    ledger_reg "SELECT device_id, count(*) FROM reg_attempts GROUP BY 1 ORDER BY 1"
    ledger_reg "SELECT id FROM reg_attempts WHERE device_id = 'zz-last'"
    ledger_reg "SELECT count(*) FROM reg_attempts WHERE email_domain = 'd3.example.com'"
}

# The next attempt gets that number, as where so many are there already.
begin_at() {
    ledger "INSERT INTO continuation (id, recorded_at, attempted_at, kind, verdict) VALUES ($1 - 1, 0, 0, 'login', '')"
}

@test "a night that is killed or stopped at any commit changes no answer, and the next one goes on" {
    begin_at 255000
    people 25000
    devices >before.txt
    ledger "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    cp ledger.db whole.db
    appending=0 merging=0
    for syncs in 3 4 5 6 7 8 9 10 11 12 13; do
        for signal in KILL TERM; do
            rm -f ledger.db-wal ledger.db-shm
            cp whole.db ledger.db
            run faulty ${signal}_AFTER_SYNCS=$syncs "$REGJOB" -c job.conf nightly
            [ "$status" -eq $([ $signal = KILL ] && echo 137 || echo 1) ]
            devices | diff before.txt -
            is_exact "$(ledger "SELECT origin_id FROM kept_through")"
            appending=$((appending + $(ledger "SELECT origin_id > 0 AND origin_id < 279999 FROM kept_through")))
            merging=$((merging + $(ledger "SELECT count(DISTINCT run) = 3 FROM kept_origin")))
        done
    done
    [ "$appending" -gt 0 ]
    [ "$merging" -gt 0 ]
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT origin_id || ' ' || merged_id FROM kept_through")" = "279999 279999" ]
    [ "$(ledger "SELECT DISTINCT run FROM kept_origin")" = 0 ]
    is_exact
    devices | diff before.txt -
    ledger "DELETE FROM continuation"
    "$REGJOB" -c job.conf check --data
}

@test "what is new is appended each night, and merged when it is a good part of all" {
    people 1300
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT origin_id || ' ' || merged_id FROM kept_through")" = "1300 1300" ]
    awk 'BEGIN { print "email,device_id,outcome"; for (i = 0; i < 20; i++) printf "n%d@example.com,dev-new,success\n", i }' >new.csv
    "$REGJOB" -c job.conf import new.csv
    [ "$(ledger_reg "SELECT count(*), min(id) FROM reg_attempts WHERE device_id = 'dev-new'")" = "20|1301" ]
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT origin_id || ' ' || merged_id FROM kept_through")" = "1320 1300" ]
    [ "$(ledger "SELECT count(*), min(attempt_id) FROM kept_origin WHERE run = 1")" = "40|1301" ]
    [ "$(ledger_reg "SELECT count(*), min(id) FROM reg_attempts WHERE device_id = 'dev-new'")" = "20|1301" ]
    awk 'BEGIN { print "email,device_id,outcome"; for (i = 0; i < 300; i++) printf "o%d@example.com,dev-new,success\n", i }' >more.csv
    "$REGJOB" -c job.conf import more.csv
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT origin_id || ' ' || merged_id FROM kept_through")" = "1620 1620" ]
    is_exact
    [ "$(ledger_reg "SELECT device_id, count(*) FROM reg_attempts GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1")" = "dev-new|320" ]
}

@test "a domain of very many is merged in slices, too" {
    awk 'BEGIN { print "email,outcome"; for (i = 0; i < 230000; i++) printf "m%d@%s.example.com,success\n", i, i % 50 ? "one" : "d" i }' >people.csv
    begin_at 200000
    "$REGJOB" -c job.conf import people.csv
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT DISTINCT run FROM kept_origin")" = 0 ]
    is_exact
    [ "$(ledger_reg "SELECT count(*) FROM reg_attempts WHERE email_domain = 'one.example.com'")" = 225400 ]
}

@test "an erased person is in no page of the index, and a share has nothing of it" {
    people 300
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT count(*) FROM kept_origin WHERE value = 'zz-last'")" = 1 ]
    "$REGJOB" -c job.conf share shared.db
    [ "$(sqlite3 shared.db "SELECT (SELECT count(*) FROM kept_origin) + (SELECT origin_id FROM kept_through)")" = 0 ]
    "$REGJOB" -c job.conf forget m300@d0.example.com
    [ "$(ledger "SELECT count(*) FROM kept_origin WHERE attempt_id = 300")" = 0 ]
    ledger "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    [ "$(cat ledger.db ledger.db-wal 2>/dev/null | grep -ac zz-last)" = 0 ]
    "$REGJOB" -c job.conf check --data
}

@test "a single attempt without a device is counted, too" {
    printf 'email,device_id,outcome\na@example.com,d1,success\nb@example.com,,success\nc@example.com,d1,success\n' >three.csv
    "$REGJOB" -c job.conf import three.csv
    "$REGJOB" -c job.conf nightly
    [ "$(ledger_reg "SELECT device_id, count(*) FROM reg_attempts GROUP BY 1 ORDER BY 1")" = $'|1\nd1|2' ]
}
