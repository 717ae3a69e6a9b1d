#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Passwords that are hashed before the INSERT which registers them: reg_prepare_password()."""
import hashlib
import resource
import sys

sys.path.insert(0, "tests/sql")
import reg

GOOD, OTHER = "A9#bL8@z-one", "B7#cM6@y-two"


def sign_up(db, name, password, prepared, column="password"):
    db.execute(f"INSERT INTO reg_attempts (email, {column}, password_hash) VALUES (?, ?, ?)", (name + "@example.com", password, prepared))


def stored(db, name):
    return reg.one(db, "SELECT password_hash FROM person WHERE email = ?", (name + "@example.com",))


def verifies(db, name, password):
    return reg.one(db, "SELECT reg_verify_password(?, ?)", (password, stored(db, name)))


def hash_of(prepared):
    return prepared.split(":", 2)[2]


db = reg.ledger("prepared.db")
prepared = reg.one(db, "SELECT reg_prepare_password(?)", (GOOD,))
reg.ok(GOOD not in prepared and len(prepared) <= 265, "what is prepared does not show the password")
sign_up(db, "ann", GOOD, prepared)
reg.equal(stored(db, "ann"), hash_of(prepared), "the INSERT stores the hash that was prepared")
reg.equal(verifies(db, "ann", GOOD), 1, "it is the password's")
reg.ok(reg.one(db, "SELECT reg_prepare_password(?)", (GOOD,)) != prepared, "the salt is new each time")

second = reg.connect("prepared.db")
sign_up(second, "another", GOOD, prepared)
reg.equal(stored(db, "another"), hash_of(prepared), "another connection to the ledger takes it, too")

# The password is judged whatever was prepared.
weak = reg.one(db, "SELECT reg_prepare_password('short')")
sign_up(db, "weak", "short", weak)
reg.equal(db.execute("SELECT outcome, failure_reason FROM reg_attempts WHERE email = 'weak@example.com'").fetchone(), ("failure", "password_too_short"),
          "a password that the policy refuses stays refused")
reg.equal(stored(db, "weak"), None, "and no hash of it is kept")

# What was made of something else counts for nothing.
digit = prepared.index(":") + 1
forged = prepared[:digit] + ("0" if prepared[digit] != "0" else "1") + prepared[digit + 1:]
elsewhere = reg.one(reg.ledger("elsewhere.db"), "SELECT reg_prepare_password(?)", (GOOD,))
swapped = prepared[:prepared.index("$")] + hash_of(reg.one(db, "SELECT reg_prepare_password(?)", (OTHER,)))
for name, password, given in (("other", OTHER, prepared), ("forged", GOOD, forged), ("elsewhere", GOOD, elsewhere), ("swapped", GOOD, swapped),
                              ("cut", GOOD, prepared[:40]), ("empty", GOOD, "prepared:"), ("long", GOOD, prepared + "x" * 1000)):
    sign_up(db, name, password, given)
    reg.ok(stored(db, name) not in (hash_of(prepared), hash_of(swapped)) and verifies(db, name, password) == 1,
           f"{name}: hashed by the INSERT, of the password that came", stored(db, name))
db.execute("INSERT INTO reg_attempts (email, password_hash) VALUES ('alone@example.com', ?)", (prepared,))
reg.equal(reg.one(db, "SELECT failure_reason FROM reg_attempts WHERE email = 'alone@example.com'"), "password_hash_invalid", "without its password it is no hash")

db.execute("""SELECT reg_settings_patch('{"passwordHash":{"memoryKiB":16,"passes":2}}')""").fetchall()
sign_up(db, "costlier", GOOD, prepared)
reg.ok("$m=16,t=2," in stored(db, "costlier"), "prepared at a cost that has changed since: hashed at the new one", stored(db, "costlier"))

digest = hashlib.md5(GOOD.encode()).hexdigest().upper()
wrapped = reg.one(db, "SELECT reg_prepare_password(?, 'md5')", (digest,))
sign_up(db, "md5", digest, wrapped, "password_md5")
reg.equal(stored(db, "md5"), hash_of(wrapped), "an MD5 is prepared likewise")
reg.equal(verifies(db, "md5", GOOD), 1, "and is the password's")
sign_up(db, "kind", digest.lower(), wrapped)
reg.ok(stored(db, "kind") != hash_of(wrapped), "prepared as an MD5, it is no hash of a password in clear")

# Nothing is hashed under the lock: a hash of half a gigabyte, prepared, and then an INSERT that has not the memory to make it.
if not reg.ASAN:  # whose own address space is larger
    db.execute("""SELECT reg_settings_patch('{"passwordHash":{"memoryKiB":524288,"passes":1},"passwordHashLimit":{"memoryKiB":524288,"passes":1}}')""").fetchall()
    costly = reg.one(db, "SELECT reg_prepare_password(?)", (GOOD,))
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), resource.RLIM_INFINITY))
    sign_up(db, "costly", GOOD, costly)
    try:
        sign_up(db, "unprepared", GOOD, None)
        refused = "nothing"
    except MemoryError:
        refused = "memory"
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    reg.equal(stored(db, "costly"), hash_of(costly), "an INSERT needs no memory for what was prepared")
    reg.equal(refused, "memory", "and has not the memory to hash by itself")
reg.done()
