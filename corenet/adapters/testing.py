"""A reactor without sockets: virtual time and UDP in memory, for tests of what runs on Twisted.

``twisted.internet.testing.MemoryReactorClock`` has no ``listenUDP``; this one has little else.
Datagrams between its ports travel when time is advanced, and everything sent is kept in
``sent``, so that a test can also play a peer that has no port of its own.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IDelayedCall, IUDPTransport
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import Clock
from zope.interface import implementer

from corenet.interfaces.node import Address

_FIRST_FREE_PORT = 49_152


class Sent(NamedTuple):
    """A datagram that somebody sent."""

    data: bytes
    source: Address
    destination: Address


@implementer(IUDPTransport)
class MemoryUdpPort:
    """A bound port of a ``MemoryUdpReactor``."""

    def __init__(
        self, reactor: MemoryUdpReactor, address: Address, protocol: DatagramProtocol
    ) -> None:
        self.address = address
        self.protocol = protocol
        self.refuses_with: int | None = None
        """The errno that every write ends in, or None to let datagrams pass."""
        self._reactor = reactor

    def write(self, packet: bytes, addr: tuple[str, int] | None) -> None:
        """Send."""
        if self.refuses_with is not None:
            raise OSError(self.refuses_with, os.strerror(self.refuses_with))
        assert addr is not None
        self._reactor.arrive(packet, self.address, addr)

    def getHandle(self) -> MemoryUdpPort:
        """Return what stands for the socket: the port itself."""
        return self

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """Take a socket option, which changes nothing in memory."""

    def getHost(self) -> IPv4Address:
        """Return the address it is bound to."""
        return IPv4Address("UDP", *self.address)

    def stopListening(self) -> Deferred[None]:
        """Free the port."""
        del self._reactor.ports[self.address]
        return succeed(None)

    def connect(self, host: str, port: int) -> None:
        """Refuse: nodes' sockets are never connected."""
        raise NotImplementedError

    def setBroadcastAllowed(self, enabled: bool) -> None:
        """Refuse: nodes never broadcast."""
        raise NotImplementedError

    def getBroadcastAllowed(self) -> bool:
        """Return that broadcast is not allowed."""
        return False


class MemoryUdpReactor(Clock):
    """Satisfies ``corenet.adapters.reactor.Reactor``, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.ports: dict[Address, MemoryUdpPort] = {}
        """What is bound now."""
        self.sent: list[Sent] = []
        """Every datagram that was sent so far, in order."""
        self.readers: list[object] = []
        """Descriptors that are watched for reading."""
        self.refused: dict[Address, int] = {}
        """Addresses that cannot be bound, with the errno of the refusal."""
        self._under_way: deque[Sent] = deque()

    def listenUDP(
        self,
        port: int,
        protocol: DatagramProtocol,
        interface: str = "",
        maxPacketSize: int = 8192,  # noqa: ARG002
    ) -> MemoryUdpPort:
        """Bind; port 0 takes a free one."""
        if port == 0:
            port = _FIRST_FREE_PORT
            while (interface, port) in self.ports:
                port += 1
        address = (interface, port)
        number = self.refused.get(address, errno.EADDRINUSE if address in self.ports else 0)
        if number:
            raise CannotListenError(interface, port, OSError(number, os.strerror(number)))
        bound = MemoryUdpPort(self, address, protocol)
        self.ports[address] = bound
        protocol.makeConnection(bound)
        return bound

    def addReader(self, reader: object) -> None:
        """Remember the reader."""
        self.readers.append(reader)

    def removeReader(self, reader: object) -> None:
        """Forget the reader."""
        self.readers.remove(reader)

    def arrive(self, data: bytes, source: Address, destination: Address) -> None:
        """Let a datagram be under way, from a port here or from a peer that a test plays."""
        datagram = Sent(data, source, destination)
        self.sent.append(datagram)
        self._under_way.append(datagram)

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> IDelayedCall:
        """Call after ``delay`` seconds of virtual time; what it sends arrives right after it."""

        def call(*args: object, **kw: object) -> None:
            callable(*args, **kw)
            self._carry()

        return super().callLater(delay, call, *args, **kw)

    def advance(self, amount: float) -> None:
        """Let time pass; whatever is under way, and what that causes, arrives."""
        super().advance(amount)
        self._carry()

    def _carry(self) -> None:
        while self._under_way:
            data, source, destination = self._under_way.popleft()
            port = self.ports.get(destination)
            if port is not None:
                port.protocol.datagramReceived(data, source)
