-- The ledger, version 5.

-- What a rejected record is, where its kind does not say it: header_again. Its kind is field_count then: the list of kinds cannot grow, because SQLite
-- makes a table anew for that, and does not while the host reads anything on the connection.
ALTER TABLE reject ADD COLUMN what TEXT CHECK (what IS NULL OR what = 'header_again');
