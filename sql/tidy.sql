-- Personal data that has been kept for as long as it is wanted: that of attempts which failed long ago.

-- What was decided again later (late news) counts as decided then. An attempt whose report is still under way keeps what the report holds.
-- name: attempts_to_tidy
SELECT p.attempt_id
  FROM person p JOIN attempt a ON a.id = p.attempt_id
 WHERE p.attempt_id > :after AND p.attempt_id <= :until
   AND coalesce((SELECT d.outcome = 'failure' AND d.recorded_at < :before FROM decision d WHERE d.attempt_id = a.id ORDER BY d.id DESC LIMIT 1),
                a.outcome = 'failure' AND a.recorded_at < :before)
   AND NOT EXISTS (SELECT 1 FROM report r WHERE r.attempt_id = a.id AND r.next_try_at IS NOT NULL)
 ORDER BY p.attempt_id LIMIT :most
