# SPDX-License-Identifier: MIT
# The library of the command, since a thousand commands would take minutes.
import sqlite3, sys, threading
import sqlite_utils

library, ledger = sys.argv[1:]


def connect():
    db = sqlite_utils.Database(sqlite3.connect(ledger, isolation_level=None, timeout=15, check_same_thread=False))
    db.conn.enable_load_extension(True)
    db.conn.load_extension(library)
    return db


db, begun = connect(), threading.Event()
db.register_function(begun.set, name="begun")
thread = threading.Thread(target=lambda: begun.wait() and db.conn.interrupt())
thread.start()
try:
    list(db.query(sys.stdin.read()))
except sqlite3.OperationalError as error:
    print(error)
thread.join()
print(next(db.query("SELECT count(*) > 0 AS some FROM reg_attempts"))["some"])
db.conn.close()

for _ in range(1000):
    db = connect()
    masked = next(db.query("SELECT reg_mask('ada@example.com') AS masked, (SELECT count(*) > 0 FROM reg_attempts) AS some"))
    db.conn.close()
    assert masked == {"masked": "a***@example.com", "some": 1}
print("reloaded")
