"""Information elements written as words: ``imsi=001010000000001``, ``cause=no-resources``.

Each type of element has a form: how its value is written and read. An element of any type can
be given as the octets of its value instead, ``hex:…``, which nobody checks; so is everything
that has too many parts for a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, Final

from gtp.codes import (
    CsgReportingAction,
    DirectTunnelFlags,
    ExtendedCommonFlags,
    ExtendedCommonFlagsII,
    MapCause,
    MsNotReachableReason,
    RatType,
    SelectionMode,
    SrvccFlags,
)
from gtp.constants import Cause, IEType
from gtp.ies import Ambr, EndUserAddress, MsTimeZone, PdpType, PrivateExtension, RouteingArea
from gtp.ies.catalogue import SHORT_LENGTH, name_of
from gtp.ies.element import ENCODING_ERRORS, Element, tlv

OCTETS: Final = "hex:"
"""What stands before a value that is given as octets."""


class WordsError(ValueError):
    """Words that make no message; the sentence names them and says what would."""


@dataclass(frozen=True, slots=True)
class Form:
    """How the value of an element is written."""

    shape: str
    """What to write, in a few words."""
    read: Callable[[str], Any]
    """The value from the words; raises ValueError where they are none."""


def from_hex(text: str) -> bytes:
    """Return the octets of hexadecimal digits, which may have spaces or colons between them."""
    try:
        return bytes.fromhex(text.removeprefix(OCTETS).replace(":", " "))
    except ValueError:
        raise WordsError(f"{text!r} is not made of pairs of hexadecimal digits") from None


def number(text: str) -> int:
    """Return a number, decimal or after 0x hexadecimal."""
    try:
        return int(text, 16) if text.lower().startswith("0x") else int(text, 10)
    except ValueError:
        raise WordsError(f"{text!r} is no number, decimal or after 0x hexadecimal") from None


def encode(element: Element[Any], name: str, text: str) -> bytes:
    """Return the whole element that words describe; raises ``WordsError`` naming it."""
    if text.startswith(OCTETS):
        return encode_raw(element.type, from_hex(text))
    form = FORMS.get(element.type)
    if form is None:
        raise WordsError(f"{name} ({name_of(element.type)}) is written as octets: {OCTETS}…")
    try:
        return element.encode(form.read(text))
    except ENCODING_ERRORS as error:
        raise WordsError(f"{name}={text}: {error}; it is written as {form.shape}") from None


def encode_raw(ie_type: int, value: bytes) -> bytes:
    """Return an element of any type, with any octets."""
    if ie_type == SHORT_LENGTH:
        return bytes((ie_type, len(value) & 0xFF)) + value
    return bytes((ie_type,)) + value if ie_type < 0x80 else tlv(ie_type, value)


def shape_of(ie_type: IEType) -> str:
    """Return how the value of an element is written."""
    form = FORMS.get(ie_type)
    return f"{OCTETS}…" if form is None else form.shape


# What values look like


def _flag(text: str) -> bool:
    if text not in _YES_OR_NO:
        raise WordsError("it is neither yes nor no")
    return _YES_OR_NO[text]


_YES_OR_NO: Final = {"yes": True, "1": True, "true": True, "no": False, "0": False, "false": False}


def member(kind: type[IntEnum]) -> Callable[[str], int]:
    """Return what reads a member of an enumeration, by its name or its number."""

    def read(text: str) -> int:
        named = kind.__members__.get(text.upper().replace("-", "_").replace(" ", "_"))
        if named is not None:
            return named
        value = number(text)
        return kind(value) if kind is Cause else value

    return read


def _members(kind: type[IntFlag]) -> Callable[[str], int]:
    def read(text: str) -> int:
        flags = kind(0)
        for part in text.split(","):
            named = kind.__members__.get(part.strip().upper().replace("-", "_"))
            flags |= kind(number(part.strip())) if named is None else named
        return flags

    return read


def _end_user_address(text: str) -> EndUserAddress:
    kind = _PDP_TYPES.get(text.lower())
    if kind is not None:
        return EndUserAddress(None, None, kind)
    first, _, second = text.partition("+")
    if second:
        return EndUserAddress.for_both(first, second)
    return EndUserAddress.for_ipv6(first) if ":" in first else EndUserAddress.for_ipv4(first)


_PDP_TYPES: Final = {kind.name.lower(): kind for kind in PdpType}


def _routeing_area(text: str) -> bytes:
    parts = text.split("-")
    if len(parts) != 4:
        raise WordsError("it has not four parts")
    return RouteingArea(parts[0], parts[1], number(parts[2]), number(parts[3])).encode()


def _ambr(text: str) -> Ambr:
    up, _, down = text.partition("/")
    return Ambr(number(up), number(down))


def _time_zone(text: str) -> MsTimeZone:
    zone, _, summer = text.partition(",")
    if zone[:1] not in ("+", "-"):
        raise WordsError("it begins with neither + nor -")
    hours, _, minutes = zone[1:].partition(":")
    quarters = int(hours) * 4 + int(minutes or 0) // 15
    return MsTimeZone(-quarters if zone[0] == "-" else quarters, int(summer or 0))


def _private_extension(text: str) -> PrivateExtension:
    identifier, _, value = text.partition(":")
    return PrivateExtension(number(identifier), from_hex(value))


def _header_types(text: str) -> tuple[int, ...]:
    return tuple(number(part) for part in text.split(",") if part)


def _fill(types: Iterable[str], form: Form) -> dict[IEType, Form]:
    return {IEType[name]: form for name in types}


def _named(kind: type[IntEnum]) -> Form:
    example = next(iter(kind)).name.lower().replace("_", "-")
    return Form(f"a name such as {example}, or a number", member(kind))


def _flags(kind: type[IntFlag]) -> Form:
    names = ", ".join(name.lower().replace("_", "-") for name in kind.__members__)
    return Form(f"any of {names}, with commas between, or a number", _members(kind))


FORMS: Final[dict[IEType, Form]] = {
    **_fill(
        ("IMSI", "MSISDN", "IMEI", "SGSN_NUMBER", "STN_SR", "C_MSISDN"),
        Form("digits", str),
    ),
    **_fill(("APN", "FQDN"), Form("labels with dots between", str)),
    **_fill(("GSN_ADDRESS", "CHARGING_GATEWAY_ADDRESS"), Form("an IPv4 or IPv6 address", str)),
    **_fill(
        (
            "REORDERING_REQUIRED",
            "MS_VALIDATED",
            "TEARDOWN_IND",
            "SIGNALLING_PRIORITY_INDICATION",
            "UP_FUNCTION_SELECTION_INDICATION_FLAGS",
        ),
        Form("yes or no", _flag),
    ),
    **_fill(
        (
            "TLLI",
            "P_TMSI",
            "RECOVERY",
            "TEID_DATA",
            "TEID_CONTROL",
            "NSAPI",
            "RANAP_CAUSE",
            "RADIO_PRIORITY_FOR_MO_SMS",
            "CHARGING_CHARACTERISTICS",
            "TRACE_REFERENCE",
            "TRACE_TYPE",
            "CHARGING_ID",
            "COMMON_FLAGS",
            "APN_RESTRICTION",
            "RADIO_PRIORITY_LCS",
            "HOP_COUNTER",
            "MBMS_SESSION_IDENTIFIER",
            "MBMS_2G_3G_INDICATOR",
            "ENHANCED_NSAPI",
            "MBMS_SESSION_IDENTITY_REPETITION_NUMBER",
            "MBMS_TIME_TO_DATA_TRANSFER",
            "BSSGP_CAUSE",
            "RIM_ROUTING_ADDRESS_DISCRIMINATOR",
            "MS_INFO_CHANGE_REPORTING_ACTION",
            "CORRELATION_ID",
            "BEARER_CONTROL_MODE",
            "MBMS_DISTRIBUTION_ACKNOWLEDGEMENT",
            "RELIABLE_INTER_RAT_HANDOVER_INFO",
            "RFSP_INDEX",
            "EVOLVED_ARP_I",
            "CSG_ID",
            "CSG_MEMBERSHIP_INDICATION",
            "GGSN_BACK_OFF_TIME",
            "HIGHER_BITRATES_THAN_16_MBPS_FLAG",
            "EXTENDED_RANAP_CAUSE",
            "ULI_TIMESTAMP",
            "CN_OPERATOR_SELECTION_ENTITY",
            "UE_USAGE_TYPE",
            "IOV_UPDATES_COUNTER",
            "MAPPED_UE_USAGE_TYPE",
        ),
        Form("a number, decimal or after 0x hexadecimal", number),
    ),
    **_fill(
        (
            "P_TMSI_SIGNATURE",
            "PCO",
            "QOS",
            "TFT",
            "TRIGGER_ID",
            "OMC_IDENTITY",
            "USER_LOCATION",
            "UE_NETWORK_CAPABILITY",
        ),
        Form("octets in hexadecimal", from_hex),
    ),
    IEType.CAUSE: _named(Cause),
    IEType.RAT_TYPE: _named(RatType),
    IEType.SELECTION_MODE: _named(SelectionMode),
    IEType.MAP_CAUSE: _named(MapCause),
    IEType.MS_NOT_REACHABLE_REASON: _named(MsNotReachableReason),
    IEType.DIRECT_TUNNEL_FLAGS: _flags(DirectTunnelFlags),
    IEType.EXTENDED_COMMON_FLAGS: _flags(ExtendedCommonFlags),
    IEType.EXTENDED_COMMON_FLAGS_II: _flags(ExtendedCommonFlagsII),
    IEType.CSG_INFORMATION_REPORTING_ACTION: _flags(CsgReportingAction),
    IEType.ADDITIONAL_FLAGS_FOR_SRVCC: _flags(SrvccFlags),
    IEType.ROUTEING_AREA_IDENTITY: Form("MCC-MNC-LAC-RAC", _routeing_area),
    IEType.END_USER_ADDRESS: Form(
        f"an address, two with + between, or without one {', '.join(_PDP_TYPES)}",
        _end_user_address,
    ),
    IEType.AMBR: Form("kbit/s up/down", _ambr),
    IEType.MS_TIME_ZONE: Form("an offset such as +01:00, or +01:00,1 in summer", _time_zone),
    IEType.PRIVATE_EXTENSION: Form("enterprise number:octets", _private_extension),
    IEType.EXTENSION_HEADER_TYPES: Form("numbers with commas between", _header_types),
}
"""By type, those that are written as words."""
