-- SPDX-License-Identifier: MIT
-- No password is kept as an unsalted hash, and no sealed fingerprint longer than a report needs it.
SELECT attempt_id, 'unsalted hash' AS what FROM person
 WHERE length(password_hash) IN (32, 40, 56, 64, 96, 128) AND password_hash NOT GLOB '*[^0-9A-Fa-f]*'
UNION ALL
SELECT f.attempt_id, 'fingerprint'
  FROM fingerprint f
 WHERE NOT EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = f.attempt_id)
   AND NOT EXISTS (SELECT 1 FROM report r
                    WHERE r.attempt_id = f.attempt_id
                      AND coalesce((SELECT v.state FROM report_event v WHERE v.report_id = r.id ORDER BY v.id DESC LIMIT 1), 'queued') IN ('queued', 'dead'))
