"""What the ends of Gr over TCP are told. Times are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from corenet.interfaces.node import Address


@dataclass(frozen=True, slots=True)
class LinkTimers:
    """Waits of a connection, at either end."""

    identity: float = 10.0
    """From the connection until the peer's part of the identity exchange."""
    idle: float = 20.0
    """Without an octet of the peer until a ping."""
    pong: float = 10.0
    """From a ping until the connection counts as dead."""

    def __post_init__(self) -> None:
        if min(self.identity, self.idle, self.pong) <= 0:
            raise ValueError("the waits of a connection are above 0 seconds")


@dataclass(frozen=True, slots=True)
class HlrOutsideConfig:
    """An HLR of another process, and who asks it."""

    hlr: Address
    """Where it listens."""
    units: Mapping[Address, str]
    """Unit names of our nodes, by their places on Gr. The HLR routes by them."""
    timers: LinkTimers = field(default_factory=LinkTimers)
    first_wait: float = 0.5
    """From a failure to the next attempt; it doubles with each that follows."""
    longest_wait: float = 30.0
    proven: float = 30.0
    """How long a connection holds until the waits begin anew."""
    queue: int = 1000
    """Messages of a node that wait for its connection; a further one is dropped."""
    queue_time: float = 10.0
    """How long a message waits: as long as its sender waits for the answer."""

    def __post_init__(self) -> None:
        if not self.units or len(set(self.units.values())) < len(self.units):
            raise ValueError("each node that asks an HLR outside has a unit name of its own")
        for name in self.units.values():
            check_unit_name(name)
        if not 0 < self.first_wait <= self.longest_wait:
            raise ValueError("the first wait is above 0 and not above the longest one")
        if min(self.queue, self.queue_time) <= 0:
            raise ValueError("messages wait in a queue with room, and for a time")


@dataclass(frozen=True, slots=True)
class GsupServerConfig:
    """Our HLR as it is seen from other processes."""

    hlr: Address
    """The HLR's place on Gr."""
    listen: Address
    """Where clients connect to."""
    names: Mapping[str, Address] = field(default_factory=dict)
    """Where the HLR finds those that it knows by unit name."""
    timers: LinkTimers = field(default_factory=LinkTimers)
    clients: int = 1000
    """Unit names that are served; a client with a further one is refused."""
    connections: int = 1100
    """Connections at one time, those without a name included."""
    held: int = 100
    """Messages of a client that wait for its name; with a further one it is cut off."""


def check_unit_name(name: str) -> None:
    """Raise ``ValueError`` for what cannot be a unit name."""
    if not (1 <= len(name) <= 128 and name.isascii() and name.isprintable()):
        raise ValueError(f"a unit name has 1 to 128 printable ASCII characters, not {name!r}")
