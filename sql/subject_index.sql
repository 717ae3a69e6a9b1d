-- SPDX-License-Identifier: MIT
-- The segments of the index of subjects (sql/upgrades/8.sql, 10.sql).

-- name: newest_segment
SELECT id, entries FROM subject_segment ORDER BY id DESC LIMIT 1

-- name: open_segment
INSERT INTO subject_segment (id, entries) SELECT max(id) + 1, 0 FROM subject_segment

-- name: count_entries
UPDATE subject_segment SET entries = entries + :entries WHERE id = :segment

-- Those that wait to be merged.
-- name: segment_count
SELECT count(*) FROM subject_segment WHERE id > 0

-- A part of all keys is merged at a time, so that neither a transaction nor the memory for it grows with the index.
-- name: merge_entries
INSERT OR IGNORE INTO subject_merged (key, holder, attempt_id)
SELECT key, holder, attempt_id FROM subject_waiting
 WHERE segment IN (SELECT id FROM subject_segment WHERE id > 0) AND key BETWEEN :first AND :last
 ORDER BY key, holder, attempt_id
-- name: drop_merged_entries
DELETE FROM subject_waiting WHERE segment IN (SELECT id FROM subject_segment WHERE id > 0) AND key BETWEEN :first AND :last

-- What came to a part that had been merged keeps its segment.
-- name: drop_empty_segments
DELETE FROM subject_segment WHERE id > 0 AND NOT EXISTS (SELECT 1 FROM subject_waiting w WHERE w.segment = subject_segment.id)
