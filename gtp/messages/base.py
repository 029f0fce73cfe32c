"""What every message has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gtp.constants import MessageType
from gtp.extension_headers import ExtensionHeader
from gtp.ies.values import RawIE


@dataclass(slots=True, kw_only=True)
class Message:
    """A GTPv1 message: header fields here, one attribute per information element below.

    Messages are plain values that the caller may change before sending.
    """

    TYPE: ClassVar[MessageType]

    teid: int = 0
    """The receiver's TEID in the header; 0 where there is none (TS 29.060 §6)."""
    sequence: int = 0
    """The sequence number; an ``Endpoint`` assigns it."""
    extension_headers: tuple[ExtensionHeader, ...] = ()
    other_ies: tuple[RawIE, ...] = ()
    """What came in and has no place of its own: unknown, unexpected or invalid and optional."""

    def encode(self) -> bytes:
        """Return the message's octets.

        Raises LocalProtocolError if an attribute has a value that GTP cannot express.
        """
        raise NotImplementedError
