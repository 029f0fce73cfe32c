"""Gateways that share a PostgreSQL server: both accept, each push arrives once, one dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase
from twisted.web.http_headers import Headers

from testbed.adapters.http_client import BoundedClient
from testbed.adapters.initiator import SubmissionClient, SubmissionError
from testbed.codecs import pap
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.multipart import build as build_multipart
from testbed.codecs.pap import ReplaceMethod
from testbed.experiments.lab_process import GatewayProcess
from testbed.experiments.surroundings import Surroundings
from testbed.initiator.submission import HttpMessage, recipient
from tests.interop.postgresql import PostgresqlServer

pytestmark = pytest.mark.interop

NET = f"127.{64 + os.getpid() % 128}.11"
LEASE = 3.0
SOON = 8.0
"""Seconds until what is promised is due: enough to do what is done before, on any machine."""
BUSY = 40.0
"""Seconds by which a busy machine may be late."""


def due(seconds: float = SOON) -> float:
    """Return when that is; a whole second, as PAP has no fractions."""
    return float(int(time.time() + seconds) + 1)


@pytest.fixture(scope="class")
def server(request):
    """Give the class a server that runs."""
    with PostgresqlServer() as server:
        request.cls.server = server
        yield server


@pytest.mark.usefixtures("server")
class SharedStoreTests(TestCase):
    """Two gateway processes, one database, one core, terminals and an initiator."""

    timeout = 400

    async def start(self, gateways=2):
        """Start gateways on a database of this test's own."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.arrived, self.reported = Counter(), Counter()
        self.around = Surroundings(
            reactor,
            NET,
            terminals=3,
            random=Random(1),
            arrived=lambda push_id, gateway: self.arrived.update([(push_id, gateway)]),
            posted=lambda _: None,
            answered=lambda notification: self.reported.update([notification.push_id]),
        )
        self.addCleanup(self.around.close)
        database = self.server.make_database(self.id().rpartition(".")[2])
        self.gateways = []
        for number in range(gateways):
            own = Path(folder.name) / str(number)
            own.mkdir()
            gateway = GatewayProcess(
                own, f"{NET}.{10 + number}", core=self.around.core_url, store=database, lease=LEASE
            )
            self.gateways.append(gateway)
            gateway.start()
            self.addCleanup(gateway.end, signal.SIGKILL)
        self.clients = [
            SubmissionClient(reactor, gateway.config.pap_url, timeout=60.0)
            for gateway in self.gateways
        ]
        for client, gateway in zip(self.clients, self.gateways, strict=True):
            self.addCleanup(client.close)
            await self.until(self.serves(client), gateway.log)

    def serves(self, client):
        """Return what looks whether a gateway takes pushes."""

        async def serves():
            try:
                await client.submit(HttpMessage("application/xml", b"<pap/>"))
            except SubmissionError:
                return False
            return True

        return serves

    async def cancel(self, gateway, push_id):
        """Submit a cancel-message; return the code of its only result."""
        body = pap.build(pap.CancelMessage(push_id))
        client = BoundedClient(reactor, connections=1, largest_answer=10_000)
        self.addCleanup(lambda: ensureDeferred(client.close()))
        _, answer = await client.exchange(
            "POST",
            self.gateways[gateway].config.pap_url,
            headers=Headers({"Content-Type": ["application/xml"]}),
            data=body,
            timeout=60.0,
        )
        return pap.parse(answer).results[0].code

    async def push(self, gateway, push_id, **attributes):
        """Submit a push; return the code of the answer."""
        (msisdn, *_) = self.around.addresses
        push = pap.PushMessage(
            push_id, (recipient(msisdn),), notify_url=self.around.notify_url, **attributes
        )
        control = Part(ContentType("application/xml"), pap.build(push))
        content = Part(ContentType("text/plain"), push_id.encode())
        message = HttpMessage(*build_multipart([control, content], boundary="b"))
        return (await self.clients[gateway].submit(message)).code

    async def until(self, condition, say=lambda: "", seconds=200.0):
        """Let the reactor work until a condition holds."""
        deadline = time.monotonic() + seconds
        while not await condition():
            assert time.monotonic() < deadline, say()
            await self.sleep(0.02)

    async def all_reported(self, push_ids):
        """Wait until the result of each push was answered."""

        async def reported():
            return set(self.reported) >= set(push_ids)

        await self.until(reported, lambda: f"{self.reported} {[g.log() for g in self.gateways]}")

    def sleep(self, seconds):
        return deferLater(reactor, seconds, lambda: None)

    async def test_both_accept_and_each_push_arrives_once(self):
        """A push-id is unique over both."""
        await self.start()
        first, second = (gateway.address for gateway in self.gateways)
        push_ids = [str(number) for number in range(40)]
        for number, push_id in enumerate(push_ids):
            assert await self.push(number % 2, push_id) == 1001
        assert await self.push(1, "0") == 2007
        await self.all_reported(push_ids)
        await self.sleep(LEASE)
        assert set(self.arrived.values()) == set(self.reported.values()) == {1}
        assert {gateway for _, gateway in self.arrived} == {first, second}
        assert len(self.arrived) == 40

    async def test_a_dead_gateways_pushes_are_taken_over_within_its_lease(self):
        """What it had promised for later, the other delivers and reports."""
        await self.start()
        push_ids = [str(number) for number in range(20)]
        after = due()
        for push_id in push_ids:
            assert await self.push(0, push_id, deliver_after=after) == 1001
        self.gateways[0].end(signal.SIGKILL)
        killed = time.monotonic()
        await self.all_reported(push_ids)
        # One lease, a third of it until the other looks, and what deliver-after asked for.
        assert time.monotonic() - killed < max(4 / 3 * LEASE, SOON + 1) + BUSY
        survivor = self.gateways[1].address
        assert self.arrived == Counter((push_id, survivor) for push_id in push_ids)
        assert set(self.reported.values()) == {1}

    async def test_a_gateway_that_ends_in_good_order_is_followed_at_once(self):
        """It gives up what it holds; nobody waits for its lease."""
        await self.start()
        after = due()
        assert await self.push(0, "1", deliver_after=after) == 1001
        await deferToThread(self.gateways[0].end, signal.SIGINT)
        await self.all_reported(["1"])
        assert self.arrived == Counter([("1", self.gateways[1].address)])

    async def test_a_gateway_that_sleeps_beyond_its_lease_sends_nothing_when_it_wakes(self):
        """The other has sent meanwhile."""
        await self.start()
        after = due()
        assert await self.push(0, "1", deliver_after=after) == 1001
        self.gateways[0].pause()
        await self.all_reported(["1"])
        self.gateways[0].resume()
        await self.sleep(2 * LEASE)
        assert self.arrived == Counter([("1", self.gateways[1].address)])
        assert self.reported == Counter(["1"])
        assert await self.push(0, "2") == 1001
        await self.all_reported(["2"])

    async def cancel_in_service(self, number, push_id):
        """Cancel a push, again while the gateway says 4001: it may have lost its own lease.

        What said 4001 may still have been done, so that the next answer is 2008.
        """
        for attempt in range(20):
            code = await self.cancel(number, push_id)
            if code != 4001:
                return 1000 if attempt and code == 2008 else code
            await self.sleep(0.2)
        return 4001

    async def test_a_push_is_cancelled_at_the_other_gateway(self):
        """1000 comes when its own gateway has ended it; it never arrives, and is reported once."""
        await self.start()
        after = due()
        assert await self.push(0, "1", deliver_after=after) == 1001
        assert await self.cancel(1, "1") == 1000
        await self.all_reported(["1"])
        await self.sleep(max(0.0, after - time.time()) + 1)
        assert self.arrived == Counter()
        assert self.reported == Counter(["1"])
        assert [await self.cancel(number, "1") for number in (0, 1)] == [2008, 2008]

    async def test_a_push_is_replaced_at_the_other_gateway(self):
        """Only what took its place arrives, from where that was submitted."""
        await self.start()
        after = due()
        assert await self.push(0, "1", deliver_after=after) == 1001
        assert (
            await self.push(1, "2", replace_push_id="1", replace_method=ReplaceMethod.PENDING_ONLY)
            == 1001
        )
        await self.all_reported(["1", "2"])
        await self.sleep(max(0.0, after - time.time()) + 1)
        assert self.arrived == Counter([("2", self.gateways[1].address)])
        assert self.reported == Counter(["1", "2"])

    async def test_a_dead_gateways_push_is_cancelled_by_who_takes_it_over(self):
        """The cancel waits for the lease, and then for nobody."""
        await self.start()
        after = due(3600.0)
        assert await self.push(0, "1", deliver_after=after) == 1001
        self.gateways[0].end(signal.SIGKILL)
        assert await self.cancel_in_service(1, "1") == 1000
        await self.all_reported(["1"])
        assert self.arrived == Counter()

    async def test_a_gateway_that_sleeps_beyond_its_lease_sends_nothing_that_was_cancelled(self):
        """It learns when it wakes that its push is another's, and has ended."""
        await self.start()
        after = due(20.0)
        assert await self.push(0, "1", deliver_after=after) == 1001
        self.gateways[0].pause()
        assert await self.cancel_in_service(1, "1") == 1000
        await self.sleep(max(0.0, after - time.time()))
        self.gateways[0].resume()
        await self.sleep(2 * LEASE)
        assert self.arrived == Counter()
        assert self.reported == Counter(["1"])

    async def test_a_database_that_restarts_is_waited_for(self):
        """4001 meanwhile, at once; what was accepted goes on, and new pushes are taken."""
        await self.start(gateways=1)
        after = due()
        assert await self.push(0, "1", deliver_after=after) == 1001
        await deferToThread(self.server.stop)
        try:
            began = time.monotonic()
            assert await self.push(0, "2") == 4001
            assert time.monotonic() - began < BUSY
            await self.sleep(2 * LEASE)
            assert self.arrived == Counter()
            assert await self.push(0, "2") == 4001
        finally:
            await deferToThread(self.server.start)
        await self.all_reported(["1"])

        async def accepted():
            return await self.push(0, "3") in (1001, 2007)

        await self.until(accepted)
        await self.all_reported(["3"])
        assert set(self.arrived.values()) == {1}


def test_gateways_that_are_killed_keep_their_promises():
    """The kill test, in small, with two gateways on one database."""
    with PostgresqlServer() as server:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "testbed.experiments.kill",
                "--kills",
                "3",
                "--rate",
                "40",
                "--store",
                server.url(),
            ],
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
