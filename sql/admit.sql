-- The one door.

-- name: admit
INSERT INTO admit (id, recorded_at, attempted_at, import_id, line, setting_id, told, told_reason,
                   country, currency, locale, phone_country, user_type, partner_id, source_id, account_group_id, identity_provider,
                   device_type, manufacturer, model, os, language, app_name, app_platform, app_domain, guest_account, captcha,
                   recommendation, consents, has_password,
                   email, email_folded, email_key, phone, phone_key, username, username_folded, username_key, uuid, uuid_key,
                   identity_subject, identity_key, name, given_name, family_name, birth_date, birth_place, gender, custom_id, device_id,
                   ip_address, latitude, longitude, user_agent, email_verified_at, phone_verified_at, password_hash,
                   report_id, code_id, reasons_before, reasons_after, unique_email, unique_phone, confirm, pending_ms,
                   code_kind, code_digits, code_prefix, code_sandbox, email_nonce, email_code_ms, sms_nonce, sms_code_ms,
                   resend_pause_ms, codes_per_day, sealed, reportable)
VALUES (:id, :recorded_at, :attempted_at, :import_id, :line, :setting_id, :told, :told_reason,
        :country, :currency, :locale, :phone_country, :user_type, :partner_id, :source_id, :account_group_id, :identity_provider,
        :device_type, :manufacturer, :model, :os, :language, :app_name, :app_platform, :app_domain, :guest_account, :captcha,
        :recommendation, :consents, :has_password,
        :email, :email_folded, :email_key, :phone, :phone_key, :username, :username_folded, :username_key, :uuid, :uuid_key,
        :identity_subject, :identity_key, :name, :given_name, :family_name, :birth_date, :birth_place, :gender, :custom_id, :device_id,
        :ip_address, :latitude, :longitude, :user_agent, :email_verified_at, :phone_verified_at, :password_hash,
        :report_id, :code_id, :reasons_before, :reasons_after, :unique_email, :unique_phone, :confirm, :pending_ms,
        :code_kind, :code_digits, :code_prefix, :code_sandbox, :email_nonce, :email_code_ms, :sms_nonce, :sms_code_ms,
        :resend_pause_ms, :codes_per_day, :sealed, :reportable)

-- The ids that come next. Read under the write lock; where there is none (another kind of ledger), the primary keys refuse what was taken meanwhile.
-- name: next_ids
SELECT max(coalesce((SELECT max(id) FROM attempt), 0), coalesce((SELECT max(id) FROM continuation), 0)) + 1,
       coalesce((SELECT max(id) FROM code), 0) + 1,
       coalesce((SELECT max(id) FROM report), 0) + 1

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
