#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes samples/exports: what five systems export of the same invented people, in the forms that their documentation and their own tools
have (firebase-tools' accountExporter, Keycloak's export of a realm, Auth0's user export and bulk import, the header of a Cognito user pool,
Kratos's identities). Hashes are by python3-bcrypt, python3-argon2 and hashlib; those of Firebase by npm firebase-scrypt 2.2.0.

    /usr/bin/python3 tests/foreign/write/exports.py
"""
import base64
import hashlib
import json

import argon2
import bcrypt

# The password of each, in clear: the test logs in with them.
PEOPLE = [
    {"n": 1, "email": "ada@example.com", "given": "Ada", "family": "Lindqvist", "phone": "+46701234567", "password": "Lantern-42", "verified": True},
    {"n": 2, "email": "moewe@example.org", "given": "Jörn", "family": "Möwe", "phone": None, "password": "Möwe und 7", "verified": False},
    {"n": 3, "email": "hana@example.net", "given": "Hana", "family": "Sato, Jr.", "phone": "+819012345678", "password": "Harbour!9", "verified": True},
    {"n": 4, "email": "gone@example.com", "given": "Gil", "family": "Gone", "phone": None, "password": "Blocked-77", "verified": True, "blocked": True},
]
FIREBASE = [
    ("c2FsdHNhbHQx", "sXmoFOOL2WvWxe6oAeLw9/wA+N64p8/lalOq3j5q4ZDRgwKYu7kMSKYnR/7koqtb0joSTGV+wu5H2oylp785pg=="),
    ("c2FsdHNhbHQy", "0j9bCf56N9wA7clVpPdKvQhUSazls1bYo1W1vWGq+blUK4WQhdsOneUmzxwY/fnTB8l4/SLB5nwo9m/vwCKkmA=="),
    ("c2FsdHNhbHQz", "iAP7mwINXpnZpZ73xfh3ArOSwkiwz0BVbzg4IfLI+ynz4oGdKvGPoddi26liJvDwT4+NhDTQKoUOrOvCAQ9T9w=="),
    ("c2FsdHNhbHQz", "iAP7mwINXpnZpZ73xfh3ArOSwkiwz0BVbzg4IfLI+ynz4oGdKvGPoddi26liJvDwT4+NhDTQKoUOrOvCAQ9T9w=="),
]
CREATED = "2024-03-05T09:30:00.000Z"
CREATED_MS = 1709631000000
FOLDER = "samples/exports/"


def crypt(person):
    salt = b"$2b$10$" + b"abcdefghijklmnopqrstu" + b"eCGOSW"[person["n"] - 1 : person["n"]]
    return bcrypt.hashpw(person["password"].encode(), salt).decode()


def pbkdf2(person):
    salt = b"salt of person %d" % person["n"]
    return salt, hashlib.pbkdf2_hmac("sha256", person["password"].encode(), salt, 27500, 64)


def uuid(person):
    return "7d7b1a1e-0000-4000-8000-%012d" % person["n"]


def b64(data):
    return base64.b64encode(data).decode()


def without_nothing(value):
    return {name: part for name, part in value.items() if part is not None}


def write(name, text):
    with open(FOLDER + name, "w", encoding="utf-8", newline="") as opened:
        opened.write(text)


def auth0():
    users = []
    for person in PEOPLE:
        user = {"user_id": str(person["n"]), "email": person["email"], "email_verified": person["verified"], "given_name": person["given"],
                "family_name": person["family"], "phone_number": person["phone"], "blocked": person.get("blocked")}
        if person["n"] == 2:
            salt, value = pbkdf2(person)
            plain = "$pbkdf2-sha256$i=27500,l=64$" + b64(salt).rstrip("=") + "$" + b64(value).rstrip("=")
            user["custom_password_hash"] = {"algorithm": "pbkdf2", "hash": {"value": plain, "encoding": "utf8"}}
        elif person["n"] == 3:
            user["custom_password_hash"] = {"algorithm": "sha256", "salt": {"value": "pepper", "encoding": "utf8", "position": "prefix"},
                                            "hash": {"value": hashlib.sha256(b"pepper" + person["password"].encode()).hexdigest(), "encoding": "hex"}}
        else:
            user["password_hash"] = crypt(person)
        users.append(without_nothing(user))
    write("auth0-import.json", json.dumps(users, ensure_ascii=False, indent=2) + "\n")
    # The lines of a user export have no hashes; one person comes from Google.
    lines = [{"user_id": "google-oauth2|1157", "email": "gus@example.com", "email_verified": True, "name": "Gus Google", "created_at": CREATED,
              "identities": [{"user_id": "1157", "provider": "google-oauth2", "connection": "google-oauth2", "isSocial": True}]}]
    write("auth0-users.ndjson", "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines))
    # And those that the support hands out.
    lines = [{"_id": {"$oid": "60425dc43519d90068f8297%d" % person["n"]}, "email_verified": person["verified"], "email": person["email"], "passwordHash": crypt(person),
              "password_set_date": {"$date": CREATED}, "tenant": "acme", "connection": "Username-Password-Authentication", "_tmp_is_unique": True} for person in PEOPLE[:3]]
    write("auth0-hashes.ndjson", "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))


def cognito():
    columns = ["name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "email", "email_verified", "gender",
               "birthdate", "zoneinfo", "locale", "phone_number", "phone_number_verified", "address", "updated_at", "cognito:mfa_enabled", "cognito:username"]
    lines = [",".join(columns)]
    for person in PEOPLE[:2]:
        values = {"given_name": person["given"], "family_name": person["family"], "email": person["email"], "email_verified": str(person["verified"]).lower(), "phone_number": person["phone"] or "",
                  "phone_number_verified": str(person["phone"] is not None).lower(), "updated_at": str(CREATED_MS // 1000), "cognito:mfa_enabled": "false", "cognito:username": uuid(person)}
        lines.append(",".join(values.get(column, "") for column in columns))
    write("cognito.csv", "\n".join(lines) + "\n")
    users = [{"Username": uuid(person), "Attributes": [{"Name": name, "Value": value} for name, value in (
        ("sub", uuid(person)), ("email", person["email"]), ("email_verified", str(person["verified"]).lower()), ("given_name", person["given"]), ("family_name", person["family"]))],
        "UserCreateDate": "2024-03-05T10:30:00+01:00", "Enabled": not person.get("blocked"), "UserStatus": "CONFIRMED"} for person in PEOPLE]
    write("cognito-list-users.json", json.dumps({"Users": users}, ensure_ascii=False, indent=4) + "\n")


def firebase():
    rows, users = [], []
    for person, (salt, value) in zip(PEOPLE, FIREBASE):
        name = f"{person['given']} {person['family']}"
        row = [""] * 28
        row[:6] = ["uid%d" % person["n"], person["email"], str(person["verified"]).lower(), value, salt, f'"{name}"' if "," in name else name]
        row[23:27] = [str(CREATED_MS), str(CREATED_MS + 5000), person["phone"] or "", str(bool(person.get("blocked"))).lower()]
        rows.append(",".join(row) + ",")
        users.append(without_nothing({"localId": "uid%d" % person["n"], "email": person["email"], "emailVerified": person["verified"], "passwordHash": value, "salt": salt, "displayName": name,
                                      "lastSignedInAt": str(CREATED_MS + 5000), "createdAt": str(CREATED_MS), "phoneNumber": person["phone"], "disabled": person.get("blocked"), "providerUserInfo": []}))
    write("firebase.csv", "\n".join(rows) + "\n")
    write("firebase.json", '{"users": [\n' + ",\n".join(json.dumps(user, ensure_ascii=False, indent=2) for user in users) + "\n]}\n")


def keycloak():
    users = []
    for person in PEOPLE:
        if person["n"] == 3:
            salt = b"sixteen bytes!!!"
            value = argon2.low_level.hash_secret_raw(person["password"].encode(), salt, 5, 7168, 1, 32, argon2.low_level.Type.ID)
            data = {"hashIterations": 5, "algorithm": "argon2", "additionalParameters": {"hashLength": ["32"], "memory": ["7168"], "type": ["id"], "version": ["1.3"], "parallelism": ["1"]}}
        else:
            salt, value = pbkdf2(person)
            data = {"hashIterations": 27500, "algorithm": "pbkdf2-sha256", "additionalParameters": {}}
        otp = {"id": "o", "type": "otp", "secretData": '{"value":"JBSWY3DP"}', "credentialData": '{"subType":"totp"}'}
        credential = {"id": uuid(person)[::-1], "type": "password", "createdDate": CREATED_MS,
                      "secretData": json.dumps({"value": b64(value), "salt": b64(salt), "additionalParameters": {}}, separators=(",", ":")),
                      "credentialData": json.dumps(data, separators=(",", ":"))}
        users.append({"id": uuid(person), "createdTimestamp": CREATED_MS, "username": person["email"].split("@")[0], "enabled": not person.get("blocked"), "totp": False,
                      "emailVerified": person["verified"], "firstName": person["given"], "lastName": person["family"], "email": person["email"],
                      "attributes": {"phoneNumber": [person["phone"]]} if person["phone"] else {}, "credentials": [otp, credential], "disableableCredentialTypes": [], "requiredActions": [],
                      "realmRoles": ["offline_access"], "notBefore": 0, "groups": []})
    realm = {"id": "acme", "realm": "acme", "enabled": True, "roles": {"realm": [{"name": "user", "composite": False}]}, "users": users, "clients": [{"clientId": "account", "enabled": True}]}
    write("keycloak-realm.json", json.dumps(realm, ensure_ascii=False, indent=2) + "\n")


def kratos():
    identities = []
    for person in PEOPLE:
        address = {"value": person["email"], "verified": person["verified"], "via": "email", "status": "completed" if person["verified"] else "sent"}
        if person["verified"]:
            address["verified_at"] = CREATED
        identities.append({"id": uuid(person), "credentials": {"password": {"type": "password", "identifiers": [person["email"]], "config": {"hashed_password": crypt(person)}}},
                           "schema_id": "default", "state": "inactive" if person.get("blocked") else "active", "traits": {"email": person["email"], "name": {"first": person["given"], "last": person["family"]}},
                           "verifiable_addresses": [address], "created_at": CREATED, "updated_at": CREATED})
    write("kratos.json", json.dumps(identities, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    for make in (auth0, cognito, firebase, keycloak, kratos):
        make()
