-- rule: requeue_report
-- A dead report is to be sent after all; its tries are counted anew.

-- step: event
INSERT INTO report_event (report_id, recorded_at, state) VALUES (:report_id, :recorded_at, 'queued');

-- step: queue
UPDATE report SET next_try_at = :recorded_at WHERE id = :report_id AND next_try_at IS NULL;
