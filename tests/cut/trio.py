"""Three wallets at one bank, and the command of one of them that is cut."""
import os

from link import Tap
from town import OK, fen, yuan

POCKET, REFILL_BELOW, HANDOVERS_MAX, HOPS_MAX = 40_000, 6_000, 24, 3
TALKS, WAYS_OUT = ("request", "pay", "receive", "outbox"), {"-o", "--qr", "--listen", "--to"}
CALLS_MAX, SEARCHES_MAX = 256, 3  # calls of one pay, at the most
PASSPHRASE, PIN, NEXT_PIN = "a long walk home", "246813", "975310"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def there(path):
    return path is not None and os.path.exists(path)


def same(wrong, what, path, content):
    """A file that is there is whole, and has these bytes."""
    if there(path) and read(path) != content:
        wrong.append(f"{what}: other bytes than before")


class Wrong(Exception):
    """A step that had to work did not: the trio is of no use any more."""


def without_news(words):
    """Handovers as one message: news beside them may be newer the next time."""
    goes_out = words[0] in TALKS and not WAYS_OUT.isdisjoint(words)
    return (*words, "--no-news") if goes_out and "--news" not in words else words


class Job:
    """The command that is cut: who runs which words, and the file that leaves. meanwhile: what
    others do while it runs (knife.py)."""

    def __init__(self, who, *words, out=None, **more):
        self.who, self.words, self.out, self.meanwhile = who, without_news(words), out, None
        self.more = more

    def __getattr__(self, name):
        return self.more[name]


class Trio:
    """A payer, a payee and a third, customers of one bank; what they own together never changes."""

    def __init__(self, town, bank, names, auditor, rng):
        self.town, self.bank, self.auditor, self.rng = town, bank, auditor, rng
        self.names = names
        self.payer, self.payee, self.third = names
        self.number, self.handed, self.total = 0, 0, 0
        self.ids, self.no_fault = {}, False  # ids: of request files
        self.homes = list(map(town.home, names))
        self.accounts = {name: self.account(name) for name in names}
        self.owned = sum(self.accounts.values())  # in account and wallet together, for ever
        self.is_released = False  # who goes on after the cut: the released program, or its twin
        self.link, self.waits = None, []  # the tap; who waits, or did
        self.heard = None  # how many news were published when all three synced last

    # ---- commands ----

    def file(self, kind):
        self.number += 1
        return self.town.path(f"{self.payer}-{self.number}.{kind}")

    def run(self, who, *words):
        return self.town.wallet(who, *without_news(words), is_released=self.is_released)

    def must(self, who, *words, code=OK):
        result = self.run(who, *words)
        if result.code != code:
            raise Wrong(f"exit {result.code} instead of {code}\n{result}")
        return result

    def waiting(self, who, *words):
        self.waits = [waiting for waiting in self.waits if not waiting.is_over()]
        self.waits.append(self.town.waiting(who, *without_news(words)))
        return self.waits[-1]

    def tap(self):
        if self.link is None:
            self.link = Tap()
        return self.link

    def close(self):
        self.auditor.reader.close()
        for waiting in self.waits:
            if not waiting.is_over():
                waiting.kill()
        if self.link is not None:
            self.link.close()

    def wallet(self, who):
        return self.auditor.wallet(self.town.home(who))

    def spendable(self, who):
        return self.wallet(who).spendable

    def hops(self):
        return max(self.wallet(name).hops for name in self.names)

    def account(self, who):
        shown = self.town.bank(self.bank, "account", "show", who)
        return fen(shown["balance"])

    def recount(self, who):
        """Between that account and the wallet money moves as it is told to: whatever the account
        has less now, the wallets must have more."""
        self.accounts[who] = self.account(who)
        self.total = self.owned - sum(self.accounts.values())

    # ---- what they do ----

    def withdraw(self, who, amount):
        self.must(who, "withdraw", yuan(amount))
        self.total += amount
        self.accounts[who] -= amount

    def villager(self):
        """One more, for one cut, who has not heard of what these three have heard."""
        name, published = self.town.next_villager()
        if self.heard != published:
            self.sync()
            self.heard = published
        self.homes.append(self.town.home(name))
        return name

    def rest(self):
        """Now and then everybody syncs: what was cut and mended has to settle."""
        del self.homes[len(self.names):]
        if self.handed >= HANDOVERS_MAX or self.hops() >= HOPS_MAX:
            self.sync()
        if self.spendable(self.payer) < REFILL_BELOW:
            self.withdraw(self.payer, POCKET)

    def sync(self):
        for name in self.names:
            self.must(name, "sync")
        self.handed = 0

    def again(self):
        return self.rng.randrange(3) == 0

    def amount(self):
        return self.rng.randrange(1, 6_00)

    def ask(self, who, amount):
        file = self.file("request")
        self.ids[file] = self.must(who, "request", yuan(amount), "-o", file)["id"]
        return file

    def pay(self, who, request):
        file = self.file("packet")
        self.must(who, "pay", request, "-o", file)
        self.handed += 1
        return file

    def hand_over(self, payer, payee, amount):
        request = self.ask(payee, amount)
        packet = self.pay(payer, request)
        receipt = self.file("receipt")
        self.must(payee, "receive", packet, "-o", receipt)
        return request, packet, receipt
