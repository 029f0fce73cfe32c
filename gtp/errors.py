"""The two kinds of fault: our caller's and our peer's.

Spec: TS 29.060 §11 (error handling). Only ``RemoteProtocolError`` leaves a decoder; only
``LocalProtocolError`` leaves an encoder.
"""

from __future__ import annotations

from typing import ClassVar

from gtp.constants import Cause


class GtpError(Exception):
    """Base of everything that this package raises on purpose."""


class LocalProtocolError(GtpError):
    """Our caller asked for something that GTP cannot express."""


class RemoteProtocolError(GtpError):
    """A peer sent octets that break the protocol.

    It carries what an answer needs: the Cause, and of the header what was readable.
    """

    silent: ClassVar[bool] = False
    """Whether TS 29.060 §11.1 wants the message discarded without an answer."""

    def __init__(
        self,
        text: str,
        *,
        cause: Cause,
        clause: str,
        ie_type: int | None = None,
        octet: int | None = None,
        message_type: int | None = None,
        sequence: int | None = None,
        teid: int | None = None,
        sender_teid: int | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        """What is wrong, in words."""
        self.cause = cause
        """The Cause to answer with, where the message is one that has an answer."""
        self.clause = clause
        """The clause of TS 29.060 that decides, such as "11.1.5"."""
        self.ie_type = ie_type
        """Type of the information element at fault, or None."""
        self.octet = octet
        """Where the fault is, counted from 1 at the start of the message, or None."""
        self.message_type = message_type
        """The message type octet, where readable."""
        self.sequence = sequence
        """The sequence number, where readable."""
        self.teid = teid
        """The TEID in the header, where readable."""
        self.sender_teid = sender_teid
        """The sender's TEID Control Plane (IE 17), where readable: the header TEID to answer to."""

    def __str__(self) -> str:
        where = "" if self.octet is None else f" at octet {self.octet}"
        return f"{self.text}{where} (TS 29.060 §{self.clause}, cause {self.cause:d})"


class HeaderError(RemoteProtocolError):
    """The header cannot be read, or is not GTP (TS 29.060 §11.1.2): discard silently."""

    silent: ClassVar[bool] = True


class MessageTypeError(RemoteProtocolError):
    """The message type is unknown (TS 29.060 §11.1.3): discard silently."""

    silent: ClassVar[bool] = True


class LengthError(RemoteProtocolError):
    """The header's length is not the datagram's (TS 29.060 §11.1.2).

    A Request is answered with Cause 193; anything else counts as not arrived.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text, cause=Cause.INVALID_MESSAGE_FORMAT, clause="11.1.2", octet=3)


class VersionError(RemoteProtocolError):
    """Another version of GTP (TS 29.060 §11.1.1): answer Version Not Supported.

    ``version`` is the peer's. Never raised for a Version Not Supported message itself, so
    that answering it cannot go round for ever.
    """

    def __init__(
        self,
        text: str,
        *,
        version: int,
        message_type: int | None = None,
        sequence: int | None = None,
    ) -> None:
        super().__init__(
            text,
            cause=Cause.VERSION_NOT_SUPPORTED,
            clause="11.1.1",
            octet=1,
            message_type=message_type,
            sequence=sequence,
        )
        self.version = version


class ExtensionHeaderError(RemoteProtocolError):
    """An extension header that must be comprehended is unknown (TS 29.060 §6.1, §11.1).

    Answer a Request with Cause 214, and in any case send Supported Extension Headers
    Notification. ``extension_type`` is the header's type.
    """

    def __init__(self, text: str, *, extension_type: int, octet: int) -> None:
        super().__init__(
            text,
            cause=Cause.UNKNOWN_MANDATORY_EXTENSION_HEADER,
            clause="6.1",
            octet=octet,
        )
        self.extension_type = extension_type
