-- SPDX-License-Identifier: MIT
-- rule: give_code
-- From now on somebody may have the code, so it can be found under each of its names (see given_code).

-- step: names
INSERT OR IGNORE INTO given_code (key, own, code_id)
SELECT k.key, max(k.own), :code_id
  FROM (SELECT subject_key AS key, 1 AS own FROM recipient WHERE code_id = :code_id
        UNION ALL SELECT p.email_key, 0 FROM code c JOIN person p ON p.attempt_id = c.attempt_id WHERE c.id = :code_id
        UNION ALL SELECT p.phone_key, 0 FROM code c JOIN person p ON p.attempt_id = c.attempt_id WHERE c.id = :code_id
        UNION ALL SELECT p.username_key, 0 FROM code c JOIN person p ON p.attempt_id = c.attempt_id WHERE c.id = :code_id) k
 WHERE k.key IS NOT NULL
 GROUP BY k.key;
