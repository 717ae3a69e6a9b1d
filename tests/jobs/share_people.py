# SPDX-License-Identifier: MIT
"""People for the tests of a share: `signups` writes them as CSV; `search LEDGER FILE` looks for all that is theirs in the bytes of a file; `columns LEDGER SHARE` compares
what the two have in each column; `derive LEDGER SHARE` computes pseudonyms anew."""
import csv
import sqlite3
import sys

PERSONAL = {
    "person": "email email_folded phone username username_folded uuid identity_subject name given_name family_name birth_date birth_place custom_id device_id ip_address user_agent password_hash",
    "recipient": "address device_id", "link": "identity_subject", "code": "nonce", "fingerprint": "sealed", "ledger": "uuid subject_salt", "import": "name digest",
    "import_batch": "prefix", "reject": "message", "try": "owner",
}
# What a share has otherwise than the ledger, or not at all; everything else is the same, row by row.
CHANGED = {
    "setting": {"json"}, "run": {"counts", "owner"}, "import": {"name", "digest", "form"}, "import_batch": {"prefix"}, "reject": {"message"},
    "attempt": {"told_reason", "source_id", "account_group_id", "device_type", "manufacturer", "model", "os", "language", "app_name", "app_domain", "captcha", "consents"},
    "person": {"email", "email_folded", "email_key", "phone", "phone_key", "username", "username_folded", "username_key", "uuid", "uuid_key", "identity_subject", "identity_key", "name",
               "given_name", "family_name", "birth_date", "birth_place", "gender", "custom_id", "device_id", "ip_address", "latitude", "longitude", "user_agent", "password_hash"},
    "link": {"identity_key", "identity_subject"}, "code": {"nonce"}, "try": {"owner", "answer"}, "step": {"reference", "status"}, "subject_merged": {"key"},
    "ledger": {"uuid", "subject_salt", "created_at"},
}
LEFT_OUT = {"fingerprint", "recipient", "given_code"}


def signups():
    columns = ("email username phone name given_name family_name birth_date birth_place gender country uuid custom_id device_id ip_address latitude longitude user_agent model manufacturer "
               "source_id account_group_id captcha app_name password password_sha256 outcome failure_reason attempted_at consent_terms language told").split()[:-1]
    out = csv.DictWriter(sys.stdout, columns)
    out.writeheader()
    for i in range(12):  # wait for their codes
        out.writerow(dict(email=f"quimby{i}@example.com", username=f"quimby-user-{i}", phone=f"+16045550{i:03}", name=f"Zebulon Quackenbush{i}", given_name="Zebulon",
                          family_name=f"Quackenbush{i}", birth_date=f"19{60 + i}-04-17", birth_place=f"Wollongong {i}", gender="female", country="CA",
                          uuid=f"0a1b2c3d-4e5f-4a6b-8c7d-00000000{i:04}", custom_id=f"custom-identifier-{i}", device_id=f"device-serial-{i % 3}", ip_address=f"198.51.100.{10 + i % 2}",
                          latitude="49.2827", longitude="-123.1207", user_agent=f"Mozilla/5.0 quimby-agent-{i}", model="Pixel 9", source_id=f"mail of quimby{i}@example.com",
                          app_name=f"App of Zebulon Quackenbush{i}", account_group_id=f"household-{i}", captcha=f"captcha-token-{i}", password="Abcdef1!", consent_terms="accepted",
                          manufacturer=f"call 604 555 0{i:03} now"))
    for i in range(12):  # decided elsewhere, and so reported
        out.writerow(dict(email=f"told{i}@example.org", phone="+16045557701" if i == 3 else None, name=f"Told{i} Quartermaine", ip_address="2001:db8:7::1" if i < 6 else "198.51.100.77",
                          device_id="device-serial-storm", password_sha256="ef92b778bafe771e89245b89ecbc08a44a4e166c06659911881f383d4473e94f",
                          outcome="success" if i % 3 else "failure", failure_reason=None if i % 3 else f"told{i} by Quartermaine"))
    for i in range(6):  # again, within the hour
        out.writerow(dict(email="QUIMBY1@example.com", device_id="device-serial-storm", ip_address="2001:db8:7::1", password="short"))


def search(ledger, file):
    found = []
    content = open(file, "rb").read()
    values = {b"SGVyZWlzdGhlc2lnbmVya2V5b2Z0aGVwcm9qZWN0", b"secret-host", b"zebulon", b"captcha-token", b"household-", b"sumsub-reference-77", b"sub-99887766", b"no such person",
              b"Quartermaine", b"has moved", b"zz-broken-line-zz", b"Wollongong", b"mail of", b"604 555"}
    database = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    key = open(ledger + ".key", "rb").read()
    values |= {key, key.hex().encode()}
    for table, columns in PERSONAL.items():
        for column in columns.split():
            for value, in database.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"):
                if isinstance(value, bytes):
                    values |= {value, value.hex().encode(), value.hex().upper().encode()}
                elif len(str(value)) >= 4:
                    values.add(str(value).encode())
    folded = content.lower()
    for value in values:
        if value in content or (value.isascii() and value.lower() in folded):
            found.append(value)
    print(len(values), "values,", len(found), "found:", sorted(found)[:10])
    return 1 if found or len(values) < 200 else 0


def columns(ledger, share):
    database = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    database.execute("ATTACH ? AS other", (f"file:{share}?mode=ro",))
    wrong = 0
    for table, in database.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").fetchall():
        names = [row[1] for row in database.execute(f"PRAGMA main.table_info({table})")]
        same = ", ".join(name for name in names if name not in CHANGED.get(table, set())) or "1"
        left, right = (sorted(map(repr, database.execute(f"SELECT {same} FROM {schema}.{table}"))) for schema in ("main", "other"))
        if (right != [] if table in LEFT_OUT else left != right):
            wrong += 1
            print(table, "differs:", len(left), len(right), *[pair for pair in zip(left, right) if pair[0] != pair[1]][:1])
    views = [{row[0] for row in database.execute(f"SELECT name FROM {schema}.sqlite_schema WHERE type = 'view'")} for schema in ("main", "other")]
    return 1 if wrong or views[0] != views[1] else 0


def derive(ledger, share):
    """The pseudonyms of a stable share, computed anew: BLAKE2b under the fourth subkey of the ledger's key, which is BLAKE2b again (libsodium's crypto_kdf)."""
    import hashlib
    master = open(ledger + ".key", "rb").read()
    key = hashlib.blake2b(b"", digest_size=32, key=master, salt=(4).to_bytes(8, "little") + bytes(8), person=b"sqlitreg" + bytes(8)).digest()
    database = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    database.execute("ATTACH ? AS other", (f"file:{share}?mode=ro",))
    wrong = 0
    rows = database.execute("SELECT p.email_folded, q.email, p.device_id, q.device_id FROM main.person p JOIN other.person q USING (attempt_id)").fetchall()
    for email, shared, device, shared_device in rows:
        for kind, value, made, frame in ((0, email, shared, "{}@" + (email or "@").split("@")[1]), (5, device, shared_device, "device-{}")):
            if value is not None:
                digest = hashlib.blake2b(bytes([kind]) + value.encode(), digest_size=16, key=key).digest()
                letters = "".join("bcdfghjklmnpqrst"[digest[i // 2] >> i % 2 * 4 & 15] for i in range(24))
                wrong += made != frame.format(letters)
    return 1 if wrong or len(rows) < 20 else 0


sys.exit({"derive": derive, "signups": signups, "search": search, "columns": columns}[sys.argv[1]](*sys.argv[2:]))
