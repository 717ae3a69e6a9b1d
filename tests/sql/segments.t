#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The index of subjects gives the same answers, in whichever segments its entries are: two ledgers live the same life, and the entries of one are moved about."""
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

SEED = int(os.environ.get("SEED", "20261129"))
STEPS = 600
SETTINGS = ('{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE"}',
            '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"ON_CONFLICT_WITH_EXTERNAL_ACCOUNT"}',
            '{"registrationType":"REQUIRE_EMAIL_CONFIRMATION"}', '{"registrationType":"AUTOMATIC"}',
            '{"uniqueEmail":false,"uniquePhone":false}', '{"uniqueEmail":true,"uniquePhone":true}')
BASE = '{"channels":["email","sms"],"requiredFields":[],"resendPauseInSeconds":0,"maxCodesPerDay":100}'
PEOPLE = 20
# What two ledgers that say the same here have in common: everything but when and with which nonce.
FACTS = ("SELECT id, outcome, reasons, customer_id, link_to, told, notes FROM attempt ORDER BY id",
         "SELECT key, holder, attempt_id FROM subject_index ORDER BY 1, 2, 3",
         "SELECT attempt_id, outcome, reasons, customer_id FROM decision ORDER BY id",
         "SELECT attempt_id FROM waiting ORDER BY 1", "SELECT identity_key, customer_id FROM link ORDER BY 1, 2",
         "SELECT id, attempt_id, channel FROM code ORDER BY id", "SELECT code_id, state FROM code_end ORDER BY id",
         "SELECT kind, attempt_id, verdict FROM continuation ORDER BY id", "SELECT attempt_id, outcome, reasons FROM report ORDER BY id",
         "SELECT attempt_id FROM person ORDER BY 1", "SELECT attempt_id FROM erasure ORDER BY 1")


def answer(db, sql, parameters=()):
    try:
        return db.execute(sql, parameters).fetchall()
    except Exception as error:  # both must refuse with the same words
        return str(error)


def scatter(db):
    """Moves entries to other segments: at random, or all that came of late, as an import's do."""
    segments = random.randint(1, 5)
    db.execute("BEGIN")
    for segment in range(1, segments + 1):
        db.execute("INSERT OR IGNORE INTO subject_segment (id, entries) VALUES (?, 0)", (segment,))
    rows = db.execute("SELECT key, holder, attempt_id, segment FROM subject_entry").fetchall()
    for key, holder, attempt, segment in rows:
        if random.random() < 0.4:
            db.execute("DELETE FROM subject_merged WHERE ? = 0 AND key = ? AND holder = ? AND attempt_id = ?", (segment, key, holder, attempt))
            db.execute("DELETE FROM subject_waiting WHERE segment = ? AND key = ? AND holder = ? AND attempt_id = ?", (segment, key, holder, attempt))
            segment = random.randint(0, segments)
            if segment == 0:
                db.execute("INSERT INTO subject_merged (key, holder, attempt_id) VALUES (?, ?, ?)", (key, holder, attempt))
            else:
                db.execute("INSERT INTO subject_waiting (segment, key, holder, attempt_id) VALUES (?, ?, ?, ?)", (segment, key, holder, attempt))
    db.execute("DELETE FROM subject_segment WHERE id > 0 AND id NOT IN (SELECT segment FROM subject_waiting)")
    db.execute("COMMIT")


def person():
    number = random.randrange(PEOPLE)
    mail = random.choice((None, f"p{number}@example.com", f"P{number}@Example.com"))
    phone = random.choice((None, None, f"+62812345678{number:02}"))
    name = random.choice((None, None, f"person{number}"))
    uuid = random.choice((None, None, None, f"b3f56868-9667-4843-a8e5-0509456baa{number:02x}"))
    return mail, phone, name, uuid


def sign_up():
    mail, phone, name, uuid = person()
    columns = {"email": mail, "phone": phone, "username": name, "uuid": uuid}
    kind = random.random()
    if kind < 0.2:
        columns["outcome"] = random.choice(("success", "success", "failure"))
    elif kind < 0.45:
        columns["identity_provider"] = random.choice(("google", "apple"))
        columns["identity_subject"] = f"id-{random.randrange(PEOPLE)}"
        if random.random() < 0.5:
            columns["email_verified_at"] = 1700000000
    else:
        columns["password"] = "A9#bL8@z"
    names = ", ".join(columns)
    return f"INSERT INTO reg_attempts ({names}) VALUES ({', '.join('?' * len(columns))})", tuple(columns.values())


def text():
    return random.choice([one for one in person() if one] or ["p1@example.com"])


def live(plain, split):
    """One step of both lives; what each answered."""
    kind = random.random()
    if kind < 0.55:
        sql, values = sign_up()
        return [answer(db, sql, values) for db in (plain, split)], sql
    if kind < 0.72:
        whom, channel = text(), random.choice(("email", "sms", "none"))
        number = whom.lower().removeprefix("p").split("@")[0].removeprefix("erson")[-2:].lstrip("0") or "0"
        as_another = random.choice((whom, f"p{number}@example.com", f"person{number}"))
        codes = [answer(db, "SELECT reg_issue_code(?, ?)", (whom, channel)) for db in (plain, split)]
        if any(isinstance(code, str) for code in codes):
            return codes, f"issue {whom}"
        return [answer(db, "SELECT reg_verify_code(?, ?)", (as_another, code[0][0])) for db, code in zip((plain, split), codes)], f"verify {as_another}"
    if kind < 0.76:
        whom = text()
        return [answer(db, "SELECT reg_verify_code(?, '000000')", (whom,)) for db in (plain, split)], f"wrong {whom}"
    if kind < 0.82:
        whom = text()
        return [answer(db, "SELECT reg_forget(?)", (whom,)) for db in (plain, split)], f"forget {whom}"
    if kind < 0.84:
        settings = random.choice(SETTINGS)
        return [answer(db, "SELECT reg_settings_patch(?) IS NOT NULL", (settings,)) for db in (plain, split)], settings
    if kind < 0.9:
        whom = text()
        return [answer(db, "SELECT reg_record_step(?, 'KYC', 'started', 'r') IS NOT NULL", (whom,)) for db in (plain, split)], f"step {whom}"
    whom = text()
    column = "email" if "@" in whom else "phone" if whom[0] == "+" else "username"
    return [answer(db, f"SELECT id, outcome, reasons FROM reg_attempts WHERE {column} = ? ORDER BY id", (whom,)) for db in (plain, split)], f"read {whom}"


random.seed(SEED)
print(f"# SEED={SEED}")
reg.ledger("plain.db", BASE).close()
for suffix in ("", ".key"):
    shutil.copy(os.path.join(reg.folder, "plain.db" + suffix), os.path.join(reg.folder, "split.db" + suffix))
plain, split = reg.connect("plain.db"), reg.connect("split.db")
differences, kinds = [], set()
for step in range(STEPS):
    answers, what = live(plain, split)
    kinds.add(str(answers[0])[:40])
    facts = [[answer(db, sql) for sql in FACTS] for db in (plain, split)]
    if answers[0] != answers[1] or facts[0] != facts[1]:
        differences.append((step, what, answers, [pair for pair in zip(*facts) if pair[0] != pair[1]]))
        break
    scatter(split)
reg.equal(differences, [], f"{STEPS} steps of two ledgers: the same answers and facts")
reg.ok(reg.one(split, "SELECT count(*) FROM subject_segment") > 2, "though the entries of one are in segments")
if "SEED" not in os.environ:
    for table, least in (("continuation", 5), ("decision", 20), ("link", 1), ("erasure", 5), ("waiting", 1)):
        reg.ok(reg.one(plain, f"SELECT count(*) FROM {table}") >= least, f"it was a life: {table}", reg.one(plain, f"SELECT count(*) FROM {table}"))
    for outcome in ("success", "failure", "pending"):
        reg.ok(reg.one(plain, "SELECT count(*) FROM attempt WHERE outcome = ?", (outcome,)) >= 10, f"it was a life: {outcome}")
reg.done()
