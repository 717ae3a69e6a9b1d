-- The rules that decide and write, each as one statement on a view with an INSTEAD OF trigger: whole or not at all, wherever it runs.
-- All that a write depends on (time, nonces, hashes, new ids) comes bound from the caller; nothing here asks a clock, chance or an extension.
-- Ids that nobody outside asks for (decision, code_end, report_event, wrong_try) follow from the rows that are there.
-- Applied after the upgrades, so that a changed rule is made anew with a new version of the ledger.
-- name: rules
DROP VIEW IF EXISTS admit;
DROP VIEW IF EXISTS decide;
DROP VIEW IF EXISTS due;
DROP VIEW IF EXISTS supersede;
DROP VIEW IF EXISTS issue;
DROP VIEW IF EXISTS verify;
DROP VIEW IF EXISTS finish_code;
DROP VIEW IF EXISTS finish_report;
DROP VIEW IF EXISTS start;
DROP VIEW IF EXISTS give;
DROP VIEW IF EXISTS forget;
DROP VIEW IF EXISTS requeue;
DROP VIEW IF EXISTS holding;

-- Who holds an attempt's identifiers, as it was admitted: the column `holder` of the index of subjects.
CREATE VIEW holding AS
SELECT id AS attempt_id, outcome, reasons, CASE outcome WHEN 'success' THEN customer_id WHEN 'pending' THEN 0 ELSE -1 END AS holder FROM attempt;

-- An outcome becomes due to the fraud API where it is a success, was recommended on, or failed for a reportable reason.
CREATE VIEW due AS
SELECT NULL AS report_id, NULL AS attempt_id, NULL AS recorded_at, NULL AS outcome, NULL AS reasons, NULL AS reportable WHERE 0;
CREATE TRIGGER due_insert INSTEAD OF INSERT ON due
BEGIN
    -- One of them; or of all attempts from one on, what they came to at once.
    -- part: due_report
    INSERT INTO report (id, attempt_id, outcome, reasons, recorded_at, next_try_at)
    SELECT d.report_id, d.attempt_id, d.outcome, d.reasons, d.recorded_at, d.recorded_at
      FROM (SELECT NEW.report_id AS report_id, a.id AS attempt_id, NEW.outcome AS outcome, NEW.reasons AS reasons, -- whole only
                   NEW.recorded_at AS recorded_at, a.recommendation FROM attempt a WHERE a.id = NEW.attempt_id) d -- whole only
    -- part only: FROM (SELECT NULL AS report_id, a.id AS attempt_id, a.outcome, a.reasons, a.recorded_at, a.recommendation
    -- part only:         FROM attempt a WHERE a.id >= NEW.attempt_id AND a.outcome <> 'pending') d
     WHERE d.outcome = 'success' OR d.recommendation IS NOT NULL
        OR EXISTS (SELECT 1 FROM json_each(d.reasons) r JOIN json_each(NEW.reportable) x ON r.value = x.value);
END;

-- A verdict after admission, with all that follows from it for this attempt.
CREATE VIEW decide AS
SELECT NULL AS attempt_id, NULL AS recorded_at, NULL AS decided_at, NULL AS outcome, NULL AS reasons, NULL AS customer_id,
       NULL AS report_id, NULL AS reportable WHERE 0;
CREATE TRIGGER decide_insert INSTEAD OF INSERT ON decide
BEGIN
    INSERT INTO decision (attempt_id, recorded_at, decided_at, outcome, reasons, customer_id)
    VALUES (NEW.attempt_id, NEW.recorded_at, NEW.decided_at, NEW.outcome, NEW.reasons, NEW.customer_id);
    DELETE FROM waiting WHERE attempt_id = NEW.attempt_id;
    UPDATE subject
       SET holder = CASE NEW.outcome WHEN 'success' THEN NEW.customer_id ELSE -1 END
     WHERE attempt_id = NEW.attempt_id
       AND key IN (SELECT email_key FROM person WHERE attempt_id = NEW.attempt_id
             UNION SELECT phone_key FROM person WHERE attempt_id = NEW.attempt_id
             UNION SELECT username_key FROM person WHERE attempt_id = NEW.attempt_id
             UNION SELECT uuid_key FROM person WHERE attempt_id = NEW.attempt_id
             UNION SELECT identity_key FROM person WHERE attempt_id = NEW.attempt_id);
    -- Codes whose time ran out read as expired by themselves; the others end here.
    INSERT INTO code_end (code_id, recorded_at, state)
    SELECT c.id, NEW.recorded_at,
           CASE WHEN NEW.outcome = 'success' OR NEW.reasons = '["superseded_attempt"]' THEN 'superseded' ELSE 'cancelled' END
      FROM code c
     WHERE c.attempt_id = NEW.attempt_id
       AND NOT EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = c.id)
       AND coalesce(c.runs_from + c.lifetime_ms > NEW.recorded_at, 1);
    UPDATE code SET next_try_at = NULL WHERE attempt_id = NEW.attempt_id AND next_try_at IS NOT NULL;
    INSERT INTO due (report_id, attempt_id, recorded_at, outcome, reasons, reportable)
    VALUES (NEW.report_id, NEW.attempt_id, NEW.recorded_at, NEW.outcome, NEW.reasons, NEW.reportable);
    DELETE FROM fingerprint
     WHERE attempt_id = NEW.attempt_id AND NOT EXISTS (SELECT 1 FROM report r WHERE r.attempt_id = NEW.attempt_id);
END;

-- When an attempt succeeds, the pending ones for the same subject have lost.
CREATE VIEW supersede AS
SELECT NULL AS attempt_id, NULL AS recorded_at, NULL AS unique_email, NULL AS unique_phone, NULL AS reportable WHERE 0;
CREATE TRIGGER supersede_insert INSTEAD OF INSERT ON supersede
BEGIN
    INSERT INTO decide (attempt_id, recorded_at, decided_at, outcome, reasons, report_id, reportable)
    SELECT r.attempt_id, NEW.recorded_at, NEW.recorded_at, 'failure', '["superseded_attempt"]',
           (SELECT coalesce(max(id), 0) FROM report) + row_number() OVER (ORDER BY r.attempt_id), NEW.reportable
      FROM (SELECT DISTINCT s.attempt_id
              FROM person p
              JOIN subject s ON s.holder = 0 AND s.attempt_id <> NEW.attempt_id
               AND s.key IN (CASE WHEN NEW.unique_email THEN p.email_key END, CASE WHEN NEW.unique_phone THEN p.phone_key END,
                             p.username_key, p.uuid_key, p.identity_key)
              JOIN person rival ON rival.attempt_id = s.attempt_id
             WHERE p.attempt_id = NEW.attempt_id
               AND ((NEW.unique_email AND rival.email_folded = p.email_folded) OR (NEW.unique_phone AND rival.phone = p.phone AND p.phone GLOB '+*')
                    OR rival.username_folded = p.username_folded OR rival.uuid = p.uuid
                    OR rival.identity_subject = p.identity_subject
                       AND (SELECT identity_provider FROM attempt WHERE id = rival.attempt_id) = (SELECT identity_provider FROM attempt WHERE id = p.attempt_id))) r;
END;

-- Admission: one sign-up in, its verdict and everything it brings about.
-- reasons_before and reasons_after are what the caller found, as `"reason"` each with commas between; what is taken is decided here, between them.
-- confirm: `never`; `after` (a success that is asked to confirm); `before` (pending until confirmed); `everyone` (the same by PIN);
-- `on_conflict` (by PIN only where the identifier is that of a customer who came by a third party and has no password).
-- With both last ones such a customer is not taken but linked (link_to), once a PIN that went to that customer's own address is verified: a PIN to any
-- other address would give the account away.
CREATE VIEW admit AS
SELECT a.*, p.*, NULL AS report_id, NULL AS code_id, NULL AS reasons_before, NULL AS reasons_after, NULL AS unique_email, NULL AS unique_phone,
       NULL AS confirm, NULL AS pending_ms, NULL AS code_kind, NULL AS code_digits, NULL AS code_prefix, NULL AS code_sandbox,
       NULL AS email_nonce, NULL AS email_code_ms, NULL AS sms_nonce, NULL AS sms_code_ms, NULL AS resend_pause_ms, NULL AS codes_per_day,
       NULL AS sealed, NULL AS reportable
  FROM attempt a JOIN person p ON p.attempt_id = a.id WHERE 0;
CREATE TRIGGER admit_insert INSTEAD OF INSERT ON admit
BEGIN
    -- A third-party sign-up of a known customer is a log-in: known by that identity, or by an e-mail address that the provider has verified.
    -- part: admit_login
    INSERT INTO continuation (id, recorded_at, attempted_at, import_id, line, kind, attempt_id, verdict)
    SELECT NEW.id, NEW.recorded_at, NEW.attempted_at, NEW.import_id, NEW.line, 'login', k.customer_id, k.verdict
      FROM (SELECT s.holder AS customer_id, 'known' AS verdict
              FROM subject s
              JOIN person p ON p.attempt_id = s.attempt_id
              JOIN attempt a ON a.id = s.attempt_id
             WHERE s.key = NEW.identity_key AND s.holder > 0
               AND p.identity_subject = NEW.identity_subject AND a.identity_provider = NEW.identity_provider
            UNION ALL
            SELECT l.customer_id, 'known'
              FROM link l
             WHERE l.identity_key = NEW.identity_key
               AND l.identity_subject = NEW.identity_subject AND l.identity_provider = NEW.identity_provider
            UNION ALL
            SELECT s.holder, 'linked'
              FROM subject s JOIN person p ON p.attempt_id = s.attempt_id
             WHERE NEW.identity_key IS NOT NULL AND NEW.email_verified_at IS NOT NULL AND NEW.unique_email
               AND s.key = NEW.email_key AND s.holder > 0 AND p.email_folded = NEW.email_folded
               -- Whoever set that customer's password has shown that the address is his: else he would get in where the address's owner now signs up.
               AND EXISTS (SELECT 1 FROM person c
                            WHERE c.attempt_id = s.holder
                              AND (c.password_hash IS NULL OR c.email_verified_at IS NOT NULL
                                   OR EXISTS (SELECT 1 FROM code o JOIN code_end e ON e.code_id = o.id
                                               WHERE o.attempt_id = s.holder AND o.channel = 'email' AND e.state = 'verified')))) k
     WHERE NEW.told IS NULL AND NEW.identity_key IS NOT NULL
     LIMIT 1;
    -- part: admit_link
    INSERT INTO link (identity_key, customer_id, identity_provider, identity_subject, recorded_at)
    SELECT NEW.identity_key, attempt_id, NEW.identity_provider, NEW.identity_subject, NEW.recorded_at
      FROM continuation WHERE id = NEW.id AND verdict = 'linked';

    -- It reads person, never attempt: else SQLite would put each new row into a table in between. And it calls no function: else SQLite would
    -- keep each page as it was before, in case that fails.
    -- part: admit_attempt
    INSERT INTO attempt (id, recorded_at, attempted_at, import_id, line, setting_id, outcome, reasons, customer_id, link_to, lifetime_ms, told, told_reason,
                         country, currency, locale, phone_country, user_type, partner_id, source_id, account_group_id, identity_provider,
                         device_type, manufacturer, model, os, language, app_name, app_platform, app_domain, guest_account, captcha,
                         recommendation, consents, has_password)
    SELECT NEW.id, NEW.recorded_at, NEW.attempted_at, NEW.import_id, NEW.line, NEW.setting_id, v.outcome,
           CASE v.outcome WHEN 'failure' THEN '[' || v.reasons || ']' END,
           CASE v.outcome WHEN 'success' THEN coalesce(CASE WHEN NEW.told = 'success' THEN v.known END, NEW.id) END,
           CASE v.outcome WHEN 'pending' THEN v.external END,
           CASE v.outcome WHEN 'pending' THEN NEW.pending_ms END, NEW.told, NEW.told_reason,
           NEW.country, NEW.currency, NEW.locale, NEW.phone_country, NEW.user_type, NEW.partner_id, NEW.source_id, NEW.account_group_id,
           NEW.identity_provider, NEW.device_type, NEW.manufacturer, NEW.model, NEW.os, NEW.language, NEW.app_name, NEW.app_platform,
           NEW.app_domain, NEW.guest_account, NEW.captcha, NEW.recommendation, NEW.consents, NEW.has_password
      FROM (SELECT t.reasons, t.external, t.known,
                   CASE WHEN NEW.told IS NOT NULL THEN NEW.told
                        WHEN t.reasons <> '' THEN 'failure'
                        WHEN NEW.confirm IN ('everyone', 'before') OR (NEW.confirm = 'on_conflict' AND t.external IS NOT NULL) THEN 'pending'
                        ELSE 'success' END AS outcome
              FROM (SELECT g.known, g.external,
                           CASE WHEN g.email OR g.phone OR g.username OR g.uuid
                                THEN NEW.reasons_before
                                     || CASE WHEN g.email THEN CASE WHEN NEW.reasons_before <> '' THEN ',' ELSE '' END || '"email_taken"' ELSE '' END
                                     || CASE WHEN g.phone THEN CASE WHEN NEW.reasons_before <> '' OR g.email THEN ',' ELSE '' END
                                                               || '"phone_taken"' ELSE '' END
                                     || CASE WHEN g.username THEN CASE WHEN NEW.reasons_before <> '' OR g.email OR g.phone THEN ',' ELSE '' END
                                                                  || '"username_taken"' ELSE '' END
                                     || CASE WHEN g.uuid THEN CASE WHEN NEW.reasons_before <> '' OR g.email OR g.phone OR g.username
                                                                   THEN ',' ELSE '' END || '"uuid_taken"' ELSE '' END
                                     || CASE WHEN NEW.reasons_after <> '' THEN ',' ELSE '' END || NEW.reasons_after
                                WHEN NEW.reasons_before = '' THEN NEW.reasons_after
                                WHEN NEW.reasons_after = '' THEN NEW.reasons_before
                                ELSE NEW.reasons_before || ',' || NEW.reasons_after END AS reasons
              FROM (SELECT coalesce(h.email, h.phone, h.username) AS known,
                           coalesce(h.email_external, h.phone_external) AS external,
                           NEW.told IS NULL AND NEW.unique_email AND coalesce(h.email <> coalesce(h.email_external, h.phone_external, 0), 0) AS email,
                           NEW.told IS NULL AND NEW.unique_phone AND coalesce(h.phone <> coalesce(h.email_external, h.phone_external, 0), 0) AS phone,
                           NEW.told IS NULL AND coalesce(h.username <> coalesce(h.email_external, h.phone_external, 0), 0) AS username,
                           NEW.told IS NULL AND coalesce(h.uuid <> coalesce(h.email_external, h.phone_external, 0), 0) AS uuid
                      FROM (SELECT k.email, k.phone, k.username, k.uuid,
                                   CASE WHEN k.email IS NOT NULL AND NEW.confirm IN ('everyone', 'on_conflict')
                                             AND NEW.unique_email AND NEW.email_nonce IS NOT NULL
                                        THEN (SELECT p.attempt_id FROM person p
                                               WHERE p.attempt_id = k.email AND p.identity_key IS NOT NULL AND p.password_hash IS NULL)
                                    END AS email_external,
                                   CASE WHEN k.phone IS NOT NULL AND NEW.confirm IN ('everyone', 'on_conflict')
                                             AND NEW.unique_phone AND NEW.sms_nonce IS NOT NULL
                                        THEN (SELECT p.attempt_id FROM person p
                                               WHERE p.attempt_id = k.phone AND p.identity_key IS NOT NULL AND p.password_hash IS NULL)
                                    END AS phone_external
                              FROM (SELECT CASE WHEN NEW.email_key IS NOT NULL
                                                THEN (SELECT s.holder FROM subject s
                                                       WHERE s.key = NEW.email_key AND s.holder > 0
                                                         AND (SELECT p.email_folded FROM person p WHERE p.attempt_id = s.attempt_id) = NEW.email_folded
                                                       LIMIT 1) END AS email,
                                           CASE WHEN NEW.phone_key IS NOT NULL AND NEW.phone >= '+' AND NEW.phone < ','
                                                THEN (SELECT s.holder FROM subject s
                                                       WHERE s.key = NEW.phone_key AND s.holder > 0
                                                         AND (SELECT p.phone FROM person p WHERE p.attempt_id = s.attempt_id) = NEW.phone
                                                       LIMIT 1) END AS phone,
                                           CASE WHEN NEW.username_key IS NOT NULL
                                                THEN (SELECT s.holder FROM subject s
                                                       WHERE s.key = NEW.username_key AND s.holder > 0
                                                         AND (SELECT p.username_folded FROM person p WHERE p.attempt_id = s.attempt_id) = NEW.username_folded
                                                       LIMIT 1) END AS username,
                                           CASE WHEN NEW.uuid_key IS NOT NULL
                                                THEN (SELECT s.holder FROM subject s
                                                       WHERE s.key = NEW.uuid_key AND s.holder > 0
                                                         AND (SELECT p.uuid FROM person p WHERE p.attempt_id = s.attempt_id) = NEW.uuid
                                                       LIMIT 1) END AS uuid
                                     LIMIT 1) k -- the limits keep SQLite from asking the same again for each mention
                             LIMIT 1) h
                     LIMIT 1) g
                     LIMIT 1) t
             LIMIT 1) v
     WHERE NOT EXISTS (SELECT 1 FROM continuation WHERE id = NEW.id) -- whole only
;

    -- part: admit_person
    INSERT INTO person (attempt_id, email, email_folded, email_key, phone, phone_key, username, username_folded, username_key, uuid, uuid_key,
                        identity_subject, identity_key, name, given_name, family_name, birth_date, birth_place, gender, custom_id, device_id,
                        ip_address, latitude, longitude, user_agent, email_verified_at, phone_verified_at, password_hash)
    SELECT NEW.id, NEW.email, NEW.email_folded, NEW.email_key, NEW.phone, NEW.phone_key, NEW.username, NEW.username_folded, NEW.username_key,
           NEW.uuid, NEW.uuid_key, NEW.identity_subject, NEW.identity_key, NEW.name, NEW.given_name, NEW.family_name, NEW.birth_date,
           NEW.birth_place, NEW.gender, NEW.custom_id, NEW.device_id, NEW.ip_address, NEW.latitude, NEW.longitude, NEW.user_agent,
           NEW.email_verified_at, NEW.phone_verified_at, CASE WHEN a.outcome <> 'failure' THEN NEW.password_hash END
      FROM attempt a WHERE a.id = NEW.id;

    INSERT OR IGNORE INTO subject (key, holder, attempt_id)
    SELECT k.key, h.holder, NEW.id
      FROM (SELECT NEW.email_key AS key UNION ALL SELECT NEW.phone_key UNION ALL SELECT NEW.username_key
            UNION ALL SELECT NEW.uuid_key UNION ALL SELECT NEW.identity_key) k
     CROSS JOIN holding h ON h.attempt_id = NEW.id -- in this order SQLite needs no table in between
     WHERE k.key IS NOT NULL;

    -- part: admit_waiting
    INSERT INTO waiting (attempt_id, deadline)
    SELECT a.id, a.recorded_at + a.lifetime_ms FROM attempt a WHERE a.id = NEW.id AND a.outcome = 'pending';

    -- The resend pause and the daily limit hold per subject, whatever attempt asks: a code too many waits its turn.
    -- part: admit_code
    INSERT INTO code (id, attempt_id, ordinal, channel, kind, nonce, digits, prefix, sandbox, recorded_at, lifetime_ms, next_try_at)
    SELECT c.id, a.id, 1, c.channel, NEW.code_kind, c.nonce, NEW.code_digits, NEW.code_prefix, NEW.code_sandbox, NEW.recorded_at, c.lifetime_ms,
           max(NEW.recorded_at,
               coalesce((SELECT max(coalesce(o.runs_from, o.next_try_at, o.recorded_at)) + NEW.resend_pause_ms
                           FROM recipient r JOIN code o ON o.id = r.code_id WHERE r.subject_key = c.subject_key), 0),
               coalesce((SELECT coalesce(o.runs_from, o.next_try_at, o.recorded_at) + 86400000
                           FROM recipient r JOIN code o ON o.id = r.code_id WHERE r.subject_key = c.subject_key
                          ORDER BY coalesce(o.runs_from, o.next_try_at, o.recorded_at) DESC LIMIT 1 OFFSET NEW.codes_per_day - 1), 0))
      FROM attempt a
      JOIN (SELECT NEW.code_id AS id, 'email' AS channel, NEW.email_nonce AS nonce, NEW.email_code_ms AS lifetime_ms, NEW.email_key AS subject_key
            UNION ALL
            SELECT NEW.code_id + 1, 'sms', NEW.sms_nonce, NEW.sms_code_ms, NEW.phone_key) c ON c.nonce IS NOT NULL
     WHERE a.id = NEW.id AND a.told IS NULL AND (a.outcome = 'pending' OR (a.outcome = 'success' AND NEW.confirm = 'after'))
       AND (a.link_to IS NULL
            OR EXISTS (SELECT 1 FROM subject s JOIN person p ON p.attempt_id = s.attempt_id
                        WHERE s.key = c.subject_key AND s.holder = a.link_to
                          AND CASE c.channel WHEN 'email' THEN p.email_folded = NEW.email_folded ELSE p.phone = NEW.phone END));
    -- part: admit_recipient
    INSERT INTO recipient (code_id, subject_key, address, device_id)
    SELECT c.id, CASE c.channel WHEN 'email' THEN NEW.email_key ELSE NEW.phone_key END,
           CASE c.channel WHEN 'email' THEN NEW.email ELSE NEW.phone END, NEW.device_id
      FROM code c WHERE c.attempt_id = NEW.id;

    INSERT INTO due (report_id, attempt_id, recorded_at, outcome, reasons, reportable)
    SELECT NEW.report_id, a.id, NEW.recorded_at, a.outcome, a.reasons, NEW.reportable
      FROM attempt a WHERE a.id = NEW.id AND a.outcome <> 'pending';
    -- part: admit_fingerprint
    INSERT INTO fingerprint (attempt_id, sealed)
    SELECT a.id, NEW.sealed FROM attempt a
     WHERE a.id = NEW.id AND NEW.sealed IS NOT NULL
       AND (a.outcome = 'pending' OR EXISTS (SELECT 1 FROM report r WHERE r.attempt_id = a.id));
    -- part: admit_supersede as it is
    INSERT INTO supersede (attempt_id, recorded_at, unique_email, unique_phone, reportable)
    SELECT a.id, NEW.recorded_at, NEW.unique_email, NEW.unique_phone, NEW.reportable
      FROM attempt a WHERE a.id = NEW.id AND a.outcome = 'success';
END;

-- A new code for a subject, in place of the live ones of its channel.
-- runs_from: set where the caller is given the code at once. next_try_at: NULL where the caller delivers it.
CREATE VIEW issue AS
SELECT NULL AS code_id, NULL AS attempt_id, NULL AS channel, NULL AS kind, NULL AS nonce, NULL AS digits, NULL AS prefix, NULL AS sandbox,
       NULL AS recorded_at, NULL AS lifetime_ms, NULL AS runs_from, NULL AS handed_over_at, NULL AS next_try_at,
       NULL AS subject_key, NULL AS address, NULL AS device_id, NULL AS replaces WHERE 0;
CREATE TRIGGER issue_insert INSTEAD OF INSERT ON issue
BEGIN
    INSERT INTO code_end (code_id, recorded_at, state)
    SELECT value, NEW.recorded_at, 'superseded' FROM json_each(NEW.replaces);
    UPDATE code SET next_try_at = NULL WHERE id IN (SELECT value FROM json_each(NEW.replaces)) AND next_try_at IS NOT NULL;
    INSERT INTO code (id, attempt_id, ordinal, channel, kind, nonce, digits, prefix, sandbox, recorded_at, lifetime_ms, handed_over_at, next_try_at)
    SELECT NEW.code_id, NEW.attempt_id,
           1 + (SELECT count(*) FROM code c JOIN recipient r ON r.code_id = c.id
                 WHERE r.subject_key = NEW.subject_key AND c.channel = NEW.channel AND c.attempt_id IS NEW.attempt_id),
           NEW.channel, NEW.kind, NEW.nonce, NEW.digits, NEW.prefix, NEW.sandbox, NEW.recorded_at, NEW.lifetime_ms,
           NEW.handed_over_at, NEW.next_try_at;
    INSERT INTO recipient (code_id, subject_key, address, device_id)
    VALUES (NEW.code_id, NEW.subject_key, NEW.address, NEW.device_id);
    INSERT INTO start (code_id, recorded_at) SELECT NEW.code_id, NEW.runs_from WHERE NEW.runs_from IS NOT NULL;
END;

-- Somebody may have a code from now on: it is found under each of its names (see given_code).
CREATE VIEW give AS SELECT NULL AS code_id WHERE 0;
CREATE TRIGGER give_insert INSTEAD OF INSERT ON give
BEGIN
    INSERT OR IGNORE INTO given_code (key, own, code_id)
    SELECT k.key, max(k.own), NEW.code_id
      FROM (SELECT subject_key AS key, 1 AS own FROM recipient WHERE code_id = NEW.code_id
            UNION ALL SELECT p.email_key, 0 FROM code c JOIN person p ON p.attempt_id = c.attempt_id WHERE c.id = NEW.code_id
            UNION ALL SELECT p.phone_key, 0 FROM code c JOIN person p ON p.attempt_id = c.attempt_id WHERE c.id = NEW.code_id
            UNION ALL SELECT p.username_key, 0 FROM code c JOIN person p ON p.attempt_id = c.attempt_id WHERE c.id = NEW.code_id) k
     WHERE k.key IS NOT NULL
     GROUP BY k.key;
END;

-- A code's time begins: it has been given to somebody. The attempt's time begins with its first code's.
CREATE VIEW start AS SELECT NULL AS code_id, NULL AS recorded_at WHERE 0;
CREATE TRIGGER start_insert INSTEAD OF INSERT ON start
BEGIN
    UPDATE waiting
       SET deadline = NEW.recorded_at + (SELECT a.lifetime_ms FROM attempt a WHERE a.id = waiting.attempt_id)
     WHERE attempt_id = (SELECT c.attempt_id FROM code c WHERE c.id = NEW.code_id)
       AND deadline > NEW.recorded_at
       AND NOT EXISTS (SELECT 1 FROM code c WHERE c.attempt_id = waiting.attempt_id AND c.runs_from IS NOT NULL);
    -- A hand-over after the deadline does not bring back an attempt that reads as failed by then.
    UPDATE code SET runs_from = NEW.recorded_at
     WHERE id = NEW.code_id AND runs_from IS NULL
       AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = code.attempt_id AND w.deadline <= NEW.recorded_at);
    INSERT INTO give (code_id) SELECT c.id FROM code c WHERE c.id = NEW.code_id AND c.runs_from IS NOT NULL;
END;

-- What came of a code that was entered, by the name of its verdict. `verified`: code_id was right. `invalid_code`: it was none of `compared` (JSON array of code ids),
-- one for each attempt, and each attempt has one try less.
CREATE VIEW verify AS
SELECT NULL AS verdict, NULL AS code_id, NULL AS compared, NULL AS recorded_at, NULL AS entered_at, NULL AS max_tries, NULL AS report_id,
       NULL AS unique_email, NULL AS unique_phone, NULL AS reportable,
       NULL AS continuation_id, NULL AS attempted_at, NULL AS import_id, NULL AS line, NULL AS password_hash, NULL AS sealed WHERE 0;
-- The second request of a two-step sign-up leaves a row of its own, whatever the verdict.
CREATE TRIGGER verify_continuation INSTEAD OF INSERT ON verify WHEN NEW.continuation_id IS NOT NULL
BEGIN
    INSERT INTO continuation (id, recorded_at, attempted_at, import_id, line, kind, attempt_id, verdict)
    SELECT NEW.continuation_id, NEW.recorded_at, NEW.attempted_at, NEW.import_id, NEW.line, 'confirmation',
           (SELECT attempt_id FROM code WHERE id = coalesce(NEW.code_id, (SELECT value FROM json_each(NEW.compared) LIMIT 1))), NEW.verdict;
END;
CREATE TRIGGER verify_right INSTEAD OF INSERT ON verify WHEN NEW.verdict = 'verified'
BEGIN
    SELECT RAISE(ABORT, 'reg: the code has been used in the meantime; try again')
      FROM code_end WHERE code_id = NEW.code_id AND state = 'verified';
    INSERT INTO code_end (code_id, recorded_at, state, entered_at) VALUES (NEW.code_id, NEW.recorded_at, 'verified', NEW.entered_at);
    UPDATE code SET next_try_at = NULL WHERE id = NEW.code_id AND next_try_at IS NOT NULL;
    INSERT INTO code_end (code_id, recorded_at, state)
    SELECT o.value, NEW.recorded_at, 'superseded'
      FROM json_each(NEW.compared) o JOIN code c ON c.id = o.value
     WHERE c.id <> NEW.code_id AND c.attempt_id IS (SELECT attempt_id FROM code WHERE id = NEW.code_id);
    UPDATE code SET next_try_at = NULL
     WHERE next_try_at IS NOT NULL AND id IN (SELECT value FROM json_each(NEW.compared))
       AND attempt_id IS (SELECT attempt_id FROM code WHERE id = NEW.code_id);
    -- A password that was not asked for at sign-up comes with the code.
    UPDATE person SET password_hash = NEW.password_hash
     WHERE NEW.password_hash IS NOT NULL AND password_hash IS NULL
       AND attempt_id = (SELECT attempt_id FROM code WHERE id = NEW.code_id);
    INSERT OR IGNORE INTO fingerprint (attempt_id, sealed)
    SELECT attempt_id, NEW.sealed FROM code WHERE id = NEW.code_id AND attempt_id IS NOT NULL AND NEW.sealed IS NOT NULL;
    -- A password that waited for the PIN goes to the third-party customer it was linked to.
    UPDATE person
       SET password_hash = (SELECT p.password_hash FROM code c JOIN person p ON p.attempt_id = c.attempt_id WHERE c.id = NEW.code_id)
     WHERE password_hash IS NULL
       AND attempt_id = (SELECT a.link_to FROM code c JOIN attempt a ON a.id = c.attempt_id WHERE c.id = NEW.code_id);
    -- Pending, or settled although the code had been entered in time: then this is the correction.
    INSERT INTO decide (attempt_id, recorded_at, decided_at, outcome, customer_id, report_id, reportable)
    SELECT a.id, NEW.recorded_at, NEW.entered_at, 'success', coalesce(a.link_to, a.id), NEW.report_id, NEW.reportable
      FROM code c JOIN attempt a ON a.id = c.attempt_id
     WHERE c.id = NEW.code_id AND a.outcome = 'pending'
       AND coalesce((SELECT d.outcome FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), 'pending') <> 'success';
    INSERT INTO supersede (attempt_id, recorded_at, unique_email, unique_phone, reportable)
    SELECT c.attempt_id, NEW.recorded_at, NEW.unique_email, NEW.unique_phone, NEW.reportable
      FROM code c WHERE c.id = NEW.code_id AND c.attempt_id IS NOT NULL;
END;
CREATE TRIGGER verify_wrong INSTEAD OF INSERT ON verify WHEN NEW.verdict = 'invalid_code'
BEGIN
    INSERT INTO wrong_try (code_id, recorded_at) SELECT value, NEW.recorded_at FROM json_each(NEW.compared);
    -- From the moment of the entry on: those that are recorded with it may have come after it, too.
    INSERT INTO code_end (code_id, recorded_at, state, entered_at)
    SELECT c.id, NEW.recorded_at, 'exhausted', NEW.entered_at
      FROM json_each(NEW.compared) o JOIN code c ON c.id = o.value
     WHERE NEW.max_tries <= CASE WHEN c.attempt_id IS NULL
           THEN (SELECT count(*) FROM recipient mine JOIN recipient r ON r.subject_key = mine.subject_key JOIN code s ON s.id = r.code_id
                   JOIN wrong_try w ON w.code_id = s.id
                  WHERE mine.code_id = c.id AND s.attempt_id IS NULL AND w.recorded_at > NEW.recorded_at - 86400000
                    AND w.recorded_at > coalesce((SELECT max(e.recorded_at) FROM recipient q JOIN code v ON v.id = q.code_id
                                                    JOIN code_end e ON e.code_id = v.id
                                                   WHERE q.subject_key = mine.subject_key AND v.attempt_id IS NULL AND e.state = 'verified'), 0))
           ELSE (SELECT count(*) FROM code s JOIN wrong_try w ON w.code_id = s.id WHERE s.attempt_id = c.attempt_id) END;
    -- The last permitted wrong try fails the attempt at once.
    INSERT INTO decide (attempt_id, recorded_at, decided_at, outcome, reasons, report_id, reportable)
    SELECT f.attempt_id, NEW.recorded_at, NEW.entered_at, 'failure', '["verification_failed"]',
           NEW.report_id + row_number() OVER (ORDER BY f.attempt_id) - 1, NEW.reportable
      FROM (SELECT DISTINCT c.attempt_id
              FROM json_each(NEW.compared) o JOIN code c ON c.id = o.value
              JOIN code_end e ON e.code_id = c.id AND e.state = 'exhausted' AND e.recorded_at = NEW.recorded_at
              JOIN waiting w ON w.attempt_id = c.attempt_id) f;
    -- Nor is another code of the same customer or subject left to be guessed at.
    INSERT INTO code_end (code_id, recorded_at, state, entered_at)
    SELECT s.id, NEW.recorded_at, 'exhausted', NEW.entered_at
      FROM code s
     WHERE s.id IN (SELECT k.id
                      FROM json_each(NEW.compared) o JOIN code c ON c.id = o.value
                      JOIN code_end e ON e.code_id = c.id AND e.state = 'exhausted' AND e.recorded_at = NEW.recorded_at
                      JOIN code k ON k.attempt_id = c.attempt_id
                    UNION
                    SELECT r.code_id
                      FROM json_each(NEW.compared) o JOIN code c ON c.id = o.value AND c.attempt_id IS NULL
                      JOIN code_end e ON e.code_id = c.id AND e.state = 'exhausted' AND e.recorded_at = NEW.recorded_at
                      JOIN recipient mine ON mine.code_id = c.id
                      JOIN recipient r ON r.subject_key = mine.subject_key
                      JOIN code k ON k.id = r.code_id AND k.attempt_id IS NULL)
       AND NOT EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = s.id)
       AND coalesce(s.runs_from + s.lifetime_ms > NEW.recorded_at, 1);
END;

-- The end of a code's try: what the channel answered, and what follows for the code. (A report's: see queue.sql.)
-- retry_at: NULL where it is not to be tried again. recorded_at: when the answer was recorded.
-- The code is the try's own as long as its next_try_at is the try's lease. When the lease ran out and another took the code, or it was cancelled,
-- only an acceptance still counts for it: the other side has it, and nobody need send it again.
CREATE VIEW finish_code AS
SELECT NULL AS try_id, NULL AS recorded_at, NULL AS result, NULL AS status, NULL AS answer, NULL AS retry_at WHERE 0;
CREATE TRIGGER finish_code_insert INSTEAD OF INSERT ON finish_code
BEGIN
    INSERT INTO start (code_id, recorded_at)
    SELECT code_id, NEW.recorded_at FROM try WHERE id = NEW.try_id AND NEW.result IN ('accepted', 'deferred');
    INSERT INTO code_end (code_id, recorded_at, state)
    SELECT c.id, NEW.recorded_at, 'undeliverable'
      FROM try t JOIN code c ON c.id = t.code_id AND c.next_try_at = t.lease_until
     WHERE t.id = NEW.try_id AND NEW.result NOT IN ('accepted', 'deferred') AND (NEW.result = 'refused' OR NEW.retry_at IS NULL);
    UPDATE code
       SET handed_over_at = CASE WHEN NEW.result IN ('accepted', 'deferred') THEN coalesce(handed_over_at, NEW.recorded_at) ELSE handed_over_at END,
           next_try_at = CASE WHEN NEW.result IN ('not_accepted', 'ambiguous') THEN NEW.retry_at END
     WHERE id = (SELECT code_id FROM try WHERE id = NEW.try_id)
       AND (NEW.result IN ('accepted', 'deferred') OR next_try_at = (SELECT lease_until FROM try WHERE id = NEW.try_id));
    -- Where the person was erased meanwhile, what was answered is not kept: it may repeat the address.
    UPDATE try
       SET finished_at = NEW.recorded_at, result = NEW.result, status = NEW.status, retry_at = NEW.retry_at,
           answer = CASE WHEN EXISTS (SELECT 1 FROM recipient r WHERE r.code_id = try.code_id) THEN NEW.answer END
     WHERE id = NEW.try_id AND finished_at IS NULL;
END;
-- A dead report is to be sent after all; its tries are counted anew.
CREATE VIEW requeue AS SELECT NULL AS report_id, NULL AS recorded_at WHERE 0;
CREATE TRIGGER requeue_insert INSTEAD OF INSERT ON requeue
BEGIN
    INSERT INTO report_event (report_id, recorded_at, state) VALUES (NEW.report_id, NEW.recorded_at, 'queued');
    UPDATE report SET next_try_at = NEW.recorded_at WHERE id = NEW.report_id AND next_try_at IS NULL;
END;

-- Erasing a person: every attempt of the subject and of the customers it names, as a JSON array of ids.
-- keys: of the subject, for codes that stand alone. Facts and counts stay; what is personal goes.
CREATE VIEW forget AS
SELECT NULL AS attempts, NULL AS keys, NULL AS recorded_at, NULL AS reportable WHERE 0;
CREATE TRIGGER forget_insert INSTEAD OF INSERT ON forget
BEGIN
    INSERT OR IGNORE INTO erasure (attempt_id, recorded_at) SELECT value, NEW.recorded_at FROM json_each(NEW.attempts);
    INSERT INTO decide (attempt_id, recorded_at, decided_at, outcome, reasons, report_id, reportable)
    SELECT w.attempt_id, NEW.recorded_at, NEW.recorded_at, 'failure', '["erased"]',
           (SELECT coalesce(max(id), 0) FROM report) + row_number() OVER (ORDER BY w.attempt_id), NEW.reportable
      FROM waiting w WHERE w.attempt_id IN (SELECT value FROM json_each(NEW.attempts));
    -- Codes of the attempts, and those that stand alone for the subject.
    INSERT INTO code_end (code_id, recorded_at, state)
    SELECT c.id, NEW.recorded_at, 'cancelled'
      FROM code c
     WHERE (c.attempt_id IN (SELECT value FROM json_each(NEW.attempts))
            OR c.id IN (SELECT r.code_id FROM recipient r WHERE r.subject_key IN (SELECT value FROM json_each(NEW.keys))))
       AND NOT EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = c.id);
    UPDATE code SET next_try_at = NULL
     WHERE next_try_at IS NOT NULL
       AND (attempt_id IN (SELECT value FROM json_each(NEW.attempts))
            OR id IN (SELECT r.code_id FROM recipient r WHERE r.subject_key IN (SELECT value FROM json_each(NEW.keys))));
    -- Reports that are not acknowledged are never sent; one in flight keeps its result.
    INSERT INTO report_event (report_id, recorded_at, state)
    SELECT r.id, NEW.recorded_at, 'erased'
      FROM report r
     WHERE r.attempt_id IN (SELECT value FROM json_each(NEW.attempts))
       AND coalesce((SELECT v.state FROM report_event v WHERE v.report_id = r.id ORDER BY v.id DESC LIMIT 1), 'queued') IN ('queued', 'dead');
    UPDATE report SET next_try_at = NULL
     WHERE next_try_at IS NOT NULL AND attempt_id IN (SELECT value FROM json_each(NEW.attempts));
    DELETE FROM fingerprint WHERE attempt_id IN (SELECT value FROM json_each(NEW.attempts));
    -- An answer may repeat what it was told of the person.
    UPDATE try SET answer = NULL WHERE report_id IN (SELECT r.id FROM report r WHERE r.attempt_id IN (SELECT value FROM json_each(NEW.attempts)));
    UPDATE try SET answer = NULL
     WHERE code_id IN (SELECT c.id FROM code c WHERE c.attempt_id IN (SELECT value FROM json_each(NEW.attempts))
                       UNION SELECT r.code_id FROM recipient r WHERE r.subject_key IN (SELECT value FROM json_each(NEW.keys)));
    DELETE FROM given_code
     WHERE key IN (SELECT value FROM json_each(NEW.keys)
             UNION SELECT r.subject_key FROM json_each(NEW.attempts) j JOIN code c ON c.attempt_id = j.value JOIN recipient r ON r.code_id = c.id
             UNION SELECT p.email_key FROM person p JOIN json_each(NEW.attempts) j ON j.value = p.attempt_id
             UNION SELECT p.phone_key FROM person p JOIN json_each(NEW.attempts) j ON j.value = p.attempt_id
             UNION SELECT p.username_key FROM person p JOIN json_each(NEW.attempts) j ON j.value = p.attempt_id)
       AND code_id IN (SELECT c.id FROM json_each(NEW.attempts) j JOIN code c ON c.attempt_id = j.value
                 UNION SELECT r.code_id FROM recipient r WHERE r.subject_key IN (SELECT value FROM json_each(NEW.keys)));
    DELETE FROM recipient
     WHERE subject_key IN (SELECT value FROM json_each(NEW.keys))
        OR code_id IN (SELECT c.id FROM code c WHERE c.attempt_id IN (SELECT value FROM json_each(NEW.attempts)));
    DELETE FROM subject
     WHERE attempt_id IN (SELECT value FROM json_each(NEW.attempts))
       AND key IN (SELECT p.email_key FROM person p JOIN json_each(NEW.attempts) j ON j.value = p.attempt_id
             UNION SELECT p.phone_key FROM person p JOIN json_each(NEW.attempts) j ON j.value = p.attempt_id
             UNION SELECT p.username_key FROM person p JOIN json_each(NEW.attempts) j ON j.value = p.attempt_id
             UNION SELECT p.uuid_key FROM person p JOIN json_each(NEW.attempts) j ON j.value = p.attempt_id
             UNION SELECT p.identity_key FROM person p JOIN json_each(NEW.attempts) j ON j.value = p.attempt_id);
    DELETE FROM link WHERE customer_id IN (SELECT value FROM json_each(NEW.attempts));
    DELETE FROM person WHERE attempt_id IN (SELECT value FROM json_each(NEW.attempts));
    -- Free text is the person's, whatever column it stands in. What stays of an attempt is a number or one of a set.
    UPDATE attempt
       SET told_reason = NULL, source_id = NULL, account_group_id = NULL, device_type = NULL, manufacturer = NULL, model = NULL, os = NULL,
           language = NULL, app_name = NULL, app_domain = NULL, captcha = NULL
     WHERE id IN (SELECT value FROM json_each(NEW.attempts));
    UPDATE step SET status = 'erased', reference = NULL WHERE attempt_id IN (SELECT value FROM json_each(NEW.attempts));
END;
