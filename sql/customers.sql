-- What is recorded of a customer after registration, and erasing.

-- The attempts of a subject: those that carry it, and those of the customers it names. customers: how many there are.
-- name: attempts_of_person
WITH mine AS (
    SELECT s.attempt_id, s.holder
      FROM subject s JOIN person p ON p.attempt_id = s.attempt_id
     WHERE s.key IN (:email_key, :phone_key, :username_key) AND :text IN (p.email_folded, p.phone, p.username_folded)
), customers AS (SELECT DISTINCT holder FROM mine WHERE holder > 0)
SELECT attempt_id, (SELECT count(*) FROM customers) FROM mine
UNION
SELECT a.id, (SELECT count(*) FROM customers) FROM customers JOIN attempt a ON a.id = holder

-- name: forget
INSERT INTO forget (attempts, keys, recorded_at, reportable) VALUES (:attempts, :keys, :recorded_at, :reportable)

-- name: insert_consent
INSERT INTO consent (id, attempt_id, name, version, state, recorded_at)
SELECT coalesce(max(id), 0) + 1, :attempt_id, :name, :version, :state, :recorded_at FROM consent

-- name: insert_step
INSERT INTO step (id, attempt_id, name, status, reference, recorded_at)
SELECT coalesce(max(id), 0) + 1, :attempt_id, :name, :status, :reference, :recorded_at FROM step
