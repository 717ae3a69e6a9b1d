#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The plain views (sql/plain_views.sql): without the extension they say of now what its tables say, and they leave alone what has their names already."""
import json
import os
import subprocess

os.environ["CLOCK"] = "yes"
import reg
import sqlite3

NOW = 1767268800000  # 2026-01-01 12:00 UTC
DAY = 86400000


def same(name, got, expected):
    reg.equal(got, expected, name)


def plain(name):
    """The same file in a connection that has no extension and trusts no schema, as DuckDB, Grafana or a notebook opens it."""
    connection = sqlite3.connect(f"file:{os.path.join(reg.folder, name)}?mode=ro", uri=True)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def rows(connection, table, columns):
    return connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY id").fetchall()


def columns(connection, table):
    return [row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0]


def equal(name, left, right, names):
    """Two lists of rows; JSON is compared as JSON."""
    def read(row):
        return [json.loads(value) if names[i] in ("consents", "notes", "reasons", "steps") and value is not None else value for i, value in enumerate(row)]
    differing = [(a, b) for a, b in zip(map(read, left), map(read, right)) if a != b]
    reg.ok(len(left) == len(right) and not differing, name)
    if differing:
        print("#", [(n, x, y) for n, x, y in zip(names, *differing[0]) if x != y])


# -- A ledger in which every kind of fact stands: two days, codes in every state, consents and steps that came later, a person erased.
reg.set_clock(NOW - DAY)
ledger = reg.ledger("a.db", '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","sandbox":true,"pendingLifetimeInSeconds":7200,"maxCodeTries":2}')
ledger.execute("INSERT INTO reg_attempts (email, phone, name, password, consents, country, device_id, ip_address, latitude) VALUES "
               "('ann@example.com', '+16045551234', 'Ann \"A\"', 'Abcdef1!', '{\"terms\":\"accepted\",\"odd \\\"name\\\"\":\"declined\"}', 'CA', 'd1', '192.0.2.1', 49.25)")
ledger.execute("INSERT INTO reg_attempts (email, password) VALUES ('bob@example.com', 'Abcdef1!'), ('cyd@example.com', 'Abcdef1!'), ('dan@example.com', 'short'), ('eve@example.com', 'Abcdef1!')")
ledger.execute("INSERT INTO reg_attempts (email, outcome, failure_reason) VALUES ('fay@example.com', 'failure', 'our own reason'), ('gil@example.com', 'success', NULL)")
ledger.execute("INSERT INTO reg_attempts (email, password, phone, password_hash) VALUES ('hal@example.com', NULL, '12', 'no hash')")
reg.set_clock(NOW - DAY + 60000)
for sql in ("SELECT reg_verify_code('ann@example.com', '12345', 'd1')", "SELECT reg_verify_code('bob@example.com', '99999')",
            "SELECT reg_verify_code('cyd@example.com', '99999')", "SELECT reg_verify_code('cyd@example.com', '99998')",
            "SELECT reg_set_consent('ann@example.com', 'terms', '2', 'declined')", "SELECT reg_set_consent('ann@example.com', 'news', NULL, 'accepted')",
            "SELECT reg_record_step('ann@example.com', 'KYC', 'say \"yes\"\\', 'ref-1')", "SELECT reg_record_step('ann@example.com', 'subscription', 'done')",
            "SELECT reg_forget('gil@example.com')", "SELECT reg_issue_code('someone@example.org', 'none')"):
    ledger.execute(sql).fetchall()
ledger.executescript("""
    INSERT INTO try (report_id, owner, started_at, lease_until, finished_at, result, status, answer, retry_at)
    SELECT id, 'test:1', recorded_at + 1, recorded_at + 60000, recorded_at + 2, CASE id % 3 WHEN 0 THEN 'accepted' WHEN 1 THEN 'ambiguous' ELSE 'refused' END, 200 + id, 'answer ' || id,
           CASE id % 3 WHEN 1 THEN recorded_at + 90000 END FROM report;
    INSERT INTO report_event (report_id, recorded_at, state, vendor_timestamp) SELECT id, recorded_at + 2, CASE id % 3 WHEN 0 THEN 'acknowledged' ELSE 'dead' END, 7 FROM report WHERE id % 3 <> 1;
    UPDATE code SET handed_over_at = recorded_at + 5, runs_from = recorded_at + 5 WHERE id % 2 AND runs_from IS NULL;
""")
reg.set_clock(NOW)
ledger.execute("INSERT INTO reg_attempts (email, password) VALUES ('ida@example.com', 'Abcdef1!'), ('jim@example.com', '1')")
reg.set_clock(NOW + 1000)
ledger.execute("UPDATE code SET handed_over_at = recorded_at + 5, runs_from = recorded_at + 5 WHERE attempt_id = 9")

shared = {"reg_attempts": "attempts", "reg_codes": "codes", "reg_reports": "reports"}
more = {"attempts": ["deadline", "deadline_ms", "past_deadline"], "codes": [], "reports": []}
view = plain("a.db")
for table, name in shared.items():
    there, here = columns(ledger, table), columns(view, name)
    same(f"{name} has the columns of {table}, but for the payload, and says how long there is time", sorted(here),
              sorted([c for c in there if c != "payload"] + more[name]))
for state in ("pending", "sent", "expired", "verified", "exhausted"):
    reg.ok(view.execute("SELECT 1 FROM codes WHERE state = ?", (state,)).fetchone(), f"the stage has a code that is {state}")

both = {name: [c for c in columns(ledger, table) if c != "payload"] for table, name in shared.items()}
overdue = [row[0] for row in view.execute("SELECT id FROM attempts WHERE past_deadline")]
same("those whose time is up are told", overdue, [row[0] for row in ledger.execute("SELECT attempt_id FROM waiting WHERE deadline <= ?", (NOW + 1000,))])
reg.ok(len(overdue) == 2, "two of them")
for table, name in shared.items():
    left, right = rows(view, name, both[name]), rows(ledger, table, both[name])
    if name == "attempts":
        settled = [(a, b) for a, b in zip(left, right) if a[0] in overdue]
        same("they stay pending here, and have failed there", [(a[both[name].index("outcome")], b[both[name].index("outcome")]) for a, b in settled], [("pending", "failure")] * 2)
        left, right = [a for a in left if a[0] not in overdue], [b for b in right if b[0] not in overdue]
    equal(f"{name} says what {table} says, row by row", left, right, both[name])

same("outcomes by day", view.execute("SELECT * FROM outcomes_by_day ORDER BY day").fetchall(),
          [("2025-12-31", 8, 2, 2, 4, 2), ("2026-01-01", 2, 0, 1, 1, 0)])
same("the same, counted from the attempts", view.execute(
    "SELECT day, attempts, success, pending, failure, past_deadline FROM outcomes_by_day EXCEPT SELECT substr(attempted_at, 1, 10), count(*), sum(outcome = 'success'), "
    "sum(outcome = 'pending'), sum(outcome = 'failure'), sum(past_deadline) FROM attempts GROUP BY 1").fetchall(), [])
same("the funnel by day is the funnel", view.execute("SELECT * FROM funnel_by_day ORDER BY day").fetchall(), view.execute("SELECT * FROM funnel ORDER BY day").fetchall())


def plan(sql):
    return "\n".join(row[3] for row in view.execute("EXPLAIN QUERY PLAN " + sql))


reg.ok("SEARCH a USING INTEGER PRIMARY KEY" in plan("SELECT email, outcome FROM attempts WHERE id = 1"), "an attempt is found by its number")
reg.ok("SEARCH a USING INDEX attempt_attempted_at" in plan("SELECT outcome FROM attempts WHERE attempted_at_ms >= 5"), "attempts are found by their time")
reg.ok("SEARCH a USING INDEX attempt_line" in plan("SELECT outcome FROM attempts WHERE import_id = 1"), "attempts are found by their import")
reg.ok("SEARCH c USING INDEX code_attempt" in plan("SELECT state FROM codes WHERE attempt_id = 1"), "codes are found by their attempt")
reg.ok("INDEX report_attempt" in plan("SELECT state FROM reports WHERE attempt_id = 1"), "reports are found by their attempt")
reg.ok("outcome=" not in plan("SELECT * FROM outcomes_by_day"), "a day looks at its own attempts alone")

# -- Names that are taken.
theirs = sqlite3.connect(os.path.join(reg.folder, "theirs.db"))
theirs.executescript("CREATE TABLE Attempts (x); INSERT INTO Attempts VALUES ('theirs'); CREATE VIEW codes AS SELECT 'theirs' AS x; CREATE TABLE t (reports);"
                     "CREATE INDEX reports ON t (reports); CREATE TRIGGER outcomes_by_day AFTER INSERT ON t BEGIN SELECT 1; END;")
theirs.close()
beside = reg.connect("theirs.db")
beside.execute("SELECT reg_init('beside')").fetchall()


def made():
    return [row[0] for row in beside.execute("SELECT name FROM sqlite_schema WHERE type = 'view' AND sql LIKE '%-- of the ledger%' ORDER BY name")]


same("beside an application, names that are there stay what they are", beside.execute("SELECT x, (SELECT x FROM codes) FROM Attempts").fetchall(), [("theirs", "theirs")])
same("and only the others are made", made(), ["funnel_by_day", "outcomes_by_day"])
same("the ledger works", beside.execute("SELECT count(*) FROM reg_attempts").fetchone(), (0,))

# -- An upgrade: of a ledger of version 5 beside an application, which has one name by now, as an analyst has another; and with a plain view as an earlier version made it.
upgrades = [f"sql/upgrades/{number}.sql" for number in range(1, 6)]
schema = subprocess.check_output(["env", "-u", "LD_PRELOAD", "awk", "-f", "sql/embed.awk", "-v", "part=schema", *upgrades, "sql/ledger.sql"], text=True)
old = sqlite3.connect(os.path.join(reg.folder, "old.db"))
old.executescript(schema + """
    INSERT INTO ledger (id, uuid, subject_salt, created_at, version) VALUES (1, zeroblob(16), zeroblob(16), 0, 5); INSERT INTO setting VALUES (1, 0, '{}');
    CREATE TABLE Attempts (x); CREATE VIEW funnel_by_day AS SELECT 'mine' AS x; CREATE VIEW codes AS -- of the ledger
    SELECT 'old' AS x;""")
old.close()
beside = reg.connect("old.db")
beside.execute("SELECT reg_init()").fetchall()
same("an upgrade makes ours anew, what is new, and takes nothing that is not ours", made(), ["codes", "outcomes_by_day", "reports"])
same("the old one is gone", beside.execute("SELECT count(state) FROM codes").fetchone(), (0,))
same("an analyst's own view stays", beside.execute("SELECT x FROM funnel_by_day").fetchall(), [("mine",)])
reg.done()
