-- How did the last days go, at a glance? One chart line per outcome, one block per day, oldest first.
-- Needs the extension. :days is the number of days (.parameter set :days 14), by default 7.
WITH RECURSIVE
last AS (SELECT max(day) AS day FROM funnel),
days(day) AS (SELECT date(day, '-' || (coalesce(:days, 7) - 1) || ' days') FROM last WHERE day IS NOT NULL
              UNION ALL SELECT date(days.day, '+1 day') FROM days, last WHERE days.day < last.day),
counted AS (SELECT d.day, coalesce(f.received, 0) AS received, coalesce(f.registered, 0) AS registered, coalesce(f.received - f.accepted, 0) AS refused
              FROM days d LEFT JOIN funnel f ON f.day = d.day ORDER BY d.day)
SELECT 'received' AS what, sum(received) AS attempts, reg_spark(received) AS by_day FROM counted
UNION ALL SELECT 'registered', sum(registered), reg_spark(registered) FROM counted
UNION ALL SELECT 'refused at once', sum(refused), reg_spark(refused) FROM counted;
