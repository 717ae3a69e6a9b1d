-- SPDX-License-Identifier: MIT
-- How far did each day's sign-ups get, and where did they stop?
-- Needs the extension, for the bars: .load build/reg. :from and :to are the first and the last day (.parameter set :from "'2026-01-01'"); by default the 30 days
-- up to the newest sign-up.
-- Days at rest come from their sums; each of the others is looked at by itself, so that nothing is sorted.
WITH RECURSIVE
span AS MATERIALIZED (
    SELECT max(unixepoch(coalesce(date(:from), date(newest, 'unixepoch', '-29 days'))) * 1000, first - first % 86400000) AS low,
           unixepoch(coalesce(date(:to), date(newest, 'unixepoch'))) * 1000 AS high
      FROM (SELECT (SELECT max(attempted_at) FROM attempt) / 1000 AS newest, (SELECT min(attempted_at) FROM attempt) AS first)),
days(low) AS (SELECT low FROM span WHERE high >= low UNION ALL SELECT d.low + 86400000 FROM days d, span s WHERE d.low < s.high),
counted AS MATERIALIZED (
    SELECT d.low,
           CASE WHEN r.day IS NOT NULL THEN json_array(r.received, r.accepted, r.code_sent, r.confirmed, r.registered)
                ELSE (SELECT json_array(count(*), sum(p.accepted), sum(p.code_sent), sum(p.confirmed), sum(p.registered))
                        FROM attempt_progress p WHERE p.attempted_at >= d.low AND p.attempted_at < d.low + 86400000) END AS counts,
           -- Few attempts have steps: faster by these than by each attempt.
           CASE WHEN r.day IS NOT NULL THEN json_array(r.kyc, r.subscribed)
                ELSE (SELECT json_array(count(DISTINCT attempt_id) FILTER (WHERE kyc), count(DISTINCT attempt_id) FILTER (WHERE NOT kyc))
                        FROM (SELECT s.attempt_id, s.name = 'KYC' COLLATE NOCASE AS kyc
                                FROM step s JOIN attempt a ON a.id = s.attempt_id AND a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000
                               WHERE s.name COLLATE NOCASE IN ('KYC', 'SUBSCRIPTION'))) END AS steps
      FROM days d LEFT JOIN resting_day r ON r.day = d.low / 86400000),
shown AS (SELECT date(low / 1000, 'unixepoch') AS day, counts ->> 0 AS received, counts ->> 1 AS accepted, counts ->> 2 AS code_sent, counts ->> 3 AS confirmed,
                 counts ->> 4 AS registered, steps ->> 0 AS kyc, steps ->> 1 AS subscribed FROM counted WHERE counts ->> 0 > 0)
SELECT day, received, accepted, code_sent, confirmed, registered, kyc, subscribed,
       reg_bar(received, max(received) OVER (), 20) AS received_bar,
       reg_bar(registered, max(received) OVER (), 20) AS registered_bar
  FROM shown
 ORDER BY day;
