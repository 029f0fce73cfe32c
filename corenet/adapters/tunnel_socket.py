"""A UDP socket for G-PDUs, which come and go in batches.

Theory of operation. What waits in the socket is read with one call (``inbox``); who sent a datagram
is only looked up when somebody asks. A burst of datagrams of one length leaves as one message that
the kernel cuts up (UDP_SEGMENT, udp(7)); where it will not, because the path's MTU is too small for
them, they go one by one. DF is not set, so that what is longer than a link on the way is fragmented
there (TS 29.060 §9.3.2, §11.1).
"""

from __future__ import annotations

import socket
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, overload

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from corenet.adapters.inbox import BATCH, Inbox, address_of
from corenet.adapters.reactor import ReadsDescriptors
from corenet.adapters.udp import RECEIVE_BUFFER, CannotBindError, CannotSendError
from corenet.interfaces.bulk import Burst
from corenet.interfaces.node import Address

READS_PER_TURN: Final = 4
"""Reads after which other sockets get their turn."""

_UDP_SEGMENT: Final = 103
"""From <linux/udp.h>; Python has no name for it."""
_IP_MTU_DISCOVER: Final = 10
_IP_PMTUDISC_DONT: Final = 0

Arrived = Callable[[Sequence[bytes], Sequence[Address]], None]


class _Senders(Sequence[Address]):
    """Who sent the datagrams of the last batch, until the next is read."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def __len__(self) -> int:
        return BATCH

    @overload
    def __getitem__(self, index: int) -> Address: ...

    @overload
    def __getitem__(self, index: slice) -> list[Address]: ...

    def __getitem__(self, index: int | slice) -> Address | list[Address]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(BATCH))]
        return address_of(self._inbox.sender(index))


@implementer(IReadDescriptor)
class TunnelSocket:
    """One bound UDP socket, with the reader that the reactor calls."""

    def __init__(
        self,
        reactor: ReadsDescriptors,
        owner: str,
        address: Address,
        arrived: Arrived,
        counters: Counter[str],
    ) -> None:
        """Bind to ``address`` (port 0: any free one); raise ``CannotBindError``.

        ``arrived`` is given batches of datagrams and who sent them, and counters what was lost.
        """
        self._reactor = reactor
        self._arrived = arrived
        self._counters = counters
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, RECEIVE_BUFFER)
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DONT)
            self._socket.bind(address)
        except OSError as error:
            self._socket.close()
            raise CannotBindError.because(owner, address, error) from None
        self.address: Address = (address[0], self._socket.getsockname()[1])
        """The address it is bound to, with the port that the system chose where it was 0."""
        self._inbox = Inbox()
        self._senders = _Senders(self._inbox)
        reactor.addReader(self)

    def fileno(self) -> int:
        """Return what the reactor watches."""
        return self._socket.fileno()

    def logPrefix(self) -> str:
        """Return what the reactor's log calls it."""
        return f"G-PDUs at {self.address[0]}:{self.address[1]}"

    def doRead(self) -> None:
        """Read what has come, in batches, so that others get their turn in a flood."""
        for _ in range(READS_PER_TURN):
            descriptor = self._socket.fileno()
            datagrams = self._inbox.read(descriptor) if descriptor >= 0 else []
            if datagrams:
                self._arrived(datagrams, self._senders)
            if len(datagrams) < BATCH:
                return

    def send(self, data: bytes, peer: Address) -> None:
        """Send from the bound address; raise ``CannotSendError`` with what the system says."""
        try:
            self._socket.sendto(data, peer)
        except OSError as refused:
            raise CannotSendError(str(refused)) from None

    def send_burst(self, burst: Burst) -> None:
        """Send datagrams of one length; what the system does not take is counted as lost."""
        if burst.count > 1:
            size = struct.pack("=H", burst.size)
            segment = [(socket.IPPROTO_UDP, _UDP_SEGMENT, size)]
            try:
                self._socket.sendmsg(burst.pieces, segment, 0, burst.peer)
            except BlockingIOError:
                self._counters["gtp-u-not-sent"] += burst.count
                return
            except OSError:
                self._counters["gtp-u-bursts-cut-here"] += 1
            else:
                return
        for datagram in burst.datagrams():
            try:
                self._socket.sendto(datagram, burst.peer)
            except OSError:
                self._counters["gtp-u-not-sent"] += 1

    def close(self) -> Deferred[None]:
        """Close; the port is free at once."""
        if self._socket.fileno() >= 0:
            self._reactor.removeReader(self)
            self._socket.close()
        return succeed(None)

    def connectionLost(self, reason: Failure) -> None:  # noqa: ARG002
        """Close, when the reactor says that the socket is of no use any more."""
        self.close()
