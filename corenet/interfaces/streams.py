"""Connections: what a node has beside datagrams where an interface runs over TCP.

Theory of operation. Whoever runs a node that satisfies ``StreamNode`` listens for it on those of
its interfaces that it names, and opens what its ``Connect`` asks for. Every connection has a
number, which is never used again. ``connected`` is the first that a node hears of it and
``disconnected`` the last, exactly once, whoever ended it; between them come octets, in order and
in pieces of any size. A ``Connect`` ends in ``connected`` with the number of its attempt, or in
``connect_failed``.

What a node sends before its ``Disconnect`` still goes out, unless the peer does not take it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from corenet.interfaces.node import Address, Interface, Node


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a connection to ``peer``, from where the node is on the interface."""

    interface: Interface
    peer: Address
    attempt: int
    """A number of the node's own choice, to know the connection by."""
    timeout: float = 10.0
    """Seconds after which the attempt has failed."""


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send octets. On a connection that is over nothing happens."""

    connection: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close once everything is sent. On a connection that is over nothing happens."""

    connection: int


StreamCommand = Connect | Transmit | Disconnect

CLOSED_HERE = "closed here"
"""The reason of ``disconnected`` where the node itself wanted it."""
RESET = "the connection was reset"
"""The reason where somebody who interferes did."""


@runtime_checkable
class StreamNode(Node, Protocol):
    """A node that speaks over connections too."""

    @property
    def listens(self) -> Collection[Interface]:
        """The interfaces on which it takes connections, at the address where it is attached."""
        ...

    def connected(
        self,
        interface: Interface,
        connection: int,
        *,
        peer: Address,
        local: Address,
        attempt: int | None,
        now: float,
    ) -> None:
        """Take a new connection: a peer's where ``attempt`` is None, else the node's own."""
        ...

    def connect_failed(self, attempt: int, reason: str, now: float) -> None:
        """Hear that a ``Connect`` came to nothing, and why in words."""
        ...

    def stream_received(self, connection: int, data: bytes, now: float) -> None:
        """Take octets of a connection. Never raises for what a peer sent."""
        ...

    def disconnected(self, connection: int, reason: str, now: float) -> None:
        """Hear that a connection is over, and why in words."""
        ...

    def take_stream_commands(self) -> list[StreamCommand]:
        """Return what is to be done with connections, in order, and forget it."""
        ...
