#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is pushed down to indexes gives what no index gives: random questions, asked both ways.

Each is put to reg_attempts and to a plain copy of all its rows, in a table whose columns have the same
types. CASES=n sets how many questions (1,500), SEED=n another seed.
"""
import os
import random
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

CASES = int(os.environ.get("CASES", "1500"))
SEED = int(os.environ.get("SEED", "20240517"))
chance = random.Random(SEED)

db = reg.ledger("search.db", '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE",'
                '"passwordAt":"confirm","requiredFields":[],"sandbox":true,"uniqueEmail":false,"uniquePhone":false}')
people = ["Ann@example.com", "ann@example.com", "bob@Example.com", "cy@bücher.example", "not an address", "dora+1@example.com",
          "EVE@EXAMPLE.COM"]
phones = ["+16045550001", "+16045550002", "+16045550003", "12", "Ask ÄNN", "+6281234567890"]
usernames = ["ann", "Ann", "BOB", "ｂｏｂ", " bad", "straße", "STRASSE"]
devices = ["d1", "D1", "007", "7"]
refused = ["not an address", "12", "Ask ÄNN", " bad"]  # which are not kept
moments = ["2025-12-%02dT%02d:%02d:00%sZ" % (day, hour, minute, part)
           for day in (1, 2, 9) for hour in (0, 23) for minute in (0, 59) for part in ("", ".500")]


def maybe(values, often=0.7):
    return chance.choice(values) if chance.random() < often else None


for i in range(260):
    told = maybe(["success", "failure"], 0.3)
    db.execute("INSERT INTO reg_attempts(email, phone, username, attempted_at, outcome, country, device_id, ip_address) VALUES (?,?,?,?,?,?,?,?)",
               (maybe(people), maybe(phones), maybe(usernames, 0.2), maybe(moments, 0.9), told, maybe(["ID", "GB", None]), maybe(devices), maybe(["192.0.2.1", "192.0.2.2"])))
    if chance.random() < 0.3:
        email = reg.one(db, "SELECT email FROM reg_attempts WHERE outcome = 'pending' ORDER BY random() LIMIT 1")
        if email:
            db.execute("SELECT reg_verify_code(?, ?)", (email, chance.choice(["12345", "54321"]))).fetchall()
# Some are reported, in every way that it may end; one is confirmed once more by hand, as late news would.
for number, state in enumerate(["acknowledged", "dead", "deferred", "erased", None, "queued"] * 9, 1):
    report = reg.one(db, "SELECT id FROM report ORDER BY id LIMIT 1 OFFSET ?", (number * 2,))
    if report is None:
        break
    at = reg.one(db, "SELECT newest FROM clock")
    db.execute("UPDATE clock SET newest = newest + 1")
    db.execute("INSERT INTO try (report_id, owner, started_at, lease_until) VALUES (?, 'test', ?, ?)", (report, at, at))
    if state:
        db.execute("INSERT INTO report_event (report_id, recorded_at, state) VALUES (?,?,?)", (report, at + 1, state))
        db.execute("UPDATE report SET next_try_at = ? WHERE id = ?", (None if state != "queued" else at, report))
# After some that were verified comes another end, and a second code.
for code in [row[0] for row in db.execute("SELECT code_id FROM code_end WHERE state = 'verified' ORDER BY id LIMIT 6").fetchall()]:
    at = reg.one(db, "SELECT newest FROM clock")
    db.execute("UPDATE clock SET newest = newest + 1")
    db.execute("INSERT INTO code_end (code_id, recorded_at, state) VALUES (?, ?, 'cancelled')", (code, at))
    if code % 2:
        db.execute("INSERT INTO code (attempt_id, ordinal, channel, kind, nonce, digits, sandbox, recorded_at, lifetime_ms) "
                   "SELECT attempt_id, 9, channel, kind, randomblob(16), digits, sandbox, ?, lifetime_ms FROM code WHERE id = ?", (at, code))
outcomes = dict(db.execute("SELECT outcome, count(*) FROM reg_attempts GROUP BY 1"))
reg.ok(all(outcomes.get(word, 0) > 10 for word in ("pending", "success", "failure")), "the data have every outcome", outcomes)
db.execute("CREATE TEMP TABLE wanted(email, id, at)")
db.executemany("INSERT INTO wanted VALUES (?,?,?)",
               [(chance.choice(people), chance.randint(0, 270), chance.choice(moments)) for _ in range(12)])
recorded = [row[0] for row in db.execute("SELECT DISTINCT recorded_at FROM attempt ORDER BY 1")]
columns_shown = [(row[1], row[2]) for row in db.execute("PRAGMA table_xinfo(reg_attempts)") if row[6] == 0]
db.execute("CREATE TEMP TABLE copy(" + ", ".join(f"{name} {kind}" for name, kind in columns_shown) + ")")
db.execute("INSERT INTO copy SELECT * FROM reg_attempts ORDER BY id")
# And as of ten moments.
span = db.execute("SELECT min(recorded_at), max(newest) FROM attempt, clock").fetchone()
past = [span[0] + (span[1] - span[0]) * i // 7 for i in range(8)] + [span[1] - 30, span[1] - 3]  # amid the reports, and the last ends
for i, moment in enumerate(past):
    db.execute(f"CREATE TEMP TABLE copy_{i}(" + ", ".join(f"{name} {kind}" for name, kind in columns_shown) + ")")
    db.execute(f"INSERT INTO copy_{i} SELECT * FROM reg_attempts({moment}) ORDER BY id")
reg.ok(db.execute("SELECT count(DISTINCT report_state), count(DISTINCT code_state), sum(customer_id <> id) > 0 FROM copy").fetchone() > (5, 2, 0), "and states of reports and codes")


def text(value):
    return "NULL" if value is None else str(value) if isinstance(value, (int, float)) else "'" + value.replace("'", "''") + "'"


def moment_text():
    full = chance.choice(moments)
    full = full if "." in full else full.replace("Z", ".000Z")
    return chance.choice([full, full[:10], full[:16], full[:-5], full[:19] + "Z", full.replace("T", " "), "2025", "zebra", "",
                          "2025-12-02T00:00:00+05:00", "1764633600"])


INTEGERS = {"id": lambda: chance.choice([chance.randint(-2, 270), 5.5, "7", "x", None, 1e300, -1e300, "", 3.0]),
            "attempted_at_ms": lambda: chance.choice([1764547200000, 1764633600000, 1764633600000.5, 1765238400000, "1764633600000"]),
            "recorded_at_ms": lambda: chance.choice(recorded) + chance.randint(-1, 1),
            "import_id": lambda: chance.choice([1, None, "x"]),
            "customer_id": lambda: chance.choice(customers + ["7", None, "x", 3.0])}
customers = [row[0] for row in db.execute("SELECT DISTINCT customer_id FROM copy WHERE customer_id <> id LIMIT 5")] + [1, 2, 10]
TEXTS = {"email": lambda: chance.choice(people + ["nobody@example.com", 5, None, "ANN@EXAMPLE.COM", "cy@xn--bcher-kva.example"]),
         "phone": lambda: chance.choice(phones + ["6045550001", "", None]),
         "username": lambda: chance.choice(usernames + ["bob", "strasse", None, 5]),
         "country": lambda: chance.choice(["ID", "GB", "id", None, 5]),
         "device_id": lambda: chance.choice(devices + [7, 7.0, None]),
         "ip_address": lambda: chance.choice(["192.0.2.1", None, ""]),
         "report_state": lambda: chance.choice(["queued", "retrying", "acknowledged", "dead", "deferred", "erased", "Dead", None, 5]),
         "code_state": lambda: chance.choice(["pending", "sent", "verified", "expired", "exhausted", "superseded", "x", None]),
         "outcome": lambda: chance.choice(["success", "failure", "pending", "Success", "", None, 1])}
TIMES = {"attempted_at": moment_text, "recorded_at": moment_text, "acknowledged_at": moment_text}
COLLATIONS = ["", "", "", "", " COLLATE NOCASE", " COLLATE RTRIM"]


def condition(prefix):
    makes = {**INTEGERS, **TEXTS, **TIMES}
    column = chance.choice(list(makes))
    make, kind, name = makes[column], chance.random(), prefix + column
    collate = chance.choice(COLLATIONS) if column in TEXTS else ""
    if kind < 0.35:
        return f"{name} = {text(make())}{collate}"
    if kind < 0.55:
        return f"{name} IN ({', '.join(text(make()) for _ in range(chance.randint(1, 4)))})"
    if kind < 0.6 and column in ("email", "id"):
        return f"{name} IN (SELECT {column} FROM wanted)"
    if kind < 0.65:
        return f"{name} BETWEEN {text(make())} AND {text(make())}"
    if kind < 0.68:
        return f"{name} IS {text(make())}"
    if kind < 0.72:
        return f"{name} IS NULL"
    return f"{name} {chance.choice(['<', '<=', '>', '>=', '='])} {text(make())}{collate}"


def question():
    """A question with TABLE for its table, and whether its rows come in a full order."""
    shape = chance.random()
    prefix = "r." if 0.75 <= shape < 0.9 else ""
    terms = [condition(prefix) for _ in range(chance.randint(0, 3))]
    if terms and chance.random() < 0.3:
        terms.append(f"({condition(prefix)} OR {condition(prefix)})")
    where = (" WHERE " + " AND ".join(terms)) if terms else ""
    order = chance.choice(["", "id", "id DESC", "attempted_at, id", "attempted_at_ms DESC, id DESC", "email, id", "outcome DESC, id", "id + 0",
                           "recorded_at_ms, id", "recorded_at DESC, id DESC", "attempted_at DESC, id DESC", "attempted_at_ms, id DESC"])
    limit = chance.choice(["", "", " LIMIT 3", " LIMIT 4 OFFSET 2", " LIMIT 0", " LIMIT 5 OFFSET 40", " LIMIT -1 OFFSET 250", " LIMIT 2 OFFSET -1",
                           " LIMIT 2.0 OFFSET '1'"]) if order else ""
    order = f" ORDER BY {order}" if order else ""
    if shape < 0.7:
        what = chance.choice(["id, email, outcome", "id", "*", "id, attempted_at_ms", "reasons, consents"])
        return f"SELECT {what} FROM TABLE{where}{order}{limit}", order != ""
    if shape < 0.72:
        return chance.choice([f"SELECT count(*) FROM TABLE{where}", "SELECT count(*), sum(rowid) FROM TABLE", "SELECT count(*) FROM TABLE a, (SELECT 1 UNION ALL SELECT 2) b"]), True
    if shape < 0.75:
        return f"SELECT count(*), sum(id), max(email) FROM TABLE{where}", True
    if shape < 0.9:
        link = chance.choice(["r.email = w.email", "r.id = w.id", "r.attempted_at = w.at", "r.id BETWEEN w.id AND w.id + 3", "r.id = w.rowid AND r.email = w.email"])
        join = chance.choice(["JOIN", "LEFT JOIN"])
        return f"SELECT w.rowid, r.id, r.outcome FROM wanted w {join} TABLE r ON {link}{where} ORDER BY w.rowid, r.id", True
    return f"SELECT outcome, count(*), min(id) FROM TABLE{where} GROUP BY outcome ORDER BY outcome", True


def ask(sql):
    try:
        return db.execute(sql).fetchall()
    except Exception as error:  # the comparison shows it
        return f"{type(error).__name__}: {error}"


wrong = []
rows_seen = 0
for case in range(CASES):
    sql, ordered = question()
    number = chance.randint(0, 19)
    here, there = (f"reg_attempts({past[number]})", f"copy_{number}") if number < 10 else ("reg_attempts", "copy")
    rows, expected = ask(sql.replace("TABLE", here)), ask(sql.replace("TABLE", there))
    if not isinstance(rows, str):
        rows_seen += len(rows)
        if not ordered:
            rows, expected = sorted(rows, key=repr), sorted(expected, key=repr)
    if rows != expected or isinstance(rows, str):
        wrong.append((sql, rows, expected))
reg.ok(not wrong, f"{CASES} random questions give what no index gives (SEED={SEED})",
       *[f"{sql}\n  got      {str(rows)[:300]}\n  expected {str(expected)[:300]}" for sql, rows, expected in wrong[:8]],
       f"{len(wrong)} in all")
reg.ok(rows_seen > CASES, "the questions have answers", rows_seen)


# Each value of each column by itself and in a list, so that none is left to chance.
wrong = []
for column, values in (("email", people), ("phone", phones), ("username", usernames), ("outcome", ["success", "failure", "pending"])):
    for value in values:
        for test in (f"{column} = {text(value)}", f"{column} IN ({text(value)}, 'x')"):
            rows, expected = (ask(f"SELECT id FROM {table} WHERE {test} ORDER BY id") for table in ("reg_attempts", "copy"))
            if rows != expected or bool(rows) == (value in refused):
                wrong.append((test, rows, expected))
reg.ok(not wrong, "every value that is kept is found by itself and in a list", *wrong)
wrong = []
seen = set()
for test in ("code_state = 'verified'", "code_state = 'cancelled'", "report_state = 'dead'", "report_state = 'retrying'", "acknowledged_at IS NULL", "acknowledged_at_ms IS NULL"):
    for number, moment in enumerate(past + [None]):
        here, there = (f"reg_attempts({moment})", f"copy_{number}") if moment else ("reg_attempts", "copy")
        rows, expected = (ask(f"SELECT id FROM {table} WHERE {test} ORDER BY id") for table in (here, there))
        seen.add((test, tuple(rows)))
        if rows != expected:
            wrong.append((test, moment, rows, expected))
reg.ok(not wrong, "states are found as of ten moments", *wrong)
reg.ok(len(seen) > 20, "which are not the same", len(seen))


def plan(sql):
    return " / ".join(row[3] for row in db.execute("EXPLAIN QUERY PLAN " + sql))


def argument_count(sql):
    """How many constraints the plan takes, by the text of the plan: 16 digits, then three characters each."""
    detail = plan(sql)
    return (len(detail.rsplit(":", 1)[1].split()[0]) - 16) // 3


def steps(sql):
    """The operators of the plan's steps, in order; those of several looks at the tables are parted by a comma."""
    looks = [row[3].rsplit(":", 1)[1].split()[0] for row in db.execute("EXPLAIN QUERY PLAN " + sql) if "VIRTUAL TABLE INDEX" in row[3]]
    return ",".join(look[18::3] for look in looks)


# LIMIT and OFFSET go along only where the table narrows and sorts exactly as was asked, or SQLite would leave out the wrong rows.
for rest, expected in [("LIMIT 3", "N"), ("LIMIT 3 OFFSET 2", "NO"), ("WHERE id > 3 LIMIT 3", "gN"), ("WHERE as_of = 5 LIMIT 3 OFFSET 2", "ANO"),
                       ("WHERE attempted_at_ms > 5 ORDER BY attempted_at DESC LIMIT 3 OFFSET 2 + 2", "gNO"), ("WHERE email = 'a@b.com' LIMIT 3", "="),
                       ("WHERE id IN (1, 2, 3) LIMIT 3", "i"), ("WHERE outcome = 'pending' LIMIT 3 OFFSET 2", "=NO"), ("ORDER BY email LIMIT 3", ""),
                       ("WHERE id > 3 ORDER BY outcome LIMIT 3 OFFSET 2", "g"), ("WHERE country = 'ID' LIMIT 3", "="), ("WHERE length(email) > 3 LIMIT 3 OFFSET 1", ""),
                       ("WHERE id > 3 AND country IS NULL LIMIT 3", "gn"), ("WHERE id > 3 OR country = 'ID' LIMIT 3", ""), ("WHERE as_of IN (5, 6) LIMIT 3 OFFSET 1", "A"),
                       ("WHERE attempted_at > '2025' LIMIT 3", "g")]:
    reg.equal(steps("SELECT id FROM reg_attempts " + rest), expected, f"steps of: {rest}")
first, last = recorded[0] - 1, recorded[-1]
reg.equal(db.execute("SELECT id FROM reg_attempts WHERE as_of IN (?, ?) LIMIT 3 OFFSET 1", (first, last)).fetchall(), [(2,), (3,), (4,)],
          "a limit over two moments counts the rows of both")
reg.equal(db.execute("SELECT count(*) FROM (SELECT id FROM reg_attempts WHERE as_of = ? LIMIT 3)", (first,)).fetchall(), [(0,)], "a limit over the rows of a moment")
reg.equal(db.execute("SELECT c.id, (SELECT r.id FROM reg_attempts r WHERE r.id > c.id ORDER BY r.id DESC LIMIT 1 OFFSET 1) FROM copy c WHERE c.id > 257 ORDER BY 1").fetchall(),
          [(258, 259), (259, None), (260, None)], "a limit within a subquery")

# Either table of a join may be the outer one: the one that gives few rows, and the other is looked up by its index.
for sql, expected in [("reg_attempts WHERE id = 5 OR email = 'a@b.com'", "=,="), ("reg_attempts WHERE id IN (5, 6) OR phone = '+16045550001' OR attempted_at_ms < 5", "i,=,l"),
                      ("reg_attempts WHERE (id = 5 OR import_id = 3) AND attempted_at_ms > 7", "=g,=g"),
                      ("wanted w JOIN reg_attempts r ON r.email = w.email", "="), ("reg_attempts r JOIN wanted w ON r.email = w.email", "="),
                      ("wanted w LEFT JOIN reg_attempts r ON r.id = w.id", "="), ("reg_attempts r JOIN wanted w USING (id)", "="),
                      ("reg_attempts a JOIN reg_codes c ON c.attempt_id = a.id WHERE a.email = 'a@b.com'", "=,="),
                      ("reg_codes c JOIN reg_attempts a ON c.attempt_id = a.id WHERE a.id = 5", "=,="),
                      ("reg_attempts a JOIN reg_codes c ON c.attempt_id = a.id WHERE c.id = 5", "=,="),
                      ("reg_attempts a JOIN attempt b ON b.id = a.id WHERE b.id = 7", "="),
                      ("attempt b JOIN reg_attempts a ON b.id = a.id WHERE a.attempted_at_ms > 7 AND a.email = 'a@b.com'", "=g")]:
    reg.equal("".join(sorted(steps("SELECT count(*) FROM " + sql))), "".join(sorted(expected)), f"by index: {sql}")
first_table = lambda sql: plan("SELECT count(*) FROM " + sql).split(" / ")[0].split()[1]
for sql, expected in [("wanted w JOIN reg_attempts r ON r.email = w.email", "w"), ("reg_attempts r JOIN wanted w ON r.email = w.email", "w"),
                      ("reg_attempts a JOIN reg_codes c ON c.attempt_id = a.id WHERE a.email = 'a@b.com'", "a"),
                      ("reg_attempts a JOIN reg_codes c ON c.attempt_id = a.id WHERE c.id = 5", "c"),
                      ("attempt b JOIN reg_attempts a ON b.id = a.id WHERE a.email = 'a@b.com'", "a")]:
    reg.equal(first_table(sql), expected, f"begins with {expected}: {sql}")
for condition_text, count in [("id = 5", 1), ("id IN (1,2)", 1), ("id > 3 AND id <= 9", 2), ("email = 'a@b.com'", 1), ("email IN ('a@b.com','b@b.com')", 1),
                              ("phone = '+16045550001'", 1), ("username = 'ann'", 1), ("outcome = 'pending'", 1), ("import_id = 3", 1),
                              ("attempted_at >= '2025-12-01'", 1), ("attempted_at_ms BETWEEN 1 AND 2", 2), ("recorded_at < '2025'", 1), ("recorded_at_ms = 4", 1),
                              ("+email = 'a@b.com'", 0), ("email > 'a'", 0), ("email = 'a' COLLATE NOCASE", 1), ("email = 'a' COLLATE RTRIM", 0), ("country = 'ID'", 1), ("country = 'ID' COLLATE NOCASE", 0), ("country IN ('ID', 'GB')", 0), ("as_of = 5", 1)]:
    reg.equal(argument_count("SELECT * FROM reg_attempts WHERE " + condition_text), count, f"goes to the table: {condition_text}")
# The times of codes and reports narrow, too, and give what a comparison outside the table gives.
for table, time in [("reg_codes", "request_timestamp"), ("reg_reports", "due_at")]:
    texts = [row[0] for row in db.execute(f"SELECT DISTINCT {time} FROM {table} ORDER BY 1")]
    reg.ok(len(texts) > 2, f"{table} has several times", texts)
    for bound in texts[:3] + texts[-2:] + [texts[0][:10], "2025", "", "3000-01-01", "no time"]:
        for sign in ["<", "<=", "=", ">=", ">"]:
            ids = [db.execute(f"SELECT group_concat(id) FROM (SELECT id FROM {table} WHERE {left} {sign} ? ORDER BY id)", (bound,)).fetchone()[0]
                   for left in (time, "+" + time)]
            reg.equal(ids[0], ids[1], f"{table}: {time} {sign} {bound}")
    reg.equal(argument_count(f"SELECT * FROM {table} WHERE {time} >= '2025-12-01'"), 1, f"{table}: {time} goes to the table")
for order, sorted_by_sqlite in [("id", False), ("id DESC", False), ("attempted_at", False), ("attempted_at DESC", False), ("attempted_at_ms", False), ("email", True),
                                ("recorded_at", False), ("recorded_at_ms DESC, id DESC", False), ("attempted_at, id", False), ("attempted_at, id DESC", True),
                                ("outcome DESC", True)]:
    reg.equal("USE TEMP B-TREE FOR ORDER BY" in plan(f"SELECT * FROM reg_attempts ORDER BY {order}"), sorted_by_sqlite, f"order by {order} is the table's own: {not sorted_by_sqlite}")


def work(sql):
    """What a question gives, and about how many tens of SQLite's instructions it takes, those of the table included."""
    ticks = []
    db.execute(sql).fetchall()  # what is prepared is not counted
    db.set_progress_handler(lambda: ticks.append(1), 10)
    rows = db.execute(sql).fetchall()
    db.set_progress_handler(None, 10)
    return rows, len(ticks)


# An index that the owner of a ledger has added is used, now and as of a moment, and changes no answer.
db.execute("INSERT INTO reg_attempts(email, device_id, ip_address) VALUES ('seldom@example.com', 'seldom', '198.51.100.7')")
newest = reg.one(db, "SELECT max(recorded_at) FROM attempt")
questions = [f"SELECT count(*), max(email) FROM reg_attempts WHERE {column} = '{value}'{moment}" for moment in ("", f" AND as_of = {newest}")
             for column, value in (("device_id", "seldom"), ("ip_address", "198.51.100.7"))]
before = [work(question) for question in questions]
db.execute("CREATE INDEX of_a_device ON person (device_id) WHERE device_id IS NOT NULL")
db.execute("CREATE INDEX of_an_address ON person (ip_address) WHERE ip_address IS NOT NULL")
for question, (rows, all_rows) in zip(questions, before):
    again, few = work(question)
    reg.equal([rows, again], [[(1, "seldom@example.com")]] * 2, f"the same by an index of one's own: {question}")
    reg.ok(2 * few < all_rows, f"and by it, not by all rows: {question}", few, all_rows)
reg.equal(reg.one(db, "SELECT reg_init()"), reg.one(db, "PRAGMA user_version"), "the ledger keeps such an index")
reg.equal(reg.one(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('of_a_device', 'of_an_address')"), 2, "after reg_init(), too")

# Few attempts of an origin are found by the index; of one that many share, the newest are found as fast as those of all.
db.execute("DROP INDEX of_a_device")
db.execute("DROP INDEX of_an_address")
db.execute("BEGIN")
for number in range(30050):
    db.execute("INSERT INTO reg_attempts(email, ip_address, outcome) VALUES (?, ?, 'success')", (f"m{number}@often.example", "203.0.113.77" if number % 1000 == 7 else None))
db.execute("COMMIT")
db.execute("INSERT INTO kept_origin SELECT 0, kind, value, attempt_id FROM newer_origin")
db.execute("UPDATE kept_through SET origin_id = (SELECT max(id) FROM attempt), merged_id = (SELECT max(id) FROM attempt)")
rows, every = work("SELECT count(*) FROM reg_attempts WHERE country = 'XX'")
for order in ("id", "attempted_at"):
    rows, few = work(f"SELECT email FROM reg_attempts WHERE email_domain = 'often.example' ORDER BY {order} DESC LIMIT 3")
    reg.equal(rows, [(f"m{number}@often.example",) for number in (30049, 30048, 30047)], f"the newest of many by {order}")
    reg.ok(2 * few < every, "not by looking at all", few, every)
rows, few = work("SELECT email FROM reg_attempts WHERE ip_address = '203.0.113.77' ORDER BY id")
reg.equal(rows, [(f"m{number}@often.example",) for number in range(7, 30050, 1000)], "those of an address")
reg.ok(10 * few < every, "by the index", few, every)
rows, few = work("SELECT ip_address, count(*) FROM reg_attempts WHERE device_id = 'seldom' OR email_domain = 'often.example' AND ip_address = '203.0.113.77' GROUP BY 1 ORDER BY 1")
reg.equal(rows, [("198.51.100.7", 1), ("203.0.113.77", 31)], "within OR")

# A code's device is that of whoever asked for it, which need not be the sign-up's.
db.execute("INSERT INTO reg_attempts(email, device_id, outcome) VALUES ('asks@example.com', 'of-the-sign-up', 'success')")
code = db.execute("SELECT reg_issue_code('asks@example.com', 'none', 'of-the-code')").fetchone()[0]
reg.equal(db.execute("SELECT count(*), max(subject) FROM reg_codes WHERE device_id = 'of-the-code'").fetchone(), (1, "asks@example.com"), "a code by its device")
reg.equal(reg.one(db, "SELECT count(*) FROM reg_codes WHERE device_id = 'of-the-sign-up'"), 0, "and not by the sign-up's")

# What leads to few rows leads there, and no origin is looked for beside it.
for question in ("id = 77", "id IN (77, 78)", "email = 'm77@often.example'"):
    rows, few = work(f"SELECT count(*) FROM reg_attempts WHERE ip_address = '203.0.113.77' AND {question}")
    reg.ok(few < 100, f"only those: {question}", few)
rows, few = work("SELECT count(r.id) FROM (VALUES (NULL), (NULL), ('seldom')) v JOIN reg_attempts r ON r.device_id = v.column1")
reg.equal(rows, [(1,)], "NULL is no device")
reg.ok(10 * few < every, "and is not looked for", few, every)
# Before the first night a list is no more than one look at all, and the first are found as they come.
db.execute("UPDATE kept_through SET origin_id = 0, merged_id = 0")
db.execute("DELETE FROM kept_origin")
db.close()
db = reg.connect("search.db")
others = ", ".join(f"'x{number}'" for number in range(100))
rows, once = work(f"SELECT count(*) FROM reg_attempts WHERE ip_address IN ('203.0.113.77', '198.51.100.7', {others})")
reg.equal(rows, [(32,)], "several addresses")
reg.ok(once < 10 * every, "by one look", once, every)
rows, few = work("SELECT email FROM reg_attempts WHERE email_domain = 'often.example' ORDER BY id DESC LIMIT 3")
reg.ok(10 * few < every, "the newest as they come", few, every)

# Another program upgrades the ledger: who has asked before is refused, and refused again.
db.execute("SELECT id FROM reg_attempts WHERE id = 1").fetchall()
other = sqlite3.connect(os.path.join(reg.folder, "search.db"))
other.executescript("CREATE TABLE of_the_next_version (x); PRAGMA user_version = 99;")
other.close()
for turn in ("once", "twice"):
    try:
        said = db.execute("SELECT id FROM reg_attempts WHERE id = 1").fetchall()
    except sqlite3.OperationalError as error:
        said = str(error)
    reg.ok("the ledger has version 99" in said, f"refused {turn}", said)
reg.done()
