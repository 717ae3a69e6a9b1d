-- What is recorded of a customer after registration, and erasing.

-- The attempts of a subject: those that carry it, and those of the customers it names. customers: how many there are.
-- An attempt that was told of a known customer, or linked to one, carries an identifier of an attempt of that customer.
-- name: attempts_of_person
WITH RECURSIVE mine AS (
    SELECT s.attempt_id, s.holder
      FROM subject s JOIN person p ON p.attempt_id = s.attempt_id
     WHERE s.key IN (:email_key, :phone_key, :username_key) AND :text IN (p.email_folded, p.phone, p.username_folded)
), customers AS (SELECT DISTINCT holder FROM mine WHERE holder > 0),
theirs (attempt_id, holder) AS (
    SELECT holder, holder FROM customers
    UNION
    SELECT attempt_id, holder FROM mine WHERE holder > 0
    UNION
    SELECT s.attempt_id, t.holder
      FROM theirs t JOIN person p ON p.attempt_id = t.attempt_id
      JOIN subject s ON s.holder = t.holder
       AND s.key IN (p.email_key, p.phone_key, p.username_key, p.uuid_key, p.identity_key)
)
SELECT attempt_id, (SELECT count(*) FROM customers) FROM mine
UNION
SELECT attempt_id, (SELECT count(*) FROM customers) FROM theirs

-- name: insert_consent
INSERT INTO consent (id, attempt_id, name, version, state, recorded_at)
SELECT coalesce(max(id), 0) + 1, :attempt_id, :name, :version, :state, :recorded_at FROM consent

-- name: insert_step
INSERT INTO step (id, attempt_id, name, status, reference, recorded_at)
SELECT coalesce(max(id), 0) + 1, :attempt_id, :name, :status, :reference, :recorded_at FROM step
