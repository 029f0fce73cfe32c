"""multipart/related bodies as PAP carries them over HTTP (RFC 2387, RFC 2046 §5.1).

Entities are octets, unchanged: content may be binary (WBXML, MMS notifications), so neither
line ends nor transfer encodings inside an entity are touched. Lines of the framing may end in
CRLF or LF.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from testbed.codecs import media
from testbed.codecs.media import ContentType

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DELIMITER_END = re.compile(rb"(--)?[ \t]*(?=\r?\n|\Z)")
_CARRIAGE_RETURN, _LINE_FEED = 0x0D, 0x0A
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(r"\r?\n")
_IDENTITY_ENCODINGS = frozenset({"binary", "8bit", "7bit"})


class MultipartError(ValueError):
    """A body that cannot be split; ``part`` is the part's number from 1, or None for the whole."""

    def __init__(self, text: str, part: int | None = None) -> None:
        self.text = text
        self.part = part
        super().__init__(text if part is None else f"part {part}: {text}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is accepted; sizes in octets."""

    parts: int = 8
    headers: int = 64
    header_octets: int = 8192


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Part:
    """One entity: its headers in order, without Content-Type, and its octets unchanged."""

    content_type: ContentType
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """Return the first header of that name in any case, or None."""
        lower = name.lower()
        return next((value for key, value in self.headers if key.lower() == lower), None)


def parse(content_type: str, body: bytes, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Part, ...]:
    """Split a body by the boundary that its Content-Type names; MultipartError where it can't."""
    try:
        outer = media.parse(content_type)
    except ValueError as error:
        raise MultipartError(f"Content-Type: {error}") from None
    if outer.media != "multipart/related":
        raise MultipartError(f"the body is {outer.media}, not multipart/related")
    boundary = outer.parameter("boundary")
    if boundary is None:
        raise MultipartError("Content-Type names no boundary")
    if _BOUNDARY.fullmatch(boundary) is None:
        raise MultipartError(f"the boundary {boundary[:80]!r} is not allowed")
    entities = _split(body, boundary, limits)
    return tuple(_part(number, entity, limits) for number, entity in enumerate(entities, 1))


def _split(body: bytes, boundary: str, limits: Limits) -> list[bytes]:
    # No pattern is made of the boundary: many initiators have a new one for every push.
    delimiter = b"--" + boundary.encode("ascii")
    entities: list[bytes] = []
    start: int | None = None
    place = body.find(delimiter)
    while place >= 0:
        found = _DELIMITER_END.match(body, place + len(delimiter))
        if found is None or (place > 0 and body[place - 1] != _LINE_FEED):
            place = body.find(delimiter, place + 1)
            continue
        if start is not None:
            end = place - (2 if body[place - 2] == _CARRIAGE_RETURN else 1)
            entities.append(body[start:end])
            if len(entities) > limits.parts:
                raise MultipartError(f"more than {limits.parts} parts")
        start = found.end()
        if found[1] is not None:
            break
        place = body.find(delimiter, start)
    else:
        reason = "is not there" if start is None else "is not closed: the body is cut off"
        raise MultipartError(f"the boundary {boundary!r} {reason}")
    if not entities:
        raise MultipartError("there are no parts")
    return entities


def _part(number: int, entity: bytes, limits: Limits) -> Part:
    # The delimiter's own line end begins the entity, so that one without headers shows as such.
    end = _HEADERS_END.search(entity, 0, limits.header_octets)
    if end is None:
        if len(entity) > limits.header_octets:
            raise MultipartError(f"headers of more than {limits.header_octets} octets", number)
        raise MultipartError("no empty line after the headers", number)
    content_type, headers = _head(number, entity[: end.start()], limits)
    return Part(content_type, entity[end.end() :], headers)


@lru_cache(maxsize=256)
def _head(
    number: int, block: bytes, limits: Limits
) -> tuple[ContentType, tuple[tuple[str, str], ...]]:
    """Read an entity's headers, which are the same in most pushes of an initiator."""
    headers = _headers(number, block, limits)
    types = [value for name, value in headers if name.lower() == "content-type"]
    if len(types) != 1:
        raise MultipartError(
            "it lacks its Content-Type" if not types else "two Content-Type", number
        )
    for name, value in headers:
        if name.lower() == "content-transfer-encoding" and value.lower() not in _IDENTITY_ENCODINGS:
            raise MultipartError(f"Content-Transfer-Encoding {value} is not known", number)
    try:
        content_type = media.parse(types[0])
    except ValueError as error:
        raise MultipartError(f"Content-Type: {error}", number) from None
    return content_type, tuple(header for header in headers if header[0].lower() != "content-type")


def _headers(number: int, block: bytes, limits: Limits) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for line in _LINE_END.split(block.decode("utf-8", "replace")):
        if not line:
            continue
        if line[0] in " \t" and headers:
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip()}".strip())
            continue
        name, colon, value = line.partition(":")
        if not colon or _HEADER_NAME.fullmatch(name.rstrip()) is None:
            raise MultipartError(f"{line[:80]!r} is not a header", number)
        headers.append((name.rstrip(), value.strip()))
        if len(headers) > limits.headers:
            raise MultipartError(f"more than {limits.headers} headers", number)
    return headers


def build(parts: Sequence[Part], *, boundary: str) -> tuple[str, bytes]:
    """Return the Content-Type value and the body; the first part is the root (RFC 2387 §3.1).

    ValueError where the boundary occurs in a part or is not allowed, or a header is none.
    """
    if _BOUNDARY.fullmatch(boundary) is None:
        raise ValueError(f"the boundary {boundary[:80]!r} is not allowed")
    if not parts:
        raise ValueError("a multipart body needs a part")
    delimiter = b"--" + boundary.encode("ascii")
    body = bytearray()
    for part in parts:
        if delimiter in part.body:
            raise ValueError(f"the boundary {boundary!r} occurs in a part")
        body += delimiter + b"\r\n"
        for name, value in (("Content-Type", str(part.content_type)), *part.headers):
            if _HEADER_NAME.fullmatch(name) is None or _LINE_END.search(value):
                raise ValueError(f"{name!r} with {value!r} is not a header")
            body += f"{name}: {value}\r\n".encode()
        body += b"\r\n" + part.body + b"\r\n"
    body += delimiter + b"--\r\n"
    root = parts[0].content_type.media
    outer = ContentType("multipart/related", (("type", root), ("boundary", boundary)))
    return str(outer), bytes(body)
