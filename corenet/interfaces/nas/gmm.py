"""GPRS mobility management messages between MS and SGSN: attach, detach and status.

Specs: TS 24.008 v13 §9.4 (messages), §10.5.1.4 (mobile identity), §10.5.5 (elements).

DETACH REQUEST and ACCEPT have one type number and two layouts; the direction, which LLC's
command/response bit tells, chooses between them. Errors and optional elements are treated as in
``sm``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.nas.elements import Body, invalid
from corenet.interfaces.nas.errors import NasError

PROTOCOL_DISCRIMINATOR: Final = 0x08

NO_RAI: Final = bytes.fromhex("00f110fffeff")
"""The old routeing area of an MS that has none: LAC FFFE reads as deleted (§10.5.5.15)."""

MS_NETWORK_CAPABILITY: Final = bytes.fromhex("6500")
"""What these mobiles can do (§10.5.5.12): short messages on both kinds of channel, R99, no
ciphering algorithm."""

MS_RADIO_ACCESS_CAPABILITY: Final = bytes.fromhex("1125000000")
"""GSM 900 extended, power class 1, nothing else (§10.5.5.12a)."""

NO_DRX: Final = bytes.fromhex("0000")
"""DRX parameter of an MS that was given none (§10.5.5.6)."""

PERIODIC_UPDATE_54_MINUTES: Final = 0x49
"""T3312 as a GPRS timer: 9 decihours (§10.5.7.3)."""

_IEI_ALLOCATED_P_TMSI = 0x18
_IEI_SIGNATURE = 0x19
_IEI_READY_TIMER = 0x17
_IEI_CAUSE = 0x25
_POWER_OFF_BIT = 0x08


class AttachType(IntEnum):
    """Type of attach (TS 24.008 §10.5.5.2)."""

    GPRS = 1
    GPRS_WHILE_IMSI_ATTACHED = 2
    COMBINED = 3


class DetachType(IntEnum):
    """Type of detach, MS to network (TS 24.008 §10.5.5.5)."""

    GPRS = 1
    IMSI = 2
    COMBINED = 3


class NetworkDetachType(IntEnum):
    """Type of detach, network to MS (TS 24.008 §10.5.5.5)."""

    REATTACH_REQUIRED = 1
    REATTACH_NOT_REQUIRED = 2
    IMSI_DETACH = 3


@dataclass(frozen=True, slots=True)
class MobileIdentity:
    """Who the MS says it is (TS 24.008 §10.5.1.4): one of IMSI and P-TMSI."""

    imsi: str | None = None
    p_tmsi: int | None = None

    def encode(self) -> bytes:
        """Return the element's value part; raises ValueError where there is no identity in it."""
        if self.imsi is not None:
            if not (self.imsi.isascii() and self.imsi.isdigit() and len(self.imsi) <= 15):
                raise ValueError(f"IMSI {self.imsi!r} is not 1 to 15 digits")
            odd = len(self.imsi) % 2
            digits = self.imsi + ("" if odd else "f")
            first = bytes((int(digits[0]) << 4 | odd << 3 | 1,))
            pairs = zip(digits[1::2], digits[2::2], strict=True)
            return first + bytes(int(high + low, 16) for low, high in pairs)
        if self.p_tmsi is not None:
            return b"\xf4" + self.p_tmsi.to_bytes(4, "big")
        raise ValueError("mobile identity that is empty")

    @classmethod
    def decode(cls, value: bytes) -> MobileIdentity:
        """Return the identity in an element's value part.

        Raises ValueError where it is neither an IMSI nor a P-TMSI.
        """
        kind = value[0] & 7 if value else 0
        if kind == 4 and len(value) == 5:
            return cls(p_tmsi=int.from_bytes(value[1:], "big"))
        if kind != 1:
            raise ValueError("mobile identity that is neither IMSI nor P-TMSI")
        halves = [value[0] >> 4]
        for octet in value[1:]:
            halves += (octet & 0x0F, octet >> 4)
        if not value[0] & 8 and halves.pop() != 0x0F:
            raise ValueError("IMSI of an even number of digits without filler")
        if not 0 < len(halves) <= 15 or max(halves) > 9:
            raise ValueError("IMSI that is not 1 to 15 digits")
        return cls(imsi="".join(map(str, halves)))

    def __str__(self) -> str:
        if self.imsi is not None:
            return f"IMSI {self.imsi}"
        return "no identity" if self.p_tmsi is None else f"P-TMSI {self.p_tmsi:08x}"


@dataclass(frozen=True, slots=True)
class AttachRequest:
    """ATTACH REQUEST (TS 24.008 §9.4.1), MS to network."""

    identity: MobileIdentity
    attach_type: int = AttachType.GPRS
    key_sequence: int = 7
    """Ciphering key sequence number; 7 says that the MS has no key."""
    old_rai: bytes = NO_RAI
    ms_network_capability: bytes = MS_NETWORK_CAPABILITY
    drx_parameter: bytes = NO_DRX
    ms_radio_access_capability: bytes = MS_RADIO_ACCESS_CAPABILITY

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                b"\x08\x01",
                _counted(self.ms_network_capability),
                bytes((self.key_sequence << 4 | self.attach_type,)),
                self.drx_parameter,
                _counted(self.identity.encode()),
                self.old_rai,
                _counted(self.ms_radio_access_capability),
            )
        )

    @classmethod
    def _decode(cls, body: Body) -> AttachRequest:
        capability = body.counted("MS network capability", 1)
        kinds = body.octet("attach type")
        drx = body.fixed(2, "DRX parameter")
        at = body.at
        try:
            identity = MobileIdentity.decode(body.counted("mobile identity", 1, 9))
        except ValueError as error:
            raise invalid(str(error), at) from None
        rai = body.fixed(6, "old routeing area")
        radio = body.counted("MS radio access capability", 1)
        body.optional({_IEI_SIGNATURE: 3, _IEI_READY_TIMER: 1})
        return cls(identity, kinds & 7, kinds >> 4 & 7, rai, capability, drx, radio)


@dataclass(frozen=True, slots=True)
class AttachAccept:
    """ATTACH ACCEPT (TS 24.008 §9.4.2), network to MS."""

    rai: bytes
    """Routeing area identification, 6 octets."""
    p_tmsi: int | None = None
    """The identity allotted; an MS that gets one answers with ATTACH COMPLETE."""
    result: int = AttachType.GPRS
    periodic_update_timer: int = PERIODIC_UPDATE_54_MINUTES
    """T3312 as a GPRS timer (§10.5.7.3)."""
    cause: int | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        identity = b""
        if self.p_tmsi is not None:
            value = MobileIdentity(p_tmsi=self.p_tmsi).encode()
            identity = bytes((_IEI_ALLOCATED_P_TMSI,)) + _counted(value)
        return b"".join(
            (
                bytes((0x08, 0x02, self.result, self.periodic_update_timer, 0x04)),
                self.rai,
                identity,
                b"" if self.cause is None else bytes((_IEI_CAUSE, self.cause)),
            )
        )

    @classmethod
    def _decode(cls, body: Body) -> AttachAccept:
        result = body.octet("attach result") & 7
        timer = body.octet("periodic update timer")
        body.octet("radio priorities")
        rai = body.fixed(6, "routeing area")
        found = body.optional({_IEI_SIGNATURE: 3, _IEI_READY_TIMER: 1, _IEI_CAUSE: 1})
        cause = found.get(_IEI_CAUSE)
        try:
            p_tmsi = MobileIdentity.decode(found.get(_IEI_ALLOCATED_P_TMSI, b"")).p_tmsi
        except ValueError:
            p_tmsi = None
        return cls(rai, p_tmsi, result, timer, cause[0] if cause else None)


@dataclass(frozen=True, slots=True)
class AttachComplete:
    """ATTACH COMPLETE (TS 24.008 §9.4.3), MS to network."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"\x08\x03"

    @classmethod
    def _decode(cls, body: Body) -> AttachComplete:
        body.optional()
        return cls()


@dataclass(frozen=True, slots=True)
class AttachReject:
    """ATTACH REJECT (TS 24.008 §9.4.4), network to MS."""

    cause: int

    def encode(self) -> bytes:
        """Return the message's octets."""
        return bytes((0x08, 0x04, self.cause))

    @classmethod
    def _decode(cls, body: Body) -> AttachReject:
        cause = body.octet("GMM cause")
        body.optional()
        return cls(cause)


@dataclass(frozen=True, slots=True)
class DetachRequestUplink:
    """DETACH REQUEST, MS to network (TS 24.008 §9.4.5.2)."""

    detach_type: int = DetachType.GPRS
    power_off: bool = False
    """The MS is being switched off: no answer is wanted."""
    p_tmsi: int | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        kind = self.detach_type | (_POWER_OFF_BIT if self.power_off else 0)
        octets = bytes((0x08, 0x05, kind))
        if self.p_tmsi is None:
            return octets
        value = MobileIdentity(p_tmsi=self.p_tmsi).encode()
        return octets + bytes((_IEI_ALLOCATED_P_TMSI,)) + _counted(value)

    @classmethod
    def _decode(cls, body: Body) -> DetachRequestUplink:
        kind = body.octet("detach type")
        found = body.optional()
        try:
            p_tmsi = MobileIdentity.decode(found.get(_IEI_ALLOCATED_P_TMSI, b"")).p_tmsi
        except ValueError:
            p_tmsi = None
        return cls(kind & 7, bool(kind & _POWER_OFF_BIT), p_tmsi)


@dataclass(frozen=True, slots=True)
class DetachRequestDownlink:
    """DETACH REQUEST, network to MS (TS 24.008 §9.4.5.1)."""

    detach_type: int = NetworkDetachType.REATTACH_NOT_REQUIRED
    cause: int | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        cause = b"" if self.cause is None else bytes((_IEI_CAUSE, self.cause))
        return bytes((0x08, 0x05, self.detach_type)) + cause

    @classmethod
    def _decode(cls, body: Body) -> DetachRequestDownlink:
        kind = body.octet("detach type") & 7
        cause = body.optional({_IEI_CAUSE: 1}).get(_IEI_CAUSE)
        return cls(kind, cause[0] if cause else None)


@dataclass(frozen=True, slots=True)
class DetachAcceptUplink:
    """DETACH ACCEPT, MS to network (TS 24.008 §9.4.6.1)."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"\x08\x06"

    @classmethod
    def _decode(cls, body: Body) -> DetachAcceptUplink:
        body.optional()
        return cls()


@dataclass(frozen=True, slots=True)
class DetachAcceptDownlink:
    """DETACH ACCEPT, network to MS (TS 24.008 §9.4.6.2)."""

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"\x08\x06\x00"

    @classmethod
    def _decode(cls, body: Body) -> DetachAcceptDownlink:
        body.octet("force to standby")
        body.optional()
        return cls()


@dataclass(frozen=True, slots=True)
class GmmStatus:
    """GMM STATUS (TS 24.008 §9.4.18), either direction. Never answered."""

    cause: int

    def encode(self) -> bytes:
        """Return the message's octets."""
        return bytes((0x08, 0x20, self.cause))

    @classmethod
    def _decode(cls, body: Body) -> GmmStatus:
        return cls(body.octet("GMM cause"))


GmmMessage = (
    AttachRequest
    | AttachAccept
    | AttachComplete
    | AttachReject
    | DetachRequestUplink
    | DetachRequestDownlink
    | DetachAcceptUplink
    | DetachAcceptDownlink
    | GmmStatus
)

_UPLINK: Final[Mapping[int, Callable[[Body], GmmMessage]]] = MappingProxyType(
    {
        0x01: AttachRequest._decode,
        0x03: AttachComplete._decode,
        0x05: DetachRequestUplink._decode,
        0x06: DetachAcceptUplink._decode,
        0x20: GmmStatus._decode,
    }
)
_DOWNLINK: Final[Mapping[int, Callable[[Body], GmmMessage]]] = MappingProxyType(
    {
        0x02: AttachAccept._decode,
        0x04: AttachReject._decode,
        0x05: DetachRequestDownlink._decode,
        0x06: DetachAcceptDownlink._decode,
        0x20: GmmStatus._decode,
    }
)


def decode(octets: bytes, *, uplink: bool) -> GmmMessage:
    """Return the mobility management message in ``octets``.

    ``uplink`` says that the MS sent it. Raises NasError: cause 97 for a message type that is not
    one of this direction's, 96 for a mandatory element that is missing or wrong, 111 for octets
    that are no mobility management message at all.
    """
    if len(octets) < 2:
        raise NasError(GmmCause.PROTOCOL_ERROR_UNSPECIFIED, "message type missing", len(octets))
    # The other half of the octet is the skip indicator; what has it set is to be ignored.
    if octets[0] != PROTOCOL_DISCRIMINATOR:
        text = f"first octet 0x{octets[0]:02x} is not mobility management"
        raise NasError(GmmCause.PROTOCOL_ERROR_UNSPECIFIED, text, 0)
    number = octets[1]
    decoder = (_UPLINK if uplink else _DOWNLINK).get(number)
    if decoder is None:
        text = f"unknown message type 0x{number:02x}"
        raise NasError(GmmCause.MESSAGE_TYPE_UNKNOWN, text, 1, message_type=number)
    try:
        return decoder(Body(octets, 2))
    except NasError as error:
        error.message_type = number
        raise


def _counted(value: bytes) -> bytes:
    return bytes((len(value),)) + value
