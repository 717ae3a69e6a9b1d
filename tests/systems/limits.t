#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every time limit of a registration, a millisecond before it, at it, and a millisecond after it.

A limit is a function that plays the story up to it on a fresh ledger and answers at the moment that it is given, in milliseconds
from the limit. A time that is over is over at its very millisecond; a pause that is over likewise.
"""
import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import clock  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
SECOND, MINUTE, HOUR, DAY = 1000, 60000, 3600000, 86400000
CHEAP = {"passwordHash": {"memoryKiB": 8, "passes": 1}, "requiredConsents": []}
PIN = dict(CHEAP, registrationType="REQUIRE_PIN_CONFIRMATION", pinConfirmationType="EVERYONE")
TOKEN = dict(CHEAP, registrationType="REQUIRE_EMAIL_ACTIVATION")
LIMITS = []


def limit(name, *answers):
    """What is expected a millisecond before, at, and a millisecond after."""
    def add(function):
        LIMITS.append((name, answers, function))
        return function
    return add


class Ledger:
    def __init__(self, folder, settings):
        self.folder = folder
        clock.stand(0)
        with open(os.path.join(folder, "regjob.conf"), "w") as file:
            file.write("[mail]\nurl = file:mail\n[sms]\nurl = file:sms\n")
        self.job("init")
        self.database = sqlite3.connect(os.path.join(folder, "ledger.db"), isolation_level=None)
        self.database.enable_load_extension(True)
        self.database.load_extension(os.path.join(BUILD, "reg"))
        self.ask("SELECT reg_settings(?)", json.dumps(settings))

    def ask(self, sql, *values):
        try:
            row = self.database.execute(sql, values).fetchone()
        except sqlite3.Error as error:
            return str(error).split(": ", 1)[-1]
        return None if row is None else row[0]

    def at(self, moment, sql, *values):
        clock.stand(moment)
        return self.ask(sql, *values)

    def sign_up(self, moment, email="ann@example.com", **more):
        clock.stand(moment)
        fields = dict(email=email, password="A9#bL8@z", **more)
        self.database.execute(f"INSERT INTO reg_attempts({', '.join(fields)}) VALUES ({', '.join('?' * len(fields))})", tuple(fields.values()))

    def job(self, *arguments):
        done = subprocess.run([os.path.join(BUILD, "regjob"), "-c", os.path.join(self.folder, "regjob.conf"),
                               "-l", os.path.join(self.folder, "ledger.db"), *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"regjob {arguments[0]}: {done.returncode} {done.stderr}")

    def messages(self, kind):
        new = os.path.join(self.folder, kind, "new")
        return len(os.listdir(new)) if os.path.isdir(new) else 0

    def outcome(self, attempt=1):
        return self.ask("SELECT coalesce(failure_reason, outcome) FROM reg_attempts WHERE id = ?", attempt)


@limit("a pin is good for pinConfirmationValidInSeconds from its handing over", "verified", "code_timeout", "code_timeout")
def pin(folder, off):
    ledger = Ledger(folder, dict(PIN, pinConfirmationValidInSeconds=300))
    ledger.sign_up(0)
    code = ledger.at(HOUR, "SELECT reg_issue_code('ann@example.com', 'email')")
    return ledger.at(HOUR + 300 * SECOND + off, "SELECT reg_verify_code('ann@example.com', ?)", code)


@limit("a token is good for tokenLifetimeInSeconds", "verified", "code_timeout", "code_timeout")
def token(folder, off):
    ledger = Ledger(folder, dict(TOKEN, tokenLifetimeInSeconds=7200))
    ledger.sign_up(0)
    code = ledger.at(MINUTE, "SELECT reg_issue_code('ann@example.com', 'email')")
    return ledger.at(MINUTE + 2 * HOUR + off, "SELECT reg_verify_code(?)", code)


@limit("a code sent by the job is good from that moment, not from its queueing", "1", "0", "0")
def sent(folder, off):
    ledger = Ledger(folder, dict(PIN, pinConfirmationValidInSeconds=300))
    ledger.sign_up(0)
    clock.stand(HOUR)
    ledger.job("send")
    assert ledger.messages("mail") == 1
    return str(ledger.at(HOUR + 300 * SECOND + off, "SELECT active FROM reg_codes"))


@limit("a code by SMS is good for 10 minutes at most", "verified", "code_timeout", "code_timeout")
def sms(folder, off):
    ledger = Ledger(folder, dict(PIN, channels=["sms"], pinConfirmationValidInSeconds=86400))
    ledger.sign_up(0, phone="+16045555555")
    code = ledger.at(MINUTE, "SELECT reg_issue_code('+16045555555', 'sms')")
    return ledger.at(11 * MINUTE + off, "SELECT reg_verify_code('+16045555555', ?)", code)


@limit("a code that is sent by SMS on admission likewise", "1", "0", "0")
def sms_on_admission(folder, off):
    ledger = Ledger(folder, dict(PIN, channels=["sms"], pinConfirmationValidInSeconds=86400))
    ledger.sign_up(0, phone="+16045555555")
    clock.stand(MINUTE)
    ledger.job("send")
    assert ledger.messages("sms") == 1
    return str(ledger.at(11 * MINUTE + off, "SELECT active FROM reg_codes"))


@limit("10 minutes are not the limit of a code by e-mail", "verified", "verified", "verified")
def not_by_mail(folder, off):
    ledger = Ledger(folder, dict(PIN, pinConfirmationValidInSeconds=86400))
    ledger.sign_up(0)
    code = ledger.at(MINUTE, "SELECT reg_issue_code('ann@example.com', 'email')")
    return ledger.at(11 * MINUTE + off, "SELECT reg_verify_code('ann@example.com', ?)", code)


@limit("another code may be asked for after resendPauseInSeconds", "refused", "another", "another")
def resend(folder, off):
    ledger = Ledger(folder, dict(PIN, resendPauseInSeconds=90))
    ledger.sign_up(0)
    code = ledger.at(MINUTE, "SELECT reg_issue_code('ann@example.com', 'email')")
    again = ledger.at(MINUTE + 90 * SECOND + off, "SELECT reg_resend_code('ann@example.com', 'email')")
    return "refused" if again == "wait 1 seconds before requesting another code" else "another" if again != code and again.isdigit() else again


@limit("within the pause reg_issue_code gives the same code", "same", "another", "another")
def same(folder, off):
    ledger = Ledger(folder, dict(PIN, resendPauseInSeconds=90))
    ledger.sign_up(0)
    code = ledger.at(MINUTE, "SELECT reg_issue_code('ann@example.com', 'email')")
    again = ledger.at(MINUTE + 90 * SECOND + off, "SELECT reg_issue_code('ann@example.com', 'email')")
    return "same" if again == code else "another"


@limit("a new attempt's code waits for the pause of its subject", 1, 2, 2)
def pause_on_admission(folder, off):
    ledger = Ledger(folder, dict(PIN, resendPauseInSeconds=90))
    ledger.sign_up(0)
    clock.stand(MINUTE)
    ledger.job("send")
    ledger.sign_up(MINUTE + SECOND)
    clock.stand(MINUTE + 90 * SECOND + off)
    ledger.job("send")
    return ledger.messages("mail")


@limit("maxCodesPerDay: one more when the first is a day old", "refused", "given", "given")
def daily(folder, off):
    ledger = Ledger(folder, dict(PIN, maxCodesPerDay=2, resendPauseInSeconds=10, pendingLifetimeInSeconds=30 * 86400))
    clock.stand(0)
    first = ledger.ask("SELECT reg_issue_code('ann@example.com', 'email')")
    second = ledger.at(HOUR, "SELECT reg_issue_code('ann@example.com', 'email')")
    assert first.isdigit() and second.isdigit(), (first, second)
    third = ledger.at(DAY + off, "SELECT reg_issue_code('ann@example.com', 'email')")
    return "given" if third.isdigit() else "refused" if third.endswith("within a day: wait 1 seconds") else third


@limit("a new attempt's code waits for the daily limit of its subject", 2, 3, 3)
def daily_on_admission(folder, off):
    ledger = Ledger(folder, dict(PIN, maxCodesPerDay=2, resendPauseInSeconds=10, pendingLifetimeInSeconds=30 * 86400))
    for moment in (0, HOUR, 2 * HOUR):
        ledger.sign_up(moment)
        ledger.job("send")
    clock.stand(DAY + off)
    ledger.job("send")
    return ledger.messages("mail")


def expired(folder, off, settle):
    ledger = Ledger(folder, dict(PIN, pendingLifetimeInSeconds=7200))
    ledger.sign_up(0)
    ledger.at(HOUR, "SELECT reg_issue_code('ann@example.com', 'email')")
    clock.stand(3 * HOUR + off)
    if settle:
        ledger.job("settle")
        assert ledger.ask("SELECT count(*) FROM decision") == (0 if off < 0 else 1)
    if off >= 0:
        assert ledger.ask("SELECT decided_at FROM reg_attempts") == clock.iso(3 * HOUR)
    return ledger.outcome()


@limit("a pending attempt has pendingLifetimeInSeconds from the first handing over, settled or not", "pending", "verification_expired",
       "verification_expired")
def reads_as_expired(folder, off):
    return expired(folder, off, False)


@limit("and settling writes down what was read before", "pending", "verification_expired", "verification_expired")
def settles(folder, off):
    return expired(folder, off, True)


@limit("as of a past moment likewise", "pending", "failure", "failure")
def past(folder, off):
    ledger = Ledger(folder, dict(PIN, pendingLifetimeInSeconds=7200))
    ledger.sign_up(0)
    ledger.at(HOUR, "SELECT reg_issue_code('ann@example.com', 'email')")
    clock.stand(9 * HOUR)
    ledger.job("settle")
    # Before settling was recorded the deadline alone told it.
    return ledger.ask("SELECT outcome FROM reg_attempts(?)", clock.iso(3 * HOUR + off))


@limit("never handed over, the time runs from admission", "pending", "undeliverable", "undeliverable")
def undeliverable(folder, off):
    ledger = Ledger(folder, dict(PIN, pendingLifetimeInSeconds=7200))
    ledger.sign_up(MINUTE)
    clock.stand(MINUTE + 2 * HOUR + off)
    before = ledger.outcome()
    ledger.job("settle")
    assert before == ledger.outcome()
    assert ledger.ask("SELECT count(*) FROM reg_reports") == 0
    return before


@limit("a code that lives longer than its attempt ends with it", "verified", "code_timeout", "code_timeout")
def code_outlives_attempt(folder, off):
    ledger = Ledger(folder, dict(PIN, pinConfirmationValidInSeconds=86400, pendingLifetimeInSeconds=7200))
    ledger.sign_up(0)
    code = ledger.at(HOUR, "SELECT reg_issue_code('ann@example.com', 'email')")
    return ledger.at(3 * HOUR + off, "SELECT reg_verify_code('ann@example.com', ?)", code)


@limit("a second code does not prolong the attempt", "pending", "verification_expired", "verification_expired")
def not_prolonged(folder, off):
    ledger = Ledger(folder, dict(PIN, pendingLifetimeInSeconds=7200))
    ledger.sign_up(0)
    ledger.at(HOUR, "SELECT reg_issue_code('ann@example.com', 'email')")
    ledger.at(2 * HOUR, "SELECT reg_resend_code('ann@example.com', 'email')")
    clock.stand(3 * HOUR + off)
    ledger.job("settle")
    assert ledger.ask("SELECT count(*) FROM decision") == (0 if off < 0 else 1)
    return ledger.outcome()


@limit("late news: a confirmation is judged as of when it was entered, even after settling", "verified success",
       "code_timeout verification_expired", "code_timeout verification_expired")
def late_news(folder, off):
    ledger = Ledger(folder, dict(PIN, pinConfirmationValidInSeconds=86400, pendingLifetimeInSeconds=7200))
    ledger.sign_up(0)
    code = ledger.at(HOUR, "SELECT reg_issue_code('ann@example.com', 'email')")
    clock.stand(9 * HOUR)
    ledger.job("settle")
    assert ledger.outcome() == "verification_expired"
    path = os.path.join(folder, "late.csv")
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("subject", "code", "entered_at"), ("ann@example.com", code, clock.iso(3 * HOUR + off))])
    ledger.job("confirm", path)
    return f"{ledger.ask('SELECT verdict FROM continuation')} {ledger.outcome()}"


@limit("wrong tries of a code without an attempt count for a day", "exhausted", "sent", "sent")
def wrong_tries(folder, off):
    ledger = Ledger(folder, dict(PIN, maxCodeTries=2, pinConfirmationValidInSeconds=86400, resendPauseInSeconds=10))
    first = ledger.at(0, "SELECT reg_issue_code('ann@example.com', 'none')")
    assert ledger.at(0, "SELECT reg_verify_code('ann@example.com', '000000')") == "invalid_code", first
    ledger.at(HOUR, "SELECT reg_issue_code('ann@example.com', 'none')")
    assert ledger.at(DAY + off, "SELECT reg_verify_code('ann@example.com', '000000')") == "invalid_code"
    return ledger.ask("SELECT state FROM reg_codes ORDER BY id DESC LIMIT 1")


@limit("attempted_at may be a day ahead (a forgotten time zone), not more", "success", "success", "attempted_at_invalid")
def ahead(folder, off):
    ledger = Ledger(folder, CHEAP)
    ledger.sign_up(HOUR, attempted_at=clock.iso(HOUR + DAY + off))
    return ledger.outcome()


@limit("birth_date may be a day that has begun somewhere, not one that has not", "birth_date_invalid", "success", "success")
def birth_date(folder, off):
    ledger = Ledger(folder, dict(CHEAP, strictFields=["birth_date"]))
    ledger.sign_up(DAY + off, birth_date=clock.iso(2 * DAY)[:10])
    return ledger.outcome()


def main():
    clock.begin(__file__)
    tests = 0
    failed = False
    for name, answers, function in LIMITS:
        for off, wanted in zip((-1, 0, 1), answers):
            tests += 1
            with tempfile.TemporaryDirectory(prefix="reg-limits.") as folder:
                try:
                    got = function(folder, off)
                except Exception as error:  # the other limits are told all the same
                    got = f"{type(error).__name__}: {error}"
            place = {-1: "1 ms before", 0: "at it", 1: "1 ms after"}[off]
            if got == wanted:
                print(f"ok {tests} - {name}: {place}")
            else:
                failed = True
                print(f"not ok {tests} - {name}: {place}\n#   expected {wanted}\n#   got      {got}")
    print(f"1..{tests}")
    sys.exit(failed)


main()
