-- SPDX-License-Identifier: MIT
-- What a rehearsal copies from the ledger; see ext/listings/rehearsal.c.

-- The attempts that matter for a sign-up: those that hold or wait for one of its identifiers, and their customers. all: failed ones too, because a code may still
-- belong to them. One may come twice.
-- name: rehearsal_met
SELECT attempt_id FROM subject_index WHERE key = :key AND (holder >= 0 OR :all)
UNION ALL
SELECT holder FROM subject_index WHERE key = :key AND holder > 0
UNION ALL
SELECT customer_id FROM link WHERE identity_key = :key

-- Whether a key leads to anybody at all: most keys of new sign-ups do not, and to learn that takes one look.
-- name: rehearsal_meets
SELECT 1 FROM subject_index WHERE key = :key UNION ALL SELECT 1 FROM link WHERE identity_key = :key LIMIT 1

-- name: rehearsal_ids
SELECT max(coalesce((SELECT max(id) FROM attempt), 0), coalesce((SELECT max(id) FROM continuation), 0)),
       coalesce((SELECT max(id) FROM code), 0), coalesce((SELECT max(id) FROM report), 0), coalesce((SELECT max(id) FROM decision), 0),
       coalesce((SELECT max(id) FROM code_end), 0), coalesce((SELECT max(id) FROM wrong_try), 0), coalesce((SELECT max(id) FROM report_event), 0)

-- Empty rows with the ledger's highest ids, so that new rows of the rehearsal never get the id of a row copied later.
-- name: rehearsal_places
INSERT INTO continuation (id, recorded_at, attempted_at, kind, verdict) VALUES (:attempt + 1, 0, 0, 'login', '');
INSERT INTO code (id, ordinal, channel, kind, nonce, digits, sandbox, recorded_at, lifetime_ms) VALUES (:code + 1, 0, 'none', 'pin', zeroblob(16), 6, 0, 0, 0);
INSERT INTO report (id, attempt_id, outcome, recorded_at) VALUES (:report + 1, 0, 'failure', 0);
INSERT INTO decision (id, attempt_id, recorded_at, decided_at, outcome, reasons) VALUES (:decision + 1, 0, 0, 0, 'failure', '[]');
INSERT INTO code_end (id, code_id, recorded_at, state) VALUES (:code_end + 1, 0, 0, 'cancelled');
INSERT INTO wrong_try (id, code_id, recorded_at) VALUES (:wrong_try + 1, 0, 0);
INSERT INTO report_event (id, report_id, recorded_at, state) VALUES (:report_event + 1, 0, 0, 'dead')

-- name: rehearsal_continuation
SELECT kind || ' ' || verdict FROM continuation WHERE id = :id
