"""What runs on a mobile above UDP: the contract between a mobile and its applications.

The core knows nothing of push; whoever builds a lab puts a push client on its mobiles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from corenet.interfaces.node import Address


@dataclass(frozen=True, slots=True)
class Shown:
    """What the user sees on the mobile's screen."""

    kind: str
    """"SI", "SL", "text" or another short name of what was shown."""
    text: str
    details: dict[str, str] = field(default_factory=dict)
    """Further fields by name, such as "href", "si-id", "action"."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an application does with a datagram: answers to send and things to show."""

    replies: tuple[bytes, ...] = ()
    """UDP payloads for the sender of the datagram."""
    shown: tuple[Shown, ...] = ()


class Application(Protocol):
    """Listens on one UDP port of a mobile. Holds no socket and no clock."""

    @property
    def port(self) -> int:
        """The UDP port it listens on."""
        ...

    def receive(self, payload: bytes, source: Address, now: float) -> Reaction:
        """Take a datagram's payload. Never raises for what a peer sent."""
        ...
