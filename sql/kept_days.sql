-- SPDX-License-Identifier: MIT
-- Sums of days at rest (sql/upgrades/6.sql): which days are let go, which are summed, and how.

-- Up to where facts are known, and the kept days that something has been recorded of since. A try that is not finished is above it, since it may
-- still change, or be withdrawn and its id given to another.
-- name: kept_days_look
SELECT round,
       (SELECT coalesce(max(id), 0) FROM attempt) AS attempt_id, (SELECT coalesce(max(id), 0) FROM decision) AS decision_id,
       (SELECT coalesce(max(id), 0) FROM code) AS code_id, (SELECT coalesce(max(id), 0) FROM code_end) AS code_end_id,
       (SELECT coalesce(max(id), 0) FROM report) AS report_id, (SELECT coalesce(max(id), 0) FROM report_event) AS report_event_id,
       coalesce((SELECT min(id) FROM try WHERE finished_at IS NULL) - 1, (SELECT max(id) FROM try), 0) AS try_id,
       (SELECT coalesce(max(id), 0) FROM step) AS step_id,
       (SELECT json_group_array(day) FROM kept_day WHERE day IN (SELECT day FROM touched_day)) AS touched
  FROM kept_through

-- name: let_days_go
DELETE FROM kept_day WHERE day IN (SELECT value FROM json_each(:touched)) AND (SELECT round FROM kept_through) = :round

-- name: move_kept_through
UPDATE kept_through
   SET round = round + 1, attempt_id = :attempt_id, decision_id = :decision_id, code_id = :code_id, code_end_id = :code_end_id, report_id = :report_id,
       report_event_id = :report_event_id, try_id = :try_id, step_id = :step_id
 WHERE round = :round

-- Days that can be summed: over, and nothing waits on them.
-- name: days_to_keep
SELECT day FROM attempt_day
 WHERE day >= 0 AND day < :today AND day NOT IN (SELECT day FROM kept_day) AND day NOT IN (SELECT day FROM touched_day)
   AND day NOT IN (SELECT a.attempted_at / 86400000 FROM waiting w JOIN attempt a ON a.id = w.attempt_id)

-- name: kept_days_round
SELECT round FROM kept_through

-- The funnel of the day, and its newest fact. Each table is looked through by itself, since a subquery for each attempt and table takes three times as long.
-- name: sum_day
WITH seen AS (SELECT id, recorded_at, outcome FROM attempt WHERE attempted_at >= :day * 86400000 AND attempted_at < (:day + 1) * 86400000)
SELECT v.received, v.accepted, c.code_sent, c.confirmed, v.registered, s.kyc, s.subscribed,
       max(v.newest, coalesce(c.newest, 0), coalesce(r.newest, 0), coalesce(s.newest, 0)) AS newest, coalesce(c.codes_over, 0) AS codes_over
  FROM (SELECT count(*) AS received, sum(a.outcome <> 'failure') AS accepted,
               sum(CASE WHEN a.outcome <> 'pending' THEN a.outcome
                        ELSE (SELECT d.outcome FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1) END IS 'success') AS registered,
               max(max(a.recorded_at, coalesce((SELECT max(d.recorded_at) FROM decision d WHERE d.attempt_id = a.id), 0))) AS newest
          FROM seen a) v,
       (SELECT count(DISTINCT CASE WHEN k.handed_over_at IS NOT NULL THEN a.id END) AS code_sent,
               count(DISTINCT CASE WHEN e.state = 'verified' THEN a.id END) AS confirmed,
               max(max(k.recorded_at, coalesce(k.runs_from, 0), coalesce(k.handed_over_at, 0), coalesce(e.recorded_at, 0))) AS newest,
               max(CASE WHEN e.id IS NULL THEN k.runs_from + k.lifetime_ms END) AS codes_over
          FROM seen a CROSS JOIN code k ON k.attempt_id = a.id LEFT JOIN code_end e ON e.code_id = k.id) c,
       (SELECT max(max(p.recorded_at, coalesce(e.recorded_at, 0), coalesce(t.started_at, 0), coalesce(t.finished_at, 0))) AS newest
          FROM seen a CROSS JOIN report p ON p.attempt_id = a.id LEFT JOIN report_event e ON e.report_id = p.id LEFT JOIN try t ON t.report_id = p.id) r,
       (SELECT count(DISTINCT CASE WHEN o.name = 'KYC' COLLATE NOCASE THEN a.id END) AS kyc,
               count(DISTINCT CASE WHEN o.name = 'SUBSCRIPTION' COLLATE NOCASE THEN a.id END) AS subscribed, max(o.recorded_at) AS newest
          FROM seen a CROSS JOIN step o ON o.attempt_id = a.id) s

-- name: sum_outcomes
SELECT json_group_array(json_array(outcome, coalesce(reasons, ''), attempts))
  FROM (SELECT coalesce(v.outcome, a.outcome) AS outcome, CASE WHEN v.id IS NULL THEN a.reasons ELSE v.reasons END AS reasons, count(*) AS attempts
          FROM attempt a
          LEFT JOIN decision v ON v.id = CASE WHEN a.outcome = 'pending' THEN (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id) END
         WHERE a.attempted_at >= :day * 86400000 AND a.attempted_at < (:day + 1) * 86400000
         GROUP BY 1, 2)

-- name: sum_states
WITH both AS MATERIALIZED (
    SELECT code, report, count(*) AS attempts FROM attempt_state
     WHERE attempted_at >= :day * 86400000 AND attempted_at < (:day + 1) * 86400000
     GROUP BY 1, 2)
SELECT json_group_array(json_array(what, state, attempts))
  FROM (SELECT 'code' AS what, code AS state, sum(attempts) AS attempts FROM both WHERE code IS NOT NULL GROUP BY 2
        UNION ALL SELECT 'report', report, sum(attempts) FROM both WHERE report IS NOT NULL GROUP BY 2)

-- name: sum_notes
SELECT json_group_array(json_array("column", done, rule, number))
  FROM (SELECT n.value ->> 'column' AS "column", n.value ->> 'done' AS done, n.value ->> 'rule' AS rule, count(*) AS number
          FROM attempt a, json_each(a.notes) n
         WHERE a.attempted_at >= :day * 86400000 AND a.attempted_at < (:day + 1) * 86400000 AND a.notes IS NOT NULL
         GROUP BY 1, 2, 3)

-- The hours of duplicate_storms: each by itself, since less is sorted then, and one kind of storm is enough.
-- name: sum_storms
SELECT json_group_array(hour)
  FROM (SELECT :day * 24 + n.column1 AS hour
          FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15), (16), (17), (18), (19), (20), (21), (22), (23)) n) h
 WHERE EXISTS (SELECT 1 FROM attempt a CROSS JOIN person p ON p.attempt_id = a.id
                WHERE a.attempted_at >= h.hour * 3600000 AND a.attempted_at < (h.hour + 1) * 3600000 AND p.ip_address IS NOT NULL
                GROUP BY p.ip_address HAVING count(*) >= 5)
    OR EXISTS (SELECT 1 FROM attempt a CROSS JOIN person p ON p.attempt_id = a.id
                WHERE a.attempted_at >= h.hour * 3600000 AND a.attempted_at < (h.hour + 1) * 3600000 AND p.device_id IS NOT NULL
                GROUP BY p.device_id HAVING count(*) >= 5)
    OR EXISTS (SELECT 1
                 FROM (SELECT substr(p.email_folded, instr(p.email_folded, '@') + 1) AS domain, count(*) AS attempts,
                              sum(coalesce(instr(a.reasons, '_taken"') > 0, 0)) AS taken
                         FROM attempt a CROSS JOIN person p ON p.attempt_id = a.id
                        WHERE a.attempted_at >= h.hour * 3600000 AND a.attempted_at < (h.hour + 1) * 3600000 AND p.email_folded IS NOT NULL
                        GROUP BY p.email_folded)
                GROUP BY domain HAVING sum(attempts) >= 5 AND 2 * (sum(taken) + sum(attempts) - count(*)) >= sum(attempts))

-- Nothing where days were let go since the sums were taken: the day may be one of them.
-- name: keep_day
INSERT INTO kept_day (day, newest, received, accepted, code_sent, confirmed, registered, kyc, subscribed, codes_over)
SELECT :day, :newest, :received, :accepted, :code_sent, :confirmed, :registered, :kyc, :subscribed, :codes_over
 WHERE (SELECT round FROM kept_through) = :round AND NOT EXISTS (SELECT 1 FROM kept_day WHERE day = :day)

-- What is left of a day that was let go.
-- name: empty_kept_outcomes
DELETE FROM kept_outcome WHERE day = :day

-- name: empty_kept_states
DELETE FROM kept_state WHERE day = :day

-- name: empty_kept_notes
DELETE FROM kept_note WHERE day = :day

-- name: empty_kept_causes
DELETE FROM kept_cause WHERE slot >= :day * 96 AND slot < (:day + 1) * 96

-- name: empty_kept_storms
DELETE FROM kept_storm WHERE hour >= :day * 24 AND hour < (:day + 1) * 24

-- name: keep_outcomes
INSERT INTO kept_outcome (day, outcome, reasons, attempts)
SELECT :day, o.value ->> 0, o.value ->> 1, o.value ->> 2 FROM json_each(:outcomes) o ORDER BY 2, 3

-- name: keep_states
INSERT INTO kept_state (day, what, state, attempts)
SELECT :day, s.value ->> 0, s.value ->> 1, s.value ->> 2 FROM json_each(:states) s ORDER BY 2, 3

-- name: keep_notes
INSERT INTO kept_note (day, "column", done, rule, number)
SELECT :day, n.value ->> 0, n.value ->> 1, n.value ->> 2, n.value ->> 3 FROM json_each(:notes) n ORDER BY 2, 3, 4

-- name: keep_storms
INSERT INTO kept_storm (hour) SELECT h.value FROM json_each(:storms) h ORDER BY 1

-- name: keep_cause
INSERT INTO kept_cause (slot, outcome, cause, unit, certain, possible, open, listed, unsure)
VALUES (:slot, :outcome, :cause, :unit, :certain, :possible, :open, :listed, :unsure)

-- The days from :low to before :high whose sums hold as of a moment.
-- name: resting_days
SELECT day FROM resting_day WHERE newest <= :as_of AND day >= :first AND day <= :last ORDER BY day

-- name: kept_causes
SELECT slot, outcome, cause, unit, certain, possible, open, listed, unsure FROM kept_cause WHERE slot >= :day * 96 AND slot < (:day + 1) * 96

-- The day of the first call that is in no sum, and the last call of that day; no row where that day is not over or a call is not finished.
-- name: calls_look
SELECT k.called_id AS since, t.started_at / 86400000 AS day,
       coalesce((SELECT min(n.id) FROM try n WHERE n.id > t.id AND n.started_at / 86400000 <> t.started_at / 86400000) - 1, (SELECT max(id) FROM try)) AS until
  FROM kept_through k JOIN try t ON t.id = (SELECT min(id) FROM try WHERE id > k.called_id)
 WHERE t.started_at / 86400000 < min(:today, coalesce((SELECT min(o.started_at) / 86400000 FROM try o WHERE o.id > k.try_id), :today))

-- As the view unsummed_health. A day that comes again, because a clock has gone back, is counted anew.
-- name: sum_calls
SELECT json_group_array(json_array(channel, calls, accepted, deferred, refused, not_accepted, ambiguous, median_seconds, p95_seconds, last_failure))
  FROM (SELECT channel, count(*) AS calls, sum(result = 'accepted') AS accepted, sum(result = 'deferred') AS deferred, sum(result = 'refused') AS refused,
               sum(result = 'not_accepted') AS not_accepted, sum(result = 'ambiguous') AS ambiguous,
               max(ms / 1000.0) FILTER (WHERE place = (calls + 1) / 2) AS median_seconds,
               max(ms / 1000.0) FILTER (WHERE place = (calls * 95 + 99) / 100) AS p95_seconds,
               max(id) FILTER (WHERE result NOT IN ('accepted', 'deferred')) AS last_failure
          FROM (SELECT id, channel, result, ms, row_number() OVER (PARTITION BY channel ORDER BY ms) AS place, count(*) OVER (PARTITION BY channel) AS calls
                  FROM network_call
                 WHERE id > CASE WHEN EXISTS (SELECT 1 FROM kept_call WHERE day = :day) THEN 0 ELSE :since END AND id <= :until AND day = :day
                   AND channel IS NOT NULL)
         GROUP BY channel)

-- Nothing where another has counted them meanwhile.
-- name: move_called
UPDATE kept_through SET called_id = :until WHERE called_id = :since

-- name: keep_calls
INSERT OR REPLACE INTO kept_call (day, channel, calls, accepted, deferred, refused, not_accepted, ambiguous, unanswered, median_seconds, p95_seconds, last_failure)
SELECT :day, c.value ->> 0, c.value ->> 1, c.value ->> 2, c.value ->> 3, c.value ->> 4, c.value ->> 5, c.value ->> 6, 0, c.value ->> 7, c.value ->> 8, c.value ->> 9
  FROM json_each(:calls) c ORDER BY 2
