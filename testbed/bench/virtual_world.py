"""A lab in virtual time: who waits lets the clock go to the next thing that happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from corenet.capture.capture import Capture
from corenet.control.core import CoreControl
from corenet.interfaces.runtime import EventListener, Tap
from testbed.bench.world import Answer, Notified, NotSubmittedError
from testbed.initiator.submission import HttpMessage
from testbed.lab.build import LoadedLab
from testbed.lab.virtual import virtual_lab
from testbed.simulation.lab import VirtualLab

T = TypeVar("T")

ANSWER_TIME = 60.0
"""Virtual seconds that a gateway may take to answer a submission."""


class VirtualWorld:
    """Runs a lab in the caller's own thread (a ``World``)."""

    is_virtual = True

    def __init__(self, lab: LoadedLab, *, seed: int, capture: Path | None) -> None:
        """Raise ``OnlyOnSocketsError`` for a lab that cannot be in virtual time."""
        self._closing = ExitStack()
        self.lab: VirtualLab = self._closing.enter_context(virtual_lab(lab, seed=seed))
        """For what only virtual time has: cut ways, bad links, crashes."""
        self.control: CoreControl | None = self.lab.control
        self.notify_url = self.lab.initiator.url
        if capture is not None and lab.core is not None:
            stream = self._closing.enter_context(capture.open("wb"))
            taken = Capture(stream, gc_hosts=lab.core.gc_hosts, gsup_nodes=lab.core.gsup_nodes)
            self.lab.network.on_passed(taken)
            self._closing.callback(taken.close)

    @property
    def notified(self) -> list[Notified]:
        """Every result notification so far."""
        return [Notified(one.time, one.notification) for one in self.lab.initiator.notified]

    @property
    def counters(self) -> Mapping[str, int]:
        """What became of datagrams on their way, by name."""
        return dict(self.lab.network.counters)

    def watch(self, tap: Tap, listener: EventListener) -> None:
        """Tell of everything that passes and happens; before ``start``."""
        self.lab.network.on_passed(tap)
        self.lab.network.on_event(listener)

    def start(self, within: float) -> bool:
        """Start every node; return whether every mobile was there within those seconds."""
        self.lab.start()
        return self.lab.settle(within, online=True)

    def now(self) -> float:
        """Return virtual seconds since 1970-01-01 UTC."""
        return self.lab.network.now()

    def call(self, action: Callable[[], T]) -> T:
        """Do something with nodes; return, or raise, what it does."""
        return action()

    def until(self, condition: Callable[[], bool], within: float) -> bool:
        """Let virtual time pass until something is so; return whether it was in time."""
        return self.lab.network.run_until(condition, within=within) or condition()

    def submit(self, push_id: str, message: HttpMessage, url: str | None) -> Answer:
        """Give a push to the lab's own gateway, the only one that virtual time has."""
        initiator, gateway = self.lab.initiator, self.lab.gateway
        if url is not None or gateway is None:
            raise NotSubmittedError("in virtual time there is no gateway but that of the lab file")
        initiator.submit(push_id, message, gateway.submit)
        if not self.until(lambda: push_id in initiator.answers, ANSWER_TIME):
            raise NotSubmittedError(f"the gateway has not answered for {ANSWER_TIME:g} s")
        return initiator.answers[push_id]

    def close(self) -> None:
        """Let go of what the lab had."""
        self._closing.close()
