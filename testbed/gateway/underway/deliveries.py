"""One push at one address while it is under way, and which of them wait for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from testbed.codecs.pap import DeliveryMethod, StatusCode
from testbed.gateway.activation.activate import Target
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import (
    DeliveryRecord,
    HistoryEntry,
    Notification,
    PushRecord,
    PutDelivery,
    RouteTimes,
    StoredPush,
)
from testbed.gateway.routing.judge import CoreAnswer, NotAsked
from testbed.gateway.routing.policy import Route, Rule
from testbed.gateway.terminal import Terminal, TerminalKind, place_of
from testbed.gateway.underway.routes import Progress

Key = tuple[str, int]
"""A delivery by push-id and the address's number."""


_ANY: Final = Rule()
_GOING_OUT: Final = frozenset({State.SENDING, State.CONFIRMING, State.SUBMITTING})


@dataclass(frozen=True, slots=True)
class About:
    """What goes with an input: whichever of these its action needs."""

    note: str = ""
    address: str = ""
    until: float | None = None
    code: int = StatusCode.SERVICE_FAILURE
    told: str | None = None
    """What the initiator is told at the end, if it is not the note."""


class Delivery:
    """A push at one address. Its state is fed by ``dispatch``, its storing by ``node``."""

    __slots__ = (
        "answer",
        "attempts",
        "changed",
        "code",
        "description",
        "dirty",
        "done",
        "failures",
        "has_left",
        "history",
        "imsi",
        "notification",
        "number",
        "posting",
        "posts",
        "progress",
        "push",
        "route",
        "saved_history",
        "saved_times",
        "saving",
        "send_to",
        "sms_failures",
        "sms_key",
        "state",
        "static_address",
        "target",
        "terminal",
    )

    def __init__(self, push: PushRecord, number: int, terminal: Terminal) -> None:
        self.push = push
        self.number = number
        self.terminal = terminal
        self.state = State.ACCEPTED
        self.changed = push.received
        self.attempts = 0
        self.code = 0
        self.description = ""
        self.notification = Notification.NONE
        self.history = [HistoryEntry(push.received, State.ACCEPTED)]
        self.imsi: str | None = None
        """Learned from the core."""
        self.answer: CoreAnswer = NotAsked()
        """What the core said last about the terminal."""
        self.progress = Progress(_ANY)
        """What was tried to reach the terminal."""
        self.route = Route.ACTIVATION
        """By which route it is activated."""
        self.target: Target | None = None
        """The activation that it waits for."""
        self.static_address: str | None = None
        """Where a Gi trigger reaches the terminal."""
        self.has_left = False
        """It went ahead as a Gi trigger, and the GGSN may have stored it."""
        self.sms_key = ""
        """The transaction at the SMSC."""
        self.sms_failures = 0
        self.send_to = ""
        """The address, or number, that a push goes to while it is going out."""
        self.failures = 0
        """How often it was sent in vain since the gateway has it."""
        self.saved_history = 1
        self.saved_times: RouteTimes = ()
        """The times of its routes as they were given to the store."""
        self.saving = False
        self.dirty = False
        """It changed while it was being saved."""
        self.posting = False
        """A result notification is under way."""
        self.posts = 0
        """Result notifications that were not answered."""
        self.done = False
        """Its end is stored and reported, or need not be."""

    @classmethod
    def resumed(
        cls, stored: StoredPush, number: int, terminal: Terminal, now: float, note: str = ""
    ) -> Delivery:
        """Return a stored delivery.

        One that had not ended is accepted again, as ``note`` says; one that is sent once and was
        going out, or had, stays as it was, and so does one that is with the SMSC.
        """
        record = stored.deliveries[number]
        delivery = cls(stored.push, number, terminal)
        delivery.changed = record.changed
        delivery.attempts = record.attempts
        delivery.code = record.code
        delivery.description = record.description
        delivery.notification = record.notification
        delivery.history = list(record.history)
        delivery.saved_history = len(record.history)
        delivery.saved_times = record.route_times
        delivery.progress = Progress(_ANY, record.route_times)
        if record.state.final:
            delivery.state = record.state
            delivery.done = record.notification is not Notification.DUE
        elif delivery.is_sent_once and record.state in _GOING_OUT:
            delivery.state = record.state
        elif record.state is State.CONFIRMING:
            delivery.enter(State.ACCEPTED, now, f"{note}; it may have arrived")
        elif record.state is State.SUBMITTING and terminal.kind is TerminalKind.MSISDN:
            delivery.state = State.SUBMITTING
        elif note:
            delivery.enter(State.ACCEPTED, now, note)
        return delivery

    @property
    def key(self) -> Key:
        """What names it."""
        return self.push.push_id, self.number

    @property
    def address(self) -> str:
        """The ``address-value`` as the initiator wrote it."""
        return self.push.addresses[self.number]

    @property
    def taken(self) -> float:
        """Seconds from its acceptance, or from deliver-after, to its last change."""
        push = self.push
        begun = push.received if push.deliver_after is None else push.deliver_after
        return max(0.0, self.changed - max(push.received, begun))

    def enter(self, state: State, now: float, note: str) -> bool:
        """Take a state; return whether it is worth storing.

        A look at the terminal that ends where it began leaves no trace, or a push that waits
        for days would remember every one.
        """
        self.state = state
        self.changed = now
        history = self.history
        if (
            state in (State.HELD, State.RETRYING)
            and len(history) > self.saved_history
            and history[-1].state is State.JUDGING
            and history[-2].state is state
            and history[-2].note == note
        ):
            history.pop()
            return False
        history.append(HistoryEntry(now, state, note))
        return True

    @property
    def is_sent_once(self) -> bool:
        """Whether there is one attempt only."""
        return self.push.delivery_method is DeliveryMethod.ONE_SHOT

    def record(self) -> DeliveryRecord:
        """Return where it stands, with its whole history."""
        return self._record(0)

    @property
    def has_new_times(self) -> bool:
        """Whether the times of its routes are others than the store has."""
        return self.progress.times != self.saved_times

    def row(self) -> PutDelivery:
        """Return what the store is to write."""
        self.saved_times = self.progress.times
        return PutDelivery(self._record(self.saved_history), self.saved_history)

    def _record(self, history_from: int) -> DeliveryRecord:
        return DeliveryRecord(
            self.push.push_id,
            self.number,
            self.state,
            self.changed,
            self.attempts,
            self.code,
            self.description,
            self.notification,
            tuple(self.history[history_from:]),
            self.progress.times,
        )


class Waiting:
    """The deliveries that wait for a terminal, found by whatever names it; first in, first out."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, str], dict[Key, Delivery]] = {}

    def __len__(self) -> int:
        """Return under how many names somebody waits."""
        return len(self._by_name)

    def add(self, delivery: Delivery) -> None:
        """Have a delivery found."""
        for name in _names(delivery):
            self._by_name.setdefault(name, {})[delivery.key] = delivery

    def discard(self, delivery: Delivery) -> None:
        """Have a delivery no longer found. Safe where it was not."""
        for name in _names(delivery):
            deliveries = self._by_name.get(name)
            if deliveries is not None and deliveries.pop(delivery.key, delivery) and not deliveries:
                del self._by_name[name]

    def of(
        self, *, msisdn: str | None, imsi: str | None, addresses: Iterable[str]
    ) -> list[Delivery]:
        """Return the deliveries that wait for a terminal, each once."""
        found: dict[Key, Delivery] = {}
        for kind, value in (
            (TerminalKind.MSISDN, msisdn),
            ("imsi", imsi),
            *((TerminalKind.ADDRESS, place_of(address)) for address in addresses),
        ):
            if value is not None:
                found.update(self._by_name.get((kind, value), {}))
        return list(found.values())


def _names(delivery: Delivery) -> Iterator[tuple[str, str]]:
    terminal = delivery.terminal
    by_address = terminal.kind is TerminalKind.ADDRESS
    yield terminal.kind, place_of(terminal.value) if by_address else terminal.value
    if delivery.imsi is not None:
        yield "imsi", delivery.imsi
    if delivery.static_address is not None:
        yield TerminalKind.ADDRESS, delivery.static_address
