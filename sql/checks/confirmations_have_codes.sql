-- SPDX-License-Identifier: MIT
-- Nobody became a customer after sign-up but by a code that was verified.
SELECT d.attempt_id, d.id AS decision_id
  FROM decision d
 WHERE d.outcome = 'success'
   AND NOT EXISTS (SELECT 1 FROM code c JOIN code_end e ON e.code_id = c.id AND e.state = 'verified' WHERE c.attempt_id = d.attempt_id)
