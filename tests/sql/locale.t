#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A host that has set a Turkish locale, where I and i are two letters and a fraction begins with a comma, gets the same verdicts as any other."""
import csv
import ctypes
import locale
import os
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples")
PASSWORD = "A9#bL8@z"


def turkish():
    """From here on this process is in Turkey."""
    plain = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    subprocess.run(["localedef", "-i", "tr_TR", "-f", "UTF-8", os.path.join(reg.folder, "tr_TR.UTF-8")], env=plain, check=True)
    os.environ["LOCPATH"] = reg.folder
    locale.setlocale(locale.LC_ALL, "tr_TR.UTF-8")


def write(name, rows):
    path = os.path.join(reg.folder, name)
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def shouted():
    """The samples with a header of capitals, and every country in small letters."""
    with open(os.path.join(SAMPLES, "signups.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    countries = [i for i, name in enumerate(rows[0]) if name in ("country", "phone_country")]
    for row in rows[1:]:
        for i in countries:
            row[i] = row[i].lower()
    return [[name.upper() for name in rows[0]]] + rows[1:]


SIGNUPS = write("signups.csv", shouted())
WIDE = write("wide.csv", [["DATE", "SUCCESS", "FAILURE"], ["2026-01-02", 4, 2]])
LONG = write("long.csv", [["DATE", "OUTCOME", "COUNT"], ["2026-01-02", "FAILURE", 2]])
INSERTS = ({"email": "CITI@MINI.EXAMPLE.COM", "phone": "0812-3456-7890", "phone_country": "id", "latitude": "41.5", "guest_account": "FALSE",
            "consents": '{"terms": "ACCEPTED", "mail": "DECLINED"}', "password": PASSWORD},
           {"email": "sms@example.com", "country": "INDONESIA", "locale": "IT-it", "currency": "idr", "gender": "MALE", "longitude": "1e-1", "password": PASSWORD},
           {"email": "words@example.com", "password": "ISTANBUL ili"})


def ask(db, sql):
    try:
        return db.execute(sql).fetchall()
    except sqlite3.Error as error:
        return [str(error)]


def verdicts(name):
    """All that a ledger has to say to the same sign-ups."""
    db = reg.ledger(name)
    for signup in INSERTS:
        db.execute(f"INSERT INTO reg_attempts({', '.join(signup)}) VALUES ({', '.join('?' * len(signup))})", list(signup.values()))
    return {question: ask(db, sql) for question, sql in (
        ("inserts", "SELECT email, phone, country, locale, currency, gender, latitude, longitude, guest_account, consents, outcome, reasons FROM reg_attempts ORDER BY id"),
        ("customers", "SELECT reg_email_exists('citi@mini.example.com'), reg_phone_exists('+6281234567890')"),
        ("file", f"SELECT line, outcome, reasons FROM reg_signups('{SIGNUPS}') ORDER BY line"),
        ("exports", f"SELECT day, outcome, count FROM reg_dashboard('{WIDE}') UNION ALL SELECT day, outcome, count FROM reg_dashboard('{LONG}')"),
        ("payload", "SELECT json_remove(reg_report_payload(a.value), '$.timestamp') FROM json_each('[1, 2]') a"),
        ("policy", "SELECT reg_check_policy('ISTANBULİ', 'classic'), reg_check_policy('istanbulı', 'classic')"),
    )}


before = verdicts("plain.db")
turkish()
libc = ctypes.CDLL(None)
reg.ok(libc.toupper(ord("i")) != ord("I") and locale.localeconv()["decimal_point"] == ",", "the C library is in Turkey")
after = verdicts("turkish.db")
for question in before:
    unlike = [pair for pair in zip(before[question], after[question]) if pair[0] != pair[1]]
    reg.ok(not unlike and len(before[question]) == len(after[question]), f"the same as elsewhere: {question}", *unlike[:5])
reg.equal(after["customers"], [(1, 1)], "a country in small letters completes a number")
reg.equal(after["inserts"][0][6:9], (41.5, None, 0), "a fraction begins with a point, and FALSE is false")
reg.equal(after["exports"], [("2026-01-02", "success", 4), ("2026-01-02", "failure", 2), ("2026-01-02", "failure", 2)], "an export in capitals")
reg.equal(len(after["file"]), 353, "a file with its header in capitals")
reg.done()
