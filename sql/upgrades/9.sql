-- SPDX-License-Identifier: MIT
-- The ledger, version 9. Attempts are found by where they came from: the device, the address and the mail domain.
-- Such an index in every write would cost an import a page for each key. So it is built behind: the night brings in all attempts up to kept_through.origin_id, and
-- whoever asks reads the newer ones, which are few, one by one (views newer_origin and origin_index). As with the sums of days, nothing that writes has to
-- know of it: what a person came with never changes, and the rule forget takes out what it erases.

-- What nights bring in is appended to runs, in their order; from time to time all runs are merged into run 0 (see jobs/indexes/origin_index.h). Of an
-- attempt that is not merged, the run is a matter of its id: the view origin_run.
CREATE TABLE kept_origin (
    run        INTEGER NOT NULL,
    kind       INTEGER NOT NULL, -- 1: person.device_id, 2: person.ip_address, 3: the mail domain of person.email_folded
    value      TEXT NOT NULL,
    attempt_id INTEGER NOT NULL,
    PRIMARY KEY (run, kind, value, attempt_id)
) STRICT, WITHOUT ROWID;

-- Under another name: a program of version 8 that still runs must fail, not erase people and leave where they came from.
ALTER TABLE kept_until RENAME TO kept_through;
-- Attempts up to this one are in kept_origin, and up to that one in run 0.
ALTER TABLE kept_through ADD COLUMN origin_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE kept_through ADD COLUMN merged_id INTEGER NOT NULL DEFAULT 0;
