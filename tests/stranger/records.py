"""The records (PROTOCOL.md sections 4, 5.1, 7.4, 7.7, 10) and the second pass of decoding (3.4).

A decoded record is a dict of its fields. In a directory and a revocation list, "version" is that of
the list; the record's own is 1 and is not kept.
"""

import re
from collections import namedtuple

from refused import Refused, refuse_if
from strict_cbor import EMPTY_MAP, Tag18, scan

INTEGER_MAX = 2**53 - 1
SIZES = {"id": 32, "key": 33, "key_id": 8, "nonce": 16}
PROTECTED = bytes.fromhex("a10126")
SIGNATURE_SIZE = 64
UNBOUNDED = 2**64

# name: field type, field type, ... in the words of the paper's tables.
TABLES = """
output: amount amount, key key
token: version version, issuing_key_id key_id, serial uint(1..), amount amount, owner_key key, \
issued_day uint, spend_by_day uint, redeem_by_day uint, purpose uint(1..65535) / null
payment: version version, serial uint(1..), coin_id id, outputs list(1..4) of output, \
reference id / null, counter uint, paid_day uint, revocations_version uint
request: version version, payee_key key, amount amount, nonce nonce, made_at uint, \
expires_at uint, memo text(0..140), directory_version uint, revocations_version uint, \
hops_max uint, coins_max uint(1..16)
receipt: version version, request_id id, payment_ids list(1..16) of id, received_at uint
withdrawal: version version, withdrawal_id nonce, wallet_key key, amount amount, \
amounts list(1..64) of amount, made_at uint
exchange: version version, outputs list(1..64) of output, nonce nonce, made_at uint
redeem: version version, bank_id uint(1..), amount amount, nonce nonce, made_at uint
issue: version version, order_id nonce, outputs list(1..64) of output, made_at uint
settled: version version, merkle_root id, count uint(1..), made_at uint
held_coin: key_index uint(0..63), state uint(0..255), serial uint(1..), coin_id id, amount amount, \
redeem_by_day uint, purpose uint(1..65535) / null
holdings: version version, question_id id, coins list(0..256) of held_coin, more uint(0..1), \
made_at uint
refund_result: status uint(0..255), redeem_by_day uint, token_coin_id id / null
refunds: version version, question_id id, results list(1..64) of refund_result, made_at uint
ownership: version version, key key, after_serial uint, after_coin_id id, made_at uint
certificate_request: version version, new_key key, previous_key key / null, holder uint(0..1), \
element bytes(1..1536) / null, made_at uint
recovery: version version, recovery_key key, wallet_key key, made_at uint
limits: held_max amount0, payment_max amount0, day_max amount0
wallet_certificate: version version, bank_id uint(1..), wallet_key key, tier uint(1..16), \
holder uint(0..1), limits limits, not_before_day uint, not_after_day uint, label text(1..64) / null
bank_certificate: version version, bank_id uint(1..), bank_key key, vault_key key, \
name text(1..64), not_before_day uint, not_after_day uint
tier: tier uint(1..16), limits limits
policy: payment_version_max uint(1..), offline_payment_max amount, offline_total_max amount, \
element_payment_max amount, element_total_max amount, \
compensation_max amount0, hops_max uint(1..64), depth_max uint(1..64), \
spend_by_days uint(1..36500), redeem_by_days uint(1..36500), certificate_days uint(1..3650), \
archive_days uint(1..36500), tiers list(1..16) of tier
directory: version version, version uint(1..), issuing_keys list(1..256) of key, \
register_key key, revocation_key key, bank_certificates list(0..256) of signed bank_certificate, \
policy policy, next_root_key_hash id, made_at uint, not_after uint
revocation: key_id key_id, reason uint(0..255), since_day uint, until_day uint
revocations: version version, version uint(1..), entries list(0..16384) of revocation, made_at uint
bank_request: version version, name text(1..64), bank_key key, vault_key key, \
tls_public_key bytes(1..4096), made_at uint
call: version version, call_id nonce, sender_key_id key_id, verb uint(1..255), \
body bytes(0..1048576), made_at uint
packet: tokens list(0..16) of signed token, payments list(0..64) of signed payment, \
certificates list(0..64) of signed wallet_certificate, directory_version uint
proof: wallet_certificate signed wallet_certificate / null, \
bank_certificate signed bank_certificate, payment_a signed payment, payment_b signed payment
leaf: coin_id id, payment_id id, outcome uint(0..255)
placed_leaf: leaf leaf, index uint, path list(0..32) of id
invoice: request signed request, certificate signed wallet_certificate / null
confirmation: receipt signed receipt, request signed request, \
certificate signed wallet_certificate / null
join: version version, root_key key, bank_id uint(1..), bank_name text(1..64), \
address text(1..255), tls_name text(1..63), tls_certificate bytes(1..4096), code nonce, \
expires_at uint
enrollment: by_bank_key signed bank_request, by_vault_key signed bank_request
admission: version version, root_key key, bank_certificate signed bank_certificate, \
directory signed directory, address text(1..255), tls_name text(1..63), \
tls_authority bytes(1..4096), tls_certificate bytes(1..4096)
bundle: messages list(2..16) of bytes(1..1048576)
sightings: version version, salt nonce, tags bytes(0..8192)
"""

SIGNED_KINDS = frozenset((
    "token payment request receipt withdrawal certificate_request wallet_certificate "
    "bank_certificate directory settled call ownership bank_request recovery "
    "revocations holdings refunds"
).split())
UNSIGNED_KINDS = frozenset((
    "exchange redeem issue packet proof invoice confirmation join enrollment admission "
    "bundle sightings"
).split())

Type = namedtuple("Type", "name low high of nullable")
Signed = namedtuple("Signed", "payload signature")


def parsed_type(text):
    """From list(0..16) of signed token / null to a Type."""
    nullable = text.endswith(" / null")
    words, _, of = text.removesuffix(" / null").partition(" of ")
    bounds = re.fullmatch(r"(\w+)\((\d+)\.\.(\d*)\)", words)
    if bounds:
        name, low, high = bounds.groups()
        high = int(high) if high else INTEGER_MAX
        return Type(name, int(low), high, parsed_type(of) if of else None, nullable)
    name, _, of = words.partition(" ")
    low = 1 if name == "amount" else 0
    return Type(name, low, INTEGER_MAX, of or None, nullable)


def parsed_tables():
    tables = {}
    for line in TABLES.strip().splitlines():
        name, _, fields = line.partition(": ")
        pairs = (field.split(" ", 1) for field in fields.split(", "))
        tables[name] = [(field, parsed_type(text)) for field, text in pairs]
    return tables


FIELDS = parsed_tables()


def integer(item, kind):
    refuse_if(not isinstance(item, int), "parse")
    refuse_if(not kind.low <= item <= kind.high, "range")
    return item


def fixed(item, kind):
    refuse_if(not isinstance(item, bytes) or len(item) != SIZES[kind.name], "parse")
    return item


def sized(item, kind):
    python_type = {"bytes": bytes, "text": str, "list": list}[kind.name]
    refuse_if(not isinstance(item, python_type), "parse")
    size = len(item.encode()) if python_type is str else len(item)
    refuse_if(size < kind.low, "parse")
    refuse_if(size > kind.high, "limit")
    return item


def listed(item, kind):
    return [field(element, kind.of) for element in sized(item, kind)]


def signed(item, _kind=None):
    """A COSE_Sign1 in its one form (3.2); the payload stays opaque."""
    form = item.content if isinstance(item, Tag18) else None
    refuse_if(not isinstance(form, list) or len(form) != 4, "parse")
    protected, unprotected, payload, signature = form
    refuse_if(protected != PROTECTED or unprotected != EMPTY_MAP, "parse")
    refuse_if(not isinstance(payload, bytes) or not payload, "parse")
    refuse_if(not isinstance(signature, bytes) or len(signature) != SIGNATURE_SIZE, "parse")
    return Signed(payload, signature)


def version(item, _kind=None):
    refuse_if(not isinstance(item, int), "parse")
    refuse_if(item != 1, "version")
    return item


READERS = {
    "version": version, "uint": integer, "amount": integer, "amount0": integer,
    "bytes": sized, "text": sized, "list": listed, "signed": signed,
} | dict.fromkeys(SIZES, fixed)


def field(item, kind):
    if item is None and kind.nullable:
        return None
    if kind.name in READERS:
        return READERS[kind.name](item, kind)
    return record(item, kind.name)


def record(item, name):
    """The second pass over one record."""
    fields = FIELDS[name]
    refuse_if(not isinstance(item, list) or not item, "parse")
    if fields[0][0] == "version":
        version(item[0])
    refuse_if(len(item) != len(fields), "parse")
    return {key: field(element, kind) for (key, kind), element in zip(fields, item)}


def decode(data, name):
    """Both passes over the encoding of an unsigned record, or of a payload."""
    return record(scan(data), name)


def decode_signed(data):
    """Both passes over a COSE_Sign1."""
    return signed(scan(data))


def unwrap(data, network, kind):
    """The item in a wrapper (3.3, 3.4): what the passes over the body then start from."""
    wrapper = scan(data)
    refuse_if(not isinstance(wrapper, list) or not wrapper, "parse")
    version(wrapper[0])
    refuse_if(len(wrapper) != 4, "parse")
    _, named, of_kind, body = wrapper
    refuse_if(not isinstance(named, str) or not re.fullmatch("[a-z0-9-]{1,16}", named), "parse")
    refuse_if(not isinstance(of_kind, str), "parse")
    if named != network:
        raise Refused("network")
    refuse_if(of_kind != kind, "kind")
    return body
