-- SPDX-License-Identifier: MIT
-- The numbers on the page of `regjob dashboard`: counts, times and product names, no personal data.
-- Days are UTC and follow attempted_at, as the fraud vendor's dashboard does; day is a number of days since 1970.

-- The 90 days up to the newest sign-up, starting with the first that has one.
-- name: dashboard_window
SELECT (SELECT min(a.attempted_at) FROM attempt a WHERE a.attempted_at >= (w.last - 89) * 86400000) / 86400000 AS first, w.last,
       (SELECT count(*) FROM attempt) AS attempts
  FROM (SELECT max(attempted_at) / 86400000 AS last FROM attempt) w

-- Outcomes and reasons by day. An attempt whose time has run out counts as failed, settled or not. Days at rest come from their sums (sql/upgrades/6.sql),
-- here and below; each of the others is gathered by itself, so that no more than a day is sorted.
-- name: dashboard_outcomes
WITH RECURSIVE days(day) AS (
    SELECT :first UNION ALL SELECT day + 1 FROM days WHERE day < (SELECT max(attempted_at) FROM attempt) / 86400000)
SELECT d.day, c.value ->> 0 AS outcome, c.value ->> 1 AS reasons, c.value ->> 2 AS number
  FROM (SELECT d.day, CASE WHEN d.day IN (SELECT day FROM resting_day) THEN
               (SELECT json_group_array(json_array(k.outcome, nullif(k.reasons, ''), k.attempts)) FROM kept_outcome k WHERE k.day = d.day)
               ELSE
               (SELECT json_group_array(json_array(outcome, reasons, number))
                  FROM (SELECT coalesce(v.outcome, CASE WHEN w.attempt_id IS NOT NULL THEN 'failure' ELSE a.outcome END) AS outcome,
                               CASE WHEN v.id IS NOT NULL THEN v.reasons
                                    WHEN w.attempt_id IS NULL THEN a.reasons
                                    WHEN EXISTS (SELECT 1 FROM code c WHERE c.attempt_id = a.id AND c.runs_from IS NOT NULL) THEN '["verification_expired"]'
                                    ELSE '["undeliverable"]' END AS reasons,
                               count(*) AS number
                          FROM attempt a
                          LEFT JOIN decision v ON v.id = CASE WHEN a.outcome = 'pending' THEN (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id) END
                          LEFT JOIN waiting w ON w.attempt_id = CASE WHEN a.outcome = 'pending' THEN a.id END AND w.deadline <= :now
                         WHERE a.attempted_at >= d.day * 86400000 AND a.attempted_at < (d.day + 1) * 86400000
                         GROUP BY 1, 2)) END AS counts
          FROM days d) d,
       json_each(d.counts) c

-- What was done to the window's values, by column and rule.
-- name: dashboard_notes
SELECT "column", done, rule, sum(number) AS number
  FROM (SELECT k."column", k.done, k.rule, k.number FROM resting_day r JOIN kept_note k ON k.day = r.day WHERE r.day >= :first
        UNION ALL
        SELECT n.value ->> 'column', n.value ->> 'done', n.value ->> 'rule', 1
          FROM attempt_day d
         CROSS JOIN attempt a ON a.attempted_at >= d.day * 86400000 AND a.attempted_at < (d.day + 1) * 86400000 AND a.notes IS NOT NULL
         CROSS JOIN json_each(a.notes) n
         WHERE d.day >= :first AND d.day NOT IN (SELECT day FROM resting_day))
 GROUP BY 1, 2, 3 ORDER BY number DESC, 1, 2, 3

-- The funnel of the window's sign-ups, as the view of that name has it by day: received, accepted, code sent, confirmed, registered, KYC, subscribed.
-- name: dashboard_funnel
SELECT sum(received), sum(accepted), sum(code_sent), sum(confirmed), sum(registered), sum(kyc), sum(subscribed)
  FROM (SELECT received, accepted, code_sent, confirmed, registered, kyc, subscribed FROM resting_day WHERE day >= :first
        UNION ALL
        SELECT p.received, p.accepted, p.code_sent, p.confirmed, p.registered, p.kyc, p.subscribed
          FROM attempt_day d CROSS JOIN attempt_progress p ON p.attempted_at >= d.day * 86400000 AND p.attempted_at < (d.day + 1) * 86400000
         WHERE d.day >= :first AND d.day NOT IN (SELECT day FROM resting_day))

-- Milliseconds until a code was handed over to its channel (step 1), and from then until it was confirmed (2), with the day of the request. Covers the 90 days
-- up to the newest code, without codes that the caller delivers.
-- name: dashboard_delivery
WITH since AS MATERIALIZED (SELECT (recorded_at / 86400000 - 89) * 86400000 AS at FROM code ORDER BY id DESC LIMIT 1)
SELECT c.channel, 1 AS step, c.recorded_at / 86400000 AS day, c.handed_over_at - c.recorded_at AS ms
  FROM code c WHERE c.recorded_at >= (SELECT at FROM since) AND c.channel <> 'none' AND c.handed_over_at IS NOT NULL
UNION ALL
SELECT c.channel, 2, c.recorded_at / 86400000, coalesce(e.entered_at, e.recorded_at) - c.handed_over_at
  FROM code c JOIN code_end e ON e.code_id = c.id AND e.state = 'verified'
 WHERE c.recorded_at >= (SELECT at FROM since) AND c.channel <> 'none' AND c.handed_over_at IS NOT NULL
