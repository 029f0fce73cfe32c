"""The SGSN as a sans-IO node.

Specs: TS 23.060 (procedures), TS 24.008 (GMM and SM towards mobiles), TS 29.060 (GTP).
"""

from __future__ import annotations

from random import Random

from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.sgsn.config import SgsnConfig
from corenet.sgsn.events import MmContextView


class Sgsn:
    """An SGSN. Attaches GTP_C, GTP_U, GR and RADIO; satisfies ``corenet.interfaces.node.Node``."""

    def __init__(
        self, config: SgsnConfig, *, name: str = "sgsn", random: Random, recovery: int
    ) -> None:
        self.config = config
        self.name = name
        self.counters: dict[str, int] = {}
        """What was counted, by name: dropped frames, procedures, PDUs."""

    def start(self, now: float) -> None:
        """Begin service."""

    def stop(self, now: float) -> None:
        """End service: PDP contexts are deleted at their GGSNs, each told once, unanswered."""

    def receive(
        self, interface: Interface, data: bytes, *, peer: Address, local: Address, now: float
    ) -> None:
        """Take octets that ``peer`` sent to ``local``. Never raises for what a peer sent."""

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return None

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        return []

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        return []

    def detach(self, imsi: str, now: float) -> bool:
        """Command a detach of the mobile (TS 24.008 §4.7.4.2); False if it is not attached."""
        return False

    def deactivate(self, imsi: str, nsapi: int, now: float) -> bool:
        """Deactivate a PDP context (TS 24.008 §6.1.3.4.2); False if it is not active."""
        return False

    def suspend(self, imsi: str, now: float) -> bool:
        """Suspend GPRS for a mobile in a circuit-switched call; False if it is not attached."""
        return False

    def resume(self, imsi: str, now: float) -> bool:
        """Resume GPRS after ``suspend``; False if it was not suspended."""
        return False

    def mm_context(self, imsi: str) -> MmContextView | None:
        """Return the mobile's MM context, or None where the SGSN does not know the IMSI."""
        return None

    def mm_contexts(self) -> tuple[MmContextView, ...]:
        """Return every MM context."""
        return ()
