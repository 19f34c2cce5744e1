#!/usr/bin/python3
"""A wallet whose keys are in a secure element: the real programs against swtpm, a TPM 2.0 that
others wrote.

    tests/acceptance/element.py [BUILD]

Keys that are not in the database, certificates that say so, limits of their own, a PIN without
which it signs nothing, a copied database that signs nothing, kill -9 between the mark and the
count.
The last line is "N passed, N failed".
"""
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from town import (AUTH, FUNDS, INTEGRITY, OK, Report, Town, UNREACHABLE, USAGE,  # noqa: E402
                  fen, free_port)


class Element:
    """One software TPM, its state in a directory of its own."""

    def __init__(self, directory):
        self.dir, self.port = directory, free_port()
        os.makedirs(directory, exist_ok=True)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.dir}",
             "--server", f"type=tcp,port={self.port}",
             "--ctrl", f"type=tcp,port={self.port + 1}", "--flags", "not-need-init,startup-clear"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.3)

    def say(self, *commands):
        """Raw commands (part 3): a code and one 32-bit number each."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as link:
            for code, body in commands:
                link.sendall(struct.pack(">HII", 0x8001, 10 + len(body), code) + body)
                link.recv(4096)

    def drop_all(self):
        """What a process that was killed left loaded: the kernel's resource manager does this."""
        handles = [kind | i for kind in (0x80000000, 0x02000000) for i in range(3)]
        self.say(*[(0x165, struct.pack(">I", handle)) for handle in handles])

    def stop(self):
        """In order: a TPM takes a lost shutdown for a try at its keys."""
        self.say((0x145, struct.pack(">H", 0)))
        self.process.kill()
        self.process.wait()

    @property
    def env(self):
        return {"DCEP_TCTI": f"swtpm:host=127.0.0.1,port={self.port}"}


class Run:
    def __init__(self, town, report):
        self.town, self.report = town, report
        self.element = Element(town.path("tpm"))
        self.pin = self.secret("pin", "2580")
        self.wrong = self.secret("wrong", "1111")

    def secret(self, name, text):
        path = self.town.path(name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(text + "\n")
        return path

    def wallet(self, name, *words, pin=None):
        return self.town.wallet(name, "--pin-file", pin or self.pin, *words,
                                env=self.element.env)

    def gives(self, what, result, code, **fields):
        held = result.code == code and all(result[key.replace("__", ".")] == value
                                           for key, value in fields.items())
        return self.report.check(what, held, str(result))

    def directory(self, name="anna"):
        return self.town.path("home", "dcep", "wallets", name)

    # ---- acts ----

    def join(self):
        town, gives = self.town, self.gives
        town.found("north")
        code = ["customer", "open", "--name", "Anna", "--tier", "2", "--deposit", "9000.00"]
        plain = town.path("plain.join")
        town.must(town.bank("north", *code, "-o", plain))
        gives("a join file that is not for an element is refused one",
              self.wallet("anna", "init", "--join", plain, "--element"), AUTH,
              error__name="ELEMENT")
        gives("an init begun with an element goes on with it",
              self.wallet("anna", "init", "--join", plain), USAGE)
        join = town.path("element.join")
        town.must(town.bank("north", "customer", "join", "Anna", "--element", "-o", join))
        gives("a join file for one", self.wallet("anna", "init", "--join", join, "--element"), OK)
        town.open_customers("north", [("bob", 3, "100.00")])

    def pays(self):
        gives, total = self.gives, self.spendable
        gives("withdraw", self.wallet("anna", "withdraw", "4000.00"), OK)
        for amount, code in (("1900.00", OK), ("2000.01", FUNDS), ("2000.00", OK)):
            name = amount.replace(".", "")
            self.town.must(self.town.wallet("bob", "request", amount, "-o",
                                            self.town.path(name + ".request")))
            result = self.wallet("anna", "pay", self.town.path(name + ".request"), "-o",
                                 self.town.path(name + ".packet"))
            gives(f"offline, {amount} from an element", result, code)
            if code == OK:
                gives(f"software takes {amount} from an element", self.town.wallet(
                    "bob", "receive", self.town.path(name + ".packet"), "-o",
                    self.town.path(name + ".receipt")), OK)
        gives("software does not pay that much", self.pay_back("600.00"), FUNDS)
        self.report.equal("what is left", total("anna"), fen("100.00"))
        gives("an element's keys last over a sync", self.wallet("anna", "sync"), OK)
        gives("and another one", self.wallet("anna", "sync"), OK)
        gives("inspect says who holds the key", self.town.wallet(
            "bob", "inspect", self.town.path("190000.packet")), OK)

    def pay_back(self, amount):
        request = self.town.path("back.request")
        self.town.must(self.wallet("anna", "request", amount, "-o", request, "--force"))
        return self.town.wallet("bob", "pay", request, "-o", self.town.path("back.packet"))

    def spendable(self, name):
        return fen(self.wallet(name, "balance")["spendable"])

    def judged(self):
        gives = self.gives
        request = self.town.path("judged.request")
        self.town.must(self.town.wallet("bob", "request", "10.00", "-o", request))
        pay = ("pay", request, "-o", self.town.path("judged.packet"))
        gives("a wrong PIN", self.wallet("anna", *pay, pin=self.wrong), AUTH)
        gives("the right one after it", self.wallet("anna", *pay), OK)
        self.element.stop()
        gives("looking needs no element", self.wallet("anna", "balance"), OK)
        gives("signing does", self.wallet("anna", "request", "1.00", "-o",
                                          self.town.path("no.request")), UNREACHABLE,
              error__name="ELEMENT")
        self.element.start()
        gives("it is there again", self.wallet("anna", *pay, "--force"), OK, repeated=True)

    def keys_are_elsewhere(self):
        """The database under another TPM is worth nothing."""
        other = Element(self.town.path("other-tpm"))
        mine, self.element = self.element, other
        self.report.check("another element does not open the keys",
                          self.wallet("anna", "request", "1.00", "-o",
                                      self.town.path("other.request")).code != OK)
        self.element = mine
        other.stop()

    def killed(self):
        """kill -9 at any moment of a payment: afterwards the same bytes, and the counter agrees."""
        for i in range(12):
            request = self.town.path(f"k{i}.request")
            self.town.must(self.town.wallet("bob", "request", "0.50", "-o", request))
            pay = ["pay", request, "-o", self.town.path(f"k{i}.packet")]
            argv = [os.path.join(self.town.programs, "dcep-wallet"), "-w", "anna", "--json", "-y",
                    "--pin-file", self.pin, *pay]
            process = subprocess.Popen(argv, env={**self.town.env, **self.element.env},
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       cwd=self.town.dir)
            time.sleep(0.01 + 0.01 * i)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.element.drop_all()
            self.gives(f"killed after {10 + 10 * i} ms, then again",
                       self.wallet("anna", *pay, "--force"), OK)
            self.gives("and received once", self.town.wallet(
                "bob", "receive", self.town.path(f"k{i}.packet"), "-o",
                self.town.path(f"k{i}.receipt")), OK)

    def rolled_back(self):
        """G1 with a counter: an older copy of the database, put back, signs nothing."""
        gives, copy = self.gives, self.town.path("copy")
        shutil.copytree(self.directory(), copy)
        request = self.town.path("before.request")
        self.town.must(self.town.wallet("bob", "request", "20.00", "-o", request))
        gives("the payment after the copy", self.wallet("anna", "pay", request, "-o",
                                                         self.town.path("before.packet")), OK)
        shutil.rmtree(self.directory())
        shutil.copytree(copy, self.directory())
        second = self.town.path("second.request")
        self.town.must(self.town.wallet("bob", "request", "21.00", "-o", second))
        for what, words in (
                ("pays nothing", ("pay", second, "-o", self.town.path("second.packet"))),
                ("asks for nothing", ("request", "1.00", "-o", self.town.path("x.request"))),
                ("does not sync", ("sync",))):
            gives(f"G1 an older copy {what}", self.wallet("anna", *words), INTEGRITY,
                  error__name="ROLLBACK")
        gives("the payment that was made counts", self.town.wallet(
            "bob", "receive", self.town.path("before.packet"), "-o",
            self.town.path("before.receipt")), OK)
        gives("and settles", self.town.wallet("bob", "sync"), OK)
        self.report.equal("nobody is accused", self.town.central("case", "list")["cases"], [])
        gives("the books balance", self.town.central("supply", "--recount"), OK, balanced=True)

    def all(self):
        try:
            self.join()
            self.pays()
            self.judged()
            self.killed()
            self.keys_are_elsewhere()
            self.rolled_back()
        finally:
            self.element.stop()


def main():
    report = Report()
    if shutil.which("swtpm") is None:
        print("swtpm is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    with Town(sys.argv[1] if len(sys.argv) > 1 else "build") as town:
        Run(town, report).all()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
