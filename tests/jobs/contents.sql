-- SPDX-License-Identifier: MIT
-- What imports have brought about, ids and times of recording aside (now: a sign-up's own, where it brought none): two ledgers that say the same here hold the same.
-- An attempt is named by its import and line, a customer, code or report by its attempt. Salted hashes and nonces are only there or not.
.mode list
.nullvalue -
.headers off
SELECT 'import', id, name, hex(digest), bytes, continues, finished_at IS NOT NULL FROM import ORDER BY id;
SELECT 'sums', import_id, max(end_offset), end_line, read, success, pending, failed, continued, rejected, rejects_bytes, hex(prefix)
  FROM import_batch GROUP BY import_id ORDER BY import_id;
SELECT 'reject', import_id, line, byte_offset, bytes, column_number, kind, message FROM reject ORDER BY import_id, line;
SELECT 'attempt', a.import_id, a.line, CASE WHEN a.recorded_at - a.attempted_at BETWEEN -600000 AND 600000 THEN 'now' ELSE a.attempted_at END, a.setting_id, a.outcome, a.reasons, c.import_id, c.line, l.line, a.lifetime_ms, a.told, a.told_reason,
       a.country, a.currency, a.locale, a.phone_country, a.user_type, typeof(a.partner_id), a.partner_id, a.source_id, a.account_group_id, a.identity_provider,
       a.device_type, a.manufacturer, a.model, a.os, a.language, a.app_name, a.app_platform, a.app_domain, typeof(a.guest_account), a.guest_account,
       a.captcha, a.recommendation, a.consents, a.notes, a.has_password
  FROM attempt a LEFT JOIN attempt c ON c.id = a.customer_id LEFT JOIN attempt l ON l.id = a.link_to ORDER BY a.import_id, a.line, a.id;
SELECT 'person', a.import_id, a.line, p.email, p.email_folded, p.email_key, p.phone, p.phone_key, p.username, p.username_folded, p.username_key, p.uuid,
       p.uuid_key, p.identity_subject, p.identity_key, p.name, p.given_name, p.family_name, p.birth_date, p.birth_place, p.gender, p.custom_id,
       p.device_id, p.ip_address, typeof(p.latitude), p.latitude, p.longitude, p.user_agent, p.email_verified_at, p.phone_verified_at,
       substr(p.password_hash, 1, instr(p.password_hash, ',p=1'))
  FROM person p JOIN attempt a ON a.id = p.attempt_id ORDER BY a.import_id, a.line, a.id;
SELECT 'subject', s.key, CASE WHEN s.holder > 0 THEN h.line ELSE s.holder END, a.import_id, a.line
  FROM subject_index s JOIN attempt a ON a.id = s.attempt_id LEFT JOIN attempt h ON h.id = s.holder ORDER BY s.key, a.import_id, a.line, a.id;
SELECT 'waiting', a.import_id, a.line, w.deadline - a.recorded_at FROM waiting w JOIN attempt a ON a.id = w.attempt_id ORDER BY a.import_id, a.line, a.id;
SELECT 'continuation', c.import_id, c.line, CASE WHEN c.recorded_at - c.attempted_at BETWEEN -600000 AND 600000 THEN 'now' ELSE c.attempted_at END, c.kind, a.line, c.verdict
  FROM continuation c LEFT JOIN attempt a ON a.id = c.attempt_id ORDER BY c.import_id, c.line, c.id;
SELECT 'code', a.import_id, a.line, c.ordinal, c.channel, c.kind, c.digits, length(c.prefix), c.sandbox, c.lifetime_ms, round((c.next_try_at - c.recorded_at) / 60000.0),
       r.subject_key, r.address, r.device_id, group_concat(e.state)
  FROM code c JOIN attempt a ON a.id = c.attempt_id LEFT JOIN recipient r ON r.code_id = c.id LEFT JOIN code_end e ON e.code_id = c.id
 GROUP BY c.id ORDER BY a.import_id, a.line, a.id, c.id;
SELECT 'decision', a.import_id, a.line, d.outcome, d.reasons, c.line
  FROM decision d JOIN attempt a ON a.id = d.attempt_id LEFT JOIN attempt c ON c.id = d.customer_id ORDER BY a.import_id, a.line, a.id, d.id;
SELECT 'report', a.import_id, a.line, r.outcome, r.reasons, r.next_try_at IS NOT NULL
  FROM report r JOIN attempt a ON a.id = r.attempt_id ORDER BY a.import_id, a.line, a.id, r.id;
SELECT 'fingerprint', a.import_id, a.line, length(f.sealed) FROM fingerprint f JOIN attempt a ON a.id = f.attempt_id ORDER BY a.import_id, a.line, a.id;
