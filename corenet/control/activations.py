"""Activations asked for through the control interface: each under a key, each with one outcome.

Theory of operation. The key, the client's or one of ours, names the activation: asking again
under the same key asks nothing new of the network, it only gives the same activation back,
running or ended. Ended ones are remembered within a bound, the oldest forgotten first. The
GGSN joins activations of one subscriber and APN into one procedure by itself, so that what a
mobile says while it runs (``note_mobile_cause``) concerns all of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from corenet.control.errors import ControlError
from corenet.control.model import (
    Activation,
    ActivationProblem,
    ActivationRequest,
    CauseView,
    StepView,
    moment,
)
from corenet.ggsn.config import apn_key
from corenet.interfaces.activation import ActivationOutcome, FailureCause

REMEMBERED = 10_000
"""Ended activations that can still be asked for."""


@dataclass(slots=True, eq=False)
class Requested:
    """One activation: what was asked, and once it has ended, how."""

    key: str
    imsi: str
    msisdn: str | None
    apn: str
    since: float
    outcome: ActivationOutcome | None = None
    mobile_cause: FailureCause | None = None
    waiting: list[Callable[[], None]] = field(default_factory=list)
    """Called once, when it has ended."""

    @property
    def subject(self) -> tuple[str, str]:
        """The subscriber and access point, whatever the spelling of the APN."""
        return self.imsi, apn_key(self.apn)

    def view(self) -> Activation:
        """Return the activation as clients see it."""
        outcome = self.outcome
        if outcome is None:
            return Activation(
                key=self.key,
                imsi=self.imsi,
                msisdn=self.msisdn,
                apn=self.apn,
                outcome="running",
                requested_at=moment(self.since),
                step=None,
                address=None,
                cause=None,
                mobile_cause=_cause(self.mobile_cause),
                timed_out=False,
                hold_until_reachable=False,
                retry_after=None,
                steps=[],
            )
        return Activation(
            key=self.key,
            imsi=self.imsi,
            msisdn=self.msisdn,
            apn=self.apn,
            outcome="active" if outcome.active else "failed",
            requested_at=moment(self.since),
            step=outcome.step.value,
            address=outcome.address,
            cause=_cause(outcome.cause),
            mobile_cause=_cause(self.mobile_cause),
            timed_out=outcome.timed_out,
            hold_until_reachable=outcome.hold_until_reachable,
            retry_after=outcome.retry_after,
            steps=[StepView(step=step.value, seconds=seconds) for step, seconds in outcome.steps],
        )

    def problem(self) -> ControlError:
        """Return a failed activation as the problem that its caller gets."""
        outcome = self.outcome
        if outcome is None or outcome.active:
            raise ValueError(f"activation {self.key} has not failed")
        status, title = 504 if outcome.timed_out else 502, "Activation failed"
        problem = ActivationProblem(
            title=title,
            status=status,
            detail=f"{outcome.step.value}: {outcome.cause or 'no cause was given'}",
            **dict(self.view()),
        )
        members = problem.model_dump(mode="json", exclude={"type", "title", "status", "detail"})
        del members["field"]
        return ControlError(status, title, problem.detail, members=members)


class Activations:
    """The activations that are running, and the last that have ended, by key."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._running: dict[str, Requested] = {}
        self._by_subject: dict[tuple[str, str], list[Requested]] = {}
        self._ended: OrderedDict[str, Requested] = OrderedDict()
        self._own_keys = 0

    def __len__(self) -> int:
        """Return how many are running."""
        return len(self._running)

    def get(self, key: str) -> Requested | None:
        """Return the activation named ``key``, or None."""
        return self._running.get(key) or self._ended.get(key)

    def begin(
        self, request: ActivationRequest, imsi: str, msisdn: str | None, now: float
    ) -> tuple[Requested, bool]:
        """Return the activation that ``request`` names, and whether it is new.

        Raises:
            ControlError: the key names an activation of another terminal or APN.
        """
        requested = Requested(request.key or self._own_key(now), imsi, msisdn, request.apn, now)
        known = self.get(requested.key)
        if known is None:
            self._running[requested.key] = requested
            self._by_subject.setdefault(requested.subject, []).append(requested)
            return requested, True
        if known.subject != requested.subject:
            raise ControlError(
                409,
                "Key in use",
                f"key {known.key} names an activation of {known.imsi} on {known.apn}",
                field="key",
            )
        return known, False

    def note_mobile_cause(self, imsi: str, apn: str, cause: FailureCause) -> None:
        """Note what a mobile answered to the network's request, for all that wait for it."""
        for requested in self._by_subject.get((imsi, apn_key(apn)), ()):
            requested.mobile_cause = cause

    def finish(self, key: str, outcome: ActivationOutcome) -> None:
        """Note how an activation ended, and tell those who wait.

        A key is not ours when another trigger's activation bears it, as the subject shows.
        """
        requested = self._running.get(key)
        if requested is None or requested.subject != (outcome.imsi, apn_key(outcome.apn)):
            return
        self._forget_running(requested)
        requested.outcome = outcome
        if outcome.active:
            requested.mobile_cause = None
        self._ended[key] = requested
        if len(self._ended) > self._remembered:
            self._ended.popitem(last=False)
        # One who is told may make another one leave.
        while requested.waiting:
            requested.waiting.pop(0)()

    def withdraw(self, requested: Requested) -> None:
        """Forget an activation that could not even be begun."""
        self._forget_running(requested)

    def _forget_running(self, requested: Requested) -> None:
        del self._running[requested.key]
        others = self._by_subject[requested.subject]
        others.remove(requested)
        if not others:
            del self._by_subject[requested.subject]

    def _own_key(self, now: float) -> str:
        while True:
            self._own_keys += 1
            key = f"activation-{now:.6f}-{self._own_keys}"
            if self.get(key) is None:
                return key


def _cause(cause: FailureCause | None) -> CauseView | None:
    if cause is None:
        return None
    return CauseView(source=cause.source.value, number=cause.number, name=cause.name)
