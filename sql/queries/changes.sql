-- What changed in the ledger between two moments? Each kind of change, with the number of attempts.
-- Needs the extension. :then and :until are ISO 8601 or Unix milliseconds (.parameter set :then "'2026-01-31'"); the defaults are a day ago and now.
-- Only attempts that something was recorded of since :then, or whose time or code's time has run out since, are looked at. Facts are recorded in the order of their
-- ids, so that each table is read backwards from its newest fact.
WITH RECURSIVE
span AS MATERIALIZED (
    SELECT CASE WHEN :then IS NULL THEN (unixepoch() - 86400) * 1000
                WHEN :then NOT GLOB '*[^0-9]*' THEN CAST(:then AS INTEGER)
                ELSE coalesce(unixepoch(:then) * 1000, 0) END AS low),
-- Since before the first attempt everything is new: then nothing is looked for.
whole AS MATERIALIZED (SELECT coalesce((SELECT recorded_at FROM attempt ORDER BY id LIMIT 1) >= (SELECT low FROM span), 0) AS all_time),
attempts(id, at) AS (SELECT id, recorded_at FROM (SELECT id, recorded_at FROM attempt ORDER BY id DESC LIMIT 1)
    UNION ALL SELECT a.id, a.recorded_at FROM attempts n, span s JOIN attempt a ON a.id = (SELECT max(id) FROM attempt WHERE id < n.id) WHERE n.at >= s.low),
decisions(id, at, attempt_id) AS (SELECT * FROM (SELECT id, recorded_at, attempt_id FROM decision ORDER BY id DESC LIMIT 1)
    UNION ALL SELECT d.id, d.recorded_at, d.attempt_id FROM decisions n, span s JOIN decision d ON d.id = (SELECT max(id) FROM decision WHERE id < n.id) WHERE n.at >= s.low),
ends(id, at, code_id) AS (SELECT * FROM (SELECT id, recorded_at, code_id FROM code_end ORDER BY id DESC LIMIT 1)
    UNION ALL SELECT e.id, e.recorded_at, e.code_id FROM ends n, span s JOIN code_end e ON e.id = (SELECT max(id) FROM code_end WHERE id < n.id) WHERE n.at >= s.low),
reports(id, at, attempt_id) AS (SELECT * FROM (SELECT id, recorded_at, attempt_id FROM report ORDER BY id DESC LIMIT 1)
    UNION ALL SELECT r.id, r.recorded_at, r.attempt_id FROM reports n, span s JOIN report r ON r.id = (SELECT max(id) FROM report WHERE id < n.id) WHERE n.at >= s.low),
events(id, at, report_id) AS (SELECT * FROM (SELECT id, recorded_at, report_id FROM report_event ORDER BY id DESC LIMIT 1)
    UNION ALL SELECT v.id, v.recorded_at, v.report_id FROM events n, span s JOIN report_event v ON v.id = (SELECT max(id) FROM report_event WHERE id < n.id) WHERE n.at >= s.low),
tries(id, at, report_id) AS (SELECT * FROM (SELECT id, started_at, report_id FROM try ORDER BY id DESC LIMIT 1)
    UNION ALL SELECT t.id, t.started_at, t.report_id FROM tries n, span s JOIN try t ON t.id = (SELECT max(id) FROM try WHERE id < n.id) WHERE n.at >= s.low),
touched(id) AS MATERIALIZED (
    SELECT id FROM attempts UNION SELECT attempt_id FROM decisions UNION SELECT attempt_id FROM waiting
    UNION SELECT c.attempt_id FROM ends e JOIN code c ON c.id = e.code_id
    UNION SELECT c.attempt_id FROM code c, span s WHERE max(c.recorded_at, coalesce(c.handed_over_at, 0), coalesce(c.runs_from + c.lifetime_ms, 0)) >= s.low
    UNION SELECT attempt_id FROM reports
    UNION SELECT r.attempt_id FROM events v JOIN report r ON r.id = v.report_id
    UNION SELECT r.attempt_id FROM tries t JOIN report r ON r.id = t.report_id),
before AS MATERIALIZED (
    SELECT id, outcome, failure_reason, code_state, report_state
      FROM whole w CROSS JOIN reg_attempts(coalesce(:then, (unixepoch() - 86400) * 1000)) WHERE NOT w.all_time AND id IN (SELECT id FROM touched)
    UNION ALL
    SELECT id, outcome, failure_reason, code_state, report_state
      FROM whole w CROSS JOIN reg_attempts(coalesce(:then, (unixepoch() - 86400) * 1000)) WHERE w.all_time),
after AS MATERIALIZED (
    SELECT id, outcome, failure_reason, code_state, report_state
      FROM whole w CROSS JOIN reg_attempts(coalesce(:until, unixepoch() * 1000)) WHERE NOT w.all_time AND id IN (SELECT id FROM touched)
    UNION ALL
    SELECT id, outcome, failure_reason, code_state, report_state
      FROM whole w CROSS JOIN reg_attempts(coalesce(:until, unixepoch() * 1000)) WHERE w.all_time),
changed AS (
    SELECT 'outcome' AS what, b.outcome AS was, a.outcome || coalesce(' (' || a.failure_reason || ')', '') AS became
      FROM after a LEFT JOIN before b ON b.id = a.id
     WHERE a.outcome IS NOT b.outcome OR a.failure_reason IS NOT b.failure_reason
    UNION ALL
    SELECT 'code', b.code_state, a.code_state FROM after a LEFT JOIN before b ON b.id = a.id WHERE a.code_state IS NOT b.code_state
    UNION ALL
    SELECT 'report', b.report_state, a.report_state FROM after a LEFT JOIN before b ON b.id = a.id WHERE a.report_state IS NOT b.report_state)
SELECT what, coalesce(was, CASE what WHEN 'outcome' THEN '(new)' ELSE '(none)' END) AS was, became, count(*) AS attempts
  FROM changed
 GROUP BY what, was, became
 ORDER BY what = 'outcome' DESC, what, attempts DESC, was, became;
