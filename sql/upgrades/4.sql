-- SPDX-License-Identifier: MIT
-- The ledger, version 4.

-- What was done to the values of a sign-up, beside the verdict: JSON, [{"column", "done", "rule"}, ...], never a value. NULL: nothing.
ALTER TABLE attempt ADD COLUMN notes TEXT;
