-- SPDX-License-Identifier: MIT
-- Attempts, codes and reports as they are now, in plain SQL: for programs that cannot load the extension. The columns are named as those of reg_attempts,
-- reg_codes and reg_reports. A pending attempt stays pending here until it is settled: past_deadline says whether its time is up.
--
-- Each is created only where the database has nothing of that name: beside an application, the name may be the application's. What is ours begins with the
-- comment `of the ledger`, by which the next version knows it. No function of JSON stands here: a schema that is not trusted may not call one.
-- Each computed column is cast, so that DuckDB, Grafana and other programs that go by types know its type.

-- name: view_attempts
CREATE VIEW main.attempts AS -- of the ledger
SELECT a.id AS id,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ', a.attempted_at / 1000.0, 'unixepoch') AS TEXT) AS attempted_at,
       a.attempted_at AS attempted_at_ms,
       p.email AS email, substr(p.email_folded, instr(p.email_folded, '@') + 1) AS email_domain, p.username AS username, p.phone AS phone,
       a.phone_country AS phone_country, p.name AS name, p.given_name AS given_name,
       p.family_name AS family_name, p.birth_date AS birth_date, p.birth_place AS birth_place, p.gender AS gender, a.country AS country,
       a.currency AS currency, a.locale AS locale, a.user_type AS user_type, CAST(CASE typeof(a.partner_id) WHEN 'integer' THEN a.partner_id END AS INTEGER) AS partner_id, a.source_id AS source_id,
       a.account_group_id AS account_group_id, p.uuid AS uuid, p.custom_id AS custom_id, a.identity_provider AS identity_provider,
       p.identity_subject AS identity_subject, p.device_id AS device_id, a.device_type AS device_type, a.manufacturer AS manufacturer, a.model AS model,
       a.os AS os, p.ip_address AS ip_address, a.language AS language, CAST(p.latitude AS REAL) AS latitude, CAST(p.longitude AS REAL) AS longitude, p.user_agent AS user_agent,
       a.app_name AS app_name, a.app_platform AS app_platform, a.app_domain AS app_domain, CAST(CASE typeof(a.guest_account) WHEN 'integer' THEN a.guest_account END AS INTEGER) AS guest_account, a.captcha AS captcha,
       a.recommendation AS recommendation,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ', p.email_verified_at / 1000.0, 'unixepoch') AS TEXT) AS email_verified_at,
       p.email_verified_at AS email_verified_at_ms,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ', p.phone_verified_at / 1000.0, 'unixepoch') AS TEXT) AS phone_verified_at,
       p.phone_verified_at AS phone_verified_at_ms,
       -- What was stated later, name by name, stands before what was stated at sign-up.
       CAST(CASE WHEN NOT EXISTS (SELECT 1 FROM consent k WHERE k.attempt_id = a.id) THEN coalesce(a.consents, '{}')
            ELSE '{' || (SELECT group_concat('"' || replace(replace(name, '\', '\\'), '"', '\"') || '":' || statement, ',')
                          FROM (SELECT s.key AS name, s.value AS statement FROM json_each(a.consents) s
                                 WHERE NOT EXISTS (SELECT 1 FROM consent k WHERE k.attempt_id = a.id AND k.name = s.key)
                                UNION ALL
                                SELECT k.name, '{"state":"' || k.state || '"' || coalesce(
                                              ',"version":"' || replace(replace(k.version, '\', '\\'), '"', '\"') || '"', '') || '}'
                                  FROM consent k WHERE k.id IN (SELECT max(l.id) FROM consent l WHERE l.attempt_id = a.id GROUP BY l.name))) || '}'
            END AS TEXT) AS consents,
       CAST(CASE WHEN d.id IS NOT NULL THEN d.outcome ELSE a.outcome END AS TEXT) AS outcome,
       CAST(substr(nullif(CASE WHEN d.id IS NOT NULL THEN d.reasons ELSE a.reasons END, '[]'), 3,
              instr(substr(nullif(CASE WHEN d.id IS NOT NULL THEN d.reasons ELSE a.reasons END, '[]'), 3), '"') - 1) AS TEXT) AS failure_reason,
       CAST(coalesce(CASE WHEN d.id IS NOT NULL THEN d.reasons ELSE a.reasons END, '[]') AS TEXT) AS reasons,
       CAST(coalesce(a.notes, '[]') AS TEXT) AS notes,
       CAST((SELECT r.value FROM json_each(a.notes) n, json_each(n.value) w, json_each(n.value) r
         WHERE w.key = 'done' AND w.value = 'refused' AND r.key = 'rule' LIMIT 1) AS TEXT) AS hint,
       a.told_reason AS told_reason,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ', a.recorded_at / 1000.0, 'unixepoch') AS TEXT) AS recorded_at,
       a.recorded_at AS recorded_at_ms,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ',
                CASE WHEN d.id IS NOT NULL THEN d.decided_at WHEN a.outcome <> 'pending' THEN a.recorded_at END / 1000.0, 'unixepoch') AS TEXT) AS decided_at,
       CAST(CASE WHEN d.id IS NOT NULL THEN d.decided_at WHEN a.outcome <> 'pending' THEN a.recorded_at END AS INTEGER) AS decided_at_ms,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ',
                (SELECT w.deadline FROM waiting w WHERE w.attempt_id = a.id) / 1000.0, 'unixepoch') AS TEXT) AS deadline,
       CAST((SELECT w.deadline FROM waiting w WHERE w.attempt_id = a.id) AS INTEGER) AS deadline_ms,
       CAST(EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = a.id AND w.deadline <= unixepoch() * 1000) AS INTEGER) AS past_deadline,
       a.import_id AS import_id, a.line AS line,
       CAST(CASE WHEN d.id IS NOT NULL THEN d.customer_id ELSE a.customer_id END AS INTEGER) AS customer_id,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ',
                (SELECT min(coalesce(x.entered_at, x.recorded_at)) FROM code c JOIN code_end x ON x.code_id = c.id
         WHERE c.attempt_id = a.id AND c.channel = 'email' AND x.state = 'verified') / 1000.0, 'unixepoch') AS TEXT) AS email_confirmed_at,
       CAST((SELECT min(coalesce(x.entered_at, x.recorded_at)) FROM code c JOIN code_end x ON x.code_id = c.id
         WHERE c.attempt_id = a.id AND c.channel = 'email' AND x.state = 'verified') AS INTEGER) AS email_confirmed_at_ms,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ',
                (SELECT min(coalesce(x.entered_at, x.recorded_at)) FROM code c JOIN code_end x ON x.code_id = c.id
         WHERE c.attempt_id = a.id AND c.channel = 'sms' AND x.state = 'verified') / 1000.0, 'unixepoch') AS TEXT) AS phone_confirmed_at,
       CAST((SELECT min(coalesce(x.entered_at, x.recorded_at)) FROM code c JOIN code_end x ON x.code_id = c.id
         WHERE c.attempt_id = a.id AND c.channel = 'sms' AND x.state = 'verified') AS INTEGER) AS phone_confirmed_at_ms,
       CAST((SELECT CASE WHEN x.state IS NOT NULL THEN x.state
                    WHEN c.runs_from + c.lifetime_ms <= unixepoch() * 1000 THEN 'expired'
                    WHEN c.handed_over_at IS NOT NULL THEN 'sent' ELSE 'pending' END
          FROM code c LEFT JOIN code_end x ON x.id = (SELECT max(y.id) FROM code_end y WHERE y.code_id = c.id)
         WHERE c.attempt_id = a.id ORDER BY x.state IS 'verified' DESC, c.id DESC LIMIT 1) AS TEXT) AS code_state,
       CAST((SELECT CASE WHEN v.state IS NOT NULL AND v.state <> 'queued' THEN v.state
                    WHEN EXISTS (SELECT 1 FROM try t WHERE t.report_id = r.id) THEN 'retrying' ELSE 'queued' END
          FROM report r LEFT JOIN report_event v ON v.id = (SELECT max(w.id) FROM report_event w WHERE w.report_id = r.id)
         WHERE r.attempt_id = a.id ORDER BY r.id DESC LIMIT 1) AS TEXT) AS report_state,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ',
                (SELECT max(v.recorded_at) FROM report r JOIN report_event v ON v.report_id = r.id
         WHERE r.attempt_id = a.id AND v.state = 'acknowledged') / 1000.0, 'unixepoch') AS TEXT) AS acknowledged_at,
       CAST((SELECT max(v.recorded_at) FROM report r JOIN report_event v ON v.report_id = r.id
         WHERE r.attempt_id = a.id AND v.state = 'acknowledged') AS INTEGER) AS acknowledged_at_ms,
       CAST('[' || coalesce((SELECT group_concat('{"step":"' || replace(replace(s.name, '\', '\\'), '"', '\"')
                                            || '","status":"' || replace(replace(s.status, '\', '\\'), '"', '\"')
                                            || '","reference":' || coalesce('"' || replace(replace(s.reference, '\', '\\'), '"', '\"') || '"', 'null')
                                            || ',"recorded_at_ms":' || s.recorded_at || '}', ',')
                          FROM (SELECT * FROM step o WHERE o.attempt_id = a.id ORDER BY o.id) s), '') || ']' AS TEXT) AS steps,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ',
                (SELECT x.recorded_at FROM erasure x WHERE x.attempt_id = a.id) / 1000.0, 'unixepoch') AS TEXT) AS erased_at,
       CAST((SELECT x.recorded_at FROM erasure x WHERE x.attempt_id = a.id) AS INTEGER) AS erased_at_ms
  FROM attempt a
  LEFT JOIN person p ON p.attempt_id = a.id
  LEFT JOIN decision d ON d.id = CASE WHEN a.outcome = 'pending' THEN (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id) END

-- name: view_codes
CREATE VIEW main.codes AS -- of the ledger
SELECT c.id AS id, c.attempt_id AS attempt_id, r.address AS subject, c.kind AS kind, c.channel AS channel,
       CAST(CASE c.channel WHEN 'sms' THEN 'SMS' WHEN 'email' THEN 'EMAIL' ELSE 'NONE' END AS TEXT) AS token_type, c.prefix AS token_prefix, c.ordinal AS attempt,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ', c.recorded_at / 1000.0, 'unixepoch') AS TEXT) AS request_timestamp,
       c.recorded_at AS request_timestamp_ms,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ', c.handed_over_at / 1000.0, 'unixepoch') AS TEXT) AS handed_over_at,
       c.handed_over_at AS handed_over_at_ms,
       CAST(c.lifetime_ms / 60000.0 AS REAL) AS expiry_minutes,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ', (c.runs_from + c.lifetime_ms) / 1000.0, 'unixepoch') AS TEXT) AS expiry_timestamp,
       CAST((c.runs_from + c.lifetime_ms) AS INTEGER) AS expiry_timestamp_ms,
       CAST((x.state IS NULL OR x.state = 'undeliverable') AND coalesce(c.runs_from + c.lifetime_ms > unixepoch() * 1000, 1) AS INTEGER) AS active,
       p.username AS username, p.phone AS phone, a.account_group_id AS account_group_id, r.device_id AS device_id,
       CAST(CASE WHEN x.state IS NOT NULL THEN x.state
                    WHEN c.runs_from + c.lifetime_ms <= unixepoch() * 1000 THEN 'expired'
                    WHEN c.handed_over_at IS NOT NULL THEN 'sent' ELSE 'pending' END AS TEXT) AS state,
       CAST((SELECT count(*) FROM wrong_try w WHERE w.code_id = c.id) AS INTEGER) AS failures,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ',
                CASE WHEN x.state = 'verified' THEN coalesce(x.entered_at, x.recorded_at) END / 1000.0, 'unixepoch') AS TEXT) AS verified_at,
       CAST(CASE WHEN x.state = 'verified' THEN coalesce(x.entered_at, x.recorded_at) END AS INTEGER) AS verified_at_ms,
       (SELECT t.answer FROM try t WHERE t.code_id = c.id AND t.result <> 'accepted' ORDER BY t.id DESC LIMIT 1) AS last_error
  FROM code c
  LEFT JOIN recipient r ON r.code_id = c.id
  LEFT JOIN attempt a ON a.id = c.attempt_id
  LEFT JOIN person p ON p.attempt_id = c.attempt_id
  LEFT JOIN code_end x ON x.id = coalesce((SELECT max(y.id) FROM code_end y WHERE y.code_id = c.id AND y.state = 'verified'),
                                          (SELECT max(y.id) FROM code_end y WHERE y.code_id = c.id))

-- The payload, which the extension makes, is only in reg_reports.
-- name: view_reports
CREATE VIEW main.reports AS -- of the ledger
SELECT r.id AS id, r.attempt_id AS attempt_id, r.outcome AS outcome,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ', r.recorded_at / 1000.0, 'unixepoch') AS TEXT) AS due_at,
       r.recorded_at AS due_at_ms,
       CAST(CASE WHEN v.state IS NOT NULL AND v.state <> 'queued' THEN v.state
                 WHEN EXISTS (SELECT 1 FROM try t WHERE t.report_id = r.id) THEN 'retrying' ELSE 'queued' END AS TEXT) AS state,
       CAST((SELECT count(*) FROM try t WHERE t.report_id = r.id) AS INTEGER) AS tries,
       CAST((SELECT count(*) FROM try t WHERE t.report_id = r.id AND t.result = 'ambiguous') AS INTEGER) AS ambiguous_tries,
       (SELECT t.status FROM try t WHERE t.report_id = r.id AND t.finished_at IS NOT NULL ORDER BY t.id DESC LIMIT 1) AS last_status,
       (SELECT t.answer FROM try t WHERE t.report_id = r.id AND t.result <> 'accepted' ORDER BY t.id DESC LIMIT 1) AS last_error,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ',
                CASE WHEN v.state IS NULL OR v.state = 'queued'
            THEN coalesce((SELECT t.retry_at FROM try t WHERE t.report_id = r.id AND t.finished_at IS NOT NULL ORDER BY t.id DESC LIMIT 1),
                          v.recorded_at, r.recorded_at) END / 1000.0, 'unixepoch') AS TEXT) AS next_try_at,
       CAST(CASE WHEN v.state IS NULL OR v.state = 'queued'
            THEN coalesce((SELECT t.retry_at FROM try t WHERE t.report_id = r.id AND t.finished_at IS NOT NULL ORDER BY t.id DESC LIMIT 1),
                          v.recorded_at, r.recorded_at) END AS INTEGER) AS next_try_at_ms,
       CAST(strftime('%Y-%m-%dT%H:%M:%fZ',
                CASE WHEN v.state = 'acknowledged' THEN v.recorded_at END / 1000.0, 'unixepoch') AS TEXT) AS acknowledged_at,
       CAST(CASE WHEN v.state = 'acknowledged' THEN v.recorded_at END AS INTEGER) AS acknowledged_at_ms,
       v.vendor_timestamp AS vendor_timestamp
  FROM report r
  LEFT JOIN report_event v ON v.id = (SELECT max(w.id) FROM report_event w WHERE w.report_id = r.id)

-- Outcomes by day (UTC, by attempted_at). past_deadline: those of the pending whose time is up. Each number of each day is counted by itself, through the
-- index of the times: nothing is sorted, and whoever asks for some days or some numbers pays for no others.
-- name: view_outcomes_by_day
CREATE VIEW main.outcomes_by_day AS -- of the ledger
WITH RECURSIVE days(low) AS (
    SELECT (SELECT min(attempted_at) FROM attempt) / 86400000 * 86400000
    UNION ALL
    SELECT (SELECT min(attempted_at) FROM attempt WHERE attempted_at >= d.low + 86400000) / 86400000 * 86400000 FROM days d WHERE d.low IS NOT NULL)
SELECT CAST(date(d.low / 1000, 'unixepoch') AS TEXT) AS day,
       CAST((SELECT count(*) FROM attempt a WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000) AS INTEGER) AS attempts,
       CAST((SELECT count(*) FROM attempt a
         WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000
           AND CASE WHEN a.outcome <> 'pending' THEN a.outcome
                    ELSE coalesce((SELECT y.outcome FROM decision y WHERE y.attempt_id = a.id ORDER BY y.id DESC LIMIT 1), 'pending') END = 'success') AS INTEGER) AS success,
       CAST((SELECT count(*) FROM attempt a
         WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000
           AND CASE WHEN a.outcome <> 'pending' THEN a.outcome
                    ELSE coalesce((SELECT y.outcome FROM decision y WHERE y.attempt_id = a.id ORDER BY y.id DESC LIMIT 1), 'pending') END = 'pending') AS INTEGER) AS pending,
       CAST((SELECT count(*) FROM attempt a
         WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000
           AND CASE WHEN a.outcome <> 'pending' THEN a.outcome
                    ELSE coalesce((SELECT y.outcome FROM decision y WHERE y.attempt_id = a.id ORDER BY y.id DESC LIMIT 1), 'pending') END = 'failure') AS INTEGER) AS failure,
       CAST((SELECT count(*) FROM attempt a
         WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000 AND +a.outcome = 'pending' -- not by its index: that has those of all days
           AND EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = a.id AND w.deadline <= unixepoch() * 1000)) AS INTEGER) AS past_deadline
  FROM days d
 WHERE d.low IS NOT NULL

-- How far each day's sign-ups got, as the view funnel has it, but day by day as above.
-- name: view_funnel_by_day
CREATE VIEW main.funnel_by_day AS -- of the ledger
WITH RECURSIVE days(low) AS (
    SELECT (SELECT min(attempted_at) FROM attempt) / 86400000 * 86400000
    UNION ALL
    SELECT (SELECT min(attempted_at) FROM attempt WHERE attempted_at >= d.low + 86400000) / 86400000 * 86400000 FROM days d WHERE d.low IS NOT NULL)
SELECT CAST(date(d.low / 1000, 'unixepoch') AS TEXT) AS day,
       CAST((SELECT count(*) FROM attempt a WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000) AS INTEGER) AS received,
       CAST((SELECT count(*) FROM attempt a WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000 AND a.outcome <> 'failure') AS INTEGER) AS accepted,
       CAST((SELECT count(*) FROM attempt a WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000
           AND EXISTS (SELECT 1 FROM code c WHERE c.attempt_id = a.id AND c.handed_over_at IS NOT NULL)) AS INTEGER) AS code_sent,
       CAST((SELECT count(*) FROM attempt a WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000
           AND EXISTS (SELECT 1 FROM code c JOIN code_end e ON e.code_id = c.id WHERE c.attempt_id = a.id AND e.state = 'verified')) AS INTEGER) AS confirmed,
       CAST((SELECT count(*) FROM attempt a
         WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000
           AND CASE WHEN a.outcome <> 'pending' THEN a.outcome
                    ELSE coalesce((SELECT y.outcome FROM decision y WHERE y.attempt_id = a.id ORDER BY y.id DESC LIMIT 1), 'pending') END = 'success') AS INTEGER) AS registered,
       CAST((SELECT count(*) FROM attempt a WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000
           AND EXISTS (SELECT 1 FROM step s WHERE s.attempt_id = a.id AND s.name = 'KYC' COLLATE NOCASE)) AS INTEGER) AS kyc,
       CAST((SELECT count(*) FROM attempt a WHERE a.attempted_at >= d.low AND a.attempted_at < d.low + 86400000
           AND EXISTS (SELECT 1 FROM step s WHERE s.attempt_id = a.id AND s.name = 'SUBSCRIPTION' COLLATE NOCASE)) AS INTEGER) AS subscribed
  FROM days d
 WHERE d.low IS NOT NULL
