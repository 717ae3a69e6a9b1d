-- SPDX-License-Identifier: MIT
-- What was handed over or acknowledged has a try in the journal that says so; what has not ended is still in the queue.
SELECT v.report_id, NULL AS code_id, v.state || ' without such a try' AS what
  FROM report_event v
 WHERE v.state IN ('acknowledged', 'deferred') AND NOT EXISTS (SELECT 1 FROM try t WHERE t.report_id = v.report_id AND t.result IN ('accepted', 'deferred'))
UNION ALL
SELECT NULL, c.id, 'handed over without a try'
  FROM code c
 WHERE c.handed_over_at IS NOT NULL AND c.channel <> 'none' AND NOT EXISTS (SELECT 1 FROM try t WHERE t.code_id = c.id AND t.result IN ('accepted', 'deferred'))
UNION ALL
SELECT r.id, NULL, 'neither ended nor in the queue'
  FROM report r
 WHERE r.next_try_at IS NULL
   AND coalesce((SELECT v.state FROM report_event v WHERE v.report_id = r.id ORDER BY v.id DESC LIMIT 1), 'queued') = 'queued'
UNION ALL
SELECT t.report_id, t.code_id, 'answered before it was asked' FROM try t WHERE t.finished_at < t.started_at
