"""Wireless Markup Language, from XML to WBXML (WAP-191, WML 1.3 §14).

Theory of operation. The XML is read by this package's own reader first, which judges its form and
its size; libwbxml2 then gives it tokens. That library leaves two things undone, which are done to
its octets here: references to variables become extension tokens (§14.3), without which a browser
shows ``$(name)`` to its user; and white space is collapsed where a browser would do so.
"""

from __future__ import annotations

import codecs
import re
from xml.parsers import expat

from testbed.codecs import markup, wbxml
from testbed.codecs.errors import ContentError
from testbed.codecs.libwbxml import Libwbxml, libwbxml
from testbed.codecs.markup import MarkupError
from testbed.codecs.wbxml import Language, Node

XML_TYPE = "text/vnd.wap.wml"
WBXML_TYPE = "application/vnd.wap.wmlc"

_LIMITS = markup.Limits(octets=1 << 20, depth=64, elements=50_000)
_USUAL = "-//WAPFORUM//DTD WML 1.1//EN"
_PUBLIC_IDS = frozenset(f"-//WAPFORUM//DTD WML 1.{minor}//EN" for minor in (1, 2, 3))
_DECLARATION = re.compile(r"\s*<\?xml[^>]*?\?>")
_DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(?:\[[^\]]*\][^>]*)?>")
_ENTITIES = {b"&nbsp;": b"&#160;", b"&shy;": b"&#173;"}
"""Those that the DTD of WML declares beside XML's own (WAP-191 §6.1)."""

_VARIABLE = re.compile(
    r"\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\(([A-Za-z_][A-Za-z0-9_]*)(?::([a-zA-Z]+))?\))"
)
_ESCAPED, _UNESCAPED, _AS_IT_IS = 0x40, 0x41, 0x42
"""EXT_I_0, EXT_I_1 and EXT_I_2 (WAP-191 §14.3.1)."""
_CONVERSIONS = {
    "": _AS_IT_IS,
    "e": _ESCAPED,
    "escape": _ESCAPED,
    "u": _UNESCAPED,
    "unesc": _UNESCAPED,
    "n": _AS_IT_IS,
    "noesc": _AS_IT_IS,
}

_WITH_TEXT = frozenset(
    ("a", "anchor", "b", "big", "em", "fieldset", "i", "option", "p", "pre", "small", "strong")
).union(("td", "u"))
"""Elements in which white space alone is text."""
_SPACES = re.compile(r"[ \t\r\n]+")

_DECK = Language(
    public_id=0x04,
    public_identifier=_USUAL,
    tags={"wml": 0x3F, "card": 0x27, "p": 0x20},
    starts=((0x36, "title", ""),),
)


def is_available() -> bool:
    """Return whether this machine has the library that ``transcode`` needs."""
    return libwbxml() is not None


def transcode(xml: bytes) -> bytes:
    """Turn a deck into WBXML 1.2, in UTF-8.

    ContentError where it is not well-formed, too large, or no WML. To be called only where
    ``is_available``.
    """
    library = libwbxml()
    if library is None:
        raise RuntimeError("libwbxml2 is not there")
    return _with_variables(_encoded(xml, library))


def message(title: str, text: str) -> bytes:
    """Return a deck with one card that says something, as WBXML; needs no library."""
    card = Node("card", {"title": title}, (Node("p", text=text),))
    return wbxml.encode(Node("wml", children=(card,)), _DECK)


def _encoded(xml: bytes, library: Libwbxml) -> bytes:
    text, doctype = _checked(xml)
    public_id = doctype if doctype in _PUBLIC_IDS else _USUAL
    prolog = f'<!DOCTYPE wml PUBLIC "{public_id}" "http://www.wapforum.org/DTD/wml.xml">'
    body = _DOCTYPE.sub("", _DECLARATION.sub("", text, count=1), count=1)
    return library.encode((prolog + _Plain(body).text).encode(), wbxml.VERSION_1_2)


def _checked(xml: bytes) -> tuple[str, str | None]:
    """Return the text of a document that is in order, and the public identifier it names."""
    for name, reference in _ENTITIES.items():
        xml = xml.replace(name, reference)
    try:
        document = markup.read(xml, _LIMITS)
    except MarkupError as error:
        raise ContentError(error.text, line=error.line, column=error.column) from None
    if document.root.name != "wml":
        raise document.root.error(f"{document.root.name} stands where wml belongs")
    if xml.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return xml.decode("utf-16"), document.public_id
    declared = _DECLARED.search(xml[:200])
    text = xml.decode(declared[1].decode("ascii") if declared else "utf-8")
    return text.removeprefix("\ufeff"), document.public_id


class _Plain:
    """A document as elements, attributes and text alone, with no more white space than counts."""

    def __init__(self, xml: str) -> None:
        self._pieces: list[str] = []
        self._open: list[str] = []
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.Parse(xml.encode(), True)
        self.text = "".join(self._pieces)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        written = (f' {key}="{markup.escape(value)}"' for key, value in attributes.items())
        self._pieces.append(f"<{name}{''.join(written)}>")
        self._open.append(name)

    def _end(self, name: str) -> None:
        self._pieces.append(f"</{name}>")
        self._open.pop()

    def _characters(self, text: str) -> None:
        if "pre" not in self._open:
            text = _SPACES.sub(" ", text)
        if text != " " or self._open[-1] in _WITH_TEXT:
            self._pieces.append(markup.escape(text))


def _with_variables(data: bytes) -> bytes:
    """Return a document whose strings have their references to variables as tokens.

    One walk over the octets of libwbxml2, of which only the frame needs to be understood: tags
    with their attributes, and inline strings.
    """
    cursor = _Walk(data)
    out = bytearray(cursor.header())
    in_tag = False
    while cursor:
        token = cursor.octet()
        if token == wbxml.STR_I:
            _write_text(out, cursor.string())
            continue
        out.append(token)
        in_tag = token != wbxml.END if in_tag else bool(token & wbxml.HAS_ATTRIBUTES)
    return bytes(out)


class _Walk:
    """A cursor over octets that are in order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def __bool__(self) -> bool:
        return self._position < len(self._data)

    def header(self) -> bytes:
        """Take version, public identifier, charset and the length of the empty string table."""
        return bytes((self.octet(),)) + self.number() + self.number() + self.number()

    def octet(self) -> int:
        self._position += 1
        return self._data[self._position - 1]

    def number(self) -> bytes:
        start = self._position
        while self.octet() & 0x80:
            pass
        return self._data[start : self._position]

    def string(self) -> str:
        start = self._position
        end = self._data.index(b"\0", start)
        self._position = end + 1
        return self._data[start:end].decode()


def _write_text(out: bytearray, text: str) -> None:
    """Write a string in which variables may stand (WAP-191 §10.3.1, §14.3.1)."""
    plain, position = "", 0
    for found in _VARIABLE.finditer(text):
        plain += text[position : found.start()]
        position = found.end()
        dollar, bare, name, conversion = found.groups()
        token = _CONVERSIONS.get((conversion or "").lower())
        if dollar:
            plain += "$"
        elif token is None:
            plain += found[0]
        else:
            _write_string(out, plain)
            plain = ""
            out.append(token)
            out += (bare or name).encode() + b"\0"
    _write_string(out, plain + text[position:])


def _write_string(out: bytearray, text: str) -> None:
    if text:
        out.append(wbxml.STR_I)
        out += text.encode() + b"\0"
