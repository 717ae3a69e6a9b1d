-- SPDX-License-Identifier: MIT
-- Nothing personal is left of whoever was erased.
SELECT e.attempt_id,
       CASE WHEN p.attempt_id IS NOT NULL THEN 'person'
            WHEN f.attempt_id IS NOT NULL THEN 'fingerprint'
            WHEN EXISTS (SELECT 1 FROM code c JOIN recipient r ON r.code_id = c.id WHERE c.attempt_id = e.attempt_id) THEN 'recipient'
            ELSE 'free text' END AS what
  FROM erasure e
  JOIN attempt a ON a.id = e.attempt_id
  LEFT JOIN person p ON p.attempt_id = e.attempt_id
  LEFT JOIN fingerprint f ON f.attempt_id = e.attempt_id
 WHERE p.attempt_id IS NOT NULL OR f.attempt_id IS NOT NULL
    OR EXISTS (SELECT 1 FROM code c JOIN recipient r ON r.code_id = c.id WHERE c.attempt_id = e.attempt_id)
    OR coalesce(a.told_reason, a.source_id, a.account_group_id, a.device_type, a.manufacturer, a.model, a.os, a.language, a.app_name, a.app_domain, a.captcha) IS NOT NULL
    OR EXISTS (SELECT 1 FROM step s WHERE s.attempt_id = e.attempt_id AND s.recorded_at < e.recorded_at AND (s.reference IS NOT NULL OR s.status <> 'erased'))
