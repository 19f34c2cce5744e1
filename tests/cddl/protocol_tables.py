"""The tables of docs/PROTOCOL.md as types, in the form that check_cddl.plain gives for the CDDL.

A record is a line with its name in bold; then either its fields in backquotes on that line,
**x**: `[version]`, or a table soon below it, one row a field: number, name, type.
"""

import re

HEADER_LINES = 5  # between a record's name and its first field
INTEGER_MAX = 9007199254740991
SIZES = {"id": 32, "key": 33, "key_id": 8, "nonce": 16}
RANGES = {"uint": (0, INTEGER_MAX), "amount": (1, INTEGER_MAX), "amount0": (0, INTEGER_MAX)}


def literal(number):
    return ("literal", number)


def numbers(low, high):
    return ("range", literal(low), literal(high))


def type_of(text, record_of):
    """record_of(name) gives the type of another record."""
    text = text.strip()
    if text.endswith("/ null"):
        return ("choice", (type_of(text[:-6], record_of), ("null",)))
    if text == "version":
        return literal(1)
    if text in SIZES:
        return (".size", ("basic", "bytes"), literal(SIZES[text]))
    if text in RANGES:
        return numbers(*RANGES[text])
    if text.startswith("signed "):
        return ("signed", text[7:].strip())
    listed = re.fullmatch(r"list\((\d+)\.\.(\d+)\) of (.+)", text)
    if listed:
        least, most, item = listed.groups()
        return ("array", ((int(least), int(most), None, type_of(item, record_of)),))
    bounded = re.fullmatch(r"(uint|bytes|text)\((\d+)\.\.(\d*)\)", text)
    if bounded:
        kind, low, high = bounded.groups()
        both = numbers(int(low), int(high or INTEGER_MAX))
        return both if kind == "uint" else (".size", ("basic", kind), both)
    return record_of(text)


def split_fields(text):
    return [field for field in re.split(r", (?![^(]*\))", text) if field]


def records_of(source):
    """{record: [(field or None, type as text)]}"""
    found, lines = {}, source.splitlines()
    for at, line in enumerate(lines):
        heading = re.search(r"\*\*([a-z_]+)\*\*(?:: `\[(.*?)\]`)?", line)
        if not heading:
            continue
        name, inline = heading.groups()
        if inline is not None:
            found[name] = [(None, text) for text in split_fields(inline)]
            continue
        rows = []
        for distance, below in enumerate(lines[at + 1:]):
            if below.startswith(("**", "#")) or (not rows and distance > HEADER_LINES):
                break
            row = re.match(r"\| (\d+) \| ([a-z_0-9]+) \| ([^|]+) \|", below)
            if row and int(row.group(1)) == len(rows):
                rows.append((row.group(2), row.group(3).strip()))
            elif rows and not row:
                break
        if rows:
            found.setdefault(name, rows)
    return found
