#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""No statement goes through the index of subjects: each finds its rows in both tables by their keys, whatever SQLite makes of the views over them.
How much work the rules are as triggers, which have no plan to be shown: flood.t."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg
import stage

# They are about all entries.
WHOLE = {"learn_keys_up", "learn_keys_down", "same_subjects", "drop_empty_segments", "one_customer_an_identifier"}
ASKS = re.compile(r"\bsubject_(index|entry|merged|waiting)\b")
# What the tables are called in the statements, or by their own name. (segment=?) alone: all that a segment has.
THROUGH = re.compile(r"^SCAN (m|w|f|subject_merged|subject_waiting)\b|USING PRIMARY KEY \(segment=\?\)$|AUTOMATIC .*\(key=")


def statements():
    for path in sorted(glob.glob("sql/*.sql")):
        for part in re.split(r"^-- name: ", open(path, encoding="utf-8").read(), flags=re.M)[1:]:
            yield part.split("\n", 1)
    for path in sorted(glob.glob("sql/checks/*.sql")):
        yield os.path.basename(path)[:-4], open(path, encoding="utf-8").read()
    for path in sorted(glob.glob("sql/rules/*.sql")):
        rule = os.path.basename(path)[:-4]
        for step, sql in stage.steps(rule):
            yield f"{rule}: {step}", sql


def plan(db, sql):
    return [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + sql.strip().rstrip(";"), dict.fromkeys(re.findall(r":(\w+)", sql)))]


db = stage.Stage().db
db.create_function("reg_take", -1, lambda *values: 0)
asked = 0
for name, sql in statements():
    if not ASKS.search(re.sub(r"--.*", "", sql)) or name in WHOLE | {"views"} or "?" in re.sub(r"--.*", "", sql):
        continue
    asked += 1
    through = [line for line in plan(db, sql) if THROUGH.search(line)]
    reg.equal(through, [], f"{name} looks for keys")
reg.ok(asked > 20, "so many statements ask the index", asked)
reg.done()
