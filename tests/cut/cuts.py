#!/usr/bin/env python3
"""Every cut, every crash: the real wallet is stopped at each system call that writes, syncs, sends
or names something, by kill -9, by a power cut (what was not synced is lost, or torn), or by the
call failing; then it is used as if nothing had happened, and every fen has to be there, once.

    cuts.py [BUILD] [--seed N] [--sample N] [--jobs N] [--seconds N] [--record FILE] [--only NAME]
            [--places N] [--ways HOW,HOW] [--until-failed] [--at N --how HOW]

The steps are in scenes.py, the money is judged by audit.py, the knife is $BUILD/cut/cut
(tests/cut/main.c). Without --sample every cut point is tried, the widest sample first (plan.py).
With --places a run fails that cut
fewer places than that: a place is a step and one of its calls, in however many ways it was cut.
With --record a run that was stopped goes on where it was. The servers are real and go on: what was
cut and mended is settled at the register, where in the end the books balance and nobody is accused.
Prints a table of the cuts, and "N passed, N failed", one a cut point.
"""
import argparse
import collections
import concurrent.futures
import os
import random
import resource
import signal
import sys
import threading
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "acceptance"))
# pylint: disable=wrong-import-position
from knife import BANK, CutTown, holds_wallet  # noqa: E402
from plan import CALLS, DEATHS, WAYS, Cut, Record, cuts_of, in_order  # noqa: E402
from scenes import SCENES, read, there  # noqa: E402
from trio import Wrong  # noqa: E402
from town import INTERNAL, OK, UNREACHABLE, USAGE, Report, fen, yuan  # noqa: E402

KILLED = 137
REFUSALS = (UNREACHABLE, "LOCKED"), (USAGE, "EXISTS")  # the first one's pictures are there
TRIO_CUTS = 40  # then three others: a wallet that grew costs the auditor more
RELEASED_ONE_IN = 8  # cuts after which the released program goes on, not its twin
PROGRESS_CUTS = 250


def judge_answer(wrong, result):
    if result.code >= 128 or result.code in (INTERNAL, 125):
        wrong.append(f"not a clear answer: {result}")
    elif result.code != OK and not result["error.message"]:
        wrong.append(f"exit {result.code} without a word: {result}")


class Run:
    def __init__(self, town, report, options, record):
        self.town, self.report, self.seed, self.record = town, report, options.seed, record
        self.end = time.monotonic() + (options.seconds or 1 << 30)
        self.lock, self.until_failed = threading.Lock(), options.until_failed
        self.done, self.places = collections.Counter(), set()  # done: (step, how) -> cuts
        self.missed, self.same = 0, 0  # same: the power went, and nothing was there to be lost
        self.lost_or_doubled, self.tried, self.left = 0, 0, 0
        self.seen = set()  # the names of calls that were made

    # ---- one cut ----

    def one(self, trio, cut):
        """False: this trio is of no use any more."""
        wrong, verdict = [], "counted"
        try:
            if not self.cut_and_go_on(trio, cut, wrong):
                verdict = "missed"
            elif trio.no_fault:
                verdict = "same"
        except Wrong as error:
            wrong.append(str(error))
        if wrong:
            verdict = "failed"
        with self.lock:
            self.count(cut, verdict)
            self.record.add(cut, verdict)
        if verdict != "missed":
            self.report.check(str(cut), not wrong, "\n  ".join(wrong))
        return not wrong

    def count(self, cut, verdict):
        self.tried += 1
        if verdict == "missed":
            self.missed += 1
        elif verdict == "same":
            self.same += 1
        else:
            self.done[cut.scene.name, cut.how] += 1
            self.places.add(cut.place)
        if self.tried % PROGRESS_CUTS == 0:
            print(f"{self.tried} cuts tried at {len(self.places)} places, "
                  f"{self.lost_or_doubled} fen lost or doubled", flush=True)

    def cut_and_go_on(self, trio, cut, wrong):
        trio.is_released = trio.rng.randrange(RELEASED_ONE_IN) == 0
        trio.rest()
        job = cut.scene.ready(trio)
        happened = self.strike(trio, cut, job, wrong)
        if cut.scene.name not in ("withdraw", "deposit", "deposit a packet"):
            self.judge(trio, wrong, "right after the cut")
        cut.scene.after(trio, job, wrong)
        if cut.scene.online:
            trio.recount(job.who)
        self.judge(trio, wrong, "in the end")
        return happened

    def strike(self, trio, cut, job, wrong):
        # row F14: a second process while the first holds the wallet
        if cut.how == "pause":
            others = trio.rng.choice([("balance",), ("sync",), job.words])
            (result, lines), second = self.town.cut_paused(job, cut.call, others)
            self.judge_second(wrong, second, lines, self.town.home(job.who))
        else:
            result, lines = self.town.cut(job, cut.call, cut.how,
                                          zlib.crc32(f"{self.seed} {cut.key}".encode()),
                                          at_end=cut.call == 0)
        happened, trio.no_fault = lines[-1] == "cut", "nothing lost" in lines[-2:]
        expected = KILLED if happened and cut.how in DEATHS and cut.call != 0 else None
        if expected is not None and result.code != expected:
            wrong.append(f"not killed: {result}")
        if expected is None:
            judge_answer(wrong, result)
        if result.code == OK and job.out is not None and not there(job.out):
            wrong.append(f"done, and the file is not there: {result}")
        if there(job.out) and job.out.endswith(".packet") and len(read(job.out)) > 0:
            trio.auditor.saw_packet(wrong, read(job.out))
        return happened

    def judge_second(self, wrong, second, lines, home):
        judge_answer(wrong, second)
        is_refused = (second.code, second["error.name"]) in REFUSALS
        if lines[-1] == "cut" and holds_wallet(lines, home) and not is_refused:
            wrong.append(f"a second process was let in before {lines[lines.index('paused') - 1]}: "
                         f"{second}")

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
        """The log of the step when nothing happens."""
        wrong, lines = [], []
        try:
            trio.rest()
            job = scene.ready(trio)
            result, lines = self.town.cut(job, 0, "look")
            if result.code not in (OK, 6):
                wrong.append(str(result))
            scene.after(trio, job, wrong)
            if scene.online:
                trio.recount(job.who)
            self.judge(trio, wrong, "in the end")
        except Wrong as error:
            wrong.append(str(error))
        self.report.check(f"{scene.name}: with no cut all is well", not wrong, "\n  ".join(wrong))
        self.seen.update(line.split(" ")[1] for line in lines if line[:1].isdigit())
        return lines

    def work(self, cuts, number):
        """The cuts that are left, one after the other: an iterator that the workers share."""
        rng = random.Random(f"{self.seed}/{number}")
        trio, age = None, 0
        while True:
            with self.lock:
                cut = next(cuts, None)
                if cut is not None and self.is_over():
                    self.left += 1
                    continue
            if cut is None:
                break
            if trio is None or age == TRIO_CUTS:
                self.retire(trio)
                trio, age = self.town.new_trio(rng), 0
            age += 1
            if not self.one(trio, cut):
                self.retire(trio)
                trio = None
        self.retire(trio)

    def is_over(self):
        return time.monotonic() > self.end or (self.until_failed and self.report.failed > 0)

    def retire(self, trio):
        if trio is not None:
            self.report.equal("accounts and wallets of three hold what they held",
                              trio.total + sum(map(trio.account, trio.names)), trio.owned)
            trio.close()


def finish(town, report):
    """Everybody syncs; then the central bank's books. Who joined for one cut did so in it."""
    supply = town.central("supply", "--recount")
    report.check("the books balance", supply.code == OK and supply["balanced"], supply)
    wallets = 0
    for name in os.listdir(town.home("")):
        if name in town.people:
            town.wallet(name, "sync")
        balance = town.wallet(name, "balance")
        wallets += sum(fen(balance[part] or "0") for part in
                       ("spendable", "reserved", "handed_over", "quarantined"))
    vault = fen(town.bank(BANK, "vault", "show")["available"])
    report.equal("every unspent coin is in the vault or in one wallet",
                 fen(town.central("supply", "--recount")["unspent"]), vault + wallets)
    report.equal("nobody is accused", town.central("case", "list")["cases"], [])


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", nargs="?", default=os.environ.get("BUILD", "build"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--places", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--record", default=None)
    parser.add_argument("--ways", default="")
    parser.add_argument("--until-failed", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--at", type=int, default=0)
    parser.add_argument("--how", default="")
    return parser.parse_args()


def plan(options, run, scenes):
    """The cuts to try now. Those of an earlier run are counted as they were found then."""
    cuts, rng = [], random.Random(options.seed)
    trio = run.town.new_trio(rng)
    for scene in scenes:
        if options.how:
            cuts.append(Cut(scene, options.at, "call", options.how))
        else:
            cuts += cuts_of(scene, run.look(trio, scene))
    run.retire(trio)
    if scenes == SCENES and not options.how:
        run.report.equal("every call that can fail is seen by the knife", CALLS - run.seen, set())
    if options.ways:
        cuts = [cut for cut in cuts if cut.how in options.ways.split(",")]
    every = len(cuts)
    cuts, first = in_order(cuts, rng)
    tried, named = run.record.tried, {scene.name: scene for scene in scenes}
    for key, verdict in tried.items():  # calls are numbered anew each time: each of them counts
        cut = Cut(named[key[0]], int(key[1]), *key[2:]) if key[0] in named else None
        if cut is not None:
            run.count(cut, verdict)
        if cut is not None and verdict != "missed":
            run.report.check(f"{cut}, in an earlier run", verdict != "failed")
    cuts = [cut for cut in cuts if cut.key not in tried]
    if options.sample:
        cuts = cuts[:max(0, max(first, options.sample) - run.tried)]
    print(f"{every} cuts of {len(scenes)} steps, {run.tried} tried before, {len(cuts)} to try",
          flush=True)
    return cuts


def summary(options, run, scenes, looks_s):
    print(f"{'cuts':28s}" + "".join(f"{how:>7s}" for how in (*WAYS, "places")))
    for scene in scenes:
        places = sum(name == scene.name for name, _ in run.places)
        print(f"{scene.name:28s}" + "".join(f"{run.done[scene.name, how]:7d}" for how in WAYS) +
              f"{places:7d}")
    ways = " ".join(f"{how} {sum(run.done[scene.name, how] for scene in scenes)}" for how in WAYS)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(use.ru_utime + use.ru_stime for use in used)
    print(f"seed {options.seed}: {sum(run.done.values())} cuts at {len(run.places)} places of "
          f"{len(scenes)} steps ({ways}); not counted: {run.same} power cuts that had nothing to "
          f"lose, {run.missed} not reached, {run.left} for want of time; {run.town.again} commands "
          f"tried again for want of a bank; {cpu_s:.0f} s of processor in this run, "
          f"{looks_s:.0f} of them before the first cut; {run.lost_or_doubled} fen lost or doubled")


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    scenes = [scene for scene in SCENES if scene.name.startswith(options.only)]
    report = Report()
    with CutTown(options.build) as town:
        record = Record(options.record, town.programs, options.seed)
        town.found(BANK)
        run = Run(town, report, options, record)
        cuts = plan(options, run, scenes)
        looks_s = time.process_time() + sum(
            resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
        left = iter(cuts)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for part in [pool.submit(run.work, left, number) for number in range(options.jobs)]:
                part.result()
        finish(town, report)
    summary(options, run, scenes, looks_s)
    if options.places:
        report.check(f"at least {options.places} places are cut", len(run.places) >= options.places,
                     f"{len(run.places)}: more of them with a larger --sample (CUT_SOAK)")
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
