"""The HLR as a node: Gc with GGSNs over GTP-C, Gr with SGSNs over GSUP.

Specs: TS 23.060 §5.4.2 (HLR), TS 29.060 §7.5 (location management messages),
TS 29.002 §8.1, §24 (what Gr means).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from corenet.hlr.config import HlrConfig, Subscriber
from corenet.interfaces.node import Address, Datagram, Event, Interface
from gtp.constants import MsNotReachableReason


@dataclass(frozen=True, slots=True)
class Location:
    """Where a subscriber is, as the HLR knows it."""

    sgsn: str | None
    """IP address of the serving SGSN, or None when not registered for GPRS."""
    since: float | None
    """When that SGSN took over, seconds since 1970-01-01 UTC."""
    not_reachable: bool
    """The MS-not-reachable flag, MNRG."""
    reason: MsNotReachableReason | None
    """Why, when ``not_reachable``."""
    waiting_ggsns: tuple[str, ...]
    """IP addresses of the GGSNs that will be told when the MS is back."""


class Hlr:
    """A home location register for GPRS."""

    def __init__(
        self, config: HlrConfig, *, name: str = "hlr", random: Random, recovery: int
    ) -> None:
        self.name = name

    def start(self, now: float) -> None:
        """Begin service; there is nothing to do."""

    def stop(self, now: float) -> None:
        """End service; there is no one to say farewell to."""

    def receive(
        self, interface: Interface, data: bytes, *, peer: Address, local: Address, now: float
    ) -> None:
        """Take octets that ``peer`` sent. Never raises for what a peer sent."""
        raise NotImplementedError

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        raise NotImplementedError

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        raise NotImplementedError

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        raise NotImplementedError

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        raise NotImplementedError

    def set_not_reachable(self, imsi: str, reason: MsNotReachableReason, now: float) -> None:
        """Set the MS-not-reachable flag by hand. Raises KeyError for an unknown IMSI."""
        raise NotImplementedError

    def clear_not_reachable(self, imsi: str, now: float) -> None:
        """Clear the MS-not-reachable flag by hand, and tell the GGSNs that wait.

        Raises KeyError for an unknown IMSI.
        """
        raise NotImplementedError

    def subscriber(self, imsi: str) -> Subscriber | None:
        """Return the subscription with ``imsi``, or None."""
        raise NotImplementedError

    def by_msisdn(self, msisdn: str) -> Subscriber | None:
        """Return the subscription with ``msisdn`` (digits), or None."""
        raise NotImplementedError

    def by_address(self, address: str) -> Subscriber | None:
        """Return the subscription that has ``address`` as a static address, or None."""
        raise NotImplementedError

    def location(self, imsi: str) -> Location | None:
        """Return where the subscriber with ``imsi`` is, or None for an unknown IMSI."""
        raise NotImplementedError
