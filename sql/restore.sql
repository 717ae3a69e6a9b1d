-- SPDX-License-Identifier: MIT
-- After restoring a backup (regjob init --restored).

-- name: supersede_all_codes
INSERT INTO code_end (code_id, recorded_at, state)
SELECT c.id, :recorded_at, 'superseded' FROM code c WHERE NOT EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = c.id)
 ORDER BY c.id

-- name: unqueue_all_codes
UPDATE code SET next_try_at = NULL WHERE next_try_at IS NOT NULL

-- The runs that held them are gone, so they are due at once.
-- name: release_all_reports
UPDATE report SET next_try_at = :recorded_at
 WHERE next_try_at IS NOT NULL AND id IN (SELECT t.report_id FROM try t WHERE t.finished_at IS NULL)

-- name: close_all_tries
UPDATE try
   SET finished_at = :recorded_at, result = 'ambiguous', answer = 'the ledger was restored from a backup',
       retry_at = CASE WHEN report_id IS NOT NULL THEN :recorded_at END
 WHERE finished_at IS NULL
