#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Password hashes of other systems: each format against the program it comes from, or a published vector (tests/foreign/hashes.tsv).

The same hashes are then imported from a file, and everybody logs in with the old password.
"""
import base64
import csv
import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)  # of crypt, which Django asks
PASSWORD, WRONG = "corréct horse 9", "wr0ng-from-the-start"
# As the console of the Firebase project shows them; of the README of firebase/scrypt.
PROJECT = {"signerKey": "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==", "saltSeparator": "Bw==",
           "rounds": 8, "memoryCost": 14}


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.strip()


def b64(data):
    return base64.b64encode(data).decode()


def kept():
    with open("tests/foreign/hashes.tsv", encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                form, password, stored, source = line.rstrip("\n").split("\t")
                yield form, password, stored, source


def by_passlib():
    from passlib import hash as made
    for form, maker in (("bcrypt", made.bcrypt.using(rounds=6)), ("bcrypt", made.bcrypt.using(rounds=4, ident="2a")),
                        ("sha512crypt", made.sha512_crypt.using(rounds=5000)), ("sha256crypt", made.sha256_crypt.using(rounds=1000)),
                        ("md5crypt", made.md5_crypt), ("sha1crypt", made.sha1_crypt.using(rounds=1000)), ("sha1crypt", made.sha1_crypt.using(rounds=30000)),
                        ("sunmd5", made.sun_md5_crypt.using(rounds=50)), ("descrypt", made.des_crypt), ("bsdicrypt", made.bsdi_crypt.using(rounds=4097)),
                        ("bsdicrypt", made.bsdi_crypt.using(rounds=20001)), ("nthash", made.bsd_nthash),
                        ("pbkdf2", made.pbkdf2_sha1.using(rounds=1000)), ("pbkdf2", made.pbkdf2_sha1.using(rounds=20000)),
                        ("pbkdf2", made.pbkdf2_sha256), ("pbkdf2", made.pbkdf2_sha512), ("scrypt", made.scrypt.using(rounds=10)),
                        ("ldap", made.ldap_md5), ("ldap", made.ldap_sha1), ("ldap", made.ldap_salted_md5), ("ldap", made.ldap_salted_sha1),
                        ("ldap", made.ldap_salted_sha256), ("ldap", made.ldap_salted_sha512), ("sha512crypt", made.ldap_sha512_crypt.using(rounds=5000)),
                        ("django-digest", made.django_salted_sha1), ("django-digest", made.django_salted_md5),
                        ("django-bcrypt-sha256", made.django_bcrypt_sha256.using(rounds=4)), ("django-bcrypt-sha256", made.django_bcrypt_sha256.using(rounds=6))):
        yield form, PASSWORD, maker.hash(PASSWORD), f"passlib {maker.name}"
    yield "sha1crypt", PASSWORD, made.sha1_crypt.using(rounds=9, salt="argon2id").hash(PASSWORD), "passlib sha1_crypt, a salt that looks like a wrapping"


def by_others():
    import argon2
    import bcrypt
    import django.conf
    hashers = {"pbkdf2_sha256": ("PBKDF2PasswordHasher", "django-pbkdf2"), "pbkdf2_sha1": ("PBKDF2SHA1PasswordHasher", "django-pbkdf2"),
               "argon2": ("Argon2PasswordHasher", "argon2"), "bcrypt_sha256": ("BCryptSHA256PasswordHasher", "django-bcrypt-sha256"),
               "bcrypt": ("BCryptPasswordHasher", "bcrypt"), "sha1": ("SHA1PasswordHasher", "django-digest"), "md5": ("MD5PasswordHasher", "django-digest"),
               "unsalted_sha1": ("UnsaltedSHA1PasswordHasher", "django-digest"), "crypt": ("CryptPasswordHasher", "descrypt")}
    django.conf.settings.configure(PASSWORD_HASHERS=["django.contrib.auth.hashers." + name for name, _ in hashers.values()])
    from django.contrib.auth import hashers as cheaper
    cheaper.PBKDF2PasswordHasher.iterations = 20000
    cheaper.BCryptSHA256PasswordHasher.rounds = 6
    cheaper.Argon2PasswordHasher.memory_cost = 1024
    from django.contrib.auth.hashers import make_password
    for name, (_, form) in hashers.items():
        yield form, PASSWORD, make_password(PASSWORD, hasher=name), f"Django {name}"
    yield "bcrypt", PASSWORD, bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode(), "python3-bcrypt"
    made = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=3).hash(PASSWORD)
    yield "argon2", PASSWORD, made, "python3-argon2, p=3"
    yield "argon2", PASSWORD, "{ARGON2ID}" + made, "as Dovecot has it"
    head, salt, value = made.rsplit("$", 2)
    yield "argon2", PASSWORD, re.sub(r"m=(\d+),t=(\d+),p=(\d+)", r"p=\3,m=\1,t=\2", head) + "$" + salt + "==$" + value + "=", "in another order, padded"
    for method in ("yescrypt", "gost-yescrypt", "scrypt", "bcrypt", "bcrypt-a", "sha512crypt", "sha256crypt", "sunmd5", "md5crypt", "bsdicrypt", "descrypt"):
        form = {"scrypt": "crypt-scrypt", "bcrypt-a": "bcrypt"}.get(method, method)
        yield form, PASSWORD, said("mkpasswd", "-m", method, PASSWORD), f"mkpasswd {method}"
    for method, rounds in (("yescrypt", "1"), ("gost-yescrypt", "1"), ("scrypt", "6")):  # the least that mkpasswd makes: N = 1024 and 8192
        yield {"scrypt": "crypt-scrypt"}.get(method, method), PASSWORD, said("mkpasswd", "-m", method, "-R", rounds, PASSWORD), f"mkpasswd {method} -R {rounds}"
    yield "nthash", "correct horse 9", said("mkpasswd", "-m", "nt", "correct horse 9"), "mkpasswd nt"
    for option, form in (("-1", "md5crypt"), ("-5", "sha256crypt"), ("-6", "sha512crypt")):
        made = said("openssl", "passwd", option, PASSWORD)
        yield form, PASSWORD, made, f"openssl passwd {option}"
        yield form, PASSWORD, made.replace(f"${option[1]}$", {"1": "$md5-crypt$", "5": "$sha256-crypt$", "6": "$sha512-crypt$"}[option[1]]), "the same as Kratos has it"
    for options, form in ((("-B", "-C", "6"), "bcrypt"), (("-s",), "ldap"), (("-d",), "descrypt")):
        yield form, "short-9", said("htpasswd", "-nb", *options, "user", "short-9").removeprefix("user:"), "htpasswd " + " ".join(options)


def auth0(algorithm, value, **more):
    return json.dumps({"algorithm": algorithm, "hash": value, **more})


def as_json():
    data, salt, wide = PASSWORD.encode(), secrets.token_bytes(12), PASSWORD.encode("utf-16-le")
    for name in ("md5", "sha1", "sha256", "sha512"):
        digest = hashlib.new(name, data).hexdigest()
        yield "kratos-digest", PASSWORD, auth0(name, {"value": digest, "encoding": "hex"}), f"Auth0 {name}"
        salted = hashlib.new(name, b"pepper" + data).digest()
        yield ("kratos-digest", PASSWORD, auth0(name, {"value": b64(salted), "encoding": "base64"}, salt={"value": "pepper"}), f"Auth0 {name}, salt before")
        salted = hashlib.new(name, data + salt).digest()
        yield ("kratos-digest", PASSWORD, auth0(name, {"value": b64(salted), "encoding": "base64"},
                                                salt={"value": salt.hex(), "encoding": "hex", "position": "suffix"}), f"Auth0 {name}, salt behind")
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ripemd160"):
        made = subprocess.run(["openssl", "dgst", "-" + name, "-hmac", "key"], input=data, check=True, capture_output=True).stdout.decode().split()[-1]
        yield "hmac", PASSWORD, auth0("hmac", {"value": made, "encoding": "hex", "digest": name, "key": {"value": "key", "encoding": "utf8"}}), f"Auth0 hmac {name}"
    made = hashlib.scrypt(data, salt=salt, n=1024, r=4, p=2, dklen=32)
    yield ("scrypt", PASSWORD, auth0("scrypt", {"value": made.hex(), "encoding": "hex"}, salt={"value": b64(salt), "encoding": "base64"}, keylen=32, cost=1024,
                                     blockSize=4, parallelization=2), "Auth0 scrypt")
    yield ("scrypt", PASSWORD, auth0("scrypt", {"value": hashlib.scrypt(data, salt=b"salt", n=16384, r=8, p=1, dklen=64).hex(), "encoding": "hex"},
                                     salt={"value": "salt"}, keylen=64), "Auth0 scrypt, its defaults")
    made = hashlib.pbkdf2_hmac("sha512", data, salt, 20000, 64)
    yield "pbkdf2", PASSWORD, auth0("pbkdf2", {"value": f"$pbkdf2-sha512$i=20000,l=64${b64(salt)}${b64(made)}", "encoding": "utf8"}), "Auth0 pbkdf2"
    yield "ldap", PASSWORD, auth0("ldap", {"value": "{SSHA}" + b64(hashlib.sha1(data + salt).digest() + salt), "encoding": "utf8"}), "Auth0 ldap"
    import bcrypt
    yield "bcrypt", PASSWORD, auth0("bcrypt", {"value": bcrypt.hashpw(data, bcrypt.gensalt(6)).decode()}), "Auth0 bcrypt"
    from passlib.hash import nthash
    yield "nthash", PASSWORD, auth0("md4", {"value": nthash.hash(PASSWORD), "encoding": "hex"}, password={"encoding": "utf16le"}), "Auth0 md4 of UTF-16"
    for name, digest, length in (("pbkdf2", "sha1", 20), ("pbkdf2-sha256", "sha256", 64), ("pbkdf2-sha512", "sha512", 64)):
        made = hashlib.pbkdf2_hmac(digest, data, salt, 27500, length)
        secret, credential = {"value": b64(made), "salt": b64(salt), "additionalParameters": {}}, {"hashIterations": 27500, "algorithm": name}
        yield "pbkdf2", PASSWORD, json.dumps({"type": "password", "secretData": json.dumps(secret), "credentialData": json.dumps(credential)}), f"Keycloak {name}"
        yield "pbkdf2", PASSWORD, json.dumps({"secretData": secret, "credentialData": credential}), f"Keycloak {name}, objects"
    import argon2.low_level as low
    made = low.hash_secret_raw(data, salt, time_cost=5, memory_cost=7168, parallelism=1, hash_len=32, type=low.Type.ID)
    parameters = {"hashLength": ["32"], "memory": ["7168"], "type": ["id"], "version": ["1.3"], "parallelism": ["1"]}
    yield ("argon2", PASSWORD, json.dumps({"secretData": json.dumps({"value": b64(made), "salt": b64(salt)}),
                                           "credentialData": json.dumps({"hashIterations": 5, "algorithm": "argon2", "additionalParameters": parameters})}), "Keycloak argon2")


# In a process of their own: a sanitizer, which this one may run under, does not get on with Python's crypt.
if "--make" in sys.argv:
    print(json.dumps([*kept(), *by_passlib(), *by_others(), *as_json()]))
    sys.exit()

sys.path.insert(0, "tests/sql")
import reg

made = subprocess.run([sys.executable, __file__, "--make"], check=True, capture_output=True, text=True,
                      env={name: value for name, value in os.environ.items() if name != "LD_PRELOAD"})
HASHES = json.loads(made.stdout)
db = reg.ledger("hashes.db", json.dumps({"firebaseScrypt": PROJECT}))
listed = {name: (prefixes, strength) for name, prefixes, strength in db.execute("SELECT format, prefixes, strength FROM reg_hash_formats")}
seen = {form for form, *_ in HASHES}
reg.equal(sorted(set(listed) - seen), ["auth0", "firebase", "keycloak", "wrapped"], "every format of the list is tried, or stands for another")
for number, (form, password, stored, source) in enumerate(HASHES):
    reg.equal(reg.one(db, "SELECT reg_verify_password(?, ?)", (password, stored)), 1, f"{source}: {stored[:40]}")
    text = stored if not stored.startswith("{\"") else None
    if text is not None and reg.one(db, "SELECT reg_needs_rehash(?)", (text,)) != 1:
        reg.ok(form == "argon2", f"{source}: as strong as the settings ask")

# From a file, with the job.
ledger = os.path.join(reg.folder, "import.db")
people = os.path.join(reg.folder, "people.csv")
with open(people, "w", encoding="utf-8", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["email", "password_hash"])
    writer.writerows([f"p{number}@example.com", stored] for number, (_, _, stored, _) in enumerate(HASHES))
db = reg.ledger("import.db", json.dumps({"firebaseScrypt": PROJECT}))
job = subprocess.run([os.path.join(reg.BUILD, "regjob"), "-l", ledger, "import", people], capture_output=True, text=True)
reg.equal((job.returncode, job.stdout, job.stderr), (0, "", ""), "a file with all of them is imported")
reg.equal(db.execute("SELECT outcome, count(*) FROM reg_attempts GROUP BY 1").fetchall(), [("success", len(HASHES))], "everybody in it is registered")

FAST = ("md5crypt", "nthash", "descrypt", "ldap", "kratos-digest", "django-digest", "hmac")
rows = dict(db.execute("SELECT email, password_hash FROM person"))
for number, (form, password, stored, source) in enumerate(HASHES):
    kept_as = rows[f"p{number}@example.com"]
    if form in FAST:
        reg.ok(re.search(r"^[^{].*\$argon2id\$v=19\$m=8,t=1,p=1\$", kept_as) is not None, f"{source}: a fast hash is kept wrapped", stored, kept_as)
        digest = re.split(r"[$}]", stored)[-1]
        reg.ok(len(digest) < 12 or digest not in kept_as, f"{source}: and its digest is not there", kept_as)
    elif not kept_as.startswith(("crypt", "pbkdf2-", "scrypt:")):
        reg.ok(stored.startswith("{") or kept_as in stored or "argon2" in stored or stored.startswith("$sha"), f"{source}: is kept as it came", stored, kept_as)
wrapped = {form for number, (form, *_) in enumerate(HASHES) if "$argon2id$" in rows[f"p{number}@example.com"][1:]}
reg.equal(sorted(wrapped - set(FAST)), ["bcrypt", "bsdicrypt", "django-bcrypt-sha256", "gost-yescrypt", "pbkdf2", "scrypt", "sha1crypt", "sha256crypt", "yescrypt"],
          "of the others, those whose parameters make them fast are wrapped")

counted = {form: (hashes, weaker) for form, _, hashes, weaker in db.execute("SELECT * FROM reg_password_formats")}
reg.equal(sum(hashes for hashes, _ in counted.values()), len(HASHES), "reg_password_formats counts them all")
reg.equal(counted["wrapped"][0], sum("$argon2id$" in kept_as[1:] for kept_as in rows.values()), "the wrapped among them")
for form in ("bcrypt", "yescrypt", "gost-yescrypt", "crypt-scrypt", "firebase-scrypt", "scrypt", "django-scrypt"):
    if form not in wrapped:
        reg.equal(counted[form], (sum(kind == form for kind, *_ in HASHES),) * 2, f"and the {form}, all of them weaker than the settings ask")

for number, (form, password, stored, source) in enumerate(HASHES):
    address = f"p{number}@example.com"
    answers = [reg.one(db, "SELECT reg_verify_login(?, ?)", (address, typed)) for typed in (WRONG, password)]
    reg.equal(answers, [0, 1], f"{source}: logs in by the old password, and by no other")
reg.equal(db.execute("SELECT format, strength, hashes, weaker FROM reg_password_formats").fetchall(), [("argon2", "memory-hard", len(HASHES), 0)],
          "then all hashes are as the settings ask for them")
reg.equal(reg.one(db, "SELECT count(*) FROM person WHERE password_hash GLOB '$argon2id$v=19$m=*,t=*,p=*$*$*'"), len(HASHES), "each in its place")
for number, (form, password, stored, source) in enumerate(HASHES):
    address = f"p{number}@example.com"
    answers = [reg.one(db, "SELECT reg_verify_login(?, ?)", (address, typed)) for typed in (WRONG, password)]
    if answers != [0, 1]:
        reg.equal(answers, [0, 1], f"{source}: logs in again")
reg.done()
