"""What became of a push that was given to an SMSC.

Spec: SMPP 3.4 §5.1.3 (command_status), §5.3.2.31 (network_error_code), §5.3.2.33
(delivery_failure_reason).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SmsDelivered:
    """The terminal has all of it."""

    segments: int = 1


@dataclass(frozen=True, slots=True)
class SmsFailed:
    """It did not arrive."""

    command_status: int
    delivery_failure_reason: int | None = None
    network_error_code: tuple[int, int] | None = None
    """Network type and error code."""
    segments: tuple[int, ...] = ()
    """The numbers, from 1, of the segments that failed; empty where that is not known."""
    reason: str = ""
    """In words, where there are any."""

    def __str__(self) -> str:
        parts = [self.reason or f"command_status {self.command_status:#x}"]
        if self.delivery_failure_reason is not None:
            parts.append(f"delivery_failure_reason {self.delivery_failure_reason}")
        if self.network_error_code is not None:
            parts.append("network_error_code {}/{}".format(*self.network_error_code))
        if self.segments:
            parts.append(f"segments {', '.join(map(str, self.segments))}")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class SmsUnknown:
    """Nobody can say what became of it: the SMSC was lost while it had it, or never answered."""

    reason: str


SmsOutcome = SmsDelivered | SmsFailed | SmsUnknown
