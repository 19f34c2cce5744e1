#!/usr/bin/python3
"""Every command of the three programs at work, and its --json against docs/json/PROGRAM.json: the
schemas say what programs may rely on, and this says that they are true.

    tests/acceptance/json_forms.py [BUILD]

A command that the help lists and that has no schema, or that this run does not see succeed, is a
failure; so is a schema without a command. The last line is "N passed, N failed".
"""
import os
import re
import shutil
import signal
import sys
import time

sys.dont_write_bytecode = True
import forms  # noqa: E402
from commands import PROGRAMS, listed  # noqa: E402
from town import (AUTH, DOUBLE_SPEND, FUNDS, INVALID, OK, PENDING, REFUSED,  # noqa: E402
                  Report, Town, USAGE, free_port)


OLD_DAYS = 90 + 30 + 365 + 1


class Tour:
    """Runs commands, and notes which were seen to succeed."""

    def __init__(self, town, report):
        self.town, self.report, self.seen = town, report, set()

    def check(self, result, codes=(OK,)):
        program, name = result.words[0], forms.command_of(result.words)
        if name is None:
            return result
        self.report.check(f"{program} {name or '(home)'}: exit {codes}", result.code in codes,
                          result)
        if result.code in (OK, PENDING, DOUBLE_SPEND):
            self.seen.add((program, name))
        return result

    def central(self, *words, codes=(OK,)):
        return self.check(self.town.central(*words), codes)

    def bank(self, *words, codes=(OK,), name="north"):
        return self.check(self.town.bank(name, *words), codes)

    def wallet(self, name, *words, codes=(OK,)):
        return self.check(self.town.wallet(name, *words), codes)

    # ---- the three programs ----

    def bankers(self):
        path = self.town.path
        self.central("status")
        self.central("supply", "--recount")
        self.central("bank", "list")
        self.central("bank", "show", "1")
        self.central("reserve", "credit", "1", "10")
        self.central("reserve", "debit", "1", "10")
        self.central("reserve", "show")
        self.central("guarantee", "post", "1", "10")
        self.central("guarantee", "release", "1", "10")
        self.central("directory", "show")
        self.central("directory", "publish", "--root-key", path("safe", "root.key"))
        self.central("db", "check")
        self.central("db", "backup", path("copy.db"))
        self.bank("status")
        self.bank("vault", "show")
        self.bank("vault", "order", "50", codes=(PENDING,))
        self.bank("vault", "return", "20", codes=(OK, PENDING))
        number = self.central("approval", "list", "--all")["approvals"][-1]["number"]
        self.central("approval", "show", number)
        waiting = self.central("approval", "list")["approvals.0.number"]
        self.central("approval", "reject", waiting, "--reason", "above the plan")
        self.bank("vault", "order", "60", codes=(PENDING,))
        self.central("approval", "approve", self.central("approval", "list")["approvals.0.number"])

    def counter(self):
        path = self.town.path
        self.bank("customer", "open", "--name", "Dora", "--tier", "3", "--label", "Dora's Tea",
                  "--deposit", "70", "-o", path("dora.join"))
        self.bank("customer", "join", "Dora", "-o", path("dora.join"), "--force")
        with open(path("more.csv"), "w", encoding="utf-8") as file:
            file.write("name,tier,phone,id_number,label,opening_deposit\nErik,1,,,,0\n")
        self.bank("customer", "import", path("more.csv"), "--joins", path("joins"))
        self.bank("customer", "list")
        self.bank("customer", "show", "Dora")
        self.bank("account", "deposit", "Dora", "5")
        self.bank("account", "withdraw", "Dora", "2.50")
        self.bank("account", "show", "Dora")
        self.bank("wallet", "list")
        self.bank("settle", "status")

    def citizens(self):
        path = self.town.path
        self.check(self.town.run("dcep-wallet", "-w", "nobody", "--json"))
        self.wallet("dora", "init", "--join", path("dora.join"), "--no-passphrase")
        self.wallet("alice", "withdraw", "120")
        self.wallet("alice", "request", "1", "-o", path("own"))
        self.wallet("dora", "request", "20", "--memo", "tea", "-o", path("q"))
        self.wallet("alice", "pay", path("q"), "--dry-run")
        self.wallet("alice", "pay", path("q"), "-o", path("p"))
        packet = self.wallet("alice", "outbox")["payments.0.id"]
        self.wallet("alice", "outbox", packet[:8], "-o", path("p2"))
        self.wallet("dora", "receive", path("p"), "-o", path("c"))
        self.wallet("alice", "receive", path("c"))
        self.wallet("alice", "receipt", packet[:8], "-o", path("c2"))
        self.wallet("bob", "receipt", "verify", path("c2"))
        for file in ("q", "p", "c", "dora.join", "north.request", "north.admission"):
            self.wallet("alice", "inspect", path(file))
            self.wallet("nobody", "inspect", path(file))
        for words in (("balance",), ("coins",), ("history",), ("doctor",), ("sync",), ()):
            self.wallet("alice", *words)
        self.wallet("alice", "deposit", "10")
        self.wallet("alice", "pay", path("own"), "-o", path("x"), codes=(REFUSED,))
        self.wallet("alice", "cancel", "1234", codes=(REFUSED,))

    def thief(self):
        """Mallory pays from a copy as well: a case, its evidence, a revocation."""
        town, path = self.town, self.town.path
        self.wallet("mallory", "withdraw", "10")
        homes = os.path.join(town.env["XDG_DATA_HOME"], "dcep", "wallets")
        shutil.copytree(os.path.join(homes, "mallory"), os.path.join(homes, "copy"))
        town.hand_over("mallory", "bob", "10", "m1")
        town.hand_over("copy", "dora", "10", "m2")
        self.wallet("bob", "sync")
        self.wallet("dora", "sync", codes=(DOUBLE_SPEND,))
        number = self.central("case", "list")["cases.0.number"]
        self.central("case", "show", number)
        self.central("case", "evidence", number, "-o", path("proof"))
        self.central("case", "verify", path("proof"), "--join", path("dora.join"))
        self.wallet("alice", "inspect", path("proof"))
        self.wallet("alice", "inspect", path("central.log"), codes=(INVALID,))
        self.central("revocation", "list")
        key = self.bank("wallet", "list")["wallets.0.key"]
        self.bank("wallet", "revoke", key[:16], "--dry-run")
        self.bank("wallet", "revoke", key[:16])
        self.central("revocation", "add", "00" * 8, "--reason", "stolen",
                     codes=(OK, USAGE, REFUSED))
        self.wallet("bob", "withdraw", "99999", codes=(FUNDS,))

    def loss(self):
        """Alice loses her wallet: the bank asks for its money, and advances some of it."""
        join = self.town.path("alice.join")
        self.bank("customer", "join", "alice", "--lost", "-o", join)
        self.wallet("alice2", "init", "--join", join, "--no-passphrase")
        self.bank("wallet", "refund", "alice", codes=(REFUSED, PENDING))
        self.bank("wallet", "advance", "alice", "--all")
        self.bank("wallet", "advance", "alice")
        self.bank("wallet", "refund", "alice")

    def safe_keeping(self):
        """A wallet with a PIN: locked, unlocked, limits, another PIN, words, a backup, restored."""
        path = self.town.path
        secrets = {}
        for name, text in (("pin", "739201"), ("next", "correct horse"),
                           ("phrase", "four words here")):
            secrets[name] = path("safe", name)
            with open(os.open(secrets[name], os.O_WRONLY | os.O_CREAT, 0o600), "w",
                      encoding="utf-8") as file:
                file.write(text + "\n")
        pin, phrase = ("--pin-file", secrets["pin"]), ("--passphrase-file", secrets["phrase"])
        join, paper = path("fay.join"), path("safe", "fay.words")
        self.bank("customer", "open", "--name", "Fay", "--tier", "3", "--deposit", "9", "-o", join)
        self.wallet("fay", "init", "--join", join, "--words-out", path("safe", "old.words"), *pin)
        home = self.wallet("fay")
        self.report.equal("a locked wallet's home screen", home.json, {"locked": True})
        self.report.check("an open one's", self.wallet("fay", *pin)["spendable"] == "0.00")
        self.wallet("fay", "limits", "--pin-file", secrets["next"], codes=(AUTH,))
        self.wallet("fay", "words", "new", "--words-out", paper, *pin)
        self.wallet("fay", "words", "check", "--words-file", paper, *pin)
        self.wallet("fay", "unlock", "--for", "10m", *pin)
        self.wallet("fay", "limits", "set", "--payment", "5")
        self.wallet("fay", "limits")
        self.wallet("fay", "backup", "create", path("fay.backup"), *phrase)
        self.wallet("fay", "backup", "verify", path("fay.backup"), *phrase)
        self.wallet("fay", "lock")
        self.wallet("fay", "pin", "change", "--new-pin-file", secrets["next"], *pin)
        self.wallet("fay2", "backup", "restore", path("fay.backup"), *phrase, "--words-file", paper,
                    *pin)

    def founding(self):
        """init and enroll, which a town has done before it is there."""
        town, path = self.town, self.town.path
        data = path("other")
        central = ("--data", data, "--json", "-y")
        self.check(town.run("dcep-central", *central, "init", "--network", "dcep-other",
                            "--no-passphrase", "--root-key", path("other.key"), "--listen",
                            f"127.0.0.1:{free_port()}"))
        self.check(town.bank("west", "init", "--network", "dcep-test", "--name", "West Bank",
                             "--no-passphrase", "--tls-name", "west.dcep", "--listen",
                             f"127.0.0.1:{free_port()}"))
        self.bank("enroll", "-o", path("west.request"), name="west")
        self.central("bank", "enroll", path("west.request"), "--root-key",
                     path("safe", "root.key"), "-o", path("west.admission"))
        self.bank("enroll", "--accept", path("west.admission"), name="west")


    def old_age(self):
        """Lines leave the register a year after their day, and come back."""
        self.town.kill("central", signal.SIGTERM)
        self.town.env["DCEP_CLOCK_OFFSET_S"] = str(OLD_DAYS * 86400)
        self.town.serve_or_stop("central")
        end = time.monotonic() + 30
        while not self.central("db", "archive")["segments"] and time.monotonic() < end:
            time.sleep(0.1)
        self.central("db", "archive", "--verify")
        self.central("db", "unarchive", "1")


def judge_tables(town, tour, report):
    """Help, schemas and this run name the same commands."""
    for program in PROGRAMS:
        names = set(listed(town.run(program, "--help").out))
        documented = set(forms.commands(program))
        report.equal(f"{program}: commands without a schema", sorted(names - documented), [])
        report.equal(f"{program}: schemas without a command",
                     sorted(documented - names - {"", "--version"}), [])
        seen = {name for where, name in tour.seen if where == program}
        report.equal(f"{program}: not seen to succeed", sorted(names - seen - UNSEEN), [])
    report.check("outputs were compared with schemas", forms.compared > 100, forms.compared)


# serve prints for people and ends with its server; cancel succeeds after a crash only.
UNSEEN = {"serve", "cancel"}


def main():
    report = Report()
    if not forms.available():
        print("skipped: python3-jsonschema is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    with Town(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build")) as town:
        tour = Tour(town, report)
        town.found("north", "south")
        town.open_customers("north", [("alice", 3, "500.00"), ("mallory", 3, "500.00")])
        town.open_customers("south", [("bob", 3, "500.00")])
        tour.bankers()
        tour.counter()
        tour.citizens()
        tour.thief()
        tour.loss()
        tour.safe_keeping()
        tour.founding()
        tour.old_age()
        for program in PROGRAMS:
            tour.check(town.run(program, "--json", "--version"))
            tour.check(town.run(program, "--json", "help"))
        judge_tables(town, tour, report)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
