-- SPDX-License-Identifier: MIT
-- rule: forget
-- Erases a person but keeps facts and counts. attempts: every attempt of the subject and of the customers it names, a JSON array of ids.
-- keys: those of the subject, for codes without an attempt. over: 1 where all of the attempts failed long ago, so that their codes are over as they are.

-- step: erasure
INSERT OR IGNORE INTO erasure (attempt_id, recorded_at) SELECT value, :recorded_at FROM json_each(:attempts);

-- step: sums
-- Whether an address sent many sign-ups is seen from what is erased here (sql/upgrades/6.sql).
DELETE FROM kept_day WHERE day IN (SELECT a.attempted_at / 86400000 FROM attempt a WHERE a.id IN (SELECT value FROM json_each(:attempts)));

-- step: round
UPDATE kept_through SET round = round + 1;

-- step: pending
INSERT INTO decide (attempt_id, recorded_at, decided_at, outcome, reasons, reportable)
SELECT w.attempt_id, :recorded_at, :recorded_at, 'failure', '["erased"]', :reportable
  FROM waiting w WHERE w.attempt_id IN (SELECT value FROM json_each(:attempts)) ORDER BY w.attempt_id;

-- step: codes
-- Codes of the attempts, and codes for the subject without an attempt.
INSERT INTO code_end (code_id, recorded_at, state)
SELECT c.id, :recorded_at, 'cancelled'
  FROM code c
 WHERE (c.attempt_id IN (SELECT value FROM json_each(:attempts))
        OR c.id IN (SELECT r.code_id FROM recipient r WHERE r.subject_key IN (SELECT value FROM json_each(:keys))))
   AND NOT EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = c.id) AND :over IS NOT 1
 ORDER BY c.id;

-- step: queue
UPDATE code SET next_try_at = NULL
 WHERE next_try_at IS NOT NULL
   AND (attempt_id IN (SELECT value FROM json_each(:attempts))
        OR id IN (SELECT r.code_id FROM recipient r WHERE r.subject_key IN (SELECT value FROM json_each(:keys))));

-- step: reports
-- Reports that are not acknowledged are never sent; one in flight keeps its result.
INSERT INTO report_event (report_id, recorded_at, state)
SELECT r.id, :recorded_at, 'erased'
  FROM report r
 WHERE r.attempt_id IN (SELECT value FROM json_each(:attempts))
   AND coalesce((SELECT v.state FROM report_event v WHERE v.report_id = r.id ORDER BY v.id DESC LIMIT 1), 'queued') IN ('queued', 'dead')
 ORDER BY r.id;

-- step: report_queue
UPDATE report SET next_try_at = NULL
 WHERE next_try_at IS NOT NULL AND attempt_id IN (SELECT value FROM json_each(:attempts));

-- step: fingerprint
DELETE FROM fingerprint WHERE attempt_id IN (SELECT value FROM json_each(:attempts));

-- step: report_answers
-- An answer may repeat personal data from the report.
UPDATE try SET answer = NULL WHERE report_id IN (SELECT r.id FROM report r WHERE r.attempt_id IN (SELECT value FROM json_each(:attempts)));

-- step: code_answers
UPDATE try SET answer = NULL
 WHERE code_id IN (SELECT c.id FROM code c WHERE c.attempt_id IN (SELECT value FROM json_each(:attempts))
                   UNION SELECT r.code_id FROM recipient r WHERE r.subject_key IN (SELECT value FROM json_each(:keys)));

-- step: given
-- As the rule give_code has named them.
DELETE FROM given_code
 WHERE (key, own, code_id) IN
       (SELECT CASE k.column1 WHEN 1 THEN r.subject_key WHEN 2 THEN p.email_key WHEN 3 THEN p.phone_key ELSE p.username_key END, o.column1, c.id
          FROM code c LEFT JOIN recipient r ON r.code_id = c.id LEFT JOIN person p ON p.attempt_id = c.attempt_id
         CROSS JOIN (VALUES (1), (2), (3), (4)) k CROSS JOIN (VALUES (0), (1)) o
         WHERE c.attempt_id IN (SELECT value FROM json_each(:attempts))
            OR c.id IN (SELECT q.code_id FROM recipient q WHERE q.subject_key IN (SELECT value FROM json_each(:keys))));

-- step: recipient
DELETE FROM recipient
 WHERE subject_key IN (SELECT value FROM json_each(:keys))
    OR code_id IN (SELECT c.id FROM code c WHERE c.attempt_id IN (SELECT value FROM json_each(:attempts)));

-- step: subject
-- By every holder that an attempt can have, in each segment: a row of the index each, however many attempts carry the same identifier.
DELETE FROM subject_merged
 WHERE (key, holder, attempt_id) IN
       (SELECT CASE k.column1 WHEN 1 THEN p.email_key WHEN 2 THEN p.phone_key WHEN 3 THEN p.username_key WHEN 4 THEN p.uuid_key ELSE p.identity_key END,
               coalesce(h.column1, (SELECT d.customer_id FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), a.customer_id), a.id
          FROM json_each(:attempts) j JOIN attempt a ON a.id = j.value JOIN person p ON p.attempt_id = a.id
         CROSS JOIN (VALUES (1), (2), (3), (4), (5)) k CROSS JOIN (VALUES (-1), (0), (NULL)) h);

-- step: waiting_subject
DELETE FROM subject_waiting
 WHERE (segment, key, holder, attempt_id) IN
       (SELECT g.id, CASE k.column1 WHEN 1 THEN p.email_key WHEN 2 THEN p.phone_key WHEN 3 THEN p.username_key WHEN 4 THEN p.uuid_key ELSE p.identity_key END,
               coalesce(h.column1, (SELECT d.customer_id FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), a.customer_id), a.id
          FROM json_each(:attempts) j JOIN attempt a ON a.id = j.value JOIN person p ON p.attempt_id = a.id
         CROSS JOIN (VALUES (1), (2), (3), (4), (5)) k CROSS JOIN (VALUES (-1), (0), (NULL)) h CROSS JOIN subject_segment g);

-- step: link
DELETE FROM link WHERE customer_id IN (SELECT value FROM json_each(:attempts));

-- step: origins
DELETE FROM kept_origin
 WHERE (run, kind, value, attempt_id) IN
       (SELECT r.run, k.column1, CASE k.column1 WHEN 1 THEN p.device_id WHEN 2 THEN p.ip_address ELSE substr(p.email_folded, instr(p.email_folded, '@') + 1) END, p.attempt_id
          FROM person p CROSS JOIN (VALUES (1), (2), (3)) k CROSS JOIN origin_run r WHERE p.attempt_id IN (SELECT value FROM json_each(:attempts)));

-- step: person
DELETE FROM person WHERE attempt_id IN (SELECT value FROM json_each(:attempts));

-- step: free_text
-- Free text counts as personal in any column. What stays of an attempt is numbers and values from fixed sets.
UPDATE attempt
   SET told_reason = NULL, source_id = NULL, account_group_id = NULL, device_type = NULL, manufacturer = NULL, model = NULL, os = NULL,
       language = NULL, app_name = NULL, app_domain = NULL, captcha = NULL
 WHERE id IN (SELECT value FROM json_each(:attempts));

-- step: step
UPDATE step SET status = 'erased', reference = NULL WHERE attempt_id IN (SELECT value FROM json_each(:attempts));
