-- Why did attempts fail, day by day? An attempt counts under each of its reasons; as_first counts those whose first reason it is.
SELECT day, reason, attempts, as_first
  FROM failure_reasons
 ORDER BY day, attempts DESC, reason;
