-- SPDX-License-Identifier: MIT
-- How does the vendor's dashboard differ from the ledger, and why? `regjob reconcile FILE` also shows the rows behind each cause.
-- Needs the extension and :file, the export (.parameter set :file "'samples/dashboard.csv'"). :as_of is the time of the export, by default now.
SELECT day, outcome, vendor, ledger, certain, possible, difference, verdict, causes
  FROM reg_reconcile
 WHERE file = :file AND as_of = coalesce(:as_of, unixepoch() * 1000)
 ORDER BY day, outcome DESC;
