"""The messages of the relay layer (SM-RP).

Specs: TS 24.011 §7.3 (messages), §8.2 (elements). Whether mobile or network has sent a message
is in its type; ``uplink`` says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from corenet.interfaces.sms.address import SmsAddress, decode_typed, encode_typed
from corenet.interfaces.sms.causes import RpCause
from corenet.interfaces.sms.errors import Reader, SmsError

MAX_USER_DATA: Final = 233
"""Octets of a TPDU that RP carries (§8.2.5.3)."""

_DATA, _ACK, _ERROR, _SMMA = 0, 2, 4, 6
_DOWNLINK: Final = 1
_USER_DATA_IEI: Final = 0x41


@dataclass(frozen=True, slots=True)
class RpData:
    """RP-DATA (§7.3.1)."""

    reference: int
    """RP-Message-Reference, 0 to 255; the answer repeats it."""
    user_data: bytes
    """A TPDU."""
    originator: SmsAddress | None = None
    """The service centre, in what goes to the mobile."""
    destination: SmsAddress | None = None
    """The service centre, in what the mobile sends."""

    def encode(self, *, uplink: bool) -> bytes:
        """Return the octets. Raises ValueError for a value that has none."""
        return (
            bytes((_DATA if uplink else _DATA | _DOWNLINK, self.reference))
            + _encode_address(self.originator)
            + _encode_address(self.destination)
            + _encode_user_data(self.user_data)
        )


@dataclass(frozen=True, slots=True)
class RpAck:
    """RP-ACK (§7.3.3)."""

    reference: int
    user_data: bytes | None = None
    """A report, or None."""

    def encode(self, *, uplink: bool) -> bytes:
        """Return the octets. Raises ValueError for a value that has none."""
        front = bytes((_ACK if uplink else _ACK | _DOWNLINK, self.reference))
        return front + _encode_optional(self.user_data)


@dataclass(frozen=True, slots=True)
class RpError:
    """RP-ERROR (§7.3.4)."""

    reference: int
    cause: int
    """An ``RpCause``, or another number of 7 bits."""
    diagnostic: int | None = None
    user_data: bytes | None = None
    """A report, or None."""

    def encode(self, *, uplink: bool) -> bytes:
        """Return the octets. Raises ValueError for a value that has none."""
        cause = bytes((self.cause,) if self.diagnostic is None else (self.cause, self.diagnostic))
        front = bytes((_ERROR if uplink else _ERROR | _DOWNLINK, self.reference, len(cause)))
        return front + cause + _encode_optional(self.user_data)


@dataclass(frozen=True, slots=True)
class RpSmma:
    """RP-SMMA: the mobile has memory again (§7.3.2)."""

    reference: int

    def encode(self, *, uplink: bool = True) -> bytes:
        """Return the octets; only a mobile sends it."""
        if not uplink:
            raise ValueError("no network sends RP-SMMA")
        return bytes((_SMMA, self.reference))


RpMessage = RpData | RpAck | RpError | RpSmma


class RpDecodeError(SmsError):
    """An RP message that cannot be read; its reference is there to be answered."""

    def __init__(self, error: SmsError, reference: int | None) -> None:
        Exception.__init__(self, str(error))
        self.text, self.octet, self.cause = error.text, error.octet, error.cause
        self.reference = reference
        """None where not even that could be read."""


def decode(octets: bytes, *, uplink: bool) -> RpMessage:
    """Return the RP message in ``octets``; raises RpDecodeError, and only that.

    ``uplink`` says that the mobile sent it.
    """
    reference = None
    reader = Reader(octets, cause=RpCause.INVALID_MANDATORY_INFORMATION)
    try:
        kind = reader.octet("RP message") & 7
        reference = reader.octet("message reference")
        if bool(kind & _DOWNLINK) is uplink or kind == _SMMA | _DOWNLINK:
            raise SmsError(
                f"RP message type {kind} does not go this way",
                0,
                cause=RpCause.MESSAGE_TYPE_UNKNOWN,
            )
        return _body(reader, kind & ~_DOWNLINK, reference)
    except SmsError as error:
        raise RpDecodeError(error, reference) from None


def _body(reader: Reader, kind: int, reference: int) -> RpMessage:
    if kind == _DATA:
        originator = _decode_address(reader, "originator address")
        destination = _decode_address(reader, "destination address")
        length = reader.octet("user data length")
        return RpData(reference, reader.take(length, "user data"), originator, destination)
    if kind == _ACK:
        return RpAck(reference, _decode_optional(reader))
    if kind == _ERROR:
        start = reader.position
        cause = reader.take(reader.octet("cause length"), "cause")
        if not cause:
            raise SmsError("cause is empty", start, cause=RpCause.INVALID_MANDATORY_INFORMATION)
        diagnostic = cause[1] if len(cause) > 1 else None
        return RpError(reference, cause[0] & 0x7F, diagnostic, _decode_optional(reader))
    return RpSmma(reference)


def _encode_address(address: SmsAddress | None) -> bytes:
    if address is None:
        return b"\x00"
    octets = encode_typed(address)
    return bytes((len(octets),)) + octets


def _decode_address(reader: Reader, what: str) -> SmsAddress | None:
    start = reader.position
    octets = reader.take(reader.octet(what), what)
    if not octets:
        return None
    try:
        return decode_typed(octets)
    except SmsError as error:
        raise SmsError(
            error.text, start + 1 + error.octet, cause=RpCause.INVALID_MANDATORY_INFORMATION
        ) from None


def _encode_user_data(tpdu: bytes) -> bytes:
    if len(tpdu) > MAX_USER_DATA:
        raise ValueError(f"{len(tpdu)} octets are over {MAX_USER_DATA}")
    return bytes((len(tpdu),)) + tpdu


def _encode_optional(tpdu: bytes | None) -> bytes:
    return b"" if tpdu is None else bytes((_USER_DATA_IEI,)) + _encode_user_data(tpdu)


def _decode_optional(reader: Reader) -> bytes | None:
    """Take elements of identifier and length; those unknown are passed over (§9.3.3)."""
    found = None
    while reader.left:
        identifier = reader.octet("element identifier")
        if identifier & 0x80:
            # An element of one octet, type 1 or 2 (TS 24.007 §11.2.4).
            continue
        value = reader.take(reader.octet("element length"), f"element {identifier:#04x}")
        if identifier == _USER_DATA_IEI and found is None:
            found = value
    return found
