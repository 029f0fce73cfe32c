"""Activates terminals: one activation each however many pushes wait, so many at a time.

Specs: TS 23.060 §9.2.2.2 (Network-Requested PDP Context Activation) and the causes of its steps:
TS 29.060 §7.7.1 (GTP), TS 24.008 §10.5.6.6 (SM), TS 29.002 (MAP).

Theory of operation. Whoever needs a context ``want``s it. The first one for a terminal and APN
makes a request, the others join it. Requests beyond the bound wait their turn: the urgent before
the others, and of equals one of each initiator after the other. When one has
``finished``, the outcome is read off ``REACTIONS``: the terminal is reached, or is to be tried
again after a back-off, or when the network says it is back, or trying is in vain. A terminal
in back-off is not tried again for anybody: ``want`` then returns when it may be. After so
many failures in a row only the terminal itself (``clear``) ends the wait.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Final

from corenet.interfaces.activation import ActivationOutcome, CauseSource, Step
from corenet.interfaces.nas.causes import SmCause
from gtp.constants import Cause, MapCause
from testbed.codecs.pap import Priority, StatusCode
from testbed.gateway.fair import FairQueue

SPREAD: Final = 0.1
"""Share of a back-off that chance adds, so that terminals that failed together come apart."""


RANKS: Final = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}

Waiter = tuple[str, int]
"""Who wants an activation: a push-id and the number of an address."""


class Next(StrEnum):
    """What to do after a failed activation."""

    RETRY = "retry"
    """Try again after a back-off."""
    HOLD = "hold"
    """Wait until the network says that the terminal is back."""
    FAIL = "fail"
    """Give up: no later attempt would end otherwise."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """One row of the table: what an outcome in ``step`` with this cause leads to.

    None stands for any step, source or number.
    """

    step: Step | None
    source: CauseSource | None
    number: int | None
    next: Next
    code: int = StatusCode.SERVICE_FAILURE
    """The PAP status code to report where ``next`` is FAIL."""


def _fails(step: Step, source: CauseSource, *numbers: int) -> tuple[Reaction, ...]:
    return tuple(Reaction(step, source, number, Next.FAIL) for number in numbers)


REACTIONS: Final[tuple[Reaction, ...]] = (
    # Nobody has heard of the subscriber: it will not come into being while we wait.
    Reaction(
        Step.ROUTEING_INFORMATION,
        CauseSource.GTP,
        Cause.IMSI_NOT_KNOWN,
        Next.FAIL,
        StatusCode.ADDRESS_NOT_FOUND,
    ),
    Reaction(
        Step.ROUTEING_INFORMATION,
        CauseSource.MAP,
        MapCause.UNKNOWN_SUBSCRIBER,
        Next.FAIL,
        StatusCode.ADDRESS_NOT_FOUND,
    ),
    # The subscriber is away: the HLR notes when it is back.
    Reaction(Step.ROUTEING_INFORMATION, CauseSource.MAP, MapCause.ABSENT_SUBSCRIBER, Next.HOLD),
    Reaction(Step.PDU_NOTIFICATION, CauseSource.GTP, Cause.MS_GPRS_DETACHED, Next.HOLD),
    # Neither subscription nor configuration changes by waiting.
    *_fails(
        Step.MS_ACTIVATION,
        CauseSource.SM,
        SmCause.OPERATOR_DETERMINED_BARRING,
        SmCause.MISSING_OR_UNKNOWN_APN,
        SmCause.UNKNOWN_PDP_ADDRESS_OR_TYPE,
        SmCause.USER_AUTHENTICATION_FAILED,
        SmCause.SERVICE_OPTION_NOT_SUPPORTED,
        SmCause.SERVICE_OPTION_NOT_SUBSCRIBED,
    ),
    *_fails(
        Step.CREATE_PDP_CONTEXT,
        CauseSource.GTP,
        Cause.MISSING_OR_UNKNOWN_APN,
        Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE,
        Cause.USER_AUTHENTICATION_FAILED,
        Cause.APN_ACCESS_DENIED,
    ),
    # Everything else passes: no resources, a silent peer, a user who says no for now.
    Reaction(None, None, None, Next.RETRY),
)
"""Read from the top; the first row that fits holds."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The core gave no outcome: no connection, an error, or silence beyond the deadline."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The core refused to begin: it knows no such terminal or APN."""

    reason: str
    code: int = StatusCode.ADDRESS_NOT_FOUND


ActivationAnswer = ActivationOutcome | Unanswered | Refused


# What a waiter is told


@dataclass(frozen=True, slots=True)
class Reached:
    """The terminal has ``address`` now."""

    address: str


@dataclass(frozen=True, slots=True)
class Later:
    """Not now. ``at`` is the next attempt's time, or None: when the terminal shows itself."""

    at: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """Not before the network says that the terminal is back."""

    why: str


@dataclass(frozen=True, slots=True)
class InVain:
    """Never; with the PAP status code to report."""

    code: int
    why: str


Result = Reached | Later | Awaited | InVain


@dataclass(frozen=True, slots=True)
class Subject:
    """What is activated: a context of the subscriber ``imsi`` on ``apn``."""

    imsi: str
    apn: str


@dataclass(frozen=True, slots=True)
class Request:
    """An activation to ask the core for."""

    key: str
    subject: Subject
    waiters: tuple[Waiter, ...]


@dataclass(slots=True)
class _Activation:
    """One that runs or waits its turn."""

    key: str
    subject: Subject
    waiters: dict[Waiter, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Failure:
    """What is remembered of a terminal whose last activation failed."""

    times: int
    not_before: float | None
    """None: not until the terminal shows itself."""
    awaited: bool
    why: str
    since: float


def describe(outcome: ActivationOutcome) -> str:
    """Say in one line where and why an activation ended."""
    return f"{outcome.step}: {outcome.cause}" if outcome.cause else str(outcome.step)


def reaction_to(outcome: ActivationOutcome) -> Reaction:
    """Return the row of REACTIONS that fits a failed activation."""
    cause = outcome.cause
    return next(
        row
        for row in REACTIONS
        if row.step in (None, outcome.step)
        and row.source in (None, cause and cause.source)
        and row.number in (None, cause and cause.number)
    )


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
        self._of_subject: dict[Subject, _Activation] = {}
        self._running: dict[str, _Activation] = {}
        self._queue: FairQueue[Subject] = FairQueue()
        self._failures: OrderedDict[str, _Failure] = OrderedDict()

    def __len__(self) -> int:
        """Return how many run or wait their turn."""
        return len(self._of_subject)

    @property
    def running(self) -> int:
        """How many the core is asked for now."""
        return len(self._running)

    def want(
        self,
        subject: Subject,
        waiter: Waiter,
        *,
        key: str,
        now: float,
        priority: Priority = Priority.MEDIUM,
        initiator: str = "",
    ) -> Later | None:
        """Have ``waiter`` told when ``subject`` is active; return None, or when to come again.

        ``key`` names the activation towards the core if a new one is made. One that waits its
        turn is as urgent as the most urgent of its waiters.
        """
        activation = self._of_subject.get(subject)
        if activation is None:
            failure = self._failures.get(subject.imsi)
            if failure is not None and not failure.awaited:
                if failure.not_before is None:
                    return Later(None, failure.why)
                if now < failure.not_before:
                    return Later(failure.not_before, failure.why)
            activation = _Activation(key, subject)
            self._of_subject[subject] = activation
        if activation.key not in self._running:
            self._queue.add(subject, RANKS[priority], initiator)
        activation.waiters[waiter] = None
        return None

    def withdraw(self, subject: Subject, waiter: Waiter) -> None:
        """Forget a waiter. An activation that still waits its turn for nobody is dropped."""
        activation = self._of_subject.get(subject)
        if activation is None:
            return
        activation.waiters.pop(waiter, None)
        if not activation.waiters and activation.key not in self._running:
            self._queue.remove(subject)
            del self._of_subject[subject]

    def take_requests(self) -> list[Request]:
        """Return the activations to ask for now, in the order of their turns."""
        requests = []
        while self._queue and len(self._running) < self._at_once:
            activation = self._of_subject[self._queue.pop()]
            self._running[activation.key] = activation
            waiters = tuple(activation.waiters)
            requests.append(Request(activation.key, activation.subject, waiters))
        return requests

    def finished(
        self, key: str, answer: ActivationAnswer, now: float
    ) -> tuple[list[Waiter], Result] | None:
        """Take the core's answer; return the waiters and what to tell them.

        None where no activation of that key runs.
        """
        activation = self._running.pop(key, None)
        if activation is None:
            return None
        subject = activation.subject
        del self._of_subject[subject]
        self._forget_stale(now)
        return list(activation.waiters), self._result(subject, answer, now)

    def is_awaited(self, imsi: str) -> bool:
        """Return whether the last activation ended in "hold until reachable"."""
        failure = self._failures.get(imsi)
        return failure is not None and failure.awaited

    def clear(self, imsi: str) -> None:
        """Forget the failures of a terminal that has shown itself."""
        self._failures.pop(imsi, None)

    def _result(self, subject: Subject, answer: ActivationAnswer, now: float) -> Result:
        if isinstance(answer, Refused):
            self._failures.pop(subject.imsi, None)
            return InVain(answer.code, answer.reason)
        if isinstance(answer, Unanswered):
            return self._later(subject, f"no answer: {answer.reason}", 0.0, now)
        if answer.active and answer.address is not None:
            self._failures.pop(subject.imsi, None)
            return Reached(answer.address)
        why = describe(answer)
        reaction = reaction_to(answer)
        if answer.hold_until_reachable and reaction.next is not Next.FAIL:
            return self._awaited(subject, why, now)
        match reaction.next:
            case Next.HOLD:
                return self._awaited(subject, why, now)
            case Next.FAIL:
                self._failures.pop(subject.imsi, None)
                return InVain(reaction.code, why)
            case Next.RETRY:
                return self._later(subject, why, answer.retry_after or 0.0, now)

    def _awaited(self, subject: Subject, why: str, now: float) -> Awaited:
        times = self._note_failure(subject)
        self._failures[subject.imsi] = _Failure(times, None, True, why, now)
        return Awaited(why)

    def _later(self, subject: Subject, why: str, at_least: float, now: float) -> Later:
        times = self._note_failure(subject)
        at: float | None = None
        if times < self._attempts:
            wait = self._waits[min(times, len(self._waits)) - 1]
            at = now + max(wait * (1 + SPREAD * self._random.random()), at_least)
        else:
            why = f"{why}; {times} attempts failed"
        self._failures[subject.imsi] = _Failure(times, at, False, why, now)
        return Later(at, why)

    def _note_failure(self, subject: Subject) -> int:
        failure = self._failures.pop(subject.imsi, None)
        return 1 if failure is None else failure.times + 1

    def _forget_stale(self, now: float) -> None:
        """Drop failures so old that their back-off cannot matter any more."""
        horizon = now - max(86_400.0, 2 * max(self._waits))
        while self._failures:
            imsi, failure = next(iter(self._failures.items()))
            if failure.since > horizon:
                return
            del self._failures[imsi]
