#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Connections: closing leaves nothing behind, two see each other, the schema may change in between."""
import ctypes
import os
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

PASSWORD = "A9#bL8@z"


def sign_up(db, email):
    db.execute("INSERT INTO reg_attempts(email, password) VALUES (?, ?)", (email, PASSWORD))


def use_everything(db, email):
    sign_up(db, email)
    code = reg.one(db, "SELECT reg_issue_code(?, 'none')", (email,))
    reg.one(db, "SELECT reg_verify_code(?, ?)", (email, code))
    for table in ("reg_attempts", "reg_codes", "reg_reports", "reg_functions", "reg_reasons"):
        db.execute(f"SELECT * FROM {table}").fetchall()
    db.execute("SELECT * FROM reg_attempts WHERE email = ? AND as_of = 1", (email,)).fetchall()
    reg.one(db, "SELECT reg_settings()")
    reg.one(db, "SELECT reg_report_payload(1)")


# sqlite3_close() answers SQLITE_BUSY while a statement is left; Python's close() uses the other one, which waits in silence.
library = ctypes.CDLL("libsqlite3.so.0")


class Plain:
    """A connection by the C interface alone."""

    def __init__(self, name):
        self.handle = ctypes.c_void_p()
        assert library.sqlite3_open(os.path.join(reg.folder, name).encode(), ctypes.byref(self.handle)) == 0
        library.sqlite3_enable_load_extension(self.handle, 1)

    def load(self):
        message = ctypes.c_char_p()
        code = library.sqlite3_load_extension(self.handle, reg.LIBRARY.encode(), None, ctypes.byref(message))
        return message.value.decode() if code else "loaded"

    def run(self, sql):
        message = ctypes.c_char_p()
        return library.sqlite3_exec(self.handle, sql.encode(), None, None, ctypes.byref(message)), message.value

    def close(self):
        return library.sqlite3_close(self.handle)


reg.ledger("close.db").close()
everything = ["SELECT reg_init()", "INSERT INTO reg_attempts(email, password) VALUES ('close' || random() || '@example.com', 'A9#bL8@z')",
              "SELECT reg_issue_code('a@example.com', 'none')", "SELECT reg_verify_code('a@example.com', 'x')", "SELECT * FROM reg_attempts", "SELECT * FROM reg_attempts WHERE id = 1",
              "SELECT * FROM reg_attempts('2020-01-01')", "SELECT * FROM reg_codes", "SELECT * FROM reg_reports", "SELECT reg_settings()", "SELECT reg_report_payload(1)",
              "SELECT reg_email_exists('a@example.com')", "SELECT * FROM reg_functions", "SELECT * FROM reg_policy('x')", "SELECT reg_hash_password('x', 'md5')"]
for sql in everything + ["; ".join(everything)]:
    plain = Plain("close.db")
    reg.equal(plain.load(), "loaded", "loads")
    reg.equal(plain.run(sql)[0], 0, f"runs: {sql[:60]}")
    reg.equal(plain.close(), 0, f"sqlite3_close() after: {sql[:60]}")
plain = Plain("close.db")
plain.load()
reg.equal(plain.close(), 0, "sqlite3_close() after nothing at all")
plain = Plain("close.db")
plain.load()
for sql in ("SELECT reg_settings('nonsense')", "SELECT * FROM reg_attempts('nonsense')", "INSERT INTO reg_attempts(id) VALUES (1)", "SELECT * FROM nowhere"):
    reg.equal(plain.run(sql)[0], 1, f"fails: {sql}")
reg.equal(plain.close(), 0, "sqlite3_close() after errors")
plain = Plain("close.db")
plain.load()
reg.equal([plain.load(), plain.load()], ["loaded", "loaded"], "loading again in one connection")
reg.equal(plain.run("; ".join(everything)), (0, None), "everything works afterwards")
reg.equal(plain.load(), "loaded", "and again after use")
reg.equal(plain.run("; ".join(everything)), (0, None), "and works")
reg.equal(plain.close(), 0, "and closes")
plain = Plain("close.db")
plain.load()
plain.run("BEGIN; INSERT INTO reg_attempts(email) VALUES ('open@example.com')")
reg.equal(plain.close(), 0, "sqlite3_close() within a transaction")

db = reg.connect("close.db")
reg.equal(reg.one(db, "SELECT count(*) FROM reg_attempts WHERE email = 'open@example.com'"), 0, "which was rolled back")
cursor = db.execute("SELECT id FROM reg_attempts")
cursor.fetchone()
db.close()
reg.ok(True, "a connection closes while a row is being read")

# Two connections.
one, two = reg.ledger("two.db"), reg.connect("two.db")
use_everything(one, "first@example.com")
use_everything(two, "second@example.com")
reg.equal(reg.one(one, "SELECT count(*) FROM reg_attempts"), 2, "what the other one wrote is there")
reg.equal(reg.one(two, "SELECT reg_email_exists('FIRST@example.com')"), 1, "and known")
one.execute("BEGIN IMMEDIATE")
sign_up(one, "third@example.com")
reg.equal(reg.one(two, "SELECT count(*) FROM reg_attempts"), 2, "not before it is committed")
try:
    two.execute("PRAGMA busy_timeout = 0")
    sign_up(two, "fourth@example.com")
    said = "nothing"
except sqlite3.OperationalError as error:
    said = str(error)
reg.equal(said, "database is locked", "two writers: the second is told")
one.execute("COMMIT")
sign_up(two, "fourth@example.com")
reg.equal([row[0] for row in one.execute("SELECT id FROM reg_attempts ORDER BY id DESC LIMIT 2")], [4, 3], "and then has the next id")
# A read snapshot that another commit has passed cannot be written from: the message is the engine's, and nothing hangs.
two.execute("BEGIN")
two.execute("SELECT count(*) FROM reg_attempts").fetchall()
sign_up(one, "fifth@example.com")
try:
    sign_up(two, "sixth@example.com")
    said = "nothing"
except sqlite3.OperationalError as error:
    said = str(error)
reg.equal(said, "database is locked", "a snapshot that is passed")
two.execute("ROLLBACK")
sign_up(two, "sixth@example.com")
reg.equal(reg.one(one, "SELECT count(*) FROM reg_attempts"), 6, "and after a ROLLBACK it goes on")

# A long call of ours looks at what the host wants: an interruption, and its progress handler.
signups = os.path.join(reg.folder, "many.csv")
with open(signups, "w", encoding="ascii") as file:
    file.write("email\n" + "a\"b\n" * 3000)
exported = os.path.join(reg.folder, "export.csv")
with open(exported, "w", encoding="ascii") as file:
    file.write("date,success,failure\n2026-01-01,5,5\n2026-01-02,5,5\n")
# The steps are more than it takes to begin.
for query, parameter, many in (("SELECT * FROM reg_signups(?) LIMIT 1", signups, 4000), ("SELECT * FROM reg_reconcile(?) LIMIT 1", exported, 100)):
    for how in ("progress", "interrupt"):
        asked = 0

        def progress():
            global asked
            asked += 1
            if asked == many and how == "interrupt":
                one.interrupt()
            return asked >= many and how == "progress"
        one.execute(query, (parameter,)).fetchall()
        one.set_progress_handler(progress, 1)
        try:
            one.execute(query, (parameter,)).fetchall()
            said = "nothing"
        except sqlite3.OperationalError as error:
            said = str(error)
        one.set_progress_handler(None, 0)
        reg.equal((said.split(": ")[-1], many <= asked < 2 * many), ("interrupted", True), f"{how} ends {query}")
        reg.equal(len(one.execute(query, (parameter,)).fetchall()), 1, "and nothing is left behind")

# The schema changes under prepared statements.
one.execute("SELECT * FROM reg_attempts WHERE id = 1").fetchall()
two.execute("CREATE TABLE theirs(x)")
two.execute("CREATE INDEX theirs_too ON attempt (country)")
use_everything(one, "seventh@example.com")
one.execute("DROP INDEX theirs_too")
use_everything(two, "eighth@example.com")
one.execute("VACUUM")
use_everything(two, "ninth@example.com")
two.execute("ANALYZE")
use_everything(one, "tenth@example.com")
reg.equal(reg.one(two, "SELECT count(*) FROM reg_attempts WHERE outcome = 'success'"), 10, "schema changes in between do no harm")
reg.equal(one.execute("PRAGMA integrity_check").fetchall(), [("ok",)], "integrity_check")

# Cursors side by side: each has its own statement and moment.
rows = one.execute("SELECT a.id, b.id FROM reg_attempts a JOIN reg_attempts b ON b.id = a.id + 1 ORDER BY a.id").fetchall()
reg.equal(rows, [(i, i + 1) for i in range(1, 10)], "a join of the table with itself")
first = one.execute("SELECT id FROM reg_attempts WHERE id > 2 ORDER BY id")
first.fetchone()
second = one.execute("SELECT id FROM reg_attempts WHERE id > 7 ORDER BY id")
reg.equal((second.fetchall(), first.fetchall()), ([(8,), (9,), (10,)], [(4,), (5,), (6,), (7,), (8,), (9,), (10,)]), "two readings of one plan at once")
reg.equal(one.execute("SELECT count(*) FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12]') j JOIN reg_attempts a ON a.id = j.value JOIN reg_codes c ON c.id = a.id").fetchall(), [(6,)],
          "many short readings")

# A host that does not trust its schema, as SQLite advises.
one.execute("PRAGMA trusted_schema = OFF")
use_everything(one, "untrusted@example.com")
reg.equal(reg.one(one, "SELECT outcome FROM reg_attempts WHERE email = 'untrusted@example.com'"), "success", "trusted_schema = OFF")
one.execute("PRAGMA foreign_keys = ON")
one.execute("PRAGMA recursive_triggers = ON")
use_everything(one, "strict@example.com")
reg.equal(reg.one(one, "SELECT outcome FROM reg_attempts WHERE email = 'strict@example.com'"), "success", "foreign_keys and recursive_triggers ON")
one.execute("PRAGMA recursive_triggers = OFF")
one.close()
two.close()
reg.done()
