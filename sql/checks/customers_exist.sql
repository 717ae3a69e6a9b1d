-- SPDX-License-Identifier: MIT
-- Every success belongs to a customer, whom an attempt that succeeded has made.
SELECT v.attempt_id, v.customer_id
  FROM (SELECT id AS attempt_id, customer_id FROM attempt WHERE outcome = 'success'
        UNION ALL
        SELECT attempt_id, customer_id FROM decision WHERE outcome = 'success') v
 WHERE v.customer_id IS NULL
    OR v.customer_id <> v.attempt_id
       AND NOT EXISTS (SELECT 1 FROM attempt c
                        WHERE c.id = v.customer_id
                          AND (c.outcome = 'success' AND c.customer_id = c.id
                               OR EXISTS (SELECT 1 FROM decision d WHERE d.attempt_id = c.id AND d.customer_id = c.id)))
