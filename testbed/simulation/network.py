"""Nodes in virtual time: a seeded discrete-event network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TypeVar

from corenet.interfaces.node import Address, Interface, Node
from corenet.interfaces.runtime import EventListener, Tap, Timer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LinkQuality:
    """What an interface does to what travels on it. Probabilities are 0..1, times seconds."""

    latency: float = 0.01
    jitter: float = 0.0
    """Up to so much more latency, evenly spread; order is kept."""
    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    """Probability that a datagram is held back so that later ones may overtake it."""
    reordering_delay: float = 0.1


class VirtualNetwork:
    """Runs nodes in virtual time (satisfies ``corenet.interfaces.runtime.Runtime``)."""

    def __init__(
        self,
        seed: int,
        *,
        quality: Mapping[Interface, LinkQuality] | None = None,
        start: float = 1_700_000_000.0,
        event_limit: int = 5_000_000,
    ) -> None: ...

    def now(self) -> float:
        """Return virtual seconds since 1970-01-01 UTC."""
        raise NotImplementedError

    def attach(self, node: Node, attachments: Mapping[Interface, Address]) -> None:
        """Give ``node`` its place on each interface and start it."""
        raise NotImplementedError

    def detach(self, node: Node) -> None:
        """Let ``node`` crash: it is gone without a farewell, and so is what is under way to it."""
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
        """Call ``tap`` for every datagram that was sent, lost ones included."""
        raise NotImplementedError

    def run_until(self, goal: float | Callable[[], bool], *, within: float | None = None) -> bool:
        """Let time pass until it is ``goal`` or ``goal()`` is true; return whether that came."""
        raise NotImplementedError

    def cut(self, one: str, other: str) -> None:
        """Let nothing through between two nodes, by name, until ``mend``."""
        raise NotImplementedError

    def mend(self, one: str, other: str) -> None:
        """Undo ``cut``."""
        raise NotImplementedError

    @property
    def trace(self) -> str:
        """A digest of everything that was sent and every event: the same for the same seed."""
        raise NotImplementedError
