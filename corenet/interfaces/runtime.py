"""What runs nodes: the contract that the Twisted runtime and the virtual-time network share.

Code that orchestrates several nodes (the control plane, the lab, scenarios) is written
against this protocol, so that it works on real sockets and in virtual time alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

from corenet.interfaces.node import Address, Event, Interface, Node

T = TypeVar("T")


class Phase(Enum):
    """What of a connection has passed."""

    OPENED = "opened"
    """It is there; its client is the source."""
    DATA = "data"
    CLOSED = "closed"
    """It is over; whoever ended it is the source."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What passed, as captures and ladders see it: each exactly once.

    It is one datagram, or a part of a connection: its beginning, octets, or its end.
    """

    time: float
    """Seconds since 1970-01-01 UTC."""
    interface: Interface
    source: Address
    destination: Address
    data: bytes
    sender: str
    """Name of the sending node, or "" for a foreign peer."""
    receiver: str
    """Name of the receiving node, or "" where it is foreign or not known."""
    phase: Phase | None = None
    """What of a connection it is, or None for a datagram."""


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Make sure that the call does not happen. Safe after it has happened."""
        ...


EventListener = Callable[[float, str, Event], None]
"""Called with the time, the node's name and the event."""

Tap = Callable[[Passed], None]
"""Called for everything that passed."""


class Runtime(Protocol):
    """Runs nodes, keeps their time, carries their datagrams."""

    def now(self) -> float:
        """Return seconds since 1970-01-01 UTC; never goes backwards."""
        ...

    def attach(self, node: Node, attachments: Mapping[Interface, Address]) -> None:
        """Give ``node`` its place on each interface and start it."""
        ...

    def command(self, node: Node, action: Callable[[float], T]) -> T:
        """Call ``action(now)``, then carry out what ``node`` wants; return its result.

        Every call of a node's command goes through here, or its datagrams would stay behind.
        """
        ...

    def call_later(self, delay: float, action: Callable[[], None]) -> Timer:
        """Call ``action`` after ``delay`` seconds."""
        ...

    def on_event(self, listener: EventListener) -> None:
        """Call ``listener`` for every event of every node."""
        ...

    def on_passed(self, tap: Tap) -> Callable[[], None]:
        """Call ``tap`` for every datagram that passed, until the function returned is called."""
        ...
