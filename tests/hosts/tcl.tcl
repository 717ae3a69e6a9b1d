# SPDX-License-Identifier: MIT
package require sqlite3
lassign $argv library ledger

proc connect {library ledger} {
    sqlite3 db $ledger
    db timeout 15000
    db enable_load_extension 1
    db eval {SELECT load_extension($library)}
}

connect $library $ledger
set begun 0
db function begun {set begun 1}
db progress 1000 {set begun}
catch {db onecolumn [read stdin]} message
puts $message
db progress 0 {}
puts [db onecolumn {SELECT count(*) > 0 FROM reg_attempts}]
db close

for {set i 0} {$i < 1000} {incr i} {
    connect $library $ledger
    set row [db eval {SELECT reg_mask('ada@example.com'), (SELECT count(*) > 0 FROM reg_attempts)}]
    db close
    if {$row ne {a***@example.com 1}} {error $row}
}
puts reloaded
