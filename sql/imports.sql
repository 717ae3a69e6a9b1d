-- SPDX-License-Identifier: MIT
-- Imports: files, progress and results.

-- The third column is the import that continues it: the file grew while this import was stopped, and the other took some of its lines.
-- name: import_by_digest
SELECT id, finished_at,
       (SELECT max(n.id) FROM import n WHERE n.continues = i.id AND EXISTS (SELECT 1 FROM import_batch b WHERE b.import_id = n.id)) AS taken_on
  FROM import i WHERE digest = :digest ORDER BY id DESC LIMIT 1

-- The newest import with a name; with :committed, the newest that committed something.
-- name: import_by_name
SELECT i.id, i.finished_at, i.digest, i.bytes FROM import i
 WHERE i.name = :name
   AND (NOT :committed OR i.finished_at IS NOT NULL OR EXISTS (SELECT 1 FROM import_batch b WHERE b.import_id = i.id))
 ORDER BY i.id DESC LIMIT 1

-- The import of the file's beginning, or NULL.
-- name: import_continues
SELECT continues FROM import WHERE id = :id

-- name: insert_import
INSERT INTO import (id, run_id, name, digest, bytes, continues, form, started_at)
VALUES (:id, :run_id, :name, :digest, :bytes, :continues, :form, :started_at)

-- What the file was read as.
-- name: import_form
SELECT coalesce(form, '') AS form FROM import WHERE id = :id

-- name: next_import
SELECT coalesce(max(id), 0) + 1 FROM import

-- Also finishes the imports that it continues, because it has done what they left.
-- name: finish_import
UPDATE import SET finished_at = :finished_at, digest = coalesce(digest, :digest), bytes = coalesce(bytes, :bytes)
 WHERE finished_at IS NULL
   AND id IN (WITH RECURSIVE whole(id) AS (VALUES (:id) UNION SELECT i.continues FROM whole w JOIN import i ON i.id = w.id WHERE i.continues IS NOT NULL)
              SELECT id FROM whole)

-- name: insert_batch
INSERT INTO import_batch (import_id, recorded_at, end_offset, end_line, read, success, pending, failed, continued, rejected, rejects_bytes, prefix)
VALUES (:import_id, :recorded_at, :end_offset, :end_line, :read, :success, :pending, :failed, :continued, :rejected, :rejects_bytes, :prefix)

-- The same on a cluster, where the verdicts of a batch are not known to whoever writes it: to the sums before it are added those of the lines from :line on.
-- name: insert_batch_counted
INSERT INTO import_batch (import_id, recorded_at, end_offset, end_line, read, success, pending, failed, continued, rejected, rejects_bytes, prefix)
SELECT :import_id, :recorded_at, :end_offset, :end_line, success + pending + failed + continued + rejected, success, pending, failed, continued, rejected,
       :rejects_bytes, :prefix
  FROM (SELECT :success + count(*) FILTER (WHERE outcome = 'success') AS success, :pending + count(*) FILTER (WHERE outcome = 'pending') AS pending,
               :failed + count(*) FILTER (WHERE outcome = 'failure') AS failed,
               :continued + (SELECT count(*) FROM continuation WHERE import_id = :import_id AND line >= :line) AS continued,
               :rejected + (SELECT count(*) FROM reject WHERE import_id = :import_id AND line >= :line) AS rejected
          FROM attempt WHERE import_id = :import_id AND line >= :line)

-- name: newest_batch
SELECT end_offset, end_line, read, success, pending, failed, continued, rejected, rejects_bytes, prefix,
       (SELECT coalesce(sum(bytes), 0) FROM reject r WHERE r.import_id = :import_id) AS rejects_met
  FROM import_batch WHERE import_id = :import_id ORDER BY end_offset DESC LIMIT 1

-- name: insert_reject
INSERT INTO reject (import_id, line, byte_offset, bytes, column_number, kind, what, mistake, message, recorded_at)
VALUES (:import_id, :line, :byte_offset, :bytes, :column_number, :kind, :what, :mistake, :message, :recorded_at)

-- Checks that the counts add up: those of the last batch, and those of the rows themselves.
-- name: import_sum
SELECT count(*) FILTER (WHERE outcome = 'success') AS success, count(*) FILTER (WHERE outcome = 'pending') AS pending,
       count(*) FILTER (WHERE outcome = 'failure') AS failed, count(notes) AS noted,
       (SELECT count(*) FROM continuation WHERE import_id = :import_id) AS continued,
       (SELECT count(*) FROM reject WHERE import_id = :import_id) AS rejected
  FROM attempt WHERE import_id = :import_id

-- name: import_reasons
SELECT value AS what, count(*) AS number FROM attempt a, json_each(a.reasons) WHERE a.import_id = :import_id GROUP BY value ORDER BY count(*) DESC, value

-- name: import_notes
SELECT replace(n.value ->> 'done', '_', ' ') || ': ' || (n.value ->> 'column') || ' (' || (n.value ->> 'rule') || ')' AS what, count(*) AS number
  FROM attempt a, json_each(a.notes) n WHERE a.import_id = :import_id AND n.value ->> 'done' <> 'refused' GROUP BY 1 ORDER BY count(*) DESC, 1

-- What was done to the values of each column, how often, and the line of the first.
-- name: import_fates
SELECT n.value ->> 'column' AS column_name, n.value ->> 'done' AS done, count(*) AS number, min(a.line) AS line
  FROM attempt a, json_each(a.notes) n WHERE a.import_id = :import_id GROUP BY 1, 2 ORDER BY 1

-- name: import_kinds
SELECT coalesce(mistake, what, kind) AS what, count(*) AS number FROM reject WHERE import_id = :import_id GROUP BY 1 ORDER BY 1

-- The first of a run: those that earlier runs met come before it.
-- name: import_first_reject
SELECT line, coalesce(mistake, what, kind) AS what FROM reject WHERE import_id = :import_id ORDER BY line LIMIT 1 OFFSET :before

-- The mean share of failures of the last imports of at least so many sign-ups. Where the first row of a file tells its outcome, failures
-- are not this ledger's: such an import is not compared.
-- name: import_usual
SELECT count(*) AS imports, coalesce(avg(share), 0) AS share,
       (SELECT a.told FROM attempt a WHERE a.import_id = :import_id ORDER BY a.line LIMIT 1) IS NOT NULL AS told
  FROM (SELECT 1.0 * b.failed / (b.success + b.pending + b.failed) AS share
          FROM import i
          JOIN import_batch b ON b.import_id = i.id
           AND b.end_offset = (SELECT max(e.end_offset) FROM import_batch e WHERE e.import_id = i.id)
         WHERE i.id < :import_id AND i.finished_at IS NOT NULL AND b.success + b.pending + b.failed >= :least
           AND (SELECT a.told FROM attempt a WHERE a.import_id = i.id ORDER BY a.line LIMIT 1) IS NULL
         ORDER BY i.id DESC LIMIT :most)

-- name: import_verdicts
SELECT kind || ': ' || verdict AS what, count(*) AS number FROM continuation WHERE import_id = :import_id GROUP BY 1 ORDER BY count(*) DESC, 1
