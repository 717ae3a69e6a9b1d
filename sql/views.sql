-- SPDX-License-Identifier: MIT
-- Views for analysts that work in any SQLite, without the extension. Like the rules, each version creates them anew.
-- name: views
DROP VIEW IF EXISTS subject_entry;
DROP VIEW IF EXISTS subject_index;
DROP VIEW IF EXISTS subject_key;
DROP VIEW IF EXISTS holding;
DROP VIEW IF EXISTS attempt_day;
DROP VIEW IF EXISTS touched_day;
DROP VIEW IF EXISTS resting_day;
DROP VIEW IF EXISTS attempt_progress;
DROP VIEW IF EXISTS attempt_state;
DROP VIEW IF EXISTS attempt_origin;
DROP VIEW IF EXISTS storm_hour;
DROP VIEW IF EXISTS origin_run;
DROP VIEW IF EXISTS newer_origin;
DROP VIEW IF EXISTS origin_index;
DROP VIEW IF EXISTS network_call;
DROP VIEW IF EXISTS resting_call;
DROP VIEW IF EXISTS unsummed_call;
DROP VIEW IF EXISTS unsummed_health;
DROP VIEW IF EXISTS funnel;
DROP VIEW IF EXISTS failure_reasons;
DROP VIEW IF EXISTS duplicate_storms;
DROP VIEW IF EXISTS code_times;
DROP VIEW IF EXISTS channel_health;
DROP VIEW IF EXISTS report_backlog;
DROP VIEW IF EXISTS pending_ages;

-- The index of subjects: who holds an e-mail address, phone, username, uuid or third-party identity, who waits for it, who asked in vain. SQLite looks into
-- both of its tables by their keys where it stands alone in FROM, or first in it and is asked for a given key; so a query that joins it to something asks
-- for it in a subquery.
CREATE VIEW subject_index AS
SELECT key, holder, attempt_id FROM subject_merged
UNION ALL
SELECT w.key, w.holder, w.attempt_id FROM subject_segment g CROSS JOIN subject_waiting w ON w.segment = g.id;

-- The same with its segments. Their order says nothing, and each has the order (key, holder, attempt_id). Where the first in that order is wanted, it is the
-- first of the segments' firsts. (Without the cast the two columns have not the same affinity, and SQLite goes through both tables.)
CREATE VIEW subject_entry AS
SELECT CAST(0 AS INTEGER) AS segment, key, holder, attempt_id FROM subject_merged
UNION ALL
SELECT segment, key, holder, attempt_id FROM subject_waiting;

-- The keys of a person in the index of subjects.
CREATE VIEW subject_key AS
SELECT attempt_id, email_key AS key FROM person WHERE email_key IS NOT NULL
UNION ALL SELECT attempt_id, phone_key FROM person WHERE phone_key IS NOT NULL
UNION ALL SELECT attempt_id, username_key FROM person WHERE username_key IS NOT NULL
UNION ALL SELECT attempt_id, uuid_key FROM person WHERE uuid_key IS NOT NULL
UNION ALL SELECT attempt_id, identity_key FROM person WHERE identity_key IS NOT NULL;

-- Who holds an attempt's identifiers as of its admission: the column `holder` of the index of subjects. The rule admit reads it.
CREATE VIEW holding AS
SELECT id AS attempt_id, outcome, reasons, CASE outcome WHEN 'success' THEN customer_id WHEN 'pending' THEN 0 ELSE -1 END AS holder FROM attempt;

-- The days (UTC, since 1970-01-01; earlier ones are negative) that have sign-ups: one look into the index each.
CREATE VIEW attempt_day AS
WITH RECURSIVE firsts(at) AS (
    SELECT min(attempted_at) FROM attempt
    UNION SELECT (SELECT min(a.attempted_at) FROM attempt a WHERE a.attempted_at >= f.at - (f.at % 86400000 + 86400000) % 86400000 + 86400000)
            FROM firsts f WHERE f.at IS NOT NULL)
SELECT (at - (at % 86400000 + 86400000) % 86400000) / 86400000 AS day FROM firsts WHERE at IS NOT NULL;

-- The days of which something was recorded since their sums were taken (sql/upgrades/6.sql).
CREATE VIEW touched_day AS
SELECT a.attempted_at / 86400000 AS day FROM kept_through k CROSS JOIN attempt a ON a.id > k.attempt_id
UNION
SELECT a.attempted_at / 86400000 FROM kept_through k CROSS JOIN decision d ON d.id > k.decision_id CROSS JOIN attempt a ON a.id = d.attempt_id
UNION
SELECT a.attempted_at / 86400000 FROM kept_through k CROSS JOIN code c ON c.id > k.code_id CROSS JOIN attempt a ON a.id = c.attempt_id
UNION
SELECT a.attempted_at / 86400000
  FROM kept_through k CROSS JOIN code_end e ON e.id > k.code_end_id CROSS JOIN code c ON c.id = e.code_id CROSS JOIN attempt a ON a.id = c.attempt_id
UNION
SELECT a.attempted_at / 86400000 FROM kept_through k CROSS JOIN report r ON r.id > k.report_id CROSS JOIN attempt a ON a.id = r.attempt_id
UNION
SELECT a.attempted_at / 86400000
  FROM kept_through k CROSS JOIN report_event e ON e.id > k.report_event_id CROSS JOIN report r ON r.id = e.report_id CROSS JOIN attempt a ON a.id = r.attempt_id
UNION
SELECT a.attempted_at / 86400000
  FROM kept_through k CROSS JOIN try t ON t.id > k.try_id LEFT JOIN code c ON c.id = t.code_id LEFT JOIN report r ON r.id = t.report_id
 CROSS JOIN attempt a ON a.id = coalesce(c.attempt_id, r.attempt_id)
UNION
SELECT a.attempted_at / 86400000 FROM kept_through k CROSS JOIN step s ON s.id > k.step_id CROSS JOIN attempt a ON a.id = s.attempt_id;

-- The days whose sums hold. They say what the facts say.
CREATE VIEW resting_day AS
SELECT day, newest, received, accepted, code_sent, confirmed, registered, kyc, subscribed, codes_over FROM kept_day WHERE day NOT IN (SELECT day FROM touched_day);

-- How far each attempt got, 0 or 1 each: accepted (not failed at once), code sent, confirmed, registered, KYC, subscribed.
-- A step counts once per attempt, whatever its status and however often it was recorded.
CREATE VIEW attempt_progress AS
SELECT a.id, a.attempted_at, 1 AS received,
       a.outcome <> 'failure' AS accepted,
       EXISTS (SELECT 1 FROM code c WHERE c.attempt_id = a.id AND c.handed_over_at IS NOT NULL) AS code_sent,
       EXISTS (SELECT 1 FROM code c JOIN code_end e ON e.code_id = c.id WHERE c.attempt_id = a.id AND e.state = 'verified') AS confirmed,
       CASE WHEN a.outcome <> 'pending' THEN a.outcome
            ELSE (SELECT d.outcome FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1) END IS 'success' AS registered,
       EXISTS (SELECT 1 FROM step s WHERE s.attempt_id = a.id AND s.name = 'KYC' COLLATE NOCASE) AS kyc,
       EXISTS (SELECT 1 FROM step s WHERE s.attempt_id = a.id AND s.name = 'SUBSCRIPTION' COLLATE NOCASE) AS subscribed
  FROM attempt a;

-- The states of each attempt's code and report, once no code's time runs any more, as reg_attempts shows them (sql/attempts.sql).
CREATE VIEW attempt_state AS
SELECT a.id, a.attempted_at,
       (SELECT CASE WHEN x.state IS NOT NULL THEN x.state WHEN c.runs_from IS NOT NULL THEN 'expired'
                    WHEN c.handed_over_at IS NOT NULL THEN 'sent' ELSE 'pending' END
          FROM code c LEFT JOIN code_end x ON x.id = (SELECT max(y.id) FROM code_end y WHERE y.code_id = c.id)
         WHERE c.attempt_id = a.id ORDER BY x.state IS 'verified' DESC, c.id DESC LIMIT 1) AS code,
       (SELECT CASE WHEN v.state IS NOT NULL AND v.state <> 'queued' THEN v.state
                    WHEN EXISTS (SELECT 1 FROM try t WHERE t.report_id = r.id) THEN 'retrying' ELSE 'queued' END
          FROM report r LEFT JOIN report_event v ON v.id = (SELECT max(w.id) FROM report_event w WHERE w.report_id = r.id)
         WHERE r.attempt_id = a.id ORDER BY r.id DESC LIMIT 1) AS report
  FROM attempt a;

-- How far each day's sign-ups (UTC, by attempted_at) got. Days at rest come from their sums.
CREATE VIEW funnel AS
SELECT date(day * 86400, 'unixepoch') AS day, received, accepted, code_sent, confirmed, registered, kyc, subscribed FROM resting_day
UNION ALL
SELECT date(o.day * 86400, 'unixepoch'), sum(p.received), sum(p.accepted), sum(p.code_sent), sum(p.confirmed), sum(p.registered), sum(p.kyc), sum(p.subscribed)
  FROM attempt_day o CROSS JOIN attempt_progress p ON p.attempted_at >= o.day * 86400000 AND p.attempted_at < (o.day + 1) * 86400000
 WHERE o.day NOT IN (SELECT day FROM resting_day)
 GROUP BY o.day;

-- Why attempts failed, by day (UTC, attempted_at) and reason. An attempt counts under each of its reasons; as_first counts its first reason only.
CREATE VIEW failure_reasons AS
SELECT date(v.day * 86400, 'unixepoch') AS day, r.value AS reason, sum(v.attempts) AS attempts, coalesce(sum(v.attempts) FILTER (WHERE r.key = 0), 0) AS as_first
  FROM (SELECT k.day, o.reasons, o.attempts
          FROM resting_day k CROSS JOIN kept_outcome o ON o.day = k.day AND o.outcome = 'failure'
        UNION ALL
        SELECT o.day, CASE WHEN d.id IS NULL THEN a.reasons ELSE d.reasons END, 1
          FROM attempt_day o
         CROSS JOIN attempt a ON a.attempted_at >= o.day * 86400000 AND a.attempted_at < (o.day + 1) * 86400000
          LEFT JOIN decision d ON d.id = (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id)
         WHERE o.day NOT IN (SELECT day FROM resting_day) AND CASE WHEN d.id IS NULL THEN a.outcome ELSE d.outcome END = 'failure') v,
       json_each(v.reasons) r
 GROUP BY v.day, r.value;

-- Where each attempt came from: its address, device and mail domain, a row each; and whether it repeats a person whom the ledger knew.
CREATE VIEW attempt_origin AS
SELECT a.id, a.attempted_at, k.column1 AS kind,
       CASE k.column1 WHEN 'address' THEN p.ip_address WHEN 'device' THEN p.device_id
            ELSE substr(p.email_folded, instr(p.email_folded, '@') + 1) END AS value,
       p.email_folded AS email,
       CASE WHEN a.outcome <> 'pending' THEN a.outcome
            ELSE coalesce((SELECT d.outcome FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), 'pending') END AS outcome,
       coalesce(instr(a.reasons, '_taken"') > 0, 0) AS taken
  FROM attempt a
  JOIN person p ON p.attempt_id = a.id
 CROSS JOIN (VALUES ('address'), ('device'), ('domain')) k;

-- The origins by which attempts are found, by their kind (sql/upgrades/9.sql): the runs that there may be, the origins of attempts that are in none yet, and all.
CREATE VIEW origin_run AS
WITH RECURSIVE part(run, last) AS (
    SELECT merged_id / 262144 + 1, origin_id / 262144 + 1 FROM kept_through WHERE origin_id > merged_id
    UNION ALL SELECT run + 1, last FROM part WHERE run < last)
SELECT 0 AS run UNION ALL SELECT run FROM part;
CREATE VIEW newer_origin AS
SELECT 1 AS kind, p.device_id AS value, p.attempt_id FROM person p WHERE p.attempt_id > (SELECT origin_id FROM kept_through) AND p.device_id IS NOT NULL
UNION ALL
SELECT 2, p.ip_address, p.attempt_id FROM person p WHERE p.attempt_id > (SELECT origin_id FROM kept_through) AND p.ip_address IS NOT NULL
UNION ALL
SELECT 3, substr(p.email_folded, instr(p.email_folded, '@') + 1), p.attempt_id
  FROM person p WHERE p.attempt_id > (SELECT origin_id FROM kept_through) AND p.email_folded IS NOT NULL;
CREATE VIEW origin_index AS
SELECT k.kind, k.value, k.attempt_id FROM kept_origin k WHERE k.run IN (SELECT run FROM origin_run)
UNION ALL
SELECT kind, value, attempt_id FROM newer_origin;

-- The hours (since 1970-01-01) in which there may be a storm of sign-ups. Of days at rest it is known.
CREATE VIEW storm_hour AS
SELECT s.hour FROM resting_day r CROSS JOIN kept_storm s ON s.hour >= r.day * 24 AND s.hour < (r.day + 1) * 24
UNION ALL
SELECT d.day * 24 + h.column1
  FROM attempt_day d
 CROSS JOIN (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15), (16), (17), (18), (19), (20), (21), (22), (23)) h
 WHERE d.day NOT IN (SELECT day FROM resting_day);

-- Addresses, devices and mail domains with at least five attempts within one hour (UTC): how many people these seem to be, and the outcomes.
-- A mail domain is listed only if at least half of its attempts repeat a known person, because large providers have many users.
CREATE VIEW duplicate_storms AS
SELECT kind, value, strftime('%Y-%m-%dT%H:00Z', h.hour * 3600, 'unixepoch') AS hour, count(*) AS attempts, count(DISTINCT email) AS emails, sum(taken) AS taken,
       sum(outcome = 'success') AS success, min(attempted_at) AS first_ms, max(attempted_at) AS last_ms
  FROM storm_hour h CROSS JOIN attempt_origin o ON o.attempted_at >= h.hour * 3600000 AND o.attempted_at < (h.hour + 1) * 3600000
 WHERE value IS NOT NULL
 GROUP BY kind, value, h.hour
HAVING count(*) >= 5 AND (kind <> 'domain' OR 2 * (sum(taken) + count(*) - count(DISTINCT email)) >= count(*));

-- Time until a code is handed over to its channel, and from then until it is entered: median and 95th percentile (nearest rank).
CREATE VIEW code_times AS
SELECT channel, until, count(*) AS codes, max(seconds) FILTER (WHERE place = (total + 1) / 2) AS median_seconds,
       max(seconds) FILTER (WHERE place = (total * 95 + 99) / 100) AS p95_seconds, max(seconds) AS slowest_seconds
  FROM (SELECT channel, until, seconds, row_number() OVER (PARTITION BY channel, until ORDER BY seconds) AS place,
               count(*) OVER (PARTITION BY channel, until) AS total
          FROM (SELECT c.channel, 'handed over' AS until, (c.handed_over_at - c.recorded_at) / 1000.0 AS seconds
                  FROM code c WHERE c.handed_over_at IS NOT NULL
                UNION ALL
                SELECT c.channel, 'confirmed', (min(coalesce(e.entered_at, e.recorded_at)) - c.runs_from) / 1000.0
                  FROM code c JOIN code_end e ON e.code_id = c.id
                 WHERE e.state = 'verified' AND c.runs_from IS NOT NULL
                 GROUP BY c.id))
 GROUP BY channel, until;

-- Each network call: its channel or the fraud API, its day (UTC), its result.
CREATE VIEW network_call AS
SELECT t.id, CASE WHEN t.report_id IS NOT NULL THEN 'fraud' ELSE (SELECT c.channel FROM code c WHERE c.id = t.code_id) END AS channel,
       t.started_at, t.started_at / 86400000 AS day, t.result, t.finished_at - t.started_at AS ms
  FROM try t;

-- The sums of calls that hold, and the calls that are in none of them.
CREATE VIEW resting_call AS
SELECT * FROM kept_call WHERE day NOT IN (SELECT t.started_at / 86400000 FROM kept_through k CROSS JOIN try t ON t.id > k.called_id);
CREATE VIEW unsummed_call AS
SELECT c.* FROM kept_through k CROSS JOIN network_call c ON c.id > k.called_id
UNION ALL
SELECT c.*
  FROM (SELECT DISTINCT t.started_at / 86400000 AS day, k.called_id FROM kept_through k CROSS JOIN try t ON t.id > k.called_id
         WHERE EXISTS (SELECT 1 FROM kept_call) AND t.started_at / 86400000 IN (SELECT day FROM kept_call)) late
 CROSS JOIN network_call c ON c.id <= late.called_id AND c.day = late.day;
CREATE VIEW unsummed_health AS
SELECT day, channel, count(*) AS calls, coalesce(sum(result = 'accepted'), 0) AS accepted,
       coalesce(sum(result = 'deferred'), 0) AS deferred, coalesce(sum(result = 'refused'), 0) AS refused,
       coalesce(sum(result = 'not_accepted'), 0) AS not_accepted, coalesce(sum(result = 'ambiguous'), 0) AS ambiguous, sum(result IS NULL) AS unanswered,
       max(ms / 1000.0) FILTER (WHERE place = (answered + 1) / 2) AS median_seconds,
       max(ms / 1000.0) FILTER (WHERE place = (answered * 95 + 99) / 100) AS p95_seconds,
       max(id) FILTER (WHERE result NOT IN ('accepted', 'deferred')) AS last_failure
  FROM (SELECT id, channel, day, result, ms, row_number() OVER (PARTITION BY channel, day ORDER BY ms IS NULL, ms) AS place,
               count(ms) OVER (PARTITION BY channel, day) AS answered
          FROM unsummed_call)
 GROUP BY day, channel;

-- Each channel (and the fraud API) by day (UTC): calls, results, durations and the last error.
CREATE VIEW channel_health AS
SELECT h.channel, date(h.day * 86400, 'unixepoch') AS day, h.calls, h.accepted, h.deferred, h.refused, h.not_accepted, h.ambiguous, h.unanswered,
       round(100.0 * (h.calls - h.accepted - h.deferred) / h.calls, 1) AS failing_percent, h.median_seconds, h.p95_seconds,
       (SELECT t.answer FROM try t WHERE t.id = h.last_failure) AS last_error
  FROM (SELECT * FROM resting_call UNION ALL SELECT * FROM unsummed_health) h;

-- Outcomes that the fraud API has not been told, by state: how many, since when, how many tries.
CREATE VIEW report_backlog AS
SELECT state, outcome, count(*) AS reports, min(recorded_at) AS oldest_ms,
       round((unixepoch() - min(recorded_at) / 1000) / 3600.0, 1) AS oldest_hours, sum(tries) AS tries, sum(ambiguous) AS ambiguous_tries,
       min(next_try_at) AS next_try_ms
  FROM (SELECT r.outcome, r.recorded_at, r.next_try_at,
               CASE WHEN v.state IS NOT NULL AND v.state <> 'queued' THEN v.state
                    WHEN EXISTS (SELECT 1 FROM try t WHERE t.report_id = r.id) THEN 'retrying' ELSE 'queued' END AS state,
               (SELECT count(*) FROM try t WHERE t.report_id = r.id) AS tries,
               (SELECT count(*) FROM try t WHERE t.report_id = r.id AND t.result = 'ambiguous') AS ambiguous
          FROM report r
          LEFT JOIN report_event v ON v.id = (SELECT max(w.id) FROM report_event w WHERE w.report_id = r.id)
         -- By the indexes of the queue and of what died; everything else has been told.
         WHERE r.id IN (SELECT id FROM report WHERE next_try_at IS NOT NULL UNION ALL SELECT report_id FROM report_event WHERE state = 'dead'))
 WHERE state IN ('queued', 'retrying', 'dead')
 GROUP BY state, outcome;

-- Pending attempts by age: how many, how many have their code, and how many should have been settled by now.
CREATE VIEW pending_ages AS
SELECT age, count(*) AS attempts, sum(handed_over) AS code_sent, sum(overdue) AS overdue, min(recorded_at) AS oldest_ms
  FROM (SELECT a.recorded_at, w.deadline <= unixepoch() * 1000 AS overdue,
               EXISTS (SELECT 1 FROM code c WHERE c.attempt_id = a.id AND c.handed_over_at IS NOT NULL) AS handed_over,
               CASE WHEN unixepoch() - a.recorded_at / 1000 < 300 THEN '1: under 5 minutes'
                    WHEN unixepoch() - a.recorded_at / 1000 < 3600 THEN '2: 5 minutes to 1 hour'
                    WHEN unixepoch() - a.recorded_at / 1000 < 21600 THEN '3: 1 to 6 hours'
                    WHEN unixepoch() - a.recorded_at / 1000 < 86400 THEN '4: 6 to 24 hours'
                    ELSE '5: over a day' END AS age
          FROM waiting w JOIN attempt a ON a.id = w.attempt_id)
 GROUP BY age;
