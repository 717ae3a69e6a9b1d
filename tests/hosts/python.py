# SPDX-License-Identifier: MIT
import sqlite3, sys, threading

library, ledger = sys.argv[1:]


def connect():
    db = sqlite3.connect(ledger, isolation_level=None, timeout=15, check_same_thread=False)
    db.enable_load_extension(True)
    db.load_extension(library)
    return db


db, begun = connect(), threading.Event()
db.create_function("begun", 0, begun.set)
thread = threading.Thread(target=lambda: begun.wait() and db.interrupt())
thread.start()
try:
    db.execute(sys.stdin.read()).fetchone()
except sqlite3.OperationalError as error:
    print(error)
thread.join()
print(db.execute("SELECT count(*) > 0 FROM reg_attempts").fetchone()[0])
db.close()

for _ in range(1000):
    db = connect()
    masked = db.execute("SELECT reg_mask('ada@example.com'), (SELECT count(*) > 0 FROM reg_attempts)").fetchone()
    db.close()
    assert masked == ("a***@example.com", 1)
print("reloaded")
