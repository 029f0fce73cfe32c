"""Scenarios on real sockets: each with a lab of its own that is started and stopped."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.task import deferLater

from corenet.adapters.runtime import TwistedRuntime
from corenet.adapters.udp import CannotBindError
from corenet.capture.capture import Sink
from corenet.control.core import CoreControl
from corenet.interfaces.node import Address
from testbed.adapters.initiator import SubmissionClient, SubmissionError
from testbed.lab.running import RunningLab
from testbed.lab.state import LabState
from testbed.scenarios.loading import Scenario
from testbed.scenarios.performance import Performance, Report, unperformed
from testbed.scenarios.stage import Submission

SETTLE_TIME = 15.0
"""Seconds that the mobiles may take to attach."""
_BREATH = 0.05
"""Seconds for what still passes when all have attached: accounting."""

Begun = Callable[[RunningLab, float], None]
"""Called when the first step is to be taken, with the time."""


class SocketStage:
    """A lab on sockets (satisfies ``Stage``)."""

    def __init__(self, reactor: Any, running: RunningLab) -> None:
        assert running.control is not None
        self._running = running
        self.runtime: TwistedRuntime = running.runtime
        self.control: CoreControl = running.control
        gateway = running.lab.gateway
        self._client = None if gateway is None else SubmissionClient(reactor, gateway.pap_url)
        self._courses: list[Deferred[Any]] = []

    @property
    def notify_url(self) -> str:
        """Where result notifications are wanted."""
        assert self._running.notifications is not None
        return self._running.notifications.url

    def submit(self, submission: Submission) -> None:
        """Post a push to the gateway, and wait for its result."""
        self._begin(self._submit(submission))

    async def _submit(self, submission: Submission) -> None:
        assert self._client is not None
        assert self._running.notifications is not None
        waiting = self._running.notifications.wait_for(submission.push_id, float("inf"))
        waiting.addCallbacks(submission.notified, lambda _cancelled: None)
        try:
            submission.answered(await self._client.submit(submission.message))
        except SubmissionError as error:
            submission.answered(str(error))

    def send_outside(self, payload: bytes, destination: Address) -> None:
        """Send a datagram to a mobile's address from the initiator's."""
        part = self._running.lab.model.initiator
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.bind((part.address if part is not None else "127.0.0.1", 0))
            sending.sendto(payload, destination)

    def restart(self, node: str, done: Callable[[], None]) -> None:
        """Let a node crash and come back."""

        async def restart() -> None:
            await self._running.restart(node)
            done()

        self._begin(restart())

    def _begin(self, course: Any) -> None:
        self._courses.append(Deferred.fromCoroutine(course))

    async def close(self) -> None:
        """End what is under way, and close connections."""
        for course in self._courses:
            course.cancel()
            with suppress(Exception):
                await course
        if self._client is not None:
            await self._client.close()


async def perform_on_sockets(
    reactor: Any,
    scenario: Scenario,
    *,
    seed: int,
    capture: Sink | None = None,
    begun: Begun = lambda _running, _time: None,
    ended: Callable[[], None] = lambda: None,
) -> Report:
    """Perform a scenario in a lab of its own, on this host's loopback network.

    ``capture`` gets everything that passes, and is its opener's to close. ``ended`` is called when
    all is seen that there is to see, before the lab stops.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            state = LabState(Path(folder))
            running = RunningLab(
                reactor, scenario.lab, state=state, random=Random(seed), capture=capture
            )
        except OSError as error:
            return unperformed(scenario, error, seed=seed, on_sockets=True)
        try:
            report = await _perform(reactor, scenario, running, seed, begun)
            ended()
            return report
        except (CannotBindError, CannotListenError, OSError) as error:
            return unperformed(scenario, error, seed=seed, on_sockets=True)
        finally:
            await running.stop()


async def _perform(
    reactor: Any, scenario: Scenario, running: RunningLab, seed: int, begun: Begun
) -> Report:
    await running.start()
    if not await running.settled(SETTLE_TIME):
        text = f"not every mobile has attached within {SETTLE_TIME:g} s"
        now = running.runtime.now()
        return unperformed(scenario, text, seed=seed, on_sockets=True, now=now)
    await deferLater(reactor, max(_BREATH, scenario.part.arrange.rest), lambda: None)
    stage = SocketStage(reactor, running)
    performance = Performance(scenario, stage, seed=seed, on_sockets=True)
    over: Deferred[None] = Deferred()
    begun(running, running.runtime.now())
    try:
        performance.begin(lambda: over.callback(None))
        await over
    finally:
        await stage.close()
    assert performance.report is not None
    return performance.report
