"""Access points with the addresses they give: dynamic pools and static bindings.

Specs: TS 23.060 §9.2.1 (static and dynamic PDP addresses), TS 29.061 §11.2.1.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator
from ipaddress import IPv4Network
from socket import inet_aton, inet_ntoa

from corenet.ggsn.config import Apn, GgsnConfig, StaticBinding, apn_key
from corenet.ggsn.pco import OptionAnswers


class AddressPool:
    """Dynamic addresses of one APN.

    An address that was freed rests for as long as possible: those never given come first,
    then the freed ones, oldest first, so that late packets for the last owner find nobody.
    Network and broadcast address are never given, nor are excluded ones.
    """

    __slots__ = ("_excluded", "_freed", "_in_use", "_last", "_next", "network")

    def __init__(self, network: IPv4Network, excluded: Container[bytes] = ()) -> None:
        """Make a pool of the hosts of ``network`` without ``excluded`` addresses (4 octets)."""
        self.network = network
        ends = network.num_addresses > 2
        self._next = int(network.network_address) + ends
        self._last = int(network.broadcast_address) - ends
        self._excluded = excluded
        self._freed: deque[bytes] = deque()
        self._in_use: set[bytes] = set()

    def __len__(self) -> int:
        """Return how many addresses are in use."""
        return len(self._in_use)

    @property
    def exhausted(self) -> bool:
        """Whether every address is in use."""
        while self._next <= self._last and self._next.to_bytes(4, "big") in self._excluded:
            self._next += 1
        return self._next > self._last and not self._freed

    def take(self) -> bytes | None:
        """Return a free address as four octets, or None where there is none."""
        if self.exhausted:
            return None
        if self._next <= self._last:
            octets = self._next.to_bytes(4, "big")
            self._next += 1
        else:
            octets = self._freed.popleft()
        self._in_use.add(octets)
        return octets

    def free(self, octets: bytes) -> None:
        """Give an address back. Static addresses, which were never taken, are ignored."""
        if octets in self._in_use:
            self._in_use.remove(octets)
            self._freed.append(octets)


class AccessPoint:
    """An APN in service: its configuration, pool and static bindings."""

    __slots__ = ("apn", "bindings", "key", "options", "pool")

    def __init__(
        self, apn: Apn, bindings: Iterable[StaticBinding], excluded: Container[bytes]
    ) -> None:
        self.apn = apn
        self.key = apn_key(apn.name)
        self.pool = AddressPool(apn.pool, excluded) if apn.pool is not None else None
        self.bindings = {binding.imsi: binding for binding in bindings}
        self.options = OptionAnswers(apn)


class AccessPoints:
    """Every APN of a GGSN, and whose each static address is."""

    __slots__ = ("_bindings", "_by_key", "_networks", "_subscribers")

    def __init__(self, config: GgsnConfig) -> None:
        """Read the APNs and static bindings of ``config``."""
        self._bindings = {inet_aton(b.address): b for b in config.static_bindings}
        by_apn: dict[str, list[StaticBinding]] = {}
        for binding in config.static_bindings:
            by_apn.setdefault(apn_key(binding.apn), []).append(binding)
        self._by_key = {
            apn_key(apn.name): AccessPoint(apn, by_apn.get(apn_key(apn.name), ()), self._bindings)
            for apn in config.apns
        }
        self._networks = [(int(pool.network_address), int(pool.netmask)) for pool in config.pools()]
        self._subscribers = {binding.imsi for binding in config.static_bindings}

    def __iter__(self) -> Iterator[AccessPoint]:
        """Iterate over the access points in the order of the configuration."""
        return iter(self._by_key.values())

    def find(self, name: str) -> AccessPoint | None:
        """Return the access point that ``name`` means, or None."""
        return self._by_key.get(apn_key(name))

    def binding_at(self, octets: bytes) -> StaticBinding | None:
        """Return the binding of a static address (four octets), or None."""
        return self._bindings.get(octets)

    def has_subscriber(self, imsi: str) -> bool:
        """Whether any static address is bound to ``imsi``."""
        return imsi in self._subscribers

    def in_a_pool(self, octets: bytes) -> bool:
        """Whether an address (four octets) lies in a pool of ours."""
        number = int.from_bytes(octets, "big")
        return any(number & mask == network for network, mask in self._networks)


def address_text(octets: bytes) -> str:
    """Return four octets in dotted form."""
    return inet_ntoa(octets)
