"""A PDP context as one mobile has it, and what it needs of the mobile.

Specs: TS 24.008 §6.1.2.1 (states), §10.5.6 (what it is made of).
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

from corenet.gi.flows import Filters
from corenet.interfaces.nas import sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.mobile.autoconfiguration import Autoconfiguration
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import ContextState, ContextView
from corenet.mobile.states import SESSION
from corenet.mobile.surroundings import Repetition, Surroundings


class Signalling(Protocol):
    """What sessions need of their mobile."""

    @property
    def imsi(self) -> str:
        """Whose sessions they are."""
        ...

    @property
    def surroundings(self) -> Surroundings:
        """What mobiles share."""
        ...

    @property
    def config(self) -> MobileConfig:
        """What its user has set up."""
        ...

    def detach(self, now: float) -> None:
        """Detach, and stay powered."""
        ...

    def send_packet(self, context: Context, packet: bytes) -> None:
        """Send an IP packet through a context or one that shares its address."""
        ...

    def send_signalling(self, octets: bytes) -> None:
        """Send a layer 3 message to the network."""
        ...

    def context_activated(self, address: str, now: float) -> None:
        """Hear that a context is active."""
        ...

    def context_ended(self, address: str, now: float) -> None:
        """Hear that an active context is gone."""
        ...

    def context_refused(self, now: float) -> None:
        """Hear that a context that was on its way does not come."""
        ...


class Modification:
    """What a mobile has asked the network to change of a context."""

    __slots__ = ("filters", "repetition")

    def __init__(self, filters: Filters, repetition: Repetition) -> None:
        self.filters = filters
        """Of the context, once the network accepts."""
        self.repetition = repetition


class Context:
    """One PDP context."""

    __slots__ = (
        "address",
        "apn",
        "autoconfiguration",
        "filters",
        "linked",
        "llc_sapi",
        "modification",
        "n_pdu",
        "nsapi",
        "qos",
        "repetition",
        "requested",
        "since",
        "state",
        "ti",
    )

    def __init__(
        self,
        ti: sm.TransactionIdentifier,
        nsapi: int,
        apn: str | None,
        requested: PdpAddress,
        now: float,
        linked: Context | None = None,
    ) -> None:
        """``linked`` is the context whose address a secondary one shares."""
        self.ti = ti
        self.nsapi = nsapi
        self.apn = apn
        self.requested = requested
        self.address = ""
        """The IPv4 address; of IPv6 alone the global one, or the link-local one until it is there.

        A secondary context has that of the one it is linked to.
        """
        self.autoconfiguration: Autoconfiguration | None = None
        """Of a context with IPv6."""
        self.state = ContextState.ACTIVATING
        self.since = now
        self.llc_sapi = sm.LLC_SAPI_FOR_DATA
        self.n_pdu = 0
        self.repetition: Repetition | None = None
        self.qos = sm.SUBSCRIBED_QOS
        """Asked for at first, then negotiated (TS 24.008 §10.5.6.5)."""
        self.filters: Filters = ()
        """The traffic flow template."""
        self.linked = None if linked is None else linked.nsapi
        """NSAPI of the context that a secondary one was linked to; None for a primary one."""
        self.modification: Modification | None = None
        """What the mobile wants changed; T3381 runs."""

    @property
    def network_requested(self) -> bool:
        """Whether the network allotted the transaction identifier."""
        return self.ti.flag

    @property
    def ipv6_address(self) -> str:
        """The global IPv6 address, "" where there is none yet or none at all."""
        return "" if self.autoconfiguration is None else self.autoconfiguration.address

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that packets for it have."""
        own = self.autoconfiguration
        if own is None:
            return (self.address,)
        return tuple(filter(None, {self.address, own.address, own.link_local}))

    def take_address(self, given: PdpAddress, mobile: Signalling, now: float) -> None:
        """Take the PDP address that the network has given; of IPv6 it may be a part of one."""
        if given.ipv6 is not None:
            own = self.autoconfiguration = Autoconfiguration(
                given.octets,
                mobile.surroundings,
                partial(mobile.send_packet, self),
                now,
                is_static=given == self.requested,
            )
            self.address = own.address or own.link_local
        if given.ipv4 is not None:
            self.address = given.ipv4

    def stop_modification(self) -> None:
        """End what the mobile wants changed: T3381 stops."""
        if self.modification is not None:
            self.modification.repetition.stop()
            self.modification = None

    def enter(self, state: ContextState, now: float) -> None:
        """Change the state."""
        SESSION.check(self.state, state)
        self.state, self.since = state, now

    def view(self) -> ContextView:
        """Return what the context is like now."""
        return ContextView(
            apn=self.apn or "",
            nsapi=self.nsapi,
            ti=self.ti.value,
            state=self.state,
            address=self.address,
            ipv6_address=self.ipv6_address,
            since=self.since,
            network_requested=self.network_requested,
            linked_nsapi=self.linked,
            qos=self.qos,
            filters=len(self.filters),
        )

    def is_for(self, request: sm.RequestPdpContextActivation) -> bool:
        """Whether this is the very context that the network asks for."""
        return self.requested == request.pdp_address and self.apn == request.apn

    def may_be_for(self, request: sm.RequestPdpContextActivation) -> bool:
        """Whether an address or APN that is still open leaves in doubt if it is the one."""
        offered = request.pdp_address
        return (
            (self.apn == request.apn or self.apn is None or request.apn is None)
            and self.requested.type_number == offered.type_number
            and (self.requested == offered or self.requested.dynamic or offered.dynamic)
        )

    def stands_for(self, request: sm.RequestPdpContextActivation) -> bool:
        """Whether it has, or is to have, the PDP address and APN that the network asks for."""
        if self.state is ContextState.ACTIVATING:
            return self.is_for(request)
        offered = request.pdp_address
        return self.apn == request.apn and (
            offered.dynamic or (offered.ipv4 or offered.ipv6) in self.addresses
        )
