#!/usr/bin/python3
"""A bank that relays: wallets hand in payments at a real `dcep-bank serve`, in front of a real
`dcep-central serve`.

    tools/bench/relay.py BUILD [options]          (make bench-relay)

Prints a table and writes BUILD/bench/relay.json: the CPU time of the bank and of the register a
relayed payment, and their ratio. Each call is a wallet's of its own, signed with its own key, with
--packets packets in it. Ends as register.py does, and with every reply's leaf proved by its path to
the register's signature.
"""
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import register  # noqa: E402
from register import SEED, Bench, disk_bytes, show, written_bytes  # noqa: E402

BANK = "north"
ROWS = (
    ("settle_per_s", "settled a second", "{:,.0f}"),
    ("cpu_us_per_payment", "us CPU of the bank a payment", "{:.1f}"),
    ("behind_cpu_us_per_payment", "us CPU of the register a payment", "{:.1f}"),
    ("bank_to_register", "the bank's, of the register's", "{:.2f}"),
    ("packets_per_call", "packets a wallet's call", "{}"),
    ("verify_ceiling_per_core", "verifications a CPU-second, key at hand", "{:,.0f}"),
    ("p50_ms", "answered within, half of them, ms", "{:.2f}"),
    ("p99_ms", "answered within, 99 %, ms", "{:.2f}"),
    ("fsyncs_per_s", "flushes of the bank a second", "{:.1f}"),
    ("durable", "flushed before every answer", "{}"),
    ("disk_bytes_per_payment", "bytes on the bank's disk a payment", "{:,.0f}"),
    ("rss_mib", "memory of the bank, MiB", "{:.0f}"),
    ("busy_answers", "calls answered busy", "{}"),
    ("payments", "payments", "{:,.0f}"),
    ("duration_s", "seconds", "{:.1f}"),
)


class Relay(Bench):
    def setting(self, name):
        with open(self.path(BANK, "bank.ini"), encoding="utf-8") as file:
            for line in file:
                key, _, value = line.partition("=")
                if key.strip() == name:
                    return value.strip()
        sys.exit(f"bank.ini has no {name}")

    def open_bank(self):
        """The central bank runs; the bank is enrolled, and everybody its customer."""
        self.server_env = {}
        self.serve_or_stop("central")
        self.enroll_bank(BANK)
        subprocess.run([self.tool("relay_preload"), self.path(BANK), str(SEED),
                        str(self.crowd["wallets"])], check=True)
        self.server_env = {"LD_PRELOAD": self.tool("fsync_count.so"),
                           "BENCH_FSYNC_FILE": self.page}
        self.serve_or_stop(BANK)

    def relay(self, options):
        before = self.must(self.central("supply", "--recount"))["unspent_count"]
        bank, disk = self.servers[BANK].pid, disk_bytes(self.path(BANK))
        self.profile(bank)
        words = self.words(options.seconds, options.rate, 1, 0, options.outstanding)
        words.update({"server": bank, "behind": self.servers["central"].pid,
                      "packets": options.packets, "gathers": 0, "door": self.setting("listen"),
                      "door-name": f"{BANK}.dcep",
                      "door-pin": self.path(BANK, "tls-server.pem"),
                      "issuing-key": self.path("central", "issuing.key")})
        with subprocess.Popen(
                [self.tool("register_load"), *(f"--{key}={value}" for key, value in words.items()),
                 "-", self.path("bank0.admission")], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True) as running:
            if running.stdout.readline().strip() != "measured":
                sys.exit("register_load failed")
            written = written_bytes(bank)
            for name in (BANK, "central"):
                self.check(f"{name} ends in order", self.kill(name, 15) == 0)
            disk = disk_bytes(self.path(BANK)) - disk
            running.communicate(self.database() + "\n")
        if running.returncode != 0:
            sys.exit(f"register_load ended with {running.returncode}")
        with open(self.path("load.json"), encoding="ascii") as file:
            result = json.load(file)
        result = self.judge(result, 1, before, 0, disk, written)
        self.check("every leaf has its path to the register's signature", result["unproved"] == 0,
                   result["unproved"])
        result["packets_per_call"] = options.packets
        result["bank_to_register"] = \
            result["cpu_us_per_payment"] / max(1e-9, result["behind_cpu_us_per_payment"])
        return result


def parse():
    parser = register.parser(__doc__)
    parser.add_argument("--packets", type=int, default=1, help="in a wallet's call")
    parser.set_defaults(outstanding=64, connections=32, seconds=20, wallets=20_000,
                        warm_payments=0, most_a_second=6000, only_saturation=True)
    return register.complete(parser.parse_args())


def main():
    options = parse()
    path = options.json or os.path.join(options.build, "bench", "relay.json")
    with Relay(options.build, options) as bench:
        bench.open()
        bench.open_bank()
        result = bench.relay(options)
        show(f"a bank relays, {options.packets} a call", result, ROWS)
        with open(path, "w", encoding="ascii") as file:
            json.dump(result, file, indent=2)
            file.write("\n")
        print(f"\n{os.path.relpath(path)}")
        sys.exit(1 if bench.wrong else 0)


if __name__ == "__main__":
    main()
