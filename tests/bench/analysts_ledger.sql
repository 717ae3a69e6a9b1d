-- SPDX-License-Identifier: MIT
-- Turns an imported ledger, in which every sign-up has succeeded, into one that has lived for 60 days up to an hour ago. Of 20 attempts 4 fail at once, 5 are
-- asked to confirm (3 do, 1 enters wrong codes, 1 lets its time run out; the newest still wait), 11 succeed. Outcomes are reported; a few reports are dead,
-- deferred, tried in vain, or not yet tried. Every third attempt comes from an address that others share, every fourth from such a device.
-- The facts of each table are in the order of their times, as a ledger has them.
PRAGMA foreign_keys = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -200000;
PRAGMA temp_store = FILE;
BEGIN;
CREATE TEMP TABLE lived AS
SELECT max(id) AS attempts, unixepoch() * 1000 - 60 * 86400000 - 3600000 AS since, 60 * 86400000.0 / max(id) AS apart_ms FROM attempt;

-- Built again in their order.
DROP INDEX attempt_outcome;
DROP INDEX attempt_attempted_at;
-- Of those whom the import refused, since somebody has their address or number, some succeed here: as if another system had said so.
UPDATE attempt
   SET told = CASE WHEN outcome = 'failure' AND id % 20 >= 4 THEN 'success' END,
       attempted_at = CAST(since + id * apart_ms AS INTEGER), recorded_at = CAST(since + id * apart_ms AS INTEGER) + 2000,
       outcome = CASE WHEN id % 20 < 4 THEN 'failure' WHEN id % 20 < 9 THEN 'pending' ELSE 'success' END,
       reasons = CASE id % 20 WHEN 0 THEN '["email_taken"]' WHEN 1 THEN '["email_invalid","phone_invalid"]'
                              WHEN 2 THEN '["password_too_short","password_no_digit"]' WHEN 3 THEN '["email_taken","phone_taken"]' END,
       customer_id = CASE WHEN id % 20 >= 9 THEN CASE WHEN id > 500 AND id % 500 = 499 THEN id - 490 ELSE id END END,
       lifetime_ms = CASE WHEN id % 20 BETWEEN 4 AND 8 THEN 86400000 END
  FROM lived;
CREATE INDEX attempt_outcome ON attempt (outcome);
CREATE INDEX attempt_attempted_at ON attempt (attempted_at);
UPDATE person SET ip_address = printf('10.%d.%d.%d', attempt_id * 7919 % 3, attempt_id * 104729 % 251, attempt_id * 31337 % 255) WHERE attempt_id % 3 = 0;
UPDATE person SET device_id = printf('device%06d', attempt_id * 2654435761 % 150000) WHERE attempt_id % 4 = 0;

-- Who waits does so for some hours yet, so that no answer changes while it is measured.
INSERT INTO decision (attempt_id, recorded_at, decided_at, outcome, reasons, customer_id)
SELECT id, at, at, CASE reasons WHEN '' THEN 'success' ELSE 'failure' END, nullif(reasons, ''), CASE reasons WHEN '' THEN id END
  FROM (SELECT id, recorded_at + CASE WHEN over THEN 86400000 WHEN id % 20 < 7 THEN 60000 ELSE 120000 END AS at,
               CASE WHEN over THEN '["verification_expired"]' WHEN id % 20 < 7 THEN '' ELSE '["verification_failed"]' END AS reasons
          FROM (SELECT id, recorded_at, id % 20 = 8 AND id < attempts * 0.98 AS over FROM attempt, lived WHERE outcome = 'pending' AND id < attempts * 0.995))
 ORDER BY at;
UPDATE import_batch
   SET (success, pending, failed) = (SELECT sum(outcome = 'success'), sum(outcome = 'pending'), sum(outcome = 'failure') FROM attempt)
 WHERE end_offset = (SELECT max(end_offset) FROM import_batch);
UPDATE subject_merged
   SET holder = CASE WHEN attempt_id % 20 < 4 THEN -1
                     ELSE coalesce((SELECT coalesce(d.customer_id, -1) FROM decision d WHERE d.attempt_id = subject_merged.attempt_id), 0) END
 WHERE attempt_id % 20 < 9;
UPDATE subject_merged SET holder = attempt_id WHERE attempt_id % 20 >= 9 AND holder = -1;
UPDATE subject_merged SET holder = attempt_id - 490 WHERE attempt_id > 500 AND attempt_id % 500 = 499;
INSERT INTO waiting
SELECT id, recorded_at + 86400000 FROM attempt a WHERE outcome = 'pending' AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.attempt_id = a.id);

INSERT INTO code (id, attempt_id, ordinal, channel, kind, nonce, digits, sandbox, recorded_at, lifetime_ms, runs_from, handed_over_at)
SELECT id, id, 1, CASE id % 3 WHEN 0 THEN 'sms' ELSE 'email' END, 'pin', CAST(printf('%016d', id) AS BLOB), 6, 0, recorded_at, 300000,
       recorded_at + 1000 + id % 5000, recorded_at + 1000 + id % 5000
  FROM attempt WHERE outcome = 'pending' ORDER BY id;
INSERT INTO recipient SELECT c.id, p.email_key, p.email, p.device_id FROM code c JOIN person p ON p.attempt_id = c.attempt_id;
INSERT INTO code_end (code_id, recorded_at, state, entered_at)
SELECT attempt_id, recorded_at, CASE outcome WHEN 'success' THEN 'verified' ELSE 'exhausted' END, recorded_at
  FROM decision WHERE reasons IS NOT '["verification_expired"]' ORDER BY id;
INSERT INTO wrong_try (code_id, recorded_at)
SELECT code_id, recorded_at - 5000 + 1000 * value FROM code_end JOIN json_each('[1,2,3,4,5]') WHERE state = 'exhausted' ORDER BY code_end.id, value;

-- As the default of reportableReasons has it.
DELETE FROM report;
INSERT INTO report (attempt_id, outcome, reasons, recorded_at)
SELECT * FROM (
    SELECT id, outcome, reasons, recorded_at AS at FROM attempt WHERE outcome = 'success' OR reasons LIKE '%\_taken"%' ESCAPE '\'
    UNION ALL
    SELECT attempt_id, outcome, reasons, recorded_at FROM decision)
 ORDER BY at;
INSERT INTO try (code_id, report_id, owner, started_at, lease_until, finished_at, result, status, answer)
SELECT * FROM (
    SELECT id AS code_id, NULL AS report_id, 'bench:1', recorded_at + 500 AS at, recorded_at + 60000, handed_over_at, 'accepted', 250, 'ok' FROM code
    UNION ALL
    SELECT NULL, id, 'bench:1', recorded_at + 1000, recorded_at + 61000, recorded_at + 1100 + id % 300,
           CASE WHEN id % 500 = 7 THEN 'refused' WHEN id % 100 = 3 THEN 'not_accepted' WHEN id % 100 = 4 THEN 'deferred' ELSE 'accepted' END,
           CASE WHEN id % 500 = 7 THEN 422 WHEN id % 100 = 3 THEN 503 ELSE 200 END,
           CASE WHEN id % 500 = 7 THEN 'unprocessable' WHEN id % 100 = 3 THEN 'busy' ELSE 'ok' END
      FROM report WHERE id % 200 <> 9)
 ORDER BY at;
INSERT INTO report_event (report_id, recorded_at, state, vendor_timestamp)
SELECT report_id, finished_at, CASE result WHEN 'refused' THEN 'dead' WHEN 'deferred' THEN 'deferred' ELSE 'acknowledged' END, finished_at
  FROM try WHERE report_id IS NOT NULL AND result <> 'not_accepted' ORDER BY id;
UPDATE report SET next_try_at = recorded_at + 3600000 WHERE NOT EXISTS (SELECT 1 FROM report_event e WHERE e.report_id = report.id);

-- Onboarding of every fiftieth.
INSERT INTO step (attempt_id, name, status, recorded_at) SELECT id, 'KYC', 'GREEN', recorded_at + 7200000 FROM attempt WHERE id % 50 = 30 ORDER BY id;
DROP TABLE lived;
COMMIT;
PRAGMA wal_checkpoint(TRUNCATE);
