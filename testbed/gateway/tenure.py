"""Which pushes are a gateway's own, and whether it may do anything about them.

Theory of operation. A push is a gateway's own from when it was accepted, kept over a restart or
taken over, until it is let go. Where gateways share a store, what one may do to its pushes depends
on a lease. Once it has lapsed nothing is sent, posted or accepted, for another gateway may be at
it; when it is renewed, what is still held goes on as after a restart.
"""

from __future__ import annotations

from typing import Final

from testbed.codecs.pap import StatusCode
from testbed.gateway.config import GatewayConfig
from testbed.gateway.dispatch.dispatch import Dispatch
from testbed.gateway.events import LeaseLapsed, PushAdopted, PushLetGo, PushRepeated
from testbed.gateway.keeping.lease import Lease
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import Notification, StoredPush
from testbed.gateway.output import Output
from testbed.gateway.submissions.inquiries import Inquiries
from testbed.gateway.submissions.recipients import Nobody, terminal_of
from testbed.gateway.submissions.reports import Reports
from testbed.gateway.terminal import Terminal, TerminalKind
from testbed.gateway.underway.custody import Custody
from testbed.gateway.underway.deliveries import Delivery

POSSIBLE_DUPLICATES: Final = "possible duplicates"
"""Counts pushes that are sent again although the first one may have arrived."""


class Tenure:
    """Takes up, lets rest and lets go of one gateway's pushes."""

    def __init__(
        self,
        config: GatewayConfig,
        output: Output,
        *,
        custody: Custody,
        dispatch: Dispatch,
        inquiries: Inquiries,
        reports: Reports,
        lease: Lease,
    ) -> None:
        """Have nothing yet."""
        self._config = config
        self._output = output
        self._custody = custody
        self._dispatch = dispatch
        self._inquiries = inquiries
        self._reports = reports
        self._lease = lease

    # Pushes that are taken up

    def resume(self, stored: StoredPush, now: float, note: str = "") -> None:
        """Take up a push that the store has; without a note it is new."""
        push = stored.push
        deliveries = []
        for record in stored.deliveries:
            whom = self._whom(push.addresses[record.number])
            if isinstance(whom, Nobody):
                whom = Terminal.nobody(push.addresses[record.number])
            delivery = Delivery.resumed(stored, record.number, whom, now, note)
            if record.state is State.CONFIRMING and delivery.state is State.ACCEPTED:
                self._repeat(delivery)
            deliveries.append(delivery)
        self._custody.take(push.push_id, deliveries)
        if self._lease.is_lapsed:
            return
        for delivery in deliveries:
            if not delivery.state.final:
                self._begin(delivery, now, is_new=not note)
            elif delivery.notification is Notification.DUE:
                self.post(delivery)

    def adopt(self, stored: StoredPush, now: float) -> None:
        """Take up a push that another gateway left; one that is under way stays as it is."""
        if stored.push.push_id not in self._custody.pushes:
            self._output.count("adopted")
            self._output.tell(PushAdopted(stored.push.push_id))
            self.resume(stored, now, "taken over from another gateway")

    def post(self, delivery: Delivery) -> None:
        """Have a result reported, as long as it is this gateway that reports it."""
        if not self._lease.is_lapsed:
            self._reports.post(delivery)

    def _whom(self, address_value: str) -> Terminal | Nobody:
        config = self._config
        return terminal_of(address_value, config.users, has_ipv6=config.has_ipv6)

    def _begin(self, delivery: Delivery, now: float, *, is_new: bool) -> None:
        is_nobody = delivery.terminal.kind is TerminalKind.NOBODY
        if is_nobody and isinstance(whom := self._whom(delivery.address), Nobody):
            # The directory, or the configuration, has changed since the push was accepted.
            self._dispatch.refuse(delivery, whom.code, whom.text, now)
            return

        def told(may_go_on: bool, now: float) -> None:
            if may_go_on:
                self._dispatch.begin(delivery, now)
            else:
                code = StatusCode.CANCELLATION_NOT_POSSIBLE
                self._dispatch.refuse(delivery, code, "its original has ended", now)

        self._inquiries.make_way(delivery, now, is_new=is_new, told=told)

    def _repeat(self, delivery: Delivery) -> None:
        """Take note that a push may arrive twice."""
        self._output.count(POSSIBLE_DUPLICATES)
        self._output.tell(PushRepeated(delivery.push.push_id, delivery.address))

    # The lease

    def renewed(self, until: float, now: float, kept: frozenset[str] | None) -> None:
        """Take note that the pushes are this gateway's until then: those kept, or None: all."""
        had_lapsed = self._lease.renew(until)
        if kept is not None:
            for push_id in [one for one in self._custody.pushes if one not in kept]:
                self.let_go(push_id, now)
        if had_lapsed:
            for delivery in self._custody.deliveries():
                self._go_on(delivery, now)

    def check(self, now: float) -> None:
        """Let everything rest once the lease has lapsed; what is being stored is stored still."""
        if not self._lease.lapses(now):
            return
        self._output.tell(LeaseLapsed(len(self._dispatch)))
        self.rest(now)

    def rest(self, now: float) -> None:
        """Do nothing more about any push."""
        for delivery in self._custody.deliveries():
            self._dispatch.forget(delivery, now)
            self._reports.cancel(delivery.key)
        self._inquiries.lapsed(now)

    def let_go(self, push_id: str, now: float) -> None:
        """Forget a push that another gateway has taken over."""
        for delivery in self._custody.let_go(push_id):
            self._dispatch.forget(delivery, now)
            self._inquiries.lost(delivery.key, now)
            self._reports.cancel(delivery.key)
        self._output.tell(PushLetGo(push_id))

    def _go_on(self, delivery: Delivery, now: float) -> None:
        """Take up again what rested while the lease had lapsed."""
        if not delivery.state.final:
            if delivery.state is not State.CONFIRMING:
                delivery.enter(State.ACCEPTED, now, "the lease had lapsed")
            elif not delivery.is_sent_once:
                self._repeat(delivery)
                delivery.enter(State.ACCEPTED, now, "the lease had lapsed; it may have arrived")
            self._begin(delivery, now, is_new=False)
        elif not (delivery.done or delivery.saving or delivery.posting):
            self.post(delivery)
