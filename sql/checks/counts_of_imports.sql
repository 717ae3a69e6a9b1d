-- SPDX-License-Identifier: MIT
-- Nothing that was read is lost: what a file's last batch counts is what its rows are.
-- The verdicts are those at import; what became of them later does not change them.
SELECT i.id AS import_id, b.read, b.success, b.pending, b.failed, b.continued, b.rejected,
       v.success AS success_rows, v.pending AS pending_rows, v.failed AS failed_rows, v.continued AS continued_rows, v.rejected AS rejected_rows
  FROM import i
  JOIN import_batch b ON b.import_id = i.id AND b.end_offset = (SELECT max(e.end_offset) FROM import_batch e WHERE e.import_id = i.id)
  JOIN (SELECT i.id,
               (SELECT count(*) FROM attempt a WHERE a.import_id = i.id AND +a.outcome = 'success') AS success,
               (SELECT count(*) FROM attempt a WHERE a.import_id = i.id AND +a.outcome = 'pending') AS pending,
               (SELECT count(*) FROM attempt a WHERE a.import_id = i.id AND +a.outcome = 'failure') AS failed,
               (SELECT count(*) FROM continuation c WHERE c.import_id = i.id) AS continued,
               (SELECT count(*) FROM reject r WHERE r.import_id = i.id) AS rejected
          FROM import i) v ON v.id = i.id
 WHERE b.read <> b.success + b.pending + b.failed + b.continued + b.rejected
    OR (b.success, b.pending, b.failed, b.continued, b.rejected) <> (v.success, v.pending, v.failed, v.continued, v.rejected)
