#!/usr/bin/python3
"""The pages for people, held against the programs: every command that a page shows is one, with its
options; every line of output that it shows is one that the programs can print.

    tests/acceptance/examples.py [BUILD]

Commands and options are asked of the programs (`help`). What a program can say is the list of its
messages, po/zh.po: a name or a wording that changes, and not on the page, is found. Numbers, names
and keys in the output may be any. The last line is "N passed, N failed".
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from commands import PROGRAMS, listed  # noqa: E402
from town import Report  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PAGES = {"README.md": None, "docs/WALLET.md": "dcep-wallet", "docs/BANKS.md": "dcep-bank",
         "docs/OPERATING.md": "dcep-central", "docs/EXIT_CODES.md": None,
         "docs/performance.md": None, "docs/FLOWS.md": None}
HOLE = re.compile(r"%(?:\.?\*?[0-9]*)(?:ll|z|l)?[a-z%]")
LETTERS_MIN = 3  # of a message without its holes; less would fit any line
PROMPT = re.compile(r"^(?:[a-z-]*[$#] )(.*)")
PREFIX = re.compile(r"^(?:error|hint|warning|pending): |^(?:payee|payer) {2,}")
DRAWN = re.compile(r"^ *[|`]- ¥.* to ")  # a branch of a line: hardly a word in it
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*|-[a-zA-Z])(?![\w-])")


class Programs:
    def __init__(self, build):
        self.build, self.options, self.names = build, {}, {}
        for program in PROGRAMS:
            self.names[program] = set(listed(self.help(program))) | {"help"}

    def help(self, program, *words):
        return subprocess.run([os.path.join(self.build, program), "--lang", "en", "help", *words],
                              capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL).stdout

    def options_of(self, program, name=None):
        """Of one command, or of all."""
        if name is None:
            return set().union(*(self.options_of(program, n) for n in self.names[program]))
        key = (program, name)
        if key not in self.options:
            self.options[key] = set(OPTION.findall(self.help(program, *name.split())))
        return self.options[key]

    def command(self, program, words):
        """The command's name at the beginning of words, the program's own options passed over."""
        words = list(words)
        while words and words[0].startswith("-"):
            takes = words[0] in ("-w", "--wallet", "--data", "-c", "--config", "--lang",
                                 "--pin-file", "--timeout")
            del words[:2 if takes else 1]
        for count in (2, 1):
            name = " ".join(words[:count])
            if name in self.names[program]:
                return name
        return None


def messages():
    """What the programs can say, as patterns."""
    with open(os.path.join(ROOT, "po/zh.po"), encoding="utf-8") as file:
        text = file.read()
    found = []
    for match in re.finditer(r'^msgid(?:_plural)? ((?:"(?:[^"\\]|\\.)*"\s*)+)', text, re.M):
        said = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match.group(1)))
        for line in said.replace('\\"', '"').replace("\\\\", "\\").split("\\n"):
            letters = len(re.findall("[A-Za-z]", HOLE.sub("", line)))
            if letters >= LETTERS_MIN or letters and not HOLE.search(line):
                found.append(line.strip())
    return [re.compile(".*?".join(re.escape(part) for part in HOLE.split(line)))
            for line in found]


def blocks(text):
    """The indented blocks of a page, each with the number of its first line."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        if lines[at].startswith("    ") and (at == 0 or not lines[at - 1].strip()):
            begin = at
            while at < len(lines) and lines[at].startswith("    "):
                at += 1
            yield begin + 1, [line[4:] for line in lines[begin:at]]
        at += 1


class Pages:
    def __init__(self, report, programs):
        self.report, self.programs = report, programs
        self.patterns = messages()

    def line_of_command(self, where, line, program=None):
        """A line that begins with a program, or, on that program's page, with its command."""
        line = re.split(r"\s+#\s|\s+<-|\s+->", line)[0]
        words = re.findall(r'"[^"]*"|\S+', line)
        if words and words[0] in PROGRAMS:
            program = words.pop(0)
        elif program is not None and words and words[0].startswith("--"):
            unknown = set(OPTION.findall(line)) - self.programs.options_of(program)
            self.report.check(f"{where}: an option: {line}", not unknown, unknown)
            return True
        elif program is None or not words or words[0] not in {
                name.split()[0] for name in self.programs.names[program]}:
            return False
        if not words or not re.match(r"[-a-z]", words[0]):
            return True  # the program alone, or a sentence about it
        name = self.programs.command(program, words)
        self.report.check(f"{where}: a command: {program} {line}", name is not None)
        if name is not None:
            unknown = set(OPTION.findall(line)) - self.programs.options_of(program, name)
            self.report.check(f"{where}: {program} {line}", not unknown, unknown)
        return True

    def can_be_said(self, line):
        """Whole, or as a row of cells of which one is a message, or that has no words but names."""
        if DRAWN.match(line):
            return True
        line = re.sub(r" \[y/N\] y$|:$", "", PREFIX.sub("", line)).strip()
        cells = re.split(r" {2,}", line)
        return any(pattern.fullmatch(part) for part in {line, *cells}
                   for pattern in self.patterns) or \
            len(cells) > 1 and not re.search("[a-z]{4}", re.sub(
                r"[A-Z][a-z]+(, shop)?|/\S+", "", line))

    def output(self, where, lines):
        """What stands after a command, up to the next."""
        at = 0
        while at < len(lines):
            line = lines[at]
            if not line.strip() or line.strip() == "..." or line.startswith("(exit"):
                at += 1
                continue
            if line.startswith("{"):  # JSON has schemas of its own
                at += 1 + next((i for i, l in enumerate(lines[at + 1:]) if l[:1] != " "),
                               len(lines))
                continue
            if line.strip().startswith("-> "):
                self.line_of_command(where, line.strip()[3:])
                at += 1
                continue
            whole = [line, " ".join([line, *(l.strip() for l in lines[at + 1:at + 2])])]
            fits = next((i for i, text in enumerate(whole) if self.can_be_said(text)), None)
            self.report.check(f"{where}: the programs say: {line}", fits is not None)
            at += 1 + (fits or 0)

    def page(self, name, program):
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            text = file.read()
        shown = 0
        for number, lines in blocks(text):
            output = None
            for i, line in enumerate([*lines, "$ "]):
                prompt = PROMPT.match(line)
                if prompt or line.startswith("dcep-") and output is None:
                    if output is not None:
                        self.output(f"{name}:{number + i}", output)
                    words = prompt.group(1) if prompt else line
                    shown += self.line_of_command(f"{name}:{number + i}", words)
                    output = [] if prompt else None
                elif output is not None:
                    output.append(line)
        for match in re.finditer(r"`([^`\n]+)`", re.sub(r"(?m)^    .*$", "", text)):
            number = text[:text.find(match.group(0))].count("\n") + 1
            shown += self.line_of_command(f"{name}:{number}", match.group(1), program)
        return shown


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build"))
    report = Report()
    pages = Pages(report, Programs(build))
    for name, program in PAGES.items():
        shown = pages.page(name, program)
        report.check(f"{name} shows commands", shown > 0)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
