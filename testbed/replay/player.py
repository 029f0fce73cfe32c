"""Sends one side of a recorded dialogue to a peer, and tells what comes back.

Specs: TS 29.060 §7.6 (T3-RESPONSE, N3-REQUESTS).

Theory of operation. The steps are gone through in their order. What the peer said before an own
message has to be there before that message goes, for it may tell the TEID that the message is
sent to; and where timing is kept, it goes as long after the step before as it did when it was
recorded. So requests that were sent before their answers came are again. A request is sent up to
N3 times, T3 apart, and what was not answered in the recording is waited for all the same, once.
The peer's own requests are known by their type. An Echo Request beyond those of the recording is
answered, because nobody else does; whatever else comes is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from corenet.interfaces.node import Address, Datagram, Event, Interface
from gtp.constants import IEType, MessageType
from gtp.messages import EchoResponse
from gtp.transactions import RESPONSES
from testbed.replay.dialogue import Dialogue, Step
from testbed.replay.rewriting import Names, control_teid, elements, rewritten

_HEADER = 12
_SEQUENCE_NUMBERS = 0x1_0000


@dataclass(frozen=True, slots=True)
class StepSent(Event):
    """An own message went out."""

    step: Step
    data: bytes
    transmission: int


@dataclass(frozen=True, slots=True)
class StepCame(Event):
    """The peer has said what it said in the recording, or something in its place."""

    step: Step
    data: bytes
    seconds: float | None
    """Since the request that it answers was last sent."""


@dataclass(frozen=True, slots=True)
class StepMissed(Event):
    """The peer has not said what it said in the recording."""

    step: Step


@dataclass(frozen=True, slots=True)
class StepLeftOut(Event):
    """An own message did not go, because what it answers did not come."""

    step: Step


@dataclass(frozen=True, slots=True)
class Besides(Event):
    """The peer said something that is not in the recording."""

    data: bytes
    answers: Step | None
    """The own request that it answers."""


@dataclass(frozen=True, slots=True)
class ReplayEnded(Event):
    """Every step has been gone through."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait for what."""

    keep_timing: bool = True
    t3_response: float = 5.0
    n3_requests: int = 1


@dataclass(slots=True)
class _Asked:
    """A request of ours that is open."""

    step: Step
    data: bytes
    deadline: float
    sent: float
    transmissions: int = 1


@dataclass(slots=True)
class _State:
    """What is known of the steps so far."""

    done: dict[int, bytes | None] = field(default_factory=dict)
    """By step, what went or came; None: nothing."""
    open: dict[int, _Asked] = field(default_factory=dict)
    """By sequence number."""


class Player:
    """Satisfies ``corenet.interfaces.node.Node``."""

    def __init__(
        self, dialogue: Dialogue, peer: Address, own_host: str, pace: Pace, first_sequence: int
    ) -> None:
        """``own_host`` stands in the place of the recorded one where that named itself."""
        self._dialogue = dialogue
        self._peer = peer
        self._pace = pace
        self._sequence = first_sequence
        self._names = Names()
        self._names.note_host(dialogue.side, own_host)
        self._names.note_host(dialogue.peer, peer[0])
        self._state = _State()
        self._next = 0
        self._last = 0.0
        self._expected_by: float | None = None
        self._ended = False
        self._datagrams: list[Datagram] = []
        self._events: list[Event] = []

    @property
    def name(self) -> str:
        """The name in captures."""
        return "replay"

    def start(self, now: float) -> None:
        """Begin with the first step."""
        self._last = now
        self._go_on(now)

    def stop(self, now: float) -> None:  # noqa: ARG002
        """Send nothing more."""
        self._ended = True

    def receive(
        self,
        interface: Interface,  # noqa: ARG002
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002
        now: float,
    ) -> None:
        """Take what the peer says; others are not heard."""
        if self._ended or peer[0] != self._peer[0] or len(data) < _HEADER:
            return
        if data[1] in RESPONSES:
            self._answered(data, now)
        else:
            self._asked(data, peer)
        self._go_on(now)

    def next_timeout(self) -> float | None:
        """Return when something is to be sent, or given up."""
        if self._ended:
            return None
        times = [asked.deadline for asked in self._state.open.values()]
        step = self._current()
        if step is not None and step.outgoing and self._may_go(step):
            times.append(self._due(step))
        elif self._expected_by is not None:
            times.append(self._expected_by)
        return min(times, default=None)

    def handle_timeout(self, now: float) -> None:
        """Send what is due, again or for the first time, and give up what has not come."""
        for sequence, asked in list(self._state.open.items()):
            if now < asked.deadline:
                continue
            recorded = self._dialogue.answer_to(asked.step)
            if recorded is not None and asked.transmissions < self._pace.n3_requests:
                asked.transmissions += 1
                asked.sent, asked.deadline = now, now + self._pace.t3_response
                self._send(asked.data)
                self._events.append(StepSent(asked.step, asked.data, asked.transmissions))
                continue
            del self._state.open[sequence]
            if recorded is not None:
                self._miss(recorded)
        step = self._current()
        if self._expected_by is not None and now >= self._expected_by and step is not None:
            self._expected_by = None
            if not step.outgoing and step.number not in self._state.done:
                self._miss(step)
        self._go_on(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent."""
        datagrams, self._datagrams = self._datagrams, []
        return datagrams

    def take_events(self) -> list[Event]:
        """Return what has happened."""
        events, self._events = self._events, []
        return events

    # The steps

    def _current(self) -> Step | None:
        steps = self._dialogue.steps
        return steps[self._next] if self._next < len(steps) else None

    def _go_on(self, now: float) -> None:
        """Go through the steps as far as that is possible now."""
        while (step := self._current()) is not None and not self._ended:
            if step.outgoing:
                if not self._may_go(step) or now < self._due(step):
                    return
                self._go(step, now)
            elif step.number not in self._state.done:
                self._expect(step, now)
                if step.number not in self._state.done:
                    return
            self._advance(now)
        if not self._ended and self._all_known():
            self._ended = True
            self._events.append(ReplayEnded())

    def _advance(self, now: float) -> None:
        self._next += 1
        self._expected_by = None
        self._last = now

    def _is_open(self, step: Step) -> bool:
        return any(asked.step.number == step.answers for asked in self._state.open.values())

    def _all_known(self) -> bool:
        return not self._state.open and all(
            step.outgoing or step.number in self._state.done for step in self._dialogue.steps
        )

    def _may_go(self, step: Step) -> bool:
        """Whether all that the peer said before this has been said, or given up."""
        return all(
            one.outgoing or one.number in self._state.done
            for one in self._dialogue.steps[: step.number - 1]
        )

    def _due(self, step: Step) -> float:
        if not self._pace.keep_timing or step.number == 1:
            return self._last
        before = self._dialogue.steps[step.number - 2]
        return self._last + max(0.0, step.time - before.time)

    def _go(self, step: Step, now: float) -> None:
        teid = None
        if step.answers is not None:
            request = self._state.done.get(step.answers)
            if request is None:
                self._state.done[step.number] = None
                self._events.append(StepLeftOut(step))
                return
            sequence, teid = int.from_bytes(request[8:10]), control_teid(request)
        else:
            sequence = self._sequence
            self._sequence = (sequence + 1) % _SEQUENCE_NUMBERS
        data = rewritten(step.data, self._names, sequence, teid)
        self._state.done[step.number] = data
        self._send(data)
        self._events.append(StepSent(step, data, 1))
        if step.asks:
            self._state.open[sequence] = _Asked(step, data, now + self._pace.t3_response, now)

    def _send(self, data: bytes) -> None:
        self._datagrams.append(Datagram(Interface.GTP_C, self._peer, data))

    # The peer

    def _expect(self, step: Step, now: float) -> None:
        """Wait for something that the peer said by itself; answers have their own deadlines."""
        if step.answers is not None:
            if not self._is_open(step):
                self._miss(step)
        elif step.type in RESPONSES:
            # It answers what was before the recording.
            self._miss(step)
        elif self._expected_by is None:
            before = self._dialogue.steps[step.number - 2].time if step.number > 1 else 0.0
            patience = self._pace.t3_response * self._pace.n3_requests
            self._expected_by = now + (step.time - before) + patience

    def _miss(self, step: Step) -> None:
        if step.number not in self._state.done:
            self._state.done[step.number] = None
            self._events.append(StepMissed(step))

    def _answered(self, data: bytes, now: float) -> None:
        asked = self._state.open.pop(int.from_bytes(data[8:10]), None)
        if asked is None:
            self._events.append(Besides(data, None))
            return
        recorded = self._dialogue.answer_to(asked.step)
        if recorded is None:
            self._events.append(Besides(data, asked.step))
            return
        self._came(recorded, data, now - asked.sent)

    def _asked(self, data: bytes, peer: Address) -> None:
        step = next(
            (
                one
                for one in self._dialogue.steps
                if not one.outgoing and one.type == data[1] and one.number not in self._state.done
            ),
            None,
        )
        if step is not None:
            self._came(step, data, None)
            return
        if data[1] == MessageType.ECHO_REQUEST:
            answer = EchoResponse(recovery=self._recovery(), sequence=int.from_bytes(data[8:10]))
            self._datagrams.append(Datagram(Interface.GTP_C, peer, answer.encode()))
        elif self._repeat(data):
            return
        self._events.append(Besides(data, None))

    def _repeat(self, data: bytes) -> bool:
        """Answer a request that comes again as before; return whether it does."""
        done = self._state.done
        for step in self._dialogue.steps:
            if not step.outgoing and done.get(step.number) == data:
                answer = self._dialogue.answer_to(step)
                if answer is not None and (sent := done.get(answer.number)) is not None:
                    self._send(sent)
                return True
        return False

    def _came(self, step: Step, data: bytes, seconds: float | None) -> None:
        self._state.done[step.number] = data
        self._names.learn(step.data, data)
        self._events.append(StepCame(step, data, seconds))

    def _recovery(self) -> int:
        """Return the restart counter that our side told in the recording, or 0."""
        return next(
            (
                step.data[start]
                for step in self._dialogue.steps
                if step.outgoing
                for ie_type, start, _ in elements(step.data)
                if ie_type == IEType.RECOVERY
            ),
            0,
        )
