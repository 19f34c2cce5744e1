#!/usr/bin/python3
"""Every figure of the register that docs/performance.md gives: five runs, medians and ranges.

    tools/bench/register_set.py BUILD [--runs 5] [--seconds 10] [--preloads 10,50] [--keep DIR] ...

Each run goes once through all kinds of load (KINDS), so that what else happens on the machine falls
on all of them alike. Writes BUILD/bench/register_set.json (every run, whole) and register_set.md
(the tables), and prints the tables. --preloads: also with so many million unspent coins, for coins
of the last million and for coins drawn evenly from all; those central banks are made once, in DIR
(default BUILD/bench/kept), which takes minutes, and stay there. With --minutes 10 one
long run at saturation follows for the memory. Saturation is held for --saturation-seconds, the
other kinds for --seconds. About 25 minutes with the defaults on a quiet machine and without
--preloads; 7 more for each preload. --kinds a,b does only those.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FIGURES = (  # key, heading, format
    ("settle_per_s", "settled a second", "{:,.0f}"),
    ("settle_per_cpu_s", "a CPU-second", "{:,.0f}"),
    ("cpu_us_per_payment", "us CPU", "{:.1f}"),
    ("ratio_to_ceiling", "of the ceiling", "{:.2f}"),
    ("p50_ms", "p50, ms", "{:.1f}"),
    ("p99_ms", "p99, ms", "{:.1f}"),
    ("p999_ms", "p99.9, ms", "{:.1f}"),
    ("fsyncs_per_s", "flushes a second", "{:.0f}"),
    ("disk_bytes_per_payment", "bytes on disk", "{:,.0f}"),
    ("anon_mib", "MiB", "{:.0f}"),
    ("busy_answers", "busy", "{:.0f}"),
)
BILLION = 1_000_000_000


def kinds_of(options):
    """name: (heading, seconds, options of register.py, preload)"""
    span = options.seconds
    kinds = {
        "saturation": ("one payment a packet, closed loop", options.saturation_seconds, []),
        "half": ("half of that, open loop", span, ["--rate", "HALF"]),
        "line_5": ("lines of 5 payments", span, ["--line", "5"]),
        "double_3": ("3 % double spends", span, ["--double-spends", "3"]),
        "banks_4": ("four banks", span, ["--banks", "4"]),
        "overload_3": ("three times saturation, open loop", span,
                       ["--rate", "THREEFOLD", "--open-outstanding", "1024"]),
    }
    for millions in options.preloads:
        kept = ["--keep", os.path.join(options.keep, f"{millions}-million"), "--preload",
                str(millions * 1_000_000)]
        kinds[f"last_of_{millions}"] = (f"{millions} million coins, of the last million", span,
                                        kept)
        kinds[f"any_of_{millions}"] = (f"{millions} million coins, any of them", span,
                                       [*kept, "--old"])
    return {name: kind for name, kind in kinds.items()
            if not options.kinds or name in options.kinds}


def run_one(options, name, kind, saturation):
    """One run of register.py; its JSON."""
    _, seconds, words = kind
    rates = {"HALF": saturation / 2, "THREEFOLD": saturation * 3}
    words = [str(round(rates[word])) if word in rates else word for word in words]
    path = os.path.join(options.build, "bench", "register_one.json")
    start = time.monotonic()
    done = subprocess.run(
        [os.path.join(HERE, "register.py"), options.build, "--json", path, "--only-saturation",
         "--seconds", str(seconds), "--warm-up", "2", "--ceiling-seconds", "0.5",
         "--most-a-second", str(options.most_a_second), *words],
        stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{name}: {done.stdout}")
    with open(path, encoding="ascii") as file:
        result = json.load(file)
    print(f"{name:14} {result['settle_per_s']:9,.0f}/s {result['settle_per_cpu_s']:9,.0f}/CPU-s "
          f"p99 {result['p99_ms']:8.1f} ms  ({time.monotonic() - start:.0f} s)", flush=True)
    return result


def spread(values, form):
    """The median, and the range where it lies apart."""
    middle, least, most = (form.format(pick(values)) for pick in (statistics.median, min, max))
    return middle if least == most else f"{middle} ({least} to {most})"


def table(kinds, runs):
    lines = ["| | " + " | ".join(heading for _, heading, _ in FIGURES) + " |",
             "|---" * (len(FIGURES) + 1) + "|"]
    for name, (heading, _, _) in kinds.items():
        cells = [spread([run[name][key] for run in runs], form) for key, _, form in FIGURES]
        lines.append(f"| {heading} | " + " | ".join(cells) + " |")
    return lines


def goals(kinds, runs):
    """The ratios that issue and design ask for, within each run, so that the machine's mood falls
    out of them."""
    lines = []

    def ratio(text, key, above, below):
        if above in kinds and below in kinds:
            values = [run[above][key] / run[below][key] for run in runs]
            lines.append(f"* {text}: {spread(values, '{:.2f}')}")

    ratio("CPU a payment in a line of 5, of a single one's", "cpu_us_per_payment", "line_5",
          "saturation")
    ratio("speed with 3 % double spends, of that without", "settle_per_cpu_s", "double_3",
          "saturation")
    for name in kinds:
        if "_of_" in name:
            ratio(f"speed, {kinds[name][0]}, of the empty register's", "settle_per_cpu_s", name,
                  "saturation")
    if "saturation" in kinds:
        ceiling = [run["saturation"]["verify_ceiling_per_core"] for run in runs]
        lines.append(f"* verifications a CPU-second of one core, key at hand: "
                     f"{spread(ceiling, '{:,.0f}')}")
        disk = [run["saturation"]["disk_bytes_per_payment"] for run in runs]
        terabytes = [value * BILLION / 1e12 for value in disk]
        lines.append(f"* a billion payments take {spread(terabytes, '{:.2f}')} TB on disk "
                     f"({spread(disk, '{:,.0f}')} bytes each), before lines are archived")
    durable = all(run[name]["durable"] for run in runs for name in kinds)
    lines.append(f"* a flush of the log between the sending and the answer of every call: "
                 f"{'yes' if durable else 'NO'}")
    return lines


def long_run(options):
    """Ten minutes at saturation: does memory stay flat?"""
    path = os.path.join(options.build, "bench", "register_long.json")
    subprocess.run([os.path.join(HERE, "register.py"), options.build, "--json", path,
                    "--only-saturation", "--minutes", str(options.minutes), "--most-a-second",
                    str(options.most_a_second)], stdout=subprocess.DEVNULL, check=True)
    with open(path, encoding="ascii") as file:
        result = json.load(file)
    series = result["series"]
    middle = [sample["anon_mib"] for sample in series]
    return [f"* memory of the server over {result['duration_s'] / 60:.0f} minutes at saturation, "
            f"without the store's files: {middle[len(middle) // 10]:.0f} MiB after a tenth, "
            f"{middle[-1]:.0f} MiB at the end, {max(middle):.0f} MiB at most; "
            f"{result['payments']:,.0f} payments"]


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--saturation-seconds", type=float, default=60)
    parser.add_argument("--preloads", default="", help="millions of coins: 10,50")
    parser.add_argument("--keep", help="where preloaded central banks stay")
    parser.add_argument("--kinds", default="", help="only these, by name")
    parser.add_argument("--minutes", type=float, default=0, help="one long run more, for memory")
    parser.add_argument("--most-a-second", type=float, default=16_000)
    options = parser.parse_args()
    options.preloads = [int(word) for word in options.preloads.split(",") if word]
    options.kinds = [word for word in options.kinds.split(",") if word]
    options.keep = options.keep or os.path.join(options.build, "bench", "kept")
    return options


def main():
    options, start = parse(), time.monotonic()
    kinds, runs = kinds_of(options), []
    if "saturation" not in kinds and ("half" in kinds or "overload_3" in kinds):
        sys.exit("half and overload_3 need the kind saturation before them")
    for number in range(options.runs):
        print(f"-- run {number + 1} of {options.runs}", flush=True)
        run, saturation = {}, 0
        for name, kind in kinds.items():
            run[name] = run_one(options, name, kind, saturation)
            saturation = run.get("saturation", run[name])["settle_per_s"]
        runs.append(run)
    lines = table(kinds, runs) + [""] + goals(kinds, runs)
    if options.minutes:
        lines += long_run(options)
    folder = os.path.join(options.build, "bench")
    with open(os.path.join(folder, "register_set.json"), "w", encoding="ascii") as file:
        json.dump(runs, file, indent=1)
    with open(os.path.join(folder, "register_set.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print("\n" + "\n".join(lines) + f"\n\n{(time.monotonic() - start) / 60:.0f} minutes; "
          f"{os.path.relpath(folder)}/register_set.json, register_set.md")


if __name__ == "__main__":
    main()
