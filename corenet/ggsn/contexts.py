"""PDP contexts and the table that finds them.

Specs: TS 23.060 §13.3 (context data at the GGSN), TS 29.060 §7.3.1 and §7.7.13-7.7.14 (TEIDs).

One TEID Control Plane stands for the contexts of an MS whose SGSN addressed them together:
a Create PDP Context Request with TEID 0 opens a control tunnel, one with the tunnel's TEID
joins it. Each context has a TEID Data I of its own.

Secondary contexts share the addresses of a primary one. A packet for such an address goes to the
context whose traffic flow template wants it (TS 23.060 §15.3); where a context is alone and has no
template, nothing has to be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from corenet.ggsn.authorization import Authorization
from corenet.ggsn.events import PdpContextView, UpdateFailure
from corenet.ggsn.ordering import Ordering
from corenet.ggsn.pools import PREFIX_LENGTH, AccessPoint, address_text
from corenet.gi.flows import Classifier, Filters
from corenet.interfaces.node import Address
from gtp.ies import EndUserAddress, MsTimeZone, PdpType
from gtp.ies.session import MS_AND_NETWORK, MS_ONLY


@dataclass(slots=True, eq=False)
class ControlTunnel:
    """What GGSN and SGSN share for one MS on GTP-C."""

    teid: int
    """Ours."""
    imsi: str
    sgsn_address: str
    """SGSN address for signalling (IE 133)."""
    sgsn_teid: int
    source: str
    """Where the last Create or Update PDP Context Request came from."""
    network_requests: bool = False
    """Whether the SGSN takes secondary contexts that the network asks for (NRSN)."""
    contexts: dict[int, PdpContext] = field(default_factory=dict)
    """By NSAPI."""


@dataclass(slots=True, eq=False)
class PdpContext:
    """One PDP context. Identity is the object's: two contexts are never equal."""

    tunnel: ControlTunnel
    nsapi: int
    access: AccessPoint
    ipv4: bytes | None
    """Four octets; None in a context for IPv6 alone."""
    ipv6: bytes | None
    """The prefix of 64 bits, then the interface identifier; None in a context for IPv4 alone."""
    msisdn: str | None
    teid_data: int
    """Ours."""
    sgsn_user: Address
    sgsn_teid_data: int
    charging_id: int
    since: float
    qos: bytes
    """As in IE 135: allocation/retention priority, then the QoS of TS 24.008."""
    network_requested: bool
    selection_mode: int | None = None
    charging_characteristics: int | None = None
    rat_type: int | None = None
    rai: bytes | None = None
    user_location: bytes | None = None
    ms_time_zone: bytes | None = None
    """As in RADIUS: two octets."""
    imei: str | None = None
    camel_charging_information: bytes | None = None
    authorization: Authorization | None = None
    """What is known of it beside what its SGSN says."""
    direct_tunnel: bool = False
    """Whether the user plane goes to an RNC, past the SGSN (TS 23.060 §15.6)."""
    tunnel_lost: bool = False
    """Whether the RNC knew nothing of a direct tunnel, and the SGSN has not repaired it yet."""
    ms_takes_requests: bool = False
    """Whether the MS takes secondary contexts that the network asks for."""
    told_mode: int = MS_ONLY
    """The bearer control mode as the MS knows it."""
    linked_nsapi: int | None = None
    """The context that a secondary one was linked to; None for a primary one."""
    filters: Filters = ()
    """The traffic flow template."""
    shared: SharedAddress | None = None
    """The choice among the contexts with its address; None where there is nothing to choose."""
    ordering: Ordering | None = None
    """The sequence numbers of its G-PDUs, where their order is to be kept."""
    update: PendingUpdate | None = None
    """What the SGSN was asked to change and has not answered."""
    uplink_packets: int = 0
    uplink_octets: int = 0
    downlink_packets: int = 0
    downlink_octets: int = 0
    last_downlink: float | None = None
    """When a packet last left for the MS, seconds since 1970-01-01 UTC."""

    @property
    def imsi(self) -> str:
        """Whose context it is."""
        return self.tunnel.imsi

    @property
    def address(self) -> str:
        """The PDP address, where there are two the IPv4 one."""
        octets = self.ipv4 or self.ipv6
        assert octets is not None
        return address_text(octets)

    @property
    def bearer_control_mode(self) -> int:
        """Who may ask for more contexts with its address: "MS and network" if SGSN and MS take it.

        TS 23.060 §9.2.2.1, TS 29.060 §7.7.83.
        """
        both = self.ms_takes_requests and self.tunnel.network_requests
        return MS_AND_NETWORK if both else MS_ONLY

    @property
    def bearers(self) -> tuple[PdpContext, ...]:
        """The contexts with its address, oldest first, itself included."""
        return (self,) if self.shared is None else tuple(self.shared.bearers)

    def options(self, asked: bytes | None) -> bytes | None:
        """Return the protocol configuration options that answer ``asked``, or None for none."""
        if not asked:
            return None
        servers = self.authorization.name_servers if self.authorization is not None else ()
        both = self.bearer_control_mode == MS_AND_NETWORK
        return self.access.options.answer(asked, self.ipv4, servers, network_requests=both)

    @property
    def addresses(self) -> tuple[bytes, ...]:
        """What packets are for it: the IPv4 address, four octets, and the prefix, eight."""
        if self.ipv6 is None:
            return (self.ipv4,) if self.ipv4 is not None else ()
        prefix = self.ipv6[:PREFIX_LENGTH]
        return (self.ipv4, prefix) if self.ipv4 is not None else (prefix,)

    @property
    def pdp_type(self) -> PdpType:
        """Which families it has addresses of."""
        if self.ipv6 is None:
            return PdpType.IPV4
        return PdpType.IPV6 if self.ipv4 is None else PdpType.IPV4V6

    @property
    def end_user_address(self) -> EndUserAddress:
        """The addresses as in messages (TS 29.060 §7.7.27)."""
        ipv4 = address_text(self.ipv4) if self.ipv4 is not None else None
        ipv6 = address_text(self.ipv6) if self.ipv6 is not None else None
        return EndUserAddress(ipv4, ipv6, self.pdp_type)

    @property
    def sgsn_end(self) -> tuple[str, int]:
        """Where the SGSN wanted control messages: its address and TEID."""
        return self.tunnel.sgsn_address, self.tunnel.sgsn_teid

    def view(self) -> PdpContextView:
        """Return the context as it is now."""
        return PdpContextView(
            imsi=self.tunnel.imsi,
            msisdn=self.msisdn,
            apn=self.access.apn.name,
            address=self.address,
            ipv6_address=address_text(self.ipv6) if self.ipv6 is not None else None,
            nsapi=self.nsapi,
            since=self.since,
            sgsn_address=self.tunnel.sgsn_address,
            sgsn_user_address=self.sgsn_user[0],
            charging_id=self.charging_id,
            teid_control=self.tunnel.teid,
            teid_data=self.teid_data,
            sgsn_teid_control=self.tunnel.sgsn_teid,
            sgsn_teid_data=self.sgsn_teid_data,
            network_requested=self.network_requested,
            uplink_octets=self.uplink_octets,
            downlink_octets=self.downlink_octets,
            uplink_packets=self.uplink_packets,
            downlink_packets=self.downlink_packets,
            last_downlink=self.last_downlink,
            qos=self.qos,
            rat_type=self.rat_type,
            direct_tunnel=self.direct_tunnel,
            linked_nsapi=self.linked_nsapi,
            filters=self.filters,
        )


class SharedAddress:
    """The contexts with one address, and which of them a packet belongs to."""

    __slots__ = ("bearers", "classifier")

    def __init__(self, bearers: list[PdpContext]) -> None:
        self.bearers = bearers
        """Oldest first."""
        self.arrange()

    def arrange(self) -> None:
        """Take note that contexts or their templates have changed."""
        self.classifier = Classifier((bearer, bearer.filters) for bearer in self.bearers)


@dataclass(slots=True, eq=False)
class PendingUpdate:
    """An Update PDP Context Request of ours that waits for its response."""

    context: PdpContext
    qos: bytes | None
    """What the QoS is to become; None where it stays."""
    sgsn_end: tuple[str, int] = ("", 0)
    """Where it went, as in ``PdpContext.sgsn_end``."""
    transaction: int = 0
    tft: bytes | None = None
    """What is to be done with the traffic flow template, as in IE 137."""
    filters: Filters = ()
    """What that makes of it."""
    mode: int | None = None
    """The bearer control mode of now, where the MS is told of another one."""
    ended: UpdateEnded | None = None
    """Who wants to know what comes of it."""

    def end(self, failure: UpdateFailure | None, now: float) -> None:
        """Tell who asked for it that it failed, or None where it did not."""
        if self.ended is not None:
            self.ended(self.context, failure, now)


UpdateEnded = Callable[[PdpContext, UpdateFailure | None, float], None]
"""Called with the context, why it was not changed or None, and the time."""


class ContextTable:
    """Every PDP context of a GGSN, found by whatever a message or packet names."""

    def __init__(self, random: Random) -> None:
        """Make an empty table; ``random`` chooses TEIDs."""
        self._random = random
        self._contexts: dict[int, PdpContext] = {}
        """By our TEID Data I; oldest first."""
        self._by_address: dict[bytes, PdpContext] = {}
        self._by_subscriber: dict[str, list[PdpContext]] = {}
        self._by_peer_tunnel: dict[tuple[str, int], PdpContext] = {}
        self._tunnels: dict[int, ControlTunnel] = {}
        self._reserved: set[int] = set()
        self.at = self._by_address.get
        """Return the context that has an IPv4 address or IPv6 prefix (4 or 8 octets), or None."""
        self.tunnel = self._tunnels.get
        """Return the control tunnel with our TEID Control Plane, or None."""

    def __len__(self) -> int:
        """Return how many contexts there are."""
        return len(self._contexts)

    def __contains__(self, context: PdpContext) -> bool:
        """Return whether a context is still there."""
        return self._contexts.get(context.teid_data) is context

    @property
    def reserved(self) -> int:
        """How many TEIDs are kept for contexts that are expected."""
        return len(self._reserved)

    def __iter__(self) -> Iterator[PdpContext]:
        """Iterate over all contexts, oldest first."""
        return iter(list(self._contexts.values()))

    def of(self, imsi: str) -> list[PdpContext]:
        """Return the subscriber's contexts, oldest first."""
        return list(self._by_subscriber.get(imsi, ()))

    def find(self, imsi: str, access: AccessPoint) -> PdpContext | None:
        """Return the subscriber's oldest context on an access point, or None."""
        for context in self._by_subscriber.get(imsi, ()):
            if context.access is access:
                return context
        return None

    def with_nsapi(self, imsi: str, nsapi: int) -> PdpContext | None:
        """Return the subscriber's context with an NSAPI, or None."""
        for context in self._by_subscriber.get(imsi, ()):
            if context.nsapi == nsapi:
                return context
        return None

    def of_sgsn(self, host: str) -> list[PdpContext]:
        """Return the contexts of the SGSN that uses ``host`` on GTP-C, oldest first."""
        return [
            context
            for context in self._contexts.values()
            if context.tunnel.sgsn_address == host or context.tunnel.source == host
        ]

    def at_peer(self, host: str, teid: int) -> PdpContext | None:
        """Return the context whose SGSN end on GTP-U is ``host`` and ``teid``, or None."""
        return self._by_peer_tunnel.get((host, teid))

    def sgsn_teid(self, teid: int) -> int:
        """Return the SGSN's TEID Control Plane in the tunnel with ours, or 0."""
        tunnel = self._tunnels.get(teid)
        return tunnel.sgsn_teid if tunnel is not None else 0

    def reserve_control_teid(self) -> int:
        """Return a fresh TEID Control Plane and keep it until it is used or released."""
        while True:
            teid = self._random.getrandbits(32)
            if teid and teid not in self._tunnels and teid not in self._reserved:
                self._reserved.add(teid)
                return teid

    def release_control_teid(self, teid: int) -> None:
        """Give a reserved TEID Control Plane back."""
        self._reserved.discard(teid)

    def new_data_teid(self) -> int:
        """Return a TEID Data I that is not in use."""
        while True:
            teid = self._random.getrandbits(32)
            if teid and teid not in self._contexts:
                return teid

    def open_tunnel(self, tunnel: ControlTunnel) -> None:
        """Bring a control tunnel, whose TEID was reserved, into use."""
        self._reserved.discard(tunnel.teid)
        self._tunnels[tunnel.teid] = tunnel

    def add(self, context: PdpContext, linked: PdpContext | None = None) -> None:
        """Take a context in. Its NSAPI and TEIDs are free; its address is, or is ``linked``'s."""
        self._contexts[context.teid_data] = context
        if linked is None:
            for octets in context.addresses:
                self._by_address[octets] = context
        else:
            context.shared = linked.shared = linked.shared or SharedAddress([linked])
            context.shared.bearers.append(context)
        self.set_filters(context, context.filters)
        context.access.contexts += 1
        others = self._by_subscriber.get(context.imsi)
        if others is None:
            self._by_subscriber[context.imsi] = [context]
        else:
            others.append(context)
        self._by_peer_tunnel[(context.sgsn_user[0], context.sgsn_teid_data)] = context
        context.tunnel.contexts[context.nsapi] = context

    def set_filters(self, context: PdpContext, filters: Filters) -> None:
        """Give a context that is there another traffic flow template."""
        context.filters = filters
        if filters and context.shared is None:
            context.shared = SharedAddress([context])
        elif context.shared is not None:
            context.shared.arrange()

    def move(self, context: PdpContext, sgsn_user: Address, sgsn_teid_data: int) -> None:
        """Give a context another end of its tunnel on GTP-U."""
        self._forget_peer_tunnel(context)
        if context.ordering is not None and sgsn_user[0] != context.sgsn_user[0]:
            context.ordering.begin_anew()
        context.sgsn_user = sgsn_user
        context.sgsn_teid_data = sgsn_teid_data
        self._by_peer_tunnel[(sgsn_user[0], sgsn_teid_data)] = context

    def _forget_peer_tunnel(self, context: PdpContext) -> None:
        end = (context.sgsn_user[0], context.sgsn_teid_data)
        if self._by_peer_tunnel.get(end) is context:
            del self._by_peer_tunnel[end]

    def remove(self, context: PdpContext) -> None:
        """Take a context out, and its control tunnel where it was the last one in it.

        Its address stays with the contexts that share it.
        """
        del self._contexts[context.teid_data]
        others = [bearer for bearer in context.bearers if bearer is not context]
        for octets in context.addresses:
            if not others:
                del self._by_address[octets]
            elif self._by_address[octets] is context:
                self._by_address[octets] = others[0]
        if context.shared is not None:
            context.shared.bearers.remove(context)
            context.shared.arrange()
        context.access.contexts -= 1
        of_subscriber = self._by_subscriber[context.imsi]
        of_subscriber.remove(context)
        if not of_subscriber:
            del self._by_subscriber[context.imsi]
        self._forget_peer_tunnel(context)
        tunnel = context.tunnel
        del tunnel.contexts[context.nsapi]
        if not tunnel.contexts:
            del self._tunnels[tunnel.teid]


def time_zone_octets(zone: MsTimeZone) -> bytes:
    """Return a time zone as in IE 153 and 3GPP-MS-TimeZone: swapped BCD, bit 4 the sign."""
    tens, units = divmod(abs(zone.quarters), 10)
    first = units << 4 | tens | (0x08 if zone.quarters < 0 else 0)
    return bytes((first, zone.daylight_saving))
