"""The HLR as a node: Gc with GGSNs over GTP-C, Gr with SGSNs and service centres over GSUP.

Specs: TS 23.060 §5.4.2 (HLR), TS 29.060 §7.4 (location management messages), TS 29.002 §19,
§24 (what Gr means).

The GGSNs speak to it as they would to a GTP-MAP protocol converter with an HLR behind it.
"""

from __future__ import annotations

from itertools import islice
from random import Random

from corenet.hlr.authentication import Authentication
from corenet.hlr.config import HlrConfig, Subscriber
from corenet.hlr.events import HlrBegan
from corenet.hlr.gr import Gr, GrCounters
from corenet.hlr.provisioning import Provisioning
from corenet.hlr.reachability import Reachability
from corenet.hlr.register import Location, Record, Register
from corenet.hlr.routeing import Routeing
from corenet.hlr.short_messages import ShortMessageCounters, ShortMessages
from corenet.hlr.store import Keeping, Store
from corenet.interfaces.gsup import SmAlertReason
from corenet.interfaces.node import Address, Datagram, Event, Interface
from gtp.codes import MsNotReachableReason
from gtp.constants import MessageType
from gtp.counters import EndpointCounters
from gtp.endpoint import (
    Endpoint,
    RequestFailed,
    RequestReceived,
    ResponseReceived,
)
from gtp.messages import FailureReportRequest, SendRouteingInformationRequest

SERVED = frozenset(
    {
        MessageType.SEND_ROUTEING_INFORMATION_FOR_GPRS_REQUEST,
        MessageType.FAILURE_REPORT_REQUEST,
    }
)
"""Requests of GTP-C that an HLR answers, beside Echo Request."""


class Hlr:
    """A home location register for GPRS."""

    def __init__(
        self,
        config: HlrConfig,
        *,
        name: str = "hlr",
        random: Random,
        recovery: int,
        store: Store | None = None,
    ) -> None:
        """``recovery`` is the restart counter of its GTP-C, 0 to 255.

        With a ``store`` it goes on where it, or the one before it, was; the store's owner closes
        it. The subscribers of ``config`` that the store does not know are added to it.
        """
        self.name = name
        self.config = config
        self._datagrams: list[Datagram] = []
        self._events: list[Event] = []
        self._register = Register(config.subscribers if store is None else ())
        self._keeping = (
            None if store is None else Keeping(store, config.subscribers, self._register)
        )
        self._endpoint = Endpoint(
            timers=config.timers, recovery=recovery, accepts=SERVED, random=random
        )
        self._reachability = Reachability(self._endpoint, self._events)
        self._routeing = Routeing(self._register, self._endpoint, self._reachability, self._events)
        self._short_messages = ShortMessages(
            config, self._register, self._reachability, self._datagrams, self._events
        )
        self._reachability.on_present = lambda record, now: self._short_messages.alert(
            record, SmAlertReason.MS_PRESENT, now
        )
        self._gr = gr = Gr(
            self._register,
            self._reachability,
            self._short_messages,
            Authentication(config.vectors, random, self._events),
            config.gr_timeout,
            config.foreign_sgsns,
            self._datagrams,
            self._events,
        )
        self._provisioning = Provisioning(self._register, gr, self._keeping, self._events)
        self._commit: float | None = None
        """When what has changed is to be kept; until then nothing is said."""

    def start(self, now: float) -> None:
        """Begin service; an HLR waits to be asked, but for what an earlier life has left."""
        if self._keeping is None:
            self._events.append(HlrBegan())
        self._reachability.begin(self._register, now)
        self._follow(now)

    def stop(self, now: float) -> None:
        """End service; what has changed is kept, and who waits for that is told."""
        if self._commit is not None:
            self._commit = now
            self._keep(now)

    def receive(
        self,
        interface: Interface,
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002  # an HLR has one address on each interface
        now: float,
    ) -> None:
        """Take octets that ``peer`` sent. Never raises for what a peer sent."""
        if interface is Interface.GR:
            self._gr.receive(data, peer, now)
        elif interface is Interface.GTP_C:
            self._endpoint.receive(data, peer, now)
        self._follow(now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        timeouts = (
            self._endpoint.next_timeout(),
            self._gr.next_timeout(),
            self._short_messages.next_timeout(),
            self._commit,
            self._reachability.next_timeout(),
        )
        return min((timeout for timeout in timeouts if timeout is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._endpoint.handle_timeout(now)
        self._gr.handle_timeout(now)
        self._short_messages.handle_timeout(now)
        self._reachability.handle_timeout(now)
        self._follow(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        if self._commit is not None:
            return []
        datagrams = self._datagrams[:]
        self._datagrams.clear()
        return datagrams

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        events = self._events[:]
        self._events.clear()
        return events

    def create(self, subscriber: Subscriber, now: float) -> None:
        """Add a subscriber. Raises TakenError, NotKeptError."""
        self._provisioning.create(subscriber)
        self._follow(now)

    def change(self, subscriber: Subscriber, now: float) -> None:
        """Give who has that IMSI this subscription; the serving SGSN is told.

        Raises KeyError for an unknown IMSI, TakenError, NotKeptError.
        """
        self._provisioning.change(subscriber, now)
        self._follow(now)

    def delete(self, imsi: str, now: float) -> None:
        """Forget a subscriber; the serving SGSN sends it away.

        Raises KeyError for an unknown IMSI, NotKeptError.
        """
        self._provisioning.delete(imsi, now)
        self._follow(now)

    def subscribers(self, start: int = 0, stop: int | None = None) -> tuple[Subscriber, ...]:
        """Return subscriptions in the order in which they came."""
        return tuple(record.subscriber for record in islice(self._register, start, stop))

    @property
    def subscriber_count(self) -> int:
        """How many subscribers there are."""
        return len(self._register)

    def set_not_reachable(self, imsi: str, reason: MsNotReachableReason, now: float) -> None:
        """Set the MS-not-reachable flag by hand. Raises KeyError for an unknown IMSI."""
        self._reachability.lose(self._record(imsi), reason)
        self._follow(now)

    def clear_not_reachable(self, imsi: str, now: float) -> None:
        """Clear the MS-not-reachable flag by hand, and tell the GGSNs that wait.

        Raises KeyError for an unknown IMSI.
        """
        self._reachability.regain(self._record(imsi), now)
        self._follow(now)

    def subscriber(self, imsi: str) -> Subscriber | None:
        """Return the subscription with ``imsi``, or None."""
        record = self._register.find(imsi)
        return record.subscriber if record is not None else None

    def by_msisdn(self, msisdn: str) -> Subscriber | None:
        """Return the subscription with ``msisdn`` (digits), or None."""
        return self._register.by_msisdn(msisdn)

    def by_address(self, address: str) -> Subscriber | None:
        """Return the subscription that has ``address`` as a static address, or None."""
        return self._register.by_address(address)

    def location(self, imsi: str) -> Location | None:
        """Return where the subscriber with ``imsi`` is, or None for an unknown IMSI."""
        record = self._register.find(imsi)
        return record.location if record is not None else None

    @property
    def open_requests(self) -> int:
        """How many requests to GGSNs, SGSNs and service centres wait for their answer."""
        others = self._gr.open_requests + len(self._short_messages)
        return self._endpoint.open_requests + others

    @property
    def under_way(self) -> dict[str, int]:
        """How much has begun and not ended, by what it is; all 0 in an HLR at rest."""
        return {
            "requests": self.open_requests,
            "requests of others": self._endpoint.requests_in_work,
            "GGSNs to tell": len(self._reachability),
        }

    @property
    def gtp_counters(self) -> EndpointCounters:
        """What the GTP-C endpoint has counted."""
        return self._endpoint.counters

    @property
    def gr_counters(self) -> GrCounters:
        """What Gr has counted."""
        return self._gr.counters

    @property
    def short_message_counters(self) -> ShortMessageCounters:
        """What was counted of short messages."""
        return self._short_messages.counters

    def _record(self, imsi: str) -> Record:
        record = self._register.find(imsi)
        if record is None:
            raise KeyError(imsi)
        return record

    def _follow(self, now: float) -> None:
        """Carry out what the GTP-C endpoint tells, and collect what it wants sent."""
        for event in self._endpoint.take_events():
            match event:
                case RequestReceived(message=SendRouteingInformationRequest() as request):
                    self._routeing.send_routeing_information(event, request, now)
                case RequestReceived(message=FailureReportRequest() as request):
                    self._routeing.failure_report(event, request, now)
                case ResponseReceived():
                    self._reachability.take_response(event)
                case RequestFailed():
                    self._reachability.take_failure(event, now)
        for data, peer in self._endpoint.take_datagrams():
            self._datagrams.append(Datagram(Interface.GTP_C, peer, data))
        self._keep(now)

    def _keep(self, now: float) -> None:
        """Have the store keep what has changed: of those asked for, or whom an event names."""
        asked_for = self._register.take_asked_for()
        if self._keeping is None:
            return
        named = [imsi for event in self._events if (imsi := getattr(event, "imsi", None))]
        changed = self._keeping.note([*asked_for, *named])
        self._register.take_asked_for()
        if self._commit is None and changed:
            self._commit = now + self.config.commit_interval
        if self._commit is not None and now >= self._commit:
            self._commit = None
            self._keeping.keep(self._events)
            self._register.take_asked_for()
