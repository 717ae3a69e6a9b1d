-- What changed in the ledger between two moments? Each kind of change, with the number of attempts.
-- Needs the extension. :then and :until are ISO 8601 or Unix milliseconds (.parameter set :then "'2026-01-31'"); the defaults are a day ago and now.
WITH
before AS MATERIALIZED (SELECT id, outcome, failure_reason, code_state, report_state FROM reg_attempts(coalesce(:then, (unixepoch() - 86400) * 1000))),
after AS MATERIALIZED (SELECT id, outcome, failure_reason, code_state, report_state FROM reg_attempts(coalesce(:until, unixepoch() * 1000))),
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
