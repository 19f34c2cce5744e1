"""Judging a test vector (spec/vectors/README.md): verdict, ids, readable twin."""

import json
from pathlib import Path

import cbor2

from acceptance import Acceptance, check_duplicate
from evidence import check_exchange, check_funded, check_proof, decode_order, open_settled
from packet import Coin, Verifier
from records import FIELDS, SIGNED_KINDS, Signed, decode, decode_signed, unwrap
from refused import Refused
from signing import open_signed, read, record_id, root_coin
from trust import good_certificate, good_request, open_directory, open_revocations

ORDERS = ("exchange", "redeem", "issue")
LEAF_FIELDS = ("coin_id", "payment_id", "outcome")


class Held:
    """What the verifier holds."""

    def __init__(self, held):
        self.coins = {place(coin) for coin in held.get("coins", [])}
        self.payments = {place(payment): bytes.fromhex(payment["payment_id"])
                         for payment in held.get("payments", [])}
        self.rows = [row_of(row) for row in held.get("rows", [])]
        self.newest_signed_time = held.get("newest_signed_time", 0)
        self.restored = held.get("restored", False)
        self.revocations_version = held.get("revocations_version", 0)


def place(entry):
    return entry["serial"], bytes.fromhex(entry["coin_id"])


def row_of(row):
    return Coin(*place(row), row["amount"], bytes.fromhex(row["owner_key"]), row["hops"],
                row["depth"], None)


def load(folder):
    """Every vector of a folder, by name."""
    paths = sorted(Path(folder).glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


class Judge:
    """One vector, and what comes to light while it is judged."""

    def __init__(self, vector):
        self.vector, self.kind, self.network = vector, vector["kind"], vector["network"]
        self.data = bytes.fromhex(vector["bytes"])
        self.held = Held(vector.get("held", {}))
        self.result = {"name": vector["name"], "kind": self.kind, "network": self.network}
        trust = vector.get("trust", {})
        self.root_key = bytes.fromhex(trust.get("root_key", ""))
        self.directory = None
        if "directory" in trust and self.kind != "directory":
            self.directory = open_directory(bytes.fromhex(trust["directory"]), self.network,
                                            self.root_key)

    def judge(self):
        """The members that the vector should have."""
        try:
            self.unwrapped()
            self.note_id()
            self.by_kind()
            self.result["verdict"] = "ok"
        except Refused as refused:
            self.result["verdict"] = refused.status
        return self.result

    def unwrapped(self):
        if self.vector.get("wrapped"):
            body = unwrap(self.data, self.network, self.kind)
            self.data = cbor2.dumps(body_of(body), canonical=True)

    def note_id(self):
        payload = self.data
        if self.kind in SIGNED_KINDS:
            payload = decode_signed(self.data).payload
        elif self.kind not in ORDERS:
            return
        self.result["id"] = record_id(self.network, self.kind, payload).hex()

    def by_kind(self):
        if self.kind in SIGNED_KINDS:
            self.signed()
        elif self.kind in ORDERS:
            self.order()
        elif self.kind == "packet":
            self.packet()
        elif self.kind == "proof":
            key, self.result["fraud"], _ = check_proof(self.data, self.network, self.root_key)
            self.result["signer"] = key.hex()
        else:
            decode(self.data, self.kind)

    def signed(self):
        if "trust" not in self.vector:
            open_signed(self.data, self.network, self.kind,
                        bytes.fromhex(self.vector["signer"]))
        elif self.kind == "directory":
            open_directory(self.data, self.network, self.root_key)
        elif self.kind == "revocations":
            open_revocations(self.data, self.directory, self.held.revocations_version)
        elif self.kind == "settled":
            self.settled()
        else:
            self.certified()

    def certified(self):
        signed = decode_signed(self.data)
        if self.kind == "wallet_certificate":
            good_certificate(signed, self.directory)
        else:
            shown = self.vector["trust"].get("certificate")
            good_request(signed, decode_signed(bytes.fromhex(shown)) if shown else None,
                         self.directory)

    def settled(self):
        placed = decode(bytes.fromhex(self.vector["placed_leaf"]), "placed_leaf")
        leaf = cbor2.dumps([placed["leaf"][name] for name in LEAF_FIELDS], canonical=True)
        open_settled(self.data, placed, leaf, self.directory)

    def order(self):
        order = decode_order(self.data, self.kind)
        if self.kind == "exchange":
            check_exchange(order, self.directory)
        if "packet" in self.vector:
            verifier = Verifier(self.directory, "register", self.held.rows)
            packet = verifier.genuine(bytes.fromhex(self.vector["packet"]))
            check_funded(self.data, self.kind, packet, self.directory)

    def packet(self):
        role = self.vector["role"]
        packet = Verifier(self.directory, role, self.held.rows).genuine(self.data)
        held = self.vector.get("held", {})
        if "receipt" in held:
            check_duplicate(packet, self.mine("receipt").fields)
        if "now" in self.vector:
            request = self.mine("request") if "request" in held else None
            acceptance = Acceptance(packet, self.directory, request, self.revoked(), self.held,
                                    self.vector["now"])
            acceptance.check(role, self.vector.get("online", False))
        self.result["ids"] = ids_of(packet)

    def mine(self, kind):
        """A request or receipt that I hold: it is good."""
        signed = decode_signed(bytes.fromhex(self.vector["held"][kind]))
        return read(signed, self.network, kind)

    def revoked(self):
        data = self.vector["trust"].get("revocations")
        if not data:
            return set()
        fields = open_revocations(bytes.fromhex(data), self.directory, 0)
        return {entry["key_id"] for entry in fields["entries"]}


def body_of(body):
    """The body of a wrapper as cbor2 writes it."""
    if isinstance(body, tuple):
        return cbor2.CBORTag(18, body_of(body.content))
    return [body_of(item) for item in body] if isinstance(body, list) else body


def ids_of(packet):
    payments = [[payment.id, *packet.coins_of(payment)] for payment in packet.payments]
    tokens = [[token.id, root_coin(token.id)] for token in packet.tokens]
    return {"tokens": [[item.hex() for item in items] for items in tokens],
            "payments": [[item.hex() for item in items] for items in payments]}


def readable(value):
    """A decoded record as the vectors' fields spell it; embedded records stay closed."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Signed):
        return readable(value._asdict())
    if isinstance(value, dict):
        return {name: readable(item) for name, item in value.items()}
    return [readable(item) for item in value] if isinstance(value, list) else value


def opened(value, kind):
    """An embedded record, or a list of them, decoded in place."""
    if isinstance(value, Signed):
        return twin_of(value.payload, kind.name if kind.of is None else kind.of)
    return [opened(item, kind.of) for item in value] if isinstance(value, list) else value


def twin_of(data, kind):
    """The readable twin of an encoded record; None if the bytes are none."""
    try:
        fields = decode(data, kind)
    except Refused:
        return None
    if kind in ("packet", "proof"):
        fields = {name: opened(fields[name], of) for name, of in FIELDS[kind]}
    return readable(fields)


def fields_of(vector):
    data, kind = bytes.fromhex(vector["bytes"]), vector["kind"]
    try:
        payload = decode_signed(data).payload if kind in SIGNED_KINDS else data
    except Refused:
        return None
    return twin_of(payload, kind)


def expected(vector):
    """The members of a vector that follow from its bytes."""
    fields = vector["fields"]
    if isinstance(fields, dict):
        fields = {name: value for name, value in fields.items() if name != "version_"}
    members = {name: vector.get(name) for name in ("verdict", "id", "ids", "fraud")}
    return members | {"fields": fields}


def differences(vector):
    """What the paper and this verifier make of a vector otherwise than the vector says."""
    found = Judge(vector).judge() | {"fields": fields_of(vector)}
    wanted = expected(vector)
    if vector.get("wrapped"):
        del wanted["id"], wanted["fields"]
    if vector["kind"] == "proof":
        wanted["signer"] = vector.get("signer")
    return [f"{name} is {found.get(name)}, not {value}"
            for name, value in wanted.items() if found.get(name) != value]
