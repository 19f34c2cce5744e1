#!/usr/bin/env python3
"""Every cut, every crash: the real wallet is stopped at each system call that writes, syncs, sends
or names something, by kill -9, by a power cut (what was not synced is lost, or torn), or by the
call failing; then it is used as if nothing had happened, and every fen has to be there, once.

    cuts.py [BUILD] [--seed N] [--sample N] [--jobs N] [--seconds N] [--only NAME]
            [--ways HOW,HOW] [--at N --how HOW]

The steps are in scenes.py, the money is judged by audit.py, the knife is $BUILD/cut/cut
(tests/cut/main.c). Without --sample every cut point is tried; with it about so many, of every step,
call and way to fail, chosen by the seed. The servers are real and go on: what was cut and mended is
settled at the register, where in the end the books balance and nobody is accused.
Prints "N passed, N failed", one a cut point.
"""
import argparse
import collections
import concurrent.futures
import os
import random
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "acceptance"))
# pylint: disable=wrong-import-position
from audit import Auditor, Reader  # noqa: E402
from scenes import SCENES, Trio, Wrong, read, there  # noqa: E402
from town import INTERNAL, OK, UNREACHABLE, Report, Result, Town, fen, yuan  # noqa: E402

KILLED = 137
DEATHS = ("kill", "power", "torn")
ENDS = ("power", "torn")  # the power goes just after the program ended
FAULTS = {"full": ("openat", "write", "pwrite64", "link", "rename", "mkdir"),
          "rofs": ("openat", "write", "pwrite64", "ftruncate", "link", "rename", "unlink", "mkdir",
                   "fchmod"),
          "eio": ("write", "pwrite64", "fsync", "fdatasync"),
          "eintr": ("write", "pwrite64"),
          "short": ("write", "pwrite64"),
          "reset": ("connect", "sendto", "sendmsg"),
          "pause": ("fdatasync",)}
ACCOUNT, JOINS = "60000.00", 1500
NETWORK = "dcep-test"


class Cut:
    """One cut point: the step, which call of it, what that call was, what happens to it."""

    def __init__(self, scene, call, name, how):
        self.scene, self.call, self.name, self.how = scene, call, name, how

    @property
    def place(self):
        return self.scene.name, self.call, self.name

    def __str__(self):
        call = f"call {self.call} ({self.name})" if self.call else "at its end"
        return f"{self.scene.name}: {self.how} {call}"


class CutTown(Town):
    """With the knife, and join files for wallets to come."""

    def __init__(self, build):
        super().__init__(build)
        self.knife = os.path.join(self.programs, "cut", "cut")
        self.joins, self.join_lock, self.trio_count = [], threading.Lock(), 0
        self.stops = {}  # state of a payment -> the call before which pay dies in it

    def run(self, program, *words, timeout=60, before=(), **_):
        """Without a look at the schemas: that is the acceptance runs' business, and takes longer
        than the command."""
        argv = [*before, os.path.join(self.programs, program), *map(str, words)]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout,
                              check=False, env=self.env, cwd=self.dir, close_fds=False)
        return Result([program, *map(str, words)], done.returncode,
                      done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def next_join(self):
        with self.join_lock:
            return self.joins.pop()

    def import_joins(self, bank, count):
        table = self.path("joins.csv")
        with open(table, "w", encoding="utf-8") as file:
            file.write("name,tier,phone,id_number,label,opening_deposit\n")
            file.writelines(f"new{i},3,1390000{i:04d},11010119910101{i:04d},,10.00\n"
                            for i in range(count))
        made = self.must(self.bank(bank, "customer", "import", table, "--joins", table + ".d"))
        self.joins = [(f"new{i}", row["join"]) for i, row in enumerate(made.json["customers"])]

    def new_trio(self, bank, rng):
        """Customers of their own, so that a wrong one spoils nothing else."""
        with self.join_lock:
            number, self.trio_count = self.trio_count, self.trio_count + 1
            names = [f"{role}{number}" for role in ("payer", "payee", "third")]
            self.open_customers(bank, [(name, 3, ACCOUNT) for name in names])
        reader = Reader(self.programs, self.path(f"scratch{number}"))
        trio = Trio(self, bank, names, Auditor(NETWORK, reader), rng)
        trio.rest()
        return trio

    def cut(self, who, words, call, how, seed=0, at_end=False):
        """The result, and the calls that were counted, the last line telling if it came to it."""
        log = self.path(f"{who}.log")
        before = [self.knife, "--root", self.dir, "--log", log, "--how", how, "--seed", str(seed),
                  "--gate", log + ".gate", *(["--at-end"] if at_end else []), "--at", str(call),
                  "--"]
        result = self.run("dcep-wallet", "-w", who, "--json", "-y", *words, before=before)
        with open(log, encoding="utf-8", errors="replace") as file:
            return result, file.read().splitlines()

    def cut_paused(self, who, words, call):
        """While it is held before that call, another process has its try."""
        log, gate = self.path(f"{who}.log"), self.path(f"{who}.log.gate")
        with open(gate, "w", encoding="utf-8"):
            pass
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            first = pool.submit(self.cut, who, words, call, "pause")
            while not first.done() and not paused(log):
                pass
            second = self.wallet(who, "balance")
            os.remove(gate)
            return first.result(), second


def paused(log):
    try:
        with open(log, encoding="utf-8", errors="replace") as file:
            return "paused\n" in file.read()
    except OSError:
        return False


def calls_of(lines):
    return [line.split(" ", 2) for line in lines if line[:1].isdigit()]


class Run:
    def __init__(self, town, report, options):
        self.town, self.report, self.seed = town, report, options.seed
        self.end, self.left = time.monotonic() + (options.seconds or 1 << 30), 0
        self.lock = threading.Lock()
        self.done, self.places, self.missed = collections.Counter(), set(), 0
        self.same = 0  # the power went, and nothing was there to be lost: like kill -9
        self.lost_or_doubled = 0

    # ---- one cut ----

    def one(self, trio, cut):
        """False: this trio is of no use any more."""
        wrong = []
        try:
            happened = self.cut_and_go_on(trio, cut, wrong)
        except Wrong as error:
            wrong.append(str(error))
            happened = True
        with self.lock:
            if not happened:
                self.missed += 1
            elif trio.no_fault:
                self.same += 1
            else:
                self.done[cut.how] += 1
                self.places.add(cut.place)
        if happened:
            self.report.check(str(cut), not wrong, "\n  ".join(wrong))
        return not wrong

    def cut_and_go_on(self, trio, cut, wrong):
        trio.rest()
        job = cut.scene.ready(trio)
        owned = trio.accounts() + trio.total if cut.scene.online else None
        happened = self.strike(trio, cut, job, wrong)
        if cut.scene.name not in ("withdraw", "deposit", "deposit a packet"):
            self.judge(trio, wrong, "right after the cut")
        cut.scene.after(trio, job, wrong)
        if owned is not None:  # between account and wallet money moves as it is told to
            trio.total = owned - trio.accounts()
        self.judge(trio, wrong, "in the end")
        return happened

    def strike(self, trio, cut, job, wrong):
        # row F14: a second process while the first holds the wallet
        if cut.how == "pause":
            (result, lines), second = self.town.cut_paused(job.who, job.words, cut.call)
            if lines[-1] == "cut" and (second.code, second["error.name"]) != (UNREACHABLE,
                                                                              "LOCKED"):
                wrong.append(f"a second process was let in: {second}")
        else:
            result, lines = self.town.cut(job.who, job.words, cut.call, cut.how, self.seed,
                                          at_end=cut.call == 0)
        happened, trio.no_fault = lines[-1] == "cut", "nothing lost" in lines[-2:]
        expected = KILLED if happened and cut.how in DEATHS and cut.call != 0 else None
        if expected is not None and result.code != expected:
            wrong.append(f"not killed: {result}")
        if expected is None and (result.code >= 128 or result.code in (INTERNAL, 125)):
            wrong.append(f"not a clear answer: {result}")
        if expected is None and result.code not in (OK, KILLED) and not result["error.message"]:
            wrong.append(f"exit {result.code} without a word: {result}")
        if result.code == OK and job.out is not None and not there(job.out):
            wrong.append(f"done, and the file is not there: {result}")
        if there(job.out) and job.out.endswith(".packet") and len(read(job.out)) > 0:
            trio.auditor.saw_packet(wrong, read(job.out))
        return happened

    # rows F3, F4, F5, F6, F7, F8, F9, F13, F15, F16, M3: every call of every step, each way
    def judge(self, trio, wrong, when):
        found, total = trio.auditor.judge(trio.homes)
        wrong += [f"{when}: {what}" for what in found]
        if total != trio.total:
            wrong.append(f"{when}: {yuan(abs(total - trio.total))} "
                         f"{'doubled' if total > trio.total else 'lost'}: {total} fen instead of "
                         f"{trio.total}")
            with self.lock:
                self.lost_or_doubled += abs(total - trio.total)

    # ---- all of them ----

    def look(self, trio, scene):
        """The calls that the step makes when nothing happens."""
        cut = Cut(scene, 0, "", "look")
        wrong = []
        trio.rest()
        job = scene.ready(trio)
        owned = trio.accounts() + trio.total
        result, lines = self.town.cut(job.who, job.words, 0, "look")
        if result.code not in (OK, 6):
            wrong.append(str(result))
        try:
            scene.after(trio, job, wrong)
        except Wrong as error:
            wrong.append(str(error))
        trio.total = owned - trio.accounts()
        self.judge(trio, wrong, "in the end")
        self.report.check(f"{cut}: with no cut all is well", not wrong, "\n  ".join(wrong))
        return [(int(number), name) for number, name, *_ in calls_of(lines)]

    def work(self, cuts, number):
        rng = random.Random(f"{self.seed}/{number}")
        trio = self.town.new_trio("north", rng)
        for cut in cuts:
            if time.monotonic() > self.end:
                with self.lock:
                    self.left += 1
            elif not self.one(trio, cut):
                trio = self.town.new_trio("north", rng)
        return trio


def cuts_of(scene, calls):
    for number, name in calls:
        for how in (*DEATHS, *(how for how, names in FAULTS.items() if name in names)):
            if how in ENDS and name in ("connect", "sendto", "sendmsg"):
                continue  # nothing is written there: kill -9 does the same
            yield Cut(scene, number, name, how)
    for how in ENDS:
        yield Cut(scene, 0, "exit", how)


def choose(cuts, count, rng):
    """Each step, and each way of each call; then by chance."""
    rng.shuffle(cuts)
    chosen, rest, seen = [], [], set()
    for cut in cuts:
        pairs = {(cut.scene.name,), (cut.name, cut.how)}
        (rest if pairs <= seen else chosen).append(cut)
        seen |= pairs
    return chosen + rest[:max(0, count - len(chosen))]


def finish(town, report, run):
    """Everybody syncs; then the central bank's books."""
    supply = town.central("supply")
    report.check("the books balance", supply.code == OK and supply["balanced"], supply)
    wallets = 0
    for name in os.listdir(town.path("home", "dcep", "wallets")):
        town.wallet(name, "sync")
        balance = town.wallet(name, "balance")
        wallets += sum(fen(balance[part] or "0") for part in
                       ("spendable", "reserved", "handed_over", "quarantined"))
    vault = fen(town.bank("north", "vault", "show")["available"])
    report.equal("every unspent coin is in the vault or in one wallet",
                 fen(town.central("supply")["unspent"]), vault + wallets)
    report.equal("nobody is accused", town.central("case", "list")["cases"], [])


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", nargs="?", default=os.environ.get("BUILD", "build"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--ways", default="")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--at", type=int, default=0)
    parser.add_argument("--how", default="")
    return parser.parse_args()


def plan(options, run, scenes):
    cuts, rng = [], random.Random(options.seed)
    trio = run.town.new_trio("north", rng)
    for scene in scenes:
        if options.how:
            cuts.append(Cut(scene, options.at, "call", options.how))
        else:
            cuts += cuts_of(scene, run.look(trio, scene))
    if options.ways:
        cuts = [cut for cut in cuts if cut.how in options.ways.split(",")]
    if options.sample:
        cuts = choose(cuts, options.sample, rng)
    else:
        rng.shuffle(cuts)
    print(f"{len(cuts)} cuts to try", flush=True)
    return cuts


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    scenes = [scene for scene in SCENES if scene.name.startswith(options.only)]
    report = Report()
    with CutTown(options.build) as town:
        town.found("north")
        town.import_joins("north", JOINS)
        run = Run(town, report, options)
        cuts = plan(options, run, scenes)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            parts = [pool.submit(run.work, cuts[number::options.jobs], number)
                     for number in range(options.jobs)]
            for part in parts:
                part.result()
        finish(town, report, run)
    ways = " ".join(f"{how} {count}" for how, count in sorted(run.done.items()))
    print(f"seed {options.seed}: {sum(run.done.values())} cuts at {len(run.places)} places of "
          f"{len(scenes)} steps ({ways}); not counted: {run.same} power cuts that had nothing to "
          f"lose, {run.missed} not reached, {run.left} for want of time; "
          f"{run.lost_or_doubled} fen lost or doubled")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
