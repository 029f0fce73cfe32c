"""PDP contexts and the GGSN itself as RADIUS servers are told of them.

Specs: TS 29.061 §16.4 (attributes), §16.4.7 (those of 3GPP), RFC 2865, RFC 2866, RFC 2869,
RFC 3162 (IPv6).

What is not known of a context is left out. Not there at all are 3GPP-Negotiated-DSCP, since
packets are forwarded with the DSCP that they came with, and what belongs to accesses that have
no SGSN.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from corenet.ggsn.config import GgsnConfig
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.pools import PREFIX_LENGTH, address_text
from corenet.gi.flows import Filters
from corenet.radius.attributes import AttributeValue, encode_attributes, head_of, writer
from gtp.ies import PdpType

NamedAttributes = dict[str, AttributeValue]

_PDP_TYPES: Final = {
    PdpType.IPV4: "IPv4",
    PdpType.PPP: "PPP",
    PdpType.IPV6: "IPv6",
    PdpType.IPV4V6: "IPv4v6",
}
_ADDRESS_FAMILIES: Final = {PdpType.IPV4: 1, PdpType.IPV6: 2, PdpType.IPV4V6: 3}
"""3GPP-Allocate-IP-Type."""
_QOS_PREFIXES: Final = {3: "98", 11: "99", 12: "05"}
"""Release by the length of a QoS profile without allocation/retention; longer ones are "07"."""
_DOWNLINK: Final = 0
_UPLINK: Final = 1
_DIRECTIONS: Final[Mapping[int, tuple[int, ...]]] = {
    0: (_DOWNLINK,),
    1: (_DOWNLINK,),
    2: (_UPLINK,),
}
"""3GPP-Packet-Filter's direction by that of a packet filter, but for one that is for both."""
_PLMN_LENGTH: Final = 6
"""Digits of MCC and MNC at most."""
_FURTHER: Final = ("User-Name", "Framed-IPv6-Prefix", "Framed-Interface-Id", "3GPP-IMEISV")
"""What some contexts have of their own, beside what nearly every one has."""
_DIGITS: Final = 32
"""Of an IMSI or MSISDN that is written without much ado; longer ones are not usual."""
_WHEREABOUTS: Final = (
    "3GPP-RAT-Type",
    "3GPP-User-Location-Info",
    "3GPP-MS-TimeZone",
    "3GPP-CAMEL-Charging-Info",
)
"""Where the MS is, beside its routeing area, as far as the SGSN has said."""


def own_attributes(config: GgsnConfig) -> NamedAttributes:
    """Return who the GGSN is."""
    own: NamedAttributes = {"NAS-IP-Address": config.control_address}
    if config.nas_identifier is not None:
        own["NAS-Identifier"] = config.nas_identifier
    return own


def session_attributes(
    config: GgsnConfig, context: PdpContext, pdp_type: PdpType | None = None
) -> NamedAttributes:
    """Return what every packet says of a context (TS 29.061 §16.4.1, §16.4.3).

    ``pdp_type`` is what was asked for, where the context has no address yet.
    """
    return {
        **_single_attributes(context),
        **_common_attributes(config, _common(context, pdp_type)),
    }


class SessionOctets:
    """The same as octets; what is alike in many contexts is written once."""

    def __init__(self, config: GgsnConfig) -> None:
        self._config = config
        self._own = encode_attributes(own_attributes(config))
        self._written: dict[_Common, bytes] = {}
        self._writers = {name: writer(name) for name in (*_FURTHER, "Calling-Station-Id")}
        self._imsi_heads = tuple(head_of("3GPP-IMSI", size) for size in range(_DIGITS))
        self._msisdn_heads = tuple(head_of("Calling-Station-Id", size) for size in range(_DIGITS))
        self._charging_id_head = head_of("3GPP-Charging-Id", 4)
        self._ipv4_head = head_of("Framed-IP-Address", 4)

    def of(self, context: PdpContext) -> bytes:
        """Return who the GGSN is, and what every packet says of a context."""
        key = _common(context, None)
        common = self._written.get(key)
        if common is None:
            if len(self._written) >= _COMMON_KNOWN:
                self._written.clear()
            common = self._own + encode_attributes(_common_attributes(self._config, key))
            self._written[key] = common
        imsi = context.tunnel.imsi.encode()
        charging_id = context.charging_id.to_bytes(4, "big")
        octets = common + self._imsi_heads[len(imsi)] + imsi + self._charging_id_head + charging_id
        if context.ipv4 is not None:
            octets += self._ipv4_head + context.ipv4
        if context.msisdn:
            octets += self._msisdn(context.msisdn)
        if (
            context.authorization is None
            and context.ipv6 is None
            and context.imei is None
            and not context.filters
        ):
            return octets
        writers = self._writers
        further = _further_attributes(context)
        octets += b"".join([writers[name](value) for name, value in further.items()])
        return octets + encode_packet_filters(context.filters)

    def _msisdn(self, msisdn: str) -> bytes:
        digits = msisdn.encode()
        size = len(digits)
        if size >= _DIGITS:
            return self._writers["Calling-Station-Id"](msisdn)
        return self._msisdn_heads[size] + digits


_USAGE: Final = Struct("!" + "2sI" * 5).pack
"""Code, length and value of five numbers; codes are those of RFC 2866 §5."""
_SESSION_TIME: Final = bytes((46, 6))
_INPUT_OCTETS: Final = bytes((42, 6))
_OUTPUT_OCTETS: Final = bytes((43, 6))
_INPUT_PACKETS: Final = bytes((47, 6))
_OUTPUT_PACKETS: Final = bytes((48, 6))
_COMMON_KNOWN: Final = 10_000
"""Kinds of contexts that are remembered; each cell makes others."""

_Common = tuple[
    str,
    str,
    str,
    PdpType,
    int,
    bytes,
    int | None,
    int | None,
    bytes | None,
    int | None,
    bytes | None,
    bytes | None,
    bytes | None,
]


def _common(context: PdpContext, pdp_type: PdpType | None) -> _Common:
    """Return what contexts may have in common, in the order of ``_common_attributes``."""
    tunnel = context.tunnel
    return (
        context.access.apn.name,
        tunnel.sgsn_address,
        tunnel.imsi[:_PLMN_LENGTH],
        pdp_type or context.pdp_type,
        context.nsapi,
        context.qos,
        context.selection_mode,
        context.charging_characteristics,
        context.rai,
        context.rat_type,
        context.user_location,
        context.ms_time_zone,
        context.camel_charging_information,
    )


def _common_attributes(config: GgsnConfig, common: _Common) -> NamedAttributes:
    apn, sgsn, plmn, pdp_type, nsapi, qos, selection_mode, charging, *whereabouts = common
    attributes: NamedAttributes = {
        "Called-Station-Id": apn,
        "Service-Type": "Framed-User",
        "Framed-Protocol": "GPRS-PDP-Context",
        "NAS-Port-Type": "Wireless-Other",
        "3GPP-PDP-Type": _PDP_TYPES[pdp_type],
        "3GPP-GPRS-Negotiated-QoS-Profile": qos_text(qos),
        "3GPP-NSAPI": f"{nsapi:X}",
    }
    if config.charging_gateway is not None:
        family = "IPv6-Address" if ":" in config.charging_gateway else "Address"
        attributes[f"3GPP-CG-{family}"] = config.charging_gateway
    attributes["3GPP-SGSN-Address"] = sgsn
    attributes["3GPP-GGSN-Address"] = config.control_address
    if config.plmn is not None:
        attributes["3GPP-IMSI-MCC-MNC"] = plmn[: len(config.plmn)]
        attributes["3GPP-GGSN-MCC-MNC"] = config.plmn
    if selection_mode is not None:
        # 3 is read as 2 (TS 29.060 §7.7.12).
        attributes["3GPP-Selection-Mode"] = str(min(selection_mode, 2))
    if charging is not None:
        attributes["3GPP-Charging-Characteristics"] = f"{charging:04x}"
    rai, *others = whereabouts
    if isinstance(rai, bytes):
        attributes["3GPP-SGSN-MCC-MNC"] = _plmn_text(rai)
    for name, value in zip(_WHEREABOUTS, others, strict=True):
        if value is not None:
            attributes[name] = value
    return attributes


def _single_attributes(context: PdpContext) -> NamedAttributes:
    """Return what belongs to one context or mobile."""
    attributes: NamedAttributes = {
        "3GPP-IMSI": context.tunnel.imsi,
        "3GPP-Charging-Id": context.charging_id,
    }
    if context.ipv4 is not None:
        attributes["Framed-IP-Address"] = context.ipv4
    if context.msisdn:
        attributes["Calling-Station-Id"] = context.msisdn
    return attributes | _further_attributes(context)


def _further_attributes(context: PdpContext) -> dict[str, str | bytes]:
    """Return what some contexts have beside (``_FURTHER``)."""
    attributes: dict[str, str | bytes] = {}
    authorization = context.authorization
    if authorization is not None and authorization.user_name:
        attributes["User-Name"] = authorization.user_name
    if context.ipv6 is not None:
        prefix = context.ipv6[:PREFIX_LENGTH]
        attributes["Framed-IPv6-Prefix"] = f"{address_text(prefix + bytes(8))}/64"
        attributes["Framed-Interface-Id"] = context.ipv6[PREFIX_LENGTH:]
    if context.imei is not None:
        attributes["3GPP-IMEISV"] = context.imei
    return attributes


def encode_packet_filters(filters: Filters) -> bytes:
    """Return a traffic flow template as attributes (3GPP-Packet-Filter).

    Each says a filter's identifier, precedence, length and direction, then what TS 24.008
    §10.5.6.12 has as its contents. The attribute knows one direction: a filter for both is told
    once for each, one of before Release 7 is for packets to the MS.
    """
    values = []
    for each in filters:
        directions = _DIRECTIONS.get(each.direction, (_DOWNLINK, _UPLINK))
        contents = each.contents
        head = (each.identifier, each.precedence, len(contents))
        values += [bytes((*head, direction)) + contents for direction in directions]
    return encode_attributes({"3GPP-Packet-Filter": tuple(values)})


def allocation_asked(pdp_type: PdpType) -> NamedAttributes:
    """Return that the server is to choose the addresses (3GPP-Allocate-IP-Type)."""
    family = _ADDRESS_FAMILIES.get(pdp_type)
    return {} if family is None else {"3GPP-Allocate-IP-Type": family}


def usage_octets(*, seconds: float, uplink: tuple[int, int], downlink: tuple[int, int]) -> bytes:
    """Return time and traffic as attributes (RFC 2866 §5.3-5.8, RFC 2869 §5.1-5.2).

    ``uplink`` and ``downlink`` are packets and octets. Input is what the MS sent. Counters
    have 32 bits; how often the octets have wrapped is told where either has.
    """
    mask = 0xFFFFFFFF
    packets_up, octets_up = uplink
    packets_down, octets_down = downlink
    usage = _USAGE(
        _SESSION_TIME,
        max(0, int(seconds)),
        _INPUT_OCTETS,
        octets_up & mask,
        _OUTPUT_OCTETS,
        octets_down & mask,
        _INPUT_PACKETS,
        packets_up & mask,
        _OUTPUT_PACKETS,
        packets_down & mask,
    )
    if octets_up > mask or octets_down > mask:
        usage += encode_attributes(
            {
                "Acct-Input-Gigawords": octets_up >> 32,
                "Acct-Output-Gigawords": octets_down >> 32,
            }
        )
    return usage


def qos_text(qos: bytes) -> str:
    """Return a QoS profile (the value of IE 135) as 3GPP-GPRS-Negotiated-QoS-Profile.

    Without the allocation/retention octet, as the releases differ on it.
    """
    profile = qos[1:]
    return f"{_QOS_PREFIXES.get(len(profile), '07')}-{profile.hex()}"


def qos_octets(text: str, before: bytes) -> bytes:
    """Return the value of IE 135 that such a text stands for, with the priority of ``before``.

    Raises:
        ValueError: it is none.
    """
    prefix, dash, digits = text.partition("-")
    if not dash or len(prefix) != 2:
        raise ValueError(f"no QoS profile: {text!r}")
    return before[:1] + bytes.fromhex(digits)


def _plmn_text(rai: bytes) -> str:
    """Return MCC and MNC of a Routeing Area Identity as digits (TS 29.060 §7.7.3)."""
    digits = f"{rai[0] & 15:x}{rai[0] >> 4:x}{rai[1] & 15:x}{rai[2] & 15:x}{rai[2] >> 4:x}"
    third = rai[1] >> 4
    return digits if third == 0xF else f"{digits}{third:x}"
