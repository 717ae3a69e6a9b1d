-- SPDX-License-Identifier: MIT
-- How did the last days go, at a glance? One chart line per outcome, one block per day, oldest first.
-- Needs the extension. :days is the number of days (.parameter set :days 14), by default 7; :to is the last one, by default that of the newest sign-up.
WITH RECURSIVE
last AS MATERIALIZED (SELECT unixepoch(coalesce(date(:to), date(max(attempted_at) / 1000, 'unixepoch'))) * 1000 AS low FROM attempt),
days(low) AS (SELECT low - (coalesce(:days, 7) - 1) * 86400000 FROM last WHERE low IS NOT NULL
              UNION ALL SELECT d.low + 86400000 FROM days d, last l WHERE d.low < l.low),
looked_at AS MATERIALIZED (
    SELECT d.low, CASE WHEN r.day IS NOT NULL THEN json_array(r.received, r.registered, r.received - r.accepted) ELSE
           (SELECT json_array(count(*), sum(p.registered), count(*) - sum(p.accepted))
              FROM attempt_progress p WHERE p.attempted_at >= d.low AND p.attempted_at < d.low + 86400000) END AS counts
      FROM days d LEFT JOIN resting_day r ON r.day = d.low / 86400000),
counted AS (SELECT counts ->> 0 AS received, coalesce(counts ->> 1, 0) AS registered, coalesce(counts ->> 2, 0) AS refused FROM looked_at ORDER BY low)
SELECT 'received' AS what, sum(received) AS attempts, reg_spark(received) AS by_day FROM counted
UNION ALL SELECT 'registered', sum(registered), reg_spark(registered) FROM counted
UNION ALL SELECT 'refused at once', sum(refused), reg_spark(refused) FROM counted;
