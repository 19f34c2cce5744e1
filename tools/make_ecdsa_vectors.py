#!/usr/bin/python3
"""Make tests/vectors/ecdsa_p256_sha256.json: ECDSA P-256/SHA-256 vectors at the edges.

The arithmetic here is its own (plain integers, slow and readable), so that a vector's verdict does
not come from a library under test. Every verdict is checked against python3-cryptography as well.
The output is the same at each run: secrets come from labels, nonces from RFC 6979.

How a signature gets a chosen r and s: take any point R with x(R) = r mod n, any s, the message's
hash h; then Q = (s R - h G) / r is a public key under which (r, s) verifies (key recovery).

usage: tools/make_ecdsa_vectors.py [OUTPUT]
"""
import hashlib
import hmac
import json
import sys

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
TOP = 2**256 - 1


# ---- the curve; None is infinity ----

def add(a, b):
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def mul(k, point):
    result = None
    for bit in bin(k % N)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def negative(point):
    return point[0], -point[1] % P


def lift(x, odd=0):
    """The point with this x, or None if there is none (or x is no field element)."""
    if x >= P:
        return None
    square = (x * x * x - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        return None
    return x, y if y % 2 == odd else P - y


def compress(point):
    return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")


# ---- ECDSA ----

def hash_of(message):
    return int.from_bytes(hashlib.sha256(message).digest(), "big")


def scalar(label):
    return int.from_bytes(hashlib.sha512(b"dcep vectors " + label.encode()).digest(), "big") % N


def rfc6979(d, message):
    """k of RFC 6979 section 3.2, SHA-256."""
    seed = d.to_bytes(32, "big") + (hash_of(message) % N).to_bytes(32, "big")
    k, v = bytes(32), b"\x01" * 32

    def mac(data):
        return hmac.new(k, data, hashlib.sha256).digest()

    for tag in (b"\x00", b"\x01"):
        k = mac(v + tag + seed)
        v = mac(v)
    while True:
        v = mac(v)
        candidate = int.from_bytes(v, "big")
        if 0 < candidate < N:
            return candidate
        k = mac(v + b"\x00")
        v = mac(v)


def sign(d, message, k=None):
    k = k or rfc6979(d, message)
    r = mul(k, G)[0] % N
    return r, pow(k, -1, N) * (hash_of(message) + r * d) % N


def verify(point, message, r, s):
    if not (0 < r < N and 0 < s < N):
        return False
    w = pow(s, -1, N)
    total = add(mul(hash_of(message) * w, G), mul(r * w, point))
    return total is not None and total[0] % N == r


def recover(big_r, s, message):
    """The key under which (x(R) mod n, s) verifies."""
    r = big_r[0] % N
    return mul(pow(r, -1, N), add(mul(s, big_r), negative(mul(hash_of(message), G))))


# ---- an independent second opinion ----

def library_says(key, message, r, s):
    from cryptography.exceptions import InternalError, InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        public.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, InternalError, ValueError):
        return False
    return True


# ---- the vectors ----

class Vectors:
    def __init__(self):
        self.tests = []

    def put(self, comment, flag, key, message, signature, valid):
        self.tests.append({
            "tcId": len(self.tests) + 1, "comment": comment, "flags": [flag], "key": key.hex(),
            "msg": message.hex(), "sig": signature.hex(), "result": "valid" if valid else "invalid",
        })

    def judge(self, comment, flag, point, message, r, s, expected=None):
        """A vector whose verdict the arithmetic above gives, and the library confirms."""
        key = compress(point)
        valid = verify(point, message, r, s)
        assert valid == library_says(key, message, r, s), comment
        assert expected is None or valid == expected, comment
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        self.put(comment, flag, key, message, signature, valid)


def published(vectors):
    """RFC 6979 A.2.5, copied from the RFC; the arithmetic must arrive at the same numbers."""
    d = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    rows = (
        (b"sample",
         0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
         0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8),
        (b"test",
         0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
         0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083),
    )
    point = mul(d, G)
    assert point[0] == 0x60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6
    for message, r, s in rows:
        assert sign(d, message) == (r, s)
        vectors.judge(f"RFC 6979 A.2.5, {message.decode()}", "Published", point, message, r, s,
                      True)


def plain(vectors):
    d = scalar("plain")
    point = mul(d, G)
    for message in (b"", b"a", b"abc", bytes(55), bytes(56), bytes(64), b"\xff" * 1000):
        r, s = sign(d, message)
        what = f"message of {len(message)} bytes"
        vectors.judge(what, "Plain", point, message, r, s, True)
        vectors.judge(f"{what}, one more byte", "Plain", point, message + b"\0", r, s, False)


def ranges(vectors):
    d = scalar("ranges")
    point, message = mul(d, G), b"123400"
    r, s = sign(d, message)
    edges = {"0": 0, "1": 1, "2": 2, "n-1": N - 1, "n": N, "n+1": N + 1, "p": P, "p+1": P + 1,
             "2^256-1": TOP}
    for name, edge in edges.items():
        vectors.judge(f"r = {name}", "Range", point, message, edge, s, False)
        vectors.judge(f"s = {name}", "Range", point, message, r, edge, False)
    for r_name, r_edge in edges.items():
        for s_name in ("0", "1", "n-1", "n", "p"):
            vectors.judge(f"r = {r_name}, s = {s_name}", "Range", point, message, r_edge,
                          edges[s_name], False)


def altered(vectors):
    d = scalar("altered")
    point, message = mul(d, G), b"altered"
    r, s = sign(d, message)
    judge = vectors.judge
    judge("s replaced by n - s", "Malleable", point, message, r, N - s, True)
    judge("r replaced by n - r", "Altered", point, message, N - r, s, False)
    judge("r negative, two's complement", "Altered", point, message, 2**256 - r, s, False)
    judge("s negative, two's complement", "Altered", point, message, r, 2**256 - s, False)
    judge("r and s exchanged", "Altered", point, message, s, r, False)
    judge("1/r", "Altered", point, message, pow(r, -1, N), s, False)
    judge("1/s", "Altered", point, message, r, pow(s, -1, N), False)
    judge("r plus one", "Altered", point, message, r + 1, s, False)
    judge("s plus one", "Altered", point, message, r, s + 1, False)
    judge("r = s", "Altered", point, message, r, r, False)
    judge("the mirrored key", "Altered", negative(point), message, r, s, False)
    judge("another key", "Altered", mul(d + 1, G), message, r, s, False)
    judge("key d^-1", "Altered", mul(pow(d, -1, N), G), message, r, s, False)


def large_x(vectors):
    """x(R) between n and p: r = x(R) - n is tiny, and r + n must be refused though it is x(R)."""
    message = b"large x"
    found = 0
    for t in range(1, 200):
        big_r = lift(N + t)
        if big_r is None:
            continue
        key = recover(big_r, scalar("large x"), message)
        s = scalar("large x")
        vectors.judge(f"x(R) = n + {t}, r = {t}", "LargeX", key, message, t, s, True)
        vectors.judge(f"x(R) = n + {t}, r = x(R)", "LargeX", key, message, N + t, s, False)
        found += 1
        if found == 4:
            break
    top = next(x for x in range(P - 1, 0, -1) if lift(x))
    key = recover(lift(top), s, message)
    vectors.judge("x(R) the largest there is", "LargeX", key, message, top - N, s, True)


def small_r(vectors):
    """x(R) = r is tiny itself: r + n fits into 32 bytes and must be refused."""
    message, s = b"small r", scalar("small r")
    small = [x for x in range(1, 40) if lift(x)][:3]
    for x in small:
        key = recover(lift(x, x % 2), s, message)
        vectors.judge(f"r = {x}", "SmallR", key, message, x, s, True)
        vectors.judge(f"r = {x} + n", "SmallR", key, message, x + N, s, False)
    x = small[0]
    for name, s in (("1", 1), ("2", 2), ("n-1", N - 1), ("n-2", N - 2), ("n/2", N // 2),
                    ("n/2+1", N // 2 + 1)):
        key = recover(lift(x), s, message)
        vectors.judge(f"r = {x}, s = {name}", "SmallR", key, message, x, s, True)
    key = recover(lift(x), 1, message)  # good with s = 1: what stands for 1 must not do as well
    for name, s in (("0", 0), ("n", N), ("n+1", N + 1), ("2n mod 2^256", 2 * N % 2**256),
                    ("2^256-1", TOP)):
        vectors.judge(f"good with s = 1, but s = {name}", "Range", key, message, x, s, False)


def factors(vectors):
    """Chosen u1 = h/s and u2 = r/s."""
    message = b"factors"
    h = hash_of(message) % N
    big_r = mul(scalar("factors"), G)
    r = big_r[0] % N
    small = {"1": 1, "2": 2, "3": 3, "4": 4, "7": 7, "8": 8, "16": 16, "2^32": 2**32,
             "2^128": 2**128, "2^128-1": 2**128 - 1, "2^255": 2**255, "n-1": N - 1, "n-2": N - 2,
             "n-3": N - 3, "n/2": N // 2, "n/2+1": N // 2 + 1}
    for name, u in small.items():
        s = h * pow(u, -1, N) % N
        vectors.judge(f"u1 = {name}", "Factor", recover(big_r, s, message), message, r, s, True)
        s = r * pow(u, -1, N) % N
        vectors.judge(f"u2 = {name}", "Factor", recover(big_r, s, message), message, r, s, True)
    for number in range(100):  # u1 = u2: the hash must be an x, and r is that hash
        message = b"equal factors %d" % number
        h = hash_of(message)
        if h < N and lift(h):
            s = scalar("equal")
            key = recover(lift(h), s, message)
            vectors.judge("u1 = u2", "Factor", key, message, h, s, True)
            message2 = message + b"?"
            vectors.judge("u1 = u2, other message", "Factor", key, message2, h, s, False)
            break


def meetings(vectors):
    """u1 G and u2 Q meet: equal (the sum is a doubling) or opposite (the sum is infinity)."""
    message = b"meeting"
    h = hash_of(message) % N
    for label in ("a", "b", "c"):
        k = scalar("meeting " + label)
        r = mul(k, G)[0] % N
        d = h * pow(r, -1, N) % N
        s = 2 * h * pow(k, -1, N) % N
        vectors.judge(f"u1 G = u2 Q ({label})", "Doubling", mul(d, G), message, r, s, True)
        vectors.judge(f"u1 G = -u2 Q ({label})", "Infinity", mul(-d, G), message, r, s, False)
    for r in (1, 2, 7, N - 1):
        point = mul(-h * pow(r, -1, N), G)
        vectors.judge(f"infinity with r = {r}, s = 1", "Infinity", point, message, r, 1, False)
        vectors.judge(f"infinity with r = s = {r}", "Infinity", point, message, r, r, False)


def keys(vectors):
    """Keys next to the generator and next to the order of the group."""
    message = b"keys"
    for name, d in (("1", 1), ("2", 2), ("3", 3), ("4", 4), ("n-1", N - 1), ("n-2", N - 2),
                    ("n-3", N - 3), ("(n-1)/2", (N - 1) // 2), ("(n+1)/2", (N + 1) // 2),
                    ("2^255", 2**255), ("2^128", 2**128)):
        r, s = sign(d, message)
        vectors.judge(f"private key {name}", "Key", mul(d, G), message, r, s, True)
        vectors.judge(f"private key {name}, s + 1", "Key", mul(d, G), message, r, s + 1, False)
    for name, k in (("1", 1), ("2", 2), ("n-1", N - 1), ("(n+1)/2", (N + 1) // 2)):
        d = scalar("nonces")
        r, s = sign(d, message, k)
        vectors.judge(f"nonce {name}", "Nonce", mul(d, G), message, r, s, True)


def rare_coordinates(vectors):
    """Keys whose x or y begins or ends with 14 equal bits."""
    bits, message = 14, b"coordinates"
    wanted = {}
    for axis in (0, 1):
        for name, test in (("begins with zeros", lambda v: v >> (256 - bits) == 0),
                           ("begins with ones", lambda v: (v + 1) >> (256 - bits) == 2**bits - 1),
                           ("ends with zeros", lambda v: v % 2**bits == 0),
                           ("ends with ones", lambda v: v % 2**bits == 2**bits - 1)):
            wanted["xy"[axis] + " " + name] = (axis, test)
    d, point = 0, None
    while wanted:
        d, point = d + 1, add(point, G)
        for name in [w for w, (axis, test) in wanted.items() if test(point[axis])]:
            del wanted[name]
            r, s = sign(d, message)
            vectors.judge(f"key: {name}", "Coordinates", point, message, r, s, True)
            vectors.judge(f"key: {name}, mirrored", "Coordinates", negative(point), message, r, s,
                          False)


def special_hashes(vectors):
    """Numerals whose SHA-256 has 32 zero or one bits in a row; the last one's is above n."""
    d = scalar("hashes")
    point = mul(d, G)
    for numeral in (426479724, 7138684891, 3949401215, 343688712, 1564346603, 3463006878,
                    6666307104, 1846597195, 1652100524, 6343913468, 953904105, 978848039,
                    1054240705, 1967561251, 3610672442):
        message = str(numeral).encode()
        digest = hashlib.sha256(message).hexdigest()
        assert "00000000" in digest or "ffffffff" in digest
        r, s = sign(d, message)
        where = " (hash above n)" if hash_of(message) >= N else ""
        vectors.judge(f"hash {digest[:24]}...{where}", "Hash", point, message, r, s, True)
    assert hash_of(message) >= N
    for name, u in (("1", 1), ("n-1", N - 1)):  # the reduced hash decides, not the raw one
        big_r = mul(scalar("high hash"), G)
        s = hash_of(message) * pow(u, -1, N) % N
        vectors.judge(f"hash above n, u1 = {name}", "Hash", recover(big_r, s, message), message,
                      big_r[0] % N, s, True)


def bad_keys(vectors):
    """Bytes that are no key: refused whatever the signature says."""
    d = scalar("bad keys")
    message, point = b"bad keys", mul(d, G)
    r, s = sign(d, message)
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    good = compress(point)
    off = next(x for x in range(1, 100) if not lift(x))
    on = next(x for x in range(1, 100) if lift(x))

    def put(comment, key):
        vectors.put(comment, "BadKey", key, message, signature, False)

    for prefix in (0x00, 0x01, 0x04, 0x05, 0x06, 0x07, 0x12, 0x82, 0xFF):
        put(f"prefix {prefix:02x}", bytes([prefix]) + good[1:])
    for prefix in (2, 3):
        for name, x in ((f"{off}, no point", off), ("p", P), ("p + 1", P + 1),
                        (f"p + {on}, a point once reduced", P + on), ("2^256 - 1", TOP)):
            put(f"x = {name}, prefix {prefix:02x}", bytes([prefix]) + x.to_bytes(32, "big"))
    put("all zero", bytes(33))
    put("32 bytes", good[:32])
    put("34 bytes", good + b"\0")
    put("empty", b"")
    put("infinity in one byte", b"\0")
    put("uncompressed", b"\4" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big"))


def lengths(vectors):
    d = scalar("lengths")
    message, point = b"lengths", mul(d, G)
    r, s = sign(d, message)
    r, s = r.to_bytes(32, "big"), s.to_bytes(32, "big")

    def put(comment, signature):
        vectors.put(comment, "Length", compress(point), message, signature, False)

    put("empty", b"")
    put("r only", r)
    put("63 bytes", (r + s)[:63])
    put("65 bytes", r + s + b"\0")
    put("a zero in front of each half", b"\0" + r + b"\0" + s)
    put("twice", r + s + r + s)
    put("DER", b"\x30\x44\x02\x20" + r + b"\x02\x20" + s)


def main():
    output = sys.argv[1] if len(sys.argv) > 1 else "tests/vectors/ecdsa_p256_sha256.json"
    vectors = Vectors()
    for part in (published, plain, ranges, altered, large_x, small_r, factors, meetings, keys,
                 rare_coordinates, special_hashes, bad_keys, lengths):
        part(vectors)
    text = json.dumps({
        "algorithm": "ECDSA", "curve": "secp256r1", "sha": "SHA-256",
        "signatures": "r || s, 64 bytes", "keys": "compressed, 33 bytes",
        "generator": "tools/make_ecdsa_vectors.py", "numberOfTests": len(vectors.tests),
        "tests": vectors.tests,
    }, indent=1)
    with open(output, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    print(f"{len(vectors.tests)} vectors")


if __name__ == "__main__":
    main()
