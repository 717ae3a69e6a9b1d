-- SPDX-License-Identifier: MIT
-- Whether an index is that of its table, by sums (jobs/indexes/fingerprint.h): 1, and the check of sql/checks/ that looks each row up has nothing to find.

-- See checks/origins_are_those_of_people.sql. What a run has that does not count yet is none of them.
-- name: same_origins
SELECT (p.devices, p.addresses, p.domains) IS (o.devices, o.addresses, o.domains)
  FROM (SELECT reg_fingerprint(device_id, attempt_id, 1) FILTER (WHERE device_id IS NOT NULL) AS devices,
               reg_fingerprint(ip_address, attempt_id, 1) FILTER (WHERE ip_address IS NOT NULL) AS addresses,
               reg_fingerprint(substr(email_folded, instr(email_folded, '@') + 1), attempt_id, 1) FILTER (WHERE email_folded IS NOT NULL) AS domains
          FROM person WHERE attempt_id <= (SELECT origin_id FROM kept_through)) p,
       (SELECT reg_fingerprint(value, attempt_id, counts) FILTER (WHERE kind = 1) AS devices,
               reg_fingerprint(value, attempt_id, counts) FILTER (WHERE kind = 2) AS addresses,
               reg_fingerprint(value, attempt_id, counts) FILTER (WHERE kind = 3) AS domains
          FROM (SELECT kind, value, attempt_id, run IN (SELECT run FROM origin_run) AS counts FROM kept_origin)) o

-- See checks/people_are_indexed.sql, which asks for those of people alone: where there are others, it is asked.
-- name: same_subjects
SELECT (SELECT reg_fingerprint(key, holder, attempt_id) FROM subject_index) IS
       (SELECT reg_fingerprint(CASE k.column1 WHEN 'email' THEN p.email_key WHEN 'phone' THEN p.phone_key WHEN 'username' THEN p.username_key
                               WHEN 'uuid' THEN p.uuid_key ELSE p.identity_key END, p.holder, p.attempt_id)
          FROM (SELECT n.*, CASE WHEN a.outcome = 'success' THEN a.customer_id WHEN a.outcome = 'failure' THEN -1
                                 ELSE coalesce((SELECT coalesce(d.customer_id, -1) FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), 0) END AS holder
                  FROM person n JOIN attempt a ON a.id = n.attempt_id) p
         CROSS JOIN (VALUES ('email'), ('phone'), ('username'), ('uuid'), ('identity')) k
         WHERE CASE k.column1 WHEN 'email' THEN p.email_key WHEN 'phone' THEN p.phone_key WHEN 'username' THEN p.username_key
               WHEN 'uuid' THEN p.uuid_key ELSE p.identity_key END IS NOT NULL)
