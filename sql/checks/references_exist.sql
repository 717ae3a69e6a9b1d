-- SPDX-License-Identifier: MIT
-- Every row that refers to another finds it.
SELECT "table", rowid AS row, parent
  FROM pragma_foreign_key_check
 WHERE "table" IN ('import', 'import_batch', 'reject', 'attempt', 'person', 'fingerprint', 'link', 'decision', 'waiting', 'continuation', 'code', 'recipient', 'code_end',
                   'wrong_try', 'given_code', 'report', 'report_event', 'try', 'consent', 'step', 'erasure')
