"""Orders, proofs and the register's signed word (PROTOCOL.md 6.1, 7.4, 7.7)."""

from hashlib import sha256

from records import decode
from refused import fault_of, refuse_first, refuse_if
from signing import key_is_valid, open_signed, read, record_id, verifies

SIZE_MAX = 65536
LEAVES_MAX = 16384


def decode_order(data, kind):
    refuse_if(len(data) > SIZE_MAX, "limit")
    return decode(data, kind)


def check_exchange(order, directory):
    keys = [output["key"] for output in order["outputs"]]
    refuse_if(not all(map(key_is_valid, keys)), "point")
    refuse_if(directory.register_key in keys, "order")


def check_funded(data, kind, packet, directory):
    """packet: genuine for the register."""
    order_id = record_id(directory.network, kind, data)
    leaves = packet.leaves()
    for index, link in enumerate(packet.links):
        is_input = link.made[0].owner_key == directory.register_key
        refuse_if(is_input != (index in leaves), "order")
        refuse_if(is_input and link.payment.fields["reference"] != order_id, "order")


def forked_by(payment_a, payment_b):
    """What two payments of one key prove."""
    same_coin = all(payment_a.fields[name] == payment_b.fields[name]
                    for name in ("serial", "coin_id"))
    same_counter = payment_a.fields["counter"] == payment_b.fields["counter"]
    refuse_if(payment_a.id == payment_b.id or not (same_coin or same_counter), "chain")
    return "double_spend" if same_coin else "clone"


def check_proof_certificates(bank, wallet, network, root_key):
    refuse_if(not verifies(bank.signed, network, "bank_certificate", root_key), "certificate")
    if wallet:
        refuse_if(wallet.fields["bank_id"] != bank.fields["bank_id"], "certificate")
        bank_key = bank.fields["bank_key"]
        refuse_if(not verifies(wallet.signed, network, "wallet_certificate", bank_key),
                  "certificate")


def read_all(network, *pairs):
    """The records of (COSE_Sign1, kind) that are there; the first at fault refuses."""
    return [read(signed, network, kind) if signed else None for signed, kind in pairs]


def check_proof(data, network, root_key):
    """The key that a proof names, what it proves, and its two payments."""
    refuse_if(len(data) > SIZE_MAX, "limit")
    proof = decode(data, "proof")
    certificates = [(proof["bank_certificate"], "bank_certificate"),
                    (proof["wallet_certificate"], "wallet_certificate")]
    payments = [(proof[name], "payment") for name in ("payment_a", "payment_b")]
    refuse_first([fault_of(read_all, network, *pairs) for pairs in (certificates, payments)])
    bank, wallet = read_all(network, *certificates)
    payments = read_all(network, *payments)
    fraud = forked_by(*payments)
    key = wallet.fields["wallet_key"] if wallet else bank.fields["vault_key"]
    refuse_if(not key_is_valid(key), "point")
    check_proof_certificates(bank, wallet, network, root_key)
    for payment in payments:
        refuse_if(not verifies(payment.signed, network, "payment", key), "signature")
    return key, fraud, payments


def leaf_hash(data):
    return sha256(b"\0" + data).digest()


def node_hash(left, right):
    return sha256(b"\1" + left + right).digest()


def root_by_path(data, index, count, path):
    """The root that a path leads to; None if it is no path of this place."""
    if index >= count:
        return None
    place, last, root = index, count - 1, leaf_hash(data)
    for step in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            root = node_hash(step, root)
            while place and place % 2 == 0:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, step)
        place, last = place >> 1, last >> 1
    return root if last == 0 else None


def open_settled(data, placed, leaf_data, directory):
    """placed: the decoded placed_leaf, whose leaf is encoded as leaf_data."""
    settled = open_signed(data, directory.network, "settled", directory.register_key)
    count, root = settled.fields["count"], settled.fields["merkle_root"]
    refuse_if(count > LEAVES_MAX, "signature")
    refuse_if(root_by_path(leaf_data, placed["index"], count, placed["path"]) != root, "signature")
    return settled
