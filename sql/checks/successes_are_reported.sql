-- SPDX-License-Identifier: MIT
-- Every success has its report.
SELECT s.attempt_id
  FROM (SELECT id AS attempt_id FROM attempt WHERE outcome = 'success' UNION ALL SELECT attempt_id FROM decision WHERE outcome = 'success') s
 WHERE NOT EXISTS (SELECT 1 FROM report r WHERE r.attempt_id = s.attempt_id AND r.outcome = 'success')
