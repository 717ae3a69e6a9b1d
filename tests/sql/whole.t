#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A sign-up by INSERT is whole or not there, wherever its writing ends, and whatever the host has open around it."""
import os
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

# Each with a column in which a new row has a new value.
TABLES = {"attempt": "id", "person": "attempt_id", "subject_merged": "attempt_id", "waiting": "attempt_id", "code": "id", "recipient": "code_id", "report": "id",
          "fingerprint": "attempt_id", "link": "recorded_at", "continuation": "id", "decision": "id"}
PIN = '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","channels":["email","sms"],"requiredFields":[]}'
# What each kind of sign-up writes to; the first of them is in the ledger before.
KINDS = {
    "told": ("INSERT INTO reg_attempts (email, phone, username, outcome, password_sha256, uuid) VALUES (?1, '+6281234567890', ?1, 'success', "
             "'5e884898da28047151d0e56f8dc6292773603d0d6aabbd62a11ef721d1542d8f', 'b3f56868-9667-4843-a8e5-0509456baa9b')",
             ("attempt", "person", "subject_merged", "report", "fingerprint", "decision")),  # the last one: whoever waits for the same number
    "pending": ("INSERT INTO reg_attempts (email, phone, password) VALUES (?1, '+6281234567890', 'A9#bL8@z')",
                ("attempt", "person", "subject_merged", "waiting", "code", "recipient", "fingerprint")),
    "log-in": ("INSERT INTO reg_attempts (email, identity_provider, identity_subject, email_verified_at) VALUES ('known@example.com', 'google', ?1, 1700000000)",
               ("continuation", "link")),
    "failure": ("INSERT INTO reg_attempts (email, outcome, failure_reason) VALUES (?1, 'failure', 'email_taken')", ("attempt", "person", "subject_merged", "report")),
}
BEFORE = ("INSERT INTO reg_attempts (email, email_verified_at, identity_provider, identity_subject) VALUES ('known@example.com', 1700000000, 'apple', 'a-1')",
          "INSERT INTO reg_attempts (email, phone, password) VALUES ('waits@example.com', '+6281234567890', 'A9#bL8@z')")


def state(db):
    return tuple(db.execute(f"SELECT count(*), max({column}) FROM {table}").fetchone() for table, column in TABLES.items())


def halves(db):
    """Sign-ups that are there in part."""
    return db.execute("""SELECT 'attempt', id FROM attempt WHERE id NOT IN (SELECT attempt_id FROM person)
        UNION ALL SELECT 'person', attempt_id FROM person WHERE attempt_id NOT IN (SELECT id FROM attempt)
        UNION ALL SELECT 'subject', attempt_id FROM person WHERE email_key NOT IN (SELECT key FROM subject_index)
        UNION ALL SELECT 'report', id FROM attempt a WHERE outcome = 'success' AND NOT EXISTS (SELECT 1 FROM report r WHERE r.attempt_id = a.id)
        UNION ALL SELECT 'waiting', id FROM attempt a WHERE outcome = 'pending' AND id NOT IN (SELECT attempt_id FROM waiting)
            AND id NOT IN (SELECT attempt_id FROM decision)
        UNION ALL SELECT 'code', id FROM attempt a JOIN person p ON p.attempt_id = a.id WHERE outcome = 'pending' AND phone IS NOT NULL AND (SELECT count(*) FROM code c WHERE c.attempt_id = a.id) <> 2
        UNION ALL SELECT 'recipient', id FROM code WHERE id NOT IN (SELECT code_id FROM recipient)""").fetchall()


def prepared(name, journal="WAL"):
    db = reg.ledger(name, PIN)
    db.execute(f"PRAGMA journal_mode = {journal}").fetchall()
    for sql in BEFORE:
        db.execute(sql)
    return db


def error_of(db, sql, parameters=()):
    try:
        db.execute(sql, parameters).fetchall()
        return None
    except sqlite3.Error as error:
        return str(error)


# -- a trigger of the host's that forbids what is written, at each table and in each way --

db = prepared("triggers.db")
for kind, (sql, tables) in KINDS.items():
    wrong = []
    for table in tables:
        for way in ("ABORT", "FAIL", "ROLLBACK"):
            for event, verb in (("BEFORE", "INSERT"), ("AFTER", "INSERT OR FAIL"), ("BEFORE", "INSERT OR ROLLBACK")):
                begun = state(db)
                db.execute("BEGIN")
                db.execute("INSERT INTO reg_attempts (username, outcome) VALUES ('first', 'failure')")
                before = state(db)
                last = reg.one(db, "SELECT last_insert_rowid()")
                db.execute(f"CREATE TEMP TRIGGER forbids {event} INSERT ON main.{table} BEGIN SELECT RAISE({way}, 'forbidden by the host'); END")
                said = error_of(db, sql.replace("INSERT", verb, 1), ("new@example.com",))
                stays = way != "ROLLBACK"
                what = (table, way, event, verb)
                if said != "forbidden by the host" or db.in_transaction != stays or state(db) != (before if stays else begun) or halves(db):
                    wrong.append((what, said, db.in_transaction, before, state(db), halves(db)))
                if stays and reg.one(db, "SELECT last_insert_rowid()") != last:
                    wrong.append((what, "last_insert_rowid"))
                if db.in_transaction:
                    db.execute("ROLLBACK")
                db.execute("DROP TRIGGER IF EXISTS forbids")
    reg.equal(wrong, [], f"{kind}: a trigger forbids what is written, in the host's transaction")
    before = state(db)
    db.execute("SAVEPOINT whole")
    said = error_of(db, sql, ("new@example.com",))
    changed = {table for table, was, now in zip(TABLES, before, state(db)) if was != now}
    reg.equal((said, changed >= set(tables)), (None, True), f"{kind}: it writes to those tables where nothing forbids it")
    db.execute("ROLLBACK TO whole")
    reg.equal(state(db), before, f"{kind}: and a savepoint of the host's undoes it")
    db.execute("RELEASE whole")

# -- many rows, the last of which fails --

db.execute("CREATE TEMP TRIGGER forbids BEFORE INSERT ON main.report WHEN NEW.attempt_id % 7 = 0 BEGIN SELECT RAISE(ABORT, 'every seventh'); END")
MANY = "INSERT {} INTO reg_attempts (email, outcome) SELECT 'many' || value || '@example.com', 'success' FROM json_each('[1,2,3,4,5,6,7,8]')"
for begin in (None, "BEGIN"):
    for conflict in ("", "OR FAIL", "OR ROLLBACK", "OR ABORT"):
        if begin:
            db.execute(begin)
        before = state(db)
        reg.equal((error_of(db, MANY.format(conflict)), state(db), db.in_transaction), ("every seventh", before, begin is not None),
                  f"many rows {conflict}{', in a transaction' if begin else ''}: none of them is there")
        if begin:
            db.execute("ROLLBACK")
db.execute("DROP TRIGGER forbids")

# -- another statement of the host's writes and has not ended: SQLite leaves it to that one to undo or commit --

db.execute("CREATE TABLE host (x)")
for table in ("person", "subject_merged", "report"):
    db.execute(f"CREATE TEMP TRIGGER forbids BEFORE INSERT ON main.{table} BEGIN SELECT RAISE(ABORT, 'forbidden by the host'); END")
    before = state(db)
    rows = db.cursor()
    rows.execute("INSERT INTO host VALUES (1), (2) RETURNING x").fetchone()
    said = error_of(db, KINDS["told"][0], ("new@example.com",))
    rows.fetchall()
    rows.close()
    reg.equal((said, state(db), db.in_transaction), ("forbidden by the host", before, False), f"{table}: nothing is there when the other statement has ended")
    db.execute("DROP TRIGGER forbids")
reg.equal(reg.one(db, "SELECT count(*) FROM host"), 6, "what the other statement wrote is there")

# -- triggers that go through the extension themselves --

db.execute("CREATE TEMP TRIGGER again AFTER INSERT ON main.attempt BEGIN INSERT INTO reg_attempts (email, outcome) VALUES ('again@example.com', 'success'); END")
before = state(db)
reg.equal((error_of(db, KINDS["told"][0], ("new@example.com",)), state(db)),
          ("a trigger on the ledger's tables cannot write to the ledger by way of reg", before), "a trigger signs nobody up")
db.execute("DROP TRIGGER again")
db.execute("CREATE TEMP TRIGGER again AFTER INSERT ON main.person BEGIN SELECT reg_set_consent('known@example.com', 'news', NULL, 'accepted'); END")
reg.equal((error_of(db, KINDS["told"][0], ("new@example.com",)), state(db)),
          ("reg_set_consent: a trigger on the ledger's tables cannot write to the ledger by way of reg", before), "and no function in one writes")
db.execute("DROP TRIGGER again")
db.execute("CREATE TEMP TABLE seen (id, outcome)")
db.execute("CREATE TEMP TRIGGER looks AFTER INSERT ON main.person BEGIN INSERT INTO seen SELECT id, outcome FROM reg_attempts WHERE id = NEW.attempt_id; END")
reg.equal((error_of(db, KINDS["failure"][0], ("x",)), db.execute("SELECT outcome, id = (SELECT max(id) FROM attempt) FROM seen").fetchall()),
          (None, [("failure", 1)]), "a trigger may look")
db.execute("DROP TRIGGER looks")

# -- a second connection --

other = reg.connect("triggers.db", timeout=0)
other.execute("BEGIN IMMEDIATE")
db.execute("PRAGMA busy_timeout = 0").fetchall()
before = state(db)
reg.equal((error_of(db, KINDS["failure"][0], ("x",)), state(db)), ("database is locked", before), "nothing while somebody else writes")
other.execute("COMMIT")
for number, connection in enumerate((db, other, db, other)):
    connection.execute("INSERT INTO reg_attempts (username, email, password) VALUES ('both', ?, 'A9#bL8@z')", (f"{number // 2}@example.com",))
    if number == 1:
        other.execute("CREATE INDEX attempt_by_country ON attempt (country)")  # what is prepared on the other one is not of this schema
        other.execute("SELECT reg_settings_patch('{\"registrationType\":\"AUTOMATIC\"}')").fetchall()
reg.equal(db.execute("SELECT outcome FROM attempt ORDER BY id DESC LIMIT 4").fetchall(), [("failure",), ("success",), ("pending",), ("pending",)],
          "each of two connections sees what the other has done")
other.close()
reg.equal((halves(db), reg.one(db, "PRAGMA integrity_check"), db.execute("PRAGMA foreign_key_check").fetchall()), ([], "ok", []), "no sign-up is there in part")
db.close()

# -- no room: in a row, and in the file --

db = prepared("row.db")
wrong, refused = [], 0
for length in range(500, 3000, 20):  # from below what is read first, the settings
    before = state(db)
    db.execute("BEGIN")
    limit = db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, length)
    said = error_of(db, "INSERT INTO reg_attempts (email, user_agent, name, outcome) VALUES ('long@example.com', ?1, ?1, 'success')", ("n" * 1000,))
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)
    refused += said is not None
    if halves(db) or (said is not None and state(db) != before):
        wrong.append((length, said, halves(db)))
    db.execute("ROLLBACK")
reg.equal((wrong, 60 < refused < 120), ([], True), "a row that is too long, at each length")
db.close()

for journal in ("WAL", "DELETE"):
    wrong, full = [], 0
    for room in range(6):
        db = prepared(f"full-{journal}-{room}.db", journal)
        pages = reg.one(db, "PRAGMA page_count")
        db.execute(f"PRAGMA max_page_count = {pages + room}").fetchall()
        begun = state(db)
        db.execute("BEGIN")
        said, number = None, 0
        while said is None and number < 200:
            before = state(db)
            said = error_of(db, KINDS[("told", "pending", "failure")[number % 3]][0], (f"{number}-{'x' * 40}@example.com",))
            number += 1
        full += said == "database or disk is full"
        if halves(db) or state(db) != (before if db.in_transaction else begun):
            wrong.append((room, said, before, state(db), halves(db)))
        if db.in_transaction:
            db.execute("COMMIT")
        if halves(db) or reg.one(db, "PRAGMA integrity_check") != "ok":
            wrong.append((room, "afterwards", halves(db)))
        db.close()
    reg.equal((wrong, full), ([], 6), f"no more room in the file, {journal}: the last sign-up, or with it the transaction, is not there")
reg.done()
