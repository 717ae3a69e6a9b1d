-- SPDX-License-Identifier: MIT
-- rule: premise
-- What a write on a cluster goes by: what its owner read, and what is there now, in one form. Where they differ, the write is stale.

-- step: stale
INSERT INTO obstacle (what) SELECT 'stale' WHERE :seen IS NOT :found;
