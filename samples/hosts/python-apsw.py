# SPDX-License-Identifier: MIT
# Signs somebody up, confirms the code, and asks what came of it: python3 python-apsw.py LIBRARY LEDGER
import apsw, sys
db = apsw.Connection(sys.argv[2])
db.setbusytimeout(15000)
db.enableloadextension(True)
db.loadextension(sys.argv[1])
db.enableloadextension(False)
email = "apsw@example.com"
db.execute("INSERT INTO reg_attempts (email, password) VALUES (?, ?)", (email, "A9#bL8@z"))
code, = db.execute("SELECT reg_issue_code(?, 'none')", (email,)).fetchone()  # for you to deliver
verdict, = db.execute("SELECT reg_verify_code(?, ?)", (email, code)).fetchone()
outcome, = db.execute("SELECT outcome FROM reg_attempts WHERE email = ?", (email,)).fetchone()
print(verdict, outcome)
