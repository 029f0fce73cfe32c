"""Kills push gateways at random instants under load, and looks for broken promises.

``python -m testbed.experiments.kill`` kills 200 times and prints what it found; exit status 1
where a promise was broken. ``ledger`` says what the promises are.

Theory of operation. Gateways run as ``corenet run`` does, each a process of its own on a lab file
written here; with ``--store postgresql://…`` several of them share a database. An initiator posts
at a steady rate as far as its connections go, and posts again with the same push-id until it has
an answer, as a real one would: 2007 then says that the first attempt was stored. A gateway is
killed at an instant of its work or, now and then, of its recovery, and started again. Before that
the store is looked at: what it knew at the death is what must not happen again. In the end all is
left in peace until every result is reported.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.internet.threads import deferToThread

from testbed.adapters.initiator import SubmissionClient, SubmissionError
from testbed.adapters.store_thread import SHARED, opener
from testbed.codecs import pap
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.multipart import build as build_multipart
from testbed.codecs.pap import StatusCode
from testbed.experiments.lab_process import GatewayProcess, drained
from testbed.experiments.ledger import Ledger, Life
from testbed.experiments.surroundings import Surroundings
from testbed.gateway.keeping.records import Notification
from testbed.gateway.keeping.store import Store
from testbed.initiator.submission import HttpMessage, recipient
from testbed.lab.reactor_run import run_in_reactor

POST_AGAIN: Final = 0.2
"""Seconds until a push is posted again that got no answer."""
MOST_UNDER_WAY: Final = 60
"""Pushes that are posted and not answered."""
WORKING: Final = 0.8
"""Seconds of work in the longest life."""
IN_RECOVERY: Final = 0.2
"""Share of the kills that strike while a gateway begins again."""
STARTING: Final = 120.0
SETTLING: Final = 300.0
"""Seconds at most for a start, and until all is reported in the end."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do."""

    kills: int = 200
    seed: int = 1
    rate: float = 100.0
    """Pushes a second."""
    store: str | None = None
    """The URL of an empty database; None: an SQLite file of each gateway's own."""
    gateways: int = 1
    lease: float = 2.0


class KillTest:
    """One run."""

    def __init__(self, reactor: Any, plan: Plan, folder: Path, net: str) -> None:
        """``folder`` is for lab files, logs and stores; ``net`` begins every address."""
        self._reactor = reactor
        self._plan = plan
        self._random = Random(plan.seed)
        self.ledger = Ledger()
        self._around = Surroundings(
            reactor,
            net,
            terminals=18,
            random=self._random,
            arrived=self._arrived,
            posted=self._posted,
            answered=self._answered,
        )
        self._gateways = {
            gateway.address: gateway
            for gateway in (self._make(folder, f"{net}.{10 + n}") for n in range(plan.gateways))
        }
        self._clients = {
            address: SubmissionClient(reactor, gateway.config.pap_url, timeout=30.0)
            for address, gateway in self._gateways.items()
        }
        self._submitted = 0
        self._under_way: set[Deferred[None]] = set()
        self._start_time = 0.0
        """Seconds that a gateway takes until it serves."""

    async def run(self) -> None:
        """Kill so often; then let the gateways end what they promised."""
        load = LoopingCall.withCount(self._submit_due)
        load.clock = self._reactor
        began = time.monotonic()
        for gateway in self._gateways.values():
            gateway.start()
        for address in self._gateways:
            await self._serving(address)
        self._start_time = time.monotonic() - began
        try:
            loading = load.start(1 / self._plan.rate, now=False)
            for number in range(self._plan.kills):
                await self._kill(number)
            load.stop()
            await loading
            await self._settle()
        finally:
            if load.running:
                load.stop()
            for gateway in self._gateways.values():
                gateway.end(signal.SIGTERM)
            for client in self._clients.values():
                await client.close()
            await self._around.close()
        self._compare()

    # Gateways

    def _make(self, folder: Path, address: str) -> GatewayProcess:
        own = folder / address
        own.mkdir()
        return GatewayProcess(
            own,
            address,
            core=self._around.core_url,
            store=self._plan.store,
            lease=self._plan.lease,
        )

    async def _serving(self, address: str) -> None:
        """Wait until a gateway takes pushes."""
        deadline = time.monotonic() + STARTING
        while True:
            try:
                await self._clients[address].submit(HttpMessage("application/xml", b"<pap/>"))
                return
            except SubmissionError as error:
                gateway = self._gateways[address]
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{address}: {error}\n{gateway.log()}") from None
                if gateway.has_ended:
                    raise RuntimeError(f"{address} has ended:\n{gateway.log()}") from None
                await self._sleep(0.02)

    async def _kill(self, number: int) -> None:
        gateway = self._random.choice(list(self._gateways.values()))
        if number and self._random.random() < IN_RECOVERY:
            await self._sleep(self._start_time * self._random.uniform(0.5, 1.0))
        else:
            await self._serving(gateway.address)
            await self._sleep(WORKING * self._random.random())
        if gateway.has_ended:
            raise RuntimeError(f"{gateway.address} has ended by itself:\n{gateway.log()}")
        life, now = gateway.life, time.monotonic()
        gateway.end(signal.SIGKILL)
        await drained(self._reactor)
        in_question = self.ledger.was_killed(life, now)
        for push_id, (ended, answered) in (
            await deferToThread(_look, gateway, in_question)
        ).items():
            self.ledger.was_stored(push_id, life, ended=ended, answered=answered)
        gateway.start()
        if sys.stderr.isatty():
            print(f"{number + 1} of {self._plan.kills} kills", end="\r", file=sys.stderr)

    async def _settle(self) -> None:
        """Wait until every answer is in and every result reported."""
        deadline = time.monotonic() + SETTLING
        while self._under_way or self.ledger.unreported():
            if time.monotonic() > deadline:
                left = self.ledger.unreported()
                logs = [gateway.log() for gateway in self._gateways.values()]
                raise RuntimeError(f"{len(left)} pushes are not reported: {left[:5]}\n{logs}")
            await self._sleep(0.1)
        # Whatever is sent or posted too often would come now.
        await self._sleep(1.5)

    def _compare(self) -> None:
        done: set[str] = set()
        for gateway in self._gateways.values():
            known = _look(gateway, sorted(self.ledger.accepted))
            done |= {push_id for push_id, ends in known.items() if all(ends)}
        self.ledger.close(done)

    # The initiator

    def _submit_due(self, times: int) -> None:
        # An initiator has so many connections, and waits where all of them are in use.
        for _ in range(min(times, MOST_UNDER_WAY - len(self._under_way))):
            submitting = Deferred.fromCoroutine(self._submit())
            self._under_way.add(submitting)
            submitting.addBoth(self._submission_ended, submitting)

    def _submission_ended(self, result: Any, submitting: Deferred[None]) -> None:
        self._under_way.discard(submitting)
        if result is not None:
            self.ledger.violations.append(f"the experiment failed: {result}")

    async def _submit(self) -> None:
        """Post a push, to one gateway or another, until it is answered."""
        self._submitted += 1
        push_id = f"{self._submitted}@kill.example"
        msisdn = self._random.choice(list(self._around.addresses))
        message = _message(push_id, msisdn, self._around.notify_url)
        # Without a shared store a push-id is one gateway's, and so is each attempt.
        addresses = list(self._gateways)
        address = self._random.choice(addresses)
        attempts = 0
        while True:
            attempts += 1
            if self._plan.store is not None:
                address = self._random.choice(addresses)
            try:
                answer = await self._clients[address].submit(message)
            except SubmissionError:
                answer = None
            code = None if answer is None else answer.code
            if code == StatusCode.ACCEPTED or (
                code == StatusCode.DUPLICATE_PUSH_ID and attempts > 1
            ):
                self.ledger.was_accepted(push_id)
                return
            if code is not None and code != StatusCode.SERVICE_UNAVAILABLE:
                raise RuntimeError(f"{push_id} was answered {code}")
            await self._sleep(POST_AGAIN)

    # What is seen

    def _arrived(self, push_id: str, address: str) -> None:
        self.ledger.was_sent(push_id, self._gateways[address].life, time.monotonic())

    def _posted(self, notification: pap.ResultNotification) -> None:
        self.ledger.was_posted(notification.push_id, self._life_of(notification))

    def _answered(self, notification: pap.ResultNotification) -> None:
        life = self._life_of(notification)
        self.ledger.was_answered(notification.push_id, life, time.monotonic())

    def _life_of(self, notification: pap.ResultNotification) -> Life:
        by_url = {g.config.pap_url: g.life for g in self._gateways.values()}
        return by_url[notification.sender_address or ""]

    def _sleep(self, seconds: float) -> Deferred[None]:
        return deferLater(self._reactor, seconds, lambda: None)


def _look(gateway: GatewayProcess, push_ids: list[str]) -> dict[str, tuple[bool, bool]]:
    """Return what a gateway's store knows of pushes."""
    store = opener(gateway.config)()
    try:
        return {push_id: _known(store, push_id) for push_id in push_ids}
    finally:
        store.close()


def _known(store: Store, push_id: str) -> tuple[bool, bool]:
    """Return whether a store knows the end of a push, and that its result was answered."""
    stored = store.find(push_id)
    if stored is None:
        return False, False
    (delivery,) = stored.deliveries
    return delivery.state.final, delivery.notification is Notification.ANSWERED


def _message(push_id: str, msisdn: str, notify_url: str) -> HttpMessage:
    push = pap.PushMessage(push_id, (recipient(msisdn),), notify_url=notify_url)
    control = Part(ContentType("application/xml"), pap.build(push))
    content = Part(ContentType("text/plain"), push_id.encode())
    return HttpMessage(*build_multipart([control, content], boundary="kill"))


async def run(reactor: Any, plan: Plan) -> Ledger:
    """Run a kill test and return what was found; RuntimeError where it cannot go on."""
    # Of this process alone, so that runs side by side don't take one another's addresses.
    net = f"127.{64 + os.getpid() % 128}.9"
    with tempfile.TemporaryDirectory(prefix="corenet-kill-") as folder:
        test = KillTest(reactor, plan, Path(folder), net)
        await test.run()
        return test.ledger


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m testbed.experiments.kill",
        description="Kill push gateways at random instants under load.",
    )
    usual = Plan()
    parser.add_argument("--kills", type=int, default=usual.kills, metavar="N")
    parser.add_argument("--seed", type=int, default=usual.seed, metavar="N")
    parser.add_argument("--rate", type=float, default=usual.rate, help="pushes a second")
    parser.add_argument("--store", metavar="URL", help="an empty PostgreSQL database to share")
    parser.add_argument("--gateways", type=int, default=None, metavar="N", help="with --store")
    options = parser.parse_args(arguments)
    if options.kills < 1 or options.rate <= 0:
        parser.error("--kills is at least 1, --rate above 0")
    if options.store is not None and not options.store.startswith(SHARED):
        parser.error("--store is a postgresql:// URL")
    if options.store is None and options.gateways not in (None, 1):
        parser.error("several gateways need a --store to share")
    gateways = options.gateways or (1 if options.store is None else 2)
    plan = Plan(options.kills, options.seed, options.rate, options.store, gateways)

    async def work(reactor: Any) -> int:
        ledger = await run(reactor, plan)
        print(ledger.report())
        return 1 if ledger.violations else 0

    return run_in_reactor(work)


if __name__ == "__main__":
    sys.exit(main())
