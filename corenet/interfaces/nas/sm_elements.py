"""What session management messages are made of: identifiers, headers, elements.

Specs: TS 24.007 §11.2.3.1.3 (transaction identifier), TS 24.008 §10.5.6 (elements).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.elements import Body, PdpAddress, decode_apn, encode_apn, invalid
from corenet.interfaces.nas.errors import NasError

PROTOCOL_DISCRIMINATOR: Final = 0x0A

SUBSCRIBED_QOS: Final = bytes(11)
"""The QoS value that asks for what is subscribed, in the R99 length (§10.5.6.5)."""

DYNAMIC_IPV4: Final = PdpAddress.dynamic_ipv4()
"""The PDP address of an MS that wants the network to choose one."""

LLC_SAPI_FOR_DATA: Final = 3
"""The LLC SAPI that user data gets here, of 3, 5, 9 and 11 (§10.5.6.9)."""

FIRST_NSAPI: Final = 5
LAST_NSAPI: Final = 15

IEI_PCO: Final = 0x27
IEI_APN: Final = 0x28
IEI_PDP_ADDRESS: Final = 0x2B
IEI_PACKET_FLOW: Final = 0x34
IEI_BACK_OFF_TIMER: Final = 0x37
IEI_SM_CAUSE: Final = 0x39
IEI_TEARDOWN: Final = 0x9
IEI_QOS: Final = 0x30
IEI_NEW_TFT: Final = 0x31
IEI_LLC_SAPI: Final = 0x32
IEI_TFT: Final = 0x36
IEI_RADIO_PRIORITY: Final = 0x8
LEAST_QOS: Final = 3
"""Octets (§10.5.6.5)."""


@dataclass(frozen=True, slots=True)
class TransactionIdentifier:
    """Whose transaction a message belongs to (TS 24.007 §11.2.3.1.3).

    ``flag`` is False in what the side sends that allocated the value, True in what it receives.
    """

    value: int
    """0 to 6, or 7 to 127 in the extended form."""
    flag: bool = False

    @property
    def mirrored(self) -> TransactionIdentifier:
        """The same transaction as the other side writes it."""
        return TransactionIdentifier(self.value, not self.flag)

    def encode(self) -> bytes:
        """Return the first octet or two of a message, protocol discriminator included."""
        flag = 0x80 if self.flag else 0
        if 0 <= self.value < 7:
            return bytes((flag | self.value << 4 | PROTOCOL_DISCRIMINATOR,))
        if 7 <= self.value < 128:
            return bytes((flag | 0x70 | PROTOCOL_DISCRIMINATOR, 0x80 | self.value))
        raise ValueError(f"transaction identifier {self.value} is outside 0 to 127")

    def __str__(self) -> str:
        return f"TI {self.value}{'*' if self.flag else ''}"


def decode_ti(octets: bytes) -> tuple[TransactionIdentifier, int]:
    """Return a message's transaction identifier, and where its message type stands.

    Raises NasError as ``sm.decode`` says.
    """
    if not octets:
        raise NasError(SmCause.PROTOCOL_ERROR_UNSPECIFIED, "empty message", 0)
    first = octets[0]
    if first & 0x0F != PROTOCOL_DISCRIMINATOR:
        text = f"protocol discriminator {first & 0x0F} is not session management"
        raise NasError(SmCause.PROTOCOL_ERROR_UNSPECIFIED, text, 0)
    flag, value = bool(first & 0x80), first >> 4 & 7
    if value < 7:
        return TransactionIdentifier(value, flag), 1
    # 7 says that the value is in an octet of its own, whose values below 7 are reserved.
    if len(octets) < 2:
        raise NasError(SmCause.PROTOCOL_ERROR_UNSPECIFIED, "transaction identifier cut short", 1)
    extended = TransactionIdentifier(octets[1] & 0x7F, flag)
    if not octets[1] & 0x80 or extended.value < 7:
        message_type = octets[2] if len(octets) > 2 else None
        text = "reserved transaction identifier"
        cause = SmCause.INVALID_TRANSACTION_IDENTIFIER
        raise NasError(cause, text, 1, message_type=message_type)
    return extended, 2


def header(ti: TransactionIdentifier, message_type: int) -> bytes:
    """Return what every message begins with."""
    return ti.encode() + bytes((message_type,))


def counted(value: bytes) -> bytes:
    """Return an element of format LV."""
    return bytes((len(value),)) + value


def tagged(identifier: int, value: bytes | None) -> bytes:
    """Return an element of format TLV, or nothing for None."""
    return b"" if value is None else bytes((identifier, len(value))) + value


def tagged_octet(identifier: int, value: int | None) -> bytes:
    """Return an element of format TLV whose value is one octet, or nothing for None."""
    return b"" if value is None else bytes((identifier, 1, value))


def encoded_apn(apn: str | None) -> bytes:
    """Return the element Access Point Name, or nothing for None."""
    return b"" if apn is None else tagged(IEI_APN, encode_apn(apn))


def read_pdp_address(body: Body) -> PdpAddress:
    """Read a mandatory PDP address."""
    at = body.at
    value = body.counted("PDP address", 2, 22)
    try:
        return PdpAddress.decode(value)
    except ValueError as error:
        raise invalid(str(error), at) from None


def found_address(found: dict[int, bytes]) -> PdpAddress | None:
    """Return an optional PDP address; one that is wrong is not there (§8.7.1)."""
    value = found.get(IEI_PDP_ADDRESS)
    try:
        return None if value is None else PdpAddress.decode(value)
    except ValueError:
        return None


def found_apn(found: dict[int, bytes]) -> str | None:
    """Return an optional Access Point Name; one that is wrong is not there (§8.7.1)."""
    value = found.get(IEI_APN)
    try:
        return None if value is None else decode_apn(value)
    except ValueError:
        return None


def found_octet(found: dict[int, bytes], identifier: int) -> int | None:
    """Return the first octet of an optional element, or None."""
    value = found.get(identifier)
    return value[0] if value else None


def encoded_linked_ti(ti: TransactionIdentifier) -> bytes:
    """Return a mandatory Linked TI (§10.5.6.7)."""
    flag = 0x80 if ti.flag else 0
    value = (flag | ti.value << 4,) if ti.value < 7 else (flag | 0x70, 0x80 | ti.value)
    return counted(bytes(value))


def read_linked_ti(body: Body) -> TransactionIdentifier:
    """Read a mandatory Linked TI."""
    at = body.at
    value = body.counted("linked TI", 1, 2)
    flag, number = bool(value[0] & 0x80), value[0] >> 4 & 7
    if number < 7:
        return TransactionIdentifier(number, flag)
    if len(value) < 2 or not value[1] & 0x80 or value[1] & 0x7F < 7:
        raise invalid("reserved linked TI", at)
    return TransactionIdentifier(value[1] & 0x7F, flag)


def found_qos(found: dict[int, bytes]) -> bytes | None:
    """Return an optional QoS; one that is too short is not there (§8.7.1)."""
    value = found.get(IEI_QOS)
    return value if value is not None and len(value) >= LEAST_QOS else None


@dataclass(frozen=True, slots=True)
class RequestRefusal:
    """What the rejects of the network's requests are made of: a cause, and options."""

    MESSAGE_TYPE: ClassVar[int]

    ti: TransactionIdentifier
    cause: int
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        head = header(self.ti, self.MESSAGE_TYPE)
        return head + bytes((self.cause,)) + tagged(IEI_PCO, self.pco)

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> Self:
        """Read what follows the header."""
        return cls(ti, body.octet("SM cause"), body.optional().get(IEI_PCO))


@dataclass(frozen=True, slots=True)
class Refusal(RequestRefusal):
    """What the other rejects are made of: they may ask for patience too."""

    back_off_timer: int | None = None
    """GPRS timer 3 as one octet (§10.5.7.4a)."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        plain = RequestRefusal.encode(self)
        return plain + tagged_octet(IEI_BACK_OFF_TIMER, self.back_off_timer)

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> Self:
        """Read what follows the header."""
        cause = body.octet("SM cause")
        found = body.optional()
        return cls(ti, cause, found.get(IEI_PCO), found_octet(found, IEI_BACK_OFF_TIMER))
