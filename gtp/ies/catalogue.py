"""Every type of information element: its name and the rule for its length.

Spec: TS 29.060 §7.7, table 37. Types below 128 are TV: their value has the length given here.
The others are TLV and say their length themselves; a number here is the length that the
standard gives such an element.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Kind(NamedTuple):
    """A type of information element in the catalogue."""

    name: str
    length: int | None
    """Octets of the value; None where it varies."""


CATALOGUE: Final = {
    1: Kind("Cause", 1),
    2: Kind("IMSI", 8),
    3: Kind("Routeing Area Identity (RAI)", 6),
    4: Kind("Temporary Logical Link Identity (TLLI)", 4),
    5: Kind("Packet TMSI (P-TMSI)", 4),
    8: Kind("Reordering Required", 1),
    9: Kind("Authentication Triplets", 28),
    11: Kind("MAP Cause", 1),
    12: Kind("P-TMSI Signature", 3),
    13: Kind("MS Validated", 1),
    14: Kind("Recovery", 1),
    15: Kind("Selection Mode", 1),
    16: Kind("TEID Data I", 4),
    17: Kind("TEID Control Plane", 4),
    18: Kind("TEID Data II", 5),
    19: Kind("Teardown Ind", 1),
    20: Kind("NSAPI", 1),
    21: Kind("RANAP Cause", 1),
    22: Kind("RAB Context", 9),
    23: Kind("Radio Priority for MO SMS", 1),
    24: Kind("Radio Priority", 1),
    25: Kind("Packet Flow ID", 2),
    26: Kind("Charging Characteristics", 2),
    27: Kind("Trace Reference", 2),
    28: Kind("Trace Type", 2),
    29: Kind("MS Not Reachable Reason", 1),
    126: Kind("Packet Transfer Command", 1),
    127: Kind("Charging ID", 4),
    128: Kind("End User Address", None),
    129: Kind("MM Context", None),
    130: Kind("PDP Context", None),
    131: Kind("Access Point Name (APN)", None),
    132: Kind("Protocol Configuration Options", None),
    133: Kind("GSN Address", None),
    134: Kind("MSISDN", None),
    135: Kind("Quality of Service (UMTS)", None),
    136: Kind("Authentication Quintuplets", None),
    137: Kind("Traffic Flow Template (TFT)", None),
    138: Kind("Target (RNC) Identification", None),
    139: Kind("UTRAN Transparent Field", None),
    140: Kind("RAB Setup Information", None),
    141: Kind("Extension Header Types List", None),
    142: Kind("Trigger Id", None),
    143: Kind("OMC Identity", None),
    144: Kind("RAN Transparent Container", None),
    145: Kind("PDP Context Prioritization", 0),
    146: Kind("Additional RAB Setup Information", None),
    147: Kind("SGSN Number", None),
    148: Kind("Common Flags", 1),
    149: Kind("APN Restriction", 1),
    150: Kind("Radio Priority LCS", 1),
    151: Kind("RAT Type", 1),
    152: Kind("User Location Information", None),
    153: Kind("MS Time Zone", 2),
    154: Kind("IMEI(SV)", 8),
    155: Kind("CAMEL Charging Information Container", None),
    156: Kind("MBMS UE Context", None),
    157: Kind("Temporary Mobile Group Identity (TMGI)", 6),
    158: Kind("RIM Routing Address", None),
    159: Kind("MBMS Protocol Configuration Options", None),
    160: Kind("MBMS Service Area", None),
    161: Kind("Source RNC PDCP Context Info", None),
    162: Kind("Additional Trace Info", 9),
    163: Kind("Hop Counter", 1),
    164: Kind("Selected PLMN ID", 3),
    165: Kind("MBMS Session Identifier", 1),
    166: Kind("MBMS 2G/3G Indicator", 1),
    167: Kind("Enhanced NSAPI", 1),
    168: Kind("MBMS Session Duration", 3),
    169: Kind("Additional MBMS Trace Info", 8),
    170: Kind("MBMS Session Identity Repetition Number", 1),
    171: Kind("MBMS Time To Data Transfer", 1),
    172: Kind("PS Handover Request Context", None),
    173: Kind("BSS Container", None),
    174: Kind("Cell Identification", 17),
    175: Kind("PDU Numbers", 9),
    176: Kind("BSSGP Cause", 1),
    177: Kind("Required MBMS Bearer Capabilities", None),
    178: Kind("RIM Routing Address Discriminator", 1),
    179: Kind("List of Set-up PFCs", None),
    180: Kind("PS Handover XID Parameters", None),
    181: Kind("MS Info Change Reporting Action", 1),
    182: Kind("Direct Tunnel Flags", None),
    183: Kind("Correlation-ID", 1),
    184: Kind("Bearer Control Mode", 1),
    185: Kind("MBMS Flow Identifier", None),
    186: Kind("MBMS IP Multicast Distribution", None),
    187: Kind("MBMS Distribution Acknowledgement", 1),
    188: Kind("Reliable Inter RAT Handover Info", 1),
    189: Kind("RFSP Index", 2),
    190: Kind("Fully Qualified Domain Name (FQDN)", None),
    191: Kind("Evolved Allocation/Retention Priority I", 1),
    192: Kind("Evolved Allocation/Retention Priority II", 2),
    193: Kind("Extended Common Flags", None),
    194: Kind("User CSG Information (UCI)", 8),
    195: Kind("CSG Information Reporting Action", None),
    196: Kind("CSG ID", 4),
    197: Kind("CSG Membership Indication (CMI)", 1),
    198: Kind("Aggregate Maximum Bit Rate (AMBR)", 8),
    199: Kind("UE Network Capability", None),
    200: Kind("UE-AMBR", None),
    201: Kind("APN-AMBR with NSAPI", 9),
    202: Kind("GGSN Back-Off Time", None),
    203: Kind("Signalling Priority Indication", None),
    204: Kind("Signalling Priority Indication with NSAPI", None),
    205: Kind("Higher Bitrates than 16 Mbps flag", 1),
    206: Kind("Max MBR/APN-AMBR", None),
    207: Kind("Additional MM Context for SRVCC", None),
    208: Kind("Additional Flags for SRVCC", None),
    209: Kind("STN-SR", None),
    210: Kind("C-MSISDN", None),
    211: Kind("Extended RANAP Cause", None),
    212: Kind("eNodeB ID", None),
    213: Kind("Selection Mode with NSAPI", 2),
    214: Kind("ULI Timestamp", None),
    215: Kind("Local Home Network ID (LHN-ID) with NSAPI", None),
    216: Kind("CN Operator Selection Entity", None),
    217: Kind("UE Usage Type", None),
    218: Kind("Extended Common Flags II", None),
    219: Kind("Node Identifier", None),
    220: Kind("CIoT Optimizations Support Indication", None),
    221: Kind("SCEF PDN Connection", None),
    222: Kind("IOV Updates Counter", 1),
    223: Kind("Mapped UE Usage Type", None),
    224: Kind("UP Function Selection Indication Flags", None),
    238: Kind("IE Type Extension", None),
    249: Kind("Sequence Numbers of Released Packets", None),
    250: Kind("Sequence Numbers of Cancelled Packets", None),
    251: Kind("Charging Gateway Address", None),
    252: Kind("Data Record Packet", None),
    253: Kind("Requests Responded", None),
    254: Kind("Address of Recommended Node", None),
    255: Kind("Private Extension", None),
}

SHORT_LENGTH: Final = 141
"""The one TLV whose length has a single octet."""

VARIABLE: Final = 0
ODD: Final = -1

SIZES: Final = tuple(
    (CATALOGUE[number].length or ODD if number in CATALOGUE else ODD)
    if number < 128
    else (ODD if number == SHORT_LENGTH else VARIABLE)
    for number in range(256)
)
"""By type: the value's length of a TV, VARIABLE for a TLV, ODD for a TV that the standard does
not know (so that nothing after it can be read) and for the TLV with the short length."""


def name_of(ie_type: int) -> str:
    """Return the name of a type of information element."""
    kind = CATALOGUE.get(ie_type)
    return f"IE type {ie_type}" if kind is None else kind.name
