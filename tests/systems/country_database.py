#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes a small MaxMind-format file: country_database.py FILE NETWORK=COUNTRY...

The format (MaxMind DB 2.0): a binary search tree over the bits of an address, 24 bits a record, then 16 zero bytes, the data that
leaves point to, and metadata behind a marker. IPv4 addresses are walked from the root: the tree is of ip_version 4.
"""
import ipaddress
import sys


def text(value):
    raw = value.encode()
    assert len(raw) < 29
    return bytes([2 << 5 | len(raw)]) + raw


def number(value, kind):
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    if kind < 8:
        return bytes([kind << 5 | len(raw)]) + raw
    return bytes([len(raw), kind - 7]) + raw  # extended types


def mapping(members):
    return bytes([7 << 5 | len(members)]) + b"".join(text(name) + value for name, value in members)


def main(path, networks):
    data, offsets = b"", {}
    tree = [[None, None]]
    for pair in networks:
        network, country = pair.split("=")
        network = ipaddress.ip_network(network)
        if country not in offsets:
            offsets[country] = len(data)
            data += mapping([("country", mapping([("iso_code", text(country))]))])
        bits = format(int(network.network_address), "032b")[:network.prefixlen]
        node = 0
        for bit in bits[:-1]:
            if tree[node][int(bit)] is None:
                tree.append([None, None])
                tree[node][int(bit)] = len(tree) - 1
            node = tree[node][int(bit)]
        tree[node][int(bits[-1])] = ("data", offsets[country])

    def record(entry):
        if entry is None:
            value = len(tree)  # nothing is known
        elif isinstance(entry, tuple):
            value = len(tree) + 16 + entry[1]
        else:
            value = entry
        return value.to_bytes(3, "big")

    metadata = mapping([
        ("node_count", number(len(tree), 6)), ("record_size", number(24, 5)), ("ip_version", number(4, 5)),
        ("database_type", text("Test-Country")), ("languages", bytes([1, 4]) + text("en")),
        ("binary_format_major_version", number(2, 5)), ("binary_format_minor_version", number(0, 5)),
        ("build_epoch", number(1700000000, 9)), ("description", mapping([("en", text("for tests"))])),
    ])
    with open(path, "wb") as file:
        file.write(b"".join(record(entry) for node in tree for entry in node))
        file.write(bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + metadata)


main(sys.argv[1], sys.argv[2:])
