#!/usr/bin/env python3
"""Does the auditor see it? The wallet is built with one protection taken out, each time another,
and cut: a mutant that passes is a hole in the harness.

    mutants.py BUILD    (make cut-mutants: it sets CUT_CC and CUT_LINK; CUT_MUTANT=WORDS: only
                         those whose names contain them)

Prints one line a mutant, and "N passed, N failed".
"""
import os
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CUTS, SECONDS = "60", "180"
# what is taken out, where, which text becomes which, the step that is cut, and how
MUTANTS = [
    ("no commit is synced", "common/store/store_sqlite.c", "PRAGMA synchronous = FULL",
     "PRAGMA synchronous = OFF", "pay", "--ways power"),
    ("the mark is not stored before signing", "wallet/handover/handover_pay.c",
     "    return purse_mark(env, &paying->plan);",
     "    paying->plan.state = PURSE_PLAN_SIGNING;\n    return ERR_OK;", "outbox after a crash",
     "--ways kill"),
    ("a file that leaves is not synced", "common/base/file.c",
     "fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0", "fchmod(fd, (mode_t)mode) != 0",
     "backup create", "--ways power"),
    ("a failed sync is passed over", "common/base/file.c", "|| fsync(fd) != 0))",
     "|| (fsync(fd), 0)))", "backup create", "--ways eio"),
    ("a new directory's name is not synced", "common/base/file.c",
     "return sync_directory_of(path);\n    int number", "return ERR_OK;\n    int number", "init",
     "--ways power"),
    ("the receipt is not kept", "wallet/handover/handover.c",
     "TRY(purse_request_paid(env, &receiving->row, receiving->view, &receipt));",
     "receiving->row.receipt = receipt;", "receive a packet", "--ways kill"),
    ("a coin that was signed away stays", "common/purse/purse_plan.c",
     "move_plan(env, plan, PURSE_SIGN)", "move_plan(env, plan, PURSE_MARK)", "pay", "--ways kill"),
    ("the lock is given up once the wallet is open", "wallet/desk/desk.c",
     ".create = create, .exclusive = true, .key = &pages};",
     ".create = create, .key = &pages};\n    close(desk->lock_fd);\n    desk->has_lock = false;",
     "receive a packet", "--ways pause"),
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
    for name in ("dcep-central", "dcep-bank", "cut/cut", "cut/reader"):  # no wallet is among them
        link = os.path.join(where, name)
        if not os.path.lexists(link):
            os.symlink(os.path.join(programs, name), link)
    subprocess.run([*shlex.split(os.environ["CUT_CC"]), "-I.", "-Wno-error", "-w", "-c", source,
                    "-o", made], cwd=ROOT, check=True)
    front, back = os.environ["CUT_LINK"].split("MUTANT")
    for name, main_o in (("dcep-wallet", "wallet/main.o"), ("cut/wallet", "tests/cut/wallet.o")):
        subprocess.run([*shlex.split(front), "-o", os.path.join(where, name),
                        os.path.join(programs, main_o), made, *shlex.split(back)], cwd=ROOT,
                       check=True)


def main():
    programs, passed, tried = os.path.abspath(sys.argv[1]), 0, 0
    wanted = os.environ.get("CUT_MUTANT", "")
    for number, mutant in enumerate(MUTANTS):
        if wanted not in mutant[0]:
            continue
        where = os.path.join(programs, "mutants", str(number))
        build(programs, mutant, where)
        run = subprocess.run([sys.executable, os.path.join(HERE, "cuts.py"), where, "--only",
                              mutant[4], *mutant[5].split(), "--sample", CUTS, "--seconds",
                              SECONDS, "--until-failed"],
                             capture_output=True, text=True, check=False)
        first = next((line for line in run.stdout.splitlines() if line.startswith("FAILED")), "")
        passed, tried = passed + (first != ""), tried + 1
        print(f"{mutant[0]}: {'noticed' if first else 'NOT NOTICED'}  {first}", flush=True)
    print(f"{passed} passed, {tried - passed} failed")
    return passed != tried or tried == 0


if __name__ == "__main__":
    sys.exit(main())
