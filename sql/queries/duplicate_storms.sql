-- Which addresses, devices and mail domains sent many sign-ups within an hour? emails: how many people these seem to be.
SELECT hour, kind, value, attempts, emails, taken, success
  FROM duplicate_storms
 ORDER BY attempts DESC, hour, kind, value;
