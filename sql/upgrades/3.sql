-- The ledger, version 3.

-- Rules whose names are others now.
DROP VIEW IF EXISTS due;
DROP VIEW IF EXISTS start;
DROP VIEW IF EXISTS requeue;

-- A code is good once, whoever asks at the same time.
CREATE UNIQUE INDEX code_end_verified ON code_end (code_id) WHERE state = 'verified';
