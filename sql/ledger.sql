-- SPDX-License-Identifier: MIT
-- The ledger itself: identity, settings, time.

-- name: user_version
PRAGMA main.user_version

-- name: schema_version
PRAGMA main.schema_version

-- A long call runs this now and then. It fails if the host was interrupted or its progress handler says stop.
-- name: goes_on
SELECT 1

-- name: application_id
PRAGMA main.application_id

-- name: version_beside
SELECT version FROM main.ledger

-- name: mark_beside
UPDATE ledger SET version = :version

-- name: insert_ledger
INSERT INTO ledger (id, uuid, subject_salt, created_at) VALUES (1, :uuid, :subject_salt, :recorded_at)

-- name: ledger_identity
SELECT uuid, subject_salt FROM ledger

-- name: insert_setting
INSERT INTO setting (id, recorded_at, json)
SELECT coalesce(max(id), 0) + 1, :recorded_at, :json FROM setting

-- name: newest_setting
SELECT id, json FROM setting ORDER BY id DESC LIMIT 1

-- All default countries that the ledger has had, newest first.
-- name: default_countries
SELECT country FROM (SELECT CASE WHEN json_valid(json) THEN json_extract(json, '$.defaultCountry') END AS country, id FROM setting)
 WHERE country IS NOT NULL GROUP BY country ORDER BY max(id) DESC

-- name: newest_setting_id
SELECT max(id) FROM setting

-- The time of the newest entry, and what the clock showed then.
-- name: newest_entry
SELECT newest, read_at FROM clock

-- name: notice_clock
UPDATE clock SET read_at = :clock WHERE read_at > :clock AND newest > :clock + :agrees

-- The last run may be the one that asks.
-- name: newest_entry_or_run
SELECT max(newest, coalesce((SELECT max(started_at) FROM (SELECT started_at FROM run ORDER BY id DESC LIMIT 2)), 0)) FROM clock

-- name: mark_entry
UPDATE clock SET newest = :now, read_at = :clock WHERE newest < :now OR read_at > :clock

-- What has the name of a plain view.
-- name: plain_view_holder
SELECT type, sql FROM main.sqlite_schema WHERE name = :name COLLATE NOCASE AND type <> 'trigger'

-- A snapshot: a copy of the whole ledger in one file. This table marks it; no ledger has it.
-- name: copy_into
VACUUM main INTO :path

-- name: make_snapshot
CREATE TABLE main.ledger_snapshot (source TEXT NOT NULL, taken_at INTEGER NOT NULL) STRICT

-- name: mark_snapshot
INSERT INTO main.ledger_snapshot (source, taken_at) VALUES (:source, :taken_at)

-- name: snapshot_source
SELECT source, taken_at FROM main.ledger_snapshot LIMIT 1

-- name: end_snapshot
DROP TABLE main.ledger_snapshot

-- Says `ok`, or the first thing that is wrong.
-- name: quick_check
PRAGMA main.quick_check(1)
