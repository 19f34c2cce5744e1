"""Keys, signatures, ids, and opening a signed record (PROTOCOL.md 2.2, 3.2, 4.1)."""

from collections import namedtuple
from functools import lru_cache
from hashlib import sha256

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from records import PROTECTED, decode, decode_signed
from refused import refuse_if

P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551

Opened = namedtuple("Opened", "kind fields id signed")


@lru_cache(maxsize=None)
def key_is_valid(key):
    """33 bytes that are a compressed point of P-256."""
    x = int.from_bytes(key[1:], "big")
    if len(key) != 33 or key[0] not in (2, 3) or x >= P:
        return False
    return pow((x**3 - 3 * x + B) % P, (P - 1) // 2, P) in (0, 1)


@lru_cache(maxsize=None)
def loaded(key):
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)


def key_id(key):
    return sha256(key).digest()[:8]


def external_aad(network, kind):
    return f"dcep/1/{network}/{kind}".encode("ascii")


def record_id(network, kind, payload):
    return sha256(external_aad(network, kind) + b"\0" + payload).digest()


def root_coin(token_id):
    return sha256(b"coin-root" + token_id).digest()


def output_coin(payment_id, index):
    return sha256(b"coin" + payment_id + index.to_bytes(2, "big")).digest()


@lru_cache(maxsize=None)
def verifies(signed, network, kind, key):
    """Whether the signature is the key's. An invalid key verifies nothing."""
    r, s = (int.from_bytes(half, "big") for half in (signed.signature[:32], signed.signature[32:]))
    if not key_is_valid(key) or not 0 < r < N or not 0 < s < N:
        return False
    structure = ["Signature1", PROTECTED, external_aad(network, kind), signed.payload]
    try:
        loaded(key).verify(encode_dss_signature(r, s), cbor2.dumps(structure), ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def read(signed, network, kind):
    """An embedded record: its payload decoded, its id; the signature is not looked at."""
    return Opened(kind, decode(signed.payload, kind), record_id(network, kind, signed.payload),
                  signed)


def check_signature(opened, network, key):
    refuse_if(not key_is_valid(key), "point")
    refuse_if(not verifies(opened.signed, network, opened.kind, key), "signature")


def open_signed(data, network, kind, key):
    """A signed record that stands for itself (4.1)."""
    opened = read(decode_signed(data), network, kind)
    check_signature(opened, network, key)
    return opened
