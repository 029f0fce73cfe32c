"""The GGSN: what the other modules of this room do, composed as one sans-IO node.

Specs: TS 23.060 §9.2.2.2 (network-requested activation), TS 29.060 (GTP), TS 29.061 (Gi, RADIUS).
"""

from __future__ import annotations

from collections import deque
from random import Random

from corenet.ggsn.config import GgsnConfig
from corenet.ggsn.events import PdpContextView
from corenet.interfaces.node import Address, Datagram, Event, Interface


class Ggsn:
    """A GGSN (satisfies ``corenet.interfaces.node.Node``)."""

    def __init__(
        self, config: GgsnConfig, *, name: str = "ggsn", random: Random, recovery: int
    ) -> None:
        """Make a GGSN that has not started.

        ``random`` chooses TEIDs, sequence numbers and authenticators; ``recovery`` is the
        restart counter, 0..255 (TS 29.060 §7.7.11).
        """
        self._config = config
        self._name = name
        self._random = random
        self._recovery = recovery
        self._datagrams: deque[Datagram] = deque()
        self._events: deque[Event] = deque()

    @property
    def name(self) -> str:
        """The name that logs, captures and the lab file use."""
        return self._name

    @property
    def config(self) -> GgsnConfig:
        """What the GGSN was made with."""
        return self._config

    # Commands

    def activate(
        self, imsi: str, apn: str, *, key: str, deadline: float | None = None, now: float
    ) -> None:
        """Have a context activated; later exactly one ``ActivationFinished`` tells how it went.

        ``deadline`` is a time, seconds since 1970-01-01 UTC, or None for as long as the
        procedure takes.
        """

    def deactivate(self, imsi: str, apn: str | None, now: float) -> int:
        """Delete the subscriber's contexts on ``apn``, or all; return how many there were."""
        return 0

    # Queries

    def contexts(self) -> list[PdpContextView]:
        """Return every PDP context, oldest first."""
        return []

    def contexts_of(self, imsi: str) -> list[PdpContextView]:
        """Return the subscriber's PDP contexts, oldest first."""
        return []

    def context_at(self, address: str) -> PdpContextView | None:
        """Return the PDP context that has ``address`` now, or None."""
        return None

    # Node

    def start(self, now: float) -> None:
        """Begin service: Accounting-On to the servers."""

    def stop(self, now: float) -> None:
        """End service: running activations fail, contexts go, Accounting-Off to the servers."""

    def receive(
        self, interface: Interface, data: bytes, *, peer: Address, local: Address, now: float
    ) -> None:
        """Take octets from GTP-C, GTP-U, Gi or RADIUS. Never raises for what a peer sent."""

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return None

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        taken = list(self._datagrams)
        self._datagrams.clear()
        return taken

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        taken = list(self._events)
        self._events.clear()
        return taken
