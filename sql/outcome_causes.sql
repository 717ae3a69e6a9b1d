-- SPDX-License-Identifier: MIT
-- The outcomes in the ledger, and what the vendor was told about them, as of a moment: for reconciling a dashboard.
--
-- There is one row for each attempt that had an outcome at :as_of (unit = 1), with its report, and one for each earlier report of an attempt whose
-- outcome was corrected since (unit = 0), unless the vendor cannot have that one.
--   certain   the vendor has acknowledged it
--   possible  how many more times the vendor may have it: by a deferred or ambiguous try, one in progress, or a second acceptance
--   cause     why the vendor's count for this row may differ from unit; NULL if acknowledged
-- Covers attempted_at from :low to :high (Unix milliseconds).
-- The statement has no comments, because it is also printed as one line with values in place of the parameters.
-- name: outcome_causes
WITH verdict AS MATERIALIZED (
    SELECT a.id, a.attempted_at,
           CASE WHEN d.id IS NOT NULL THEN d.outcome
                WHEN a.outcome <> 'pending' THEN a.outcome
                WHEN a.lifetime_ms + coalesce((SELECT min(c.runs_from) FROM code c WHERE c.attempt_id = a.id AND c.runs_from <= :as_of), a.recorded_at) <= :as_of
                THEN 'failure' END AS outcome,
           CASE WHEN d.id IS NULL AND a.outcome = 'pending' THEN 'unsettled'
                WHEN coalesce(d.outcome, a.outcome) = 'success' THEN 'unsent'
                WHEN coalesce(d.reasons, a.reasons) = '["erased"]' THEN 'erased'
                ELSE 'not_reportable' END AS unreported,
           (SELECT max(l.id) FROM report l WHERE l.attempt_id = a.id AND l.recorded_at <= :as_of) AS last_report
      FROM attempt a
      LEFT JOIN decision d ON d.id = CASE WHEN a.outcome = 'pending'
                                          THEN (SELECT max(y.id) FROM decision y WHERE y.attempt_id = a.id AND y.recorded_at <= :as_of) END
     WHERE a.attempted_at BETWEEN :low AND :high AND a.recorded_at <= :as_of),
tried AS (
    SELECT v.id AS attempt_id, r.id AS report_id, v.attempted_at, r.outcome, r.outcome IS v.outcome AND r.id = v.last_report AS unit,
           count(*) FILTER (WHERE t.finished_at <= :as_of AND t.result = 'accepted') AS accepted,
           count(*) FILTER (WHERE t.finished_at <= :as_of AND t.result = 'deferred') AS deferred,
           count(*) FILTER (WHERE t.id IS NOT NULL AND (t.finished_at IS NULL OR t.finished_at > :as_of OR t.result = 'ambiguous')) AS ambiguous
      FROM verdict v
      JOIN report r ON r.attempt_id = v.id AND r.recorded_at <= :as_of
      LEFT JOIN try t ON t.report_id = r.id AND t.started_at <= :as_of
     GROUP BY r.id),
known AS MATERIALIZED (
    SELECT *, EXISTS (SELECT 1 FROM report_event e WHERE e.report_id = tried.report_id AND e.recorded_at <= :as_of AND e.state = 'acknowledged') AS acknowledged,
           coalesce((SELECT e.state FROM report_event e WHERE e.report_id = tried.report_id AND e.recorded_at <= :as_of ORDER BY e.id DESC LIMIT 1), 'queued') AS state
      FROM tried)
SELECT attempt_id, report_id, attempted_at, outcome, unit,
       acknowledged OR accepted > 0 AS certain,
       max(accepted - 1, 0) + max(deferred, state = 'deferred') + ambiguous AS possible,
       CASE WHEN NOT unit THEN 'corrected'
            WHEN acknowledged OR accepted > 0 THEN NULL
            WHEN state = 'deferred' THEN 'deferred'
            WHEN EXISTS (SELECT 1 FROM report_event e WHERE e.report_id = known.report_id AND e.recorded_at > :as_of AND e.state IN ('acknowledged', 'deferred'))
            THEN 'reported_after_export'
            WHEN state IN ('dead', 'erased') THEN state
            ELSE 'unsent' END AS cause
  FROM known
 WHERE unit OR acknowledged OR accepted + deferred + ambiguous > 0 OR state = 'deferred'
UNION ALL
SELECT v.id, NULL, v.attempted_at, v.outcome, 1, 0, 0, unreported
  FROM verdict v LEFT JOIN report r ON r.id = v.last_report
 WHERE v.outcome IS NOT NULL AND v.outcome IS NOT r.outcome
