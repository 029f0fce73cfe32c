"""Activations asked for through the control interface: each under a key, each with one outcome.

Theory of operation. The key, the client's or one of ours, names the activation: asking again
under the same key asks nothing new of the network, it only gives the same activation back,
running or ended. Ended ones are remembered within a bound, the oldest forgotten first. The
GGSN joins activations of one subscriber and APN into one procedure by itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from corenet.control.errors import ControlError
from corenet.control.model import Activation, ActivationRequest, CauseView, StepView, moment
from corenet.interfaces.activation import ActivationOutcome, CauseSource, FailureCause, Step

REMEMBERED = 10_000
"""Ended activations that can still be asked for."""


@dataclass(slots=True)
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

    def view(self) -> Activation:
        """Return the activation as clients see it."""
        outcome = self.outcome
        if outcome is None:
            state, step = "running", None
        else:
            state, step = ("active" if outcome.active else "failed"), outcome.step.value
        return Activation.model_validate(
            {
                "key": self.key,
                "imsi": self.imsi,
                "msisdn": self.msisdn,
                "apn": self.apn,
                "outcome": state,
                "requested_at": moment(self.since),
                "step": step,
                "address": outcome.address if outcome else None,
                "cause": _cause(outcome.cause) if outcome else None,
                "mobile_cause": _cause(self.mobile_cause),
                "hold_until_reachable": bool(outcome and outcome.hold_until_reachable),
                "retry_after": outcome.retry_after if outcome else None,
                "steps": [
                    StepView(step=step.value, seconds=seconds)
                    for step, seconds in (outcome.steps if outcome else ())
                ],
            }
        )

    def problem(self) -> ControlError:
        """Return a failed activation as the problem that its caller gets."""
        outcome = self.outcome
        if outcome is None or outcome.active:
            raise ValueError(f"activation {self.key} has not failed")
        late = (
            outcome.step is not Step.ACCEPTANCE
            and outcome.cause is not None
            and outcome.cause.source is CauseSource.LOCAL
        )
        return ControlError(
            504 if late else 502,
            "Activation failed",
            f"{outcome.step.value}: {outcome.cause}",
            members=self.view().model_dump(mode="json"),
        )


class Activations:
    """The activations that are running, and the last that have ended, by key."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._running: dict[str, Requested] = {}
        self._ended: OrderedDict[str, Requested] = OrderedDict()
        self._own_keys = 0

    def get(self, key: str) -> Requested | None:
        """Return the activation named ``key``, or None."""
        return self._running.get(key) or self._ended.get(key)

    def running(self) -> tuple[Requested, ...]:
        """Return what has not ended."""
        return tuple(self._running.values())

    def begin(
        self, request: ActivationRequest, imsi: str, msisdn: str | None, now: float
    ) -> tuple[Requested, bool]:
        """Return the activation that ``request`` names, and whether it is new.

        Raises:
            ControlError: the key names an activation of another terminal or APN.
        """
        key = request.key
        if key is None:
            self._own_keys += 1
            key = f"activation-{now:.6f}-{self._own_keys}"
        known = self.get(key)
        if known is None:
            requested = Requested(key, imsi, msisdn, request.apn, now)
            self._running[key] = requested
            return requested, True
        if (known.imsi, known.apn.lower()) != (imsi, request.apn.lower()):
            raise ControlError(
                409,
                "Key in use",
                f"key {key} names an activation of {known.imsi} on {known.apn}",
                field="key",
            )
        return known, False

    def finish(self, key: str, outcome: ActivationOutcome, cause: FailureCause | None) -> None:
        """Note how an activation ended, and tell those who wait; foreign keys are not ours."""
        requested = self._running.pop(key, None)
        if requested is None:
            return
        requested.outcome = outcome
        requested.mobile_cause = None if outcome.active else cause
        self._ended[key] = requested
        if len(self._ended) > self._remembered:
            self._ended.popitem(last=False)
        waiting, requested.waiting = requested.waiting, []
        for tell in waiting:
            tell()


def _cause(cause: FailureCause | None) -> CauseView | None:
    if cause is None:
        return None
    return CauseView(source=cause.source.value, number=cause.number, name=cause.name)
