-- By what does the vendor's dashboard differ from the ledger, and why? Also shown by `regjob reconcile FILE`, with the rows behind it.
-- Needs the extension, and :file, the export (.parameter set :file "'samples/dashboard.csv'"). :as_of: when it was exported; now unless set.
SELECT day, outcome, vendor, ledger, certain, possible, difference, verdict, causes
  FROM reg_reconcile
 WHERE file = :file AND as_of = coalesce(:as_of, unixepoch() * 1000)
 ORDER BY day, outcome DESC;
