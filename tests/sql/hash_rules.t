#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Password hashes that are not taken: the rule that each breaks, and what costs too much to be tried."""
import json
import os
import resource
import subprocess
import sys

sys.path.insert(0, "tests/sql")
import reg

SALT, VALUE = "c29tZXNhbHQ", "RdescudvJCsgt3ub+b4dWRWJTmaaJObG/GxRrvY0uGk"  # 8 and 32 bytes
B22, B31, B43 = "abcdefghijklmnopqrstuu", "WG29KuyeAicPCJODk1zjyGvyQUU2awu", "79JhsKZwfY/UU2qrk3QcffpHl7EyEEJK0pA5pD1wu73"
KEYCLOAK = {"secretData": {"value": VALUE, "salt": SALT}, "credentialData": {"hashIterations": 27500, "algorithm": "pbkdf2-sha256"}}


def auth0(**members):
    return json.dumps({"algorithm": "sha256", "hash": {"value": "00" * 32, "encoding": "hex"}, **members})


BROKEN = {
    "hash_unknown": ["hunter2", "$", "$9$x", "{UNKNOWN}abc", "md5", "plain text of some length", "{}", "$argon2id", "ef92b778bafe771e89245b89ecbc08g"],
    "hash_unnamed": ["5f4dcc3b5aa765d61d8327deb882cf99", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "EF92B778BAFE771E89245B89ECBC08A44A4E166C06659911881F383D4473E94F"],
    "hash_unsupported": [f"$argon2d$v=19$m=64,t=1,p=1${SALT}${VALUE}", f"$argon2id$v=16$m=64,t=1,p=1${SALT}${VALUE}", f"$argon2id$m=64,t=1,p=1${SALT}${VALUE}",
                         "$apr1$cRUFsTpw$4H2ac.A5FOL/rYcQ1zzNl/", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", f"$2$05${B22}{B31}", f"$pbkdf2-sha384$i=1000${SALT}${VALUE}",
                         f"$pbkdf2-whirlpool$1000${SALT}${VALUE}", auth0(algorithm="whirlpool"), auth0(password={"encoding": "latin1"}),
                         auth0(algorithm="hmac", hash={"value": "00" * 64, "encoding": "hex", "digest": "whirlpool", "key": {"value": "k"}}),
                         json.dumps({**KEYCLOAK, "credentialData": {"hashIterations": 1, "algorithm": "foo"}}), "$y$j9T2..$abcdefgh$" + B43],
    "hash_locked": ["!", "*", "!!$6$salt$x", "!unusable"],
    "hash_json": ['{"a":1}', '{"algorithm":"sha1"', '{"algorithm":1,"hash":{}}', '{ "password": "secret" }'],
    "hash_parts": [f"$argon2id$v=19$m=64,t=1,p=1${SALT}", f"$argon2id$v=19$m=64,t=1,p=1${SALT}${VALUE}$", "$2b$12", f"$5${B43}", "$6$salt", f"$1$a$b$c",
                   f"$pbkdf2-sha256$1000${SALT}", f"$scrypt$ln=4,r=8,p=1${SALT}", "pbkdf2_sha256$1000$salt", "sha1$salt", "md5$a$b$c", "$firescrypt$onlysalt",
                   f"$hmac-sha1${VALUE}", "bcrypt_sha256$nothing", f"$y$j9T${B43}", "$sha256$pf=e1NBTFR9$c2FsdA==", auth0(hash=7), auth0(algorithm="bcrypt", hash={}),
                   json.dumps({**KEYCLOAK, "secretData": "no JSON"}), json.dumps({**KEYCLOAK, "secretData": {"value": VALUE}}), '{"passwordHash":"AAAA"}',
                   f"sha1:{SALT}::x", "crypt:$1$salt$", f"crypt:$1$sa$argon2id$v=19$m=8,t=1,p=1${SALT}${VALUE}$"],
    "hash_parameters": [*(f"scrypt:{numbers}:c2FsdA$argon2id$v=19$m=8,t=1,p=1${SALT}${VALUE}" for numbers in ("0:8:1:32", "32:8:1:32", "14:0:1:32", "14:8:1073741824:32", "14:8:1")),
                        f"$argon2id$v=19$m=64,t=1${SALT}${VALUE}", f"$argon2id$v=19$m=64,t=0,p=1${SALT}${VALUE}", f"$argon2id$v=19$m=64,t=1,p=1,p=1${SALT}${VALUE}",
                        f"$argon2id$v=19$m=7,t=1,p=1${SALT}${VALUE}", f"$2b$03${B22}{B31}", f"$2b$32${B22}{B31}", f"$2b$1x${B22}{B31}", f"$5$rounds=999$salt${B43}",
                        f"$5$rounds=01000$salt${B43}", "$sha1$x$salt$91xEa0TCSk6jnl996QgXUA8913Xy", f"$pbkdf2-sha256$i=0${SALT}${VALUE}", f"$pbkdf2-sha256$x=1${SALT}${VALUE}",
                        f"pbkdf2_sha256$many$salt${VALUE}", f"$scrypt$ln=16385,r=8,p=1${SALT}${VALUE}", f"$scrypt$ln=4,r=0,p=1${SALT}${VALUE}", f"$scrypt$r=8,p=1${SALT}${VALUE}",
                        f"scrypt$1000$salt$8$1${VALUE}", f"$y$$salt${B43}", f"$7$!6..../....salt${B43}", "_....rasmEedsvB6g8/6", f"$sha256$pf=e1NBTFR9${SALT}${VALUE}",
                        "$sha256$pf=e1BBU1NXT1JEfXtQQVNTV09SRH0=$c2FsdA==$" + VALUE, auth0(salt={"value": "s", "position": "middle"}),
                        auth0(algorithm="scrypt", cost=1000), auth0(algorithm="hmac"),
                        json.dumps({**KEYCLOAK, "credentialData": {"hashIterations": -1, "algorithm": "pbkdf2-sha256"}})],
    "hash_encoding": [f"$argon2id$v=19$m=64,t=1,p=1$c29t ZXNhbHQ${VALUE}", f"$2b$12${B22}{B31[:-1]}=", f"$5$salt${B43[:-1]}-", "{SSHA}not base64!", "sha1$salt$" + "zz" * 20,
                      "$3$$" + "x" * 32, f"$pbkdf2-sha256$1000${SALT}$a", "$firescrypt$ab?c$AAAA", auth0(hash={"value": "xyz", "encoding": "hex"}),
                      auth0(hash={"value": "00" * 32}), auth0(hash={"value": "00" * 32, "encoding": "binary"}), "ab!defghijklm",
                      '{"passwordHash":"!","salt":"AAAA"}', json.dumps({**KEYCLOAK, "secretData": {"value": "!", "salt": SALT}})],
    "hash_salt": [f"$argon2id$v=19$m=64,t=1,p=1$c29tZQ${VALUE}", "{SSHA}" + "A" * 26 + "I=", f"$5$morethansixteenchars${B43}", "$1$ninechars$vcHR8qOwelK2l5jBh.Bfl/",
                  f"$2b$12${B22[:-1]}", f"pbkdf2_sha256$1000${'s' * 129}${VALUE}", "$firescrypt$$AAAA"],
    "hash_digest": [f"$argon2id$v=19$m=64,t=1,p=1${SALT}$AAAAAAAAAAAAAAAAAAAA", f"$2b$12${B22}{B31[:-1]}", f"$2b$12${B22}{B31}a", f"$5$salt${B43}a", "$1$salt$short", "{SHA}AAAA",
                    "{MD5}" + VALUE, "sha1$salt$0123", "$3$$0123", f"$pbkdf2-sha256$i=1000,l=20${SALT}${VALUE}", f"$pbkdf2-sha256$1000${SALT}$AAAA", f"$scrypt$ln=4,r=8,p=1${SALT}$AAAA",
                    f"$hmac-sha1${VALUE}$a2V5", auth0(algorithm="sha1"), "_J9..rasmEedsvB6g8/", f"$y$j9T$salt${B43[1:]}"],
    "hash_project": [f"$firescrypt${SALT}${VALUE}", json.dumps({"passwordHash": VALUE, "salt": SALT})],
    "hash_cost": [f"$argon2id$v=19$m=262145,t=1,p=1${SALT}${VALUE}", f"$argon2id$v=19$m=8,t=4000000000,p=1${SALT}${VALUE}", f"$2b$31${B22}{B31}", f"$2y$17${B22}{B31}",
                  f"bcrypt_sha256$$2b$30${B22}{B31}", f"$5$rounds=999999999$salt${B43}", f"$6$rounds=999999999$salt${B43 + B43}", "$sha1$4294967295$salt$91xEa0TCSk6jnl996QgXUA8913Xy",
                  "$md5,rounds=4294967295$salt$$ZxccX5lio58EZKsCI/Peg0", f"$y$jLT$salt${B43}", f"$y$jTT$salt${B43}", f"$gy$jLT$salt${B43}", f"$y$j9T.xzzz$salt${B43}",
                  f"$7$zzzz../....salt${B43}", f"$7$C6..../zzz.salt${B43}", f"$pbkdf2-sha256$i=4294967295,l=32${SALT}${VALUE}", f"$pbkdf2$400000000${SALT}${VALUE}",
                  f"pbkdf2_sha1$400000000$salt${VALUE}", f"$scrypt$ln=31,r=8,p=1${SALT}${VALUE}", f"$scrypt$ln=14,r=8,p=1000000${SALT}${VALUE}", f"$scrypt$ln=10,r=1000000,p=1${SALT}${VALUE}",
                  f"scrypt$1073741824$salt$8$1${VALUE}", f"$firescrypt$ln=31,r=8,p=1${SALT}${VALUE}$Bw==${VALUE}", f"md5$argon2id$v=19$m=1048576,t=1,p=1${SALT}${VALUE}",
                  f"crypt:$2b$20${B22}$argon2id$v=19$m=8,t=1,p=1${SALT}${VALUE}", f"pbkdf2-sha1:4000000000:20:$argon2id$v=19$m=8,t=1,p=1${SALT}${VALUE}",
                  f"scrypt:31:8:1:32:c2FsdA$argon2id$v=19$m=8,t=1,p=1${SALT}${VALUE}",
                  json.dumps({**KEYCLOAK, "credentialData": {"hashIterations": 4000000000, "algorithm": "pbkdf2-sha256"}}),
                  auth0(algorithm="scrypt", cost=1 << 30), auth0(algorithm="bcrypt", hash={"value": f"$2b$31${B22}{B31}"})],
    "too_long": ["$6$" + "s" * 700, json.dumps({"algorithm": "sha1", "hash": {"value": "0" * 4096, "encoding": "hex"}}), "$2b$12$" + "a" * 100000],
}

resource.setrlimit(resource.RLIMIT_CPU, (60, 60))  # whoever tries one of the costly ones is ended
db = reg.ledger("rules.db")
known = {rule for rule, in db.execute("SELECT rule FROM reg_rules WHERE rule GLOB 'hash_*'")}
reg.equal(known, {rule for rule in BROKEN if rule.startswith("hash_")} | {"hash_in_clear"}, "every rule about hashes has its examples")
number = 0
for rule, texts in BROKEN.items():
    for text in texts:
        number += 1
        db.execute("INSERT INTO reg_attempts (email, password_hash) VALUES (?, ?)", (f"p{number}@example.com", text))
        outcome, reasons, notes = db.execute("SELECT outcome, reasons, notes FROM reg_attempts WHERE email = ?", (f"p{number}@example.com",)).fetchone()
        reg.equal((outcome, json.loads(reasons or "[]"), json.loads(notes or "[]")),
                  ("failure", ["password_hash_invalid"], [{"column": "password_hash", "done": "refused", "rule": rule}]), f"{rule}: {text[:60]}")
        if rule == "hash_cost":
            try:
                answer = reg.one(db, "SELECT reg_verify_password('x', ?)", (text,))
            except reg.sqlite3.OperationalError as error:
                answer = str(error)
            reg.ok("costs more than the setting passwordHashLimit allows" in str(answer), f"{rule}: and is not tried: {text[:60]}", answer)
        elif rule != "hash_unnamed":
            reg.equal(reg.one(db, "SELECT reg_verify_password('x', ?)", (text,)), 0, f"{rule}: and is nobody's: {text[:60]}")
        reg.equal(reg.one(db, "SELECT reg_needs_rehash(?)", (text,)), 1, f"{rule}: and is no hash to keep: {text[:60]}")
reg.equal(reg.one(db, "SELECT count(*) FROM person WHERE password_hash IS NOT NULL"), 0, "none of them is kept")

# The other ways that a hash may come.
for column, value, rule in (("password_md5", "nonsense", "hash_digest"), ("password", "5F4DCC3B5AA765D61D8327DEB882CF99", "hash_in_clear")):
    db.execute(f"INSERT INTO reg_attempts (email, {column}) VALUES (?, ?)", (column + "@example.com", value))
    notes = json.loads(reg.one(db, "SELECT notes FROM reg_attempts WHERE email = ?", (column + "@example.com",)))
    reg.equal(notes, [{"column": column, "done": "refused", "rule": rule}], f"{column}: {rule}")

# One look at many failures tells what to do.
reg.equal(reg.one(db, """SELECT count(*) FROM reg_attempts, json_each(notes) n WHERE n.value ->> 'rule' = 'hash_cost'"""), len(BROKEN["hash_cost"]),
          "failures are counted by their rule")
path = os.path.join(reg.folder, "broken.csv")
with open(path, "w", encoding="utf-8") as file:
    file.write("email,password_hash\na@example.com,hunter2\nb@example.com,$apr1$x$y\n")
explained = subprocess.run([os.path.join(reg.BUILD, "regjob"), "-l", os.path.join(reg.folder, "rules.db"), "import", "--explain", path], capture_output=True, text=True).stdout
for rule in ("hash_unknown", "hash_unsupported"):
    sentence = reg.one(db, "SELECT sentence FROM reg_rules WHERE rule = ?", (rule,))
    reg.ok(sentence in explained, f"import --explain says it: {rule}", explained)

# The project's parameters make the difference; a ledger that has lost them can no longer verify.
project = {"signerKey": "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==", "saltSeparator": "Bw==", "rounds": 8, "memoryCost": 14}
stored = "$firescrypt$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
for change, verified in ({}, 1), ({"memoryCost": 13}, 0), ({"rounds": 7}, 0), ({"saltSeparator": "CA=="}, 0), ({"signerKey": "k" + project["signerKey"][1:]}, 0), ({"signerKey": project["signerKey"][:44]}, 0):
    db.execute("SELECT reg_settings_patch(?)", (json.dumps({"firebaseScrypt": {**project, **change}}),)).fetchall()
    reg.equal(reg.one(db, "SELECT reg_verify_password('user1password', ?)", (stored,)), verified, f"Firebase, {change or 'its own parameters'}")
for bad in (7, {}, {**project, "rounds": 0}, {**project, "memoryCost": 25}, {**project, "signerKey": "short"}, {**project, "saltSeparator": 1}, {**project, "more": 1}):
    try:
        got = db.execute("SELECT reg_settings_patch(?)", (json.dumps({"firebaseScrypt": bad}),)).fetchall()
    except reg.sqlite3.OperationalError as error:
        got = str(error)
    reg.ok("firebaseScrypt: expected an object of signerKey and saltSeparator" in str(got), f"firebaseScrypt is checked: {json.dumps(bad)[:50]}", got)
reg.done()
