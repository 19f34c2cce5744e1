#!/usr/bin/python3
"""Do the load generators measure what they say? Seconds, with tiny numbers; no speed is judged.

    tools/bench/selftest.py [BUILD]

Runs register.py and relay.py as people do, with double spends, two banks, lines and an open loop,
and looks at the JSON: all keys are there, and the figures agree with each other and with the rows.
Before that: a bulk preload leaves the rows that minting coin by coin leaves. At the end: the set of
runs goes on where it was stopped. The last line is "N passed, N failed".
"""
import argparse
import json
import math
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "acceptance"))
sys.path.insert(0, HERE)
import register  # noqa: E402
import register_set  # noqa: E402
from town import Report  # noqa: E402

KEYS = """cores duration_s payments settle_per_s cpu_us_per_payment settle_per_cpu_s
    verify_ceiling_per_core verify_ceiling_told ratio_to_ceiling p50_ms p99_ms p999_ms
    offered_per_s durable coins_preloaded rss_mib disk_bytes_per_payment fsyncs_per_s
    busy_answers conflicts""".split()
WARM = 1000
SMALL = ["--wallets", "500", "--warm-payments", str(WARM), "--warm-up", "0.3", "--ceiling-seconds",
         "0.05", "--connections", "2"]
FEW = 1200  # coins: fewer than a server settles in the time given
RATE, LATE = 200, 0.3
LINGER_MS = 200
WALLETS, COINS = 40, 16_500  # more than one call's coins in the index by owner
ENTRY = 24
HEADS = ("wallet_key", "act", "owner_run", "owner_merge")  # random signatures, times; runs


def run(report, build, script, path, *words):
    """The JSON of one run, {} if there is none."""
    done = subprocess.run([sys.executable, os.path.join(HERE, script), build, "--json", path,
                           *SMALL, *words], capture_output=True, text=True, timeout=120,
                          check=False)
    if not report.check(f"{script} {' '.join(words)}: exit 0", done.returncode == 0,
                        done.stdout + done.stderr):
        return {}
    with open(path, encoding="ascii") as file:
        return json.load(file)


def rows_of(database):
    """All rows, by table, but for HEADS; and the entries of the index by owner, sorted."""
    base = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    tables = [name for name, in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = {name: sorted(base.execute(f"SELECT * FROM {name}"), key=repr)
            for name in tables if name not in HEADS}
    runs = [entries for entries, in base.execute("SELECT entries FROM owner_run")]
    base.close()
    rows["owners"] = sorted({run[at:at + ENTRY] for run in runs
                             for at in range(0, len(run), ENTRY)})
    return rows


def preload_both_ways(report, build, folder):
    """The same central bank, filled in bulk and coin by coin."""
    places = [os.path.join(folder, name) for name in ("bulk", "plain")]
    options = register.complete(register.parser("").parse_args(
        [build, "--preload", str(COINS), "--keep", places[0]]))
    with register.Bench(build, options) as bench:
        bank_id = bench.found_banks()
    shutil.copytree(*places)
    for place, more in zip(places, ([], ["plainly"])):
        words = [os.path.join(place, "central"), "dcep-test", "7", str(WALLETS), str(COINS),
                 str(bank_id), os.path.join(place, "bank0")]
        done = subprocess.run([os.path.join(build, "bench", "register_preload"), *words, *more],
                              capture_output=True, text=True, check=False)
        report.equal(f"register_preload, {os.path.basename(place)}: exit 0", done.returncode, 0)
    bulk, plain = (rows_of(os.path.join(place, "central", "central.db")) for place in places)
    report.equal("a bulk preload: the tables", sorted(bulk), sorted(plain))
    for name in plain:
        report.check(f"a bulk preload leaves the same rows: {name}", bulk[name] == plain[name])
    report.equal("a bulk preload: each coin once in the index by owner",
                 len(set(bulk["owners"])), COINS)


def go_on(report, found):
    """A set that was stopped; found: a result to fill it with."""
    plan = [register_set.load("saturation", "closed loop", 2, 5),
            register_set.load("half", "open loop", 1, 5)]
    results, other = {}, register_set.load("saturation", "closed loop", 2, 6)

    def missing(kinds=plan):
        return [kind["name"] for number in range(2) for kind in kinds
                if register_set.is_missing(results, kind, number)]
    report.equal("a set: all is to be done", missing(), ["saturation", "half", "saturation"])
    register_set.keep_result(results, plan[0], {**found, "load_average": 1, "took_s": 1})
    report.equal("a set: goes on with the rest", missing(), ["half", "saturation"])
    report.equal("a set: what was asked otherwise is done again", missing([other]),
                 ["saturation", "saturation"])
    register_set.keep_result(results, plan[1], {**found, "load_average": 1, "took_s": 1})
    told = "\n".join(register_set.table(results) + register_set.Goals(results).tell_all())
    for text in ("closed loop | 1 |", "(goal: 0.75)", "p99 at half of saturation",
                 "every call: yes"):
        report.check(f"a set: its table says {text}", text in told, told)


def renew(report, folder):
    """Of a kept central bank's last million 400,000 are left: enough for one load, not another."""
    place = os.path.join(folder, "kept")
    os.mkdir(place)
    with open(os.path.join(place, "crowd.json"), "w", encoding="ascii") as file:
        json.dump({"skips": {"the last million": register.LAST - 400_000}}, file)
    options = argparse.Namespace(warm_up=2, wallets=100_000)
    for seconds, words, stays in ((9, ["--old"], True), (5, [], True), (9, [], False)):
        load = register_set.load("last", "", 1, seconds, "--keep", place, *words)
        register_set.renew_kept(options, load, 20_000)
        report.equal(f"a set: {seconds} s {' '.join(words)} of what is left", os.path.exists(place),
                     stays)


def read_bytes():
    """What this process had read from a disk."""
    with open("/proc/self/io", encoding="ascii") as file:
        return int(dict(line.split(":") for line in file)["read_bytes"])


def cold(report, folder):
    """A file that was forgotten is read from the disk, where it is on one."""
    path = os.path.join(folder, "cold")
    with open(path, "wb") as file:
        file.write(bytes(1 << 22))
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True,
                          check=True).stdout.strip()
    found = []
    for way in (None, register.forget, register.at_hand):
        if way:
            register.forget(path)
            way(path)
        before = read_bytes()
        with open(path, "rb") as file:
            file.read()
        found.append(read_bytes() - before)
    report.check("cold: what is forgotten is read from the disk, and only that",
                 kind == "tmpfs" or max(found[0], found[2]) < 1 << 20 < 1 << 21 < found[1],
                 [kind, found])


def near(a, b, share=0.02):
    return math.isclose(a, b, rel_tol=share, abs_tol=1e-6)


def look(report, what, found):
    for key in KEYS:
        report.check(f"{what}: {key}", key in found)
    if not found:
        return
    report.check(f"{what}: durable", found["durable"] is True)
    report.check(f"{what}: payments were made", found["payments"] > 0)
    report.check(f"{what}: percentiles rise",
                 0 < found["p50_ms"] <= found["p99_ms"] <= found["p999_ms"])
    report.check(f"{what}: CPU time and payments agree",
                 near(found["cpu_us_per_payment"] * found["payments"],
                      found["server_cpu_s"] * 1e6))
    report.check(f"{what}: the server flushes", found["fsyncs_per_s"] > 0)
    report.check(f"{what}: memory and disk are told",
                 found["rss_mib"] > 1 and found["disk_bytes_per_payment"] > 0)
    report.equal(f"{what}: nothing lost, refused or failed",
                 [found[key] for key in ("lost", "refused_packets", "failed_calls")], [0, 0, 0])


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD", "build")
    report = Report()
    with tempfile.TemporaryDirectory(prefix="dcep-bench-") as folder:
        path = os.path.join(folder, "load.json")
        preload_both_ways(report, build, folder)
        renew(report, folder)
        cold(report, folder)
        cheats = run(report, build, "register.py", path, "--seconds", "1", "--most-a-second",
                     "12000", "--double-spends", "20", "--banks", "2", "--packets-max", "64",
                     "--line", "2", "--outstanding", "4", "--preload", "20000")
        look(report, "double spends", cheats)
        report.check("double spends: conflicts, each a case",
                     cheats.get("conflicts", 0) > 0 and cheats["cases"] == cheats["conflicts"])
        steady = run(report, build, "register.py", path, "--seconds", "1.5", "--rate", str(RATE),
                     "--preload", "2000")
        look(report, "open loop", steady)
        report.check("open loop: what was offered is counted from when it was due",
                     steady.get("latencies", 0) >= RATE * 1.5 * (1 - LATE), steady.get("latencies"))
        report.check("open loop: the keys were met before, in a closed loop",
                     steady.get("payments_in_all", 0) >= WARM + steady.get("latencies", WARM),
                     steady.get("payments_in_all"))
        report.check("open loop: what a flush takes is seen, and what the host takes",
                     steady.get("log_flush_ms", 0) > 0 and
                     0 <= steady.get("stolen_share", -1) < 1,
                     [steady.get("log_flush_ms"), steady.get("stolen_share")])
        if steady:
            go_on(report, steady)
        cut = run(report, build, "register.py", path, "--seconds", "1", "--rate", str(RATE),
                  "--preload", "2000", "--cold", "--linger-ms", str(LINGER_MS))
        report.check("open loop, cut beforehand: a call waits until its last payment is due",
                     cut.get("p50_ms", 0) > LINGER_MS * 0.4, cut.get("p50_ms"))
        report.check("open loop: else a call goes at once, as a bank's, or as soon as it is fuller",
                     steady.get("timed_calls", 0) > 2 * cut.get("timed_calls", RATE) > 0,
                     [steady.get("timed_calls"), cut.get("timed_calls")])
        ended = run(report, build, "register.py", path, "--seconds", "60", "--fresh-keys",
                    "--preload", str(FEW), "--warm-up", "0", "--packets-max", "50",
                    "--outstanding", "2")
        look(report, "no coin left", ended)
        report.equal("no coin left: the load ends when all are paid, each key met once",
                     [ended.get(key) for key in ("used_up", "settled", "wallets")],
                     [1, FEW, 2 * FEW])
        relayed = run(report, build, "relay.py", path, "--seconds", "1", "--packets", "2",
                      "--outstanding", "8", "--preload", "8000", "--most-a-second", "4000")
        look(report, "a bank relays", relayed)
        report.equal("a bank relays: each leaf is proved", relayed.get("unproved"), 0)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
