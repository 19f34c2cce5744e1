#!/usr/bin/python3
"""Runs every benchmark and writes one report: `make bench`.

    tools/bench/run.py BUILD [--seconds S]

S (default 1) is about the time spent on each figure. In BUILD/bench/: report.txt, machine.json and
a JSON file for each benchmark. The figures are told, never judged; what compares between machines
is a ratio within one run, and CPU time.
"""
import argparse
import json
import os
import platform
import subprocess
import sys
import time

SCALED_ROWS = 50000  # of the store, a second of S
THEMES = (  # program, title, what it is given for S
    ("verify_bench", "Signatures: the ceiling of one core", lambda s: ["--seconds", str(s / 2)]),
    ("packet_bench", "Packets: sizes, and what checking costs", lambda s: ["--seconds", str(s)]),
    ("life_bench", "A month of daily life: what packets weigh", lambda s: []),
    ("register_bench", "The register: settlements and exchanges, committed; no network",
     lambda s: ["--seconds", str(s)]),
    ("clone_bench", "Looking for clones: what it costs a payment",
     lambda s: ["--seconds", str(s)]),
    ("archive_bench", "Bytes on disk: alive and archived",
     lambda s: ["--seconds", str(s)]),
    ("store_bench", "The store: rows like the register's",
     lambda s: ["--rows", str(int(SCALED_ROWS * s) + 1)]),
    ("net_bench", "Round trips over TLS, certificates both ways, on one machine",
     lambda s: ["--seconds", str(max(1, round(s)))]),
    ("programs", "The programs: memory, settlement over TLS, wallet commands",
     lambda s: ["--seconds", str(s)]),
)


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[0].strip()
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith(("model name", "Model", "cpu model")):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def machine():
    with open("/proc/meminfo", encoding="ascii") as file:
        memory_kib = int(file.readline().split()[1])
    return {"cpu_model": cpu_model(), "core_count": len(os.sched_getaffinity(0)),
            "memory_mib": memory_kib // 1024, "kernel": platform.release(),
            "compiler": first_line(os.environ.get("CC", "gcc"), "--version"),
            "load_average": os.getloadavg()[0],
            "commit": first_line("git", "rev-parse", "--short", "HEAD"),
            "made_at": time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())}


def tell(file, text=""):
    for out in (sys.stdout, file):
        print(text, file=out, flush=True)


def run_theme(report, folder, name, title, words):
    tell(report, f"\n== {title} ({name})\n")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs.py")
    program = [sys.executable, source, os.path.dirname(folder)] if name == "programs" \
        else [os.path.join(folder, name)]
    path = os.path.join(folder, name + ".json")
    with subprocess.Popen([*program, "--json", path, *words], cwd=folder, text=True,
                          stdout=subprocess.PIPE) as running:
        for line in running.stdout:
            tell(report, line.rstrip("\n"))
    if running.returncode != 0:
        sys.exit(f"bench: {name} ended with {running.returncode}")
    with open(path, encoding="ascii") as file:
        json.load(file)  # whoever reads it next must be able to


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--seconds", type=float, default=1)
    options = parser.parse_args()
    if options.seconds <= 0:
        parser.error("--seconds must be above 0")
    folder = os.path.join(os.path.abspath(options.build), "bench")
    facts, start = machine(), time.monotonic()
    with open(os.path.join(folder, "machine.json"), "w", encoding="utf-8") as file:
        json.dump(facts, file, indent=2)
        file.write("\n")
    with open(os.path.join(folder, "report.txt"), "w", encoding="utf-8") as report:
        tell(report, "dcep {commit}, {made_at}\n{cpu_model}, {core_count} cores, {memory_mib} MiB; "
                     "Linux {kernel}; {compiler}; load average {load_average:.1f}".format(**facts))
        for name, title, words in THEMES:
            run_theme(report, folder, name, title, words(options.seconds))
        tell(report, f"\n{time.monotonic() - start:.0f} s; this report and the figures as JSON: "
                     f"{os.path.relpath(folder)}/")


if __name__ == "__main__":
    main()
