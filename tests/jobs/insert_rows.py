#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""insert_rows.py EXTENSION LEDGER FILE: the rows of a CSV through INSERT INTO reg_attempts, one by one; an empty cell is NULL in one row and
an empty text in the next. Afterwards attempts
and continuations are given the import and line that an import would have given them, so that both can be compared."""
import csv
import sqlite3
import sys

extension, ledger, path = sys.argv[1:]
base = sqlite3.connect(ledger, isolation_level=None)
base.enable_load_extension(True)
base.load_extension(extension)
with open(path, encoding="utf-8", newline="") as file:
    reader = csv.reader(file, strict=True)
    names = next(reader)
    statement = "INSERT INTO reg_attempts (%s) VALUES (%s)" % (", ".join(names), ", ".join("?" * len(names)))
    base.execute("BEGIN")
    lines, line = [], 2
    for number, row in enumerate(reader):
        lines.append(line)
        line += 1 + sum(value.count("\n") for value in row)
        base.execute(statement, [value if value != "" or number % 2 else None for value in row])
    base.execute("COMMIT")
base.execute("INSERT INTO import (id, name, started_at) VALUES (1, 'by INSERT', 0)")
for table in "attempt", "continuation":  # their ids are of one range
    base.executemany(f"UPDATE {table} SET import_id = 1, line = ? WHERE id = ?", [(line, number + 1) for number, line in enumerate(lines)])
