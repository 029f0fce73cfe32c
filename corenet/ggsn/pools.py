"""Access points with the addresses they give: dynamic pools, static bindings and ranges.

Specs: TS 23.060 §9.2.1 (static and dynamic PDP addresses), TS 29.061 §11.2.1.

An IPv4 address is its four octets here. Of IPv6 a mobile gets a prefix of 64 bits, which is its
eight octets: what it puts behind is its own affair.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from socket import AF_INET6, inet_ntoa, inet_ntop
from typing import Final, NamedTuple

from corenet.ggsn.config import Apn, GgsnConfig, StaticBinding, apn_key
from corenet.ggsn.destinations import Destinations
from corenet.ggsn.options.pco import OptionAnswers
from gtp.ies import EndUserAddress

PREFIX_LENGTH: Final = 8
"""Octets of the prefix that a mobile gets."""
UNSPECIFIED: Final = (bytes(4), bytes(PREFIX_LENGTH))
"""An address or prefix of a mobile that writes zeros for a dynamic one (TS 27.007 §10.1.1)."""
_NO_LIMIT: Final = 0xFFFF + 40
"""Octets of the longest IP packet, of IPv6 with its header."""


class Hold(NamedTuple):
    """Why an address is held."""

    session: str
    """Acct-Session-Id of which accounting has not been told the end."""
    imsi: str
    """Whose address it was."""


class AddressPool:
    """Dynamic addresses of one APN, all of one family.

    An address that was freed rests for as long as possible: those never given come first,
    then the freed ones, oldest first, so that late packets for the last owner find nobody.
    One whose end accounting has not been told yet is held: still in use, but by nobody.
    Of IPv4, network and broadcast address are never given, nor are excluded ones.
    """

    __slots__ = ("_excluded", "_freed", "_further", "_held", "_in_use", "_last", "_next", "_size")

    def __init__(
        self, networks: Iterable[IPv4Network | IPv6Network], excluded: Container[bytes] = ()
    ) -> None:
        """Make a pool of ``networks``, at least one, without ``excluded`` addresses."""
        bounds = [_bounds(network) for network in networks]
        self._size, self._next, self._last = bounds[0]
        self._further = deque(bounds[1:])
        self._excluded = excluded
        self._freed: deque[bytes] = deque()
        self._in_use: set[bytes] = set()
        self._held: dict[bytes, Hold] = {}

    def __len__(self) -> int:
        """Return how many addresses are in use."""
        return len(self._in_use)

    def __contains__(self, octets: bytes | None) -> bool:
        """Whether an address is in use that came from here."""
        return octets in self._in_use

    @property
    def held(self) -> int:
        """How many addresses are held."""
        return len(self._held)

    @property
    def exhausted(self) -> bool:
        """Whether every address is in use."""
        while True:
            while self._next <= self._last and self._is_taken(self._octets(self._next)):
                self._next += 1
            if self._next <= self._last or not self._further:
                return self._next > self._last and not self._freed
            _, self._next, self._last = self._further.popleft()

    def take(self) -> bytes | None:
        """Return a free address, or None where there is none."""
        if self.exhausted:
            return None
        if self._next <= self._last:
            octets = self._octets(self._next)
            self._next += 1
        else:
            octets = self._freed.popleft()
        self._in_use.add(octets)
        return octets

    def free(self, octets: bytes | None) -> None:
        """Give an address back. Static addresses, which were never taken, are ignored."""
        if octets in self._in_use:
            assert octets is not None
            self._in_use.remove(octets)
            self._held.pop(octets, None)
            if not self._is_fresh(octets):
                self._freed.append(octets)

    def claim(self, octets: bytes) -> None:
        """Take a certain address, which nobody has; one that is not given here is ignored."""
        if self._held.pop(octets, None) is not None or octets in self._in_use:
            return
        if octets in self._freed:
            self._freed.remove(octets)
            self._in_use.add(octets)
        elif self._is_fresh(octets) and octets not in self._excluded:
            self._in_use.add(octets)

    def hold(self, octets: bytes, hold: Hold) -> bool:
        """Keep an address in use, though by nobody; return whether it is one from here."""
        if octets not in self._in_use:
            return False
        self._held[octets] = hold
        return True

    def release(self, octets: bytes, session: str) -> None:
        """Give back what was held for the end of a session, if it still is."""
        held = self._held.get(octets)
        if held is not None and held.session == session:
            self.free(octets)

    def take_held(self, octets: bytes) -> bool:
        """Take an address that is held; return whether it was."""
        return self._held.pop(octets, None) is not None

    def held_for(self, octets: bytes) -> str | None:
        """Return the IMSI of the last owner of an address that is held, or None."""
        held = self._held.get(octets)
        return held.imsi if held is not None else None

    def _is_taken(self, octets: bytes) -> bool:
        return octets in self._excluded or octets in self._in_use

    def _is_fresh(self, octets: bytes) -> bool:
        """Whether an address is here and has not had its turn yet."""
        if len(octets) != self._size:
            return False
        number = int.from_bytes(octets, "big")
        if self._next <= number <= self._last:
            return True
        return bool(self._further) and any(
            first <= number <= last for _, first, last in self._further
        )

    def _octets(self, number: int) -> bytes:
        return number.to_bytes(self._size, "big")


def _bounds(network: IPv4Network | IPv6Network) -> tuple[int, int, int]:
    """Return the octets of an address, and the first and last one that are given."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if isinstance(network, IPv6Network):
        return PREFIX_LENGTH, first >> 64, last >> 64
    ends = network.num_addresses > 2
    return 4, first + ends, last - ends


class AccessPoint:
    """An APN in service: its configuration, pools and static bindings."""

    __slots__ = (
        "_networks",
        "_static_ranges",
        "apn",
        "bindings",
        "contexts",
        "destinations",
        "ipv4",
        "ipv6",
        "key",
        "known_outside",
        "longest",
        "options",
        "outgoing",
        "pools",
    )

    def __init__(
        self,
        apn: Apn,
        bindings: Iterable[StaticBinding],
        all_bindings: Mapping[bytes, StaticBinding],
        excluded: Container[bytes],
    ) -> None:
        self.apn = apn
        self.key = apn_key(apn.name)
        self.ipv4 = _pool(apn, 4, excluded)
        self.ipv6 = _pool(apn, 6, excluded)
        self.pools = tuple(pool for pool in (self.ipv4, self.ipv6) if pool is not None)
        """The pools that there are."""
        self._static_ranges = tuple(map(_masked, apn.static_ranges))
        self._networks = (*self._static_ranges, *map(_masked, apn.pools))
        self.bindings = {binding.imsi: binding for binding in bindings}
        self.destinations = Destinations(apn, all_bindings)
        self.known_outside = self.destinations.known_outside
        self.longest = apn.mtu if apn.mtu is not None else _NO_LIMIT
        """Octets of the longest packet to a mobile."""
        self.outgoing: list[bytes] = []
        """Packets for Gi that have not been taken yet."""
        self.options = OptionAnswers(apn)
        self.contexts = 0
        """How many are there now."""

    def serves(self, octets: bytes) -> bool:
        """Whether packets for an address or prefix come here."""
        return _within(octets, self._networks)

    def held_for(self, octets: bytes) -> str | None:
        """Return whose address it was that is held, or None."""
        return next((imsi for pool in self.pools if (imsi := pool.held_for(octets))), None)

    def is_static(self, octets: bytes) -> bool:
        """Whether a mobile may bring an address or prefix with it."""
        return _within(octets, self._static_ranges)

    def gateway(self, version: int) -> str | None:
        """Return our own address of a family on the link, or None."""
        found = (one for one in self.apn.gateways if ip_address(one).version == version)
        return next(found, None)


def _not_given(apn: Apn) -> set[bytes]:
    """Return the addresses and prefixes of an APN that have an owner: gateways, name servers."""
    owned = (ip_address(text).packed for text in (*apn.gateways, *apn.dns))
    return {known_by(octets) for octets in owned}


def _pool(apn: Apn, version: int, excluded: Container[bytes]) -> AddressPool | None:
    networks = [network for network in apn.pools if network.version == version]
    return AddressPool(networks, excluded) if networks else None


class AccessPoints:
    """Every APN of a GGSN, and whose each static address is."""

    __slots__ = ("_bindings", "_by_key", "_networks", "_subscribers")

    def __init__(self, config: GgsnConfig) -> None:
        """Read the APNs and static bindings of ``config``."""
        self._bindings = {known_by(b.octets): b for b in config.static_bindings}
        owned = {octets for apn in config.apns for octets in _not_given(apn)}
        excluded = self._bindings.keys() | owned if owned else self._bindings
        by_apn: dict[str, list[StaticBinding]] = {}
        for binding in config.static_bindings:
            by_apn.setdefault(apn_key(binding.apn), []).append(binding)
        self._by_key = {
            apn_key(apn.name): AccessPoint(
                apn, by_apn.get(apn_key(apn.name), ()), self._bindings, excluded
            )
            for apn in config.apns
        }
        self._networks = tuple(map(_masked, config.networks()))
        self._subscribers = {binding.imsi for binding in config.static_bindings}

    def __iter__(self) -> Iterator[AccessPoint]:
        """Iterate over the access points in the order of the configuration."""
        return iter(self._by_key.values())

    def take_outgoing(self) -> list[tuple[str, list[bytes]]]:
        """Return packets for Gi by the APN that they leave through, and forget them."""
        leaving: list[tuple[str, list[bytes]]] = []
        for access in self._by_key.values():
            if access.outgoing:
                leaving.append((access.apn.name, access.outgoing))
                access.outgoing = []
        return leaving

    def find(self, name: str) -> AccessPoint | None:
        """Return the access point that ``name`` means, or None."""
        return self._by_key.get(apn_key(name))

    def binding_at(self, octets: bytes) -> StaticBinding | None:
        """Return the binding of a static IPv4 address or IPv6 prefix, or None."""
        return self._bindings.get(octets)

    def has_subscriber(self, imsi: str) -> bool:
        """Whether any static address is bound to ``imsi``."""
        return imsi in self._subscribers

    def in_a_pool(self, octets: bytes) -> bool:
        """Whether an address or prefix lies in a pool or static range of ours."""
        return _within(octets, self._networks)


def known_by(address: bytes) -> bytes:
    """Return what of an address of 4 or 16 octets says whose it is: all, or the prefix."""
    return address if len(address) == 4 else address[:PREFIX_LENGTH]


def octets_of(address: EndUserAddress) -> bytes | None:
    """Return what of an end user address says whose it is, or None where it is dynamic."""
    text = address.ipv4 or address.ipv6
    octets = None if text is None else known_by(ip_address(text).packed)
    return None if octets in UNSPECIFIED else octets


Masked = tuple[int, int, int]
"""Octets of an address or prefix, the bits of a network, and which bits those are."""


def _masked(network: IPv4Network | IPv6Network) -> Masked:
    size = 4 if network.version == 4 else PREFIX_LENGTH
    shift = network.max_prefixlen - 8 * size
    return size, int(network.network_address) >> shift, int(network.netmask) >> shift


def _within(octets: bytes, networks: Iterable[Masked]) -> bool:
    number, length = int.from_bytes(octets, "big"), len(octets)
    return any(length == size and number & mask == network for size, network, mask in networks)


def address_text(octets: bytes) -> str:
    """Return 4 or 16 octets as text."""
    return inet_ntoa(octets) if len(octets) == 4 else inet_ntop(AF_INET6, octets)
