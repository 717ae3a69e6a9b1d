-- Runs of the job.

-- name: begin_run
INSERT INTO run (id, command, started_at) SELECT coalesce(max(id), 0) + 1, :command, :started_at FROM run

-- name: newest_run
SELECT max(id) FROM run

-- name: end_run
UPDATE run SET finished_at = :finished_at, exit_code = :exit_code, counts = :counts WHERE id = :id AND finished_at IS NULL
