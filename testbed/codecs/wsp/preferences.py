"""Headers that say what a client would like, with quality factors (WAP-230 §8.4.2.7 to .10).

Each takes one value; a list of several is several headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from testbed.codecs import media
from testbed.codecs.media import ContentType
from testbed.codecs.wsp import content_type, languages, tables
from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.primitives import (
    Cursor,
    Raw,
    counted,
    integer,
    short_integer,
    text_string,
    uintvar,
)

_ANY = 0
_Q = 0x00
_QUALITY = re.compile(r"(?:0(?:\.([0-9]{0,3}))?|1(?:\.0{0,3})?)")
_WITH_QUALITY = re.compile(r"\s*([^\s;]+)\s*;\s*q\s*=\s*([0-9.]+)\s*", re.IGNORECASE)
_HUNDREDTHS = 100


def read_accept(raw: Raw) -> str | None:
    """Return a media range with its parameters, or None where it is none."""
    if isinstance(raw, str):
        return raw
    octets = short_integer(raw) if isinstance(raw, int) else counted(raw)
    try:
        value = content_type.read(Cursor(octets))
    except WspError:
        return None
    parameters = tuple(
        (name, _quality_text(int(text)) if name == "q" and text.isdecimal() else text)
        for name, text in value.parameters
    )
    return str(ContentType(value.media, parameters))


def write_accept(value: str) -> bytes:
    """Return the octets of a media range with its parameters."""
    try:
        parsed = media.parse(value)
    except ValueError:
        return text_string(value)
    quality = _quality_number(parsed.parameter("q") or "1")
    others = tuple((name, text) for name, text in parsed.parameters if name != "q")
    octets = content_type.write(ContentType(parsed.media, others))
    if quality is None:
        return octets
    if octets[0] < 0x20:
        cursor = Cursor(octets)
        octets = cursor.octets(cursor.value_length())
    return counted(octets + short_integer(_Q) + uintvar(quality))


@dataclass(frozen=True, slots=True)
class Preference:
    """A header whose value is a name out of a table or a text, perhaps with a quality factor."""

    names: Mapping[int, str]
    numbers: Mapping[str, int]
    """Keys in lower case."""

    def read(self, raw: Raw) -> str | None:
        """Return name and quality, or None where the octets are neither."""
        if isinstance(raw, str):
            return raw
        if isinstance(raw, int):
            return self._name(raw)
        try:
            cursor = Cursor(raw)
            value = cursor.raw()
            number = int.from_bytes(value, "big") if isinstance(value, bytes) else value
            name = number if isinstance(number, str) else self._name(number)
            return f"{name}; q={_quality_text(cursor.uintvar())}" if cursor else name
        except WspError:
            return None

    def write(self, value: str) -> bytes:
        """Return the octets."""
        found = _WITH_QUALITY.fullmatch(value)
        name, quality = (found[1], _quality_number(found[2])) if found else (value.strip(), None)
        number = _ANY if name == "*" else self.numbers.get(name.lower())
        octets = text_string(name) if number is None else integer(number)
        if quality is not None:
            return counted(octets + uintvar(quality))
        return counted(octets) if octets[0] < 0x20 else octets

    def _name(self, number: int) -> str:
        return "*" if number == _ANY else self.names.get(number, str(number))


CHARSET = Preference(tables.CHARSETS, tables.CHARSET_NUMBERS)
LANGUAGE = Preference(languages.LANGUAGES, languages.LANGUAGE_NUMBERS)


def _quality_text(number: int) -> str:
    """Return the quality factor that a Q-value stands for (WAP-230 §8.4.2.3)."""
    if number <= _HUNDREDTHS:
        return f"0.{max(0, number - 1):02d}"
    return f"0.{min(999, number - _HUNDREDTHS):03d}"


def _quality_number(text: str) -> int | None:
    """Return the Q-value of a quality factor; None for 1, which is not written."""
    found = _QUALITY.fullmatch(text)
    if found is None:
        raise WspError(f"{text[:80]!r} is not a quality factor")
    if text.startswith("1"):
        return None
    thousandths = int((found[1] or "").ljust(3, "0"))
    if thousandths % 10:
        return thousandths + _HUNDREDTHS
    return thousandths // 10 + 1
