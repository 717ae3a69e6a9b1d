-- SPDX-License-Identifier: MIT
-- The ledger, version 6. Its rules are made anew: taking codes and reports is a rule over a set (sql/rules/take_*.sql).

-- Sums of days (UTC, by attempted_at) on which nothing waits, so that a question about months need not read each attempt again.
--
-- A kept day is as good as its facts because facts are only added, each with an id above all others of its table. Whatever is recorded of a day after its sums were
-- taken has an id above those in kept_until; the view touched_day finds such days, and nobody uses their sums (resting_day). So nothing that writes facts has to know
-- of the sums. What changes in a row that is there already is seen otherwise: a try that is not finished counts as new, an attempt that waits keeps its
-- day from being summed, the rule finish_code lets go of a day whose code was accepted after its try had been given up, and the rule forget of the days of
-- the person's attempts.
-- newest is the time of the day's newest fact: as of an earlier moment the sums do not hold, and the facts are read.
CREATE TABLE kept_until (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    round           INTEGER NOT NULL, -- moves on whenever days are let go, so that sums that were taken before are not kept after it
    attempt_id      INTEGER NOT NULL,
    decision_id     INTEGER NOT NULL,
    code_id         INTEGER NOT NULL,
    code_end_id     INTEGER NOT NULL,
    report_id       INTEGER NOT NULL,
    report_event_id INTEGER NOT NULL,
    try_id          INTEGER NOT NULL,
    step_id         INTEGER NOT NULL,
    called_id       INTEGER NOT NULL -- the tries up to this one are counted in kept_call
) STRICT;
INSERT INTO kept_until VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

-- The columns from received to subscribed are those of the view funnel.
CREATE TABLE kept_day (
    day        INTEGER PRIMARY KEY, -- since 1970-01-01
    newest     INTEGER NOT NULL,
    received   INTEGER NOT NULL,
    accepted   INTEGER NOT NULL,
    code_sent  INTEGER NOT NULL,
    confirmed  INTEGER NOT NULL,
    registered INTEGER NOT NULL,
    kyc        INTEGER NOT NULL,
    subscribed INTEGER NOT NULL
) STRICT;
CREATE TABLE kept_outcome (
    day      INTEGER NOT NULL,
    outcome  TEXT NOT NULL,
    reasons  TEXT NOT NULL, -- '' where there are none
    attempts INTEGER NOT NULL,
    PRIMARY KEY (day, outcome, reasons)
) STRICT, WITHOUT ROWID;
CREATE TABLE kept_note (
    day      INTEGER NOT NULL,
    "column" TEXT NOT NULL,
    done     TEXT NOT NULL,
    rule     TEXT NOT NULL,
    number   INTEGER NOT NULL,
    PRIMARY KEY (day, "column", done, rule)
) STRICT, WITHOUT ROWID;
-- What the vendor may have of a quarter of an hour (ext/fraud/outcome_counts.h): time zones differ by no less.
CREATE TABLE kept_cause (
    slot     INTEGER NOT NULL, -- quarters of an hour since 1970-01-01
    outcome  TEXT NOT NULL,
    cause    TEXT NOT NULL, -- '' where the vendor has acknowledged it
    unit     INTEGER NOT NULL,
    certain  INTEGER NOT NULL,
    possible INTEGER NOT NULL,
    open     INTEGER NOT NULL,
    listed   INTEGER NOT NULL,
    unsure   INTEGER NOT NULL,
    PRIMARY KEY (slot, outcome, cause)
) STRICT, WITHOUT ROWID;
-- The hours in which an address, a device or a mail domain sent many sign-ups: where duplicate_storms has to look.
CREATE TABLE kept_storm (
    hour INTEGER PRIMARY KEY -- since 1970-01-01
) STRICT;

-- Network calls by day (UTC, by started_at) and channel, as in the view channel_health. Tries start in the order of their ids and are final once
-- finished; should a clock have gone back, the days of later tries are read from the tries.
CREATE TABLE kept_call (
    day            INTEGER NOT NULL,
    channel        TEXT NOT NULL,
    calls          INTEGER NOT NULL,
    accepted       INTEGER NOT NULL,
    deferred       INTEGER NOT NULL,
    refused        INTEGER NOT NULL,
    not_accepted   INTEGER NOT NULL,
    ambiguous      INTEGER NOT NULL,
    unanswered     INTEGER NOT NULL,
    median_seconds REAL,
    p95_seconds    REAL,
    last_failure   INTEGER, -- a try
    PRIMARY KEY (day, channel)
) STRICT, WITHOUT ROWID;

-- What the file of an import was read as: its form, dialect and profile in words, by which it goes on (NULL: CSV as RFC 4180 has it). And what a
-- rejected JSON record is: its kind is `quoting` or `field_count` then (see 5.sql).
ALTER TABLE import ADD COLUMN form TEXT;
ALTER TABLE reject ADD COLUMN mistake TEXT CHECK (mistake IS NULL OR mistake = 'syntax' OR mistake = 'not_an_object' OR mistake = 'member');

-- A ledger on a cluster (sql/rules/once.sql). A ledger in a file has these tables, too, and leaves them empty.

-- Who writes, a run each, and the number of its last write that was carried out.
CREATE TABLE session (
    owner    TEXT PRIMARY KEY, -- host, process and chance
    sequence INTEGER NOT NULL,
    seen_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What one run alone may do at a time: a step, the import of a file. After `until` another may take it.
CREATE TABLE lease (
    what  TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Always empty. What stands in the way of a write is inserted here, and the constraint that refuses it names it.
CREATE TABLE obstacle (
    what TEXT NOT NULL CONSTRAINT lost CHECK (what <> 'lost') CONSTRAINT again CHECK (what <> 'again') CONSTRAINT gap CHECK (what <> 'gap')
         CONSTRAINT version CHECK (what <> 'version') CONSTRAINT stale CHECK (what <> 'stale')
) STRICT;

-- Which run of the job, among those of several machines: host, process and chance.
ALTER TABLE run ADD COLUMN owner TEXT;

-- A MAC of the ledger's uuid under the key that belongs to it, where the key does not lie beside the ledger: a wrong key is noticed. NULL in a file.
ALTER TABLE ledger ADD COLUMN key_mark BLOB CHECK (key_mark IS NULL OR length(key_mark) = 32);
