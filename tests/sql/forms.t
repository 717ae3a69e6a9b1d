#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Values as people and programs write them: what is taken, in which form, and what note that leaves.

What is expected comes from elsewhere: Python's datetime and ipaddress, ISO 3166 and 4217, RFC 3339 and 9110, the programs whose
forms these are.
"""
import datetime
import ipaddress
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

db = reg.ledger("forms.db", '{"passwordPolicy":{"profile":"nist","minLength":8},"passwordAt":"confirm","uniquePhone":false}')
number = 0


def sign(**given):
    """The row that a sign-up becomes, its notes as {column: (done, rule)}."""
    global number
    number += 1
    given = {"email": f"p{number}@example.com"} | given
    db.execute(f"INSERT INTO reg_attempts({', '.join(given)}) VALUES ({', '.join('?' * len(given))})", list(given.values()))
    row = db.execute("SELECT * FROM reg_attempts ORDER BY id DESC LIMIT 1")
    row = dict(zip([column[0] for column in row.description], row.fetchone()))
    row["notes"] = {note["column"]: (note["done"], note["rule"]) for note in json.loads(row["notes"])}
    return row


def taken(column, text, expected, rule=None, **more):
    done = "trimmed" if rule == "blanks" else "normalised"
    row = sign(**{column: text}, **more)
    reg.equal((row["outcome"], row[column], row["notes"].get(column)), ("success", expected, rule and (done, rule)), f"{column}: {text!r}")


def left_out(column, text, rule, **more):
    row = sign(**{column: text}, **more)
    reg.equal((row["outcome"], row[column], row["notes"].get(column)), ("success", None, ("left_out", rule)), f"{column}: {text!r} is left out")


def refused(column, text, rule, **more):
    row = sign(**{column: text}, **more)
    reg.equal((row["outcome"], row["failure_reason"], row["notes"].get(column), row["hint"]), ("failure", f"{column}_invalid", ("refused", rule), rule),
              f"{column}: {text!r} is refused")


# -- around the value --
SPACES = [chr(point) for point in range(0x110000) if chr(point).isspace() and not 0x1C <= point <= 0x1F] + ["\ufeff"]
reg.equal([f"{ord(space):04X}" for space in SPACES if sign(email=f"{space}s{ord(space)}@example.com{space}")["email"] != f"s{ord(space)}@example.com"], [],
          "any white space of Unicode's is trimmed")
taken("username", "\u00a0bob\t", "bob", "blanks")
taken("name", " Zo\u00eb ", "Zo\u00eb", "blanks")
taken("name", "Ada\r\nLovelace", "Ada Lovelace", "line_break")
taken("name", "Ada\t Lovelace", "Ada  Lovelace", "line_break")
taken("name", "\u202eAda", "Ada", "direction")
taken("name", " \u202a Ada \u202c ", "Ada", "direction")
for text in ("\u202a\u202c", " \u202e ", "\u2067"):
    left_out("name", text, "characters")
taken("name", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645")  # Persian needs its joiner
taken("given_name", "\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb")
for text in ("+49", "=1", "-1", "@home"):
    taken("source_id", "'" + text, text, "apostrophe")
taken("name", "'t Hooft", "'t Hooft")
taken("phone", "'+493023125000", "+493023125000", "apostrophe")
reg.equal(sign(email="  ")["reasons"], '["email_missing"]', "blanks alone are no address")
reg.equal(sign(name="  ")["notes"], {}, "and no note where none is needed")

# -- nothing --
for text in ("NULL", "null", "\\N", "N/A", "n/a", "-"):
    for column in ("phone", "country", "source_id", "uuid", "email_verified_at", "custom_id"):
        left_out(column, text, "placeholder")
taken("family_name", "Null", "Null")
taken("name", "NULL", "NULL")
taken("country", "NA", "NA")  # Namibia
left_out("name", "N/A", "placeholder")
reg.equal(sign(email="NULL")["reasons"], '["email_missing"]', "where it is required, it is missing")
reg.equal(sign(identity_provider="google", identity_subject="NULL")["reasons"], '["identity_subject_missing"]', "two people are not both NULL")
refused("attempted_at", "NULL", "placeholder")
refused("outcome", "-", "placeholder")
db.execute("""SELECT reg_settings_patch('{"strictFields":["country"]}')""").fetchall()
refused("country", "N/A", "placeholder")
db.execute("""SELECT reg_settings_patch('{"strictFields":[]}')""").fetchall()

# -- true and false --
for text, expected in (("TRUE", 1), ("1", 1), ("False", 0), ("0", 0)):
    taken("guest_account", text, expected)
for text, expected in (("yes", 1), ("Y", 1), ("NO", 0), ("n", 0)):
    taken("guest_account", text, expected, "boolean")
for text, outcome, rule in (("success", "success", None), ("Success", "success", "boolean"), ("TRUE", "success", "boolean"), ("1", "success", "boolean"),
                            ("yes", "success", "boolean"), ("FAILURE", "failure", "boolean"), ("0", "failure", "boolean"), ("n", "failure", "boolean")):
    row = sign(outcome=text)
    reg.equal((row["outcome"], row["notes"].get("outcome")), (outcome, rule and ("normalised", rule)), f"outcome: {text}")

# -- times, by Python's datetime --
UTC = datetime.timezone.utc
moment = datetime.datetime(2024, 2, 29, 23, 5, 7, 250000, UTC)
for zone in (UTC, datetime.timezone(datetime.timedelta(hours=5, minutes=30)), datetime.timezone(-datetime.timedelta(hours=8))):
    local = moment.astimezone(zone)
    for text in (str(local), local.isoformat(), local.isoformat().replace("T", "t"), local.strftime("%Y-%m-%d %H:%M:%S.%f %z"), local.strftime("%Y-%m-%dT%H:%M:%S.%f000%z")):
        taken("attempted_at", text, "2024-02-29T23:05:07.250Z")
for text in ("2024-02-29 23:05:07.25 UTC", "2024-02-29t23:05:07.25z", "2024-02-29 23:05:07.250000000 +0000 UTC", str(moment.timestamp()), str(int(moment.timestamp() * 1000))):
    taken("attempted_at", text, "2024-02-29T23:05:07.250Z")
taken("attempted_at", "20240229", "2024-02-29T00:00:00.000Z", "eight_digits")
taken("attempted_at", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z", "leap_second")
for text, rule in (("45352", "spreadsheet_serial"), ("45352.5", "spreadsheet_serial"), ("0", "unix_zero"), ("1970-01-01", "unix_zero"), ("3600000", "unix_span"),
                   ("99999999999", "unix_span"), ("03/04/2026", "ambiguous"), ("31/12/2025", "date_order"), ("0000-00-00 00:00:00", "time")):
    refused("attempted_at", text, rule)
    left_out("email_verified_at", text, rule)
taken("birth_date", "19901231", "1990-12-31", "eight_digits")
taken("birth_date", "1990-12-31 00:00:00", "1990-12-31", "midnight")
left_out("birth_date", "04/05/1990", "ambiguous")

# -- phones (ranges for fiction: Federal Network Agency, Ofcom, NANP) --
for text, rule in (("+49 (0)30 23125000", "trunk_prefix"), ("+4903023125000", "trunk_prefix"), ("\u202a+49\u00a030\u00a023125000\u202c", "phone_spelling"), ("0049-30-23125000", None)):
    taken("phone", text, "+493023125000", rule)
taken("phone", "030 23125000", "+493023125000", country="DE")
left_out("phone", "030 23125000", "phone_country")
left_out("phone", "4.93023E+11", "scientific")
left_out("phone", "49454757329", "ambiguous", country="DE")
left_out("phone", "447911123456", "ambiguous", country="DE")  # Britain's, or one of Germany's that lacks its zero
taken("phone", "646-555-0123", "+16465550123", country="US")
taken("phone", "+16041234567", "+16041234567")  # a range that is not in use yet
db.execute("""SELECT reg_settings_patch('{"phoneCheck":"valid"}')""").fetchall()
left_out("phone", "+16041234567", "phone_range")
db.execute("""SELECT reg_settings_patch('{"phoneCheck":"possible"}')""").fetchall()
db.execute("""SELECT reg_settings_patch('{"uniquePhone":true}')""").fetchall()
sign(phone="+525512345678")
reg.equal(sign(phone="+5215512345678")["reasons"], '["phone_taken"]', "one person's number has one form: a prefix that Mexico abolished")

# -- e-mail --
taken("email", '"ada.l"@example.com', "ada.l@example.com", "quoted")
for text in ("x@ab--cd.example", "a+b@example.com", "\u00e9@example.com", "x@b\u00fccher.example"):
    taken("email", text, text)
for text, rule in (("ada", "email_at"), ("a@b@example.com", "email_at"), ('"a b"@example.com', "email_quotes"), ("a\u034fb@example.com", "invisible"), ("a\u3164b@example.com", "invisible"),
                   ("x" * 65 + "@example.com", "email_length"), ("a@localhost", "email_domain"), ("a@-x.com", "email_domain"), ("a..b@example.com", "email")):
    refused("email", text, rule)
for text in ("1e3", "1.5E1", "1E+05"):
    left_out("partner_id", text, "scientific")
taken("partner_id", "1000.0", 1000)
for column in ("username", "custom_id"):
    refused(column, "a\u200bb", "invisible")
    refused(column, "1.23457E+17", "scientific")
left_out("source_id", "1.23457E+17", "scientific")
refused("identity_subject", "1.23457E+17", "scientific", identity_provider="google")

# -- countries, currencies, locales --
for text, country, rule in (("GBR", "GB", None), ("UK", "GB", "customary_code"), ("el", "GR", "customary_code"), ("ROM", "RO", "customary_code"), ("DD", "DE", "customary_code"),
                            ("US-CA", "US", "subdivision"), ("GB-ENG", "GB", "subdivision"), ("FR-75", "FR", "subdivision"), ("DE-BY", "DE", "subdivision"), ("SI-061", "SI", "subdivision"),
                            ("Germany", "DE", "country_name"), ("south korea", "KR", "country_name"), ("Trinidad and Tobago", "TT", "country_name"), ("C\u00f4te d\u2019Ivoire", "CI", "country_name"),
                            ("en_AE", "AE", "locale_country"), ("no-NO", "NO", "locale_country"), ("de-DE", "DE", "locale_country")):
    taken("country", text, country, rule)
for text, rule in (("Georgia", "ambiguous"), ("YU", "ambiguous"), ("AN", "ambiguous"), ("PT-BR", "ambiguous"), ("de-AT", "ambiguous"), ("DE-BE", "ambiguous"), ("es-419", "ambiguous"), ("XX-1", "code"), ("EU", "code"), ("Utopia", "code"), ("Germany ish", "code"), ("Ger", "code"), ("Trinidad", "code")):
    left_out("country", text, rule)
for text, locale, rule in (("en_AE", "en-AE", None), ("en_US.UTF-8", "en-US", "posix_locale"), ("de_DE@euro", "de-DE", "posix_locale"),
                           ("de-AT,de;q=0.9,en;q=0.8", "de-AT", "language_list"), ("en;q=0.5, fr-CH, *;q=0.1", "fr-CH", "language_list")):
    taken("locale", text, locale, rule)
    taken("language", text, locale, rule)
for text in ("C", "sr_RS@latin", "de;q=x", "*"):
    left_out("locale", text, "code")
for currency in ("XCG", "ZWG", "VED", "SLE", "eur"):
    taken("currency", currency, currency.upper())
reg.equal([sign(country=country)["currency"] for country in ("BG", "CW", "SX", "HR")], ["EUR", "XCG", "XCG", "EUR"], "the currency of today")

# -- addresses, by Python's ipaddress --
for text, rule in (("192.0.2.7", None), ("2001:db8::1", None), ("192.0.2.7:8080", "address_port"), ("[192.0.2.7]:8080", "address_port"), ("[192.0.2.7]", "address_port"), ("[2001:db8::1]:443", "address_port"), ("[2001:db8::1]", "address_port"),
                   ("192.0.2.7, 10.0.0.1", "address_list"), ("for=192.0.2.7;proto=https", "address_list"), ('for="[2001:db8::1]:4711"', "address_port"), ("fe80::1%eth0", "address_zone")):
    row = sign(ip_address=text)
    reg.equal((str(ipaddress.ip_address(row["ip_address"])) in text, row["notes"].get("ip_address")), (True, rule and ("normalised", rule)), f"ip_address: {text}")
for text in ("192.0.2.7:80800", "192.0.2.256", "2001:db8::1:443:", "unknown, 192.0.2.7", "192.0.2.7 10.0.0.1", "%eth0"):
    left_out("ip_address", text, "address")

# -- passwords, as the policy reads them --
import unicodedata
db.execute("""SELECT reg_settings_patch('{"passwordAt":"signup"}')""").fetchall()
typed = "P\u00e4\ufb03n\u00fc\u2460\uff21 lang"
row = sign(email="nfkc@example.com", password=unicodedata.normalize("NFD", typed))
stored = reg.one(db, "SELECT password_hash FROM person WHERE email = 'nfkc@example.com'")
reg.equal([reg.one(db, "SELECT reg_verify_password(?, ?)", (text, stored)) for text in (typed, unicodedata.normalize("NFKC", typed), unicodedata.normalize("NFD", typed), typed + "x")],
          [1, 1, 1, 0], "NFKC: however it is typed")
old = reg.one(db, "SELECT reg_hash_password(?)", (typed,))
db.execute("""SELECT reg_settings_patch('{"passwordPolicy":"classic"}')""").fetchall()
raw = reg.one(db, "SELECT reg_hash_password(?)", (typed,))
reg.equal([reg.one(db, "SELECT reg_verify_password(?, ?)", (typed, hashed)) for hashed in (old, raw)], [0, 1], "a policy that does not read it so compares what was typed")
db.execute("""SELECT reg_settings_patch('{"passwordPolicy":"nist"}')""").fetchall()
reg.equal(reg.one(db, "SELECT reg_verify_password(?, ?)", (typed, raw)), 1, "and a hash from before still opens")
reg.done()
