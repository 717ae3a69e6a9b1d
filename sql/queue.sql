-- SPDX-License-Identifier: MIT
-- The queues of codes and reports: due items, taking them, the journal of tries, their results, and settling.
--
-- An item in a queue has next_try_at. Taking it moves next_try_at to the end of a lease, so that nobody else takes it, and journals the try in the
-- same transaction. A run that dies leaves a try without a result, which the next run finds (leftover_tries), and an item that is due again when
-- its lease ends.

-- Both lists have id, next_try_at and wanted. Unwanted items are to be removed from the queue.

-- A code is wanted while it can still be entered: it has not ended or expired, and its attempt is pending or successful.
-- name: due_codes
SELECT c.id, c.next_try_at,
       r.address IS NOT NULL
       AND coalesce(c.runs_from + c.lifetime_ms > :now, 1)
       AND NOT EXISTS (SELECT 1 FROM code_end e WHERE e.code_id = c.id)
       AND (c.attempt_id IS NULL
            OR EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = c.attempt_id AND w.deadline > :now)
            OR coalesce((SELECT d.outcome FROM decision d WHERE d.attempt_id = c.attempt_id ORDER BY d.id DESC LIMIT 1), a.outcome) = 'success') AS wanted,
       c.kind, c.nonce, c.digits, c.prefix, c.sandbox, c.lifetime_ms, c.runs_from, r.address, a.locale, coalesce(p.name, p.given_name) AS name
  FROM code c
  LEFT JOIN recipient r ON r.code_id = c.id
  LEFT JOIN attempt a ON a.id = c.attempt_id
  LEFT JOIN person p ON p.attempt_id = c.attempt_id
 WHERE c.channel = :channel AND c.next_try_at <= :now
 ORDER BY c.next_try_at, c.id LIMIT :limit

-- Reports of one attempt go out in order, so that the last one wins at the vendor.
-- name: due_reports
SELECT r.id, r.next_try_at, 1 AS wanted, r.attempt_id, r.outcome, r.reasons,
       CASE r.outcome WHEN 'success'
            THEN (SELECT d.customer_id FROM decision d WHERE d.attempt_id = r.attempt_id AND d.outcome = 'success' ORDER BY d.id DESC LIMIT 1) END AS customer_id,
       p.email, p.phone, p.username
  FROM report r
  LEFT JOIN person p ON p.attempt_id = r.attempt_id
 WHERE r.next_try_at <= :now
   AND NOT EXISTS (SELECT 1 FROM report o WHERE o.attempt_id = r.attempt_id AND o.id < r.id AND o.next_try_at IS NOT NULL)
 ORDER BY r.next_try_at, r.id LIMIT :limit

-- Counts no further than the caller needs, because the queue may be long.
-- name: count_codes
SELECT count(*) FROM (SELECT 1 FROM code WHERE channel = :channel AND next_try_at <= :until LIMIT :most)

-- name: count_reports
SELECT count(*) FROM (SELECT 1 FROM report WHERE next_try_at <= :until LIMIT :most)

-- For taking see the rules take_codes and take_reports. What a run has taken, by the end of the lease, in the order of the items.
-- name: tries_taken
SELECT id, coalesce(code_id, report_id) AS item_id FROM try
 WHERE finished_at IS NULL AND lease_until = :lease_until AND owner = :owner AND (report_id IS NOT NULL) = :reports ORDER BY id

-- Taking the other way round: an item that was not tried is due as before.
-- name: give_back_code
UPDATE code SET next_try_at = :seen WHERE id = :id AND next_try_at = :lease_until

-- name: give_back_report
UPDATE report SET next_try_at = :seen WHERE id = :id AND next_try_at = :lease_until

-- A call that was journalled but never made is not a fact.
-- name: withdraw_try
DELETE FROM try WHERE id = :id AND finished_at IS NULL

-- The end of reports' tries: the answers, and what follows for the reports. Each statement takes many answers with the same result, because reports go by the
-- hundred thousand; they are run in this order, in one transaction. answers: a JSON object with each try's id and {"report", "lease_until", "status", "answer",
-- "retry_at", "vendor_timestamp"}, the last four where there are any. Without retry_at there is no further try. No report is there twice.
-- The report belongs to the try while its next_try_at is the try's lease. If the lease has run out and another run took the report, or it was erased, only an
-- acceptance still counts: the other side has it, so nobody needs to send it again.
-- name: finish_reports_event
INSERT INTO report_event (report_id, recorded_at, state, vendor_timestamp)
SELECT i.value ->> 'report', :recorded_at, CASE :result WHEN 'accepted' THEN 'acknowledged' WHEN 'deferred' THEN 'deferred' ELSE 'dead' END,
       i.value ->> 'vendor_timestamp'
  FROM json_each(:answers) i
 WHERE CASE WHEN :result IN ('accepted', 'deferred')
            THEN coalesce((SELECT t.result FROM try t WHERE t.id = CAST(i.key AS INTEGER)) NOT IN ('accepted', 'deferred'), 1)
            ELSE i.value ->> 'retry_at' IS NULL
                 AND (SELECT r.next_try_at FROM report r WHERE r.id = i.value ->> 'report') = i.value ->> 'lease_until' END
 ORDER BY i.id

-- name: finish_reports_queue
UPDATE report SET next_try_at = i.value ->> 'retry_at'
  FROM json_each(:answers) i
 WHERE report.id = i.value ->> 'report' AND (:result IN ('accepted', 'deferred') OR report.next_try_at = i.value ->> 'lease_until')

-- For reports that the other side has. The sealed fingerprint is no longer needed, unless another report of the attempt is still to be sent.
-- name: finish_reports_fingerprint
DELETE FROM fingerprint
 WHERE attempt_id IN (SELECT r.attempt_id FROM json_each(:answers) i CROSS JOIN report r ON r.id = i.value ->> 'report')
   AND NOT EXISTS (SELECT 1 FROM report r WHERE r.attempt_id = fingerprint.attempt_id AND r.next_try_at IS NOT NULL)

-- If the person was erased meanwhile, the answer is not kept, because it may repeat what was sent.
-- name: finish_reports_try
UPDATE try SET finished_at = :recorded_at, result = :result, status = i.value ->> 'status', retry_at = i.value ->> 'retry_at',
       answer = CASE WHEN NOT EXISTS (SELECT 1 FROM report r JOIN erasure e ON e.attempt_id = r.attempt_id WHERE r.id = try.report_id)
                     THEN i.value ->> 'answer' END
  FROM json_each(:answers) i
 WHERE try.id = CAST(i.key AS INTEGER) AND try.finished_at IS NULL

-- How often an item has been tried since it was queued, how many of these tries are spent (one that reached nobody is not), and for how long. This
-- includes the try in progress. A gap longer than :most is not counted: nobody tried, or the clock was wrong.
-- name: tries_of_code
SELECT count(id) AS tries, count(id) FILTER (WHERE NOT (result IS 'not_accepted' AND status IS NULL)) AS spent,
       coalesce(sum(gap) FILTER (WHERE gap <= :most), 0) AS tried_for_ms
  FROM (SELECT t.id, t.result, t.status, t.started_at - lag(t.started_at, 1, c.recorded_at) OVER (ORDER BY t.id) AS gap
          FROM code c LEFT JOIN try t ON t.code_id = c.id WHERE c.id = :id)

-- name: tries_of_report
SELECT count(id) AS tries, count(id) FILTER (WHERE NOT (result IS 'not_accepted' AND status IS NULL)) AS spent,
       coalesce(sum(gap) FILTER (WHERE gap <= :most), 0) AS tried_for_ms
  FROM (SELECT t.id, t.result, t.status, t.started_at - lag(t.started_at, 1, q.since) OVER (ORDER BY t.id) AS gap
          FROM (SELECT r.id, coalesce((SELECT max(e.recorded_at) FROM report_event e WHERE e.report_id = r.id AND e.state = 'queued'), r.recorded_at) AS since
                  FROM report r WHERE r.id = :id) q
          LEFT JOIN try t ON t.report_id = q.id AND t.started_at >= q.since)

-- Tries whose runs are gone: those of this host, because we hold the step's lock, and any whose lease is over. The item was due when its try began.
-- channel: NULL for reports.
-- name: leftover_tries
SELECT t.id, coalesce(t.code_id, t.report_id) AS item_id, t.lease_until, t.started_at, t.owner FROM try t INDEXED BY try_open
 WHERE t.finished_at IS NULL AND (SELECT c.channel FROM code c WHERE c.id = t.code_id) IS :channel
   AND (t.lease_until <= :now OR substr(t.owner, 1, length(:host)) = :host)
 ORDER BY t.id LIMIT :limit

-- After the clock was set back nobody knows how long a report has waited, so it is due.
-- name: release_reports
UPDATE report SET next_try_at = :now
 WHERE next_try_at > :now AND id NOT IN (SELECT t.report_id FROM try t WHERE t.finished_at IS NULL AND t.report_id IS NOT NULL)

-- Dead reports go back into the queue in ranges of ids; dead_reports_end gives the end of the next range.
-- name: dead_reports_end
SELECT max(report_id) AS last, count(*) AS number FROM (SELECT DISTINCT report_id FROM report_event WHERE state = 'dead' AND report_id > :after ORDER BY report_id LIMIT :batch)

-- name: requeue_dead
INSERT INTO requeue_report (report_id, recorded_at)
SELECT DISTINCT e.report_id, :now FROM report_event e JOIN report r ON r.id = e.report_id AND r.next_try_at IS NULL
 WHERE e.state = 'dead' AND e.report_id > :after AND e.report_id <= :end
   AND NOT EXISTS (SELECT 1 FROM report_event n WHERE n.report_id = e.report_id AND n.id > e.id)
 ORDER BY e.report_id

-- How many that will be: what a trigger changes is not counted.
-- name: count_dead
SELECT count(DISTINCT e.report_id) FROM report_event e JOIN report r ON r.id = e.report_id AND r.next_try_at IS NULL
 WHERE e.state = 'dead' AND e.report_id > :after AND e.report_id <= :end
   AND NOT EXISTS (SELECT 1 FROM report_event n WHERE n.report_id = e.report_id AND n.id > e.id)

-- Undeliverable codes that would still be useful, from one code_end on. The attempt is pending and its deadline not over, or it is a success to be
-- confirmed, or there is none. The last two must not be old, because then nobody waits for them any more.
-- name: undeliverable_codes
SELECT e.id AS end_id, c.id AS code_id
  FROM code_end e
  JOIN code c ON c.id = e.code_id AND c.channel = :channel
  JOIN recipient r ON r.code_id = c.id
  LEFT JOIN attempt a ON a.id = c.attempt_id
  LEFT JOIN waiting w ON w.attempt_id = c.attempt_id
 WHERE e.state = 'undeliverable' AND e.id > :after
   AND NOT EXISTS (SELECT 1 FROM code_end n WHERE n.code_id = c.id AND n.id > e.id)
   AND CASE WHEN w.attempt_id IS NOT NULL THEN w.deadline > :now
            WHEN a.id IS NULL THEN c.recorded_at > :alone_since
            ELSE a.outcome = 'success' AND c.recorded_at > :success_since
                 AND NOT EXISTS (SELECT 1 FROM code o JOIN code_end v ON v.code_id = o.id AND v.state = 'verified' WHERE o.attempt_id = a.id) END
 ORDER BY e.id LIMIT :batch

-- Replaces the code with a new one that has its full lifetime; the old one stays as history.
-- name: issue_anew
INSERT INTO issue (attempt_id, channel, kind, nonce, digits, prefix, sandbox, recorded_at, lifetime_ms, next_try_at,
                   subject_key, address, device_id, replaces)
SELECT c.attempt_id, c.channel, c.kind, :nonce, c.digits, c.prefix, c.sandbox, :now, c.lifetime_ms, :now,
       r.subject_key, r.address, r.device_id, '[' || c.id || ']'
  FROM code c JOIN recipient r ON r.code_id = c.id
 WHERE c.id = :id
   AND (SELECT e.state FROM code_end e WHERE e.code_id = c.id ORDER BY e.id DESC LIMIT 1) = 'undeliverable'

-- Pending attempts whose time has run out fail as of their deadline.
-- name: settle
INSERT INTO decide (attempt_id, recorded_at, decided_at, outcome, reasons, reportable)
SELECT s.attempt_id, :now, s.deadline, 'failure',
       CASE WHEN EXISTS (SELECT 1 FROM code c WHERE c.attempt_id = s.attempt_id AND c.runs_from IS NOT NULL)
            THEN '["verification_expired"]' ELSE '["undeliverable"]' END, :reportable
  FROM (SELECT attempt_id, deadline FROM waiting WHERE deadline <= :now ORDER BY deadline, attempt_id LIMIT :batch) s
 ORDER BY s.attempt_id

-- How many that are, up to :batch: what a trigger changes is not counted.
-- name: count_overdue
SELECT count(*) FROM (SELECT 1 FROM waiting WHERE deadline <= :now LIMIT :batch)

-- Sealed fingerprints that are no longer needed: the attempt is not pending, and none of its reports is queued or died recently.
-- name: fingerprints_end
SELECT max(attempt_id) AS last, count(*) AS number FROM (SELECT attempt_id FROM fingerprint WHERE attempt_id > :after ORDER BY attempt_id LIMIT :batch)

-- name: count_fingerprints
SELECT count(*) FROM fingerprint WHERE attempt_id > :after AND attempt_id <= :end

-- name: forget_fingerprints
DELETE FROM fingerprint
 WHERE attempt_id > :after AND attempt_id <= :end
   AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.attempt_id = fingerprint.attempt_id)
   AND NOT EXISTS (SELECT 1 FROM report r WHERE r.attempt_id = fingerprint.attempt_id
                    AND (r.next_try_at IS NOT NULL
                         OR (SELECT e.state = 'dead' AND e.recorded_at > :dead_since FROM report_event e
                              WHERE e.report_id = r.id ORDER BY e.id DESC LIMIT 1)))
