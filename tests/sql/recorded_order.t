#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The order in which attempts were recorded: the order of their ids, which ORDER BY recorded_at needs no sorting for, but in ledgers that an early version wrote
by a clock that went back."""
import sys

sys.path.insert(0, "tests/sql")
import reg

OLD = """
ALTER TABLE subject_of_version_7 RENAME TO subject; INSERT INTO subject SELECT key, holder, attempt_id FROM subject_index;
ALTER TABLE reject DROP COLUMN what;
ALTER TABLE reject DROP COLUMN mistake;
ALTER TABLE import DROP COLUMN form;
DROP INDEX attempt_customer;
DROP INDEX decision_customer;
DROP INDEX try_ambiguous;
ALTER TABLE clock DROP COLUMN in_order;
ALTER TABLE run DROP COLUMN owner;
ALTER TABLE ledger DROP COLUMN key_mark;
DROP TABLE session; DROP TABLE lease; DROP TABLE obstacle;
DROP TABLE kept_through; DROP TABLE kept_day; DROP TABLE kept_outcome; DROP TABLE kept_note; DROP TABLE kept_cause; DROP TABLE kept_storm; DROP TABLE kept_call; DROP TABLE kept_state;
DROP VIEW origin_run; DROP VIEW newer_origin; DROP VIEW origin_index; DROP TABLE kept_origin;
DROP VIEW subject_index; DROP VIEW subject_entry; DROP VIEW subject_key;
DROP TABLE subject_merged; DROP TABLE subject_waiting; DROP TABLE subject_of_version_9; DROP TABLE subject_segment;
PRAGMA user_version = 4;
"""


def old_ledger(name, times):
    """As version 4 left it, with an attempt recorded at each of the times."""
    db = reg.ledger(name)
    for number in range(len(times)):
        db.execute("INSERT INTO reg_attempts (email, outcome) VALUES (?, 'success')", (f"p{number}@example.com",))
    for number, time in enumerate(times, 1):
        db.execute("UPDATE attempt SET recorded_at = ? WHERE id = (SELECT id FROM attempt ORDER BY id LIMIT 1 OFFSET ?)", (time, number - 1))
    db.executescript(OLD)
    db.close()
    db = reg.connect(name)
    reg.equal(reg.one(db, "SELECT reg_init()"), 10, f"{name}: is upgraded")
    return db


def emails(db, order):
    return [row[0][1] for row in db.execute(f"SELECT email FROM reg_attempts ORDER BY {order}")]


for name, times, expected in (("forward.db", (1000, 2000, 2000, 3000), "0123"), ("back.db", (2000, 1000, 4000, 3000), "1032")):
    db = old_ledger(name, times)
    reg.equal(emails(db, "recorded_at, id"), list(expected), f"{name}: by the time of recording")
    reg.equal(emails(db, "recorded_at_ms DESC, id DESC"), list(expected[::-1]), f"{name}: the newest first")
    reg.equal(emails(db, "recorded_at LIMIT 1"), [expected[0]], f"{name}: the first alone")
    reg.equal(reg.one(db, "SELECT email FROM reg_attempts ORDER BY recorded_at_ms DESC LIMIT 1")[1], expected[-1], f"{name}: the newest alone")
    sorts = any("TEMP B-TREE" in row[3] for row in db.execute("EXPLAIN QUERY PLAN SELECT email FROM reg_attempts ORDER BY recorded_at DESC LIMIT 50"))
    changes = open("sql/queries/changes.sql", encoding="utf-8").read()
    new = [sum(row[3] for row in db.execute(changes, {"then": then, "until": 3500}) if row[:2] == ("outcome", "(new)")) for then in (0, 1500, 2000, 3000)]
    reg.equal(new, [sum(then < time <= 3500 for time in times) for then in (0, 1500, 2000, 3000)], f"{name}: what is new since a moment")
    reg.equal(sorts, name == "back.db", f"{name}: it is sorted only where it has to be")
reg.done()
