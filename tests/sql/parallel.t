#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Guessing in parallel: forty connections wait for one lock, each with an entry of its own.

However they come to their turn, a code is not good once the permitted wrong tries are spent, and an
attempt that has failed by them stays failed. The right entry is made first: most likely it has its
turn when the wrong ones have had theirs. ROUNDS=n sets how often each way is tried (2).
"""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

ROUNDS = int(os.environ.get("ROUNDS", "2"))
CONNECTIONS = 40
TRIES = 3
SUBJECT = "ann@example.com"
WAYS = {
    "by reg_verify_code": lambda db, code: reg.one(db, "SELECT reg_verify_code(?, ?)", (SUBJECT, code)),
    "by reg_complete": lambda db, code: reg.one(db, "SELECT reg_complete(?, ?, 'A9#bL8@z')", (SUBJECT, code)),
    "by a second request": lambda db, code: db.execute("INSERT INTO reg_attempts (email, email_confirm_code) VALUES (?, ?)", (SUBJECT, code)),
    "by a second request that tells its time":
        lambda db, code: db.execute("INSERT INTO reg_attempts (email, email_confirm_code, attempted_at) VALUES (?, ?, ?)", (SUBJECT, code, int(time.time() * 1000))),
}


def guess(way, name, code, ready, failed):
    try:
        db = reg.connect(name, timeout=60)
        db.execute("SELECT count(*) FROM reg_attempts").fetchall()  # whatever is read but once has been
        ready.wait()
        way(db, code)
        db.close()
    except Exception as error:
        failed.append(str(error))


def play(way, name):
    """One lock, a second long, and all who wait for it."""
    db = reg.ledger(name, '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","passwordAt":"confirm","maxCodeTries":%d}' % TRIES)
    db.execute("INSERT INTO reg_attempts (email) VALUES (?)", (SUBJECT,))
    right = reg.one(db, "SELECT reg_issue_code(?, 'email')", (SUBJECT,))
    first, others, failed = threading.Barrier(2), threading.Barrier(CONNECTIONS), []
    threads = [threading.Thread(target=guess, args=(way, name, f"{(int(right) + i) % 1000000:06}", others if i else first, failed)) for i in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    db.execute("BEGIN IMMEDIATE")
    for ready in first, others:
        ready.wait()
        time.sleep(0.5)  # the lock's length is what is tried: who waits for it cannot be seen
    db.execute("COMMIT")
    for thread in threads:
        thread.join()
    return db, failed


for title, way in WAYS.items():
    for number in range(ROUNDS):
        name = f"{title.replace(' ', '-')}-{number}.db"
        db, failed = play(way, name)
        wrong = reg.one(db, "SELECT count(*) FROM wrong_try")
        outcomes = [row[0] for row in db.execute("SELECT outcome FROM decision ORDER BY id")]
        states = {row[0] for row in db.execute("SELECT state FROM code_end")}
        reg.equal(failed, [], f"{title}, round {number + 1}: every one has its turn")
        reg.ok(outcomes == ["failure"] and wrong == TRIES and "verified" not in states or
               outcomes == ["success"] and wrong < TRIES and "exhausted" not in states,
               "the right one is in time or none is", f"decisions {outcomes}, wrong tries {wrong}, ends of codes {states}")
        db.close()
reg.done()
