"""The network that random days are lived in: three SGSNs, two GGSNs, an HLR, many mobiles."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Final

from corenet.assembly import CoreConfig
from corenet.ggsn.config import Apn, GgsnConfig, PathDownPolicy, RadiusServer, StaticBinding
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.mobile.config import MobileConfig, MobileTimers
from corenet.sgsn.config import RoutingArea, SgsnConfig

WAP: Final = "wap.example"
"""Pushes of the gateway go here; on the first GGSN."""
CORPORATE: Final = "corp.example"
"""Activated through the control interface and by datagrams; on the second GGSN."""
HLR: Final = "192.0.2.3"
GATEWAY: Final = "192.0.2.5"
GGSNS: Final = {"ggsn-1": "192.0.2.11", "ggsn-2": "192.0.2.12"}
SGSNS: Final = {"sgsn-1": "192.0.2.21", "sgsn-2": "192.0.2.22", "sgsn-3": "192.0.2.23"}
_STATIC_EVERY: Final = 4
"""One subscriber in so many has a static address."""
_CELLS_PER_AREA: Final = 2
_AREAS_PER_SGSN: Final = 2
CELLS: Final = len(SGSNS) * _AREAS_PER_SGSN * _CELLS_PER_AREA


def configuration(mobiles: int) -> CoreConfig:
    """Return the core: three SGSNs with two routing areas each, two GGSNs with one APN each."""
    numbers = range(mobiles)
    return CoreConfig(
        ggsns=_ggsns(numbers),
        sgsns=_sgsns(),
        hlr=HlrConfig(
            HLR,
            tuple(
                Subscriber(
                    imsi_of(number),
                    msisdn_of(number),
                    (SubscribedApn(WAP), SubscribedApn(CORPORATE, static_address_of(number))),
                )
                for number in numbers
            ),
        ),
        mobiles=tuple(
            MobileConfig(
                imsi_of(number),
                msisdn_of(number),
                apns=(WAP, CORPORATE),
                cell=number % CELLS,
                attach_at_start=True,
            )
            for number in numbers
        ),
        mobile_timers=MobileTimers(attach_spread=60.0),
    )


def _ggsns(numbers: range) -> dict[str, GgsnConfig]:
    """Return the GGSNs; the second one has the static addresses."""
    own = (RadiusServer((GATEWAY, 1813), b"corenet"),)
    return {
        "ggsn-1": GgsnConfig(
            control_address=GGSNS["ggsn-1"],
            user_address=GGSNS["ggsn-1"],
            apns=(Apn(WAP, (IPv4Network("10.1.0.0/16"),)),),
            hlr=(HLR, 2123),
            radius=own,
            on_path_down=PathDownPolicy.DELETE,
        ),
        "ggsn-2": GgsnConfig(
            control_address=GGSNS["ggsn-2"],
            user_address=GGSNS["ggsn-2"],
            apns=(Apn(CORPORATE, (IPv4Network("10.2.0.0/16"),)),),
            static_bindings=tuple(
                StaticBinding(imsi_of(number), CORPORATE, address)
                for number in numbers
                if (address := static_address_of(number)) is not None
            ),
            hlr=(HLR, 2123),
            radius=own,
        ),
    }


def _sgsns() -> dict[str, SgsnConfig]:
    """Return the SGSNs, neighbours of one another."""
    areas = {name: _areas(place) for place, name in enumerate(SGSNS)}
    return {
        name: SgsnConfig(
            control_address=address,
            user_address=address,
            hlr=(HLR, 4222),
            ggsns={WAP: (GGSNS["ggsn-1"],), CORPORATE: (GGSNS["ggsn-2"],)},
            routing_areas=areas[name],
            neighbours={
                area.encode(): SGSNS[other]
                for other in SGSNS
                if other != name
                for area in areas[other]
            },
        )
        for name, address in SGSNS.items()
    }


def _areas(place: int) -> tuple[RoutingArea, ...]:
    """Return the routing areas of the SGSN in that place, each with its cells."""
    return tuple(
        RoutingArea(
            rac=number + 1,
            cells=tuple(_CELLS_PER_AREA * number + cell for cell in range(_CELLS_PER_AREA)),
        )
        for number in range(_AREAS_PER_SGSN * place, _AREAS_PER_SGSN * (place + 1))
    )


def imsi_of(number: int) -> str:
    """Return the IMSI of the mobile with that number."""
    return f"23415{number:010d}"


def msisdn_of(number: int) -> str:
    """Return its MSISDN."""
    return f"44770{number:07d}"


def static_address_of(number: int) -> str | None:
    """Return its static address on the corporate APN, where it has one."""
    if number % _STATIC_EVERY:
        return None
    return f"10.3.{number // 256}.{number % 256}"
