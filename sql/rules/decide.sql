-- SPDX-License-Identifier: MIT
-- rule: decide
-- Records a verdict after admission and everything that follows for the attempt: confirmed, settled, superseded, corrected or erased.

-- step: decision
INSERT INTO decision (attempt_id, recorded_at, decided_at, outcome, reasons, customer_id)
VALUES (:attempt_id, :recorded_at, :decided_at, :outcome, :reasons, :customer_id);

-- step: waiting
DELETE FROM waiting WHERE attempt_id = :attempt_id;

-- step: holder
-- An attempt that is decided held nothing yet. Naming that keeps each look-up exact, however many attempts carry the same identifier.
UPDATE subject_merged
   SET holder = CASE :outcome WHEN 'success' THEN :customer_id ELSE -1 END
 WHERE key IN (SELECT k.key FROM subject_key k WHERE k.attempt_id = :attempt_id) AND attempt_id = :attempt_id AND holder IN (-1, 0);

-- step: waiting_holder
UPDATE subject_waiting
   SET holder = CASE :outcome WHEN 'success' THEN :customer_id ELSE -1 END
 WHERE segment IN (SELECT id FROM subject_segment)
   AND key IN (SELECT k.key FROM subject_key k WHERE k.attempt_id = :attempt_id) AND attempt_id = :attempt_id AND holder IN (-1, 0);

-- step: codes
-- Codes whose time has run out read as expired without a record; the others end here.
INSERT INTO code_end (code_id, recorded_at, state)
SELECT c.id, :recorded_at,
       CASE WHEN :outcome = 'success' OR :reasons = '["superseded_attempt"]' THEN 'superseded' ELSE 'cancelled' END
  FROM code c
 WHERE c.attempt_id = :attempt_id
   AND NOT EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = c.id)
   AND coalesce(c.runs_from + c.lifetime_ms > :recorded_at, 1)
 ORDER BY c.id;

-- step: queue
UPDATE code SET next_try_at = NULL WHERE attempt_id = :attempt_id AND next_try_at IS NOT NULL;

-- step: report
INSERT INTO report_outcome (attempt_id, recorded_at, outcome, reasons, reportable)
VALUES (:attempt_id, :recorded_at, :outcome, :reasons, :reportable);

-- step: fingerprint
DELETE FROM fingerprint
 WHERE attempt_id = :attempt_id AND NOT EXISTS (SELECT 1 FROM report r WHERE r.attempt_id = :attempt_id);
