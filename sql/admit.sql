-- SPDX-License-Identifier: MIT
-- Statements around the rule `admit`: ids, checks before hashing, and the index of subjects.

-- The next id, read under the write lock. On a distributed SQLite, which has no such lock, the primary keys reject an id taken meanwhile.
-- name: next_attempt
SELECT max(coalesce((SELECT max(id) FROM attempt), 0), coalesce((SELECT max(id) FROM continuation), 0)) + 1

-- name: admitted_outcome
SELECT outcome, holder, reasons FROM holding WHERE attempt_id = :id

-- Whether any attempt is pending, and whether a pending one has an identifier of this sign-up. Only then does `supersede` have work.
-- name: some_wait
SELECT EXISTS (SELECT 1 FROM waiting)
-- name: has_rival
SELECT EXISTS (SELECT 1 FROM subject_segment g
                WHERE EXISTS (SELECT 1 FROM subject_entry WHERE segment = g.id AND key = :email_key AND holder = 0)
                   OR EXISTS (SELECT 1 FROM subject_entry WHERE segment = g.id AND key = :phone_key AND holder = 0)
                   OR EXISTS (SELECT 1 FROM subject_entry WHERE segment = g.id AND key = :username_key AND holder = 0)
                   OR EXISTS (SELECT 1 FROM subject_entry WHERE segment = g.id AND key = :uuid_key AND holder = 0)
                   OR EXISTS (SELECT 1 FROM subject_entry WHERE segment = g.id AND key = :identity_key AND holder = 0))

-- Whether a customer holds this identifier. It only saves a hash; the write decides.
-- name: held_by_customer
SELECT 1 FROM subject_index s CROSS JOIN person p ON p.attempt_id = s.attempt_id
 WHERE s.holder > 0 AND s.key = :key AND :text IN (p.email_folded, p.phone, p.username_folded, p.uuid) LIMIT 1

-- An import buffers the keys of its rows and inserts them in key order, so that each page of the index changes once instead of once per row.
-- name: add_subject
INSERT OR IGNORE INTO subject_merged (key, holder, attempt_id) VALUES (?, ?, ?)
-- Sixteen in one statement take half the time of sixteen statements.
-- name: add_16_subjects
INSERT OR IGNORE INTO subject_merged (key, holder, attempt_id)
VALUES (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?),
       (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?)

-- In a large ledger they are appended to the segment ?1.
-- name: append_subject
INSERT OR IGNORE INTO subject_waiting (segment, key, holder, attempt_id) VALUES (?1, ?, ?, ?)
-- name: append_16_subjects
INSERT OR IGNORE INTO subject_waiting (segment, key, holder, attempt_id)
VALUES (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?),
       (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?), (?1, ?, ?, ?)

-- Whether anybody holds an identifier or waits for it.
-- name: somebody_has_subject
SELECT 1 FROM subject_index WHERE key = ? AND holder >= 0 LIMIT 1

-- All keys in the index (jobs/import/known_keys.c): those of a half in the segments that wait to be merged; and those that are merged from either end to the
-- first of the other half. Nothing is compared for each key by SQL, which would take as long as all the rest. The primary key is named, or an index that
-- somebody has added might be read in another order, and end early.
-- name: learn_waiting_keys
SELECT count(reg_take(:taker, w.key)) FROM subject_segment g CROSS JOIN subject_waiting w ON w.segment = g.id AND w.key BETWEEN :first AND :last
-- name: learn_keys_up
SELECT 1 FROM subject_merged INDEXED BY sqlite_autoindex_subject_merged_1 WHERE reg_take(:taker, key) ORDER BY key LIMIT 1
-- name: learn_keys_down
SELECT 1 FROM subject_merged INDEXED BY sqlite_autoindex_subject_merged_1 WHERE reg_take(:taker, key) ORDER BY key DESC LIMIT 1

-- The keys of attempts after :id.
-- name: keys_since
SELECT email_key, phone_key, username_key, uuid_key, identity_key FROM person WHERE attempt_id > :id
-- name: newest_attempt
SELECT max(id) FROM attempt

-- The steps `attempt` and `person` of the rule admit for many sign-ups at once, of people whom nobody in the ledger can know: who holds what is not asked,
-- and the verdict is known: a success or a failure (see ext/admission/newcomers.h). All columns are there in the order of their table, so that SQLite makes
-- the rows where it reads the values.
-- name: admit_newcomer_attempts
INSERT OR FAIL INTO attempt (id, recorded_at, attempted_at, import_id, line, setting_id, outcome, reasons, customer_id, link_to, lifetime_ms,
                             told, told_reason, country, currency, locale, phone_country, user_type, partner_id, source_id, account_group_id, identity_provider,
                             device_type, manufacturer, model, os, language, app_name, app_platform, app_domain, guest_account, captcha,
                             recommendation, consents, has_password, notes)
SELECT id, recorded_at, attempted_at, import_id, line, setting_id, outcome,
       CASE WHEN fails THEN '[' || reasons || ']' END, CASE WHEN NOT fails THEN id END, NULL, NULL,
       told, told_reason, country, currency, locale, phone_country, user_type, partner_id, source_id, account_group_id, identity_provider,
       device_type, manufacturer, model, os, language, app_name, app_platform, app_domain, guest_account, captcha,
       recommendation, consents, has_password, notes
  FROM reg_newcomer(:newcomers)

-- name: admit_newcomer_persons
INSERT OR FAIL INTO person (attempt_id, email, email_folded, email_key, phone, phone_key, username, username_folded, username_key, uuid, uuid_key,
                            identity_subject, identity_key, name, given_name, family_name, birth_date, birth_place, gender, custom_id, device_id,
                            ip_address, latitude, longitude, user_agent, email_verified_at, phone_verified_at, password_hash)
SELECT id, email, email_folded, email_key, phone, phone_key, username, username_folded, username_key, uuid, uuid_key,
       identity_subject, identity_key, name, given_name, family_name, birth_date, birth_place, gender, custom_id, device_id,
       ip_address, latitude, longitude, user_agent, email_verified_at, phone_verified_at, CASE WHEN NOT fails THEN password_hash END
  FROM reg_newcomer(:newcomers)
