"""Nodes on real sockets and real time: the Twisted runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Network
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred

from corenet.interfaces.node import Address, Interface, Node
from corenet.interfaces.runtime import EventListener, Tap, Timer

T = TypeVar("T")


class GiDevice(Protocol):
    """Carries IP packets between a GGSN's Gi and the world."""

    def start(self, deliver: Callable[[bytes], None]) -> None:
        """Open; call ``deliver`` with each whole IP packet that arrives for a mobile."""
        ...

    def send(self, packet: bytes) -> None:
        """Carry a whole IP packet that a mobile sent."""
        ...

    def stop(self) -> None:
        """Close."""
        ...


class TwistedRuntime:
    """Runs nodes in a Twisted reactor (satisfies ``corenet.interfaces.runtime.Runtime``)."""

    def __init__(self, reactor: object, *, gi: GiDevice | None = None) -> None: ...

    def now(self) -> float:
        """Return seconds since 1970-01-01 UTC; never goes backwards."""
        raise NotImplementedError

    def attach(self, node: Node, attachments: Mapping[Interface, Address]) -> None:
        """Bind the node's sockets and start it; raise ``CannotBindError`` where one is taken."""
        raise NotImplementedError

    def route_gi(self, networks: Iterable[IPv4Network], node: Node) -> None:
        """Let ``node`` take the packets that arrive on Gi for addresses in ``networks``."""
        raise NotImplementedError

    def command(self, node: Node, action: Callable[[float], T]) -> T:
        """Call ``action(now)``, then carry out what ``node`` wants; return its result."""
        raise NotImplementedError

    def call_later(self, delay: float, action: Callable[[], None]) -> Timer:
        """Call ``action`` after ``delay`` seconds."""
        raise NotImplementedError

    def on_event(self, listener: EventListener) -> None:
        """Call ``listener`` for every event of every node."""
        raise NotImplementedError

    def on_passed(self, tap: Tap) -> None:
        """Call ``tap`` for every datagram that passed."""
        raise NotImplementedError

    def stop(self) -> Deferred[None]:
        """Stop every node, let its farewells out, close the sockets."""
        raise NotImplementedError
