"""The first pass of decoding (PROTOCOL.md 3.1, 3.4): strict, item by item, left to right.

Items become Python values: int, bytes, str, list, None, Tag18, and EMPTY_MAP.
"""

from collections import namedtuple

from refused import Refused, refuse_if

DEPTH_MAX = 12
UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
INDEFINITE = 31
NULL = 22

Tag18 = namedtuple("Tag18", "content")
EMPTY_MAP = {}


class Reader:
    """A place in the input."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        refuse_if(len(self.data) - self.at < count, "parse")
        self.at += count
        return self.data[self.at - count:self.at]

    def head(self):
        """Major type, additional information, value; step 1 and 2 of one item."""
        major, info = divmod(self.take(1)[0], 32)
        refuse_if(28 <= info <= 30 or (major == SIMPLE and info == 24), "parse")
        if info == INDEFINITE:
            raise Refused("parse" if major in (UINT, NEGATIVE, TAG) else "canonical")
        if info < 24:
            return major, info, info
        return major, info, int.from_bytes(self.take(1 << (info - 24)), "big")

    def item(self, depth):
        """The next item, with all that is in it; depth is how many arrays and tags are open."""
        major, info, value = self.head()
        content = self.take(value) if major in (BYTES, TEXT) else None
        refuse_if(major == NEGATIVE, "parse")
        refuse_if(major == SIMPLE and info != NULL, "parse")
        refuse_if(major == MAP and value > 0, "parse")
        refuse_if(info >= 24 and value < shortest_from(info), "canonical")
        refuse_if(major == TAG and value != 18, "parse")
        if major == TEXT:
            return utf8(content)
        if major in (ARRAY, TAG):
            refuse_if(depth >= DEPTH_MAX, "limit")
            return self.entered(major, value, depth + 1)
        return {UINT: value, BYTES: content, MAP: EMPTY_MAP, SIMPLE: None}[major]

    def entered(self, major, value, depth):
        if major == TAG:
            return Tag18(self.item(depth))
        items = []
        while len(items) < value:
            items.append(self.item(depth))
        return items


def shortest_from(info):
    """The smallest value that needs a head with this additional information."""
    return {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}[info]


def utf8(content):
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("parse") from None


def scan(data):
    """The one item that the whole input is."""
    reader = Reader(data)
    item = reader.item(0)
    refuse_if(reader.at != len(data), "parse")
    return item
