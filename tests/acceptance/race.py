#!/usr/bin/python3
"""One coin, eight payees, two banks: all hand in at once, and exactly one is paid.

    tests/acceptance/race.py [BUILD] [ROUNDS]

Each round an offender with one coin copies its wallet seven times; each copy pays another honest
payee, all offline. Then the eight payees' programs sync at a barrier. One exits with 0 and seven
with 7, never otherwise; each payment that lost is a case with its proof, everybody is whole in
the end and the books balance. The last
line is "N passed, N failed".
"""
# row A3: real programs; a thousand rounds in one process: tests/central/serve_batch_test.c.
import concurrent.futures
import os
import shutil
import sys
import threading

sys.dont_write_bytecode = True
from town import DOUBLE_SPEND, OK, Report, Town, fen  # noqa: E402

PAYEES = {f"payee{i}": ("north", "south")[i % 2] for i in range(8)}
COIN = "0.01"


def pay_all(town, report, offender):
    """The same coin to every payee, offline."""
    home = town.path("home", "dcep", "wallets")
    for i, payee in enumerate(PAYEES):
        copy = f"{offender}-{i}"
        shutil.copytree(os.path.join(home, offender), os.path.join(home, copy))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        paid = list(pool.map(lambda i_payee: town.hand_over(
            f"{offender}-{i_payee[0]}", i_payee[1], COIN, f"{offender}-{i_payee[0]}", False),
            enumerate(PAYEES)))
    for steps in paid:
        report.check(f"{offender}: a copy pays, offline, and the payee accepts",
                     len(steps) == 3 and steps[-1].code == OK, steps[-1])


def hand_in_at_once(town, offender):
    barrier = threading.Barrier(len(PAYEES))

    def sync(payee):
        barrier.wait()
        return town.wallet(payee, "sync")

    with concurrent.futures.ThreadPoolExecutor(len(PAYEES)) as pool:
        return list(pool.map(sync, PAYEES))


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build")
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    offenders = [f"offender{i}" for i in range(rounds)]
    report = Report()
    with Town(build) as town:
        town.found("north", "south")
        for bank in ("north", "south"):
            town.open_customers(bank, [(name, 2, "0.00") for name, at in PAYEES.items()
                                       if at == bank])
        town.open_customers("north", [(name, 2, COIN) for name in offenders])
        for number, offender in enumerate(offenders, 1):
            town.must(town.wallet(offender, "withdraw", COIN))
            pay_all(town, report, offender)
            results = hand_in_at_once(town, offender)
            codes = sorted(result.code for result in results)
            report.check(f"round {number}: exactly one is paid, seven learn of the double spend",
                         codes == [OK] + [DOUBLE_SPEND] * 7,
                         "\n".join(str(r) for r in results if r.code not in (OK, DOUBLE_SPEND))
                         or codes)
            cases = town.central("case", "list")["cases"]
            report.equal(f"round {number}: a case, with a proof, for each payment that lost",
                         [case["has_proof"] for case in cases or []], [True] * 7 * number)
        for payee in PAYEES:
            result = town.wallet(payee, "sync")
            report.check(f"{payee} is at peace", result.code == OK, result)
            balance = town.wallet(payee, "balance")
            report.equal(f"{payee} is whole: one coin a round", fen(balance["spendable"]),
                         rounds * fen(COIN))
        supply = town.central("supply", "--recount")
        report.check("the books balance", supply.code == OK and supply["balanced"], supply)
        guarantee = town.central("bank", "show", "North Bank")["guarantee"]
        report.equal("the offenders' bank paid the other seven, each once", fen(guarantee),
                     100_000_00 - 7 * rounds * fen(COIN))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
