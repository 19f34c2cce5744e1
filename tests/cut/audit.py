"""The auditor of the cuts: reads the wallets' databases as the next program would find them, and
the packets that left, with its own arithmetic.

1. A coin can be spent from one wallet at most, and from none once a payment of it is signed.
2. Of each coin there is one signed payment at most, in every place where one ever was seen; and of
   each key and counter. So there is nothing that a proof could be made of.
3. What is in the wallets and on its way between them adds up to what was there before, to the fen.
"""
import hashlib
import os
import shutil
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


def packet_payments(network, file):
    """Of the bytes of a packet's file."""
    _, payments, _, _ = decode(file)[3]
    return [Payment(network, payload) for _, _, payload, _ in payments]


class Reader:
    """$BUILD/cut/reader: the sealed database of a copied wallet, row by row."""

    def __init__(self, programs, scratch):
        self.scratch, self.open_home = scratch, None
        os.makedirs(scratch, exist_ok=True)
        self.process = subprocess.Popen([os.path.join(programs, "cut", "reader")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

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

    def open(self, home):
        """A copy with its journal, opened like after a crash. False: there is no database."""
        for name in os.listdir(self.scratch):
            os.remove(os.path.join(self.scratch, name))
        for name in os.listdir(home):
            if name.startswith(("wallet.db", "wallet.pin")):
                shutil.copy(os.path.join(home, name), self.scratch)
        if not os.path.exists(os.path.join(self.scratch, "wallet.db")):
            return False
        self.ask("open " + self.scratch)
        return True

    def rows(self, home, sql):
        try:
            return self.ask(sql) if self.open(home) else []
        finally:
            self.ask("close")


class Wallet:
    """What one database says."""

    def __init__(self, reader, home):
        self.home = home
        self.coins, self.tombs, self.plans, self.items, self.payments = [], [], {}, [], []
        self.keys, self.is_whole = [], True
        try:
            if reader.open(home):
                self.read(reader.ask)
        except ValueError:
            self.is_whole = False
        reader.ask("close")

    def read(self, ask):
        self.is_whole = ask("PRAGMA quick_check") == [(b"ok",)]
        if not ask("SELECT 1 FROM sqlite_schema WHERE name = 'purse_coin'"):
            return
        self.coins = ask("SELECT coin_id, state, amount, owner_key FROM purse_coin")
        self.tombs = [row[0] for row in ask("SELECT coin_id FROM purse_tomb")]
        self.plans = {plan_id: (kind, state, packet) for plan_id, kind, state, packet in
                      ask("SELECT plan_id, kind, state, packet FROM purse_plan")}
        self.items = ask("SELECT plan_id, coin_id, key, payload FROM purse_plan_item "
                         "WHERE payment IS NOT NULL")
        self.payments = ask("SELECT signer_key, payment FROM purse_payment")
        self.keys = [row[0] for row in ask("SELECT key FROM purse_key")]


class Auditor:
    """Remembers every signed payment that it ever saw. One for all wallets of a town."""

    def __init__(self, network, reader):
        self.network, self.reader = network, reader
        self.signed, self.counters, self.arrived = {}, {}, set()

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
        plan = Wallet(self.reader, home).plans.get(bytes.fromhex(plan_id))
        return plan[1] if plan is not None else None

    def judge(self, homes):
        """What is wrong, and the sum of what these wallets have and have under way."""
        wrong = []
        wallets = [Wallet(self.reader, home) for home in homes]
        people = {key for wallet in wallets for key in wallet.keys}
        for wallet in wallets:
            if not wallet.is_whole:
                wrong.append(f"the database of {os.path.basename(wallet.home)} is not whole")
            self.arrived.update(coin[0] for coin in wallet.coins)
            self.arrived.update(wallet.tombs)
            for key, cose in wallet.payments:
                self.saw(wrong, Payment(self.network, payload_of(cose)), key)
        for wallet in wallets:
            for _, _, key, payload in wallet.items:
                self.saw(wrong, Payment(self.network, payload), key)
        total = sum(self.held(wrong, wallets)) + sum(
            self.under_way(wallet, people) for wallet in wallets)
        return wrong, total

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
            kind, _, _ = wallet.plans[plan_id]
            if kind != PLAN_PAY:
                state, amount = amounts.get(coin, (None, 0))
                total += amount if state == COMMITTED else 0
                continue
            total += sum(amount for amount, to, made in Payment(self.network, payload).outputs
                         if to != key and to in people and made not in self.arrived)
        return total
