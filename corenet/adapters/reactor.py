"""What the adapters ask of a reactor and of devices, as types that fakes can satisfy too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.protocol import ClientFactory, DatagramProtocol, Factory


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


class ListeningPort(Protocol):
    """A TCP port that takes connections (``IListeningPort``)."""

    def getHost(self) -> object:
        """Return the address it is bound to."""
        ...

    def stopListening(self) -> object:
        """Free the port; a Deferred, where that takes time."""
        ...


class ConnectsTcp(Protocol):
    """TCP, both ways (``IReactorTCP``)."""

    def listenTCP(
        self, port: int, factory: Factory, backlog: int = 50, interface: str = ""
    ) -> ListeningPort:
        """Listen on a TCP port; raise ``CannotListenError``."""
        ...

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: ClientFactory,
        timeout: float = 30,
        bindAddress: tuple[str, int] | None = None,
    ) -> object:
        """Open a connection; what comes of it is told to ``factory``."""
        ...


class ReadsDescriptors(Protocol):
    """Sockets of one's own (``IReactorFDSet``)."""

    def addReader(self, reader: object) -> None:
        """Call ``reader.doRead`` whenever its file descriptor can be read."""
        ...

    def removeReader(self, reader: object) -> object:
        """Stop calling it."""
        ...


class Reactor(Schedules, ListensUdp, ConnectsTcp, ReadsDescriptors, Protocol):
    """All of it."""


class Later:
    """A call that is due later, which may be cancelled at any time."""

    __slots__ = ("_call",)

    def __init__(self, call: ScheduledCall) -> None:
        self._call = call

    def cancel(self) -> None:
        """Make sure that the call does not happen."""
        if self._call.active():
            self._call.cancel()


class GiDevice(Protocol):
    """Carries IP packets between Gi and the world."""

    def start(self, deliver: Callable[[bytes], None]) -> None:
        """Open; call ``deliver`` with each whole IP packet that arrives for a mobile."""
        ...

    def send(self, packet: bytes) -> None:
        """Carry a whole IP packet that a mobile sent. Never raises for what is in it."""
        ...

    def stop(self) -> None:
        """Close."""
        ...
