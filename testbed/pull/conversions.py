"""What an origin server's content is made into for a client (WAP-191, WAP-192).

Markup for which WAP has a binary form takes that form, where the client likes it as much. Text in
a charset that the client does not name is rewritten in UTF-8. Everything else goes as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from testbed.codecs import co, si, sl, wml
from testbed.codecs.errors import ContentError
from testbed.codecs.media import ContentType
from testbed.pull.preferences import Preferences

_DECLARATION: Final = re.compile(r"^\ufeff?\s*<\?xml[^>]*?\?>")
_CHARSET: Final = re.compile(
    r"iso-8859-(?:[1-9]|1[0-6])|windows-125[0-8]|koi8-[ru]|utf-(?:8|16|16le|16be)|us-ascii|"
    r"shift_jis|euc-(?:jp|kr)|gb2312|gbk|gb18030|big5"
)
"""Charsets that are read; Python has more, some of which are no charsets or slow to read."""
_NATIVE: Final = frozenset({"utf-8", "us-ascii"})
"""Charsets whose octets are UTF-8."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """One way of making XML into its binary form."""

    media: str
    """What comes out."""
    convert: Callable[[bytes], bytes]
    """ContentError where the XML is not in order."""
    is_available: Callable[[], bool]


def _always() -> bool:
    return True


SOURCES: Final[Mapping[str, Conversion]] = MappingProxyType(
    {
        wml.XML_TYPE: Conversion(wml.WBXML_TYPE, wml.transcode, wml.is_available),
        si.XML_TYPE: Conversion(si.WBXML_TYPE, si.transcode, _always),
        sl.XML_TYPE: Conversion(sl.WBXML_TYPE, sl.transcode, _always),
        co.XML_TYPE: Conversion(co.WBXML_TYPE, co.transcode, _always),
    }
)
"""By the media type of the XML."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a reply carries."""

    content_type: ContentType
    body: bytes


def form_for(content_type: ContentType, liked: Preferences) -> ContentType | None:
    """Return the type in which the client takes content of this type, or None where in none."""
    conversion = SOURCES.get(content_type.media)
    as_it_is = liked.accepts(content_type.media)
    if conversion is not None and conversion.is_available():
        binary = liked.accepts(conversion.media)
        if binary > 0 and binary >= as_it_is:
            return ContentType(conversion.media)
    return content_type if as_it_is else None


def convert(content: Content, liked: Preferences) -> Content | None:
    """Return the content as the client takes it, or None where it takes it in no form.

    ContentError where it is not what its type says.
    """
    form = form_for(content.content_type, liked)
    if form is None:
        return None
    if form == content.content_type:
        return _in_a_liked_charset(content, liked)
    return _binary(content, SOURCES[content.content_type.media])


def _binary(content: Content, conversion: Conversion) -> Content:
    charset = content.content_type.parameter("charset")
    body = content.body
    if charset is not None and charset.lower() not in _NATIVE:
        # What the header says counts, and not what the XML declares (RFC 7303 §3.2).
        body = _DECLARATION.sub("", _decoded(body, charset), count=1).encode()
    return Content(ContentType(conversion.media), conversion.convert(body))


def _in_a_liked_charset(content: Content, liked: Preferences) -> Content:
    kind = content.content_type
    charset = kind.parameter("charset")
    if (
        not kind.media.startswith("text/")
        or charset is None
        or charset.lower() in _NATIVE
        or liked.accepts_charset(charset) > 0
        or liked.accepts_charset("utf-8") == 0
    ):
        return content
    others = tuple(pair for pair in kind.parameters if pair[0] != "charset")
    rewritten = ContentType(kind.media, (*others, ("charset", "utf-8")))
    return Content(rewritten, _decoded(content.body, charset).encode())


def _decoded(body: bytes, charset: str) -> str:
    if _CHARSET.fullmatch(charset.lower()) is None:
        raise ContentError(f"charset {charset[:40]!r} is not known", octet=0)
    try:
        return body.decode(charset)
    except UnicodeDecodeError as error:
        raise ContentError(f"the content is not {charset}", octet=error.start) from None
