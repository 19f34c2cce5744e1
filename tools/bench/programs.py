#!/usr/bin/python3
"""What the real programs cost: memory of idle servers, settlement through a running dcep-central,
and time and memory of every wallet command.

    tools/bench/programs.py BUILD [--json FILE] [--seconds S] [--runs N]

A town of its own (tests/acceptance/town.py): a central bank, two banks, wallets, all on this
machine, in a temporary directory. A wallet command is run N times (default: 6 for each second of S,
3 at least); shown are the median of wall and CPU time and the largest peak of memory. Packets are
one coin, change at each hop. Nothing is judged here.
"""
import argparse
import collections
import json
import os
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "acceptance"))
from town import OK, PENDING, Town, fen, free_port, yuan  # noqa: E402

IDLE_S = 1.5
PEOPLE = {"north": ("alice", "carol"), "south": ("bob", "shop")}
HOPS = ("alice", "bob", "carol", "shop")
PIN = "tea-and-rice-2026"
COMMANDS = {  # in the order they are shown
    "version": "--version (starting and ending)",
    "balance": "balance",
    "coins": "coins",
    "history": "history",
    "request": "request",
    "pay": "pay",
    "inspect": "inspect PACKET",
    "receive_hops_1": "receive PACKET, 1 hop",
    "receive_hops_2": "receive PACKET, 2 hops",
    "receive_hops_3": "receive PACKET, 3 hops",
    "receive_receipt": "receive RECEIPT",
    "sealed_balance": "balance, sealed keys",
    "sealed_request": "request, sealed keys",
    "sealed_receive": "receive PACKET, sealed keys",
    "sealed_sync": "sync, sealed keys (online)",
    "withdraw": "withdraw (online)",
    "sync_settle": "sync, and a payment settled (online)",
    "sync_nothing_new": "sync, new key and fresh coins (online)",
    "deposit": "deposit (online)",
}


def memory_kib(pid):
    """VmRSS and VmHWM of a process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return {"resident_kib": int(fields["VmRSS"].split()[0]),
            "peak_kib": int(fields["VmHWM"].split()[0])}


class Bench:
    def __init__(self, town, build, seconds, runs):
        self.town, self.build, self.seconds, self.runs = town, os.path.abspath(build), seconds, runs
        self.samples = collections.defaultdict(list)
        self.packets = collections.defaultdict(list)
        self.servers = {}

    # ---- servers ----

    def pid(self, name):
        return self.town.servers[name].pid

    def look_at_servers(self, state):
        for name in ("central", "north"):
            program = "dcep-central" if name == "central" else "dcep-bank"
            self.servers[f"{program}_{state}".replace("-", "_")] = memory_kib(self.pid(name))

    def restart(self):
        """Idle is: started, its rows read, nobody calls."""
        for name in ("central", *PEOPLE):
            self.town.kill(name, 15)
        for name in ("central", *PEOPLE):
            self.town.serve_or_stop(name)
        time.sleep(IDLE_S)

    def sealed_central(self):
        """A central bank whose keys are sealed: deriving their key takes memory, once."""
        town, pin = self.town, self.town.path("pin")
        central = ("dcep-central", "--data", town.path("sealed"), "--json", "-y", "--pin-file", pin)
        town.must(town.run(*central, "init", "--network", "dcep-test", "--listen",
                           f"127.0.0.1:{free_port()}", "--root-key", town.path("safe", "r.key")))
        server = subprocess.Popen([os.path.join(self.build, "dcep-central"), *central[1:], "serve"],
                                  env=town.env, cwd=town.dir, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(IDLE_S)
        self.servers["dcep_central_sealed_keys_idle"] = memory_kib(server.pid)
        server.terminate()
        server.wait()

    def press(self, json_path):
        """A bank settles as fast as it can; what the load program prints."""
        town, directory = self.town, self.town.path("load")
        request, admission = town.path("load.request"), town.path("load.admission")
        subprocess.run([os.path.join(self.build, "acceptance", "bank_tool"), directory, "request",
                        "Load Bank", request], check=True, stdout=subprocess.DEVNULL)
        town.must(town.central("bank", "enroll", request, "--root-key",
                               town.path("safe", "root.key"), "-o", admission))
        town.must(town.central("reserve", "credit", "Load Bank", "10000000.00"))
        load = [os.path.join(self.build, "bench", "central_load"), directory, admission,
                str(self.pid("central")), "1", "--json", json_path, "--seconds", str(self.seconds)]
        ordered = subprocess.run(load, capture_output=True, check=False)
        if ordered.returncode != PENDING:
            sys.exit(f"central_load: {ordered.stderr.decode()}")
        number = town.must(town.central("approval", "list"))["approvals.0.number"]
        town.must(town.central("approval", "approve", number))
        return subprocess.run(load, capture_output=True, check=True, text=True).stdout

    # ---- wallets ----

    def wallet(self, what, name, *words, options=()):
        """One command, measured under this heading (None: not shown)."""
        file = self.town.path("measured")
        before = [os.path.join(self.build, "bench", "measure"), file]
        result = self.town.must(self.town.run("dcep-wallet", "-w", name, "--json", "-y", *options,
                                              *words, before=before))
        with open(file, encoding="ascii") as measured:
            if what:
                self.samples[what].append([int(number) for number in measured.read().split()])
        return result

    def hop(self, payer, payee, amount, number, options=()):
        """One payment by files; number of hops the coin has made after it."""
        request, packet, receipt = (self.town.path("hop." + kind)
                                    for kind in ("request", "packet", "receipt"))
        sealed = bool(options)
        self.wallet("sealed_request" if sealed else "request", payee, "request", yuan(amount),
                    "-o", request, "--force", options=options)
        self.wallet("pay", payer, "pay", request, "-o", packet, "--force")
        self.packets[number].append(os.path.getsize(packet))
        self.wallet("inspect", payee, "inspect", packet)
        self.wallet("sealed_receive" if sealed else f"receive_hops_{number}", payee, "receive",
                    packet, "-o", receipt, "--force", options=options)
        self.wallet("receive_receipt", payer, "receive", receipt)

    def round(self):
        """A coin goes from Alice over Bob and Carol to the shop, and all come online."""
        self.wallet("version", "alice", "--version")
        self.wallet("withdraw", "alice", "withdraw", "7.00")
        for number in range(1, len(HOPS)):
            self.hop(HOPS[number - 1], HOPS[number], 400 - 100 * number, number)
        for what in ("balance", "coins", "history"):
            self.wallet(what, "alice", what)
        self.wallet("sync_settle", "shop", "sync")
        for name in ("alice", "bob", "carol"):
            self.wallet(None, name, "sync")
        self.wallet("sync_nothing_new", "shop", "sync")
        self.wallet("deposit", "shop", "deposit", "1.00")
        self.wallet(None, "alice", "withdraw", "5.00")
        pin = ("--pin-file", self.town.path("pin"))
        self.hop("alice", "sealed", 500, 1, options=pin)
        self.wallet("sealed_balance", "sealed", "balance", options=pin)
        self.wallet("sealed_sync", "sealed", "sync", options=pin)
        for name in ("bob", "carol"):  # so that each round starts with empty hands
            self.empty(name)

    def empty(self, name):
        if fen(self.town.wallet(name, "balance")["spendable"]) > 0:
            self.wallet(None, name, "deposit", "--all")

    def open_wallets(self):
        town = self.town
        with open(os.open(town.path("pin"), os.O_CREAT | os.O_WRONLY, 0o600), "w",
                  encoding="ascii") as file:
            file.write(PIN + "\n")
        for bank, names in PEOPLE.items():
            town.open_customers(bank, [(name, 2, "50000.00") for name in names])
        join = town.path("sealed.join")
        town.must(town.bank("north", "customer", "open", "--name", "Sealed", "--tier", "2",
                            "--phone", "13800009999", "--id-number", "110101199001019999",
                            "-o", join))
        town.must(town.run("dcep-wallet", "-w", "sealed", "--json", "-y", "--pin-file",
                           town.path("pin"), "init", "--join", join))

    def wallet_results(self):
        results = {}
        for name in COMMANDS:
            wall_us, cpu_us, peak_kib = zip(*self.samples[name])
            results[name] = {"runs_count": len(wall_us),
                             "median_wall_ms": round(statistics.median(wall_us) / 1000, 2),
                             "median_cpu_ms": round(statistics.median(cpu_us) / 1000, 2),
                             "largest_peak_kib": max(peak_kib)}
        return results


def show(results, load):
    print(f"{'server':44} {'resident MiB':>13} {'peak MiB':>9}")
    for name, one in results["servers"].items():
        print(f"{name.replace('_', ' '):44} {one['resident_kib'] / 1024:13.1f} "
              f"{one['peak_kib'] / 1024:9.1f}")
    print("\nsettlement through that dcep-central, over TLS")
    print(load)
    print(f"{'dcep-wallet':38} {'runs':>5} {'wall ms':>9} {'CPU ms':>8} {'peak MiB':>9}")
    for name, one in results["wallet"].items():
        print(f"{COMMANDS[name]:38} {one['runs_count']:5} {one['median_wall_ms']:9.1f} "
              f"{one['median_cpu_ms']:8.1f} {one['largest_peak_kib'] / 1024:9.1f}")
    print("\npackets handed over, files as they are: " + ", ".join(
        f"{hops} hop{'s' if hops > 1 else ''} {size} bytes"
        for hops, size in results["packet_file_bytes_by_hops"].items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--json")
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--runs", type=int)
    options = parser.parse_args()
    runs = options.runs or max(3, round(6 * options.seconds))
    with Town(options.build) as town:
        bench = Bench(town, options.build, options.seconds, runs)
        town.found(*PEOPLE)
        bench.open_wallets()
        bench.restart()
        bench.look_at_servers("idle")
        bench.sealed_central()
        for _ in range(runs):
            bench.round()
        bench.look_at_servers("after_wallets")
        load_path = town.path("load.json")
        load = bench.press(load_path)
        bench.look_at_servers("after_load")
        results = {"servers": bench.servers, "wallet": bench.wallet_results(),
                   "packet_file_bytes_by_hops": {hops: max(sizes) for hops, sizes
                                                 in sorted(bench.packets.items())}}
        with open(load_path, encoding="ascii") as file:
            results["central"] = json.load(file)
        show(results, load)
        if not town.must(town.central("supply", "--recount"), OK)["balanced"]:
            sys.exit("programs.py: the books do not balance")
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump(results, file, indent=2)
            file.write("\n")


if __name__ == "__main__":
    main()
