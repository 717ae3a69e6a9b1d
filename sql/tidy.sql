-- SPDX-License-Identifier: MIT
-- Personal data that has been kept for as long as it is wanted: that of attempts which failed long ago.

-- What was decided again later (late news) counts as decided then. An attempt whose report is still under way keeps what the report holds.
-- name: attempts_to_tidy
SELECT p.attempt_id
  FROM person p JOIN attempt a ON a.id = p.attempt_id
 WHERE p.attempt_id > :after AND p.attempt_id <= :until
   AND coalesce((SELECT d.outcome = 'failure' AND d.recorded_at < :before FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1),
                a.outcome = 'failure' AND a.recorded_at < :before)
   AND NOT EXISTS (SELECT 1 FROM report r WHERE r.attempt_id = a.id AND r.next_try_at IS NOT NULL)
 ORDER BY p.attempt_id LIMIT :most

-- What runs and tries said in words is kept for as long as it is wanted, too. Then a try keeps its times, result and status, and a run its times, exit code and
-- counts, so that no count changes, as of any moment; last_error reads as the status, or as the result where there was no answer.
-- owner, which every try has, is empty once its words are gone. A try without a result keeps all: it is not over.
-- name: next_try_to_summarise
SELECT id FROM try WHERE id > :after AND owner <> '' AND finished_at < :before ORDER BY id LIMIT 1

-- name: tries_to_summarise
SELECT count(*) FROM try WHERE id > :after AND id <= :until AND owner <> '' AND finished_at < :before

-- name: summarise_tries
UPDATE try
   SET owner = '', answer = CASE WHEN answer IS NOT NULL AND result <> 'accepted' THEN coalesce('status ' || status, replace(result, '_', ' ')) END
 WHERE id > :after AND id <= :until AND owner <> '' AND finished_at < :before

-- A run that was killed has no end; none takes as long as a week (run_seconds).
-- name: next_run_to_summarise
SELECT id FROM run
 WHERE id > :after AND (owner IS NOT NULL OR (json_valid(counts) AND instr(counts, '"name":') > 0)) AND coalesce(finished_at, started_at + 604800000) < :before
 ORDER BY id LIMIT 1

-- name: runs_to_summarise
SELECT count(*) FROM run
 WHERE id > :after AND id <= :until AND (owner IS NOT NULL OR (json_valid(counts) AND instr(counts, '"name":') > 0))
   AND coalesce(finished_at, started_at + 604800000) < :before

-- Of the files that were read the digests and numbers stay.
-- name: summarise_runs
UPDATE run
   SET owner = NULL,
       counts = CASE WHEN json_valid(counts) AND instr(counts, '"name":') > 0
                     THEN json_replace(counts,
                                       '$.inputs', (SELECT json_group_array(CASE i.type WHEN 'object' THEN json_remove(i.value, '$.name') END) FROM json_each(counts, '$.inputs') i),
                                       '$.files', (SELECT json_group_array(CASE f.type WHEN 'object' THEN json_remove(f.value, '$.name', '$.unknown_columns') END) FROM json_each(counts, '$.files') f))
                     ELSE counts END
 WHERE id > :after AND id <= :until AND (owner IS NOT NULL OR (json_valid(counts) AND instr(counts, '"name":') > 0))
   AND coalesce(finished_at, started_at + 604800000) < :before
