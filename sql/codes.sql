-- Codes: issued, found for a subject, verified.

-- Every code that was ever asked for a subject or for an attempt that carries it, or the one of a token's nonce, newest first, with its state as of :entered_at and the verdict on its attempt now.
-- A key that collides (64 bits) can only bring in codes that do not match. A code that was made after :known_by could not be entered then; the first one of an
-- attempt counts as made when the attempt was, which a file may tell of later.
-- name: codes_of_subject
SELECT c.id, c.attempt_id, c.kind, c.nonce, c.digits, c.prefix, c.sandbox, c.runs_from + c.lifetime_ms, r.device_id,
       (SELECT e.state FROM code_end e
         WHERE e.code_id = c.id AND (coalesce(e.entered_at, e.recorded_at) <= :entered_at OR e.state = 'verified')
         ORDER BY e.state = 'verified' DESC, e.id DESC LIMIT 1),
       CASE WHEN a.id IS NULL THEN NULL
            ELSE coalesce((SELECT CASE d.outcome WHEN 'success' THEN 'success' ELSE d.reasons END
                             FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), a.outcome) END,
       EXISTS (SELECT 1 FROM person p JOIN subject s ON s.holder > 0 AND s.attempt_id <> a.id AND s.holder IS NOT a.link_to
                AND s.key IN (CASE WHEN :unique_email THEN p.email_key END, CASE WHEN :unique_phone THEN p.phone_key END, p.username_key, p.uuid_key)
                WHERE p.attempt_id = a.id),
       coalesce((SELECT w.deadline FROM waiting w WHERE w.attempt_id = a.id),
                (SELECT d.decided_at FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1)),
       a.partner_id,
       (SELECT p.uuid FROM person p WHERE p.attempt_id = a.id),
       c.sandbox OR c.runs_from IS NOT NULL OR EXISTS (SELECT 1 FROM try t WHERE t.code_id = c.id)
  FROM code c
  JOIN recipient r ON r.code_id = c.id
  LEFT JOIN attempt a ON a.id = c.attempt_id
 WHERE c.id IN (SELECT code_id FROM recipient WHERE subject_key IN (:email_key, :phone_key)
                UNION
                SELECT u.id FROM subject s JOIN code u ON u.attempt_id = s.attempt_id WHERE s.key IN (:email_key, :phone_key, :username_key)
                UNION
                SELECT id FROM code WHERE nonce = :nonce)
   AND CASE WHEN c.ordinal = 1 AND a.attempted_at < c.recorded_at THEN a.attempted_at ELSE c.recorded_at END <= :known_by
 ORDER BY c.id DESC LIMIT 200

-- The attempt that a new code for a subject belongs to: the newest pending one, else the customer's.
-- name: attempt_of_subject
SELECT s.attempt_id, p.email, p.phone,
       (SELECT w.deadline FROM waiting w WHERE w.attempt_id = s.attempt_id)
  FROM subject s JOIN person p ON p.attempt_id = s.attempt_id
 WHERE s.key IN (:email_key, :phone_key, :username_key)
   AND :text IN (p.email_folded, p.phone, p.username_folded)
   AND (s.holder > 0 OR s.holder = 0 AND EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = s.attempt_id AND w.deadline > :now))
 ORDER BY s.holder = 0 DESC, s.attempt_id DESC LIMIT 1

-- Whether a code to this address may complete the attempt: always, but where it would link a password to a third-party customer (see the view admit).
-- name: address_completes
SELECT a.link_to IS NULL
       OR EXISTS (SELECT 1 FROM subject s JOIN person p ON p.attempt_id = s.attempt_id
                   WHERE s.key = :key AND s.holder = a.link_to AND :text IN (p.email_folded, p.phone))
  FROM attempt a WHERE a.id = :attempt_id

-- Codes of one subject, or of one attempt on one channel, that a new one would replace; and what limits it.
-- name: codes_before
SELECT c.id, c.kind, c.nonce, c.digits, c.prefix, c.sandbox, coalesce(c.runs_from, c.recorded_at), c.runs_from, r.device_id,
       (c.runs_from + c.lifetime_ms <= :now) IS TRUE,
       EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = c.id AND e.state <> 'undeliverable'),
       c.channel, c.attempt_id, c.recorded_at
  FROM recipient r JOIN code c ON c.id = r.code_id
 WHERE r.subject_key = :subject_key
 ORDER BY c.id DESC LIMIT 1001

-- name: customer_of_subject
SELECT 1 FROM subject s JOIN person p ON p.attempt_id = s.attempt_id
 WHERE s.key = :key AND s.holder > 0 AND :text IN (p.email_folded, p.phone, p.username_folded) LIMIT 1
