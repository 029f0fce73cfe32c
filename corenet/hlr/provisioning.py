"""Subscribers that come, change and go while the HLR is in service.

Specs: TS 23.060 §6.11.1 (subscriber data in the SGSN follow those in the HLR), TS 29.002 §8.8.1
(Insert Subscriber Data), §8.1.3 (Cancel Location), TS 23.015 §3 (barring takes effect at once).

Theory of operation. What is wanted is kept first, where there is a store, and holds then: in the
register, and in the SGSN that serves the subscriber. A store that cannot be written leaves all as
it was.
"""

from __future__ import annotations

from dataclasses import replace

from corenet.hlr.config import Subscriber
from corenet.hlr.events import SubscriberChanged, SubscriberCreated, SubscriberDeleted
from corenet.hlr.gr import Gr
from corenet.hlr.register import Register
from corenet.hlr.store import Keeping
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.node import Event


class TakenError(Exception):
    """Somebody has that already."""

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"{field} {value} belongs to another subscriber")
        self.field = field


class Provisioning:
    """Creates, changes and deletes subscribers."""

    def __init__(
        self, register: Register, gr: Gr, keeping: Keeping | None, events: list[Event]
    ) -> None:
        self._register = register
        self._gr = gr
        self._keeping = keeping
        self._events = events

    def create(self, subscriber: Subscriber) -> None:
        """Add a subscriber. Raises TakenError, NotKeptError."""
        if self._register.find(subscriber.imsi) is not None:
            raise TakenError("imsi", subscriber.imsi)
        self._refuse_taken(subscriber)
        if self._keeping is not None:
            self._keeping.put(subscriber)
        self._register.add(subscriber)
        self._events.append(SubscriberCreated(subscriber.imsi))

    def change(self, subscriber: Subscriber, now: float) -> None:
        """Give who has that IMSI this subscription. Raises KeyError, TakenError, NotKeptError.

        The sequence number goes on where it was, unless the card is another one.
        """
        record = self._register.find(subscriber.imsi)
        if record is None:
            raise KeyError(subscriber.imsi)
        self._refuse_taken(subscriber)
        if subscriber.secret == record.subscriber.secret:
            subscriber = replace(subscriber, sqn=record.sqn)
        if self._keeping is not None:
            self._keeping.put(subscriber)
        self._register.replace(subscriber)
        self._events.append(SubscriberChanged(subscriber.imsi))
        self._gr.subscription_changed(record, now)

    def delete(self, imsi: str, now: float) -> None:
        """Forget a subscriber; its SGSN sends it away. Raises KeyError, NotKeptError."""
        record = self._register.find(imsi)
        if record is None:
            raise KeyError(imsi)
        if self._keeping is not None:
            self._keeping.remove(imsi)
        self._register.remove(imsi)
        self._gr.withdraw(record, GmmCause.IMSI_UNKNOWN_IN_HLR, now)
        self._events.append(SubscriberDeleted(imsi))

    def _refuse_taken(self, subscriber: Subscriber) -> None:
        taken = self._register.taken(subscriber)
        if taken is not None:
            raise TakenError(*taken)
