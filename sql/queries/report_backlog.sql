-- SPDX-License-Identifier: MIT
-- Which outcomes has the fraud API not been told, and since when?
SELECT state, outcome, reports, strftime('%Y-%m-%dT%H:%M:%SZ', oldest_ms / 1000, 'unixepoch') AS oldest, oldest_hours, tries, ambiguous_tries
  FROM report_backlog
 ORDER BY state, outcome;
