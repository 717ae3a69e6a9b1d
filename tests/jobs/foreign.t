#!/usr/bin/python3
"""Files that other programs wrote (tests/foreign) are read as their people are: everybody's address and number, whatever the program
calls its columns and however it quotes. What is not RFC 4180 in UTF-8 is refused before its first row, or rejected line by line."""
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

REGJOB = os.path.join(os.getcwd(), os.environ.get("BUILD", "build"), "regjob")
FOLDER = "tests/foreign"
# What these cannot tell anybody: another separator or encoding, or, in part, other rules of quoting.
REFUSED = {"libreoffice-german", "libreoffice-ods", "libreoffice-utf-16", "libreoffice-windows-1252", "pandas-german", "r-csv2"}
IN_PART = {"libreoffice", "mariadb", "php"}

# Of the exports of products: what names nobody that we know, or the same thing twice; and lines that are lost, each with its line or a
# reason: a comma after a backslash, a field too many or too few, two addresses in one cell.
EXPORTS_REFUSED = {"google-contacts", "salesforce"}
EXPORTS_REJECTED = {"cognito": {2, 5, 8}, "discourse": {5}}
EXPORTS_FAILED = {"hubspot": {12}}

number = failures = 0


def equal(got, expected, name):
    global number, failures
    number += 1
    failures += got != expected
    print(f"{'ok' if got == expected else 'not ok'} {number} - {name}")
    if got != expected:
        print(f"# got {got!r}, expected {expected!r}")


with open(f"{FOLDER}/people.json", encoding="utf-8") as opened:
    people = json.load(opened)
emails = sorted(person["email"].lower() for person in people if person["email"])
phones = sorted(person["phone_e164"] for person in people if person["phone_e164"])
files = sorted(name[:-4] for name in os.listdir(FOLDER) if name.endswith(".csv"))
equal(len(files) > 20 and REFUSED | IN_PART < set(files), True, "there are files of many programs")


def take(path):
    """Imports a copy, since what is rejected is put beside it: the exit code, what was said, people by line, rejected lines."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = os.path.join(folder, "ledger.db")
        subprocess.run([REGJOB, "-l", ledger, "init"], check=True, capture_output=True)
        done = subprocess.run([REGJOB, "-l", ledger, "import", shutil.copy(path, folder)], capture_output=True, text=True, timeout=60)
        database = sqlite3.connect(ledger)
        found = database.execute("SELECT line, email_folded, phone FROM attempt JOIN person ON attempt_id = id").fetchall()
        rejected = {row[0] for row in database.execute("SELECT line FROM reject")}
        database.close()
    return done, {row[0]: row[1:] for row in found}, rejected


for name in files:
    done, by_line, rejects = take(f"{FOLDER}/{name}.csv")
    found, read, rejected = list(by_line.values()), len(by_line), len(rejects)
    if name in REFUSED:
        equal((done.returncode, read), (65, 0), f"{name}: refused before its first row")
        equal(done.stderr.count("\n"), 1, f"{name}: with one line that says why")
    elif name in IN_PART:
        equal(done.returncode == 2 and rejected > 0 and 0 < read < len(people), True, f"{name}: what cannot be read is a reject, the rest is taken")
        equal({row[0] for row in found} - {None} <= set(emails), True, f"{name}: nobody else is made of it")
    else:
        equal((done.returncode, read, rejected), (0, len(people), 0), f"{name}: every row is read")
        equal(sorted(row[0] for row in found if row[0]), emails, f"{name}: everybody's address")
        equal(sorted(row[1] for row in found if row[1]), phones, f"{name}: everybody's number, as libphonenumber has it")
for name in sorted(name[:-4] for name in os.listdir(f"{FOLDER}/exports") if name.endswith(".csv")):
    with open(f"{FOLDER}/exports/{name}.json", encoding="utf-8") as opened:
        usable = [record for record in json.load(opened)["records"] if record["usable"]]
    done, by_line, rejects = take(f"{FOLDER}/exports/{name}.csv")
    if name in EXPORTS_REFUSED:
        equal((done.returncode, by_line, rejects), (65, {}, set()), f"{name}: refused before its first row")
        continue
    equal(rejects, EXPORTS_REJECTED.get(name, set()), f"{name}: no other line is rejected")
    lost = rejects | EXPORTS_FAILED.get(name, set())
    kept = [record for record in usable if record["line"] not in lost and record["email"]]
    equal([by_line[record["line"]][0] for record in kept], [record["email"].lower() for record in kept], f"{name}: the others' addresses")
    wrong = [record["line"] for record in usable if record["line"] in by_line and by_line[record["line"]][1] not in (None, record["phone"])]
    equal(wrong, [], f"{name}: nobody has another's number")
print(f"1..{number}")
sys.exit(failures > 0)
