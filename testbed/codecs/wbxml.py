"""WAP Binary XML for small push vocabularies (WAP-192, WBXML 1.0 to 1.3; written as 1.2).

A ``Language`` holds the tokens of a document type. What is written: public identifier by
number, UTF-8, inline strings, no string table. What is read: also string tables, literal names,
entities and the other charsets whose octets are like ASCII's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from testbed.codecs.errors import ContentError
from testbed.codecs.timestamps import parse_timestamp

SWITCH_PAGE, END, ENTITY, STR_I, LITERAL = 0x00, 0x01, 0x02, 0x03, 0x04
STR_T, OPAQUE = 0x83, 0xC3
HAS_ATTRIBUTES, HAS_CONTENT = 0x80, 0x40

VERSION_1_2 = 0x02
_UNKNOWN_PUBLIC_ID = 0x01
_UTF_8 = 106
_CHARSETS = {0: "utf-8", 3: "ascii", 4: "iso-8859-1", _UTF_8: "utf-8"}
_MOST_CHARACTERS = 65_536
_MOST_DEPTH = 8
_NO_PUNCTUATION = str.maketrans("", "", "-T:Z")


@dataclass(frozen=True, slots=True)
class Language:
    """A document type's tokens, all on code page 0."""

    public_id: int
    public_identifier: str
    tags: dict[str, int]
    starts: tuple[tuple[int, str, str], ...]
    """Attribute starts: token, attribute name, beginning of the value."""
    values: tuple[tuple[int, str], ...] = ()
    """Attribute value tokens: token and text."""
    times: frozenset[str] = frozenset()
    """Attributes of type %Datetime, which travel as opaque digits."""
    starts_of: dict[str, tuple[tuple[int, str], ...]] = field(init=False, repr=False, compare=False)
    """Attribute starts by attribute name, the longest beginning first: token and beginning."""
    token_of: dict[str, int] = field(init=False, repr=False, compare=False)
    """Attribute value tokens by text."""
    pieces: re.Pattern[str] | None = field(init=False, repr=False, compare=False)
    """Splits a value at what has a token; None where nothing has."""

    def __post_init__(self) -> None:
        starts_of: dict[str, tuple[tuple[int, str], ...]] = {}
        for token, name, prefix in sorted(self.starts, key=lambda start: -len(start[2])):
            starts_of[name] = (*starts_of.get(name, ()), (token, prefix))
        object.__setattr__(self, "starts_of", starts_of)
        object.__setattr__(self, "token_of", {text: token for token, text in self.values})
        texts = "|".join(re.escape(text) for _, text in self.values)
        object.__setattr__(self, "pieces", re.compile(f"({texts})") if texts else None)


@dataclass(frozen=True, slots=True)
class Node:
    """An element as binary XML carries it; ``octet`` is the place of its tag when it was read."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: tuple[Node, ...] = ()
    text: str = ""
    octet: int = field(default=0, compare=False)

    def error(self, text: str) -> ContentError:
        """Return the error for something that is wrong with this element."""
        return ContentError(text, element=self.name, octet=self.octet)


def encode(root: Node, language: Language, *, version: int = VERSION_1_2) -> bytes:
    """Write a document; ValueError where the language lacks a name or a string has a NUL."""
    out = bytearray((version, language.public_id, _UTF_8, 0))
    _write_node(out, root, language)
    return bytes(out)


def _write_node(out: bytearray, node: Node, language: Language) -> None:
    if node.name not in language.tags:
        raise ValueError(f"there is no token for {node.name}")
    has_content = bool(node.children or node.text)
    out.append(
        language.tags[node.name]
        | (HAS_ATTRIBUTES if node.attributes else 0)
        | (HAS_CONTENT if has_content else 0)
    )
    if node.attributes:
        for name, value in node.attributes.items():
            _write_attribute(out, name, value, language)
        out.append(END)
    if has_content:
        if node.text:
            _write_string(out, node.text)
        for child in node.children:
            _write_node(out, child, language)
        out.append(END)


def _write_attribute(out: bytearray, name: str, value: str, language: Language) -> None:
    for start, prefix in language.starts_of.get(name, ()):
        if value.startswith(prefix):
            token = start
            break
    else:
        raise ValueError(f"there is no token for {name}={value!r}")
    out.append(token)
    if name in language.times:
        digits = _time_digits(value)
        out += bytes((OPAQUE, len(digits))) + digits
    else:
        _write_value(out, value[len(prefix) :], language)


def _write_value(out: bytearray, rest: str, language: Language) -> None:
    # Every other piece is one that has a token.
    pieces = [rest] if language.pieces is None else language.pieces.split(rest)
    for number, piece in enumerate(pieces):
        if number % 2:
            out.append(language.token_of[piece])
        elif piece:
            _write_string(out, piece)


def _write_string(out: bytearray, text: str) -> None:
    if "\0" in text:
        raise ValueError("a string holds a NUL")
    out.append(STR_I)
    out += text.encode() + b"\0"


def _time_digits(text: str) -> bytes:
    parse_timestamp(text)
    return bytes.fromhex(text.translate(_NO_PUNCTUATION)).rstrip(b"\0")


def decode(data: bytes, language: Language) -> Node:
    """Read a document of that language; ContentError where it is none."""
    reading = _Reading(data, language)
    reading.header()
    root = reading.body()
    if reading.position < len(data):
        raise reading.error("octets after the document")
    return root


class _Reading:
    """A cursor over a document."""

    def __init__(self, data: bytes, language: Language) -> None:
        self.data = data
        self.position = 0
        self._language = language
        self._tags = {token: name for name, token in language.tags.items()}
        self._starts = {token: (name, prefix) for token, name, prefix in language.starts}
        self._values = dict(language.values)
        self._charset = "utf-8"
        self._table = b""
        self._characters = 0

    def error(self, text: str, position: int | None = None) -> ContentError:
        return ContentError(text, octet=self.position if position is None else position)

    def octet(self) -> int:
        if self.position >= len(self.data):
            raise self.error("the document ends too early")
        self.position += 1
        return self.data[self.position - 1]

    def number(self) -> int:
        """Read an mb_u_int32 (WBXML §5.1)."""
        start, value = self.position, 0
        for _ in range(5):
            octet = self.octet()
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                if value >= 1 << 32:
                    break
                return value
        raise self.error("a number of more than 32 bits", start)

    def header(self) -> None:
        version = self.octet()
        if version > 0x03:
            raise self.error(f"WBXML version {(version >> 4) + 1}.{version & 15} is not known", 0)
        public_id = self.number()
        identifier_index = self.number() if public_id == 0 else None
        if version:
            place, charset = self.position, self.number()
            if charset not in _CHARSETS:
                raise self.error(f"charset {charset} is not supported", place)
            self._charset = _CHARSETS[charset]
        length = self.number()
        self._table = self.data[self.position : self.position + length]
        if len(self._table) < length:
            raise self.error("the string table is cut off")
        self.position += length
        wanted = self._language
        if identifier_index is not None:
            identifier = self._from_table(identifier_index)
            if identifier != wanted.public_identifier:
                raise self.error(f"the document is {identifier!r}", 1)
        elif public_id not in (wanted.public_id, _UNKNOWN_PUBLIC_ID):
            raise self.error(f"public identifier {public_id} is not {wanted.public_id}", 1)

    def body(self) -> Node:
        return self._element(self._tag(), 1)

    def _tag(self) -> int:
        """Read the next tag or content token, past code page switches."""
        token = self.octet()
        while token == SWITCH_PAGE:
            if self.octet() != 0:
                raise self.error("there is only code page 0", self.position - 1)
            token = self.octet()
        return token

    def _element(self, token: int, depth: int) -> Node:
        place = self.position - 1
        if depth > _MOST_DEPTH:
            raise self.error(f"elements nest deeper than {_MOST_DEPTH}", place)
        code = token & 0x3F
        if code == LITERAL:
            name = self._from_table(self.number())
        elif code in self._tags:
            name = self._tags[code]
        else:
            raise self.error(f"tag token {token:#04x} is not known", place)
        attributes = self._attributes() if token & HAS_ATTRIBUTES else {}
        text: list[str] = []
        children: list[Node] = []
        while token & HAS_CONTENT and (inner := self._tag()) != END:
            if (piece := self._string(inner)) is not None:
                text.append(piece)
            else:
                children.append(self._element(inner, depth + 1))
        return Node(name, attributes, tuple(children), "".join(text), place)

    def _string(self, token: int) -> str | None:
        """Read what a string token stands for; None where ``token`` is another."""
        if token == STR_I:
            end = self.data.find(b"\0", self.position)
            if end < 0:
                raise self.error("a string without its end")
            raw, self.position = self.data[self.position : end], end + 1
            return self._decoded(raw)
        if token == STR_T:
            return self._from_table(self.number())
        if token == ENTITY:
            place, code = self.position, self.number()
            if not 0 < code < 0x110000 or 0xD800 <= code < 0xE000:
                raise self.error(f"{code} is not a character", place)
            return self._counted(chr(code))
        return None

    def _from_table(self, index: int) -> str:
        end = self._table.find(b"\0", index)
        if index >= len(self._table) or end < 0:
            raise self.error(f"there is no string at {index} of the string table")
        return self._decoded(self._table[index:end])

    def _decoded(self, raw: bytes) -> str:
        try:
            return self._counted(raw.decode(self._charset))
        except UnicodeDecodeError:
            raise self.error(f"a string that is not {self._charset}") from None

    def _counted(self, text: str) -> str:
        self._characters += len(text)
        if self._characters > _MOST_CHARACTERS:
            raise self.error(f"more than {_MOST_CHARACTERS} characters")
        return text

    def _attributes(self) -> dict[str, str]:
        attributes: dict[str, str] = {}
        token = self._tag()
        while token != END:
            place = self.position - 1
            if token == LITERAL:
                name, value = self._from_table(self.number()), ""
            elif token in self._starts:
                name, value = self._starts[token]
            else:
                raise self.error(f"attribute token {token:#04x} is not known", place)
            if name in attributes:
                raise self.error(f"the attribute {name} occurs twice", place)
            pieces = [value]
            token = self._tag()
            while (piece := self._value(token, name)) is not None:
                pieces.append(piece)
                token = self._tag()
            attributes[name] = "".join(pieces)
        return attributes

    def _value(self, token: int, name: str) -> str | None:
        """Read a piece of an attribute's value; None where ``token`` begins something else."""
        if token in self._values:
            return self._counted(self._values[token])
        if token != OPAQUE:
            return self._string(token)
        if name not in self._language.times:
            raise self.error(f"opaque octets as {name}", self.position - 1)
        return self._time()

    def _time(self) -> str:
        place, length = self.position, self.number()
        raw = self.data[self.position : self.position + length]
        self.position += length
        digits = raw.hex().ljust(14, "0")
        if not 4 <= length <= 7 or len(raw) < length or not digits.isdecimal():
            raise self.error("opaque octets that are no time", place)
        year, *rest = digits[:4], *(digits[i : i + 2] for i in range(4, 14, 2))
        return "{}-{}-{}T{}:{}:{}Z".format(year, *rest)
