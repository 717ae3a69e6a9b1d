#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The house: every source file lies in a room, and a room leans only on itself and on the floors below it.

The floors are those of the tables in ext/README.md and jobs/README.md, from the top. jobs/ may use all of ext/; ext/ nothing of jobs/.
"""
import pathlib
import re

number = 0
failed = False


def ok(good, name, *notes):
    global number, failed
    number += 1
    failed = failed or not good
    print(("ok" if good else "not ok"), number, "-", name)
    for note in notes if not good else ():
        print("#", note)


def floors(house):
    """Rooms of a house by the first column of its table, the top first; the house's own folder is above them."""
    text = pathlib.Path(house, "README.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([a-z]+)/` \|", text, re.M)


def sources(house):
    return sorted(path for path in pathlib.Path(house).rglob("*") if path.suffix in (".c", ".cc", ".h"))


rooms = {house: floors(house) for house in ("ext", "jobs")}
GROUND = "host.h"  # which SQLite header a build wants: every room stands on it
# The highest floor of jobs/ has the highest number, the lowest of ext/ the lowest.
height = {}
for house in ("ext", "jobs"):
    for floor, room in enumerate(reversed(rooms[house])):
        height[room] = (house == "jobs", floor)
    height[house] = (house == "jobs", len(rooms[house]))

for house in ("ext", "jobs"):
    folders = sorted(path.name for path in pathlib.Path(house).iterdir() if path.is_dir())
    ok(sorted(rooms[house]) == folders, f"{house}/README.md lists every room of {house}/", f"rooms: {folders}", f"listed: {rooms[house]}")
    loose = [path.name for path in pathlib.Path(house).iterdir() if path.suffix in (".c", ".cc")]
    ok(loose == ["reg.c" if house == "ext" else "main.c"], f"{house}/ itself holds the list of what is offered, and no more", loose)

for house in ("ext", "jobs"):
    for path in sources(house):
        room = path.parent.name
        upwards = []
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            include = re.match(r'#include "([^"]+)"', text)
            if include is None or include[1] in (GROUND, "statements.h"):
                continue
            target = include[1].split("/")[0] if "/" in include[1] else house
            if height.get(target, (True, 99)) > height[room]:
                upwards.append(f"line {line}: {include[1]}")
        ok(not upwards, f"{path} leans on nothing above it", *upwards)

for house in ("ext", "jobs"):
    for room in rooms[house]:
        count = len([path for path in pathlib.Path(house, room).iterdir() if path.suffix in (".c", ".cc")])
        ok(0 < count <= 15, f"{house}/{room}/ can be taken in at a glance", f"{count} source files")

# What somebody wrote as a program, a script or a manual says its licence at its head; data, and samples of configuration, are under LICENSE all the same.
SOURCES = {"c", "h", "cc", "sql", "t", "bats", "sh", "bash", "py", "awk", "js", "mjs", "cjs", "ts", "css", "go", "java", "php", "rb", "pl", "tcl", "R", "map"}
SCRIPTS = {"Makefile", "run", "rules", "regjob.1", "regjob.conf.5", "reg.7", "regjob.postinst", "regjob.postrm", "regjob.prerm"}
files = [path for top in ("ext", "jobs", "sql", "samples", "tests", ".ci") for path in pathlib.Path(top).rglob("*")] + [pathlib.Path("Makefile")]
files = [path for path in files if path.is_file() and (path.suffix[1:] in SOURCES or path.name in SCRIPTS)]
bare = []
for path in files:
    with path.open(encoding="utf-8") as text:
        if not any("SPDX-License-Identifier: MIT" in text.readline() for _ in range(2)):
            bare.append(str(path))
ok(len(files) > 700, "there are sources to look at", str(len(files)))
ok(not bare, "every source file says its licence at its head", *bare)

print(f"1..{number}")
raise SystemExit(failed)
