-- SPDX-License-Identifier: MIT
-- Facts recorded about a customer after registration, and erasure.

-- Who a text means; see ext/codes/subject_lookup.h. A text has one or more readings, each with its key in the index of subjects and its normalised text.
-- alone: only rows without their own phone count.

-- For one reading: the newest pending attempt, the newest attempt of a customer, the number of customers.
-- name: live_of_reading
SELECT (SELECT max((SELECT s.attempt_id
                      FROM subject_entry s
                     WHERE s.segment = g.id AND s.key = :key AND s.holder = 0
                       AND EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = s.attempt_id AND w.deadline > :now)
                       AND EXISTS (SELECT 1 FROM person p
                                    WHERE p.attempt_id = s.attempt_id AND :text IN (p.email_folded, p.phone, p.username_folded)
                                      AND (NOT :alone OR p.phone IS NULL))
                     ORDER BY s.attempt_id DESC LIMIT 1))
          FROM subject_segment g) AS pending,
       max(s.attempt_id) AS customer, count(DISTINCT s.holder) AS customers
  FROM subject_index s CROSS JOIN person p ON p.attempt_id = s.attempt_id
 WHERE s.key = :key AND s.holder > 0 AND :text IN (p.email_folded, p.phone, p.username_folded) AND (NOT :alone OR p.phone IS NULL)

-- The people behind all readings, each with an attempt (or a code without one), a reading, and whether it is a customer. apart: somebody is found only by
-- readings that share no customer with the others. An attempt that failed for two people makes one of neither. live: only customers and pending attempts; otherwise failed attempts too.
-- name: people_of_text
WITH RECURSIVE reading (number, key, alone, text) AS (
    SELECT json_extract(value, '$[4]'), json_extract(value, '$[0]'), json_extract(value, '$[3]'),
           coalesce(json_extract(value, '$[2]'), CASE json_extract(value, '$[1]') WHEN 'e' THEN :email ELSE :username END)
      FROM json_each(:readings)
), entry (reading, alone, text, holder, attempt_id) AS (
    SELECT r.number, r.alone, r.text, m.holder, m.attempt_id FROM reading r CROSS JOIN subject_merged m ON m.key = r.key
    UNION ALL
    SELECT r.number, r.alone, r.text, w.holder, w.attempt_id
      FROM reading r CROSS JOIN subject_segment g CROSS JOIN subject_waiting w ON w.segment = g.id AND w.key = r.key
), found (reading, person, lone, customer) AS MATERIALIZED (
    SELECT s.reading,
           CASE WHEN s.holder > 0 THEN s.holder
                WHEN :live AND a.link_to IS NOT NULL AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.attempt_id = a.link_to) THEN a.link_to ELSE a.id END,
           0, s.holder > 0
      FROM entry s CROSS JOIN person p ON p.attempt_id = s.attempt_id JOIN attempt a ON a.id = s.attempt_id
     WHERE s.text IN (p.email_folded, p.phone, p.username_folded) AND (NOT s.alone OR p.phone IS NULL)
       AND (NOT :live OR s.holder > 0
            OR s.holder = 0 AND EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = s.attempt_id AND w.deadline > :now))
    UNION
    SELECT r.number, c.id, 1, 0
      FROM reading r CROSS JOIN recipient q ON q.subject_key = r.key JOIN code c ON c.id = q.code_id
     WHERE NOT :live AND c.attempt_id IS NULL
), reached (reading) AS (
    SELECT min(reading) FROM found
    UNION
    SELECT b.reading FROM reached r JOIN found a ON a.reading = r.reading AND a.customer JOIN found b ON b.person = a.person AND b.customer
)
SELECT person, min(reading) AS reading, lone, max(customer) AS customers,
       EXISTS (SELECT lone, person FROM found EXCEPT SELECT lone, person FROM found WHERE reading IN reached) AS apart
  FROM found GROUP BY lone, person ORDER BY lone, person

-- The attempts to erase for a text: those that carry it, and those of the customers it names. For an attempt id: that attempt and those of its customer.
-- An attempt that was told for a known customer, or linked to one, shares an identifier with an attempt of that customer.
-- name: attempts_of_person
WITH RECURSIVE reading (key, text) AS (
    SELECT json_extract(value, '$[0]'),
           coalesce(json_extract(value, '$[2]'), CASE json_extract(value, '$[1]') WHEN 'e' THEN :email ELSE :username END)
      FROM json_each(:readings)
), entry (text, holder, attempt_id) AS (
    SELECT r.text, m.holder, m.attempt_id FROM reading r CROSS JOIN subject_merged m ON m.key = r.key
    UNION ALL
    SELECT r.text, w.holder, w.attempt_id
      FROM reading r CROSS JOIN subject_segment g CROSS JOIN subject_waiting w ON w.segment = g.id AND w.key = r.key
), mine (attempt_id, holder) AS (
    SELECT s.attempt_id, s.holder
      FROM entry s CROSS JOIN person p ON p.attempt_id = s.attempt_id
     WHERE s.text IN (p.email_folded, p.phone, p.username_folded)
    UNION
    SELECT a.id, coalesce((SELECT d.customer_id FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), a.customer_id, -1)
      FROM attempt a JOIN person p ON p.attempt_id = a.id WHERE a.id = :attempt_id
), customers AS (SELECT DISTINCT holder FROM mine WHERE holder > 0),
-- Walks from attempts to their identifiers and back, visiting each once, because many attempts may share one.
theirs (attempt_id, key, holder) AS (
    SELECT holder, NULL, holder FROM customers
    UNION
    SELECT attempt_id, NULL, holder FROM mine WHERE holder > 0
    UNION
    SELECT NULL, CASE k.column1 WHEN 1 THEN p.email_key WHEN 2 THEN p.phone_key WHEN 3 THEN p.username_key WHEN 4 THEN p.uuid_key ELSE p.identity_key END,
           t.holder
      FROM theirs t JOIN person p ON p.attempt_id = t.attempt_id CROSS JOIN (VALUES (1), (2), (3), (4), (5)) k
    UNION
    SELECT m.attempt_id, NULL, t.holder FROM theirs t CROSS JOIN subject_merged m ON m.key = t.key AND m.holder = t.holder
    UNION
    SELECT w.attempt_id, NULL, t.holder
      FROM theirs t CROSS JOIN subject_segment g CROSS JOIN subject_waiting w ON w.segment = g.id AND w.key = t.key AND w.holder = t.holder
)
SELECT attempt_id FROM mine
UNION
SELECT attempt_id FROM theirs WHERE attempt_id IS NOT NULL

-- Codes for a text without an attempt.
-- name: lone_codes
SELECT count(*) FROM recipient q CROSS JOIN code c ON c.id = q.code_id
 WHERE q.subject_key IN (SELECT value FROM json_each(:keys)) AND c.attempt_id IS NULL

-- name: insert_consent
INSERT INTO consent (id, attempt_id, name, version, state, recorded_at)
SELECT coalesce(max(id), 0) + 1, :attempt_id, :name, :version, :state, :recorded_at FROM consent

-- name: insert_step
INSERT INTO step (id, attempt_id, name, status, reference, recorded_at)
SELECT coalesce(max(id), 0) + 1, :attempt_id, :name, :status, :reference, :recorded_at FROM step

-- The password hash of the customer that an attempt belongs to.
-- name: password_of_attempt
SELECT p.attempt_id AS customer, p.password_hash
  FROM attempt a
  JOIN person p ON p.attempt_id = coalesce((SELECT d.customer_id FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), a.customer_id)
 WHERE a.id = :attempt_id

-- A stronger hash of the same password takes the place of the one that was verified, if that is still there.
-- name: renew_password
UPDATE person SET password_hash = :password_hash WHERE attempt_id = :customer AND password_hash = :verified

-- name: stored_hashes
SELECT password_hash FROM person WHERE password_hash IS NOT NULL
