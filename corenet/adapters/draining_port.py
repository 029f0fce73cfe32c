"""A UDP port that is read until it is empty, and hands on what had come as one batch.

Twisted's own calls its protocol once per datagram; whoever gets them has then to look after every
single one whether there is something to send, to tell or to wait for. Under load many have come by
the time the port is read, and looking once is enough.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import Any, Final, Protocol, cast

from twisted.internet.protocol import DatagramProtocol
from twisted.internet.udp import Port
from twisted.logger import Logger

from corenet.adapters.inbox import BATCH, READS_TOGETHER, Inbox, address_of
from corenet.interfaces.node import Address

LARGEST_DATAGRAM: Final = 65_535
"""Octets read at once: a whole datagram whatever its size."""
AT_ONCE: Final = BATCH
"""Datagrams in a batch at most, so that other sockets and timers get their turn."""

SENDERS_KNOWN: Final = 10_000
"""Senders whose address a port remembers."""

_LEFT_ALONE: Final = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR, errno.ECONNREFUSED})
"""What reading ends with when there is nothing more, and what an unconnected socket may ignore."""

Batch = list[tuple[bytes, Address]]
"""Datagrams with where they came from, in the order in which they arrived."""


class TakesBatches(Protocol):
    """What a draining port hands its datagrams to."""

    def batchReceived(self, batch: Batch) -> None:
        """Take what has come."""
        ...


class DrainingPort(Port):
    """One bound UDP socket whose protocol gets batches."""

    _log = Logger(namespace="corenet.udp")

    def __init__(self, port: int, protocol: DatagramProtocol, interface: str, reactor: Any) -> None:
        """Make a port that does not listen yet; ``protocol`` satisfies ``TakesBatches`` too."""
        Port.__init__(self, port, protocol, interface, LARGEST_DATAGRAM, reactor)
        self._takes = cast("TakesBatches", protocol)
        self._senders: dict[Address | bytes, Address] = {}
        self._inbox: Inbox | None = None

    def doRead(self) -> None:
        """Read what has come (Twisted calls this)."""
        inbox = self._inbox
        if inbox is None:
            if not READS_TOGETHER or self.addressFamily != socket.AF_INET:
                self.read_singly()
                return
            inbox = self._inbox = Inbox()
        datagrams = inbox.read(self.socket.fileno())
        if datagrams:
            known, senders = self._senders, inbox.senders(len(datagrams))
            peers = [known.get(one) or self._remember_octets(one) for one in senders]
            self._hand_on(list(zip(datagrams, peers, strict=True)))
        elif inbox.error not in _LEFT_ALONE:
            raise OSError(inbox.error, os.strerror(inbox.error))

    def read_singly(self) -> None:
        """Read what has come, each datagram by itself."""
        batch: Batch = []
        receive, known = self.socket.recvfrom, self._senders
        try:
            while len(batch) < AT_ONCE:
                data, sender = receive(LARGEST_DATAGRAM)
                batch.append((data, known.get(sender) or self._remember(sender)))
        except OSError as error:
            if error.errno not in _LEFT_ALONE:
                raise
        finally:
            if batch:
                self._hand_on(batch)

    def _hand_on(self, batch: Batch) -> None:
        try:
            self._takes.batchReceived(batch)
        except Exception:
            # A reactor gives up a port that raises.
            self._log.failure("What {octets} octets led to raised", octets=len(batch[0][0]))

    def _remember_octets(self, sender: bytes) -> Address:
        return self._kept(sender, address_of(sender))

    def _remember(self, sender: tuple[Any, ...]) -> Address:
        """Return a sender's address, the same object whenever it comes again.

        Nodes keep who asked them with everything they were asked for.
        """
        address: Address = sender[0], sender[1]
        # An IPv6 sender has flow and scope besides.
        return self._kept(address, address) if len(sender) == len(address) else address

    def _kept(self, key: Address | bytes, address: Address) -> Address:
        if len(self._senders) >= SENDERS_KNOWN:
            self._senders.clear()
        self._senders[key] = address
        return address

    def send(self, datagram: bytes, peer: Address) -> None:
        """Send, without asking what kind of address ``peer`` is; OSError as usual."""
        self.socket.sendto(datagram, peer)
