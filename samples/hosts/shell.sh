#!/bin/sh
# SPDX-License-Identifier: MIT
# Signs somebody up, confirms the code, and asks what came of it: sh shell.sh LIBRARY LEDGER
# --safe comes after the extension is loaded: from then on the shell's own commands touch no other file.
exec sqlite3 -batch -bail -noheader -cmd ".load '$1'" -cmd '.timeout 15000' -safe "$2" <<'END'
.parameter set :email shell@example.com
INSERT INTO reg_attempts (email, password) VALUES (:email, 'A9#bL8@z');
BEGIN IMMEDIATE; -- what writes inside another statement joins a transaction
INSERT INTO temp.sqlite_parameters SELECT ':code', reg_issue_code(:email, 'none'); -- for you to deliver
COMMIT;
.separator ' '
SELECT reg_verify_code(:email, :code), (SELECT outcome FROM reg_attempts WHERE email = :email);
END
