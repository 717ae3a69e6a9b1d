-- SPDX-License-Identifier: MIT
-- What the fraud API is told about an attempt, by what had been recorded at :as_of.

-- name: payload_facts
SELECT a.attempted_at, coalesce(p.username, p.email, p.phone) AS login, a.has_password OR (p.password_hash IS NOT NULL
                          AND EXISTS (SELECT 1 FROM code c JOIN code_end e ON e.code_id = c.id
                                       WHERE c.attempt_id = a.id AND e.state = 'verified' AND e.recorded_at <= :as_of)) AS has_password,
       a.identity_provider, a.app_name, a.app_platform, a.app_domain,
       a.guest_account,
       coalesce((SELECT k.state FROM consent k
                  WHERE k.attempt_id = a.id AND k.name = 'marketing' AND k.recorded_at <= :as_of ORDER BY k.id DESC LIMIT 1),
                json_extract(a.consents, '$.marketing.state')) AS marketing, a.user_type,
       coalesce(:customer_id, a.customer_id,
                (SELECT d.customer_id FROM decision d
                  WHERE d.attempt_id = a.id AND d.customer_id IS NOT NULL AND d.recorded_at <= :as_of ORDER BY d.id DESC LIMIT 1)) AS customer_id,
       p.email,
       coalesce(p.email_verified_at,
                (SELECT min(coalesce(e.entered_at, e.recorded_at)) FROM code c JOIN code_end e ON e.code_id = c.id
                  WHERE c.attempt_id = a.id AND c.channel = 'email' AND e.state = 'verified' AND e.recorded_at <= :as_of)) AS email_verified_at,
       p.name, p.family_name, p.given_name, p.phone,
       coalesce(p.phone_verified_at,
                (SELECT min(coalesce(e.entered_at, e.recorded_at)) FROM code c JOIN code_end e ON e.code_id = c.id
                  WHERE c.attempt_id = a.id AND c.channel = 'sms' AND e.state = 'verified' AND e.recorded_at <= :as_of)) AS phone_verified_at,
       a.phone_country, p.device_id, a.device_type, a.manufacturer, a.model, a.os, p.ip_address, a.language, p.latitude, p.longitude,
       f.sealed,
       (SELECT CASE WHEN c.channel = 'sms' THEN 'smsCode' WHEN c.kind = 'token' THEN 'magiclink' END
          FROM code c
         WHERE c.id = coalesce((SELECT max(v.id) FROM code v JOIN code_end e ON e.code_id = v.id AND e.state = 'verified'
                                 WHERE v.attempt_id = a.id AND e.recorded_at <= :as_of),
                               (SELECT max(n.id) FROM code n WHERE n.attempt_id = a.id AND n.recorded_at <= :as_of))) AS code_mechanism
  FROM attempt a
  LEFT JOIN person p ON p.attempt_id = a.id
  LEFT JOIN fingerprint f ON f.attempt_id = a.id
 WHERE a.id = :attempt_id

-- The present outcome of an attempt, for a payload that is only shown.
-- name: outcome_now
SELECT coalesce((SELECT d.outcome FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1),
                CASE WHEN EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = a.id AND w.deadline <= :now) THEN 'failure' ELSE a.outcome END) AS outcome,
       coalesce((SELECT d.reasons FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), a.reasons,
                CASE WHEN NOT EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = a.id AND w.deadline <= :now) THEN '[]'
                     WHEN EXISTS (SELECT 1 FROM code c WHERE c.attempt_id = a.id AND c.runs_from IS NOT NULL) THEN '["verification_expired"]'
                     ELSE '["undeliverable"]' END) AS reasons,
       coalesce((SELECT d.customer_id FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), a.customer_id) AS customer_id
  FROM attempt a WHERE a.id = :attempt_id
