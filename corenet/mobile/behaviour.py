"""How a mobile answers what the network begins: activations and short messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from corenet.interfaces.nas.causes import SmCause, sm_cause_text
from corenet.interfaces.sms.causes import RpCause, rp_cause_text


class Answer(StrEnum):
    """What the mobile does with REQUEST PDP CONTEXT ACTIVATION (TS 24.008 §6.1.3.1.2)."""

    ACCEPT = "accept"
    """Sends ACTIVATE PDP CONTEXT REQUEST."""
    REJECT = "reject"
    """Sends REQUEST PDP CONTEXT ACTIVATION REJECT with the behaviour's cause."""
    SILENT = "silent"
    """Does nothing, until the network gives up."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A mobile's answer to the network's request, and how long it thinks about it."""

    answer: Answer = Answer.ACCEPT
    cause: int = SmCause.INSUFFICIENT_RESOURCES
    """SM cause number of the refusal."""
    delay: float = 0.0
    """Seconds between the request and the answer."""

    def __post_init__(self) -> None:
        if not 0 <= self.cause <= 255:
            raise ValueError(f"SM cause {self.cause} is not one octet")
        if self.delay < 0:
            raise ValueError(f"answer delay {self.delay} s is negative")

    @classmethod
    def accept(cls, delay: float = 0.0) -> Behaviour:
        """Return the behaviour of a mobile that does as asked after ``delay`` seconds."""
        return cls(Answer.ACCEPT, delay=delay)

    @classmethod
    def reject(cls, cause: int = SmCause.INSUFFICIENT_RESOURCES, delay: float = 0.0) -> Behaviour:
        """Return the behaviour of a mobile that refuses with SM cause number ``cause``."""
        return cls(Answer.REJECT, cause, delay)

    @classmethod
    def silent(cls) -> Behaviour:
        """Return the behaviour of a mobile that does not answer."""
        return cls(Answer.SILENT)

    def __str__(self) -> str:
        if self.answer is Answer.REJECT:
            return f"reject with {sm_cause_text(self.cause)} (sm {self.cause})"
        return str(self.answer)


class SmsAnswer(StrEnum):
    """What the mobile does with a short message (TS 24.011 §6.2.2)."""

    ACCEPT = "accept"
    """Takes it: RP-ACK."""
    MEMORY_FULL = "memory-full"
    """Has no room: RP-ERROR with cause 22, and RP-SMMA once it accepts again."""
    REJECT = "reject"
    """RP-ERROR with the behaviour's cause."""
    UNANSWERED = "unanswered"
    """Acknowledges the frames (CP-ACK), and never answers."""
    SILENT = "silent"
    """Does nothing at all, until the network gives up."""


@dataclass(frozen=True, slots=True)
class SmsBehaviour:
    """A mobile's answer to short messages, and how long it thinks about it."""

    answer: SmsAnswer = SmsAnswer.ACCEPT
    cause: int = RpCause.PROTOCOL_ERROR
    """RP cause number of the refusal."""
    delay: float = 0.0
    """Seconds between the message and the answer; the network waits for TR1N."""
    which: tuple[int, ...] = ()
    """Which messages are refused so, by MEMORY_FULL or REJECT: the first that comes is 1.

    Those that are not named are accepted; empty: all are refused.
    """

    def refuses(self, number: int) -> bool:
        """Return whether the message with that number is refused."""
        refusing = self.answer in (SmsAnswer.MEMORY_FULL, SmsAnswer.REJECT)
        return refusing and (not self.which or number in self.which)

    def __post_init__(self) -> None:
        if not 0 <= self.cause <= 127:
            raise ValueError(f"RP cause {self.cause} is not seven bits")
        if self.delay < 0:
            raise ValueError(f"answer delay {self.delay} s is negative")

    def __str__(self) -> str:
        if self.answer is SmsAnswer.REJECT:
            return f"reject with {rp_cause_text(self.cause)} (rp {self.cause})"
        return str(self.answer)
