"""The connectionless Push PDU (WAP-230 §8.2.4.1, S-Unit-Push)."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.codecs.media import ContentType
from testbed.codecs.wsp import content_type, headers
from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.primitives import Cursor, uintvar

PUSH_PORT = 2948
"""Where terminals listen for connectionless pushes (wap-push)."""
SECURE_PUSH_PORT = 2949
"""Where terminals listen for pushes over WTLS (wap-pushsecure)."""
SOURCE_PORT = 9200
"""Where gateways send them from (wap-wsp)."""

_PUSH = 0x06


@dataclass(frozen=True, slots=True)
class Push:
    """One connectionless push: a UDP payload.

    ``tid`` is 0–255. ``headers`` are HTTP-like names and values in order, without Content-Type;
    known names and values are encoded by their numbers, others as text.
    """

    tid: int
    content_type: ContentType
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """Return the first header of that name in any case, or None."""
        lower = name.lower()
        return next((value for key, value in self.headers if key.lower() == lower), None)

    def encode(self) -> bytes:
        """Return the octets; WspError where the TID or a header cannot be encoded."""
        if not 0 <= self.tid <= 0xFF:
            raise WspError(f"a TID of {self.tid} is not one octet")
        head = content_type.write(self.content_type) + headers.write(self.headers)
        return bytes((self.tid, _PUSH)) + uintvar(len(head)) + head + self.body


def decode_push(data: bytes) -> Push:
    """Read a connectionless Push PDU; WspError where it is none."""
    cursor = Cursor(data)
    tid = cursor.octet()
    if cursor.peek() != _PUSH:
        raise cursor.error(f"PDU type {cursor.peek():#04x} is not Push")
    cursor.octet()
    head = cursor.part(cursor.uintvar())
    return Push(
        tid=tid,
        content_type=content_type.read(head),
        headers=headers.read(head),
        body=cursor.octets(cursor.left),
    )
