-- SPDX-License-Identifier: MIT
-- Which channel (or the fraud API) is slow or failing? The worst first.
-- :from and :to are the first and the last day (.parameter set :from "'2026-01-01'"); by default the 30 days up to the newest call.
-- Days that are over come from their sums.
WITH
span AS MATERIALIZED (
    SELECT unixepoch(coalesce(date(:from), date(newest, 'unixepoch', '-29 days'))) * 1000 AS low,
           unixepoch(coalesce(date(:to), date(newest, 'unixepoch'))) * 1000 + 86400000 AS high
      FROM (SELECT started_at / 1000 AS newest FROM try ORDER BY id DESC LIMIT 1)),
-- As the view unsummed_call, which would look up the channels of calls outside the span, too.
late AS MATERIALIZED (
    SELECT DISTINCT t.started_at / 86400000 AS day, k.called_id FROM kept_through k CROSS JOIN try t ON t.id > k.called_id
     WHERE EXISTS (SELECT 1 FROM kept_call) AND t.started_at / 86400000 IN (SELECT day FROM kept_call)),
called AS (
    SELECT t.id, CASE WHEN t.report_id IS NOT NULL THEN 'fraud' ELSE (SELECT c.channel FROM code c WHERE c.id = t.code_id) END AS channel,
           t.started_at / 86400000 AS day, t.result, t.finished_at - t.started_at AS ms
      FROM kept_through k CROSS JOIN try t ON t.id > k.called_id
     WHERE t.started_at >= (SELECT low FROM span) AND t.started_at < (SELECT high FROM span)
    UNION ALL
    SELECT c.id, c.channel, c.day, c.result, c.ms
      FROM late CROSS JOIN network_call c ON c.id <= late.called_id AND c.day = late.day
     WHERE c.started_at >= (SELECT low FROM span) AND c.started_at < (SELECT high FROM span)),
-- Durations of the same length are counted together before they are put in order.
alike AS MATERIALIZED (SELECT channel, day, ms, result, count(*) AS calls, max(id) AS last_id FROM called GROUP BY channel, day, ms, result),
ordered AS (
    SELECT channel, day, ms, result, calls, last_id,
           sum(calls) FILTER (WHERE ms IS NOT NULL) OVER (PARTITION BY channel, day ORDER BY ms IS NULL, ms) AS place,
           sum(calls) FILTER (WHERE ms IS NOT NULL) OVER (PARTITION BY channel, day) AS answered
      FROM alike),
summed AS (
    SELECT channel, day, sum(calls) AS calls, coalesce(sum(calls) FILTER (WHERE result = 'accepted'), 0) AS accepted,
           coalesce(sum(calls) FILTER (WHERE result = 'deferred'), 0) AS deferred, coalesce(sum(calls) FILTER (WHERE result = 'refused'), 0) AS refused,
           coalesce(sum(calls) FILTER (WHERE result = 'not_accepted'), 0) AS not_accepted,
           coalesce(sum(calls) FILTER (WHERE result = 'ambiguous'), 0) AS ambiguous, coalesce(sum(calls) FILTER (WHERE result IS NULL), 0) AS unanswered,
           min(ms / 1000.0) FILTER (WHERE place >= (answered + 1) / 2) AS median_seconds,
           min(ms / 1000.0) FILTER (WHERE place >= (answered * 95 + 99) / 100) AS p95_seconds,
           max(last_id) FILTER (WHERE result NOT IN ('accepted', 'deferred')) AS last_failure
      FROM ordered GROUP BY channel, day
    UNION ALL
    SELECT channel, day, calls, accepted, deferred, refused, not_accepted, ambiguous, unanswered, median_seconds, p95_seconds, last_failure
      FROM resting_call WHERE day >= (SELECT low FROM span) / 86400000 AND day < (SELECT high FROM span) / 86400000)
SELECT date(day * 86400, 'unixepoch') AS day, channel, calls, round(100.0 * (calls - accepted - deferred) / calls, 1) AS failing_percent, accepted, deferred, refused,
       not_accepted, ambiguous, unanswered, median_seconds, p95_seconds, (SELECT t.answer FROM try t WHERE t.id = last_failure) AS last_error
  FROM summed
 ORDER BY day DESC, failing_percent DESC, p95_seconds DESC;
