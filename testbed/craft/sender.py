"""Sends messages one after the other, each until it is answered or was sent often enough.

Specs: TS 29.060 §7.6 (T3-RESPONSE, N3-REQUESTS).

Theory of operation. Whatever the octets are, right or wrong, they go out as they are. A message
that has an answer is sent up to N3 times, T3 apart; what has its sequence number and comes from
the peer's host answers it, whatever port it comes from. One that has none is followed by a wait,
in which everything counts that comes. What comes besides is told, too, and never answered. A
message is begun when the one before it has ended, and not before the interval has passed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from corenet.interfaces.node import Address, Datagram, Event, Interface
from gtp.transactions import RESPONSES
from testbed.craft.draft import sequence_of


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent."""

    data: bytes
    answered: bool
    """Whether it has an answer."""


@dataclass(frozen=True, slots=True)
class MessageSent(Event):
    """A message went out."""

    number: int
    """Which of the messages, from 1."""
    transmission: int
    """How often it has been sent with this, from 1."""
    data: bytes


@dataclass(frozen=True, slots=True)
class MessageCame(Event):
    """Something came from the peer."""

    number: int
    """Which of the messages was the last before it."""
    answers: bool
    """Whether it answers that message."""
    seconds: float
    """Since that message was last sent."""
    peer: Address
    data: bytes


@dataclass(frozen=True, slots=True)
class MessageUnanswered(Event):
    """Nothing came although the message was sent often enough."""

    number: int
    transmissions: int


@dataclass(frozen=True, slots=True)
class AllSent(Event):
    """Every message has ended."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what."""

    t3_response: float = 5.0
    """Seconds until an unanswered message is sent again, or given up."""
    n3_requests: int = 1
    """Transmissions in all."""
    listen: float = 0.0
    """Seconds to listen after a message that has no answer."""
    interval: float = 0.0
    """Seconds from one message to the next at least."""


class Sender:
    """Satisfies ``corenet.interfaces.node.Node``."""

    def __init__(
        self,
        messages: Iterable[Outgoing],
        peer: Address,
        patience: Patience,
        interface: Interface = Interface.GTP_C,
    ) -> None:
        self._waiting = deque(messages)
        self._peer = peer
        self._patience = patience
        self._interface = interface
        self._current: Outgoing | None = None
        self._number = 0
        self._transmissions = 0
        self._begun = 0.0
        self._sent = 0.0
        self._due: float | None = None
        self._datagrams: list[Datagram] = []
        self._events: list[Event] = []

    @property
    def name(self) -> str:
        """The name in captures."""
        return "sender"

    def start(self, now: float) -> None:
        """Send the first message."""
        self._begin(now)

    def stop(self, now: float) -> None:  # noqa: ARG002
        """Send nothing more."""
        self._waiting.clear()
        self._current = self._due = None

    def receive(
        self,
        interface: Interface,  # noqa: ARG002
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002
        now: float,
    ) -> None:
        """Take what somebody sent; only what comes from the peer's host is told."""
        if peer[0] != self._peer[0] or not self._number:
            return
        current = self._current
        answers = current is not None and current.answered and _answers(current.data, data)
        self._events.append(MessageCame(self._number, answers, now - self._sent, peer, data))
        if answers:
            self._end(now)

    def next_timeout(self) -> float | None:
        """Return when something is to be sent or given up."""
        return self._due

    def handle_timeout(self, now: float) -> None:
        """Send again, give up, or begin the next message."""
        if self._due is None or now < self._due:
            return
        current = self._current
        if current is None:
            self._begin(now)
        elif not current.answered:
            self._end(now)
        elif self._transmissions < self._patience.n3_requests:
            self._send(current, now)
        else:
            self._events.append(MessageUnanswered(self._number, self._transmissions))
            self._end(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent."""
        datagrams, self._datagrams = self._datagrams, []
        return datagrams

    def take_events(self) -> list[Event]:
        """Return what has happened."""
        events, self._events = self._events, []
        return events

    def _begin(self, now: float) -> None:
        if not self._waiting:
            self._due = None
            self._events.append(AllSent())
            return
        self._current = self._waiting.popleft()
        self._number += 1
        self._transmissions = 0
        self._begun = now
        self._send(self._current, now)

    def _send(self, message: Outgoing, now: float) -> None:
        self._transmissions += 1
        self._sent = now
        self._datagrams.append(Datagram(self._interface, self._peer, message.data))
        self._events.append(MessageSent(self._number, self._transmissions, message.data))
        wait = self._patience.t3_response if message.answered else self._patience.listen
        self._due = now + wait

    def _end(self, now: float) -> None:
        self._current = None
        self._due = max(now, self._begun + self._patience.interval) if self._waiting else now


def _answers(request: bytes, data: bytes) -> bool:
    """Whether ``data`` may be the answer to a message, as far as both can be read."""
    asked = sequence_of(request)
    return len(data) > 1 and data[1] in RESPONSES and (asked is None or asked == sequence_of(data))
