-- SPDX-License-Identifier: MIT
-- Nothing was recorded before what it is about, and attempts were recorded in the order of their numbers.
SELECT 'attempt' AS what, id FROM (SELECT id, recorded_at < lag(recorded_at) OVER (ORDER BY id) AS back FROM attempt) WHERE back AND (SELECT in_order FROM clock)
UNION ALL
SELECT 'decision', d.id FROM decision d JOIN attempt a ON a.id = d.attempt_id WHERE d.recorded_at < a.recorded_at AND (SELECT in_order FROM clock)
UNION ALL
SELECT 'code_end', e.id FROM code_end e JOIN code c ON c.id = e.code_id WHERE e.recorded_at < c.recorded_at AND (SELECT in_order FROM clock)
UNION ALL
SELECT 'report_event', v.id FROM report_event v JOIN report r ON r.id = v.report_id WHERE v.recorded_at < r.recorded_at AND (SELECT in_order FROM clock)
