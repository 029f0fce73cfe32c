"""GTP-U: T-PDUs in tunnels.

Specs: TS 29.060 §9 (user plane), TS 29.281 §5 (headers), §7.3.1 (Error Indication).
"""

from __future__ import annotations

from dataclasses import dataclass

from gtp.events import Address, Event


def encapsulate(teid: int, payload: bytes) -> bytes:
    """Return the G-PDU that carries ``payload`` to the tunnel endpoint ``teid``."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class TPduReceived(Event):
    """A T-PDU arrived in one of our tunnels."""

    owner: object
    """What ``UserPlane.add_tunnel`` was given."""
    payload: bytes
    teid: int
    """Our tunnel endpoint."""
    peer: Address


@dataclass(frozen=True, slots=True)
class ErrorIndicated(Event):
    """A peer does not know the tunnel endpoint to which we sent a G-PDU."""

    peer: str
    """IP address of the tunnel endpoint that does not exist (GTP-U Peer Address)."""
    teid: int
    """The peer's tunnel endpoint (TEID Data I)."""


class UserPlane:
    """The tunnel endpoints of one GTP-U address. Holds no socket, no clock and no timer."""

    def __init__(
        self,
        address: str,
        *,
        error_indication_rate: float = 10.0,
        error_indication_burst: int = 20,
    ) -> None:
        """Make a user plane at the local IP ``address``, which Error Indications name.

        Each peer gets at most ``error_indication_burst`` Error Indications at once and
        ``error_indication_rate`` per second.
        """

    def add_tunnel(self, teid: int, owner: object) -> None:
        """Accept G-PDUs for ``teid``, which belongs to ``owner``.

        Raises LocalProtocolError when the TEID is in use, 0 or not 32 bit.
        """
        raise NotImplementedError

    def remove_tunnel(self, teid: int) -> None:
        """Accept no more G-PDUs for ``teid``. Raises LocalProtocolError when it is not there."""
        raise NotImplementedError

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram from ``peer``. Never raises for what a peer sent."""
        raise NotImplementedError

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order, and forget it."""
        raise NotImplementedError

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        raise NotImplementedError
