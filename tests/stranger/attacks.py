"""Accepted vectors, changed: none may be accepted with another meaning."""

import cbor2

from strict_cbor import scan
from vectors import Judge, body_of

# Short input is changed at every place and in every bit, longer input at so many places.
SHORT = 400

SIGNED = (
    "token-purpose-ok payment-change-ok request-ok request-vault-ok receipt-ok withdrawal-ok "
    "certificate-request-ok certificate-label-ok bank-certificate-ok bank-request-ok call-ok "
    "ownership-ok directory-ok revocations-ok settled-ok"
).split()
PROOFS = "proof-double-spend-ok proof-clone-ok proof-vault-ok".split()
PACKETS = (
    "packet-ok packet-vault-ok packet-16-leaves-ok packet-register-ok "
    "packet-register-known-coin-ok packet-register-known-root-ok accept-ok accept-vault-ok "
    "accept-5-hops-ok"
).split()
# A member of a vector that is judged beside its bytes.
BESIDE = (("settled-ok", "placed_leaf"), ("request-ok", "trust.certificate"))


def places(data):
    step = 1 if len(data) <= SHORT else len(data) / SHORT
    return [int(number * step) for number in range(min(len(data), SHORT))]


def flipped(data):
    for at in places(data):
        bits = range(8) if len(data) <= SHORT else [at * 5 % 8]
        for bit in bits:
            yield data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]


def cut(data):
    """A beginning, a byte less, a byte more."""
    for at in places(data):
        yield data[:at]
        yield data[:at] + data[at + 1:]
        yield data[:at] + data[at:at + 1] + data[at:]
    yield data + b"\0"


def with_member(vector, member, data):
    """The vector with other bytes in a member, which may be inside trust."""
    outer, _, inner = member.rpartition(".")
    if outer:
        return vector | {outer: vector[outer] | {inner: data.hex()}}
    return vector | {member: data.hex()}


def accepted(vector, member, mutants):
    """(mutant, result) of each mutant that is another one and is accepted."""
    outer, _, inner = member.rpartition(".")
    original = bytes.fromhex(vector[outer][inner] if outer else vector[member])
    for mutant in mutants(original):
        if mutant != original:
            result = Judge(with_member(vector, member, mutant)).judge()
            if result["verdict"] == "ok":
                yield mutant, result


def all_refused(vector, mutants, member="bytes"):
    for mutant, _ in accepted(vector, member, mutants):
        raise AssertionError(f"accepted: {mutant.hex()}")


def same_money(vector, mutants):
    """Of a packet directory_version may change: it is information only. Nothing else may, but for
    what a register does not look at: certificates, and the signatures of tokens in its rows."""
    original = scan(bytes.fromhex(vector["bytes"]))
    for mutant, result in accepted(vector, "bytes", mutants):
        assert result["ids"] == vector["ids"], f"other money: {mutant.hex()}"
        if vector["role"] != "register":
            assert scan(mutant)[:3] == original[:3], f"other signatures: {mutant.hex()}"


def shuffled(data):
    """A packet with an element less, twice, or swapped with the one after it."""
    lists, version = scan(data)[:3], scan(data)[3]
    for which, elements in enumerate(lists):
        for at in range(len(elements)):
            dropped = elements[:at] + elements[at + 1:]
            doubled = elements[:at + 1] + elements[at:]
            swapped = elements[:at] + elements[at:at + 2][::-1] + elements[at + 2:]
            for other in (dropped, doubled, swapped):
                packet = lists[:which] + [other] + lists[which + 1:] + [version]
                yield cbor2.dumps(body_of(packet), canonical=True)


def elements_of(ids):
    return {name: sorted(items) for name, items in ids.items()}


def same_elements(vector, mutants):
    """Another order of the same elements may be taken; one less or one more may not."""
    for mutant, result in accepted(vector, "bytes", mutants):
        same = elements_of(result["ids"]) == elements_of(vector["ids"])
        assert same, f"other money: {mutant.hex()}"


def cases(vectors):
    """(name, test) of each attack."""
    for name in SIGNED + PROOFS + ["exchange-funded-ok", "wrapper-ok"]:
        yield f"flip {name}", lambda v=vectors[name]: all_refused(v, flipped)
        yield f"cut {name}", lambda v=vectors[name]: all_refused(v, cut)
    for name, member in BESIDE:
        yield f"flip {name} {member}", lambda v=vectors[name], m=member: all_refused(v, flipped, m)
    for name in PACKETS:
        yield f"flip {name}", lambda v=vectors[name]: same_money(v, flipped)
        yield f"cut {name}", lambda v=vectors[name]: same_money(v, cut)
    for name in ("accept-ok", "accept-5-hops-ok", "accept-vault-ok"):
        yield f"shuffle {name}", lambda v=vectors[name]: same_elements(v, shuffled)
