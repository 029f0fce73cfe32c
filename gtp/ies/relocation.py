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
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final, NamedTuple

from gtp.constants import IEType
from gtp.ies.cursor import Cursor
from gtp.ies.element import Element, fixed_number, number, octets, tlv, wide_number
from gtp.ies.identity import plmn_text
from gtp.ies.tunnel import decode_address, teid_text


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
            octets += teid.to_bytes(4) + inet_pton(AF_INET6 if ":" in address else AF_INET, address)
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


RANAP_CAUSE: Final = fixed_number(IEType.RANAP_CAUSE, 1)
EXTENDED_RANAP_CAUSE: Final = octets(IEType.EXTENDED_RANAP_CAUSE)
TARGET_IDENTIFICATION: Final = octets(IEType.TARGET_IDENTIFICATION, 0)
UTRAN_CONTAINER: Final = octets(IEType.UTRAN_TRANSPARENT_FIELD, 0)
RAB_SETUP: Final = _rab_setup(IEType.RAB_SETUP_INFORMATION)
ADDITIONAL_RAB_SETUP: Final = _rab_setup(IEType.ADDITIONAL_RAB_SETUP_INFORMATION)
PDU_NUMBERS: Final = Element(
    IEType.PDU_NUMBERS, _decode_pdu_numbers, _encode_pdu_numbers, _pdu_numbers_text
)
SOURCE_RNC_PDCP_CONTEXT: Final = octets(IEType.SOURCE_RNC_PDCP_CONTEXT_INFO)
SELECTED_PLMN: Final = octets(IEType.SELECTED_PLMN_ID, 3, 3, text=plmn_text)
BSS_CONTAINER: Final = octets(IEType.BSS_CONTAINER)
CELL_IDENTIFICATION: Final = octets(IEType.CELL_IDENTIFICATION, 17, 17)
BSSGP_CAUSE: Final = number(IEType.BSSGP_CAUSE)
LIST_OF_SET_UP_PFCS: Final = octets(IEType.LIST_OF_SET_UP_PFCS)
XID_PARAMETERS: Final = octets(IEType.PS_HANDOVER_XID_PARAMETERS)
RELIABLE_INTER_RAT_HANDOVER: Final = number(IEType.RELIABLE_INTER_RAT_HANDOVER_INFO)
CSG_ID: Final = wide_number(IEType.CSG_ID, 4)
CSG_MEMBERSHIP: Final = number(IEType.CSG_MEMBERSHIP_INDICATION)
ADDITIONAL_MM_CONTEXT: Final = octets(IEType.ADDITIONAL_MM_CONTEXT_FOR_SRVCC)
ADDITIONAL_SRVCC_FLAGS: Final = octets(IEType.ADDITIONAL_FLAGS_FOR_SRVCC)
STN_SR: Final = octets(IEType.STN_SR)
C_MSISDN: Final = octets(IEType.C_MSISDN)
ENODEB_ID: Final = octets(IEType.ENODEB_ID)
RAN_CONTAINER: Final = octets(IEType.RAN_TRANSPARENT_CONTAINER)
RIM_ROUTING_ADDRESS: Final = octets(IEType.RIM_ROUTING_ADDRESS)
RIM_ROUTING_ADDRESS_DISCRIMINATOR: Final = number(IEType.RIM_ROUTING_ADDRESS_DISCRIMINATOR)
