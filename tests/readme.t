#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""README.md tells the truth: its examples are run and their output compared.

A ```sql or ```sh block is run, in order, in one new ledger; where a ```text block follows at once, that is
what it must print. A block after `<!-- shown only -->` is not run. Names in the README must exist: functions, tables,
files, exit codes.
"""
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
BLOCK = re.compile(r"(?P<shown><!-- shown only -->\n)?```(?P<kind>sql|sh)\n(?P<code>.*?)```\n(?:```text\n(?P<output>.*?)```\n)?", re.S)

number = failures = 0


def check(right, name, *explanations):
    global number, failures
    number += 1
    failures += not right
    print(f"{'ok' if right else 'not ok'} {number} - {name}")
    if not right:
        for text in explanations:
            print("# " + str(text).replace("\n", "\n# "))


def run(kind, code, ledger):
    if kind == "sql":
        code = code.replace(".load build/reg\n", f".load {BUILD}/reg\n")
        if ".load" not in code:
            code = f".load {BUILD}/reg\n" + code
        words = ["sqlite3", "-batch", "-init", "/dev/null", "-bail", ledger]
    else:
        words = ["sh", "-eu"]
    done = subprocess.run(words, input=code, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def examples(readme, ledger):
    ran = 0
    for block in BLOCK.finditer(readme):
        if block["shown"]:
            continue
        ran += 1
        status, out, err = run(block["kind"], block["code"], ledger)
        title = block["code"].split("\n")[0]
        check(status == 0 and err == "", f"runs: {title}", f"exit code {status}", err)
        if block["output"] is not None:
            check(out == block["output"], f"prints what the README says: {title}", "got:", out, "README:", block["output"])
    check(ran >= 2, "the README has examples that are run", ran)


def names(readme):
    database = sqlite3.connect(":memory:")
    database.enable_load_extension(True)
    database.load_extension(os.path.join(BUILD, "reg"))
    known = {row[0] for row in database.execute("SELECT name FROM reg_functions")} | {"reg_reasons", "reg_functions", "sqlite3_reg_init"}
    said = set(re.findall(r"\breg_[a-z0-9_]+", readme))
    check(not said - known, "every function and table it names exists", said - known)
    files = set(re.findall(r"`((?:samples|ext|jobs|sql|tests)/[A-Za-z0-9_./-]*|LICENSE)`", readme))
    gone = {name for name in files if not os.path.exists(os.path.join(ROOT, name))}
    check(len(files) > 5 and not gone, "every file it names exists", gone)
    with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as makefile:
        targets = set(re.findall(r"^([a-z-]+):", makefile.read(), re.M))
    said = set(re.findall(r"\bmake ([a-z-]+)\b(?=[` ])", "".join(re.findall(r"`make [a-z-]+`|^make [a-z-]+ ", readme, re.M))))
    check({"demo", "test"} <= said and not said - targets, "every make target it names exists", said - targets)


def exit_codes(readme):
    with open(os.path.join(ROOT, "jobs", "config", "exit_code.h"), encoding="utf-8") as header:
        codes = re.findall(r"EXIT_\w+ = (\d+)", header.read())
    said = re.findall(r"^\| (\d+) \|", readme, re.M)
    check(said == codes, "the table of exit codes is whole", said, codes)


def commands(readme):
    done = subprocess.run([os.path.join(BUILD, "regjob"), "--help"], capture_output=True, text=True, timeout=60, check=False)
    said = set(re.findall(r"regjob(?: -c \S+)? ([a-z]+)\b(?= |`|$|\n)", "\n".join(re.findall(r"`regjob [^`]+`|^regjob .*", readme, re.M))))
    missing = {name for name in said if not re.search(rf"^ +{name}\b", done.stdout, re.M)}
    check(done.returncode == 0 and len(said) >= 5 and not missing, "every command it names exists", missing, done.stdout)


def main():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    with tempfile.TemporaryDirectory() as folder:
        examples(readme, os.path.join(folder, "try.db"))
    names(readme)
    exit_codes(readme)
    commands(readme)
    print(f"1..{number}")
    return failures > 0


sys.exit(main())
