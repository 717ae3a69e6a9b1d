-- SPDX-License-Identifier: MIT
-- No two customers have one e-mail address, phone number, username, uuid or third-party identity.
-- Two may have one address or number where the setting uniqueEmail or uniquePhone was off between sign-up and verdict, or an outcome was told.
WITH
-- One look for each entry: the segments of the index have no common order in which neighbours could be compared.
shared AS MATERIALIZED (
    SELECT DISTINCT s.key, s.holder AS first FROM subject_index s
     WHERE s.holder > 0 AND EXISTS (SELECT 1 FROM subject_index o WHERE o.key = s.key AND o.holder > s.holder)
       AND NOT EXISTS (SELECT 1 FROM subject_index o WHERE o.key = s.key AND o.holder > 0 AND o.holder < s.holder)),
others AS (
    SELECT s.key, s.first, m.holder, m.attempt_id FROM shared s CROSS JOIN subject_merged m ON m.key = s.key AND m.holder > s.first
    UNION ALL
    SELECT s.key, s.first, w.holder, w.attempt_id
      FROM shared s CROSS JOIN subject_segment g CROSS JOIN subject_waiting w ON w.segment = g.id AND w.key = s.key AND w.holder > s.first),
pairs AS (
    SELECT o.key, o.first AS customer_id, o.holder AS other_customer_id, o.attempt_id AS other_attempt_id,
           (SELECT f.attempt_id FROM subject_index f
             WHERE f.key = o.key AND f.holder = o.first AND EXISTS (SELECT 1 FROM attempt a WHERE a.id = f.attempt_id AND a.told IS NULL) LIMIT 1) AS attempt_id
      FROM others o),
named AS (
    SELECT x.customer_id, x.other_customer_id, x.other_attempt_id,
           CASE WHEN p.email_key = x.key AND p.email_folded = q.email_folded THEN 'email'
                WHEN p.phone_key = x.key AND p.phone = q.phone AND p.phone GLOB '+*' THEN 'phone'
                WHEN p.username_key = x.key AND p.username_folded = q.username_folded THEN 'username'
                WHEN p.uuid_key = x.key AND p.uuid = q.uuid THEN 'uuid'
                WHEN p.identity_key = x.key AND p.identity_subject = q.identity_subject
                     AND (SELECT a.identity_provider FROM attempt a WHERE a.id = p.attempt_id) = (SELECT a.identity_provider FROM attempt a WHERE a.id = q.attempt_id)
                THEN 'identity' END AS identifier
      FROM pairs x JOIN person p ON p.attempt_id = x.attempt_id JOIN person q ON q.attempt_id = x.other_attempt_id)
SELECT n.identifier, n.customer_id, n.other_customer_id, n.other_attempt_id
  FROM named n JOIN attempt a ON a.id = n.other_attempt_id
 WHERE n.identifier IS NOT NULL AND a.told IS NULL
   AND NOT EXISTS (SELECT 1 FROM setting s
                    WHERE s.id >= a.setting_id
                      AND s.recorded_at <= coalesce((SELECT d.recorded_at FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), a.recorded_at)
                      AND json_extract(s.json, CASE n.identifier WHEN 'email' THEN '$.uniqueEmail' WHEN 'phone' THEN '$.uniquePhone' ELSE '$.none' END) = 0)
