#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Many sign-ups for one address, or with one username: a code that was handed over is still good, and a look for it costs no more."""
import os
import re
import shutil
import sqlite3
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

SETTINGS = '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","passwordAt":"confirm","requiredFields":[],"maxCodeTries":3%s}'
MAIL, PHONE, NAME = "ann@example.com", "+16045550001", "ann"


def ledger(name, more=""):
    return reg.ledger(name, SETTINGS % more)


def sign_up(db, first, count, email="NULL", phone="NULL", username="NULL"):
    """`count` sign-ups; the SQL of each may use i."""
    db.execute(f"WITH RECURSIVE n(i) AS (VALUES ({first}) UNION ALL SELECT i + 1 FROM n LIMIT {count}) "
               f"INSERT INTO reg_attempts (email, phone, username) SELECT {email}, {phone}, {username} FROM n")


def hand_over(db):
    """As `regjob send` does it: what waits to be sent is handed over, and counts as accepted."""
    now = int(time.time() * 1000)
    db.execute("INSERT INTO try (code_id, owner, started_at, lease_until) SELECT id, 'test', ?, ? FROM code WHERE next_try_at <= ?", (now, now, now))
    db.execute("INSERT INTO finish_code (try_id, recorded_at, result) SELECT id, ?, 'accepted' FROM try WHERE finished_at IS NULL", (now,))


def verify(db, subject, code):
    return reg.one(db, "SELECT reg_verify_code(?, ?)", (subject, code))


def wrong(code):
    return f"{(int(code) + 1) % 1000000:06}"


# Of sign-ups that wait to be sent.
for subject, columns in ((MAIL, {"email": f"'{MAIL}'"}), (PHONE, {"phone": f"'{PHONE}'"})):
    channel = "email" if subject == MAIL else "sms"
    db = ledger(f"queue-{channel}.db", f',"channels":["{channel}"]')
    sign_up(db, 1, 1, **columns)
    code = reg.one(db, "SELECT reg_issue_code(?, ?)", (subject, channel))
    sign_up(db, 2, 300, **columns)
    reg.equal(verify(db, subject, wrong(code)), "invalid_code", f"{channel}: a wrong one after 300 further sign-ups")
    reg.equal(reg.one(db, "SELECT failures FROM reg_codes ORDER BY id LIMIT 1"), 1, "costs the code that was handed over a try")
    reg.equal(verify(db, subject, code), "verified", f"{channel}: the delivered PIN after 300 further sign-ups")
    reg.equal(reg.one(db, "SELECT outcome FROM reg_attempts WHERE id = 1"), "success", "completes its sign-up")
    reg.equal(db.execute("SELECT outcome, count(*) FROM reg_attempts GROUP BY outcome").fetchall(), [("failure", 300), ("success", 1)], "and the others have lost")

db = ledger("late.db")
sign_up(db, 1, 1, email=f"'{MAIL}'")
hand_over(db)
sign_up(db, 2, 300, email=f"'{MAIL}'")
hand_over(db)
reg.equal(db.execute("SELECT state, count(*) FROM reg_codes GROUP BY state ORDER BY state").fetchall(), [("pending", 300), ("sent", 1)], "the pause holds for all of them")
for _ in range(3):
    reg.equal(verify(db, MAIL, "000000"), "invalid_code", "guesses cost the code that was sent its tries")
reg.equal(reg.one(db, "SELECT state FROM reg_codes WHERE id = 1"), "exhausted", "and use it up")

# Of sign-ups that were handed over to addresses of their own, but carry the same username, or the same e-mail address beside a phone number.
db = ledger("beside.db", ',"channels":["email","sms"]')
sign_up(db, 1, 1, email=f"'{MAIL}'", username=f"'{NAME}'")
code = reg.one(db, "SELECT reg_issue_code(?, 'email')", (MAIL,))
sign_up(db, 2, 300, email=f"'{MAIL}'", phone="printf('+1604555%04d', i)")
sign_up(db, 302, 300, email="'other' || i || '@example.com'", username=f"'{NAME}'")
hand_over(db)
reg.equal(reg.one(db, "SELECT count(*) FROM reg_codes WHERE state = 'sent'"), 601, "their codes were sent")
reg.equal(verify(db, NAME, wrong(code)), "invalid_code", "by the username, a wrong one")
reg.equal(verify(db, MAIL, code), "verified", "by the address, the right one after 600 others")

# However many were handed over to others who chose the same username: what a person was given is good by that name, too.
db = ledger("shared.db")
sign_up(db, 1, 1, email=f"'{MAIL}'", username=f"'{NAME}'")
code = reg.one(db, "SELECT reg_issue_code(?, 'email')", (MAIL,))
sign_up(db, 2, 2500, email="'other' || i || '@example.com'", username=f"'{NAME}'")
hand_over(db)
reg.equal(reg.one(db, "SELECT count(*) FROM given_code WHERE own = 0"), 2501, "2,500 others were sent a code")
reg.equal(verify(db, NAME, code), "verified", "by the username, the right one after theirs")
reg.equal(reg.one(db, "SELECT outcome FROM reg_attempts WHERE id = 1"), "success", "completes its own sign-up")

# A code that stands alone.
db = ledger("alone.db")
code = reg.one(db, "SELECT reg_issue_code(?, 'none')", (MAIL,))
sign_up(db, 1, 300, email=f"'{MAIL}'")
reg.equal(verify(db, MAIL, code), "verified", "a code of no sign-up")

# A call was begun, and nobody knows what came of it: the code may have arrived.
db = ledger("ambiguous.db")
sign_up(db, 1, 1, email=f"'{MAIL}'")
code = reg.one(db, "SELECT reg_issue_code(?, 'email')", (MAIL,))
db.execute("UPDATE code SET runs_from = NULL")
now = int(time.time() * 1000)
db.execute("INSERT INTO try (code_id, owner, started_at, lease_until) VALUES (1, 'test', ?, ?)", (now, now))
sign_up(db, 2, 300, email=f"'{MAIL}'")
reg.equal(verify(db, MAIL, code), "verified", "a code that may have arrived")

# Erased.
db = ledger("erased.db")
sign_up(db, 1, 1, email=f"'{MAIL}'", username=f"'{NAME}'")
reg.one(db, "SELECT reg_issue_code(?, 'email')", (MAIL,))
reg.one(db, "SELECT reg_issue_code('+16045550009', 'none')")
reg.ok(reg.one(db, "SELECT count(*) FROM given_code") >= 3, "a code stands under each of its names")
reg.one(db, "SELECT reg_forget(?)", (MAIL,))
reg.equal(reg.one(db, "SELECT count(*) FROM given_code"), 1, "and under none when the person was forgotten")
reg.one(db, "SELECT reg_forget('+16045550009')")

# A ledger of version 2 that has both is upgraded.
db = ledger("new.db")
sign_up(db, 1, 1, email=f"'{MAIL}'")
code = reg.one(db, "SELECT reg_issue_code(?, 'email')", (MAIL,))
sign_up(db, 2, 300, email=f"'{MAIL}'")
newest = reg.one(db, "SELECT newest FROM clock")
db.close()
old = sqlite3.connect(os.path.join(reg.folder, "old.db"), isolation_level=None)
for version in 1, 2:
    old.executescript(open(f"sql/upgrades/{version}.sql").read())
old.execute("ATTACH ? AS new", (os.path.join(reg.folder, "new.db"),))
for (table,) in old.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall():
    columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})"))
    source = "subject_index" if table == "subject" else table
    old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{source}")
old.executescript("PRAGMA main.application_id = 1919248243; PRAGMA main.user_version = 2")
old.close()
shutil.copy(os.path.join(reg.folder, "new.db.key"), os.path.join(reg.folder, "old.db.key"))
db = reg.connect("old.db")
reg.ok(reg.one(db, "SELECT reg_init()") > 2, "a ledger of version 2")
reg.equal(reg.one(db, "SELECT newest FROM clock"), newest, "knows its newest entry")
reg.equal(verify(db, MAIL, code), "verified", "and the code that was handed over")

# The work does not grow with what strangers send.
steps = 0


def count():
    global steps
    steps += 1
    return 0


def cost(db, sql, parameters=()):
    """Of a statement, in hundreds of SQLite's steps; that it is refused does not matter."""
    global steps
    steps = 0
    db.set_progress_handler(count, 100)
    try:
        db.execute(sql, parameters).fetchall()
    except sqlite3.Error:
        pass
    db.set_progress_handler(None, 0)
    return steps


costs = []
for size in (1500, 4500):
    db = ledger(f"cost-{size}.db")
    sign_up(db, 1, 1, email=f"'{MAIL}'")
    code = reg.one(db, "SELECT reg_issue_code(?, 'email')", (MAIL,))
    sign_up(db, 2, size, email=f"'{MAIL}'", username=f"'{NAME}'")
    costs.append((cost(db, "SELECT reg_verify_code(?, ?)", (MAIL, wrong(code))),
                  cost(db, "INSERT INTO reg_attempts (email, username) VALUES (?, ?)", (MAIL, NAME)),
                  cost(db, "SELECT reg_resend_code(?, 'email')", (MAIL,))))
for what, few, many in zip(("a look", "a sign-up", "a new code"), *costs):
    reg.ok(few > 0 and many < 1.3 * few, f"{what} among 4,500 costs what one among 1,500 does", f"hundreds of steps: {few}, {many}")

db = ledger("past.db")
sign_up(db, 1, 1, email=f"'{MAIL}'", username=f"'{NAME}'")
code = reg.one(db, "SELECT reg_issue_code(?, 'email')", (MAIL,))
alone = cost(db, "SELECT reg_verify_code(?, ?)", (NAME, wrong(code)))
sign_up(db, 2, 3000, email="'other' || i || '@example.com'", username=f"'{NAME}'")
hand_over(db)
db.execute("UPDATE code SET runs_from = runs_from - lifetime_ms - 1 WHERE attempt_id > 1")
among = cost(db, "SELECT reg_verify_code(?, ?)", (NAME, wrong(code)))
recent = 200 * 3  # hundreds of steps for the newest, which any look compares
reg.ok(among < alone + 3000 * 15 / 100 + recent, "codes of others whose time is over cost a look less than fifteen steps each", f"hundreds of steps: {alone}, {among}")

# Each of the attempts that a verdict ends costs the same, however many of them carry the same identifier.
SETTLE = re.search(r"^-- name: settle\n(.*?)\n\n", open("sql/queue.sql", encoding="utf-8").read(), re.M | re.S).group(1)
ENDS = {
    "a right code": lambda db, code, now: cost(db, "SELECT reg_verify_code(?, ?)", ("+16045550001", code)),
    "settling": lambda db, code, now: cost(db, SETTLE, {"now": now + 10**9, "batch": 10**6, "reportable": "[]"}),
    "forgetting": lambda db, code, now: cost(db, "SELECT reg_forget(?)", (MAIL,)),
}
for what, end in ENDS.items():
    costs = []
    for size in (400, 1600):
        db = ledger(f"end-{size}-{what[2:6]}.db", ',"channels":["sms"]')
        sign_up(db, 1, size, email=f"'{MAIL}'", phone="printf('+1604555%04d', i)", username=f"'{NAME}'")
        code = reg.one(db, "SELECT reg_issue_code('+16045550001', 'none')")
        costs.append(end(db, code, int(time.time() * 1000)))
        reg.equal(reg.one(db, "SELECT count(*) FROM waiting"), 0, f"{what} ends {size}")
    reg.ok(costs[0] > 0 and costs[1] < 5 * costs[0], f"{what}: four times as many cost four times as much", f"hundreds of steps: {costs}")
reg.done()
