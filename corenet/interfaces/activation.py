"""The outcome of a network-requested PDP context activation, as every caller sees it.

Specs: TS 23.060 §9.2.2.2 (Network-Requested PDP Context Activation), TS 29.060 §7.7.1
(Cause), TS 24.008 §10.5.6.6 (SM cause).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


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
    """No protocol's: our own decision, by the number of a ``LocalCause``."""


class LocalCause(IntEnum):
    """Why an activation ended by our own decision. Numbers are kept: clients know them."""

    UNKNOWN_APN = 1
    NO_ADDRESS = 2
    """The APN has no pool, and the subscriber no static address on it."""
    MS_NOT_REACHABLE = 3
    """MNRG is set (TS 23.060 §9.2.2.3)."""
    BACK_OFF = 4
    """An attempt failed so lately that the next is refused."""
    DEADLINE_EXPIRED = 5
    """Whoever asked did not want to wait longer."""
    GUARD_TIMER_EXPIRED = 6
    """The SGSN accepted the notification, and no Create PDP Context Request came."""
    HLR_SILENT = 7
    SGSN_SILENT = 8
    HLR_UNUSABLE = 9
    """It answered, but not with what can be used."""
    SGSN_UNUSABLE = 10
    NO_HLR = 11
    """There is none to ask for the SGSN."""
    NOT_SENT = 12
    """A request did not get out."""
    DEACTIVATED = 13
    """Somebody deactivated the subscriber's contexts meanwhile."""
    STOPPED = 14
    """The GGSN went out of service."""

    @property
    def text(self) -> str:
        """The cause in words."""
        return _LOCAL_TEXTS[self]


_LOCAL_TEXTS: Final = {
    LocalCause.UNKNOWN_APN: "unknown APN",
    LocalCause.NO_ADDRESS: "no address for this subscriber",
    LocalCause.MS_NOT_REACHABLE: "MS not reachable",
    LocalCause.BACK_OFF: "in back-off",
    LocalCause.DEADLINE_EXPIRED: "deadline expired",
    LocalCause.GUARD_TIMER_EXPIRED: "guard timer expired",
    LocalCause.HLR_SILENT: "HLR does not answer",
    LocalCause.SGSN_SILENT: "SGSN does not answer",
    LocalCause.HLR_UNUSABLE: "HLR answers with nothing usable",
    LocalCause.SGSN_UNUSABLE: "SGSN answers with nothing usable",
    LocalCause.NO_HLR: "no HLR to ask for the SGSN",
    LocalCause.NOT_SENT: "request cannot be sent",
    LocalCause.DEACTIVATED: "deactivated meanwhile",
    LocalCause.STOPPED: "GGSN stopped",
}

OUT_OF_TIME: Final = frozenset(
    {
        LocalCause.DEADLINE_EXPIRED,
        LocalCause.GUARD_TIMER_EXPIRED,
        LocalCause.HLR_SILENT,
        LocalCause.SGSN_SILENT,
    }
)
"""Causes that say that time was up, and nothing else went wrong."""


@dataclass(frozen=True, slots=True)
class FailureCause:
    """Why an activation failed: number and name, and whose number it is."""

    source: CauseSource
    number: int
    name: str

    @classmethod
    def local(cls, cause: LocalCause, detail: str = "") -> FailureCause:
        """Return a decision of our own; ``detail`` says more than its text."""
        name = f"{cause.text}: {detail}" if detail else cause.text
        return cls(CauseSource.LOCAL, cause.value, name)

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

    @property
    def timed_out(self) -> bool:
        """Whether it failed because time was up: nobody on the way said no."""
        cause = self.cause
        return (
            cause is not None and cause.source is CauseSource.LOCAL and cause.number in OUT_OF_TIME
        )
