-- SPDX-License-Identifier: MIT
-- Why did attempts fail, day by day? An attempt counts under each of its reasons; as_first counts those whose first reason it is.
-- :from and :to are the first and the last day (.parameter set :from "'2026-01-01'"); by default the 30 days up to the newest sign-up.
-- Days at rest come from their sums; each of the others is looked at by itself, so that little is sorted.
WITH RECURSIVE
span AS MATERIALIZED (
    SELECT max(unixepoch(coalesce(date(:from), date(newest, 'unixepoch', '-29 days'))) * 1000, first - first % 86400000) AS low,
           unixepoch(coalesce(date(:to), date(newest, 'unixepoch'))) * 1000 AS high
      FROM (SELECT (SELECT max(attempted_at) FROM attempt) / 1000 AS newest, (SELECT min(attempted_at) FROM attempt) AS first)),
days(low) AS (SELECT low FROM span WHERE high >= low UNION ALL SELECT d.low + 86400000 FROM days d, span s WHERE d.low < s.high),
counted AS (
    SELECT date(d.low / 1000, 'unixepoch') AS day, CASE WHEN d.low / 86400000 IN (SELECT day FROM resting_day) THEN
           (SELECT json_group_object(k.reasons, k.attempts) FROM kept_outcome k WHERE k.day = d.low / 86400000 AND k.outcome = 'failure')
           ELSE
           (SELECT json_group_object(reasons, attempts)
              FROM (SELECT CASE WHEN v.id IS NULL THEN a.reasons ELSE v.reasons END AS reasons, count(*) AS attempts
                      FROM attempt a
                      LEFT JOIN decision v ON v.id = CASE WHEN a.outcome = 'pending' THEN (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id) END
                     WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000
                       AND CASE WHEN v.id IS NULL THEN a.outcome ELSE v.outcome END = 'failure'
                     GROUP BY 1)) END AS counts
      FROM days d)
SELECT c.day, r.value AS reason, sum(k.value) AS attempts, coalesce(sum(k.value) FILTER (WHERE r.key = 0), 0) AS as_first
  FROM counted c, json_each(c.counts) k, json_each(k.key) r
 GROUP BY c.day, r.value
 ORDER BY day, attempts DESC, reason;
