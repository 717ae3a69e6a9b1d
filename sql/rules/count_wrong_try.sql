-- SPDX-License-Identifier: MIT
-- rule: count_wrong_try
-- The entered code matches none of those it was compared with (a JSON array of code ids, one per attempt): each attempt loses one try.

-- step: try
INSERT INTO wrong_try (code_id, recorded_at) SELECT value, :recorded_at FROM json_each(:compared) ORDER BY key;

-- step: exhausted
-- The code is exhausted from the time of this entry on, because entries recorded together with it may be later.
INSERT INTO code_end (code_id, recorded_at, state, entered_at)
SELECT c.id, :recorded_at, 'exhausted', :entered_at
  FROM json_each(:compared) o JOIN code c ON c.id = o.value
 WHERE :max_tries <= CASE WHEN c.attempt_id IS NULL
       THEN (SELECT count(*) FROM recipient mine JOIN recipient r ON r.subject_key = mine.subject_key JOIN code s ON s.id = r.code_id
               JOIN wrong_try w ON w.code_id = s.id
              WHERE mine.code_id = c.id AND s.attempt_id IS NULL AND w.recorded_at > :recorded_at - 86400000
                AND w.recorded_at > coalesce((SELECT max(e.recorded_at) FROM recipient q JOIN code v ON v.id = q.code_id
                                                JOIN code_end e ON e.code_id = v.id
                                               WHERE q.subject_key = mine.subject_key AND v.attempt_id IS NULL AND e.state = 'verified'), 0))
       ELSE (SELECT count(*) FROM code s JOIN wrong_try w ON w.code_id = s.id WHERE s.attempt_id = c.attempt_id) END
 ORDER BY o.key;

-- step: attempt
-- The last permitted wrong try fails the attempt at once.
INSERT INTO decide (attempt_id, recorded_at, decided_at, outcome, reasons, reportable)
SELECT f.attempt_id, :recorded_at, :entered_at, 'failure', '["verification_failed"]', :reportable
  FROM (SELECT DISTINCT c.attempt_id
          FROM json_each(:compared) o JOIN code c ON c.id = o.value
          JOIN code_end e ON e.code_id = c.id AND e.state = 'exhausted' AND e.recorded_at = :recorded_at
          JOIN waiting w ON w.attempt_id = c.attempt_id) f
 ORDER BY f.attempt_id;

-- step: others
-- Other codes of the same customer or subject end too, so that nobody can guess at them.
INSERT INTO code_end (code_id, recorded_at, state, entered_at)
SELECT s.id, :recorded_at, 'exhausted', :entered_at
  FROM code s
 WHERE s.id IN (SELECT k.id
                  FROM json_each(:compared) o JOIN code c ON c.id = o.value
                  JOIN code_end e ON e.code_id = c.id AND e.state = 'exhausted' AND e.recorded_at = :recorded_at
                  JOIN code k ON k.attempt_id = c.attempt_id
                UNION
                SELECT r.code_id
                  FROM json_each(:compared) o JOIN code c ON c.id = o.value AND c.attempt_id IS NULL
                  JOIN code_end e ON e.code_id = c.id AND e.state = 'exhausted' AND e.recorded_at = :recorded_at
                  JOIN recipient mine ON mine.code_id = c.id
                  JOIN recipient r ON r.subject_key = mine.subject_key
                  JOIN code k ON k.id = r.code_id AND k.attempt_id IS NULL)
   AND NOT EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = s.id)
   AND coalesce(s.runs_from + s.lifetime_ms > :recorded_at, 1)
 ORDER BY s.id;
