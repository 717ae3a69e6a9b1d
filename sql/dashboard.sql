-- The numbers on the page of `regjob dashboard`: counts, times and product names, no personal data.
-- Days are UTC and follow attempted_at, as the fraud vendor's dashboard does; day is a number of days since 1970.

-- The 90 days up to the newest sign-up, starting with the first that has one.
-- name: dashboard_window
SELECT (SELECT min(a.attempted_at) FROM attempt a WHERE a.attempted_at >= (w.last - 89) * 86400000) / 86400000 AS first, w.last,
       (SELECT count(*) FROM attempt) AS attempts
  FROM (SELECT max(attempted_at) / 86400000 AS last FROM attempt) w

-- Outcomes and reasons by day. An attempt whose time has run out counts as failed, settled or not.
-- name: dashboard_outcomes
SELECT a.attempted_at / 86400000 AS day,
       coalesce(d.outcome, CASE WHEN w.attempt_id IS NOT NULL THEN 'failure' ELSE a.outcome END) AS outcome,
       CASE WHEN d.id IS NOT NULL THEN d.reasons
            WHEN w.attempt_id IS NULL THEN a.reasons
            WHEN EXISTS (SELECT 1 FROM code c WHERE c.attempt_id = a.id AND c.runs_from IS NOT NULL) THEN '["verification_expired"]'
            ELSE '["undeliverable"]' END AS reasons,
       count(*) AS number
  FROM attempt a
  LEFT JOIN decision d ON d.id = (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id)
  LEFT JOIN waiting w ON w.attempt_id = a.id AND w.deadline <= :now
 WHERE a.attempted_at >= :first * 86400000
 GROUP BY 1, 2, 3

-- What was done to the window's values, by column and rule.
-- name: dashboard_notes
SELECT n.value ->> 'column' AS "column", n.value ->> 'done' AS done, n.value ->> 'rule' AS rule, count(*) AS number
  FROM attempt a, json_each(a.notes) n
 WHERE a.attempted_at >= :first * 86400000 AND a.notes IS NOT NULL
 GROUP BY 1, 2, 3 ORDER BY number DESC, 1, 2, 3

-- The funnel of the window's sign-ups.
-- name: dashboard_funnel
SELECT sum(received), sum(accepted), sum(code_sent), sum(confirmed), sum(registered), sum(kyc), sum(subscribed)
  FROM funnel WHERE day >= date(:first * 86400, 'unixepoch')

-- Seconds until a code was handed over to its channel, and from then until it was confirmed: count, median, 95th
-- percentile (nearest rank), longest. Covers the 90 days up to the newest code, without codes that the caller delivers.
-- name: dashboard_delivery
WITH recent AS (
    SELECT c.id, c.channel, c.recorded_at, c.handed_over_at
      FROM code c
     WHERE c.channel <> 'none' AND c.handed_over_at IS NOT NULL
       AND c.recorded_at >= ((SELECT recorded_at FROM code ORDER BY id DESC LIMIT 1) / 86400000 - 89) * 86400000),
timed AS (
    SELECT channel, 1 AS step, handed_over_at - recorded_at AS ms FROM recent
    UNION ALL
    SELECT r.channel, 2, max(0, coalesce(e.entered_at, e.recorded_at) - r.handed_over_at)
      FROM recent r JOIN code_end e ON e.code_id = r.id AND e.state = 'verified'),
ranked AS (
    SELECT channel, step, ms, row_number() OVER each AS place, count(*) OVER (PARTITION BY channel, step) AS number
      FROM timed WINDOW each AS (PARTITION BY channel, step ORDER BY ms))
SELECT channel, step, number, max(CASE WHEN place = (number + 1) / 2 THEN ms END) / 1000.0 AS median,
       max(CASE WHEN place = (number * 95 + 99) / 100 THEN ms END) / 1000.0 AS most, max(ms) / 1000.0 AS longest
  FROM ranked GROUP BY channel, step ORDER BY step, channel

-- Hand-over times by day of the request and channel.
-- name: dashboard_delivery_days
WITH ranked AS (
    SELECT c.channel, c.recorded_at / 86400000 AS day, c.handed_over_at - c.recorded_at AS ms,
           row_number() OVER (PARTITION BY c.channel, c.recorded_at / 86400000 ORDER BY c.handed_over_at - c.recorded_at) AS place,
           count(*) OVER (PARTITION BY c.channel, c.recorded_at / 86400000) AS number
      FROM code c
     WHERE c.channel <> 'none' AND c.handed_over_at IS NOT NULL
       AND c.recorded_at >= ((SELECT recorded_at FROM code ORDER BY id DESC LIMIT 1) / 86400000 - 89) * 86400000)
SELECT day, channel, number, max(CASE WHEN place = (number + 1) / 2 THEN ms END) / 1000.0 AS median,
       max(CASE WHEN place = (number * 95 + 99) / 100 THEN ms END) / 1000.0 AS most
  FROM ranked GROUP BY day, channel ORDER BY day, channel
