-- SPDX-License-Identifier: MIT
-- rule: finish_code
-- Records the end of a code's try: the channel's answer, and what follows for the code. (For reports see queue.sql.)
-- retry_at: NULL if there is no further try. recorded_at: when the answer was recorded.
-- The code belongs to the try while its next_try_at is the try's lease. If the lease has run out and another run took the code, or it was cancelled,
-- only an acceptance still counts: the other side has it, so nobody needs to send it again.

-- step: start
INSERT INTO start_code (code_id, recorded_at)
SELECT code_id, :recorded_at FROM try WHERE id = :try_id AND :result IN ('accepted', 'deferred');

-- step: undeliverable
INSERT INTO code_end (code_id, recorded_at, state)
SELECT c.id, :recorded_at, 'undeliverable'
  FROM try t JOIN code c ON c.id = t.code_id AND c.next_try_at = t.lease_until
 WHERE t.id = :try_id AND :result NOT IN ('accepted', 'deferred') AND (:result = 'refused' OR :retry_at IS NULL);

-- step: code
UPDATE code
   SET handed_over_at = CASE WHEN :result IN ('accepted', 'deferred') THEN coalesce(handed_over_at, :recorded_at) ELSE handed_over_at END,
       next_try_at = CASE WHEN :result IN ('not_accepted', 'ambiguous') THEN :retry_at END
 WHERE id = (SELECT code_id FROM try WHERE id = :try_id)
   AND (:result IN ('accepted', 'deferred') OR next_try_at = (SELECT lease_until FROM try WHERE id = :try_id));

-- step: sums
-- An answer to a try that had been given up may change a code without adding a fact, so the sums of its day are let go (sql/upgrades/6.sql).
DELETE FROM kept_day
 WHERE day = (SELECT a.attempted_at / 86400000 FROM try t JOIN code c ON c.id = t.code_id JOIN attempt a ON a.id = c.attempt_id
               WHERE t.id = :try_id AND t.finished_at IS NOT NULL);

-- step: round
UPDATE kept_through SET round = round + 1 WHERE EXISTS (SELECT 1 FROM try t WHERE t.id = :try_id AND t.finished_at IS NOT NULL);

-- step: try
-- If the person was erased meanwhile, the answer is not kept, because it may repeat the address.
UPDATE try
   SET finished_at = :recorded_at, result = :result, status = :status, retry_at = :retry_at,
       answer = CASE WHEN EXISTS (SELECT 1 FROM recipient r WHERE r.code_id = try.code_id) THEN :answer END
 WHERE id = :try_id AND finished_at IS NULL;
