#!/bin/sh
# SPDX-License-Identifier: MIT
# Signs somebody up, confirms the code, and asks what came of it: sh sqlite-utils.sh LIBRARY LEDGER
set -eu
library=$1 ledger=$2 email=sqlite-utils@example.com
# Not `sqlite-utils insert`, which would make a real table of the name reg_attempts.
ask() { sqlite-utils query "$ledger" "$@" --load-extension "$library" --csv --no-headers | tr -d '\r'; }
ask "INSERT INTO reg_attempts (email, password) VALUES (:email, 'A9#bL8@z')" -p email $email >/dev/null
code=$(ask "SELECT reg_issue_code(:email, 'none')" -p email $email) # for you to deliver
verdict=$(ask "SELECT reg_verify_code(:email, :code)" -p email $email -p code "$code")
outcome=$(ask "SELECT outcome FROM reg_attempts WHERE email = :email" -p email $email)
echo "$verdict $outcome"
