-- SPDX-License-Identifier: MIT
-- The ledger, version 3.

-- Rules that have been renamed.
DROP VIEW IF EXISTS due;
DROP VIEW IF EXISTS start;
DROP VIEW IF EXISTS requeue;

-- A code is good once, even for simultaneous entries.
CREATE UNIQUE INDEX code_end_verified ON code_end (code_id) WHERE state = 'verified';

-- The version of a ledger beside another application's tables, where user_version is not ours to set. NULL: see user_version.
ALTER TABLE ledger ADD COLUMN version INTEGER;

-- Earlier versions kept a value that failed its check, even a password under a wrong header. This version does not, and erases those values; the attempt
-- keeps its reason. Attempts with a told outcome have no such reasons, so their values are recognised by their form.
-- The index of subjects comes first, because its entries are found by these values.
DELETE FROM subject
 WHERE (key, attempt_id) IN
       (SELECT email_key, attempt_id FROM person WHERE email_key IS NOT NULL AND email_folded IS NULL
        UNION ALL
        SELECT phone_key, attempt_id FROM person WHERE phone_key IS NOT NULL AND (phone NOT GLOB '+[1-9]*' OR phone GLOB '+*[^0-9]*' OR length(phone) NOT BETWEEN 9 AND 16)
        UNION ALL
        SELECT username_key, attempt_id FROM person WHERE username_key IS NOT NULL AND username_folded IS NULL
        UNION ALL
        SELECT uuid_key, attempt_id FROM person JOIN attempt ON id = attempt_id
         WHERE uuid_key IS NOT NULL AND ((told IS NULL AND instr(reasons, '"uuid_invalid"') > 0) OR length(uuid) <> 36 OR uuid GLOB '*[^0-9a-f-]*'));
UPDATE person
   SET email = CASE WHEN email_folded IS NULL THEN NULL ELSE email END,
       email_key = CASE WHEN email_folded IS NULL THEN NULL ELSE email_key END,
       phone = CASE WHEN phone NOT GLOB '+[1-9]*' OR phone GLOB '+*[^0-9]*' OR length(phone) NOT BETWEEN 9 AND 16 THEN NULL ELSE phone END,
       phone_key = CASE WHEN phone NOT GLOB '+[1-9]*' OR phone GLOB '+*[^0-9]*' OR length(phone) NOT BETWEEN 9 AND 16 THEN NULL ELSE phone_key END,
       username = CASE WHEN username_folded IS NULL THEN NULL ELSE username END,
       username_key = CASE WHEN username_folded IS NULL THEN NULL ELSE username_key END,
       uuid = CASE WHEN (told IS NULL AND instr(reasons, '"uuid_invalid"') > 0) OR length(uuid) <> 36 OR uuid GLOB '*[^0-9a-f-]*' THEN NULL ELSE uuid END,
       uuid_key = CASE WHEN (told IS NULL AND instr(reasons, '"uuid_invalid"') > 0) OR length(uuid) <> 36 OR uuid GLOB '*[^0-9a-f-]*' THEN NULL ELSE uuid_key END,
       identity_subject = CASE WHEN identity_subject GLOB controls OR length(CAST(identity_subject AS BLOB)) > 255 THEN NULL ELSE identity_subject END,
       birth_date = CASE WHEN (told IS NULL AND instr(reasons, '"birth_date_invalid"') > 0) OR birth_date NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' THEN NULL ELSE birth_date END,
       gender = CASE WHEN gender NOT IN ('true', 'false', 'male', 'female', 'other', 'unspecified') THEN NULL ELSE gender END,
       ip_address = CASE WHEN (told IS NULL AND instr(reasons, '"ip_address_invalid"') > 0) OR ip_address GLOB '*[^0-9A-Fa-f.:]*' OR length(ip_address) > 45 THEN NULL ELSE ip_address END,
       latitude = CASE WHEN typeof(latitude) <> 'real' THEN NULL ELSE latitude END,
       longitude = CASE WHEN typeof(longitude) <> 'real' THEN NULL ELSE longitude END,
       name = CASE WHEN name GLOB controls OR length(CAST(name AS BLOB)) > 1024 THEN NULL ELSE name END,
       given_name = CASE WHEN given_name GLOB controls OR length(CAST(given_name AS BLOB)) > 1024 THEN NULL ELSE given_name END,
       family_name = CASE WHEN family_name GLOB controls OR length(CAST(family_name AS BLOB)) > 1024 THEN NULL ELSE family_name END,
       birth_place = CASE WHEN birth_place GLOB controls OR length(CAST(birth_place AS BLOB)) > 1024 THEN NULL ELSE birth_place END,
       custom_id = CASE WHEN custom_id GLOB controls OR length(CAST(custom_id AS BLOB)) > 1024 THEN NULL ELSE custom_id END,
       device_id = CASE WHEN device_id GLOB controls OR length(CAST(device_id AS BLOB)) > 1024 THEN NULL ELSE device_id END,
       user_agent = CASE WHEN user_agent GLOB controls OR length(CAST(user_agent AS BLOB)) > 1024 THEN NULL ELSE user_agent END
  FROM attempt, (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*' AS controls)
 WHERE attempt.id = person.attempt_id
   AND (told IS NOT NULL OR instr(reasons, '_invalid"') > 0 OR instr(reasons, '"identity_provider_unknown"') > 0);
UPDATE attempt
   SET country = CASE WHEN (told IS NULL AND instr(reasons, '"country_invalid"') > 0) OR country NOT GLOB '[A-Z][A-Z]' THEN NULL ELSE country END,
       currency = CASE WHEN (told IS NULL AND instr(reasons, '"currency_invalid"') > 0) OR currency NOT GLOB '[A-Z][A-Z][A-Z]' THEN NULL ELSE currency END,
       locale = CASE WHEN (told IS NULL AND instr(reasons, '"locale_invalid"') > 0) OR locale GLOB '*[^A-Za-z0-9-]*' THEN NULL ELSE locale END,
       phone_country = CASE WHEN (told IS NULL AND instr(reasons, '"phone_country_invalid"') > 0) OR phone_country NOT GLOB '[A-Z][A-Z]' THEN NULL ELSE phone_country END,
       user_type = CASE WHEN user_type GLOB '*[^A-Za-z0-9_-]*' OR length(user_type) > 64 THEN NULL ELSE user_type END,
       partner_id = CASE WHEN typeof(partner_id) <> 'integer' THEN NULL ELSE partner_id END,
       identity_provider = CASE WHEN identity_provider NOT IN ('facebook', 'google', 'apple', 'oauth', 'azure', 'linkedin', 'microsoft', 'okta', 'onelogin', 'ping', 'twitter') THEN NULL ELSE identity_provider END,
       language = CASE WHEN (told IS NULL AND instr(reasons, '"language_invalid"') > 0) OR language GLOB '*[^A-Za-z0-9-]*' THEN NULL ELSE language END,
       app_platform = CASE WHEN app_platform NOT IN ('ios', 'android', 'web', 'mobile-web') THEN NULL ELSE app_platform END,
       guest_account = CASE WHEN typeof(guest_account) <> 'integer' THEN NULL ELSE guest_account END,
       recommendation = CASE WHEN recommendation NOT IN ('ALLOW', 'REVIEW', 'PREVENT') THEN NULL ELSE recommendation END,
       told_reason = CASE WHEN told_reason GLOB controls OR length(CAST(told_reason AS BLOB)) > 1024 THEN NULL ELSE told_reason END,
       source_id = CASE WHEN source_id GLOB controls OR length(CAST(source_id AS BLOB)) > 1024 THEN NULL ELSE source_id END,
       account_group_id = CASE WHEN account_group_id GLOB controls OR length(CAST(account_group_id AS BLOB)) > 1024 THEN NULL ELSE account_group_id END,
       device_type = CASE WHEN device_type GLOB controls OR length(CAST(device_type AS BLOB)) > 1024 THEN NULL ELSE device_type END,
       manufacturer = CASE WHEN manufacturer GLOB controls OR length(CAST(manufacturer AS BLOB)) > 1024 THEN NULL ELSE manufacturer END,
       model = CASE WHEN model GLOB controls OR length(CAST(model AS BLOB)) > 1024 THEN NULL ELSE model END,
       os = CASE WHEN os GLOB controls OR length(CAST(os AS BLOB)) > 1024 THEN NULL ELSE os END,
       app_name = CASE WHEN app_name GLOB controls OR length(CAST(app_name AS BLOB)) > 1024 THEN NULL ELSE app_name END,
       app_domain = CASE WHEN app_domain GLOB controls OR length(CAST(app_domain AS BLOB)) > 1024 THEN NULL ELSE app_domain END,
       captcha = CASE WHEN captcha GLOB controls OR length(CAST(captcha AS BLOB)) > 1024 THEN NULL ELSE captcha END
  FROM (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*' AS controls)
 WHERE (told IS NOT NULL OR instr(reasons, '_invalid"') > 0 OR instr(reasons, '"identity_provider_unknown"') > 0);

-- Erasure used to leave free text in the facts and in answers.
UPDATE attempt
   SET told_reason = NULL, source_id = NULL, account_group_id = NULL, device_type = NULL, manufacturer = NULL, model = NULL, os = NULL,
       language = NULL, app_name = NULL, app_domain = NULL, captcha = NULL
 WHERE id IN (SELECT attempt_id FROM erasure);
UPDATE step SET status = 'erased', reference = NULL WHERE attempt_id IN (SELECT attempt_id FROM erasure);
UPDATE try SET answer = NULL WHERE report_id IN (SELECT r.id FROM report r JOIN erasure e ON e.attempt_id = r.attempt_id);
UPDATE try SET answer = NULL WHERE code_id IN (SELECT c.id FROM code c WHERE NOT EXISTS (SELECT 1 FROM recipient r WHERE r.code_id = c.id));

-- The time of the newest fact of an attempt, a code or a report, and what the clock showed then. Ledger time never goes back, although a clock may
-- (ext/ledger/ledger_time.h).
CREATE TABLE clock (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    newest  INTEGER NOT NULL,
    read_at INTEGER NOT NULL
) STRICT;
INSERT INTO clock (id, newest, read_at)
SELECT 1, n.newest, n.newest
  FROM (SELECT coalesce(max(t.at), 0) AS newest
          FROM (SELECT max(recorded_at) AS at FROM attempt UNION ALL SELECT max(recorded_at) FROM decision
                UNION ALL SELECT max(recorded_at) FROM continuation UNION ALL SELECT max(recorded_at) FROM link
                UNION ALL SELECT max(recorded_at) FROM code UNION ALL SELECT max(runs_from) FROM code UNION ALL SELECT max(handed_over_at) FROM code
                UNION ALL SELECT max(recorded_at) FROM code_end UNION ALL SELECT max(recorded_at) FROM wrong_try
                UNION ALL SELECT max(recorded_at) FROM report UNION ALL SELECT max(recorded_at) FROM report_event
                UNION ALL SELECT max(started_at) FROM try UNION ALL SELECT max(finished_at) FROM try
                UNION ALL SELECT max(recorded_at) FROM consent UNION ALL SELECT max(recorded_at) FROM step
                UNION ALL SELECT max(recorded_at) FROM erasure) t) n;

-- Codes that somebody may have been given, by each name under which they are looked up. own: the address that the code went to; otherwise another name of
-- its sign-up. So a code that was handed over is found without reading the sign-ups that wait in the queue.
CREATE TABLE given_code (
    key     INTEGER NOT NULL, -- as in subject
    own     INTEGER NOT NULL,
    code_id INTEGER NOT NULL REFERENCES code (id),
    PRIMARY KEY (key, own, code_id)
) STRICT, WITHOUT ROWID;
INSERT INTO given_code (key, own, code_id)
SELECT k.key, max(k.own), c.id
  FROM code c
  JOIN (SELECT r.code_id, r.subject_key AS key, 1 AS own FROM recipient r
        UNION ALL SELECT c.id, p.email_key, 0 FROM code c JOIN person p ON p.attempt_id = c.attempt_id
        UNION ALL SELECT c.id, p.phone_key, 0 FROM code c JOIN person p ON p.attempt_id = c.attempt_id
        UNION ALL SELECT c.id, p.username_key, 0 FROM code c JOIN person p ON p.attempt_id = c.attempt_id) k ON k.code_id = c.id AND k.key IS NOT NULL
 WHERE (c.runs_from IS NOT NULL OR EXISTS (SELECT 1 FROM try t WHERE t.code_id = c.id))
   AND NOT EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = c.id AND e.state <> 'undeliverable')
 GROUP BY k.key, c.id;
