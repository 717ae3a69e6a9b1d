#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A function that is interrupted, at whatever step, has done nothing and leaves nothing open, in the host's transaction as outside of one."""
import os
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

SETTINGS = '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","passwordAt":"confirm","requiredFields":[]}'
TABLES = ("attempt", "person", "subject_index", "waiting", "code", "code_end", "recipient", "given_code", "wrong_try", "decision", "consent", "step", "setting", "erasure")
STATE = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)
FUNCTIONS = {
    "issue": "SELECT reg_issue_code(?, 'none')",
    "verify": "SELECT reg_verify_code(?, '000000')",
    "consent": "SELECT reg_set_consent(?, 'news', NULL, 'accepted')",
    "step": "SELECT reg_record_step(?, 'KYC', 'done')",
    "settings": "SELECT reg_settings_patch(json_object('consentVersions', json_object('terms', ?)))",
    "sign-up": "INSERT INTO reg_attempts (username) VALUES (?)",
    "forget": "SELECT reg_forget(?)",
}


# The sanitizers look at the same ways out, at fewer moments.
few = reg.ASAN and not os.environ.get("SOAK")
MAKING = (10,) if few else (1, 3, 10)
WAYS = ((10, False), (3, True)) if few else ((1, False), (2, False), (3, False), (10, False), (1, True), (2, True))


class Handler:
    """Ends what runs from the n-th call on; `fickle`: at every second call."""

    def __init__(self, db, steps, fickle=False):
        self.db, self.steps, self.fickle = db, steps, fickle

    def run(self, sql, parameters, n):
        """What it comes to: None, or the message."""
        calls = 0

        def ends():
            nonlocal calls
            calls += 1
            return calls > n and (not self.fickle or (calls - n) % 2 == 1)
        self.db.set_progress_handler(ends, self.steps)
        try:
            self.db.execute(sql, parameters).fetchall()
            return None
        except sqlite3.Error as error:
            return str(error)
        finally:
            self.db.set_progress_handler(None, 0)


def interrupt(db, sql, subject, steps, begin, fickle):
    """At each of its steps, until it is done: what was wrong then."""
    wrong = []
    handler = Handler(db, steps, fickle)
    n = 0
    while True:
        before = db.execute(STATE).fetchone()
        if begin:
            db.execute(begin)
        error = handler.run(sql, (subject,), n)
        # SQLite itself ends a transaction whose write it interrupts, the host's, too; and it may interrupt the statement that has called us when we are done.
        ours = error is not None and error.startswith("reg_")
        if db.in_transaction and not begin:
            wrong.append((n, error, "left open"))
        if ours and db.execute(STATE).fetchone() != before:
            wrong.append((n, error, "has changed something"))
        if db.in_transaction:
            db.execute("ROLLBACK")
        elif begin and error is None:
            wrong.append((n, error, "has ended the host's transaction"))
        if error is None or "interrupted" not in error:
            return n, wrong + ([(n, error)] if error else [])
        n += 1


MADE = "SELECT count(*) FROM main.sqlite_schema"


def interrupt_making(steps, begin):
    """reg_init() at some of its many steps, in a new database each time."""
    wrong, n, times = [], 0, 0
    while True:
        db = reg.connect()
        if begin:
            db.execute(begin)
        error = Handler(db, steps).run("SELECT reg_init()", (), n)
        if db.in_transaction and not begin:
            wrong.append((n, error, "left open"))
        if (error is not None and error.startswith("reg_") and reg.one(db, MADE) != 0) or (error is None and reg.one(db, MADE) == 0):
            wrong.append((n, error, "half made"))
        db.close()
        if error is None:
            return times, wrong
        times += 1
        n += 1 if n < 300 // steps else n // 8


for begin in ("", "SAVEPOINT host"):
    for steps in MAKING:
        times, wrong = interrupt_making(steps, begin)
        reg.ok(times > 20 and not wrong, f"reg_init {begin}, interrupted after each {steps} steps, {times} times", f"{len(wrong)}: {wrong[:3]}")

number = 0
for begin in ("", "SAVEPOINT host"):
    db = reg.ledger(f"interrupted-{len(begin)}.db", SETTINGS)
    db.execute("PRAGMA synchronous = OFF")
    for name, sql in FUNCTIONS.items():
        for steps, fickle in WAYS:
            number += 1
            username = f"person{number}"
            subject = username + "@example.com"
            db.execute("INSERT INTO reg_attempts (email, username) VALUES (?, ?)", (subject, username))
            db.execute("SELECT reg_issue_code(?, 'none')", (subject,)).fetchall()
            count, wrong = interrupt(db, sql, username if name == "sign-up" else subject, steps, begin, fickle)
            reg.ok(not wrong, f"{name} {begin}, interrupted after each {steps} steps, {count} times, fickle: {fickle}", f"{len(wrong)}: {wrong[:3]}")
    db.close()
reg.done()
