#!/usr/bin/python3
"""Holds spec/dcep.cddl against the code and against bytes.

    check_cddl.py DUMP        DUMP is the program made from tests/cddl/dump_cddl.c

1. The checker itself, by a table of small grammars and bytes.
2. The code: every declared record, bound by bound, is the rule of its name; no rule is left over.
3. The fuzz corpus, which the C encoder made: each file matches its rule.
4. The tables of docs/PROTOCOL.md: each record has the rule's fields, in order, and the
   statuses and verbs are those of the code.
5. spec/vectors/*.json: what is refused for its form matches no rule, all else matches its own.

The last line is "N passed, N failed".
"""

import json
import pathlib
import subprocess
import sys

from cddl import Grammar, Malformed, Mismatch, decode
from protocol_tables import records_of, type_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORM = {"LIMIT", "PARSE", "CANONICAL", "VERSION", "RANGE"}
NOT_RECORDS = {"sig_structure", "wrapper", "encoded_packet"}
NOT_PROTOCOL = {"file_item", "control_request", "control_reply"}
ALIASES = {("output", "owner_key"): "key"}  # the page says whose key it is
PACKET_SIZE_MAX = 65536
PACKET_COINS_MAX = 16


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def expect(self, right, what):
        if right:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}")


SELF_TEST = [  # grammar, bytes in hex, does it match
    ("x = 1..5", "01", True),
    ("x = 1..5", "05", True),
    ("x = 1..5", "06", False),
    ("x = 1..5", "00", False),
    ("x = 0..5", "20", False),
    ("x = 0..5", "f4", False),
    ("x = 0..5", "1805", False),
    ("x = 0..5", "0500", False),
    ("x = 0..5", "f90000", False),
    ("x = 0..5", "", False),
    ("x = bstr .size 2", "420102", True),
    ("x = bstr .size 2", "4101", False),
    ("x = bstr .size 2", "626162", False),
    ("x = tstr .size (1..3)", "63e58583", True),
    ("x = tstr .size (1..3)", "64f09f8db5", False),
    ("x = tstr .size (1..3)", "60", False),
    ("x = tstr .size (1..3)", "61ff", False),
    ("x = 1 / null", "f6", True),
    ("x = 1 / null", "f7", False),
    ("x = 1 / null", "02", False),
    ("x = [a: 1, b: 2]", "820102", True),
    ("x = [a: 1, b: 2]", "8101", False),
    ("x = [a: 1, b: 2]", "83010203", False),
    ("x = [a: 1, b: 2]", "9f0102ff", False),
    ("x = [1*2 y] y = 7", "8107", True),
    ("x = [1*2 y] y = 7", "80", False),
    ("x = [1*2 y] y = 7", "83070707", False),
    ("x = [0*2 y] y = 7", "80", True),
    ("x = [h'A10126', {}]", "8243a10126a0", True),
    ("x = [h'A10126', {}]", "8243a10127a0", False),
    ("x = [h'A10126', {}]", "8243a10126a10102", False),
    ("x = #6.18([1])", "d28101", True),
    ("x = #6.18([1])", "8101", False),
    ("x = #6.18([1])", "d8128101", False),
    ("x = #6.18([1])", "d18101", False),
    ("x = s<y> y = [1] s<r> = bstr .cbor r", "428101", True),
    ("x = s<y> y = [1] s<r> = bstr .cbor r", "428102", False),
    ("x = s<y> y = [1] s<r> = bstr .cbor r", "43811801", False),
    ("x = s<y> y = [1] s<r> = bstr .cbor r", "40", False),
    ('x = w<"a", 1> / w<"b", 2> w<k, i> = [k, i]', "82616202", True),
    ('x = w<"a", 1> / w<"b", 2> w<k, i> = [k, i]', "82616201", False),
    ('x = tstr .regexp "[a-z]{1,3}"', "63616263", True),
    ('x = tstr .regexp "[a-z]{1,3}"', "6461626364", False),
]


def check_self(tally):
    for grammar, data, wanted in SELF_TEST:
        got = Grammar(grammar).matches(bytes.fromhex(data), "x")
        tally.expect(got == wanted, f"self-test: {data} as {grammar!r}")
    for broken in ("x = y", "x = 1 x = 2", "x = bstr .lt 3", "x = {a: 1}", "x = s s<r> = r", "x ="):
        try:
            Grammar(broken).matches(b"\x01", "x")
            tally.expect(False, f"self-test: {broken!r} is taken for CDDL")
        except Malformed:
            tally.expect(True, broken)


def plain(grammar, node, inner=False):
    """The type with all names expanded; inner: a signed record says which."""
    if node[0] == "name" and node[1] == "signed":
        return ("signed", node[2][0][1]) if inner else ("signed",)
    if node[0] == "name" and node[1] in grammar.definitions and not node[2]:
        return plain(grammar, grammar.definitions[node[1]][1], inner)
    if node[0] == "choice":
        return ("choice", tuple(plain(grammar, choice, inner) for choice in node[1]))
    if node[0] in ("range", ".size"):
        return (node[0], plain(grammar, node[1]), plain(grammar, node[2]))
    if node[0] == "array":
        return ("array", tuple(e[:3] + (plain(grammar, e[3], inner),) for e in node[1]))
    return plain(grammar, grammar.expand(node), inner) if node[0] == "name" else node


def check_code(tally, grammar, dump):
    source = "\n".join(line for line in dump.splitlines() if not line.startswith(";"))
    declared = Grammar(source + "\nsigned = null")
    records = set(declared.definitions) - {"signed"}
    for name in sorted(records):
        if name not in grammar.definitions:
            tally.expect(False, f"{name} is in message.h and not in dcep.cddl")
            continue
        code = plain(declared, ("name", name, []))
        paper = plain(grammar, ("name", name, []))
        tally.expect(code == paper, f"{name}: message.h says {code}, dcep.cddl says {paper}")
    for name, (parameters, body) in grammar.definitions.items():
        if body[0] == "array" and not parameters and name not in NOT_RECORDS:
            tally.expect(name in records, f"{name} is in dcep.cddl and not in message.h")


def check_rows(tally, dump):
    """Statuses with number and exit, verbs with senders, body, reply: as in the tables there."""
    page = (ROOT / "docs/PROTOCOL.md").read_text()
    for line in dump.splitlines():
        if line.startswith("; row "):
            tally.expect(line[6:] in page, f"PROTOCOL.md does not say {line[6:]}")


def check_protocol(tally, grammar):
    """Names and types of each table's rows, in order. The control socket is not of the protocol."""
    tables = records_of((ROOT / "docs/PROTOCOL.md").read_text())
    records = {n for n, (p, body) in grammar.definitions.items() if body[0] == "array" and not p}
    missing = records - NOT_RECORDS - NOT_PROTOCOL - set(tables)
    tally.expect(not missing, f"PROTOCOL.md has no table of {', '.join(sorted(missing))}")

    def rule_of_record(record):
        return plain(grammar, ("name", record, []), inner=True)

    for name in sorted(records & set(tables)):
        rule = [(entry[2], entry[3]) for entry in rule_of_record(name)[1]]
        rows = [(ALIASES.get((name, field), field), type_of(text, rule_of_record))
                for field, text in tables[name]]
        if rows[0][0] is None:  # written inline, without names
            rule = [(None, of) for _, of in rule]
        tally.expect(rows == rule, f"{name}: PROTOCOL.md says {rows}, dcep.cddl says {rule}")


def kinds_of(dump):
    """{kind: is it signed}"""
    lines = [line.split() for line in dump.splitlines() if line.startswith("; kind ")]
    return {words[2]: words[3] == "signed" for words in lines}


def check_wrapper(tally, grammar, kinds):
    """The wrapper's choices are the kinds, each with its own record, signed or not."""
    choices = grammar.definitions["wrapper"][1][1]
    paper = {}
    for _, _, (kind, item) in choices:
        paper[kind[1]] = (item[2][0][1], True) if item[1] == "signed" else (item[1], False)
    for kind, signed in kinds.items():
        tally.expect(paper.get(kind) == (kind, signed), f"wrapper: {kind}")
    tally.expect(set(paper) == set(kinds), "wrapper: the kinds")


def rule_of(kind, kinds):
    return f"signed<{kind}>" if kinds[kind] else kind


def check_corpus(tally, grammar, kinds):
    """Signed records inside the corpus hold random bytes, so their insides are not looked at."""
    for path in sorted((ROOT / "tests/fuzz/corpus").glob("*/*")):
        target, form, data = path.parent.name, path.name.split("-")[0], path.read_bytes()
        if target == "frames":
            continue  # texts, not records: tests/wallet/carriers/frames_test.c
        if target == "calls":
            rule, data = form, data[1:]
        else:
            rule = {"record": target, "wrapped": "wrapper"}.get(form) or rule_of(target, kinds)
        try:
            grammar.check(data, rule, shallow=True)
            tally.expect(True, path)
        except Mismatch as mismatch:
            tally.expect(False, f"{path.relative_to(ROOT)} as {rule}: {mismatch}")
        tally.expect(not grammar.matches(data[:-1], rule, shallow=True), f"{path} cut short")


def is_wrapper(data):
    """Starts like one: an array of 4, an integer, a text."""
    return len(data) > 2 and data[0] == 0x84 and data[1] < 0x18 and data[2] >> 5 == 3


def ascends(values):
    return all(a < b for a, b in zip(values, values[1:]))


def beyond_shape_of_lists(kind, data, verdict):
    """Order, repetition and age, which a grammar cannot say: PROTOCOL.md 4.3 and 6."""
    record = decode(decode(data).value[2])
    if kind == "revocations":
        ids = [entry[0] if isinstance(entry[0], bytes) else b"" for entry in record[2]]
        return (verdict == "VERSION" and record[0] == 1) or (
            verdict == "CANONICAL" and not ascends(ids))
    banks = [decode(bank.value[2]) for bank in record[5]]
    if verdict == "RANGE":  # one key in two roles
        keys = [key for item in (record[3:5], *(bank[2:4] for bank in banks)) for key in item]
        return len(set(keys)) < len(keys)
    return verdict == "CANONICAL" and not ascends([bank[1] for bank in banks])


def beyond_shape(kind, rule, data, verdict):
    """Bounds that are rules of the verifier (PROTOCOL.md 5.3, check 1 and RANGE), not shapes."""
    if kind in ("directory", "revocations"):
        return beyond_shape_of_lists(kind, data, verdict)
    if rule != "packet":
        return False
    tokens, payments = decode(data)[:2]
    if verdict == "LIMIT":  # of a packet, or of the request that it answers
        return (len(data) > PACKET_SIZE_MAX or not payments or len(payments) > PACKET_COINS_MAX
                or len(tokens) > 1)
    days = [decode(token.value[2])[5:8] for token in tokens]
    return verdict == "RANGE" and any(day != sorted(day) for day in days)


def check_vector(tally, grammar, kinds, path):
    case = json.loads(path.read_text())
    data, verdict = bytes.fromhex(case["bytes"]), case["verdict"].upper()
    if case["kind"] not in kinds and case["kind"] not in grammar.definitions:
        return tally.expect(False, f"{path.name}: kind {case['kind']} has no rule")
    rule = rule_of(case["kind"], kinds) if case["kind"] in kinds else case["kind"]
    if is_wrapper(data):
        rule = "wrapper"
    matches = grammar.matches(data, rule)
    if verdict in FORM:
        right = not matches or beyond_shape(case["kind"], rule, data, verdict)
        tally.expect(right, f"{path.name}: {verdict}, yet it matches {rule}")
    elif verdict not in ("KIND", "NETWORK"):
        tally.expect(matches, f"{path.name}: {verdict}, yet it does not match {rule}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tally = Tally()
    dump = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout
    grammar = Grammar((ROOT / "spec/dcep.cddl").read_text())
    kinds = kinds_of(dump)
    check_self(tally)
    check_code(tally, grammar, dump)
    check_wrapper(tally, grammar, kinds)
    check_corpus(tally, grammar, kinds)
    check_protocol(tally, grammar)
    check_rows(tally, dump)
    for path in sorted((ROOT / "spec/vectors").glob("*.json")):
        check_vector(tally, grammar, kinds, path)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
