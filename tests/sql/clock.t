#!/bin/bash
# SPDX-License-Identifier: MIT
# A clock that is set back, or was wrong: nothing disappears, nothing is recorded earlier than what is there, and everything still ends.
. tests/sql/tap.sh
sessions
PIN='"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","passwordAt":"confirm"'
HOUR=3600
DAY=86400
YEAR=$((365 * DAY))
sign() { sql "INSERT INTO reg_attempts(email) VALUES ('$1'); SELECT id, outcome FROM reg_attempts WHERE id = last_insert_rowid();"; }
issue() { sql "SELECT reg_issue_code('$1', '${2:-email}');"; }
verify() { sql "SELECT reg_verify_code('$1', '$2');"; }
# Every time at which a fact was recorded.
FACTS="SELECT recorded_at AS at FROM attempt UNION ALL SELECT recorded_at FROM decision UNION ALL SELECT recorded_at FROM continuation UNION ALL SELECT recorded_at FROM code
    UNION ALL SELECT recorded_at FROM code_end UNION ALL SELECT recorded_at FROM wrong_try UNION ALL SELECT recorded_at FROM report UNION ALL SELECT recorded_at FROM report_event
    UNION ALL SELECT recorded_at FROM consent UNION ALL SELECT recorded_at FROM step UNION ALL SELECT recorded_at FROM erasure"
newest() { sql "SELECT max(at) FROM ($FACTS);"; }
records_later() { # NAME EXPECTED TIME SQL: what SQL says at TIME; all that it records is at least as late as all before
    local before=$(newest) rows
    rows=$(sql "SELECT count(*) FROM ($FACTS);")
    is "$1" "$2" "$(at "$3" sql "$4")"
    is "$1: recorded, and no earlier than what was there" '1|1' "$(sql "SELECT count(*) > $rows AND count(*) FILTER (WHERE at >= $before) > count(*) - $rows, max(at) = (SELECT newest FROM clock) FROM ($FACTS);")"
}

for back in 1 240 $HOUR $YEAR; do
    ledger "{$PIN}"
    at "$(later "$back")" sign a@example.com >/dev/null
    code=$(at "$(later "$back")" issue a@example.com)
    seen=$(at "$(later "$back")" sql "SELECT * FROM reg_attempts; SELECT * FROM reg_codes;")
    is "$back seconds back: what was recorded is there" '1|pending|pending' "$(at "$START" sql "SELECT count(*), min(outcome), (SELECT state FROM reg_codes) FROM reg_attempts;")"
    is "$back seconds back: by its address, its id, its time" '1|1|1' "$(at "$START" sql "SELECT (SELECT count(*) FROM reg_attempts WHERE email = 'A@example.com' COLLATE NOCASE), (SELECT count(*) FROM reg_attempts WHERE id = 1), (SELECT count(*) FROM reg_codes WHERE attempt_id = 1);")"
    is "$back seconds back: a new one is found by its id at once" '2|pending' "$(at "$START" sign b@example.com)"
    records_later "$back seconds back: a code is good" verified "$(later 1)" "SELECT reg_verify_code('a@example.com', '$code');"
    is "$back seconds back: a customer, with a report" '1|success|queued' "$(at "$(later 2)" sql "SELECT id, outcome, report_state FROM reg_attempts WHERE id = 1;")"
    records_later "$back seconds back: a consent" accepted "$(later 3)" "SELECT reg_set_consent('a@example.com', 'news', NULL, 'accepted');"
    records_later "$back seconds back: a step" done "$(later 4)" "SELECT reg_record_step('a@example.com', 'KYC', 'done');"
    records_later "$back seconds back: an erasure" 1 "$(later 5)" "SELECT reg_forget('a@example.com');"
    is "$back seconds back: as of then it reads as it did, but for what was erased" "$(sed -n 1p <<<"$seen" | cut -d'|' -f1,2)" \
        "$(at "$(later 6)" sql "SELECT id, attempted_at FROM reg_attempts($(sql "SELECT recorded_at FROM attempt WHERE id = 1;"));")"
    is "$back seconds back: when the clock has caught up, it counts again" "$(later $((back + 60)))" \
        "$(at "$(later $((back + 60)))" sql "INSERT INTO reg_attempts(email) VALUES ('late@example.com'); SELECT strftime('%Y-%m-%d %H:%M:%S', recorded_at_ms / 1000, 'unixepoch') FROM reg_attempts WHERE id = last_insert_rowid();")"
done

# Time goes on: at seven eighths of the clock's speed, while that is behind; as fast as the clock, where it is hopelessly behind.
for back in $HOUR $((31 * DAY)) $((32 * DAY)) $YEAR; do
    takes() { [ "$back" -gt $((31 * DAY)) ] && echo "$1" || echo $((($1 * 8 + 6) / 7)); } # so long by the clock, in whole seconds
    ledger "{$PIN,\"resendPauseInSeconds\":70}"
    at "$(later "$back")" sign early@example.com >/dev/null
    at "$START" sign a@example.com >/dev/null
    code=$(at "$START" issue a@example.com)
    like "$back seconds back: no other code within the pause" "^Error: reg_resend_code: wait 1 seconds" "$(at "$(later $(($(takes 70) - 1)))" sql "SELECT reg_resend_code('a@example.com', 'email');")"
    is "$back seconds back: the code lives" "$code" "$(at "$(later $(($(takes 70) - 1)))" issue a@example.com)"
    like "$back seconds back: another one after it" '^[0-9]{6}$' "$(at "$(later "$(takes 70)")" sql "SELECT reg_resend_code('a@example.com', 'email');")"
    ledger "{$PIN,\"pendingLifetimeInSeconds\":700}"
    at "$(later "$back")" sign early@example.com >/dev/null
    at "$START" sign a@example.com >/dev/null
    code=$(at "$START" issue a@example.com)
    is "$back seconds back: a code is good for its time" pending "$(at "$(later $(($(takes 300) - 1)))" sql "SELECT state FROM reg_codes WHERE attempt_id = 2;")"
    is "$back seconds back: and then no more" code_timeout "$(at "$(later "$(takes 300)")" verify a@example.com "$code")"
    is "$back seconds back: a pending attempt waits" $'pending\npending' "$(at "$(later $(($(takes 700) - 1)))" sql "SELECT outcome FROM reg_attempts ORDER BY id;")"
    is "$back seconds back: and ends" $'undeliverable\nverification_expired' "$(at "$(later "$(takes 701)")" sql "SELECT failure_reason FROM reg_attempts ORDER BY id;")"
done

# Of many people at once: an hour back, by the minute, until the clock has caught up after eight.
ledger "{$PIN}"
at "$(later $HOUR)" sign a@example.com >/dev/null
for minute in $(seq 0 60 480); do
    at "$(later $((minute * 60)))" sign "m$minute@example.com" >/dev/null
done
is "an hour back: time never goes back, and is the clock's again after eight hours" '1|1|1' "$(sql "SELECT min(later), max(ahead) BETWEEN 3600000 AND 3600001, min(ahead) = 0 FROM (
    SELECT coalesce(recorded_at >= lag(recorded_at) OVER (ORDER BY id), 1) AS later, CASE WHEN id > 1 THEN recorded_at - attempted_at ELSE 3600000 END AS ahead FROM attempt);")"

# A second request that tells its time, from a clock that was set back: it cannot be compared with what was recorded by the other.
ledger "{$PIN}"
at "$(later $HOUR)" sign early@example.com >/dev/null
at "$START" sign a@example.com >/dev/null
at "$(later 100)" issue a@example.com >/dev/null
code=$(at "$(later 200)" sql "SELECT reg_resend_code('a@example.com', 'email');")
is "an hour back: a second request that tells its time" verified "$(at "$(later 220)" sql "INSERT INTO reg_attempts(email, email_confirm_code, attempted_at) VALUES ('a@example.com', '$code', '2026-01-01T12:03:30Z'); SELECT verdict FROM continuation;")"
is "when it was entered is told by the clock that was there" '2026-01-01T12:03:40.000Z' "$(at "$(later 221)" sql "SELECT email_confirmed_at FROM reg_attempts WHERE id = 2;")"

# An edited ledger.
ledger "{$PIN}"
at "$START" sign a@example.com >/dev/null
for mark in 9223372036854775807 -9223372036854775808; do
    sql "UPDATE clock SET newest = $mark, read_at = -newest;" >/dev/null
    at "$START" refuses "a mark of $mark is said, and harms nobody" "the ledger is damaged, or was edited: clock.newest is $mark" "SELECT count(*) FROM reg_attempts WHERE id = 1;"
done
sql "DELETE FROM clock;"
is "nor one that is gone" "1|2|pending" "$(at "$START" sql "SELECT count(*) FROM reg_attempts;" | tr '\n' '|'; at "$START" sign b@example.com)"
done_testing
