-- What surrounds the rule `admit`: ids, advice, and the index of subjects.

-- The id that comes next. Read under the write lock; where there is none (another kind of ledger), the primary keys refuse what was taken meanwhile.
-- name: next_attempt
SELECT max(coalesce((SELECT max(id) FROM attempt), 0), coalesce((SELECT max(id) FROM continuation), 0)) + 1

-- name: admitted_outcome
SELECT outcome, holder, reasons FROM holding WHERE attempt_id = :id

-- Whether any attempt is pending; and whether one is that asks for what this sign-up has: then `supersede` has something to do.
-- name: some_wait
SELECT EXISTS (SELECT 1 FROM waiting)
-- name: has_rival
SELECT EXISTS (SELECT 1 FROM subject WHERE key = :email_key AND holder = 0)
    OR EXISTS (SELECT 1 FROM subject WHERE key = :phone_key AND holder = 0)
    OR EXISTS (SELECT 1 FROM subject WHERE key = :username_key AND holder = 0)
    OR EXISTS (SELECT 1 FROM subject WHERE key = :uuid_key AND holder = 0)
    OR EXISTS (SELECT 1 FROM subject WHERE key = :identity_key AND holder = 0)

-- Advice before a hash is spent: whether a customer holds one of these. The write decides.
-- name: held_by_customer
SELECT 1 FROM subject s JOIN person p ON p.attempt_id = s.attempt_id
 WHERE s.holder > 0 AND s.key = :key AND :text IN (p.email_folded, p.phone, p.username_folded, p.uuid) LIMIT 1

-- While rows are written one after the other, what they add to the index of subjects is owed to it, and added in the order of its keys: each of its
-- pages is then changed once, and not once for each row.
-- name: add_subject
INSERT OR IGNORE INTO subject (key, holder, attempt_id) VALUES (?, ?, ?)
-- Sixteen take half the time of one and one.
-- name: add_16_subjects
INSERT OR IGNORE INTO subject (key, holder, attempt_id)
VALUES (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?),
       (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?)

-- The keys that are in the index; those of attempts since one.
-- name: all_keys
SELECT key FROM subject
-- name: keys_since
SELECT email_key, phone_key, username_key, uuid_key, identity_key FROM person WHERE attempt_id > :id
-- name: newest_attempt
SELECT max(id) FROM attempt
