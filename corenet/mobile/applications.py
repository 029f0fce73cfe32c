"""What runs on a mobile above UDP, and its screen."""

from __future__ import annotations

from collections import deque

from corenet.interfaces.application import Application, Reaction, Shown
from corenet.interfaces.node import Address

_SCREEN_LINES = 100


class Applications:
    """The applications of one mobile by UDP port, and what they have shown."""

    __slots__ = ("_applications", "_shown")

    def __init__(self, applications: tuple[Application, ...]) -> None:
        ports = [application.port for application in applications]
        if len(set(ports)) < len(ports):
            raise ValueError(f"two applications on one port of {sorted(ports)}")
        self._applications = applications
        self._shown: deque[Shown] | None = None

    @property
    def shown(self) -> tuple[Shown, ...]:
        """What was shown, the latest last."""
        return tuple(self._shown or ())

    def receive(self, port: int, payload: bytes, source: Address, now: float) -> Reaction | None:
        """Return the reaction to a datagram, or None where nothing listens on ``port``."""
        for application in self._applications:
            if application.port == port:
                reaction = application.receive(payload, source, now)
                if reaction.shown:
                    if self._shown is None:
                        self._shown = deque(maxlen=_SCREEN_LINES)
                    self._shown.extend(reaction.shown)
                return reaction
        return None
