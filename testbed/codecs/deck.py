"""What a browser shows of a page: title and text, of WML in either form and of HTML.

Specs: WAP-191 §14 (tokens of WML 1.3), WAP-192 (WBXML).

Binary WML is walked token by token. Few of the tokens need to be known for that: which elements
begin a card or a line, and which attribute is the title. Of a deck the first card is shown.
References to variables are empty, for nobody has set one. Markup as text is read as browsers do,
who put up with what is not well-formed.
"""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from testbed.codecs import wbxml
from testbed.codecs.errors import ContentError
from testbed.codecs.wsp.tables import CHARSETS

WBXML_TYPE: Final = "application/vnd.wap.wmlc"
MARKUP_TYPES: Final = frozenset(
    {
        "text/vnd.wap.wml",
        "text/html",
        "application/xhtml+xml",
        "application/vnd.wap.xhtml+xml",
    }
)

_MOST_CHARACTERS: Final = 20_000
_PUBLIC_IDS: Final = frozenset({0x01, 0x02, 0x04, 0x09, 0x0A})
"""Unknown, and WML 1.0 to 1.3 (WAP-192 §7.2, OMNA)."""
_WITHOUT_NUL: Final = {number: name for number, name in CHARSETS.items() if number < 1000}
"""Charsets in which a NUL ends a string; 0 is for one that is not known."""
_UTF_8: Final = 106

_CARD, _TITLE = 0x27, 0x36
_NEW_LINE: Final = frozenset({0x1B, 0x1E, 0x20, 0x26, 0x35})
"""pre, tr, p, br, option."""
_TAG: Final = 0x3F
_PI = 0x43
_EXT_I: Final = range(0x40, 0x43)
_EXT_T: Final = range(0x80, 0x83)
_EXT: Final = range(0xC0, 0xC3)
_VALUES: Final = {
    0x85: ".com/",
    0x86: ".edu/",
    0x87: ".net/",
    0x88: ".org/",
    0x89: "accept",
    0x8A: "bottom",
    0x8B: "clear",
    0x8C: "delete",
    0x8D: "help",
    0x8E: "http://",
    0x8F: "http://www.",
    0x90: "https://",
    0x91: "https://www.",
    0x93: "middle",
    0x94: "nowrap",
    0x95: "onenterbackward",
    0x96: "onenterforward",
    0x97: "onpick",
    0x98: "ontimer",
    0x99: "options",
    0x9A: "password",
    0x9B: "reset",
    0x9D: "text",
    0x9E: "top",
    0x9F: "unknown",
    0xA0: "wrap",
    0xA1: "Www.",
}
"""Attribute value tokens (WAP-191 §14.5.4), which encoders use wherever the text occurs."""

_LINES_OF_MARKUP: Final = frozenset({"p", "br", "tr", "li", "div", "option", "pre", "h1", "h2"})
_UNSEEN: Final = frozenset({"script", "style", "head", "template"})


@dataclass(frozen=True, slots=True)
class Deck:
    """What is seen: white space is collapsed, lines are kept."""

    title: str
    text: str


def decode(data: bytes) -> Deck:
    """Read WML as WBXML; ContentError where it is none."""
    walk = _Walk(data)
    walk.header()
    walk.body()
    return Deck(_in_order(walk.title), _in_order("".join(walk.text)))


def parse(text: str) -> Deck:
    """Read WML or HTML, as much of it as makes sense."""
    page = _Page()
    try:
        page.feed(text)
        page.close()
    except AssertionError:
        # What the library says of a marked section that it does not know; the rest is lost.
        pass
    return Deck(_in_order(page.title), _in_order("".join(page.text)))


def _in_order(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)[:_MOST_CHARACTERS]


class _Walk:
    """A cursor over binary WML that keeps what is seen of the first card."""

    def __init__(self, data: bytes) -> None:
        self.title = ""
        self.text: list[str] = []
        self._data = data
        self._position = 0
        self._charset = "utf-8"
        self._table = b""
        self._depth = 0
        self._card: int | None = None
        """How deep the first card is."""

    def error(self, text: str) -> ContentError:
        return ContentError(text, octet=self._position)

    def octet(self) -> int:
        if self._position >= len(self._data):
            raise self.error("the document ends too early")
        self._position += 1
        return self._data[self._position - 1]

    def number(self) -> int:
        value = 0
        for _ in range(5):
            octet = self.octet()
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                return value
        raise self.error("a number of more than 35 bits")

    def octets(self, count: int) -> bytes:
        if count > len(self._data) - self._position:
            raise self.error(f"{count} octets are announced, fewer are there")
        self._position += count
        return self._data[self._position - count : self._position]

    def string(self) -> str:
        end = self._data.find(b"\0", self._position)
        if end < 0:
            raise self.error("a string without its end")
        raw, self._position = self._data[self._position : end], end + 1
        return raw.decode(self._charset, "replace")

    def from_table(self) -> str:
        index = self.number()
        end = self._table.find(b"\0", index)
        if end < 0:
            raise self.error(f"there is no string at {index} of the string table")
        return self._table[index:end].decode(self._charset, "replace")

    def character(self) -> str:
        code = self.number()
        if not 0 < code < 0x110000 or 0xD800 <= code < 0xE000:
            raise self.error(f"{code} is not a character")
        return chr(code)

    def header(self) -> None:
        version = self.octet()
        public_id = self.number()
        index = self.number() if public_id == 0 else None
        charset = self.number() if version else _UTF_8
        if charset and charset not in _WITHOUT_NUL:
            raise self.error(f"charset {charset} is not supported")
        self._charset = _WITHOUT_NUL.get(charset, "utf-8")
        self._table = self.octets(self.number())
        named = index is not None and b"//DTD WML " in self._table[index:].partition(b"\0")[0]
        if not named and public_id not in _PUBLIC_IDS:
            raise self.error(f"public identifier {public_id} is not WML's")

    def body(self) -> None:
        """Walk until the first card has ended, or all has."""
        while self._position < len(self._data):
            token = self.octet()
            piece = self.piece(token)
            if piece is not None:
                if self._card is not None:
                    self.text.append(piece)
            elif token == wbxml.END:
                self._depth -= 1
                if self._depth == self._card:
                    return
            elif token == wbxml.SWITCH_PAGE:
                self.octet()
            elif token == _PI:
                self.attributes(is_card=False)
            else:
                self.element(token)

    def piece(self, token: int) -> str | None:
        """Read what stands for characters; None where ``token`` begins something else."""
        if token == wbxml.STR_I:
            return self.string()
        if token == wbxml.STR_T:
            return self.from_table()
        if token == wbxml.ENTITY:
            return self.character()
        if token == wbxml.OPAQUE:
            self.octets(self.number())
        elif token in _EXT_I:
            self.string()
        elif token in _EXT_T:
            self.number()
        elif token not in _EXT:
            return None
        return ""

    def element(self, token: int) -> None:
        code = token & _TAG
        if code == wbxml.LITERAL:
            self.number()
        starts_card = code == _CARD and self._card is None
        if starts_card:
            self._card = self._depth
        if code in _NEW_LINE:
            self.text.append("\n")
        if token & wbxml.HAS_ATTRIBUTES:
            self.attributes(is_card=starts_card)
        if token & wbxml.HAS_CONTENT:
            self._depth += 1

    def attributes(self, *, is_card: bool) -> None:
        is_title = False
        while (token := self.octet()) != wbxml.END:
            piece = _VALUES.get(token)
            if piece is None:
                piece = self.piece(token)
            if piece is not None:
                if is_title:
                    self.title += piece
            elif token == wbxml.SWITCH_PAGE:
                self.octet()
            elif token < 0x80:
                if token == wbxml.LITERAL:
                    self.number()
                is_title = is_card and token == _TITLE


class _Page(HTMLParser):
    """Markup as text: what is seen of it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.text: list[str] = []
        self._in_title = False
        self._unseen = 0
        self._cards = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the beginning of an element."""
        if tag == "card":
            self._cards += 1
            if self._cards == 1:
                self.title = dict(attrs).get("title") or ""
        elif tag == "title":
            self._in_title = True
        elif tag in _UNSEEN:
            self._unseen += 1
        elif tag in _LINES_OF_MARKUP:
            self.handle_data("\n")

    def handle_endtag(self, tag: str) -> None:
        """Note the end of an element."""
        if tag == "title":
            self._in_title = False
        elif tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element without content."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        """Keep text that is seen."""
        if self._in_title:
            self.title += data
        elif not self._unseen and self._cards < 2:
            self.text.append(data if data == "\n" else data.replace("\n", " "))
