#!/usr/bin/python3
"""The register under load: a real `dcep-central serve`, banks that hand in payments over TLS.

    tools/bench/register.py BUILD [options]           (make bench-register)

Without options: a central bank with --preload unspent coins of --wallets wallets; its saturation
(closed loop), then half of that rate (open loop, latency from when each payment was due). Prints a
table and writes register.json. Options choose one run instead: --rate, --line, --double-spends,
--old, --overload, --minutes, --fresh-keys. Before the clock starts the server has met every
wallet's key; with --fresh-keys each wallet pays or is paid once, so no key is ever met again.
Whatever is run, it ends with the server stopped and the books checked: every answer given is
looked up in the database, the coins are counted, the law of the books holds, every conflict is a
case with a proof. What is wrong there makes the exit status 1; no speed does.

Preloading 50 million coins takes minutes: --keep DIR leaves the central bank there, and the next
run with the same DIR goes on with it.
"""
import argparse
import json
import mmap
import os
import shutil
import sqlite3
import subprocess
import sys
import time

sys.dont_write_bytecode = True
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "acceptance"))
from town import OK, Town, yuan  # noqa: E402

SEED, COIN_FEN, LAST = 2026, 1000, 1_000_000
BANKS_MADE = 8
PACKETS_MAX = 256
LINGER_MS, FULL_MS = 4, 1000  # several banks gather for so long; a call is full after so long
MOST_A_SECOND = 20_000  # payments made beforehand for a second at saturation; less if fewer coins
WARM_SHARE = 1.5  # payments of the warm-up for each wallet: two keys each, who pays in turn
PATIENCE_S = 3600
TABLE = (  # key, heading, format
    ("settle_per_s", "settled a second", "{:,.0f}"),
    ("cpu_us_per_payment", "us CPU a payment", "{:.1f}"),
    ("settle_per_cpu_s", "settled a CPU-second of the server", "{:,.0f}"),
    ("verify_ceiling_per_core", "verifications a CPU-second, key at hand", "{:,.0f}"),
    ("ratio_to_ceiling", "of that ceiling", "{:.3f}"),
    ("verify_ceiling_told", "verifications a CPU-second, commitment at hand too", "{:,.0f}"),
    ("ratio_to_told_ceiling", "of that ceiling", "{:.3f}"),
    ("ratio_to_fresh_ceiling", "of the ceiling with another key each time", "{:.3f}"),
    ("ratio_to_busy_ceiling", "of the ceiling while all cores verify", "{:.3f}"),
    ("offered_per_s", "offered a second", "{:,.0f}"),
    ("p50_ms", "answered within, half of them, ms", "{:.2f}"),
    ("p99_ms", "answered within, 99 %, ms", "{:.2f}"),
    ("p999_ms", "answered within, 99.9 %, ms", "{:.2f}"),
    ("answer_p99_ms", "from the sending, 99 %, ms", "{:.2f}"),
    ("fsyncs_per_s", "flushes a second (counted)", "{:.1f}"),
    ("log_flush_ms", "a flush of the log, ms on average", "{:.2f}"),
    ("stolen_share", "of the cores' time given to others by their host", "{:.3f}"),
    ("durable", "flushed before every answer", "{}"),
    ("disk_bytes_per_payment", "bytes on disk a payment", "{:,.0f}"),
    ("written_bytes_per_payment", "bytes written a payment", "{:,.0f}"),
    ("rss_mib", "memory of the server, MiB", "{:.0f}"),
    ("anon_mib", "of it not the store's files, MiB", "{:.0f}"),
    ("busy_answers", "calls answered busy", "{}"),
    ("shed_payments", "payments shed by it", "{:,}"),
    ("conflicts", "conflicts", "{}"),
    ("coins_preloaded", "coins preloaded", "{:,}"),
    ("payments", "payments", "{:,.0f}"),
    ("duration_s", "seconds", "{:.1f}"),
)


def disk_bytes(directory):
    """What the files of a data directory take: database, write-ahead log, archives."""
    return sum(os.lstat(os.path.join(folder, name)).st_blocks * 512
               for folder, _, names in os.walk(directory) for name in names)


def written_bytes(pid):
    with open(f"/proc/{pid}/io", encoding="ascii") as file:
        return int(dict(line.split(":") for line in file)["write_bytes"])


def forget(path):
    """The operating system's copies of a file go: what is asked for is on the disk."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def at_hand(path):
    """The operating system has copies of a file, as far as its memory holds them."""
    with open(path, "rb", buffering=0) as file:
        chunk = bytearray(1 << 23)
        while file.readinto(chunk):
            pass


class Bench(Town):
    """A central bank and the banks that load it; kept in a directory if one is given."""

    def __init__(self, build, options):
        super().__init__(build)
        self.options, self.kept, self.crowd, self.wrong = options, options.keep, None, []
        if self.kept:
            shutil.rmtree(self.dir)
            self.dir = os.path.abspath(self.kept)
            os.makedirs(self.path("safe"), exist_ok=True)
        self.page = self.path("fsync")
        with open(self.page, "wb") as file:
            file.write(bytes(mmap.PAGESIZE))
        self.server_env = {"LD_PRELOAD": os.path.join(self.programs, "bench", "fsync_count.so"),
                           "BENCH_FSYNC_FILE": self.page}

    def __exit__(self, *_):
        for name in list(self.servers):
            self.kill(name)
        if not self.kept:
            shutil.rmtree(self.dir, ignore_errors=True)

    def profile(self, pid):
        """perf over that process, from now until it ends, if the options ask for it."""
        if self.options.profile:
            subprocess.Popen(["perf", "record", "-q", "-g", "-F", "999", "-p", str(pid), "-o",
                              self.options.profile], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)

    def tool(self, name):
        return os.path.join(self.programs, "bench", name)

    def check(self, what, held, detail=""):
        if not held:
            self.wrong.append(what)
            print(f"WRONG: {what} {detail}", flush=True)

    # ---- the central bank before the load ----

    def database(self):
        return self.path("central", "central.db")

    def found_banks(self):
        self.found_central()
        for number in range(BANKS_MADE):
            directory, name = self.path(f"bank{number}"), f"Load Bank {number}"
            subprocess.run([os.path.join(self.programs, "acceptance", "bank_tool"), directory,
                            "request", name, directory + ".request"], check=True,
                           stdout=subprocess.DEVNULL)
            self.must(self.central("bank", "enroll", directory + ".request", "--root-key",
                                   self.path("safe", "root.key"), "-o", directory + ".admission"))
        self.must(self.central("reserve", "credit", "Load Bank 0",
                               yuan(self.options.preload * COIN_FEN)))
        listed = self.must(self.central("bank", "list"))["banks"]
        self.kill("central", 15)
        return [bank["bank_id"] for bank in listed if bank["name"] == "Load Bank 0"][0]

    def preload(self):
        bank_id, start = self.found_banks(), time.monotonic()
        said = subprocess.run(
            [self.tool("register_preload"), self.path("central"), "dcep-test", str(SEED),
             str(self.options.wallets), str(self.options.preload), str(bank_id),
             self.path("bank0")], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        return {"serial": int(said[0]), "day": int(said[1]), "skips": {}, "made_s":
                time.monotonic() - start, "coins": self.options.preload,
                "wallets": self.options.wallets}

    def open(self):
        file = self.path("crowd.json")
        if os.path.exists(file):
            with open(file, encoding="ascii") as text:
                self.crowd = json.load(text)
            if self.crowd.pop("runs", False):
                sys.exit(f"{self.dir}: a load was cut short here, so what is spent is not known: "
                         "remove it")
            return
        self.crowd = self.preload()
        self.save()
        print(f"{self.crowd['coins']:,} coins of {self.crowd['wallets']:,} wallets preloaded in "
              f"{self.crowd['made_s']:.0f} s, "
              f"{disk_bytes(self.path('central')) / self.crowd['coins']:.0f} bytes each",
              flush=True)

    def save(self, **more):
        with open(self.path("crowd.json"), "w", encoding="ascii") as file:
            json.dump({**self.crowd, **more}, file)

    # ---- one load ----

    def drawn_from(self):
        """Which coins are paid; each range keeps count of its own draws, so they lie apart."""
        if self.crowd["coins"] <= LAST or self.options.made_to_measure:
            return "all"
        return "before the last million" if self.options.old else "the last million"

    def range_of(self):
        coins = self.crowd["coins"]
        return {"all": (0, coins), "before the last million": (0, coins - LAST),
                "the last million": (coins - LAST, coins)}[self.drawn_from()]

    def recount(self):
        """Every coin added up, which takes seconds a million: while no server runs."""
        supply = self.must(self.central("supply", "--recount", timeout=PATIENCE_S))
        self.crowd["unspent_count"] = supply["unspent_count"]
        self.save()
        return supply

    def words(self, seconds, rate, line, share, outstanding):
        """The load generator's options, but for the banks."""
        options, crowd = self.options, self.crowd
        gathers = bool(rate) and options.linger_ms is None and options.banks == 1
        linger_ms = options.linger_ms or LINGER_MS
        span, warm_count = seconds + options.warm_up, warm_payments(options)
        wanted = int((rate or options.most_a_second) * span) + warm_count + \
            outstanding * PACKETS_MAX  # on their way when the time is over
        first, end = self.range_of()
        skip = crowd["skips"].get(self.drawn_from(), 0)
        packets = options.packets_max if not rate or gathers else \
            max(1, min(options.packets_max, round(rate / line * linger_ms / 1000)))
        most = (end - first - skip) * line
        if most <= 0:
            sys.exit(f"no coin is left to pay with in {self.dir}: remove it")
        return {"server": self.servers["central"].pid, "fsync": self.page,
                "json": self.path("load.json"), "seed": SEED, "wallets": crowd["wallets"],
                "serial": crowd["serial"], "day": crowd["day"], "coins": crowd["coins"],
                "from": first, "to": end, "skip": skip,
                "payments": min(wanted, most), "seconds": seconds, "warm-up": options.warm_up,
                "warm-up-payments": warm_count, "rate": rate,
                "outstanding": outstanding, "clients": options.connections, "line": line,
                "cheats": share, "packets": packets, "ceiling-seconds": options.ceiling_seconds,
                "told": int(not options.untold), "gathers": int(gathers)}

    def load(self, seconds, rate=0, line=1, cheats=0, outstanding=None):
        before = self.crowd.get("unspent_count") or self.recount()["unspent_count"]
        if self.options.cold:
            forget(self.database())
        if self.options.at_hand:
            at_hand(self.database())
        self.serve_or_stop("central")
        cases = len(self.must(self.central("case", "list"))["cases"])
        disk, pid = disk_bytes(self.path("central")), self.servers["central"].pid
        self.save(runs=True)
        self.profile(pid)
        words = self.words(seconds, rate, line, cheats,
                           outstanding or self.options.outstanding * self.options.banks)
        banks = [path for number in range(self.options.banks)
                 for path in (self.path(f"bank{number}"), self.path(f"bank{number}.admission"))]
        with subprocess.Popen(
                [self.tool("register_load"), *(f"--{key}={value}" for key, value in words.items()),
                 *banks], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            if running.stdout.readline().strip() != "measured":
                sys.exit("register_load failed")
            written = written_bytes(pid)
            self.check("the server ends in order", self.kill("central", 15) == 0)
            disk = disk_bytes(self.path("central")) - disk
            running.communicate(self.database() + "\n")
        if running.returncode != 0:
            sys.exit(f"register_load ended with {running.returncode}")
        with open(self.path("load.json"), encoding="ascii") as file:
            result = json.load(file)
        self.crowd["skips"][self.drawn_from()] = int(result["drawn"])
        self.save()
        return self.judge(result, line, before, cases, disk, written)

    def judge(self, result, line, before, cases, disk, written):
        """The books, the rows and the answers; and the figures that only the outside knows."""
        base = sqlite3.connect(f"file:{self.database()}?mode=ro", uri=True)
        journal = base.execute("PRAGMA journal_mode").fetchone()[0]
        base.close()
        supply = self.recount()
        listed = self.must(self.central("case", "list", timeout=PATIENCE_S))["cases"]
        answered = result["settled"] + result["conflicts"] + result["other_outcomes"]
        self.check("the law of the books holds", supply["balanced"])
        self.check("every answer is in the database", result["lost"] == 0, result["lost"])
        self.check("no packet is refused", result["refused_packets"] == 0)
        self.check("what was told of signatures is so",
                   "commitments_wrong" not in self.log("central"))
        self.check("something is measured", result["payments"] > 0)
        self.check("the payments counted are those answered",
                   answered == result["payments_in_all"], (answered, result["payments_in_all"]))
        if result["failed_calls"] == 0:
            self.check("settled payments and rows agree: each leaves one coin more",
                       supply["unspent_count"] - before == result["settled"],
                       (supply["unspent_count"], before, result["settled"]))
        self.check("every conflict is a case", len(listed) - cases == result["conflicts"],
                   (len(listed) - cases, result["conflicts"]))
        self.check("every case has a proof", all(case["has_proof"] for case in listed))
        for key in ("settle_per_s", "settle_per_cpu_s", "ratio_to_ceiling",
                    "ratio_to_told_ceiling", "ratio_to_busy_ceiling"):
            result[key] *= result["settled"] / max(1, answered)  # a conflict is work, not success
        result.update({
            "durable": journal == "wal" and result["unflushed_answers"] == 0
                       and result["log_fsyncs_per_s"] > 0,
            "journal_mode": journal,
            "coins_preloaded": self.crowd["coins"],
            "preload_s": round(self.crowd["made_s"], 1),
            "rss_mib": max(sample["rss_mib"] for sample in result["series"]),
            "anon_mib": max(sample["anon_mib"] for sample in result["series"]),
            "disk_bytes_per_payment": disk / max(1, result["payments_in_all"]),
            "written_bytes_per_payment": written / max(1, result["payments_in_all"]),
            "cases": len(listed) - cases,
            "drawn_from": self.drawn_from(),
            "balanced": supply["balanced"],
            "keys": "fresh" if self.options.fresh_keys else "met before" if
                    warm_payments(self.options) else "as they come",
        })
        return result


def warm_payments(options):
    """How many payments a warm-up takes until the server has met the wallets' keys."""
    if options.fresh_keys:
        return 0
    wanted = int(WARM_SHARE * options.wallets)
    return wanted if options.warm_payments is None else options.warm_payments


def show(title, result, rows=TABLE):
    print(f"\n== {title}\n")
    for key, heading, form in rows:
        print(f"{heading:44} {form.format(result[key]):>14}")
    if result["used_up"]:
        print(f"the payments made beforehand were used up after {result['duration_s']:.1f} s: more "
              "coins (--preload) or a larger --most-a-second would make it longer")
    sys.stdout.flush()


def measure(bench, options):
    """The runs that the options ask for: {name: result}; the first is the main one."""
    results = {}
    cheats = options.double_spends / 100

    def run(name, title, *words, **more):
        results[name] = bench.load(*words, **more)
        show(title, results[name])
        return results[name]

    if options.rate:
        run("run", f"open loop, {options.rate:,.0f} a second", options.seconds, options.rate,
            options.line, cheats, options.open_outstanding)
        return results
    if options.overload:
        found = bench.load(options.probe_seconds)["settle_per_s"]
        options.linger_ms = options.linger_ms or FULL_MS  # a bank that gathers would hold back
        run("run", f"open loop, {options.overload:g} times the saturation of {found:,.0f} a second",
            options.seconds, options.overload * found, 1, 0, 1024)
        results["run"]["saturation_per_s"] = found
        return results
    main_run = run("run", "saturation, closed loop", options.seconds, 0, options.line, cheats)
    if not (options.line > 1 or cheats or options.old or options.only_saturation or
            options.fresh_keys):
        run("at_half", "half of it, open loop", options.seconds, main_run["settle_per_s"] / 2, 1,
            0, options.open_outstanding)
    return results


def parser(text):
    """Its options; others add theirs."""
    made = argparse.ArgumentParser(description=text,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("build")
    made.add_argument("--json", help="default: BUILD/bench/register.json")
    made.add_argument("--seconds", type=float, default=60)
    made.add_argument("--minutes", type=float, help="instead of --seconds")
    made.add_argument("--warm-up", type=float, default=3)
    made.add_argument("--warm-payments", type=int, metavar="N",
                      help="so many before the clock starts, in a closed loop; default: until "
                           "every wallet's key was met")
    made.add_argument("--fresh-keys", action="store_true",
                      help="as many wallets as coins and payments: no key is met twice")
    made.add_argument("--rate", type=float, default=0, help="payments a second, open loop")
    made.add_argument("--overload", type=float, default=0,
                        help="open loop at so many times saturation, which is measured first")
    made.add_argument("--only-saturation", action="store_true", help="no second run at half of it")
    made.add_argument("--line", type=int, default=1, choices=range(1, 6),
                        help="offline payments in a packet, one after the other")
    made.add_argument("--double-spends", type=float, default=0, metavar="PERCENT",
                        help="so many wallets in a hundred pay each coin twice")
    made.add_argument("--old", action="store_true",
                        help="coins drawn evenly from all before the last million, not from that")
    made.add_argument("--cold", action="store_true",
                      help="the operating system forgets the database first: coins are read from "
                           "the disk")
    made.add_argument("--at-hand", action="store_true",
                      help="the operating system reads the database first: coins are in memory, as "
                           "far as it holds them")
    made.add_argument("--preload", type=int, help="unspent coins; default: what the run needs")
    made.add_argument("--wallets", type=int, default=100_000)
    made.add_argument("--banks", type=int, default=1, choices=range(1, BANKS_MADE + 1))
    made.add_argument("--connections", type=int, default=4, help="of each bank")
    made.add_argument("--outstanding", type=int, default=8,
                      help="calls of each bank, closed loop; a dcep-bank has as many")
    made.add_argument("--open-outstanding", type=int, default=256,
                      help="calls at most, open loop; a bank that gathers has eight")
    made.add_argument("--linger-ms", type=float,
                        help="open loop: every call gathers packets for so long, whatever is under "
                             f"way; default: one bank as a dcep-bank does, several {LINGER_MS}")
    made.add_argument("--most-a-second", type=float, default=MOST_A_SECOND,
                        help="payments made beforehand for each second at saturation")
    made.add_argument("--packets-max", type=int, default=PACKETS_MAX, help="in a call, at most")
    made.add_argument("--untold", action="store_true",
                      help="calls say nothing of what their signatures commit to")
    made.add_argument("--probe-seconds", type=float, default=10)
    made.add_argument("--ceiling-seconds", type=float, default=1)
    made.add_argument("--profile", metavar="FILE", help="perf record of the server under load")
    made.add_argument("--keep", metavar="DIR", help="keep the central bank, or go on with it")
    return made


def complete(options):
    """What follows from the options given."""
    options.seconds = options.minutes * 60 if options.minutes else options.seconds
    options.made_to_measure = options.preload is None
    if options.made_to_measure:
        span = options.seconds + options.warm_up
        runs = 2.0 if not (options.rate or options.only_saturation) else 1.2
        most = max(options.most_a_second, options.rate)
        warm = warm_payments(options) + \
            options.outstanding * options.banks * PACKETS_MAX
        options.preload = max(LAST // 10, int((most * span + warm) * runs / options.line))
    if options.fresh_keys:
        options.wallets = 2 * options.preload
    return options


def main():
    options = complete(parser(__doc__).parse_args())
    path = options.json or os.path.join(options.build, "bench", "register.json")
    with Bench(options.build, options) as bench:
        bench.open()
        results = measure(bench, options)
        whole = {**results.pop("run"), **results}
        with open(path, "w", encoding="ascii") as file:
            json.dump(whole, file, indent=2)
            file.write("\n")
        print(f"\n{'the books balance, every answer is in the database' if not bench.wrong else ''}"
              f"\n{os.path.relpath(path)}")
        for what in bench.wrong:
            print(f"WRONG: {what}")
        sys.exit(1 if bench.wrong else 0)


if __name__ == "__main__":
    main()
