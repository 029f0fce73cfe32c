"""Pages through a gateway on real sockets: UDP on one side, HTTP on the other."""

from __future__ import annotations

import os
from random import Random

from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from corenet.adapters.runtime import TwistedRuntime
from testbed.adapters.gateway import GatewayService
from testbed.codecs.wsp.pdus import Get, decode_unit, encode_unit
from testbed.gateway.config import GatewayConfig
from testbed.gateway.testing import SECRET
from testbed.pull.config import PullConfig
from testbed.wap.client import SessionClient
from testbed.wap.session_events import ReplyReceived

# Of this process alone, so that test runs side by side don't take one another's ports.
GATEWAY = f"127.{64 + os.getpid() % 128}.11.1"


class Origin(Resource):
    isLeaf = True  # noqa: N815

    def __init__(self):
        super().__init__()
        self.silent = []

    def render(self, request):
        if request.path == b"/silent":
            self.silent.append(request)
            request.notifyFinish().addErrback(lambda _: None)
            return NOT_DONE_YET
        request.setHeader("Content-Type", "text/plain")
        return b"hello" if request.path == b"/" else bytes(50_000)


class Terminal(DatagramProtocol):
    """A terminal with a session client, and what came without a session."""

    def __init__(self):
        self.client = SessionClient(random=Random(1))
        self.units = []

    def datagramReceived(self, datagram, addr):
        if addr[1] == 9200:
            self.units.append(decode_unit(datagram))
        else:
            self.client.receive(datagram, addr, reactor.seconds())
            self.flush()

    def flush(self):
        for data, peer in self.client.take_datagrams():
            self.transport.write(data, peer)


class PagesTests(TestCase):
    """Each test has an origin server, a gateway and a terminal of its own."""

    def setUp(self):
        self.origin = Origin()
        port = reactor.listenTCP(0, Site(self.origin), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.url = f"http://127.0.0.1:{port.getHost().port}"
        self.terminal = Terminal()
        udp = reactor.listenUDP(0, self.terminal, interface="127.0.0.1")
        self.addCleanup(udp.stopListening)

    async def start(self, **pull):
        config = GatewayConfig(
            GATEWAY, "wap.example", SECRET, pap_port=0, radius_port=None, ask_core=False,
            pull=PullConfig(**pull),
        )  # fmt: skip
        self.runtime = TwistedRuntime(reactor)
        self.service = GatewayService(reactor, self.runtime, config, random=Random(1))
        self.addCleanup(lambda: ensureDeferred(self.stop()))
        await self.service.start()

    async def stop(self):
        await self.service.stop()
        await self.runtime.stop()

    async def until(self, condition):
        for _ in range(12_000):
            if condition():
                return
            await deferLater(reactor, 0.005, lambda: None)
        raise AssertionError("it did not come about")

    def ask(self, path, tid=1):
        octets = encode_unit(tid, Get(self.url + path))
        self.terminal.transport.write(octets, (GATEWAY, 9200))

    async def test_a_page_comes_without_a_session(self):
        """Out of the port that was asked."""
        await self.start()
        self.ask("/", 7)
        await self.until(lambda: self.terminal.units)
        ((tid, reply),) = self.terminal.units
        assert (tid, reply.status, reply.body) == (7, 200, b"hello")

    async def test_a_page_comes_in_segments_on_a_session(self):
        """50,000 octets over UDP."""
        await self.start()
        client, events = self.terminal.client, []
        session = client.connect((GATEWAY, 9201), reactor.seconds())
        self.terminal.flush()
        await self.until(lambda: client.take_events())
        client.invoke(session, Get(self.url + "/large"), reactor.seconds())
        self.terminal.flush()
        await self.until(lambda: events.extend(client.take_events()) or events)
        (event,) = events
        assert isinstance(event, ReplyReceived)
        assert event.reply.body == bytes(50_000)
        self.terminal.flush()

    async def test_a_silent_origin_is_given_up(self):
        """504, and the connection is closed: the fetch is no more."""
        await self.start(timeout=0.5)
        self.ask("/silent")
        await self.until(lambda: self.terminal.units)
        assert self.terminal.units[0][1].status == 504
        await self.until(lambda: not self.service.gateway.sizes["fetches under way"])

    async def test_a_gateway_can_stop_while_it_fetches(self):
        """Nobody is answered, and nothing is left behind."""
        await self.start()
        self.ask("/silent")
        await self.until(lambda: self.origin.silent)
        stopped = Deferred()
        self.origin.silent[0].notifyFinish().addErrback(lambda _: stopped.callback(None))
        await self.stop()
        await stopped
        assert self.terminal.units == []
