-- How long do people wait for their code, and how long do they take to enter it? In seconds.
SELECT channel, until, codes, median_seconds, p95_seconds, slowest_seconds
  FROM code_times
 ORDER BY channel, until DESC;
