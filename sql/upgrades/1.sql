-- SPDX-License-Identifier: MIT
-- The ledger, version 1.
--
-- Facts are added with the time they became known (recorded_at, Unix milliseconds) and never changed, so that the ledger can be read as
-- it stood at any past moment. Columns that are set once, from NULL, say so. What is personal stands apart (person, recipient, fingerprint), so that a person can be erased
-- and every count still adds up. Queues (waiting, next_try_at) and the index of subjects are derived from the facts and do change.
-- SQLite's JSON functions (json_each apart) may not stand in a schema that is not trusted, and hosts turn that trust off: none is used in CHECKs or triggers.
-- A CHECK names more than two values with OR: for an IN list SQLite would fill a table of its own at each row that a trigger writes.

CREATE TABLE ledger (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    uuid         BLOB NOT NULL CHECK (length(uuid) = 16),
    subject_salt BLOB NOT NULL CHECK (length(subject_salt) = 16), -- key of the hash in subject.key
    created_at   INTEGER NOT NULL
) STRICT;

-- Registration settings, a row for each change; the one with the highest id is in force.
CREATE TABLE setting (
    id          INTEGER PRIMARY KEY,
    recorded_at INTEGER NOT NULL,
    json        TEXT NOT NULL
) STRICT;

-- One run of the job. finished_at, exit_code and counts are set once, at its end.
CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    command     TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    exit_code   INTEGER,
    counts      TEXT -- JSON
) STRICT;

-- One file of sign-ups, known by its digest (BLAKE2b-256 of all its bytes). finished_at is set once; so are the digest and length of a stream,
-- which has no end before it is read.
CREATE TABLE import (
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER REFERENCES run (id),
    name        TEXT NOT NULL,
    digest      BLOB CHECK (digest IS NULL OR length(digest) = 32),
    bytes       INTEGER,
    continues   INTEGER REFERENCES import (id), -- the import of the file's beginning, where it has grown since
    started_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE INDEX import_digest ON import (digest);
CREATE INDEX import_name ON import (name);

-- How far an import had come at each commit: sums since its first row, so that the last row tells all.
CREATE TABLE import_batch (
    import_id   INTEGER NOT NULL REFERENCES import (id),
    recorded_at INTEGER NOT NULL,
    end_offset  INTEGER NOT NULL, -- bytes of the file that are done with
    end_line    INTEGER NOT NULL, -- lines of the file that are done with
    read        INTEGER NOT NULL,
    success     INTEGER NOT NULL,
    pending     INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    continued   INTEGER NOT NULL,
    rejected    INTEGER NOT NULL,
    rejects_bytes INTEGER NOT NULL, -- how long FILE.rejects was
    prefix      BLOB, -- of a stream: BLAKE2b-256 of its first end_offset bytes
    -- Law of the sum: nothing that was read goes missing.
    CONSTRAINT sum_holds CHECK (read = success + pending + failed + continued + rejected),
    PRIMARY KEY (import_id, end_offset)
) STRICT, WITHOUT ROWID;

-- Lines that could not be read at all. Their bytes are in FILE.rejects, not here: they may hold secrets.
CREATE TABLE reject (
    import_id     INTEGER NOT NULL REFERENCES import (id),
    line          INTEGER NOT NULL,
    byte_offset   INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    column_number INTEGER, -- counted from 1; NULL where the whole record is meant
    kind          TEXT NOT NULL CHECK (kind = 'quoting' OR kind = 'field_count' OR kind = 'encoding' OR kind = 'nul' OR kind = 'too_long'),
    message       TEXT NOT NULL,
    recorded_at   INTEGER NOT NULL,
    PRIMARY KEY (import_id, line)
) STRICT, WITHOUT ROWID;

-- One sign-up as it was admitted, and the verdict of that moment. What changed later is in decision.
CREATE TABLE attempt (
    id                INTEGER PRIMARY KEY,
    recorded_at       INTEGER NOT NULL,
    attempted_at      INTEGER NOT NULL,
    import_id         INTEGER REFERENCES import (id),
    line              INTEGER,
    setting_id        INTEGER NOT NULL REFERENCES setting (id),
    outcome           TEXT NOT NULL CHECK (outcome = 'pending' OR outcome = 'success' OR outcome = 'failure'),
    reasons           TEXT CHECK ((reasons IS NULL) = (outcome <> 'failure')),
    customer_id       INTEGER CHECK ((customer_id IS NULL) = (outcome <> 'success')), -- the attempt that created the customer
    link_to           INTEGER, -- the third-party customer that gets this attempt's password when it is confirmed
    lifetime_ms       INTEGER CHECK ((lifetime_ms IS NULL) = (outcome <> 'pending')),
    told              TEXT, -- an outcome decided elsewhere
    told_reason       TEXT,
    country           TEXT,
    currency          TEXT,
    locale            TEXT,
    phone_country     TEXT,
    user_type         TEXT,
    partner_id        ANY, -- as it was sent where it is not a number; likewise below
    source_id         TEXT,
    account_group_id  TEXT,
    identity_provider TEXT,
    device_type       TEXT,
    manufacturer      TEXT,
    model             TEXT,
    os                TEXT,
    language          TEXT,
    app_name          TEXT,
    app_platform      TEXT,
    app_domain        TEXT,
    guest_account     ANY,
    captcha           TEXT,
    recommendation    TEXT,
    consents          TEXT,
    has_password      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX attempt_line ON attempt (import_id, line) WHERE import_id IS NOT NULL;
CREATE INDEX attempt_attempted_at ON attempt (attempted_at);
CREATE INDEX attempt_outcome ON attempt (outcome);

-- What is personal of an attempt. password_hash is set once, and again when the customer logs in and a stronger hash of the same password is due; erasing
-- deletes the row.
CREATE TABLE person (
    attempt_id        INTEGER PRIMARY KEY REFERENCES attempt (id),
    email             TEXT,
    email_folded      TEXT,
    email_key         INTEGER,
    phone             TEXT,
    phone_key         INTEGER,
    username          TEXT,
    username_folded   TEXT,
    username_key      INTEGER,
    uuid              TEXT,
    uuid_key          INTEGER,
    identity_subject  TEXT,
    identity_key      INTEGER,
    name              TEXT,
    given_name        TEXT,
    family_name       TEXT,
    birth_date        TEXT,
    birth_place       TEXT,
    gender            TEXT,
    custom_id         TEXT,
    device_id         TEXT,
    ip_address        TEXT,
    latitude          ANY,
    longitude         ANY,
    user_agent        TEXT,
    email_verified_at INTEGER,
    phone_verified_at INTEGER,
    password_hash     TEXT
) STRICT;

-- An unsalted hash of the password as the fraud API wants it, sealed with a key outside the ledger; deleted once it is not needed.
CREATE TABLE fingerprint (
    attempt_id INTEGER PRIMARY KEY REFERENCES attempt (id),
    sealed     BLOB NOT NULL
) STRICT;

-- The index of e-mail addresses, phones, usernames, uuids and third-party identities: who holds one, who waits for it, who asked in vain.
-- key: SipHash-2-4 over the kind and the folded text; 64 bits can collide, so a hit is checked against person.
-- holder: the customer; 0 while the attempt is pending; -1 where it came to nothing. In this order one b-tree answers what is asked of it with a short range.
CREATE TABLE subject (
    key        INTEGER NOT NULL,
    holder     INTEGER NOT NULL,
    attempt_id INTEGER NOT NULL,
    PRIMARY KEY (key, holder, attempt_id)
) STRICT, WITHOUT ROWID;

-- A third-party identity that was found to be a customer's after that customer had registered. Erasing deletes the row.
CREATE TABLE link (
    identity_key      INTEGER NOT NULL,
    customer_id       INTEGER NOT NULL REFERENCES attempt (id),
    identity_provider TEXT NOT NULL,
    identity_subject  TEXT NOT NULL,
    recorded_at       INTEGER NOT NULL,
    PRIMARY KEY (identity_key, customer_id)
) STRICT, WITHOUT ROWID;

-- A verdict after admission: confirmed, settled, superseded, corrected, erased.
CREATE TABLE decision (
    id          INTEGER PRIMARY KEY,
    attempt_id  INTEGER NOT NULL REFERENCES attempt (id),
    recorded_at INTEGER NOT NULL,
    decided_at  INTEGER NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('success', 'failure')),
    reasons     TEXT CHECK ((reasons IS NULL) = (outcome = 'success')),
    customer_id INTEGER CHECK ((customer_id IS NULL) = (outcome = 'failure'))
) STRICT;
CREATE INDEX decision_attempt ON decision (attempt_id);

-- Queue: pending attempts and when their time is up.
CREATE TABLE waiting (
    attempt_id INTEGER PRIMARY KEY REFERENCES attempt (id),
    deadline   INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_deadline ON waiting (deadline);

-- A row that goes on with something that exists: a third-party log-in of a known customer, or the second request of a two-step sign-up.
CREATE TABLE continuation (
    id          INTEGER PRIMARY KEY, -- from the same range as attempt.id
    recorded_at INTEGER NOT NULL,
    attempted_at INTEGER NOT NULL,
    import_id   INTEGER REFERENCES import (id),
    line        INTEGER,
    kind        TEXT NOT NULL CHECK (kind IN ('login', 'confirmation')),
    attempt_id  INTEGER REFERENCES attempt (id), -- the attempt it goes on with; NULL where none was found
    verdict     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX continuation_line ON continuation (import_id, line) WHERE import_id IS NOT NULL;

-- A confirmation code: everything but the code, which is derived from the nonce and a key outside the ledger.
-- runs_from and handed_over_at are set once; next_try_at is the queue.
CREATE TABLE code (
    id             INTEGER PRIMARY KEY,
    attempt_id     INTEGER REFERENCES attempt (id),
    ordinal        INTEGER NOT NULL, -- the how-manieth for this attempt and channel
    channel        TEXT NOT NULL CHECK (channel = 'email' OR channel = 'sms' OR channel = 'none'),
    kind           TEXT NOT NULL CHECK (kind IN ('pin', 'token')),
    nonce          BLOB NOT NULL UNIQUE CHECK (length(nonce) = 16),
    digits         INTEGER NOT NULL,
    prefix         TEXT,
    sandbox        INTEGER NOT NULL,
    recorded_at    INTEGER NOT NULL,
    lifetime_ms    INTEGER NOT NULL,
    runs_from      INTEGER,
    handed_over_at INTEGER,
    next_try_at    INTEGER
) STRICT;
CREATE INDEX code_attempt ON code (attempt_id);
CREATE INDEX code_due ON code (channel, next_try_at) WHERE next_try_at IS NOT NULL;

-- Whom a code is for. Erasing deletes the row.
CREATE TABLE recipient (
    code_id     INTEGER PRIMARY KEY REFERENCES code (id),
    subject_key INTEGER NOT NULL,
    address     TEXT NOT NULL,
    device_id   TEXT
) STRICT;
CREATE INDEX recipient_subject ON recipient (subject_key);

CREATE TABLE code_end (
    id          INTEGER PRIMARY KEY,
    code_id     INTEGER NOT NULL REFERENCES code (id),
    recorded_at INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state = 'verified' OR state = 'exhausted' OR state = 'superseded' OR state = 'undeliverable' OR state = 'cancelled'),
    entered_at  INTEGER -- when the code was verified, or the wrong one that exhausted it entered: that may be before it was recorded
) STRICT;
CREATE INDEX code_end_code ON code_end (code_id);

CREATE TABLE wrong_try (
    id          INTEGER PRIMARY KEY,
    code_id     INTEGER NOT NULL REFERENCES code (id),
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX wrong_try_code ON wrong_try (code_id);

-- An outcome that the fraud API is to be told. next_try_at is the queue.
CREATE TABLE report (
    id          INTEGER PRIMARY KEY,
    attempt_id  INTEGER NOT NULL REFERENCES attempt (id),
    outcome     TEXT NOT NULL CHECK (outcome IN ('success', 'failure')),
    reasons     TEXT,
    recorded_at INTEGER NOT NULL,
    next_try_at INTEGER
) STRICT;
CREATE INDEX report_attempt ON report (attempt_id);
CREATE INDEX report_due ON report (next_try_at) WHERE next_try_at IS NOT NULL;

CREATE TABLE report_event (
    id               INTEGER PRIMARY KEY,
    report_id        INTEGER NOT NULL REFERENCES report (id),
    recorded_at      INTEGER NOT NULL,
    state            TEXT NOT NULL CHECK (state = 'queued' OR state = 'acknowledged' OR state = 'deferred' OR state = 'dead' OR state = 'erased'),
    vendor_timestamp INTEGER
) STRICT;
CREATE INDEX report_event_report ON report_event (report_id);
CREATE INDEX report_event_dead ON report_event (report_id) WHERE state = 'dead';

-- The journal: one network call for a code or a report, committed before it is made. What came of it is set once.
CREATE TABLE try (
    id          INTEGER PRIMARY KEY,
    code_id     INTEGER REFERENCES code (id),
    report_id   INTEGER REFERENCES report (id),
    run_id      INTEGER REFERENCES run (id),
    owner       TEXT NOT NULL, -- host and process that made the call
    started_at  INTEGER NOT NULL,
    lease_until INTEGER NOT NULL, -- after it another host may take the item
    finished_at INTEGER,
    result      TEXT CHECK (result = 'accepted' OR result = 'deferred' OR result = 'refused' OR result = 'not_accepted' OR result = 'ambiguous'),
    status      INTEGER,
    answer      TEXT,
    retry_at    INTEGER,
    CHECK ((code_id IS NULL) <> (report_id IS NULL)),
    CHECK ((finished_at IS NULL) = (result IS NULL))
) STRICT;
CREATE INDEX try_code ON try (code_id) WHERE code_id IS NOT NULL;
CREATE INDEX try_report ON try (report_id) WHERE report_id IS NOT NULL;
CREATE INDEX try_open ON try (lease_until) WHERE finished_at IS NULL;

-- Consents stated after registration; the ones stated with it are in attempt.consents.
CREATE TABLE consent (
    id          INTEGER PRIMARY KEY,
    attempt_id  INTEGER NOT NULL REFERENCES attempt (id),
    name        TEXT NOT NULL,
    version     TEXT,
    state       TEXT NOT NULL CHECK (state IN ('accepted', 'declined')),
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX consent_attempt ON consent (attempt_id);

-- Later steps of onboarding: KYC, SUBSCRIPTION, PAYMENT, ...
CREATE TABLE step (
    id          INTEGER PRIMARY KEY,
    attempt_id  INTEGER NOT NULL REFERENCES attempt (id),
    name        TEXT NOT NULL,
    status      TEXT NOT NULL,
    reference   TEXT,
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX step_attempt ON step (attempt_id);

CREATE TABLE erasure (
    attempt_id  INTEGER PRIMARY KEY REFERENCES attempt (id),
    recorded_at INTEGER NOT NULL
) STRICT;
