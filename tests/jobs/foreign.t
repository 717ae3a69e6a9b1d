#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Files that other programs wrote (tests/foreign) are read as their people are: everybody's address and number, whatever the program
calls its columns, however it quotes, whatever separates them. What is not RFC 4180 otherwise, or in an encoding that nothing tells, is rejected line by line. Then the user exports of products: who comes through."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, "tests/sql")
import reg

REGJOB = os.path.join(os.getcwd(), os.environ.get("BUILD", "build"), "regjob")
FOLDER = "tests/foreign"
# What these cannot tell anybody: an encoding, or, in part, other rules of quoting.
IN_PART = {"libreoffice", "libreoffice-windows-1252", "mariadb", "php"}
NAMED = {"libreoffice", "libreoffice-windows-1252"}
GERMAN = {"pandas-german"}  # its column of numbers is called Telefon, which means nothing here

with open(f"{FOLDER}/people.json", encoding="utf-8") as opened:
    people = json.load(opened)
emails = sorted(person["email"].lower() for person in people if person["email"])
phones = sorted(person["phone_e164"] for person in people if person["phone_e164"])
files = sorted(name[:-4] for name in os.listdir(FOLDER) if name.endswith(".csv"))
reg.equal(len(files) > 20 and IN_PART < set(files), True, "there are files of many programs")
for name in files:
    with tempfile.TemporaryDirectory() as folder:
        ledger = os.path.join(folder, "ledger.db")
        subprocess.run([REGJOB, "-l", ledger, "init"], check=True, capture_output=True)
        path = shutil.copy(f"{FOLDER}/{name}.csv", folder)
        if name in NAMED:
            named = subprocess.run([REGJOB, "-l", ledger, "import", "--dry-run", "--encoding", "windows-1252", path], capture_output=True, text=True, timeout=60)
        done = subprocess.run([REGJOB, "-l", ledger, "import", path], capture_output=True, text=True, timeout=60)
        database = sqlite3.connect(ledger)
        found = database.execute("SELECT email_folded, phone FROM person").fetchall()
        read, rejected = database.execute("SELECT (SELECT count(*) FROM attempt), (SELECT count(*) FROM reject)").fetchone()
        database.close()
    if name in IN_PART:
        reg.equal(done.returncode == 2 and rejected > 0 and 0 < read < len(people), True, f"{name}: what cannot be read is a reject, the rest is taken")
        reg.equal({row[0] for row in found} - {None} <= set(emails), True, f"{name}: nobody else is made of it")
        if name in NAMED:
            reg.equal((named.returncode, re.search(r"^rejected +0$", named.stdout, re.M) is not None), (0, True), f"{name}: all is read where its encoding is named")
    else:
        reg.equal((done.returncode, read, rejected), (0, len(people), 0), f"{name}: every row is read")
        reg.equal(sorted(row[0] for row in found if row[0]), emails, f"{name}: everybody's address")
        reg.equal(sorted(row[1] for row in found if row[1]), [] if name in GERMAN else phones, f"{name}: everybody's number, as libphonenumber has it")
# The exports. Refused as a whole, with this sentence:
WHOLE = {"google-contacts": "none of its columns says who signed up: expected `email`, `phone`, `username`, `uuid` or `identity_subject`",
         "salesforce": "columns 7 `Phone` and 8 `Mobile` both mean `phone`: remove one"}
# Else, by line: whoever a human could have used and we could not, with the reason or the kind of reject; and whoever is taken though no human could.
LOST = {
    "auth0": {9: "email_taken"},  # the same address in capitals
    "cognito": {2: "field_count", 5: "field_count", 8: "field_count"},  # a backslash is no quote
    "hubspot": {12: "email_invalid"},  # two addresses in a cell
    "stripe": {4: "email_taken"},  # the same person twice
    "wordpress": {6: "attempted_at_invalid"},  # 0000-00-00
}
TAKEN = {"auth0": {6}, "cognito": {6}, "discourse": {7}, "hubspot": {11}, "shopify": {9}, "stripe": {6}, "wordpress": {9}}
SETTINGS = """{"passwordAt":"confirm","requiredConsents":[],"requiredFields":[]}"""
EXPORTS = f"{FOLDER}/exports"
REG = os.path.join(os.getcwd(), "build", "reg")
products = sorted(name[:-5] for name in os.listdir(EXPORTS) if name.endswith(".json"))
reg.equal(len(products), 10, "there are ten exports")
for name in products:
    with open(f"{EXPORTS}/{name}.json", encoding="utf-8") as opened:
        records = {record["line"]: record for record in json.load(opened)["records"]}
    with tempfile.TemporaryDirectory() as folder:
        ledger = os.path.join(folder, "ledger.db")
        subprocess.run([REGJOB, "-l", ledger, "init"], check=True, capture_output=True)
        subprocess.run(["sqlite3", "-batch", "-bail", ledger, f".load {REG}", f"SELECT reg_settings_patch('{SETTINGS}')"], check=True, capture_output=True)
        done = subprocess.run([REGJOB, "-l", ledger, "import", f"{name}.csv"], capture_output=True, text=True, timeout=60,
                              cwd=os.path.dirname(shutil.copy(f"{EXPORTS}/{name}.csv", folder)))
        database = sqlite3.connect(ledger)
        rows = {line: (outcome, reasons, email, phone) for line, outcome, reasons, email, phone in database.execute(
            "SELECT a.line, a.outcome, a.reasons, p.email, p.phone FROM attempt a LEFT JOIN person p ON p.attempt_id = a.id")}
        rejects = dict(database.execute("SELECT line, kind FROM reject"))
        database.close()
    if name in WHOLE:
        reg.equal((done.returncode, done.stderr, rows), (65, f"regjob: {name}.csv: {WHOLE[name]}\n", {}), f"{name}: refused as a whole, and why")
        continue
    reg.equal(done.returncode, 2 if rejects else 0, f"{name}: imported")
    reg.equal(rows.keys() | rejects.keys(), records.keys(), f"{name}: every record is read, at its line")
    through = {line for line, row in rows.items() if row[0] == "success"}
    usable = {line for line, record in records.items() if record["usable"]}
    lost = {line: rejects[line] if line in rejects else json.loads(rows[line][1])[0] for line in usable - through}
    reg.equal(lost, LOST.get(name, {}), f"{name}: who does not come through, and why")
    reg.equal(through - usable, TAKEN.get(name, set()), f"{name}: who should not have")
    reg.equal({line: rows[line][2] for line in through & usable}, {line: records[line]["email"] for line in through & usable}, f"{name}: everybody has the own address")
    reg.equal({line: rows[line][3] for line in through if rows[line][3] not in (None, records[line]["phone"])}, {}, f"{name}: and nobody a number of somebody else")
reg.done()
