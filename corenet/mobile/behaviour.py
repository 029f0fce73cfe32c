"""How a mobile answers what the network begins: activations and short messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

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
    DETACH = "detach"
    """Detaches, as if its user had switched GPRS off (§4.7.4.1), and stays so."""
    WRONG_NSAPI = "wrong-nsapi"
    """Sends ACTIVATE PDP CONTEXT REQUEST with the behaviour's NSAPI, whatever that is."""
    MALFORMED = "malformed"
    """Sends what is no such message, in the way of the behaviour's fault."""


class Fault(StrEnum):
    """What is wrong with a malformed answer, and what TS 24.008 §8 has the network do then."""

    TOO_SHORT = "too-short"
    """No message type: ignored (§8.2)."""
    RESERVED_TRANSACTION = "reserved-transaction"
    """A transaction identifier that is reserved: ignored (§8.3.2)."""
    UNKNOWN_TRANSACTION = "unknown-transaction"
    """A refusal of another transaction than the network's: SM STATUS, cause 81 (§8.3.2)."""
    UNKNOWN_TYPE = "unknown-type"
    """A message type that does not exist: SM STATUS, cause 97 (§8.4)."""
    MISSING_ELEMENT = "missing-element"
    """An activation without QoS and PDP address: refused, cause 96 (§8.5)."""
    UNKNOWN_ELEMENT = "unknown-element"
    """One with an unknown element that has to be understood: refused, cause 96 (§8.5)."""


class Distribution(StrEnum):
    """How long a mobile thinks about its answers."""

    CONSTANT = "constant"
    """``delay``, each time."""
    UNIFORM = "uniform"
    """Anything from ``delay`` to ``longest``."""
    EXPONENTIAL = "exponential"
    """``delay`` on average; a few answers take many times as long."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A mobile's answer to the network's request, and how long it thinks about it."""

    answer: Answer = Answer.ACCEPT
    cause: int = SmCause.INSUFFICIENT_RESOURCES
    """SM cause number of the refusal."""
    delay: float = 0.0
    """Seconds between the request and the answer."""
    distribution: Distribution = Distribution.CONSTANT
    longest: float = 3600.0
    """Seconds that no answer takes more than."""
    nsapi: int = 0
    """Of WRONG_NSAPI; below 5 it is reserved, above one that another context may have."""
    fault: Fault = Fault.MISSING_ELEMENT
    """Of MALFORMED."""

    def __post_init__(self) -> None:
        if not 0 <= self.cause <= 255:
            raise ValueError(f"SM cause {self.cause} is not one octet")
        if self.delay < 0:
            raise ValueError(f"answer delay {self.delay} s is negative")
        if not 0 <= self.nsapi <= 15:
            raise ValueError(f"NSAPI {self.nsapi} is not four bits")

    def think(self, random: Random) -> float:
        """Return how long it takes over the next answer, in seconds."""
        delay = self.delay
        if self.distribution is Distribution.UNIFORM:
            delay = random.uniform(delay, max(delay, self.longest))
        elif self.distribution is Distribution.EXPONENTIAL and delay:
            delay = random.expovariate(1 / delay)
        return min(delay, self.longest)

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
        if self.answer is Answer.WRONG_NSAPI:
            return f"wrong NSAPI {self.nsapi}"
        return f"malformed: {self.fault}" if self.answer is Answer.MALFORMED else str(self.answer)


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
