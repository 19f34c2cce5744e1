"""Verifying a packet: checks 1 to 7, what makes it genuine (PROTOCOL.md 5.1 to 5.3, 5.5)."""

from collections import Counter, namedtuple

from records import decode
from refused import Refused, fault_of, refuse_first, refuse_if
from signing import key_is_valid, output_coin, read, root_coin, verifies

SIZE_MAX = 65536
LEAVES_MAX = 16

Coin = namedtuple("Coin", "serial coin_id amount owner_key hops depth token")
# A payment in its place: the coin it spends and the coins it makes.
Link = namedtuple("Link", "payment coin made")


class Packet:
    """A decoded packet."""

    def __init__(self, tokens, payments, certificates):
        self.tokens, self.payments, self.certificates = tokens, payments, certificates
        self.links = []

    def coins_of(self, payment):
        count = len(payment.fields["outputs"])
        return [output_coin(payment.id, index) for index in range(count)]

    def leaves(self):
        """Indexes of the payments none of whose outputs is spent by a later one."""
        spent, found = set(), []
        for index in reversed(range(len(self.payments))):
            payment = self.payments[index]
            if spent.isdisjoint(self.coins_of(payment)):
                found.append(index)
            spent.add(payment.fields["coin_id"])
        return found[::-1]

    def leaf_links(self):
        return [self.links[index] for index in self.leaves()]


def check_days(token):
    days = [token.fields[name] for name in ("issued_day", "spend_by_day", "redeem_by_day")]
    refuse_if(days != sorted(days), "range")


def read_token(signed, network, kind):
    token = read(signed, network, kind)
    check_days(token)
    return token


def decode_packet(data, network, role):
    """The five steps of decoding."""
    refuse_if(len(data) > SIZE_MAX, "limit")
    fields = decode(data, "packet")
    refuse_if(not fields["payments"], "limit")
    parts = [(read_token, "token", fields["tokens"]), (read, "payment", fields["payments"])]
    if role != "register":
        parts.append((read, "wallet_certificate", fields["certificates"]))
    refuse_first([fault_of(reader, signed, network, kind)
                  for reader, kind, items in parts for signed in items])
    lists = [[reader(signed, network, kind) for signed in items] for reader, kind, items in parts]
    packet = Packet(*(lists + [[]])[:3])
    refuse_if(len(packet.leaves()) > LEAVES_MAX, "limit")
    return packet


class Verifier:
    """Who asks, and what he knows: role, directory, and the rows of a register."""

    def __init__(self, directory, role="payee", rows=()):
        self.directory, self.role = directory, role
        self.rows = {(row.serial, row.coin_id): row for row in rows}

    def has_row(self, token):
        return (token.fields["serial"], root_coin(token.id)) in self.rows

    def judged_tokens(self, packet):
        """The tokens that matter: a register believes its rows."""
        return [token for token in packet.tokens if not self.has_row(token)]

    def genuine(self, data):
        """The packet, if it is genuine."""
        packet = decode_packet(data, self.directory.network, self.role)
        self.check_issuers(packet)
        check_twice(packet)
        self.find_coins(packet)
        check_sums(packet)
        self.check_points(packet)
        self.check_register_outputs(packet)
        if self.role != "register":
            self.check_certificates(packet)
        if self.role not in ("unsigned", "payer"):
            self.check_signatures(packet)
        return packet

    def check_issuers(self, packet):
        for token in self.judged_tokens(packet):
            refuse_if(token.fields["issuing_key_id"] not in self.directory.issuing, "issuer")

    def find_coins(self, packet):
        """Fills packet.links."""
        inside = {root_coin(token.id): root_of(token) for token in packet.tokens}
        for payment in packet.payments:
            place = (payment.fields["serial"], payment.fields["coin_id"])
            coin = inside.get(payment.fields["coin_id"]) or self.rows.get(place)
            refuse_if(coin is None or coin.serial != payment.fields["serial"], "chain")
            made = made_by(packet, payment, coin)
            inside |= {new.coin_id: new for new in made if new.coin_id not in inside}
            packet.links.append(Link(payment, coin, made))
        spent = {payment.fields["coin_id"] for payment in packet.payments}
        refuse_if(any(root_coin(token.id) not in spent for token in packet.tokens), "chain")

    def check_points(self, packet):
        keys = [token.fields["owner_key"] for token in self.judged_tokens(packet)]
        keys += [coin.owner_key for link in packet.links for coin in link.made]
        refuse_if(not all(map(key_is_valid, keys)), "point")

    def check_register_outputs(self, packet):
        for payment in packet.payments:
            keys = [output["key"] for output in payment.fields["outputs"]]
            refuse_if(self.directory.register_key in keys and len(keys) > 1, "register_output")

    def check_certificates(self, packet):
        signers = {link.coin.owner_key for link in packet.links}
        named = [certificate.fields["wallet_key"] for certificate in packet.certificates]
        refuse_if(sorted(named) != sorted(signers - set(self.directory.vaults)), "certificate")
        refuse_if(not all(map(self.directory.certified, packet.certificates)), "certificate")

    def check_signatures(self, packet):
        network = self.directory.network
        for token in self.judged_tokens(packet):
            key = self.directory.issuing[token.fields["issuing_key_id"]]
            refuse_if(not verifies(token.signed, network, "token", key), "signature")
        for link in packet.links:
            key = link.coin.owner_key
            refuse_if(not verifies(link.payment.signed, network, "payment", key), "signature")


def root_of(token):
    return Coin(token.fields["serial"], root_coin(token.id), token.fields["amount"],
                token.fields["owner_key"], 0, 0, token)


def made_by(packet, payment, coin):
    """The coins that a payment of this coin makes."""
    made = []
    for output, coin_id in zip(payment.fields["outputs"], packet.coins_of(payment)):
        hops = coin.hops + (output["key"] != coin.owner_key)
        made.append(Coin(coin.serial, coin_id, output["amount"], output["key"], hops,
                         coin.depth + 1, coin.token))
    return made


def check_twice(packet):
    spent = Counter(payment.fields["coin_id"] for payment in packet.payments)
    roots = Counter(token.id for token in packet.tokens)
    if max([*spent.values(), *roots.values()]) > 1:
        raise Refused("twice")


def check_sums(packet):
    for link in packet.links:
        refuse_if(sum(coin.amount for coin in link.made) != link.coin.amount, "sum")
