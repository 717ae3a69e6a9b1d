-- Which addresses, devices and mail domains sent many sign-ups within an hour? emails: how many people these seem to be.
-- A mail domain is listed only if at least half of its attempts repeat a known person, because large providers have many users.
-- :from and :to are the first and the last day (.parameter set :from "'2026-01-01'"); by default the 30 days up to the newest sign-up.
-- Each hour is looked at by itself, so that little is sorted.
WITH RECURSIVE
span AS MATERIALIZED (
    SELECT max(unixepoch(coalesce(date(:from), date(newest, 'unixepoch', '-29 days'))) * 1000, first - first % 3600000) AS low,
           unixepoch(coalesce(date(:to), date(newest, 'unixepoch'))) * 1000 + 86400000 AS high, newest * 1000 AS last
      FROM (SELECT (SELECT max(attempted_at) FROM attempt) / 1000 AS newest, (SELECT min(attempted_at) FROM attempt) AS first)),
hours(low) AS (SELECT low FROM span WHERE high > low UNION ALL SELECT h.low + 3600000 FROM hours h, span s WHERE h.low + 3600000 < min(s.high, s.last + 1)),
storms AS (
    SELECT h.low,
           (SELECT json_group_array(json_array(kind, value, attempts, emails, taken, success))
              FROM (SELECT kind, value, count(*) AS attempts, count(DISTINCT email) AS emails, sum(taken) AS taken, sum(outcome = 'success') AS success
                      FROM (SELECT k.column1 AS kind, p.email_folded AS email,
                                   CASE k.column1 WHEN 'address' THEN p.ip_address WHEN 'device' THEN p.device_id
                                        ELSE substr(p.email_folded, instr(p.email_folded, '@') + 1) END AS value,
                                   CASE WHEN a.outcome <> 'pending' THEN a.outcome
                                        ELSE coalesce((SELECT d.outcome FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), 'pending') END AS outcome,
                                   coalesce(instr(a.reasons, '_taken"') > 0, 0) AS taken
                              FROM attempt a
                              JOIN person p ON p.attempt_id = a.id
                             CROSS JOIN (VALUES ('address'), ('device'), ('domain')) k
                             WHERE a.attempted_at >= h.low AND a.attempted_at < h.low + 3600000)
                     WHERE value IS NOT NULL
                     GROUP BY kind, value
                    HAVING count(*) >= 5 AND (kind <> 'domain' OR 2 * (sum(taken) + count(*) - count(DISTINCT email)) >= count(*)))) AS found
      FROM hours h)
SELECT strftime('%Y-%m-%dT%H:00Z', s.low / 1000, 'unixepoch') AS hour, f.value ->> 0 AS kind, f.value ->> 1 AS value, f.value ->> 2 AS attempts,
       f.value ->> 3 AS emails, f.value ->> 4 AS taken, f.value ->> 5 AS success
  FROM storms s, json_each(s.found) f
 ORDER BY attempts DESC, hour, kind, value;
