"""GPRS session management messages between MS and SGSN: values to octets and back.

Specs: TS 24.008 v13 §9.5 (messages), §10.5.6 (elements), §8 (errors), TS 24.007 §11.2.3.1.3
(transaction identifier).

``decode`` gives one of the classes of ``SmMessage`` or raises NasError with the SM cause to
answer. Optional elements that a class has no field for are passed over, as are wrong ones
(§8.7.1); the identifiers that must be understood are refused with cause 96 (§8.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

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

_IEI_PCO = 0x27
_IEI_APN = 0x28
_IEI_PDP_ADDRESS = 0x2B
_IEI_PACKET_FLOW = 0x34
_IEI_BACK_OFF_TIMER = 0x37
_IEI_SM_CAUSE = 0x39
_IEI_TEARDOWN = 0x9
_LEAST_QOS = 3


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


@dataclass(frozen=True, slots=True)
class ActivatePdpContextRequest:
    """ACTIVATE PDP CONTEXT REQUEST (TS 24.008 §9.5.1), MS to network."""

    ti: TransactionIdentifier
    nsapi: int
    llc_sapi: int = LLC_SAPI_FOR_DATA
    qos: bytes = SUBSCRIBED_QOS
    pdp_address: PdpAddress = DYNAMIC_IPV4
    apn: str | None = None
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                _header(self.ti, 0x41),
                bytes((self.nsapi, self.llc_sapi)),
                _counted(self.qos),
                _counted(self.pdp_address.encode()),
                _apn(self.apn),
                _tagged(_IEI_PCO, self.pco),
            )
        )

    @classmethod
    def _decode(cls, ti: TransactionIdentifier, body: Body) -> ActivatePdpContextRequest:
        nsapi = body.octet("NSAPI") & 0x0F
        llc_sapi = body.octet("LLC SAPI") & 0x0F
        qos = body.counted("QoS", _LEAST_QOS)
        address = _pdp_address(body)
        found = body.optional()
        return cls(ti, nsapi, llc_sapi, qos, address, _found_apn(found), found.get(_IEI_PCO))


@dataclass(frozen=True, slots=True)
class ActivatePdpContextAccept:
    """ACTIVATE PDP CONTEXT ACCEPT (TS 24.008 §9.5.2), network to MS."""

    ti: TransactionIdentifier
    llc_sapi: int = LLC_SAPI_FOR_DATA
    qos: bytes = SUBSCRIBED_QOS
    radio_priority: int = 4
    """1, the highest, to 4."""
    pdp_address: PdpAddress | None = None
    """The address allotted; None only where the MS asked for a static one and got it."""
    pco: bytes | None = None
    packet_flow: int | None = None
    cause: int | None = None
    """The SM cause that says why the PDP type is not the one requested."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                _header(self.ti, 0x42),
                bytes((self.llc_sapi,)),
                _counted(self.qos),
                bytes((self.radio_priority,)),
                _tagged(
                    _IEI_PDP_ADDRESS,
                    None if self.pdp_address is None else self.pdp_address.encode(),
                ),
                _tagged(_IEI_PCO, self.pco),
                _tagged_octet(_IEI_PACKET_FLOW, self.packet_flow),
                _tagged_octet(_IEI_SM_CAUSE, self.cause),
            )
        )

    @classmethod
    def _decode(cls, ti: TransactionIdentifier, body: Body) -> ActivatePdpContextAccept:
        llc_sapi = body.octet("LLC SAPI") & 0x0F
        qos = body.counted("QoS", _LEAST_QOS)
        priority = body.octet("radio priority") & 0x07
        found = body.optional()
        return cls(
            ti,
            llc_sapi,
            qos,
            priority,
            _found_address(found),
            found.get(_IEI_PCO),
            _found_octet(found, _IEI_PACKET_FLOW),
            _found_octet(found, _IEI_SM_CAUSE),
        )


@dataclass(frozen=True, slots=True)
class ActivatePdpContextReject:
    """ACTIVATE PDP CONTEXT REJECT (TS 24.008 §9.5.3), network to MS."""

    ti: TransactionIdentifier
    cause: int
    pco: bytes | None = None
    back_off_timer: int | None = None
    """GPRS timer 3 as one octet (§10.5.7.4a)."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                _header(self.ti, 0x43),
                bytes((self.cause,)),
                _tagged(_IEI_PCO, self.pco),
                _tagged_octet(_IEI_BACK_OFF_TIMER, self.back_off_timer),
            )
        )

    @classmethod
    def _decode(cls, ti: TransactionIdentifier, body: Body) -> ActivatePdpContextReject:
        cause = body.octet("SM cause")
        found = body.optional()
        return cls(ti, cause, found.get(_IEI_PCO), _found_octet(found, _IEI_BACK_OFF_TIMER))


@dataclass(frozen=True, slots=True)
class RequestPdpContextActivation:
    """REQUEST PDP CONTEXT ACTIVATION (TS 24.008 §9.5.7), network to MS."""

    ti: TransactionIdentifier
    pdp_address: PdpAddress
    apn: str | None = None
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                _header(self.ti, 0x44),
                _counted(self.pdp_address.encode()),
                _apn(self.apn),
                _tagged(_IEI_PCO, self.pco),
            )
        )

    @classmethod
    def _decode(cls, ti: TransactionIdentifier, body: Body) -> RequestPdpContextActivation:
        address = _pdp_address(body)
        found = body.optional()
        return cls(ti, address, _found_apn(found), found.get(_IEI_PCO))


@dataclass(frozen=True, slots=True)
class RequestPdpContextActivationReject:
    """REQUEST PDP CONTEXT ACTIVATION REJECT (TS 24.008 §9.5.8), MS to network."""

    ti: TransactionIdentifier
    cause: int
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return _header(self.ti, 0x45) + bytes((self.cause,)) + _tagged(_IEI_PCO, self.pco)

    @classmethod
    def _decode(cls, ti: TransactionIdentifier, body: Body) -> RequestPdpContextActivationReject:
        return cls(ti, body.octet("SM cause"), body.optional().get(_IEI_PCO))


@dataclass(frozen=True, slots=True)
class DeactivatePdpContextRequest:
    """DEACTIVATE PDP CONTEXT REQUEST (TS 24.008 §9.5.14), either direction."""

    ti: TransactionIdentifier
    cause: int = SmCause.REGULAR_DEACTIVATION
    teardown: bool = False
    """Whether all contexts with this PDP address and APN go."""
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                _header(self.ti, 0x46),
                bytes((self.cause,)),
                b"\x91" if self.teardown else b"",
                _tagged(_IEI_PCO, self.pco),
            )
        )

    @classmethod
    def _decode(cls, ti: TransactionIdentifier, body: Body) -> DeactivatePdpContextRequest:
        cause = body.octet("SM cause")
        found = body.optional()
        teardown = bool(found.get(_IEI_TEARDOWN, b"\x00")[0] & 1)
        return cls(ti, cause, teardown, found.get(_IEI_PCO))


@dataclass(frozen=True, slots=True)
class DeactivatePdpContextAccept:
    """DEACTIVATE PDP CONTEXT ACCEPT (TS 24.008 §9.5.15), either direction."""

    ti: TransactionIdentifier
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return _header(self.ti, 0x47) + _tagged(_IEI_PCO, self.pco)

    @classmethod
    def _decode(cls, ti: TransactionIdentifier, body: Body) -> DeactivatePdpContextAccept:
        return cls(ti, body.optional().get(_IEI_PCO))


@dataclass(frozen=True, slots=True)
class SmStatus:
    """SM STATUS (TS 24.008 §9.5.21), either direction. Never answered."""

    ti: TransactionIdentifier
    cause: int

    def encode(self) -> bytes:
        """Return the message's octets."""
        return _header(self.ti, 0x55) + bytes((self.cause,))

    @classmethod
    def _decode(cls, ti: TransactionIdentifier, body: Body) -> SmStatus:
        return cls(ti, body.octet("SM cause"))


SmMessage = (
    ActivatePdpContextRequest
    | ActivatePdpContextAccept
    | ActivatePdpContextReject
    | RequestPdpContextActivation
    | RequestPdpContextActivationReject
    | DeactivatePdpContextRequest
    | DeactivatePdpContextAccept
    | SmStatus
)

MESSAGE_TYPES: Final[Mapping[int, type[SmMessage]]] = MappingProxyType(
    {
        0x41: ActivatePdpContextRequest,
        0x42: ActivatePdpContextAccept,
        0x43: ActivatePdpContextReject,
        0x44: RequestPdpContextActivation,
        0x45: RequestPdpContextActivationReject,
        0x46: DeactivatePdpContextRequest,
        0x47: DeactivatePdpContextAccept,
        0x55: SmStatus,
    }
)
"""Message type numbers (TS 24.008 §10.4) and their classes."""

_DECODERS: Final[Mapping[int, Callable[[TransactionIdentifier, Body], SmMessage]]] = (
    MappingProxyType({number: kind._decode for number, kind in MESSAGE_TYPES.items()})
)


def decode(octets: bytes) -> SmMessage:
    """Return the session management message in ``octets``.

    Raises NasError: cause 81 for a transaction identifier that is reserved, 97 for a message
    type that is none of ``MESSAGE_TYPES``, 96 for a mandatory element that is missing or wrong,
    111 for octets that are no session management message at all.
    """
    ti, at = _decode_ti(octets)
    if at >= len(octets):
        raise NasError(SmCause.PROTOCOL_ERROR_UNSPECIFIED, "message type missing", at, ti=ti)
    number = octets[at]
    decoder = _DECODERS.get(number)
    if decoder is None:
        text = f"unknown message type 0x{number:02x}"
        raise NasError(SmCause.MESSAGE_TYPE_UNKNOWN, text, at, message_type=number, ti=ti)
    try:
        return decoder(ti, Body(octets, at + 1))
    except NasError as error:
        error.message_type, error.ti = number, ti
        raise


def _decode_ti(octets: bytes) -> tuple[TransactionIdentifier, int]:
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


def _header(ti: TransactionIdentifier, message_type: int) -> bytes:
    return ti.encode() + bytes((message_type,))


def _counted(value: bytes) -> bytes:
    return bytes((len(value),)) + value


def _tagged(identifier: int, value: bytes | None) -> bytes:
    return b"" if value is None else bytes((identifier, len(value))) + value


def _tagged_octet(identifier: int, value: int | None) -> bytes:
    return b"" if value is None else bytes((identifier, 1, value))


def _apn(apn: str | None) -> bytes:
    return b"" if apn is None else _tagged(_IEI_APN, encode_apn(apn))


def _pdp_address(body: Body) -> PdpAddress:
    at = body.at
    value = body.counted("PDP address", 2, 22)
    try:
        return PdpAddress.decode(value)
    except ValueError as error:
        raise invalid(str(error), at) from None


def _found_address(found: dict[int, bytes]) -> PdpAddress | None:
    value = found.get(_IEI_PDP_ADDRESS)
    try:
        return None if value is None else PdpAddress.decode(value)
    except ValueError:
        return None


def _found_apn(found: dict[int, bytes]) -> str | None:
    value = found.get(_IEI_APN)
    try:
        return None if value is None else decode_apn(value)
    except ValueError:
        return None


def _found_octet(found: dict[int, bytes], identifier: int) -> int | None:
    value = found.get(identifier)
    return value[0] if value else None
