-- SPDX-License-Identifier: MIT
-- The index of where attempts came from (sql/upgrades/9.sql), as it is built.

-- Which attempts it has, which there are, and whether people were erased since.
-- name: origins_look
SELECT origin_id, coalesce((SELECT max(id) FROM attempt), 0) AS newest, round FROM kept_until

-- The mail domain is that of reg_attempts.email_domain.
-- name: origins_of_people
SELECT value, attempt_id
  FROM (SELECT CASE :kind WHEN 1 THEN device_id WHEN 2 THEN ip_address ELSE substr(email_folded, instr(email_folded, '@') + 1) END AS value, attempt_id
          FROM person WHERE attempt_id > :since AND attempt_id <= :until)
 WHERE value IS NOT NULL
 ORDER BY value, attempt_id

-- Where somebody was erased after people were read, it may have been this one.
-- name: keep_origin
INSERT OR IGNORE INTO kept_origin (kind, value, attempt_id)
SELECT :kind, :value, :attempt_id
 WHERE (SELECT round FROM kept_until) = :round OR EXISTS (SELECT 1 FROM person WHERE attempt_id = :attempt_id)

-- name: move_origins
UPDATE kept_until SET origin_id = :until WHERE origin_id = :since

-- How many attempts are not in it, at the most.
-- name: origins_left
SELECT coalesce((SELECT max(id) FROM attempt), 0) - origin_id FROM kept_until
