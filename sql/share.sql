-- SPDX-License-Identifier: MIT
-- A share: the facts of the ledger for others, without its secrets, and with pseudonyms in place of people (regjob share). Each statement fills one table of a new
-- ledger, main, from the ledger `source`, and names every column: what is not named here is not shared.
--
-- share_email(), share_phone(), ...: what stands for a value, as the options say. share_key(): its key in the index of subjects of the new ledger.
-- share_fact(): a free text, where nothing in it tells who the person is; else NULL.

-- name: share_attach
ATTACH :path AS source

-- name: share_setting
INSERT INTO main.setting (id, recorded_at, json)
SELECT id, recorded_at,
       CASE WHEN json_valid(s.json)
            THEN (SELECT json_group_object(e.key, json(s.json -> e.fullkey)) FROM json_each(s.json) e
                   WHERE e.key IN ('registrationType', 'tokenLifetimeInSeconds', 'allowOverwriteCustomIdentify', 'allowEmailChangeFromWebForm', 'pinConfirmationType',
                                   'pinConfirmationLength', 'pinConfirmationValidInSeconds', 'allowPinResendFromDifferentDeviceId', 'sandbox', 'pinPrefixLength', 'channels',
                                   'maxCodeTries', 'resendPauseInSeconds', 'maxCodesPerDay', 'pendingLifetimeInSeconds', 'passwordAt', 'passwordPolicy', 'passwordHash',
                                   'passwordHashLimit', 'requiredFields', 'strictFields', 'requiredConsents', 'consentVersions', 'requirePartnerId', 'uniqueEmail',
                                   'uniquePhone', 'usernameIsPhone', 'defaultUserType', 'supplierUserTypes', 'defaultCountry', 'phoneCheck', 'sendCustomerId',
                                   'reportableReasons', 'fraudReasonMap'))
            ELSE '{}' END
  FROM source.setting s ORDER BY id

-- Files have no names here, and no digests, by which somebody who has one could tell that it was imported.
-- name: share_run
INSERT INTO main.run (id, command, started_at, finished_at, exit_code, counts)
SELECT r.id, r.command, r.started_at, r.finished_at, r.exit_code,
       CASE WHEN NOT json_valid(r.counts) THEN NULL
            WHEN r.counts -> '$.files' IS NULL THEN json_remove(r.counts, '$.inputs')
            ELSE json_set(json_remove(r.counts, '$.inputs', '$.files'), '$.files',
                          (SELECT json_group_array(json_object('name', 'import ' || coalesce(f.value ->> 'import', 'refused'), 'import', f.value ->> 'import', 'read', f.value ->> 'read',
                                                               'failed', f.value ->> 'failed', 'rejected', f.value ->> 'rejected', 'noted', f.value ->> 'noted',
                                                               'unknown_columns', ''))
                             FROM json_each(r.counts, '$.files') f)) END
  FROM source.run r ORDER BY r.id

-- name: share_import
INSERT INTO main.import (id, run_id, name, bytes, continues, started_at, finished_at)
SELECT id, run_id, 'import ' || id, bytes, continues, started_at, finished_at FROM source.import ORDER BY id

-- name: share_import_batch
INSERT INTO main.import_batch (import_id, recorded_at, end_offset, end_line, read, success, pending, failed, continued, rejected, rejects_bytes)
SELECT import_id, recorded_at, end_offset, end_line, read, success, pending, failed, continued, rejected, rejects_bytes FROM source.import_batch

-- name: share_reject
INSERT INTO main.reject (import_id, line, byte_offset, bytes, column_number, kind, what, mistake, message, recorded_at)
SELECT import_id, line, byte_offset, bytes, column_number, kind, what, mistake, kind, recorded_at FROM source.reject

-- name: share_attempt
INSERT INTO main.attempt (id, recorded_at, attempted_at, import_id, line, setting_id, outcome, reasons, customer_id, link_to, lifetime_ms, told, told_reason,
                          country, currency, locale, phone_country, user_type, partner_id, source_id, account_group_id, identity_provider,
                          device_type, manufacturer, model, os, language, app_name, app_platform, app_domain, guest_account,
                          recommendation, consents, has_password, notes)
SELECT a.id, a.recorded_at, a.attempted_at, a.import_id, a.line, a.setting_id, a.outcome, a.reasons, a.customer_id, a.link_to, a.lifetime_ms, a.told,
       share_fact(a.told_reason, p.email, p.phone, p.username, p.name, p.given_name, p.family_name),
       a.country, a.currency, a.locale, a.phone_country, a.user_type, CASE typeof(a.partner_id) WHEN 'integer' THEN a.partner_id END,
       share_fact(a.source_id, p.email, p.phone, p.username, p.name, p.given_name, p.family_name), share_id(a.account_group_id), a.identity_provider,
       share_fact(a.device_type, p.email, p.phone, p.username, p.name, p.given_name, p.family_name),
       share_fact(a.manufacturer, p.email, p.phone, p.username, p.name, p.given_name, p.family_name),
       share_fact(a.model, p.email, p.phone, p.username, p.name, p.given_name, p.family_name), share_fact(a.os, p.email, p.phone, p.username, p.name, p.given_name, p.family_name),
       share_fact(a.language, p.email, p.phone, p.username, p.name, p.given_name, p.family_name),
       share_fact(a.app_name, p.email, p.phone, p.username, p.name, p.given_name, p.family_name), a.app_platform,
       share_fact(a.app_domain, p.email, p.phone, p.username, p.name, p.given_name, p.family_name),
       CASE typeof(a.guest_account) WHEN 'integer' THEN a.guest_account END, a.recommendation,
       share_fact(a.consents, p.email, p.phone, p.username, p.name, p.given_name, p.family_name), a.has_password, a.notes
  FROM source.attempt a LEFT JOIN source.person p ON p.attempt_id = a.id
 ORDER BY a.id

-- Date and place of birth, gender, position and user agent are left out whatever the options say: few people have the same ones.
-- name: share_person
INSERT INTO main.person (attempt_id, email, email_folded, email_key, phone, phone_key, username, username_folded, username_key, uuid, uuid_key,
                         identity_subject, identity_key, name, given_name, family_name, custom_id, device_id, ip_address, email_verified_at, phone_verified_at)
SELECT p.attempt_id, share_email(p.email_folded), share_email(p.email_folded), share_key('e', share_email(p.email_folded)),
       share_phone(p.phone), share_key('p', share_phone(p.phone)),
       share_username(p.username_folded), share_username(p.username_folded), share_key('u', share_username(p.username_folded)),
       share_id(p.uuid), share_key('i', share_id(p.uuid)),
       share_id(p.identity_subject), share_key('t', share_id(p.identity_subject)),
       share_name(p.name), share_name(p.given_name), share_name(p.family_name), share_id(p.custom_id), share_device(p.device_id), share_address(p.ip_address),
       p.email_verified_at, p.phone_verified_at
  FROM source.person p
 ORDER BY p.attempt_id

-- name: share_link
INSERT OR IGNORE INTO main.link (identity_key, customer_id, identity_provider, identity_subject, recorded_at)
SELECT share_key('t', share_id(identity_subject)), customer_id, identity_provider, share_id(identity_subject), recorded_at FROM source.link

-- name: share_decision
INSERT INTO main.decision (id, attempt_id, recorded_at, decided_at, outcome, reasons, customer_id)
SELECT id, attempt_id, recorded_at, decided_at, outcome, reasons, customer_id FROM source.decision ORDER BY id

-- name: share_waiting
INSERT INTO main.waiting (attempt_id, deadline) SELECT attempt_id, deadline FROM source.waiting ORDER BY attempt_id

-- name: share_continuation
INSERT INTO main.continuation (id, recorded_at, attempted_at, import_id, line, kind, attempt_id, verdict)
SELECT id, recorded_at, attempted_at, import_id, line, kind, attempt_id, verdict FROM source.continuation ORDER BY id

-- A code is derived from its nonce: here it has its number instead.
-- name: share_code
INSERT INTO main.code (id, attempt_id, ordinal, channel, kind, nonce, digits, prefix, sandbox, recorded_at, lifetime_ms, runs_from, handed_over_at, next_try_at)
SELECT id, attempt_id, ordinal, channel, kind, CAST(printf('%016d', id) AS BLOB), digits, prefix, sandbox, recorded_at, lifetime_ms, runs_from, handed_over_at, next_try_at
  FROM source.code ORDER BY id

-- name: share_code_end
INSERT INTO main.code_end (id, code_id, recorded_at, state, entered_at)
SELECT id, code_id, recorded_at, state, entered_at FROM source.code_end ORDER BY id

-- name: share_wrong_try
INSERT INTO main.wrong_try (id, code_id, recorded_at) SELECT id, code_id, recorded_at FROM source.wrong_try ORDER BY id

-- name: share_report
INSERT INTO main.report (id, attempt_id, outcome, reasons, recorded_at, next_try_at)
SELECT id, attempt_id, outcome, reasons, recorded_at, next_try_at FROM source.report ORDER BY id

-- name: share_report_event
INSERT INTO main.report_event (id, report_id, recorded_at, state, vendor_timestamp)
SELECT id, report_id, recorded_at, state, vendor_timestamp FROM source.report_event ORDER BY id

-- Answers of other machines may repeat whom they are about. One that five people got, word for word, is about none of them. The newest failures are looked
-- at, so that this takes little memory whatever there is.
-- name: share_make_answers
CREATE TEMP TABLE shared_answer (answer TEXT PRIMARY KEY) WITHOUT ROWID

-- name: share_answers
INSERT INTO temp.shared_answer (answer)
SELECT answer
  FROM (SELECT t.answer, coalesce(p.email_key, p.phone_key, p.attempt_id) AS person
          FROM (SELECT id, answer, code_id, report_id FROM source.try WHERE result <> 'accepted' AND answer IS NOT NULL ORDER BY id DESC LIMIT 100000) t
          LEFT JOIN source.code c ON c.id = t.code_id
          LEFT JOIN source.report r ON r.id = t.report_id
          JOIN source.person p ON p.attempt_id = coalesce(c.attempt_id, r.attempt_id))
 GROUP BY answer
HAVING count(DISTINCT person) >= 5 AND share_fact(answer, NULL, NULL, NULL, NULL, NULL, NULL) IS NOT NULL

-- name: share_try
INSERT INTO main.try (id, code_id, report_id, run_id, owner, started_at, lease_until, finished_at, result, status, answer, retry_at)
SELECT id, code_id, report_id, run_id, '', started_at, lease_until, finished_at, result, status,
       CASE WHEN result <> 'accepted' AND answer IN (SELECT answer FROM temp.shared_answer) THEN answer END, retry_at
  FROM source.try ORDER BY id

-- name: share_consent
INSERT INTO main.consent (id, attempt_id, name, version, state, recorded_at)
SELECT k.id, k.attempt_id, coalesce(share_fact(k.name, p.email, p.phone, p.username, p.name, p.given_name, p.family_name), 'other'),
       share_fact(k.version, p.email, p.phone, p.username, p.name, p.given_name, p.family_name), k.state, k.recorded_at
  FROM source.consent k LEFT JOIN source.person p ON p.attempt_id = k.attempt_id ORDER BY k.id

-- name: share_step
INSERT INTO main.step (id, attempt_id, name, status, reference, recorded_at)
SELECT s.id, s.attempt_id, coalesce(share_fact(s.name, p.email, p.phone, p.username, p.name, p.given_name, p.family_name), 'other'),
       coalesce(share_fact(s.status, p.email, p.phone, p.username, p.name, p.given_name, p.family_name), 'other'), share_id(s.reference), s.recorded_at
  FROM source.step s LEFT JOIN source.person p ON p.attempt_id = s.attempt_id ORDER BY s.id

-- name: share_erasure
INSERT INTO main.erasure (attempt_id, recorded_at) SELECT attempt_id, recorded_at FROM source.erasure ORDER BY attempt_id

-- name: share_clock
UPDATE main.clock SET (newest, read_at, in_order) = (SELECT newest, read_at, in_order FROM source.clock)

-- The kept sums: they are of the facts above.
-- name: share_kept_through
INSERT OR REPLACE INTO main.kept_through (id, round, attempt_id, decision_id, code_id, code_end_id, report_id, report_event_id, try_id, step_id, called_id)
SELECT id, round, attempt_id, decision_id, code_id, code_end_id, report_id, report_event_id, try_id, step_id, called_id FROM source.kept_through

-- name: share_kept_day
INSERT INTO main.kept_day (day, newest, received, accepted, code_sent, confirmed, registered, kyc, subscribed, codes_over)
SELECT day, newest, received, accepted, code_sent, confirmed, registered, kyc, subscribed, codes_over FROM source.kept_day

-- name: share_kept_outcome
INSERT INTO main.kept_outcome (day, outcome, reasons, attempts) SELECT day, outcome, reasons, attempts FROM source.kept_outcome

-- name: share_kept_state
INSERT INTO main.kept_state (day, what, state, attempts) SELECT day, what, state, attempts FROM source.kept_state

-- name: share_kept_note
INSERT INTO main.kept_note (day, "column", done, rule, number) SELECT day, "column", done, rule, number FROM source.kept_note

-- name: share_kept_cause
INSERT INTO main.kept_cause (slot, outcome, cause, unit, certain, possible, open, listed, unsure)
SELECT slot, outcome, cause, unit, certain, possible, open, listed, unsure FROM source.kept_cause

-- name: share_kept_storm
INSERT INTO main.kept_storm (hour) SELECT hour FROM source.kept_storm

-- name: share_kept_call
INSERT INTO main.kept_call (day, channel, calls, accepted, deferred, refused, not_accepted, ambiguous, unanswered, median_seconds, p95_seconds, last_failure)
SELECT day, channel, calls, accepted, deferred, refused, not_accepted, ambiguous, unanswered, median_seconds, p95_seconds, last_failure FROM source.kept_call

-- The index of subjects, from the pseudonyms, and with the holders that the verdicts give. In the order of its keys, which is that of the table.
-- name: share_subject
INSERT OR IGNORE INTO main.subject_merged (key, holder, attempt_id)
SELECT key, holder, attempt_id
  FROM (SELECT CASE k.column1 WHEN 1 THEN p.email_key WHEN 2 THEN p.phone_key WHEN 3 THEN p.username_key WHEN 4 THEN p.uuid_key ELSE p.identity_key END AS key,
               CASE a.outcome WHEN 'success' THEN a.customer_id WHEN 'failure' THEN -1
                    ELSE coalesce((SELECT coalesce(d.customer_id, -1) FROM main.decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), 0) END AS holder,
               p.attempt_id
          FROM main.person p JOIN main.attempt a ON a.id = p.attempt_id
         CROSS JOIN (VALUES (1), (2), (3), (4), (5)) k)
 WHERE key IS NOT NULL
 ORDER BY key, holder, attempt_id

-- For the plain views, which cannot ask the index of subjects, and for what analysts look for. Nothing is written here any more that these would slow down.
-- name: share_index_email
CREATE INDEX main.share_email ON person (email) WHERE email IS NOT NULL

-- name: share_index_phone
CREATE INDEX main.share_phone ON person (phone) WHERE phone IS NOT NULL

-- name: share_index_username
CREATE INDEX main.share_username ON person (username) WHERE username IS NOT NULL

-- name: share_index_device
CREATE INDEX main.share_device ON person (device_id) WHERE device_id IS NOT NULL

-- name: share_index_address
CREATE INDEX main.share_address ON person (ip_address) WHERE ip_address IS NOT NULL

-- name: make_share
CREATE TABLE main.ledger_share (made_at INTEGER NOT NULL, options TEXT NOT NULL) STRICT

-- name: mark_share
INSERT INTO main.ledger_share (made_at, options) VALUES (:made_at, :options)

-- name: share_made_at
SELECT made_at FROM main.ledger_share LIMIT 1
