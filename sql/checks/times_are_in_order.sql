-- SPDX-License-Identifier: MIT
-- Nothing was recorded before what it is about, and attempts were recorded in the order of their numbers.
SELECT 'attempt' AS what, a.id FROM attempt a -- not by lag(), which keeps all rows
 WHERE a.recorded_at < (SELECT b.recorded_at FROM attempt b WHERE b.id < a.id ORDER BY b.id DESC LIMIT 1) AND (SELECT in_order FROM clock)
UNION ALL
SELECT 'decision', d.id FROM decision d JOIN attempt a ON a.id = d.attempt_id WHERE d.recorded_at < a.recorded_at AND (SELECT in_order FROM clock)
UNION ALL
SELECT 'code_end', e.id FROM code_end e JOIN code c ON c.id = e.code_id WHERE e.recorded_at < c.recorded_at AND (SELECT in_order FROM clock)
UNION ALL
SELECT 'report_event', v.id FROM report_event v JOIN report r ON r.id = v.report_id WHERE v.recorded_at < r.recorded_at AND (SELECT in_order FROM clock)
