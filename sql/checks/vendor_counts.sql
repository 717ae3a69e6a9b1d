-- SPDX-License-Identifier: MIT
-- What the fraud vendor counts lies within what it can have.
-- Needs the extension and :export, the vendor's dashboard export (.parameter set :export "'samples/dashboard.csv'"). Days are those of the time zone TZ.
SELECT day, outcome, vendor, ledger, certain, possible, difference, causes
  FROM reg_reconcile(:export)
 WHERE verdict = 'unexplained'
