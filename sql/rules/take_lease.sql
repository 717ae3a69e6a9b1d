-- SPDX-License-Identifier: MIT
-- rule: take_lease
-- Takes a lease that nobody has, or whose time is over; or that a run of the same host has left behind: `host` is what that owner begins with, where the
-- host's own lock tells that no such run is going on, else NULL. Whoever had it loses it: his next write is refused. Who has it now, the table lease tells.

-- step: expired
DELETE FROM lease
 WHERE what = :what AND (until <= :recorded_at OR substr(owner, 1, length(:host)) = :host);

-- step: take
INSERT INTO lease (what, owner, until)
SELECT :what, :owner, :lease_until WHERE NOT EXISTS (SELECT 1 FROM lease WHERE what = :what);
