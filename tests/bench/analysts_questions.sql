-- SPDX-License-Identifier: MIT
-- What analysts ask of attempts and reports, each beside the same by hand on the base tables: name, goal, ours, and the base tables' where somebody
-- would know how. A goal is a time, or the most that ours may take of the base tables' time. Both answers must be equal.

-- question: attempts with a dead report | 0.2 s
SELECT count(*), sum(id) FROM reg_attempts WHERE report_state = 'dead';
SELECT count(*), sum(r.attempt_id) FROM report_event v JOIN report r ON r.id = v.report_id
 WHERE v.state = 'dead' AND v.id = (SELECT max(w.id) FROM report_event w WHERE w.report_id = v.report_id);

-- question: attempts by the state of their report | 1.3
SELECT report_state, count(*) FROM reg_attempts GROUP BY 1;
SELECT (SELECT CASE WHEN v.state IS NOT NULL AND v.state <> 'queued' THEN v.state
                    WHEN EXISTS (SELECT 1 FROM try t WHERE t.report_id = r.id) THEN 'retrying' ELSE 'queued' END
          FROM report r LEFT JOIN report_event v ON v.id = (SELECT max(w.id) FROM report_event w WHERE w.report_id = r.id)
         WHERE r.attempt_id = a.id ORDER BY r.id DESC LIMIT 1) AS state, count(*)
  FROM attempt a GROUP BY 1;

-- question: attempts by the state of their code | 1.3
SELECT code_state, count(*) FROM reg_attempts GROUP BY 1;
SELECT (SELECT coalesce(e.state, CASE WHEN c.runs_from + c.lifetime_ms <= unixepoch() * 1000 THEN 'expired'
                                      WHEN c.handed_over_at IS NOT NULL THEN 'sent' ELSE 'pending' END)
          FROM code c LEFT JOIN code_end e ON e.id = (SELECT max(y.id) FROM code_end y WHERE y.code_id = c.id)
         WHERE c.attempt_id = a.id ORDER BY e.state IS 'verified' DESC, c.id DESC LIMIT 1) AS state, count(*)
  FROM attempt a GROUP BY 1;

-- question: attempts with a verified code | 0.2 s
SELECT count(*) FROM reg_attempts WHERE code_state = 'verified';
SELECT count(DISTINCT c.attempt_id) FROM code_end e JOIN code c ON c.id = e.code_id WHERE e.state = 'verified';

-- question: attempts not acknowledged | 1.3
SELECT count(*) FROM reg_attempts WHERE acknowledged_at IS NULL;
SELECT count(*) FROM attempt a
 WHERE NOT EXISTS (SELECT 1 FROM report r JOIN report_event v ON v.report_id = r.id WHERE r.attempt_id = a.id AND v.state = 'acknowledged');

-- question: all columns of all attempts | 2
SELECT * FROM reg_attempts;
SELECT a.*, p.*, d.*, strftime('%Y-%m-%dT%H:%M:%fZ', a.attempted_at / 1000.0, 'unixepoch'), strftime('%Y-%m-%dT%H:%M:%fZ', a.recorded_at / 1000.0, 'unixepoch'),
       (SELECT e.state FROM code c LEFT JOIN code_end e ON e.id = (SELECT max(y.id) FROM code_end y WHERE y.code_id = c.id)
         WHERE c.attempt_id = a.id ORDER BY e.state IS 'verified' DESC, c.id DESC LIMIT 1),
       (SELECT v.state FROM report r LEFT JOIN report_event v ON v.id = (SELECT max(w.id) FROM report_event w WHERE w.report_id = r.id)
         WHERE r.attempt_id = a.id ORDER BY r.id DESC LIMIT 1),
       (SELECT max(v.recorded_at) FROM report r JOIN report_event v ON v.report_id = r.id WHERE r.attempt_id = a.id AND v.state = 'acknowledged'),
       (SELECT json_group_array(json_object('step', s.name, 'status', s.status)) FROM step s WHERE s.attempt_id = a.id),
       (SELECT e.recorded_at FROM erasure e WHERE e.attempt_id = a.id)
  FROM attempt a LEFT JOIN person p ON p.attempt_id = a.id
  LEFT JOIN decision d ON d.id = (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id);

-- question: by country: attempts, customers, confirmed | 2
SELECT country, count(*), sum(outcome = 'success'), sum(code_state = 'verified') FROM reg_attempts GROUP BY 1;
SELECT a.country, count(*), sum(coalesce(d.outcome, a.outcome) = 'success'),
       sum(EXISTS (SELECT 1 FROM code c JOIN code_end e ON e.code_id = c.id WHERE c.attempt_id = a.id AND e.state = 'verified'))
  FROM attempt a LEFT JOIN decision d ON d.id = (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id)
 GROUP BY 1;

-- question: outcomes and reasons as of ten days ago | 2
SELECT outcome, failure_reason, count(*) FROM reg_attempts
 WHERE as_of = (SELECT max(recorded_at) - 10 * 86400000 FROM attempt) GROUP BY 1, 2;
WITH then_ms AS MATERIALIZED (SELECT max(recorded_at) - 10 * 86400000 AS ms FROM attempt)
SELECT CASE WHEN d.id IS NOT NULL THEN d.outcome WHEN over THEN 'failure' ELSE x.outcome END,
       CASE WHEN d.id IS NOT NULL THEN d.reasons ->> 0 WHEN over THEN CASE WHEN sent THEN 'verification_expired' ELSE 'undeliverable' END ELSE x.reasons ->> 0 END,
       count(*)
  FROM (SELECT a.*, m.ms, c.runs_from IS NOT NULL AS sent, a.lifetime_ms + coalesce(c.runs_from, a.recorded_at) <= m.ms AS over
          FROM attempt a CROSS JOIN then_ms m
          LEFT JOIN code c ON c.attempt_id = a.id AND c.runs_from <= m.ms
         WHERE a.recorded_at <= m.ms) x
  LEFT JOIN decision d ON d.id = (SELECT max(y.id) FROM decision y WHERE y.attempt_id = x.id AND y.recorded_at <= x.ms)
 GROUP BY 1, 2;

-- question: the newest 50 failures | 0.02 s
SELECT id, email, failure_reason FROM reg_attempts WHERE outcome = 'failure' ORDER BY attempted_at DESC LIMIT 50;

-- question: the newest 50 by recorded_at | 0.02 s
SELECT id, email, outcome FROM reg_attempts ORDER BY recorded_at DESC LIMIT 50;

-- question: of one device | 0.02 s
SELECT count(*), sum(id) FROM reg_attempts WHERE device_id = 'device001000';
SELECT count(*), sum(attempt_id) FROM person WHERE device_id = 'device001000';

-- question: of one address | 0.02 s
SELECT count(*), sum(id) FROM reg_attempts WHERE ip_address = '10.0.100.100';
SELECT count(*), sum(attempt_id) FROM person WHERE ip_address = '10.0.100.100';

-- question: of one customer | 0.02 s
SELECT count(*), sum(id) FROM reg_attempts WHERE customer_id = 509;

-- question: reports in the queue | 0.2 s
SELECT count(*) FROM reg_reports WHERE state = 'queued';
SELECT count(*) FROM report WHERE next_try_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM try t WHERE t.report_id = report.id);

-- question: count(*) | 0.1 s
SELECT count(*) FROM reg_attempts;
SELECT count(*) FROM attempt;

-- question: daily by outcome | 1.2
SELECT substr(attempted_at, 1, 10), outcome, count(*) FROM reg_attempts GROUP BY 1, 2;
SELECT date(a.attempted_at / 1000, 'unixepoch'), coalesce(d.outcome, a.outcome), count(*)
  FROM attempt a LEFT JOIN decision d ON d.id = (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id)
 GROUP BY 1, 2;

-- question: the top 20 addresses | 1.2
SELECT ip_address, count(*) FROM reg_attempts GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20;
SELECT ip_address, count(*) FROM person GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20;

-- question: the top 20 devices | 1.2
SELECT device_id, count(*) FROM reg_attempts GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20;
SELECT device_id, count(*) FROM person GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20;

-- question: the top 20 mail domains | 1.2
SELECT email_domain, count(*) FROM reg_attempts GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20;
SELECT substr(email_folded, instr(email_folded, '@') + 1), count(*) FROM person GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20;

-- question: ... cut from the address by SQL | 2
SELECT substr(email, instr(email, '@') + 1), count(*) FROM reg_attempts GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20;
SELECT substr(email, instr(email, '@') + 1), count(*) FROM person GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20;

-- question: plain view: attempts by outcome | 2
SELECT outcome, count(*) FROM attempts GROUP BY 1;
SELECT coalesce(d.outcome, a.outcome), count(*)
  FROM attempt a LEFT JOIN decision d ON d.id = CASE WHEN a.outcome = 'pending' THEN (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id) END
 GROUP BY 1;

-- question: plain view: an attempt by its number | 3
SELECT outcome, failure_reason, code_state, report_state FROM attempts WHERE id = 1234;
SELECT coalesce(d.outcome, a.outcome), NULL,
       (SELECT e.state FROM code c LEFT JOIN code_end e ON e.code_id = c.id WHERE c.attempt_id = a.id ORDER BY e.state IS 'verified' DESC LIMIT 1),
       (SELECT v.state FROM report r LEFT JOIN report_event v ON v.report_id = r.id WHERE r.attempt_id = a.id ORDER BY v.id DESC LIMIT 1)
  FROM attempt a LEFT JOIN decision d ON d.id = (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id) WHERE a.id = 1234;

-- question: plain view: outcomes of the last week | 2 s
SELECT * FROM outcomes_by_day WHERE day >= date('now', '-7 days');

-- question: plain view: the funnel of the last week | 2 s
SELECT * FROM funnel_by_day WHERE day >= date('now', '-7 days');
