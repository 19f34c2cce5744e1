#!/usr/bin/python3
"""Every figure of the register that docs/performance.md gives: medians and ranges of several runs.

    tools/bench/register_set.py BUILD [--quick] [--preloads 10,50] [--minutes 10] [options]

Each round goes once through all kinds of load (plan_of), each with a central bank of its own, so
that what else happens on the machine falls on all of them alike. --preloads: also with so many
million unspent coins, for coins of the last million and for those before it, drawn evenly, the file
being in memory as far as that holds it; and for these once more when it is not. These central
banks stay in --keep (BUILD/bench/kept), and are made anew when too little is left of their last
million. They are held to one with a million coins only, made anew each time. --minutes: one long
run at saturation for the memory.

Every result is kept at once in BUILD/bench/register_set.json: the set can be stopped and begun
again, and goes on with what is missing (--again forgets what is there). A load that fails is told,
the others go on, and the exit status is 1. At the end, or with --table at any time, the table is
made of whatever is there: BUILD/bench/register_set.md.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from register import FULL_MS, LAST, WARM_SHARE  # noqa: E402

FIGURES = (  # key, heading, format
    ("settle_per_s", "settled a second", "{:,.0f}"),
    ("settle_per_cpu_s", "a CPU-second", "{:,.0f}"),
    ("cpu_us_per_payment", "us CPU", "{:.1f}"),
    ("ratio_to_ceiling", "of the ceiling", "{:.2f}"),
    ("ratio_to_busy_ceiling", "of it, all cores busy", "{:.2f}"),
    ("p50_ms", "p50, ms", "{:.1f}"),
    ("p99_ms", "p99, ms", "{:.1f}"),
    ("p999_ms", "p99.9, ms", "{:.1f}"),
    ("fsyncs_per_s", "flushes a second", "{:.0f}"),
    ("disk_bytes_per_payment", "bytes on disk", "{:,.0f}"),
    ("anon_mib", "MiB", "{:.0f}"),
    ("busy_answers", "busy", "{:.0f}"),
    ("log_flush_ms", "a flush, ms", "{:.1f}"),
    ("stolen_share", "stolen", "{:.2f}"),
)
BILLION = 1_000_000_000
YARDSTICK = "last_of_1"  # a register with the last million and no other coins
BEFORE_ANY, HEADROOM = 24_000, 1.5  # payments made beforehand for a second; of the speed found
PATIENCE_S, PATIENCE_FACTOR = 3600, 10


def load(name, heading, runs, seconds, *words, script="register.py"):
    """One kind of load. words may say HALF or THREEFOLD, of the saturation found."""
    return {"name": name, "heading": heading, "runs": runs, "script": script,
            "words": ["--seconds", f"{seconds:g}", *words]}


def plan_of(options):
    runs, others, span = options.runs, options.other_runs, options.seconds
    plan = [
        load("saturation", "one payment a packet, closed loop", runs, options.saturation_seconds),
        load("fresh_keys", "the same, no key met before", others, span, "--fresh-keys"),
        load("untold", "the same, no commitment told", others, span, "--untold"),
        load("half", "half of saturation, open loop", others, span, "--rate", "HALF"),
        load("line_5", "lines of 5 payments", others, span, "--line", "5"),
        load("double_3", "3 % double spends", others, span, "--double-spends", "3"),
        load("banks_4", "four banks", others, span, "--banks", "4"),
        load("overload_3", "three times saturation, open loop, full calls", others, span, "--rate",
             "THREEFOLD", "--open-outstanding", "1024", "--linger-ms", str(FULL_MS)),
    ]
    if options.preloads:
        plan.append(load(YARDSTICK, "a million coins, of all of them", others, span, "--preload",
                         str(LAST)))
    for millions in options.preloads:
        kept = ["--keep", os.path.join(options.keep, f"{millions:g}-million"), "--preload",
                str(round(millions * LAST))]
        near = [*kept, "--at-hand"]
        plan += [load(f"last_of_{millions:g}", f"{millions:g} million coins, of the last million",
                      others, span, *near),
                 load(f"any_of_{millions:g}", f"{millions:g} million coins, of those before it",
                      others, span, *near, "--old"),
                 load(f"cold_of_{millions:g}",
                      f"{millions:g} million coins, the file not in memory",
                      others, span, *kept, "--old", "--cold")]
    for packets in (1, 4):
        plan.append(load(f"relay_{packets}", f"a bank relays, {packets} a call", others, span,
                         "--packets", str(packets), script="relay.py"))
    if options.minutes:
        plan.append(load("long", f"{options.minutes:g} minutes", 1, options.minutes * 60))
    for kind in plan:
        if kind["script"] == "register.py":
            kind["words"] += ["--wallets", str(options.wallets), "--warm-up",
                              f"{options.warm_up:g}"]
    return [kind for kind in plan if not options.kinds or kind["name"] in options.kinds]


# ---- what is there already ----

def read_results(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="ascii") as file:
        return json.load(file)


def write_results(path, results):
    with open(path + ".new", "w", encoding="ascii") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)


def keep_result(results, kind, result):
    """Those of the same kind that were asked for otherwise go."""
    asked = {"heading": kind["heading"], "asked": kind["words"]}
    same = [old for old in results.get(kind["name"], []) if old["asked"] == kind["words"]]
    results[kind["name"]] = [*same, {**result, **asked}]


def is_missing(results, kind, number):
    same = [old for old in results.get(kind["name"], []) if old["asked"] == kind["words"]]
    return len(same) <= number < kind["runs"]


def median_of(results, name, key):
    found = [result[key] for result in results.get(name, [])]
    return statistics.median(found) if found else 0


def latest_of(results, name, key):
    """Of the same round, as far as it was measured: the machine may have been faster before."""
    found = results.get(name, [])
    return found[-1][key] if found else 0


# ---- one run ----

def command_of(options, kind, saturation, path):
    words = [str(round(saturation * {"HALF": 0.5, "THREEFOLD": 3}[word]))
             if word in ("HALF", "THREEFOLD") else word for word in kind["words"]]
    made = [] if kind["script"] != "register.py" else \
        ["--only-saturation", "--most-a-second", str(round(saturation * HEADROOM) or BEFORE_ANY)]
    return [os.path.join(HERE, kind["script"]), options.build, "--json", path, *made, *words]


def coins_left(place):
    """Of the last million of a central bank that was kept; all of them if there is none."""
    crowd = os.path.join(place, "crowd.json")
    if not os.path.exists(crowd):
        return LAST
    with open(crowd, encoding="ascii") as file:
        return LAST - json.load(file)["skips"].get("the last million", 0)


def renew_kept(options, kind, saturation):
    """Removes the central bank of a load whose coins would not last: it is made anew then."""
    if "--keep" not in kind["words"] or "--old" in kind["words"]:
        return
    place = kind["words"][kind["words"].index("--keep") + 1]
    span = float(kind["words"][1]) + options.warm_up
    wanted = (saturation * HEADROOM or BEFORE_ANY) * span + WARM_SHARE * options.wallets
    if coins_left(place) < min(wanted, LAST):
        shutil.rmtree(place)


def run_one(options, kind, saturation):
    """Its JSON, or what went wrong."""
    renew_kept(options, kind, saturation)
    path = os.path.join(options.build, "bench", "register_one.json")
    words = command_of(options, kind, saturation, path)
    seconds = float(kind["words"][1])
    start = time.monotonic()
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False,
                              timeout=PATIENCE_S + PATIENCE_FACTOR * seconds)
    except subprocess.TimeoutExpired:
        return None, "it did not end"
    if done.returncode != 0:
        return None, (done.stdout + done.stderr)[-2000:]
    with open(path, encoding="ascii") as file:
        result = json.load(file)
    result["load_average"], result["took_s"] = os.getloadavg()[0], time.monotonic() - start
    print(f"{kind['name']:12} {result['settle_per_s']:9,.0f}/s "
          f"{result['settle_per_cpu_s']:9,.0f}/CPU-s  ratio {result['ratio_to_ceiling']:.2f}  "
          f"p99 {result['p99_ms']:9.1f} ms  ({result['took_s']:.0f} s)"
          f"{'  used up early' if result['used_up'] else ''}", flush=True)
    return result, ""


def run_all(options, plan, results, path):
    """The kinds of load that failed."""
    failed = []
    for number in range(max((kind["runs"] for kind in plan), default=0)):
        missing = [kind for kind in plan if is_missing(results, kind, number)]
        if missing:
            print(f"-- round {number + 1}", flush=True)
        for kind in missing:
            saturation = latest_of(results, "saturation", "settle_per_s")
            if not saturation and {"HALF", "THREEFOLD"} & set(kind["words"]):
                result, wrong = None, "saturation must be measured first"
            else:
                result, wrong = run_one(options, kind, saturation)
            if result is None:
                print(f"{kind['name']:12} FAILED: {wrong}", flush=True)
                failed.append(kind["name"])
                continue
            keep_result(results, kind, result)
            write_results(path, results)
    return failed


# ---- the tables ----

def spread(values, form):
    """The median, and the range where it lies apart; a set begun before a figure was has none."""
    if not values:
        return ""
    middle, least, most = (form.format(pick(values)) for pick in (statistics.median, min, max))
    return middle if least == most else f"{middle} ({least} to {most})"


def table(results):
    lines = ["| | runs | " + " | ".join(heading for _, heading, _ in FIGURES) + " |",
             "|---" * (len(FIGURES) + 2) + "|"]
    for name, runs in results.items():
        if not name.startswith("relay_"):
            cells = [spread([run[key] for run in runs if key in run], form)
                     for key, _, form in FIGURES]
            lines.append(f"| {runs[-1]['heading']} | {len(runs)} | " + " | ".join(cells) + " |")
    return lines


class Goals:
    """The figures that issue and design ask for, each with what it should be."""

    def __init__(self, results):
        self.results, self.lines = results, []

    def tell(self, text, name, key, form, goal):
        values = [run[key] for run in self.results.get(name, [])]
        if values:
            self.lines.append(f"* {text}: {spread(values, form)}{goal and f' (goal: {goal})'}")

    def ratio(self, text, key, above, below, goal):
        """Within a round, so that the machine's mood falls out; else of the medians."""
        over, under = self.results.get(above, []), self.results.get(below, [])
        if over and under:
            middle = median_of(self.results, below, key)
            values = [run[key] / (under[i][key] if len(over) == len(under) else middle)
                      for i, run in enumerate(over)]
            self.lines.append(f"* {text}: {spread(values, '{:.2f}')}"
                              f"{goal and f' (goal: {goal})'}")

    def tell_all(self):
        self.tell("settled a second at saturation", "saturation", "settle_per_s", "{:,.0f}",
                  "over 11,574")
        self.tell("settled a CPU-second of the server", "saturation", "settle_per_cpu_s",
                  "{:,.0f}", "10,000")
        self.tell("of the ceiling, keys met before", "saturation", "ratio_to_ceiling", "{:.3f}",
                  "0.75")
        self.tell("of the ceiling with commitments at hand", "saturation",
                  "ratio_to_told_ceiling", "{:.3f}", "")
        self.ratio("CPU a payment, of one without commitments", "cpu_us_per_payment",
                   "saturation", "untold", "")
        self.tell("of a core's ceiling while all cores verify, keys met before", "saturation",
                  "ratio_to_busy_ceiling", "{:.3f}", "")
        self.tell("of the same ceiling, no key met before", "fresh_keys", "ratio_to_ceiling",
                  "{:.3f}", "")
        self.tell("of a ceiling with another key each time, no key met before", "fresh_keys",
                  "ratio_to_fresh_ceiling", "{:.3f}", "")
        self.tell("verifications a CPU-second of one core, key at hand", "saturation",
                  "verify_ceiling_per_core", "{:,.0f}", "")
        self.tell("the same with the commitment at hand", "saturation", "verify_ceiling_told",
                  "{:,.0f}", "")
        self.tell("p99 at half of saturation, ms", "half", "p99_ms", "{:.1f}", "at most 10")
        self.tell("p99.9 at half of saturation, ms", "half", "p999_ms", "{:.1f}", "at most 50")
        self.ratio("CPU a payment in a line of 5, of a single one's", "cpu_us_per_payment",
                   "line_5", "saturation", "at most 1")
        self.ratio("speed with 3 % double spends, of that without", "settle_per_cpu_s",
                   "double_3", "saturation", "at least 0.9")
        self.tell("conflicts among them, each a case with a proof", "double_3", "conflicts",
                  "{:,.0f}", "")
        self.preloads()
        self.overload()
        self.tell("CPU of a bank that relays, of the register's, 1 packet a call", "relay_1",
                  "bank_to_register", "{:.2f}", "at most 2")
        self.tell("the same, 4 packets a call", "relay_4", "bank_to_register", "{:.2f}", "")
        self.memory()
        self.disk()
        self.laws()
        return self.lines

    def preloads(self):
        for name, runs in self.results.items():
            if "_of_" not in name or name == YARDSTICK:
                continue
            goal = "at least " + ("0.9" if name.startswith("last") else "0.6")
            for key, what in (("settle_per_s", "speed"), ("settle_per_cpu_s", "a CPU-second")):
                self.ratio(f"{what}, {runs[-1]['heading']}, of that with a million only", key, name,
                           YARDSTICK, goal)

    def overload(self):
        self.tell("three times saturation: settled a second", "overload_3", "settle_per_s",
                  "{:,.0f}", "")
        self.tell("three times saturation: p99 of accepted calls from their sending, ms",
                  "overload_3", "answer_p99_ms", "{:.1f}", "under 100")
        self.tell("three times saturation: p99 of accepted payments from when they were due, ms",
                  "overload_3", "p99_ms", "{:.1f}", "")
        self.tell("three times saturation: calls told busy", "overload_3", "busy_answers",
                  "{:,.0f}", "")
        self.tell("three times saturation: payments shed", "overload_3", "shed_payments",
                  "{:,.0f}", "")
        self.tell("three times saturation: acknowledged payments lost", "overload_3", "lost",
                  "{:.0f}", "0")

    def memory(self):
        for result in self.results.get("long", []):
            middle = [sample["anon_mib"] for sample in result["series"]]
            self.lines.append(
                f"* memory over {result['duration_s'] / 60:.1f} minutes at saturation, without "
                f"mapped files: {middle[len(middle) // 10]:.0f} MiB after a tenth, "
                f"{middle[-1]:.0f} MiB at the end, {max(middle):.0f} MiB at most; "
                f"{result['payments']:,.0f} payments (goal: flat, under 256 and the store's 256)")

    def disk(self):
        disk = [run["disk_bytes_per_payment"] for run in self.results.get("saturation", [])]
        if disk:
            terabytes = [value * BILLION / 1e12 for value in disk]
            self.lines.append(
                f"* a billion payments take {spread(terabytes, '{:.2f}')} TB on disk "
                f"({spread(disk, '{:,.0f}')} bytes each), before lines are archived")

    def laws(self):
        whole = [run for runs in self.results.values() for run in runs]
        durable = all(run["durable"] for run in whole)
        early = sorted({name for name, runs in self.results.items()
                        for run in runs if run["used_up"]})
        self.lines.append("* a flush of the log between the sending and the answer of every call: "
                          f"{'yes' if durable else 'NO'}")
        if early:
            self.lines.append(f"* ended early, their payments used up: {', '.join(early)}")
        loads = [run["load_average"] for run in whole]
        self.lines.append(f"* load average of the machine after a run: {spread(loads, '{:.1f}')}; "
                          f"{whole[0]['cores']} cores")


def write_table(folder, results):
    lines = table(results) + [""] + Goals(results).tell_all()
    with open(os.path.join(folder, "register_set.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print("\n" + "\n".join(lines))


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true",
                        help="about 20 minutes on two quiet cores: 20 s of saturation five times, "
                             "8 s of the rest once, 10 million coins, two minutes for the memory")
    parser.add_argument("--runs", type=int, default=5, help="of saturation")
    parser.add_argument("--other-runs", type=int, help="of the rest; default: as many")
    parser.add_argument("--seconds", type=float, help="of the rest; default 10")
    parser.add_argument("--saturation-seconds", type=float, help="default 60")
    parser.add_argument("--preloads", help="millions of coins: 10,50")
    parser.add_argument("--keep", help="where preloaded central banks stay")
    parser.add_argument("--kinds", default="", help="only these, by name")
    parser.add_argument("--minutes", type=float, help="one long run more, for memory")
    parser.add_argument("--wallets", type=int, default=100_000)
    parser.add_argument("--warm-up", type=float, default=2, help="seconds, at least")
    parser.add_argument("--again", action="store_true", help="forget the results that are there")
    parser.add_argument("--table", action="store_true", help="only the table of what is there")
    return complete(parser.parse_args())


def complete(options):
    usual = {"other_runs": options.runs, "seconds": 10, "saturation_seconds": 60, "preloads": "",
             "minutes": 0}
    if options.quick:
        usual = {"other_runs": 1, "seconds": 8, "saturation_seconds": 20, "preloads": "10",
                 "minutes": 2}
    for name, value in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.preloads = [float(word) for word in options.preloads.split(",") if word]
    options.kinds = [word for word in options.kinds.split(",") if word]
    options.keep = options.keep or os.path.join(options.build, "bench", "kept")
    return options


def main():
    options, start = parse(), time.monotonic()
    folder = os.path.join(options.build, "bench")
    path = os.path.join(folder, "register_set.json")
    results = {} if options.again else read_results(path)
    failed = [] if options.table else run_all(options, plan_of(options), results, path)
    if not results:
        sys.exit("nothing was measured")
    write_table(folder, results)
    print(f"\n{(time.monotonic() - start) / 60:.0f} minutes; "
          f"{os.path.relpath(folder)}/register_set.json, register_set.md")
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
