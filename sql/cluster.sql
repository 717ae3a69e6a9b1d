-- SPDX-License-Identifier: MIT
-- A ledger on a cluster: leases and sessions (see rules/once.sql).

-- name: lease_owner
SELECT owner, until FROM lease WHERE what = :what

-- name: release_lease
DELETE FROM lease WHERE what = :what AND owner = :owner

-- name: end_session
DELETE FROM session WHERE owner = :owner

-- Of runs that were ended from outside. Their last writes, were they still on their way, would be refused as gaps.
-- name: forget_sessions
DELETE FROM session WHERE seen_at < :before

-- name: key_mark
SELECT key_mark FROM ledger

-- name: set_key_mark
UPDATE ledger SET key_mark = :mark WHERE key_mark IS NULL

-- What every write begins with. newest: a moment after which the newest entry of the ledger must not be, or time would go back.
-- name: begin_write
INSERT INTO once (owner, sequence, version, found_version, leases, lease_until, recorded_at, premise)
SELECT :owner, :sequence, :version, (SELECT user_version FROM pragma_user_version), :leases, :lease_until, :recorded_at,
       coalesce((SELECT newest FROM clock) <= :newest, 1)

-- Rows that grow, move or go leave nothing behind on the node.
-- name: leave_nothing
PRAGMA main.secure_delete = ON
