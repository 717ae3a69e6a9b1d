#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares ledgers table by table: same.py [--exact] LEDGER LEDGER... Says where they differ, and exits with 1.

What chance makes (nonces, salts of hashes), the moments of the writes, the runs, and how an import was divided into commits are left out, and what a ledger
on a cluster alone keeps (sessions, leases). --exact: nothing is.
"""
import sqlite3
import sys

CHANCE = {"nonce", "password_hash", "sealed", "key_mark"}
MOMENTS = {"recorded_at", "created_at", "started_at", "finished_at", "next_try_at", "read_at", "newest", "deadline", "decided_at", "runs_from",
           "handed_over_at", "lease_until", "retry_at"}
RUNS = {"run_id", "owner"}
LEFT_OUT = {"session", "lease", "run", "ledger_snapshot"}
exact = "--exact" in sys.argv


def shown(column):
    if column == "attempted_at" and not exact:  # of a row without a time: when it was imported
        return "CASE WHEN abs(attempted_at - recorded_at) < 600000 THEN 'now' ELSE attempted_at END"
    return f"quote({column})"


def tables(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found = {}
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").fetchall():
        columns, condition = ['"' + row[1] + '"' for row in db.execute(f"PRAGMA table_info({name})")], "1"
        if not exact:
            if name in LEFT_OUT:
                continue
            columns = [column.strip('"') for column in columns if column.strip('"') not in CHANCE | MOMENTS | RUNS] or ["1"]
            if name == "import_batch":
                condition = "end_offset = (SELECT max(b.end_offset) FROM import_batch b WHERE b.import_id = import_batch.import_id)"
        quoted = ", ".join(map(shown, columns))
        found[name] = (columns, sorted(db.execute(f"SELECT {quoted} FROM {name} WHERE {condition}").fetchall(), key=repr))
    return found


paths = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
first = tables(paths[0])
differs = False
for path in paths[1:]:
    other = tables(path)
    for name in sorted(set(first) | set(other)):
        columns, rows = first.get(name, ([], []))
        _, others = other.get(name, ([], []))
        if rows == others:
            continue
        differs = True
        print(f"{name}: {len(rows)} rows in {paths[0]}, {len(others)} in {path}: {columns}")
        known, theirs = set(rows), set(others)
        for row in [("-",) + row for row in rows if row not in theirs][:3] + [("+",) + row for row in others if row not in known][:3]:
            print("  ", *row)
sys.exit(differs)
