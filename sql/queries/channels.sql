-- Which channel (or the fraud API) is slow or failing? The worst first.
SELECT day, channel, calls, failing_percent, accepted, deferred, refused, not_accepted, ambiguous, unanswered, median_seconds, p95_seconds, last_error
  FROM channel_health
 ORDER BY day DESC, failing_percent DESC, p95_seconds DESC;
