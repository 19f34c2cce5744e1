#!/usr/bin/python3
"""The main job on the installed programs: what tools/demo.sh tells, asserted in JSON, and what it
does not show: everything done twice, servers down, servers that hang, wrong PINs, lost files, two
processes at one wallet.

    tests/acceptance/story.py [BUILD]

`make install` into a directory of its own comes first, and the programs run from there. The last
line is "N passed, N failed".
"""
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from town import (AUTH, DOUBLE_SPEND, FUNDS, INVALID, OK, PENDING, REFUSED,  # noqa: E402
                  Report, Town, UNREACHABLE, USAGE, fen)

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
AT_ONCE_S = 2.0


class Story:
    def __init__(self, town, report):
        self.town, self.report = town, report

    # ---- a line each ----

    def gives(self, what, result, code, **fields):
        """The exit code; members of the JSON; an error that says what, why and what to do."""
        detail = str(result)
        held = result.code == code and result.json is not None
        held = held and all(result[path.replace("__", ".")] == value
                            for path, value in fields.items())
        if held and code != OK:
            error = result["error"]
            held = error["code"] == code and error["name"] and error["message"]
        return self.report.check(what, held, f"{detail}\n  wanted exit {code} {fields or ''}")

    def total(self, name, bucket="spendable"):
        return fen(self.town.wallet(name, "balance")[bucket])

    def balanced(self, when):
        supply = self.town.central("supply", "--recount")
        self.gives(f"the books balance {when}", supply, OK, balanced=True)
        return supply

    # ---- acts ----

    def install(self, build):
        prefix = self.town.path("prefix")
        done = subprocess.run(["make", "-s", "--no-print-directory", "-C", ROOT, f"BUILD={build}",
                               f"PREFIX={prefix}", "install"], capture_output=True, check=False,
                              text=True, env={k: v for k, v in os.environ.items()
                                              if not k.startswith("MAKE") and k != "MFLAGS"})
        self.report.check("make install", done.returncode == 0, done.stdout + done.stderr)
        for file in ("bin/dcep-central", "bin/dcep-bank", "bin/dcep-wallet",
                     "share/locale/zh/LC_MESSAGES/dcep.mo", "share/doc/dcep/PROTOCOL.md"):
            self.report.check(f"installed: {file}", os.path.isfile(os.path.join(prefix, file)))
        self.town.programs = os.path.join(prefix, "bin")

    def keys(self):
        town, gives = self.town, self.gives
        town.found("north", "south")
        gives("init of a central bank that is there", town.central("init", "--no-passphrase"),
              REFUSED)
        gives("init of a bank that is there", town.bank("north", "init", "--name", "X",
                                                        "--no-passphrase"), REFUSED)
        gives("an admission older than what it believes", town.bank(
            "north", "enroll", "--accept", town.path("north.admission")), INVALID)
        gives("another bank's admission", town.bank("north", "enroll", "--accept",
                                                    town.path("south.admission")), INVALID)
        gives("a bank knows who it is", town.bank("south", "status"), OK, name="South Bank",
              bank_id=2, server_runs=True)
        gives("an unknown customer is refused", town.bank("north", "account", "show", "nobody"),
              REFUSED)
        gives("so is a payment into his account",
              town.bank("north", "account", "deposit", "nobody", "5.00"), REFUSED)
        for name in ("central", "north", "south"):
            self.report.equal(f"{name}'s directory is private",
                              oct(os.stat(town.path(name)).st_mode & 0o777), "0o700")
            loose = [file for file in os.listdir(town.path(name)) if file.endswith((".key", ".db"))
                     and os.stat(town.path(name, file)).st_mode & 0o077]
            self.report.equal(f"{name}'s keys and database too", loose, [])
        self.balanced("after issuing")

    def customers(self):
        town, gives = self.town, self.gives
        bad = town.path("bad.csv")
        with open(bad, "w", encoding="utf-8") as file:
            file.write("name,tier,opening_deposit\nGood,3,1.00\nBad,9,1.00\n")
        result = gives("a CSV file with one bad line",
                       town.bank("north", "customer", "import", bad), REFUSED)
        self.report.check("is refused whole, naming the line", result and "line 3" in str(
            town.bank("north", "customer", "import", bad)["error.message"]))
        gives("and nobody is a customer", town.bank("north", "customer", "list"), OK, customers=[])
        town.open_customers("north", [("alice", 2, "5000.00"), ("mallory", 2, "1000.00")])
        town.open_customers("south", [("bob", 4, "8000.00"), ("carol", 3, "1200.00"),
                                      ("tea", 1, "0.00")])
        join = town.path("late.join")
        gives("open", town.bank("south", "customer", "open", "--name", "迟到的人", "--tier",
                                "4", "--deposit", "30.00", "-o", join), OK, balance="30.00")
        self.report.equal("a join file is private", oct(os.stat(join).st_mode & 0o777), "0o600")
        with open(town.path("pin"), "w", encoding="utf-8") as file:
            file.write("2580\n")
        with open(town.path("wrong"), "w", encoding="utf-8") as file:
            file.write("0852\n")
        for file in ("pin", "wrong"):
            os.chmod(town.path(file), 0o600)
        gives("a wallet needs a PIN or --no-passphrase",
              town.wallet("late", "init", "--join", join, "--no-input"), USAGE)
        gives("with a PIN", town.wallet("late", "init", "--join", join, "--pin-file",
                                        town.path("pin")), OK)
        gives("a wallet is made once", town.wallet("late", "init", "--join", join, "--pin-file",
                                                   town.path("pin")), REFUSED)
        used = town.wallet("thief", "init", "--join", join, "--no-passphrase")
        self.report.check("a join file works once", used.code in (REFUSED, AUTH), used)
        gives("withdraw with the wrong PIN", town.wallet("late", "withdraw", "1.00", "--pin-file",
                                                         town.path("wrong")), AUTH)
        gives("withdraw without one", town.wallet("late", "withdraw", "1.00"), USAGE)
        gives("withdraw with the right one", town.wallet("late", "withdraw", "1.00", "--pin-file",
                                                         town.path("pin")), OK)
        gives("looking without one", town.wallet("late", "balance"), USAGE)
        gives("looking", town.wallet("late", "balance", "--pin-file", town.path("pin")), OK,
              spendable="1.00")

    def withdrawals(self):
        town, gives = self.town, self.gives
        gives("withdraw", town.wallet("alice", "withdraw", "1,300.00"), OK)
        gives("withdraw", town.wallet("mallory", "withdraw", "50"), OK)
        gives("above the tier's limit a payment", town.wallet("bob", "withdraw", "2500.00"), FUNDS)
        gives("more than the account holds", town.wallet("carol", "withdraw", "1,200.01"), FUNDS)
        for words in (["withdraw", "much"], ["withdraw", "0"], ["withdraw", "-5"], ["withdraw"],
                      ["withdraw", "0.001"], ["withdraw", "90071992547409.92"]):
            result = town.wallet("bob", *words)
            self.report.check(f"{' '.join(words)}: usage", result.code == USAGE, result)
        gives("in the wallet", town.wallet("alice", "balance"), OK, spendable="1300.00")
        gives("out of the account, once", town.bank("north", "account", "show", "alice"), OK,
              balance="3700.00", held="1300.00")
        fractions = town.wallet("alice", "coins")["coins"]
        self.report.equal("the coins add up", sum(fen(coin["amount"]) for coin in fractions),
                          1_300_00)

    def hops(self):
        """Three hops over two banks, every server down."""
        town, gives = self.town, self.gives
        for name in ("north", "south", "central"):
            self.report.equal(f"SIGTERM: {name} exits with 0", town.kill(name, signal.SIGTERM), 0)
        sizes = []
        for number, (payer, payee) in enumerate((("alice", "bob"), ("bob", "carol"),
                                                 ("carol", "tea"))):
            steps = town.hand_over(payer, payee, "20.00", f"hop{number}")
            self.report.check(f"{payer} pays {payee} with no server anywhere",
                              len(steps) == 4 and all(step.code == OK for step in steps), steps[-1])
            sizes.append(os.path.getsize(town.path(f"hop{number}.packet")))
        self.report.check("the packet grows with each hop, by less than 400 bytes",
                          all(a < b < a + 400 for a, b in zip(sizes, sizes[1:])), sizes)
        gives("the shop was paid, not settled yet", town.wallet("tea", "balance"), OK,
              spendable="20.00", settled="0.00", unsettled="20.00")
        gives("three hops", town.wallet("tea", "inspect", town.path("hop2.packet")), OK, hops=3,
              payments=3, coins=1, amount="20.00")
        self.again()
        self.refusals()
        begin = time.monotonic()
        down = town.wallet("alice", "sync")
        gives("sync while the bank is down", down, UNREACHABLE)
        self.report.check("says so at once, with a hint", time.monotonic() - begin < AT_ONCE_S
                          and down["error.hint"], f"{time.monotonic() - begin:.1f} s\n{down}")
        gives("so does withdraw", town.wallet("bob", "withdraw", "10.00"), UNREACHABLE)
        for name in ("central", "north", "south"):
            town.serve_or_stop(name)
        gives("which sync takes up again", town.wallet("bob", "sync"), OK)
        gives("once", town.bank("south", "account", "show", "bob"), OK, balance="7990.00")

    def again(self):
        """The same message twice: the same bytes, no second credit."""
        town, gives = self.town, self.gives
        first = town.path("hop0.receipt")
        # row B6: Bob has paid the coin on already
        gives("the same packet again", town.wallet("bob", "receive", town.path("hop0.packet"), "-o",
                                                   town.path("again.receipt")), OK)
        with open(first, "rb") as one, open(town.path("again.receipt"), "rb") as other:
            self.report.check("brings the same receipt", one.read() == other.read())
        gives("and no money", town.wallet("bob", "balance"), OK, spendable="0.00")
        gives("the same request again", town.wallet("alice", "pay", town.path("hop0.request"), "-o",
                                                    town.path("again.packet")), OK)
        with open(town.path("hop0.packet"), "rb") as one, open(town.path("again.packet"),
                                                               "rb") as other:
            self.report.check("brings the same packet", one.read() == other.read())
        gives("the same confirmation again", town.wallet("alice", "receive", first), OK)
        gives("a payment that was made is not cancelled", town.wallet(
            "alice", "cancel", town.wallet("alice", "outbox")["payments.0.id"] or "0000"), REFUSED)
        gives("an output file is not overwritten", town.wallet(
            "alice", "pay", town.path("hop0.request"), "-o", town.path("again.packet")), USAGE)

    def refusals(self):
        town, gives = self.town, self.gives
        gives("another's packet", town.wallet("tea", "receive", town.path("hop0.packet")), INVALID)
        gives("a request is no packet", town.wallet("tea", "receive", town.path("hop0.request")),
              INVALID)
        with open(town.path("hop2.packet"), "rb") as file:
            packet = bytearray(file.read())
        for what, bent in (("cut short", packet[:-1]), ("with a byte too many", packet + b"\0"),
                           ("with a bit flipped", packet[:-9] + bytes([packet[-9] ^ 1])
                            + packet[-8:]), ("of nothing", b"")):
            with open(town.path("bent.packet"), "wb") as file:
                file.write(bent)
            gives(f"a packet {what}", town.wallet("tea", "receive", town.path("bent.packet")),
                  INVALID)
        result = town.wallet("tea", "receive", town.path("no.packet"))
        self.report.check("a file that is not there", result.code in (REFUSED, USAGE)
                          and "no.packet" in str(result["error"]), result)
        gives("over the offline limit of a payment", self.ask_and_pay("bob", "alice", "500.01"),
              FUNDS)
        gives("more than there is", self.ask_and_pay("tea", "carol", "100.00"), FUNDS)
        gives("nothing was reserved by that", town.wallet("alice", "balance"), OK, reserved="0.00")

    def ask_and_pay(self, payee, payer, amount):
        file = self.town.path("asked.request")
        self.town.wallet(payee, "request", amount, "-o", file, "--force")
        return self.town.wallet(payer, "pay", file, "-o", self.town.path("asked.packet"), "--force")

    def central_down(self):
        """The bank keeps what is handed in, and settles by itself, once."""
        town, gives = self.town, self.gives
        town.kill("central")
        gives("sync while the central bank is down", town.wallet("carol", "sync"), PENDING)
        gives("again", town.wallet("carol", "sync"), PENDING)
        gives("a withdrawal too", town.wallet("carol", "withdraw", "7.00"), PENDING)
        queue = town.bank("south", "settle", "status")
        self.report.check("the bank shows its queue and its age", queue.code == OK
                          and queue["waiting"] == 1 and queue["age_s"] is not None, queue)
        gives("debited already", town.bank("south", "account", "show", "carol"), OK,
              balance="1193.00")
        town.serve_or_stop("central")
        end = time.monotonic() + 15
        while town.bank("south", "settle", "status")["waiting"] and time.monotonic() < end:
            time.sleep(0.1)
        gives("settled by itself", town.bank("south", "settle", "status"), OK, waiting=0)
        gives("sync learns of it", town.wallet("carol", "sync"), OK)
        gives("the withdrawal came, once", town.wallet("carol", "balance"), OK, spendable="7.00",
              handed_over="0.00")
        gives("from the account, once", town.bank("south", "account", "show", "carol"), OK,
              balance="1193.00")
        # row M1: Carol, who paid it, has synced first
        gives("the shop finds its money settled", town.wallet("tea", "sync"), OK)
        gives("once", town.wallet("tea", "balance"), OK, spendable="20.00", unsettled="0.00")
        self.balanced("after the central bank was away")

    def hang(self):
        """A server that is there and says nothing; and two processes at one wallet."""
        town = self.town
        bank = town.servers["north"]
        bank.send_signal(signal.SIGSTOP)
        try:
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                begin = time.monotonic()
                first = pool.submit(town.wallet, "alice", "sync", "--timeout", "2")
                time.sleep(0.8)
                second = town.wallet("alice", "withdraw", "1.00")
                self.gives("a second process at the wallet is told to wait", second, UNREACHABLE,
                           error__name="LOCKED")
                self.gives("a bank that says nothing: timed out", first.result(), UNREACHABLE)
                self.report.check("in time", time.monotonic() - begin < 6)
        finally:
            bank.send_signal(signal.SIGCONT)
        self.gives("and all is well again", town.wallet("alice", "sync"), OK)
        self.gives("to the fen", town.wallet("alice", "balance"), OK, spendable="1280.00",
                   handed_over="0.00", reserved="0.00")

    def crime(self):
        town, gives = self.town, self.gives
        home = town.path("home", "dcep", "wallets")
        # row G1: one wallet on two devices, the same coin paid from both
        shutil.copytree(os.path.join(home, "mallory"), os.path.join(home, "copy"))
        for payer, payee in (("mallory", "bob"), ("copy", "carol")):
            steps = town.hand_over(payer, payee, "50.00", f"crime-{payee}")
            self.report.check(f"{payee} accepts what {payer} pays", len(steps) == 4, steps[-1])
        gives("the first settles", town.wallet("bob", "sync"), OK)
        caught = town.wallet("carol", "sync")
        gives("the second is a double spend", caught, DOUBLE_SPEND)
        self.report.check("named so, in one JSON object", caught["error.name"], caught)
        gives("and Carol is whole within that sync", town.wallet("carol", "balance"), OK,
              spendable="57.00")
        gives("from then on all is well", town.wallet("carol", "sync"), OK)
        cases = town.central("case", "list")
        self.report.check("one case", len(cases["cases"] or []) == 1, cases)
        number = cases["cases.0.number"]
        gives("of Mallory's bank", town.central("case", "show", number), OK, bank="North Bank",
              has_proof=True, claims__0__amount="50.00", claims__0__paid="50.00")
        self.stranger(number)
        gives("paid by the guarantee of Mallory's bank",
              town.central("bank", "show", "North Bank"), OK, guarantee="99950.00")
        gives("not by the other one's", town.central("bank", "show", "South Bank"), OK,
              guarantee="100000.00")
        revoked = town.central("revocation", "list")["revocations"]
        self.report.equal("Mallory's key alone is revoked",
                          [entry["reason"] for entry in revoked], ["double-spend"])
        town.wallet("mallory", "sync")
        steps = self.town.hand_over("mallory", "tea", "1.00", "crime-again")
        self.report.check("Mallory pays nobody any more", steps[-1].code != OK, steps[-1])
        self.balanced("after the crime")

    def stranger(self, number):
        """A process with the root's public key and nothing else."""
        town = self.town
        proof = town.path("case.proof")
        self.gives("evidence", town.central("case", "evidence", number, "-o", proof), OK)
        with open(town.path("central", "root.pub"), encoding="utf-8") as file:
            root = file.read().strip()
        bare = {"env": {"HOME": town.path("nowhere"), "XDG_DATA_HOME": town.path("nowhere")}}
        self.gives("a stranger verifies the proof", town.run(
            "dcep-central", "--json", "case", "verify", proof, "--root-public-key", root, **bare),
            OK, valid=True, bank="North Bank")
        offender = town.central("case", "show", number)["offender_key"]
        self.gives("not under another root", town.run(
            "dcep-central", "--json", "case", "verify", proof, "--root-public-key", offender,
            **bare), INVALID)

    def books(self):
        town, gives = self.town, self.gives
        gives("the shop deposits", town.wallet("tea", "deposit", "--all"), OK)
        gives("into its account", town.bank("south", "account", "show", "tea"), OK,
              balance="20.00", held="0.00")
        gives("and has nothing left to deposit", town.wallet("tea", "deposit", "--all"), FUNDS)
        before = fen(town.central("supply", "--recount")["reserves"])
        gives("the bank returns money", town.bank("south", "vault", "return", "10,000.01"), OK)
        supply = self.balanced("in the end")
        self.report.equal("its reserve grew by it", fen(supply["reserves"]) - before, 10_000_01)
        gives("more than the vault holds",
              town.bank("south", "vault", "return", "9,000,000"), FUNDS)
        gives("cash at the counter", town.bank("south", "account", "withdraw", "tea", "20.00"), OK,
              balance="0.00")
        gives("but no more than there is", town.bank("south", "account", "withdraw", "tea", "0.01"),
              FUNDS)
        kinds = {entry["what"] for entry in town.wallet("carol", "history")["history"]}
        self.report.check("history tells what happened", len(kinds) >= 4, kinds)
        for program, words in (("dcep-wallet", ("-w", "carol", "balance")),
                               ("dcep-bank", ("--data", town.path("south"), "status")),
                               ("dcep-central", ("--data", town.path("central"), "supply"))):
            result = town.run(program, "--lang", "zh", *words)
            self.report.check(f"{program} {words[-1]} in Chinese", result.code == OK
                              and len(CHINESE.findall(result.out)) > 10, result)
        for name in ("north", "south", "central"):
            self.report.equal(f"SIGTERM: {name} exits with 0", town.kill(name, signal.SIGTERM), 0)
            noise = [line for line in town.log(name).splitlines()
                     if re.search(r" (error|panic|CHECK) ", line)]
            self.report.equal(f"{name}'s log has no error", noise, [])


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build"))
    report = Report()
    with Town(build) as town:
        story = Story(town, report)
        story.install(build)
        for act in (story.keys, story.customers, story.withdrawals, story.hops, story.central_down,
                    story.hang, story.crime, story.books):
            act()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
