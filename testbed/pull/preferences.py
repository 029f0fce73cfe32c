"""What a client would like: the meaning of its Accept headers (RFC 9110 §12.4, §12.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from testbed.codecs import media

Headers = Sequence[tuple[str, str]]

_ITEM = re.compile(r'((?:[^,"]|"(?:[^"\\]|\\.)*")+)')
_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*(?:;|$)", re.IGNORECASE)
_ANY = "*/*"


@dataclass(frozen=True, slots=True)
class Preferred:
    """One media range or charset, with its quality factor."""

    name: str
    """In lower case, without parameters."""
    quality: float
    text: str
    """As it was written."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a client accepts."""

    media: tuple[Preferred, ...] = ()
    """Media ranges; none of them means all."""
    charsets: tuple[Preferred, ...] = ()
    """Likewise."""

    def accepts(self, media_type: str) -> float:
        """Return the quality factor of a media type; 0 where the client does not take it."""
        major = media_type.partition("/")[0]
        return _quality(self.media, (media_type, f"{major}/*", _ANY))

    def accepts_charset(self, charset: str) -> float:
        """Return the quality factor of a charset; 0 where the client does not take it."""
        return _quality(self.charsets, (charset.lower(), "*"))


def read(headers: Headers) -> Preferences:
    """Return what the headers of a request say; what makes no sense is passed over."""
    return Preferences(
        media=tuple(_preferred(values(headers, "accept"))),
        charsets=tuple(_preferred(values(headers, "accept-charset"))),
    )


def values(headers: Headers, name: str) -> list[str]:
    """Return the members of all headers of that name (lower case), each a list of its own."""
    return [
        item.strip()
        for key, value in headers
        if key.lower() == name
        for item in _ITEM.findall(value)
        if item.strip()
    ]


def _preferred(items: Iterable[str]) -> Iterable[Preferred]:
    for item in items:
        name = item.partition(";")[0].strip().lower()
        if "/" in name:
            try:
                name = media.parse(item).media
            except ValueError:
                continue
        found = _QUALITY.search(item)
        yield Preferred(name, float(found[1]) if found else 1.0, item)


def _quality(preferred: tuple[Preferred, ...], names: Sequence[str]) -> float:
    """Return the quality of the first of ``names``, the most exact, that is spoken of."""
    if not preferred:
        return 1.0
    for name in names:
        found = [one.quality for one in preferred if one.name == name]
        if found:
            return max(found)
    return 0.0
