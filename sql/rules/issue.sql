-- SPDX-License-Identifier: MIT
-- rule: issue
-- Issues a new code for a subject in place of the live ones of its channel (replaces: a JSON array of their ids). The nonce is unique and finds it.
-- runs_from: set if the caller gets the code at once. next_try_at: NULL if the caller delivers it.

-- step: replaced
INSERT INTO code_end (code_id, recorded_at, state)
SELECT value, :recorded_at, 'superseded' FROM json_each(:replaces) ORDER BY key;

-- step: queue
UPDATE code SET next_try_at = NULL WHERE id IN (SELECT value FROM json_each(:replaces)) AND next_try_at IS NOT NULL;

-- step: code
INSERT INTO code (attempt_id, ordinal, channel, kind, nonce, digits, prefix, sandbox, recorded_at, lifetime_ms, handed_over_at, next_try_at)
SELECT :attempt_id,
       1 + (SELECT count(*) FROM code c JOIN recipient r ON r.code_id = c.id
             WHERE r.subject_key = :subject_key AND c.channel = :channel AND c.attempt_id IS :attempt_id),
       :channel, :kind, :nonce, :digits, :prefix, :sandbox, :recorded_at, :lifetime_ms,
       :handed_over_at, :next_try_at;

-- step: recipient
INSERT INTO recipient (code_id, subject_key, address, device_id)
SELECT id, :subject_key, :address, :device_id FROM code WHERE nonce = :nonce;

-- step: start
INSERT INTO start_code (code_id, recorded_at) SELECT id, :runs_from FROM code WHERE nonce = :nonce AND :runs_from IS NOT NULL;
