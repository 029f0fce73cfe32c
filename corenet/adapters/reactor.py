"""What the adapters ask of a Twisted reactor, as types that fakes can satisfy too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.protocol import DatagramProtocol


class ScheduledCall(Protocol):
    """A call that is due later (``twisted.internet.interfaces.IDelayedCall``)."""

    def active(self) -> bool:
        """Return whether it is still to happen."""
        ...

    def cancel(self) -> None:
        """Make sure that it does not happen; raises when it has happened."""
        ...

    def reset(self, seconds: float) -> None:
        """Make it due ``seconds`` from now."""
        ...


class Schedules(Protocol):
    """Time (``IReactorTime``)."""

    def seconds(self) -> float:
        """Return the reactor's clock in seconds; only differences mean something."""
        ...

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object
    ) -> ScheduledCall:
        """Call ``callable(*args)`` after ``delay`` seconds."""
        ...


class ListensUdp(Protocol):
    """UDP sockets (``IReactorUDP``)."""

    def listenUDP(
        self, port: int, protocol: DatagramProtocol, interface: str = "", maxPacketSize: int = 8192
    ) -> object:
        """Bind ``protocol`` to a UDP port; raise ``CannotListenError``."""
        ...


class ReadsDescriptors(Protocol):
    """Sockets of one's own (``IReactorFDSet``)."""

    def addReader(self, reader: object) -> None:
        """Call ``reader.doRead`` whenever its file descriptor can be read."""
        ...

    def removeReader(self, reader: object) -> object:
        """Stop calling it."""
        ...


class Reactor(Schedules, ListensUdp, ReadsDescriptors, Protocol):
    """All of it."""
