"""The town of the cuts: real programs, one of them under the knife ($BUILD/cut/cut, main.c)."""
import concurrent.futures
import os
import shutil
import subprocess
import threading
import time

from audit import Auditor, Reader
from link import Waiting
from town import Result, Town
from trio import Trio

ACCOUNT, JOINS_AT_ONCE, VILLAGERS_AT_ONCE, LOOK_S = "60000.00", 200, 12, 0.001
NETWORK, BANK, REVOKED = "dcep-test", "north", 0x1234567
NEWS_S, NEWS_LOOK_S, BREATH_S, ASK_THE_BANK = 60, 0.4, 3, ("init", "sync", "withdraw", "deposit")
VERSIONS = "directory_version", "revocations_version"


class CutTown(Town):
    """With the knife, and join files for wallets to come."""

    def __init__(self, build):
        super().__init__(build)
        self.knife = os.path.join(self.programs, "cut", "cut")
        self.lock, self.joins, self.join_count, self.trio_count = threading.Lock(), [], 0, 0
        self.people, self.news, self.copy_count = [], None, 0
        self.villagers, self.published = [], 0
        self.again = 0  # commands that had to be tried again, for want of a bank
        self.stops = {}  # state of a payment -> the call before which pay dies in it

    def home(self, name):
        return self.path("home", "dcep", "wallets", name)

    # ---- commands ----

    def run(self, program, *words, timeout=120, before=(), meanwhile=None, **_):
        """Without a look at the schemas: that is the acceptance runs' business, and takes longer
        than the command. meanwhile: what others do while it runs, given the process."""
        argv = [*before, os.path.join(self.programs, program), *map(str, words)]
        if meanwhile is not None:
            waiting = Waiting(argv, [program, *map(str, words)], self.env, self.dir)
            meanwhile(waiting)
            return waiting.end()
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout,
                              check=False, env=self.env, cwd=self.dir, close_fds=False)
        return Result([program, *map(str, words)], done.returncode,
                      done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def wallet(self, name, *words, is_released=False, **options):
        """wallet.c says why it is not the released program every time. Whom a machine with too much
        to do let wait for its bank, tries again; the summary tells how often."""
        program = "dcep-wallet" if is_released else os.path.join("cut", "wallet")
        words = ("-w", name, "--json", "-y", *words)
        result = self.run(program, *words, **options)
        if words[4] in ASK_THE_BANK and result["error.name"] in ("UNREACHABLE", "TIMEOUT"):
            self.again += 1
            time.sleep(BREATH_S)
            result = self.run(program, *words, **options)
        return result

    def waiting(self, name, *words):
        """A command that goes on while others run."""
        words = [os.path.join("cut", "wallet"), "-w", name, "--json", "-y", *words]
        return Waiting([os.path.join(self.programs, words[0]), *words[1:]], words, self.env,
                       self.dir)

    # ---- people ----

    def next_join(self):
        with self.lock:
            return self.next_join_locked()

    def next_join_locked(self):
        if not self.joins:
            self.import_joins()
        return self.joins.pop()

    def import_joins(self):
        first, table = self.join_count, self.path(f"joins{self.join_count}.csv")
        self.join_count += JOINS_AT_ONCE
        with open(table, "w", encoding="utf-8") as file:
            file.write("name,tier,phone,id_number,label,opening_deposit\n")
            file.writelines(f"new{i},3,139{i:08d},110101199{i:08d}X,,10.00\n"
                            for i in range(first, self.join_count))
        made = self.must(self.bank(BANK, "customer", "import", table, "--joins", table + ".d"))
        self.joins = [(f"new{first + i}", row["join"])
                      for i, row in enumerate(made.json["customers"])]

    def new_trio(self, rng):
        """Customers of their own, so that a wrong one spoils nothing else."""
        with self.lock:
            number, self.trio_count = self.trio_count, self.trio_count + 1
            names = [f"{role}{number}" for role in ("payer", "payee", "third")]
            self.open_customers(BANK, [(name, 3, ACCOUNT) for name in names])
            self.people += names
        reader = Reader(self.programs, self.path(f"scratch{number}"))
        trio = Trio(self, BANK, names, Auditor(NETWORK, reader), rng)
        trio.rest()
        return trio

    def publish(self):
        """Villagers, and then a newer directory and a newer list, as soon as the bank has them."""
        for _ in range(VILLAGERS_AT_ONCE):
            name, join = self.next_join_locked()
            self.must(self.wallet(name, "init", "--join", join, "--no-passphrase"))
            self.villagers.append(name)
        before = self.bank(BANK, "status")
        self.must(self.central("directory", "publish", "--root-key",
                               self.path("safe", "root.key")))
        self.must(self.central("revocation", "add", f"{REVOKED + self.published:016x}"))
        self.published += 1
        end = time.monotonic() + NEWS_S
        while time.monotonic() < end:
            now = self.bank(BANK, "status")
            if all(now[version] > before[version] for version in VERSIONS):
                return
            time.sleep(NEWS_LOOK_S)
        raise TimeoutError(f"the bank has not heard of it: {now}")

    def next_villager_locked(self):
        if not self.villagers:
            self.publish()
        return self.villagers.pop()

    def next_villager(self):
        """A wallet that was made before the newest news were published, and how many there were."""
        with self.lock:
            self.people.append(self.next_villager_locked())
            return self.people[-1], self.published

    def village(self):
        """A villager to be copied, and the file that tells the news."""
        with self.lock:
            if self.news is None:
                villager, traveller = self.next_villager_locked(), self.next_join_locked()
                self.must(self.wallet(traveller[0], "init", "--join", traveller[1],
                                      "--no-passphrase"))
                self.must(self.wallet(traveller[0], "sync"))
                self.news = villager, self.path("village.news")
                self.must(self.wallet(traveller[0], "outbox", "--news", "-o", self.news[1]))
            return self.news

    def next_copy(self, name):
        with self.lock:
            self.copy_count += 1
            copy = f"{name}-{self.copy_count}"
        shutil.copytree(self.home(name), self.home(copy))
        return copy

    # ---- the knife ----

    def cut(self, job, call, how, seed=0, at_end=False):
        """The result, and the calls that were counted, the last line telling if it came to it."""
        log = self.path(f"{job.who}.log")
        before = [self.knife, "--root", self.dir, "--log", log, "--how", how, "--seed", str(seed),
                  "--gate", log + ".gate", *(["--at-end"] if at_end else []), "--at", str(call),
                  "--"]
        result = self.run("dcep-wallet", "-w", job.who, "--json", "-y", *job.words, before=before,
                          meanwhile=job.meanwhile)
        with open(log, encoding="utf-8", errors="replace") as file:
            return result, file.read().splitlines()

    def cut_paused(self, job, call, others):
        """While it is held before that call, another process has its try."""
        log, gate = self.path(f"{job.who}.log"), self.path(f"{job.who}.log.gate")
        with open(gate, "w", encoding="utf-8"), open(log, "w", encoding="utf-8"):
            pass
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            first = pool.submit(self.cut, job, call, "pause")
            while not first.done() and not is_paused(log):
                time.sleep(LOOK_S)
            second = self.wallet(job.who, *others)
            os.remove(gate)
            return first.result(), second


def holds_wallet(lines, home):
    """Was the wallet the first one's alone when it was held? Of its log: from its lock on, to the
    last call on any of its files before it locks it again (a payee that waits gives it up in
    between). Calls are numbered anew each time: which one it was held at is not known before. What
    comes then, as a receipt's file, is made of what is stored."""
    held = lines.index("paused") - 1
    own = [at for at, line in enumerate(lines) if f" {home}/" in line + "/"]
    locks = [at for at in own if lines[at].endswith(f" {home}/wallet.lock")]
    later = next((at for at in locks if at >= held), len(lines))
    return any(at < held for at in locks) and any(held <= at < later for at in own)


def is_paused(log):
    with open(log, encoding="utf-8", errors="replace") as file:
        return "paused\n" in file.read()
