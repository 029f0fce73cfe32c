"""The interface on real sockets, asked by the push gateway's own client."""

import socket

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.task import LoopingCall, deferLater
from twisted.internet.tcp import Connection
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from corenet.adapters.control_exchange import BODY_LIMIT
from corenet.adapters.control_http import ControlInterface
from corenet.control.model import BehaviourRequest
from corenet.interfaces.activation import ActivationOutcome, CauseSource, Step
from testbed.adapters.core_client import CoreClient
from testbed.gateway.activation.activate import Refused, Unanswered
from testbed.gateway.effects import RequestActivation
from testbed.gateway.routing.judge import CoreSilent, TerminalView, UnknownTerminal
from testbed.gateway.terminal import Terminal, TerminalKind

APN, TOKEN = "wap.example", "open sesame"


class OnSocketsTests(TestCase):
    """A core in virtual time behind a real port; its time passes as fast as it can."""

    @pytest.fixture(autouse=True)
    def _given(self, world, who):
        self.world, self.who = world(5, unattached=(3,), unknown=(4,)), who

    def setUp(self):
        self.addCleanup(lambda: ensureDeferred(self.connections_to_end()))
        self.interface = ControlInterface(self.world.control, reactor, token=TOKEN)
        self.port = self.interface.listen(reactor, port=0)
        self.addCleanup(self.port.stopListening)
        self.addCleanup(self.interface.close)
        time = LoopingCall(self.world.wait, 0.5)
        time.start(0.002)
        self.addCleanup(time.stop)
        self.url = f"http://127.0.0.1:{self.port.getHost().port}"
        self.client = self.make_client(TOKEN)

    async def connections_to_end(self):
        while any(isinstance(reader, Connection) for reader in reactor.getReaders()):
            await deferLater(reactor, 0.005)

    def make_client(self, token):
        client = CoreClient(reactor, self.url, token=token)
        self.addCleanup(lambda: ensureDeferred(client.close()))
        return client

    def ask(self, index, key="k", deadline=30.0):
        request = RequestActivation(key, self.who(index).imsi, APN, deadline)
        return self.client.activate(request, 0.0)

    async def test_terminals_are_looked_up(self):
        """A terminal, nobody, and a gateway that may not ask: each is understood."""
        one = self.who(1)
        for kind in (TerminalKind.MSISDN, TerminalKind.ADDRESS):
            found = await self.client.look_up(Terminal(kind, getattr(one, kind.value)))
            assert found == TerminalView(
                one.imsi, one.msisdn, (), True, True, static_addresses={APN: one.address}
            )
        nobody = Terminal(TerminalKind.MSISDN, "447700999999")
        assert await self.client.look_up(nobody) == UnknownTerminal()
        refused = await self.make_client("wrong").look_up(nobody)
        assert refused == CoreSilent("HTTP 401: a bearer token is asked for")

    async def test_every_end_of_an_activation_is_understood(self):
        """Active, failed, late, held, in back-off, refused: 200, 502, 504, 404, 409 and 400."""
        active = await self.ask(1)
        assert isinstance(active, ActivationOutcome)
        assert (active.step, active.address) == (Step.ACTIVE, self.who(1).address)
        assert len(active.steps) == 4
        self.world.control.drive_mobile(
            self.who(2).imsi, "behaviour", BehaviourRequest(on_request="silent")
        )
        late = await self.ask(2, "late", 3.0)
        assert (late.step, late.cause.source) == (Step.MS_ACTIVATION, CauseSource.LOCAL)
        failed = await self.ask(2, "failed", 200.0)
        assert (failed.step, failed.cause.source) == (Step.MS_ACTIVATION, CauseSource.GTP)
        back_off = await self.ask(2, "again")
        assert back_off.step is Step.ACCEPTANCE
        assert back_off.retry_after > 0
        held = await self.ask(3, "held")
        assert (held.step, held.hold_until_reachable) == (Step.ROUTEING_INFORMATION, True)
        assert (await self.ask(4, "unknown")).step is Step.ROUTEING_INFORMATION
        assert isinstance(await self.ask(99, "nobody"), Refused)
        assert isinstance(await self.ask(5, "late"), Unanswered)
        assert isinstance(await self.ask(5, "no key"), Unanswered)

    async def test_gateway_hears_who_is_back(self):
        """The event stream tells of a terminal that was held, and goes on after a break."""
        heard: Deferred[str] = Deferred()
        assert (await self.ask(3)).hold_until_reachable
        stream = self.client.follow(heard.callback)
        self.addCleanup(stream.stop)
        while not stream.is_open:
            await deferLater(reactor, 0.01)
        self.world.control.drive_mobile(self.who(3).imsi, "attach", None)
        assert await heard == self.who(3).imsi

    async def test_listener_that_closes_its_connection_is_forgotten(self):
        """A stream whose reader is gone is not written to any more."""
        listening = []
        listen = self.world.control.events.listen

        def count(listener):
            listening.append(listener)
            end = listen(listener)
            return lambda: (listening.remove(listener), end())

        self.world.control.events.listen = count
        stream = self.client.follow(lambda imsi: None)
        while not stream.is_open:
            await deferLater(reactor, 0.005)
        assert len(listening) == 1
        stream.stop()
        while listening:
            await deferLater(reactor, 0.005)

    async def test_large_body_is_refused_while_it_is_sent(self):
        """A client that sends without end is answered 413, and its connection closed."""

        def send():
            with socket.create_connection(("127.0.0.1", self.port.getHost().port), 60) as client:
                client.sendall(
                    b"POST /v1/activations HTTP/1.1\r\nHost: a\r\n"
                    b"Content-Length: 100000000000\r\n\r\n"
                )
                answer = client.recv(65536)
                sent = 0
                try:
                    while sent < 1000 * BODY_LIMIT:
                        sent += client.send(b"x" * 65536)
                except OSError:
                    return answer, True
                return answer, False

        answer, broken_off = await deferToThread(send)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert broken_off

    def test_port_that_is_taken_is_said_so(self):
        """Two interfaces cannot have one port."""
        with pytest.raises(CannotListenError):
            self.interface.listen(reactor, "127.0.0.1", self.port.getHost().port)
