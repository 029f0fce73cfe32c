"""Headers of a WSP PDU as HTTP-like names and values, both ways (WAP-230 §8.4).

Known names travel as numbers, their values in the coding of that header; other headers travel
as text. A value that does not suit its header's coding is read for what it is: text as text, an
integer as decimal digits, other octets as hexadecimal digits after "0x".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from testbed.codecs.media import TOKEN
from testbed.codecs.wsp import preferences, state, tables
from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.primitives import (
    Cursor,
    Raw,
    counted,
    integer,
    long_integer,
    quoted_string,
    short_integer,
    text_string,
)

_DEFAULT_PAGE = 1
_SHIFT_DELIMITER = 0x7F
_LATEST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
_VERSION = re.compile(r"([1-7])(?:\.([0-9]|1[0-4]))?")
_NO_CACHE = 0
_ABSOLUTE, _RELATIVE = b"\x80", b"\x81"
_DIGITS = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class _Coding:
    """How a header's value is read (None: it does not suit) and written."""

    read: Callable[[Raw], str | None]
    write: Callable[[str], bytes]


def read(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    """Take headers to the cursor's end; WspError where the octets are none."""
    headers = []
    page = _DEFAULT_PAGE
    while cursor:
        first = cursor.octet()
        if first == _SHIFT_DELIMITER:
            page = cursor.octet()
        elif 0 < first < 0x20:
            page = first
        elif first >= 0x80:
            headers.append(_numbered(first & 0x7F, cursor.raw(), page))
        else:
            cursor.position -= 1
            name = cursor.text()
            if TOKEN.fullmatch(name) is None:
                raise cursor.error(f"{name[:80]!r} is not a header name")
            headers.append((name, _plain(cursor.raw())))
    return tuple(headers)


def _numbered(number: int, raw: Raw, page: int) -> tuple[str, str]:
    if page != _DEFAULT_PAGE:
        return f"page-{page}-header-{number}", _plain(raw)
    name = tables.HEADERS.get(number, f"header-{number}")
    coding = _CODINGS.get(name.lower())
    value = None if coding is None else coding.read(raw)
    return name, _plain(raw) if value is None else value


def _plain(raw: Raw) -> str:
    if isinstance(raw, bytes):
        return "0x" + raw.hex() if raw else ""
    return str(raw)


def write(headers: Iterable[tuple[str, str]]) -> bytes:
    """Return the octets; WspError naming the header that cannot be written."""
    out = bytearray()
    for name, value in headers:
        try:
            out += _written(name, value)
        except WspError as error:
            raise WspError(f"{name}: {error.text}") from None
    return bytes(out)


@lru_cache(maxsize=256)
def _written(name: str, value: str) -> bytes:
    if TOKEN.fullmatch(name) is None:
        raise WspError("it is not a header name")
    number = tables.HEADER_NUMBERS.get(name.lower())
    if number is None:
        return text_string(name) + text_string(value)
    coding = _CODINGS.get(name.lower())
    return short_integer(number) + (text_string if coding is None else coding.write)(value)


def _number(raw: Raw) -> int | None:
    if isinstance(raw, bytes):
        return int.from_bytes(raw, "big") if raw else None
    return raw if isinstance(raw, int) else None


def _read_integer(raw: Raw) -> str | None:
    number = _number(raw)
    return None if number is None else str(number)


def _write_integer(value: str) -> bytes:
    if _DIGITS.fullmatch(value) is None:
        raise WspError(f"{value[:80]!r} is not an integer")
    return integer(int(value))


def _read_date(raw: Raw) -> str | None:
    number = _number(raw)
    if number is None or number > _LATEST:
        return None
    return format_datetime(datetime.fromtimestamp(number, UTC), usegmt=True)


def _write_date(value: str) -> bytes:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        raise WspError(f"{value[:80]!r} is not an HTTP date") from None
    seconds = math.floor((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    if seconds < 0:
        raise WspError(f"{value[:80]!r} is before 1970")
    return long_integer(seconds)


def _read_application(raw: Raw) -> str | None:
    number = _number(raw)
    return None if number is None else tables.APPLICATIONS.get(number, str(number))


def _write_application(value: str) -> bytes:
    number = tables.APPLICATION_NUMBERS.get(value.lower())
    if number is None:
        return _write_integer(value) if _DIGITS.fullmatch(value) else text_string(value)
    return integer(number)


def _read_version(raw: Raw) -> str | None:
    if not isinstance(raw, int):
        return None
    major, minor = raw >> 4, raw & 0x0F
    return str(major) if minor == 0x0F else f"{major}.{minor}"


def _write_version(value: str) -> bytes:
    found = _VERSION.fullmatch(value)
    if found is None:
        return text_string(value)
    minor = 0x0F if found[2] is None else int(found[2])
    return short_integer(int(found[1]) << 4 | minor)


def _read_encoding(raw: Raw) -> str | None:
    return tables.CONTENT_ENCODINGS.get(raw) if isinstance(raw, int) else None


def _write_encoding(value: str) -> bytes:
    for number, name in tables.CONTENT_ENCODINGS.items():
        if name == value.lower():
            return short_integer(number)
    return text_string(value)


def _read_cache_control(raw: Raw) -> str | None:
    if isinstance(raw, int):
        return tables.CACHE_DIRECTIVES.get(raw)
    if isinstance(raw, str) or not raw or not raw[0] & 0x80:
        return None
    directive = tables.CACHE_DIRECTIVES.get(raw[0] & 0x7F)
    argument = raw[1:]
    if directive is None or not argument:
        return None
    if len(argument) == 1 and argument[0] & 0x80:
        return f"{directive}={argument[0] & 0x7F}"
    if argument[0] == len(argument) - 1 < 0x1F:
        return f"{directive}={int.from_bytes(argument[1:], 'big')}"
    return None


def _write_cache_control(value: str) -> bytes:
    directive, equals, argument = value.lower().partition("=")
    number = tables.CACHE_NUMBERS.get(directive.strip())
    if number is not None and not equals:
        return short_integer(number)
    if number is not None and _DIGITS.fullmatch(argument.strip()):
        return counted(short_integer(number) + integer(int(argument)))
    return text_string(value)


def _read_quoted(raw: Raw) -> str | None:
    return raw.removeprefix('"') if isinstance(raw, str) else None


def _write_quoted(value: str) -> bytes:
    return quoted_string(value.removeprefix('"').removesuffix('"'))


def _read_method(raw: Raw) -> str | None:
    return tables.METHODS.get(raw) if isinstance(raw, int) else None


def _write_method(value: str) -> bytes:
    number = tables.METHOD_NUMBERS.get(value.strip().upper())
    if number is None:
        raise WspError(f"{value[:80]!r} is a method without a number")
    return short_integer(number)


def _read_pragma(raw: Raw) -> str | None:
    return "no-cache" if raw == _NO_CACHE else None


def _write_pragma(value: str) -> bytes:
    if value.strip().lower() != "no-cache":
        raise WspError(f"there is no coding for {value[:80]!r}")
    return short_integer(_NO_CACHE)


def _read_retry_after(raw: Raw) -> str | None:
    if not isinstance(raw, bytes) or raw[:1] not in (_ABSOLUTE, _RELATIVE):
        return None
    try:
        value = Cursor(raw[1:]).raw()
    except WspError:
        return None
    return _read_date(value) if raw[:1] == _ABSOLUTE else _read_integer(value)


def _write_retry_after(value: str) -> bytes:
    if _DIGITS.fullmatch(value) is not None:
        return counted(_RELATIVE + _write_integer(value))
    return counted(_ABSOLUTE + _write_date(value))


_INTEGER = _Coding(_read_integer, _write_integer)
_DATE = _Coding(_read_date, _write_date)
_CACHE_CONTROL = _Coding(_read_cache_control, _write_cache_control)
_ENCODING = _Coding(_read_encoding, _write_encoding)
_APPLICATION = _Coding(_read_application, _write_application)

_CODINGS: dict[str, _Coding] = {
    "accept": _Coding(preferences.read_accept, preferences.write_accept),
    "accept-application": _APPLICATION,
    "accept-charset": _Coding(preferences.CHARSET.read, preferences.CHARSET.write),
    "accept-encoding": _ENCODING,
    "accept-language": _Coding(preferences.LANGUAGE.read, preferences.LANGUAGE.write),
    "age": _INTEGER,
    "allow": _Coding(_read_method, _write_method),
    "authorization": _Coding(state.read_credentials, state.write_credentials),
    "bearer-indication": _INTEGER,
    "cache-control": _CACHE_CONTROL,
    "content-encoding": _ENCODING,
    "content-id": _Coding(_read_quoted, _write_quoted),
    "content-length": _INTEGER,
    "cookie": _Coding(state.read_cookies, state.write_cookies),
    "date": _DATE,
    "encoding-version": _Coding(_read_version, _write_version),
    "expires": _DATE,
    "if-modified-since": _DATE,
    "if-unmodified-since": _DATE,
    "last-modified": _DATE,
    "max-forwards": _INTEGER,
    "pragma": _Coding(_read_pragma, _write_pragma),
    "proxy-authenticate": _Coding(state.read_challenge, state.write_challenge),
    "proxy-authorization": _Coding(state.read_credentials, state.write_credentials),
    "push-flag": _INTEGER,
    "retry-after": _Coding(_read_retry_after, _write_retry_after),
    "set-cookie": _Coding(state.read_set_cookie, state.write_set_cookie),
    "www-authenticate": _Coding(state.read_challenge, state.write_challenge),
    "x-wap-application-id": _APPLICATION,
    "x-wap-tod": _DATE,
}
"""By header name in lower case; other headers hold text."""
