-- SPDX-License-Identifier: MIT
-- rule: confirm_code
-- The entered code is right. compared: a JSON array of the ids of all codes that it was compared with.

-- step: verified
-- A code is good once: if somebody else was faster, the index code_end_verified rejects it.
INSERT INTO code_end (code_id, recorded_at, state, entered_at) VALUES (:code_id, :recorded_at, 'verified', :entered_at);

-- step: queue
UPDATE code SET next_try_at = NULL WHERE id = :code_id AND next_try_at IS NOT NULL;

-- step: superseded
INSERT INTO code_end (code_id, recorded_at, state)
SELECT o.value, :recorded_at, 'superseded'
  FROM json_each(:compared) o JOIN code c ON c.id = o.value
 WHERE c.id <> :code_id AND c.attempt_id IS (SELECT attempt_id FROM code WHERE id = :code_id)
 ORDER BY o.key;

-- step: superseded_queue
UPDATE code SET next_try_at = NULL
 WHERE next_try_at IS NOT NULL AND id IN (SELECT value FROM json_each(:compared))
   AND attempt_id IS (SELECT attempt_id FROM code WHERE id = :code_id);

-- step: password
-- A password that the sign-up did not ask for comes with the code.
UPDATE person SET password_hash = :password_hash
 WHERE :password_hash IS NOT NULL AND password_hash IS NULL
   AND attempt_id = (SELECT attempt_id FROM code WHERE id = :code_id);

-- step: fingerprint
INSERT OR IGNORE INTO fingerprint (attempt_id, sealed)
SELECT attempt_id, :sealed FROM code WHERE id = :code_id AND attempt_id IS NOT NULL AND :sealed IS NOT NULL;

-- step: linked_password
-- The password that waited for the PIN goes to the third-party customer that the attempt is linked to.
UPDATE person
   SET password_hash = (SELECT p.password_hash FROM code c JOIN person p ON p.attempt_id = c.attempt_id WHERE c.id = :code_id)
 WHERE password_hash IS NULL
   AND attempt_id = (SELECT a.link_to FROM code c JOIN attempt a ON a.id = c.attempt_id WHERE c.id = :code_id);

-- step: attempt
-- The attempt is pending, or was settled although the code had been entered in time; then this corrects it.
-- If the customer that it would have been linked to has been erased, it stands alone.
INSERT INTO decide (attempt_id, recorded_at, decided_at, outcome, customer_id, reportable)
SELECT a.id, :recorded_at, :entered_at, 'success',
       CASE WHEN a.link_to IS NULL OR EXISTS (SELECT 1 FROM erasure e WHERE e.attempt_id = a.link_to) THEN a.id ELSE a.link_to END, :reportable
  FROM code c JOIN attempt a ON a.id = c.attempt_id
 WHERE c.id = :code_id AND a.outcome = 'pending'
   AND coalesce((SELECT d.outcome FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), 'pending') <> 'success';

-- step: rivals
INSERT INTO supersede (attempt_id, recorded_at, unique_email, unique_phone, reportable)
SELECT c.attempt_id, :recorded_at, :unique_email, :unique_phone, :reportable
  FROM code c WHERE c.id = :code_id AND c.attempt_id IS NOT NULL;
