-- Views for analysts that work in any SQLite, without the extension. Like the rules they are made anew with each version.
-- name: views
DROP VIEW IF EXISTS funnel;

-- How far the sign-ups of each day (UTC, by attempted_at) have come: received, accepted (not failed at once), code sent, confirmed, KYC, subscribed.
-- A step counts once for an attempt, whatever its status and however often it was recorded.
CREATE VIEW funnel AS
SELECT date(a.attempted_at / 1000, 'unixepoch') AS day,
       count(*) AS received,
       sum(a.outcome <> 'failure') AS accepted,
       sum(EXISTS (SELECT 1 FROM code c WHERE c.attempt_id = a.id AND c.handed_over_at IS NOT NULL)) AS code_sent,
       sum(EXISTS (SELECT 1 FROM code c JOIN code_end e ON e.code_id = c.id WHERE c.attempt_id = a.id AND e.state = 'verified')) AS confirmed,
       sum(coalesce((SELECT d.outcome FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1), a.outcome) = 'success') AS registered,
       sum(EXISTS (SELECT 1 FROM step s WHERE s.attempt_id = a.id AND s.name = 'KYC' COLLATE NOCASE)) AS kyc,
       sum(EXISTS (SELECT 1 FROM step s WHERE s.attempt_id = a.id AND s.name = 'SUBSCRIPTION' COLLATE NOCASE)) AS subscribed
  FROM attempt a
 GROUP BY day;
