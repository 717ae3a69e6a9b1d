#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The CSV reader against Python's csv module (strict) over hostile files from a fixed seed.

The files are made of what breaks readers: quotes, commas, line ends of all kinds, NUL, broken UTF-8,
order marks. Python decides what a well-quoted record is and what its fields are; a regular expression
of RFC 4180, written down independently, decides where reading goes on after a bad one. Both together
are the oracle for the order, place, kind and bytes of every row and reject.

Where Python's strict dialect means something else than RFC 4180, the oracle takes the RFC, by reason:
  STRAY_QUOTE   Python takes a quote inside an unquoted field for a character: a quoting reject here.
  BARE_RETURN   Python ends a record at a carriage return that no line feed follows (at the end of the
                input, before another one, or on a line alone): a quoting reject here.
Every such case is counted and none other is allowed: a disagreement without one of these fails.
ABSENT: Python cannot tell an empty field from an empty text in quotes; the expression does.

CASES=n sets how many files (1,500; at full length 10,000 and more), SEED=n another seed.
"""
import collections
import csv
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile

CASES = int(os.environ.get("CASES", "1500"))
SEED = int(os.environ.get("SEED", "20240517"))
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
DUMP = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tools", "records_dump")
BATCH = 250
MARK = b"\xef\xbb\xbf"
csv.field_size_limit(1 << 30)

FIELD = rb'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
FIELDS = re.compile(rb"(?:" + FIELD + rb",)*")        # all fields but the last, each with its comma
RECORD = re.compile(rb"(?:" + FIELD + rb",)*" + FIELD + rb"(?:\r?\n|\Z)")
ONE_FIELD = re.compile(FIELD)

TOKENS = [b'"', b'"', b'""', b",", b",", b"\n", b"\n", b"\r\n", b"\r", b"a", b"b c", b" ", b"\t", b"0",
          b"7,8", b"x\ny", b'","', b'"\n', b',"', b'",', b"\r\n\r\n", b"\n\n", b"\xc3\xa9", b"\xe2\x82\xac",
          b"\xf0\x9f\x98\x80", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\0",
          MARK, b"'", b"\\", b";", b"\x0b", b"\x1c", b"\xc2\x85", b"\xe2\x80\xa8"]
SOUND = [b"a", b"b c", b" ", b"0", b"'", b"\xc3\xa9", b"007", b"x", b"long text with blanks", b"\t",
         b"\xe2\x82\xac", b"\x0b", b"\xe2\x80\xa8"]


def quoted(random_, size):
    text = b"".join(random_.choice(SOUND + [b"\n", b"\r\n", b"\r", b",", b'"']) for _ in range(size))
    return b'"' + text.replace(b'"', b'""') + b'"'


def sound_record(random_, columns):
    fields = []
    for _ in range(columns):
        kind = random_.random()
        if kind < 0.15:
            fields.append(b"")
        elif kind < 0.6:
            fields.append(b"".join(random_.choice(SOUND) for _ in range(random_.randint(1, 4))))
        else:
            fields.append(quoted(random_, random_.randint(0, 6)))
    return b",".join(fields) + random_.choice([b"\n", b"\n", b"\r\n"])


def damage(random_, text):
    """Breaks sound text in one to four places."""
    text = bytearray(text)
    for _ in range(random_.randint(1, 4)):
        at = random_.randint(0, len(text))
        action = random_.random()
        if action < 0.5:
            text[at:at] = random_.choice(TOKENS)
        elif action < 0.75:
            del text[at:at + random_.randint(1, 3)]
        else:
            text[at:at + 1] = random_.choice(TOKENS)
    return bytes(text)


def make_file(random_):
    columns = random_.choice([1, 2, 2, 3, 3, 5])
    header = b",".join(b"h%d" % i for i in range(columns)) + random_.choice([b"\n", b"\r\n"])
    kind = random_.random()
    if kind < 0.05:
        return b"".join(random_.choice(TOKENS) for _ in range(random_.randint(0, 12)))
    if kind < 0.1:
        header = sound_record(random_, columns)
    body = b""
    if kind < 0.5:
        body = b"".join(random_.choice(TOKENS) for _ in range(random_.randint(0, 60)))
    else:
        body = b"".join(sound_record(random_, columns if random_.random() < 0.95 else columns + 1)
                        for _ in range(random_.randint(0, 12)))
        if kind < 0.9:
            body = damage(random_, body)
    if random_.random() < 0.2 and body.endswith(b"\n"):
        body = body[:-1]
    return (MARK if random_.random() < 0.15 else b"") + header + body


def python_record(data, offset):
    """What csv makes of the bytes from `offset`: (fields or None, bytes it took)."""
    lines = re.findall(rb"[^\n]*\n|[^\n]+\Z", data[offset:])
    reader = csv.reader(io.StringIO(data[offset:].decode("latin-1"), newline="\n"), strict=True)
    try:
        fields = next(reader)
    except (csv.Error, StopIteration):
        return None, 0
    return [field.encode("latin-1") for field in fields], sum(map(len, lines[:reader.line_num]))


def column_of(data, offset, place):
    """The number, from 1, of the field that holds `place`, in a record that is sound up to there."""
    column = 1
    field = re.compile(FIELD + b",").match(data, offset)
    while field and field.end() <= place:
        column += 1
        field = re.compile(FIELD + b",").match(data, field.end())
    return column


def first_bad(raw):
    """(kind, place) of the first byte that is no text, or None."""
    places = []
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        places.append((error.start, "encoding"))
    if b"\0" in raw:
        places.append((raw.index(b"\0"), "nul"))
    return min(places)[::-1] if places else None


def judge_record(data, offset, columns, limits, excuses):
    """The oracle: (kind or "row", bytes taken, place of the fault, column of the fault, fields), each
    None where it does not apply or is not compared."""
    max_field, max_record = limits
    fields, taken = python_record(data, offset)
    match = RECORD.match(data, offset)
    if not match:
        start = FIELDS.match(data, offset).end()      # the offending field
        feed = data.find(b"\n", start)
        end = len(data) if feed < 0 else feed + 1
        if fields is not None:
            stop = ONE_FIELD.match(data, start).end()
            if data[start:start + 1] != b'"' and data[stop:stop + 1] == b'"':
                excuses["STRAY_QUOTE"] += 1
            elif data[stop:stop + 1] == b"\r":
                excuses["BARE_RETURN"] += 1
            else:
                raise AssertionError("csv takes what the expression does not")
        return "quoting", end - offset, None, column_of(data, offset, start), None
    assert fields is not None, "the expression takes what csv does not"
    raw = match.group()
    assert taken == len(raw), "csv and the expression differ on the record's end"
    content = re.sub(rb"\r?\n\Z", b"", raw)
    if len(content) > max_record:
        return "too_long", len(raw), None, None, None
    bad = first_bad(content)
    if bad:
        return bad[0], len(raw), offset + bad[1], column_of(data, offset, offset + bad[1]), None
    if any(len(field) > max_field for field in fields):
        return "too_long", len(raw), None, None, None
    if columns is not None and [fields[0].removeprefix(MARK), *fields[1:]] == columns:
        return "header_again", len(raw), None, 1, None
    if columns is not None and len(fields) != len(columns):
        return "field_count", len(raw), None, min(len(columns), len(fields)) + 1, None
    # Python knows no absent field: take that from the bytes, once they are known to be sound.
    spans, at = [], 0
    for _ in fields:
        span = ONE_FIELD.match(content, at)
        spans.append(span.group())
        at = span.end() + 1
    assert at == len(content) + 1
    return "row", len(raw), None, None, [None if span == b"" else field for span, field in zip(spans, fields)]


def expected_story(data, limits, excuses):
    """What the reader should say of a file, in the words of simplify()."""
    offset = len(MARK) if data.startswith(MARK) else 0
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ["error"]
    line, story, columns = 1, [], None
    while offset < len(data):
        blank = re.compile(rb"\r?\n").match(data, offset)
        if blank:
            offset, line = blank.end(), line + 1
            continue
        kind, taken, place, column, fields = judge_record(data, offset, columns, limits, excuses)
        raw = data[offset:offset + taken]
        if columns is None:
            named = [field for field in fields or [] if field]  # a column may have no name
            if kind != "row" or len(set(named)) != len(named):
                return ["error"]
            fields = [field or b"" for field in fields]
            columns = fields
            story.append(("header", fields))
        else:
            story.append((kind, line, offset, raw, place, column, fields))
        offset += taken
        line += raw.count(b"\n")
    if columns is None:
        return ["error"]
    return story + [("end", line, offset)]


def simplify(lines):
    """The dump's lines of one file, as expected_story() has them."""
    if "error" in lines[0]:
        return ["error"]
    unhex = bytes.fromhex
    story = [("header", [unhex(name) for name in lines[0]["header"]])]
    end = None
    for said in lines[1:]:
        if "rows" in said:
            story.append(("end", said["line"], said["end"]))
            continue
        raw = unhex(said["raw"]) if "raw" in said else b"".join(map(unhex, said["spilled"]))
        assert said["end"] - said["offset"] == len(raw), "end and bytes differ"
        assert said["next_line"] - said["line"] == raw.count(b"\n"), "lines and bytes differ"
        assert end is None or said["offset"] >= end, "records overlap"
        end = said["end"]
        fields = said.get("row")
        if fields is not None:
            fields = [None if field is None else unhex(field) for field in fields]
        kind = said.get("reject", "row")
        place = said["at"] if kind in ("encoding", "nul") else None
        column = None if kind in ("row", "too_long") else said["column"]
        if kind != "row":
            assert said["offset"] <= said["at"], "fault before record"
        story.append((kind, said["line"], said["offset"], raw, place, column, fields))
    return story


def dump(paths, options):
    output = subprocess.run([DUMP, *options, *paths], check=True, stdout=subprocess.PIPE, timeout=300).stdout
    files, current = {}, None
    for text in output.decode("utf-8").splitlines():
        said = json.loads(text)
        if "file" in said:
            current = files.setdefault(said["file"], [])
        current.append(said)
    return files


def main():
    random_ = random.Random(SEED)
    excuses, kinds = collections.Counter(), collections.Counter()
    wrong = []
    checked = 0
    no_limit = (1 << 20, 4 << 20)
    with tempfile.TemporaryDirectory() as folder:
        while checked < CASES:
            files = {}
            for i in range(min(BATCH, CASES - checked)):
                path = os.path.join(folder, "%d.csv" % i)
                files[path] = make_file(random_)
                with open(path, "wb") as stream:
                    stream.write(files[path])
            step = random_.choice([1, 1, 2, 3, 5, 17, 0])
            small = (random_.randint(4, 24), random_.randint(24, 80))
            runs = [(no_limit, ["-s", str(step)]),
                    (no_limit, ["-n"]),
                    (small, ["-s", str(step), "-f", str(small[0]), "-r", str(small[1])])]
            for limits, options in runs:
                dumped = dump(list(files), options)
                for path, data in files.items():
                    try:
                        want = expected_story(data, limits, excuses)
                        got = simplify(dumped.get(path, [{"error": "nothing"}]))
                    except AssertionError as error:
                        wrong.append("%r %s: %s" % (data, options, error))
                        continue
                    if got != want:
                        first = next((pair for pair in zip(want, got) if pair[0] != pair[1]),
                                     (want[-1], got[-1]))
                        wrong.append("%r %s: expected %r, got %r" % (data, options, first[0], first[1]))
                    kinds.update(said[0] if isinstance(said, tuple) else said for said in want)
            checked += len(files)

    needed = ["row", "quoting", "field_count", "encoding", "nul", "too_long", "header_again", "error"]
    checks = [(not wrong, "%d files (seed %d), three ways each: as Python's csv has them" % (checked, SEED)),
              (all(kinds[kind] for kind in needed), "every kind was met: " +
               ", ".join("%s %d" % (kind, kinds[kind]) for kind in needed)),
              (set(excuses) == {"STRAY_QUOTE", "BARE_RETURN"}, "every intended disagreement was met, and no other: " +
               ", ".join("%s %d" % excuse for excuse in sorted(excuses.items())))]
    print("1..%d" % len(checks))
    for number, (good, text) in enumerate(checks, 1):
        print("%s %d - %s" % ("ok" if good else "not ok", number, text))
    for text in wrong[:20]:
        print("# " + text)
    return 0 if all(good for good, _ in checks) else 1


sys.exit(main())
