-- SPDX-License-Identifier: MIT
-- Every identifier of a person stands in the index of subjects, by which it is found.
SELECT v.attempt_id, v.identifier
  FROM (SELECT p.attempt_id, k.column1 AS identifier,
               CASE k.column1 WHEN 'email' THEN p.email_key WHEN 'phone' THEN p.phone_key WHEN 'username' THEN p.username_key WHEN 'uuid' THEN p.uuid_key
                    ELSE p.identity_key END AS key,
               CASE WHEN a.outcome = 'success' THEN a.customer_id WHEN a.outcome = 'failure' THEN -1
                    ELSE coalesce((SELECT coalesce(d.customer_id, -1) FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), 0) END AS holder
          FROM person p JOIN attempt a ON a.id = p.attempt_id
         CROSS JOIN (VALUES ('email'), ('phone'), ('username'), ('uuid'), ('identity')) k) v
 WHERE v.key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM subject_index s WHERE s.key = v.key AND s.holder = v.holder AND s.attempt_id = v.attempt_id)
