"""What SGSNs and radio networks pass on when a MS is handed over, most of it in containers.

Specs: TS 29.060 §7.7.18 (RANAP Cause), §7.7.37 (Target Identification), §7.7.38 (UTRAN
Transparent Container), §7.7.39 (RAB Setup Information), §7.7.43 (RAN Transparent Container),
§7.7.45A (Additional RAB Setup Information), §7.7.57 (RIM Routing Address), §7.7.64 (Selected
PLMN ID), §7.7.73 (Cell Identification), §7.7.74 (PDU Numbers), §7.7.77 (RIM Routing Address
Discriminator), §7.7.96 (CSG ID). What the containers hold is for RANAP, BSSGP and RIM to say:
their octets are kept.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from gtp.codes import SrvccFlags
from gtp.constants import IEType
from gtp.ies.cursor import Cursor, counted
from gtp.ies.element import Element, fixed_number, flags, number, octets, tlv, wide_number
from gtp.ies.identity import decode_plmn, encode_plmn
from gtp.ies.location import RouteingArea
from gtp.ies.tunnel import decode_address, encode_address, teid_text


class RabSetup(NamedTuple):
    """Where a radio access bearer's packets go, if it was set up (TS 29.060 §7.7.39)."""

    nsapi: int
    teid: int | None = None
    """The RNC's TEID; None where the bearer was not set up."""
    rnc_address: str | None = None


class PduNumbers(NamedTuple):
    """Which packet is the next one of a context, acknowledged LLC (TS 29.060 §7.7.74)."""

    nsapi: int
    downlink_gtp: int
    """The GTP-U sequence number of the next packet to the MS."""
    uplink_gtp: int
    send_npdu: int
    """The N-PDU number of the next packet to the MS."""
    receive_npdu: int


class TargetRnc(NamedTuple):
    """The radio network controller that is to take an MS over (TS 29.060 §7.7.37).

    Empty where it is a base station system that takes over (TS 29.060 §7.5.6).
    """

    area: RouteingArea | None = None
    rnc: int = 0
    """RNC-ID, or the extended RNC-ID of 16 bits where there is one."""
    extended: bool = False

    def __str__(self) -> str:
        if self.area is None:
            return "none"
        return f"RNC {self.rnc} in {self.area}"


class Plmn(NamedTuple):
    """A network: mobile country code and mobile network code."""

    mcc: str
    mnc: str

    def __str__(self) -> str:
        return f"MCC {self.mcc}, MNC {self.mnc}"


class CellIdentification(NamedTuple):
    """From where to where an MS is handed over (TS 29.060 §7.7.73)."""

    target: RouteingArea
    target_cell: int
    source: RouteingArea
    source_id: int
    """The cell, or the RNC."""
    from_rnc: bool = False

    def __str__(self) -> str:
        kind = "RNC" if self.from_rnc else "cell"
        return (
            f"from {kind} {self.source_id} in {self.source} "
            f"to cell {self.target_cell} in {self.target}"
        )


class XidParameters(NamedTuple):
    """What LLC and SNDCP have agreed on for an SAPI (TS 29.060 §7.7.79)."""

    sapi: int
    parameters: bytes

    def __str__(self) -> str:
        return f"SAPI {self.sapi}: {self.parameters.hex()}"


class VoiceCapabilities(NamedTuple):
    """What the MS can do for a voice call that leaves the packet domain (§7.7.107).

    The contents are those of the elements in TS 24.008 §10.5.1.6, §10.5.1.7 and §10.5.4.32.
    """

    classmark_2: bytes = b""
    classmark_3: bytes = b""
    supported_codecs: bytes = b""


class EnodebId(NamedTuple):
    """A base station of E-UTRAN (TS 29.060 §7.7.112)."""

    mcc: str
    mnc: str
    enodeb: int
    """20 bits; 28 of a home base station."""
    tac: int
    """Tracking area code."""
    home: bool = False


_PDU_NUMBERS: Final = struct.Struct("!BHHHH")


def _decode_rab_setup(value: bytes) -> RabSetup:
    cursor = Cursor(value)
    nsapi = cursor.number() & 15
    if cursor.at_end:
        return RabSetup(nsapi)
    return RabSetup(nsapi, cursor.number(4), decode_address(cursor.rest()))


def _rab_setup(ie_type: IEType) -> Element[RabSetup]:
    def encode(setup: RabSetup) -> bytes:
        nsapi, teid, address = setup
        if not 0 <= nsapi <= 15 or (teid is None) != (address is None):
            raise ValueError("the NSAPI is not 0 to 15, or only one of TEID and address is there")
        octets = bytes((nsapi,))
        if teid is not None and address is not None:
            octets += teid.to_bytes(4) + encode_address(address)
        return tlv(ie_type, octets)

    return Element(ie_type, _decode_rab_setup, encode, _rab_setup_text)


def _rab_setup_text(setup: RabSetup) -> str:
    if setup.teid is None:
        return f"NSAPI {setup.nsapi}: not set up"
    return f"NSAPI {setup.nsapi}: {teid_text(setup.teid)} at {setup.rnc_address}"


def _decode_pdu_numbers(value: bytes) -> PduNumbers:
    if len(value) != _PDU_NUMBERS.size:
        raise ValueError("length is not 9")
    first, *numbers = _PDU_NUMBERS.unpack(value)
    return PduNumbers(first & 15, *numbers)


def _encode_pdu_numbers(numbers: PduNumbers) -> bytes:
    if not 0 <= numbers.nsapi <= 15:
        raise ValueError("the NSAPI is not 0 to 15")
    return tlv(IEType.PDU_NUMBERS, _PDU_NUMBERS.pack(*numbers))


def _pdu_numbers_text(numbers: PduNumbers) -> str:
    return (
        f"NSAPI {numbers.nsapi}, next GTP-U {numbers.downlink_gtp} down, {numbers.uplink_gtp} up, "
        f"next N-PDU {numbers.send_npdu} down, {numbers.receive_npdu} up"
    )


def _decode_target(value: bytes) -> TargetRnc:
    if not value:
        return TargetRnc()
    cursor = Cursor(value)
    area, rnc = RouteingArea.parse(cursor.take(6)), cursor.number(2)
    extended = not cursor.at_end
    target = TargetRnc(area, cursor.number(2) if extended else rnc, extended)
    cursor.finish()
    return target


def _encode_target(target: TargetRnc) -> bytes:
    area, rnc, extended = target
    if area is None:
        return tlv(IEType.TARGET_IDENTIFICATION, b"")
    # The RNC-ID has 12 bits; where the extended one is there it is not looked at.
    octets = (0 if extended else rnc).to_bytes(2) + (rnc.to_bytes(2) if extended else b"")
    return tlv(IEType.TARGET_IDENTIFICATION, area.encode() + octets)


def _decode_plmn(value: bytes) -> Plmn:
    if len(value) != 3:
        raise ValueError("length is not 3")
    return Plmn(*decode_plmn(value))


def _encode_plmn(plmn: Plmn) -> bytes:
    return tlv(IEType.SELECTED_PLMN_ID, encode_plmn(*plmn))


def _decode_cells(value: bytes) -> CellIdentification:
    cursor = Cursor(value)
    target, cell = RouteingArea.parse(cursor.take(6)), cursor.number(2)
    from_rnc = cursor.number() == 1
    source, number = RouteingArea.parse(cursor.take(6)), cursor.number(2)
    cursor.finish()
    return CellIdentification(target, cell, source, number, from_rnc)


def _encode_cells(cells: CellIdentification) -> bytes:
    target, cell, source, number, from_rnc = cells
    octets = target.encode() + cell.to_bytes(2) + bytes((from_rnc,))
    return tlv(IEType.CELL_IDENTIFICATION, octets + source.encode() + number.to_bytes(2))


def _decode_xid(value: bytes) -> XidParameters:
    cursor = Cursor(value)
    parameters = XidParameters(cursor.number() & 15, cursor.counted())
    cursor.finish()
    return parameters


def _encode_xid(xid: XidParameters) -> bytes:
    if not 0 <= xid.sapi <= 15:
        raise ValueError(f"the SAPI {xid.sapi} is not 0 to 15")
    octets = bytes((xid.sapi,)) + counted(xid.parameters)
    return tlv(IEType.PS_HANDOVER_XID_PARAMETERS, octets)


def _decode_voice(value: bytes) -> VoiceCapabilities:
    cursor = Cursor(value)
    capabilities = VoiceCapabilities(cursor.counted(), cursor.counted(), cursor.counted())
    cursor.finish()
    return capabilities


def _encode_voice(capabilities: VoiceCapabilities) -> bytes:
    return tlv(IEType.ADDITIONAL_MM_CONTEXT_FOR_SRVCC, b"".join(map(counted, capabilities)))


def _decode_enodeb(value: bytes) -> EnodebId:
    cursor = Cursor(value)
    home = cursor.number() & 1 == 1
    mcc, mnc = decode_plmn(cursor.take(3))
    number = cursor.number(4) & 0xFFF_FFFF if home else cursor.number(3) & 0xF_FFFF
    station = EnodebId(mcc, mnc, number, cursor.number(2), home)
    cursor.finish()
    return station


def _encode_enodeb(station: EnodebId) -> bytes:
    mcc, mnc, number, tac, home = station
    bits, size = (28, 4) if home else (20, 3)
    if number >> bits:
        raise ValueError(f"the identity {number} has more than {bits} bits")
    octets = bytes((home,)) + encode_plmn(mcc, mnc) + number.to_bytes(size) + tac.to_bytes(2)
    return tlv(IEType.ENODEB_ID, octets)


RANAP_CAUSE: Final = fixed_number(IEType.RANAP_CAUSE, 1)
EXTENDED_RANAP_CAUSE: Final = wide_number(IEType.EXTENDED_RANAP_CAUSE, 2)
TARGET_IDENTIFICATION: Final = Element(IEType.TARGET_IDENTIFICATION, _decode_target, _encode_target)
UTRAN_CONTAINER: Final = octets(IEType.UTRAN_TRANSPARENT_FIELD, 0, holds="a container of RANAP")
RAB_SETUP: Final = _rab_setup(IEType.RAB_SETUP_INFORMATION)
ADDITIONAL_RAB_SETUP: Final = _rab_setup(IEType.ADDITIONAL_RAB_SETUP_INFORMATION)
PDU_NUMBERS: Final = Element(
    IEType.PDU_NUMBERS, _decode_pdu_numbers, _encode_pdu_numbers, _pdu_numbers_text
)
SOURCE_RNC_PDCP_CONTEXT: Final = octets(
    IEType.SOURCE_RNC_PDCP_CONTEXT_INFO, holds="a container of RRC"
)
SELECTED_PLMN: Final = Element(IEType.SELECTED_PLMN_ID, _decode_plmn, _encode_plmn)
BSS_CONTAINER: Final = octets(IEType.BSS_CONTAINER, holds="a container of BSSGP")
CELL_IDENTIFICATION: Final = Element(IEType.CELL_IDENTIFICATION, _decode_cells, _encode_cells)
BSSGP_CAUSE: Final = number(IEType.BSSGP_CAUSE)
LIST_OF_SET_UP_PFCS: Final = octets(IEType.LIST_OF_SET_UP_PFCS, holds="an element of BSSGP")
XID_PARAMETERS: Final = Element(IEType.PS_HANDOVER_XID_PARAMETERS, _decode_xid, _encode_xid)
RELIABLE_INTER_RAT_HANDOVER: Final = number(IEType.RELIABLE_INTER_RAT_HANDOVER_INFO)
CSG_ID: Final = wide_number(IEType.CSG_ID, 4)
CSG_MEMBERSHIP: Final = number(IEType.CSG_MEMBERSHIP_INDICATION)
ADDITIONAL_MM_CONTEXT: Final = Element(
    IEType.ADDITIONAL_MM_CONTEXT_FOR_SRVCC, _decode_voice, _encode_voice
)
ADDITIONAL_SRVCC_FLAGS: Final = flags(IEType.ADDITIONAL_FLAGS_FOR_SRVCC, SrvccFlags)
ENODEB_ID: Final = Element(IEType.ENODEB_ID, _decode_enodeb, _encode_enodeb)
RAN_CONTAINER: Final = octets(IEType.RAN_TRANSPARENT_CONTAINER, holds="a message of RIM")
RIM_ROUTING_ADDRESS: Final = octets(IEType.RIM_ROUTING_ADDRESS, holds="an address of RIM")
RIM_ROUTING_ADDRESS_DISCRIMINATOR: Final = number(IEType.RIM_ROUTING_ADDRESS_DISCRIMINATOR)
