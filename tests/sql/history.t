#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The ledger as of any moment reads as it read then.

A random sequence of what people and the job do, at advancing times; after each step all rows of the
three tables are kept. At the end every kept reading is asked for again by its moment. STEPS=n sets the
length (300), SEED=n another seed.
"""
import json
import os
import random
import sys

os.environ["CLOCK"] = "stands"
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

STEPS = int(os.environ.get("STEPS", "300"))
SEED = int(os.environ.get("SEED", "20240517"))
chance = random.Random(SEED)
now = 1767225600000  # 2026-01-01
reg.set_clock(now)

WAYS = ['{"registrationType":"AUTOMATIC"}', '{"registrationType":"REQUIRE_EMAIL_CONFIRMATION"}', '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}',
        '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE"}',
        '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"ON_CONFLICT_WITH_EXTERNAL_ACCOUNT"}']
db = reg.ledger("history.db", '{"maxCodeTries":2,"resendPauseInSeconds":1,"pinConfirmationValidInSeconds":30,"tokenLifetimeInSeconds":60,'
                '"pendingLifetimeInSeconds":60,"maxCodesPerDay":1000,"channels":["email","sms"],"passwordAt":"confirm","requiredFields":[],'
                '"allowPinResendFromDifferentDeviceId":true,"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE"}')
reg.equal(reg.one(db, "SELECT recorded_at FROM setting LIMIT 1"), now, "the clock is the test's")
people = [f"person{i}@example.com" for i in range(16)]
phones = [None] + [f"+1604555000{i}" for i in range(6)]
known = {}  # the last code of each subject
TABLES = ("reg_attempts", "reg_codes", "reg_reports")
refused = []


def try_sql(sql, parameters=()):
    try:
        return reg.one(db, sql, parameters)
    except Exception as error:
        refused.append(str(error))
        return None


def sign_up():
    told = chance.choice([None] * 6 + ["success", "failure"])
    provider = chance.choice([None] * 3 + ["google"])
    try_sql("INSERT INTO reg_attempts(email, phone, outcome, failure_reason, identity_provider, identity_subject, recommendation, attempted_at) VALUES (?,?,?,?,?,?,?,?)",
            (chance.choice(people + ["wrong", None]), chance.choice(phones), told, "email_taken" if told == "failure" else None, provider,
             provider and chance.choice("abc"), chance.choice([None, None, "ALLOW", "PREVENT"]), now - chance.randint(0, 10**7)))


def issue():
    subject = chance.choice(people)
    code = try_sql("SELECT reg_issue_code(?, ?)", (subject, chance.choice(["email", "none"])))
    if code:
        known[subject] = code
    if chance.random() < 0.5:
        verify_one(subject)


def resend():
    subject = chance.choice(list(known) or people)
    code = try_sql("SELECT reg_resend_code(?, 'email')", (subject,))
    if code:
        known[subject] = code


def verify():
    verify_one(chance.choice(list(known) or people))


def verify_one(subject):
    code = known.get(subject, "000000") if chance.random() < 0.6 else chance.choice(["000000", "111111"])
    verdicts.add(try_sql("SELECT reg_verify_code(?, ?)", (subject, code)))


verdicts = set()


statements = dict(part.split("\n", 1) for part in open("sql/queue.sql").read().split("-- name: ")[1:])


def deliver():
    """As the job does it: a try in the journal, then its end."""
    kind = chance.choice(["code", "report"])
    item = reg.one(db, f"SELECT id FROM {kind} WHERE next_try_at <= ? ORDER BY id DESC LIMIT 1", (now,))
    if item is None:
        return
    db.execute(f"UPDATE {kind} SET next_try_at = ? WHERE id = ?", (now + 60000, item))
    db.execute(f"INSERT INTO try ({kind}_id, owner, started_at, lease_until) VALUES (?,?,?,?)", (item, "test", now, now + 60000))
    if chance.random() < 0.3:
        return
    result = chance.choice(["accepted", "accepted", "deferred", "refused", "not_accepted", "ambiguous"])
    retry_at = now + 5000 if result in ("not_accepted", "ambiguous") and chance.random() < 0.7 else None
    end = {"try_id": reg.one(db, "SELECT max(id) FROM try"), "report_id": item, "lease_until": now + 60000, "recorded_at": now, "result": result,
           "status": 200, "answer": "answer", "retry_at": retry_at, "vendor_timestamp": now if result == "accepted" else None}
    if kind == "code":
        db.execute("INSERT INTO finish_code (try_id, recorded_at, result, status, answer, retry_at)"
                   " VALUES (:try_id, :recorded_at, :result, :status, :answer, :retry_at)", end)
        return
    told = {"report": item, **{name: end[name] for name in ("lease_until", "status", "answer", "retry_at", "vendor_timestamp")}}
    answers = {"answers": json.dumps({end["try_id"]: told}), "recorded_at": now, "result": result}
    for step in ("event", "queue", "fingerprint", "try"):
        if step != "fingerprint" or result in ("accepted", "deferred"):
            db.execute(statements[f"finish_reports_{step}"], answers)


def later():
    """What is recorded of a customer afterwards."""
    if chance.random() < 0.5:
        try_sql("SELECT reg_set_consent(?, 'marketing', '1', ?)", (chance.choice(people), chance.choice(["accepted", "declined"])))
    else:
        try_sql("SELECT reg_record_step(?, 'KYC', ?)", (chance.choice(people), chance.choice(["started", "approved"])))


def change_way():
    try_sql("SELECT reg_settings_patch(?)", (chance.choice(WAYS),))


def read(as_of=None):
    where = "" if as_of is None else f"({as_of})"
    return [db.execute(f"SELECT * FROM {table}{where} ORDER BY id").fetchall() for table in TABLES]


steps = [sign_up] * 6 + [later] * 2 + [issue] * 4 + [resend] * 2 + [verify] * 4 + [deliver] * 4 + [change_way]
readings = []
for _ in range(STEPS):
    now += chance.choice([1, 500, 1000, 2000, 15000, 29999, 30000, 30001, 61000])
    reg.set_clock(now)
    chance.choice(steps)()
    readings.append((now, read()))
    if chance.random() < 0.3:  # nothing has happened, but time has passed
        now += chance.choice([1, 20000, 60000])
        reg.set_clock(now)
        readings.append((now, read()))

now += 1000
reg.set_clock(now)
db.close()
db = reg.connect("history.db")
differences = []
for moment, rows in readings:
    again = read(moment)
    for table, then, later in zip(TABLES, rows, again):
        if then != later:
            names = [row[1] for row in db.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0]
            changes = [(a[0], name, x, y) for a, b in zip(then, later) for name, x, y in zip(names, a, b) if x != y]
            differences.append((table, moment, len(then), len(later), changes[:6]))
reg.ok(not differences, f"{len(readings)} readings of {STEPS} steps come back (SEED={SEED})", *differences[:8], f"{len(differences)} in all")
# Without these the comparison would say little.
names = {table: [row[1] for row in db.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0] for table in TABLES}
seen_outcomes = {row[names["reg_attempts"].index("outcome")] for _, rows in readings for row in rows[0]}
seen_codes = {row[names["reg_codes"].index("state")] for _, rows in readings for row in rows[1]}
seen_reports = {row[names["reg_reports"].index("state")] for _, rows in readings for row in rows[2]}
reg.equal(seen_outcomes, {"pending", "success", "failure"}, "the readings have every outcome")
reg.ok({"pending", "sent", "verified", "expired", "exhausted", "superseded", "undeliverable"} <= seen_codes, "and nearly every state of a code", sorted(seen_codes))
reg.ok({"queued", "retrying", "acknowledged", "deferred", "dead"} <= seen_reports, "and of a report", sorted(seen_reports))
reg.ok({"verified", "invalid_code", "code_timeout"} <= verdicts, "and verdicts", sorted(map(str, verdicts)))

# Of now there is no bound: what a repaired ledger says of a later time is shown, but for a moment that is given.
db.execute("BEGIN")
report, state = db.execute("SELECT id, state FROM reg_reports WHERE state <> 'dead' ORDER BY id LIMIT 1").fetchone()
db.execute("INSERT INTO report_event (report_id, recorded_at, state) VALUES (?, ?, 'dead')", (report, now + 86400000))
reg.equal([one for (one,) in db.execute("SELECT state FROM reg_reports WHERE id = ? UNION ALL SELECT state FROM reg_reports WHERE id = ? AND as_of = ?", (report, report, now))],
          ["dead", state], "a fact of a later time: in the table of now, and not as of now")
db.execute("ROLLBACK")

# How a moment may be written.
moment, rows = readings[len(readings) // 2]
text = reg.one(db, "SELECT strftime('%Y-%m-%dT%H:%M:%f', ? / 1000.0, 'unixepoch')", (moment,))
for spelling in (moment, text + "Z", text, text.replace("T", " ") + "Z", str(moment), text + "+00:00"):
    reg.equal(db.execute("SELECT * FROM reg_attempts(?) ORDER BY id", (spelling,)).fetchall(), rows[0], f"as_of {spelling!r}")
    reg.equal(db.execute("SELECT * FROM reg_attempts WHERE as_of = ? ORDER BY id", (spelling,)).fetchall(), rows[0], f"WHERE as_of = {spelling!r}")
reg.equal(db.execute("SELECT DISTINCT as_of FROM reg_attempts(?)", (text,)).fetchall(), [(text,)], "as_of reads as it was given")
early, early_rows = next((moment, rows[0]) for moment, rows in readings if len(rows[0]) > 3)
reg.equal(db.execute("SELECT m, count(*) FROM (SELECT ? AS m UNION ALL SELECT ?), reg_attempts(m) GROUP BY m ORDER BY m", (early, moment)).fetchall(),
          [(early, len(early_rows)), (moment, len(rows[0]))], "as_of from another table, row by row")
reg.equal(db.execute("SELECT count(*) FROM reg_attempts WHERE as_of IN (?, ?)", (early, moment)).fetchall(), [(len(early_rows) + len(rows[0]),)], "two moments in one question")
reg.equal(db.execute("SELECT count(*) FROM reg_attempts WHERE as_of = ? AND as_of = ?", (early, moment)).fetchall(), [(0,)], "at two moments at once is nothing")
reg.equal(db.execute("SELECT count(*) FROM reg_attempts(0)").fetchall(), [(0,)], "before everything there is nothing")
for table in TABLES:
    for condition in ("as_of < '2026-01-02'", "as_of >= 5", "as_of BETWEEN 1 AND 2", "as_of <> 5", "as_of IS NULL", "as_of LIKE '2026%'", "id = 1 AND as_of > 3 LIMIT 1"):
        try:
            message = str(db.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchall())
        except Exception as error:
            message = str(error)
        reg.equal(message, "as_of: expected one moment, as in as_of = '2026-01-31T12:00:00Z', for all of the condition: not within OR, CASE or another expression", f"{table} WHERE {condition}: refused")
reg.equal(db.execute("SELECT count(*) FROM reg_attempts(?) WHERE as_of > 5", (now,)).fetchall(), db.execute("SELECT count(*) FROM reg_attempts").fetchall(),
          "where the moment is given, it may be compared with others")
for unreadable, message in ((now + 1, "is in the future"), ("2030-01-01", "as_of: 2030-01-01 is in the future"), ("yesterday", "as_of: yesterday is not a moment: expected ISO 8601 text or Unix milliseconds"),
                            ("2026-02-30", "is not a moment"), (b"2026-01-01", "is not a moment"), (1.5, "is not a moment"), ("", "is not a moment"), (None, "is not a moment")):
    for table in TABLES:
        try:
            got = db.execute(f"SELECT count(*) FROM {table} WHERE as_of = ?", (unreadable,)).fetchall()
        except Exception as error:
            got = str(error)
        reg.ok(message in str(got), f"{table} as of {unreadable!r}: {message}", got)
try:
    got = db.execute("SELECT count(*) FROM reg_attempts a JOIN reg_codes c ON c.as_of = a.recorded_at_ms AND a.as_of = c.request_timestamp_ms").fetchall()
except Exception as error:
    got = str(error)
reg.ok("no query solution" in str(got), "an as_of that cannot be known beforehand makes no plan", got)
reg.done()
