# SPDX-License-Identifier: MIT
"""A ledger of SQL alone, in Python's sqlite3 and without the extension, to run rules on: the schema, the rules and views, and facts set by hand.

    stage = Stage()
    stage.attempt(1, "pending", email="ada@example.com")
    stage.rule("decide", attempt_id=1, recorded_at=9000, decided_at=9000, outcome="success", customer_id=1)

`rule` runs a rule as a whole, by its view, and on a copy step by step, as its file stands, with a parameter for each value. Both must leave the same ledger.
"""
import collections
import glob
import os
import re
import sqlite3
import subprocess

LIFETIME = 86400000
REPORTABLE = '["email_taken","verification_failed"]'


def _schema():
    upgrades = sorted(glob.glob("sql/upgrades/*.sql"), key=lambda path: int(re.sub(r"\D", "", os.path.basename(path))))
    # Without the sanitizers, which find a fault of mawk's own.
    command = ["awk", "-f", "sql/embed.awk", "-v", "part=schema", *upgrades, *sorted(glob.glob("sql/rules/*.sql")), *sorted(glob.glob("sql/*.sql"))]
    return subprocess.check_output(["env", "-u", "LD_PRELOAD", *command], text=True, encoding="utf-8")


SCHEMA = _schema()


def steps(rule):
    """The names and statements of a rule, in order."""
    text = open(f"sql/rules/{rule}.sql", encoding="utf-8").read()
    return [part.split("\n", 1) for part in re.split(r"^-- step: ", text, flags=re.M)[1:]]


def key(text):
    """What stands for the key of a subject here: any number of its own."""
    return int.from_bytes(text.encode()[-7:], "big")


class Differs(Exception):
    pass


class Stage:
    def __init__(self):
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.executescript(SCHEMA)
        self.db.execute("PRAGMA foreign_keys = ON")
        self.insert("ledger", id=1, uuid=bytes(16), subject_salt=bytes(16), created_at=0)
        self.insert("setting", id=1, recorded_at=0, json="{}")

    def insert(self, table, **values):
        marks = ", ".join("?" * len(values))
        self.db.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))

    def attempt(self, id, outcome, **values):
        """An attempt as it was admitted at 1000 * id, and its person: email, phone, username, ... go there and into the index of subjects."""
        columns = {row[1] for row in self.db.execute("PRAGMA table_info(person)")}
        person = {name: value for name, value in values.items() if name in columns}
        for name, folded in (("email", "email_folded"), ("username", "username_folded")):
            if name in person:
                person[folded] = person[name]
        for name in ("email", "phone", "username", "uuid"):
            if person.get(name) is not None:
                person[name + "_key"] = key(person[name])
        attempt = {name: value for name, value in values.items() if name not in columns}
        attempt.setdefault("recorded_at", 1000 * id)
        if outcome == "success":
            attempt.setdefault("customer_id", id)
        elif outcome == "pending":
            attempt.setdefault("lifetime_ms", LIFETIME)
        else:
            attempt.setdefault("reasons", '["told"]')
        self.insert("attempt", id=id, attempted_at=attempt["recorded_at"], setting_id=1, outcome=outcome, has_password=0, **attempt)
        self.insert("person", attempt_id=id, **person)
        holder = {"success": attempt.get("customer_id"), "pending": 0, "failure": -1}[outcome]
        for name, value in person.items():
            if name.endswith("_key"):
                self.insert("subject_merged", key=value, holder=holder, attempt_id=id)
        if outcome == "pending":
            self.insert("waiting", attempt_id=id, deadline=attempt["recorded_at"] + LIFETIME)

    def code(self, id, attempt, address, handed_over_at=None, **values):
        """A PIN for an address, made at 1000 * id; handed over, its time runs for an hour, else it is in the queue."""
        made = values.pop("recorded_at", 1000 * id)
        queue = {} if handed_over_at is not None else {"next_try_at": made}
        self.insert("code", id=id, attempt_id=attempt, ordinal=1, channel="email", kind="pin", nonce=id.to_bytes(16, "big"), digits=6, sandbox=0,
                    recorded_at=made, lifetime_ms=3600000, runs_from=handed_over_at, handed_over_at=handed_over_at, **queue, **values)
        self.insert("recipient", code_id=id, subject_key=key(address), address=address)

    def rule(self, rule, **values):
        copy = sqlite3.connect(":memory:", isolation_level=None)
        self.db.backup(copy)
        copy.execute("PRAGMA foreign_keys = ON")
        given = collections.defaultdict(lambda: None, values)
        for name, statement in steps(rule):
            # A parameter that the rule is not given is NULL.
            names = set(re.findall(r":([a-z_]+)", re.sub(r"'[^']*'|--[^\n]*", "", statement)))
            copy.execute(statement, {name: given[name] for name in names})
        self.insert(rule, **values)
        whole, one_by_one = list(self.db.iterdump()), list(copy.iterdump())
        if whole != one_by_one:
            raise Differs("\n".join(f"whole {a}\nsteps {b}" for a, b in zip(whole, one_by_one) if a != b))

    def rows(self, sql, *parameters):
        return self.db.execute(sql, parameters).fetchall()

    def one(self, sql, *parameters):
        rows = self.rows(sql, *parameters)
        return rows[0][0] if rows else None
