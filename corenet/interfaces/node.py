"""The verbs of a node: the contract between sans-IO nodes and what runs them.

Theory of operation. A node is a plain object that never touches a socket, a clock or a
thread. Whoever runs it (the Twisted runtime, the virtual-time network, a test) does three
things: gives it octets that arrived (``receive``), tells it that time has passed
(``handle_timeout`` at or after ``next_timeout``), and calls its commands. After each of
these it takes what came out: datagrams to send and past-tense events.

``now`` is seconds since 1970-01-01 UTC as a float. It never goes backwards.
"""

from __future__ import annotations

from dataclasses import Field
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

Address = tuple[str, int]
"""Host and port. On UDP an IP address and port; on an in-process link any name, and 0."""

SOME: Address = ("*", 1)
"""Attached here, a node gets what is for the addresses that it claims (``ClaimsAddresses``)."""

ANYWHERE: Address = ("*", 0)
"""Attached here, a node gets what is for no other node on that interface (many mobiles, say)."""


class Interface(StrEnum):
    """What a datagram travels on; a node has one attachment to each that it uses."""

    GTP_C = "gtp-c"
    """GTPv1-C over UDP 2123: Gn between SGSN and GGSN, Gc between GGSN and HLR."""
    GTP_U = "gtp-u"
    """GTPv1-U over UDP 2152 between SGSN and GGSN."""
    GI = "gi"
    """Whole IP packets between the GGSN and the packet data network.

    The peer is the network behind an APN, by the APN's name, and 0; from there it is ("", 0).
    """
    RADIO = "radio"
    """LLC frames between SGSN and mobile."""
    TERMINAL = "terminal"
    """Whole IP packets between a mobile and programs that run on it, by its IMSI, and 0."""
    UM = "um"
    """The same to mobiles of other processes: GSMTAP over UDP."""
    GR = "gr"
    """GSUP messages between SGSN and HLR."""
    GSUP = "gsup"
    """The same to other processes: GSUP in IPA over TCP."""
    RADIUS = "radius"
    """RADIUS over UDP from a GGSN to its servers: accounting (1813) and authentication (1812)."""
    RADIUS_ORDERS = "radius-orders"
    """RADIUS over UDP 3799 from servers to a GGSN: Disconnect and CoA (RFC 5176)."""
    WDP = "wdp"
    """WAP datagrams over UDP between the gateway and terminals' addresses."""
    WDP6 = "wdp6"
    """The same over IPv6."""
    SMPP = "smpp"
    """SMPP over TCP between an SMSC and external short message entities."""
    WSP = "wsp"
    """WSP sessions over WTP over UDP between the gateway and terminals' addresses."""


class Datagram(NamedTuple):
    """Octets that a node wants sent. ``local`` of None means the attachment's own address.

    A named tuple instead of a dataclass, because it is made in a third of the time.
    """

    interface: Interface
    peer: Address
    data: bytes
    local: Address | None = None


class Event:
    """Something that has happened. Subclasses are slotted dataclasses, named in the past tense.

    They are to be read only, and frozen, but for those that each context makes: a frozen object
    takes three times as long to make.
    """

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    """Of each subclass, as ``dataclasses.fields`` reads them."""


class Node(Protocol):
    """A sans-IO node."""

    @property
    def name(self) -> str:
        """The name that logs, captures and the lab file use."""
        ...

    def start(self, now: float) -> None:
        """Begin service: what a node does on its own once it is up."""
        ...

    def stop(self, now: float) -> None:
        """End service in good order; the farewells are taken as datagrams afterwards."""
        ...

    def receive(
        self, interface: Interface, data: bytes, *, peer: Address, local: Address, now: float
    ) -> None:
        """Take octets that ``peer`` sent to ``local``. Never raises for what a peer sent."""
        ...

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        ...

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        ...

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        ...

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        ...


@runtime_checkable
class ClaimsAddresses(Protocol):
    """A node that serves some addresses of an interface, which come and go: attached at SOME."""

    def claims(self, address: Address) -> bool:
        """Return whether what is for ``address`` is this node's."""
        ...


@runtime_checkable
class StopsInTurns(Protocol):
    """A node that may have so much to end that ``stop`` only begins with it."""

    @property
    def is_stopping(self) -> bool:
        """Whether there is more to end, at its next timeouts."""
        ...


@runtime_checkable
class HearsUnreachable(Protocol):
    """A node that wants to know when the network could not deliver what it sent over UDP.

    It is told of its interfaces to mobiles (``attachments.TO_MOBILES``), where the network tells.
    """

    def unreachable(self, interface: Interface, peer: Address, *, host: bool, now: float) -> None:
        """Take note that a datagram for ``peer`` did not arrive (ICMP, RFC 792).

        ``host`` says that there is no way to the host, not only that nobody has the port.
        """
        ...
