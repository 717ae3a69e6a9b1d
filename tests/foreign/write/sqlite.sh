#!/bin/sh
# SPDX-License-Identifier: MIT
# The sqlite3 shell's .mode csv over a table of users: booleans are 0 and 1, times Unix seconds.
exec sqlite3 -batch :memory: "
CREATE TABLE users AS
SELECT value ->> 'external_id' AS id, value ->> 'email' AS email, value ->> 'username' AS username, value ->> 'given_name' AS first_name,
       value ->> 'family_name' AS last_name, value ->> 'phone' AS phone, value ->> 'birth_date' AS birth_date, value ->> 'country' AS country,
       value ->> 'locale' AS locale, value ->> 'currency' AS currency, unixepoch(value ->> 'signed_up_at') AS created_at,
       value ->> 'email_verified' AS email_verified, value ->> 'accepts_terms' AS terms_accepted, value ->> 'accepts_marketing' AS marketing_accepted,
       value ->> 'ip_address' AS ip_address, value ->> 'device' AS device, value ->> 'user_agent' AS user_agent, value ->> 'address' AS address,
       value ->> 'note' AS note
  FROM json_each(CAST(readfile('people.json') AS TEXT));" '.headers on' '.mode csv' 'SELECT * FROM users;'
