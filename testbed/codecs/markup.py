"""XML as push content and PAP need it: strict, bounded, nothing fetched.

Theory of operation. Push documents carry a DOCTYPE, so it has to be allowed; what makes one
dangerous is not. The prolog is read first, token by token: the DOCTYPE's name and identifiers
are noted, and an internal subset may hold comments and processing instructions only. Then the
DOCTYPE is blanked (places keep their line and column) and the rest is parsed without it, so
that expat takes a reference to an entity that nobody declared for the error it is. With the
DOCTYPE in place expat would drop such a reference in an attribute without a word.

A DOCTYPE as nearly all are is known by its form and needs no pass of its own. An element knows at
which octet it begins; the line and the column of that are asked for only when something is wrong
with it, and expat counts them in a pass of its own then.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from testbed.codecs.errors import ContentError

_FRAGMENT = 100
_DECLARED_ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "iso-8859-1"})
_BLANK = bytes(octet if octet in b"\r\n" else 0x20 for octet in range(256))
_USUAL_DOCTYPE = re.compile(
    rb"""(?:<\?xml[^<>]*\?>)?[ \t\r\n]*(?P<whole><!DOCTYPE[ \t\r\n]+(?P<name>[A-Za-z]+)"""
    rb"""[ \t\r\n]+PUBLIC[ \t\r\n]+"(?P<public>[-/ A-Za-z0-9.]*)"[ \t\r\n]+"""
    rb""""(?P<system>[-/:._A-Za-z0-9]*)"[ \t\r\n]*>)"""
)
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has not (production 2, Char)."""
_PLAIN = re.compile("[ !#-%'-;=?-\ud7ff]*")
"""What needs neither a reference nor a closer look."""
_REFERENCES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)


class MarkupError(ValueError):
    """XML that is not well-formed, or more than the limits allow; places count from 1."""

    def __init__(self, text: str, line: int, column: int, fragment: str) -> None:
        self.text = text
        self.line = line
        self.column = column
        self.fragment = fragment
        super().__init__(f"line {line}, column {column}: {text}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is accepted of one document; sizes in octets of input or characters of value."""

    octets: int = 1 << 20
    depth: int = 8
    elements: int = 20_000
    attributes: int = 32
    attribute_length: int = 4096


DEFAULT_LIMITS = Limits()


class _Source:
    """Octets of a document, and the encoding that they have whatever they say themselves."""

    __slots__ = ("encoding", "octets")

    def __init__(self, octets: bytes, encoding: str | None) -> None:
        self.octets = octets
        self.encoding = encoding

    def fragment(self, start: int) -> str:
        """Return the beginning of what stands at an octet, for error messages."""
        if self.octets[max(start - 2, 0) : start] == b"</":
            start -= 2
        piece = self.octets[start : start + _FRAGMENT]
        end = piece.find(b">")
        text = (piece if end < 0 else piece[: end + 1]).decode("utf-8", "replace")
        return text if text.isprintable() else _NO_CHARACTER.sub("\ufffd", text)

    def place(self, octet: int) -> tuple[int, int]:
        """Return the line and the column of the start tag at an octet."""
        parser = expat.ParserCreate(self.encoding)
        place = 1, 1

        def started(_name: str, _attributes: dict[str, str]) -> None:
            nonlocal place
            if parser.CurrentByteIndex <= octet:
                place = parser.CurrentLineNumber, parser.CurrentColumnNumber + 1

        parser.StartElementHandler = started
        parser.Parse(self.octets, True)
        return place


class Element:
    """An element, with the place of its start tag for error messages."""

    __slots__ = ("_octet", "_pieces", "_source", "attributes", "children", "name")

    def __init__(self, name: str, attributes: dict[str, str], source: _Source, octet: int) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self._pieces: list[str] = []
        self._source = source
        self._octet = octet

    def add_text(self, text: str) -> None:
        """Add to the character data."""
        self._pieces.append(text)

    @property
    def text(self) -> str:
        """The character data directly in the element."""
        return "".join(self._pieces)

    @property
    def place(self) -> tuple[int, int]:
        """Line and column, counted from 1."""
        return self._source.place(self._octet)

    @property
    def fragment(self) -> str:
        """The beginning of its start tag."""
        return self._source.fragment(self._octet)

    def error(self, text: str) -> ContentError:
        """Return the error for something that is wrong with this element."""
        line, column = self.place
        return ContentError(text, element=self.name, line=line, column=column)


@dataclass(frozen=True, slots=True)
class MarkupDocument:
    """A root element and what the prolog says."""

    root: Element
    doctype: str | None
    public_id: str | None
    system_id: str | None
    instructions: tuple[tuple[str, str], ...]
    """Processing instructions outside the root element: target and data."""


def read(xml: bytes, limits: Limits = DEFAULT_LIMITS) -> MarkupDocument:
    """Read a document; MarkupError where it breaks the rules of XML or the limits."""
    if len(xml) > limits.octets:
        raise MarkupError(f"{len(xml)} octets are more than {limits.octets}", 1, 1, "")
    if xml.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            source = _Source(xml.decode("utf-16").encode(), "utf-8")
        except UnicodeError:
            raise MarkupError("octets that are no UTF-16", 1, 1, "") from None
    else:
        source = _Source(xml, None)
    doctype = _usual_doctype(source.octets)
    if doctype is None:
        doctype = _Prolog(source).read()
    tree = _Tree(_Source(_without(doctype, source.octets), source.encoding), limits)
    root = tree.read()
    return MarkupDocument(
        root,
        doctype.name,
        doctype.public_id,
        doctype.system_id,
        (*doctype.instructions, *tree.instructions),
    )


@dataclass(frozen=True, slots=True)
class _Doctype:
    """What a DOCTYPE says, and the octets that it takes."""

    name: str | None = None
    public_id: str | None = None
    system_id: str | None = None
    instructions: tuple[tuple[str, str], ...] = ()
    start: int = 0
    end: int = 0


def _usual_doctype(octets: bytes) -> _Doctype | None:
    """Read a DOCTYPE as nearly all are; None where a pass of its own has to be made."""
    found = _USUAL_DOCTYPE.match(octets)
    if found is None or octets.find(b"<!DOCTYPE", found.end()) >= 0:
        return None
    name, public, system = found.group("name", "public", "system")
    start, end = found.span("whole")
    return _Doctype(name.decode(), public.decode(), system.decode(), (), start, end)


def _without(doctype: _Doctype, octets: bytes) -> bytes:
    """Return the document with the DOCTYPE made blank; every octet keeps its place."""
    start, end = doctype.start, doctype.end
    return octets[:start] + octets[start:end].translate(_BLANK) + octets[end:]


class _Reading:
    """One pass of expat over a document."""

    def __init__(self, source: _Source) -> None:
        self.source = source
        self.parser: Any = expat.ParserCreate(source.encoding)
        self.parser.XmlDeclHandler = self.declared

    def run(self) -> None:
        try:
            self.parser.Parse(self.source.octets, True)
        except expat.ExpatError as error:
            text = expat.ErrorString(error.code) or "not well-formed"
            raise self.error(text) from None
        finally:
            # It calls back to us: a cycle that only a collection of garbage would find.
            self.parser = None

    def error(self, text: str) -> MarkupError:
        parser = self.parser
        fragment = self.source.fragment(max(parser.CurrentByteIndex, 0))
        return MarkupError(text, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1, fragment)

    def declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if (
            self.source.encoding is None
            and encoding is not None
            and encoding.lower() not in _DECLARED_ENCODINGS
        ):
            raise self.error(f"encoding {encoding} is not supported")


class _RootReachedError(Exception):
    """The prolog has ended."""


class _Prolog(_Reading):
    """The first pass: up to the root element, looking at the DOCTYPE only."""

    def __init__(self, source: _Source) -> None:
        super().__init__(source)
        self._words: list[str] = []
        self._instructions: list[tuple[str, str]] = []
        self._start: int | None = None
        self._end: int | None = None
        self._in_subset = False
        self.parser.DefaultHandler = self._token
        self.parser.StartElementHandler = self._root

    def read(self) -> _Doctype:
        with suppress(_RootReachedError):
            self.run()
        if self._start is None or self._end is None:
            return _Doctype()
        public, system = self._identifiers()
        instructions = tuple(self._instructions)
        return _Doctype(self._words[0], public, system, instructions, self._start, self._end)

    def _identifiers(self) -> tuple[str | None, str | None]:
        words = self._words
        if len(words) < 3:
            return None, None
        return words[2][1:-1] if words[1] == "PUBLIC" else None, words[-1][1:-1]

    def _root(self, _name: str, _attributes: dict[str, str]) -> None:
        raise _RootReachedError

    def _token(self, token: str) -> None:
        if self._start is None:
            if token == "<!DOCTYPE":
                self._start = self.parser.CurrentByteIndex
        elif self._end is None:
            self._doctype_token(token)

    def _doctype_token(self, token: str) -> None:
        if not token.strip() or token.startswith("<!--"):
            return
        if token == "[":
            self._in_subset = True
        elif token == "]":
            self._in_subset = False
        elif self._in_subset:
            if not token.startswith("<?"):
                raise self.error("declarations in the DOCTYPE are refused")
            target, _, data = token[2:-2].partition(" ")
            self._instructions.append((target, data.strip()))
        elif token == ">":
            self._end = self.parser.CurrentByteIndex + 1
        else:
            self._words.append(token)


class _Tree(_Reading):
    """The second pass: the elements."""

    def __init__(self, source: _Source, limits: Limits) -> None:
        super().__init__(source)
        self.instructions: list[tuple[str, str]] = []
        self._limits = limits
        self._elements = 0
        # A value is never longer than the document, which is short as a rule.
        self._may_be_long = len(source.octets) > limits.attribute_length
        self._open = [Element("", {}, source, 0)]
        parser = self.parser
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.ProcessingInstructionHandler = self._instruction

    def read(self) -> Element:
        self.run()
        return self._open[0].children[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        limits, path = self._limits, self._open
        self._elements += 1
        if len(path) > limits.depth:
            raise self.error(f"elements nest deeper than {limits.depth}")
        if self._elements > limits.elements:
            raise self.error(f"more than {limits.elements} elements")
        if len(attributes) > limits.attributes:
            raise self.error(f"more than {limits.attributes} attributes on {name}")
        if self._may_be_long and any(
            len(value) > limits.attribute_length for value in attributes.values()
        ):
            raise self.error(f"an attribute of {name} is longer than {limits.attribute_length}")
        element = Element(name, attributes, self.source, self.parser.CurrentByteIndex)
        path[-1].children.append(element)
        path.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].add_text(text)

    def _instruction(self, target: str, data: str) -> None:
        if len(self._open) == 1:
            self.instructions.append((target, data))


def is_character_data(text: str) -> bool:
    """Whether XML 1.0 has every character of ``text`` (production 2, Char)."""
    return _NO_CHARACTER.search(text) is None


def escape(text: str) -> str:
    """Write character data or an attribute's value (in double quotes) so that it reads back.

    ValueError where XML lacks one of the characters.
    """
    if _PLAIN.fullmatch(text):
        return text
    if not is_character_data(text):
        raise ValueError("a character that XML does not have")
    return text.translate(_REFERENCES)
