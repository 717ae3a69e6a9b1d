-- SPDX-License-Identifier: MIT
-- The queues and the last runs.

-- name: queue_state
SELECT 'codes waiting to be sent' AS what, 'send' AS step, count(*) AS number, min(next_try_at) AS oldest FROM code WHERE next_try_at IS NOT NULL
UNION ALL
SELECT 'attempts pending', 'settle', count(*), min(deadline) FROM waiting
UNION ALL
SELECT 'outcomes waiting to be reported', 'report', count(*), min(next_try_at) FROM report WHERE next_try_at IS NOT NULL
UNION ALL
SELECT 'reports dead', 'dead', count(*), min(v.recorded_at)
  FROM report_event v WHERE v.state = 'dead' AND v.id = (SELECT max(w.id) FROM report_event w WHERE w.report_id = v.report_id)
UNION ALL
SELECT 'tries without an answer', 'open', count(*), min(started_at) FROM try WHERE finished_at IS NULL
UNION ALL
SELECT 'tries ambiguous', 'ambiguous', count(*), min(started_at) FROM try WHERE result = 'ambiguous'

-- name: last_runs
SELECT id, command, started_at, finished_at, exit_code, counts,
       CASE WHEN json_valid(counts) THEN json_remove(counts, '$.inputs', '$.files') ELSE counts END AS counted
  FROM run ORDER BY id DESC LIMIT 10

-- The files that were imported last, among the last ten thousand runs: a week of one run per minute. `tidy` takes their names away.
-- name: last_files
SELECT f.value ->> 'import' AS id, coalesce(f.value ->> 'name', 'import ' || (f.value ->> 'import'), 'refused') AS name, f.value ->> 'read' AS rows, f.value ->> 'failed' AS failed,
       f.value ->> 'rejected' AS rejected, f.value ->> 'noted' AS noted, coalesce(f.value ->> 'unknown_columns', '') AS unknown
  FROM run r, json_each(CASE WHEN json_valid(r.counts) THEN r.counts END, '$.files') f
 WHERE r.id > (SELECT max(id) - 10000 FROM run)
 ORDER BY r.id DESC, f.key DESC LIMIT 10
