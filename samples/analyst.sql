-- SPDX-License-Identifier: MIT
-- Questions that analysts ask of the ledger, with their queries. Copy one into the shell, or run them all:
--   sqlite3 -init samples/sqliterc -readonly build/demo/ledger.db < samples/analyst.sql
-- They only read and need no key. reg_mask() masks people, so that you can share the result; leave it out
-- if you may see who they are.

-- They ask about the 30 days up to the newest sign-up. For other days, set :from and :to (days, both included) to those;
-- .parameter set :from "'1970-01-01'" means all time. The queries of sql/queries/ take them, too.
.parameter set :to "(SELECT date(max(attempted_at) / 1000, 'unixepoch') FROM attempt)"
.parameter set :from "(SELECT date(max(attempted_at) / 1000, 'unixepoch', '-29 days') FROM attempt)"

-- A sign-up with an unreadable time counts on the day on which it was recorded.
.print '== How did each day go? (by the day of the request, UTC)'
SELECT substr(attempted_at, 1, 10) AS day,
       count(*) AS attempts,
       sum(outcome = 'success') AS success,
       sum(outcome = 'pending') AS pending,
       sum(outcome = 'failure') AS failure,
       round(100.0 * sum(outcome = 'success') / count(*), 1) AS success_percent
  FROM reg_attempts
 WHERE attempted_at >= :from AND attempted_at < date(:to, '+1 day')
 GROUP BY day
 ORDER BY day;

.print '== Why do attempts fail? (one attempt can have several reasons)'
WITH alike AS (
  SELECT reasons, count(*) AS attempts
    FROM reg_attempts
   WHERE outcome = 'failure' AND attempted_at >= :from AND attempted_at < date(:to, '+1 day')
   GROUP BY reasons)
SELECT r.value AS reason, sum(a.attempts) AS attempts, max(k.sentence) AS meaning
  FROM alike a, json_each(a.reasons) r
  JOIN reg_reasons k ON k.reason = r.value
 GROUP BY r.value
 ORDER BY attempts DESC, reason
 LIMIT 15;

.print '== Which reasons did other systems give that are not in our list?'
SELECT told_reason, count(*) AS attempts
  FROM reg_attempts
 WHERE outcome = 'failure' AND failure_reason = 'told' AND attempted_at >= :from AND attempted_at < date(:to, '+1 day')
 GROUP BY told_reason
 ORDER BY attempts DESC, told_reason;

.print '== Which addresses, devices and mail domains do many different people share?'
SELECT kind AS shared, value, attempts, emails, success, first, last
  FROM reg_shared_origins(:from, date(:to, '+1 day'), 5)
 ORDER BY shared, attempts DESC, value;

.print '== Who signs up again and again with one e-mail address? (ignoring case)'
-- First by the number that stands for an address in whatever case; then, by the ledger's index, the attempts of those that come up again.
WITH again AS MATERIALIZED (
  SELECT min(a.id) AS first_id
    FROM attempt a JOIN person p ON p.attempt_id = a.id
   WHERE a.attempted_at >= unixepoch(:from) * 1000 AND a.attempted_at < unixepoch(:to, '+1 day') * 1000 AND p.email_key IS NOT NULL
   GROUP BY p.email_key
  HAVING count(*) > 2)
SELECT reg_mask(lower(p.email)) AS email, count(*) AS attempts,
       group_concat(DISTINCT outcome) AS outcomes,
       group_concat(DISTINCT nullif(failure_reason, '')) AS reasons,
       round((max(attempted_at_ms) - min(attempted_at_ms)) / 60000.0, 1) AS within_minutes
  FROM again g JOIN person p ON p.attempt_id = g.first_id
 CROSS JOIN reg_attempts a ON a.email = p.email COLLATE NOCASE
 WHERE attempted_at >= :from AND attempted_at < date(:to, '+1 day')
 GROUP BY g.first_id
 ORDER BY attempts DESC, lower(p.email);

.print '== How long does it take to send a code, and to confirm it? (seconds)'
WITH timed AS (
  SELECT channel, state,
         (handed_over_at_ms - request_timestamp_ms) / 1000.0 AS wait,
         (verified_at_ms - handed_over_at_ms) / 1000.0 AS answer
    FROM reg_codes
   WHERE request_timestamp >= :from AND request_timestamp < date(:to, '+1 day'))
SELECT channel, count(*) AS codes, count(wait) AS handed_over,
       round(avg(wait), 1) AS wait_mean, round(max(wait), 1) AS wait_most,
       sum(state = 'verified') AS verified, round(avg(answer), 1) AS answer_mean, round(max(answer), 1) AS answer_most
  FROM timed
 GROUP BY channel;

.print '== What happened to the codes?'
SELECT channel, state, count(*) AS codes, sum(failures) AS wrong_tries, max(last_error) AS an_error
  FROM reg_codes
 WHERE request_timestamp >= :from AND request_timestamp < date(:to, '+1 day')
 GROUP BY channel, state
 ORDER BY channel, codes DESC;

.print '== How far do people get, by country?'
SELECT coalesce(a.country, '(unknown)') AS country,
       count(*) AS attempts,
       sum(a.outcome = 'failure' AND a.code_state IS NULL) AS refused_at_once,
       sum(a.code_state IS NOT NULL) AS asked_to_confirm,
       sum(a.code_state = 'verified') AS confirmed,
       sum(a.outcome = 'success') AS customers
  FROM reg_attempts a
 WHERE attempted_at >= :from AND attempted_at < date(:to, '+1 day')
 GROUP BY 1
 ORDER BY attempts DESC, country
 LIMIT 12;

.print '== Do the outcomes match the recommendations?'
SELECT recommendation, outcome, count(*) AS attempts, group_concat(DISTINCT failure_reason) AS reasons
  FROM reg_attempts
 WHERE recommendation IN ('ALLOW', 'REVIEW', 'PREVENT') AND attempted_at >= :from AND attempted_at < date(:to, '+1 day')
 GROUP BY recommendation, outcome;

.print '== Is the fraud API up to date? (the backlog of reports)'
-- Each state by itself, since the ledger knows where those reports are; `state IN (...)` would look at all that were ever sent.
WITH backlog AS (
  SELECT state, outcome, due_at, tries, ambiguous_tries, last_error FROM reg_reports WHERE state = 'queued'
  UNION ALL
  SELECT state, outcome, due_at, tries, ambiguous_tries, last_error FROM reg_reports WHERE state = 'retrying'
  UNION ALL
  SELECT state, outcome, due_at, tries, ambiguous_tries, last_error FROM reg_reports WHERE state = 'dead')
SELECT state, outcome, count(*) AS reports, min(due_at) AS oldest_due, sum(tries) AS tries, sum(ambiguous_tries) AS ambiguous,
       max(last_error) AS an_error
  FROM backlog
 GROUP BY state, outcome
 ORDER BY state, outcome;

.print '== Who is still waiting, and for how long?'
WITH waiting AS (
  SELECT (max(recorded_at_ms) OVER () - recorded_at_ms) / 3600000.0 AS hours, code_state
    FROM reg_attempts
   WHERE outcome = 'pending')
SELECT CASE WHEN hours < 1 THEN '1  under an hour' WHEN hours < 6 THEN '2  1 to 6 hours'
            WHEN hours < 24 THEN '3  6 to 24 hours' ELSE '4  over a day' END AS age,
       code_state, count(*) AS attempts
  FROM waiting
 GROUP BY age, code_state
 ORDER BY age, code_state;

.print '== What did the ledger say right after the last sign-up, and what does it say now?'
WITH moment AS MATERIALIZED (SELECT max(recorded_at_ms) AS then_ms FROM reg_attempts)
SELECT 'then' AS asked, outcome, failure_reason, count(*) AS attempts
  FROM reg_attempts
 WHERE as_of = (SELECT then_ms FROM moment) AND attempted_at >= :from AND attempted_at < date(:to, '+1 day') AND (code_state IS NOT NULL OR outcome = 'pending')
 GROUP BY outcome, failure_reason
UNION ALL
SELECT 'now', outcome, failure_reason, count(*)
  FROM reg_attempts
 WHERE attempted_at >= :from AND attempted_at < date(:to, '+1 day') AND (code_state IS NOT NULL OR outcome = 'pending')
 GROUP BY outcome, failure_reason
 ORDER BY asked DESC, attempts DESC;

-- COLLATE NOCASE finds every spelling of the address and uses the ledger's index.
.print '== What did one person try?'
SELECT id, attempted_at, reg_mask(email) AS email, reg_mask(phone) AS phone, ip_address, outcome, failure_reason, code_state, report_state
  FROM reg_attempts
 WHERE email = 'Mary.Ann@example.net' COLLATE NOCASE
 ORDER BY attempted_at;

.print '== Which consents did people give at sign-up?'
-- Most people give the same, so that it is taken apart once for all who do.
WITH alike AS (
  SELECT consents, count(*) AS attempts
    FROM reg_attempts
   WHERE attempted_at >= :from AND attempted_at < date(:to, '+1 day')
   GROUP BY consents)
SELECT c.key AS consent, json_extract(c.value, '$.state') AS state, json_extract(c.value, '$.version') AS version, sum(a.attempts) AS attempts
  FROM alike a, json_each(a.consents) c
 GROUP BY 1, 2, 3
 ORDER BY 1, attempts DESC;

.print '== What happened to the rows of each file, and do the counts add up?'
SELECT i.name, b.read, b.success, b.pending, b.failed, b.continued, b.rejected,
       CASE WHEN b.read = b.success + b.pending + b.failed + b.continued + b.rejected THEN 'yes' ELSE 'NO' END AS sum_holds
  FROM import i
  JOIN import_batch b ON b.import_id = i.id
 WHERE b.end_offset = (SELECT max(end_offset) FROM import_batch WHERE import_id = i.id)
 ORDER BY i.id;

.print '== Which lines could not be read, and why?'
SELECT i.name, r.kind, count(*) AS lines, min(r.line) AS first_line, max(r.message) AS a_message
  FROM reject r JOIN import i ON i.id = r.import_id
 GROUP BY i.id, r.kind
 ORDER BY i.id, lines DESC;

-- The ready-made queries of sql/queries/, whose comments explain their columns. Most of them run in any sqlite3 shell; the others say that
-- they need the extension. The export below is the demo's; replace its path with yours.
.print '== How far did each day''s sign-ups get, and where did they stop?'
.read sql/queries/funnel.sql
.print '== How did the last days go, at a glance?'
.parameter set :days 14
.read sql/queries/week.sql
.print '== Why did attempts fail, day by day?'
.read sql/queries/failure_reasons.sql
.print '== Which addresses, devices and mail domains sent many sign-ups within an hour?'
.read sql/queries/duplicate_storms.sql
.print '== How long do people wait for their code, and how long do they take to enter it?'
.read sql/queries/code_times.sql
.print '== Which channel is slow or failing?'
.read sql/queries/channels.sql
.print '== Which outcomes has the fraud API not been told, and since when?'
.read sql/queries/report_backlog.sql
.print '== Who is still waiting, by age?'
.read sql/queries/pending_ages.sql
.print '== What has changed since this time yesterday?'
.read sql/queries/changes.sql
.print '== How does the fraud API''s dashboard differ from the ledger, and why?'
.parameter set :file "'build/demo/exports/dashboard.csv'"
.read sql/queries/reconciliation.sql
