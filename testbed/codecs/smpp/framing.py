"""PDUs out of a stream of octets that arrives in any pieces.

Spec: SMPP 3.4 §3.2 (command_length).
"""

from __future__ import annotations

from typing import Final

from testbed.codecs.smpp.constants import HEADER_LENGTH, CommandStatus
from testbed.codecs.smpp.errors import FramingError

LARGEST_PDU: Final = 70_000
"""Octets of the largest PDU: a message_payload of 65,535 and all that can be around it."""


class Framer:
    """Collects octets and gives whole PDUs."""

    __slots__ = ("_buffer", "_largest", "_position")

    def __init__(self, largest: int = LARGEST_PDU) -> None:
        """``largest`` is the number of octets that a PDU may have."""
        self._largest = largest
        self._buffer = bytearray()
        self._position = 0

    @property
    def is_between_pdus(self) -> bool:
        """Whether nothing of the next PDU has arrived."""
        return self._position == len(self._buffer)

    def add(self, data: bytes) -> None:
        """Take octets."""
        if self._position:
            del self._buffer[: self._position]
            self._position = 0
        self._buffer += data

    def take(self) -> bytes | None:
        """Return the next whole PDU, or None where it has not arrived in full.

        Raises FramingError for a command_length that is none, as soon as the header is there.
        """
        buffer, start = self._buffer, self._position
        available = len(buffer) - start
        if available < 4:
            return None
        length = int.from_bytes(buffer[start : start + 4])
        if length < HEADER_LENGTH:
            raise FramingError(
                f"a command_length of {length} is less than the header's",
                status=CommandStatus.RINVCMDLEN,
                octet=1,
            )
        if length > self._largest:
            if available < HEADER_LENGTH:
                return None
            raise FramingError(
                f"a command_length of {length} is more than {self._largest}",
                status=CommandStatus.RINVCMDLEN,
                octet=1,
                command_id=int.from_bytes(buffer[start + 4 : start + 8]),
                sequence=int.from_bytes(buffer[start + 12 : start + 16]),
            )
        if available < length:
            return None
        self._position = start + length
        return bytes(buffer[start : start + length])
