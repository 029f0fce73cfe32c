"""The Content-Type of a WSP PDU, both ways (WAP-230 §8.4.2.24)."""

from __future__ import annotations

from testbed.codecs.media import TOKEN, ContentType
from testbed.codecs.wsp import tables
from testbed.codecs.wsp.primitives import (
    Cursor,
    Raw,
    counted,
    integer,
    quoted_string,
    short_integer,
    text_string,
)

_Q, _CHARSET, _RELATED_TYPE, _SEC = 0x00, 0x01, 0x09, 0x11
_ANY_CHARSET = 0
_TEXT_STRINGS = {"name": 0x05, "filename": 0x06, "start": 0x0A, "start-info": 0x0B, "mac": 0x12}


def read(cursor: Cursor) -> ContentType:
    """Take a content-type value."""
    first = cursor.peek()
    if first >= 0x20:
        return ContentType(_media(cursor, cursor.raw()))
    inner = cursor.part(cursor.value_length())
    media = _media(inner, inner.raw())
    parameters = []
    while inner:
        parameters.append(_parameter(inner))
    return ContentType(media, tuple(parameters))


def _media(cursor: Cursor, raw: Raw) -> str:
    if isinstance(raw, str):
        if "/" not in raw:
            raise cursor.error(f"{raw[:80]!r} is not a media type")
        return raw.lower()
    number = raw if isinstance(raw, int) else int.from_bytes(raw, "big")
    if number not in tables.MEDIA_TYPES:
        raise cursor.error(f"media type {number:#04x} is not known")
    return tables.MEDIA_TYPES[number]


def _parameter(cursor: Cursor) -> tuple[str, str]:
    raw_name = cursor.raw()
    if isinstance(raw_name, str):
        return raw_name.lower(), _untyped(cursor.raw())
    number = raw_name if isinstance(raw_name, int) else int.from_bytes(raw_name, "big")
    name = tables.PARAMETERS.get(number, f"parameter-{number}")
    if number == _Q:
        return name, str(cursor.uintvar())
    raw = cursor.raw()
    if number == _CHARSET and not isinstance(raw, str):
        return name, _charset(raw)
    if number == _RELATED_TYPE and isinstance(raw, int):
        return name, tables.MEDIA_TYPES.get(raw, str(raw))
    return name, _untyped(raw)


def _charset(raw: int | bytes) -> str:
    number = raw if isinstance(raw, int) else int.from_bytes(raw, "big")
    return "*" if number == _ANY_CHARSET else tables.CHARSETS.get(number, str(number))


def _untyped(raw: Raw) -> str:
    if isinstance(raw, str):
        return raw.removeprefix('"')
    return str(raw if isinstance(raw, int) else int.from_bytes(raw, "big"))


def write(content_type: ContentType) -> bytes:
    """Return the octets: the media type's number where it has one, the general form if need be."""
    number = tables.MEDIA_NUMBERS.get(content_type.media)
    media = text_string(content_type.media) if number is None else integer(number)
    if not content_type.parameters and (number is None or number <= 0x7F):
        return media
    parameters = (_written(name, value) for name, value in content_type.parameters)
    return counted(media + b"".join(parameters))


def _written(name: str, value: str) -> bytes:
    if name == "charset":
        number = 0 if value == "*" else tables.CHARSET_NUMBERS.get(value.lower(), _decimal(value))
        if number is not None:
            return short_integer(_CHARSET) + integer(number)
    if name == "type":
        known = tables.MEDIA_NUMBERS.get(value, 0x80)
        constrained = short_integer(known) if known <= 0x7F else text_string(value)
        return short_integer(_RELATED_TYPE) + constrained
    if name == "sec" and (number := _decimal(value)) is not None and number <= 0x7F:
        return short_integer(_SEC) + short_integer(number)
    if name in _TEXT_STRINGS:
        return short_integer(_TEXT_STRINGS[name]) + text_string(value)
    written = text_string(value) if TOKEN.fullmatch(value) else quoted_string(value)
    return text_string(name) + written


def _decimal(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
