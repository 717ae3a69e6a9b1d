# SPDX-License-Identifier: MIT
"""A clock for tests: libfaketime's, standing still where a file says, so that what a test does at one moment happens at one moment.

`begin(__file__)` first: it starts the program anew under libfaketime. `stand(milliseconds)` sets the clock, counted from START
(2026-01-01 00:00 UTC), for this process and those it starts.
"""
import datetime
import os
import shutil
import subprocess
import sys
import tempfile

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
VARIABLE = "REG_TEST_CLOCK"


def begin(program):
    if VARIABLE in os.environ:
        return
    folder = tempfile.mkdtemp(prefix="reg-clock.")
    multiarch = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True, check=True).stdout.strip()
    path = os.path.join(folder, "clock")
    with open(path, "w") as file:
        file.write(START.strftime("%Y-%m-%d %H:%M:%S"))
    environment = dict(os.environ, LD_PRELOAD=f"/usr/lib/{multiarch}/faketime/libfaketime.so.1", FAKETIME_NO_CACHE="1",
                       FAKETIME_TIMESTAMP_FILE=path, FAKETIME_DONT_FAKE_MONOTONIC="1", TZ="UTC")
    environment[VARIABLE] = path
    status = subprocess.run([sys.executable, program], env=environment).returncode
    shutil.rmtree(folder)
    sys.exit(status)


def stand(milliseconds):
    path = os.environ[VARIABLE]
    moment = START + datetime.timedelta(milliseconds=milliseconds)
    with open(path + ".new", "w") as file:
        file.write(moment.strftime("%Y-%m-%d %H:%M:%S.") + "%03d" % (moment.microsecond // 1000))
    os.rename(path + ".new", path)


def iso(milliseconds):
    moment = START + datetime.timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (moment.microsecond // 1000)
