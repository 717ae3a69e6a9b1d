-- SPDX-License-Identifier: MIT
-- Which attempts were there, in cells that no spreadsheet takes for a formula?
-- Needs the extension, for reg_cell. For a file: .mode csv, .headers on and .once attempts.csv before it. It shows people: take it from a share (regjob share) to give
-- it away, or use `regjob export attempts`, which leaves them out.
-- :from and :to are the first and the last day (.parameter set :from "'2026-01-01'"); by default the 30 days up to the newest sign-up.
SELECT id, attempted_at, outcome, reg_cell(failure_reason) AS failure_reason, reg_cell(email) AS email, reg_cell(phone) AS phone, reg_cell(username) AS username,
       reg_cell(name) AS name, country, reg_cell(device_id) AS device_id, reg_cell(ip_address) AS ip_address, reg_cell(user_agent) AS user_agent,
       reg_cell(source_id) AS source_id, reg_cell(app_name) AS app_name, code_state, report_state, reg_cell(told_reason) AS told_reason
  FROM reg_attempts
 WHERE attempted_at_ms >= unixepoch(coalesce(date(:from), (SELECT date(max(attempted_at) / 1000, 'unixepoch', '-29 days') FROM attempt))) * 1000
   AND attempted_at_ms < unixepoch(coalesce(date(:to), (SELECT date(max(attempted_at) / 1000, 'unixepoch') FROM attempt))) * 1000 + 86400000
 ORDER BY id;
