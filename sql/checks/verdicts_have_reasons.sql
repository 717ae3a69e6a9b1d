-- SPDX-License-Identifier: MIT
-- Every failure has its reasons, and nothing else has any.
SELECT id AS attempt_id, outcome, reasons FROM attempt WHERE CASE outcome WHEN 'failure' THEN coalesce(reasons NOT LIKE '["%"]', 1) ELSE reasons IS NOT NULL END
UNION ALL
SELECT attempt_id, outcome, reasons FROM decision WHERE CASE outcome WHEN 'failure' THEN coalesce(reasons NOT LIKE '["%"]', 1) ELSE reasons IS NOT NULL END
