"""A small town of real programs: a central bank, banks and wallets as processes, in a directory of
their own under TMPDIR, on free ports, ended and removed when it is left.

Used by the acceptance runs and by tests/kill. It uses only the public programs: what it knows of
them is their arguments, exit codes and JSON.
"""
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import forms

OK, REFUSED, USAGE, UNREACHABLE, AUTH, FUNDS, INVALID, DOUBLE_SPEND, PENDING, INTEGRITY = range(10)
INTERNAL = 70
READY_S = 15


class Report:
    """Counts what held; prints what did not."""

    def __init__(self):
        self.passed, self.failed = 0, 0
        self.lock = threading.Lock()

    def check(self, what, held, detail=""):
        with self.lock:
            if held:
                self.passed += 1
            else:
                self.failed += 1
                print(f"FAILED: {what}", *([f"  {detail}"] if detail != "" else []), sep="\n",
                      flush=True)
        return bool(held)

    def equal(self, what, got, wanted):
        return self.check(what, got == wanted, f"is {got!r}, wanted {wanted!r}")

    def end(self):
        for fault in forms.faults:
            self.check("--json follows its schema (docs/json)", False, fault)
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


class Result:
    """What a command said: exit code, stdout, stderr, and stdout as JSON if it is any."""

    def __init__(self, words, code, out, err):
        self.words, self.code, self.out, self.err = words, code, out, err

    @property
    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            return None

    def __getitem__(self, path):
        """result["error.name"]; None where there is nothing."""
        value = self.json
        for name in path.split("."):
            if isinstance(value, list):
                value = value[int(name)] if int(name) < len(value) else None
            else:
                value = value.get(name) if isinstance(value, dict) else None
        return value

    def __str__(self):
        return f"$ {' '.join(self.words)}\n  exit {self.code}\n  {self.out.strip()}\n" \
               f"  {self.err.strip()}"


def fen(text):
    """"1234.50" -> 123450."""
    yuan, _, cents = text.replace(",", "").lstrip("¥-").partition(".")
    value = int(yuan) * 100 + int((cents + "00")[:2])
    return -value if "-" in text else value


def yuan(value):
    return f"{value // 100}.{value % 100:02d}"


def free_port(rng=random.SystemRandom()):
    """Below the ports that the system gives to outgoing connections, so that nobody sits on it
    while its server is down."""
    while True:
        port = rng.randrange(10240, 32000)
        with contextlib.closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Town:
    def __init__(self, programs):
        self.programs = os.path.abspath(programs)
        self.dir = tempfile.mkdtemp(prefix="dcep-town-")
        self.servers, self.logs, self.server_env = {}, {}, {}
        self.env = {key: value for key, value in os.environ.items()
                    if not key.startswith(("DCEP_", "LC_", "LANG", "XDG_"))}
        self.env["XDG_DATA_HOME"] = self.path("home")
        os.mkdir(self.path("safe"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in list(self.servers):
            self.kill(name)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    # ---- commands ----

    def run(self, program, *words, env=None, stdin=None, timeout=60, before=()):
        argv = [*before, os.path.join(self.programs, program), *map(str, words)]
        done = subprocess.run(argv, input=stdin, capture_output=True, timeout=timeout, check=False,
                              env={**self.env, **(env or {})}, cwd=self.dir,
                              **({} if stdin is not None else {"stdin": subprocess.DEVNULL}))
        result = Result([program, *map(str, words)], done.returncode,
                        done.stdout.decode(errors="replace"),
                        done.stderr.decode(errors="replace"))
        if "--json" in words:
            forms.compare(result.words, result.code, result.json)
        return result

    def central(self, *words, **options):
        return self.run("dcep-central", "--data", self.path("central"), "--json", "-y", *words,
                        **options)

    def bank(self, name, *words, **options):
        return self.run("dcep-bank", "--data", self.path(name), "--json", "-y", *words, **options)

    def wallet(self, name, *words, **options):
        return self.run("dcep-wallet", "-w", name, "--json", "-y", *words, **options)

    # ---- servers ----

    def serve(self, name, wait=True):
        """Start the server of that data directory; True once it is ready."""
        program = "dcep-central" if name == "central" else "dcep-bank"
        log = open(self.path(name + ".log"), "ab")
        said = tempfile.TemporaryFile(dir=self.dir)
        argv = [os.path.join(self.programs, program), "--data", self.path(name), "serve"]
        self.servers[name] = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=said,
                                              stderr=log, cwd=self.dir,
                                              env={**self.env, **self.server_env})
        self.logs[name] = said
        log.close()
        return self.ready(name) if wait else True

    def ready(self, name):
        end = time.monotonic() + READY_S
        said = self.logs[name]
        while time.monotonic() < end:
            said.seek(0)
            if b"listens" in said.read():
                return True
            if self.servers[name].poll() is not None:
                return False
            time.sleep(0.01)
        return False

    def kill(self, name, how=signal.SIGKILL):
        """Its exit status, negative if the signal ended it."""
        server = self.servers.pop(name)
        server.send_signal(how)
        try:
            status = server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            status = server.wait()
        self.logs.pop(name).close()
        return status

    def log(self, name):
        with open(self.path(name + ".log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    # ---- the story's beginning, in one word each; what fails ends the run ----

    def must(self, result, code=OK):
        if result.code != code:
            print(f"FAILED: exit {result.code} instead of {code}\n{result}")
            for name in self.servers:
                print(f"--- the end of {name}'s log\n{self.log(name)[-2000:]}")
            print("0 passed, 1 failed")
            sys.exit(1)
        return result

    def found_central(self, network="dcep-test"):
        self.must(self.central("init", "--network", network, "--no-passphrase", "--listen",
                               f"127.0.0.1:{free_port()}", "--root-key",
                               self.path("safe", "root.key")))
        self.serve_or_stop("central")

    def found(self, *banks, vault="1000000.00"):
        """A central bank and these banks, all serving; enrolled first: each knows the others."""
        self.found_central()
        for bank in banks:
            self.enroll_bank(bank)
        for bank in banks:
            self.serve_or_stop(bank)
            self.fill_vault(bank, vault)

    def enroll_bank(self, name, reserve="2000000.00", guarantee="100000.00", days=365):
        self.must(self.bank(name, "init", "--network", "dcep-test", "--name",
                            f"{name.title()} Bank", "--tls-name", f"{name}.dcep",
                            "--listen", f"127.0.0.1:{free_port()}", "--no-passphrase"))
        request, admission = self.path(name + ".request"), self.path(name + ".admission")
        self.must(self.bank(name, "enroll", "-o", request))
        self.must(self.central("bank", "enroll", request, "--root-key",
                               self.path("safe", "root.key"), "-o", admission, "--days", days))
        self.must(self.bank(name, "enroll", "--accept", admission))
        self.must(self.central("reserve", "credit", f"{name.title()} Bank", reserve))
        self.must(self.central("guarantee", "post", f"{name.title()} Bank", guarantee))

    def serve_or_stop(self, name):
        if not self.serve(name):
            print(f"FAILED: {name} does not start\n{self.log(name)[-2000:]}\n0 passed, 1 failed")
            sys.exit(1)

    def fill_vault(self, name, amount):
        before = fen(self.must(self.bank(name, "vault", "show"))["available"])
        self.must(self.bank(name, "vault", "order", amount), PENDING)
        number = self.must(self.central("approval", "list"))["approvals.0.number"]
        self.must(self.central("approval", "approve", number))
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            if fen(self.bank(name, "vault", "show")["available"]) == before + fen(amount):
                return
            time.sleep(0.05)
        self.must(self.bank(name, "vault", "show"), -1)

    def open_customers(self, bank, rows):
        """rows: (name, tier, deposit). Each gets a wallet of that name."""
        table = self.path(f"{bank}-{random.randrange(1 << 30)}.csv")
        with open(table, "w", encoding="utf-8") as file:
            file.write("name,tier,phone,id_number,label,opening_deposit\n")
            file.writelines(f"{name},{tier},1380000{i:04d},11010119900101{i:04d},,{deposit}\n"
                            for i, (name, tier, deposit) in enumerate(rows))
        made = self.must(self.bank(bank, "customer", "import", table, "--joins", table + ".joins"))
        for i, (name, _, _) in enumerate(rows):
            self.must(self.wallet(name, "init", "--join", made[f"customers.{i}.join"],
                                  "--no-passphrase"))

    # ---- offline, hand to hand ----

    def hand_over(self, payer, payee, amount, name, confirm=True):
        """The three messages as files NAME.request, NAME.packet, NAME.receipt: their results, up to
        the first that fails."""
        request, packet, receipt = (self.path(f"{name}.{kind}")
                                    for kind in ("request", "packet", "receipt"))
        steps = [(payee, "request", amount, "-o", request), (payer, "pay", request, "-o", packet),
                 (payee, "receive", packet, "-o", receipt), (payer, "receive", receipt)]
        results = []
        for who, *words in steps if confirm else steps[:3]:
            results.append(self.wallet(who, *words, "--force") if "-o" in words else
                           self.wallet(who, *words))
            if results[-1].code != OK:
                break
        return results
