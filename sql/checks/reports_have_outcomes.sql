-- SPDX-License-Identifier: MIT
-- No report tells an outcome that its attempt never had.
SELECT r.id AS report_id, r.attempt_id, r.outcome
  FROM report r
 WHERE NOT EXISTS (SELECT 1 FROM attempt a WHERE a.id = r.attempt_id AND a.outcome = r.outcome)
   AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.attempt_id = r.attempt_id AND d.outcome = r.outcome)
