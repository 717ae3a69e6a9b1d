#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The sample sign-ups give what they were made for: every outcome, and every reason an import can give.

signups.csv is imported by regjob under the demo's settings, whose counts stand here group by group,
and once more under strict ones, which ask for every field and a password that cannot be guessed. Both
together must hit every reason of reg_reasons but those named in NOT_BY_IMPORT, with why.
signups-damaged.csv must give each kind of reject, each on the lines it was put on.
"""
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
REGJOB, EXTENSION = os.path.join(BUILD, "regjob"), os.path.join(BUILD, "reg")
SIGNUPS = os.path.join(ROOT, "samples", "signups.csv")
DAMAGED = os.path.join(ROOT, "samples", "signups-damaged.csv")

DEMO = {"registrationType": "REQUIRE_PIN_CONFIRMATION", "pinConfirmationType": "EVERYONE",
        "channels": ["email", "sms"], "consentVersions": {"marketing": "2026-10"}}

SIGNUPS_OUTCOMES = {
    "read": 353,
    "success": 37,      # 17 customers moved over, 2 of them told twice; 18 by a third party
    "pending": 176,     # the good ones, and twins of them
    "failed": 131,
    "continued": 9,     # 6 log-ins by a third party, 3 second requests with a code that is wrong
    "rejected": 0,
}
SIGNUPS_REASONS = {
    "email_missing": 5, "email_invalid": 9, "username_invalid": 1, "phone_invalid": 8,
    "birth_date_invalid": 5, "gender_invalid": 4, "country_invalid": 3, "currency_invalid": 2,
    "locale_invalid": 2, "partner_id_invalid": 4, "uuid_invalid": 3, "ip_address_invalid": 1,
    "latitude_invalid": 2, "longitude_invalid": 2, "consents_invalid": 4, "outcome_invalid": 1,
    "attempted_at_invalid": 2, "identity_provider_missing": 1, "identity_subject_missing": 1,
    "identity_provider_unknown": 2,
    "password_missing": 7, "password_too_short": 6, "password_too_long": 1, "password_no_lowercase": 5,
    "password_no_uppercase": 7, "password_no_digit": 8, "password_no_symbol": 5,
    "password_hash_invalid": 4,
    "consent_required": 10, "consent_version_unknown": 3,
    "email_taken": 5, "phone_taken": 4, "username_taken": 3, "uuid_taken": 2, "prevented": 10,
    "verification_failed": 1, "verification_expired": 2, "undeliverable": 1,  # told
    "told": 4,
} | {column + "_invalid": 1 for column in
     "phone_country name given_name family_name birth_place user_type source_id account_group_id custom_id identity_subject "
     "device_id device_type manufacturer model os language user_agent app_name app_platform app_domain guest_account captcha "
     "recommendation email_verified_at phone_verified_at failure_reason".split()}
LENIENT_OUTCOMES = SIGNUPS_OUTCOMES | {"pending": 206, "failed": 101}
LEFT_OUT = {"birth_date": 4, "country": 2, "currency": 2, "gender": 3, "ip_address": 1, "latitude": 2, "locale": 2, "longitude": 2, "partner_id": 4} | {
    column: 1 for column in
    "phone_country name given_name family_name birth_place user_type source_id account_group_id device_id device_type manufacturer model os language "
    "user_agent app_name app_platform app_domain guest_account captcha email_verified_at phone_verified_at".split()}
NOT_BY_IMPORT = {
    "identity_provider_invalid",  # identity_provider_unknown says it
    "user_type_missing",          # the setting defaultUserType fills it in
    "superseded_attempt",         # when a rival is confirmed
    "erased",                     # when a pending person is forgotten
}
DAMAGED_OUTCOMES = {"read": 45, "success": 0, "pending": 21, "failed": 1, "continued": 0, "rejected": 23}
DAMAGED_REJECTS = {
    "quoting": [5, 7, 9, 11, 43, 50], "field_count": [14, 15, 17, 18], "encoding": [22, 24, 25, 27, 28, 29, 41],
    "nul": [31, 32, 34], "too_long": [36, 38, 39],
}

number = failures = 0


def same(got, expected, name):
    global number, failures
    number += 1
    right = got == expected
    failures += not right
    print(f"{'ok' if right else 'not ok'} {number} - {name}")
    if not right:
        print(f"# got      {got}\n# expected {expected}")


class Ledger:
    def __init__(self, folder, settings):
        self.path = os.path.join(folder, "ledger.db")
        self.config = os.path.join(folder, "regjob.conf")
        with open(self.config, "w", encoding="utf-8") as config:
            config.write(f"[ledger]\npath = {self.path}\n[import]\nmax_field_bytes = 4K\n")
        same(self.run("init"), 0, "init")
        self.database = sqlite3.connect(self.path, isolation_level=None)
        self.database.enable_load_extension(True)
        self.database.load_extension(EXTENSION)
        self.database.execute("SELECT reg_settings(?)", (json.dumps(settings),)).fetchall()

    def run(self, *words):
        done = subprocess.run([REGJOB, "-c", self.config, *words], stdin=subprocess.DEVNULL, timeout=300, check=False)
        return done.returncode

    def sums(self):
        row = self.database.execute("SELECT json_extract(counts, '$.import') FROM run ORDER BY id DESC LIMIT 1").fetchone()
        return json.loads(row[0])

    def reasons(self):
        return dict(self.database.execute("SELECT r.value, count(*) FROM reg_attempts a, json_each(a.reasons) r"
                                          " WHERE a.outcome = 'failure' GROUP BY 1"))


def demo_settings(folder, columns):
    ledger = Ledger(folder, DEMO | {"strictFields": columns})
    same(ledger.run("import", SIGNUPS), 0, "signups.csv is imported with nothing rejected")
    same(ledger.sums(), SIGNUPS_OUTCOMES, "each outcome as often as the file was made for")
    reasons = ledger.reasons()
    same(reasons, SIGNUPS_REASONS, "each reason as often as the file was made for")
    linked = ledger.database.execute("SELECT count(*) FROM attempt WHERE link_to IS NOT NULL AND outcome = 'pending'").fetchone()[0]
    same(linked, 2, "two customers of a third party are to get a password by PIN")
    same(ledger.database.execute("SELECT kind, verdict, count(*) FROM continuation GROUP BY 1, 2").fetchall(),
         [("confirmation", "invalid_code", 2), ("confirmation", "not_found", 1), ("login", "known", 6)],
         "log-ins and second requests go on with what exists")
    twins = ledger.database.execute("SELECT max(n) FROM (SELECT count(*) AS n FROM person p JOIN attempt a ON a.id = p.attempt_id"
                                    " WHERE a.outcome = 'pending' AND p.phone = '+6281298765430')").fetchone()[0]
    same(twins, 3, "one phone number in three spellings is one number")
    latest = ledger.database.execute("SELECT min(substr(attempted_at, 1, 10)), count(DISTINCT substr(attempted_at, 1, 10))"
                                     " FROM reg_attempts WHERE attempted_at < '2026-11-20'").fetchone()
    same(latest, ("2026-11-09", 11), "times of every spelling fall on the file's ten days and an evening")
    return reasons


def strict_settings(folder, columns):
    blocklist = os.path.join(folder, "breached.txt")
    with open(blocklist, "w", encoding="ascii") as hashes:
        hashes.write(hashlib.sha1(b"Sample123!").hexdigest().upper() + ":42\r\n")
    ledger = Ledger(folder, DEMO | {
        "requiredFields": columns,
        "passwordPolicy": {"profile": "classic", "letter": True, "digitOrSymbol": True, "identity": True, "minScore": 3,
                           "blocklist": blocklist}})
    same(ledger.run("import", SIGNUPS), 0, "the same file under strict settings")
    same(ledger.sums()["read"], SIGNUPS_OUTCOMES["read"], "the same rows are read")
    return ledger.reasons()


def damaged(folder):
    path = os.path.join(folder, "signups-damaged.csv")
    with open(DAMAGED, "rb") as source, open(path, "wb") as copy:
        copy.write(source.read())
    ledger = Ledger(folder, DEMO)
    same(ledger.run("import", path), 2, "signups-damaged.csv ends with 2: done, but with rejects")
    same(ledger.sums(), DAMAGED_OUTCOMES, "good rows between the damage are taken in, and the sum holds")
    rejects = {}
    for kind, line in ledger.database.execute("SELECT kind, line FROM reject ORDER BY line"):
        rejects.setdefault(kind, []).append(line)
    same(rejects, DAMAGED_REJECTS, "each kind of reject, on the lines that were damaged")
    mended = ledger.database.execute("SELECT count(DISTINCT email) FROM reg_attempts WHERE email LIKE 'mended.%'").fetchone()[0]
    same(mended, 21, "no good line was lost to a damaged neighbour")


def lenient_settings(folder):
    """As the demo has them: what is wrong and needed by nobody is left out."""
    ledger = Ledger(folder, DEMO)
    same(ledger.run("import", SIGNUPS), 0, "the same file, where optional values may be left out")
    same(ledger.sums(), LENIENT_OUTCOMES, "it fails fewer")
    left_out = dict(ledger.database.execute("SELECT n.value ->> 'column', count(*) FROM reg_attempts a, json_each(a.notes) n"
                                            " WHERE n.value ->> 'done' = 'left_out' AND a.outcome <> 'failure' GROUP BY 1"))
    same(left_out, LEFT_OUT, "and each of them has a note")


def main():
    with (tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b, tempfile.TemporaryDirectory() as c,
          tempfile.TemporaryDirectory() as d):
        database = sqlite3.connect(":memory:")
        database.enable_load_extension(True)
        database.load_extension(EXTENSION)
        every = [row[0] for row in database.execute("SELECT reason FROM reg_reasons")]
        columns = [reason[:-len("_missing")] for reason in every if reason.endswith("_missing") and reason != "password_missing"]
        seen = set(demo_settings(a, columns))
        lenient_settings(d)
        seen |= set(strict_settings(b, columns))
        same([reason for reason in every if reason not in seen], sorted(NOT_BY_IMPORT, key=every.index),
             "every reason that an import can give is given")
        damaged(c)
    print(f"1..{number}")
    return failures > 0


sys.exit(main())
