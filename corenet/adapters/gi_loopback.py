"""Gi without privileges: mobiles have addresses of this host's loopback network.

Theory of operation. Linux takes every address of 127.0.0.0/8 as its own, so a program on this
host reaches a mobile at, say, 127.10.0.7 by sending it a datagram. One UDP socket per
forwarded port, bound to 0.0.0.0 with IP_PKTINFO, receives what is sent to any mobile on that
port and learns which mobile it was for; what a mobile sends goes out of the socket of its
source port, with IP_PKTINFO naming the mobile as the source (ip(7)).

Other ports are those that mobiles take for conversations which they begin. A mobile's first
datagram from one of them opens a socket bound to its address and that port, by which the answers
come back. It is closed when nothing has passed for long. There are not too many of them: beyond
that, the one that is idle for longest gives way.

It is no relay: both ends are loopback addresses, and the mobile's is in the networks that
this core was given. Everything else is dropped and counted.

Whose port it is. The sockets are bound without SO_REUSEADDR and SO_REUSEPORT on purpose.
With the former a second core on the same port would silently take every datagram of the
first, whatever its networks; with the latter the kernel would deal them out between the two.
So the second one fails to start and says why. For the same reason a server bound to one
loopback address (a gateway's 127.0.0.2:9200) and this device cannot both have a port: forward
only the ports that mobiles listen on.

Several cores at once. Where there are few addresses, each can have its socket instead
(``per_address``): bound to that address alone, it is in nobody's way who has other addresses.
All of them are there from the start, for a datagram that comes before a mobile's context is what
has the context activated.
"""

from __future__ import annotations

import socket
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Final, Protocol

from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from corenet.adapters.draining_port import LARGEST_DATAGRAM
from corenet.adapters.reactor import ReadsDescriptors, ScheduledCall, Schedules
from corenet.adapters.udp import RECEIVE_BUFFER, CannotBindError
from corenet.gi.ip import IpError, parse_udp, udp_packet
from corenet.interfaces.node import Address

LOOPBACK: Final = IPv4Network("127.0.0.0/8")
PUSH_PORT: Final = 2948
"""Where mobiles listen for connectionless WAP pushes (WAP-259)."""

_IP_PKTINFO: Final = 8
"""From <linux/in.h>; Python has no name for it before 3.14."""
_PKTINFO: Final = struct.Struct("=i4s4s")
"""struct in_pktinfo: interface, local address, address in the header."""
_DATAGRAMS_PER_READ: Final = 64
_ANY: Final = "0.0.0.0"


IDLE_TIME: Final = 3600.0
"""Seconds after which a mobile's own port is closed: as long as a WSP session may be silent."""
MOST_OWN_PORTS: Final = 400
"""Sockets for mobiles' own ports: well below the 1024 descriptors that a process usually has."""
MOST_ADDRESSES: Final = 256
"""Addresses that can have a socket each, for every forwarded port."""


class GiReactor(ReadsDescriptors, Schedules, Protocol):
    """What the device asks of a reactor."""


class NotLoopbackError(ValueError):
    """A network of mobiles is not one that this host has to itself."""


class TooManyAddressesError(ValueError):
    """There are more addresses than can have a socket each."""


class LoopbackGi:
    """A Gi device on this host's loopback network (a ``corenet.adapters.reactor.GiDevice``)."""

    def __init__(
        self,
        reactor: GiReactor,
        networks: Iterable[IPv4Network],
        *,
        ports: Sequence[int] = (PUSH_PORT,),
        per_address: bool = False,
        name: str = "Gi",
        idle_time: float = IDLE_TIME,
        most_own_ports: int = MOST_OWN_PORTS,
    ) -> None:
        """Make a device for mobiles in ``networks`` that is not open yet.

        ``ports`` are the UDP ports of mobiles that the host can always reach, by one socket each,
        or with ``per_address`` by one for each address too. Raise ``NotLoopbackError`` for a
        network outside 127.0.0.0/8, or with 127.0.0.1 in it, and ``TooManyAddressesError`` for
        more than ``MOST_ADDRESSES``.
        """
        self._networks: dict[int, set[int]] = {}
        networks = tuple(networks)
        for network in networks:
            if not network.subnet_of(LOOPBACK):
                raise NotLoopbackError(
                    f"Gi on loopback cannot have mobiles in {network}: give them addresses "
                    f"of {LOOPBACK}, such as 127.10.0.0/16"
                )
            if IPv4Address("127.0.0.1") in network:
                raise NotLoopbackError(
                    f"Gi on loopback cannot have mobiles in {network}: 127.0.0.1 is this host; "
                    "take a network beside it, such as 127.10.0.0/16"
                )
            same_size = self._networks.setdefault(int(network.netmask), set())
            same_size.add(int(network.network_address))
        self._hosts = _addresses(networks) if per_address else ()
        self._reactor = reactor
        self.ports = tuple(dict.fromkeys(ports))
        """The forwarded ports."""
        self._name = name
        self._deliver: Callable[[bytes], None] = lambda _packet: None
        self._open: dict[Address, _ForwardedPort] = {}
        self._idle_time = idle_time
        self._most_own_ports = most_own_ports
        # Those unused for longest come first.
        self._own: OrderedDict[Address, _OwnPort] = OrderedDict()
        self._sweep: ScheduledCall | None = None
        self.counters: Counter[str] = Counter()
        """Datagrams "received" and "sent", those dropped by reason, own ports opened and closed."""

    @property
    def own_ports(self) -> int:
        """How many ports are open that mobiles have taken by themselves."""
        return len(self._own)

    def start(self, deliver: Callable[[bytes], None]) -> None:
        """Bind the ports; raise ``CannotBindError`` where one is taken, with none left bound."""
        self._deliver = deliver
        try:
            for end in ((host, port) for port in self.ports for host in self._hosts or (_ANY,)):
                self._open[end] = _ForwardedPort(end, self._name, self._received, self.counters)
        except CannotBindError:
            self.stop()
            raise
        for forwarded in self._open.values():
            self._reactor.addReader(forwarded)

    def stop(self) -> None:
        """Close the ports."""
        for forwarded in self._open.values():
            if forwarded.fileno() >= 0:
                self._reactor.removeReader(forwarded)
            forwarded.close()
        self._open.clear()
        for end in tuple(self._own):
            self._close(end)
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def send(self, packet: bytes) -> None:
        """Send a mobile's UDP datagram to a program on this host; drop and count all else."""
        try:
            datagram = parse_udp(packet)
        except IpError:
            self.counters["dropped: not UDP"] += 1
            return
        source, destination = datagram.source, datagram.destination
        forwarded = self._open.get(source if self._hosts else (_ANY, source[1]))
        if not self._is_mobile(source[0]):
            self.counters["dropped: source is no mobile"] += 1
        elif not destination[0].startswith("127."):
            self.counters["dropped: destination outside this host"] += 1
        elif forwarded is not None:
            forwarded.send(source[0], destination, datagram.payload)
        elif (own := self._own_port(source)) is not None:
            own.send(destination, datagram.payload)

    def _own_port(self, end: Address) -> _OwnPort | None:
        """Return the socket of a mobile's own port, open and in use from now on."""
        own = self._own.get(end)
        if own is None or own.fileno() < 0:
            self._own.pop(end, None)
            if len(self._own) >= self._most_own_ports:
                self._close(next(iter(self._own)))
                self.counters["own ports closed: too many"] += 1
            try:
                own = self._own[end] = _OwnPort(end, self._received_on_own, self.counters)
            except OSError:
                self.counters["dropped: source port not to be had"] += 1
                return None
            self.counters["own ports opened"] += 1
            self._reactor.addReader(own)
        self._note_use(end)
        return own

    def _note_use(self, end: Address) -> None:
        self._own[end].last_used = self._reactor.seconds()
        self._own.move_to_end(end)
        if self._sweep is None:
            self._sweep = self._reactor.callLater(self._idle_time, self._close_idle)

    def _close_idle(self) -> None:
        self._sweep = None
        now = self._reactor.seconds()
        while self._own:
            end, own = next(iter(self._own.items()))
            left = own.last_used + self._idle_time - now
            if left > 0:
                self._sweep = self._reactor.callLater(left, self._close_idle)
                return
            self._close(end)
            self.counters["own ports closed: idle"] += 1

    def _close(self, end: Address) -> None:
        own = self._own.pop(end)
        if own.fileno() >= 0:
            self._reactor.removeReader(own)
        own.close()

    def _received_on_own(self, source: Address, destination: Address, payload: bytes) -> None:
        if destination in self._own:
            self._note_use(destination)
            self._received(source, destination, payload)

    def _received(self, source: Address, destination: Address, payload: bytes) -> None:
        if not self._is_mobile(destination[0]):
            self.counters["dropped: destination is no mobile"] += 1
        elif not source[0].startswith("127."):
            self.counters["dropped: source outside loopback"] += 1
        else:
            self.counters["received"] += 1
            self._deliver(udp_packet(source, destination, payload))

    def _is_mobile(self, host: str) -> bool:
        if ":" in host:
            return False
        number = int.from_bytes(socket.inet_aton(host), "big")
        return any(number & mask in networks for mask, networks in self._networks.items())


def _addresses(networks: Iterable[IPv4Network]) -> tuple[str, ...]:
    """Return every address of ``networks`` once."""
    found: dict[str, None] = {}
    for network in networks:
        if network.num_addresses <= MOST_ADDRESSES:
            found.update(dict.fromkeys(map(str, network)))
        if network.num_addresses > MOST_ADDRESSES or len(found) > MOST_ADDRESSES:
            raise TooManyAddressesError(
                f"not every address of {network} can have a socket of its own: there can be "
                f"{MOST_ADDRESSES} in all"
            )
    return tuple(found)


@implementer(IReadDescriptor)
class _ForwardedPort:
    """One UDP port, of all mobiles or of one."""

    def __init__(
        self,
        end: Address,
        owner: str,
        received: Callable[[Address, Address, bytes], None],
        counters: Counter[str],
    ) -> None:
        self._end = end
        self._received = received
        self._counters = counters
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self._socket.bind(end)
        except OSError as error:
            self._socket.close()
            remedy = "End it, or forward other ports of mobiles"
            raise CannotBindError.because(owner, end, error, remedy) from None

    def fileno(self) -> int:
        """Return what the reactor watches."""
        return self._socket.fileno()

    def logPrefix(self) -> str:
        """Return what the reactor's log calls it."""
        return f"Gi port {self._end[1]}"

    def doRead(self) -> None:
        """Read what has come, in batches, so that others get their turn in a flood."""
        for _ in range(_DATAGRAMS_PER_READ):
            try:
                payload, ancillary, _flags, source = self._socket.recvmsg(
                    LARGEST_DATAGRAM, socket.CMSG_SPACE(_PKTINFO.size)
                )
            except OSError:
                # Nothing left, or the echo of something that could not be sent: both pass.
                return
            for level, kind, value in ancillary:
                if level == socket.IPPROTO_IP and kind == _IP_PKTINFO:
                    destination = socket.inet_ntoa(_PKTINFO.unpack(value)[2])
                    self._received(source, (destination, self._end[1]), payload)

    def send(self, mobile: str, destination: Address, payload: bytes) -> None:
        """Send with ``mobile`` as the source address."""
        source = _PKTINFO.pack(0, socket.inet_aton(mobile), bytes(4))
        try:
            self._socket.sendmsg(
                [payload], [(socket.IPPROTO_IP, _IP_PKTINFO, source)], 0, destination
            )
        except OSError:
            self._counters["dropped: not taken by the system"] += 1
        else:
            self._counters["sent"] += 1

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def connectionLost(self, reason: Failure) -> None:  # noqa: ARG002
        """Close, when the reactor says that the socket is of no use any more."""
        self.close()


@implementer(IReadDescriptor)
class _OwnPort:
    """A UDP port that one mobile has taken by itself."""

    def __init__(
        self,
        end: Address,
        received: Callable[[Address, Address, bytes], None],
        counters: Counter[str],
    ) -> None:
        """Bind to ``end``; raise ``OSError`` where it is taken or no socket is left."""
        self.last_used = 0.0
        """By the reactor's clock, in seconds."""
        self._end = end
        self._received = received
        self._counters = counters
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.bind(end)
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """Return what the reactor watches."""
        return self._socket.fileno()

    def logPrefix(self) -> str:
        """Return what the reactor's log calls it."""
        return f"Gi {self._end[0]}:{self._end[1]}"

    def doRead(self) -> None:
        """Read what has come, in batches, so that others get their turn in a flood."""
        for _ in range(_DATAGRAMS_PER_READ):
            try:
                payload, source = self._socket.recvfrom(LARGEST_DATAGRAM)
            except OSError:
                # Nothing left, or what was read before has led to the end of this port.
                return
            self._received(source, self._end, payload)

    def send(self, destination: Address, payload: bytes) -> None:
        """Send from the mobile's address and port."""
        try:
            self._socket.sendto(payload, destination)
        except OSError:
            self._counters["dropped: not taken by the system"] += 1
        else:
            self._counters["sent"] += 1

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def connectionLost(self, reason: Failure) -> None:  # noqa: ARG002
        """Close, when the reactor says that the socket is of no use any more."""
        self.close()
