#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Prints the files below a folder in which a text stands, as it is or compressed: remains.py FOLDER TEXT. rqlite compresses the larger requests in its log."""
import pathlib
import re
import sys
import zlib

folder, text = sys.argv[1], sys.argv[2].encode()
for path in sorted(pathlib.Path(folder).rglob("*")):
    if not path.is_file():
        continue
    data = path.read_bytes()
    found = text in data
    for member in re.finditer(b"\x1f\x8b\x08", data):
        try:
            found = found or text in zlib.decompressobj(31).decompress(data[member.start():], 1 << 24)
        except zlib.error:
            pass
    if found:
        print(path)
