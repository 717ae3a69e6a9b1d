#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Kept sums against the facts: a ledger to which anything may happen between nightly runs, in any order, and after each step every question that uses the
sums is asked twice: of the ledger, and of a copy that keeps none. The answers are the same, at the moment and as of ten earlier ones.

SEEDS=n: how many ledgers (2; SOAK: 50).
"""
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time

os.environ["CLOCK"] = "1"
sys.path.insert(0, "tests/sql")
import reg  # noqa: E402

DAY, HOUR, MINUTE = 86400000, 3600000, 60000
START = 1772323200000  # 2026-03-01
SEEDS = range(1, 1 + int(os.environ.get("SEEDS", 50 if os.environ.get("SOAK") else 2)))
STEPS = 14 if os.environ.get("SOAK") or os.environ.get("SEEDS") else 10
QUERIES = ("funnel", "failure_reasons", "week", "duplicate_storms", "channels")
VIEWS = ("funnel", "failure_reasons", "duplicate_storms", "channel_health")
# Of a state alone, which sums tell; an id is asked for now and then, which they do not. Each says what order its rows have.
STATES = ("SELECT STATE, count(*) FROM TABLE GROUP BY 1 ORDER BY 1", "SELECT STATE, count(*) FROM TABLE GROUP BY 1 ORDER BY 1 DESC",
          "SELECT DISTINCT STATE FROM TABLE ORDER BY STATE", "SELECT STATE, count(*), sum(rowid), min(rowid) FROM TABLE GROUP BY 1 ORDER BY 1",
          "SELECT rowid, STATE FROM TABLE ORDER BY 1", "SELECT count(*), count(STATE) FROM TABLE", "SELECT count(*) FROM TABLE WHERE STATE IS NULL",
          "SELECT count(*) FROM TABLE WHERE STATE LIKE 'e%' OR STATE > 'q'", "SELECT count(*) FROM TABLE WHERE STATE IN ('verified', 'sent', 'acknowledged')",
          "SELECT w.column1, count(r.STATE), sum(CASE WHEN w.column1 > 'e' THEN r.rowid END) FROM (VALUES ('verified'), ('expired'), ('exhausted'), ('pending'), ('queued'), "
          "('acknowledged'), ('dead'), ('retrying'), (NULL), (5)) w LEFT JOIN TABLE r ON r.STATE = w.column1 GROUP BY 1 ORDER BY 1")
# Of where attempts came from: by the index of origins, and by hand. p is an attempt with its person.
ORIGINS = (("device_id", "p.device_id"), ("ip_address", "p.ip_address"), ("email_domain", "substr(p.email_folded, instr(p.email_folded, '@') + 1)"))
ORIGIN_QUESTIONS = ("SELECT ORIGIN, count(*) FROM TABLE p WHERE MOMENT GROUP BY 1 ORDER BY 1", "SELECT ORIGIN, count(*) FROM TABLE p WHERE MOMENT GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3",
                    "SELECT ORIGIN, count(*), sum(p.id), min(p.id) FROM TABLE p WHERE MOMENT GROUP BY 1 ORDER BY 1", "SELECT count(DISTINCT ORIGIN), count(ORIGIN), count(*) FROM TABLE p WHERE MOMENT",
                    "SELECT DISTINCT ORIGIN FROM TABLE p WHERE MOMENT ORDER BY 1 DESC", "SELECT ORIGIN, p.told_reason, count(*) FROM TABLE p WHERE MOMENT GROUP BY 1, 2 ORDER BY 1, 2",
                    "SELECT v.column1, count(p.id), sum(p.id) FROM (VALUES ('d1'), ('192.0.2.2'), ('a.example'), ('A.EXAMPLE'), (NULL), (1)) v LEFT JOIN TABLE p ON ORIGIN = v.column1 AND MOMENT "
                    "GROUP BY 1 ORDER BY 1",
                    "SELECT p.id FROM TABLE p WHERE ORIGIN = CAST('7' AS INTEGER) AND MOMENT ORDER BY 1", "SELECT p.id FROM TABLE p WHERE ORIGIN IN ('d0', 'd2', '192.0.2.1', '198.51.100.7', 'c.example', 'b.example') AND MOMENT ORDER BY 1",
                    "SELECT p.id FROM TABLE p WHERE ORIGIN = 'd1' AND MOMENT ORDER BY p.attempted_at DESC, p.id LIMIT 2", "SELECT count(*), sum(p.id) FROM TABLE p WHERE ORIGIN IS NULL AND MOMENT",
                    "SELECT count(*) FROM TABLE p WHERE ORIGIN = 'b.example' COLLATE NOCASE AND MOMENT", "SELECT count(*) FROM TABLE p WHERE ORIGIN > 'b' AND MOMENT")
BY_HAND = "(SELECT * FROM attempt a LEFT JOIN person o ON o.attempt_id = a.id)"
ZONES = ("UTC", "America/St_Johns", "Asia/Kathmandu")


def regjob(path, command, *arguments, zone="UTC"):
    """A night of the ledger, or a page of it."""
    # The clock of a night runs, from where ours stands: what waits for a time would wait for ever.
    clock = {"FAKETIME": "@" + os.environ["FAKETIME"], "FAKETIME_DONT_FAKE_MONOTONIC": "1"} if command == "nightly" else {}
    result = subprocess.run([os.path.abspath(f"{reg.BUILD}/regjob"), "-l", path, command, *arguments], capture_output=True, text=True, timeout=60, cwd=reg.folder,
                            env=dict(os.environ, TZ=zone, **clock))
    assert result.returncode in (0, 2), result.stderr  # 2: something is unexplained
    return result.stdout


class World:
    """One ledger, and what can happen to it."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.name = f"world{seed}.db"
        self.path = os.path.join(reg.folder, self.name)
        self.now = START + 7 * DAY
        reg.set_clock(self.now)
        # In every other ledger the confirmation comes after the success.
        self.db = reg.ledger(self.name, '{"registrationType":"%s","pinConfirmationType":"EVERYONE","channels":["email"],"pinConfirmationValidInSeconds":86400}' % (
            "REQUIRE_PIN_CONFIRMATION" if seed % 2 else "REQUIRE_EMAIL_CONFIRMATION"))
        # Attempts of one run of the index of origins, and soon of the next.
        self.run("INSERT INTO continuation (id, recorded_at, attempted_at, kind, verdict) VALUES (262120, 0, 0, 'login', '')")
        self.people = 0
        self.codes = []
        self.moments = []

    def run(self, sql, *values):
        return self.db.execute(sql, values).fetchall()

    def ask(self, sql, *values):
        """What the extension may refuse: asked for too often, nobody or several people meant."""
        try:
            return self.run(sql, *values)
        except sqlite3.OperationalError as error:
            assert str(error).startswith("reg_"), error

    def some(self, sql, *values):
        """A random row, or None."""
        rows = self.run(sql, *values)
        return self.random.choice(rows) if rows else None

    def pass_time(self, longest):
        self.now += self.random.randrange(1, longest)
        reg.set_clock(self.now)

    # -- What can happen --

    def sign_up(self):
        self.people += 1
        known = self.random.random() < 0.3 and self.people > 1
        person = self.random.randrange(1, self.people) if known else self.people
        at = self.now - self.random.choice((0, MINUTE, 5 * HOUR, DAY, 6 * DAY)) - self.random.randrange(HOUR)
        told = self.random.choice((None, None, "success", "failure"))
        self.run("INSERT INTO reg_attempts (attempted_at, email, ip_address, device_id, name, outcome, failure_reason, password) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                 at, f"p{person}@{self.random.choice('ab')}.example", f"192.0.2.{self.random.randrange(1, 4)}", self.random.choice(("d0", "d1", "d2", "d0", "07", None)),
                 self.random.choice(("Ada", "Ada\u00a0 L", "x" * 300)), told, self.random.choice(("spam", "")) if told == "failure" else None,
                 None if told else self.random.choice(("A9#bL8@z", "weak")))

    def storm(self):
        """Many of one address within an hour."""
        at = self.now - self.random.randrange(3 * DAY)
        for _ in range(6):
            self.people += 1
            self.run("INSERT INTO reg_attempts (attempted_at, email, ip_address, outcome, failure_reason) VALUES (?, ?, '198.51.100.7', 'failure', 'email_taken')",
                     at, f"p{self.random.randrange(1, self.people)}@c.example")

    def ask_for_code(self):
        row = self.some("SELECT email FROM person WHERE email IS NOT NULL")
        issued = row and self.ask("SELECT reg_issue_code(?, 'none')", row[0])
        if issued:
            self.codes.append((row[0], issued[0][0]))

    def enter_code(self):
        """Perhaps days after it was given; perhaps a wrong one."""
        if self.codes:
            email, code = self.codes.pop(self.random.randrange(len(self.codes)))
            self.ask("SELECT reg_verify_code(?, ?)", email, code if self.random.random() < 0.7 else "000000")

    def onboarding(self):
        row = self.some("SELECT p.email FROM person p JOIN attempt a ON a.id = p.attempt_id WHERE p.email IS NOT NULL")
        if row:
            self.ask("SELECT reg_record_step(?, ?, 'done', NULL)", row[0], self.random.choice(("KYC", "kyc", "SUBSCRIPTION", "OTHER")))

    def forget(self):
        row = self.some("SELECT email FROM person WHERE email IS NOT NULL")
        if row:
            self.ask("SELECT reg_forget(?)", row[0])

    def call(self):
        """A report or a code is taken; who takes it dies, says nothing, or gets an answer later. Its clock may be slow, and its lease long."""
        at = self.now - self.random.choice((0, 0, 0, 0, 0, 2 * DAY))
        until = self.now + self.random.choice((MINUTE, 2 * DAY))
        row = self.some("SELECT id, next_try_at FROM report WHERE next_try_at IS NOT NULL")
        if row:
            self.run("INSERT INTO take_reports (items, run_id, owner, recorded_at, lease_until) VALUES (?, NULL, 'test:1', ?, ?)", '{"%d":%d}' % row, at, until)
        row = self.some("SELECT id FROM code WHERE next_try_at IS NOT NULL")
        if row:
            self.run("INSERT INTO try (code_id, owner, started_at, lease_until) VALUES (?, 'test:1', ?, ?)", row[0], at, until)
            self.run("UPDATE code SET next_try_at = ? WHERE id = ?", until, row[0])

    def answer(self):
        """Any try, also one that was given up: then only an acceptance counts."""
        row = self.some("SELECT id, code_id, report_id, lease_until, finished_at FROM try WHERE result IS NULL OR result = 'ambiguous'")
        if not row:
            return
        number, code, report, lease, finished = row
        result = "accepted" if finished else self.random.choice(("accepted", "accepted", "deferred", "refused", "not_accepted", "ambiguous"))
        retry = self.now + HOUR if result in ("not_accepted", "ambiguous") else None
        if code:
            self.run("INSERT INTO finish_code (try_id, recorded_at, result, status, answer, retry_at) VALUES (?, ?, ?, 250, 'said', ?)", number, self.now, result, retry)
            return
        told = dict(report=report, lease_until=lease, retry_at=retry, status=200, answer="said")
        values = dict(answers=json.dumps({number: told}), recorded_at=self.now, result=result)
        text = open("sql/queue.sql", encoding="utf-8").read()
        self.run("BEGIN IMMEDIATE")
        for step in ("event", "queue", "try"):
            self.db.execute(statement(text, f"finish_reports_{step}"), values)
        self.run("COMMIT")

    def withdraw(self):
        """A call that was journalled but never made; the next try gets its id."""
        row = self.some("SELECT max(id), report_id, code_id FROM try WHERE finished_at IS NULL")
        if row and row[0]:
            self.run("DELETE FROM try WHERE id = ?", row[0])
            self.run("UPDATE report SET next_try_at = ? WHERE id = ?", self.now, row[1])
            self.run("UPDATE code SET next_try_at = ? WHERE id = ?", self.now, row[2])

    def requeue(self):
        row = self.some("SELECT report_id FROM report_event WHERE state = 'dead'")
        if row:
            self.run("INSERT INTO requeue_report (report_id, recorded_at) VALUES (?, ?)", row[0], self.now)

    def correct(self):
        """Late news: a failure becomes a success, with a report of its own."""
        row = self.some("SELECT d.attempt_id FROM decision d WHERE d.outcome = 'failure'")
        if row:
            self.run("INSERT INTO decide (attempt_id, recorded_at, decided_at, outcome, customer_id) VALUES (?, ?, ?, 'success', ?)", row[0], self.now, self.now, row[0])

    def night(self):
        regjob(self.path, "nightly")

    def half_night(self):
        """One that was stopped while it brought origins in, or while it merged the runs."""
        last = self.run("SELECT origin_id + ? FROM kept_through", self.random.randrange(20))[0][0]
        if self.random.random() < 0.7 and last <= self.run("SELECT max(id) FROM attempt")[0][0]:
            self.run("INSERT INTO kept_origin SELECT attempt_id / 262144 + 1, kind, value, attempt_id FROM newer_origin WHERE attempt_id <= ?", last)
            self.run("UPDATE kept_through SET origin_id = ?", last)
        if self.random.random() < 0.4:
            for kind in range(1, self.random.randrange(1, 5)):
                end = self.some("SELECT value, attempt_id FROM kept_origin WHERE run > 0 AND kind = ?", kind)
                if end:
                    self.run("UPDATE kept_origin SET run = 0 WHERE kind = ? AND (value, attempt_id) < (?, ?)", kind, *end)

    def happen(self):
        for _ in range(self.random.randrange(4, 16)):
            self.pass_time(20 * MINUTE)
            self.random.choice((self.sign_up, self.sign_up, self.sign_up, self.storm, self.ask_for_code, self.enter_code, self.onboarding, self.forget,
                                self.call, self.call, self.answer, self.answer, self.answer, self.withdraw, self.requeue, self.correct, self.half_night))()

    # -- What is asked --

    def answers(self, path, as_of, spans, zone):
        """Everything that may use the sums, as text."""
        said = {}
        db = reg.connect(os.path.basename(path))
        for view in VIEWS:
            said[view] = sorted(map(repr, db.execute(f"SELECT * FROM {view}")))
        for query in QUERIES:
            text = open(f"sql/queries/{query}.sql", encoding="utf-8").read()
            span = {"from": "1970-01-01", "to": None, "days": 30}
            said["query " + query] = sorted(map(repr, db.execute(text, {name: span[name] for name in span if ":" + name in text})))
        for moment in as_of:
            said[f"reg_reconcile {moment}"] = list(map(repr, db.execute("SELECT * FROM reg_reconcile(?, ?)", (EXPORT, moment))))
        for table in ["reg_attempts"] + [f"reg_attempts({moment})" for moment in as_of[:4]]:
            for state in ("code_state", "report_state"):
                for question in STATES:
                    question = question.replace("STATE", state).replace("TABLE", table)
                    said[question] = list(map(repr, db.execute(question)))
        for since, until in spans:
            text = open("sql/queries/changes.sql", encoding="utf-8").read()
            said[f"changes {since} {until}"] = sorted(map(repr, db.execute(text, {"then": since, "until": until})))
        db.close()
        said["reconcile " + zone] = regjob(path, "reconcile", EXPORT, zone=zone).replace(path, "")
        page = path + ".html"
        regjob(path, "dashboard", "-o", page)
        said["page"] = re.sub(r"<tr><th scope=\"row\" class=\"r\">.*", "", open(page, encoding="utf-8").read()).replace(os.path.basename(path), "")
        return said

    def origins(self, moment, by_hand):
        """The questions about origins, now (None) or as of a moment."""
        said = {}
        for column, source in ORIGINS:
            for question in ORIGIN_QUESTIONS:
                of_rows, of_moment = (BY_HAND, f"p.recorded_at <= {moment}") if by_hand else ("reg_attempts", f"p.as_of = {moment}")
                sql = question.replace("ORIGIN", source if by_hand else "p." + column).replace("TABLE", of_rows).replace("MOMENT", "1" if moment is None else of_moment)
                said[f"{column} {moment} {question}"] = repr(self.run(sql))
        return said

    def changes(self, since, until):
        """What sql/queries/changes.sql should say, from both states of all attempts."""
        sql = "SELECT id, outcome, failure_reason, code_state, report_state FROM reg_attempts(?)"
        was, became = ({row[0]: row[1:] for row in self.run(sql, moment)} for moment in (since, until))
        counts = {}
        for number, (outcome, reason, *states) in became.items():
            old_outcome, old_reason, *old_states = was.get(number, (None, None, None, None))
            changed = [("outcome", old_outcome or "(new)", f"{outcome} ({reason})" if reason else outcome)] if (outcome, reason) != (old_outcome, old_reason) else []
            changed += [(what, old or "(none)", new) for what, old, new in zip(("code", "report"), old_states, states) if old != new]
            for change in changed:
                counts[change] = counts.get(change, 0) + 1
        return sorted(repr((*change, count)) for change, count in counts.items())

    def compare(self, name):
        copy = os.path.join(reg.folder, "copy-" + self.name)
        for path in (copy, copy + "-wal"):
            if os.path.exists(path):
                os.remove(path)
        self.run("VACUUM INTO ?", copy)
        shutil.copy(self.path + ".key", copy + ".key")
        bare = sqlite3.connect(copy, isolation_level=None)
        for table in ("kept_origin", "kept_day", "kept_outcome", "kept_note", "kept_cause", "kept_storm", "kept_call", "kept_state"):
            bare.execute(f"DELETE FROM {table}")
        bare.execute("UPDATE kept_through SET called_id = 0, origin_id = 0, merged_id = 0")
        bare.close()
        self.moments.append(self.now)
        as_of = [self.now] + self.random.sample(self.moments, min(len(self.moments), 9))
        zone = self.random.choice(ZONES)
        # From a moment to a later one, to now, and of all time: milliseconds, and a text that says whole seconds.
        earlier, later = sorted(self.random.sample(self.moments, 2)) if len(self.moments) > 1 else (self.moments[0] - HOUR, self.moments[0])
        spans = [(earlier, later), (iso(later - DAY), None), (earlier, self.now), ("1970-01-01", self.now), ("1970-01-01", iso(later))]
        ours, facts = self.answers(self.path, as_of, spans, zone), self.answers(copy, as_of, spans, zone)
        for since, until in spans:
            facts[f"changes {since} {until}"] = self.changes(since, until or self.now // 1000 * 1000)
        for moment in [None] + as_of[:3]:
            ours.update(self.origins(moment, False))
            facts.update(self.origins(moment, True))
        different = [question for question in facts if ours[question] != facts[question]]
        reg.ok(not different, name, *(f"{question}\n  kept:  {str(ours[question])[:600]}\n  facts: {str(facts[question])[:600]}" for question in different[:2]))


def iso(moment):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment // 1000))


def statement(text, name):
    return re.search(rf"^-- name: {name}\n(.*?)(?=^-- |\Z)", text, flags=re.M | re.S).group(1)


EXPORT = os.path.join(reg.folder, "export.csv")
with open(EXPORT, "w", encoding="utf-8") as file:
    file.write("date,success,failure\n" + "".join(f"2026-03-{day:02d},{day % 4},{day % 3}\n" for day in range(1, 26)))

used = touched = calls = storms = counted = indexed = newer = runs = 0
for seed in SEEDS:
    world = World(seed)
    for step in range(STEPS):
        world.pass_time(30 * HOUR)
        world.happen()
        if world.random.random() < 0.6:
            world.night()
            world.compare(f"seed {seed}, step {step}: after a night")
        kept = world.run("SELECT count(*) FROM kept_day")[0][0]
        world.happen()
        world.compare(f"seed {seed}, step {step}: by day")
        used += world.run("SELECT count(*) FROM resting_day")[0][0]
        touched += kept - world.run("SELECT count(*) FROM resting_day")[0][0]
        calls += world.run("SELECT count(*) FROM resting_call")[0][0]
        counted += any("INDEX 5:" in row[3] for row in world.run("EXPLAIN QUERY PLAN SELECT code_state, count(*) FROM reg_attempts GROUP BY 1"))
        indexed += any("INDEX 5:" in row[3] for row in world.run("EXPLAIN QUERY PLAN SELECT device_id, count(*) FROM reg_attempts GROUP BY 1"))
        newer += world.run("SELECT count(*) > 0 FROM newer_origin")[0][0]
        runs = max(runs, world.run("SELECT count(DISTINCT run) FROM kept_origin")[0][0])
        storms += world.run("SELECT count(*) FROM resting_day r JOIN kept_storm s ON s.hour / 24 = r.day")[0][0]
    world.db.close()
# A mail domain of many new people is no storm; once some of them are erased, those who come again and again are.
world = World(99)
for number in range(11):
    world.run("INSERT INTO reg_attempts (email, outcome, failure_reason) VALUES (?, 'failure', 'spam')", f"n{max(number - 4, 0)}@d.example")
world.pass_time(DAY)
world.now += 2 * DAY
reg.set_clock(world.now)
world.night()
reg.equal(world.run("SELECT (SELECT count(*) FROM resting_day), (SELECT count(*) FROM duplicate_storms)"), [(1, 0)], "many new people of a domain")
for number in (1, 2, 3):
    world.run("SELECT reg_forget(?)", f"n{number}@d.example")
reg.equal(world.run("SELECT kind, value, attempts, emails FROM duplicate_storms"), [("domain", "d.example", 8, 4)], "erased people")
world.night()
reg.equal(world.run("SELECT kind, value, attempts, emails FROM duplicate_storms"), [("domain", "d.example", 8, 4)], "after another night")
world.db.close()
# An attempt that waits reads as failed once its time is over, with nobody having recorded anything.
world = World(97)
world.run("INSERT INTO reg_attempts (attempted_at, email, password) VALUES (?, 'late@example.com', 'A9#bL8@z'), (?, 'known@example.com', 'weak')", world.now - DAY, world.now - DAY)
world.now += HOUR
reg.set_clock(world.now)
world.night()
world.compare("while it waits")
world.now += 5 * DAY
reg.set_clock(world.now)
world.compare("when its time is over")
world.db.close()
reg.ok(used > 20 and touched > 5 and calls > 15 and storms > 1 and counted > 5 and indexed > 5 and newer > 10 and runs > 2,
       f"sums were used ({used} days, {calls} of calls, {storms} hours of storms, {counted} times of states, {indexed} of origins, {newer} with newer ones, {runs} runs) and let go ({touched})")
reg.done()
