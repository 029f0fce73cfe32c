"""GPRS session management messages between MS and SGSN: values to octets and back.

Specs: TS 24.008 v13 §9.5 (messages), §10.5.6 (elements), §8 (errors), TS 24.007 §11.2.3.1.3
(transaction identifier). Modification and secondary contexts are in ``sm_bearers``.

``decode`` gives one of the classes of ``SmMessage`` or raises NasError with the SM cause to
answer. Optional elements that a class has no field for are passed over, as are wrong ones
(§8.7.1); the identifiers that must be understood are refused with cause 96 (§8.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.elements import Body, PdpAddress
from corenet.interfaces.nas.errors import NasError
from corenet.interfaces.nas.sm_bearers import (
    ActivateSecondaryPdpContextAccept as ActivateSecondaryPdpContextAccept,
)
from corenet.interfaces.nas.sm_bearers import (
    ActivateSecondaryPdpContextReject as ActivateSecondaryPdpContextReject,
)
from corenet.interfaces.nas.sm_bearers import (
    ActivateSecondaryPdpContextRequest as ActivateSecondaryPdpContextRequest,
)
from corenet.interfaces.nas.sm_bearers import (
    ModifyPdpContextAcceptDownlink as ModifyPdpContextAcceptDownlink,
)
from corenet.interfaces.nas.sm_bearers import (
    ModifyPdpContextAcceptUplink as ModifyPdpContextAcceptUplink,
)
from corenet.interfaces.nas.sm_bearers import ModifyPdpContextReject as ModifyPdpContextReject
from corenet.interfaces.nas.sm_bearers import (
    ModifyPdpContextRequestDownlink as ModifyPdpContextRequestDownlink,
)
from corenet.interfaces.nas.sm_bearers import (
    ModifyPdpContextRequestUplink as ModifyPdpContextRequestUplink,
)
from corenet.interfaces.nas.sm_bearers import (
    RequestSecondaryPdpContextActivation as RequestSecondaryPdpContextActivation,
)
from corenet.interfaces.nas.sm_bearers import (
    RequestSecondaryPdpContextActivationReject as RequestSecondaryPdpContextActivationReject,
)
from corenet.interfaces.nas.sm_elements import (
    DYNAMIC_IPV4,
    IEI_PACKET_FLOW,
    IEI_PCO,
    IEI_PDP_ADDRESS,
    IEI_SM_CAUSE,
    IEI_TEARDOWN,
    LEAST_QOS,
    Refusal,
    RequestRefusal,
    counted,
    decode_ti,
    encoded_apn,
    found_address,
    found_apn,
    found_octet,
    header,
    read_pdp_address,
    tagged,
    tagged_octet,
)
from corenet.interfaces.nas.sm_elements import FIRST_NSAPI as FIRST_NSAPI
from corenet.interfaces.nas.sm_elements import LAST_NSAPI as LAST_NSAPI
from corenet.interfaces.nas.sm_elements import LLC_SAPI_FOR_DATA as LLC_SAPI_FOR_DATA
from corenet.interfaces.nas.sm_elements import PROTOCOL_DISCRIMINATOR as PROTOCOL_DISCRIMINATOR
from corenet.interfaces.nas.sm_elements import SUBSCRIBED_QOS as SUBSCRIBED_QOS
from corenet.interfaces.nas.sm_elements import TransactionIdentifier as TransactionIdentifier

TAKES_NETWORK_REQUESTS: Final = bytes.fromhex("80000500")
"""Options of an MS that takes secondary contexts that the network asks for (§10.5.6.3, 0005)."""


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
                header(self.ti, 0x41),
                bytes((self.nsapi, self.llc_sapi)),
                counted(self.qos),
                counted(self.pdp_address.encode()),
                encoded_apn(self.apn),
                tagged(IEI_PCO, self.pco),
            )
        )

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> ActivatePdpContextRequest:
        """Read what follows the header."""
        nsapi = body.octet("NSAPI") & 0x0F
        llc_sapi = body.octet("LLC SAPI") & 0x0F
        qos = body.counted("QoS", LEAST_QOS)
        address = read_pdp_address(body)
        found = body.optional()
        return cls(ti, nsapi, llc_sapi, qos, address, found_apn(found), found.get(IEI_PCO))


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
                header(self.ti, 0x42),
                bytes((self.llc_sapi,)),
                counted(self.qos),
                bytes((self.radio_priority,)),
                tagged(
                    IEI_PDP_ADDRESS,
                    None if self.pdp_address is None else self.pdp_address.encode(),
                ),
                tagged(IEI_PCO, self.pco),
                tagged_octet(IEI_PACKET_FLOW, self.packet_flow),
                tagged_octet(IEI_SM_CAUSE, self.cause),
            )
        )

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> ActivatePdpContextAccept:
        """Read what follows the header."""
        llc_sapi = body.octet("LLC SAPI") & 0x0F
        qos = body.counted("QoS", LEAST_QOS)
        priority = body.octet("radio priority") & 0x07
        found = body.optional()
        return cls(
            ti,
            llc_sapi,
            qos,
            priority,
            found_address(found),
            found.get(IEI_PCO),
            found_octet(found, IEI_PACKET_FLOW),
            found_octet(found, IEI_SM_CAUSE),
        )


@dataclass(frozen=True, slots=True)
class ActivatePdpContextReject(Refusal):
    """ACTIVATE PDP CONTEXT REJECT (TS 24.008 §9.5.3), network to MS."""

    MESSAGE_TYPE: ClassVar = 0x43


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
                header(self.ti, 0x44),
                counted(self.pdp_address.encode()),
                encoded_apn(self.apn),
                tagged(IEI_PCO, self.pco),
            )
        )

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> RequestPdpContextActivation:
        """Read what follows the header."""
        address = read_pdp_address(body)
        found = body.optional()
        return cls(ti, address, found_apn(found), found.get(IEI_PCO))


@dataclass(frozen=True, slots=True)
class RequestPdpContextActivationReject(RequestRefusal):
    """REQUEST PDP CONTEXT ACTIVATION REJECT (TS 24.008 §9.5.8), MS to network."""

    MESSAGE_TYPE: ClassVar = 0x45


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
                header(self.ti, 0x46),
                bytes((self.cause,)),
                b"\x91" if self.teardown else b"",
                tagged(IEI_PCO, self.pco),
            )
        )

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> DeactivatePdpContextRequest:
        """Read what follows the header."""
        cause = body.octet("SM cause")
        found = body.optional()
        teardown = bool(found.get(IEI_TEARDOWN, b"\x00")[0] & 1)
        return cls(ti, cause, teardown, found.get(IEI_PCO))


@dataclass(frozen=True, slots=True)
class DeactivatePdpContextAccept:
    """DEACTIVATE PDP CONTEXT ACCEPT (TS 24.008 §9.5.15), either direction."""

    ti: TransactionIdentifier
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return header(self.ti, 0x47) + tagged(IEI_PCO, self.pco)

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> DeactivatePdpContextAccept:
        """Read what follows the header."""
        return cls(ti, body.optional().get(IEI_PCO))


@dataclass(frozen=True, slots=True)
class SmStatus:
    """SM STATUS (TS 24.008 §9.5.21), either direction. Never answered."""

    ti: TransactionIdentifier
    cause: int

    def encode(self) -> bytes:
        """Return the message's octets."""
        return header(self.ti, 0x55) + bytes((self.cause,))

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> SmStatus:
        """Read what follows the header."""
        return cls(ti, body.octet("SM cause"))


SmMessage = (
    ActivatePdpContextRequest
    | ActivatePdpContextAccept
    | ActivatePdpContextReject
    | RequestPdpContextActivation
    | RequestPdpContextActivationReject
    | DeactivatePdpContextRequest
    | DeactivatePdpContextAccept
    | ModifyPdpContextRequestDownlink
    | ModifyPdpContextAcceptUplink
    | ModifyPdpContextRequestUplink
    | ModifyPdpContextAcceptDownlink
    | ModifyPdpContextReject
    | ActivateSecondaryPdpContextRequest
    | ActivateSecondaryPdpContextAccept
    | ActivateSecondaryPdpContextReject
    | SmStatus
    | RequestSecondaryPdpContextActivation
    | RequestSecondaryPdpContextActivationReject
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
        0x48: ModifyPdpContextRequestDownlink,
        0x49: ModifyPdpContextAcceptUplink,
        0x4A: ModifyPdpContextRequestUplink,
        0x4B: ModifyPdpContextAcceptDownlink,
        0x4C: ModifyPdpContextReject,
        0x4D: ActivateSecondaryPdpContextRequest,
        0x4E: ActivateSecondaryPdpContextAccept,
        0x4F: ActivateSecondaryPdpContextReject,
        0x55: SmStatus,
        0x5B: RequestSecondaryPdpContextActivation,
        0x5C: RequestSecondaryPdpContextActivationReject,
    }
)
"""Message type numbers (TS 24.008 §10.4) and their classes."""

_DECODERS: Final[Mapping[int, Callable[[TransactionIdentifier, Body], SmMessage]]] = (
    MappingProxyType({number: kind.read for number, kind in MESSAGE_TYPES.items()})
)


def decode(octets: bytes) -> SmMessage:
    """Return the session management message in ``octets``.

    Raises NasError: cause 81 for a transaction identifier that is reserved, 97 for a message
    type that is none of ``MESSAGE_TYPES``, 96 for a mandatory element that is missing or wrong,
    111 for octets that are no session management message at all.
    """
    ti, at = decode_ti(octets)
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
