"""The auditor of the cuts: reads the wallets' databases as the next program would find them, and
the packets that left, with its own arithmetic.

1. A coin can be spent from one wallet at most, and from none once a payment of it is signed.
2. Of each coin there is one signed payment at most, in every place where one ever was seen; and of
   each key and counter. So there is nothing that a proof could be made of.
3. What is in the wallets and on its way between them adds up to what was there before, to the fen.
"""
import functools
import hashlib
import os
import subprocess

AVAILABLE, RESERVED, COMMITTED, QUARANTINED, ORPHANED, LOST = range(1, 7)
HELD = (AVAILABLE, RESERVED, QUARANTINED, ORPHANED)
PLAN_PAY, PLAN_RESERVED, PLAN_SIGNING, PLAN_COMMITTED, PLAN_SETTLED = 1, 1, 2, 3, 6


def item_at(data, at):
    """The CBOR item there and where the next one begins; of a tagged one, the item inside."""
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info >= 24:
        size = 1 << (info - 24)
        value, at = int.from_bytes(data[at:at + size], "big"), at + size
    else:
        value = info
    if major == 0:
        return value, at
    if major in (2, 3):
        return data[at:at + value], at + value
    if major == 4:
        items = []
        for _ in range(value):
            item, at = item_at(data, at)
            items.append(item)
        return items, at
    if major == 5:
        for _ in range(2 * value):
            _, at = item_at(data, at)
        return None, at
    if major == 6:
        return item_at(data, at)
    return None, at


def decode(data):
    return item_at(bytes(data), 0)[0]


def payload_of(cose):
    return decode(cose)[2]


class Payment:
    def __init__(self, network, payload):
        fields = decode(payload)
        self.id = hashlib.sha256(f"dcep/1/{network}/payment".encode() + b"\0" + payload).digest()
        self.coin, self.counter = fields[2], fields[5]
        self.outputs = [(amount, key, hashlib.sha256(
            b"coin" + self.id + index.to_bytes(2, "big")).digest())
            for index, (amount, key) in enumerate(fields[3])]


@functools.lru_cache(maxsize=None)
def payment_of(network, payload):
    """The same bytes are the same payment, however often they are seen."""
    return Payment(network, payload)


def message_of(file):
    """Of the bytes of a file: the message itself, without the news beside it."""
    _, _, kind, body = decode(file)
    return bytes(body[0][0]) if kind == b"bundle" else file


def packet_payments(network, file):
    """Of the bytes of a packet's file."""
    _, payments, _, _ = decode(message_of(file))[3]
    return [payment_of(network, payload) for _, _, payload, _ in payments]


def files_of(home):
    """A wallet's database with its journal, and what opens it: each file's bytes."""
    files = {}
    for name in sorted(os.listdir(home)):
        if name.startswith(("wallet.db", "wallet.pin")):
            with open(os.path.join(home, name), "rb") as file:
                files[name] = file.read()
    return files


def private(path, flags):
    return os.open(path, flags, 0o600)


class Reader:
    """$BUILD/cut/reader: the sealed database of a copied wallet, row by row."""

    def __init__(self, programs, scratch):
        self.scratch = scratch
        os.makedirs(scratch, exist_ok=True)
        self.process = subprocess.Popen([os.path.join(programs, "cut", "reader")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        rows = []
        for answer in self.process.stdout:
            if answer == ".\n":
                return rows
            if answer.startswith("!"):
                raise ValueError(f"{line}: {answer[1:].strip()}")
            rows.append(tuple(int(column[1:]) if column[0] == "i" else None if column[0] == "n"
                              else bytes.fromhex(column[1:])
                              for column in answer[:-1].split("\t")))
        raise ValueError("the reader is gone")

    def open(self, files):
        """A copy with its journal, opened like after a crash. False: there is no database."""
        for name in os.listdir(self.scratch):
            os.remove(os.path.join(self.scratch, name))
        for name, data in files.items():
            with open(os.path.join(self.scratch, name), "wb", opener=private) as file:
                file.write(data)
        if "wallet.db" not in files:
            return False
        self.ask("open " + self.scratch)
        return True


class Wallet:
    """What one database says."""

    def __init__(self, reader, home, files):
        self.home = home
        self.coins, self.tombs, self.plans, self.items, self.payments = [], [], {}, [], []
        self.keys, self.is_whole, self.is_judged = [], True, False
        try:
            if reader.open(files):
                self.read(reader.ask)
        except ValueError:
            self.is_whole = False
        reader.ask("close")

    def read(self, ask):
        self.is_whole = ask("PRAGMA quick_check") == [(b"ok",)]
        if not ask("SELECT 1 FROM sqlite_schema WHERE name = 'purse_coin'"):
            return
        self.coins = ask("SELECT coin_id, state, amount, hops FROM purse_coin")
        self.tombs = [row[0] for row in ask("SELECT coin_id FROM purse_tomb")]
        self.plans = {plan_id: (kind, state) for plan_id, kind, state in
                      ask("SELECT plan_id, kind, state FROM purse_plan")}
        self.items = ask("SELECT plan_id, coin_id, key, payload FROM purse_plan_item "
                         "WHERE payment IS NOT NULL")
        self.payments = ask("SELECT signer_key, payment FROM purse_payment")
        self.keys = [row[0] for row in ask("SELECT key FROM purse_key")]

    @property
    def spendable(self):
        return sum(amount for _, state, amount, _ in self.coins if state == AVAILABLE)

    @property
    def hops(self):
        return max((hops for _, state, _, hops in self.coins if state == AVAILABLE), default=0)


class Auditor:
    """Remembers every signed payment that it ever saw. One for all wallets of a town."""

    def __init__(self, network, reader):
        self.network, self.reader = network, reader
        self.signed, self.counters, self.arrived = {}, {}, set()
        self.read = {}  # home -> its files when it was read last, and what they said

    def wallet(self, home):
        """Read once: as long as no byte of it changes it says the same."""
        files = files_of(home)
        if home not in self.read or self.read[home][0] != files:
            self.read[home] = files, Wallet(self.reader, home, files)
        return self.read[home][1]

    def saw(self, wrong, payment, key=None):
        before = self.signed.setdefault(payment.coin, payment.id)
        if before != payment.id:
            wrong.append(f"two payments of the coin {payment.coin.hex()[:12]} are signed")
        if key is not None and self.counters.setdefault((key, payment.counter),
                                                        payment.id) != payment.id:
            wrong.append(f"two payments bear the counter {payment.counter} of one key")

    def saw_packet(self, wrong, file):
        for payment in packet_payments(self.network, file):
            self.saw(wrong, payment)

    def plan_state(self, home, plan_id):
        plan = self.wallet(home).plans.get(bytes.fromhex(plan_id))
        return plan[1] if plan is not None else None

    def judge(self, homes):
        """What is wrong, and the sum of what these wallets have and have under way."""
        wrong = []
        wallets = [self.wallet(home) for home in homes]
        people = {key for wallet in wallets for key in wallet.keys}
        for wallet in wallets:
            if not wallet.is_whole:
                wrong.append(f"the database of {os.path.basename(wallet.home)} is not whole")
            if not wallet.is_judged:
                self.note(wrong, wallet)
        total = sum(self.held(wrong, wallets)) + sum(
            self.under_way(wallet, people) for wallet in wallets)
        return wrong, total

    def note(self, wrong, wallet):
        """What is remembered of a wallet beyond its own memory."""
        self.arrived.update(coin[0] for coin in wallet.coins)
        self.arrived.update(wallet.tombs)
        for key, cose in wallet.payments:
            self.saw(wrong, payment_of(self.network, payload_of(cose)), key)
        for _, _, key, payload in wallet.items:
            self.saw(wrong, payment_of(self.network, payload), key)
        wallet.is_judged = True

    def held(self, wrong, wallets):
        owners = {}
        for wallet in wallets:
            for coin, state, amount, _ in wallet.coins:
                if state not in HELD:
                    continue
                name = os.path.basename(wallet.home)
                if owners.setdefault(coin, name) != name:
                    wrong.append(f"{name} and {owners[coin]} can both spend {coin.hex()[:12]}")
                if coin in self.signed:
                    wrong.append(f"{name} still has the coin {coin.hex()[:12]}, signed away")
                yield amount

    def under_way(self, wallet, people):
        """Paid to one of us who does not have it yet; or at the register, not answered yet."""
        amounts = {coin: (state, amount) for coin, state, amount, _ in wallet.coins}
        total = 0
        for plan_id, coin, key, payload in wallet.items:
            kind, _ = wallet.plans[plan_id]
            if kind != PLAN_PAY:
                state, amount = amounts.get(coin, (None, 0))
                total += amount if state == COMMITTED else 0
                continue
            total += sum(amount for amount, to, made in payment_of(self.network, payload).outputs
                         if to != key and to in people and made not in self.arrived)
        return total
