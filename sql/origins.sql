-- SPDX-License-Identifier: MIT
-- The index of where attempts came from (sql/upgrades/9.sql), as it is built.

-- Which attempts it has, and which are merged; the first that it does not have (0: it has all), and the last.
-- name: origins_look
SELECT merged_id, origin_id, coalesce((SELECT min(id) FROM attempt WHERE id > origin_id), 0) AS next, coalesce((SELECT max(id) FROM attempt), 0) AS newest
  FROM kept_through

-- The origins of the attempts after origin_id up to :until, all of one run.
-- name: add_origins
INSERT OR FAIL INTO kept_origin (run, kind, value, attempt_id)
SELECT :until / 262144 + 1, :kind, value, attempt_id FROM newer_origin WHERE kind = :kind AND attempt_id <= :until
 ORDER BY value, attempt_id

-- name: move_origin_id
UPDATE kept_through SET origin_id = :until WHERE origin_id < :until

-- Runs are merged slice by slice. The first of a kind ends before that entry: so no run has more than :most in it. No row: all that is left is one.
-- name: origin_slice
SELECT value, attempt_id
  FROM (SELECT (SELECT o.value FROM kept_origin o WHERE o.run = r.run AND o.kind = :kind ORDER BY o.value, o.attempt_id LIMIT 1 OFFSET :most) AS value,
               (SELECT o.attempt_id FROM kept_origin o WHERE o.run = r.run AND o.kind = :kind ORDER BY o.value, o.attempt_id LIMIT 1 OFFSET :most) AS attempt_id
          FROM origin_run r WHERE r.run > 0)
 WHERE value IS NOT NULL
 ORDER BY value, attempt_id
 LIMIT 1

-- What many share is cut by the attempts, and not looked through for each slice.
-- name: merge_origins
INSERT OR FAIL INTO kept_origin (run, kind, value, attempt_id)
SELECT 0, :kind, value, attempt_id
  FROM (SELECT o.value, o.attempt_id FROM origin_run r CROSS JOIN kept_origin o ON o.run = r.run AND o.kind = :kind AND o.value < :value WHERE r.run > 0
        UNION ALL
        SELECT o.value, o.attempt_id FROM origin_run r CROSS JOIN kept_origin o ON o.run = r.run AND o.kind = :kind AND o.value = :value AND o.attempt_id < :attempt_id
         WHERE r.run > 0)
 ORDER BY value, attempt_id
-- name: drop_merged_origins
DELETE FROM kept_origin WHERE run IN (SELECT run FROM origin_run WHERE run > 0) AND kind = :kind AND value < :value
-- name: drop_merged_origins_of_value
DELETE FROM kept_origin WHERE run IN (SELECT run FROM origin_run WHERE run > 0) AND kind = :kind AND value = :value AND attempt_id < :attempt_id

-- name: move_merged_id
UPDATE kept_through SET merged_id = :until WHERE merged_id < :until

-- How many attempts are not in run 0, at the most.
-- name: origins_left
SELECT coalesce((SELECT max(id) FROM attempt), 0) - merged_id FROM kept_through

-- How many are in no run.
-- name: origins_unread
SELECT coalesce((SELECT max(id) FROM attempt), 0) - origin_id FROM kept_through

-- Whether more than :many attempts have an origin.
-- name: origin_is_common
SELECT 1 FROM kept_origin WHERE run IN (SELECT run FROM origin_run) AND kind = :kind AND value = :value LIMIT 1 OFFSET :many

-- What the attempts of a span came from, with their verdicts at admission, handed to reg_take() (ext/functions/row_taker.h); how those that were pending were
-- decided, the last decision last; and the origins of one attempt. To read all decisions takes less than to look them up by the index on attempt_id.
-- name: origins_of_span
SELECT count(*), count(reg_take(:taker, a.id, a.attempted_at, a.outcome, p.email_key, p.email_folded, p.ip_address, p.device_id))
  FROM attempt a CROSS JOIN person p ON p.attempt_id = a.id
 WHERE a.attempted_at >= :since AND a.attempted_at < :until
-- name: decisions_between
SELECT attempt_id, outcome = 'success' AS success FROM decision WHERE +attempt_id BETWEEN :first AND :last ORDER BY id
-- name: origins_of_attempt
SELECT ip_address, device_id, email_folded FROM person WHERE attempt_id = :id
