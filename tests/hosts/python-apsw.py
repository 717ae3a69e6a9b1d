# SPDX-License-Identifier: MIT
import sys, threading
import apsw

library, ledger = sys.argv[1:]


def connect():
    db = apsw.Connection(ledger)
    db.setbusytimeout(15000)
    db.enableloadextension(True)
    db.loadextension(library)
    return db


db, begun = connect(), threading.Event()
db.createscalarfunction("begun", begun.set, 0)
thread = threading.Thread(target=lambda: begun.wait() and db.interrupt())
thread.start()
try:
    db.execute(sys.stdin.read()).fetchone()
except apsw.InterruptError:
    print("interrupted")
thread.join()
print(db.execute("SELECT count(*) > 0 FROM reg_attempts").fetchone()[0])
db.close()

for _ in range(1000):
    db = connect()
    masked = db.execute("SELECT reg_mask('ada@example.com'), (SELECT count(*) > 0 FROM reg_attempts)").fetchone()
    db.close()
    assert masked == ("a***@example.com", 1)
print("reloaded")
