#!/usr/bin/python3
"""Retention with the real programs: lines that are all spent leave the register a year after their
redeem-by day, also when it is killed again and again meanwhile; a second payment that was kept back
is told that its line is archived, and is a case once that is put back; an altered file is noticed.
Time is moved by DCEP_CLOCK_OFFSET_S.

    tests/acceptance/archive.py [BUILD]

The last line is "N passed, N failed".
"""
import os
import shutil
import signal
import sys
import time

sys.dont_write_bytecode = True
from town import INTEGRITY, OK, REFUSED, Report, Town  # noqa: E402

DAY_S = 86400
DUE_DAYS = 90 + 30 + 365
READY_S = 30
KILLS = 5


class Retention:
    def __init__(self, town, report):
        self.town, self.report = town, report

    def central(self, *words):
        return self.town.central(*words)

    def segments(self):
        return self.town.must(self.central("db", "archive"))["segments"]

    def file_of(self, number):
        return self.town.path("central", "archive", f"{number:08d}.dcepa")

    # ---- acts ----

    def live(self):
        """alice's coin is paid to bob, who settles it, and by a copy of her wallet to carol."""
        town = self.town
        town.found_central()
        town.enroll_bank("north", days=700)
        town.serve_or_stop("north")
        town.fill_vault("north", "50000.00")
        town.open_customers("north", [("alice", 2, "5000.00"), ("bob", 2, "0.00"),
                                      ("carol", 2, "0.00")])
        for _ in range(6):
            town.must(town.wallet("alice", "withdraw", "300.00"))
            town.must(town.wallet("alice", "deposit", "300.00"))
        town.must(town.wallet("alice", "withdraw", "100.00"))
        home, copy = town.path("home", "dcep", "wallets", "alice"), town.path("copy")
        shutil.copytree(home, copy)
        steps = town.hand_over("alice", "bob", "100.00", "first")
        self.report.check("alice pays bob", len(steps) == 4 and not steps[-1].code, steps[-1])
        town.must(town.wallet("bob", "sync"))
        town.must(town.wallet("bob", "deposit", "100.00"))
        shutil.rmtree(home)
        shutil.move(copy, home)
        steps = town.hand_over("alice", "carol", "100.00", "second", confirm=False)
        self.report.check("a copy of alice pays carol", len(steps) == 3 and not steps[-1].code,
                          steps[-1])

    def grow_old(self):
        """The term passes; the server archives, and is killed while it does."""
        town = self.town
        for name in ("north", "central"):
            town.kill(name, signal.SIGTERM)
        self.report.equal("nothing leaves before its day", os.path.exists(self.file_of(1)), False)
        town.env["DCEP_CLOCK_OFFSET_S"] = str((DUE_DAYS + 1) * DAY_S)
        for i in range(KILLS):
            town.serve_or_stop("central")
            time.sleep(0.03 * i)
            town.kill("central")
        town.serve_or_stop("central")
        end = time.monotonic() + READY_S
        while not any(s["state"] == "archived" for s in self.segments()):
            if time.monotonic() > end:
                break
            time.sleep(0.05)
        self.report.check("lines are archived", self.segments() != [] and all(
            s["state"] == "archived" for s in self.segments()), self.segments())
        self.report.equal("all files are whole", {s["file"] for s in town.must(
            self.central("db", "archive", "--verify"))["segments"]}, {"whole"})
        self.report.equal("the books balance", self.central("supply", "--recount").code, OK)
        town.must(self.central("directory", "publish", "--root-key",
                               town.path("safe", "root.key")))
        town.serve_or_stop("north")

    def come_late(self):
        town = self.town
        late = town.wallet("carol", "sync")
        self.report.equal("no case while the line is archived",
                          len(self.central("case", "list")["cases"]), 0)
        self.report.check("carol is told so", late.code == REFUSED and
                          late["error.name"] == "ARCHIVED", late)
        for segment in self.segments():
            back = self.central("db", "unarchive", segment["number"])
            self.report.check("its lines are put back", back.code == OK and
                              back["lines"] == segment["lines"], back)
        self.report.equal("put back, by the list", {s["state"] for s in self.segments()},
                          {"put back"})
        self.report.equal("the books balance", self.central("supply", "--recount").code, OK)
        late = town.wallet("carol", "sync")
        cases = self.central("case", "list")["cases"]
        self.report.check("then it is a case, with a proof",
                          len(cases) == 1 and cases[0]["has_proof"], f"{late}\n{cases}")

    def alter(self):
        path = self.file_of(1)
        with open(path, "rb") as file:
            whole = file.read()
        altered = bytearray(whole)
        altered[len(altered) // 2] ^= 1
        for what, content in (("altered", bytes(altered)), ("altered", whole[:-1]),
                              ("missing", None)):
            os.unlink(path)
            if content is not None:
                with open(path, "wb") as file:
                    file.write(content)
            seen = self.central("db", "archive", "--verify")
            self.report.check(f"a file that is {what} is noticed", seen.code == INTEGRITY and
                              seen.json["result"]["segments"][0]["file"] == what, seen)
            self.report.equal(f"and not put back: {what}",
                              self.central("db", "unarchive", "1").code, INTEGRITY)
        with open(path, "wb") as file:
            file.write(whole)
        self.report.equal("whole again", self.central("db", "archive", "--verify").code, OK)
        self.report.equal("no such segment", self.central("db", "unarchive", "999").code, REFUSED)
        self.report.equal("the database is whole", self.central("db", "check").code, OK)


def main():
    report = Report()
    with Town(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build")) as town:
        retention = Retention(town, report)
        retention.live()
        retention.grow_old()
        retention.come_late()
        retention.alter()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
