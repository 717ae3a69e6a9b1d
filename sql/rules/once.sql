-- SPDX-License-Identifier: MIT
-- rule: once
-- Begins a write on a cluster, where a request may be carried out twice, or long after it was sent. What stands in its way ends it, in this order:
-- lost: the owner no longer has a lease that it says it has. again: this write was carried out before. gap: one before it was not.
-- version: the ledger's version (found_version) is not the one that the owner knows. stale: what the owner read is no longer so.
--
-- owner, sequence: who writes, and the how-manieth write this is. leases: a JSON array of what the owner has; lease_until: until when it has that now.
-- premise: whether what was read is still so.

-- step: lost
INSERT INTO obstacle (what)
SELECT 'lost'
 WHERE EXISTS (SELECT 1 FROM json_each(:leases) l WHERE NOT EXISTS (SELECT 1 FROM lease h WHERE h.what = l.value AND h.owner = :owner));

-- step: again
INSERT INTO obstacle (what) SELECT 'again' WHERE EXISTS (SELECT 1 FROM session WHERE owner = :owner AND sequence >= :sequence);

-- step: gap
INSERT INTO obstacle (what) SELECT 'gap' WHERE coalesce((SELECT sequence FROM session WHERE owner = :owner), 0) <> :sequence - 1;

-- step: version
INSERT INTO obstacle (what) SELECT 'version' WHERE :version IS NOT :found_version;

-- step: stale
INSERT INTO obstacle (what) SELECT 'stale' WHERE NOT :premise;

-- step: first
INSERT INTO session (owner, sequence, seen_at) SELECT :owner, 0, :recorded_at WHERE :sequence = 1;

-- step: next
UPDATE session SET sequence = :sequence, seen_at = :recorded_at WHERE owner = :owner;

-- step: lease
UPDATE lease SET until = :lease_until WHERE owner = :owner AND what IN (SELECT value FROM json_each(:leases));
