"""What a PDP context is made of: cause, addresses, names, quality of service, charging.

Specs: TS 29.060 §7.7.1 (Cause), §7.7.5 (Reordering Required), §7.7.12 (Selection Mode),
§7.7.16 (Teardown Ind), §7.7.17 (NSAPI), §7.7.23 (Charging Characteristics), §7.7.26
(Charging ID), §7.7.27 (End User Address), §7.7.30 (Access Point Name), §7.7.31 (PCO),
§7.7.34 (QoS Profile), §7.7.36 (TFT), §7.7.46 (Private Extension), §7.7.48 (Common Flags);
TS 23.003 §9.1 for the APN.
"""

from __future__ import annotations

import re
import struct
from functools import partial
from socket import AF_INET, AF_INET6, inet_ntoa, inet_ntop, inet_pton
from typing import Final

from gtp.codes import (
    ApnRestriction,
    BearerControlMode,
    CommonFlags,
    ExtendedCommonFlags,
    ExtendedCommonFlagsII,
    SelectionMode,
)
from gtp.constants import Cause, IEType
from gtp.ies.element import (
    Element,
    Usual,
    first_octet,
    fixed_number,
    flag,
    flags,
    long_flag,
    named,
    number,
    octet,
    octets,
    tlv,
)
from gtp.ies.filters import TrafficFlowTemplate
from gtp.ies.options import ProtocolConfiguration
from gtp.ies.quality import EvolvedArp, QosProfile
from gtp.ies.values import Ambr, EndUserAddress, PdpType, PrivateExtension

_CAUSES: Final = tuple(Cause(value) for value in range(256))
_SELECTION_MODES: Final = (0, 1, 2, 2)
"""By bits 2 and 1: 3 is for future use and read as 2 (TS 29.060 §7.7.12)."""

# An enumeration's members are slow to reach through their class.
_IPV4: Final = PdpType.IPV4
_IPV4_HEAD: Final = bytes((IEType.END_USER_ADDRESS, 0, 6, 0xF1, 0x21))
_ADDRESS_SIZES: Final[dict[PdpType, tuple[int, ...]]] = {
    PdpType.PPP: (),
    PdpType.IPV4: (4,),
    PdpType.IPV6: (16,),
    PdpType.IPV4V6: (4, 16, 20),
}
_DYNAMIC_IPV4: Final = EndUserAddress(None, None, _IPV4)
_new: Final = tuple.__new__

_LABEL_OCTETS: Final = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz*"
_LABEL_CLASS: Final = b"[-0-9A-Z_a-z*]"


def _labels(longest: int) -> bytes:
    """Return the form of labels, each after its length octet, up to a length."""
    labels = b"|".join(
        octet(length) + b"%b{%d}" % (_LABEL_CLASS, length) for length in range(1, longest + 1)
    )
    return b"(?:%b)++" % labels


_LONGEST_SHORT_LABEL: Final = 41
_SHORT_LABELS: Final = _labels(_LONGEST_SHORT_LABEL)
"""The form of labels whose length octet is below every character that a label may have."""
_DOTS: Final = bytes(ord(".") if code <= _LONGEST_SHORT_LABEL else code for code in range(256))
_ANY_LABELS: Final = re.compile(_labels(63), re.DOTALL)
_LENGTHS: Final = tuple(bytes((length,)) for length in range(64))
_APN_MAXIMUM: Final = 100
_AMBR: Final = struct.Struct("!II")


def _decode_cause(value: bytes) -> Cause:
    return _CAUSES[value[0]]


def _cause_text(cause: int) -> str:
    return f"{Cause(cause).text} ({cause:d})"


def _decode_selection_mode(value: bytes) -> int:
    return _SELECTION_MODES[value[0] & 3]


def _encode_selection_mode(mode: int) -> bytes:
    if not 0 <= mode <= 3:
        raise ValueError("is not 0 to 3")
    return bytes((IEType.SELECTION_MODE, 0xFC | mode))


def _decode_nsapi(value: bytes) -> int:
    return value[0] & 15


def _encode_nsapi(nsapi: int) -> bytes:
    if not 0 <= nsapi <= 15:
        raise ValueError("is not 0 to 15")
    return bytes((IEType.NSAPI, nsapi))


def _decode_end_user_address(value: bytes) -> EndUserAddress:
    if len(value) < 2:
        raise ValueError("length is less than 2")
    return _address_of(PdpType((value[0] & 15) << 8 | value[1]), value[2:])


def _address_of(pdp_type: PdpType, address: bytes) -> EndUserAddress:
    """Read an address by its PDP type; without octets it is a dynamic one to be assigned."""
    if not address:
        return EndUserAddress(None, None, pdp_type)
    sizes = _ADDRESS_SIZES.get(pdp_type)
    if sizes is None:
        return EndUserAddress(None, None, pdp_type, address)
    size = len(address)
    if size not in sizes:
        raise ValueError(f"an address of {size} octets does not fit PDP type {pdp_type.name}")
    ipv4 = inet_ntoa(address[:4]) if size != 16 else None
    ipv6 = inet_ntop(AF_INET6, address[-16:]) if size != 4 else None
    return EndUserAddress(ipv4, ipv6, pdp_type)


def _take_end_user_address(value: bytes) -> EndUserAddress:
    if len(value) == 3:
        return _DYNAMIC_IPV4
    return _new(EndUserAddress, (inet_ntoa(value[3:]), None, _IPV4, b""))


def _encode_end_user_address(value: EndUserAddress) -> bytes:
    ipv4, ipv6, pdp_type, other = value
    if ipv6 is None and ipv4 is not None and pdp_type is _IPV4:
        return _IPV4_HEAD + inet_pton(AF_INET, ipv4)
    address = b"" if ipv4 is None else inet_pton(AF_INET, ipv4)
    if ipv6 is not None:
        address += inet_pton(AF_INET6, ipv6)
    address += other
    read = _address_of(PdpType(pdp_type), address)
    if (read.ipv4 is None, read.ipv6 is None, read.other) != (ipv4 is None, ipv6 is None, other):
        raise ValueError("has an address that its PDP type has not")
    return tlv(IEType.END_USER_ADDRESS, bytes((0xF0 | pdp_type >> 8, pdp_type & 0xFF)) + address)


def _decode_apn(value: bytes) -> str:
    if len(value) > _APN_MAXIMUM:
        raise ValueError(f"is longer than {_APN_MAXIMUM} octets")
    if not _ANY_LABELS.fullmatch(value):
        raise ValueError("is not made of labels of letters, digits and hyphens")
    return _join_labels(value)


def _take_apn(value: bytes) -> str:
    # The labels say where they end, which is to be where the element ends.
    if value[0] != len(value) - 1:
        raise ValueError("its labels do not fill it")
    return value[2:].translate(_DOTS).decode("ascii")


def _join_labels(value: bytes) -> str:
    labels = []
    position = 0
    while position < len(value):
        following = position + 1 + value[position]
        labels.append(value[position + 1 : following].decode("ascii"))
        position = following
    return ".".join(labels)


def _encode_apn(apn: str) -> bytes:
    labels = apn.encode("ascii").split(b".")
    if b"".join(labels).translate(None, _LABEL_OCTETS) or b"" in labels:
        raise ValueError("a label is empty or has other than letters, digits and hyphens")
    if len(apn) >= _APN_MAXIMUM or max(map(len, labels)) > 63:
        raise ValueError("is longer than 99 characters, or a label than 63")
    value = b"".join([_LENGTHS[len(label)] + label for label in labels])
    return b"\x83\x00%c%b" % (len(value), value)


def _decode_fqdn(value: bytes) -> str:
    if not _ANY_LABELS.fullmatch(value):
        raise ValueError("is not made of labels of letters, digits and hyphens")
    return _join_labels(value)


def _encode_fqdn(name: str) -> bytes:
    labels = name.encode("ascii").split(b".")
    value = b"".join([_LENGTHS[len(label)] + label for label in labels])
    if len(value) > 255 or not _ANY_LABELS.fullmatch(value):
        raise ValueError("is no domain name of at most 254 characters")
    return tlv(IEType.FQDN, value)


def _decode_ambr(value: bytes) -> Ambr:
    if len(value) != _AMBR.size:
        raise ValueError("length is not 8")
    return Ambr(*_AMBR.unpack(value))


def _encode_ambr(ambr: Ambr) -> bytes:
    return tlv(IEType.AMBR, _AMBR.pack(*ambr))


def _ambr_text(ambr: Ambr) -> str:
    return f"{ambr.uplink} kbit/s up, {ambr.downlink} kbit/s down"


def _decode_private_extension(value: bytes) -> PrivateExtension:
    if len(value) < 2:
        raise ValueError("length is less than 2")
    return PrivateExtension(value[0] << 8 | value[1], value[2:])


def _encode_private_extension(extension: PrivateExtension) -> bytes:
    return tlv(IEType.PRIVATE_EXTENSION, extension.identifier.to_bytes(2, "big") + extension.value)


_BACK_OFF_UNITS: Final = ("2 s", "1 min", "10 min", "1 h", "10 h")


def _back_off_text(value: int) -> str:
    unit = value >> 5
    if unit == 7:
        return "for ever"
    # Other units are read as the minute.
    return f"{value & 0x1F} times {_BACK_OFF_UNITS[unit if unit < len(_BACK_OFF_UNITS) else 1]}"


def _private_extension_text(extension: PrivateExtension) -> str:
    return f"enterprise {extension.identifier}: {extension.value.hex()}"


CAUSE: Final = Element(
    IEType.CAUSE,
    _decode_cause,
    partial(struct.Struct("BB").pack, IEType.CAUSE),
    _cause_text,
    Usual(octet(IEType.CAUSE) + b"(.)", _decode_cause),
)
REORDERING_REQUIRED: Final = flag(IEType.REORDERING_REQUIRED)
SELECTION_MODE: Final = Element(
    IEType.SELECTION_MODE,
    _decode_selection_mode,
    _encode_selection_mode,
    named(SelectionMode),
    Usual(octet(IEType.SELECTION_MODE) + b"(.)", _decode_selection_mode),
    SelectionMode,
)
TEARDOWN_IND: Final = flag(IEType.TEARDOWN_IND)
NSAPI: Final = Element(
    IEType.NSAPI,
    _decode_nsapi,
    _encode_nsapi,
    usual=Usual(octet(IEType.NSAPI) + b"(.)", _decode_nsapi),
)
CHARGING_CHARACTERISTICS: Final = fixed_number(
    IEType.CHARGING_CHARACTERISTICS, 2, lambda value: f"0x{value:04x}"
)
CHARGING_ID: Final = fixed_number(IEType.CHARGING_ID, 4, lambda value: f"0x{value:08x}")
END_USER_ADDRESS: Final = Element(
    IEType.END_USER_ADDRESS,
    _decode_end_user_address,
    _encode_end_user_address,
    usual=Usual(
        octet(IEType.END_USER_ADDRESS) + rb"\x00(\x06\xf1\x21.{4}|\x02\xf1\x21)",
        _take_end_user_address,
    ),
)
APN: Final = Element(
    IEType.APN,
    _decode_apn,
    _encode_apn,
    usual=Usual(
        octet(IEType.APN) + rb"\x00([\x02-%b]%b)" % (octet(_APN_MAXIMUM), _SHORT_LABELS), _take_apn
    ),
)
PCO: Final = octets(IEType.PCO, 1, 253, usually=range(1, 101), parse=ProtocolConfiguration.parse)
QOS: Final = octets(IEType.QOS, 4, 255, usually=range(4, 25), parse=QosProfile.parse)
TFT: Final = octets(IEType.TFT, 1, 255, parse=TrafficFlowTemplate.parse)
COMMON_FLAGS: Final = number(IEType.COMMON_FLAGS, parse=CommonFlags)
APN_RESTRICTION: Final = number(IEType.APN_RESTRICTION, named(ApnRestriction), ApnRestriction)
CORRELATION_ID: Final = number(IEType.CORRELATION_ID)
BEARER_CONTROL_MODE: Final = number(
    IEType.BEARER_CONTROL_MODE, named(BearerControlMode), BearerControlMode
)
MS_ONLY: Final = BearerControlMode.MS_ONLY.value
MS_AND_NETWORK: Final = BearerControlMode.MS_AND_NETWORK.value
"""Bearer control modes: who may ask for further contexts with an address (TS 29.060 §7.7.83)."""
NETWORK_REQUESTS_SUPPORTED: Final = CommonFlags.NRSN.value
"""NRSN, of the common flags: an SGSN takes contexts that the network asks for (§7.7.48)."""
EVOLVED_ARP: Final = number(IEType.EVOLVED_ARP_I, parse=EvolvedArp.parse)
EXTENDED_COMMON_FLAGS: Final = flags(IEType.EXTENDED_COMMON_FLAGS, ExtendedCommonFlags)
EXTENDED_COMMON_FLAGS_II: Final = flags(IEType.EXTENDED_COMMON_FLAGS_II, ExtendedCommonFlagsII)
AMBR: Final = Element(IEType.AMBR, _decode_ambr, _encode_ambr, _ambr_text)
GGSN_BACK_OFF_TIME: Final = first_octet(IEType.GGSN_BACK_OFF_TIME, _back_off_text)
"""Bits 8 to 6 are a unit, 5 to 1 how many of them (TS 29.060 §7.7.102)."""
SIGNALLING_PRIORITY: Final = long_flag(IEType.SIGNALLING_PRIORITY_INDICATION)
"""LAPI: the MS is of low access priority."""
PRIVATE_EXTENSION: Final = Element(
    IEType.PRIVATE_EXTENSION,
    _decode_private_extension,
    _encode_private_extension,
    _private_extension_text,
)
FQDN: Final = Element(IEType.FQDN, _decode_fqdn, _encode_fqdn)
