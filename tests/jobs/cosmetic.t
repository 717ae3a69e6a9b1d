#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The same 2,000 people twice: as this project writes them, and as other programs and people do. Both files give the same customers.

SEED=n repeats a run. What is compared are the ledgers' own tables, by SQL.
"""
import csv
import datetime
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, "tests/sql")
import reg

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
PEOPLE = 2000
print(f"# SEED={SEED}")
chance = random.Random(SEED)
FOLDER = tempfile.mkdtemp(prefix="cosmetic.")
UTC = datetime.timezone.utc
DOMAINS = ["example.com", "mail.example.org", "b\u00fccher.example"]


# -- the people --
# Ranges that are in use, and of those the ones for films and examples (Ofcom, Bundesnetzagentur, ACMA, NANPA), with room for 2,000.
PHONES = {"DE": ("+4930231250{:02}", "+493023125{:03}"), "GB": ("+4420794601{:02}", "+447700900{:03}"), "US": ("+12025550{:03}",), "AU": ("+6125550{:04}",)}
TRUNK = {"DE": ("+49", "0"), "GB": ("+44", "0"), "AU": ("+61", "0")}
COUNTRIES = {"DE": ("DEU", "Germany", "DE-BY", "EUR", "de-DE"), "GB": ("GBR", "United Kingdom", "UK", "GBP", "en-GB"),
             "US": ("USA", "united states", "US-CA", "USD", "en-US"), "AU": ("AUS", "Australia", "AU-NSW", "AUD", "en-AU")}
GIVEN = ["Ada", "Zo\u00eb", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "Mary Ann", "\u5c0f\u660e", "Dana", "Jos\u00e9"]
FAMILY = ["Lovelace", "Null", "O'Brien", "'t Hooft", "N\u00fa\u00f1ez-D\u00edaz", "de la Cruz", "\u738b"]


def person(n):
    country = chance.choice(sorted(PHONES))
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    moment = datetime.datetime(2024, 1, 1, tzinfo=UTC) + datetime.timedelta(milliseconds=chance.randrange(60_000_000_000))
    some = lambda value: value if chance.random() < 0.8 else None  # not everybody tells everything
    return {
        "attempted_at": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z",
        "email": f"{chance.choice(['ada', 'ada.l', 'a+b', 'info'])}{n}@{chance.choice(DOMAINS)}",
        "username": some(f"user_{n}"), "name": some(f"{given} {family}"), "given_name": given, "family_name": some(family),
        "phone": some(chance.choice(PHONES[country]).format(n % (10000 if country == "AU" else 100))), "country": country,
        "currency": some(COUNTRIES[country][3]), "locale": some(COUNTRIES[country][4]), "partner_id": some(str(n)), "custom_id": some(f"{n:08}"),
        "source_id": some(chance.choice(["+shop", "=web", "fair 2024"])), "uuid": some(f"6ba7b810-9dad-11d1-80b4-{n:012x}"),
        "birth_date": some((datetime.date(1940, 1, 1) + datetime.timedelta(days=chance.randrange(25000))).isoformat()),
        "gender": some(chance.choice(["female", "male", "other"])), "guest_account": some(chance.choice(["true", "false"])),
        "ip_address": some(chance.choice([f"192.0.2.{n % 256}", f"2001:db8::{n:x}"])), "email_verified_at": some("2024-01-01T00:00:00.000Z"),
        "device_id": some(f"device {n}"), "outcome": chance.choice(["success", None, None]),
        "consent_terms": chance.choice(["accepted", "accepted@3"]), "consent_marketing": chance.choice(["accepted", "declined", None]),
    }


# -- what happens to them --
SPACES = [" ", "  ", "\u00a0", "\t", "\u2009", "\u202f", "\u3000", "\ufeff", " \u00a0", "\n"]
REQUIRED = {"attempted_at", "email", "outcome", "consent_terms", "consent_marketing"}
NAMES = {"name", "given_name", "family_name"}


def zoned(moment):
    zone = datetime.timezone(datetime.timedelta(minutes=chance.choice([0, 60, -480, 330, 765])))
    return moment.astimezone(zone)


def time(text, _):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    local = zoned(moment)
    milliseconds = round(moment.timestamp() * 1000)
    return chance.choice([
        str(local), local.isoformat(), local.isoformat().replace("T", "t"), local.strftime("%Y-%m-%d %H:%M:%S.%f %z"), text.replace("T", " ").replace("Z", " UTC"),
        text.lower(), text[:-1].replace("T", " "), text.replace("Z", "000 +0000 UTC"), text.replace("Z", "[UTC]").replace("[", "Z["),
        str(milliseconds), f"{milliseconds // 1000}.{milliseconds % 1000:03}", text.replace(".", ","),
    ])


def email(text, _):
    local, _, domain = text.partition("@")
    return chance.choice([f'"{local}"@{domain}', text.upper() if text.isascii() else text, f"{local}@{domain.title()}"])


FULL_WIDTH = str.maketrans("+0123456789", "\uff0b\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")


def phone(text, who):
    code, trunk = TRUNK.get(who["country"], ("+1", ""))
    rest = text[len(code):]
    spaced = f"{code} {rest[:2]}\u00a0{rest[2:5]}-{rest[5:]}"
    forms = [spaced, f"\u202a{spaced}\u202c", "'" + text, f"00{text[1:]}", f"({code}) {rest}", text.translate(FULL_WIDTH), trunk + rest, f"{trunk}{rest[:3]}/{rest[3:]}",
             f"{code}\u2011{rest}", text[1:]]
    return chance.choice(forms + ([f"{code} (0){rest}", f"{code}0{rest}"] if trunk else []))


def country(text, _):
    return chance.choice([text.lower(), *COUNTRIES[text][:3], COUNTRIES[text][1].upper()])


def name(text, _):
    broken = text.replace(" ", chance.choice(["\n", "\r\n", "\t"]))
    return chance.choice([f"\u202a{text}\u202c", f"\u2067{text}\u2069", f"\u202e {text}", broken])


def flag(text, _):
    yes = text in ("true", "success", "accepted")
    return chance.choice([["No", "N", "0", "FALSE", "False", "no"], ["Yes", "Y", "1", "TRUE", "True", "yes"]][yes] + [text.title(), text.upper()])


def consent(text, who):
    state, at, version = text.partition("@")
    return flag(state, who) + at + version


def address(text, _):
    return chance.choice([f"[{text}]:443", f"[{text}]", f"{text}, 10.0.0.1", f'for="[{text}]:4711";proto=https'] if ":" in text else
                         [f"{text}:8080", f"[{text}]", f"{text}, 10.0.0.1", f"for={text};proto=https"])


DAMAGES = {
    "attempted_at": time, "email_verified_at": time, "email": email, "phone": phone, "country": country, "name": name, "given_name": name, "family_name": name,
    "currency": lambda text, _: text.lower(), "gender": lambda text, _: text.title(), "uuid": lambda text, _: text.upper(), "guest_account": flag, "outcome": flag,
    "locale": lambda text, _: chance.choice([text.replace("-", "_"), text.replace("-", "_") + ".UTF-8", text.lower(), f"{text},{text[:2]};q=0.9,fr;q=0.1"]),
    "partner_id": lambda text, _: chance.choice([text + ".0", "+" + text]), "source_id": lambda text, _: "'" + text if text[0] in "+=" else text,
    "birth_date": lambda text, _: chance.choice([text.replace("-", ""), text + " 00:00:00", text + "T00:00:00.000Z", text + "T00:00:00+02:00"]),
    "ip_address": address, "consent_terms": consent, "consent_marketing": consent,
}
NOTHING = ["", "", "NULL", "null", "\\N", "N/A", "n/a", "-", " "]


def damage(column, text, who):
    if text is None:
        return "" if column in REQUIRED else chance.choice([mark for mark in NOTHING if column not in NAMES | {"username"} or mark.upper() != "NULL"])
    if column in DAMAGES and chance.random() < 0.6:
        text = DAMAGES[column](text, who)
    if chance.random() < 0.3:
        text = chance.choice(SPACES + [""]) + text + chance.choice(SPACES)
    return text


HEADERS = {"attempted_at": ["Created At", "Sign-up date", "signup.date", "TIMESTAMP"], "email": ["E-mail Address", "Email Address", "user_email"],
           "phone": ["Phone Number", "Mobile", "Cell-Phone", "telephone"], "given_name": ["First Name", "forename"], "family_name": ["Last Name", "SURNAME"],
           "birth_date": ["Date of Birth", "DOB", "birthday"], "ip_address": ["IP"], "country": ["countryId", "Country Code"], "username": ["Login"],
           "outcome": ["Success"], "email_verified_at": ["emailVerifiedTime"], "consent_terms": ["Consent Terms", "CONSENT-Terms", "consent.terms"],
           "custom_id": ["External ID", "Customer number"]}


def header(column):
    column = chance.choice(HEADERS.get(column, []) + [column, column])
    if chance.random() < 0.5:
        column = chance.choice([column.upper(), column.title()]).replace("_", chance.choice(["_", " ", "-", "."]))
    return column + chance.choice(["", "", " ", "\u00a0"])


def write_tidy(path, people):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, people[0])
        writer.writeheader()
        writer.writerows(people)


def write_damaged(path, people, damaged):
    columns = list(people[0])
    chance.shuffle(columns)
    names = [header(column) for column in columns] + ["Newsletter source?", ""]
    with open(path, "w", encoding=chance.choice(["utf-8", "utf-8-sig"]), newline="") as file:
        writer = csv.writer(file, quoting=chance.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), lineterminator=chance.choice(["\n", "\r\n"]))
        writer.writerow(names)
        for row in damaged:
            writer.writerow([row[column] for column in columns] + ["x", ""])
    print("# " + repr(names))


# -- the ledgers --
def regjob(ledger, *words):
    return subprocess.run([os.path.join(BUILD, "regjob"), "-l", ledger, *words], capture_output=True, text=True, timeout=120, check=False)


def connect(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(os.path.join(BUILD, "reg"))
    return db


def new_ledger(name):
    """A copy of the first one, with its key: what is derived from the key can be compared, too."""
    path = os.path.join(FOLDER, name)
    for end in ("", ".key"):
        shutil.copy(os.path.join(FOLDER, "first.db" + end), path + end)
    return path


# What may differ: when it was recorded, which file it is from, how it was written. The address is compared as it is folded.
APART = {"recorded_at", "import_id", "line", "notes", "email", "password_hash", "consents"}
CONSENTS = ", (SELECT group_concat(key || value) FROM (SELECT key, value FROM json_each(consents) ORDER BY key))"


def compare(one, other, name):
    db = sqlite3.connect(one)
    db.execute("ATTACH ? AS other", (other,))
    for table in ("attempt", "person", "subject_index"):
        columns = ", ".join(row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] not in APART) + (CONSENTS if table == "attempt" else "")
        for left, right in (("main", "other"), ("other", "main")):
            rows = db.execute(f"SELECT {columns} FROM {left}.{table} EXCEPT SELECT {columns} FROM {right}.{table}").fetchall()
            reg.equal(rows[:3], [], f"{name}: {table}, what only the {'tidy' if left == 'main' else 'other'} one has")
    reg.equal(db.execute("SELECT count(*) FROM other.person").fetchone()[0], PEOPLE, f"{name}: everybody is there")
    db.close()


def insert(ledger, damaged):
    db = connect(ledger)
    db.execute("BEGIN IMMEDIATE")
    for row in damaged:
        given = {column: text for column, text in row.items() if not column.startswith("consent_")}
        consents = {}
        for column in ("consent_terms", "consent_marketing"):
            state, _, version = row[column].partition("@")
            if state:
                consents[column[8:]] = {"state": state, "version": version.strip().strip("\ufeff")} if version else state
        given["consents"] = json.dumps(consents)
        db.execute(f"INSERT INTO reg_attempts({', '.join(given)}) VALUES ({', '.join('?' * len(given))})", list(given.values()))
    db.execute("COMMIT")
    db.close()


people = [person(n) for n in range(1, PEOPLE + 1)]
damaged_people = [{column: damage(column, text, who) for column, text in who.items()} for who in people]
tidy, damaged_file = os.path.join(FOLDER, "tidy.csv"), os.path.join(FOLDER, "damaged.csv")
write_tidy(tidy, people)
write_damaged(damaged_file, people, damaged_people)
regjob(os.path.join(FOLDER, "first.db"), "init")
first = connect(os.path.join(FOLDER, "first.db"))
first.execute("""SELECT reg_settings_patch('{"passwordAt":"confirm","uniquePhone":false,"requiredConsents":["terms"]}')""").fetchall()
first.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
first.close()
imported, damaged_ledger, inserted = new_ledger("tidy.db"), new_ledger("damaged.db"), new_ledger("inserted.db")
done = regjob(imported, "import", tidy)
reg.equal(done.returncode, 0, "the tidy file is imported")
db = connect(imported)
reg.equal(db.execute("SELECT count(*), sum(outcome = 'success'), sum(notes = '[]') FROM reg_attempts").fetchone(), (PEOPLE, PEOPLE, PEOPLE), "nothing is wrong with it, or noted")
db.close()
done = regjob(damaged_ledger, "import", damaged_file)
reg.equal(done.returncode, 0, "the damaged file is imported")
compare(imported, damaged_ledger, "import")
insert(inserted, damaged_people)
compare(imported, inserted, "INSERT")
db = connect(new_ledger("rehearsed.db"))
rehearsed = db.execute("SELECT line, outcome, reasons, notes FROM reg_signups(?) ORDER BY line", (damaged_file,)).fetchall()
db.close()
db = connect(damaged_ledger)
reg.equal(db.execute("SELECT line, outcome, reasons, notes FROM reg_attempts ORDER BY line").fetchall(), rehearsed, "the rehearsal says what the import does")
noted = db.execute("SELECT count(DISTINCT n.value ->> 'rule') FROM reg_attempts a, json_each(a.notes) n").fetchone()[0]
db.close()
reg.equal(noted >= 18, True, f"what was done is noted, by {noted} rules")
shutil.rmtree(FOLDER)
reg.done()
