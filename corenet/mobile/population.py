"""Thousands of mobiles as one sans-IO node.

Specs: TS 24.008 (GMM and SM), TS 44.064 (LLC), TS 44.065 (SNDCP), as far as their modules say.
"""

from __future__ import annotations

from random import Random

from corenet.interfaces.application import Application
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.mobile.behaviour import Behaviour
from corenet.mobile.config import MobileConfig, MobileTimers
from corenet.mobile.events import MobileView


class Mobiles:
    """Many mobiles on one radio attachment; satisfies ``corenet.interfaces.node.Node``.

    Attach it to RADIO at ANYWHERE: a mobile's radio address is ``(imsi, 0)``, which is where its
    frames come from and what frames to it name as their destination.

    Every command raises UnknownMobile for an IMSI that was not added.
    """

    def __init__(
        self,
        *,
        name: str = "mobiles",
        sgsn: Address,
        random: Random,
        timers: MobileTimers | None = None,
    ) -> None:
        """``sgsn`` is where the SGSN is attached to RADIO; ``random`` spreads the first attach."""
        self.name = name
        self.counters: dict[str, int] = {}

    def add(self, config: MobileConfig, applications: tuple[Application, ...] = ()) -> None:
        """Add a mobile: powered, covered, detached; raises ValueError for an IMSI twice."""

    def imsis(self) -> tuple[str, ...]:
        """Return the IMSI of every mobile, in the order in which they were added."""
        return ()

    def mobile(self, imsi: str) -> MobileView:
        """Return what the mobile is like now."""
        raise UnknownMobile(imsi)

    def attach(self, imsi: str, now: float) -> None:
        """Attach (TS 24.008 §4.7.3); nothing happens if it already is or does."""

    def detach(self, imsi: str, now: float) -> None:
        """Detach, and stay powered (TS 24.008 §4.7.4.1)."""

    def power_off(self, imsi: str, now: float) -> None:
        """Switch off: Detach Request with power-off, and deaf and mute from then on."""

    def power_on(self, imsi: str, now: float) -> None:
        """Switch on, and attach."""

    def set_coverage(self, imsi: str, covered: bool, now: float) -> None:
        """Take the mobile out of radio coverage, or back; it knows nothing of it itself."""

    def set_behaviour(self, imsi: str, behaviour: Behaviour, now: float) -> None:
        """Tell how it is to answer the network's requests from now on."""

    def activate(
        self, imsi: str, apn: str | None, now: float, *, address: str | None = None
    ) -> None:
        """Activate a PDP context (TS 24.008 §6.1.3.1.1); ``address`` asks for a static one.

        Nothing happens if one to ``apn`` already is or is on its way. Raises MobileError where
        the mobile isn't attached, or has no context or no APN left to use.
        """

    def deactivate(self, imsi: str, apn: str | None, now: float) -> None:
        """Deactivate the contexts to ``apn``, or all (TS 24.008 §6.1.3.4.1)."""

    def send_udp(
        self, imsi: str, source_port: int, destination: Address, payload: bytes, now: float
    ) -> None:
        """Send a UDP datagram from the first active context; raises MobileError without one."""

    def start(self, now: float) -> None:
        """Begin service: mobiles that are to attach on their own do so."""

    def stop(self, now: float) -> None:
        """End service: every mobile is switched off."""

    def receive(
        self, interface: Interface, data: bytes, *, peer: Address, local: Address, now: float
    ) -> None:
        """Take a frame for the mobile at ``local``. Never raises for what a peer sent."""

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


class MobileError(Exception):
    """A command that this mobile cannot follow in its state; the text says why."""


class UnknownMobile(MobileError):  # noqa: N818 - reads as what it says
    """No mobile has this IMSI."""

    def __init__(self, imsi: str) -> None:
        super().__init__(f"no mobile has IMSI {imsi}")
        self.imsi = imsi
