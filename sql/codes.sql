-- SPDX-License-Identifier: MIT
-- Codes: issued, found for a subject, verified.

-- The codes that an entry for a subject's key may match. First, every code that somebody was given and that is still good. The limits bound how many an
-- address has been sent. A name that sign-ups share may have had any number sent to their own addresses, and none may hide another: each costs a message,
-- and one whose time is over costs no more than a look at it. Then the newest codes requested for the address, or for a sign-up that carries it: a short
-- index range, however many sign-ups a stranger sends.
-- name: codes_near
SELECT g.code_id FROM (SELECT code_id FROM given_code WHERE key = :key AND own = 1 ORDER BY code_id DESC LIMIT 1000) g
  JOIN code c ON c.id = g.code_id WHERE coalesce(c.runs_from + c.lifetime_ms > :entered_at, 1)
UNION
SELECT g.code_id FROM given_code g CROSS JOIN code c ON c.id = g.code_id
 WHERE g.key = :key AND g.own = 0 AND coalesce(c.runs_from + c.lifetime_ms > :entered_at, 1)
UNION
SELECT code_id FROM (SELECT code_id FROM recipient WHERE subject_key = :key ORDER BY code_id DESC LIMIT 200)
UNION
SELECT id FROM (
    WITH oldest (segment, holder, attempt_id) AS MATERIALIZED ( -- of the last 200 of each segment
        SELECT g.id,
               (SELECT holder FROM subject_waiting WHERE segment = g.id AND key = :key ORDER BY holder DESC, attempt_id DESC LIMIT 1 OFFSET 199),
               (SELECT attempt_id FROM subject_waiting WHERE segment = g.id AND key = :key ORDER BY holder DESC, attempt_id DESC LIMIT 1 OFFSET 199)
          FROM subject_segment g)
    SELECT c.id
      FROM (SELECT holder, attempt_id
              FROM (SELECT holder, attempt_id FROM subject_merged WHERE key = :key ORDER BY holder DESC, attempt_id DESC LIMIT 200)
            UNION ALL
            SELECT w.holder, w.attempt_id
              FROM oldest o CROSS JOIN subject_waiting w ON w.segment = o.segment AND w.key = :key
               AND (w.holder, w.attempt_id) >= (coalesce(o.holder, -1), coalesce(o.attempt_id, 0))
             ORDER BY holder DESC, attempt_id DESC LIMIT 200) s
     CROSS JOIN code c ON c.attempt_id = s.attempt_id ORDER BY c.id DESC LIMIT 200)

-- These codes, or the one with a token's nonce, newest first, with their states as of :entered_at and the present verdicts on their attempts.
-- A code that a right entry or wrong ones have used up counts as used up, whenever that was. Colliding keys (64 bits) only add codes that do not match.
-- A code made after :known_by could not be entered then. An attempt's first code counts as made with the attempt, because a file may report that later.
-- Tries belong to the attempt and stay spent, whatever became of it since.
-- name: codes_of_subject
SELECT c.id, c.attempt_id, c.kind, c.nonce, c.digits, c.prefix, c.sandbox, c.runs_from + c.lifetime_ms AS over_at, r.device_id,
       (SELECT e.state FROM code_end e
         WHERE e.code_id = c.id AND (coalesce(e.entered_at, e.recorded_at) <= :entered_at OR e.state IN ('verified', 'exhausted'))
         ORDER BY e.state = 'verified' DESC, e.state = 'exhausted' DESC, e.id DESC LIMIT 1) AS state,
       CASE WHEN a.id IS NULL THEN NULL
            ELSE coalesce((SELECT CASE d.outcome WHEN 'success' THEN 'success' ELSE d.reasons END
                             FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), a.outcome) END AS attempt_state,
       EXISTS (SELECT 1 FROM person p
                WHERE p.attempt_id = a.id
                  AND EXISTS (SELECT 1 FROM subject_index s
                               WHERE s.holder > 0 AND s.attempt_id <> a.id AND s.holder IS NOT a.link_to
                                 AND s.key IN (CASE WHEN :unique_email THEN p.email_key END, CASE WHEN :unique_phone THEN p.phone_key END,
                                               p.username_key, p.uuid_key)
                                 AND EXISTS (SELECT 1 FROM person o
                                              WHERE o.attempt_id = s.attempt_id
                                                AND (s.key = p.email_key AND o.email_folded = p.email_folded OR s.key = p.phone_key AND o.phone = p.phone
                                                     OR s.key = p.username_key AND o.username_folded = p.username_folded
                                                     OR s.key = p.uuid_key AND o.uuid = p.uuid)))) AS taken,
       coalesce((SELECT w.deadline FROM waiting w WHERE w.attempt_id = a.id),
                (SELECT d.decided_at FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1)) AS deadline,
       a.partner_id,
       (SELECT p.uuid FROM person p WHERE p.attempt_id = a.id) AS uuid,
       c.sandbox OR c.runs_from IS NOT NULL OR EXISTS (SELECT 1 FROM try t WHERE t.code_id = c.id) AS sent,
       (SELECT count(*) FROM code s JOIN wrong_try w ON w.code_id = s.id WHERE s.attempt_id = a.id) >= :max_tries AS spent
  FROM code c
  JOIN recipient r ON r.code_id = c.id
  LEFT JOIN attempt a ON a.id = c.attempt_id
 WHERE c.id IN (SELECT value FROM json_each(:codes) UNION SELECT id FROM code WHERE nonce = :nonce)
   AND CASE WHEN c.ordinal = 1 AND a.attempted_at < c.recorded_at THEN a.attempted_at ELSE c.recorded_at END <= :known_by
 ORDER BY c.id DESC

-- Where a code for an attempt can go: the e-mail address as given and as compared, and the phone number.
-- name: addresses_of_attempt
SELECT email, email_folded, email_key, phone, phone_key FROM person WHERE attempt_id = :attempt_id

-- Whether a code to this address may complete the attempt. If that links a password to a third-party customer, only the customer's own address may
-- (see rules/admit.sql). Once that customer is erased, nothing is linked.
-- name: address_completes
SELECT a.link_to IS NULL OR EXISTS (SELECT 1 FROM erasure e WHERE e.attempt_id = a.link_to)
       OR EXISTS (SELECT 1 FROM subject_index s
                   WHERE s.key = :key AND s.holder = a.link_to
                     AND EXISTS (SELECT 1 FROM person p WHERE p.attempt_id = s.attempt_id AND :text IN (p.email_folded, p.phone)))
  FROM attempt a WHERE a.id = :attempt_id

-- A subject's last codes: those that a new one would replace, and those that count towards its limits.
-- name: codes_before
SELECT c.id, c.kind, c.nonce, c.digits, c.prefix, c.sandbox, coalesce(c.runs_from, c.recorded_at) AS since, c.runs_from, r.device_id,
       (c.runs_from + c.lifetime_ms <= :now) IS TRUE AS over,
       EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = c.id AND e.state <> 'undeliverable') AS ended,
       c.channel, c.attempt_id, c.recorded_at
  FROM recipient r JOIN code c ON c.id = r.code_id
 WHERE r.subject_key = :subject_key
 ORDER BY r.code_id DESC LIMIT 1001

-- name: customer_of_subject
SELECT 1 FROM subject_index s CROSS JOIN person p ON p.attempt_id = s.attempt_id
 WHERE s.key = :key AND s.holder > 0 AND :text IN (p.email_folded, p.phone, p.username_folded) LIMIT 1
