-- Who is still waiting, and for how long? overdue: time is up, and `regjob settle` has not been run since.
SELECT age, attempts, code_sent, overdue
  FROM pending_ages
 ORDER BY age;
