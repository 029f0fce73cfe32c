"""A host outside the core that sends datagrams to mobiles."""

from __future__ import annotations

from corenet.interfaces.node import Address, Datagram, Event, Interface


class OutsideHost:
    """Sends what it is told, and takes what comes (satisfies ``Node``)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._outgoing: list[Datagram] = []

    def send(self, payload: bytes, destination: Address) -> None:
        """Send a datagram to a mobile's address and port."""
        self._outgoing.append(Datagram(Interface.WDP, destination, payload))

    def start(self, now: float) -> None:
        """Begin: there is nothing that it does on its own."""

    def stop(self, now: float) -> None:
        """End: there is nobody to say farewell to."""

    def receive(
        self, interface: Interface, data: bytes, *, peer: Address, local: Address, now: float
    ) -> None:
        """Take what comes; nothing is made of it."""

    def next_timeout(self) -> float | None:
        """Return None: it waits for nothing."""
        return None

    def handle_timeout(self, now: float) -> None:
        """Do nothing: nothing is due."""

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, and forget it."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def take_events(self) -> list[Event]:
        """Return nothing: nothing happens here that anybody wants to know."""
        return []
