-- SPDX-License-Identifier: MIT
-- The ledger, version 8. The index of subjects is kept in segments.
-- An import brings hundreds of thousands of keys in no order. In a large ledger each of them meant a page of the index, read and written again. Such keys are
-- now appended to a segment of their own, in order; from time to time all segments are merged into segment 0 (see ext/admission/subject_index.h).
-- The view `subject_index` shows all segments as the one index that they are.

CREATE TABLE subject_segment (
    id      INTEGER PRIMARY KEY, -- 0: the segment of all single entries, into which the others are merged
    entries INTEGER NOT NULL     -- how many were written to it as a segment of an import's; 0 for segment 0, where nobody counts
) STRICT;
INSERT INTO subject_segment (id, entries) VALUES (0, 0);

-- The columns are those of version 1: key is SipHash-2-4 over the kind and the folded text, and holder the customer, 0 or -1.
CREATE TABLE subject_entry (
    segment    INTEGER NOT NULL REFERENCES subject_segment (id),
    key        INTEGER NOT NULL,
    holder     INTEGER NOT NULL,
    attempt_id INTEGER NOT NULL,
    PRIMARY KEY (segment, key, holder, attempt_id)
) STRICT, WITHOUT ROWID;
INSERT INTO subject_entry (segment, key, holder, attempt_id) SELECT 0, key, holder, attempt_id FROM subject;
-- It stays behind, empty, since SQLite drops no table while another statement is under way, and reg_init() is called by one. Under another name: a program of
-- version 7 that still runs must fail, not find nobody and write where nobody looks.
DELETE FROM subject;
ALTER TABLE subject RENAME TO subject_of_version_7;
