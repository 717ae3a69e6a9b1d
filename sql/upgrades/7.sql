-- SPDX-License-Identifier: MIT
-- The ledger, version 7. The sums that are kept of days (6.sql) also say in which states codes and reports are.

-- As reg_attempts has code_state and report_state.
CREATE TABLE kept_state (
    day      INTEGER NOT NULL,
    what     TEXT NOT NULL CHECK (what = 'code' OR what = 'report'),
    state    TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (day, what, state)
) STRICT, WITHOUT ROWID;

-- From when on the time of none of the day's codes can run out any more, which nobody records: kept_state holds as of moments from then on.
ALTER TABLE kept_day ADD COLUMN codes_over INTEGER NOT NULL DEFAULT 0;

-- The days that were summed without states are summed again by the next night.
DELETE FROM kept_day;
UPDATE kept_until SET round = round + 1;
