"""What a network in virtual time keeps of its nodes, and of what is due."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from corenet.interfaces.node import Address, Interface, Node
from corenet.interfaces.streams import StreamNode


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a datagram is to its receiver."""

    receiver: Node
    interface: Interface
    data: bytes
    peer: Address
    local: Address


class Server:
    """A node that needs a while for each message: it takes one at a time, in order."""

    __slots__ = ("free_at", "interfaces", "seconds")

    def __init__(self, seconds: float, interfaces: Collection[Interface]) -> None:
        self.seconds = seconds
        self.interfaces = interfaces
        self.free_at = 0.0

    def done_at(self, now: float) -> float:
        """Return when a message that arrives now will have been taken."""
        self.free_at = max(self.free_at, now) + self.seconds
        return self.free_at


class Place:
    """What the network keeps of one node."""

    __slots__ = ("addresses", "armed", "busy", "busy_since", "gone", "node", "server", "streams")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.streams = node if isinstance(node, StreamNode) else None
        self.addresses: dict[Interface, Address] = {}
        self.armed: float | None = None
        self.gone = False
        self.server: Server | None = None
        self.busy = 0
        self.busy_since = 0.0


class Later:
    """A call that is due later, which may be cancelled at any time."""

    __slots__ = ("action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Make sure that the call does not happen."""
        self.action = None

    def __call__(self) -> None:
        """Make the call, unless it was cancelled."""
        if self.action is not None:
            self.action()
