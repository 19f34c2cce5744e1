"""What the vectors do not reach: the strict scan, keys, signatures, trees."""

import random

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

from evidence import leaf_hash, node_hash, root_by_path
from records import decode, decode_signed, unwrap
from refused import Refused, fault_of
from signing import N, P, key_is_valid, read, verifies
from strict_cbor import scan
from vectors import body_of

NESTED_12 = "81" * 12 + "00"
# What the first pass says of these inputs.
FIRST_PASS = {
    None: ["00", "17", "1818", "1bffffffffffffffff", "f6", "40", "60", "80", "a0", "d200",
           "64f48fbfbf", NESTED_12, "81" * 12 + "a0", "d2" * 12 + "00"],
    "parse": ["", "18", "41", "61", "81", "1c", "5d", "de", "fe", "1f", "3f", "df00", "f800",
              "f8ff", "f816", "20", "3800", "f90000", "fa00000000", "f4", "f5", "f7", "e0",
              "a10000", "b80100", "5801", "d100", "d818", "61ff", "62c080", "63eda080",
              "64f4908080", "0000", "9bffffffffffffffff00", "822018", "81" * 12 + "20"],
    "canonical": ["5fff", "7fff", "9fff", "bfff", "ff", "82005f", "1800", "1900ff", "1a0000ffff",
                  "1b00000000ffffffff", "580100", "9800", "b800", "d81200", "d81100", "7801ff",
                  "82180020", "82" * 12 + "00ff"],
    "limit": ["81" * 12 + "80", "81" * 13 + "20", "d2" * 13],
}


def test_first_pass():
    for verdict, texts in FIRST_PASS.items():
        for text in texts:
            found = fault_of(scan, bytes.fromhex(text))
            assert found == verdict, f"{text}: {found}, not {verdict}"


def random_bytes(source):
    """Input that is often CBOR."""
    heads = [0x00, 0x18, 0x40, 0x41, 0x58, 0x61, 0x80, 0x81, 0x82, 0x98, 0xa0, 0xd2, 0xf6]
    return bytes(source.choice(heads) if source.random() < 0.7 else source.randrange(256)
                 for _ in range(source.randrange(1, 12)))


def test_one_spelling():
    """What the scan takes, another encoder spells with the same bytes."""
    source, taken = random.Random(1), 0
    for _ in range(50000):
        data = random_bytes(source)
        try:
            item = scan(data)
        except Refused:
            continue
        taken += 1
        assert cbor2.dumps(body_of(item), canonical=True) == data, data.hex()
    assert taken > 1000


def test_keys():
    """Against the other library's idea of a point."""
    source, valid = random.Random(2), 0
    for _ in range(300):
        key = bytes([source.choice((2, 3, 2, 3, 0, 4, 5))]) + source.randbytes(32)
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
            loads = True
        except ValueError:
            loads = False
        assert key_is_valid(key) == loads, key.hex()
        valid += loads
    assert 50 < valid < 250
    assert not key_is_valid(b"\2" + P.to_bytes(32, "big"))
    assert not key_is_valid(b"\0") and not key_is_valid(b"")


def tree(leaves):
    """The definition, not the shortcut."""
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree(leaves[:half]), tree(leaves[half:]))


def path_to(index, leaves):
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return path_to(index, leaves[:half]) + [tree(leaves[half:])]
    return path_to(index - half, leaves[half:]) + [tree(leaves[:half])]


def test_paths():
    """Every leaf of every small tree is found by its path, at its place, and nowhere else."""
    for count in range(1, 34):
        leaves = [bytes([number]) for number in range(count)]
        root = tree(leaves)
        for index, leaf in enumerate(leaves):
            path = path_to(index, leaves)
            assert root_by_path(leaf, index, count, path) == root
            assert root_by_path(leaf, count, count, path) is None
            for place in range(count):
                if place != index:
                    assert root_by_path(leaf, place, count, path) != root
            assert root_by_path(leaf, index, count, path + [root]) != root
            if path:
                assert root_by_path(leaf, index, count, path[:-1]) != root


def test_known_tree():
    """The eight leaves with which Certificate Transparency tests its trees."""
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
              "606162636465666768696a6b6c6d6e6f"]
    root = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert tree([bytes.fromhex(leaf) for leaf in leaves]).hex() == root


def signature_cases(signed):
    r, s = signed.signature[:32], int.from_bytes(signed.signature[32:], "big")
    yield r + (N - s).to_bytes(32, "big"), True
    yield r + bytes(32), False
    yield bytes(32) + signed.signature[32:], False
    yield r + N.to_bytes(32, "big"), False
    yield signed.signature[32:] + r, False
    if s + N < 1 << 256:
        yield r + (s + N).to_bytes(32, "big"), False


def test_signatures(vectors):
    vector = vectors["payment-ok"]
    signed = decode_signed(bytes.fromhex(vector["bytes"]))
    key = bytes.fromhex(vector["signer"])
    for signature, good in signature_cases(signed):
        other = signed._replace(signature=signature)
        assert verifies(other, vector["network"], "payment", key) is good
        assert read(other, vector["network"], "payment").id.hex() == vector["id"]
    assert not verifies(signed, "elsewhere", "payment", key)
    assert not verifies(signed, vector["network"], "request", key)


def test_every_record_spells_itself(vectors):
    """Accepted bytes are what the other encoder makes of them."""
    for vector in vectors.values():
        if vector["verdict"] == "ok":
            data = bytes.fromhex(vector["bytes"])
            assert cbor2.dumps(body_of(scan(data)), canonical=True) == data


def test_invoice_and_confirmation(vectors):
    """Files that no vector shows, from records that vectors show; and wrapped, as they travel."""
    parts = [cbor2.loads(bytes.fromhex(vectors[name]["bytes"]))
             for name in ("receipt-ok", "request-ok", "certificate-ok")]
    confirmation = cbor2.dumps(parts)
    assert decode(confirmation, "confirmation")["receipt"].payload == parts[0].value[2]
    assert decode(cbor2.dumps(parts[1:2] + [None]), "invoice")["certificate"] is None
    assert fault_of(decode, cbor2.dumps([None, None]), "invoice") == "parse"
    wrapped = cbor2.dumps([1, "demo", "confirmation", parts])
    assert cbor2.dumps(body_of(unwrap(wrapped, "demo", "confirmation"))) == confirmation


def cases(vectors):
    """(name, test) of each."""
    for test in (test_first_pass, test_one_spelling, test_keys, test_paths, test_known_tree):
        yield test.__name__, test
    for test in (test_signatures, test_every_record_spells_itself, test_invoice_and_confirmation):
        yield test.__name__, lambda test=test: test(vectors)
