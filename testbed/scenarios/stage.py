"""Where a scenario is performed: a lab that has started, on sockets or in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from corenet.control.core import CoreControl
from corenet.interfaces.interference import Interferes
from corenet.interfaces.node import Address
from corenet.interfaces.runtime import Runtime
from testbed.codecs import pap
from testbed.initiator.submission import HttpMessage


class StageRuntime(Runtime, Interferes, Protocol):
    """A runtime that lets a scenario interfere."""


Answered = Callable[[pap.PushResponse | pap.BadMessageResponse | str], None]
"""Called with the gateway's answer to a submission, or with what went wrong."""
Notified = Callable[[pap.ResultNotification], None]


@dataclass(frozen=True, slots=True)
class Submission:
    """A push that is posted, and who hears of it."""

    push_id: str
    message: HttpMessage
    answered: Answered
    notified: Notified


class Stage(Protocol):
    """A lab that has started, and what scenarios do with it."""

    @property
    def runtime(self) -> StageRuntime:
        """What runs the nodes, and keeps the time."""
        ...

    @property
    def control(self) -> CoreControl:
        """The core's control interface."""
        ...

    @property
    def notify_url(self) -> str:
        """Where result notifications are wanted."""
        ...

    def submit(self, submission: Submission) -> None:
        """Post a push to the gateway."""
        ...

    def send_outside(self, payload: bytes, destination: Address) -> None:
        """Send a datagram to a mobile's address from a host outside."""
        ...

    def restart(self, node: str, done: Callable[[], None]) -> None:
        """Let a GGSN, an SGSN or the HLR crash and come back; ``done`` is called when it has."""
        ...
