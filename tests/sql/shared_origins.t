#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""reg_shared_origins: who shares an address, a device or a mail domain, beside a GROUP BY by SQLite itself."""
import os
import random
import sqlite3
import sys

sys.path.insert(0, "tests/sql")
import reg

random.seed(int(os.environ.get("SEED", "1")))

REFERENCE = """
SELECT ? AS kind, {column} AS value, count(*), count(DISTINCT lower(email)) AS emails, sum(outcome = 'success'), min(attempted_at), max(attempted_at),
       min(attempted_at_ms), max(attempted_at_ms)
  FROM reg_attempts WHERE {column} IS NOT NULL AND attempted_at_ms >= ? AND attempted_at_ms < ? GROUP BY {column} HAVING emails >= ?"""
COLUMNS = {"address": "ip_address", "device": "device_id", "domain": "email_domain"}
ALL = "SELECT kind, value, attempts, emails, success, first, last, first_ms, last_ms FROM reg_shared_origins(?, ?, ?)"


def by_sqlite(db, since, until, least):
    rows = []
    for kind, column in COLUMNS.items():
        rows += db.execute(REFERENCE.format(column=column), (kind, since, until, least)).fetchall()
    return sorted(rows)


def ours(db, since, until, least):
    return sorted(db.execute(ALL, (since, until, least)).fetchall())


def decide(db, id, outcome):
    """As the job and a late code write it: an attempt whose time is up fails, and may succeed after all."""
    db.execute("INSERT INTO decision (attempt_id, recorded_at, decided_at, outcome, reasons, customer_id) VALUES (?1, ?2, ?2, ?3, ?4, ?5)",
               (id, 1700000000000, outcome, None if outcome == "success" else '["verification_expired"]', id if outcome == "success" else None))


def mixed_ledger():
    """People who come again in another case, from wherever; told, refused, pending, confirmed and erased."""
    db = reg.ledger("mixed.db", '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}')
    for n in range(700):
        person = random.randrange(180)
        email = random.choice((f"p{person}@example.com", f"P{person}@Example.COM", f"p{person}@mail{person % 7}.example", None))
        told = random.choice(("success", "failure", None, None))
        db.execute("INSERT INTO reg_attempts (attempted_at, email, phone, ip_address, device_id, outcome, password) VALUES (?, ?, ?, ?, ?, ?, ?)",
                   (1700000000000 + random.randrange(40) * 86400000 // 4 + n, email, f"+4915{n:09d}" if email is None or random.random() < 0.3 else None,
                    random.choice((None, f"192.0.2.{random.randrange(30)}", f"2001:db8::{random.randrange(1, 9)}")),
                    random.choice((None, f"d{random.randrange(60)}", f"D{random.randrange(60)}", "ü" * random.randrange(1, 4))),
                    told, None if told else "Correct-horse-9"))
    return db


db = mixed_ledger()
pending = [id for id, in db.execute("SELECT id FROM reg_attempts WHERE outcome = 'pending' AND email IS NOT NULL")]
reg.ok(len(pending) > 20, "some are pending", len(pending))
for id in pending[::2]:
    email = reg.one(db, "SELECT email FROM reg_attempts WHERE id = ?", (id,))
    try:
        db.execute("SELECT reg_verify_code(?)", (reg.one(db, "SELECT reg_issue_code(?, 'none')", (email,)),)).fetchall()
    except sqlite3.OperationalError:
        pass  # decided meanwhile
for id in pending[1:40:8]:
    db.execute("SELECT reg_forget((SELECT email FROM reg_attempts WHERE id = ?))", (id,)).fetchall()
for id in pending[3::4]:
    for outcome in random.choice((("failure", "success"), ("success", "failure"), ("failure", "success", "failure"))):
        decide(db, id, outcome)
decided = reg.one(db, "SELECT count(*) FROM reg_attempts a JOIN attempt b USING (id) WHERE b.outcome = 'pending' AND a.outcome = 'success'")
reg.ok(decided > 10, "and some of those are successes now", decided)

least_time, most_time = db.execute("SELECT min(attempted_at_ms), max(attempted_at_ms) FROM reg_attempts").fetchone()
shown = 0
for case in range(60):
    since, until = sorted(random.randrange(least_time - 1000, most_time + 1000) for _ in range(2))
    if case % 3 == 0:
        since, until = least_time, most_time + 1
    least = random.choice((1, 2, 3, 5, 8, 20))
    expected = by_sqlite(db, since, until, least)
    shown += len(expected)
    if ours(db, since, until, least) != expected:
        reg.equal(ours(db, since, until, least), expected, f"from {since} to {until}, {least}")
reg.ok(shown > 300, "sixty spans, each as by GROUP BY", shown)
reg.equal(ours(db, None, None, 2), by_sqlite(db, 0, 10**15, 2), "no limit at either end")
reg.equal(db.execute("SELECT count(*) FROM reg_shared_origins(?, ?)", (None, None)).fetchone(),
          db.execute("SELECT count(*) FROM reg_shared_origins(?, ?, 5)", (None, None)).fetchone(), "five people, where nothing else is said")
reg.equal(ours(db, most_time, most_time, 1), [], "until is not included")
reg.equal(ours(db, "2023-11-15", "2023-11-17T12:00:00+02:00", 1), by_sqlite(db, 1700006400000, 1700215200000, 1), "days and moments")
reg.equal((ours(db, None, None, 5.0), ours(db, None, None, "5")), (by_sqlite(db, 0, 10**15, 5),) * 2, "numbers as JavaScript and forms bind them")
reg.equal(db.execute("SELECT DISTINCT since, until, least FROM reg_shared_origins('2023-11-15', NULL, 2) WHERE least = 2 AND since = '2023-11-15'").fetchall(),
          [("2023-11-15", None, 2)], "arguments that are given twice, and shown")
reg.equal(ours(db, 1700006400000.0, None, 1), by_sqlite(db, 1700006400000, 10**15, 1), "milliseconds as JavaScript binds them")
reg.equal(db.execute("SELECT a.value = b.value, count(*) FROM reg_shared_origins(NULL, NULL, 1) a JOIN reg_shared_origins(NULL, NULL, 1) b "
                     "ON a.kind = b.kind AND a.first_ms = b.first_ms AND a.value = b.value GROUP BY 1").fetchone(),
          (1, reg.one(db, "SELECT count(*) FROM reg_shared_origins(NULL, NULL, 1)")), "two cursors at once")
db.execute("BEGIN")
db.execute("INSERT INTO reg_attempts (attempted_at, email, device_id, outcome) VALUES (1, 'new@example.com', 'uncommitted', 'success')")
reg.equal(reg.one(db, "SELECT count(*) FROM reg_shared_origins(NULL, NULL, 1) WHERE value = 'uncommitted'"), 1, "what is not committed yet is seen")
db.execute("ROLLBACK")
reg.equal(reg.one(db, "SELECT count(*) FROM reg_shared_origins(NULL, NULL, 1) WHERE value = 'uncommitted'"), 0, "and gone when it is rolled back")

db.set_progress_handler(lambda: 1, 500)
try:
    ended = ours(db, None, None, 1)
except sqlite3.OperationalError as error:
    ended = str(error)
db.set_progress_handler(None, 0)
reg.equal(ended, "reg_shared_origins: interrupted", "a progress handler ends it")
reg.equal(ours(db, None, None, 2), by_sqlite(db, 0, 10**15, 2), "and then it can be asked again")

# Whatever a host's authorizer or function does: the answer, or an error that says why there is none.
for answer, text in ((sqlite3.SQLITE_OK, None), (sqlite3.SQLITE_DENY, "not authorized to use function: reg_take"), (sqlite3.SQLITE_IGNORE, "reg_take was not asked")):
    host = reg.connect("mixed.db")
    host.set_authorizer(lambda action, first, second, *rest, answer=answer: answer if action == 31 and second == "reg_take" else sqlite3.SQLITE_OK)
    try:
        got = ours(host, None, None, 2)
    except sqlite3.DatabaseError as error:
        got = str(error)
    reg.ok(got == by_sqlite(db, 0, 10**15, 2) if text is None else text in got, f"an authorizer that says {answer}", got)
for arguments in (-1, 8):
    host = reg.connect("mixed.db")
    host.create_function("reg_take", arguments, lambda *values: 1)
    try:
        got = ours(host, None, None, 2)
    except sqlite3.DatabaseError as error:
        got = str(error)
    reg.ok("reg_take was not asked" in got, f"a host's own function of that name, {arguments}", got)

# An index that somebody has added, and statistics that make SQLite read by it: the last decision is still the last.
late = reg.ledger("late.db", '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}')
for n in range(20):
    late.execute("INSERT INTO reg_attempts (email, password, device_id) VALUES (?, 'Correct-horse-9', ?)", (f"late{n}@example.com", f"d{n % 2}"))
    decide(late, n + 1, "failure")
    decide(late, n + 1, "success")
late.execute("CREATE INDEX added ON decision (attempt_id DESC, outcome DESC)")
late.execute("ANALYZE")
late.close()
reg.equal(reg.connect("late.db").execute("SELECT value, attempts, success FROM reg_shared_origins(NULL, NULL, 5) WHERE kind = 'device' ORDER BY 1").fetchall(),
          [("d0", 10, 10), ("d1", 10, 10)], "an index that somebody has added")

# A host's own database may be of UTF-16.
wide = reg.connect("wide.db")
wide.execute("PRAGMA encoding = 'UTF-16'")
wide.execute("CREATE TABLE customer (id)")
wide.execute("SELECT reg_init('beside')").fetchall()
wide.execute("INSERT INTO reg_attempts (email, device_id, outcome) VALUES ('jörg@müller.example', 'Gerät', 'success'), ('JÖRG@müller.example', 'Gerät', 'failure')")
reg.equal(wide.execute("SELECT kind, value, attempts, emails, success FROM reg_shared_origins(NULL, NULL, 1) ORDER BY 1").fetchall(),
          [("device", "Gerät", 2, 1, 1), ("domain", "xn--mller-kva.example", 2, 1, 1)], "texts in UTF-16")

# More than a counter holds, by one; and so many origins that counters are shared.
many = reg.ledger("many.db")
many.execute("BEGIN")
for n in range(300):
    many.execute("INSERT INTO reg_attempts (email, device_id, ip_address, outcome) VALUES (?, 'one', ?, 'success')",
                 (f"m{n}@a{n % 2}.example", f"198.51.{n // 200}.{n % 200}"))
many.execute("COMMIT")
reg.equal(many.execute("SELECT kind, value, attempts, emails FROM reg_shared_origins(NULL, NULL, 300)").fetchall(), [("device", "one", 300, 300)], "300 people on one device")
reg.equal(many.execute("SELECT count(*) FROM reg_shared_origins(NULL, NULL, 301)").fetchone(), (0,), "and no more")
reg.equal(reg.one(many, "SELECT group_concat(kind || ' ' || n, ', ') FROM (SELECT kind, count(*) AS n FROM reg_shared_origins(NULL, NULL, 1) GROUP BY kind ORDER BY kind)"),
          "address 300, device 1, domain 2", "everybody by himself")

# The one attempt that was pending.
single = reg.ledger("single.db", '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}')
single.execute("INSERT INTO reg_attempts (email, password, device_id) VALUES ('only@example.com', 'Correct-horse-9', 'd')")
reg.equal(single.execute("SELECT kind, success FROM reg_shared_origins(NULL, NULL, 1) ORDER BY 1").fetchall(), [("device", 0), ("domain", 0)], "pending")
single.execute("SELECT reg_verify_code(?)", (reg.one(single, "SELECT reg_issue_code('only@example.com', 'none')"),)).fetchall()
reg.equal(single.execute("SELECT kind, success FROM reg_shared_origins(NULL, NULL, 1) ORDER BY 1").fetchall(), [("device", 1), ("domain", 1)], "and confirmed")

# What is no argument.


def refused(arguments, text, name):
    try:
        got = db.execute(f"SELECT count(*) FROM reg_shared_origins{arguments}").fetchall()
    except sqlite3.OperationalError as error:
        got = str(error)
    reg.equal(got, text, name)


for given in ("0", "-1", "'five'", "5.5", "NULL", "1000000001", "x'35'"):
    refused(f"(NULL, NULL, {given})", "reg_shared_origins: least: expected a number from 1 to 1000000000", f"least {given}")
refused("('yesterday', NULL)", "reg_shared_origins: since: yesterday is not a moment: expected ISO 8601 text or Unix milliseconds", "since that is no moment")
refused("(NULL, x'00')", "reg_shared_origins: until: the text given is not a moment: expected ISO 8601 text or Unix milliseconds", "until that is none")
refused(" WHERE since < 5", "since: expected one value, as in since = '...', for all of the condition: not within OR, CASE or another expression", "a range of arguments")

# A ledger that was edited: what nobody can have written is said, and what a view gives is joined as it stands.
edited = reg.ledger("edited.db")
for n in range(20):
    edited.execute("INSERT INTO reg_attempts (email, device_id, outcome) VALUES (?, ?, 'success')", (f"e{n}@example.com", f"d{n % 2}"))
decide(edited, 1, "failure")
of_devices = "SELECT value, attempts, emails, success FROM reg_shared_origins(NULL, NULL, 5) WHERE kind = 'device' ORDER BY 1"
reg.equal(edited.execute(of_devices).fetchall(), [("d0", 10, 10, 10), ("d1", 10, 10, 10)], "what was never pending is not decided once more")
edited.execute("PRAGMA foreign_keys = OFF")
edited.execute("PRAGMA legacy_alter_table = ON")
edited.execute("ALTER TABLE person RENAME TO people")
edited.execute("CREATE VIEW person AS SELECT +attempt_id AS attempt_id, email, email_folded, email_key, device_id, ip_address FROM people")
reg.equal(reg.connect("edited.db").execute(of_devices).fetchall(), [("d0", 10, 10, 10), ("d1", 10, 10, 10)], "a view in the place of the people")
edited.execute("UPDATE attempt SET attempted_at = 9000000000000000000 WHERE id = 1")
try:
    got = edited.execute(of_devices).fetchall()
except sqlite3.DatabaseError as error:
    got = str(error)
reg.equal(got, "reg_shared_origins: the ledger is damaged, or was edited: attempt.attempted_at is 9000000000000000000; restore it from a backup", "a time that nobody has")

# A ledger that was edited so that an answer asks for itself: refused, where SQLite would go on until the stack ends.
db.execute("PRAGMA foreign_keys = OFF")
db.execute("PRAGMA legacy_alter_table = ON")
db.execute("ALTER TABLE person RENAME TO people")
columns = [row[1] for row in db.execute("PRAGMA table_info(people)")]
for table, column, question in (("reg_shared_origins(NULL, NULL, 1)", "ip_address", "value"), ("reg_attempts", "ip_address", "ip_address"),
                                ("reg_codes", "phone", "phone"), ("reg_password_formats", "password_hash", "hashes")):
    for condition in ("1", f"attempt_id = {reg.one(db, 'SELECT min(attempt_id) FROM code')}"):
        db.execute("DROP VIEW IF EXISTS person")
        db.execute("CREATE VIEW person AS SELECT " + ", ".join(
            f"CASE WHEN {condition} THEN (SELECT count({question}) FROM {table}) ELSE {name} END AS {name}" if name == column else name for name in columns) + " FROM people")
        for connection in (db, reg.connect("mixed.db")):
            try:
                got = connection.execute(f"SELECT max({question}) FROM {table}").fetchall()
            except sqlite3.DatabaseError as error:
                got = str(error)
            reg.ok("asked for while it is being answered" in str(got) or "unsafe use of virtual table" in str(got), f"{table} within itself, {condition}", got)

none = reg.connect()
try:
    got = none.execute("SELECT * FROM reg_shared_origins(NULL, NULL)").fetchall()
except sqlite3.OperationalError as error:
    got = str(error)
reg.ok("reg_init" in str(got), "a database that is no ledger", got)
reg.done()
