#!/bin/bash
# SPDX-License-Identifier: MIT
# The ready answers: every view, and every query of sql/queries/, on a small ledger whose numbers can be counted by hand.
. tests/sql/tap.sh

# query NAME [SETTING...]: what sql/queries/NAME.sql says; settings are shell commands before it.
query() {
    local name=$1
    shift
    printf '%s\n' "$@" >"$FOLDER/query.sql"
    cat "sql/queries/$name.sql" >>"$FOLDER/query.sql"
    sql "$(cat "$FOLDER/query.sql")"
}
# without NAME: the same in the stock shell, without the extension.
without() {
    sqlite3 -batch -readonly "$LEDGER" <"sql/queries/$1.sql" 2>&1
}

ledger '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","pendingLifetimeInSeconds":7200}'
sign_up() { # TIME EMAIL PASSWORD ADDRESS DEVICE
    printf "INSERT INTO reg_attempts(attempted_at, email, password, ip_address, device_id) VALUES ('%s', '%s', '%s', '%s', '%s');\n" "$@"
}
# The first day: six from one address within an hour, four of them by one person; one bad password.
at '2026-03-01 10:00:00' sql "$(
    sign_up 2026-03-01T10:00:00Z a@example.com Abcdef1! 192.0.2.1 d1
    sign_up 2026-03-01T10:00:01Z b@example.com Abcdef1! 192.0.2.1 d2
    sign_up 2026-03-01T10:00:02Z c@example.org Abcdef1! 192.0.2.1 d3
    sign_up 2026-03-01T10:00:03Z C@example.org Abcdef1! 192.0.2.1 d3
    sign_up 2026-03-01T10:00:04Z c@example.org Abcdef1! 192.0.2.1 d3
    sign_up 2026-03-01T10:00:05Z c@example.org short 192.0.2.1 d3
)"
# Codes are handed over after 1, 2, ... seconds; the first two are entered 10 and 20 seconds later, the others never.
sqlite3 "$LEDGER" "
    UPDATE code SET handed_over_at = recorded_at + id * 1000, runs_from = recorded_at + id * 1000, next_try_at = NULL;
    INSERT INTO try (code_id, owner, started_at, lease_until, finished_at, result, status, answer)
    SELECT id, 'test:1', recorded_at, recorded_at + 60000, recorded_at + id * 1000, 'accepted', 250, 'ok' FROM code;
    UPDATE waiting SET deadline = deadline + 5000;
    INSERT INTO try (code_id, owner, started_at, lease_until, finished_at, result, status, answer)
    SELECT 1, 'test:1', recorded_at - 9000, recorded_at, recorded_at - 1000, 'not_accepted', 451, 'try later' FROM code WHERE id = 1;"
for i in 1 2; do
    at "2026-03-01 10:00:$((i * 11))" sql "INSERT INTO verify (verdict, code_id, recorded_at, entered_at, unique_email, unique_phone, reportable)
        SELECT 'verified', c.id, c.runs_from + $((i * 10000)), c.runs_from + $((i * 10000)), 1, 1, '[\"email_taken\"]' FROM code c WHERE c.id = $i;"
done >"$FOLDER/verified" 2>&1
is "the stage: two are verified" "2" "$(sqlite3 "$LEDGER" "SELECT count(*) FROM code_end WHERE state = 'verified';")"
# The second day: one asks again and is refused; one waits. A step of onboarding.
at '2026-03-02 10:00:00' sql "$(
    sign_up 2026-03-02T09:00:00Z a@example.com Abcdef1! 192.0.2.9 d9
    sign_up 2026-03-02T09:59:00Z d@example.com Abcdef1! 192.0.2.9 d8
    echo "SELECT reg_record_step('a@example.com', 'KYC', 'GREEN');"
)" >"$FOLDER/second" 2>&1
# Reports: the first acknowledged, the second tried in vain, the third waits.
sqlite3 "$LEDGER" "
    INSERT INTO try (report_id, owner, started_at, lease_until, finished_at, result, status, answer)
    SELECT id, 'test:1', recorded_at + 1000, recorded_at + 60000, recorded_at + CASE id WHEN 1 THEN 1200 ELSE 3000 END,
           CASE id WHEN 1 THEN 'accepted' ELSE 'ambiguous' END, CASE id WHEN 1 THEN 200 ELSE 504 END, CASE id WHEN 1 THEN 'ok' ELSE 'gateway time-out' END
      FROM report WHERE id IN (1, 2);
    INSERT INTO report_event (report_id, recorded_at, state) SELECT id, recorded_at + 1200, 'acknowledged' FROM report WHERE id = 1;
    UPDATE report SET next_try_at = NULL WHERE id = 1;"

morning='2026-03-02 10:10:00'
is "the funnel" $'2026-03-01|6|5|5|2|2|1|0|████████████████████|██████▋
2026-03-02|2|1|0|0|0|0|0|██████▋|' "$(query funnel)"
is "the funnel needs the extension for its bars alone" $'2026-03-01|6|5|5|2|2|1|0\n2026-03-02|2|1|0|0|0|0|0' "$(sqlite3 -readonly "$LEDGER" "SELECT * FROM funnel;")"
is "the week" $'received|8|▁▁▁▁▁█▃\nregistered|2|▁▁▁▁▁█▁\nrefused at once|2|▁▁▁▁▁██' "$(query week)"
is "fewer days" $'received|2|█\nregistered|0|▁\nrefused at once|1|█' "$(query week '.parameter set :days 1')"
is "why attempts failed" $'2026-03-01|password_no_digit|1|0
2026-03-01|password_no_symbol|1|0
2026-03-01|password_no_uppercase|1|0
2026-03-01|password_too_short|1|1
2026-03-02|email_taken|1|1' "$(without failure_reasons)"
is "duplicate storms" $'2026-03-01T10:00Z|address|192.0.2.1|6|3|0|2' "$(without duplicate_storms)"
is "how long codes take" $'email|handed over|5|3.0|5.0|5.0\nemail|confirmed|2|10.0|20.0|20.0' "$(without code_times)"
is "slow or failing channels" $'2026-03-01|fraud|2|50.0|1|0|0|0|1|0|0.2|2.0|gateway time-out
2026-03-01|email|6|16.7|5|0|0|1|0|0|3.0|8.0|try later' "$(without channels)"
is "the backlog of reports" $'queued|failure|1|2026-03-02T10:00:00Z|0.2|0|0
retrying|success|1|2026-03-01T10:00:22Z|24.2|1|1' "$(at "$morning" query report_backlog)"
is "who is waiting" $'2: 5 minutes to 1 hour|1|0|0\n5: over a day|3|3|3' "$(at '2026-03-02 10:10:00' query pending_ages)"
is "what changed in a day" $'outcome|pending|failure (verification_expired)|3
outcome|(new)|failure (email_taken)|1
outcome|(new)|pending|1
code|sent|expired|3
code|(none)|pending|1
report|(none)|queued|1' "$(at "$morning" query changes '.parameter set :then "'"'2026-03-01T10:01:00Z'"'"')"
is "what changed between two moments" $'outcome|pending|success|2
code|sent|verified|2
report|(none)|acknowledged|1
report|(none)|retrying|1' "$(query changes '.parameter set :then "'"'2026-03-01T10:00:09Z'"'"' '.parameter set :until "'"'2026-03-01T10:01:00Z'"'"')"
is "what there is since ever" $'outcome|(new)|failure (verification_expired)|3
outcome|(new)|success|2
outcome|(new)|failure (email_taken)|1
outcome|(new)|failure (password_too_short)|1
outcome|(new)|pending|1
code|(none)|expired|3
code|(none)|verified|2
code|(none)|pending|1
report|(none)|acknowledged|1
report|(none)|queued|1
report|(none)|retrying|1' "$(at "$morning" query changes '.parameter set :then "'"'1970-01-01'"'"')"
is "since the moment of the first: that one is not new" "$(sqlite3 "$LEDGER" "SELECT count(*) FROM attempt WHERE recorded_at > (SELECT min(recorded_at) FROM attempt);")" \
    "$(at "$morning" query changes '.parameter set :then "(SELECT min(recorded_at) FROM attempt)"' | awk -F'|' '$2 == "(new)" { n += $4 } END { print n + 0 }')"
is "nothing changed" "" "$(query changes '.parameter set :then "'"'2026-03-01T10:01:00Z'"'"' '.parameter set :until "'"'2026-03-01T10:01:01Z'"'"')"
at "$morning" sql "INSERT INTO reg_attempts(attempted_at, email, name, outcome, phone) VALUES ('2026-02-28T09:00:00Z', 'f@example.com', '=1+1', 'success', '+16045551234');" >/dev/null
is "attempts for a spreadsheet" "9|2026-02-28T09:00:00.000Z|success||f@example.com|'+16045551234||'=1+1||||||||queued|" "$(query sheet '.parameter set :to "'"'2026-02-28'"'"')"
sqlite3 "$LEDGER" "PRAGMA foreign_keys = OFF; DELETE FROM report WHERE attempt_id = 9; DELETE FROM subject_merged WHERE attempt_id = 9; DELETE FROM person WHERE attempt_id = 9; DELETE FROM attempt WHERE id = 9;"
printf 'date,success,failure\n2026-03-01,1,0\n2026-03-02,0,1\n' >"$FOLDER/export.csv"
is "the reconciliation" $'2026-03-01|success|1|2|1|2|-1|match|{"unsent":-1}
2026-03-01|failure|0|4|0|0|-4|match|{"not_reportable":-1,"unsettled":-3}
2026-03-02|success|0|0|0|0|0|match|{}
2026-03-02|failure|1|1|0|0|0|unexplained|{"unsent":-1,"unexplained":1}' \
    "$(query reconciliation ".parameter set :file \"'$FOLDER/export.csv'\"" '.parameter set :as_of "'"'2026-03-02T10:10:00Z'"'"')"

# Each says what it answers; each was run above; the views come with the ledger.
for file in sql/queries/*.sql; do
    name=$(basename "$file" .sql)
    like "$name says which question it answers" '^-- .*\?' "$(sed '/^-- SPDX-License-Identifier: /d' "$file" | head -n 1)"
    ok "$name is tested here" grep -qE "(query|without) $name( |\)|$)" "$0"
done
# (Some views are no answers: holding is a rule's, the others are parts of these.)
answers "the views" "attempts channel_health code_times codes duplicate_storms failure_reasons funnel funnel_by_day outcomes_by_day pending_ages report_backlog reports" "
    SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema WHERE type = 'view' AND sql NOT LIKE '%WHERE 0%' AND name NOT IN
        ('holding', 'newer_origin', 'origin_index', 'origin_run', 'subject_entry', 'subject_index', 'subject_key', 'attempt_day', 'attempt_origin', 'attempt_progress', 'attempt_state', 'network_call', 'resting_call', 'resting_day', 'storm_hour', 'touched_day', 'unsummed_call', 'unsummed_health') ORDER BY name);"
is "they ask for no trust" "7" "$(sqlite3 -readonly "$LEDGER" "PRAGMA trusted_schema = OFF;
    SELECT (SELECT count(*) >= 0 FROM channel_health) + (SELECT count(*) >= 0 FROM code_times) + (SELECT count(*) >= 0 FROM duplicate_storms)
         + (SELECT count(*) >= 0 FROM failure_reasons) + (SELECT count(*) >= 0 FROM funnel) + (SELECT count(*) >= 0 FROM pending_ages) + (SELECT count(*) >= 0 FROM report_backlog);")"
# Storms of one device, and of one mail domain whose people are not new; five new people of a domain are no storm.
ledger
at '2026-03-01 12:00:00' sql "$(
    for i in 1 2 3 4 5; do sign_up 2026-03-01T11:00:0${i}Z "p$i@example.com" Abcdef1! "192.0.2.$i" shared; done
    for i in 1 2 3 4 5; do sign_up 2026-03-01T11:30:0${i}Z "q$((i / 3))@example.org" Abcdef1! "192.0.2.1$i" "d$i"; done
)"
is "storms by device and domain" $'2026-03-01T11:00Z|device|shared|5|5|0|5\n2026-03-01T11:00Z|domain|example.org|5|2|3|2' "$(without duplicate_storms)"
done_testing
