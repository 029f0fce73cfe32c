"""PDP contexts as SGSNs hand them over, and values that belong to one context each.

Specs: TS 29.060 §7.7.15 (TEID Data II), §7.7.19 (RAB Context), §7.7.21 (Radio Priority),
§7.7.22 (Packet Flow Id), §7.7.29 (PDP Context), §7.7.92 (Evolved ARP II), §7.7.101 (APN-AMBR
with NSAPI), §7.7.113 (Selection Mode with NSAPI).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from gtp.constants import IEType
from gtp.ies.cursor import Cursor, counted
from gtp.ies.element import Element, fixed_number, number, octets, tlv
from gtp.ies.session import APN, END_USER_ADDRESS, FQDN
from gtp.ies.tunnel import decode_address, encode_address, teid_text
from gtp.ies.values import EndUserAddress


class OfNsapi(NamedTuple):
    """A value that belongs to the PDP context with an NSAPI."""

    nsapi: int
    value: int


class AmbrOfNsapi(NamedTuple):
    """The authorized APN-AMBR, in kbit/s, of the context with an NSAPI (TS 29.060 §7.7.101)."""

    nsapi: int
    uplink: int
    downlink: int


class LocalHomeNetwork(NamedTuple):
    """The local network that the context with an NSAPI leads to (TS 29.060 §7.7.115)."""

    nsapi: int
    name: str

    def __str__(self) -> str:
        return f"NSAPI {self.nsapi}: {self.name}"


class ScefPdnConnection(NamedTuple):
    """A connection for what is not IP, to a service capability exposure function (§7.7.121)."""

    nsapi: int
    apn: str
    scef: bytes
    """The function's identity."""

    def __str__(self) -> str:
        return f"NSAPI {self.nsapi}: APN {self.apn}, SCEF {self.scef.hex()}"


class RabContext(NamedTuple):
    """Which packet is the next one of a radio access bearer (TS 29.060 §7.7.19)."""

    nsapi: int
    downlink_gtp: int
    """The GTP-U sequence number of the next packet to the MS."""
    uplink_gtp: int
    downlink_pdcp: int
    uplink_pdcp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PdpContext:
    """A PDP context as one SGSN tells it to another (TS 29.060 §7.7.29)."""

    nsapi: int
    llc_sapi: int = 0
    """SAPI of the LLC; 0 where it is not assigned."""
    qos_subscribed: bytes
    """A QoS profile, as in IE 135; empty where there is none."""
    qos_requested: bytes
    qos_negotiated: bytes
    downlink_sequence: int = 0
    """The GTP-U sequence number of the next packet to the MS."""
    uplink_sequence: int = 0
    send_npdu: int = 255
    """The N-PDU number of the next packet to the MS; 255 where LLC is not acknowledged."""
    receive_npdu: int = 255
    uplink_teid_control: int
    """The GGSN's TEID for signalling."""
    uplink_teid_data: int
    """The GGSN's TEID for user traffic."""
    identifier: int = 0
    end_user_address: EndUserAddress
    ggsn_address_control: str
    ggsn_address_user: str
    apn: str
    transaction_identifier: int = 0
    """The TI of session management, 4 bits."""
    transaction_identifier_extension: int = 0
    """The second octet of a TI of 12 bits; 0 where it has 4."""
    extended_address: bool = False
    """EA: the context is of PDP type IPv4v6, and ``more`` has its second address."""
    visited_address_allowed: bool = False
    """VAA: a GGSN of the visited network may be used."""
    activity_status: bool = False
    """ASI: the context has no bearer, its MS is not in the radio network."""
    in_order: bool = False
    """Order: packets are delivered in the order of their sequence numbers."""
    more: bytes = b""
    """What stands behind the transaction identifier, in later releases."""


_FLAGS: Final = (
    ("extended_address", 0x80),
    ("visited_address_allowed", 0x40),
    ("activity_status", 0x20),
    ("in_order", 0x10),
)
_RAB_CONTEXT: Final = struct.Struct("!BBHHHH")


def _nsapi(nsapi: int) -> int:
    if not 0 <= nsapi <= 15:
        raise ValueError(f"the NSAPI {nsapi} is not 0 to 15")
    return nsapi


def _decode_address(value: bytes) -> str:
    return decode_address(value) if value else ""


def _encode_address(address: str) -> bytes:
    if not address:
        return b""
    return encode_address(address)


def _decode_pdp_context(value: bytes) -> PdpContext:
    cursor = Cursor(value)
    first = cursor.number()
    flags = {name: bool(first & bit) for name, bit in _FLAGS}
    return PdpContext(
        nsapi=first & 15,
        llc_sapi=cursor.number() & 15,
        qos_subscribed=cursor.counted(),
        qos_requested=cursor.counted(),
        qos_negotiated=cursor.counted(),
        downlink_sequence=cursor.number(2),
        uplink_sequence=cursor.number(2),
        send_npdu=cursor.number(),
        receive_npdu=cursor.number(),
        uplink_teid_control=cursor.number(4),
        uplink_teid_data=cursor.number(4),
        identifier=cursor.number(),
        end_user_address=END_USER_ADDRESS.decode(cursor.take(2) + cursor.counted()),
        ggsn_address_control=_decode_address(cursor.counted()),
        ggsn_address_user=_decode_address(cursor.counted()),
        apn=APN.decode(cursor.counted()),
        transaction_identifier=cursor.number() & 15,
        # Some leave out the second octet where the first says all.
        transaction_identifier_extension=0 if cursor.at_end else cursor.number(),
        more=cursor.rest(),
        **flags,
    )


def _encode_pdp_context(context: PdpContext) -> bytes:
    if not (0 <= context.llc_sapi <= 15 and 0 <= context.transaction_identifier <= 15):
        raise ValueError("the LLC SAPI or the transaction identifier is not 0 to 15")
    flags = sum(bit for name, bit in _FLAGS if getattr(context, name))
    address = END_USER_ADDRESS.encode(context.end_user_address)[3:]
    return tlv(
        IEType.PDP_CONTEXT,
        b"".join(
            (
                bytes((flags | _nsapi(context.nsapi), context.llc_sapi)),
                counted(context.qos_subscribed),
                counted(context.qos_requested),
                counted(context.qos_negotiated),
                context.downlink_sequence.to_bytes(2),
                context.uplink_sequence.to_bytes(2),
                bytes((context.send_npdu, context.receive_npdu)),
                context.uplink_teid_control.to_bytes(4),
                context.uplink_teid_data.to_bytes(4),
                bytes((context.identifier,)),
                address[:2],
                counted(address[2:]),
                counted(_encode_address(context.ggsn_address_control)),
                counted(_encode_address(context.ggsn_address_user)),
                counted(APN.encode(context.apn)[3:]),
                bytes((context.transaction_identifier, context.transaction_identifier_extension)),
                context.more,
            )
        ),
    )


def _pdp_context_text(context: PdpContext) -> str:
    return (
        f"NSAPI {context.nsapi}, APN {context.apn}, {context.end_user_address}, "
        f"GGSN {context.ggsn_address_control or 'not known'}, "
        f"TEID-C {teid_text(context.uplink_teid_control)}, "
        f"TEID-D {teid_text(context.uplink_teid_data)}"
    )


def _decode_rab_context(value: bytes) -> RabContext:
    return RabContext(value[0] & 15, *struct.unpack("!4H", value[1:]))


def _encode_rab_context(context: RabContext) -> bytes:
    nsapi, *numbers = context
    return _RAB_CONTEXT.pack(IEType.RAB_CONTEXT, _nsapi(nsapi), *numbers)


def _rab_context_text(context: RabContext) -> str:
    return (
        f"NSAPI {context.nsapi}, next GTP-U {context.downlink_gtp} down, {context.uplink_gtp} up, "
        f"next PDCP {context.downlink_pdcp} down, {context.uplink_pdcp} up"
    )


def _of_nsapi_text(value: OfNsapi) -> str:
    return f"NSAPI {value.nsapi}: {value.value}"


def _teid_of_nsapi_text(value: OfNsapi) -> str:
    return f"NSAPI {value.nsapi}: {teid_text(value.value)}"


def _of_nsapi(ie_type: IEType, size: int, greatest: int) -> Element[OfNsapi]:
    """Return an element with an octet for the NSAPI, then a number of ``size`` octets."""
    head = bytes((ie_type,)) if ie_type < 128 else bytes((ie_type, 0, 1 + size))

    def decode(value: bytes) -> OfNsapi:
        if len(value) != 1 + size:
            raise ValueError(f"length is not {1 + size}")
        return OfNsapi(value[0] & 15, int.from_bytes(value[1:]) & greatest)

    def encode(value: OfNsapi) -> bytes:
        if not 0 <= value.value <= greatest:
            raise ValueError(f"the value {value.value} is not 0 to {greatest}")
        return head + bytes((_nsapi(value.nsapi),)) + value.value.to_bytes(size)

    return Element(ie_type, decode, encode, _teid_of_nsapi_text if size == 4 else _of_nsapi_text)


def _decode_radio_priority(value: bytes) -> OfNsapi:
    return OfNsapi(value[0] >> 4, value[0] & 7)


def _encode_radio_priority(value: OfNsapi) -> bytes:
    nsapi, priority = value
    if not 0 <= priority <= 7:
        raise ValueError(f"the radio priority {priority} is not 0 to 7")
    return bytes((IEType.RADIO_PRIORITY, _nsapi(nsapi) << 4 | priority))


def _decode_ambr_of_nsapi(value: bytes) -> AmbrOfNsapi:
    if len(value) != 9:
        raise ValueError("length is not 9")
    return AmbrOfNsapi(value[0] & 15, *struct.unpack("!II", value[1:]))


def _encode_ambr_of_nsapi(value: AmbrOfNsapi) -> bytes:
    nsapi, uplink, downlink = value
    octets = struct.pack("!BII", _nsapi(nsapi), uplink, downlink)
    return tlv(IEType.APN_AMBR_WITH_NSAPI, octets)


def _ambr_of_nsapi_text(value: AmbrOfNsapi) -> str:
    return f"NSAPI {value.nsapi}: {value.uplink} kbit/s up, {value.downlink} kbit/s down"


def _decode_local_network(value: bytes) -> LocalHomeNetwork:
    cursor = Cursor(value)
    return LocalHomeNetwork(cursor.number() & 15, FQDN.decode(cursor.rest()))


def _encode_local_network(network: LocalHomeNetwork) -> bytes:
    octets = bytes((_nsapi(network.nsapi),)) + FQDN.encode(network.name)[3:]
    return tlv(IEType.LOCAL_HOME_NETWORK_ID_WITH_NSAPI, octets)


def _decode_scef(value: bytes) -> ScefPdnConnection:
    cursor = Cursor(value)
    apn, nsapi = APN.decode(cursor.counted()), cursor.number() & 15
    connection = ScefPdnConnection(nsapi, apn, cursor.counted(2))
    cursor.finish()
    return connection


def _encode_scef(connection: ScefPdnConnection) -> bytes:
    nsapi, apn, identity = connection
    octets = counted(APN.encode(apn)[3:]) + bytes((_nsapi(nsapi),)) + counted(identity, 2)
    return tlv(IEType.SCEF_PDN_CONNECTION, octets)


PDP_CONTEXT: Final = Element(
    IEType.PDP_CONTEXT, _decode_pdp_context, _encode_pdp_context, _pdp_context_text
)
RAB_CONTEXT: Final = Element(
    IEType.RAB_CONTEXT, _decode_rab_context, _encode_rab_context, _rab_context_text
)
TEID_DATA_II: Final = _of_nsapi(IEType.TEID_DATA_II, 4, 0xFFFF_FFFF)
RADIO_PRIORITY: Final = Element(
    IEType.RADIO_PRIORITY, _decode_radio_priority, _encode_radio_priority, _of_nsapi_text
)
PACKET_FLOW_ID: Final = _of_nsapi(IEType.PACKET_FLOW_ID, 1, 0xFF)
EVOLVED_ARP_OF_NSAPI: Final = _of_nsapi(IEType.EVOLVED_ARP_II, 1, 0xFF)
SELECTION_MODE_OF_NSAPI: Final = _of_nsapi(IEType.SELECTION_MODE_WITH_NSAPI, 1, 3)
AMBR_OF_NSAPI: Final = Element(
    IEType.APN_AMBR_WITH_NSAPI, _decode_ambr_of_nsapi, _encode_ambr_of_nsapi, _ambr_of_nsapi_text
)
SIGNALLING_PRIORITY_OF_NSAPI: Final = _of_nsapi(
    IEType.SIGNALLING_PRIORITY_INDICATION_WITH_NSAPI, 1, 1
)
LOCAL_HOME_NETWORK_OF_NSAPI: Final = Element(
    IEType.LOCAL_HOME_NETWORK_ID_WITH_NSAPI, _decode_local_network, _encode_local_network
)
SCEF_PDN_CONNECTION: Final = Element(IEType.SCEF_PDN_CONNECTION, _decode_scef, _encode_scef)
PDP_CONTEXT_PRIORITIZATION: Final = octets(
    IEType.PDP_CONTEXT_PRIORITIZATION, 0, 0, holds="nothing: it is there or not"
)
RADIO_PRIORITY_FOR_MO_SMS: Final = fixed_number(IEType.RADIO_PRIORITY_FOR_MO_SMS, 1)
RADIO_PRIORITY_LCS: Final = number(IEType.RADIO_PRIORITY_LCS)
