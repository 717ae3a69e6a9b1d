#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The job over ledgers that somebody has edited, or a disk has damaged (damage.py): a line and an exit code, never a signal, nor a run without end.

STRIDE=n looks at every n-th case alone. Each is met by a third of the commands, of which another third comes next; SOAK=1 runs all.
"""
import hashlib
import os
import shutil
import subprocess
import sys

os.environ["TZ"] = "UTC"
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "sql"), HERE]
import reg
import damage

REGJOB = os.path.abspath(os.path.join(reg.BUILD, "regjob"))
SOAK = bool(os.environ.get("SOAK"))
STRIDE = int(os.environ.get("STRIDE") or (1 if SOAK else 15))
COMMANDS = ["send --dry-run", "send", "settle", "report --dry-run", "report", "status", "status --format json", "dashboard -o page.html",
            "reconcile export.csv", "import --dry-run signups.csv", "import signups.csv", "confirm codes.csv", "forget bob@example.com", "nightly", "init"]
EXITS = {0, 1, 2, 65, 75, 78}

os.chdir(reg.folder)
damage.made("whole.db")
with open("job.conf", "w", encoding="ascii") as file:
    file.write("[ledger]\npath = ledger.db\nkey_file = whole.db.key\nmetrics = metrics.prom\nrun_seconds = 20\n[import]\ninbox =\nconfirm_inbox =\n"
               "[mail]\nurl = file:mail\nfrom = a@example.com\n[sms]\nurl = file:sms\nfrom = 123\n"
               "[fraud]\nurl = http://127.0.0.1:9\ntoken_env = TOKEN\npause_seconds = 60\n")
os.environ["TOKEN"] = "secret"
with open("signups.csv", "w", encoding="ascii") as file:
    file.write("email,phone,username,password\nann@example.com,+16045550001,ann,A9#bL8@z\nnew@example.com,,,A9#bL8@z\n")
with open("codes.csv", "w", encoding="ascii") as file:
    file.write("subject,code\ncyd@example.com,123456\n")
with open("export.csv", "w", encoding="ascii") as file:
    file.write("date,success,failure\n2026-01-01,5,5\n")


def run(case, commands, first=()):
    """None where the case is none; else what ended otherwise than it may, and all that was said."""
    if case is None:
        shutil.copy("whole.db", "ledger.db")
    elif not damage.damage("whole.db", "ledger.db", case, first):
        return None
    wrong, said = [], ""
    for command in commands:
        try:
            done = subprocess.run([REGJOB, "-c", "job.conf"] + command.split(), capture_output=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            wrong.append(f"{case}: {command} does not end")
            continue
        said += (done.stdout + done.stderr).decode(errors="replace")
        if done.returncode not in EXITS:
            wrong.append(f"{case}: {command} ended with {done.returncode}: {done.stderr[-300:]}")
        if b"\x1b" in done.stdout + done.stderr:
            wrong.append(f"{case}: {command} writes an escape")
        if b"out of memory" in done.stderr:
            wrong.append(f"{case}: {command} blames memory")
    return wrong, said


wrong, said = run(None, COMMANDS)
reg.ok(not wrong and "damaged" not in said, "a whole ledger", wrong, said)
cases = damage.cases("whole.db")
wrong, tried = [], 0
for number, case in enumerate(cases[::STRIDE]):
    commands = COMMANDS if SOAK else COMMANDS[number % 3::3]
    result = run(case, commands if number % 2 else commands[::-1])
    tried += result is not None
    wrong += result[0] if result else []
reg.ok(not wrong, "no edited column ends a run otherwise than by its exit code", *wrong)
reg.ok(tried > len(cases) // STRIDE // 2, "most of them could be tried", tried)
with open("signups.csv", "rb") as file:
    digest = hashlib.blake2b(file.read(), digest_size=32).digest()
# An import that goes on with itself, and has been stopped before its first row.
stopped = (("DELETE FROM import_batch", ()), ("UPDATE import SET digest = ?, finished_at = NULL", (digest,)))
for case, command, words, first in ((("code", "digits", "9999"), "send", "digits, where id is", ()),
                                    (("import", "continues", "id"), "import signups.csv", "", stopped),
                                    (("code", "recorded_at", "recorded_at + id * 4611686018427387"), "dashboard -o page.html", "", ())):
    result = run(case, [command], first)
    reg.ok(not result[0] and words in result[1], f"{case}: {command}", *result)
reg.done()
