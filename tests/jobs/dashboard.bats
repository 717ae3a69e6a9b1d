# SPDX-License-Identifier: MIT
# regjob dashboard: the numbers on the page are those that SQL gives, and nothing else is on it. How it looks: make browser-test.

load ../helper

setup() {
    regjob_setup
}

# A ledger of some days: imported sign-ups, codes sent (some later than others), some of them confirmed.
some_days() {
    settings '{"registrationType": "REQUIRE_PIN_CONFIRMATION", "pinConfirmationType": "EVERYONE",
                                            "sandbox": true, "pinConfirmationValidInSeconds": 3600}'
    # Sign-ups whose own time cannot be read count on this day, and the page goes back 90 days from it.
    perl "$ROOT/samples/recent.pl" "$ROOT/samples/signups.csv" >signups.csv
    job import signups.csv
    job send --limit 60
    ledger "UPDATE code SET handed_over_at = recorded_at + 250 * id WHERE handed_over_at IS NOT NULL;
            UPDATE code SET recorded_at = recorded_at - (1 + id % 4) * 86400000, handed_over_at = handed_over_at - (1 + id % 4) * 86400000"
    ledger_reg "SELECT format('SELECT reg_verify_code(%Q, ''12345'');', subject) FROM reg_codes WHERE state = 'sent' AND id % 2" >verify.sql
    ledger_reg "$(cat verify.sql)" >verdicts
    grep -q verified verdicts
}

page() {
    /usr/bin/python3 "$ROOT/tests/jobs/page_contents.py" page.html "$@"
}

rows() { # of the table with a caption, without it
    page tables | sed -n "s/^$1|//p"
}

same() {
    diff "$1" "$2" && [ -s "$1" ]
}

@test "each day's outcomes are those of reg_attempts, in the table and in the chart" {
    some_days
    job dashboard -o page.html
    ledger_reg "SELECT substr(attempted_at, 1, 10) AS day, count(*), sum(outcome = 'success'), sum(outcome = 'pending'), sum(outcome = 'failure')
                  FROM reg_attempts GROUP BY day ORDER BY day DESC" >expected
    rows "Attempts by day and outcome" | grep -v '|0|0|0|0$' >got
    same expected got
    [ "$(ledger "SELECT count(*) FROM attempt")" = "$(awk -F'|' '{n += $2} END {print n}' got)" ]
    ledger_reg "SELECT o.value, substr(attempted_at, 1, 10) AS day, sum(outcome = o.value)
                  FROM reg_attempts, json_each('[\"success\",\"pending\",\"failure\"]') o GROUP BY 1, 2" | grep -v '|0$' | sort >expected
    page data outcomes | grep -v '|0$' | sort >got
    same expected got
}

@test "a day on which nobody came is there too, and 90 days are the most" {
    printf 'email,password,attempted_at\na@example.com,Abcdef1!x,2026-01-01\nb@example.com,Abcdef1!x,2026-03-30\nc@example.com,Abcdef1!x,2026-04-01\n' >a.csv
    job import a.csv
    job dashboard -o page.html
    [ "$(rows "Attempts by day and outcome" | wc -l)" -eq 3 ]
    [ "$(rows "Attempts by day and outcome" | sed -n 2p)" = "2026-03-31|0|0|0|0" ]
    grep -q "are those of 2026-03-30 to 2026-04-01" page.html
    grep -q "holds 3 in all" page.html
    printf 'email,password,attempted_at\nd@example.com,Abcdef1!x,2026-01-02\n' >b.csv
    job import b.csv
    job dashboard -o page.html
    [ "$(rows "Attempts by day and outcome" | wc -l)" -eq 90 ]
    [ "$(rows "Attempts by day and outcome" | tail -1)" = "2026-01-02|1|1|0|0" ]
}

@test "the reasons are those of reg_attempts, and by the first they add up to the failures" {
    some_days
    job dashboard -o page.html
    ledger_reg "SELECT r.value, (SELECT sentence FROM reg_reasons WHERE reason = r.value), sum(r.key = 0), sum(r.key > 0)
                  FROM reg_attempts a, json_each(a.reasons) r WHERE a.outcome = 'failure' GROUP BY 1" | sort >expected
    rows Reasons | sort >got
    same expected got
    ledger_reg "SELECT substr(attempted_at, 1, 10), count(*) FROM reg_attempts WHERE outcome = 'failure' GROUP BY 1 ORDER BY 1 DESC" >expected
    rows "Failures by day and first reason" | awk -F'|' '{n = 0; for (i = 2; i <= NF; i++) n += $i; print $1 "|" n}' >got
    same expected got
    ledger_reg "SELECT failure_reason, count(*) FROM reg_attempts WHERE outcome = 'failure' GROUP BY 1" | sort >expected
    page data reasons | awk -F'|' '$1 != "all others" {n[$1] += $3} END {for (name in n) print name "|" n[name]}' | sort >got
    [ "$(wc -l <got)" -eq 6 ]
    [ "$(comm -13 expected got)" = "" ]
}

@test "what was done to values is counted by column and rule, with neither a value nor an old day" {
    settings '{"requiredConsents":[]}'
    printf 'email,password,attempted_at,country,phone,birth_date\n' >a.csv
    printf 'old@example.com,Abcdef1!x,2025-01-01,Germany,,\n' >>a.csv
    printf ' a@example.com,Abcdef1!x,2026-03-30,Atlantis-on-Sea,4.9E+11,19900101\nb@example.com,Abcdef1!x,20260401,UK,,\nc@example.com,Abcdef1!x,2026-04-01,Atlantis-on-Sea,12,\n' >>a.csv
    job import a.csv
    job dashboard -o page.html
    ledger_reg "SELECT n.value ->> 'column', n.value ->> 'rule', (SELECT sentence FROM reg_rules r WHERE r.rule = n.value ->> 'rule'), n.value ->> 'done', count(*)
                  FROM reg_attempts a, json_each(a.notes) n WHERE attempted_at >= '2026' GROUP BY 1, 2, 4" | sort >expected
    [ "$(wc -l <expected)" -eq 7 ]
    rows "Notes by column and rule" | sort >got
    same expected got
    [ "$(rows "Notes by column and rule" | head -1 | cut -d'|' -f1,5)" = "country|2" ]
    [ "$(grep -c "Atlantis\|4.9E" page.html)" = 0 ]
    # The query that the page gives for more.
    query=$(grep -o "SELECT a.id, n.value FROM[^<]*" page.html | sed "s/&#39;/'/g; s/&gt;/>/g")
    [ "$(ledger_reg "$query" | wc -l)" -eq 2 ]
}

@test "the funnel is the view's" {
    some_days
    job dashboard -o page.html
    ledger "SELECT sum(received), sum(accepted), sum(code_sent), sum(confirmed), sum(registered), sum(kyc), sum(subscribed) FROM funnel" |
        tr '|' '\n' >expected
    rows "Attempts by the stage they have reached" | cut -d'|' -f2 >got
    same expected got
    page data funnel | cut -d'|' -f3 >got
    same expected got
}

@test "delivery times are those of reg_codes: median, 95 of 100, longest" {
    some_days
    job dashboard -o page.html
    ledger_reg "SELECT channel, (handed_over_at_ms - request_timestamp_ms) / 1000.0, date(request_timestamp_ms / 1000, 'unixepoch'),
                       (verified_at_ms - handed_over_at_ms) / 1000.0 FROM reg_codes WHERE handed_over_at_ms IS NOT NULL" >times
    /usr/bin/python3 - >expected <<'PYTHON'
import math
rows = [line.rstrip("\n").split("|") for line in open("times")]
def rank(times, share):
    return sorted(times)[math.ceil(share * len(times)) - 1]
def row(*head, times):
    return "|".join([*head, str(len(times)), f"{rank(times, .5):.1f}", f"{rank(times, .95):.1f}"])
days = [row("days", day, "email", times=[float(r[1]) for r in rows if r[2] == day]) for day in {r[2] for r in rows}]
for name, place in (("asked for to handed over", 1), ("handed over to confirmed", 3)):
    times = [max(0, float(r[place])) for r in rows if r[place]]
    days.append(row("sums", "email", name, times=times) + f"|{max(times):.1f}")
print("\n".join(sorted(days)))
PYTHON
    page tables | sed -n -e 's/^Seconds from the request of a code to its hand-over, by day|/days|/p' -e 's/^Times of codes by channel, in seconds|/sums|/p' |
        sort >got
    same expected got
    [ "$(grep -c ^days got)" -eq 4 ]
    [ "$(page data delivery | grep -c '^email, 95 %|....-..-..|[0-9]')" -eq 4 ]
}

@test "queues are those of regjob status, and the last runs are there" {
    some_days
    job dashboard -o page.html
    job status --format json >status.json
    jq_queues='import json; print("\n".join(str(q["count"]) for q in json.load(open("status.json"))["queues"].values()))'
    /usr/bin/python3 -c "$jq_queues" >expected
    rows Queues | cut -d'|' -f2 >got
    same expected got
    rows "The last runs of the job" | cut -d'|' -f1-2 >got
    ledger "SELECT id, command FROM run ORDER BY id DESC" >expected
    same expected got
    [ "$(rows "The last runs of the job" | tail -1 | cut -d'|' -f4)" = "0, all done" ]
    [[ "$(rows "The last runs of the job" | tail -1 | cut -d'|' -f6)" == "import: read "*", success "* ]]
}

@test "the newest export is compared with the ledger, as regjob reconcile does it" {
    some_days
    mkdir -p exports/done
    printf '[ledger]\npath = ledger.db\n[reconcile]\ninbox = exports\n' >job.conf
    job -c job.conf dashboard -o page.html
    grep -q "There is no export" page.html
    printf 'date,success,failure\n2026-01-01,1,1\n' >exports/old.csv
    ledger_reg "SELECT 'date,success,failure' UNION ALL
                SELECT substr(attempted_at, 1, 10) || ',' || (sum(outcome = 'success') + 2) || ',' || sum(outcome = 'failure') FROM reg_attempts GROUP BY substr(attempted_at, 1, 10)" \
        >exports/done/20260201-new.csv
    touch -d 2026-01-01T00:00:00Z exports/old.csv
    run job -c job.conf dashboard -o page.html
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    export=exports/done/20260201-new.csv
    job -c job.conf reconcile --format json "$export" >reconcile.json || [ $? -eq 2 ]
    /usr/bin/python3 - >expected <<'PYTHON'
import json
rows = json.load(open("reconcile.json"))[0]["rows"]
days = {}
for row in rows:
    parts = days.setdefault(row["day"], [0, 0])
    for cause, units in row["causes"].items():
        parts[cause == "unexplained"] += abs(units)
for day, parts in days.items():
    print(day, *parts, sep="|")
PYTHON
    rows "Units of difference by day, explained and unexplained" >got
    same expected got
    [ "$(awk -F'|' '{n += $3} END {print (n > 0)}' got)" = 1 ]
    page data reconciliation | sed -n 's/^explained|//p' >got
    cut -d'|' -f1,2 expected >days
    same days got
    [ "$(page tables | grep -cF "$export|")" -eq "$(/usr/bin/python3 -c 'import json; print(len(json.load(open("reconcile.json"))[0]["rows"]))')" ]
    [[ "$(rows Causes)" == *"unexplained|"* ]]
    [ "$(page structure)" = "" ]
    [ "$(page policy)" = "" ]
    [ "$(ls exports exports/done)" = $'exports:\ndone\nold.csv\n\nexports/done:\n20260201-new.csv' ]
}

@test "an export that cannot be read is said, on the page too, which is written all the same" {
    mkdir exports
    printf '[ledger]\npath = ledger.db\n[reconcile]\ninbox = exports\n' >job.conf
    printf 'date,success\n2026-01-01,-1\n' >exports/new.csv
    run job -c job.conf dashboard -o page.html
    [ "$status" -eq 65 ]
    [[ "$output" == *"exports/new.csv"* ]]
    grep -q "The newest export, .*exports/new.csv, cannot be compared" page.html
    [ "$(page structure)" = "" ]
    [ ! -e exports/done ]
}

@test "an attempt whose time counts as failed before it is settled" {
    some_days
    pending=$(ledger "SELECT count(*) FROM waiting")
    [ "$pending" -gt 0 ]
    failed=$(ledger_reg "SELECT count(*) FROM reg_attempts WHERE outcome = 'failure'")
    REGJOB_RUNNER="clock +3d" job dashboard -o page.html
    [ "$(rows "Attempts by day and outcome" | awk -F'|' '{n += $4} END {print n}')" = 0 ]
    [ "$(rows "Attempts by day and outcome" | awk -F'|' '{n += $5} END {print n}')" = $((failed + pending)) ]
    [[ "$(rows Reasons)" == *"undeliverable|"* ]]
    [[ "$(rows Reasons)" == *"verification_expired|"* ]]
    [ "$(ledger "SELECT count(*) FROM waiting")" = "$pending" ]
}

@test "nothing of a person is on the page" {
    some_days
    job dashboard -o page.html
    ledger "SELECT DISTINCT j.value FROM person p, json_each(json_array(p.email, p.phone, p.username, p.name, p.family_name, p.device_id, p.ip_address, p.uuid,
                                                                        p.identity_subject, p.custom_id, p.password_hash)) j
             WHERE length(j.value) > 5 AND instr(j.value, char(10)) = 0" >personal
    [ "$(wc -l <personal)" -gt 200 ]
    # Chart.js and its like are not the ledger's.
    grep -v '^!function\|^/\*\|^ \*' page.html >shown
    run grep -F -o -f personal shown
    [ "$output" = "" ]
}

@test "whatever stands in the ledger is shown as text" {
    mv ledger.db '<b>"&'"'.db"
    mv ledger.db.key '<b>"&'"'.db.key"
    sqlite3 '<b>"&'"'.db" "INSERT INTO run (id, command, started_at, finished_at, exit_code, counts)
        VALUES (1, '</td></script><script>alert(1)</script>', 1, 2, 1, '{\"<i>\": {\"<u>\": 3}}'), (2, char(27) || '[2J', 1, 2, 99, 'no JSON')"
    "$REGJOB" -l '<b>"&'"'.db" dashboard -o page.html
    [ "$(page policy)" = "" ]
    [ "$(page structure)" = "" ]
    [[ "$(rows "The last runs of the job")" == *'|</td></script><script>alert(1)</script>|'*'|<i>: <u> 3' ]]
    ! grep -q '<b>\|<i>\|<u>\|alert(1)</script' page.html
    ! grep -q $'\033' page.html
}

@test "the page asks for nothing, and permits its own scripts alone" {
    some_days
    job dashboard -o page.html
    [ "$(page policy)" = "" ]
    sed -i 's/"use strict";/"use strict"; /' page.html
    [[ "$(page policy)" == *"is not the hashes"* ]]
}

@test "tables have captions, headings and a name for the keyboard; each chart has its table" {
    some_days
    job dashboard -o page.html
    [ "$(page structure)" = "" ]
    [ "$(page tables | cut -d'|' -f1 | sort -u | wc -l)" -eq 9 ]
}

@test "an empty ledger gives a page as well" {
    job dashboard -o page.html
    [ "$(page structure)" = "" ]
    grep -q "nobody has asked to register yet" page.html
    grep -q "No code has been handed over yet" page.html
    [ "$(rows "Attempts by day and outcome")" = "" ]
}

@test "the file is replaced as a whole, keeps who may read it, and is said with -v alone" {
    run job dashboard -o page.html
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ "$(stat -c %a page.html)" = 600 ]
    chmod 644 page.html
    before=$(stat -c %i page.html)
    run job -v dashboard --output page.html
    [ "$status" -eq 0 ]
    [[ "$output" == "regjob: page.html: "*" bytes" ]]
    [ "$(stat -c %a page.html)" = 644 ]
    [ "$(stat -c %i page.html)" != "$before" ]
    [ "$(ls)" = $'ledger.db\nledger.db.key\npage.html' ]
}

@test "what cannot be written is said, and the old page stands" {
    run job dashboard -o nowhere/page.html
    [ "$status" -eq 1 ]
    [[ "$output" == "regjob: nowhere/page.html."*"cannot be created: No such file or directory" ]]
    mkdir folder
    run job dashboard -o folder
    [ "$status" -eq 64 ]
    [[ "$output" == "regjob: folder is no regular file"* ]]
    ln -s elsewhere link
    run job dashboard -o link
    [ "$status" -eq 64 ]
    [ -L link ]
    run job dashboard
    [ "$status" -eq 64 ]
    if [ -w /dev/full ]; then
        run job dashboard -o /dev/full
        [ "$status" -eq 64 ]
    fi
    [ ! -e elsewhere ]
}

@test "it only looks: no run is recorded, and another's write does not keep it waiting" {
    some_days
    runs=$(ledger "SELECT count(*) FROM run")
    before=$(ledger "PRAGMA data_version" && sha256sum <ledger.db)
    /usr/bin/python3 - "$REGJOB" <<'PYTHON'
import sqlite3, subprocess, sys
writer = sqlite3.connect("ledger.db", isolation_level=None)
writer.execute("BEGIN IMMEDIATE")
writer.execute("INSERT INTO run (id, command, started_at) VALUES (999, 'half done', 1)")
done = subprocess.run([sys.argv[1], "-l", "ledger.db", "dashboard", "-o", "page.html"], timeout=60)
writer.execute("ROLLBACK")
sys.exit(done.returncode)
PYTHON
    ! grep -q 'half done' page.html
    [ "$(ledger "SELECT count(*) FROM run")" = "$runs" ]
    [ "$(ledger "PRAGMA data_version" && sha256sum <ledger.db)" = "$before" ]
}
