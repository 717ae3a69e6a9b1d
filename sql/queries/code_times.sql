-- SPDX-License-Identifier: MIT
-- How long do people wait for their code, and how long do they take to enter it? In seconds.
-- :from and :to are the first and the last day of the requests (.parameter set :from "'2026-01-01'"); by default the 30 days up to the newest code.
WITH
span AS MATERIALIZED (
    SELECT unixepoch(coalesce(date(:from), date(newest, 'unixepoch', '-29 days'))) * 1000 AS low,
           unixepoch(coalesce(date(:to), date(newest, 'unixepoch'))) * 1000 + 86400000 AS high
      FROM (SELECT recorded_at / 1000 AS newest FROM code ORDER BY id DESC LIMIT 1)),
asked AS (SELECT c.* FROM code c WHERE c.recorded_at >= (SELECT low FROM span) AND c.recorded_at < (SELECT high FROM span)),
timed AS (
    SELECT c.channel, 'handed over' AS until, (c.handed_over_at - c.recorded_at) / 1000.0 AS seconds FROM asked c WHERE c.handed_over_at IS NOT NULL
    UNION ALL
    SELECT c.channel, 'confirmed', (min(coalesce(e.entered_at, e.recorded_at)) - c.runs_from) / 1000.0
      FROM asked c JOIN code_end e ON e.code_id = c.id
     WHERE e.state = 'verified' AND c.runs_from IS NOT NULL
     GROUP BY c.id),
-- Times of the same length are counted together before they are put in order.
alike AS MATERIALIZED (SELECT channel, until, seconds, count(*) AS codes FROM timed GROUP BY channel, until, seconds),
ordered AS (
    SELECT channel, until, seconds, codes, sum(codes) OVER (PARTITION BY channel, until ORDER BY seconds) AS place,
           sum(codes) OVER (PARTITION BY channel, until) AS total
      FROM alike)
SELECT channel, until, sum(codes) AS codes, min(seconds) FILTER (WHERE place >= (total + 1) / 2) AS median_seconds,
       min(seconds) FILTER (WHERE place >= (total * 95 + 99) / 100) AS p95_seconds, max(seconds) AS slowest_seconds
  FROM ordered
 GROUP BY channel, until
 ORDER BY channel, until DESC;
