#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A ledger that somebody has edited, or a disk has damaged: errors, and never the end of the host.

Each case is a column set to a value that no program of ours writes (damage.py); then everything that reads the ledger is
called, in a process of its own. STRIDE=n looks at every n-th case alone.
"""
import os
import shutil
import signal
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg
import damage

STRIDE = int(os.environ.get("STRIDE") or (1 if os.environ.get("SOAK") else 43 if reg.ASAN else 7))
SECONDS = 60

CALLS = [
    "SELECT reg_settings()", "SELECT reg_settings_patch('{\"sandbox\":false}')", "SELECT * FROM reg_attempts", "SELECT * FROM reg_attempts(5)",
    "SELECT * FROM reg_codes", "SELECT * FROM reg_reports", "SELECT * FROM reg_attempts WHERE email = 'ann@example.com'",
    "SELECT * FROM reg_attempts WHERE id IN (1, 2, 3)", "SELECT * FROM reg_codes WHERE attempt_id = 5", "SELECT * FROM reg_policy('x')",
    "SELECT reg_check_policy('x')", "SELECT reg_hash_password('x')", "SELECT reg_needs_rehash('x')", "SELECT reg_email_exists('ann@example.com')",
    "SELECT reg_phone_exists('+16045550001')", "SELECT reg_username_exists('ann')", "SELECT reg_report_payload(id) FROM attempt",
    "SELECT reg_issue_code('cyd@example.com', 'none')", "SELECT reg_issue_code('new@example.com', 'email')", "SELECT reg_resend_code('cyd@example.com', 'none', 'd1')",
    "SELECT reg_resend_code('eve@example.com', 'email', 'd1')", "SELECT reg_verify_code('cyd@example.com', '123456')",
    "SELECT reg_verify_code('eve@example.com', 'abc123456', 'd1')", f"SELECT reg_verify_code('{'A' * 64}')",
    "SELECT reg_complete('eve@example.com', '123456', 'A9#bL8@z')", "SELECT reg_set_consent('ann@example.com', 'terms', NULL, 'declined')",
    "SELECT reg_record_step('ann@example.com', 'KYC', 'done')", "INSERT INTO reg_attempts (email, password) VALUES ('fay@example.com', 'A9#bL8@z')",
    "INSERT INTO reg_attempts (email, phone, username, password) VALUES ('ann@example.com', '+16045550001', 'ann', 'A9#bL8@z')",
    "INSERT INTO reg_attempts (email, identity_provider, identity_subject) VALUES ('gus@example.com', 'google', 'g-1')",
    "SELECT * FROM reg_signups('signups.csv')", "SELECT * FROM reg_reconcile('export.csv')", "SELECT reg_forget('ann@example.com')", "SELECT reg_forget('eve@example.com')",
    "SELECT reg_init()",
]


def exercise(path, calls):
    """What was said."""
    said = []
    db = sqlite3.connect(path, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(reg.LIBRARY)
    db.execute("PRAGMA synchronous = OFF")
    for sql in calls:
        try:
            db.execute(sql).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError, OverflowError) as error:
            said.append(f"{sql[:60]}: {error}")
    db.close()
    return said


def in_a_process(path, calls):
    """How a process ends that does it, and what it said."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(SECONDS)
        try:
            os.write(writing, "\n".join(exercise(path, calls)).encode(errors="replace")[:60000])
        except BaseException as error:
            os.write(writing, repr(error).encode())
            os._exit(3)
        os._exit(0)
    os.close(writing)
    said = b""
    while piece := os.read(reading, 65536):
        said += piece
    os.close(reading)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said.decode(errors="replace")


os.chdir(reg.folder)
damage.made("whole.db")
with open("signups.csv", "w", encoding="ascii") as file:
    file.write("email,phone,username,password\nann@example.com,+16045550001,ann,A9#bL8@z\nbob@example.com,,,A9#bL8@z\nnew@example.com,,,A9#bL8@z\n")
with open("export.csv", "w", encoding="ascii") as file:
    file.write("date,success,failure\n2026-01-01,5,5\n")
    file.write(reg.one(sqlite3.connect("whole.db"), "SELECT date(max(attempted_at) / 1000, 'unixepoch') FROM attempt") + ",1,1\n")
os.environ["REG_KEY_FILE"] = os.path.join(reg.folder, "whole.db.key")
os.environ["TZ"] = "UTC"


def run(case, calls):
    if case is None:
        shutil.copy("whole.db", "damaged.db")
    elif not damage.damage("whole.db", "damaged.db", case):
        return None
    return in_a_process("damaged.db", calls)


code, said = run(None, CALLS)
reg.equal(code, 0, "a whole ledger")
reg.ok("damaged" not in said and "malformed" not in said, "of which nothing is said to be damaged", said)
cases = damage.cases("whole.db")
ended, by_table = [], {}
for number, case in enumerate(cases[::STRIDE]):
    result = run(case, CALLS if number % 2 else CALLS[::-1])  # what comes first finds the rest as it was
    if result is None:
        continue
    by_table[case[0]] = by_table.get(case[0], 0) + 1
    if result[0] != 0:
        ended.append(f"{case}: ended with {result[0]}; {result[1][-300:]}")
reg.ok(not ended, "no edited column ends the host", *ended)
reg.ok(sum(by_table.values()) > len(cases) // STRIDE // 2, "most of them could be tried", by_table)

# The table and the row are named.
for case, words in ((("code", "digits", "9999"), "digits, where id is 10, is 9999: expected 0 to 8"), (("code", "digits", "-9223372036854775808"), "is -9223372036854775808"),
                    (("code", "prefix", "printf('%.70000c', 'x')"), "prefix"), (("code", "nonce", "zeroblob(70000 + id)"), "nonce, where id is"),
                    (("setting", "json", "'[]'"), "(table setting, id "),
                    (("setting", "json", "json_set(json, '$.maxCodeTries', 9999999999)"), "maxCodeTries: expected a whole number from 1 to 100"),
                    (("setting", "json", "json_set(json, '$.pinConfirmationLength', 9999)"), "pinConfirmationLength: expected a whole number"),
                    (("ledger", "uuid", "x'00'"), "uuid has 1 bytes: expected 16")):
    code, said = run(case, CALLS)
    reg.ok(code == 0 and words in said, f"{case[0]}.{case[1]} = {case[2]} is named", code, said)
reg.done()
