#!/usr/bin/python3
"""Every command of the three programs, as its own help lists them, used wrongly: exit codes, the
shape of --json and of errors, Chinese, and that nothing is made, asked or left over.

    tests/acceptance/commands.py [BUILD]

The last line is "N passed, N failed".
"""
import os
import re
import sys

sys.dont_write_bytecode = True
from town import INTERNAL, OK, REFUSED, USAGE, Report, Town  # noqa: E402

PROGRAMS = ("dcep-central", "dcep-bank", "dcep-wallet")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Verbs that the protocol's page names for each program; those of later work are not there yet.
WANTED = {
    "dcep-central": """init serve status supply/bank enroll/bank list/bank show/reserve credit/
        reserve debit/reserve show/guarantee post/guarantee release/approval list/approval show/
        approval approve/approval reject/directory show/directory publish/case list/case show/
        case evidence/case verify/revocation list/revocation add/db check/db backup/
        db archive/db unarchive""",
    "dcep-bank": """init enroll serve status/vault show/vault order/vault return/customer open/
        customer import/customer join/customer list/customer show/account show/account deposit/
        account withdraw/wallet list/wallet revoke/settle status""",
    "dcep-wallet": """init balance withdraw request pay receive inspect outbox cancel coins history
        sync deposit receipt""",
}


def wanted(program):
    for part in WANTED[program].split("/"):
        words = part.split()
        noun_and_verb = len(words) == 2 and words[0] in (
            "bank", "reserve", "guarantee", "approval", "directory", "case", "revocation", "db",
            "vault", "customer", "account", "wallet", "settle")
        yield from [" ".join(words)] if noun_and_verb else words


def listed(help_text):
    block = help_text.split("Commands:\n", 1)[-1].split("\n\n", 1)[0]
    return [match.group(1) for match in re.finditer(r"^  ([a-z][a-z ]*?)(?:  .*)?$", block, re.M)]


def error_is_whole(result):
    """One JSON object on stdout whose error says code, name, message and hint."""
    error = result["error"]
    return (isinstance(error, dict) and error.get("code") == result.code
            and re.fullmatch(r"[A-Z][A-Z0-9_]*", error.get("name") or "")
            and isinstance(error.get("message"), str) and error["message"]
            and isinstance(error.get("hint", ""), (str, type(None))))


def judge_program(town, report, program):
    """Its help and its ways to be mistyped."""
    text = town.run(program, "--help")
    report.check(f"{program} --help", text.code == OK and "Usage:" in text.out, text)
    version = town.run(program, "--version")
    report.check(f"{program} --version", version.code == OK
                 and re.fullmatch(rf"{program} \d+\.\d+\.\d+\n", version.out), version)
    chinese = town.run(program, "--lang", "zh", "--help")
    report.check(f"{program} --help in Chinese", chinese.code == OK
                 and len(CHINESE.findall(chinese.out)) > 100, chinese)
    names = listed(text.out)
    for name in wanted(program):
        report.check(f"{program} {name} exists", name in names, names)
    for words, hint in ((["statsu"], "status"), (["--bogus"], None), ([names[-1] + "x"], None)):
        if program == "dcep-wallet" and words == ["statsu"]:
            words, hint = ["balence"], "balance"
        result = town.run(program, "--json", *words)
        report.check(f"{program} {words[0]}: usage", result.code == USAGE
                     and error_is_whole(result)
                     and (hint is None or hint in str(result["error"])), result)
    return names


def judge_command(town, report, program, name):
    words = name.split()
    text = town.run(program, *words, "--help")
    report.check(f"{program} {name} --help has a synopsis and an example", text.code == OK
                 and f"Usage: {program} {name}" in text.out and "Example:" in text.out, text)
    result = town.run(program, "--json", *words, "--no-such-option")
    report.check(f"{program} {name}: an unknown option is a usage error", result.code == USAGE
                 and error_is_whole(result) and "--no-such-option" in result["error.message"],
                 result)
    people = town.run(program, *words, "--no-such-option")
    report.check(f"{program} {name}: the error goes to stderr", people.code == USAGE
                 and people.out == "" and people.err.startswith("error: "), people)
    nothing = town.path("nothing")
    data = ["-w", "nobody"] if program == "dcep-wallet" else ["--data", nothing]
    bare = town.run(program, *data, "--json", "--no-input", *words)
    report.check(f"{program} {name} without anything: refused, in one JSON object",
                 bare.code in (REFUSED, USAGE) and error_is_whole(bare), bare)
    zh = town.run(program, *data, "--json", "--no-input", "--lang", "zh", *words)
    report.check(f"{program} {name}: the same in Chinese",
                 zh.code == bare.code and CHINESE.search(zh["error.message"] or ""), zh)
    with_files = re.findall(r"^  ([A-Z][A-Z.]*) ", text.out, re.M)
    if with_files and bare.code == USAGE:
        arguments = [town.path("missing.file")] * len(with_files)
        gone = town.run(program, *data, "--json", "--no-input", "-y", *words, *arguments)
        report.check(f"{program} {name} with what is not there: an error that explains itself",
                     gone.code not in (OK, INTERNAL) and error_is_whole(gone), gone)
    made = [file for folder in (nothing, town.path("home")) for _, _, files in os.walk(folder)
            for file in files]
    report.equal(f"{program} {name} left no file behind", made, [])


def main():
    report = Report()
    with Town(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build")) as town:
        for program in PROGRAMS:
            for name in judge_program(town, report, program):
                judge_command(town, report, program, name)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
