"""The two kinds of fault in SMPP: our caller's and our peer's.

Spec: SMPP 3.4 §2.8 (error handling). Only ``RemoteProtocolError`` leaves a decoder; only
``LocalProtocolError`` leaves an encoder.
"""

from __future__ import annotations

from testbed.codecs.smpp.constants import CommandStatus


class SmppError(Exception):
    """Base of everything that this package raises on purpose."""


class LocalProtocolError(SmppError, ValueError):
    """Our caller asked for something that SMPP cannot express."""


class RemoteProtocolError(SmppError):
    """A peer sent octets that break the protocol.

    It carries what an answer needs: the command_status, and of the header what was readable.
    """

    def __init__(
        self,
        text: str,
        *,
        status: CommandStatus,
        octet: int | None = None,
        pdu: str = "",
        field: str = "",
        command_id: int | None = None,
        sequence: int = 0,
    ) -> None:
        super().__init__(text)
        self.text = text
        """What is wrong, in words."""
        self.status = status
        """The command_status to answer with."""
        self.octet = octet
        """Where the fault is, counted from 1 at the start of the PDU, or None."""
        self.pdu = pdu
        """Name of the PDU, such as "submit_sm", or "" where it is unknown."""
        self.field = field
        """Name of the field at fault, or "" where it is none of the PDU's."""
        self.command_id = command_id
        """The command_id of the header, where readable."""
        self.sequence = sequence
        """The sequence_number of the header, 0 where it cannot be read (SMPP 3.4 §4.3)."""

    def __str__(self) -> str:
        what = ".".join(part for part in (self.pdu, self.field) if part)
        where = "" if self.octet is None else f" at octet {self.octet}"
        return f"{what}{': ' if what else ''}{self.text}{where} ({self.status.spelling})"


class FramingError(RemoteProtocolError):
    """The command_length is none: where the next PDU begins cannot be told any more."""
