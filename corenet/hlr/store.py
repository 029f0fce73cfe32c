"""What of an HLR outlives its process, and who keeps it.

Specs: TS 23.007 §5 (HLR restoration: what is in non-volatile storage), TS 23.008 §3.5.

Theory of operation. A store holds the subscribers and, of each, what TS 23.008 wants permanent:
where it is, whether it can be reached, and who waits for it. The HLR reads everything when it is
made and works in memory; it hands the store what has changed, in one transaction for all that
came within its commit interval, and says nothing before that is kept. What cannot be kept then is
tried again with the next change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from corenet.hlr.config import Subscriber
from corenet.hlr.events import StateNotKept
from corenet.hlr.register import Register
from corenet.interfaces.node import Address, Event
from gtp.codes import MsNotReachableReason


class NotKeptError(Exception):
    """A store could not be written; the sentence says which one and why."""


@dataclass(frozen=True, slots=True)
class State:
    """What is kept of one subscriber beside its subscription."""

    sgsn: Address | None = None
    since: float | None = None
    reason: MsNotReachableReason | None = None
    """Why the MS is not reachable; None while MNRG is clear."""
    waiting: tuple[str, ...] = ()
    """GGSNs that want to hear when the MS is back."""
    memory_full: bool = False
    waiting_centres: tuple[tuple[Address, bytes | None], ...] = ()
    sqn: int = 0
    """The sequence number of the last quintuplet."""


NOTHING: Final = State()
"""What is kept of a subscriber who has never been anywhere."""


class Store(Protocol):
    """Where subscribers and their states are kept."""

    def add(self, subscribers: Iterable[Subscriber]) -> None:
        """Keep the subscribers that are not there yet, unless they were removed."""
        ...

    def load(self) -> Iterable[tuple[Subscriber, State]]:
        """Return everything; a subscription has its state's sequence number."""
        ...

    def replace(self, subscriber: Subscriber) -> None:
        """Keep a subscriber, in place of the one with its IMSI; its state stays.

        Raises NotKeptError.
        """
        ...

    def remove(self, imsi: str) -> None:
        """Forget a subscriber with its state; ``add`` is not to bring it back.

        Raises NotKeptError.
        """
        ...

    def save(self, states: Mapping[str, State]) -> None:
        """Keep these states, by IMSI, in one transaction. Raises NotKeptError."""
        ...


class Keeping:
    """Hands a store what has changed."""

    def __init__(
        self, store: Store, subscribers: Collection[Subscriber], register: Register
    ) -> None:
        """Fill ``register`` from ``store``, which gets the subscribers that it does not know."""
        self._store = store
        self._register = register
        self._kept: dict[str, State] = {}
        """What the store has, where that is more than nothing."""
        self._changed: dict[str, None] = {}
        store.add(subscribers)
        configured = {subscriber.imsi: subscriber for subscriber in subscribers}
        for subscriber, state in store.load():
            # Most are as they were configured, and one object for both is half the memory.
            same = configured.get(subscriber.imsi)
            _restore(register, same if same == subscriber else subscriber, state)
            if state != NOTHING:
                self._kept[subscriber.imsi] = state

    def note(self, imsis: Iterable[str]) -> bool:
        """Look what has changed of these subscribers; return whether anything has."""
        changed = False
        for imsi in imsis:
            if (state := self._state(imsi)) is not None and state != self._kept.get(imsi, NOTHING):
                self._changed[imsi] = None
                changed = True
        return changed

    def keep(self, events: list[Event]) -> None:
        """Keep what has changed, and what could not be kept before."""
        if not self._changed:
            return
        states = {imsi: state for imsi in self._changed if (state := self._state(imsi)) is not None}
        try:
            self._store.save(states)
        except NotKeptError as error:
            events.append(StateNotKept(len(states), str(error)))
            return
        self._kept.update(states)
        self._changed.clear()

    def put(self, subscriber: Subscriber) -> None:
        """Keep a subscriber that is new, or has changed. Raises NotKeptError."""
        self._store.replace(subscriber)

    def remove(self, imsi: str) -> None:
        """Forget a subscriber. Raises NotKeptError."""
        self._store.remove(imsi)
        self._kept.pop(imsi, None)
        self._changed.pop(imsi, None)

    def _state(self, imsi: str) -> State | None:
        record = self._register.find(imsi)
        if record is None:
            return None
        return State(
            record.sgsn,
            record.since,
            record.reason,
            tuple(record.waiting),
            record.memory_full,
            tuple(record.waiting_centres.items()),
            record.sqn,
        )


def _restore(register: Register, subscriber: Subscriber, state: State) -> None:
    record = register.add(subscriber)
    record.sgsn = state.sgsn
    record.since = state.since
    record.reason = state.reason
    record.memory_full = state.memory_full
    for ggsn in state.waiting:
        record.wait(ggsn)
    for centre, name in state.waiting_centres:
        record.note_centre(centre, name)
