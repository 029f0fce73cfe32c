"""Where a lab runs, as those see it who drive it from one thread: on sockets, or in virtual time.

Every verb blocks until it is done. Waiting lets time pass: real time, or virtual time until the
next thing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from corenet.control.core import CoreControl
from corenet.interfaces.runtime import EventListener, Tap
from testbed.codecs import pap
from testbed.initiator.submission import HttpMessage

T = TypeVar("T")

Answer = pap.PushResponse | pap.BadMessageResponse


@dataclass(frozen=True, slots=True)
class Notified:
    """A result notification that the lab's initiator has taken."""

    time: float
    """Seconds since 1970-01-01 UTC."""
    notification: pap.ResultNotification


class NotSubmittedError(AssertionError):
    """A push could not be submitted, or the gateway did not answer."""


class World(Protocol):
    """A lab that runs."""

    @property
    def is_virtual(self) -> bool:
        """Whether its time is virtual."""
        ...

    @property
    def control(self) -> CoreControl | None:
        """What can be asked of the core, by ``call`` only; None where there is no core."""
        ...

    @property
    def notified(self) -> list[Notified]:
        """Every result notification so far."""
        ...

    @property
    def notify_url(self) -> str:
        """Where gateways are to post result notifications."""
        ...

    @property
    def counters(self) -> Mapping[str, int]:
        """What became of datagrams on their way, and how often nodes have failed, by name."""
        ...

    def watch(self, tap: Tap, listener: EventListener) -> None:
        """Tell of everything that passes and happens; before ``start``."""
        ...

    def start(self, within: float) -> bool:
        """Start every node; return whether every mobile was there ``within`` that many seconds."""
        ...

    def now(self) -> float:
        """Return seconds since 1970-01-01 UTC."""
        ...

    def call(self, action: Callable[[], T]) -> T:
        """Do something with nodes; return, or raise, what it does."""
        ...

    def until(self, condition: Callable[[], bool], within: float) -> bool:
        """Let time pass until something is so; return whether it was ``within`` those seconds."""
        ...

    def submit(self, push_id: str, message: HttpMessage, url: str | None) -> Answer:
        """Post a push to a gateway, the lab's own when no ``url`` says where; return its answer.

        Raises:
            NotSubmittedError: there was none.
        """
        ...

    def close(self) -> None:
        """Stop every node and let go of all that it had."""
        ...
