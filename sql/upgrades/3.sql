-- The ledger, version 3.

-- Of a ledger beside another application's tables, whose user_version is not ours to set: the ledger's version. NULL: user_version has it.
ALTER TABLE ledger ADD COLUMN version INTEGER;
