-- SPDX-License-Identifier: MIT
-- Runs of the job.

-- name: begin_run
INSERT INTO run (id, command, started_at, owner) SELECT coalesce(max(id), 0) + 1, :command, :started_at, :owner FROM run

-- The newest run of an owner, who has but a few: it is among the last.
-- name: run_of_owner
SELECT id FROM run WHERE owner = :owner ORDER BY id DESC LIMIT 1

-- The last run of each other command, among the last ten thousand runs: a week of one run per minute.
-- name: other_runs
SELECT command, exit_code, (finished_at - started_at) / 1000.0 AS seconds, finished_at / 1000.0 AS ended, max(id) AS id
  FROM run
 WHERE id > (SELECT max(id) - 10000 FROM run) AND finished_at IS NOT NULL AND command <> :command
 GROUP BY command

-- When each command last did all its work, among as many runs: exit code 0, or 2 for something in the data that somebody must look at.
-- name: last_successes
SELECT command, max(finished_at) / 1000.0 AS ended
  FROM run
 WHERE id > (SELECT max(id) - 10000 FROM run) AND finished_at IS NOT NULL AND (exit_code = 0 OR exit_code = 2)
 GROUP BY command

-- name: run_items
SELECT s.key AS step, c.key AS what, c.value AS number FROM run r, json_each(r.counts) s, json_each(s.value) c
 WHERE r.id = :id AND s.key NOT IN ('inputs', 'files')

-- name: end_run
UPDATE run SET finished_at = :finished_at, exit_code = :exit_code, counts = :counts WHERE id = :id AND finished_at IS NULL
