"""Loopback addresses that no other lab of this host has, and lab files moved to them.

Theory of operation. Linux takes all of 127.0.0.0/8 as its own. A lab on sockets takes a block of
it, 127.N.0.0/16 with N from 64 on, and holds it by a socket bound in it, so that labs of other
processes, of other users even, see that it is taken, and a process that dies gives it back. In
the block, nodes have 127.N.0.x and what follows, each by the last octet that it has in the lab
file; pools are 127.N.128.0 and what follows, as large as they need to be, so that each address
can have a socket of its own (``ggsn.gi.per_address``).

127.0.0.1 is this host, and stays what it is, unless the lab itself listens there.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import Any, Final, Self

from testbed.lab.build import LoadedLab, build
from testbed.lab.model import Lab
from testbed.lab.yaml_source import Source, read

FIRST_BLOCK: Final = 64
BLOCKS: Final = 160
HOLDING_PORT: Final = 29_480
"""UDP, at the last address of a block: whoever has bound it has the block."""
LARGEST_POOL: Final = 24
"""Prefix length of the largest pool that is moved: each address has a socket."""

_LOOPBACK: Final = IPv4Network("127.0.0.0/8")
_THIS_HOST: Final = "127.0.0.1"
_FIRST_POOL: Final = 128
_ADDRESS: Final = re.compile(r"(?<![\d.])(127\.\d{1,3}\.\d{1,3}\.\d{1,3})(/\d{1,2})?(?![\d.])")
_OWN: Final = frozenset({"address", "user_address"})
"""Settings that say where a node of the lab listens."""
_OTHERS: Final = frozenset({"origins", "viewers", "identify_to", "addresses"})
"""Settings that say who else there may be on this host."""


class NoFreeAddressesError(RuntimeError):
    """Every block is taken."""


class TooManyTerminalsError(ValueError):
    """A lab file's pools cannot be made small enough for a socket for each address."""


class Block:
    """127.N.0.0/16, held until it is let go of."""

    def __init__(self, number: int, holding: socket.socket) -> None:
        """Have a block for as long as the socket ``holding`` is open."""
        self.number = number
        self._holding = holding

    @classmethod
    def take(cls, first: int = 0) -> Self:
        """Take the next free block from the ``first``-th on; NoFreeAddressesError: none is."""
        for step in range(BLOCKS):
            number = FIRST_BLOCK + (first + step) % BLOCKS
            holding = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                holding.bind((f"127.{number}.255.254", HOLDING_PORT))
            except OSError:
                holding.close()
            else:
                return cls(number, holding)
        raise NoFreeAddressesError(
            f"{BLOCKS} labs run on this host, or a program has UDP 0.0.0.0:{HOLDING_PORT}"
        )

    @property
    def own_address(self) -> str:
        """An address that no lab file's host gets: of who drives the lab."""
        return f"127.{self.number}.255.253"

    def let_go(self) -> None:
        """Give the block back."""
        self._holding.close()


def moved(lab: LoadedLab, block: Block) -> tuple[LoadedLab, Move]:
    """Return the lab with all its addresses in ``block``, and which address has become which.

    Raises:
        TooManyTerminalsError: it has more addresses than can have a socket each.
    """
    document = lab.model.model_dump(mode="json", exclude_unset=True)
    if lab.model.control is not None:
        document["control"].setdefault("address", lab.model.control.address)
    move = Move(lab.model, block.number)
    document = move.apply(document)
    gi = lab.model.ggsn and lab.model.ggsn.gi
    if gi and not gi.tun:
        document["ggsn"]["gi"] = {**(document["ggsn"].get("gi") or {}), "per_address": True}
    return build(Source(lab.model.name, document, {})), move


def described(lab: Mapping[str, Any] | Lab) -> LoadedLab:
    """Return a lab that is described in Python: a model, or what a lab file would hold.

    Raises:
        testbed.lab.yaml_source.SourceError: it is not what a lab file should be.
    """
    if isinstance(lab, Lab):
        lab = lab.model_dump(mode="json", exclude_unset=True)
    return build(Source("lab", dict(lab), {}))


def written(text: str) -> LoadedLab:
    """Return a lab that is described by the text of a lab file.

    Raises:
        testbed.lab.yaml_source.SourceError: it is not what a lab file should be.
    """
    return build(read(text, "lab"))


class Move:
    """Which address of a lab file has become which."""

    def __init__(self, lab: Lab, block: int) -> None:
        """Find places for the pools of ``lab``; its nodes get theirs as they are met."""
        self._block = block
        self._nodes: dict[str, str] = {}
        self._thirds: dict[str, int] = {}
        self._pools: dict[IPv4Network, IPv4Network] = {}
        self._own = set(_listening(lab.model_dump(mode="json")))
        for network, wanted in _pools(lab):
            piece = min(32 - network.prefixlen, max(4, (wanted + 1).bit_length()))
            if piece > 32 - LARGEST_POOL:
                raise TooManyTerminalsError(
                    f"pool {network} has {wanted} addresses in use, and on sockets each needs one: "
                    f"there can be {1 << (32 - LARGEST_POOL)}. Number them from the start of the "
                    "pool, or use virtual time"
                )
            place = f"127.{block}.{_FIRST_POOL + len(self._pools)}.0/{32 - piece}"
            self._pools[network] = IPv4Network(place)

    def __getitem__(self, address: str) -> str:
        """Return where an address of the lab file has gone; one that stays comes back."""
        return self._moved(address)

    @property
    def nodes(self) -> Mapping[str, str]:
        """Where hosts beside the mobiles have gone, by their addresses in the lab file."""
        return self._nodes

    @property
    def spare_address(self) -> str:
        """An address of the block that no host of the lab file has."""
        return f"127.{self._block}.255.252"

    def apply(self, value: Any, setting: str = "") -> Any:
        """Return a document with every address moved."""
        if isinstance(value, dict):
            return {key: self.apply(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.apply(inner, setting) for inner in value]
        if not isinstance(value, str) or "127." not in value:
            return value
        if value == _THIS_HOST and setting in _OTHERS:
            return value
        return _ADDRESS.sub(lambda found: self._replaced(found[1], found[2]), value)

    def _replaced(self, host: str, length: str | None) -> str:
        if length is None:
            return self._moved(host)
        network = ip_network(host + length)
        assert isinstance(network, IPv4Network)
        if network in self._pools:
            return str(self._pools[network])
        # A larger one is of many hosts, and this host's own programs may be meant.
        return self._moved(host) + length if network.prefixlen >= LARGEST_POOL else host + length

    def _moved(self, host: str) -> str:
        address = IPv4Address(host)
        for pool, place in self._pools.items():
            if address in pool:
                return str(place.network_address + (int(address) - int(pool.network_address)))
        if address not in _LOOPBACK or (host == _THIS_HOST and host not in self._own):
            return host
        if host not in self._nodes:
            before, last = host.rsplit(".", 1)
            third = self._thirds.setdefault(before, len(self._thirds))
            self._nodes[host] = f"127.{self._block}.{third}.{last}"
        return self._nodes[host]


def _pools(lab: Lab) -> Iterator[tuple[IPv4Network, int]]:
    """Yield the networks of mobiles on loopback, and how many addresses of each are needed."""
    for apn in lab.ggsn.apns if lab.ggsn is not None else ():
        dynamic = 0
        static: list[IPv4Address] = []
        for subscriber in lab.subscribers:
            for used in subscriber.apns:
                if used.name.lower() != apn.name.lower():
                    continue
                if used.address is None:
                    dynamic += subscriber.count
                else:
                    static.append(IPv4Address(used.address) + (subscriber.count - 1))
        for text in (*apn.pool, *apn.static):
            network = ip_network(text)
            if isinstance(network, IPv4Network) and network.subnet_of(_LOOPBACK):
                inside = [
                    int(one) - int(network.network_address) for one in static if one in network
                ]
                yield network, max(inside, default=0) + dynamic + 1


def _listening(value: Any, setting: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _listening(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _listening(inner)
    elif isinstance(value, str) and setting in _OWN:
        yield value
