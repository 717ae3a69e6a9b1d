-- SPDX-License-Identifier: MIT
-- The ledger, version 10. Segment 0 of the index of subjects is a table of its own.
-- Where every row begins with the same number, SQLite compares a new key with the next column of each row that it passes: a tenth of what the writing thread
-- of an import had to do was that. What waits in the other segments is appended to their end, where hardly anything is compared.
-- The view `subject_entry` shows all entries with their segments, as the table of that name did.

CREATE TABLE subject_merged ( -- segment 0, into which the others are merged
    key        INTEGER NOT NULL,
    holder     INTEGER NOT NULL,
    attempt_id INTEGER NOT NULL,
    PRIMARY KEY (key, holder, attempt_id)
) STRICT, WITHOUT ROWID;
INSERT INTO subject_merged (key, holder, attempt_id) SELECT key, holder, attempt_id FROM subject_entry WHERE segment = 0;

CREATE TABLE subject_waiting ( -- the other segments
    segment    INTEGER NOT NULL REFERENCES subject_segment (id) CHECK (segment > 0),
    key        INTEGER NOT NULL,
    holder     INTEGER NOT NULL,
    attempt_id INTEGER NOT NULL,
    PRIMARY KEY (segment, key, holder, attempt_id)
) STRICT, WITHOUT ROWID;
INSERT INTO subject_waiting (segment, key, holder, attempt_id) SELECT segment, key, holder, attempt_id FROM subject_entry WHERE segment > 0;

-- As in version 8: no table is dropped, and a program of version 9 that still runs must fail.
DELETE FROM subject_entry;
ALTER TABLE subject_entry RENAME TO subject_of_version_9;
