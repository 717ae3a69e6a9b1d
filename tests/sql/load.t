#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Loading: it needs no readable database, a load that fails leaves the host alive, and there is one SQLite library in a process.

Each host is a process of its own, since what these loads once did was to kill it.
"""
import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg

# A host: opens URI, loads, asks, closes, and shows that it is still well by a second connection. Each line is what one step said.
HOST = """
import gc, sqlite3, sys
uri, library, forbidden = sys.argv[1:]
def say(what):
    try:
        print(what())
    except Exception as error:
        print(type(error).__name__ + ": " + str(error))
def connect(uri):
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)
    db.enable_load_extension(True)
    if forbidden and uri == sys.argv[1]:
        db.set_authorizer(lambda action, *what: sqlite3.SQLITE_DENY if str(action) in forbidden.split() else sqlite3.SQLITE_OK)
    return db
db = connect(uri)
say(lambda: db.load_extension(library))
for sql in ("SELECT reg_mask('ada@example.com')", "SELECT reg_email_exists('ada@example.com')", "SELECT count(*) FROM reg_attempts", "SELECT reg_hash_password('x', 'md5')"):
    say(lambda: db.execute(sql).fetchone()[0])
db.close()
del db
gc.collect()
again = connect(":memory:")
say(lambda: again.load_extension(library))
say(lambda: again.execute("SELECT reg_init()").fetchone()[0] > 0)
say(lambda: again.execute("SELECT count(*) FROM reg_attempts").fetchone()[0])
"""
MD5 = "9DD4E461268C8034F5C8564E155C67A6"
ALIVE = ["None", "True", "0"]


def host(uri, forbidden=""):
    done = subprocess.run([sys.executable, "-c", HOST, uri, reg.LIBRARY, forbidden], stdout=subprocess.PIPE, text=True)
    return ([str(done.returncode)] + done.stdout.splitlines() + [""] * 9)[:9]


def path(name):
    return os.path.join(reg.folder, name)


def loads(name, uri, asked, read, forbidden="", masked="a***@example.com", md5=MD5):
    """`asked`: what a function that reads the ledger says; `read`: what SQLite says of a table."""
    reg.equal(host(uri, forbidden), ["0", "None", masked, asked, read, md5] + ALIVE, name)


reg.ledger("good.db").close()
loads("a ledger", f"file:{path('good.db')}", "0", "0")

with open(path("noise.db"), "wb") as noise:
    noise.write(bytes(range(256)) * 32)
loads("a file that is no database", f"file:{path('noise.db')}", "DatabaseError: reg_email_exists: file is not a database", "DatabaseError: file is not a database")

with sqlite3.connect(path("malformed.db")) as db:
    db.execute("CREATE TABLE theirs(x)")
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_schema SET sql = 'CREATE TABLE theirs('")
db.close()
malformed = "malformed database schema (theirs) - incomplete input"
loads("a malformed schema", f"file:{path('malformed.db')}", f"DatabaseError: reg_email_exists: {malformed}", f"DatabaseError: {malformed}")

holder = sqlite3.connect(path("locked.db"), isolation_level=None)
holder.execute("CREATE TABLE theirs(x)")
holder.execute("BEGIN EXCLUSIVE")
loads("a database that another process has locked", f"file:{path('locked.db')}", "OperationalError: reg_email_exists: database is locked", "OperationalError: database is locked")
holder.close()

# 20: SQLITE_READ, 21: SQLITE_SELECT, 19: SQLITE_PRAGMA
for forbidden in ("20", "19", "19 20"):
    got = host(f"file:{path('good.db')}", forbidden)
    reg.equal([got[0], got[1], got[2], got[5]] + got[6:], ["0", "None", "a***@example.com", MD5] + ALIVE, f"an authorizer that forbids {forbidden}: the host loads and lives")
    reg.ok("reg_email_exists: " in got[3] and ("prohibited" in got[3] or "not authorized" in got[3]), f"and a function says so: {got[3]}")
got = host(f"file:{path('good.db')}", "21")
reg.equal([got[0], got[1]] + got[6:], ["0", "None"] + ALIVE, "an authorizer that forbids SELECT: the host loads and lives")

# As on read-only ground: without -wal and -shm, and nothing may be made.
shutil.copy(path("good.db"), path("copy.db"))
reg.equal(open(path("copy.db"), "rb").read()[18:20], b"\2\2", "the copy is in WAL mode")
ground = f"file:{path('copy.db')}?mode=ro&readonly_shm=1"
def advice(file):
    return f"cannot create {file}-shm, which reading a WAL ledger needs: copy the ledger to a writable folder, or open a copy that nobody writes to as file:{file}?immutable=1"


loads("a copy in WAL mode on read-only ground", ground, f"OperationalError: reg_email_exists: unable to open database file: {advice(path('copy.db'))}",
      "OperationalError: unable to open database file")
loads("which can be read as that says", f"file:{path('copy.db')}?immutable=1", "0", "0")

# On ground that really is, for whoever may not write there: the stock shell and the job.
GROUND = path("ground")
os.chmod(reg.folder, 0o755)
os.mkdir(GROUND)
for source in (path("good.db"), reg.LIBRARY + ".so", os.path.join(os.path.dirname(reg.LIBRARY), "regjob")):
    shutil.copy(source, GROUND)
    os.chmod(os.path.join(GROUND, os.path.basename(source)), 0o555 if "." not in os.path.basename(source) else 0o444)
os.chmod(GROUND, 0o555)
file = os.path.join(GROUND, "good.db")
nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []


def run(*command, sql=""):
    done = subprocess.run(nobody + list(command), input=sql, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/")
    return done.returncode, done.stdout.strip()


code, said = run("sqlite3", "-batch", file, sql=f".load {GROUND}/reg\nSELECT reg_email_exists('a@example.com');\n")
# A newer one reads the schema first, and then we are not asked.
reg.ok(f"reg_email_exists: attempt to write a readonly database: {advice(file)}" in said or said.startswith("Parse error near line 2: attempt to write a readonly database"),
       "the shell, who may not write there", said)
reg.equal(run("sqlite3", "-batch", f"file:{file}?immutable=1", sql=f".load {GROUND}/reg\nSELECT count(*) FROM reg_attempts;\n"), (0, "0"), "and as it says")
reg.equal(run(f"{GROUND}/regjob", "-l", file, "status"), (1, f"regjob: {file}: attempt to write a readonly database: {advice(file)}"), "the job")
os.chmod(GROUND, 0o755)

# Two SQLite libraries in one process, as two npm packages bring them: one loaded library has one table of SQLite's functions.
TWO = """
import ctypes, os, sqlite3, sys
library, copy, order = sys.argv[1:]
first = sqlite3.connect(":memory:")
first.enable_load_extension(True)
second = ctypes.CDLL(copy, mode=os.RTLD_LOCAL)
assert ctypes.cast(second.sqlite3_open, ctypes.c_void_p).value != ctypes.cast(ctypes.CDLL("libsqlite3.so.0").sqlite3_open, ctypes.c_void_p).value
second.sqlite3_free.argtypes = [ctypes.c_void_p]
handle = ctypes.c_void_p()
second.sqlite3_open(b":memory:", ctypes.byref(handle))
second.sqlite3_enable_load_extension(handle, 1)
def load_first():
    try:
        print("first", first.load_extension(library))
    except sqlite3.Error as error:
        print("first", error)
def load_second():
    message = ctypes.c_char_p()
    print("second", second.sqlite3_load_extension(handle, library.encode(), None, ctypes.byref(message)), (message.value or b"").decode())
for step in order.split():
    (load_first if step == "first" else load_second)()
for sql in ("SELECT reg_init() > 0", "SELECT count(*) FROM reg_attempts", "SELECT reg_mask('ada@example.com')"):
    try:
        print(first.execute(sql).fetchone()[0])
    except sqlite3.Error as error:
        print(error)
first.close()
print(second.sqlite3_exec(handle, b"SELECT reg_mask('ada@example.com')", None, None, None), second.sqlite3_close(handle))
"""
shared = os.path.realpath(next(line.split()[-1] for line in open("/proc/self/maps") if "libsqlite3.so" in line))
shutil.copy(shared, path("another-sqlite.so"))
REFUSED = ("this process has loaded it into another SQLite library (%s), and this is a second one (%s): the two would call each other's functions; "
           "use one SQLite library in a process") % (sqlite3.sqlite_version, sqlite3.sqlite_version)


def two(order):
    done = subprocess.run([sys.executable, "-c", TWO, reg.LIBRARY, path("another-sqlite.so"), order], stdout=subprocess.PIPE, text=True)
    return [str(done.returncode)] + done.stdout.splitlines()


reg.equal(two("first second first"), ["0", "first None", f"second 1 error during initialization: reg: {REFUSED}", "first None", "1", "0", "a***@example.com", "1 0"], "a second SQLite library is refused, the first goes on")
reg.equal(two("second first"), ["0", "second 0 ", f"first error during initialization: reg: {REFUSED}", "no such function: reg_init", "no such table: reg_attempts", "no such function: reg_mask", "0 0"],
          "whichever comes first")

# `.load reg`, as far as it works.
for environment, expected in (({"LD_LIBRARY_PATH": os.path.dirname(reg.LIBRARY)}, (0, "1")), ({}, (1, None))):
    done = subprocess.run(["sqlite3", "-batch", "-bail"], input=".load reg\nSELECT reg_version() <> '';\n", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          cwd=reg.folder, env={**os.environ, **environment})
    reg.equal((done.returncode, done.stdout.strip() or None), expected, f".load reg with {environment or 'nothing'}")

# Under any file name: sqlite3_extension_init.
shutil.copy(reg.LIBRARY + ".so", path("renamed-1.2.so"))
db = sqlite3.connect(":memory:")
db.enable_load_extension(True)
db.load_extension(path("renamed-1.2"))
reg.equal(reg.one(db, "SELECT reg_version() <> ''"), 1, "a library that was renamed loads without naming an entry point")
db.close()

# Again while a statement runs, as SELECT load_extension() does it.
db = sqlite3.connect(":memory:", isolation_level=None)
db.enable_load_extension(True)
for _ in range(2):
    reg.equal(reg.one(db, "SELECT load_extension(?)", (reg.LIBRARY,)), None, "SELECT load_extension(), and once more")
reg.equal(reg.one(db, "SELECT reg_init() > 0"), 1, "and all is there")
db.close()
reg.done()
