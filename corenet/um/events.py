"""What has happened on the radio link between processes."""

from __future__ import annotations

from dataclasses import dataclass

from corenet.interfaces.node import Address, Event


@dataclass(frozen=True, slots=True)
class NetworkFound(Event):
    """The network knows this process: its mobiles are in coverage."""

    network: Address


@dataclass(frozen=True, slots=True)
class NetworkLost(Event):
    """The network does not answer, has refused this process, or is gone."""

    network: Address
    reason: str
    again_in: float
    """Seconds until the next attempt."""


@dataclass(frozen=True, slots=True)
class MobileRefused(Event):
    """The network does not take frames of a mobile from this process."""

    network: Address
    reason: str


@dataclass(frozen=True, slots=True)
class MobilesConnected(Event):
    """A process with mobiles has registered."""

    process: str
    peer: Address
    """Where its frames come from."""


@dataclass(frozen=True, slots=True)
class MobilesDisconnected(Event):
    """A process with mobiles is gone, or nothing is heard of it any more."""

    process: str
    peer: Address
    reason: str
