#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""hostile_rows.py COUNT SEED [hashed]: a CSV of sign-ups that meet each other: the same identifiers in other clothes, told outcomes,
log-ins, second requests, values of every wrong form, values under each other's headers. Every value is readable, so that no row is a reject.
hashed: passwords come as hashes alone, as in an export, so that nothing is sealed for the fraud API and most rows are people whom nobody knows yet."""
import csv
import hashlib
import random
import sys

count, seed, hashed = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] == ["hashed"]
dice = random.Random(seed)
NASTY = ["", "", "", "", "x", "'; DROP TABLE attempt; --", "\u202e", "a" * 300, "NULL", "0", "-1", "1e5", "\u00df", "I\u0307", "\ufeff",
         "\U0001f600", "\u06cc\u200c\u0627", "\x1b[31mred", "\x07", "tab\there", "line\nend", "\r", "\x7f", "\u009b31m", "\u2028", "\u2066", "z" * 1025, "\u00e9" * 512,
         "y" * 20000, "Sw0pped#Pass!", "true", "%s", "a,b", 'a"b', " lead", "trail "]
COLUMNS = ["attempted_at", "email", "username", "phone", "phone_country", "name", "birth_date", "gender", "country", "currency", "locale",
           "user_type", "partner_id", "source_id", "uuid", "custom_id", "identity_provider", "identity_subject", "device_id", "ip_address",
           "language", "latitude", "longitude", "app_platform", "guest_account", "captcha", "recommendation", "email_verified_at",
           "consents", "outcome", "failure_reason", "password", "password_md5", "password_hash", "password_sha256", "email_confirm_code"]
PHC = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b5dWRWJTmaaJObG6yZyWyiHkyk"


def some(*values, odds=0.5):
    return dice.choice(values) if dice.random() < odds else ""


def email():
    name = "p%d" % dice.randrange(max(4, count // 6))
    return dice.choice([name + "@example.com", name.upper() + "@EXAMPLE.com", name + "+tag@example.com", name + "@ex\u00e4mple.de"])


def person():
    value = dict.fromkeys(COLUMNS, "")
    value["attempted_at"] = dice.choice(["1700000000", "1700000000123", "2023-11-14T22:13:20Z", "2023-11-14 23:13:20+01:00"])
    value["email"] = email() if dice.random() < 0.9 else ""
    value["username"] = some("user%d" % dice.randrange(20), "USER%d" % dice.randrange(20), odds=0.3)
    value["phone"] = some("+1604555%04d" % dice.randrange(30), "0160 %06d" % dice.randrange(9), odds=0.4)
    value["country"] = some("DE", "CAN", "us", "XX", odds=0.6)
    value["uuid"] = some("00000000-0000-4000-8000-%012d" % dice.randrange(10), odds=0.1)
    if dice.random() < 0.2:
        value["identity_provider"] = dice.choice(["google", "Facebook", "apple", "nobody"])
        value["identity_subject"] = some("g%d" % dice.randrange(8), odds=0.9)
        value["email_verified_at"] = some("1700000000", odds=0.4)
    if dice.random() < 0.25:
        value["outcome"] = dice.choice(["success", "failure", "failure", "maybe"])
        value["failure_reason"] = some("email_taken", "prevented", "of their own", odds=0.5)
        value["password_sha256"] = some(hashlib.sha256(b"x").hexdigest(), "nonsense", odds=0.5)
    elif dice.random() < 0.1:
        value["email_confirm_code"] = dice.choice(["12345", "99999", "nonsense"])
    if hashed:
        value["password_sha256"], value["password_hash"] = "", some(PHC, odds=0.9)
        value["email_confirm_code"] = ""
    else:
        give_password(value)
    return value


def give_password(value):
    value["password"] = some("Abcdef1!x", "short", "alllowercase1!", "p1 example", odds=0.8)
    if not value["password"]:
        value["password_md5"] = some("5EBE2294ECD0E0F08EAB7690D2A6EE69", "5ebe", odds=0.4)
        value["password_hash"] = some(PHC, "$argon2id$broken", odds=0.4)


def row():
    value = person()
    value["recommendation"] = some("ALLOW", "REVIEW", "PREVENT", "prevent", odds=0.3)
    value["consents"] = some('{"terms":"accepted"}', '{"terms":{"state":"declined","version":"2"}}', "[]", "{", odds=0.4)
    value["device_id"] = some("device-%d" % dice.randrange(5))
    value["partner_id"] = some("12", "2147483648", "007", odds=0.3)
    value["guest_account"] = some("true", "0", "maybe", odds=0.3)
    value["latitude"], value["longitude"] = some("48.1", "91", odds=0.3), some("11.5", "x", odds=0.3)
    value["ip_address"] = some("203.0.113.9", "2001:db8::1", "300.1.1.1", odds=0.3)
    if dice.random() < 0.15:
        value[dice.choice(COLUMNS[1:-1])] = dice.choice(NASTY)
    if dice.random() < 0.1:
        one, other = dice.sample(COLUMNS[:-1], 2)
        value[one], value[other] = value[other], value[one]
    return [value[column] for column in COLUMNS]


writer = csv.writer(sys.stdout, lineterminator="\n", quoting=csv.QUOTE_ALL if hashed else csv.QUOTE_MINIMAL)  # a lone \r is not quoted otherwise
writer.writerow(COLUMNS)
for _ in range(count):
    writer.writerow(row())
