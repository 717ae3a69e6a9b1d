-- SPDX-License-Identifier: MIT
-- What changed in the ledger between two moments? Each kind of change, with the number of attempts.
-- Needs the extension. :then and :until are ISO 8601 or Unix milliseconds (.parameter set :then "'2026-01-31'"); the defaults are a day ago and now.
-- Days at rest all of whose attempts are new since :then are answered from their sums; other new attempts are read as of :until, and of older ones
-- only those of which something was recorded since :then, or whose time or code's time may have run out since.
WITH RECURSIVE
-- The moments as they are handed on, and in milliseconds. A text may say fractions of its second, or be one that SQLite does not read: NULL.
given AS MATERIALIZED (
    SELECT coalesce(:then, (unixepoch() - 86400) * 1000) AS since, coalesce(:until, unixepoch() * 1000) AS until,
           CASE WHEN :then IS NULL THEN (unixepoch() - 86400) * 1000 WHEN typeof(:then) = 'text' THEN unixepoch(:then) * 1000 ELSE :then END AS since_ms,
           CASE WHEN :until IS NULL THEN unixepoch() * 1000 WHEN typeof(:until) = 'text' THEN unixepoch(:until) * 1000 ELSE :until END AS until_ms,
           typeof(:then) = 'text' AS may_be_later),
-- Facts are recorded in the order of their ids, so that a search finds the last ids before :then: those of facts well before it (the machines of a
-- cluster differ by seconds), and of attempts well after it, from which on all are new. Where an early version wrote otherwise, all facts are looked at.
bounds AS MATERIALIZED (
    SELECT CASE WHEN c.in_order THEN coalesce(g.since_ms - 10000, 0) ELSE -9223372036854775808 END AS early,
           CASE WHEN c.in_order THEN coalesce(g.since_ms + 1000 * g.may_be_later + 10000, 9223372036854775807) ELSE 9223372036854775807 END AS late
      FROM given g, clock c),
search(fact, known, step) AS (
    SELECT column1, 0, 1 << 40 FROM (VALUES ('new'), ('attempt'), ('decision'), ('code'), ('code_end'), ('report'), ('report_event'))
    UNION ALL
    SELECT s.fact,
           s.known + s.step * coalesce(CASE s.fact
               WHEN 'new' THEN (SELECT f.recorded_at FROM attempt f WHERE f.id <= s.known + s.step AND f.id > s.known ORDER BY f.id DESC LIMIT 1)
               WHEN 'attempt' THEN (SELECT f.recorded_at FROM attempt f WHERE f.id <= s.known + s.step AND f.id > s.known ORDER BY f.id DESC LIMIT 1)
               WHEN 'decision' THEN (SELECT f.recorded_at FROM decision f WHERE f.id <= s.known + s.step AND f.id > s.known ORDER BY f.id DESC LIMIT 1)
               WHEN 'code' THEN (SELECT f.recorded_at FROM code f WHERE f.id <= s.known + s.step AND f.id > s.known ORDER BY f.id DESC LIMIT 1)
               WHEN 'code_end' THEN (SELECT f.recorded_at FROM code_end f WHERE f.id <= s.known + s.step AND f.id > s.known ORDER BY f.id DESC LIMIT 1)
               WHEN 'report' THEN (SELECT f.recorded_at FROM report f WHERE f.id <= s.known + s.step AND f.id > s.known ORDER BY f.id DESC LIMIT 1)
               ELSE (SELECT f.recorded_at FROM report_event f WHERE f.id <= s.known + s.step AND f.id > s.known ORDER BY f.id DESC LIMIT 1) END
               < CASE s.fact WHEN 'new' THEN b.late ELSE b.early END, 1),
           s.step / 2
      FROM search s, bounds b WHERE s.step > 0),
last AS MATERIALIZED (
    SELECT max(known) FILTER (WHERE fact = 'new') AS old, max(known) FILTER (WHERE fact = 'attempt') AS attempt, max(known) FILTER (WHERE fact = 'decision') AS decision,
           max(known) FILTER (WHERE fact = 'code') AS code, max(known) FILTER (WHERE fact = 'code_end') AS code_end, max(known) FILTER (WHERE fact = 'report') AS report,
           max(known) FILTER (WHERE fact = 'report_event') AS report_event
      FROM search WHERE step = 0),
-- Days whose sums hold, and whose attempts are all new.
summed(day) AS MATERIALIZED (
    SELECT r.day FROM given g, last l CROSS JOIN resting_day r
     WHERE r.newest <= g.until_ms AND r.codes_over <= g.until_ms
       AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.attempted_at >= r.day * 86400000 AND a.attempted_at < (r.day + 1) * 86400000 AND +a.id <= l.old)),
-- The other days with new attempts, and whether most of theirs are: then all of a day are read, because looking one up costs twice as much. Where no day is
-- summed, new attempts are read in the order of their ids.
facts(day, mostly) AS MATERIALIZED (
    SELECT d.day, 2 * sum(a.id > l.old) > count(*)
      FROM last l CROSS JOIN attempt_day d CROSS JOIN attempt a ON a.attempted_at >= d.day * 86400000 AND a.attempted_at < (d.day + 1) * 86400000
     WHERE EXISTS (SELECT 1 FROM summed) AND d.day NOT IN (SELECT day FROM summed)
     GROUP BY d.day),
touched(id) AS MATERIALIZED (
    SELECT id FROM last l CROSS JOIN attempt a ON a.id > l.attempt AND a.id <= l.old
    UNION SELECT attempt_id FROM last l CROSS JOIN decision d ON d.id > l.decision WHERE +attempt_id <= l.old
    UNION SELECT attempt_id FROM last l CROSS JOIN waiting w ON w.attempt_id <= l.old
    UNION SELECT attempt_id FROM last l CROSS JOIN code c ON c.id > l.code WHERE +attempt_id <= l.old
    UNION SELECT attempt_id FROM last l CROSS JOIN bounds b CROSS JOIN code c ON c.id <= l.code
     WHERE l.old > 0 AND +attempt_id <= l.old AND (handed_over_at >= b.early OR runs_from + lifetime_ms >= b.early)
    UNION SELECT attempt_id FROM last l CROSS JOIN code_end e ON e.id > l.code_end AND +e.code_id <= l.code CROSS JOIN code c ON c.id = e.code_id WHERE +attempt_id <= l.old
    UNION SELECT attempt_id FROM last l CROSS JOIN report r ON r.id > l.report WHERE +attempt_id <= l.old
    UNION SELECT attempt_id FROM last l CROSS JOIN report_event v ON v.id > l.report_event AND +v.report_id <= l.report CROSS JOIN report r ON r.id = v.report_id WHERE +attempt_id <= l.old
    UNION SELECT attempt_id FROM last l CROSS JOIN bounds b CROSS JOIN report r ON r.next_try_at IS NOT NULL AND +r.id <= l.report
     WHERE +attempt_id <= l.old AND EXISTS (SELECT 1 FROM try t WHERE t.report_id = r.id AND t.started_at >= b.early)),
-- Both states of attempts, and how many have them.
states AS MATERIALIZED (
    SELECT NULL AS was_outcome, NULL AS was_reason, NULL AS was_code, NULL AS was_report, outcome, failure_reason, code_state, report_state, count(*) AS attempts
      FROM (SELECT r.outcome, r.failure_reason, r.code_state, r.report_state
              FROM given g CROSS JOIN last l CROSS JOIN reg_attempts(g.until) r ON r.id > l.old
             WHERE NOT EXISTS (SELECT 1 FROM summed)
            UNION ALL
            SELECT r.outcome, r.failure_reason, r.code_state, r.report_state
              FROM given g CROSS JOIN last l CROSS JOIN facts f
             CROSS JOIN reg_attempts(g.until) r ON r.attempted_at_ms >= f.day * 86400000 AND r.attempted_at_ms < (f.day + 1) * 86400000 AND +r.id > l.old
             WHERE f.mostly
            UNION ALL
            SELECT r.outcome, r.failure_reason, r.code_state, r.report_state
              FROM given g CROSS JOIN last l CROSS JOIN facts f
             CROSS JOIN attempt a ON a.attempted_at >= f.day * 86400000 AND a.attempted_at < (f.day + 1) * 86400000 AND +a.id > l.old
             CROSS JOIN reg_attempts(g.until) r ON r.id = a.id
             WHERE NOT f.mostly)
     GROUP BY outcome, failure_reason, code_state, report_state
    UNION ALL
    SELECT b.outcome, b.failure_reason, b.code_state, b.report_state, a.outcome, a.failure_reason, a.code_state, a.report_state, count(*)
      FROM given g CROSS JOIN touched t CROSS JOIN reg_attempts(g.until) a ON a.id = t.id LEFT JOIN reg_attempts(g.since) b ON b.id = t.id
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8),
changed(what, was, became, attempts) AS (
    SELECT 'outcome', was_outcome, outcome || coalesce(' (' || failure_reason || ')', ''), attempts
      FROM states WHERE was_outcome IS NOT outcome OR was_reason IS NOT failure_reason
    UNION ALL SELECT 'code', was_code, code_state, attempts FROM states WHERE was_code IS NOT code_state
    UNION ALL SELECT 'report', was_report, report_state, attempts FROM states WHERE was_report IS NOT report_state
    UNION ALL
    SELECT 'outcome', NULL, o.outcome || CASE WHEN o.reasons LIKE '[_%]' THEN coalesce(' (' || (o.reasons ->> 0) || ')', '') ELSE '' END, o.attempts
      FROM summed s JOIN kept_outcome o ON o.day = s.day
    UNION ALL
    SELECT k.what, NULL, k.state, k.attempts FROM summed s JOIN kept_state k ON k.day = s.day)
SELECT what, coalesce(was, CASE what WHEN 'outcome' THEN '(new)' ELSE '(none)' END) AS was, became, sum(attempts) AS attempts
  FROM changed
 GROUP BY what, was, became
 ORDER BY what = 'outcome' DESC, what, attempts DESC, was, became;
