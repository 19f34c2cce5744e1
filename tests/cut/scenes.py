"""What is cut: one row a step of the wallet. To add a command, add a row to SCENES: `ready` brings
three wallets to the moment before it and says which command runs; `after` goes on as a person
would, until all is done, and says what is wrong. The auditor checks the money by itself.

    Scene(name, ready, after, online)

A row's functions get the Trio (below). `ready` gives a Job; whatever `after` needs is kept in it.
"""
import os

from audit import PLAN_RESERVED, PLAN_SIGNING
from town import INVALID, OK, fen, yuan

POCKET, REFILL_BELOW, HANDOVERS_MAX, HOPS_MAX = 40_000, 6_000, 9, 3
TALKS = ("request", "pay", "receive", "outbox")
CALLS_MAX = 256  # of one pay, at the most
PASSPHRASE, PIN, NEXT_PIN = "a long walk home", "246813", "975310"


class Wrong(Exception):
    """A step that had to work did not: the trio is of no use any more."""


def without_news(words):
    """Handovers as one message: news beside them may be newer the next time."""
    return (*words, "--no-news") if words[0] in TALKS and "-o" in words else words


class Job:
    """The command that is cut: who runs which words, and the file that leaves."""

    def __init__(self, who, *words, out=None, **more):
        self.who, self.words, self.out = who, without_news(words), out
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
        self.homes = [town.path("home", "dcep", "wallets", name) for name in names]

    # ---- commands ----

    def file(self, kind):
        self.number += 1
        return self.town.path(f"{self.payer}-{self.number}.{kind}")

    def run(self, who, *words):
        return self.town.wallet(who, *without_news(words))

    def must(self, who, *words, code=OK):
        result = self.run(who, *words)
        if result.code != code:
            raise Wrong(f"exit {result.code} instead of {code}\n{result}")
        return result

    def db(self, who, sql):
        return self.auditor.reader.rows(self.town.path("home", "dcep", "wallets", who), sql)

    def spendable(self, who):
        return self.db(who, "SELECT coalesce(sum(amount), 0) FROM purse_coin WHERE state = 1")[0][0]

    def hops(self):
        return max(self.db(name, "SELECT coalesce(max(hops), 0) FROM purse_coin WHERE state = 1"
                           )[0][0] for name in self.names)

    def accounts(self):
        total = 0
        for name in self.names:
            shown = self.town.bank(self.bank, "account", "show", name)
            total += fen(shown["balance"])
        return total

    # ---- what they do ----

    def withdraw(self, who, amount):
        self.must(who, "withdraw", yuan(amount))
        self.total += amount

    def rest(self):
        """Now and then everybody syncs: what was cut and mended has to settle."""
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


def read(path):
    with open(path, "rb") as file:
        return file.read()


def there(path):
    return path is not None and os.path.exists(path)


def same(wrong, what, path, content):
    """A file that is there is whole, and has these bytes."""
    if there(path) and read(path) != content:
        wrong.append(f"{what}: other bytes than before")


# ---- the steps after the cut ----

def receive_twice(trio, wrong, who, packet):
    """The payee takes it, and shown again (by chance) the receipt is the same. Its file's name."""
    first, second = trio.file("receipt"), trio.file("receipt")
    trio.must(who, "receive", packet, "-o", first)
    if trio.again():
        trio.must(who, "receive", packet, "-o", second)
        same(wrong, "the receipt", second, read(first))
    return first


def finish_handover(trio, wrong, job, request, payer, payee):
    """From a request to the payer's knowing; each step by chance once more."""
    first, second = trio.pay(payer, request), trio.file("packet")
    if trio.again():
        trio.must(payer, "pay", request, "-o", second)
        same(wrong, "the packet, shown again", second, read(first))
    if job.out is not None and job.out.endswith(".packet"):
        same(wrong, "the packet that was cut", job.out, read(first))
    trio.auditor.saw_packet(wrong, read(first))
    receipt = receive_twice(trio, wrong, payee, first)
    trio.must(payer, "receive", receipt)
    if trio.again():
        trio.must(payer, "receive", receipt)


def ready_request(trio):
    out = trio.file("request")
    return Job(trio.payee, "request", yuan(trio.amount()), "-o", out, out=out)


def after_request(trio, job, wrong):
    """A request that came out can be paid; if none did, a new one is made."""
    request = job.out if there(job.out) else trio.ask(trio.payee, trio.amount())
    finish_handover(trio, wrong, job, request, trio.payer, trio.payee)


def ready_pay(trio):
    request, out = trio.ask(trio.payee, trio.amount()), trio.file("packet")
    return Job(trio.payer, "pay", request, "-o", out, out=out, request=request, payer=trio.payer,
               payee=trio.payee)


def ready_pay_many(trio):
    """The payee pays back nearly all it received: several coins, one of them changed."""
    for _ in range(3):
        trio.hand_over(trio.payer, trio.third, trio.rng.randrange(2_00, 5_00))
    request = trio.ask(trio.payer, trio.spendable(trio.third) - 1)
    out = trio.file("packet")
    return Job(trio.third, "pay", request, "-o", out, out=out, request=request, payer=trio.third,
               payee=trio.payer)


def after_pay(trio, job, wrong):
    """By chance: at once again; after a look at the outbox, which shows the same bytes; or never,
    and both sync: then it settled to the payee, or nothing was paid."""
    way = trio.rng.choice(["again", "outbox", "never"])
    if way == "outbox":
        plan = trio.ids[job.request]
        states = {row["id"]: row["state"] for row in trio.must(job.payer, "outbox")["payments"]}
        if states.get(plan) in ("signed", "handed over"):
            out = trio.file("again")
            trio.must(job.payer, "outbox", plan[:16], "-o", out)
            same(wrong, "the packet in the outbox", job.out, read(out))
    if way == "never":
        trio.must(job.payer, "sync")
        trio.must(job.payee, "sync")
        first = trio.file("packet")
        trio.must(job.payer, "pay", job.request, "-o", first)
        same(wrong, "the packet that was cut", job.out, read(first))
        trio.auditor.saw_packet(wrong, read(first))
        receipt = receive_twice(trio, wrong, job.payee, first)  # settled before, or taken now
        trio.must(job.payer, "receive", receipt)
        trio.must(job.payee, "sync")
        return
    finish_handover(trio, wrong, job, job.request, job.payer, job.payee)


def ready_receive(trio):
    request = trio.ask(trio.payee, trio.amount())
    packet, out = trio.pay(trio.payer, request), trio.file("receipt")
    return Job(trio.payee, "receive", packet, "-o", out, out=out, request=request, packet=packet,
               payer=trio.payer, payee=trio.payee)


def ready_receive_many(trio):
    job = ready_pay_many(trio)
    packet, out = trio.pay(job.payer, job.request), trio.file("receipt")
    return Job(job.payee, "receive", packet, "-o", out, out=out, request=job.request,
               packet=packet, payer=job.payer, payee=job.payee)


def after_receive(trio, job, wrong):
    """The payer shows the packet again: taken once, and one receipt for ever."""
    receipt = receive_twice(trio, wrong, job.payee, job.packet)
    same(wrong, "the receipt that was cut", job.out, read(receipt))
    trio.must(job.payer, "receive", receipt)


def ready_quarantine(trio):
    """A second payment of a request that is paid: genuine, mine, and nothing to count on."""
    if trio.spendable(trio.third) < 10_00:
        trio.withdraw(trio.third, 20_00)
    request = trio.ask(trio.payee, trio.amount())
    late = trio.pay(trio.third, request)
    trio.must(trio.payee, "receive", trio.pay(trio.payer, request))
    return Job(trio.payee, "receive", late, packet=late)


def after_quarantine(trio, job, wrong):
    for _ in range(2):
        trio.must(trio.payee, "receive", job.packet, code=INVALID)


def ready_confirm(trio):
    _, _, receipt = trio.hand_over(trio.payer, trio.payee, trio.amount())
    return Job(trio.payer, "receive", receipt, receipt=receipt)


def after_confirm(trio, job, wrong):
    for _ in range(2):
        confirmed = trio.must(trio.payer, "receive", job.receipt)["id"]
    out = trio.file("receipt")
    trio.must(trio.payer, "receipt", confirmed[:16], "-o", out)
    trio.must(trio.third, "receipt", "verify", out)


def ready_receipt(trio):
    _, _, receipt = trio.hand_over(trio.payer, trio.payee, trio.amount())
    confirmed, out = trio.must(trio.payer, "receive", receipt)["id"], trio.file("receipt")
    return Job(trio.payer, "receipt", confirmed[:16], "-o", out, out=out, confirmed=confirmed)


def after_receipt(trio, job, wrong):
    out = trio.file("receipt")
    trio.must(trio.payer, "receipt", job.confirmed[:16], "-o", out)
    same(wrong, "the receipt that was cut", job.out, read(out))
    trio.must(trio.third, "receipt", "verify", out)


def ready_outbox(trio):
    request, out = trio.ask(trio.payee, trio.amount()), trio.file("packet")
    packet, plan = trio.pay(trio.payer, request), trio.ids[request]
    return Job(trio.payer, "outbox", plan[:16], "-o", out, out=out, packet=packet, request=request,
               payer=trio.payer, payee=trio.payee)


def after_outbox(trio, job, wrong):
    same(wrong, "the packet shown again", job.out, read(job.packet))
    finish_handover(trio, wrong, job, job.request, job.payer, job.payee)


def stop_paying(trio, wanted):
    """A payment that a crash left in that state, and the request it answers. Where pay has to die
    for it is looked for by halves, and known the next time."""
    low, high = 1, CALLS_MAX
    call = trio.town.stops.get(wanted, (low + high) // 2)
    while low <= high:
        request = trio.ask(trio.payee, 1)
        trio.town.cut(trio.payer, ("pay", request, "-o", trio.file("packet")), call, "kill")
        state = trio.auditor.plan_state(trio.homes[0], trio.ids[request]) or 0
        if state == wanted:
            trio.town.stops[wanted] = call
            return request, trio.ids[request]
        trio.must(trio.payee, "receive", trio.pay(trio.payer, request))
        low, high = (call + 1, high) if state < wanted else (low, call - 1)
        call = (low + high) // 2
    raise Wrong(f"pay cannot be stopped in state {wanted}")


def ready_cancel(trio):
    request, plan = stop_paying(trio, PLAN_RESERVED)
    return Job(trio.payer, "cancel", plan[:16], request=request, payer=trio.payer,
               payee=trio.payee)


def after_cancel(trio, job, wrong):
    """Cancelled or not: the request can be paid, once."""
    finish_handover(trio, wrong, job, job.request, job.payer, job.payee)


def ready_resume(trio):
    request, plan = stop_paying(trio, PLAN_SIGNING)
    # rows F4, F11: after the mark there is no way back
    if trio.run(trio.payer, "cancel", plan[:16]).code == OK:
        raise Wrong("a payment that may be signed was cancelled")
    return Job(trio.payer, "outbox", request=request, payer=trio.payer, payee=trio.payee)


def after_resume(trio, job, wrong):
    finish_handover(trio, wrong, job, job.request, job.payer, job.payee)


# ---- with the bank ----

def ready_withdraw(trio):
    amount = trio.rng.randrange(1_00, 30_00)
    return Job(trio.payer, "withdraw", yuan(amount), amount=amount)


def after_withdraw(trio, job, wrong):
    """The same amount asked again is the same withdrawal, if its answer is not known yet."""
    trio.must(trio.payer, "withdraw", yuan(job.amount))
    trio.must(trio.payer, "sync")


def ready_deposit(trio):
    if trio.handed:
        trio.sync()
    amount = min(trio.rng.randrange(1_00, 30_00), trio.spendable(trio.payer) // 2)
    return Job(trio.payer, "deposit", yuan(amount))


def after_deposit(trio, job, wrong):
    trio.must(trio.payer, "sync")
    trio.must(trio.payer, "sync")
    trio.must(trio.payer, "deposit", "0.50")


def ready_deposit_packet(trio):
    job = ready_quarantine(trio)
    trio.must(trio.payee, "receive", job.packet, code=INVALID)
    trio.handed = HANDOVERS_MAX
    return Job(trio.payee, "deposit", "--packet", job.packet, packet=job.packet)


def after_deposit_packet(trio, job, wrong):
    for _ in range(2):
        trio.must(trio.payee, "sync")


def ready_sync(trio):
    """Something in the outbox, something in the inbox, coins to exchange."""
    trio.hand_over(trio.payer, trio.payee, trio.amount())
    if trio.spendable(trio.payee) > 10:
        trio.hand_over(trio.payee, trio.payer, max(1, trio.spendable(trio.payee) // 3))
    return Job(trio.rng.choice([trio.payer, trio.payee]), "sync")


def after_sync(trio, job, wrong):
    for _ in range(2):
        trio.must(job.who, "sync")
    balance = trio.must(job.who, "balance")
    if (balance["handed_over"], balance["reserved"]) != ("0.00", "0.00"):
        wrong.append(f"something waits after a sync that was cut: {balance}")


def ready_init(trio):
    name, join = trio.town.next_join()
    return Job(name, "init", "--join", join, "--no-passphrase")


def after_init(trio, job, wrong):
    """Asked again the bank certifies the same key; the wallet is one that can be used."""
    again = trio.run(job.who, *job.words)
    if again.code != OK and again["error.name"] != "EXISTS":
        raise Wrong(str(again))
    trio.must(job.who, "withdraw", "1.00")
    if trio.must(job.who, "balance")["spendable"] != "1.00":
        wrong.append("the new wallet does not hold what it withdrew")


# ---- the wallet itself ----

def secret(trio, name, text):
    path = trio.town.path(name)
    if not os.path.exists(path):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(text + "\n")
    return path


def ready_pin(trio):
    name, join = trio.town.next_join()
    old, new = secret(trio, "old.pin", PIN), secret(trio, "new.pin", NEXT_PIN)
    trio.must(name, "init", "--join", join, "--pin-file", old)
    return Job(name, "pin", "change", "--pin-file", old, "--new-pin-file", new, old=old, new=new)


def after_pin(trio, job, wrong):
    """One of both opens the wallet, and never the other."""
    opens = [pin for pin in (job.old, job.new)
             if trio.run(job.who, "balance", "--pin-file", pin).code == OK]
    if len(opens) != 1:
        wrong.append(f"{len(opens)} of the two PINs open the wallet")
    if opens == [job.old]:
        trio.must(job.who, *job.words)
        trio.must(job.who, "balance", "--pin-file", job.new)


def ready_limits(trio):
    return Job(trio.payer, "limits", "set", "--payment", "300.00")


def after_limits(trio, job, wrong):
    """Set or not, and never half; asked again it is set."""
    for words, wanted in (((), ("500.00", "300.00")), (job.words, ("300.00",)),
                          (("limits", "set", "--reset"), ("500.00",))):
        if words:
            trio.must(job.who, *words)
        shown = trio.must(job.who, "limits")["limits.0.max"]
        if shown not in wanted:
            wrong.append(f"the limit of one payment is {shown}, not {' or '.join(wanted)}")


def ready_backup(trio):
    out, key = trio.file("backup"), secret(trio, "passphrase", PASSPHRASE)
    return Job(trio.payer, "backup", "create", out, "--passphrase-file", key, out=out, key=key)


def after_backup(trio, job, wrong):
    """A backup that is there opens; asked again there is one."""
    verify = ("backup", "verify", job.out, "--passphrase-file", job.key)
    if there(job.out):
        trio.must(job.who, *verify)
    else:
        trio.must(job.who, *job.words)
        trio.must(job.who, *verify)


def ready_restore(trio):
    name, join = trio.town.next_join()
    backup, again = trio.file("backup"), trio.file("join")
    key = secret(trio, "passphrase", PASSPHRASE)
    trio.must(name, "init", "--join", join, "--no-passphrase")
    trio.must(name, "backup", "create", backup, "--passphrase-file", key)
    trio.town.must(trio.town.bank(trio.bank, "customer", "join", name, "-o", again))
    return Job(name + "-again", "backup", "restore", backup, "--passphrase-file", key, "--join",
               again, "--no-passphrase")


def after_restore(trio, job, wrong):
    """Asked again it is there; after a sync it can be used."""
    trio.must(job.who, *job.words)
    trio.must(job.who, "sync")
    trio.must(job.who, "withdraw", "1.00")
    if trio.must(job.who, "balance")["spendable"] != "1.00":
        wrong.append("the restored wallet does not hold what it withdrew")


class Scene:
    def __init__(self, name, ready, after, online=False):
        self.name, self.ready, self.after, self.online = name, ready, after, online


SCENES = [
    Scene("request", ready_request, after_request),
    Scene("pay", ready_pay, after_pay),
    Scene("pay, several coins", ready_pay_many, after_pay),
    Scene("receive a packet", ready_receive, after_receive),
    Scene("receive several coins", ready_receive_many, after_receive),
    Scene("receive what is no payment", ready_quarantine, after_quarantine),
    Scene("receive a receipt", ready_confirm, after_confirm),
    Scene("receipt", ready_receipt, after_receipt),
    Scene("outbox", ready_outbox, after_outbox),
    Scene("outbox after a crash", ready_resume, after_resume),
    Scene("cancel", ready_cancel, after_cancel),
    Scene("limits set", ready_limits, after_limits),
    Scene("pin change", ready_pin, after_pin),
    Scene("backup create", ready_backup, after_backup),
    Scene("backup restore", ready_restore, after_restore),
    Scene("withdraw", ready_withdraw, after_withdraw, online=True),
    Scene("deposit", ready_deposit, after_deposit, online=True),
    Scene("deposit a packet", ready_deposit_packet, after_deposit_packet, online=True),
    Scene("sync", ready_sync, after_sync, online=True),
    Scene("init", ready_init, after_init, online=True),
]
