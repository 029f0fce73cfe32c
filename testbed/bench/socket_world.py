"""A lab on sockets: its nodes run in the reactor's thread, and the caller waits in another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import TypeVar

from corenet.control.core import CoreControl
from corenet.interfaces.node import Event
from corenet.interfaces.runtime import EventListener, Passed, Tap
from testbed.adapters.initiator import NotificationReceiver, SubmissionClient, SubmissionError
from testbed.bench.reactor_thread import ReactorThread
from testbed.bench.world import Answer, Notified, NotSubmittedError
from testbed.codecs import pap
from testbed.initiator.submission import HttpMessage
from testbed.lab.build import LoadedLab
from testbed.lab.running import RunningLab
from testbed.lab.state import LabState

T = TypeVar("T")

LONGEST_LOOK = 0.1
"""Seconds between two looks at something of which no event tells."""


class SocketWorld:
    """Runs a lab in the reactor's thread (a ``World``)."""

    is_virtual = False

    def __init__(
        self,
        lab: LoadedLab,
        thread: ReactorThread,
        *,
        seed: int,
        capture: Path | None,
        state: Path,
        own_address: str,
    ) -> None:
        """``own_address`` is where the initiator listens, at any port that is free."""
        self.lab = lab
        self._thread = thread
        self._news = threading.Condition()
        self._number = 0
        """How often something has passed or happened."""
        self.notified: list[Notified] = []
        self._closing = ExitStack()
        stream = None
        if capture is not None:
            stream = self._closing.enter_context(capture.open("wb"))
        try:
            self.running: RunningLab = thread.call(
                lambda: RunningLab(
                    thread.reactor,
                    lab,
                    state=LabState(state),
                    random=Random(seed),
                    capture=stream,
                )
            )
        except BaseException:
            self._closing.close()
            raise
        self.control: CoreControl | None = self.running.control
        self._receiver = NotificationReceiver(
            thread.reactor, interface=own_address, on_notification=self._note
        )

    @property
    def notify_url(self) -> str:
        """Where gateways are to post result notifications."""
        return self._receiver.url

    @property
    def counters(self) -> Mapping[str, int]:
        """What was lost on its way and why, and how often nodes have failed, by name."""
        return dict(self.running.runtime.counters)

    def watch(self, tap: Tap, listener: EventListener) -> None:
        """Tell of everything that passes and happens; before ``start``."""

        def passed(seen: Passed) -> None:
            tap(seen)
            self._tell()

        def happened(at: float, node: str, event: Event) -> None:
            listener(at, node, event)
            self._tell()

        self._thread.call(lambda: self.running.runtime.on_passed(passed))
        self._thread.call(lambda: self.running.runtime.on_event(happened))

    def start(self, within: float) -> bool:
        """Start every node; return whether every mobile was there within those seconds."""

        async def work() -> bool:
            await self.running.start()
            self._receiver.start()
            return await self.running.settled(within)

        return self._thread.run(work, within + 60.0)

    def now(self) -> float:
        """Return seconds since 1970-01-01 UTC."""
        return self.call(self.running.runtime.now)

    def call(self, action: Callable[[], T]) -> T:
        """Do something with nodes; return, or raise, what it does."""
        return self._thread.call(action)

    def until(self, condition: Callable[[], bool], within: float) -> bool:
        """Wait until something is so; return whether it was in time."""
        end = time.monotonic() + within
        while True:
            with self._news:
                number = self._number
            if condition():
                return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            with self._news:
                if self._number == number:
                    self._news.wait(min(left, LONGEST_LOOK))

    def submit(self, push_id: str, message: HttpMessage, url: str | None) -> Answer:
        """Post a push; return the gateway's answer."""
        own = self.lab.gateway
        if url is None:
            if own is None:
                raise NotSubmittedError("the lab has no gateway: say to which URL to push")
            url = own.pap_url
        target = url

        async def work() -> Answer:
            client = SubmissionClient(self._thread.reactor, target)
            try:
                return await client.submit(message)
            finally:
                await client.close()

        try:
            return self._thread.run(work)
        except SubmissionError as error:
            raise NotSubmittedError(f"{push_id}: {error}") from None

    def close(self) -> None:
        """Stop every node, close the sockets and the capture."""

        async def work() -> None:
            await self._receiver.stop()
            await self.running.stop()

        with self._closing:
            self._thread.run(work)

    def _note(self, notification: pap.ResultNotification) -> None:
        self.notified.append(Notified(self.running.runtime.now(), notification))
        self._tell()

    def _tell(self) -> None:
        with self._news:
            self._number += 1
            self._news.notify_all()
