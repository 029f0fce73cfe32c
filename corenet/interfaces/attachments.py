"""Who is attached where: the directory that every runtime looks receivers up in.

Both runtimes ask it the same three questions: which node is at an address of an interface,
which node takes a packet from Gi for a mobile's address, and whether an address is one of
our own nodes' at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from corenet.interfaces.node import (
    ANYWHERE,
    SOME,
    Address,
    ClaimsAddresses,
    Interface,
    Node,
)

IN_PROCESS = frozenset({Interface.RADIO, Interface.GR})
"""Interfaces that never leave the process: links between nodes, by any name.

Gr goes on to other processes over ``Interface.GSUP``, by nodes of ``corenet.gr``, the radio over
``Interface.UM``, by nodes of ``corenet.um``.
"""

TO_MOBILES = frozenset({Interface.WDP, Interface.WDP6, Interface.WSP})
"""Interfaces of hosts outside whose peers are mobiles' addresses, reached through Gi."""

OVER_UDP = TO_MOBILES | {
    Interface.GTP_C,
    Interface.GTP_U,
    Interface.RADIUS,
    Interface.RADIUS_ORDERS,
    Interface.UM,
}
"""Interfaces whose datagrams travel over UDP between IP addresses."""

OVER_TCP = frozenset({Interface.SMPP, Interface.GSUP})
"""Interfaces of connections (``corenet.interfaces.streams``)."""

LIKE_TCP = frozenset({Interface.GR})
"""Interfaces of messages that stand for those on a connection: none is lost or out of order."""


def _is_place(interface: Interface, address: Address) -> bool:
    """Return whether only one node may be there.

    Gi is no place: any number of nodes may have it. Nor is a stream interface with port 0, from
    where a node that does not listen opens its connections.
    """
    return interface is not Interface.GI and not (interface in OVER_TCP and address[1] == 0)


class AlreadyAttachedError(ValueError):
    """A node wants a place that another has, or is attached already."""


class Attachments:
    """Nodes by interface and address, and by the mobiles' networks they serve on Gi."""

    def __init__(self) -> None:
        self._places: dict[tuple[Interface, Address], Node] = {}
        self._nodes: dict[str, tuple[Node, dict[Interface, Address]]] = {}
        self._claimants: dict[Interface, ClaimsAddresses] = {}
        self._routes: dict[int, dict[int, Node]] = {}

    def add(self, node: Node, attachments: Mapping[Interface, Address]) -> None:
        """Give ``node`` its places; raise ``AlreadyAttachedError`` where one is taken.

        Any number of nodes may have Gi, told apart by ``route``.
        """
        self.check(node, attachments)
        for interface, address in attachments.items():
            if _is_place(interface, address):
                self._places[interface, address] = node
            if address == SOME and isinstance(node, ClaimsAddresses):
                self._claimants[interface] = node
        self._nodes[node.name] = (node, dict(attachments))

    def check(self, node: Node, attachments: Mapping[Interface, Address]) -> None:
        """Raise ``AlreadyAttachedError`` where ``add`` would."""
        if node.name in self._nodes:
            raise AlreadyAttachedError(f"a node named {node.name} is attached already")
        for interface, address in attachments.items():
            holder = self._places.get((interface, address))
            if holder is not None:
                raise AlreadyAttachedError(
                    f"{node.name} cannot be at {address[0]}:{address[1]} on {interface}: "
                    f"{holder.name} is there; give one of them another address"
                )

    def remove(self, node: Node) -> None:
        """Forget ``node`` and its routes; nothing happens where it is not attached."""
        entry = self._nodes.pop(node.name, None)
        if entry is None:
            return
        for interface, address in entry[1].items():
            self._places.pop((interface, address), None)
            if address == SOME:
                self._claimants.pop(interface, None)
        for table in self._routes.values():
            for key in [key for key, holder in table.items() if holder is node]:
                del table[key]

    def route(self, networks: Iterable[IPv4Network | IPv6Network], node: Node) -> None:
        """Let ``node`` take the packets that arrive on Gi for addresses in ``networks``."""
        for network in networks:
            table = self._routes.setdefault(_VERSION_MASK | int(network.netmask), {})
            table[_numbered(network.network_address)] = node
        # Longest prefix first, so that the first match is the right one.
        self._routes = dict(sorted(self._routes.items(), reverse=True))

    def nodes(self) -> list[Node]:
        """Return the nodes in the order in which they were attached."""
        return [node for node, _ in self._nodes.values()]

    def named(self, name: str) -> Node | None:
        """Return the node of that name, or None."""
        entry = self._nodes.get(name)
        return None if entry is None else entry[0]

    def address_of(self, node: Node, interface: Interface) -> Address | None:
        """Return where ``node`` is on ``interface``, or None."""
        entry = self._nodes.get(node.name)
        return None if entry is None else entry[1].get(interface)

    def exactly_at(self, interface: Interface, address: Address) -> Node | None:
        """Return the node whose own address ``address`` is, or None."""
        return self._places.get((interface, address))

    def at(self, interface: Interface, address: Address) -> Node | None:
        """Return who gets what is for ``address``.

        That is the node there, else the one that claims it, else the one ``ANYWHERE``.
        """
        places = self._places
        there = places.get((interface, address))
        if there is not None:
            return there
        claimant = self._claimants.get(interface)
        if claimant is not None and claimant.claims(address):
            return places[interface, SOME]
        return places.get((interface, ANYWHERE))

    def outside(self, address: Address) -> tuple[Interface, Node] | None:
        """Return the node outside whose own address this is, and the interface, or None."""
        for interface in TO_MOBILES:
            node = self._places.get((interface, address))
            if node is not None:
                return interface, node
        return None

    def on_gi(self, host: str) -> Node | None:
        """Return the node whose mobiles have the address ``host``, the longest match first."""
        number = _number(host)
        if number is None:
            return None
        for mask, table in self._routes.items():
            node = table.get(number & mask)
            if node is not None:
                return node
        return None


_VERSION_BIT: Final = 128
_VERSION_MASK: Final = 0xF << _VERSION_BIT


def _numbered(address: IPv4Address | IPv6Address) -> int:
    """Return an address as a number that none of the other family has."""
    return address.version << _VERSION_BIT | int(address)


@lru_cache(maxsize=4096)
def _number(host: str) -> int | None:
    """Return what is an address as a number, or None; asked for with every datagram."""
    try:
        return _numbered(ip_address(host))
    except ValueError:
        return None
