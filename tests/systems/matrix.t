#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""registrationType x pinConfirmationType x subject x device x entry: what each cell comes to stands in matrix.csv beside this.

subject: nobody has the address (unknown), a customer with a password has it (known), one who came by a third party has it.
device: the code is entered on the device that asked for it (same), or on another. entry: in time, late (the code's time is over,
the attempt's is not), or a wrong code. admitted: the verdict on the sign-up, verdict: that on the code ("not_found" where none was
sent), outcome: the attempt's afterwards; customer: whose the attempt is then (new: its own).

Each cell is played twice: through SQL, and through files (regjob import, send, confirm). The clock is libfaketime's.
"""
import csv
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import clock  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
SIGNUP, GIVEN, IN_TIME, LATE = 60000, 120000, 180000, 7200000
CHEAP = {"passwordHash": {"memoryKiB": 8, "passes": 1}, "requiredConsents": [], "tokenLifetimeInSeconds": 3600,
         "pinConfirmationValidInSeconds": 300}
PASSWORD = "A9#bL8@z"


def settings_of(cell):
    return json.dumps(dict(CHEAP, registrationType=cell["registrationType"], pinConfirmationType=cell["pinConfirmationType"]))


def connect(path):
    database = sqlite3.connect(path, isolation_level=None)
    database.enable_load_extension(True)
    database.load_extension(os.path.join(BUILD, "reg"))
    return database


def ask(database, sql, *values):
    row = database.execute(sql, values).fetchone()
    return row[0] if row else None


def make_customer(database, subject, email):
    """The customer who has the address already, under settings that let anybody in."""
    if subject == "known":
        database.execute("INSERT INTO reg_attempts(email, password) VALUES (?, ?)", (email, PASSWORD))
    elif subject == "third-party":
        database.execute("INSERT INTO reg_attempts(email, identity_provider, identity_subject) VALUES (?, 'facebook', ?)", (email, email))


def describe(row):
    outcome, reason = row
    return outcome if reason is None else f"{outcome} {reason}"


def what_is(database, attempt, email):
    """outcome, email_confirmed and customer of the attempt now, as matrix.csv words them."""
    outcome, reason, confirmed, customer = database.execute(
        "SELECT outcome, failure_reason, email_confirmed_at IS NOT NULL, customer_id FROM reg_attempts WHERE id = ?", (attempt,)).fetchone()
    by_third_party = ask(database, "SELECT count(*) FROM reg_attempts WHERE id = ? AND identity_provider IS NOT NULL", customer)
    return {"outcome": describe((outcome, reason)), "email_confirmed": "yes" if confirmed else "no",
            "customer": "none" if customer is None else "new" if customer == attempt else "third-party" if by_third_party else "known"}


def wrong(code):
    """As long as the right one, and another."""
    return ("1" if code[0] == "0" else "0") + code[1:] if code.isdigit() else code[:-1] + ("B" if code[-1] == "A" else "A")


def play_sql(cell):
    clock.stand(0)
    database = connect(":memory:")
    email = "ann@example.com"
    ask(database, "SELECT reg_init()")
    ask(database, "SELECT reg_settings(?)", json.dumps(CHEAP))
    make_customer(database, cell["subject"], email)
    ask(database, "SELECT reg_settings(?)", settings_of(cell))
    clock.stand(SIGNUP)
    database.execute("INSERT INTO reg_attempts(email, password, device_id) VALUES (?, ?, 'phone-1')", (email, PASSWORD))
    attempt = ask(database, "SELECT max(id) FROM reg_attempts")
    got = {"admitted": describe(database.execute("SELECT outcome, failure_reason FROM reg_attempts WHERE id = ?", (attempt,)).fetchone())}
    clock.stand(GIVEN)
    code = "000000"
    if ask(database, "SELECT count(*) FROM reg_codes WHERE attempt_id = ?", attempt):
        code = ask(database, "SELECT reg_issue_code(?, 'email', 'phone-1')", email)
        if cell["entry"] == "wrong":
            code = wrong(code)
    clock.stand(LATE if cell["entry"] == "late" else IN_TIME)
    got["verdict"] = ask(database, "SELECT reg_verify_code(?, ?, ?)", email, code, "phone-1" if cell["device"] == "same" else "phone-2")
    got.update(what_is(database, attempt, email))
    database.close()
    return got


def job(folder, *arguments):
    subprocess.run([os.path.join(BUILD, "regjob"), "-c", os.path.join(folder, "regjob.conf"), "-l", os.path.join(folder, "ledger.db"), *arguments],
                   check=True, capture_output=True)


def read_messages(folder):
    """Codes by the address they were sent to."""
    codes = {}
    new = os.path.join(folder, "mail", "new")
    for name in os.listdir(new) if os.path.isdir(new) else []:
        text = open(os.path.join(new, name), encoding="utf-8").read().replace("=\n", "").replace("=3D", "=")
        to = re.search(r"^To: .*?([^\s<]+@[^\s>]+)", text, re.M).group(1)
        link = re.search(r"token=([A-Za-z0-9_-]{64})", text)
        codes[to] = link.group(1) if link else re.search(r"^Subject: .*?\b(\d{6})\b", text, re.M).group(1)
    return codes


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def play_files(cells):
    """All cells of one setting, each with an address of its own; what each came to."""
    with tempfile.TemporaryDirectory(prefix="reg-matrix.") as folder:
        with open(os.path.join(folder, "regjob.conf"), "w") as file:
            file.write("[mail]\nurl = file:mail\nrate = 0\n")
        clock.stand(0)
        job(folder, "init")
        database = connect(os.path.join(folder, "ledger.db"))
        ask(database, "SELECT reg_settings(?)", json.dumps(CHEAP))
        emails = [f"cell{number}@example.com" for number in range(len(cells))]
        for cell, email in zip(cells, emails):
            make_customer(database, cell["subject"], email)
        ask(database, "SELECT reg_settings(?)", settings_of(cells[0]))
        ask(database, "SELECT reg_settings_patch(?)", json.dumps({"confirmationRedirectLink": "https://shop.example.com/confirm"}))
        clock.stand(SIGNUP)
        write_csv(os.path.join(folder, "signups.csv"), ["email", "password", "deviceId"], [(email, PASSWORD, "phone-1") for email in emails])
        job(folder, "import", os.path.join(folder, "signups.csv"))
        attempts = [ask(database, "SELECT max(id) FROM reg_attempts WHERE email = ?", email) for email in emails]
        got = [{"admitted": describe(database.execute("SELECT outcome, failure_reason FROM reg_attempts WHERE id = ?", (attempt,)).fetchone())}
               for attempt in attempts]
        clock.stand(GIVEN)
        job(folder, "send")
        codes = read_messages(folder)
        rows = []
        for cell, email in zip(cells, emails):
            code = codes.get(email, "000000")
            if cell["entry"] == "wrong" and email in codes:
                code = wrong(code)
            rows.append((email, code, "phone-1" if cell["device"] == "same" else "phone-2", clock.iso(LATE if cell["entry"] == "late" else IN_TIME)))
        # Read hours later: each is judged as of when it was entered.
        clock.stand(2 * LATE)
        write_csv(os.path.join(folder, "confirmations.csv"), ["subject", "code", "device_id", "entered_at"], rows)
        job(folder, "confirm", os.path.join(folder, "confirmations.csv"))
        for number, (attempt, email) in enumerate(zip(attempts, emails)):
            got[number]["verdict"] = ask(database, "SELECT verdict FROM continuation WHERE kind = 'confirmation' AND line = ?", number + 2)
            got[number].update(what_is(database, attempt, email))
        database.close()
        return got


def main():
    clock.begin(__file__)
    with open(os.path.join(HERE, "matrix.csv"), newline="") as file:
        cells = list(csv.DictReader(file))
    dimensions = ["registrationType", "pinConfirmationType", "subject", "device", "entry"]
    sizes = [len({cell[dimension] for cell in cells}) for dimension in dimensions]
    whole = sizes == [4, 2, 3, 2, 3] and len({tuple(cell[d] for d in dimensions) for cell in cells}) == 144
    tests, failed = 1, not whole
    print("ok 1 - every cell is in matrix.csv" if whole else f"not ok 1 - cells are missing: {sizes}")

    by_settings = {}
    for cell in cells:
        by_settings.setdefault((cell["registrationType"], cell["pinConfirmationType"]), []).append(cell)
    results = [("SQL", cell, play_sql(cell)) for cell in cells]
    for group in by_settings.values():
        results += [("files", cell, got) for cell, got in zip(group, play_files(group))]
    for way, cell, got in results:
        tests += 1
        name = " / ".join([way] + [cell[dimension] for dimension in dimensions])
        wanted = {key: cell[key] for key in got}
        if got == wanted:
            print(f"ok {tests} - {name}")
        else:
            failed = True
            print(f"not ok {tests} - {name}\n#   expected {wanted}\n#   got      {got}")
    print(f"1..{tests}")
    sys.exit(failed)


main()
