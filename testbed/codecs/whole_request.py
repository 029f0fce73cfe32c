"""Reads an HTTP request that has arrived whole and is plain, as nearly every submission is.

Specs: RFC 9112 §3 (request line), §5 (fields), §6 (body).

Whatever is not read here is read by Twisted, so this may be stricter than anybody, and is: a POST
of HTTP/1.1, each of its fields once and on one line of printable ASCII, a Content-Length that is
just what has come, and nothing that changes how the request or the connection is to be taken. There
is one way to read that, and nothing is left over to be taken for another request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LARGEST_HEAD: Final = 16_384
_REQUEST_LINE: Final = re.compile(rb"POST (/[!-~]*) HTTP/1\.1\r\n")
_FIELD: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}): ?([!-~](?:[ -~]*[!-~])?)\r\n")
_NOT_PLAIN: Final = frozenset(
    (b"transfer-encoding", b"connection", b"expect", b"te", b"trailer", b"upgrade")
)
_LENGTH: Final = re.compile(rb"0|[1-9][0-9]{0,9}")


@dataclass(frozen=True, slots=True)
class WholeRequest:
    """A POST."""

    target: bytes
    fields: Mapping[bytes, bytes]
    """By names in lower case."""
    body: bytes


def read(data: bytes, largest_body: int) -> WholeRequest | None:
    """Return the request that ``data`` is, or None where it may be anything else."""
    line = _REQUEST_LINE.match(data)
    end = data.find(b"\r\n\r\n", 0, LARGEST_HEAD) + 2
    if line is None or end < line.end():
        return None
    fields: dict[bytes, bytes] = {}
    place = line.end()
    while place < end:
        field = _FIELD.match(data, place, end)
        if field is None:
            return None
        name = field[1].lower()
        if name in fields or name in _NOT_PLAIN:
            return None
        fields[name] = field[2]
        place = field.end()
    length = fields.get(b"content-length", b"")
    body = data[end + 2 :]
    if _LENGTH.fullmatch(length) is None or int(length) != len(body) or len(body) > largest_body:
        return None
    return WholeRequest(line[1], fields, body)
