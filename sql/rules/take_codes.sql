-- SPDX-License-Identifier: MIT
-- rule: take_codes
-- Takes codes for a run: journals a try for each, and moves them out of the queue until the lease ends. From now on somebody may have them.
-- items: a JSON object with each code's id and when it was due as the run saw it, in the order in which they go out: {"12": 1767268800000, ...}. If that
-- has changed, another run has the code or it is gone, and it is left alone. What was taken is what has a try.
-- unwanted: the same of codes that nobody waits for any more. They leave the queue without a try.

-- step: try
INSERT INTO try (code_id, run_id, owner, started_at, lease_until)
SELECT c.id, :run_id, :owner, :recorded_at, :lease_until
  FROM json_each(:items) i CROSS JOIN code c ON c.id = CAST(i.key AS INTEGER) AND c.next_try_at = i.value
 ORDER BY i.id;

-- step: give
INSERT INTO give_code (code_id)
SELECT c.id
  FROM json_each(:items) i CROSS JOIN code c ON c.id = CAST(i.key AS INTEGER) AND c.next_try_at = i.value
 ORDER BY i.id;

-- step: lease
UPDATE code SET next_try_at = :lease_until
  FROM json_each(:items) i
 WHERE code.id = CAST(i.key AS INTEGER) AND code.next_try_at = i.value;

-- step: drop
UPDATE code SET next_try_at = NULL
  FROM json_each(:unwanted) u
 WHERE code.id = CAST(u.key AS INTEGER) AND code.next_try_at = u.value;
