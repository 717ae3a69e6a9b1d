-- SPDX-License-Identifier: MIT
-- Who is still waiting, and for how long? overdue: the time is up, but `regjob settle` has not run since.
SELECT age, attempts, code_sent, overdue
  FROM pending_ages
 ORDER BY age;
