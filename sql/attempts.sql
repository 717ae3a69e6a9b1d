-- SPDX-License-Identifier: MIT
-- Attempts, codes and reports as they stood at :as_of (Unix milliseconds), one row each. The virtual tables select from these.
-- Every column that can change uses only facts recorded by then. After its deadline a pending attempt reads as failed, settled or not.

-- name: attempts
SELECT a.id AS id, a.outcome AS admitted_outcome, a.attempted_at AS attempted_at_ms, a.recorded_at AS recorded_at_ms,
       p.email AS email, substr(p.email_folded, instr(p.email_folded, '@') + 1) AS email_domain, p.username AS username, p.phone AS phone,
       a.phone_country AS phone_country, p.name AS name,
       p.given_name AS given_name, p.family_name AS family_name, p.birth_date AS birth_date, p.birth_place AS birth_place,
       p.gender AS gender, a.country AS country, a.currency AS currency, a.locale AS locale, a.user_type AS user_type,
       a.partner_id AS partner_id, a.source_id AS source_id, a.account_group_id AS account_group_id, p.uuid AS uuid,
       p.custom_id AS custom_id, a.identity_provider AS identity_provider, p.identity_subject AS identity_subject,
       p.device_id AS device_id, a.device_type AS device_type, a.manufacturer AS manufacturer, a.model AS model, a.os AS os,
       p.ip_address AS ip_address, a.language AS language, p.latitude AS latitude, p.longitude AS longitude,
       p.user_agent AS user_agent, a.app_name AS app_name, a.app_platform AS app_platform, a.app_domain AS app_domain,
       a.guest_account AS guest_account, a.captcha AS captcha, a.recommendation AS recommendation,
       p.email_verified_at AS email_verified_at_ms, p.phone_verified_at AS phone_verified_at_ms,
       CASE WHEN EXISTS (SELECT 1 FROM consent k WHERE k.attempt_id = a.id AND k.recorded_at <= :as_of)
            THEN json_patch(coalesce(a.consents, '{}'),
                            (SELECT json_group_object(k.name, json_object('state', k.state, 'version', k.version))
                               FROM consent k
                              WHERE k.id IN (SELECT max(l.id) FROM consent l
                                              WHERE l.attempt_id = a.id AND l.recorded_at <= :as_of GROUP BY l.name)))
            ELSE coalesce(a.consents, '{}') END AS consents,
       CASE WHEN d.id IS NOT NULL THEN d.outcome
            WHEN a.outcome = 'pending' AND a.lifetime_ms
                 + coalesce((SELECT min(c.runs_from) FROM code c WHERE c.attempt_id = a.id AND c.runs_from <= :as_of), a.recorded_at) <= :as_of
            THEN 'failure' ELSE a.outcome END AS outcome,
       coalesce(CASE WHEN d.id IS NOT NULL THEN d.reasons
            WHEN a.outcome = 'pending' AND a.lifetime_ms
                 + coalesce((SELECT min(c.runs_from) FROM code c WHERE c.attempt_id = a.id AND c.runs_from <= :as_of), a.recorded_at) <= :as_of
            THEN CASE WHEN EXISTS (SELECT 1 FROM code c WHERE c.attempt_id = a.id AND c.runs_from <= :as_of)
                      THEN '["verification_expired"]' ELSE '["undeliverable"]' END
            ELSE a.reasons END, '[]') AS reasons,
       coalesce(a.notes, '[]') AS notes,
       (SELECT n.value ->> 'rule' FROM json_each(a.notes) n WHERE n.value ->> 'done' = 'refused' LIMIT 1) AS hint,
       a.told_reason AS told_reason,
       CASE WHEN d.id IS NOT NULL THEN d.decided_at
            WHEN a.outcome <> 'pending' THEN a.recorded_at
            ELSE nullif(min(:as_of + 1, a.lifetime_ms
                 + coalesce((SELECT min(c.runs_from) FROM code c WHERE c.attempt_id = a.id AND c.runs_from <= :as_of), a.recorded_at)),
                 :as_of + 1) END AS decided_at_ms,
       a.import_id AS import_id, a.line AS line,
       CASE WHEN d.id IS NOT NULL THEN d.customer_id ELSE a.customer_id END AS customer_id,
       (SELECT min(coalesce(x.entered_at, x.recorded_at)) FROM code c JOIN code_end x ON x.code_id = c.id
         WHERE c.attempt_id = a.id AND c.channel = 'email' AND x.state = 'verified' AND x.recorded_at <= :as_of) AS email_confirmed_at_ms,
       (SELECT min(coalesce(x.entered_at, x.recorded_at)) FROM code c JOIN code_end x ON x.code_id = c.id
         WHERE c.attempt_id = a.id AND c.channel = 'sms' AND x.state = 'verified' AND x.recorded_at <= :as_of) AS phone_confirmed_at_ms,
       (SELECT CASE WHEN x.state IS NOT NULL THEN x.state
                    WHEN c.runs_from + c.lifetime_ms <= :as_of AND c.runs_from <= :as_of THEN 'expired'
                    WHEN c.handed_over_at <= :as_of THEN 'sent' ELSE 'pending' END
          FROM code c
          LEFT JOIN code_end x ON x.id = (SELECT max(y.id) FROM code_end y WHERE y.code_id = c.id AND y.recorded_at <= :as_of)
         WHERE c.attempt_id = a.id AND c.recorded_at <= :as_of
         ORDER BY x.state IS 'verified' DESC, c.id DESC LIMIT 1) AS code_state,
       (SELECT CASE WHEN v.state IS NOT NULL AND v.state <> 'queued' THEN v.state
                    WHEN EXISTS (SELECT 1 FROM try t WHERE t.report_id = r.id AND t.started_at <= :as_of) THEN 'retrying'
                    ELSE 'queued' END
          FROM report r
          LEFT JOIN report_event v ON v.id = (SELECT max(w.id) FROM report_event w WHERE w.report_id = r.id AND w.recorded_at <= :as_of)
         WHERE r.attempt_id = a.id AND r.recorded_at <= :as_of ORDER BY r.id DESC LIMIT 1) AS report_state,
       (SELECT max(v.recorded_at) FROM report r JOIN report_event v ON v.report_id = r.id
         WHERE r.attempt_id = a.id AND v.state = 'acknowledged' AND v.recorded_at <= :as_of) AS acknowledged_at_ms,
       (SELECT json_group_array(json_object('step', s.name, 'status', s.status, 'reference', s.reference, 'recorded_at_ms', s.recorded_at))
          FROM step s WHERE s.attempt_id = a.id AND s.recorded_at <= :as_of) AS steps,
       (SELECT x.recorded_at FROM erasure x WHERE x.attempt_id = a.id AND x.recorded_at <= :as_of) AS erased_at_ms
  FROM attempt a
  LEFT JOIN person p ON p.attempt_id = a.id
  LEFT JOIN decision d ON d.id = CASE WHEN a.outcome = 'pending' -- nothing else is decided once more
                                      THEN (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id AND y.recorded_at <= :as_of) END
 WHERE a.recorded_at <= :as_of

-- name: codes
SELECT c.id AS id, c.attempt_id AS attempt_id, r.address AS subject, c.kind AS kind, c.channel AS channel,
       CASE c.channel WHEN 'sms' THEN 'SMS' WHEN 'email' THEN 'EMAIL' ELSE 'NONE' END AS token_type, c.prefix AS token_prefix,
       c.ordinal AS attempt, c.recorded_at AS request_timestamp_ms, CASE WHEN c.handed_over_at <= :as_of THEN c.handed_over_at END AS handed_over_at_ms,
       c.lifetime_ms / 60000.0 AS expiry_minutes,
       CASE WHEN c.runs_from <= :as_of THEN c.runs_from + c.lifetime_ms END AS expiry_timestamp_ms,
       (x.state IS NULL OR x.state = 'undeliverable') AND coalesce(c.runs_from + c.lifetime_ms > :as_of OR c.runs_from > :as_of, 1) AS active,
       p.username AS username, p.phone AS phone, a.account_group_id AS account_group_id, r.device_id AS device_id,
       CASE WHEN x.state IS NOT NULL THEN x.state
            WHEN c.runs_from + c.lifetime_ms <= :as_of AND c.runs_from <= :as_of THEN 'expired'
            WHEN c.handed_over_at <= :as_of THEN 'sent' ELSE 'pending' END AS state,
       (SELECT count(*) FROM wrong_try w WHERE w.code_id = c.id AND w.recorded_at <= :as_of) AS failures,
       CASE WHEN x.state = 'verified' THEN coalesce(x.entered_at, x.recorded_at) END AS verified_at_ms,
       (SELECT t.answer FROM try t
         WHERE t.code_id = c.id AND t.finished_at <= :as_of AND t.result <> 'accepted' ORDER BY t.id DESC LIMIT 1) AS last_error
  FROM code c
  LEFT JOIN recipient r ON r.code_id = c.id
  LEFT JOIN attempt a ON a.id = c.attempt_id
  LEFT JOIN person p ON p.attempt_id = c.attempt_id
  LEFT JOIN code_end x ON x.id = coalesce((SELECT max(y.id) FROM code_end y WHERE y.code_id = c.id AND y.recorded_at <= :as_of AND y.state = 'verified'),
                                          (SELECT max(y.id) FROM code_end y WHERE y.code_id = c.id AND y.recorded_at <= :as_of))
 WHERE c.recorded_at <= :as_of

-- name: reports
SELECT r.id AS id, r.attempt_id AS attempt_id, r.outcome AS outcome, r.reasons AS reasons, r.recorded_at AS due_at_ms, r.next_try_at AS queued_until,
       CASE WHEN v.state IS NOT NULL AND v.state <> 'queued' THEN v.state
            WHEN EXISTS (SELECT 1 FROM try t WHERE t.report_id = r.id AND t.started_at <= :as_of) THEN 'retrying'
            ELSE 'queued' END AS state,
       (SELECT count(*) FROM try t WHERE t.report_id = r.id AND t.started_at <= :as_of) AS tries,
       (SELECT count(*) FROM try t WHERE t.report_id = r.id AND t.finished_at <= :as_of AND t.result = 'ambiguous') AS ambiguous_tries,
       (SELECT t.status FROM try t WHERE t.report_id = r.id AND t.finished_at <= :as_of ORDER BY t.id DESC LIMIT 1) AS last_status,
       (SELECT t.answer FROM try t WHERE t.report_id = r.id AND t.finished_at <= :as_of AND t.result <> 'accepted' ORDER BY t.id DESC LIMIT 1) AS last_error,
       CASE WHEN v.state IS NULL OR v.state = 'queued'
            THEN coalesce((SELECT t.retry_at FROM try t WHERE t.report_id = r.id AND t.finished_at <= :as_of ORDER BY t.id DESC LIMIT 1),
                          v.recorded_at, r.recorded_at)
            END AS next_try_at_ms,
       CASE WHEN v.state = 'acknowledged' THEN v.recorded_at END AS acknowledged_at_ms,
       v.vendor_timestamp AS vendor_timestamp,
       -- A report that was sent shows what was sent; an unsent one shows what is known now.
       coalesce(CASE WHEN v.state <> 'queued' THEN (SELECT max(t.started_at) FROM try t WHERE t.report_id = r.id AND t.started_at <= :as_of) END,
                :as_of) AS told_at
  FROM report r
  LEFT JOIN report_event v ON v.id = (SELECT max(w.id) FROM report_event w WHERE w.report_id = r.id AND w.recorded_at <= :as_of)
 WHERE r.recorded_at <= :as_of

-- Upper bounds of the row counts, for the query planner.
-- name: attempts_rows
SELECT max(id) FROM attempt

-- name: codes_rows
SELECT max(id) FROM code

-- name: reports_rows
SELECT max(id) FROM report

-- How many there are now: nothing is recorded later than now, and nothing is taken away.
-- name: attempts_count
SELECT count(*) FROM attempt

-- name: codes_count
SELECT count(*) FROM code

-- name: reports_count
SELECT count(*) FROM report

-- How many days have sums.
-- name: days_summed
SELECT count(*) FROM kept_day

-- Whether attempts were recorded in the order of their ids: always, but that an early version may have written by a clock that went back.
-- name: recorded_in_order
SELECT in_order FROM clock
