-- SPDX-License-Identifier: MIT
-- The index of origins has each origin of the people that it says it has, and no others: none too many, and as many.
-- Each kind of both is read in its order, since to look them up one by one takes three times as long.
WITH most AS MATERIALIZED (SELECT origin_id AS id FROM kept_until)
SELECT 'device' AS origin, attempt_id, NULL AS entries, NULL AS people
  FROM (SELECT value, attempt_id FROM kept_origin WHERE kind = 1 AND attempt_id <= (SELECT id FROM most)
        EXCEPT SELECT device_id, attempt_id FROM person WHERE attempt_id <= (SELECT id FROM most) ORDER BY 1, 2)
UNION ALL
SELECT 'address', attempt_id, NULL, NULL
  FROM (SELECT value, attempt_id FROM kept_origin WHERE kind = 2 AND attempt_id <= (SELECT id FROM most)
        EXCEPT SELECT ip_address, attempt_id FROM person WHERE attempt_id <= (SELECT id FROM most) ORDER BY 1, 2)
UNION ALL
SELECT 'domain', attempt_id, NULL, NULL
  FROM (SELECT value, attempt_id FROM kept_origin WHERE kind = 3 AND attempt_id <= (SELECT id FROM most)
        EXCEPT SELECT substr(email_folded, instr(email_folded, '@') + 1), attempt_id FROM person WHERE attempt_id <= (SELECT id FROM most) ORDER BY 1, 2)
UNION ALL
SELECT CASE k.kind WHEN 1 THEN 'device' WHEN 2 THEN 'address' ELSE 'domain' END, NULL, k.entries,
       CASE k.kind WHEN 1 THEN p.devices WHEN 2 THEN p.addresses ELSE p.domains END
  FROM (SELECT count(device_id) AS devices, count(ip_address) AS addresses, count(email_folded) AS domains FROM person WHERE attempt_id <= (SELECT id FROM most)) p
  JOIN (SELECT n.column1 AS kind, (SELECT count(*) FROM kept_origin o WHERE o.kind = n.column1 AND o.attempt_id <= (SELECT id FROM most)) AS entries
          FROM (VALUES (1), (2), (3)) n) k
    ON k.entries <> CASE k.kind WHEN 1 THEN p.devices WHEN 2 THEN p.addresses ELSE p.domains END
