"""QR codes as a stranger reads them: by zbarimg, a program that is not ours, and put together by
these few lines, written from docs/PROTOCOL.md section 9.6; and pictures, as far as tests draw them.
"""
import hashlib
import re
import struct
import subprocess
import zlib

BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def zbarimg(path):
    done = subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", path],
                          capture_output=True, check=False)
    return [line for line in done.stdout.decode().split("\n") if line]


def unbase45(text):
    out = bytearray()
    for at in range(0, len(text), 3):
        digits = [BASE45.index(c) for c in text[at:at + 3]]
        value = sum(d * 45 ** i for i, d in enumerate(digits))
        out += value.to_bytes(len(digits) - 1, "big")
    return bytes(out)


def cbor_item(data, at):
    major, low = data[at] >> 5, data[at] & 31
    size = {24: 1, 25: 2, 26: 4}.get(low, 0)
    value = int.from_bytes(data[at + 1:at + 1 + size], "big") if size else low
    at += 1 + size
    if major == 2:
        return data[at:at + value], at + value
    return value, at


def frame_of(text):
    data = unbase45(text[len("DCEP:"):])
    assert text.startswith("DCEP:") and data[0] == 0x86
    fields, at = [], 1
    for _ in range(6):
        value, at = cbor_item(data, at)
        fields.append(value)
    assert at == len(data) and fields[0] == 1
    return fields[1:]


def times(a, b):
    out = 0
    while b:
        if b & 1:
            out ^= a
        a, b = a << 1, b >> 1
        if a & 0x10000:
            a ^= 0x1100B
    return out


def inverse(a):
    out = 1
    for _ in range(15):  # a ** (2 ** 16 - 2)
        a = times(a, a)
        out = times(out, a)
    return out


def words(share):
    return struct.unpack(f">{len(share) // 2}H", share)


def whole(texts):
    """The file, from the data frames; and whether each spare frame is what the paper says."""
    frames = [frame_of(text) for text in texts]
    digest, size, count = frames[0][:3]
    data = {frame[3]: frame[4] for frame in frames if frame[3] < count}
    spare = {frame[3]: frame[4] for frame in frames if frame[3] >= count}
    message = b"".join(data[i] for i in range(count))[:size]
    right = hashlib.sha256(message).digest()[:16] == digest
    for r, share in spare.items():
        for element in range(0, len(share) // 2, 7):
            value = 0
            for i in range(count):
                value ^= times(words(data[i])[element], inverse(r ^ i))
            right = right and value == words(share)[element]
    return message if right else None, count, len(spare)


def write_png(path, rows):
    """rows: of grey bytes."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + \
            struct.pack(">I", zlib.crc32(name + data))
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
                   chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(r) for r in rows))) +
                   chunk(b"IEND", b""))


def write_jpeg(path, rows, quality=40):
    subprocess.run(["cjpeg", "-quality", str(quality), "-outfile", path], check=True,
                   input=b"P5 %d %d 255\n" % (len(rows[0]), len(rows)) + b"".join(map(bytes, rows)))


def read_png(path):
    """Grey, 8 bits, as the wallet writes it (filter by filter)."""
    with open(path, "rb") as file:
        data = file.read()
    width, height = struct.unpack(">II", data[16:24])
    at, packed = 8, b""
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        if name == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += size + 12
    raw, rows, before = zlib.decompress(packed), [], bytearray(width)
    for y in range(height):
        kind, line = raw[y * (width + 1)], bytearray(raw[y * (width + 1) + 1:(y + 1) * (width + 1)])
        if kind == 2 and not any(line):  # as the row above: most of a code's are
            rows.append(bytearray(before))
            continue
        for x in range(width):
            left, up, corner = (line[x - 1] if x else 0), before[x], (before[x - 1] if x else 0)
            guess = left + up - corner
            nearest = min((left, up, corner), key=lambda v: abs(guess - v))
            line[x] = (line[x] + (0, left, up, (left + up) // 2, nearest)[kind]) & 255
        rows.append(line)
        before = line
    return rows


def photograph(screen, scale=4):
    """A terminal's screen, as tmux tells it with its colours, as one picture: what is drawn in the
    wallet's own black on white; grey where anything else stands."""
    rows, colours = [], [None, None]
    for line in screen.split("\n"):
        row = []
        for cell in re.finditer(r"\x1b\[([0-9;]*)m|([^\x1b])", line):
            if cell.group(2) is None:
                codes = cell.group(1)
                for which, name in enumerate(("38", "48")):
                    found = re.search(rf"(?:^|;){name};5;([0-9]+)", codes)
                    if found:
                        colours[which] = found.group(1)
                if codes in ("", "0") or "39" in codes.split(";") or "49" in codes.split(";"):
                    colours = [None, None]
            else:
                row.append(cell.group(2) if colours == ["16", "231"] else None)
        rows.append(row)
    width, picture = max(len(row) for row in rows), []
    for row in rows:
        row += [None] * (width - len(row))
        for black in ("\u2580\u2588", "\u2584\u2588"):
            line = [96 if c is None else 0 if c in black else 255 for c in row
                    for _ in range(scale)]
            picture += [line] * scale
    return picture


def screenshots(text, scale=4):
    """What a terminal makes of it: each picture as rows of pixels. Only the colours that the
    wallet sets itself count."""
    pictures, rows = [], []
    for line in text.split("\n"):
        match = re.match(r"\x1b\[38;5;16;48;5;231m([ \u2580\u2584\u2588]*)\x1b\[0m$", line)
        if not match:
            if rows:
                pictures.append(rows)
            rows = []
            continue
        for black in ("\u2580\u2588", "\u2584\u2588"):
            row = [0 if c in black else 255 for c in match.group(1) for _ in range(scale)]
            rows += [row] * scale
    return pictures + ([rows] if rows else [])
