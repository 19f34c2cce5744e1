#!/usr/bin/python3
"""A village without a network, with the real programs: a revocation list that comes from town by
hand, a coin paid twice that is found before anyone is online, limits of one's own, a wrong clock.

    tests/acceptance/news.py [BUILD]

The last line is "N passed, N failed".
"""
import os
import shutil
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "stranger"))
import cbor2  # noqa: E402
from evidence import check_proof  # noqa: E402
from records import record, unwrap  # noqa: E402
from town import AUTH, DOUBLE_SPEND, FUNDS, INVALID, OK, Report, Town, USAGE, fen  # noqa: E402
from vectors import body_of  # noqa: E402

NETWORK, YEAR_S, WAIT_S, PIN = "dcep-test", 365 * 86400, 30, "314159"


class Village:
    def __init__(self, town, report):
        self.town, self.report = town, report
        self.known, self.revoked_at = None, None

    def gives(self, what, given, code, **fields):
        held = given.code == code and all(given[path.replace("__", ".")] == value
                                           for path, value in fields.items())
        self.report.check(what, held, f"{given}\n  wanted exit {code} {fields or ''}")
        return given

    def read(self, name):
        with open(self.town.path(name), "rb") as file:
            return file.read()

    def hand(self, payer, payee, amount, name, codes=(OK, OK, OK, OK)):
        results = self.town.hand_over(payer, payee, amount, name)
        self.report.equal(f"{name}: {payer} pays {payee} {amount}",
                          tuple(result.code for result in results), codes[:len(results)])
        if tuple(result.code for result in results) != codes[:len(results)]:
            print(results[-1])
        return results

    # ---- acts ----

    def settle_down(self):
        town = self.town
        town.found("north", "south")
        town.open_customers("north", [("bob", 2, "900.00"), ("mallory", 2, "900.00")])
        town.open_customers("south", [("alice", 3, "900.00"), ("carol", 3, "900.00"),
                                      ("dora", 3, "900.00")])
        for name in ("alice", "mallory", "bob", "carol", "dora"):
            town.must(town.wallet(name, "withdraw", "300.00"))

    def revoke(self):
        """Mallory's key is revoked; the bank asks for the list every 15 seconds, by itself."""
        town, gives = self.town, self.gives
        for name in ("mallory", "dora"):  # asked before anybody knew
            town.must(town.wallet("alice", "request", "7.00", "-o", town.path(name + ".ask")))
            town.must(town.wallet(name, "pay", town.path(name + ".ask"), "-o",
                                  town.path(name + ".paid")))
        listed = town.must(town.bank("north", "wallet", "list"))["wallets"]
        number = next(row["number"] for row in town.bank("north", "customer", "list")["customers"]
                      if row["name"] == "mallory")
        key = next(row["key_id"] for row in listed if row["customer"] == number)
        self.known = town.bank("north", "status")["revocations_version"]
        gives("the bank revokes a key", town.bank("north", "wallet", "revoke", key), OK)
        self.revoked_at = time.monotonic()

    def a_list_from_town(self):
        """Only Bob is online to hear of it."""
        town, gives = self.town, self.gives
        while town.bank("north", "status")["revocations_version"] == self.known and \
                time.monotonic() < self.revoked_at + WAIT_S:
            time.sleep(0.5)
        self.report.check("a bank that runs fetches the list", town.bank("north", "status")[
            "revocations_version"] > self.known)
        town.must(town.wallet("bob", "sync"))
        self.hand("alice", "bob", "11.00", "met")
        limits = town.wallet("alice", "receive", town.path("met.receipt"))
        gives("the receipt brought the list; again it is no news", limits, OK,
              news__revocations=False, news__ignored=0)
        gives("E4: a payer that the list names is refused by who was never online", town.wallet(
            "alice", "receive", town.path("mallory.paid")), INVALID, error__name="REVOKED")
        gives("another is not", town.wallet("alice", "receive", town.path("dora.paid")), OK)
        steps = self.hand("alice", "carol", "2.00", "passed")
        self.report.check("Carol hears of it by Alice's packet",
                          len(steps) == 4 and steps[2]["news.revocations"] is True)
        gives("told to tell all, a request does", town.wallet(
            "alice", "request", "3.00", "--news", "-o", town.path("told.request")), OK)
        town.must(town.wallet("alice", "request", "3.00", "-o", town.path("plain.request")))
        self.report.check("and is larger by it", len(self.read("told.request")) >
                          len(self.read("plain.request")) + 300)
        gives("a wallet pays a request with news as any", town.wallet(
            "dora", "pay", town.path("told.request"), "-o", town.path("told.packet")), OK,
              news__revocations=True)
        gives("an unknown option pair", town.wallet("alice", "request", "1.00", "--news",
                                                    "--no-news", "-o", town.path("x")), USAGE)

    def news_alone(self):
        town, gives = self.town, self.gives
        gives("a file of news", town.wallet("bob", "outbox", "--news", "-o", town.path("news")), OK)
        gives("is taken, once more too", town.wallet("alice", "receive", town.path("news")), OK,
              result="news", news__revocations=False)
        gives("inspect says what it is about", town.wallet("alice", "inspect", town.path("news")),
              OK, kind="directory")
        bent = bytearray(self.read("news"))
        bent[-3] ^= 1
        with open(town.path("bent"), "wb") as file:
            file.write(bent[:-1])
        gives("a cut one is refused", town.wallet("alice", "receive", town.path("bent")), INVALID)

    def paid_twice(self):
        """Eve's wallet is copied; each copy pays the same coin, to two neighbours, all offline."""
        town, gives = self.town, self.gives
        town.open_customers("north", [("eve", 2, "100.00")])
        town.must(town.wallet("eve", "withdraw", "50.00"))
        wallets = town.path("home", "dcep", "wallets")
        shutil.copytree(os.path.join(wallets, "eve"), os.path.join(wallets, "copy"))
        self.hand("eve", "bob", "50.00", "one")
        self.hand("copy", "carol", "50.00", "two")
        before = fen(town.wallet("bob", "balance")["spendable"])
        steps = self.hand("bob", "carol", "1.00", "asks", (OK, OK, OK, DOUBLE_SPEND))
        self.report.check("the receipt is confirmed all the same",
                          steps[-1]["result.result"] == "confirmed", steps[-1])
        self.report.equal("what Bob has of it is set aside", fen(
            town.wallet("bob", "balance")["spendable"]), before - 100 - 5000)
        found = [row for row in town.wallet("bob", "history")["history"]
                 if row["what"] == "paid twice"]
        self.report.equal("history shows it", [row["amount"] for row in found], ["50.00"])
        gives("and writes the proof", town.wallet("bob", "history", "--proof", found[0]["id"][:8],
                                                  "-o", town.path("eve.proof")), OK)
        gives("which the central bank accepts", town.central(
            "case", "verify", town.path("eve.proof")), OK)
        join = next(name for name in os.listdir(town.dir) if name.endswith(".joins"))
        file = next(os.scandir(town.path(join))).path
        with open(file, "rb") as opened:
            root_key = record(unwrap(opened.read(), NETWORK, "join"), "join")["root_key"]
        body = body_of(unwrap(self.read("eve.proof"), NETWORK, "proof"))
        key, fraud, _ = check_proof(cbor2.dumps(body, canonical=True), NETWORK, root_key)
        self.report.equal("so does a stranger, who has the root key only", fraud, "double_spend")
        self.report.check("and it names Eve, by her certificate", key in body_of(unwrap(
            self.read("one.packet"), NETWORK, "packet"))[2][0].value[2], key.hex())
        self.hand("bob", "dora", "2.00", "warned")
        shown = town.wallet("dora", "receive", town.path("one.packet"))
        self.report.check("a neighbour who was warned by hand has the proof too", [
            row["what"] for row in town.wallet("dora", "history")["history"]
        ].count("paid twice") == 1, shown)
        gives("inspect knows the proof", town.wallet("dora", "inspect", town.path("eve.proof")), OK,
              kind="proof")
        gives("there is no other", town.wallet("bob", "history", "--proof", "0000", "-o",
                                               town.path("no.proof")), 1)
        gives("at sync the register says who was first", town.wallet("bob", "sync"), OK)
        gives("and that the other lost", town.wallet("carol", "sync"), DOUBLE_SPEND)

    def own_limits(self):
        town, gives = self.town, self.gives
        with open(town.path("pin"), "w", encoding="utf-8") as file:
            file.write(PIN + "\n")
        with open(town.path("wrong"), "w", encoding="utf-8") as file:
            file.write("2718281\n")
        os.chmod(town.path("pin"), 0o600)
        os.chmod(town.path("wrong"), 0o600)
        pin = ("--pin-file", town.path("pin"))
        join = town.path("greta.join")
        town.must(town.bank("south", "customer", "open", "--name", "Greta", "--tier", "4",
                            "--deposit", "90.00", "-o", join))
        town.must(town.wallet("greta", "init", "--join", join, *pin))
        town.must(town.wallet("greta", "withdraw", "60.00", *pin))
        town.must(town.wallet("greta", "unlock", "--for", "10m", *pin))
        limits = {row["limit"]: row for row in town.wallet("greta", "limits")["limits"]}
        self.report.equal("one payment is bounded by policy",
                          (limits["one payment, offline"]["max"],
                           limits["one payment, offline"]["from"]), ("500.00", "policy"))
        self.report.equal("a day by the tier", (limits["paid a day, offline"]["max"],
                                                limits["paid a day, offline"]["from"]),
                          ("5000.00", "tier"))
        gives("unlocked, lowering asks for nothing", town.wallet(
            "greta", "limits", "set", "--payment", "20.00", "--day", "25.00", "--held", "70.00"),
            OK)
        for amount, code in (("20.01", FUNDS), ("20.00", OK), ("5.01", FUNDS), ("5.00", OK)):
            town.must(town.wallet("alice", "request", amount, "-o", town.path("ask"), "--force"))
            gives(f"paying {amount}", town.wallet("greta", "pay", town.path("ask"), "-o",
                                                  town.path("paid"), "--force", *pin), code)
        limits = {row["limit"]: row for row in town.wallet("greta", "limits")["limits"]}
        self.report.equal("nothing is left today", limits["paid a day, offline"]["left"], "0.00")
        gives("a request above what may be held", town.wallet(
            "greta", "request", "35.01", "-o", town.path("much")), FUNDS,
              error__name="LIMIT_HELD")
        raising = ("greta", "limits", "set", "--day", "60.00")
        gives("raising asks for the PIN all the same", town.wallet(*raising), USAGE)
        gives("for the right one", town.wallet(*raising, "--pin-file", town.path("wrong")), AUTH)
        gives("so does taking them away", town.wallet("greta", "limits", "set", "--reset"), USAGE)
        limits = {row["limit"]: row for row in town.wallet("greta", "limits")["limits"]}
        self.report.equal("nothing was raised", limits["paid a day, offline"]["max"], "25.00")
        gives("with the PIN it goes up", town.wallet(*raising, *pin), OK)
        limits = {row["limit"]: row for row in town.wallet("greta", "limits")["limits"]}
        self.report.equal("to what was said", limits["paid a day, offline"]["left"], "35.00")
        for option, most, whose in (("--payment", "500.00", "policy"),
                                    ("--day", "5000.00", "tier")):
            above = gives(f"{option} above what the {whose} allows is set", town.wallet(
                "greta", "limits", "set", option, "99,999.00", *pin), OK)
            self.report.check("and holds nothing back, which is said", f"warning: {option}: " in
                              above.err and f"{whose}'s limit is lower, and holds: ¥" in above.err,
                              above)
            rows = [(row.get("max"), row["from"])
                    for row in town.wallet("greta", "limits")["limits"]]
            self.report.check("what was allowed is as it was", (most, whose) in rows, rows)
        gives("a limit of nothing", town.wallet("greta", "limits", "set", "--day", "0", *pin),
              USAGE)
        gives("locked again", town.wallet("greta", "lock"), OK, was_unlocked=True)
        gives("lowering needs the wallet open", town.wallet("greta", "limits", "set", "--day",
                                                            "50.00"), USAGE)

    # row E11: a clock a year fast or slow
    def wrong_clock(self):
        town, gives = self.town, self.gives
        town.must(town.wallet("dora", "sync"))
        for what, offset in (("a year slow", -YEAR_S), ("in 1970", -56 * YEAR_S)):
            env = {"DCEP_CLOCK_OFFSET_S": str(offset)}
            result = town.wallet("dora", "request", "1.00", "-o", town.path("slow"), env=env)
            gives(f"a clock {what} asks for nothing", result, INVALID, error__name="CLOCK")
            self.report.check("and says both times", "was seen before" in str(result["error"]))
        fast = {"DCEP_CLOCK_OFFSET_S": str(YEAR_S)}
        town.must(town.wallet("alice", "request", "1.00", "-o", town.path("early")))
        gives("a year fast, no payment is made", town.wallet(
            "dora", "pay", town.path("early"), "-o", town.path("early.packet"), env=fast), INVALID)
        gives("nor can it sync", town.wallet("dora", "sync", env=fast), 1)
        gives("set right again it pays", town.wallet(
            "dora", "pay", town.path("early"), "-o", town.path("early.packet")), OK)


def main():
    report = Report()
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    with Town(build) as town:
        village = Village(town, report)
        for act in (village.settle_down, village.revoke, village.own_limits,  # it waits meanwhile
                    village.a_list_from_town, village.news_alone, village.paid_twice,
                    village.wrong_clock):
            act()
        report.check("the books balance", town.central("supply", "--recount")["balanced"] is True)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
