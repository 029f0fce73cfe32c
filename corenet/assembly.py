"""A core network from its configuration: nodes, and their places on any runtime.

Every node's chance comes from a generator of its own, drawn from the one that is given, so
that in virtual time one node's calls do not change what another one draws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from random import Random
from typing import Protocol

from corenet.ggsn.config import GgsnConfig
from corenet.ggsn.node import Ggsn
from corenet.gr.config import GsupServerConfig, HlrOutsideConfig
from corenet.gr.events import HlrConnected
from corenet.gr.hlr_outside import HlrOutside
from corenet.gr.server import GsupServer
from corenet.hlr.config import HlrConfig
from corenet.hlr.events import HlrBegan
from corenet.hlr.node import Hlr
from corenet.hlr.store import Store
from corenet.interfaces.application import Applications
from corenet.interfaces.gsup import GSUP_PORT
from corenet.interfaces.node import ANYWHERE, SOME, Address, Event, Interface, Node
from corenet.interfaces.runtime import Runtime
from corenet.mobile.config import Cell, MobileConfig, MobileTimers
from corenet.mobile.population import Mobiles
from corenet.radius.journal import Journal
from corenet.sgsn.config import SgsnConfig
from corenet.sgsn.node import Sgsn
from corenet.um.base_station import BaseStation
from corenet.um.config import BaseStationConfig, TransceiverConfig
from corenet.um.events import NetworkFound, NetworkLost
from corenet.um.transceiver import PLACE, Transceiver
from gtp.constants import GTP_C_PORT, GTP_U_PORT

HLR_NAME = "hlr"
MOBILES_NAME = "mobiles"
GSUP_SERVER_NAME = "gsup"
BASE_STATION_NAME = "bts"
TRANSCEIVER_NAME = "transceiver"


class CoreRuntime(Runtime, Protocol):
    """A runtime that can also carry packets between Gi and a node."""

    def route_gi(self, networks: Iterable[IPv4Network | IPv6Network], node: Node) -> None:
        """Let ``node`` take the packets that arrive on Gi for addresses in ``networks``."""
        ...


@dataclass(frozen=True, slots=True)
class CoreConfig:
    """Which nodes a core has. A GGSN or an SGSN has its key as its name."""

    ggsns: Mapping[str, GgsnConfig] = field(default_factory=dict)
    sgsns: Mapping[str, SgsnConfig] = field(default_factory=dict)
    hlr: HlrConfig | None = None
    gsup_server: GsupServerConfig | None = None
    """The HLR's port for clients of other processes; without it there are none."""
    hlrs_outside: Mapping[str, HlrOutsideConfig] = field(default_factory=dict)
    """HLRs of other processes, by the name that they have here."""
    mobiles: tuple[MobileConfig, ...] = ()
    mobile_timers: MobileTimers = field(default_factory=MobileTimers)
    seed: int = 0
    """Of the times that mobiles take to answer, where they are not constant."""
    base_station: BaseStationConfig | None = None
    """Where mobiles of other processes find the SGSNs; without it there are none."""
    transceiver: TransceiverConfig | None = None
    """Where the mobiles find the SGSNs, which are in another process."""
    cells: Mapping[int, bytes] = field(default_factory=dict)
    """Routeing area identifications by cell, where the SGSNs are in another process."""

    def __post_init__(self) -> None:
        own = () if self.hlr is None and HLR_NAME in self.hlrs_outside else (HLR_NAME,)
        names = Counter((*self.ggsns, *self.sgsns, *self.hlrs_outside, *own, *_RESERVED))
        twice = sorted(name for name, count in names.items() if count > 1)
        if twice:
            raise ValueError(f"two nodes are named {twice[0]}")
        if self.transceiver is not None and self.sgsns:
            raise ValueError("the SGSNs are here, or in another process")
        if self.base_station is not None and not self.sgsns:
            raise ValueError("a base station needs an SGSN")
        if self.mobiles and not self.sgsns and self.transceiver is None:
            raise ValueError("mobiles need an SGSN")
        cells = Counter(
            cell
            for sgsn in self.sgsns.values()
            for area in sgsn.routing_areas
            for cell in area.cells
        )
        shared = sorted(cell for cell, count in cells.items() if count > 1)
        if shared:
            raise ValueError(f"two routing areas have the cell {shared[0]}")
        if self.gsup_server is not None and self.hlr is None:
            raise ValueError("a GSUP server needs an HLR")

    @property
    def gsup_nodes(self) -> frozenset[str]:
        """Names of the nodes that carry Gr to other processes."""
        return frozenset((*self.hlrs_outside, GSUP_SERVER_NAME))

    @property
    def um_nodes(self) -> frozenset[str]:
        """Names of the nodes that carry the radio to other processes."""
        return frozenset((BASE_STATION_NAME, TRANSCEIVER_NAME))

    @property
    def gc_hosts(self) -> frozenset[str]:
        """Addresses of HLRs: GTP-C from and to them is Gc, all other is Gn."""
        hosts = {config.hlr[0] for config in self.ggsns.values() if config.hlr is not None}
        return frozenset(hosts if self.hlr is None else hosts | {self.hlr.address})

    def gi_networks(self, but: Container[tuple[str, str]] = ()) -> tuple[IPv4Network, ...]:
        """Return where mobiles of any GGSN have IPv4 addresses, ``but`` on some APNs of some."""
        return tuple(
            network
            for name, config in self.ggsns.items()
            for apn in config.apns
            if (name, apn.name) not in but
            for network in config.networks_of(apn)
            if isinstance(network, IPv4Network)
        )


@dataclass(slots=True)
class Core:
    """The nodes of a core. ``attach`` them before the first command."""

    config: CoreConfig
    ggsns: dict[str, Ggsn]
    sgsns: dict[str, Sgsn]
    hlr: Hlr | None
    mobiles: Mobiles | None
    gsup_server: GsupServer | None = None
    hlrs_outside: Mapping[str, HlrOutside] = field(default_factory=dict)
    base_station: BaseStation | None = None
    transceiver: Transceiver | None = None

    def attach(self, runtime: CoreRuntime) -> None:
        """Attach and start every node: HLRs, GGSNs, SGSNs, mobiles, in this order.

        So each finds those in service that it turns to when it starts. What the runtime raises
        for a place that cannot be had comes through; those attached before stay so.
        """
        if self.hlr is not None:
            self._attach_hlr(runtime, self.hlr)
        for outside in self.hlrs_outside.values():
            runtime.attach(outside, _outside_places(outside))
        for ggsn in self.ggsns.values():
            self._attach_gsn(runtime, ggsn)
        for sgsn in self.sgsns.values():
            self._attach_gsn(runtime, sgsn)
        if self.base_station is not None:
            listen = self.base_station.config.listen
            runtime.attach(self.base_station, {Interface.RADIO: SOME, Interface.UM: listen})
        if self.transceiver is not None:
            if self.mobiles is not None:
                _cover(runtime, self.mobiles)
            local = self.transceiver.config.local
            runtime.attach(self.transceiver, {Interface.RADIO: PLACE, Interface.UM: local})
        if self.mobiles is not None:
            places = {Interface.RADIO: ANYWHERE}
            if any(mobile.terminal for mobile in self.config.mobiles):
                places[Interface.TERMINAL] = ANYWHERE
            runtime.attach(self.mobiles, places)
        runtime.on_event(partial(self._hlr_told, runtime))

    def _hlr_told(self, runtime: CoreRuntime, _time: float, node: str, event: Event) -> None:
        """Have SGSNs tell an HLR anew where mobiles are that may not know it.

        That stands for Reset, which GSUP lacks: one beside us has started without its data, or
        the connection to one outside is a new one. GGSNs say to the first for whom they wait.
        """
        outside = self.hlrs_outside.get(node)
        units: Collection[Address] | None = None
        if isinstance(event, HlrBegan) and self.hlr is not None and self.hlr.name == node:
            place = _hlr_places(self.hlr.config)[Interface.GR]
            control = _hlr_places(self.hlr.config)[Interface.GTP_C]
            for ggsn in self.ggsns.values():
                if ggsn.config.hlr == control:
                    with suppress(LookupError):  # it has crashed, and waits for nobody either
                        runtime.command(ggsn, ggsn.hlr_reset)
        elif isinstance(event, HlrConnected) and outside is not None:
            place, names = outside.place, outside.config.units
            units = [address for address, unit in names.items() if unit == event.unit]
        else:
            return
        for sgsn in self.sgsns.values():
            own = _sgsn_places(sgsn.name, sgsn.config)[Interface.GR]
            if sgsn.config.hlr == place and (units is None or own in units):
                with suppress(LookupError):  # it has crashed, and knows no mobile either
                    runtime.command(sgsn, sgsn.hlr_reset)

    def parts(self, name: str) -> tuple[Node, ...]:
        """Return what crashes together: a GGSN, an SGSN, or the HLR with its port for others.

        Raise ``KeyError`` where there is none of that name.
        """
        if self.hlr is None or self.hlr.name != name:
            return (self.sgsns[name] if name in self.sgsns else self.ggsns[name],)
        return (self.hlr,) if self.gsup_server is None else (self.hlr, self.gsup_server)

    def renew(
        self, name: str, *, random: Random, recovery: int, subscribers: Store | None = None
    ) -> None:
        """Put a node that knows nothing in the place of one that has crashed.

        An HLR knows what ``subscribers`` has kept. The runtime has let the old one go, and
        ``attach_again`` gets the new one. Raise ``KeyError`` where there is none of that name.
        """
        if self.hlr is not None and self.hlr.name == name:
            config = self.hlr.config
            self.hlr = Hlr(config, name=name, random=random, recovery=recovery, store=subscribers)
            if self.gsup_server is not None:
                self.gsup_server = GsupServer(self.gsup_server.config, name=self.gsup_server.name)
        elif name in self.sgsns:
            sgsn = Sgsn(self.sgsns[name].config, name=name, random=random, recovery=recovery)
            self.sgsns[name] = sgsn
        else:
            ggsn = Ggsn(self.ggsns[name].config, name=name, random=random, recovery=recovery)
            self.ggsns[name] = ggsn

    def attach_again(self, runtime: CoreRuntime, name: str) -> None:
        """Attach and start a node that was renewed; raise ``KeyError`` where there is none."""
        if self.hlr is not None and self.hlr.name == name:
            self._attach_hlr(runtime, self.hlr)
        else:
            self._attach_gsn(runtime, self.sgsns[name] if name in self.sgsns else self.ggsns[name])

    def _attach_hlr(self, runtime: CoreRuntime, hlr: Hlr) -> None:
        runtime.attach(hlr, _hlr_places(hlr.config))
        if self.gsup_server is not None:
            listen = self.gsup_server.config.listen
            runtime.attach(self.gsup_server, {Interface.GR: ANYWHERE, Interface.GSUP: listen})

    def _attach_gsn(self, runtime: CoreRuntime, gsn: Ggsn | Sgsn) -> None:
        if isinstance(gsn, Sgsn):
            runtime.attach(gsn, _sgsn_places(gsn.name, gsn.config))
            return
        runtime.attach(gsn, _ggsn_places(gsn.config))
        networks = (n for apn in gsn.config.apns for n in gsn.config.networks_of(apn))
        runtime.route_gi(networks, gsn)


_RESERVED = (MOBILES_NAME, GSUP_SERVER_NAME, BASE_STATION_NAME, TRANSCEIVER_NAME)


def _cover(runtime: CoreRuntime, mobiles: Mobiles) -> None:
    """Have mobiles in coverage while the network of another process is found."""
    mobiles.set_network(False, runtime.now())

    def note(_time: float, _node: str, event: Event) -> None:
        if isinstance(event, NetworkFound | NetworkLost):
            there = isinstance(event, NetworkFound)
            runtime.command(mobiles, lambda now: mobiles.set_network(there, now))

    runtime.on_event(note)


def assemble(
    config: CoreConfig,
    *,
    random: Random,
    recovery: int,
    applications: Applications = lambda _host: (),
    journals: Mapping[str, Journal] | None = None,
    subscribers: Store | None = None,
) -> Core:
    """Build the nodes of a core; ``recovery`` is the GTP restart counter of all, 0..255.

    ``journals`` keep what GGSNs could not tell RADIUS before they ended, by their names;
    ``subscribers`` is where the HLR has its own.
    """
    kept = journals or {}

    def own() -> Random:
        return Random(random.getrandbits(64))

    return Core(
        config=config,
        hlr=None
        if config.hlr is None
        else Hlr(config.hlr, name=HLR_NAME, random=own(), recovery=recovery, store=subscribers),
        ggsns={
            name: Ggsn(part, name=name, random=own(), recovery=recovery, journal=kept.get(name))
            for name, part in config.ggsns.items()
        },
        sgsns={
            name: Sgsn(part, name=name, random=own(), recovery=recovery)
            for name, part in config.sgsns.items()
        },
        mobiles=_mobiles(config, own(), applications),
        gsup_server=None
        if config.gsup_server is None
        else GsupServer(config.gsup_server, name=GSUP_SERVER_NAME),
        hlrs_outside={
            name: HlrOutside(part, name=name) for name, part in config.hlrs_outside.items()
        },
        base_station=None
        if config.base_station is None
        else BaseStation(config.base_station, name=BASE_STATION_NAME),
        transceiver=None
        if config.transceiver is None
        else Transceiver(config.transceiver, name=TRANSCEIVER_NAME, random=own()),
    )


def _mobiles(config: CoreConfig, random: Random, applications: Applications) -> Mobiles | None:
    if not config.sgsns and config.transceiver is None:
        return None
    mobiles = Mobiles(
        name=MOBILES_NAME,
        cells={cell: Cell(PLACE, area) for cell, area in config.cells.items()}
        | {
            cell: Cell(_on_radio(name), area.encode())
            for name, sgsn in config.sgsns.items()
            for area in sgsn.routing_areas
            for cell in area.cells
        },
        random=random,
        timers=config.mobile_timers,
        applications=applications,
        seed=config.seed,
    )
    for mobile in config.mobiles:
        mobiles.add(mobile)
    return mobiles


def _on_radio(sgsn: str) -> Address:
    return (sgsn, 0)


def _hlr_places(config: HlrConfig) -> dict[Interface, Address]:
    return {
        Interface.GTP_C: (config.address, GTP_C_PORT),
        Interface.GR: (config.address, GSUP_PORT),
    }


def _outside_places(outside: HlrOutside) -> dict[Interface, Address]:
    units = outside.config.units
    return {Interface.GR: outside.place, Interface.GSUP: (next(iter(units))[0], 0)}


def _ggsn_places(config: GgsnConfig) -> dict[Interface, Address]:
    places: dict[Interface, Address] = {
        Interface.GTP_C: (config.control_address, GTP_C_PORT),
        Interface.GTP_U: (config.user_address, GTP_U_PORT),
        Interface.GI: ("", 0),
    }
    if config.speaks_radius:
        places[Interface.RADIUS] = (config.control_address, 0)
    if config.dynamic_authorization is not None:
        port = config.dynamic_authorization.port
        places[Interface.RADIUS_ORDERS] = (config.control_address, port)
    return places


def _sgsn_places(name: str, config: SgsnConfig) -> dict[Interface, Address]:
    return {
        Interface.GTP_C: (config.control_address, GTP_C_PORT),
        Interface.GTP_U: (config.user_address, GTP_U_PORT),
        Interface.GR: (config.control_address, GSUP_PORT),
        Interface.RADIO: _on_radio(name),
    }
