#!/usr/bin/python3
"""Judges every vector of spec/vectors/, attacks the accepted ones, tests itself. See README.md."""

import sys
from pathlib import Path

import attacks
import selftest
from vectors import differences, load

VECTORS = Path(__file__).resolve().parent.parent.parent / "spec" / "vectors"


def judged(vectors):
    """How many vectors it judges otherwise."""
    failed = 0
    for name, vector in vectors.items():
        found = differences(vector)
        failed += bool(found)
        for difference in found:
            print(f"{name}: {difference}")
    return failed


def tested(cases):
    """How many of these tests fail."""
    failed = 0
    for name, test in cases:
        try:
            test()
        except AssertionError as error:
            failed += 1
            print(f"{name}: {error}")
    return failed


def main():
    vectors = load(VECTORS)
    cases = [*attacks.cases(vectors), *selftest.cases(vectors)]
    failed = judged(vectors) + tested(cases)
    print(f"{len(vectors) + len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not vectors else 0


if __name__ == "__main__":
    sys.exit(main())
