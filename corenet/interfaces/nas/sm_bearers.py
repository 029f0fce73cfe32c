"""Session management messages that change PDP contexts and add further ones to an address.

Specs: TS 24.008 §9.5.4 to §9.5.6 (secondary activation), §9.5.9 to §9.5.13 (modification),
§9.5.15a and §9.5.15b (secondary activation on the network's request).

Modify Request and Accept are two messages each: what they carry depends on who sends them.
A traffic flow template travels as octets, which ``gtp.ies.TrafficFlowTemplate`` reads: its
faults are the procedure's to answer (causes 41 to 45), and not the message's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from corenet.interfaces.nas.elements import Body, PdpAddress
from corenet.interfaces.nas.sm_elements import (
    IEI_LLC_SAPI,
    IEI_NEW_TFT,
    IEI_PACKET_FLOW,
    IEI_PCO,
    IEI_PDP_ADDRESS,
    IEI_QOS,
    IEI_RADIO_PRIORITY,
    IEI_TFT,
    LEAST_QOS,
    LLC_SAPI_FOR_DATA,
    SUBSCRIBED_QOS,
    Refusal,
    RequestRefusal,
    TransactionIdentifier,
    counted,
    encoded_linked_ti,
    found_address,
    found_octet,
    found_qos,
    header,
    read_linked_ti,
    tagged,
    tagged_octet,
)

_SAPI_IN_TWO_OCTETS = {IEI_LLC_SAPI: 1}


def _tagged_sapi(llc_sapi: int | None) -> bytes:
    return b"" if llc_sapi is None else bytes((IEI_LLC_SAPI, llc_sapi))


@dataclass(frozen=True, slots=True)
class ModifyPdpContextRequestDownlink:
    """MODIFY PDP CONTEXT REQUEST (TS 24.008 §9.5.9), network to MS."""

    ti: TransactionIdentifier
    qos: bytes
    llc_sapi: int = LLC_SAPI_FOR_DATA
    radio_priority: int = 4
    """1, the highest, to 4."""
    pdp_address: PdpAddress | None = None
    packet_flow: int | None = None
    pco: bytes | None = None
    tft: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        address = None if self.pdp_address is None else self.pdp_address.encode()
        return b"".join(
            (
                header(self.ti, 0x48),
                bytes((self.radio_priority, self.llc_sapi)),
                counted(self.qos),
                tagged(IEI_PDP_ADDRESS, address),
                tagged_octet(IEI_PACKET_FLOW, self.packet_flow),
                tagged(IEI_PCO, self.pco),
                tagged(IEI_TFT, self.tft),
            )
        )

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> ModifyPdpContextRequestDownlink:
        """Read what follows the header."""
        priority = body.octet("radio priority") & 0x07
        llc_sapi = body.octet("LLC SAPI") & 0x0F
        qos = body.counted("QoS", LEAST_QOS)
        found = body.optional()
        return cls(
            ti,
            qos,
            llc_sapi,
            priority,
            found_address(found),
            found_octet(found, IEI_PACKET_FLOW),
            found.get(IEI_PCO),
            found.get(IEI_TFT),
        )


@dataclass(frozen=True, slots=True)
class ModifyPdpContextAcceptUplink:
    """MODIFY PDP CONTEXT ACCEPT (TS 24.008 §9.5.11), MS to network."""

    ti: TransactionIdentifier
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return header(self.ti, 0x49) + tagged(IEI_PCO, self.pco)

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> ModifyPdpContextAcceptUplink:
        """Read what follows the header."""
        return cls(ti, body.optional().get(IEI_PCO))


@dataclass(frozen=True, slots=True)
class ModifyPdpContextRequestUplink:
    """MODIFY PDP CONTEXT REQUEST (TS 24.008 §9.5.10), MS to network."""

    ti: TransactionIdentifier
    llc_sapi: int | None = None
    qos: bytes | None = None
    tft: bytes | None = None
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                header(self.ti, 0x4A),
                _tagged_sapi(self.llc_sapi),
                tagged(IEI_QOS, self.qos),
                tagged(IEI_NEW_TFT, self.tft),
                tagged(IEI_PCO, self.pco),
            )
        )

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> ModifyPdpContextRequestUplink:
        """Read what follows the header."""
        found = body.optional(_SAPI_IN_TWO_OCTETS)
        llc_sapi = found_octet(found, IEI_LLC_SAPI)
        return cls(ti, llc_sapi, found_qos(found), found.get(IEI_NEW_TFT), found.get(IEI_PCO))


@dataclass(frozen=True, slots=True)
class ModifyPdpContextAcceptDownlink:
    """MODIFY PDP CONTEXT ACCEPT (TS 24.008 §9.5.12), network to MS."""

    ti: TransactionIdentifier
    qos: bytes | None = None
    llc_sapi: int | None = None
    radio_priority: int | None = None
    """1, the highest, to 4."""
    packet_flow: int | None = None
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        priority = self.radio_priority
        return b"".join(
            (
                header(self.ti, 0x4B),
                tagged(IEI_QOS, self.qos),
                _tagged_sapi(self.llc_sapi),
                b"" if priority is None else bytes((IEI_RADIO_PRIORITY << 4 | priority,)),
                tagged_octet(IEI_PACKET_FLOW, self.packet_flow),
                tagged(IEI_PCO, self.pco),
            )
        )

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> ModifyPdpContextAcceptDownlink:
        """Read what follows the header."""
        found = body.optional(_SAPI_IN_TWO_OCTETS)
        priority = found_octet(found, IEI_RADIO_PRIORITY)
        return cls(
            ti,
            found_qos(found),
            found_octet(found, IEI_LLC_SAPI),
            None if priority is None else priority & 0x07,
            found_octet(found, IEI_PACKET_FLOW),
            found.get(IEI_PCO),
        )


@dataclass(frozen=True, slots=True)
class ModifyPdpContextReject(Refusal):
    """MODIFY PDP CONTEXT REJECT (TS 24.008 §9.5.13), either direction."""

    MESSAGE_TYPE: ClassVar = 0x4C


@dataclass(frozen=True, slots=True)
class ActivateSecondaryPdpContextRequest:
    """ACTIVATE SECONDARY PDP CONTEXT REQUEST (TS 24.008 §9.5.4), MS to network."""

    ti: TransactionIdentifier
    nsapi: int
    linked_ti: TransactionIdentifier
    """A context with the PDP address that the new one is to share, as the MS writes it."""
    llc_sapi: int = LLC_SAPI_FOR_DATA
    qos: bytes = SUBSCRIBED_QOS
    tft: bytes | None = None
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                header(self.ti, 0x4D),
                bytes((self.nsapi, self.llc_sapi)),
                counted(self.qos),
                encoded_linked_ti(self.linked_ti),
                tagged(IEI_TFT, self.tft),
                tagged(IEI_PCO, self.pco),
            )
        )

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> ActivateSecondaryPdpContextRequest:
        """Read what follows the header."""
        nsapi = body.octet("NSAPI") & 0x0F
        llc_sapi = body.octet("LLC SAPI") & 0x0F
        qos = body.counted("QoS", LEAST_QOS)
        linked = read_linked_ti(body)
        found = body.optional()
        return cls(ti, nsapi, linked, llc_sapi, qos, found.get(IEI_TFT), found.get(IEI_PCO))


@dataclass(frozen=True, slots=True)
class ActivateSecondaryPdpContextAccept:
    """ACTIVATE SECONDARY PDP CONTEXT ACCEPT (TS 24.008 §9.5.5), network to MS."""

    ti: TransactionIdentifier
    llc_sapi: int = LLC_SAPI_FOR_DATA
    qos: bytes = SUBSCRIBED_QOS
    radio_priority: int = 4
    """1, the highest, to 4."""
    packet_flow: int | None = None
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                header(self.ti, 0x4E),
                bytes((self.llc_sapi,)),
                counted(self.qos),
                bytes((self.radio_priority,)),
                tagged_octet(IEI_PACKET_FLOW, self.packet_flow),
                tagged(IEI_PCO, self.pco),
            )
        )

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> ActivateSecondaryPdpContextAccept:
        """Read what follows the header."""
        llc_sapi = body.octet("LLC SAPI") & 0x0F
        qos = body.counted("QoS", LEAST_QOS)
        priority = body.octet("radio priority") & 0x07
        found = body.optional()
        packet_flow = found_octet(found, IEI_PACKET_FLOW)
        return cls(ti, llc_sapi, qos, priority, packet_flow, found.get(IEI_PCO))


@dataclass(frozen=True, slots=True)
class ActivateSecondaryPdpContextReject(Refusal):
    """ACTIVATE SECONDARY PDP CONTEXT REJECT (TS 24.008 §9.5.6), network to MS."""

    MESSAGE_TYPE: ClassVar = 0x4F


@dataclass(frozen=True, slots=True)
class RequestSecondaryPdpContextActivation:
    """REQUEST SECONDARY PDP CONTEXT ACTIVATION (TS 24.008 §9.5.15a), network to MS."""

    ti: TransactionIdentifier
    linked_ti: TransactionIdentifier
    """A context with the PDP address that the new one is to share, as the network writes it."""
    qos: bytes = SUBSCRIBED_QOS
    tft: bytes | None = None
    pco: bytes | None = None

    def encode(self) -> bytes:
        """Return the message's octets."""
        return b"".join(
            (
                header(self.ti, 0x5B),
                counted(self.qos),
                encoded_linked_ti(self.linked_ti),
                tagged(IEI_TFT, self.tft),
                tagged(IEI_PCO, self.pco),
            )
        )

    @classmethod
    def read(cls, ti: TransactionIdentifier, body: Body) -> RequestSecondaryPdpContextActivation:
        """Read what follows the header."""
        qos = body.counted("QoS", LEAST_QOS)
        linked = read_linked_ti(body)
        found = body.optional()
        return cls(ti, linked, qos, found.get(IEI_TFT), found.get(IEI_PCO))


@dataclass(frozen=True, slots=True)
class RequestSecondaryPdpContextActivationReject(RequestRefusal):
    """REQUEST SECONDARY PDP CONTEXT ACTIVATION REJECT (TS 24.008 §9.5.15b), MS to network."""

    MESSAGE_TYPE: ClassVar = 0x5C
