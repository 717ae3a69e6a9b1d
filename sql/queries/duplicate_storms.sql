-- SPDX-License-Identifier: MIT
-- Which addresses, devices and mail domains sent many sign-ups within an hour? emails: how many people these seem to be.
-- A mail domain is listed only if at least half of its attempts repeat a known person, because large providers have many users.
-- :from and :to are the first and the last day (.parameter set :from "'2026-01-01'"); by default the 30 days up to the newest sign-up.
-- Each hour is looked at by itself, so that little is sorted; of days at rest only those that had a storm.
WITH
span AS MATERIALIZED (
    SELECT unixepoch(coalesce(date(:from), date(newest, 'unixepoch', '-29 days'))) / 3600 AS first, unixepoch(coalesce(date(:to), date(newest, 'unixepoch'))) / 3600 + 23 AS last
      FROM (SELECT max(attempted_at) / 1000 AS newest FROM attempt)),
storms AS (
    SELECT h.hour,
           (SELECT json_group_array(json_array(kind, value, attempts, emails, taken, success))
              FROM (SELECT kind, value, count(*) AS attempts, count(DISTINCT email) AS emails, sum(taken) AS taken, sum(outcome = 'success') AS success
                      FROM attempt_origin
                     WHERE attempted_at >= h.hour * 3600000 AND attempted_at < (h.hour + 1) * 3600000 AND value IS NOT NULL
                     GROUP BY kind, value
                    HAVING count(*) >= 5 AND (kind <> 'domain' OR 2 * (sum(taken) + count(*) - count(DISTINCT email)) >= count(*)))) AS found
      FROM span s CROSS JOIN storm_hour h ON h.hour >= s.first AND h.hour <= s.last)
SELECT strftime('%Y-%m-%dT%H:00Z', s.hour * 3600, 'unixepoch') AS hour, f.value ->> 0 AS kind, f.value ->> 1 AS value, f.value ->> 2 AS attempts,
       f.value ->> 3 AS emails, f.value ->> 4 AS taken, f.value ->> 5 AS success
  FROM storms s, json_each(s.found) f
 ORDER BY attempts DESC, hour, kind, value;
