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

# Each origin by hand, and in the index as far as it says to be built.
by_hand() {
    ledger "SELECT kind || '|' || value || '|' || attempt_id
              FROM (SELECT 1 AS kind, device_id AS value, attempt_id FROM person UNION ALL SELECT 2, ip_address, attempt_id FROM person
                    UNION ALL SELECT 3, substr(email_folded, instr(email_folded, '@') + 1), attempt_id FROM person)
             WHERE value IS NOT NULL ORDER BY kind, value, attempt_id"
}
indexed() {
    ledger "SELECT kind || '|' || value || '|' || attempt_id FROM kept_origin WHERE attempt_id <= (SELECT origin_id FROM kept_until) ORDER BY kind, value, attempt_id"
}
devices() {
    ledger_reg "SELECT device_id, count(*) FROM reg_attempts GROUP BY 1 ORDER BY 1"
    ledger_reg "SELECT id FROM reg_attempts WHERE device_id = 'zz-last'"
    ledger_reg "SELECT count(*) FROM reg_attempts WHERE email_domain = 'd3.example.com'"
}

@test "a night that is killed at any commit changes no answer, and the next one goes on" {
    people 25000
    devices >before.txt
    half=0
    ledger "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    cp ledger.db whole.db
    for syncs in 2 3 4 5 6 7 8; do
        rm -f ledger.db-wal ledger.db-shm
        cp whole.db ledger.db
        run faulty KILL_AFTER_SYNCS=$syncs "$REGJOB" -c job.conf nightly
        [ "$status" -eq 137 ]
        devices | diff before.txt -
        built=$(ledger "SELECT origin_id = 0 AND EXISTS (SELECT 1 FROM kept_origin) FROM kept_until")
        half=$((half + built))
    done
    [ "$half" -gt 1 ]
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT origin_id FROM kept_until")" = 25000 ]
    by_hand | diff - <(indexed)
    devices | diff before.txt -
    "$REGJOB" -c job.conf check --data
}

@test "few new attempts wait for more of them; many are brought in" {
    people 1300
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT origin_id FROM kept_until")" = 1300 ]
    printf 'email,device_id,outcome\nnew@example.com,dev-new,success\n' >new.csv
    "$REGJOB" -c job.conf import new.csv
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT origin_id FROM kept_until")" = 1300 ]
    [ "$(ledger_reg "SELECT id FROM reg_attempts WHERE device_id = 'dev-new'")" = 1301 ]
    awk 'BEGIN { print "email,device_id,outcome"; for (i = 0; i < 20; i++) printf "n%d@example.com,dev-new,success\n", i }' >more.csv
    "$REGJOB" -c job.conf import more.csv
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT origin_id FROM kept_until")" = 1321 ]
    by_hand | diff - <(indexed)
}

# Erases the person of the last device between two transactions of the night, when devices have been read; false where there was no time for it.
forget_meanwhile() {
    /usr/bin/python3 - "${REG%.so}" <<'END'
import sqlite3, sys, time
db = sqlite3.connect("ledger.db", isolation_level=None, timeout=0)
db.enable_load_extension(True)
db.load_extension(sys.argv[1])
until = time.monotonic() + 120
while time.monotonic() < until:
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        continue
    built = db.execute("SELECT count(*) FROM kept_origin WHERE kind = 1").fetchone()[0]
    last = db.execute("SELECT count(*) FROM kept_origin WHERE value = 'zz-last'").fetchone()[0]
    if built and not last:  # devices are under way, and have been read
        assert db.execute("SELECT reg_forget('m40000@d0.example.com')").fetchone()[0] == 1
        db.execute("COMMIT")
        break
    db.execute("ROLLBACK")
    if last:
        sys.exit(1)
else:
    sys.exit("the night has begun nothing")
END
}

@test "who is erased while the night reads is not brought in" {
    people 40000
    for ((try = 0; try < 20; try++)); do
        "$REGJOB" -c job.conf nightly &
        forget_meanwhile && break
        wait $! # it was faster: once more
        ledger "DELETE FROM kept_origin; UPDATE kept_until SET origin_id = 0"
    done
    wait $!
    [ "$(ledger "SELECT count(*) FROM erasure")" = 1 ]
    [ "$(ledger "SELECT origin_id FROM kept_until")" = 40000 ]
    [ "$(ledger "SELECT count(*) FROM kept_origin WHERE attempt_id = 40000")" = 0 ]
    by_hand | diff - <(indexed)
}

@test "an erased person is in no page of the index, and a share has nothing of it" {
    people 300
    "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT count(*) FROM kept_origin WHERE value = 'zz-last'")" = 1 ]
    "$REGJOB" -c job.conf share shared.db
    [ "$(sqlite3 shared.db "SELECT (SELECT count(*) FROM kept_origin) + (SELECT origin_id FROM kept_until)")" = 0 ]
    "$REGJOB" -c job.conf forget m300@d0.example.com
    [ "$(ledger "SELECT count(*) FROM kept_origin WHERE attempt_id = 300")" = 0 ]
    ledger "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    [ "$(cat ledger.db ledger.db-wal 2>/dev/null | grep -ac zz-last)" = 0 ]
    "$REGJOB" -c job.conf check --data
}
