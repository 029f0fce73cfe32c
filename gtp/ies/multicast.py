"""Multimedia broadcast and multicast (MBMS): bearers, sessions, who wants them where.

Specs: TS 29.060 §7.7.55-7.7.60, §7.7.65-7.7.70, §7.7.76, §7.7.84-7.7.86. What the core network
only passes on keeps its octets.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gtp.constants import IEType
from gtp.ies.cursor import Cursor
from gtp.ies.element import Element, number, octets, tlv
from gtp.ies.identity import decode_plmn, encode_plmn
from gtp.ies.tunnel import decode_address, encode_address, teid_text


class SessionDuration(NamedTuple):
    """How long an MBMS session lasts (TS 29.060 §7.7.59)."""

    seconds: int
    """Up to a day, 17 bits."""
    days: int = 0
    """7 bits."""


class Tmgi(NamedTuple):
    """Which service of which network: temporary mobile group identity (TS 23.003 §15.2)."""

    service: int
    """24 bits."""
    mcc: str
    mnc: str

    def __str__(self) -> str:
        return f"service {self.service:#08x} of MCC {self.mcc}, MNC {self.mnc}"


class MulticastDistribution(NamedTuple):
    """How the user plane goes to many radio network controllers at once (TS 29.060 §7.7.84)."""

    teid: int
    """The common TEID."""
    distribution_address: str
    """The multicast address to listen to."""
    source_address: str
    headers_compressed: bool = False

    def __str__(self) -> str:
        compressed = ", headers compressed" if self.headers_compressed else ""
        return (
            f"{teid_text(self.teid)} from {self.source_address} "
            f"to {self.distribution_address}{compressed}"
        )


_IPV6_HEAD: Final = 0x50
"""The address type 1 in the upper two bits, the length 16 in the others."""


def _decode_tmgi(value: bytes) -> Tmgi:
    cursor = Cursor(value)
    tmgi = Tmgi(cursor.number(3), *decode_plmn(cursor.take(3)))
    cursor.finish()
    return tmgi


def _encode_tmgi(tmgi: Tmgi) -> bytes:
    return tlv(IEType.TMGI, tmgi.service.to_bytes(3) + encode_plmn(tmgi.mcc, tmgi.mnc))


def _decode_service_areas(value: bytes) -> tuple[int, ...]:
    cursor = Cursor(value)
    areas = tuple(cursor.number(2) for _ in range(cursor.number() + 1))
    cursor.finish()
    return areas


def _encode_service_areas(areas: tuple[int, ...]) -> bytes:
    # The count is one less than there are (TS 29.061, MBMS-Service-Area).
    octets = (len(areas) - 1).to_bytes(1) + b"".join(area.to_bytes(2) for area in areas)
    return tlv(IEType.MBMS_SERVICE_AREA, octets)


def _service_areas_text(areas: tuple[int, ...]) -> str:
    return ", ".join(map(str, areas))


def _decode_distribution(value: bytes) -> MulticastDistribution:
    cursor = Cursor(value)
    distribution = MulticastDistribution(
        cursor.number(4),
        decode_address(cursor.take(cursor.number() & 0x3F)),
        decode_address(cursor.take(cursor.number() & 0x3F)),
        bool(cursor.number() & 1),
    )
    cursor.finish()
    return distribution


def _encode_distribution(distribution: MulticastDistribution) -> bytes:
    teid, *addresses, compressed = distribution
    octets = b"".join(map(_headed_address, addresses))
    return tlv(
        IEType.MBMS_IP_MULTICAST_DISTRIBUTION, teid.to_bytes(4) + octets + bytes((compressed,))
    )


def _headed_address(address: object) -> bytes:
    octets = encode_address(str(address))
    return bytes((_IPV6_HEAD if len(octets) == 16 else len(octets),)) + octets


def _decode_duration(value: bytes) -> SessionDuration:
    if len(value) != 3:
        raise ValueError("length is not 3")
    whole = int.from_bytes(value)
    return SessionDuration(whole >> 7, whole & 0x7F)


def _encode_duration(duration: SessionDuration) -> bytes:
    seconds, days = duration
    if not 0 <= days <= 0x7F:
        raise ValueError("the days are not 0 to 127")
    return tlv(IEType.MBMS_SESSION_DURATION, (seconds << 7 | days).to_bytes(3))


def _duration_text(duration: SessionDuration) -> str:
    return f"{duration.days} d {duration.seconds} s"


TMGI: Final = Element(IEType.TMGI, _decode_tmgi, _encode_tmgi)
PROTOCOL_OPTIONS: Final = octets(
    IEType.MBMS_PROTOCOL_CONFIGURATION_OPTIONS,
    holds="options between MS and GGSN, TS 24.008 §10.5.6.15",
)
SERVICE_AREA: Final = Element(
    IEType.MBMS_SERVICE_AREA, _decode_service_areas, _encode_service_areas, _service_areas_text
)
SESSION_IDENTIFIER: Final = number(IEType.MBMS_SESSION_IDENTIFIER)
ACCESS_INDICATOR: Final = number(IEType.MBMS_2G_3G_INDICATOR)
"""0 GERAN, 1 UTRAN, 2 both (TS 29.060 §7.7.66)."""
ENHANCED_NSAPI: Final = number(IEType.ENHANCED_NSAPI)
SESSION_DURATION: Final = Element(
    IEType.MBMS_SESSION_DURATION, _decode_duration, _encode_duration, _duration_text
)
SESSION_REPETITION: Final = number(IEType.MBMS_SESSION_IDENTITY_REPETITION_NUMBER)
TIME_TO_DATA_TRANSFER: Final = number(IEType.MBMS_TIME_TO_DATA_TRANSFER)
REQUIRED_BEARER_CAPABILITIES: Final = octets(
    IEType.REQUIRED_MBMS_BEARER_CAPABILITIES, holds="an attribute of TS 29.061 §17.7"
)
FLOW_IDENTIFIER: Final = octets(
    IEType.MBMS_FLOW_IDENTIFIER, holds="an attribute of TS 29.061 §17.7"
)
IP_MULTICAST_DISTRIBUTION: Final = Element(
    IEType.MBMS_IP_MULTICAST_DISTRIBUTION, _decode_distribution, _encode_distribution
)
DISTRIBUTION_ACKNOWLEDGEMENT: Final = number(IEType.MBMS_DISTRIBUTION_ACKNOWLEDGEMENT)
