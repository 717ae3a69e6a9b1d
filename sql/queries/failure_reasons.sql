-- Why did attempts fail, day by day? An attempt counts under each of its reasons; as_first: where it is the first of them.
SELECT day, reason, attempts, as_first
  FROM failure_reasons
 ORDER BY day, attempts DESC, reason;
