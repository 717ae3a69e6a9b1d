-- SPDX-License-Identifier: MIT
-- rule: report_outcome
-- Queues an outcome for the fraud API if it is a success, has a recommendation, or failed for a reportable reason.
-- Takes one attempt's verdict, or, without an outcome, the verdicts at admission of all attempts up to last_attempt_id.

-- step: report
INSERT INTO report (attempt_id, outcome, reasons, recorded_at, next_try_at)
SELECT d.attempt_id, d.outcome, d.reasons, d.recorded_at, d.recorded_at
  FROM (SELECT a.id AS attempt_id, coalesce(:outcome, a.outcome) AS outcome, CASE WHEN :outcome IS NULL THEN a.reasons ELSE :reasons END AS reasons,
               coalesce(:recorded_at, a.recorded_at) AS recorded_at, a.recommendation
          FROM attempt a WHERE a.id BETWEEN :attempt_id AND coalesce(:last_attempt_id, :attempt_id)) d
 WHERE d.outcome = 'success'
    OR d.outcome = 'failure'
       AND (d.recommendation IS NOT NULL OR EXISTS (SELECT 1 FROM json_each(d.reasons) r JOIN json_each(:reportable) x ON r.value = x.value))
 ORDER BY d.attempt_id;
