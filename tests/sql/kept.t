#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is kept of a sign-up, and for how long.

A value that fails its check is in no file of the ledger, whatever column it came by. What is kept has its column's
length and characters. Free text goes with the person: it reads NULL at every moment, and its bytes are gone.
"""
import json
import os
import sys

os.environ["CLOCK"] = "stands"
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

now = 1767225600000
reg.set_clock(now)
TEXTS = ("name given_name family_name birth_place source_id account_group_id custom_id identity_subject device_id device_type manufacturer model "
         "os user_agent app_name app_domain captcha").split()
FORMS = ("attempted_at email username phone phone_country birth_date gender country currency locale user_type partner_id uuid identity_provider "
         "ip_address language latitude longitude app_platform guest_account recommendation email_verified_at phone_verified_at consents outcome "
         "failure_reason").split()
DECIDING = "attempted_at email username uuid custom_id identity_provider identity_subject recommendation consents outcome failure_reason".split()


def tick(milliseconds=1001):
    global now
    now += milliseconds
    reg.set_clock(now)
    return now


def insert(db, **columns):
    """The id of the sign-up."""
    tick()
    db.execute(f"INSERT INTO reg_attempts({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", list(columns.values()))
    return reg.one(db, "SELECT last_insert_rowid()")


def found(name, needles):
    """Which of the needles are in a file of the ledger."""
    content = b""
    for file in sorted(os.listdir(reg.folder)):
        if file.startswith(name) and not file.endswith(".key"):
            with open(os.path.join(reg.folder, file), "rb") as opened:
                content += opened.read()
    return [needle for needle in needles if needle.encode() in content or needle.lower().encode() in content]


# -- a value that fails its check --

db = reg.ledger("refused.db", json.dumps({"strictFields": TEXTS + FORMS}))
columns = [name for name, in db.execute("SELECT name FROM reg_columns WHERE longest IS NOT NULL")] if \
    "longest" in [row[1] for row in db.execute("PRAGMA table_xinfo(reg_columns)")] else TEXTS + FORMS
reg.equal(sorted(columns), sorted(TEXTS + FORMS), "every column whose values are kept is tried")
needles, verdicts, shown, noted = [], {}, {}, {}
for told in (False, True, None):  # None: not told, and what is wrong in an optional column is left out
    if told is None:
        db.execute("SELECT reg_settings_patch('{\"strictFields\":[]}')").fetchall()
    for n, column in enumerate(TEXTS + FORMS):
        # A password under a wrong header: of no form, and too long or with an escape where any text is one.
        secret = f"Sw0pped#{n:02}{'told' if told else 'lenient' if told is None else 'asked'}"
        value = secret + ("\x1b[31m" if n % 2 else "~" * 1100) if column in TEXTS or column == "failure_reason" else secret + ("\a" if column == "username" else " ")
        needles.append(secret)
        given = {"email": f"p{n}{told}@example.com", "password": "A9#bL8@z", column: value}
        if column == "identity_subject":
            given["identity_provider"] = "google"
        if column == "identity_provider":
            given["identity_subject"] = "1"
        if told and column != "outcome":
            given["outcome"] = "failure" if column == "failure_reason" else "success"
        row = db.execute(f"SELECT reasons, {column}, told_reason, notes FROM reg_attempts WHERE id = ?", (insert(db, **given),)).fetchone()
        reason = "identity_provider_unknown" if column == "identity_provider" else f"{column}_invalid"
        fails = column == "outcome" or not told and (told is False or column in DECIDING)
        if (reason in json.loads(row[0])) != fails:
            verdicts[column, told] = row[0]
        if [note["done"] for note in json.loads(row[3]) if note["column"] == column] != (["refused"] if fails else ["left_out"]):
            noted[column, told] = row[3]
        if column not in ("attempted_at", "consents", "outcome", "failure_reason") and row[1] is not None or row[2] is not None:
            shown[column, told] = row[1:3]
reg.equal(verdicts, {}, "each is named among the reasons, where it is strict or decides")
reg.equal(noted, {}, "and in a note, with what was done")
db.execute("SELECT reg_settings_patch(?)", (json.dumps({"strictFields": TEXTS + FORMS}),)).fetchall()
reg.equal(shown, {}, "and reads NULL, in a told outcome too")
reg.equal(found("refused.db", needles), [], "none of them is in the ledger or its log")
reg.equal(reg.one(db, "SELECT count(*) FROM person WHERE email IS NULL AND email_key IS NOT NULL OR username IS NULL AND username_key IS NOT NULL"
                      " OR phone IS NULL AND phone_key IS NOT NULL OR uuid IS NULL AND uuid_key IS NOT NULL"), 0, "nor a digest that can be guessed at")
reg.equal(reg.one(db, "SELECT count(*) FROM subject_index WHERE attempt_id NOT IN (SELECT id FROM attempt)"), 0, "nor anything of it in the index of subjects")
whose = [insert(db, email=f"w{told}@example.com", username="somebody.else@example.net", password="A9#bL8@z", **told)
         for told in ({}, {"outcome": "success"}, {"outcome": "failure"})]
reg.equal([row[0] for row in db.execute("SELECT username FROM reg_attempts WHERE id IN (?, ?, ?)", whose)], [None] * 3,
          "a username that is somebody else's address reads NULL")
reg.equal(found("refused.db", ["somebody.else@example.net"]), [], "and is not in the ledger: its owner, who wants to be forgotten, is not to be found by it")
consents = '{"terms":"accepted","Sw0pped#name":"perhaps"}'
row = insert(db, email="consents@example.com", password="A9#bL8@z", consents=consents)
reg.equal(db.execute("SELECT reasons, consents FROM reg_attempts WHERE id = ?", (row,)).fetchone(), ('["consents_invalid"]', "{}"),
          "a document of consents is kept as a whole or not at all")
reg.equal(found("refused.db", ["Sw0pped#name"]), [], "and is not in the ledger either")

# -- characters and lengths --

REFUSED = [0x01, 0x07, 0x09, 0x0A, 0x0D, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9B, 0x9F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
ALLOWED = [0x20, 0x7E, 0xA0, 0xAD, 0x200C, 0x200D, 0x200E, 0x200F, 0x2027, 0x202F, 0x2065 - 1, 0x206A, 0x4E2D, 0x1F600]


def reasons(column, value, **more):
    given = {"email": f"c{now}@example.com", "password": "A9#bL8@z", column: value}
    if column == "identity_subject":
        given["identity_provider"] = "google"
        value += str(now)
    given.update(more)
    return json.loads(reg.one(db, "SELECT reasons FROM reg_attempts WHERE id = ?", (insert(db, **given),)))


db.execute("BEGIN")
for column in TEXTS + ["username"]:
    lost = [0x09, 0x0A, 0x0D, *range(0x202A, 0x202F), *range(0x2066, 0x206A)] if column in ("name", "given_name", "family_name", "birth_place") else []
    wrong = [hex(point) for point in REFUSED if reasons(column, f"a{chr(point)}b") != ([] if point in lost else [f"{column}_invalid"])]
    reg.equal(wrong, [], f"{column}: what a terminal obeys is refused")
wrong = [hex(point) for point in ALLOWED if reasons("name", f"a{chr(point)}b") != []]
reg.equal(wrong, [], "name: what names are written with is not")
wrong = [hex(point) for point in REFUSED if reasons("email", f"a{chr(point)}b@example.com") != ["email_invalid"]]
reg.equal(wrong, [], "email: the same")
for document in ('{"te%srms":"accepted"}', '{"terms":{"state":"accepted","version":"%s1"}}'):
    wrong = [hex(point) for point in REFUSED if reasons("consents", document % json.dumps(chr(point))[1:-1]) != ["consents_invalid"]]
    reg.equal(wrong, [], f"consents: nor in {document}")
reg.equal(reasons("consents", '{\n\t"terms": "accepted"\n}'), [], "consents: between its words line ends are as good as blanks")
reg.equal(reasons("consents", '{"terms":"accepted"' + " " * 16384 + "}"), ["consents_invalid"], "consents: 16384 bytes are enough")
for column in TEXTS:
    longest = 255 if column == "identity_subject" else 1024
    reg.equal([reasons(column, "\u00e9" * (longest // 2) + "x" * (longest % 2)), reasons(column, "\u00e9" * (longest // 2) + "x" * (longest % 2 + 1))],
              [[], [f"{column}_invalid"]], f"{column}: {longest} bytes and no more")
for column in FORMS:
    if column not in ("consents", "failure_reason"):
        reg.ok(f"{column}_invalid" in reasons(column, "1" * 1000000) or column == "identity_provider", f"{column}: a million characters are refused")
db.execute("COMMIT")
reg.ok(os.path.getsize(os.path.join(reg.folder, "refused.db-wal")) < 12000000, "and not kept")
reg.equal(reg.one(db, "SELECT group_concat(name, ' ') FROM reg_columns WHERE longest IS NULL"), "password password_md5 password_hash password_sha256 email_confirm_code",
          "reg_columns says how long a value may be, and of what nothing is kept")
reg.equal(dict(db.execute("SELECT name, longest FROM reg_columns WHERE name IN ('country', 'name', 'user_type', 'uuid')").fetchall()),
          {"country": 64, "name": 1024, "user_type": 64, "uuid": 36}, "in bytes")

# The other ways in.
insert(db, email="in@example.com", password="A9#bL8@z")
for sql in ("SELECT reg_record_step('in@example.com', 'K' || char(0x202E), 'started')", "SELECT reg_record_step('in@example.com', 'KYC', 'a' || char(0x9B))",
            "SELECT reg_record_step('in@example.com', 'KYC', 'started', char(0x2028) || 'x')", "SELECT reg_set_consent('in@example.com', 'a' || char(0x2066), NULL, 'accepted')",
            "SELECT reg_set_consent('in@example.com', 'news', '1' || char(27), 'accepted')", "SELECT reg_issue_code('in@example.com', 'none', 'd' || char(27))",
            "SELECT reg_issue_code('in@example.com', 'none', replace(hex(zeroblob(600)), '0', 'd'))", "SELECT reg_issue_code('u' || char(0x202E) || 'ser', 'none')",
            "SELECT reg_settings_patch(json_object('consentVersions', json_object('terms' || char(0x202E), '1')))",
            "SELECT reg_settings_patch(json_object('consentVersions', json_object('terms', '1' || char(27))))",
            "SELECT reg_settings_patch(json_object('consentVersions', json_object('terms', replace(hex(zeroblob(200)), '0', 'd'))))",
            "SELECT reg_settings_patch(json_object('requiredConsents', json_array('a' || char(7))))", "SELECT reg_settings_patch(json_object('voucherPoolUuid', 'a' || char(27)))",
            "SELECT reg_settings_patch(json_object('passwordPolicy', json_object('blocklist', 'a' || char(27))))"):
    tick()
    try:
        db.execute(sql).fetchall()
        said = "nothing"
    except Exception as error:
        said = str(error)
    reg.ok("without control characters" in said or "or a username" in said, sql[7:90] + " is refused", said)

# -- '' --

db = reg.ledger("empty.db", '{"resendPauseInSeconds":0,"requiredFields":["name"]}')
every = [name for name, in db.execute("SELECT name FROM reg_columns")]
row = insert(db, **dict.fromkeys(every, ""))
reg.equal(reg.one(db, "SELECT reasons FROM attempt WHERE id = ?", (row,)), '["name_missing","password_missing"]', "an empty text is one that was not given")
reg.equal(db.execute("SELECT count(*) FROM continuation").fetchone(), (0,), "an empty code confirms nothing")
wrong = []
for column in every:
    if column not in ("password", "name") and reg.one(db, "SELECT outcome FROM attempt WHERE id = ?", (
            insert(db, **{"name": "x", "password": "A9#bL8@z", column: ""}),)) != "success":
        wrong.append(column)
reg.equal(wrong, [], "in every column")
insert(db, name="x", email="e@example.com", password="A9#bL8@z")
for sql, answer in (("SELECT reg_issue_code('e@example.com', 'none', '') = reg_issue_code('e@example.com', 'none')", 1),
                    ("SELECT reg_verify_code('e@example.com', 'x', '')", "invalid_code"),
                    ("SELECT reg_resend_code('e@example.com', 'none', '') IS NOT NULL", 1),
                    ("SELECT reg_verify_code('e@example.com', reg_issue_code('e@example.com', 'none'), '')", "verified"),
                    ("SELECT reg_complete('e@example.com', 'x', 'A9#bL8@z', '')", "invalid_code"),
                    ("SELECT reg_set_consent('e@example.com', 'news', '', 'accepted')", "accepted"),
                    ("SELECT reg_record_step('e@example.com', 'KYC', 'started', '')", "started"),
                    ("SELECT reg_check_policy('short', '') = reg_check_policy('short')", 1)):
    tick()
    reg.equal(reg.one(db, sql), answer, f"an argument likewise: {sql[7:60]}")
reg.equal(db.execute("SELECT consents, steps ->> '$[0].reference' FROM reg_attempts WHERE email = 'e@example.com'").fetchone(),
          ('{"news":{"state":"accepted"}}', None), "and is not kept")

# -- forgetting --

db = reg.ledger("forgotten.db", '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","passwordAt":"confirm","resendPauseInSeconds":0}')
db.execute("PRAGMA secure_delete = OFF")  # the host's own
needles = [f"Free text of {column}" for column in TEXTS + ["told_reason", "status", "reference", "lone", "answer", "late", "subject"]]
others = insert(db, email="other@example.com", captcha="Free text of another", outcome="failure", failure_reason="A reason of another")
facts = {"country": "CA", "currency": "CAD", "locale": "fr-CA", "phone_country": "CA", "user_type": "PARTNER", "partner_id": 7, "identity_provider": "google",
         "app_platform": "ios", "guest_account": 1, "recommendation": "REVIEW"}
texts = {column: f"Free text of {column}" for column in TEXTS}
first = insert(db, email="p@example.com", language="de-DE", **texts, **facts)
told = insert(db, email="p@example.com", outcome="failure", failure_reason="Free text of told_reason", **dict(texts, custom_id=None))
pending = insert(db, email="p@example.com", **dict(texts, identity_subject=None))
tick()
reg.one(db, "SELECT reg_issue_code('p@example.com', 'email', 'Free text of device_id')")
tick()
code = reg.one(db, "SELECT reg_issue_code('p@example.com', 'none', 'Free text of device_id')")
tick()
reg.equal(reg.one(db, "SELECT reg_complete('p@example.com', ?, 'A9#bL8@z', 'Free text of device_id')", (code,)), "verified", "there is somebody to forget")
for n in range(3):
    reg.one(db, "SELECT reg_record_step('p@example.com', 'KYC', ?, ?)", ("Free text of status", f"Free text of reference {n}"))
reg.one(db, "SELECT reg_issue_code('Free text of subject', 'none', 'Free text of lone')")
# Tries, as the job writes them: one for a code and one for a report are answered, one of each is under way.
code_id, report_id = reg.one(db, "SELECT max(id) FROM code WHERE attempt_id = ?", (pending,)), reg.one(db, "SELECT min(id) FROM report WHERE attempt_id = ?", (first,))
lone = reg.one(db, "SELECT id FROM code WHERE attempt_id IS NULL")
for n, (kind, item) in enumerate((("code", code_id), ("report", report_id), ("code", lone))):
    db.execute(f"INSERT INTO try (id, {kind}_id, owner, started_at, lease_until, finished_at, result, answer) VALUES (?, ?, 'h', 1, 2, 3, 'refused', 'Free text of answer')", (n + 1, item))
    db.execute(f"INSERT INTO try (id, {kind}_id, owner, started_at, lease_until) VALUES (?, ?, 'h', 1, 2)", (n + 11, item))
before = tick()
past = f"SELECT {', '.join(TEXTS)}, told_reason, language FROM reg_attempts(?) WHERE id IN (?, ?, ?)"
reg.equal(sum(value is not None for row in db.execute(past, (before, first, told, pending)) for value in row), 3 * len(TEXTS) - 2 + 2, "all of it is there before")
counts = "SELECT outcome, count(*), count(country), count(partner_id), count(recommendation) FROM reg_attempts(?) GROUP BY outcome"
counted = db.execute(counts, (before,)).fetchall()
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
reg.equal(sorted(set(needles) - set(found("forgotten.db", needles))), ["Free text of late"], "the search finds it")
tick()
reg.equal(reg.one(db, "SELECT reg_forget('p@example.com')"), 3, "forgotten")
reg.equal(reg.one(db, "SELECT reg_forget('Free text of subject')"), 0, "a subject without an attempt too")
# What comes back of the calls that were under way.
for kind, item in (("code", 11), ("code", 13)):
    db.execute("INSERT INTO finish_code (try_id, recorded_at, result, status, answer) VALUES (?, ?, 'refused', 550, 'Free text of late')", (item, now))
with open("sql/queue.sql", encoding="utf-8") as file:
    finish = file.read().split("-- name: finish_reports_try\n")[1].split("\n\n")[0]
db.execute("\n".join(line for line in finish.split("\n") if not line.startswith("--")),
           {"answers": '{"12":{"report":12,"status":400,"answer":"Free text of late"}}', "recorded_at": now, "result": "refused"})
reg.equal(db.execute("SELECT count(*), count(answer), count(finished_at) FROM try").fetchone(), (6, 0, 6), "no answer is kept, every try is")
for moment in (before, now):
    reg.equal({value for row in db.execute(past, (moment, first, told, pending)) for value in row}, {None}, f"every text reads NULL at {moment}")
reg.equal(db.execute(f"SELECT {', '.join(facts)} FROM reg_attempts WHERE id = ?", (first,)).fetchone(), tuple(facts.values()), "facts stay")
reg.equal(db.execute(counts, (before,)).fetchall(), counted, "and so do counts of the past")
reg.equal({tuple(row) for row in db.execute("SELECT value ->> 'step', value ->> 'status', value ->> 'reference' FROM reg_attempts, json_each(steps)")}, {("KYC", "erased", None)},
          "of a step its name")
reg.equal(db.execute("SELECT email, captcha, told_reason FROM reg_attempts WHERE id = ?", (others,)).fetchone(),
          ("other@example.com", "Free text of another", "A reason of another"), "nothing of anybody else's is touched")
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
reg.equal(found("forgotten.db", needles + ["p@example.com"]), [], "its bytes are in no file of the ledger")
reg.equal(found("forgotten.db", ["Free text of another"]), ["Free text of another"], "where the others' are")

# Rows that grow and move leave nothing where they were, in a host whose SQLite lets deleted bytes stand.
db = reg.ledger("moved.db", '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","passwordAt":"confirm"}')
db.execute("PRAGMA secure_delete = OFF")
people = [f"moved{n:03}@example.com" for n in range(60)]
for n, person in enumerate(people):
    insert(db, email=person, name=f"Name of {person}" + "x" * (n * 37 % 300), user_agent="y" * (n * 101 % 900))
for n in range(len(people)):
    person = people[n * 7 % len(people)]
    code = reg.one(db, "SELECT reg_issue_code(?, 'none')", (person,))
    reg.one(db, "SELECT reg_complete(?, ?, 'A9#bL8@z')", (person, code))
reg.equal(reg.one(db, "SELECT count(*) FROM reg_attempts WHERE outcome = 'success'"), len(people), "rows that have grown")
for person in people:
    db.execute("SELECT reg_forget(?)", (person,)).fetchall()
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
left = found("moved.db", people)
reg.ok(len(left) <= 2, "SQLite leaves next to nothing where it moved them", left)  # without secure_delete about half of them
db.execute("VACUUM")
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
reg.equal(found("moved.db", people), [], "and nothing after a VACUUM")
reg.equal(reg.one(db, "PRAGMA secure_delete"), 0, "the host's own setting is what it was")
reg.done()
