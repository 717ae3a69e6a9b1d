#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The table of values in reg(7) is what happens: by INSERT, by an import, in its rehearsal, in a file of confirmations, and in a vendor's
dashboard export. The manual is the only source of the rows."""
import csv
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

SETTINGS = '{"passwordAt":"confirm","uniquePhone":false}'


def plain(cell):
    """What an argument in the page's source shows."""
    text = cell[1:-1] if cell.startswith('"') else cell
    for escape, character in ((r"\(aq", "'"), (r"\(dq", '"'), (r"\-", "-"), (r"\&", ""), (r"\e", "\\")):
        text = text.replace(escape, character)
    return re.sub(r"<U\+([0-9A-F]{4,6})>", lambda found: chr(int(found[1], 16)), text)


ROW = re.compile(r"^\.It Va (?P<column>(?:export )?\w+) Li (?P<text>\"[^\"\n]*\"|\S+)(?: No beside Va (?P<beside>\w+) Li (?P<its>\S+))?\n"
                 r"\.(?P<taken>.+)(?:\n\.Pq Li (?P<rule>\w+))?$", re.M)


class Row:
    def __init__(self, number, row):
        self.number, self.column, self.text, self.rule = number, row["column"], plain(row["text"]), row["rule"]
        self.refused, self.left_out = row["taken"] == "Em refused", row["taken"] == "Em left out"
        self.value = None if self.refused or self.left_out else plain(row["taken"].removeprefix("Li "))
        self.given = {"email": f"p{number}@example.com", self.column: self.text} | ({row["beside"]: plain(row["its"])} if row["beside"] else {})
        self.name = f"{self.column}: {self.text!r}" + (f" beside {row['its']}" if row["beside"] else "")
        self.noted = "consents" if self.column == "consent_terms" else self.column

    def done(self):
        """The note that the page promises."""
        taken = "trimmed" if self.rule == "blanks" else "normalised"
        return [self.noted, "refused" if self.refused else "left_out" if self.left_out else taken, self.rule] if self.rule else None

    def verdict(self):
        if self.refused:
            return ["failure", f"{self.noted}_invalid"]
        return ["failure", "told"] if self.value == "failure" else ["success", None]


def note(row, notes):
    return next(([found["column"], found["done"], found["rule"]] for found in json.loads(notes or "[]") if found["column"] == row.noted), None)


def kept(row, attempt):
    if row.column != "consent_terms":
        return attempt[row.column]
    consent = json.loads(attempt["consents"]).get("terms", {})
    return "@".join(consent[member] for member in ("state", "version") if member in consent) or None


def same(row, attempt, how):
    got = [attempt["outcome"], attempt["failure_reason"], note(row, attempt["notes"])]
    expected = [*row.verdict(), row.done()]
    if not row.refused:
        value = kept(row, attempt)
        got, expected = got + [None if value is None else str(value)], expected + [row.value]
    reg.equal(got, expected, f"{how}: {row.name}")


def attempts(db, where=""):
    found = db.execute(f"SELECT * FROM reg_attempts {where} ORDER BY id")
    names = [column[0] for column in found.description]
    return [dict(zip(names, values)) for values in found.fetchall()]


def regjob(ledger, *words):
    return subprocess.run([os.path.join(reg.BUILD, "regjob"), "-l", ledger, *words], capture_output=True, text=True, timeout=60, check=False)


def write(path, columns, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        writer.writerows(rows)


def by_insert(rows):
    db = reg.ledger("inserted.db", SETTINGS)
    for row in rows:
        if row.column == "consent_terms":
            continue
        db.execute(f"INSERT INTO reg_attempts({', '.join(row.given)}) VALUES ({', '.join('?' * len(row.given))})", list(row.given.values()))
        same(row, attempts(db, "WHERE id = last_insert_rowid()")[0], "INSERT")


def by_file(rows):
    db = reg.ledger("imported.db", SETTINGS)
    columns = sorted({name for row in rows for name in row.given})
    path, ledger = os.path.join(reg.folder, "signups.csv"), os.path.join(reg.folder, "imported.db")
    write(path, columns, [[row.given.get(name, "") for name in columns] for row in rows])
    rehearsed = db.execute("SELECT outcome, failure_reason, notes FROM reg_signups(?)", (path,)).fetchall()
    done = regjob(ledger, "import", path)
    reg.equal(done.returncode, 0, "the rows are imported")
    made = attempts(db)
    reg.equal(len(made), len(rows), "each of them")
    for row, attempt in zip(rows, made):
        same(row, attempt, "file")
    reg.equal([[found[0], found[1], json.loads(found[2])] for found in rehearsed],
              [[found["outcome"], found["failure_reason"], json.loads(found["notes"])] for found in made], "the rehearsal says what the import does")


def by_confirmation(rows):
    """A file of confirmations reads its times as a sign-up's are read."""
    db = reg.ledger("confirmed.db", SETTINGS)
    rows = [row for row in rows if row.column == "attempted_at"]
    path, ledger = os.path.join(reg.folder, "codes.csv"), os.path.join(reg.folder, "confirmed.db")
    write(path, ["Subject", "CODE", "Entered at"], [["\u00a0nobody@example.com ", "123456", f" {row.text}\u00a0"] for row in rows])
    reg.equal(regjob(ledger, "confirm", path).returncode, 0, "the confirmations are read")
    found = db.execute("SELECT verdict, strftime('%Y-%m-%dT%H:%M:%S', attempted_at / 1000, 'unixepoch') || substr(printf('.%03dZ', attempted_at % 1000), 1) "
                       "FROM continuation ORDER BY line").fetchall()
    for row, (verdict, moment) in zip(rows, found):
        reg.equal([verdict, None if row.refused else moment], ["attempted_at_invalid", None] if row.refused else ["not_found", row.value], f"confirm: {row.name}")


def by_export(rows):
    db = reg.connect()
    path = os.path.join(reg.folder, "export.csv")
    place = ["day", "outcome", "count"]
    for row in rows:
        column = row.column.split(" ")[1]
        cells = {"day": "2026-01-31", "outcome": "success", "count": "7"}
        write(path, [" Day", "OUTCOME", "Count "], [[(cells | {column: row.text})[name] for name in place]])
        try:
            got = str(db.execute("SELECT * FROM reg_dashboard(?)", (path,)).fetchone()[place.index(column)])
        except reg.sqlite3.Error as error:
            got = (re.search(r"line 2, column \d \(\w+\): this is not .*? \((\w+)\):", str(error)) or [str(error)] * 2)[1]
        reg.equal(got, row.rule if row.refused else row.value, row.name)


with open("ext/reg.7", encoding="utf-8") as file:
    section = re.search(r"^\.Sh VALUES\n(.*?)^\.Sh ", file.read(), re.S | re.M)[1]
all_rows = [Row(number, row) for number, row in enumerate(ROW.finditer(section))]
reg.equal(len(all_rows), section.count("\n.It "), "each row can be read")
signups = [row for row in all_rows if not row.column.startswith("export ")]
reg.ok(len(signups) > 90 and len(all_rows) > len(signups) + 15, "the manual has the table", len(all_rows))
by_insert(signups)
by_file(signups)
by_confirmation(signups)
by_export([row for row in all_rows if row.column.startswith("export ")])
reg.done()
