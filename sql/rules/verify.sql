-- SPDX-License-Identifier: MIT
-- rule: verify
-- Records the result of an entered code, by its verdict. `verified`: it was code_id. `invalid_code`: it was none of `compared`.

-- step: continuation
-- The second request of a two-step sign-up gets its own row, whatever the verdict.
INSERT INTO continuation (id, recorded_at, attempted_at, import_id, line, kind, attempt_id, verdict)
SELECT :continuation_id, :recorded_at, :attempted_at, :import_id, :line, 'confirmation',
       (SELECT attempt_id FROM code WHERE id = coalesce(:code_id, (SELECT value FROM json_each(:compared) LIMIT 1))), :verdict
 WHERE :continuation_id IS NOT NULL;

-- step: right
INSERT INTO confirm_code (code_id, compared, recorded_at, entered_at, unique_email, unique_phone, reportable, password_hash, sealed)
SELECT :code_id, :compared, :recorded_at, :entered_at, :unique_email, :unique_phone, :reportable, :password_hash, :sealed
 WHERE :verdict = 'verified';

-- step: wrong
INSERT INTO count_wrong_try (compared, recorded_at, entered_at, max_tries, reportable)
SELECT :compared, :recorded_at, :entered_at, :max_tries, :reportable
 WHERE :verdict = 'invalid_code';
