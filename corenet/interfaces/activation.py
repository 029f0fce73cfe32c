"""The outcome of a network-requested PDP context activation, as every caller sees it.

Specs: TS 23.060 §9.2.2.2 (Network-Requested PDP Context Activation), TS 29.060 §7.7.1
(Cause), TS 24.008 §10.5.6.6 (SM cause).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The step of TS 23.060 §9.2.2.2 in which an activation ended."""

    ACCEPTANCE = "acceptance"
    """The request itself: unknown terminal or APN, no static address, limits, back-off."""
    ROUTEING_INFORMATION = "routeing-information"
    """Send Routeing Information for GPRS to the HLR (TS 29.060 §7.4.1)."""
    PDU_NOTIFICATION = "pdu-notification"
    """PDU Notification Request to the SGSN (TS 29.060 §7.3.8)."""
    MS_ACTIVATION = "ms-activation"
    """Request PDP Context Activation to the MS (TS 24.008 §6.1.3.1.2)."""
    CREATE_PDP_CONTEXT = "create-pdp-context"
    """Create PDP Context at the GGSN (TS 29.060 §7.3.1)."""
    ACTIVE = "active"
    """The context is there."""


class CauseSource(StrEnum):
    """Which protocol's number a cause is."""

    GTP = "gtp"
    MAP = "map"
    SM = "sm"
    LOCAL = "local"
    """No protocol's: our own decision, such as a guard timer. The number is 0."""


@dataclass(frozen=True, slots=True)
class FailureCause:
    """Why an activation failed: number and name, and whose number it is."""

    source: CauseSource
    number: int
    name: str

    def __str__(self) -> str:
        return (
            self.name
            if self.source is CauseSource.LOCAL
            else f"{self.name} ({self.source} {self.number})"
        )


@dataclass(frozen=True, slots=True)
class ActivationOutcome:
    """How an activation ended: a context with its address, or the step and cause that ended it."""

    imsi: str
    apn: str
    step: Step
    address: str | None = None
    """The PDP address in text form when ``step`` is ACTIVE, else None."""
    cause: FailureCause | None = None
    """None when ``step`` is ACTIVE."""
    hold_until_reachable: bool = False
    """The network will say when the MS is back (MNRG set); trying before is in vain."""
    retry_after: float | None = None
    """Seconds that the GGSN refuses another attempt, or None where it does not."""
    steps: tuple[tuple[Step, float], ...] = ()
    """Each step that was reached with the seconds it took, in order."""

    @property
    def active(self) -> bool:
        """Whether the context is there."""
        return self.step is Step.ACTIVE
