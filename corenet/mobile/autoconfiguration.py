"""How a mobile comes to its IPv6 address: by the prefix that the router advertises.

Specs: TS 23.060 §9.2.1.1 (stateless autoconfiguration of a mobile), RFC 4861 §6.3.7 and §10
(soliciting routers), RFC 4862 §5.5.3 (addresses).

Theory of operation. Activate PDP Context Accept names an interface identifier, of which the mobile
makes its link-local address and no more: the prefix in it is not to be used. It solicits the
router on its link, the GGSN, at most three times, four seconds apart. The first advertisement that
has a prefix to make addresses of ends that; of prefix and identifier comes the address.

A mobile that has been asked to activate a static address, or has asked for one, knows it.

    SOLICITING -(advertisement with a prefix)-> CONFIGURED
    SOLICITING -(third interval without one)--> link-local only, for good
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Final

from corenet.gi.router import LINK_LOCAL_PREFIX, advertised_prefix, router_solicitation
from corenet.mobile.surroundings import Surroundings
from corenet.schedule import Alarm

SOLICITATIONS: Final = 3
"""MAX_RTR_SOLICITATIONS (RFC 4861 §10)."""
INTERVAL: Final = 4.0
"""RTR_SOLICITATION_INTERVAL in seconds."""
_ADDRESS: Final = 16
"""Octets of an address."""
_IDENTIFIER: Final = 8
"""Octets of an interface identifier."""


class Autoconfiguration:
    """What one context's IPv6 addresses are made of."""

    __slots__ = ("_alarm", "_identifier", "_left", "_send", "_surroundings", "address")

    def __init__(
        self,
        given: bytes,
        surroundings: Surroundings,
        send: Callable[[bytes], None],
        now: float,
        *,
        is_static: bool = False,
    ) -> None:
        """Solicit the router by ``send``; ``given`` ends with the identifier's eight octets.

        ``is_static`` says that the sixteen octets that it ends with are the address.
        """
        self._identifier = given[-_IDENTIFIER:]
        self._surroundings = surroundings
        self._send = send
        self._left = SOLICITATIONS
        self._alarm: Alarm | None = None
        self.address = str(IPv6Address(given[-_ADDRESS:])) if is_static else ""
        """The address of the prefix, once it is known."""
        if not is_static:
            self._solicit(now)

    @property
    def link_local(self) -> str:
        """The address that it has without any prefix."""
        return str(IPv6Address(LINK_LOCAL_PREFIX + self._identifier))

    def receive(self, packet: bytes) -> bool:
        """Take a packet; return whether the address is known by it, which it was not before."""
        prefix = None if self.address else advertised_prefix(packet)
        if prefix is None:
            return False
        self.stop()
        self.address = str(IPv6Address(prefix + self._identifier))
        return True

    def stop(self) -> None:
        """Ask no more."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _solicit(self, now: float) -> None:
        self._alarm = None
        if self._left == 0:
            self._surroundings.count("routers_silent")
            return
        self._left -= 1
        self._send(router_solicitation(LINK_LOCAL_PREFIX + self._identifier))
        self._alarm = self._surroundings.schedule.at(now + INTERVAL, self._solicit)
