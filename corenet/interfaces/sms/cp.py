"""The messages of the connection layer (SM-CP).

Specs: TS 24.011 §7.2 (messages), §8.1 (elements); TS 24.007 §11.2.3 (protocol discriminator and
transaction identifier). The flag of a transaction identifier is 0 in what its allocator sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from corenet.interfaces.sms.causes import CpCause
from corenet.interfaces.sms.errors import Reader, SmsError

PROTOCOL_DISCRIMINATOR: Final = 0x9
MAX_USER_DATA: Final = 248
"""Octets of RP that a CP-DATA carries (§8.1.4.1)."""

_CP_DATA, _CP_ACK, _CP_ERROR = 0x01, 0x04, 0x10
_FLAG: Final = 0x8


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction identifier as one message has it."""

    value: int
    """0 to 6."""
    to_allocator: bool = False
    """The flag: False in what the side sends that has allocated it."""

    @property
    def mirrored(self) -> Transaction:
        """The same transaction in messages of the other side."""
        return Transaction(self.value, not self.to_allocator)


@dataclass(frozen=True, slots=True)
class CpData:
    """CP-DATA (§7.2.1)."""

    transaction: Transaction
    user_data: bytes
    """One RP message."""

    def encode(self) -> bytes:
        """Return the octets. Raises ValueError for user data over 248 octets."""
        if len(self.user_data) > MAX_USER_DATA:
            raise ValueError(f"{len(self.user_data)} octets are over {MAX_USER_DATA}")
        front = (_first(self.transaction), _CP_DATA, len(self.user_data))
        return bytes(front) + self.user_data


@dataclass(frozen=True, slots=True)
class CpAck:
    """CP-ACK (§7.2.2)."""

    transaction: Transaction

    def encode(self) -> bytes:
        """Return the octets."""
        return bytes((_first(self.transaction), _CP_ACK))


@dataclass(frozen=True, slots=True)
class CpError:
    """CP-ERROR (§7.2.3)."""

    transaction: Transaction
    cause: int

    def encode(self) -> bytes:
        """Return the octets."""
        return bytes((_first(self.transaction), _CP_ERROR, self.cause))


CpMessage = CpData | CpAck | CpError


class CpDecodeError(SmsError):
    """A CP message that cannot be read; its transaction is there to be answered."""

    def __init__(self, error: SmsError, transaction: Transaction | None) -> None:
        Exception.__init__(self, str(error))
        self.text, self.octet, self.cause = error.text, error.octet, error.cause
        self.transaction = transaction
        """None where not even that could be read: such a message is ignored (§9.2)."""


def decode(octets: bytes) -> CpMessage:
    """Return the CP message in ``octets``; raises CpDecodeError, and only that."""
    transaction = None
    reader = Reader(octets, cause=CpCause.INVALID_MANDATORY_INFORMATION)
    try:
        first = reader.octet("CP message")
        if first & 0xF != PROTOCOL_DISCRIMINATOR:
            raise SmsError(f"protocol discriminator {first & 0xF} is not that of SMS", 0)
        value = first >> 4 & 7
        if value == 7:
            # Reserved for extension, which SM-CP has no use for.
            raise SmsError("transaction identifier 7 is reserved", 0)
        transaction = Transaction(value, bool(first >> 4 & _FLAG))
        return _body(reader, transaction)
    except SmsError as error:
        raise CpDecodeError(error, transaction) from None


def _body(reader: Reader, transaction: Transaction) -> CpMessage:
    kind = reader.octet("message type")
    if kind == _CP_DATA:
        return CpData(transaction, reader.take(reader.octet("user data length"), "user data"))
    if kind == _CP_ACK:
        return CpAck(transaction)
    if kind == _CP_ERROR:
        return CpError(transaction, reader.octet("cause"))
    raise SmsError(f"message type {kind:#04x} is unknown", 1, cause=CpCause.MESSAGE_TYPE_UNKNOWN)


def _first(transaction: Transaction) -> int:
    flag = _FLAG if transaction.to_allocator else 0
    return (flag | transaction.value) << 4 | PROTOCOL_DISCRIMINATOR
