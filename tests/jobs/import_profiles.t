#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The exports of samples/exports (written by tests/foreign/write/exports.py with other programs' hashes) are recognised, imported by the built-in
profiles, and each person logs in with the old password; then what hash is stored. The same by --profile, and what no profile should take."""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, "tests/sql")
sys.path.insert(0, "tests/foreign/write")
import reg
from exports import CREATED_MS, PEOPLE

REGJOB = os.path.abspath(os.environ.get("BUILD", "build") + "/regjob")
PROJECT = {"signerKey": "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==", "saltSeparator": "Bw==", "rounds": 8, "memoryCost": 14}
SETTINGS = {"passwordHash": {"memoryKiB": 8, "passes": 1}, "requiredConsents": [], "firebaseScrypt": PROJECT}
ALL = [person["email"] for person in PEOPLE]
HERE = ALL[:3]  # the fourth is blocked
# File: profile, form, who becomes a customer, whose password is known, their formats before the first log-in.
CASES = {
    "auth0-import.json": ("auth0", "a JSON array", HERE, HERE, ["bcrypt", "pbkdf2", "wrapped"]),
    "auth0-users.ndjson": ("auth0", "JSON Lines", ["gus@example.com"], [], []),
    "auth0-hashes.ndjson": ("auth0", "JSON Lines", HERE, HERE, ["bcrypt"] * 3),
    "cognito.csv": ("cognito", "CSV", ALL[:2], [], []),
    "cognito-list-users.json": ("cognito", "a JSON array in `Users`", HERE, [], []),
    "firebase.csv": ("firebase", "CSV", HERE, HERE, ["firebase-scrypt"] * 3),
    "firebase.json": ("firebase", "a JSON array in `users`", HERE, HERE, ["firebase-scrypt"] * 3),
    "keycloak-realm.json": ("keycloak", "a JSON array in `users`", HERE, HERE, ["argon2", "pbkdf2", "pbkdf2"]),
    "kratos.json": ("kratos", "a JSON array", HERE, HERE, ["bcrypt"] * 3),
}


def regjob(ledger, *arguments):
    return subprocess.run([REGJOB, "-v", "-l", ledger, *arguments], capture_output=True, text=True, timeout=60)


reg.equal(sorted(CASES), sorted(os.listdir("samples/exports")), "each sample is tried")
for name, (profile, form, customers, known, formats) in CASES.items():
    ledger = os.path.join(reg.folder, name + ".db")
    regjob(ledger, "init")
    db = reg.connect(name + ".db")
    db.execute("SELECT reg_settings_patch(?)", (json.dumps(SETTINGS),)).fetchall()
    path = shutil.copy("samples/exports/" + name, reg.folder)
    done = regjob(ledger, "import", path)
    reg.equal(done.returncode, 0, f"{name}: imported")
    said = f"{form}, profile {profile} (recognised)"
    reg.equal(f"read as {said}" in done.stderr, True, f"{name}: and said as what")
    reg.equal(reg.one(db, "SELECT form FROM import"), said, f"{name}: which is kept")
    reg.equal(reg.one(db, "SELECT counts ->> '$.files[0].form' FROM run WHERE command = 'import'"), said, f"{name}: in the run's record, too")
    found = [row[0] for row in db.execute("SELECT email FROM reg_attempts WHERE outcome = 'success' ORDER BY id")]
    reg.equal(found, customers, f"{name}: everybody is a customer but who was blocked")
    blocked = db.execute("SELECT email, reasons FROM reg_attempts WHERE outcome <> 'success'").fetchall()
    reg.equal([row[0] for row in blocked], ALL[3:] if len(customers) == 3 and profile + name[-6:] != "auth0ndjson" else [], f"{name}: {blocked}")
    for person in PEOPLE[:len(customers)] if known else []:
        row = db.execute("SELECT given_name, phone, email_verified_at IS NOT NULL FROM reg_attempts WHERE email = ?", (person["email"],)).fetchone()
        if profile != "firebase" and name != "auth0-hashes.ndjson":
            reg.equal(row[0], person["given"], f"{name}: {person['email']}'s name")
        reg.equal(row[1] or None, None if profile == "kratos" or name == "auth0-hashes.ndjson" else person["phone"], f"{name}: {person['email']}'s number")
        reg.equal(row[2], int(person["verified"]), f"{name}: whether {person['email']} is verified")
    if name != "auth0-import.json":
        reg.equal(reg.one(db, "SELECT count(*) FROM reg_attempts WHERE attempted_at_ms <> ?", (CREATED_MS,)), 0, f"{name}: when they signed up")
    stored = [row[0] for row in db.execute("SELECT password_hash FROM person WHERE password_hash IS NOT NULL")]
    reg.equal(len(stored), len(formats), f"{name}: the hashes that are kept")
    reg.equal(sorted(formats), sorted(row[0] for row in db.execute("SELECT format, hashes FROM reg_password_formats") for _ in range(row[1])), f"{name}: and their formats")
    for person in PEOPLE[:3] if known else []:
        reg.equal(reg.one(db, "SELECT reg_verify_login(?, ?)", (person["email"], person["password"] + "x")), 0, f"{name}: {person['email']} with another password")
        reg.equal(reg.one(db, "SELECT reg_verify_login(?, ?)", (person["email"], person["password"])), 1, f"{name}: {person['email']} with the old password")
    if known:
        reg.equal(reg.one(db, "SELECT group_concat(DISTINCT substr(password_hash, 1, 10)) FROM person"), "$argon2id$", f"{name}: whose hash is ours from then on")
        reg.equal([reg.one(db, "SELECT reg_verify_login(?, ?)", (person["email"], person["password"])) for person in PEOPLE[:3]], [1, 1, 1], f"{name}: and good again")
    reg.equal(regjob(ledger, "import", path).stderr.count("imported already"), 1, f"{name}: the same file again does nothing")
    db.close()
reg.done()
