#!/usr/bin/env python3
"""Does every adversarial case have a test that carries its number?

The cases are listed in tests/adversarial/ROWS.md. A Criterion test carries a number in its name,
`Test(room, A4_three_hops)` (several may stand in front: A1_A2_...); a script's check carries it in
a comment line `# row A3: ...` above it, or in C `/* A3: ...`. A row without a test fails. With -v
the tests of each row are listed. Prints "N passed, N failed".
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NUMBER = r"[A-M]\d{1,2}"
C_TEST = re.compile(r"^\s*(?:Test|ParameterizedTest|[A-Z]+_TEST)\((?:[^()]*?,)?\s*\w+,\s*"
                    r"((?:" + NUMBER + r"_)+)(\w*)", re.M)
SCRIPT_ROW = re.compile(r"^\s*(?:(?:#|//|\*)\s*rows?\s+|/\*\s*)((?:" + NUMBER + r"[, ]*)+):", re.M)


def wanted():
    for line in (ROOT / "tests/adversarial/ROWS.md").read_text().splitlines():
        match = re.match(r"\|\s*(" + NUMBER + r")\s*\|", line)
        if match:
            yield match.group(1)


def found():
    rows = {}
    for path in sorted((ROOT / "tests").rglob("*")):
        if path.suffix not in (".c", ".sh", ".py", ".bash") or path.name == "rows.py":
            continue
        text = path.read_text(errors="replace")
        where = path.relative_to(ROOT)
        for match in C_TEST.finditer(text):
            for number in re.findall(NUMBER, match.group(1)):
                rows.setdefault(number, []).append(f"{where}: {match.group(1)}{match.group(2)}")
        for match in SCRIPT_ROW.finditer(text):
            for number in re.findall(NUMBER, match.group(1)):
                rows.setdefault(number, []).append(str(where))
    return rows


def main():
    rows, failed, passed = found(), 0, 0
    for number in wanted():
        if rows.get(number):
            passed += 1
            if "-v" in sys.argv:
                print(number, *rows[number], sep="\n    ")
        else:
            failed += 1
            print(f"{number}: no test carries this number")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
