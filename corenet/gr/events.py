"""What has happened on Gr over TCP."""

from __future__ import annotations

from dataclasses import dataclass

from corenet.interfaces.node import Address, Event


@dataclass(frozen=True, slots=True)
class HlrConnected(Event):
    """An HLR outside knows one of our nodes by its unit name."""

    unit: str
    hlr: Address


@dataclass(frozen=True, slots=True)
class HlrNotConnected(Event):
    """A connection to an HLR outside is over, or came to nothing."""

    unit: str
    hlr: Address
    reason: str
    again_in: float
    """Seconds until the next attempt."""


@dataclass(frozen=True, slots=True)
class GsupClientConnected(Event):
    """A client of our HLR has said who it is."""

    unit: str
    peer: Address
    """Where its connection comes from."""


@dataclass(frozen=True, slots=True)
class GsupClientDisconnected(Event):
    """A client's connection is over; ``unit`` is "" where it never said who it is."""

    unit: str
    peer: Address
    reason: str
