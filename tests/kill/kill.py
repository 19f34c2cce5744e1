#!/usr/bin/python3
"""kill -9 of dcep-central and of dcep-bank at random moments, while wallets withdraw, pay, sync and
deposit in loops (design, I8; adversarial rows A19, D7).

    tests/kill/kill.py [BUILD] [--kills 25] [--seed N]

Each server is killed that many times and started again. At the end everybody syncs until nothing
waits, and then: what was acknowledged is there, nothing is there twice, each withdrawal was done
once or not at all, nobody honest is a case, and the books balance to the fen, by the register's
rows and by this file's own arithmetic. The servers' disk is a slow one (slow_disk.c), so that many
a kill comes in the middle of a transaction. The seed decides who does what and how long a server
lives; the machine decides the rest. The last line is "N passed, N failed".
"""
# row A19, D7: the servers die between any two writes; after the restart all or nothing, once.
import argparse
import collections
import contextlib
import os
import random
import signal
import sqlite3
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "acceptance"))
from town import (FUNDS, OK, PENDING, REFUSED, Report, Town, UNREACHABLE, fen,  # noqa: E402
                  yuan)

BANKS = {"north": ("anna", "ben", "chen", "dai"), "south": ("emma", "fang", "guo", "hanna")}
BANK_OF = {name: bank for bank, names in BANKS.items() for name in names}
OPENING, POCKET = 5_000_00, 300_00
ACTS_BETWEEN, PATIENCE_S = (1, 9), 2.0  # a server lives for so many acts, but not for ever
MOMENT_S, DEAD_S = (0.0, 0.15), (0.0, 0.1)
WORKERS = 4
SYNC_ROUNDS = 40
STOPS = 3  # and by SIGTERM: exit 0, under load too
DRAIN_S = 30


class Ledger:
    """What was acknowledged, and what nobody knows, as told by exit codes alone."""

    def __init__(self):
        self.lock = threading.Lock()
        self.withdrawn = collections.defaultdict(list)
        self.deposited = collections.Counter()
        self.paid, self.received = collections.Counter(), collections.Counter()
        self.counter_in, self.counter_maybe = collections.Counter(), collections.Counter()
        self.funded, self.funded_maybe = 0, 0
        self.acts = collections.Counter()
        self.wrong = []

    def count(self):
        with self.lock:
            return sum(self.acts.values())

    def saw(self, act, result, allowed):
        with self.lock:
            self.acts[f"{act}:{result.code}"] += 1
            if result.code not in allowed:
                self.wrong.append(f"{act}: {result}")
        return result.code


class Load:
    """Workers that act for the wallets until stopped. One process at a time has a wallet."""

    def __init__(self, town, seed):
        self.town, self.ledger, self.stopped = town, Ledger(), threading.Event()
        self.locks = {name: threading.Lock() for name in BANK_OF}
        self.number = 0
        self.threads = [threading.Thread(target=self.work, args=(random.Random(f"{seed}/{i}"),))
                        for i in range(WORKERS)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def work(self, rng):
        acts = ((self.withdraw, 5), (self.pay, 6), (self.sync, 4), (self.deposit, 3),
                (self.pay_in, 1), (self.fund, 1))
        try:
            while not self.stopped.is_set():
                rng.choices([act for act, _ in acts], [weight for _, weight in acts])[0](rng)
        except Exception as error:  # a thread must not die silently
            with self.ledger.lock:
                self.ledger.wrong.append(f"the load itself: {error!r}")

    def withdraw(self, rng):
        name, amount = rng.choice(list(BANK_OF)), rng.randrange(1, 60_00)
        with self.locks[name]:
            code = self.ledger.saw("withdraw", self.town.wallet(name, "withdraw", yuan(amount)),
                                   (OK, UNREACHABLE, PENDING, FUNDS))
        if code == OK:
            with self.ledger.lock:
                self.ledger.withdrawn[name].append(amount)

    def pay(self, rng):
        payer, payee = rng.sample(list(BANK_OF), 2)
        amount = rng.randrange(1, 20_00)
        with self.ledger.lock:
            self.number += 1
            file = f"payment-{self.number}"
        first, second = sorted((payer, payee))
        with self.locks[first], self.locks[second]:
            steps = self.town.hand_over(payer, payee, yuan(amount), file, rng.random() < 0.7)
        self.ledger.saw("request", steps[0], (OK,))
        if len(steps) < 2 or self.ledger.saw("pay", steps[1], (OK, FUNDS, REFUSED)) != OK:
            return
        with self.ledger.lock:
            self.ledger.paid[payer] += amount
        if self.ledger.saw("receive", steps[2], (OK,)) == OK:
            with self.ledger.lock:
                self.ledger.received[payee] += amount
        if len(steps) > 3:
            self.ledger.saw("confirm", steps[3], (OK,))

    def sync(self, rng):
        name = rng.choice(list(BANK_OF))
        with self.locks[name]:
            self.ledger.saw("sync", self.town.wallet(name, "sync"), (OK, UNREACHABLE, PENDING))

    def deposit(self, rng):
        name, amount = rng.choice(list(BANK_OF)), rng.randrange(1, 30_00)
        with self.locks[name]:
            code = self.ledger.saw("deposit", self.town.wallet(name, "deposit", yuan(amount)),
                                   (OK, UNREACHABLE, PENDING, FUNDS))
        if code == OK:
            with self.ledger.lock:
                self.ledger.deposited[name] += amount

    def pay_in(self, rng):
        """Cash over the bank's counter: an operator's command, in the server or beside it."""
        name = rng.choice(list(BANK_OF))
        result = self.town.bank(BANK_OF[name], "account", "deposit", name, "1.00")
        code = self.ledger.saw("pay in", result, (OK, UNREACHABLE))
        with self.ledger.lock:
            counter = self.ledger.counter_in if code == OK else self.ledger.counter_maybe
            counter[name] += 1_00

    def fund(self, rng):
        bank = rng.choice(list(BANKS))
        result = self.town.central("reserve", "credit", f"{bank.title()} Bank", "3.00")
        code = self.ledger.saw("fund", result, (OK, UNREACHABLE))
        with self.ledger.lock:
            if code == OK:
                self.ledger.funded += 3_00
            else:
                self.ledger.funded_maybe += 3_00


def killer(town, report, rng, victims, kills, ledger):
    """victims: names to choose from. A server that finds its database held by a command starts
    again a little later, as a service manager would see to."""
    for number in range(kills + STOPS):
        end, enough = time.monotonic() + PATIENCE_S, ledger.count() + rng.randrange(*ACTS_BETWEEN)
        while ledger.count() < enough and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(rng.uniform(*MOMENT_S))
        name = rng.choice(victims)
        how, wanted = (signal.SIGKILL, -9) if number < kills else (signal.SIGTERM, 0)
        status = town.kill(name, how)
        if status != wanted:
            report.check(f"{name} ends as it was asked to", False,
                         f"exit {status} instead of {wanted}\n{town.log(name)[-1500:]}")
        time.sleep(rng.uniform(*DEAD_S))
        if not start_again(town, name):
            report.check(f"{name} starts again after kill -9", False, town.log(name)[-1500:])
            return
    report.check(f"{' or '.join(victims)}: killed {kills} times, stopped {STOPS} times, and back "
                 "each time", True)


def start_again(town, name):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if town.serve(name):
            return True
        server = town.servers.pop(name)
        server.kill()
        server.wait()
        time.sleep(0.05)
    return False


def settle(town, report):
    """Everybody syncs until nothing waits anywhere."""
    waiting = dict.fromkeys(BANK_OF, "never synced")
    for _ in range(SYNC_ROUNDS):
        for name in list(waiting):
            result = town.wallet(name, "sync")
            if result.code == OK:
                del waiting[name]
            else:
                waiting[name] = str(result)
        if not waiting:
            break
        time.sleep(0.3)
    report.check("every wallet syncs in the end", not waiting, "\n".join(waiting.values()))
    end, states = time.monotonic() + DRAIN_S, {}
    for bank in BANKS:
        while True:
            states[bank] = town.bank(bank, "settle", "status")
            if states[bank].code == OK and states[bank]["waiting"] in (0, []):
                break
            if time.monotonic() > end:
                break
            time.sleep(0.1)
        report.check(f"{bank}: nothing waits for the central bank",
                     states[bank].code == OK and states[bank]["waiting"] in (0, []), states[bank])
    for name in BANK_OF:  # what the banks settled by themselves is known now
        result = town.wallet(name, "sync")
        report.equal(f"{name} syncs once more", result.code, OK)


def entries(town, name):
    """The account's journal: what -> amounts."""
    result = town.bank(BANK_OF[name], "account", "show", name)
    kinds = collections.defaultdict(list)
    for entry in result["entries"] or []:
        kinds[entry["act"]].append(fen(entry["amount"]))
    return kinds


def holds(town, name):
    balance = town.wallet(name, "balance")
    return sum(fen(balance[bucket] or "0") for bucket in
               ("spendable", "reserved", "handed_over", "quarantined"))


def judge_customer(town, report, ledger, name):
    """Account and wallet of one customer, against what was acknowledged. Gives account + wallet."""
    kinds, wallet = entries(town, name), holds(town, name)
    withdrawn, deposited = kinds["into the wallet"], sum(kinds["from the wallet"])
    missing = collections.Counter(ledger.withdrawn[name]) - collections.Counter(withdrawn)
    report.check(f"{name}: every acknowledged withdrawal was debited", not missing, missing)
    report.check(f"{name}: every acknowledged deposit was credited",
                 deposited >= ledger.deposited[name],
                 f"{deposited} of {ledger.deposited[name]}")
    report.equal(f"{name}: wallet = withdrawn + received - paid - deposited, to the fen", wallet,
                 sum(withdrawn) + ledger.received[name] - ledger.paid[name] - deposited)
    paid_in = sum(kinds["paid in"]) - OPENING
    low = ledger.counter_in[name]
    report.check(f"{name}: what was paid in at the counter is there, once",
                 low <= paid_in <= low + ledger.counter_maybe[name],
                 f"{paid_in} not within {low} and {low + ledger.counter_maybe[name]}")
    account = fen(town.bank(BANK_OF[name], "account", "show", name)["balance"])
    report.equal(f"{name}: the account is the sum of its journal", account,
                 sum(kinds["paid in"]) - sum(withdrawn) + deposited)
    return wallet


def judge(town, report, ledger, funded_before):
    for wrong in ledger.wrong[:5]:
        report.check("an exit code that no honest command may have", False, wrong)
    if not ledger.wrong:
        report.check("only the exit codes that a dying server explains", True)
    wallets = sum(judge_customer(town, report, ledger, name) for name in BANK_OF)
    vaults = sum(fen(town.bank(bank, "vault", "show")["available"]) for bank in BANKS)
    supply = town.central("supply", "--recount")
    report.check("the books balance", supply.code == OK and supply["balanced"], supply)
    report.equal("every unspent coin is in a vault or a wallet, and nowhere twice",
                 fen(supply["unspent"]), vaults + wallets)
    added = fen(supply["funded"]) - funded_before
    report.check("reserves: what was acknowledged is there, once",
                 ledger.funded <= added <= ledger.funded + ledger.funded_maybe,
                 f"{added} not within {ledger.funded} and {ledger.funded + ledger.funded_maybe}")
    report.equal("nobody honest is a case", town.central("case", "list")["cases"], [])
    report.equal("the loss account is untouched", fen(supply["loss"]), 0)
    result = town.central("db", "check")
    report.check("the central bank's database is whole", result.code == OK, result)
    for bank in BANKS:
        town.kill(bank, signal.SIGTERM)
        with contextlib.closing(sqlite3.connect(town.path(bank, "bank.db"))) as database:
            report.equal(f"{bank}'s database is whole",
                         database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", nargs="?", default=os.environ.get("BUILD", "build"))
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    report = Report()
    slow_disk = os.path.join(os.path.abspath(options.build), "tests", "slow_disk.so")
    report.check("the slow disk is built", os.path.exists(slow_disk), slow_disk)
    with Town(options.build) as town:
        town.server_env["LD_PRELOAD"] = slow_disk
        town.found(*BANKS)
        for bank, names in BANKS.items():
            town.open_customers(bank, [(name, 2, yuan(OPENING)) for name in names])
        funded = fen(town.central("supply", "--recount")["funded"])
        load = Load(town, options.seed)
        for name in BANK_OF:
            town.must(town.wallet(name, "withdraw", yuan(POCKET)))
            load.ledger.withdrawn[name].append(POCKET)
        load.start()
        killers = [threading.Thread(target=killer, args=(
            town, report, random.Random(f"{options.seed}/{victims}"), victims, options.kills,
            load.ledger))
            for victims in (["central"], list(BANKS))]
        for thread in killers:
            thread.start()
        for thread in killers:
            thread.join()
        load.stop()
        settle(town, report)
        judge(town, report, load.ledger, funded)
        print("acts by exit code:", *(f"{act} {count}" for act, count in
                                      sorted(load.ledger.acts.items())))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
