"""A UDP port that hears of ICMP: which datagrams could not be delivered.

Specs: ip(7) IP_RECVERR, ipv6(7) IPV6_RECVERR; RFC 792, RFC 4443 §3.1. Linux only; other systems
tell connected sockets alone.

Theory of operation. With IP_RECVERR the kernel keeps what ICMP says about this socket's datagrams
in a queue. While something is in it the socket polls as broken, and the next call on it fails,
whatever it is for: so reading and sending look into the queue first and then do what they were to
do. A reactor that is told of an error and of nothing else would give the port up;
``IHalfCloseableDescriptor`` is how a descriptor says that it goes on.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.interfaces import IHalfCloseableDescriptor
from twisted.python.failure import Failure
from zope.interface import classImplements

from corenet.adapters.draining_port import DrainingPort
from corenet.interfaces.node import Address

if TYPE_CHECKING:
    from twisted.internet.protocol import DatagramProtocol

HEARS_ICMP: Final = sys.platform == "linux"
"""Whether this system tells."""
Unreachable = Callable[[Address, bool], None]
"""Called with where a datagram did not arrive, and whether there is no way to the host at all."""

_IP_RECVERR: Final = 11
"""From <linux/in.h>; Python has no name for it."""
_IPV6_RECVERR: Final = 25
"""From <linux/in6.h>."""
_RECEIVE_ERRORS: Final = {
    socket.AF_INET: (socket.IPPROTO_IP, _IP_RECVERR),
    socket.AF_INET6: (socket.IPPROTO_IPV6, _IPV6_RECVERR),
}
"""Level and option by family."""
_EXTENDED_ERROR: Final = struct.Struct("=IBBBxII")
"""struct sock_extended_err: errno, origin, ICMP type and code, info, data."""
_FROM_ICMP: Final = 2
_DESTINATION_UNREACHABLE: Final = 3
_PROTOCOL, _PORT, _TOO_LARGE = 2, 3, 4
"""Codes that say nothing about the host."""
_FROM_ICMPV6: Final = 3
_DESTINATION_UNREACHABLE_V6: Final = 1
_PORT_V6: Final = 4
_QUOTED: Final = 512
_ERRORS_PER_READ: Final = 64
_HEARD: Final = frozenset(
    {
        errno.ECONNREFUSED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.EACCES,
        errno.EPROTO,
        errno.ENOPROTOOPT,
        errno.EOPNOTSUPP,
        errno.ENONET,
        errno.EMSGSIZE,
    }
)
"""What a call on the socket fails with because of what is in the queue."""


class HearingPort(DrainingPort):
    """One bound UDP socket that tells which of its datagrams did not arrive."""

    def __init__(
        self,
        port: int,
        protocol: DatagramProtocol,
        interface: str,
        reactor: Any,
        unreachable: Unreachable,
    ) -> None:
        DrainingPort.__init__(self, port, protocol, interface, reactor)
        self._unreachable = unreachable

    def createInternetSocket(self) -> socket.socket:
        """Return the socket, which keeps what ICMP says (Twisted calls this)."""
        created: socket.socket = DrainingPort.createInternetSocket(self)
        created.setsockopt(*_RECEIVE_ERRORS[created.family], 1)
        return created

    def doRead(self) -> None:
        """Read what has come (Twisted calls this); errors come between, so each by itself."""
        self.hear()
        try:
            self.read_singly()
        except OSError as error:
            if error.errno not in _HEARD:
                raise
            self.hear()

    def send(self, datagram: bytes, peer: Address) -> None:
        """Send, also where something was heard about an earlier datagram; OSError as usual."""
        try:
            self.socket.sendto(datagram, peer)
        except OSError as error:
            if error.errno not in _HEARD or not self.hear():
                raise
            self.socket.sendto(datagram, peer)

    def readConnectionLost(self, reason: Failure) -> None:  # noqa: ARG002
        """Go on after an error on the socket (Twisted calls this)."""
        self.hear()
        self.reactor.addReader(self)

    def hear(self) -> bool:
        """Take what has come back by now; return whether anything has."""
        heard = False
        for _ in range(_ERRORS_PER_READ):
            try:
                _, ancillary, _, peer = self.socket.recvmsg(_QUOTED, _QUOTED, socket.MSG_ERRQUEUE)
            except OSError:
                return heard
            heard = True
            for level, kind, value in ancillary:
                if (level, kind) in _RECEIVE_ERRORS.values():
                    self._tell(value, peer)
        return heard

    def _tell(self, extended: bytes, peer: Address) -> None:
        host = is_host_unreachable(extended)
        if host is not None:
            self._unreachable((peer[0], peer[1]), host)


def is_host_unreachable(extended: bytes) -> bool | None:
    """Read a struct sock_extended_err: whether the host, or else its port, cannot be reached.

    None where it says neither.
    """
    _, origin, icmp_type, code, _, _ = _EXTENDED_ERROR.unpack_from(extended)
    if (origin, icmp_type) == (_FROM_ICMPV6, _DESTINATION_UNREACHABLE_V6):
        return bool(code != _PORT_V6)
    if (origin, icmp_type) != (_FROM_ICMP, _DESTINATION_UNREACHABLE) or code == _TOO_LARGE:
        return None
    return code not in (_PROTOCOL, _PORT)


# Declared here, for the interface and Twisted's own FileDescriptor disagree about arguments.
classImplements(HearingPort, IHalfCloseableDescriptor)
