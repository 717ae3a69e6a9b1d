# SPDX-License-Identifier: MIT
"""The extension in Python's sqlite3, for tests that need a connection of their own or a moving clock.

Import it first: where the build wants a sanitizer, or `import reg` follows `os.environ["CLOCK"]`, the
process starts itself anew under the libraries that this takes.
"""
import datetime
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", "build")
LIBRARY = os.path.abspath(BUILD + "/reg")
ASAN = BUILD.endswith("/asan")


def _start_anew():
    libraries = []
    if os.environ.get("CLOCK"):
        multiarch = subprocess.check_output(["gcc", "-print-multiarch"], text=True).strip()
        libraries.append(f"/usr/lib/{multiarch}/faketime/libfaketime.so.1")
    if ASAN:
        libraries.append(subprocess.check_output(["gcc", "-print-file-name=libasan.so"], text=True).strip())
    if not libraries or os.environ.get("LD_PRELOAD"):
        return
    environment = dict(os.environ, LD_PRELOAD=":".join(libraries), TZ="UTC",
                       FAKETIME_NO_CACHE="1", FAKETIME="2026-01-01 00:00:00")
    # The interpreter itself keeps memory to its end.
    environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    environment["PYTHONMALLOC"] = "malloc"
    os.execve(sys.executable, [sys.executable] + sys.argv, environment)


_start_anew()
folder = tempfile.mkdtemp(prefix="reg-sql.")
_tests = 0
_failures = 0


def set_clock(milliseconds):
    """Lets the clock stand at that many milliseconds since 1970."""
    moment = datetime.datetime.utcfromtimestamp(milliseconds // 1000)
    os.environ["FAKETIME"] = moment.strftime("%Y-%m-%d %H:%M:%S") + ".%03d5" % (milliseconds % 1000)  # 5: it reads a fraction, and rounds down


def connect(name=None, **options):
    path = os.path.join(folder, name) if name else ":memory:"
    connection = sqlite3.connect(path, isolation_level=None, **options)
    connection.enable_load_extension(True)
    connection.load_extension(LIBRARY)
    connection.enable_load_extension(False)
    return connection


CHEAP = '{"passwordHash":{"memoryKiB":8,"passes":1},"requiredConsents":[]}'


def ledger(name=None, settings="{}"):
    connection = connect(name)
    connection.execute("SELECT reg_init()").fetchall()
    connection.execute("SELECT reg_settings_patch(?)", (CHEAP,)).fetchall()
    connection.execute("SELECT reg_settings_patch(?)", (settings,)).fetchall()
    return connection


def one(connection, sql, parameters=()):
    row = connection.execute(sql, parameters).fetchone()
    return None if row is None else row[0]


def ok(passed, name, *details):
    global _tests, _failures
    _tests += 1
    print(("ok" if passed else "not ok"), _tests, "-", name, flush=True)
    if not passed:
        _failures += 1
        for detail in details:
            for line in str(detail).splitlines():
                print("#  ", line[:2000])
    return passed


def equal(got, expected, name):
    return ok(got == expected, name, f"expected: {expected!r}", f"got:      {got!r}")


def done():
    shutil.rmtree(folder)
    print(f"1..{_tests}", flush=True)
    sys.exit(1 if _failures else 0)
