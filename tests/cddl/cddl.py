"""A checker for the part of CDDL (RFC 8610) that spec/dcep.cddl is written in.

Known: rules with generic parameters, choices, ranges, literals (integer, text, h'..'), arrays with
occurrences (n*m, ?, *, +), the empty map, tags (#6.n), and the control operators .size, .cbor and
.regexp. Anything else is an error, not a match. Items are decoded strictly: core deterministic
encoding (RFC 8949 section 4.2.1), checked by encoding again, nothing after the item.
"""

import io
import re

import cbor2

TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|;[^\n]*)
      | (?P<bytes>h'[0-9A-Fa-f]*')
      | (?P<text>"[^"]*")
      | (?P<tag>\#6\.\d+)
      | (?P<occur>\d*\*\d*)
      | (?P<number>\d+)
      | (?P<op>\.[a-z]+)
      | (?P<range>\.\.)
      | (?P<name>[A-Za-z_$@][A-Za-z0-9_$@]*)
      | (?P<mark>[=/\[\](){}<>,:?+])""",
    re.VERBOSE,
)
BASIC = {
    "bstr": ("basic", "bytes"),
    "tstr": ("basic", "text"),
    "uint": ("basic", "uint"),
    "null": ("null",),
}


class Malformed(Exception):
    """The CDDL itself is wrong."""


class Mismatch(Exception):
    """The bytes don't match."""


def tokens_of(source):
    at, found = 0, []
    while at < len(source):
        match = TOKEN.match(source, at)
        if match is None:
            line = source.count("\n", 0, at) + 1
            raise Malformed(f"line {line}: {source[at:at + 20]!r}")
        if match.lastgroup != "space":
            found.append((match.lastgroup, match.group()))
        at = match.end()
    return found


class Parser:
    """Recursive descent, one method a production."""

    def __init__(self, source):
        self.tokens = tokens_of(source)
        self.at = 0

    def peek(self, ahead=0):
        position = self.at + ahead
        return self.tokens[position] if position < len(self.tokens) else ("end", "")

    def take(self, wanted=None):
        kind, text = self.peek()
        if wanted is not None and wanted not in (kind, text):
            raise Malformed(f"{wanted!r} expected before {text!r}")
        self.at += 1
        return text

    def rules(self):
        """{name: (parameters, type)}"""
        found = {}
        while self.peek()[0] != "end":
            name, parameters = self.take("name"), []
            if self.peek()[1] == "<":
                parameters = self.listed("<", ">", lambda: self.take("name"))
            self.take("=")
            if name in found:
                raise Malformed(f"{name} is defined twice")
            found[name] = (parameters, self.type())
        return found

    def listed(self, first, last, item):
        self.take(first)
        items = []
        while self.peek()[1] != last:
            items.append(item())
            if self.peek()[1] != last:
                self.take(",")
        self.take(last)
        return items

    def type(self):
        choices = [self.controlled()]
        while self.peek()[1] == "/":
            self.take()
            choices.append(self.controlled())
        return choices[0] if len(choices) == 1 else ("choice", choices)

    def controlled(self):
        left = self.primary()
        kind, text = self.peek()
        if kind == "range":
            self.take()
            return ("range", left, self.primary())
        if kind == "op":
            self.take()
            if text not in (".size", ".cbor", ".regexp"):
                raise Malformed(f"{text} is not known here")
            return (text, left, self.primary())
        return left

    def primary(self):
        kind, text = self.peek()
        if kind == "number":
            return ("literal", int(self.take()))
        if kind == "text":
            return ("literal", self.take()[1:-1])
        if kind == "bytes":
            return ("literal", bytes.fromhex(self.take()[2:-1]))
        if kind == "tag":
            number = int(self.take()[3:])
            self.take("(")
            inner = self.type()
            self.take(")")
            return ("tag", number, inner)
        if text == "(":
            self.take()
            inner = self.type()
            self.take(")")
            return inner
        if text == "[":
            return ("array", self.listed("[", "]", self.entry))
        if text == "{":
            self.take()
            self.take("}")
            return ("map",)
        name, arguments = self.take("name"), []
        if self.peek()[1] == "<":
            arguments = self.listed("<", ">", self.controlled)
        return ("name", name, arguments)

    def entry(self):
        """(least, most, name, type) of an array's group entry"""
        least, most, name = 1, 1, None
        kind, text = self.peek()
        if kind == "occur":
            low, high = self.take().split("*")
            least, most = int(low or 0), int(high) if high else None
        elif text in ("?", "+"):
            self.take()
            least, most = (0, 1) if text == "?" else (1, None)
        if self.peek()[0] == "name" and self.peek(1)[1] == ":":
            name = self.take()
            self.take(":")
        return (least, most, name, self.type())


def decode(data):
    """The one item in data; Mismatch unless it is spelled as core deterministic encoding does."""
    try:
        stream = io.BytesIO(data)
        value = cbor2.CBORDecoder(stream).decode()
        rest = stream.read()
        again = cbor2.dumps(value, canonical=True)
    except Exception as error:  # cbor2 raises many kinds for broken bytes
        raise Mismatch(f"not CBOR: {error}") from None
    if rest:
        raise Mismatch("bytes after the item")
    if again != data:
        raise Mismatch("not deterministic")
    return value


class Grammar:
    """Rules, and whether bytes match one. shallow=True leaves .cbor contents alone."""

    def __init__(self, source):
        self.definitions = Parser(source).rules()

    def expand(self, node, bound=None):
        """The type with every name replaced by what it stands for; signed<...> stays a name."""
        bound = bound or {}
        kind = node[0]
        if kind == "name":
            return self.expand_name(node, bound)
        if kind == "choice":
            return ("choice", [self.expand(choice, bound) for choice in node[1]])
        if kind in ("range", ".size", ".cbor", ".regexp"):
            return (kind, self.expand(node[1], bound), self.expand(node[2], bound))
        if kind == "tag":
            return ("tag", node[1], self.expand(node[2], bound))
        if kind == "array":
            return ("array", [entry[:3] + (self.expand(entry[3], bound),) for entry in node[1]])
        return node

    def expand_name(self, node, bound):
        _, name, arguments = node
        if name in bound:
            return bound[name]
        if name in BASIC:
            return BASIC[name]
        if name not in self.definitions:
            raise Malformed(f"{name} is not defined")
        parameters, body = self.definitions[name]
        if len(parameters) != len(arguments):
            raise Malformed(f"{name} wants {len(parameters)} parameters")
        values = [self.expand(argument, bound) for argument in arguments]
        return self.expand(body, dict(zip(parameters, values)))

    def check(self, data, rule, shallow=False):
        """Mismatch unless data is an item of the rule (a name, or a type such as signed<token>)."""
        node = self.expand(Parser(rule).type())
        self.match(decode(data), node, shallow)

    def matches(self, data, rule, shallow=False):
        try:
            self.check(data, rule, shallow)
        except Mismatch:
            return False
        return True

    def match(self, value, node, shallow):
        getattr(self, "match_" + node[0].lstrip("."))(value, node, shallow)

    def match_basic(self, value, node, _):
        right = {"bytes": bytes, "text": str, "uint": int}[node[1]]
        if type(value) is not right or (right is int and value < 0):
            raise Mismatch(f"{value!r} is not {node[1]}")

    def match_null(self, value, _node, _):
        if value is not None:
            raise Mismatch(f"{value!r} is not null")

    def match_map(self, value, _node, _):
        if value != {} or not isinstance(value, dict):
            raise Mismatch(f"{value!r} is not the empty map")

    def match_literal(self, value, node, _):
        if type(value) is not type(node[1]) or value != node[1]:
            raise Mismatch(f"{value!r} is not {node[1]!r}")

    def match_range(self, value, node, _):
        if type(value) is not int or not node[1][1] <= value <= node[2][1]:
            raise Mismatch(f"{value!r} is not in {node[1][1]}..{node[2][1]}")

    def match_size(self, value, node, shallow):
        self.match(value, node[1], shallow)
        size = len(value.encode() if isinstance(value, str) else value)
        self.match(size, node[2], shallow)

    def match_regexp(self, value, node, shallow):
        self.match(value, node[1], shallow)
        if re.fullmatch(node[2][1], value) is None:
            raise Mismatch(f"{value!r} does not match {node[2][1]}")

    def match_cbor(self, value, node, shallow):
        self.match(value, node[1], shallow)
        if not value:
            raise Mismatch("nothing inside")
        if not shallow:
            self.match(decode(value), node[2], shallow)

    def match_tag(self, value, node, shallow):
        if not isinstance(value, cbor2.CBORTag) or value.tag != node[1]:
            raise Mismatch(f"{value!r} is not tagged {node[1]}")
        self.match(value.value, node[2], shallow)

    def match_choice(self, value, node, shallow):
        for choice in node[1]:
            try:
                return self.match(value, choice, shallow)
            except Mismatch as mismatch:
                last = mismatch
        raise last

    def match_array(self, value, node, shallow):
        if not isinstance(value, list):
            raise Mismatch(f"{value!r} is not an array")
        at = 0
        for least, most, name, item in node[1]:
            count = 0
            while at < len(value) and (most is None or count < most):
                try:
                    self.match(value[at], item, shallow)
                except Mismatch as mismatch:
                    if count >= least:
                        break
                    raise Mismatch(f"{name}: {mismatch}" if name else str(mismatch)) from None
                at += 1
                count += 1
            if count < least:
                raise Mismatch(f"{name or 'list'}: too few")
        if at != len(value):
            raise Mismatch(f"element {at} of {len(value)} fits nothing")
