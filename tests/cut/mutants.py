#!/usr/bin/env python3
"""Does the auditor see it? The wallet is built with one protection taken out, each time another,
and cut: a mutant that passes is a hole in the harness.

    mutants.py BUILD    (make cut-mutants: it sets CUT_CC and CUT_LINK)

Prints one line a mutant, and "N passed, N failed".
"""
import os
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SECONDS = "40"
# what is taken out, where, which text becomes which, the step that is cut, and how
MUTANTS = [
    ("no commit is synced", "common/store/store_sqlite.c", "PRAGMA synchronous = FULL",
     "PRAGMA synchronous = OFF", "pay", "--at 0 --how power"),
    ("the mark is not stored before signing", "wallet/handover_pay.c",
     "    return purse_mark(env, &paying->plan);",
     "    paying->plan.state = PURSE_PLAN_SIGNING;\n    return ERR_OK;", "outbox after a crash",
     "--ways kill"),
    ("a file that leaves is not synced", "common/base/file.c",
     "fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0", "fchmod(fd, (mode_t)mode) != 0",
     "backup create", "--ways power"),
    ("the receipt is not kept", "wallet/handover.c",
     "TRY(purse_request_paid(env, &receiving->row, receiving->view, &receipt));",
     "receiving->row.receipt = receipt;", "receive a packet", "--ways kill"),
    ("a coin that was signed away stays", "common/purse/purse_plan.c",
     "move_plan(env, plan, PURSE_SIGN)", "move_plan(env, plan, PURSE_MARK)", "pay", "--ways kill"),
]


def build(programs, mutant, where):
    _, path, old, new, _, _ = mutant
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        sys.exit(f"{path}: {text.count(old)} places for {old!r}")
    os.makedirs(os.path.join(where, "cut"), exist_ok=True)
    source, made = os.path.join(where, "mutant.c"), os.path.join(where, "mutant.o")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))
    for name in ("dcep-central", "dcep-bank", "cut/cut", "cut/reader"):
        link = os.path.join(where, name)
        if not os.path.lexists(link):
            os.symlink(os.path.join(programs, name), link)
    subprocess.run([*shlex.split(os.environ["CUT_CC"]), "-I.", "-Wno-error", "-w", "-c", source,
                    "-o", made], cwd=ROOT, check=True)
    front, back = os.environ["CUT_LINK"].split("MUTANT")
    subprocess.run([*shlex.split(front), "-o", os.path.join(where, "dcep-wallet"), made,
                    *shlex.split(back)], cwd=ROOT, check=True)


def main():
    programs, passed = os.path.abspath(sys.argv[1]), 0
    for number, mutant in enumerate(MUTANTS):
        where = os.path.join(programs, "mutants", str(number))
        build(programs, mutant, where)
        run = subprocess.run([sys.executable, os.path.join(HERE, "cuts.py"), where, "--only",
                              mutant[4], *mutant[5].split(), "--seconds", SECONDS],
                             capture_output=True, text=True, check=False)
        first = next((line for line in run.stdout.splitlines() if line.startswith("FAILED")), "")
        passed += run.returncode != 0
        print(f"{mutant[0]}: {'noticed' if run.returncode != 0 else 'NOT NOTICED'}  {first}",
              flush=True)
    print(f"{passed} passed, {len(MUTANTS) - passed} failed")
    return passed != len(MUTANTS)


if __name__ == "__main__":
    sys.exit(main())
