#!/usr/bin/python3
"""The house's rules as tests: `make tidy`. Prints file:line: rule: what is wrong; each rule is one
test, and the last line is "N passed, N failed[, N skipped]".

What is allowed where stands in tools/layers.txt. tools/tidy_selftest.py sees every rule fail.
"""

import argparse
import fnmatch
import os
import re
import shutil
import subprocess
import sys

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
COLUMNS_MAX = 100
CODE = (".c", ".h", ".py", ".sh", ".mk", ".sql")
WORDS = {
    "goto": r"\bgoto\b",
    "typedef": r"\btypedef\b",
    "setjmp": r"\b(?:long|set)jmp\b",
}
NOTES = r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"
FUNCTIONS = ("strcpy stpcpy strcat strncpy strncat sprintf vsprintf gets atoi atol atoll atof "
             "system tmpnam tempnam mktemp strtok alloca rand srand scanf").split()


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def leading_parts(path):
    """Of a/b/wire_decode.c: wire, wire_decode."""
    words = os.path.splitext(os.path.basename(path))[0].split("_")
    return ["_".join(words[:count]) for count in range(1, len(words) + 1)]


class Layers:
    """tools/layers.txt, parsed."""

    def __init__(self, path):
        self.rooms, self.libraries, self.nouns, self.untested = {}, [], {}, {}
        self.without = {}
        self.lists = {"system": [], "core": [], "core-header": [], "core-symbol": []}
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip() and not line.startswith("#"):
                    self.take(line, f"{path}:{number}")

    def take(self, line, where):
        head, separator, tail = line.partition("=")
        words, values = head.split(), tail.split()
        if separator and words[0] == "room" and len(words) == 2:
            self.rooms[words[1]] = values
        elif separator and words[0] == "library" and len(words) > 2:
            self.libraries.append((words[1], words[2:], values))
        elif separator and words[0] == "without" and len(words) == 2:
            self.without[words[1]] = values
        elif separator and words[0] == "noun" and len(words) == 2:
            self.nouns[words[1]] = values
        elif separator and words[0] == "untested" and len(words) == 2 and values:
            self.untested[words[1]] = tail.strip()
        elif separator and len(words) == 1 and words[0] in self.lists:
            self.lists[words[0]] += values
        else:
            sys.exit(f"{where}: not understood")

    def room_of(self, path):
        """The listed room that holds a file or header; None outside all rooms."""
        found = [room for room in self.rooms if path.startswith(room + "/")]
        return max(found, key=len, default=None)


class Source:
    """One file: its lines, and the same lines without comments, strings and characters."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", newline="") as file:
            self.text = file.read()
        self.lines = self.text.split("\n")
        self.is_c = path.endswith((".c", ".h"))
        self.bare = self.strip().split("\n") if self.is_c else self.lines

    def strip(self):
        token = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

        def blank(match):
            text = match.group(0)
            if text[0] == "/":
                return re.sub(r"[^\n]", " ", text)
            return text[0] + " " * (len(text) - 2) + text[0]

        # Names of headers are kept: they look like strings.
        kept = re.sub(r'^(\s*#\s*include\s*)"([^"\n]*)"', r"\1<\2>", self.text, flags=re.M)
        return token.sub(blank, kept)

    def includes(self):
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if match:
                yield number, match.group(1) == '"', match.group(2)


class Tidy:
    def __init__(self, root, build):
        self.root, self.build = root, build
        self.layers = Layers(os.path.join(root, "tools/layers.txt"))
        self.sources = [Source(root, path) for path in self.files()]
        self.c_sources = [s for s in self.sources if s.is_c]
        self.product = [s for s in self.c_sources
                        if self.layers.room_of(s.path) not in (None, "tests", "tools")]

    def files(self):
        found = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(f for f in folders
                                if f not in ("build", "__pycache__") and not f.startswith("."))
            for name in sorted(names):
                if name.endswith(CODE) or name == "Makefile":
                    found.append(os.path.relpath(os.path.join(folder, name), self.root))
        return found

    def run(self):
        passed = failed = skipped = 0
        for rule in sorted(name for name in dir(self) if name.startswith("rule_")):
            name = rule[5:].replace("_", "-")
            findings = getattr(self, rule)()
            if isinstance(findings, str):
                print(f"tidy: {name} skipped: {findings}")
                skipped += 1
                continue
            findings = list(findings)
            for path, number, message in findings:
                print(f"{path}:{number}: {name}: {message}")
            passed, failed = passed + (not findings), failed + bool(findings)
        print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
        return 1 if failed else 0

    # ---- layers ----

    def rule_include_paths(self):
        """Ours are included from the root, and exist."""
        for source in self.c_sources:
            for number, ours, header in source.includes():
                if ours and not os.path.exists(os.path.join(self.root, header)):
                    yield source.path, number, f'"{header}" is no file, seen from the root'

    def rule_include_direction(self):
        for source in self.c_sources:
            room = self.layers.room_of(source.path)
            if room is None:
                yield source.path, 1, "in no room of tools/layers.txt"
                continue
            for number, ours, header in source.includes():
                other = self.layers.room_of(header)
                if ours and other not in (None, room):
                    if not matches(other, self.layers.rooms[room]):
                        yield source.path, number, f"{room} may not include {other}"

    def rule_libraries(self):
        for source in self.c_sources:
            room = self.layers.room_of(source.path)
            for number, ours, header in source.includes():
                if ours or matches(header, self.layers.lists["system"]):
                    continue
                owners = [(name, rooms) for name, rooms, headers in self.layers.libraries
                          if matches(header, headers)]
                if not owners:
                    yield source.path, number, f"<{header}> is not in tools/layers.txt"
                elif room not in ("tests", "tools") and room not in owners[0][1]:
                    yield source.path, number, f"{room} may not include {owners[0][0]}"
                elif matches(source.path, self.layers.without.get(owners[0][0], [])):
                    yield source.path, number, f"must do without {owners[0][0]}"

    def cores(self):
        return [s for s in self.product if matches(s.path, self.layers.lists["core"])]

    def rule_core_headers(self):
        for source in self.cores():
            for number, _, header in source.includes():
                if matches(header, self.layers.lists["core-header"]):
                    yield source.path, number, f"a pure core may not include {header}"

    def nm(self, source, *options):
        path = os.path.join(self.build, source.path[:-2] + ".o")
        if not source.path.endswith(".c") or not os.path.exists(path):
            return []
        out = subprocess.run(["nm", "-P", *options, path], capture_output=True, text=True,
                             check=True)
        return [line.split()[0] for line in out.stdout.splitlines()]

    def no_objects(self):
        if not self.build or not os.path.isdir(self.build):
            return "no objects: give --build DIR"
        return None

    def rule_core_symbols(self):
        return self.no_objects() or self.core_symbols()

    def core_symbols(self):
        for source in self.cores():
            for symbol in self.nm(source, "-u"):
                if matches(symbol, self.layers.lists["core-symbol"]):
                    yield source.path, 1, f"a pure core may not use {symbol}"

    def rule_symbols(self):
        return self.no_objects() or self.symbols()

    def symbols(self):
        for source in self.product:
            nouns = leading_parts(source.path) + self.layers.nouns.get(source.path, [])
            for symbol in self.nm(source, "-g", "--defined-only"):
                if not any(symbol == noun or symbol.startswith(noun + "_") for noun in nouns):
                    yield source.path, 1, f"{symbol} does not begin with {' or '.join(nouns)}"

    # ---- size and form ----

    def rule_function_length(self):
        for source in self.c_sources:
            start = None
            for number, line in enumerate(source.bare, 1):
                if line.startswith("{"):
                    start = number
                elif line.startswith("}") and start is not None:
                    if number - start + 2 > FUNCTION_LINES_MAX:
                        yield source.path, start, f"a function of {number - start + 2} lines"
                    start = None

    def rule_file_length(self):
        for source in self.sources:
            count = len(source.lines) - 1
            if count > FILE_LINES_MAX:
                yield source.path, count, f"{count} lines"

    def rule_line_length(self):
        for source in self.sources:
            for number, line in enumerate(source.lines, 1):
                if len(line) > COLUMNS_MAX:
                    yield source.path, number, f"{len(line)} columns"

    def rule_whitespace(self):
        for source in self.sources:
            if source.text and not source.text.endswith("\n"):
                yield source.path, len(source.lines), "no newline at the end"
            for number, line in enumerate(source.lines, 1):
                if line != line.rstrip():
                    yield source.path, number, "blanks (or a carriage return) at the end"
                if source.is_c and "\t" in line:
                    yield source.path, number, "a tab"
                if any(0x1F000 <= ord(c) <= 0x1FAFF for c in line):
                    yield source.path, number, "a pictogram"

    def rule_opening(self):
        """A file says first what it is."""
        for source in self.c_sources:
            if not source.text.startswith("/* "):
                yield source.path, 1, "does not open with a comment"

    def rule_guards(self):
        for source in self.c_sources:
            if source.path.endswith(".h"):
                guard = "DCEP_" + re.sub(r"\W", "_", source.path).upper()
                if f"\n#ifndef {guard}\n#define {guard}\n" not in source.text:
                    yield source.path, 1, f"has no guard {guard}"

    # ---- what is not written ----

    def rule_notes(self):
        for source in self.sources:
            for number, line in enumerate(source.lines, 1):
                if re.search(NOTES, line):
                    yield source.path, number, "a note to self; do it or file it"

    def rule_words(self):
        for source in self.c_sources:
            for number, line in enumerate(source.bare, 1):
                for word, pattern in WORDS.items():
                    if re.search(pattern, line):
                        yield source.path, number, f"{word} is not used here"

    def rule_functions(self):
        pattern = re.compile(r"(?<![\w.>])(" + "|".join(FUNCTIONS) + r")\s*\(")
        for source in self.c_sources:
            for number, line in enumerate(source.bare, 1):
                for match in pattern.finditer(line):
                    yield source.path, number, f"{match.group(1)} is not used here"

    def rule_money_field(self):
        for source in self.c_sources:
            if source.path == "common/base/amount.c":
                continue
            for number, line in enumerate(source.bare, 1):
                if re.search(r"(\.|->)\s*fen\b", line):
                    yield source.path, number, "only common/base/amount.c touches .fen"

    def rule_must_use(self):
        for source in self.product:
            text = "\n".join(source.bare)
            for match in re.finditer(r"^enum err (\w+)\([^;{]*;", text, re.M):
                if source.path.endswith(".h") and "MUST_USE" not in match.group(0):
                    number = text.count("\n", 0, match.start()) + 1
                    yield source.path, number, f"{match.group(1)} returns enum err: MUST_USE"

    # ---- tests, taste, translations ----

    def rule_mirror(self):
        """Every file of common/ and every core is tested in the mirrored folder, by a file that
        bears its name or a leading part of it (wire_decode.c: wire_decode_test.c, wire_test.c)."""
        for source in self.product:
            if not source.path.endswith(".c") or matches(source.path, self.layers.untested):
                continue
            if source.path.startswith("common/") or source in self.cores():
                folder = "tests/" + os.path.dirname(source.path)
                tests = [f"{folder}/{part}{more}_test.c" for part in leading_parts(source.path)
                         for more in ("", "_*")]
                if not any(matches(other.path, tests) for other in self.c_sources):
                    yield source.path, 1, f"no test in {folder}, no reason in tools/layers.txt"

    def rule_format(self):
        if shutil.which("clang-format") is None:
            return "clang-format is not installed"
        if not self.c_sources:
            return []
        out = subprocess.run(["clang-format", "--dry-run", "--style=file"]
                             + [s.path for s in self.c_sources],
                             cwd=self.root, capture_output=True, text=True, check=False)
        places = re.findall(r"^([^:\n]+):(\d+):\d+: warning:", out.stderr, re.M)
        first = {}
        for path, number in places:
            first.setdefault(path, int(number))
        return [(path, number, "not as clang-format would; run `make format`")
                for path, number in first.items()]

    def rule_translations(self):
        if not os.path.exists(os.path.join(self.root, "po/zh.po")):
            return "there is no po/zh.po"
        if shutil.which("msgmerge") is None:
            return "gettext is not installed"
        out = subprocess.run(["tools/po.sh", "--check"], cwd=self.root, capture_output=True,
                             text=True, check=False)
        if out.returncode == 0:
            return []
        found = re.findall(r"^([^:\n]+):(\d+): (.*)$", out.stderr, re.M)
        return [(path, int(number), message) for path, number, message in found] \
            or [("po/zh.po", 1, out.stderr.strip() or "tools/po.sh failed")]



def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="", help="where the objects are (for symbol rules)")
    parser.add_argument("root", nargs="?", default=os.path.join(os.path.dirname(__file__), ".."))
    options = parser.parse_args()
    build = os.path.abspath(options.build) if options.build else ""
    return Tidy(os.path.abspath(options.root), build).run()


if __name__ == "__main__":
    sys.exit(main())
