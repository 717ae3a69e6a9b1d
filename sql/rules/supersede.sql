-- SPDX-License-Identifier: MIT
-- rule: supersede
-- An attempt has succeeded, so pending attempts for the same subject fail.

-- step: rivals
INSERT INTO decide (attempt_id, recorded_at, decided_at, outcome, reasons, reportable)
SELECT r.attempt_id, :recorded_at, :recorded_at, 'failure', '["superseded_attempt"]', :reportable
  FROM (SELECT rival.attempt_id
          FROM person p
         CROSS JOIN person rival
            ON rival.attempt_id IN (SELECT s.attempt_id
                                      FROM subject_index s
                                     WHERE s.holder = 0 AND s.attempt_id <> :attempt_id
                                       AND s.key IN (CASE WHEN :unique_email THEN p.email_key END, CASE WHEN :unique_phone THEN p.phone_key END,
                                                     p.username_key, p.uuid_key, p.identity_key))
         WHERE p.attempt_id = :attempt_id
           AND ((:unique_email AND rival.email_folded = p.email_folded) OR (:unique_phone AND rival.phone = p.phone AND p.phone GLOB '+*')
                OR rival.username_folded = p.username_folded OR rival.uuid = p.uuid
                OR rival.identity_subject = p.identity_subject
                   AND (SELECT identity_provider FROM attempt WHERE id = rival.attempt_id) = (SELECT identity_provider FROM attempt WHERE id = p.attempt_id))) r
 ORDER BY r.attempt_id;
