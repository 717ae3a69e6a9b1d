#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a sign-up by INSERT costs in memory: what a statement needs is kept for the next one, and not fetched from the system each time."""
import resource
import sys

sys.path.insert(0, "tests/sql")
import reg


def sign_up(db, first, count):
    for number in range(first, first + count):
        db.execute("INSERT INTO reg_attempts (email, outcome) VALUES (?, 'success')", (f"person{number}@example.com",))


def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


db = reg.ledger("memory.db")
db.execute("BEGIN")
sign_up(db, 0, 100)
before = faults()
sign_up(db, 1000, 500)
each = (faults() - before) / 500
db.execute("COMMIT")
if not reg.ASAN:  # which never gives memory back to the next allocation at once
    reg.ok(each < 5, "500 sign-ups in a transaction: fewer than five page faults each", each)
reg.equal(reg.one(db, "SELECT count(*) FROM reg_attempts"), 600, "each is there")
reg.done()
