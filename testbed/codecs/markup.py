"""XML as push content and PAP need it: strict, bounded, nothing fetched.

Theory of operation. Push documents carry a DOCTYPE, so it has to be allowed; what makes one
dangerous is not. The prolog is read first, token by token: the DOCTYPE's name and identifiers
are noted, and an internal subset may hold comments and processing instructions only. Then the
DOCTYPE is blanked (places keep their line and column) and the rest is parsed without it, so
that expat takes a reference to an entity that nobody declared for the error it is. With the
DOCTYPE in place expat would drop such a reference in an attribute without a word.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from xml.parsers import expat

from testbed.codecs.errors import ContentError

_FRAGMENT = 100
_DECLARED_ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "iso-8859-1"})
_BLANK = bytes(octet if octet in b"\r\n" else 0x20 for octet in range(256))
_USUAL_DOCTYPE = re.compile(
    rb"""(?:<\?xml[^<>]*\?>)?[ \t\r\n]*(?P<whole><!DOCTYPE[ \t\r\n]+(?P<name>[A-Za-z]+)"""
    rb"""[ \t\r\n]+PUBLIC[ \t\r\n]+(?P<public>"[-/ A-Za-z0-9.]*")[ \t\r\n]+"""
    rb"""(?P<system>"[-/:._A-Za-z0-9]*")[ \t\r\n]*>)"""
)
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has not (production 2, Char)."""


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


@dataclass(frozen=True, slots=True)
class Element:
    """An element with the place of its start tag, and the beginning of it for error messages."""

    name: str
    attributes: dict[str, str]
    children: tuple[Element, ...]
    text: str
    line: int
    column: int
    fragment: str

    def error(self, text: str) -> ContentError:
        """Return the error for something that is wrong with this element."""
        return ContentError(text, element=self.name, line=self.line, column=self.column)


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
            source, encoding = xml.decode("utf-16").encode(), "utf-8"
        except UnicodeError:
            raise MarkupError("octets that are no UTF-16", 1, 1, "") from None
    else:
        source, encoding = xml, None
    prolog = _Prolog(source, encoding)
    if not prolog.is_usual():
        prolog.read()
    tree = _Tree(prolog.without_doctype(), encoding, limits)
    root = tree.read()
    return MarkupDocument(
        root=root,
        doctype=prolog.doctype[0] if prolog.doctype else None,
        public_id=prolog.identifier("PUBLIC"),
        system_id=prolog.identifier("SYSTEM"),
        instructions=(*prolog.subset_instructions, *tree.instructions),
    )


class _Reading:
    """One pass of expat over a document."""

    def __init__(self, source: bytes, encoding: str | None) -> None:
        self.source = source
        self.parser = expat.ParserCreate(encoding)
        self.parser.XmlDeclHandler = self.declared
        self.overridden = encoding is not None

    def run(self) -> None:
        try:
            self.parser.Parse(self.source, True)
        except expat.ExpatError as error:
            text = expat.ErrorString(error.code) or "not well-formed"
            raise self.error(text) from None

    def error(self, text: str) -> MarkupError:
        parser = self.parser
        return MarkupError(
            text,
            parser.CurrentLineNumber,
            parser.CurrentColumnNumber + 1,
            self.fragment(),
        )

    def fragment(self) -> str:
        start = max(self.parser.CurrentByteIndex, 0)
        if self.source[max(start - 2, 0) : start] == b"</":
            start -= 2
        piece = self.source[start : start + _FRAGMENT]
        end = piece.find(b">")
        text = (piece if end < 0 else piece[: end + 1]).decode("utf-8", "replace")
        return text if text.isprintable() else _NO_CHARACTER.sub("\ufffd", text)

    def declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if not self.overridden and encoding and encoding.lower() not in _DECLARED_ENCODINGS:
            raise self.error(f"encoding {encoding} is not supported")


class _RootReachedError(Exception):
    """The prolog has ended."""


class _Prolog(_Reading):
    """The first pass: up to the root element, looking at the DOCTYPE only."""

    def __init__(self, source: bytes, encoding: str | None) -> None:
        super().__init__(source, encoding)
        self.doctype: list[str] = []
        self.subset_instructions: list[tuple[str, str]] = []
        self._start: int | None = None
        self._end: int | None = None
        self._in_subset = False
        self.parser.DefaultHandler = self._token
        self.parser.StartElementHandler = self._root

    def is_usual(self) -> bool:
        """Take a DOCTYPE as nearly all are, which needs no pass; return whether it is one."""
        found = _USUAL_DOCTYPE.match(self.source)
        if found is None or self.source.find(b"<!DOCTYPE", found.end()) >= 0:
            return False
        self._start, self._end = found.span("whole")
        name, public, system = (part.decode("ascii") for part in found.group(2, 3, 4))
        self.doctype = [name, "PUBLIC", public, system]
        return True

    def read(self) -> None:
        try:
            self.run()
        except _RootReachedError:
            return

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
            self.subset_instructions.append((target, data.strip()))
        elif token == ">":
            self._end = self.parser.CurrentByteIndex + 1
        else:
            self.doctype.append(token)

    def identifier(self, keyword: str) -> str | None:
        """Return the public or system identifier that the DOCTYPE names, or None."""
        parts = self.doctype
        if len(parts) < 3 or (keyword == "PUBLIC" and parts[1] != keyword):
            return None
        return (parts[2] if keyword == "PUBLIC" else parts[-1])[1:-1]

    def without_doctype(self) -> bytes:
        """Return the document with the DOCTYPE made blank; every octet keeps its place."""
        if self._start is None or self._end is None:
            return self.source
        blank = self.source[self._start : self._end].translate(_BLANK)
        return self.source[: self._start] + blank + self.source[self._end :]


@dataclass(slots=True)
class _Open:
    """An element whose end tag has not come."""

    name: str
    attributes: dict[str, str]
    children: list[Element]
    text: list[str]
    line: int
    column: int
    fragment: str


class _Tree(_Reading):
    """The second pass: the elements."""

    def __init__(self, source: bytes, encoding: str | None, limits: Limits) -> None:
        super().__init__(source, encoding)
        self.instructions: list[tuple[str, str]] = []
        self._limits = limits
        self._elements = 0
        self._open: list[_Open] = [_Open("", {}, [], [], 0, 0, "")]
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.ProcessingInstructionHandler = self._instruction

    def read(self) -> Element:
        self.run()
        return self._open[0].children[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        limits = self._limits
        self._elements += 1
        if len(self._open) > limits.depth:
            raise self.error(f"elements nest deeper than {limits.depth}")
        if self._elements > limits.elements:
            raise self.error(f"more than {limits.elements} elements")
        if len(attributes) > limits.attributes:
            raise self.error(f"more than {limits.attributes} attributes on {name}")
        if attributes and max(map(len, attributes.values())) > limits.attribute_length:
            raise self.error(f"an attribute of {name} is longer than {limits.attribute_length}")
        self._open.append(
            _Open(
                name,
                attributes,
                [],
                [],
                self.parser.CurrentLineNumber,
                self.parser.CurrentColumnNumber + 1,
                self.fragment(),
            )
        )

    def _end(self, _name: str) -> None:
        done = self._open.pop()
        self._open[-1].children.append(
            Element(
                done.name,
                done.attributes,
                tuple(done.children),
                "".join(done.text),
                done.line,
                done.column,
                done.fragment,
            )
        )

    def _text(self, text: str) -> None:
        self._open[-1].text.append(text)

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
    if not is_character_data(text):
        raise ValueError("a character that XML does not have")
    for character, reference in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ('"', "&quot;"),
        ("\t", "&#9;"),
        ("\n", "&#10;"),
        ("\r", "&#13;"),
    ):
        text = text.replace(character, reference)
    return text
