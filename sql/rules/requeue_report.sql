-- SPDX-License-Identifier: MIT
-- rule: requeue_report
-- Requeues a dead report; its tries start again from zero.

-- step: event
INSERT INTO report_event (report_id, recorded_at, state) VALUES (:report_id, :recorded_at, 'queued');

-- step: queue
UPDATE report SET next_try_at = :recorded_at WHERE id = :report_id AND next_try_at IS NULL;
