-- SPDX-License-Identifier: MIT
-- The index of origins has each origin of the people that it says it has, and no others: each is there, and there are as many.
WITH most AS MATERIALIZED (SELECT origin_id AS id FROM kept_through)
SELECT 'device' AS origin, p.attempt_id, NULL AS entries, NULL AS people
  FROM person p
 WHERE p.attempt_id <= (SELECT id FROM most) AND p.device_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM kept_origin o WHERE o.run IN (SELECT run FROM origin_run) AND o.kind = 1 AND o.value = p.device_id AND o.attempt_id = p.attempt_id)
UNION ALL
SELECT 'address', p.attempt_id, NULL, NULL
  FROM person p
 WHERE p.attempt_id <= (SELECT id FROM most) AND p.ip_address IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM kept_origin o WHERE o.run IN (SELECT run FROM origin_run) AND o.kind = 2 AND o.value = p.ip_address AND o.attempt_id = p.attempt_id)
UNION ALL
SELECT 'domain', p.attempt_id, NULL, NULL
  FROM person p
 WHERE p.attempt_id <= (SELECT id FROM most) AND p.email_folded IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM kept_origin o WHERE o.run IN (SELECT run FROM origin_run) AND o.kind = 3 AND o.value = substr(p.email_folded, instr(p.email_folded, '@') + 1) AND o.attempt_id = p.attempt_id)
UNION ALL
SELECT CASE k.kind WHEN 1 THEN 'device' WHEN 2 THEN 'address' ELSE 'domain' END, NULL, k.entries,
       CASE k.kind WHEN 1 THEN p.devices WHEN 2 THEN p.addresses ELSE p.domains END
  FROM (SELECT count(device_id) AS devices, count(ip_address) AS addresses, count(email_folded) AS domains FROM person WHERE attempt_id <= (SELECT id FROM most)) p
  JOIN (SELECT n.column1 AS kind, (SELECT count(*) FROM kept_origin o WHERE o.kind = n.column1) AS entries FROM (VALUES (1), (2), (3)) n) k
    ON k.entries <> CASE k.kind WHEN 1 THEN p.devices WHEN 2 THEN p.addresses ELSE p.domains END
