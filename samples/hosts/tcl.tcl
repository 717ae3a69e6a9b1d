# SPDX-License-Identifier: MIT
# Signs somebody up, confirms the code, and asks what came of it: tclsh tcl.tcl LIBRARY LEDGER
package require sqlite3
lassign $argv library ledger
sqlite3 db $ledger
db timeout 15000
db enable_load_extension 1
db eval {SELECT load_extension($library)}
set email tcl@example.com
db eval {INSERT INTO reg_attempts (email, password) VALUES ($email, 'A9#bL8@z')}
set code [db onecolumn {SELECT reg_issue_code($email, 'none')}] ;# for you to deliver
set verdict [db onecolumn {SELECT reg_verify_code($email, $code)}]
puts "$verdict [db onecolumn {SELECT outcome FROM reg_attempts WHERE email = $email}]"
