#!/usr/bin/python3
"""Lost wallets, restored ones and cloned ones, with the real programs: an advance before the day, a
refund on it, payees who came before and ones who come after, an advance whose coin was paid; two
copies of one wallet. Time is moved by DCEP_CLOCK_OFFSET_S.

    tests/acceptance/recovery.py [BUILD]

The last line is "N passed, N failed".
"""
import os
import shutil
import signal
import sys
import time

sys.dont_write_bytecode = True
from town import AUTH, FUNDS, OK, REFUSED, Report, Town, UNREACHABLE, fen  # noqa: E402

DAY_S = 86400
REDEEM_BY_DAYS = 120  # 90 to be spent, 30 more
READY_S = 20


class Recovery:
    def __init__(self, town, report):
        self.town, self.report, self.days = town, report, 0

    def gives(self, what, result, code=OK, **fields):
        held = result.code == code and result.json is not None
        held = held and all(result[path.replace("__", ".")] == value
                            for path, value in fields.items())
        return self.report.check(what, held, f"{result}\n  wanted exit {code} {fields or ''}")

    def total(self, name, bucket="spendable"):
        return fen(self.town.wallet(name, "balance")[bucket])

    def synced(self, name):
        self.town.must(self.town.wallet(name, "sync"))
        return self.total(name)

    def paid(self, payer, payee, amount, name):
        steps = self.town.hand_over(payer, payee, amount, name)
        self.report.check(f"{payer} pays {payee} {amount}", len(steps) == 4 and not steps[-1].code,
                          steps[-1])

    def pass_days(self, days):
        """Everybody's clock moves; the servers start again under the new one."""
        self.days += days
        for name in ("north", "central"):
            self.town.kill(name, signal.SIGTERM)
        self.town.env["DCEP_CLOCK_OFFSET_S"] = str(self.days * DAY_S)
        self.town.serve_or_stop("central")
        self.town.must(self.town.central("directory", "publish", "--root-key",
                                         self.town.path("safe", "root.key")))
        self.town.serve_or_stop("north")

    def wait_for(self, what, ask, wanted):
        end = time.monotonic() + READY_S
        while ask() != wanted and time.monotonic() < end:
            time.sleep(0.2)
        self.report.equal(what, ask(), wanted)

    def wallet_dir(self, name):
        return self.town.path("home", "dcep", "wallets", name)

    # ---- acts ----

    def set_out(self):
        town = self.town
        town.found("north", vault="50000.00")
        town.open_customers("north", [("alice", 2, "500.00"), ("bob", 2, "0.00"),
                                      ("carol", 2, "0.00"), ("mallory", 2, "200.00")])
        town.must(town.wallet("alice", "withdraw", "300.00"))
        self.paid("alice", "carol", "50.00", "early")  # comes before the refund
        self.paid("alice", "bob", "35.00", "late")     # comes after it
        town.must(town.wallet("carol", "sync"))

    def lose(self):
        town, gives = self.town, self.gives
        shutil.rmtree(self.wallet_dir("alice"))
        gives("nothing is lost that the bank knows of", town.bank("north", "wallet", "refund",
                                                                  "alice"), OK, waiting__coins=0)
        join = town.path("again.join")
        gives("the keys are given up, a join file is made",
              town.bank("north", "customer", "join", "alice", "--lost", "-o", join), OK,
              given_up=1)
        join = self.steal_next(join)
        gives("without a new wallet there is nowhere to pay to",
              town.bank("north", "wallet", "refund", "alice"), REFUSED, error__name="NO_WALLET")
        gives("her own, begun under a key that was given up, is opened by the new file",
              town.wallet("alice2", "init", "--join", join, "--no-passphrase"))
        early = town.bank("north", "wallet", "refund", "alice")
        today = int(time.time()) // DAY_S
        gives("before its day nothing is refunded", early, REFUSED, error__name="EARLY",
              result__next_day=today + REDEEM_BY_DAYS)
        self.lost = fen(early["result.waiting.amount"])
        self.report.equal("what lies at the lost keys: bob's payment is not known yet",
                          self.lost, 25000)

    def steal_next(self, join):
        """G1: her next phone is stolen before its first certificate came: the bank has its request,
        and could not ask the central bank. The thief asks again, with the file that is on it."""
        town, gives = self.town, self.gives
        town.kill("central", signal.SIGTERM)
        for name in ("stolen", "alice2"):
            gives(f"{name}: no answer yet", town.wallet(name, "init", "--join", join,
                                                        "--no-passphrase"), UNREACHABLE)
            if name == "stolen":
                shutil.copytree(self.wallet_dir(name), self.wallet_dir("alice2"))
        town.serve_or_stop("central")
        again = town.path("once-more.join")
        gives("g1: it is given up with nothing in it", town.bank(
            "north", "customer", "join", "alice", "--lost", "-o", again), OK, given_up=1)
        asked = town.wallet("stolen", "init", "--join", join, "--no-passphrase")
        gives("g1: the stolen phone is refused", asked, AUTH, error__name="FORBIDDEN")
        self.report.check("g1: and told why", "lost" in asked["error.message"] and
                          "join file" in asked["error.hint"], asked)
        gives("g1: and for ever", town.wallet("stolen", "init", "--join", join, "--no-passphrase"),
              AUTH, error__name="CODE")
        wallets = town.bank("north", "customer", "show", "alice")["wallets"]
        self.report.equal("g1: its key never was one", [row["state"] for row in wallets],
                          ["revoked", "given up unused"])
        return again

    def restore(self):
        """M4: dora's backup does not know what she paid since; carol comes before the day of her
        coins, bob after it."""
        town, gives = self.town, self.gives
        join, words, backup, secret = (town.path("dora." + kind)
                                       for kind in ("join", "words", "backup", "passphrase"))
        with open(secret, "w", encoding="utf-8") as file:
            file.write("four plain words here\n")
        town.must(town.bank("north", "customer", "open", "--name", "dora", "--tier", 3,
                            "--deposit", "200.00", "-o", join))
        town.must(town.wallet("dora", "init", "--join", join, "--no-passphrase", "--words-out",
                              words))
        town.must(town.wallet("dora", "withdraw", "200.00"))
        town.must(town.wallet("dora", "backup", "create", backup, "--passphrase-file", secret))
        self.paid("dora", "carol", "40.00", "dora-early")
        self.paid("dora", "bob", "25.00", "dora-late")
        town.must(town.wallet("carol", "sync"))
        shutil.rmtree(self.wallet_dir("dora"))
        gives("a backup is restored", town.wallet(
            "dora", "backup", "restore", backup, "--passphrase-file", secret, "--words-file",
            words, "--no-passphrase"), OK, from_older_keys="200.00")
        gives("it syncs under a new key", town.wallet("dora", "sync"))
        self.report.equal("nothing of the older keys is there", self.total("dora"), 0)
        self.report.equal("she is told what waits: the bank knows what carol had",
                          self.total("dora", "from_older_keys"), 16000)
        gives("it waits for its day", town.bank("north", "wallet", "refund", "dora"), REFUSED,
              error__name="EARLY", result__waiting__amount="160.00")

    def restored(self):
        """On that day, and without anybody asking: what nobody came for, once."""
        town, gives = self.town, self.gives
        self.wait_for("all is back but what carol had", lambda: self.synced("dora"), 16000)
        gives("it syncs again", town.wallet("dora", "sync"))
        self.report.equal("nothing comes twice", self.total("dora"), 16000)
        self.report.equal("and nothing is said to wait, from this day on",
                          self.total("dora", "from_older_keys"), 0)
        gives("nothing more is refunded", town.bank("north", "wallet", "refund", "dora"), OK,
              refunded__coins=0, claimed__coins=0, waiting__coins=0)
        self.paid("dora", "carol", "60.00", "dora-again")  # it pays as any other wallet

    def advance(self):
        town, gives = self.town, self.gives
        gives("above the limit", town.bank("north", "wallet", "advance", "alice", "1000.01"),
              FUNDS, error__name="LIMIT")
        gives("no coin is so small", town.bank("north", "wallet", "advance", "alice", "0.01"),
              REFUSED, error__name="NO_COIN")
        vault = fen(town.bank("north", "vault", "show")["available"])
        paid = town.bank("north", "wallet", "advance", "alice", "100.00")
        gives("an advance", paid, OK)
        self.advanced = fen(paid["advanced"])
        self.report.check("of whole coins, at most what was asked", 0 < self.advanced <= 10000,
                          paid)
        self.report.equal("out of the vault", vault - self.advanced,
                          fen(town.bank("north", "vault", "show")["available"]))
        gives("alice finds it", town.wallet("alice2", "sync"))
        self.report.equal("and can spend it", self.total("alice2"), self.advanced)
        self.report.equal("what she had in advance does not wait",
                          self.total("alice2", "from_older_keys"), self.lost - self.advanced)
        gives("the books balance", town.central("supply", "--recount"), OK, balanced=True)

    def refund(self):
        town, gives = self.town, self.gives
        vault = fen(town.bank("north", "vault", "show")["available"])
        self.pass_days(REDEEM_BY_DAYS)
        # the bank does it by itself: nobody asks
        self.wait_for("the advance comes back to the vault",
                      lambda: fen(town.bank("north", "vault", "show")["available"]),
                      vault + self.advanced)
        gives("its coins are recovered", town.bank("north", "wallet", "advance", "alice"), OK,
              advances__0__state="recovered")
        self.wait_for("all is refunded", lambda: town.bank("north", "wallet", "refund",
                                                           "alice")["waiting.coins"], 0)
        gives("alice syncs", town.wallet("alice2", "sync"))
        self.report.equal("she has what the advance left, and that", self.total("alice2"),
                          self.lost)
        self.restored()
        gives("bob comes too late", town.wallet("bob", "sync"))
        self.report.equal("his coins are lost", self.total("bob", "lost"), 3500 + 2500)
        self.report.equal("and no money", self.total("bob"), 0)
        gives("nobody is accused", town.central("case", "list"), OK, cases=[])
        gives("carol, who came before, has hers", town.wallet("carol", "sync"))
        self.report.equal("all of it", self.total("carol"), 5000 + 4000 + 6000)
        self.report.equal("and dora the rest", self.total("dora"), 20000 - 4000 - 6000)
        gives("the books balance", town.central("supply", "--recount"), OK, balanced=True)

    def clone(self):
        """A14: two copies pay different coins under one counter."""
        town, gives = self.town, self.gives
        town.must(town.wallet("mallory", "withdraw", "150.00"))
        town.must(town.wallet("mallory", "sync"))
        shutil.copytree(self.wallet_dir("mallory"), self.wallet_dir("copy"))
        self.paid("mallory", "bob", "100.00", "one")
        self.paid("copy", "carol", "20.00", "two")
        gives("bob's payment settles", town.wallet("bob", "sync"))
        gives("carol's too", town.wallet("carol", "sync"))
        self.report.equal("bob has the money", self.total("bob"), 10000)
        self.report.equal("carol too", self.total("carol"), 15000 + 2000)
        self.wait_for("a case is opened", lambda: len(town.central("case", "list")["cases"]), 1)
        number = town.central("case", "list")["cases.0.number"]
        gives("of a clone, proved", town.central("case", "show", number), OK,
              kind="cloned wallet", has_proof=True, claims=[])
        proof = town.path("clone.proof")
        gives("its evidence", town.central("case", "evidence", number, "-o", proof), OK)
        gives("convinces a stranger", town.central(
            "case", "verify", proof, "--admission", town.path("north.admission")), OK, valid=True,
            kind="cloned wallet")
        reasons = [row["reason"] for row in town.central("revocation", "list")["revocations"]]
        self.report.equal("the key is revoked, nobody asked its bank", sorted(reasons),
                          ["bank", "bank", "clone"])
        gives("the books balance", town.central("supply", "--recount"), OK, balanced=True)

    def run(self):
        self.set_out()
        self.lose()
        self.restore()
        self.advance()
        self.refund()
        self.clone()


def main(build):
    report = Report()
    with Town(build) as town:
        Recovery(town, report).run()
    return report.end()


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "build"))
