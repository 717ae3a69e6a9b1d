-- SPDX-License-Identifier: MIT
-- rule: start_code
-- Starts a code's lifetime, because somebody has been given it. The attempt's lifetime starts with that of its first code.

-- step: deadline
UPDATE waiting
   SET deadline = :recorded_at + (SELECT a.lifetime_ms FROM attempt a WHERE a.id = waiting.attempt_id)
 WHERE attempt_id = (SELECT c.attempt_id FROM code c WHERE c.id = :code_id)
   AND deadline > :recorded_at
   AND NOT EXISTS (SELECT 1 FROM code c WHERE c.attempt_id = waiting.attempt_id AND c.runs_from IS NOT NULL);

-- step: code
-- A hand-over after the deadline does not revive an attempt, which already reads as failed.
UPDATE code SET runs_from = :recorded_at
 WHERE id = :code_id AND runs_from IS NULL
   AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = code.attempt_id AND w.deadline <= :recorded_at);

-- step: give
INSERT INTO give_code (code_id) SELECT c.id FROM code c WHERE c.id = :code_id AND c.runs_from IS NOT NULL;
