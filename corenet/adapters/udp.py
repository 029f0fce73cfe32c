"""UDP sockets for nodes, and what is said when one cannot be had."""

from __future__ import annotations

import errno
import os
import socket
import traceback
from collections.abc import Callable, Sequence
from typing import cast

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError, MessageLengthError
from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.udp import Port

from corenet.adapters.bursts import send_together
from corenet.adapters.draining_port import LARGEST_DATAGRAM, Batch, DrainingPort
from corenet.adapters.hearing_port import HEARS_ICMP, HearingPort, Unreachable
from corenet.adapters.reactor import ListensUdp
from corenet.interfaces.node import Address

RECEIVE_BUFFER = 4 << 20
"""Octets that may wait in a socket, as far as the system allows (net.core.rmem_max).

A burst to thousands of mobiles is sent in one turn of the reactor and read in the next; with
Linux' usual 212,992 octets all but the first 250 small datagrams of it would be lost.
"""

_HOSTS_KNOWN = 10_000
"""Hosts of which a socket remembers that they are addresses and no names."""

_REASONS = {
    errno.EADDRINUSE: (
        "another program, or another lab on this machine, has this port",
        "End it, or give one of them another address",
    ),
    errno.EADDRNOTAVAIL: (
        "this machine has no such address",
        "Take one that it has: on Linux any of 127.0.0.0/8, or add it to an interface",
    ),
    errno.EACCES: (
        "an ordinary user may not open ports below 1024",
        "Take a higher port",
    ),
}


class CannotBindError(Exception):
    """A socket could not be bound. The sentence names the place, the reason and the remedy."""

    def __init__(
        self, owner: str, address: Address, reason: str, remedy: str, transport: str = "UDP"
    ) -> None:
        super().__init__(owner, address, reason, remedy, transport)
        self.owner = owner
        """The node or device that wanted the socket."""
        self.address = address
        self.reason = reason
        self.remedy = remedy
        self.transport = transport

    def __str__(self) -> str:
        host, port = self.address
        return (
            f"{self.owner} cannot listen on {self.transport} {host}:{port}: "
            f"{self.reason}. {self.remedy}."
        )

    @classmethod
    def because(
        cls,
        owner: str,
        address: Address,
        error: OSError,
        if_taken: str | None = None,
        *,
        transport: str = "UDP",
    ) -> CannotBindError:
        """Return the error for what the operating system said.

        ``if_taken`` is the remedy where the port is taken, if it is not another address.
        """
        number = error.errno or 0
        reason, remedy = _REASONS.get(
            number, (os.strerror(number) if number else str(error), "Check the address")
        )
        if number == errno.EADDRINUSE and if_taken is not None:
            remedy = if_taken
        return cls(owner, address, reason, remedy, transport)


class CannotSendError(Exception):
    """The operating system did not take a datagram; to the receiver it is lost."""


class UdpSocket(DatagramProtocol):
    """One bound UDP socket; what has come since it was last read is handed on as one batch."""

    noisy = False

    def __init__(
        self,
        reactor: ListensUdp,
        owner: str,
        address: Address,
        receive: Callable[[Batch], None],
        unreachable: Unreachable | None = None,
    ) -> None:
        """Bind to ``address`` (port 0: any free one); raise ``CannotBindError``.

        ``receive`` is called with the datagrams and their senders; ``unreachable`` hears of
        ICMP where the system tells.
        """
        self._receive = receive
        self._hosts: set[str] = set()
        host, port = address
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            if unreachable is not None and HEARS_ICMP:
                Port.startListening(HearingPort(port, self, host, reactor, unreachable))
            elif IReactorFDSet.providedBy(reactor):
                Port.startListening(DrainingPort(port, self, host, reactor))
            else:
                reactor.listenUDP(port, self, interface=host, maxPacketSize=LARGEST_DATAGRAM)
        except CannotListenError as failed:
            cause = failed.socketError
            error = cause if isinstance(cause, OSError) else OSError(str(cause))
            _close_unbound(error)
            raise CannotBindError.because(owner, address, error) from None
        self._port = cast("Port", self.transport)
        self._port.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._send = self._port.send if isinstance(self._port, DrainingPort) else self._port.write
        self.address: Address = (host, self._port.getHost().port)
        """The address it is bound to, with the port that the system chose where it was 0."""

    def hear(self) -> None:
        """Take at once what ICMP has said by now, if this socket hears of it."""
        if isinstance(self._port, HearingPort):
            self._port.hear()

    def batchReceived(self, batch: Batch) -> None:
        """Hand datagrams on (a ``DrainingPort`` calls this)."""
        self._receive(batch)

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """Hand a datagram on (Twisted calls this, for a reactor without file descriptors)."""
        self._receive([(datagram, (addr[0], addr[1]))])

    def send(self, data: bytes, peer: Address) -> None:
        """Send from the bound address; raise ``CannotSendError`` with what the system says."""
        try:
            if peer[0] not in self._hosts:
                self._require_address(peer[0])
            self._send(data, peer)
        except (OSError, OverflowError, MessageLengthError, ValueError) as refused:
            raise CannotSendError(str(refused)) from None

    def send_together(self, datagrams: Sequence[bytes], peer: Address) -> bool:
        """Send datagrams of one length at once; return whether the system has taken them.

        Where it has not, none of them has gone.
        """
        if peer[0] not in self._hosts or not isinstance(self._port, DrainingPort):
            return False
        try:
            send_together(self._port.socket, datagrams, peer)
        except OSError:
            return False
        return True

    def _require_address(self, host: str) -> None:
        """Raise OSError for a name: asking for its address would stop everything meanwhile."""
        socket.inet_pton(self._family, host)
        if len(self._hosts) >= _HOSTS_KNOWN:
            self._hosts.clear()
        self._hosts.add(host)

    def close(self) -> Deferred[None]:
        """Close; the Deferred fires when the port is free."""
        return self._port.stopListening() or succeed(None)


def _close_unbound(error: OSError) -> None:
    """Close the socket that Twisted could not bind, which it forgets to."""
    for frame, _line in traceback.walk_tb(error.__traceback__):
        unbound = frame.f_locals.get("skt")
        if isinstance(unbound, socket.socket):
            unbound.close()
