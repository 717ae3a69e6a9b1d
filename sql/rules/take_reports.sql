-- SPDX-License-Identifier: MIT
-- rule: take_reports
-- Takes reports for a run: journals a try for each, and moves them out of the queue until the lease ends.
-- items: a JSON object with each report's id and when it was due as the run saw it, in the order in which they go out: {"12": 1767268800000, ...}. If
-- that has changed, another run has the report or it is gone, and it is left alone. What was taken is what has a try.

-- step: try
INSERT INTO try (report_id, run_id, owner, started_at, lease_until)
SELECT r.id, :run_id, :owner, :recorded_at, :lease_until
  FROM json_each(:items) i CROSS JOIN report r ON r.id = CAST(i.key AS INTEGER) AND r.next_try_at = i.value
 ORDER BY i.id;

-- step: lease
UPDATE report SET next_try_at = :lease_until
  FROM json_each(:items) i
 WHERE report.id = CAST(i.key AS INTEGER) AND report.next_try_at = i.value;
