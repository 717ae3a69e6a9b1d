#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""No secret at rest: a ledger is used in every way, then every file of it is searched for every secret.

What is searched for: passwords, their unsalted hashes in each format as bytes, hex and base64, codes (a
pin where it is long enough not to be there by chance), tokens, and the key. Also in answers and errors.
"""
import base64
import hashlib
import os
import sys

os.environ["CLOCK"] = "stands"
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

now = 1767225600000
reg.set_clock(now)
db = reg.ledger("secrets.db", '{"pinConfirmationLength":8,"pinPrefixLength":8,"resendPauseInSeconds":0,"maxCodesPerDay":1000,"channels":["email","sms"]}')
db.execute("PRAGMA wal_autocheckpoint = 0")
secrets = {}
said = []


def secret(name, text):
    secrets[name] = text
    return text


def run(sql, parameters=()):
    """Rows and errors are kept: what a user sees is searched too, but for the codes that he asked for."""
    global now
    now += 1001
    reg.set_clock(now)
    try:
        rows = db.execute(sql, parameters).fetchall()
    except Exception as error:
        rows = [(str(error),)]
    return rows


def shown(sql, parameters=()):
    rows = run(sql, parameters)
    said.extend(str(value) for row in rows for value in row)
    return rows


WAYS = ("AUTOMATIC", "REQUIRE_EMAIL_CONFIRMATION", "REQUIRE_EMAIL_ACTIVATION", "REQUIRE_PIN_CONFIRMATION")
for way in WAYS:
    for at in ("signup", "confirm") if way == "REQUIRE_PIN_CONFIRMATION" else ("signup",):
        run("SELECT reg_settings_patch(json_object('registrationType', ?, 'pinConfirmationType', 'EVERYONE', 'passwordAt', ?))", (way, at))
        for outcome in ("right", "weak", "taken", "told", "wrong code", "rolled back", "broken", "md5", "sha256", "phc", "two-step", "resent", "complete", "forgotten"):
            person = f"{way.lower()}-{at}-{outcome.replace(' ', '-')}@example.com"
            password = secret(f"password of {person}", f"Pw#{outcome[0]}{len(secrets)}-zebra-{way[-4:].lower()}{at[0]}Q9!")
            if outcome == "weak":
                password = secret(f"weak password of {person}", f"onlylowercase{len(secrets)}{way.lower()}")
            columns = {"email": person, "phone": None, "password": password}
            if outcome == "taken":
                columns["email"] = f"{way.lower()}-{at}-right@example.com"
            if outcome == "told":
                columns["outcome"] = "failure"
                columns["failure_reason"] = "verification_failed"
            if outcome == "md5":
                columns["password_md5"] = hashlib.md5(password.encode()).hexdigest().upper()
                del columns["password"]
            if outcome == "sha256":
                columns["password_sha256"] = hashlib.sha256(password.encode()).hexdigest()
                columns["outcome"] = "success"
                del columns["password"]
            if outcome == "phc":
                columns["password_hash"] = reg.one(db, "SELECT reg_hash_password(?)", (password,))
                del columns["password"]
            if outcome == "broken":
                columns["line"] = 5  # is refused
            if outcome == "rolled back":
                run("BEGIN")
            shown(f"INSERT INTO reg_attempts({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) RETURNING *",
                  list(columns.values()))
            if outcome == "rolled back":
                run("ROLLBACK")
            for channel in ("email", "none"):
                code = str(run("SELECT reg_issue_code(?, ?)", (person, channel))[0][0])
                if outcome == "resent":
                    secret(f"replaced code of {person}, {channel}", code)
                    code = str(run("SELECT reg_resend_code(?, ?)", (person, channel))[0][0])
                secret(f"code of {person}, {channel}", code)
                if outcome == "wrong code":
                    shown("SELECT reg_verify_code(?, ?)", (person, secret(f"wrong entry of {person}, {channel}", f"entered-wrongly-{len(secrets)}")))
                elif outcome == "two-step":
                    shown("INSERT INTO reg_attempts(email, password, email_confirm_code) VALUES (?, ?, ?)", (person, password, code))
                elif outcome == "complete":
                    shown("SELECT reg_complete(?, ?, ?)", (person, code, secret(f"later password of {person}, {channel}", f"Later#{len(secrets)}Word")))
                    shown("SELECT reg_complete(?, ?, ?)", (person, code, secret(f"weak later password of {person}, {channel}", f"weaklater{len(secrets)}")))
                else:
                    shown("SELECT reg_verify_code(?, ?)", (person, code))
            if outcome == "forgotten":
                shown("SELECT reg_forget(?)", (person,))
shown("SELECT reg_check_policy(?)", (secret("checked password", "checked-only-9X"),))
shown("SELECT reg_hash_password(?)", (secret("hashed password", "hashed-only-9X#"),))
shown("SELECT reg_verify_password(?, reg_hash_password(?))", (secret("verified password", "verified-only-9X#"),) * 2)
for table in ("reg_attempts", "reg_codes", "reg_reports"):
    shown(f"SELECT * FROM {table}")
    shown(f"SELECT * FROM {table}({now})")
for table, in run("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('person', 'ledger')"):
    shown(f"SELECT * FROM {table}")
reg.ok(reg.one(db, "SELECT count(*) FROM attempt") > 50 and reg.one(db, "SELECT count(*) FROM reg_codes WHERE state = 'verified'") > 20
       and reg.one(db, "SELECT count(*) FROM fingerprint") > 10, "there was something to hide", len(secrets))
reg.ok(all(len(text) >= 8 for text in secrets.values()), "nothing is so short that it could be there by chance", [s for s in secrets.items() if len(s[1]) < 8])
with open(os.path.join(reg.folder, "secrets.db.key"), "rb") as file:
    key = file.read()

# The pin without its prefix, which is no secret.
needles = {}
for name, text in secrets.items():
    raw = text.encode()
    needles[name] = raw
    if "code of" in name and len(text) == 16:
        needles[name] = raw[8:]
    elif "code of" in name and len(text) == 64:
        needles[name] = raw[24:]  # before it the public selector
        needles[name + ", its MAC"] = base64.urlsafe_b64decode(text)[16:]
    if "password" in name:
        for kind, digest in (("md5", hashlib.md5(raw)), ("sha1", hashlib.sha1(raw)), ("sha256", hashlib.sha256(raw)),
                             ("sha1sha256", hashlib.sha256(hashlib.sha1(raw).hexdigest().encode()))):
            needles[f"{name}, {kind}"] = digest.digest()
            needles[f"{name}, {kind} in hex"] = digest.hexdigest().encode()
            needles[f"{name}, {kind} in upper-case hex"] = digest.hexdigest().upper().encode()
            needles[f"{name}, {kind} in base64"] = base64.b64encode(digest.digest()).rstrip(b"=")
needles["the key"] = key
needles["the key in hex"] = key.hex().encode()


def found_in(content):
    return [name for name, needle in needles.items() if needle in content]


def contents():
    for name in os.listdir(reg.folder):
        with open(os.path.join(reg.folder, name), "rb") as file:
            yield name, file.read()


reg.ok(any(b"require_pin_confirmation-signup-right@example.com" in content for _, content in contents()), "the search would find it: it finds an address")
files = [name for name in os.listdir(reg.folder) if not name.endswith(".key")]
reg.ok("secrets.db-wal" in files and os.path.getsize(os.path.join(reg.folder, "secrets.db-wal")) > 100000, "the WAL holds all that was written", files)
for name, content in contents():
    if not name.endswith(".key"):
        reg.equal(found_in(content), [], f"nothing in {name}")
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
with open(os.path.join(reg.folder, "secrets.db"), "rb") as file:
    reg.equal(found_in(file.read()), [], "nothing in the database after a checkpoint")
visible = "\n".join(said).encode()
reg.equal(found_in(visible), [], "nothing in answers, errors and rows")
reg.done()
