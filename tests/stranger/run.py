#!/usr/bin/python3
"""Judges every vector of spec/vectors/ and attacks the accepted ones; see README.md here."""

import sys
from pathlib import Path

from vectors import differences, load

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent.parent / "spec" / "vectors"


def judged(vectors):
    """How many vectors agree, how many do not."""
    failed = 0
    for name, vector in vectors.items():
        found = differences(vector)
        failed += bool(found)
        for difference in found:
            print(f"{name}: {difference}")
    return len(vectors) - failed, failed


def main():
    vectors = load(sys.argv[1] if len(sys.argv) > 1 else VECTORS)
    passed, failed = judged(vectors)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not vectors else 0


if __name__ == "__main__":
    sys.exit(main())
