-- SPDX-License-Identifier: MIT
-- rule: admit
-- Admits one sign-up: writes its verdict and everything that follows from it. Every sign-up takes this way.
--
-- reasons: what the caller found, as `"reason"` separated by commas. This rule adds the identifiers that are taken, between reasons_before (a comma after
-- each) and reasons_after (a comma before each).
-- confirm: `never`; `after` (a success that is asked to confirm); `before` (pending until confirmed); `everyone` (the same by PIN);
-- `on_conflict` (by PIN, only if the identifier belongs to a customer who came through a third party and has no password).
-- With the last two, such an identifier does not count as taken. The attempt is linked to that customer (link_to) once a PIN sent to the customer's own address is
-- verified. A PIN to any other address would give the account away.

-- step: login
-- A third-party sign-up of a known customer is a log-in. The customer is known by that identity, or by an e-mail address that the provider has verified.
INSERT INTO continuation (id, recorded_at, attempted_at, import_id, line, kind, attempt_id, verdict)
SELECT :id, :recorded_at, :attempted_at, :import_id, :line, 'login', k.customer_id, k.verdict
  FROM (SELECT min((SELECT s.holder
                      FROM subject_entry s
                     WHERE s.segment = g.id AND s.key = :identity_key AND s.holder > 0
                       AND (SELECT p.identity_subject FROM person p WHERE p.attempt_id = s.attempt_id) = :identity_subject
                       AND (SELECT a.identity_provider FROM attempt a WHERE a.id = s.attempt_id) = :identity_provider
                     LIMIT 1)) AS customer_id, 'known' AS verdict
          FROM subject_segment g
        UNION ALL
        SELECT l.customer_id, 'known'
          FROM link l
         WHERE l.identity_key = :identity_key
           AND l.identity_subject = :identity_subject AND l.identity_provider = :identity_provider
        UNION ALL
        SELECT min((SELECT s.holder
                      FROM subject_entry s
                     WHERE s.segment = g.id AND s.key = :email_key AND s.holder > 0
                       AND (SELECT p.email_folded FROM person p WHERE p.attempt_id = s.attempt_id) = :email_folded
                       -- If the customer has a password, whoever set it must have proved the address. Otherwise they would get into the account of the
                       -- address's real owner.
                       AND EXISTS (SELECT 1 FROM person c
                                    WHERE c.attempt_id = s.holder
                                      AND (c.password_hash IS NULL OR c.email_verified_at IS NOT NULL
                                           OR EXISTS (SELECT 1 FROM code o JOIN code_end e ON e.code_id = o.id
                                                       WHERE o.attempt_id = s.holder AND o.channel = 'email' AND e.state = 'verified')))
                     LIMIT 1)), 'linked'
          FROM subject_segment g
         WHERE :email_verified_at IS NOT NULL AND :unique_email) k
 WHERE :told IS NULL AND :identity_key IS NOT NULL AND k.customer_id IS NOT NULL
 LIMIT 1;

-- step: link
INSERT INTO link (identity_key, customer_id, identity_provider, identity_subject, recorded_at)
SELECT :identity_key, attempt_id, :identity_provider, :identity_subject, :recorded_at
  FROM continuation WHERE id = :id AND verdict = 'linked';

-- step: attempt
-- Four nested queries: who holds each identifier (held), which customer may be linked (linkable), what is taken, and the verdict.
-- They read person and never attempt, otherwise SQLite would buffer each new row in a temporary table. They call no function, otherwise SQLite would
-- journal each page in case it fails. The LIMITs keep SQLite from evaluating a subquery once per mention.
INSERT INTO attempt (id, recorded_at, attempted_at, import_id, line, setting_id, outcome, reasons, customer_id, link_to, lifetime_ms, told, told_reason,
                     country, currency, locale, phone_country, user_type, partner_id, source_id, account_group_id, identity_provider,
                     device_type, manufacturer, model, os, language, app_name, app_platform, app_domain, guest_account, captcha,
                     recommendation, consents, has_password, notes)
SELECT :id, :recorded_at, :attempted_at, :import_id, :line, :setting_id, verdict.outcome,
       CASE verdict.outcome WHEN 'failure' THEN '[' || verdict.reasons || ']' END,
       CASE verdict.outcome WHEN 'success' THEN coalesce(CASE WHEN :told = 'success' THEN verdict.known END, :id) END,
       CASE verdict.outcome WHEN 'pending' THEN verdict.external END,
       CASE verdict.outcome WHEN 'pending' THEN :pending_ms END, :told, :told_reason,
       :country, :currency, :locale, :phone_country, :user_type, :partner_id, :source_id, :account_group_id,
       :identity_provider, :device_type, :manufacturer, :model, :os, :language, :app_name, :app_platform,
       :app_domain, :guest_account, :captcha, :recommendation, :consents, :has_password, :notes
  FROM (SELECT taken.known, taken.external,
               CASE WHEN :told IS NOT NULL THEN :told
                    WHEN :reasons <> '' OR taken.email OR taken.phone OR taken.username OR taken.uuid THEN 'failure'
                    WHEN :confirm IN ('everyone', 'before') OR (:confirm = 'on_conflict' AND taken.external IS NOT NULL) THEN 'pending'
                    ELSE 'success' END AS outcome,
               CASE WHEN taken.email OR taken.phone OR taken.username OR taken.uuid
                    THEN :reasons_before
                         || CASE WHEN taken.email THEN '"email_taken"' || CASE WHEN taken.phone OR taken.username OR taken.uuid THEN ',' ELSE '' END ELSE '' END
                         || CASE WHEN taken.phone THEN '"phone_taken"' || CASE WHEN taken.username OR taken.uuid THEN ',' ELSE '' END ELSE '' END
                         || CASE WHEN taken.username THEN '"username_taken"' || CASE WHEN taken.uuid THEN ',' ELSE '' END ELSE '' END
                         || CASE WHEN taken.uuid THEN '"uuid_taken"' ELSE '' END
                         || :reasons_after
                    ELSE :reasons END AS reasons
          FROM (SELECT coalesce(linkable.email, linkable.phone, linkable.username) AS known, linkable.external,
                       :told IS NULL AND :unique_email AND coalesce(linkable.email <> coalesce(linkable.external, 0), 0) AS email,
                       :told IS NULL AND :unique_phone AND coalesce(linkable.phone <> coalesce(linkable.external, 0), 0) AS phone,
                       :told IS NULL AND coalesce(linkable.username <> coalesce(linkable.external, 0), 0) AS username,
                       :told IS NULL AND coalesce(linkable.uuid <> coalesce(linkable.external, 0), 0) AS uuid
                  FROM (SELECT held.email, held.phone, held.username, held.uuid,
                               CASE WHEN :confirm IN ('everyone', 'on_conflict')
                                    THEN coalesce(CASE WHEN :unique_email AND :email_nonce IS NOT NULL
                                                       THEN (SELECT p.attempt_id FROM person p
                                                              WHERE p.attempt_id = held.email AND p.identity_key IS NOT NULL AND p.password_hash IS NULL) END,
                                                  CASE WHEN :unique_phone AND :sms_nonce IS NOT NULL
                                                       THEN (SELECT p.attempt_id FROM person p
                                                              WHERE p.attempt_id = held.phone AND p.identity_key IS NOT NULL AND p.password_hash IS NULL) END)
                                END AS external
                          FROM (SELECT min(CASE WHEN :email_key IS NOT NULL
                                                THEN (SELECT s.holder FROM subject_entry s
                                                       WHERE s.segment = g.id AND s.key = :email_key AND s.holder > 0
                                                         AND (SELECT p.email_folded FROM person p WHERE p.attempt_id = s.attempt_id) = :email_folded
                                                       LIMIT 1) END) AS email,
                                       min(CASE WHEN :phone_key IS NOT NULL AND :phone >= '+' AND :phone < ','
                                                THEN (SELECT s.holder FROM subject_entry s
                                                       WHERE s.segment = g.id AND s.key = :phone_key AND s.holder > 0
                                                         AND (SELECT p.phone FROM person p WHERE p.attempt_id = s.attempt_id) = :phone
                                                       LIMIT 1) END) AS phone,
                                       min(CASE WHEN :username_key IS NOT NULL
                                                THEN (SELECT s.holder FROM subject_entry s
                                                       WHERE s.segment = g.id AND s.key = :username_key AND s.holder > 0
                                                         AND (SELECT p.username_folded FROM person p WHERE p.attempt_id = s.attempt_id) = :username_folded
                                                       LIMIT 1) END) AS username,
                                       min(CASE WHEN :uuid_key IS NOT NULL
                                                THEN (SELECT s.holder FROM subject_entry s
                                                       WHERE s.segment = g.id AND s.key = :uuid_key AND s.holder > 0
                                                         AND (SELECT p.uuid FROM person p WHERE p.attempt_id = s.attempt_id) = :uuid
                                                       LIMIT 1) END) AS uuid
                                  FROM subject_segment g) held
                         LIMIT 1) linkable
                 LIMIT 1) taken
         LIMIT 1) verdict
 WHERE NOT EXISTS (SELECT 1 FROM continuation WHERE id = :id);

-- step: person
INSERT INTO person (attempt_id, email, email_folded, email_key, phone, phone_key, username, username_folded, username_key, uuid, uuid_key,
                    identity_subject, identity_key, name, given_name, family_name, birth_date, birth_place, gender, custom_id, device_id,
                    ip_address, latitude, longitude, user_agent, email_verified_at, phone_verified_at, password_hash)
SELECT :id, :email, :email_folded, :email_key, :phone, :phone_key, :username, :username_folded, :username_key,
       :uuid, :uuid_key, :identity_subject, :identity_key, :name, :given_name, :family_name, :birth_date,
       :birth_place, :gender, :custom_id, :device_id, :ip_address, :latitude, :longitude, :user_agent,
       :email_verified_at, :phone_verified_at, CASE WHEN a.outcome <> 'failure' THEN :password_hash END
  FROM attempt a WHERE a.id = :id;

-- step: subjects
INSERT OR IGNORE INTO subject_merged (key, holder, attempt_id)
SELECT k.key, h.holder, :id
  FROM (SELECT :email_key AS key UNION ALL SELECT :phone_key UNION ALL SELECT :username_key
        UNION ALL SELECT :uuid_key UNION ALL SELECT :identity_key) k
 CROSS JOIN holding h ON h.attempt_id = :id -- this order needs no temporary table
 WHERE k.key IS NOT NULL;

-- step: waiting
INSERT INTO waiting (attempt_id, deadline)
SELECT a.id, a.recorded_at + a.lifetime_ms FROM attempt a WHERE a.id = :id AND a.outcome = 'pending';

-- step: code
-- The resend pause and the daily limit hold per subject, across attempts: an excess code waits its turn. Reading the newest thousand codes is
-- enough, because each waits for those before it and a day has no more (maxCodesPerDay). So the cost of a sign-up does not depend on how many came before.
INSERT INTO code (attempt_id, ordinal, channel, kind, nonce, digits, prefix, sandbox, recorded_at, lifetime_ms, next_try_at)
SELECT a.id, 1, c.channel, :code_kind, c.nonce, :code_digits, :code_prefix, :code_sandbox, :recorded_at, c.lifetime_ms,
       max(:recorded_at,
           coalesce((SELECT max(coalesce(o.runs_from, o.next_try_at, o.recorded_at)) + :resend_pause_ms
                       FROM recipient r JOIN code o ON o.id = r.code_id WHERE r.subject_key = c.subject_key AND r.code_id > c.before), 0),
           coalesce((SELECT coalesce(o.runs_from, o.next_try_at, o.recorded_at) + 86400000
                       FROM recipient r JOIN code o ON o.id = r.code_id WHERE r.subject_key = c.subject_key AND r.code_id > c.before
                      ORDER BY coalesce(o.runs_from, o.next_try_at, o.recorded_at) DESC LIMIT 1 OFFSET :codes_per_day - 1), 0))
  FROM attempt a
  -- Selects where those codes begin rather than the codes, which SQLite would put into a temporary table.
  JOIN (SELECT 'email' AS channel, :email_nonce AS nonce, :email_code_ms AS lifetime_ms, :email_key AS subject_key,
               CASE WHEN :email_nonce IS NOT NULL
                    THEN coalesce((SELECT code_id FROM recipient WHERE subject_key = :email_key ORDER BY code_id DESC LIMIT 1 OFFSET 1000), 0) END AS before
        UNION ALL
        SELECT 'sms', :sms_nonce, :sms_code_ms, :phone_key,
               CASE WHEN :sms_nonce IS NOT NULL
                    THEN coalesce((SELECT code_id FROM recipient WHERE subject_key = :phone_key ORDER BY code_id DESC LIMIT 1 OFFSET 1000), 0) END) c ON c.nonce IS NOT NULL
 WHERE a.id = :id AND a.told IS NULL AND (a.outcome = 'pending' OR (a.outcome = 'success' AND :confirm = 'after'))
   AND (a.link_to IS NULL
        OR EXISTS (SELECT 1 FROM subject_index s
                    WHERE s.key = c.subject_key AND s.holder = a.link_to
                      AND EXISTS (SELECT 1 FROM person p
                                   WHERE p.attempt_id = s.attempt_id
                                     AND CASE c.channel WHEN 'email' THEN p.email_folded = :email_folded ELSE p.phone = :phone END)));

-- step: recipient
INSERT INTO recipient (code_id, subject_key, address, device_id)
SELECT c.id, CASE c.channel WHEN 'email' THEN :email_key ELSE :phone_key END,
       CASE c.channel WHEN 'email' THEN :email ELSE :phone END, :device_id
  FROM code c WHERE c.attempt_id = :id;

-- step: report
INSERT INTO report_outcome (attempt_id, recorded_at, outcome, reasons, reportable)
SELECT a.id, :recorded_at, a.outcome, a.reasons, :reportable
  FROM attempt a WHERE a.id = :id AND a.outcome <> 'pending';

-- step: fingerprint
INSERT INTO fingerprint (attempt_id, sealed)
SELECT a.id, :sealed FROM attempt a
 WHERE a.id = :id AND :sealed IS NOT NULL
   AND (a.outcome = 'pending' OR EXISTS (SELECT 1 FROM report r WHERE r.attempt_id = a.id));

-- step: supersede
INSERT INTO supersede (attempt_id, recorded_at, unique_email, unique_phone, reportable)
SELECT a.id, :recorded_at, :unique_email, :unique_phone, :reportable
  FROM attempt a WHERE a.id = :id AND a.outcome = 'success';
