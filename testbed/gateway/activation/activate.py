"""Activates terminals: one activation each however many pushes wait, so many at a time.

Specs: TS 23.060 §9.2.2.2 (Network-Requested PDP Context Activation) and the causes of its steps:
TS 29.060 §7.7.1 (GTP), TS 24.008 §10.5.6.6 (SM), TS 29.002 (MAP).

Theory of operation. Whoever needs a context ``want``s it. The first one for a terminal and APN
makes a request, the others join it. Requests beyond the bound wait their turn, beyond that of
their rule with the others of that rule: the urgent before the others, and of equals one of each
initiator after the other. A request has as much time as the most patient of its waiters. When it
has ``finished``, ``REFUSALS`` says what kind of failure its outcome is; what follows is the
policy's affair. A terminal whose activation failed is in back-off (``standing``), for whatever
push; after so many failures in a row until the terminal shows itself (``clear``).

What is activated is a context at a core that is asked, or whatever a Gi trigger to a static
address brings about: the same bounds and back-offs hold for both.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from random import Random
from typing import Final

from corenet.interfaces.activation import ActivationOutcome, CauseSource, LocalCause, Step
from corenet.interfaces.nas.causes import SmCause
from gtp.codes import MapCause
from gtp.constants import Cause
from testbed.codecs.pap import Priority
from testbed.gateway.activation.fair import FairQueue
from testbed.gateway.routing.policy import NEVER, Refusal, Rule, Standing

SPREAD: Final = 0.1
"""Share of a back-off that chance adds, so that terminals that failed together come apart."""


RANKS: Final = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}

Waiter = tuple[str, int]
"""Who wants an activation: a push-id and the number of an address."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: what kind of failure an outcome in ``step`` with this cause is.

    None stands for any step, source or number.
    """

    step: Step | None
    source: CauseSource | None
    number: int | None
    refusal: Refusal


def _rows(
    refusal: Refusal, step: Step | None, source: CauseSource, *numbers: int
) -> tuple[Row, ...]:
    return tuple(Row(step, source, number, refusal) for number in numbers)


REFUSALS: Final[tuple[Row, ...]] = (
    Row(
        Step.ROUTEING_INFORMATION,
        CauseSource.GTP,
        Cause.IMSI_NOT_KNOWN,
        Refusal.UNKNOWN_SUBSCRIBER,
    ),
    Row(
        Step.ROUTEING_INFORMATION,
        CauseSource.MAP,
        MapCause.UNKNOWN_SUBSCRIBER,
        Refusal.UNKNOWN_SUBSCRIBER,
    ),
    Row(Step.ROUTEING_INFORMATION, CauseSource.MAP, MapCause.ABSENT_SUBSCRIBER, Refusal.ABSENT),
    Row(Step.PDU_NOTIFICATION, CauseSource.GTP, Cause.MS_GPRS_DETACHED, Refusal.ABSENT),
    *_rows(
        Refusal.NO_ACCESS,
        Step.MS_ACTIVATION,
        CauseSource.SM,
        SmCause.OPERATOR_DETERMINED_BARRING,
        SmCause.MISSING_OR_UNKNOWN_APN,
        SmCause.UNKNOWN_PDP_ADDRESS_OR_TYPE,
        SmCause.USER_AUTHENTICATION_FAILED,
        SmCause.SERVICE_OPTION_NOT_SUPPORTED,
        SmCause.SERVICE_OPTION_NOT_SUBSCRIBED,
    ),
    *_rows(
        Refusal.NO_ACCESS,
        Step.CREATE_PDP_CONTEXT,
        CauseSource.GTP,
        Cause.MISSING_OR_UNKNOWN_APN,
        Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE,
        Cause.USER_AUTHENTICATION_FAILED,
        Cause.APN_ACCESS_DENIED,
    ),
    *_rows(
        Refusal.NOT_RESPONDING,
        None,
        CauseSource.GTP,
        Cause.MS_NOT_GPRS_RESPONDING,
        Cause.MS_NOT_GPRS_RESPONDING_X,
    ),
    *_rows(Refusal.REFUSED, None, CauseSource.GTP, Cause.MS_REFUSES, Cause.MS_REFUSES_X),
    Row(None, CauseSource.SM, SmCause.ACTIVATION_REJECTED_UNSPECIFIED, Refusal.REFUSED),
    *_rows(
        Refusal.BUSY,
        None,
        CauseSource.GTP,
        Cause.NO_RESOURCES_AVAILABLE,
        Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED,
        Cause.NO_MEMORY_IS_AVAILABLE,
    ),
    Row(None, CauseSource.SM, SmCause.INSUFFICIENT_RESOURCES, Refusal.BUSY),
    Row(None, CauseSource.LOCAL, LocalCause.BACK_OFF, Refusal.BUSY),
    *_rows(
        Refusal.NO_ACCESS,
        None,
        CauseSource.LOCAL,
        LocalCause.UNKNOWN_APN,
        LocalCause.NO_ADDRESS,
    ),
    Row(None, CauseSource.LOCAL, LocalCause.MS_NOT_REACHABLE, Refusal.ABSENT),
    *_rows(
        Refusal.LATE,
        None,
        CauseSource.LOCAL,
        LocalCause.DEADLINE_EXPIRED,
        LocalCause.GUARD_TIMER_EXPIRED,
        LocalCause.HLR_SILENT,
        LocalCause.SGSN_SILENT,
    ),
    Row(None, None, None, Refusal.FAILED),
)
"""Read from the top; the first row that fits holds."""

_LASTING: Final = frozenset({Refusal.UNKNOWN_SUBSCRIBER, Refusal.NO_ACCESS})
"""What waiting does not change; so the next push may find out by itself whether it still is so."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The core gave no outcome: no connection, an error, or silence beyond the deadline."""

    reason: str
    refusal: Refusal = Refusal.CORE_SILENT


@dataclass(frozen=True, slots=True)
class Refused:
    """The core refused to begin: it knows no such terminal."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reached:
    """The terminal has ``address`` now."""

    address: str


ActivationAnswer = ActivationOutcome | Reached | Unanswered | Refused


# What a waiter is told, or that it was reached


@dataclass(frozen=True, slots=True)
class NotReached:
    """It has not. ``at`` is when it may be tried again; NEVER: when the terminal shows itself."""

    refusal: Refusal
    at: float
    why: str


Result = Reached | NotReached


@dataclass(frozen=True, slots=True)
class Subject:
    """What is activated: a context of the subscriber ``imsi`` on ``apn``, by the core."""

    imsi: str
    apn: str

    @property
    def whose(self) -> str:
        """Under what failures are remembered."""
        return self.imsi


@dataclass(frozen=True, slots=True)
class StaticAddress:
    """What is activated: whatever context has this address, by Gi trigger."""

    address: str

    @property
    def whose(self) -> str:
        """Under what failures are remembered."""
        return self.address


Target = Subject | StaticAddress


@dataclass(frozen=True, slots=True)
class Request:
    """An activation to bring about."""

    key: str
    target: Target
    deadline: float
    """When the last of its waiters gives up."""
    waiters: tuple[Waiter, ...]
    """The first made it."""


@dataclass(slots=True)
class _Activation:
    """One that runs or waits its turn."""

    key: str
    target: Target
    rule: Rule
    rank: int
    lane: str
    waiters: dict[Waiter, float] = field(default_factory=dict)
    """Each with its deadline."""
    is_admitted: bool = False
    """It counts against its rule: it runs, or waits for its turn among all."""


@dataclass(slots=True)
class _Failure:
    """What is remembered of a terminal whose last activation failed."""

    times: int
    standing: Standing
    since: float


def describe(outcome: ActivationOutcome) -> str:
    """Say in one line where and why an activation ended."""
    return f"{outcome.step}: {outcome.cause}" if outcome.cause else str(outcome.step)


def refusal_of(outcome: ActivationOutcome) -> Refusal:
    """Return what kind of failure an activation's outcome is."""
    cause = outcome.cause
    refusal = next(
        row.refusal
        for row in REFUSALS
        if row.step in (None, outcome.step)
        and row.source in (None, cause and cause.source)
        and row.number in (None, cause and cause.number)
    )
    if outcome.hold_until_reachable and refusal not in _LASTING:
        return Refusal.ABSENT
    return refusal


class Activations:
    """All activations of one gateway."""

    def __init__(
        self, *, at_once: int, waits: tuple[float, ...], attempts: int, random: Random
    ) -> None:
        """``at_once`` run at a time; ``waits`` are the back-offs in seconds, the last repeats."""
        self._at_once = at_once
        self._waits = waits
        self._attempts = attempts
        self._random = random
        self._of_target: dict[Target, _Activation] = {}
        self._running: dict[str, _Activation] = {}
        self._queue: FairQueue[Target] = FairQueue()
        self._queues: dict[Rule, FairQueue[Target]] = {}
        """What waits until its rule lets it into the queue of all."""
        self._admitted: Counter[Rule] = Counter()
        self._failures: OrderedDict[str, _Failure] = OrderedDict()

    def __len__(self) -> int:
        """Return how many run or wait their turn."""
        return len(self._of_target)

    @property
    def running(self) -> int:
        """How many are being brought about now."""
        return len(self._running)

    def standing(self, target: Target, now: float) -> Standing:
        """Return what earlier activations say about another one; one under way may be joined."""
        failure = self._failures.get(target.whose)
        if failure is None or target in self._of_target or failure.standing.not_before <= now:
            is_awaited = failure is not None and failure.standing.is_awaited
            return Standing(is_awaited=is_awaited)
        return failure.standing

    def want(
        self,
        target: Target,
        waiter: Waiter,
        *,
        key: str,
        deadline: float,
        rule: Rule,
        priority: Priority = Priority.MEDIUM,
        initiator: str = "",
    ) -> None:
        """Have ``waiter`` told when ``target`` is active, or is not.

        ``key`` names the activation if a new one is made, which then counts against ``rule``. One
        that waits its turn is as urgent as the most urgent of its waiters.
        """
        rank = RANKS[priority]
        activation = self._of_target.get(target)
        if activation is None:
            activation = _Activation(key, target, rule, rank, initiator)
            self._of_target[target] = activation
        activation.waiters[waiter] = deadline
        if activation.key not in self._running:
            activation.rank = min(activation.rank, rank)
            self._queue_of(activation).add(target, activation.rank, activation.lane)

    def withdraw(self, target: Target, waiter: Waiter) -> None:
        """Forget a waiter. An activation that still waits its turn for nobody is dropped."""
        activation = self._of_target.get(target)
        if activation is None:
            return
        activation.waiters.pop(waiter, None)
        if not activation.waiters and activation.key not in self._running:
            self._queue_of(activation).remove(target)
            self._drop(activation)

    def take_requests(self) -> list[Request]:
        """Return the activations to bring about now, in the order of their turns."""
        self._admit()
        requests = []
        while self._queue and len(self._running) < self._at_once:
            activation = self._of_target[self._queue.pop()]
            self._running[activation.key] = activation
            requests.append(
                Request(
                    activation.key,
                    activation.target,
                    max(activation.waiters.values()),
                    tuple(activation.waiters),
                )
            )
        return requests

    def finished(
        self, key: str, answer: ActivationAnswer, now: float
    ) -> tuple[Target, list[Waiter], Result] | None:
        """Take how an activation ended; return whose it was, the waiters and what to tell them.

        None where no activation of that key runs.
        """
        activation = self._running.pop(key, None)
        if activation is None:
            return None
        self._drop(activation)
        self._forget_stale(now)
        target = activation.target
        return target, list(activation.waiters), self._result(target, answer, now)

    def clear(self, whose: str) -> None:
        """Forget the failures of a terminal that has shown itself."""
        self._failures.pop(whose, None)

    def _queue_of(self, activation: _Activation) -> FairQueue[Target]:
        if activation.rule.activations is None:
            activation.is_admitted = True
        if activation.is_admitted:
            return self._queue
        return self._queues.setdefault(activation.rule, FairQueue())

    def _admit(self) -> None:
        """Let into the queue of all what the bounds of the rules allow."""
        for rule, queue in list(self._queues.items()):
            bound = rule.activations or 0
            while queue and self._admitted[rule] < bound:
                activation = self._of_target[queue.pop()]
                activation.is_admitted = True
                self._admitted[rule] += 1
                self._queue.add(activation.target, activation.rank, activation.lane)
            if not queue:
                del self._queues[rule]

    def _drop(self, activation: _Activation) -> None:
        del self._of_target[activation.target]
        if activation.is_admitted and activation.rule.activations is not None:
            self._admitted[activation.rule] -= 1

    def _result(self, target: Target, answer: ActivationAnswer, now: float) -> Result:
        match answer:
            case Refused(reason):
                return self._failed(target, Refusal.UNKNOWN_SUBSCRIBER, reason, 0.0, now)
            case Unanswered(reason, refusal):
                return self._failed(target, refusal, f"no answer: {reason}", 0.0, now)
            case Reached():
                self._failures.pop(target.whose, None)
                return answer
            case ActivationOutcome(address=str(address)) if answer.active:
                self._failures.pop(target.whose, None)
                return Reached(address)
            case ActivationOutcome():
                refusal, why = refusal_of(answer), describe(answer)
                return self._failed(target, refusal, why, answer.retry_after or 0.0, now)

    def _failed(
        self, target: Target, refusal: Refusal, why: str, at_least: float, now: float
    ) -> NotReached:
        failure = self._failures.pop(target.whose, None)
        times = 1 if failure is None or refusal in _LASTING else failure.times + 1
        wait = self._waits[min(times, len(self._waits)) - 1]
        at = now + max(wait * (1 + SPREAD * self._random.random()), at_least)
        if refusal in _LASTING:
            return NotReached(refusal, at, why)
        is_awaited = refusal is Refusal.ABSENT
        if times >= self._attempts and not is_awaited:
            at, why = NEVER, f"{why}; {times} attempts failed"
        standing = Standing(is_awaited, 0.0 if is_awaited else at, why)
        self._failures[target.whose] = _Failure(times, standing, now)
        return NotReached(refusal, at, why)

    def _forget_stale(self, now: float) -> None:
        """Drop failures so old that their back-off cannot matter any more."""
        horizon = now - max(86_400.0, 2 * max(self._waits))
        while self._failures:
            whose, failure = next(iter(self._failures.items()))
            if failure.since > horizon:
                return
            del self._failures[whose]
