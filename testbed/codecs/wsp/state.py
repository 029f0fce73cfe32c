"""Headers that carry who somebody is, or what was agreed on before: credentials and cookies.

Specs: WAP-230 §8.4.2 (Authorization, WWW-Authenticate, Cookie, Set-Cookie), WAP-223 (HTTP state
management), RFC 7617 (Basic), RFC 6265 (cookies). Of the ways to authenticate WSP has a coding for
Basic alone; the others are none of its business, and are not written.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error

from testbed.codecs.media import TOKEN
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

_BASIC = 0x80
_REALM = re.compile(r'\s*basic\s+realm\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,.*)?', re.I)
_COOKIE_VERSION = short_integer(0x10)
"""Version 1.0."""
_TEXTS = {0x0C: "comment", 0x0D: "domain", 0x0F: "path", 0x1B: "comment", 0x1C: "domain"} | {
    0x1D: "path"
}
_MAX_AGE, _SECURE = 0x0E, 0x10
_NUMBERS = {"comment": 0x0C, "domain": 0x0D, "path": 0x0F}


def read_credentials(raw: Raw) -> str | None:
    """Return Basic credentials, or None where they are others."""
    cursor = _beginning_with(raw, _BASIC)
    if cursor is None:
        return None
    try:
        login = f"{cursor.text()}:{cursor.text()}"
    except WspError:
        return None
    return f"Basic {b64encode(login.encode()).decode('ascii')}"


def write_credentials(value: str) -> bytes:
    """Return the octets of Basic credentials; WspError for others."""
    scheme, _, encoded = value.strip().partition(" ")
    if scheme.lower() != "basic":
        raise WspError(f"there is no coding for {scheme[:80]!r}")
    try:
        user, colon, password = b64decode(encoded, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise WspError("the credentials are no login")
    return counted(bytes((_BASIC,)) + text_string(user) + text_string(password))


def read_challenge(raw: Raw) -> str | None:
    """Return a challenge for Basic, or None where it is another."""
    cursor = _beginning_with(raw, _BASIC)
    if cursor is None:
        return None
    try:
        realm = cursor.text()
    except WspError:
        return None
    escaped = realm.replace("\\", "\\\\").replace('"', '\\"')
    return f'Basic realm="{escaped}"'


def write_challenge(value: str) -> bytes:
    """Return the octets of a challenge for Basic; WspError for another."""
    found = _REALM.fullmatch(value)
    if found is None:
        raise WspError(f"there is no coding for {value[:80]!r}")
    quoted, bare = found.groups()
    realm = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return counted(bytes((_BASIC,)) + text_string(realm))


def read_cookies(raw: Raw) -> str | None:
    """Return the cookies that a client has, or None where the octets are none."""
    cursor = _versioned(raw)
    if cursor is None:
        return None
    cookies = []
    try:
        while cursor:
            one = cursor.part(cursor.uintvar())
            cookies.append(f"{one.text()}={one.text()}")
    except WspError:
        return None
    return "; ".join(cookies)


def write_cookies(value: str) -> bytes:
    """Return the octets of the cookies that a client has."""
    out = bytearray(_COOKIE_VERSION)
    for pair in value.split(";"):
        name, text = _pair(pair)
        octets = text_string(name) + text_string(text)
        out += uintvar(len(octets)) + octets
    return counted(bytes(out))


def read_set_cookie(raw: Raw) -> str | None:
    """Return a cookie that a server sets, or None where the octets are none."""
    cursor = _versioned(raw)
    if cursor is None:
        return None
    try:
        parts = [f"{cursor.text()}={cursor.text()}"]
        while cursor:
            parts.append(_attribute(cursor))
    except WspError:
        return None
    return "; ".join(parts)


def write_set_cookie(value: str) -> bytes:
    """Return the octets of a cookie that a server sets; attributes by number where WSP has one."""
    first, *attributes = value.split(";")
    name, text = _pair(first)
    out = bytearray(_COOKIE_VERSION + text_string(name) + text_string(text))
    for attribute in attributes:
        key, _, argument = attribute.partition("=")
        out += _written(key.strip(), argument.strip())
    return counted(bytes(out))


def _attribute(cursor: Cursor) -> str:
    name = cursor.raw()
    if isinstance(name, str):
        return _shown(name, cursor.raw())
    number = name if isinstance(name, int) else int.from_bytes(name, "big")
    if number == _SECURE:
        cursor.raw()
        return "secure"
    known = "max-age" if number == _MAX_AGE else _TEXTS.get(number, f"parameter-{number}")
    return _shown(known, cursor.raw())


def _shown(name: str, value: Raw) -> str:
    if isinstance(value, bytes):
        return f"{name}={int.from_bytes(value, 'big')}" if value else name
    return f"{name}={value}"


def _written(name: str, argument: str) -> bytes:
    lower = name.lower()
    if lower == "secure":
        return short_integer(_SECURE) + b"\0"
    if lower == "max-age" and argument.isascii() and argument.isdigit() and len(argument) < 10:
        return short_integer(_MAX_AGE) + integer(int(argument))
    if lower in _NUMBERS:
        return short_integer(_NUMBERS[lower]) + text_string(argument)
    if TOKEN.fullmatch(name) is None:
        raise WspError(f"{name[:80]!r} is no attribute of a cookie")
    return text_string(name) + (text_string(argument) if argument else b"\0")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.strip().partition("=")
    if not equals or TOKEN.fullmatch(name.strip()) is None:
        raise WspError(f"{text[:80]!r} is no cookie")
    return name.strip(), value.strip()


def _beginning_with(raw: Raw, octet: int) -> Cursor | None:
    """Return what stands after a first octet, or None where that is another."""
    if not isinstance(raw, bytes) or not raw or raw[0] != octet:
        return None
    return Cursor(raw[1:])


def _versioned(raw: Raw) -> Cursor | None:
    """Return what stands after the version of a cookie, which all read the same."""
    if not isinstance(raw, bytes) or not raw or not raw[0] & 0x80:
        return None
    return Cursor(raw[1:])
