-- From which address, device or mail domain did many sign-ups come within an hour? emails: how many people that seem to be.
SELECT hour, kind, value, attempts, emails, taken, success
  FROM duplicate_storms
 ORDER BY attempts DESC, hour, kind, value;
