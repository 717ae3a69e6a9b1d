# SPDX-License-Identifier: MIT
# Signs somebody up, confirms the code, and asks what came of it: python3 python.py LIBRARY LEDGER
import sqlite3, sys
db = sqlite3.connect(sys.argv[2], isolation_level=None, timeout=15)
db.enable_load_extension(True)
db.load_extension(sys.argv[1])
db.enable_load_extension(False)
email = "python@example.com"
db.execute("INSERT INTO reg_attempts (email, password) VALUES (?, ?)", (email, "A9#bL8@z"))
code, = db.execute("SELECT reg_issue_code(?, 'none')", (email,)).fetchone()  # for you to deliver
verdict, = db.execute("SELECT reg_verify_code(?, ?)", (email, code)).fetchone()
outcome, = db.execute("SELECT outcome FROM reg_attempts WHERE email = ?", (email,)).fetchone()
print(verdict, outcome)
