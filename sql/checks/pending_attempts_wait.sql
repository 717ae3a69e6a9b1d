-- SPDX-License-Identifier: MIT
-- What is pending waits for its deadline, and nothing else does.
SELECT a.id AS attempt_id, 'pending, but not waiting' AS what
  FROM attempt a
 WHERE a.outcome = 'pending' AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.attempt_id = a.id) AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = a.id)
UNION ALL
SELECT w.attempt_id, 'waiting, but decided'
  FROM waiting w
 WHERE EXISTS (SELECT 1 FROM decision d WHERE d.attempt_id = w.attempt_id)
    OR NOT EXISTS (SELECT 1 FROM attempt a WHERE a.id = w.attempt_id AND a.outcome = 'pending')
