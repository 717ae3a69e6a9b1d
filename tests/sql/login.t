#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""reg_verify_login(): whom a subject means, what is stored after it, and that nobody learns who has an account."""
import hashlib
import json
import os
import resource
import sys

sys.path.insert(0, "tests/sql")
import reg

OLD, NEW = "{SSHA}" + __import__("base64").b64encode(hashlib.sha1(b"secret-1salt").digest() + b"salt").decode(), "A9#bL8@z-one"
BUSY = "database is locked"


def login(db, subject, password):
    return reg.one(db, "SELECT reg_verify_login(?, ?)", (subject, password))


def stored(db, name):
    return reg.one(db, "SELECT password_hash FROM person WHERE email = ?", (name + "@example.com",))


def sign_up(db, name, **columns):
    columns = {"email": name + "@example.com", **columns}
    db.execute(f"INSERT INTO reg_attempts ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", tuple(columns.values()))


db = reg.ledger("login.db", '{"defaultCountry":"CA"}')
sign_up(db, "ann", username="Ann.Smith", phone="+16045550123", password_hash=OLD)
for subject in ("ann@example.com", "ANN@Example.COM", "+16045550123", "604 555 0123", "ann.smith"):
    reg.equal([login(db, subject, typed) for typed in ("secret-1", "secret-2", "", "secret-1 ")], [1, 0, 0, 0], f"by {subject}")
reg.equal([login(db, *pair) for pair in ((None, "secret-1"), ("ann@example.com", None))], [None, None], "NULL for NULL")
reg.equal([login(db, subject, "secret-1") for subject in ("", "nobody@example.com", "+16045550124", "ann@example.org", "1' OR 1=1 --", "x" * 10000)], [0] * 6, "nobody's subjects")

# Hashed anew only where that is due.
first = stored(db, "ann")
login(db, "ann@example.com", "secret-1")
reg.equal(stored(db, "ann"), first, "a hash that is strong enough stays")
reg.ok(first.startswith("$argon2id$v=19$m=8,t=1,p=1$"), "it is as the settings ask", first)
db.execute("""SELECT reg_settings_patch('{"passwordHash":{"memoryKiB":64,"passes":2}}')""").fetchall()
login(db, "ann@example.com", "wrong")
reg.equal(stored(db, "ann"), first, "a wrong password changes nothing")
login(db, "ann@example.com", "secret-1")
reg.ok(stored(db, "ann").startswith("$argon2id$v=19$m=64,t=2,p=1$"), "settings that ask for more are followed at the next log-in", stored(db, "ann"))
reg.equal(db.execute("SELECT count(*), count(DISTINCT recorded_at) FROM reg_attempts").fetchone(), (1, 1), "no attempt is added")

# Who has no password, or is no customer.
sign_up(db, "third", identity_provider="google", identity_subject="17")
sign_up(db, "failed", password="short")
reg.equal([login(db, name + "@example.com", typed) for name, typed in (("third", ""), ("failed", "short"))], [0, 0], "nobody without a password logs in")
db.execute("""SELECT reg_settings_patch('{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}')""").fetchall()
sign_up(db, "waits", password=NEW)
reg.equal(login(db, "waits@example.com", NEW), 0, "nor anybody who has not confirmed")
code = reg.one(db, "SELECT reg_issue_code('waits@example.com', 'none')")
reg.equal((reg.one(db, "SELECT reg_verify_code('waits@example.com', ?)", (code,)), login(db, "waits@example.com", NEW)), ("verified", 1), "but then")
db.execute("""SELECT reg_settings_patch('{"registrationType":"AUTOMATIC","uniqueEmail":false}')""").fetchall()
sign_up(db, "twice", password=NEW)
sign_up(db, "twice", password=NEW)
reg.equal(login(db, "twice@example.com", NEW), 0, "an address of two customers names neither")
db.execute("SELECT reg_forget('waits@example.com')").fetchall()
reg.equal(login(db, "waits@example.com", NEW), 0, "nobody who is erased")
db.execute("UPDATE person SET password_hash = 'damaged' WHERE email = 'ann@example.com'")
reg.equal(login(db, "ann@example.com", "secret-1"), 0, "a hash that cannot be read lets nobody in, and is no error")

# As it was typed where the hash was made, though the policy reads it in another form.
db.execute("""SELECT reg_settings_patch('{"passwordPolicy":"nist","uniqueEmail":true}')""").fetchall()
typed, form = "ﬁve ﬁsh swim in a ﬂask", "five fish swim in a flask"
sign_up(db, "nfkc", password_hash="sha1$$" + hashlib.sha1(typed.encode()).hexdigest())
reg.equal([login(db, "nfkc@example.com", word) for word in (form, typed, form, typed)], [0, 1, 1, 1], "as typed at first, and in the policy's form ever after")

# Locks: another connection writes, and is not waited for longer than the host says.
db = reg.ledger("locks.db")
db.execute("PRAGMA busy_timeout = 0")
sign_up(db, "ann", password_hash=OLD)
other = reg.connect("locks.db")
other.execute("BEGIN IMMEDIATE")
first = stored(db, "ann")
reg.equal((login(db, "ann@example.com", "secret-1"), stored(db, "ann")), (1, first), "while somebody else writes the log-in is right and the old hash stays")
other.execute("INSERT INTO reg_attempts (email, password) VALUES ('bob@example.com', ?)", (NEW,))
other.execute("COMMIT")
reg.equal(login(db, "ann@example.com", "secret-1"), 1, "and afterwards")
reg.ok(stored(db, "ann") != first, "it is replaced", first)

# The lock is taken for one statement: what is run between BEGIN and COMMIT hashes nothing.
sign_up(db, "cat", password_hash=OLD)
ran = []
db.set_trace_callback(lambda sql: ran.append(sql.removeprefix("-- ")))  # as SQLite shows statements within a statement
login(db, "cat@example.com", "secret-1")
db.set_trace_callback(None)
begun = [number for number, sql in enumerate(ran) if sql.startswith("BEGIN")]
ended = [number for number, sql in enumerate(ran) if sql.startswith("COMMIT")]
reg.ok(len(begun) == 1 and len(ended) == 1, "one transaction", *ran)
within = [sql for sql in ran[begun[0] + 1:ended[0]] if not sql.startswith("PRAGMA main.schema_version")]  # whether somebody has upgraded the ledger
reg.ok(len(within) == 1 and within[0].startswith("UPDATE person SET password_hash"), "of one statement", *within)

# In a transaction of the caller's it is part of that.
sign_up(db, "dan", password_hash=OLD)
first = stored(db, "dan")
db.execute("BEGIN")
reg.equal(login(db, "dan@example.com", "secret-1"), 1, "within a transaction")
reg.ok(stored(db, "dan") != first, "the new hash is in it")
db.execute("ROLLBACK")
reg.equal(stored(db, "dan"), first, "and rolled back with it")
reg.equal(db.execute("SELECT reg_verify_login(email, 'secret-1') FROM person WHERE email IN ('dan@example.com', 'cat@example.com') ORDER BY email").fetchall(), [(1,), (1,)],
          "in a query over customers, too")

# Somebody else's news goes before: the hash that was verified is replaced, and no other.
sign_up(db, "eve", password_hash=OLD)
first = stored(db, "eve")
db.set_trace_callback(lambda sql: sql.startswith("-- BEGIN") and other.execute("UPDATE person SET password_hash = 'another' WHERE email = 'eve@example.com'"))
answer = login(db, "eve@example.com", "secret-1")
db.set_trace_callback(None)
reg.equal((answer, stored(db, "eve")), (1, "another"), "a hash that somebody has changed meanwhile is left alone")

# A copy that cannot be written.
sign_up(db, "fay", password_hash=OLD)
first = stored(db, "fay")
db.execute("PRAGMA query_only = 1")
reg.equal((login(db, "fay@example.com", "secret-1"), login(db, "fay@example.com", "x"), stored(db, "fay")), (1, 0, first), "read-only: verified, and left as it is")
db.execute("PRAGMA query_only = 0")

# Nothing is hashed under the lock: from BEGIN to COMMIT there is not the memory for it.
if not reg.ASAN:  # whose own address space is larger
    def starve(sql):
        if sql.startswith("-- BEGIN"):
            used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), resource.RLIM_INFINITY))
        elif sql.startswith("-- COMMIT"):
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    db.execute("""SELECT reg_settings_patch('{"passwordHash":{"memoryKiB":262144,"passes":1}}')""").fetchall()
    sign_up(db, "gus", password_hash="$2b$06$SOWHsfavU1MzfaA/b1e1xOUoBxf58Q5diQ.vPlmMSPHz640iMiPUu")
    db.set_trace_callback(starve)
    answer = login(db, "gus@example.com", "corréct horse 9")
    db.set_trace_callback(None)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    reg.equal((answer, stored(db, "gus")[:31]), (1, "$argon2id$v=19$m=262144,t=1,p=1"), "the new hash was made before the lock was taken")
    db.execute("""SELECT reg_settings_patch('{"passwordHash":{"memoryKiB":8,"passes":1}}')""").fetchall()

# Nobody's subject costs a hash as the settings ask for it: its memory is used. In a process of its own, which has used none before.
if not reg.ASAN:
    bomb = "$argon2id$v=19$m=1048576,t=1,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG/GxRrvY0uGk"
    db.execute("""SELECT reg_settings_patch('{"passwordHash":{"memoryKiB":262144,"passes":1}}')""").fetchall()
    db.execute("""INSERT INTO reg_attempts (email, outcome) VALUES ('told@example.com', 'success')""")
    for what, sql, least, most in (("a costly hash is refused before its memory is taken", f"SELECT reg_verify_password('x', '{bomb}')", 0, 100),
                                   ("an unknown subject takes a hash of the settings' cost", "SELECT reg_verify_login('nobody@example.com', 'x')", 256, 400),
                                   ("so does a text that can be no subject", "SELECT reg_verify_login('', 'x')", 256, 400),
                                   ("and a customer without a password", "SELECT reg_verify_login('told@example.com', 'x')", 256, 400)):
        child = os.fork()
        if child == 0:
            alone = reg.connect("locks.db")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            try:
                alone.execute(sql).fetchall()
            except reg.sqlite3.OperationalError:
                pass
            used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
            os._exit(0 if least - 60 <= used <= most else 1)
        reg.equal(os.waitpid(child, 0)[1], 0, what)
reg.done()
