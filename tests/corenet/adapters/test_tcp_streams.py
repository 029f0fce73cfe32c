"""Connections of nodes over this machine's own TCP."""

import os
import socket

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.protocol import ClientFactory, Factory
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.task import Clock, deferLater
from twisted.logger import Logger
from twisted.trial.unittest import TestCase

from corenet.adapters import streams
from corenet.adapters.rim import Rim
from corenet.adapters.runtime import TwistedRuntime
from corenet.adapters.udp import CannotBindError
from corenet.interfaces.interference import LOST, Fate
from corenet.interfaces.lines import NOT_ACKNOWLEDGED
from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Phase
from corenet.interfaces.streams import CLOSED_HERE, RESET
from corenet.interfaces.testing import (
    Connected,
    ConnectFailed,
    Disconnected,
    ScriptedStreamNode,
    StreamReceived,
)

# Of this process alone, so that test runs side by side don't take one another's ports.
NET = f"127.{64 + os.getpid() % 128}"
SERVER, CLIENT = f"{NET}.1.1", f"{NET}.1.2"
SMPP = Interface.SMPP


class Foreign(TwistedProtocol):
    """A peer that is no node of ours."""

    def __init__(self):
        self.received = b""
        self.made, self.lost = Deferred(), Deferred()

    def connectionMade(self):
        self.made.callback(self)

    def dataReceived(self, data):
        self.received += data

    def connectionLost(self, reason):
        self.lost.callback(None)


def echo(node, event):
    """Send back what comes, and hang up at "bye"."""
    if isinstance(event, StreamReceived):
        node.transmit(event.connection, event.data)
        if event.data.endswith(b"bye"):
            node.disconnect(event.connection)


class StreamTests(TestCase):
    """Each with a runtime of its own on the real reactor."""

    def setUp(self):
        self.log = []
        self.runtime = TwistedRuntime(
            reactor, log=Logger(namespace="test", observer=self.log.append)
        )
        self.addCleanup(lambda: self.runtime.stop())
        self.passed = []
        self.runtime.on_passed(self.passed.append)
        self.waiting = []
        self.runtime.on_event(lambda *_: self.look())

    def look(self):
        for done, deferred in list(self.waiting):
            if done():
                self.waiting.remove((done, deferred))
                deferred.callback(None)

    def until(self, done):
        """Return a Deferred that fires once an event has made ``done()`` true."""
        deferred = Deferred()
        deferred.addTimeout(60, reactor)
        self.waiting.append((done, deferred))
        self.look()
        return deferred

    def server(self, on_stream=echo, name="server", port=0):
        node = ScriptedStreamNode(name, listens={SMPP}, on_stream=on_stream)
        self.runtime.attach(node, {SMPP: (SERVER, port)})
        return node, self.runtime.address_of(node, SMPP)

    def client(self, on_stream=None, host=CLIENT):
        node = ScriptedStreamNode("client", on_stream=on_stream)
        self.runtime.attach(node, {SMPP: (host, 0)})
        return node

    def connect(self, node, peer, attempt=1):
        self.runtime.command(node, lambda _now: node.connect(SMPP, peer, attempt))

    def foreign(self, address):
        peer = Foreign()
        factory = ClientFactory.forProtocol(lambda: peer)
        factory.noisy = False
        reactor.connectTCP(*address, factory)
        return peer

    @inlineCallbacks
    def test_nodes_speak_to_each_other(self):
        """Both ends hear of the connection; octets pass both ways; the end is told to both."""
        server, address = self.server()
        client = self.client()
        self.connect(client, address, attempt=42)
        yield self.until(lambda: client.connections)
        (opened,) = client.stream
        assert isinstance(opened, Connected)
        assert (opened.attempt, opened.peer) == (42, address)
        assert opened.local[0] == CLIENT
        self.runtime.command(client, lambda _now: client.transmit(opened.connection, b"hello, bye"))
        yield self.until(lambda: client.endings() and server.endings())
        assert client.octets(opened.connection) == b"hello, bye"
        (accepted,) = [event for event in server.stream if isinstance(event, Connected)]
        assert (accepted.attempt, accepted.peer, accepted.local) == (None, opened.local, address)
        assert client.endings() == [(opened.connection, "the peer has closed")]
        assert server.endings() == [(accepted.connection, CLOSED_HERE)]
        # Each part once, although both ends are ours.
        assert [(p.phase, p.source, p.data) for p in self.passed] == [
            (Phase.OPENED, opened.local, b""),
            (Phase.DATA, opened.local, b"hello, bye"),
            (Phase.DATA, address, b"hello, bye"),
            (Phase.CLOSED, address, b""),
        ]
        assert [(p.sender, p.receiver) for p in self.passed[1:3]] == [
            ("client", "server"),
            ("server", "client"),
        ]

    @inlineCallbacks
    def test_a_foreign_peer_is_served(self):
        """A peer that is no node connects, is answered and is told from."""
        server, address = self.server()
        peer = self.foreign(address)
        yield peer.made
        peer.transport.write(b"hello")
        yield self.until(lambda: server.octets(1) == b"hello")
        while not peer.received:
            yield deferLater(reactor, 0.005)
        peer.transport.loseConnection()
        yield peer.lost
        yield self.until(server.endings)
        assert peer.received == b"hello"
        assert server.endings() == [(1, "the peer has closed")]
        assert [(p.phase, p.sender, p.receiver) for p in self.passed] == [
            (Phase.OPENED, "", "server"),
            (Phase.DATA, "", "server"),
            (Phase.DATA, "server", ""),
            (Phase.CLOSED, "", "server"),
        ]

    @inlineCallbacks
    def test_a_foreign_listener_is_reached(self):
        """A node that only connects sees a foreign server, from its own address."""
        peer = Foreign()
        factory = Factory.forProtocol(lambda: peer)
        factory.noisy = False
        port = reactor.listenTCP(0, factory, interface=SERVER)
        self.addCleanup(port.stopListening)
        client = self.client()
        self.connect(client, (SERVER, port.getHost().port))
        yield peer.made
        yield self.until(lambda: client.connections)
        assert peer.transport.getPeer().host == CLIENT
        (connection,) = client.connections
        self.runtime.command(client, lambda _now: client.disconnect(connection))
        self.runtime.command(client, lambda _now: client.transmit(connection, b"too late"))
        self.runtime.command(client, lambda _now: client.disconnect(connection))
        yield self.until(client.endings)
        yield peer.lost
        assert peer.received == b""
        assert [p.phase for p in self.passed][:2] == [Phase.OPENED, Phase.CLOSED]

    @inlineCallbacks
    def test_an_attempt_that_fails_says_why(self):
        """Nobody listens: the node hears it, and may try again at once."""
        with socket.socket() as free:
            free.bind((SERVER, 0))
            address = free.getsockname()

        def again(node, event):
            if isinstance(event, ConnectFailed) and event.attempt == 1:
                node.connect(SMPP, address, 2)

        client = self.client(again)
        self.connect(client, address)
        yield self.until(lambda: len(client.stream) == 2)
        assert [event.attempt for event in client.stream] == [1, 2]
        assert "refused" in client.stream[0].reason
        assert self.runtime.counters == {"smpp-not-connected": 2}

    def test_a_port_that_is_taken_is_named(self):
        """The error says who wants what and what to do, and the node is not attached."""
        with socket.socket() as taken:
            taken.bind((SERVER, 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(CannotBindError) as caught:
                self.server(port=port)
        assert f"server (smpp) cannot listen on TCP {SERVER}:{port}: " in str(caught.value)
        assert "another program" in str(caught.value)
        self.server(port=port)

    @inlineCallbacks
    def test_a_port_is_free_again_where_another_cannot_be_had(self):
        """A node that gets only one of its places gets none."""
        with socket.socket(type=socket.SOCK_DGRAM) as taken, socket.socket() as free:
            taken.bind((SERVER, 0))
            free.bind((SERVER, 0))
            address = free.getsockname()
            free.close()
            node = ScriptedStreamNode("server", listens={SMPP})
            with pytest.raises(CannotBindError, match="UDP"):
                self.runtime.attach(node, {SMPP: address, Interface.GTP_C: taken.getsockname()})
        yield deferLater(reactor, 0)
        with socket.socket() as again:
            again.bind(address)

    @inlineCallbacks
    def test_a_peer_that_does_not_read_is_cut_off(self):
        """What waits for it is bounded; the node hears why."""
        server, address = self.server()
        peer = self.foreign(address)
        yield peer.made
        yield self.until(lambda: server.connections)
        peer.transport.pauseProducing()

        def flood(_now):
            for _ in range(40):
                server.transmit(1, bytes(1 << 20))

        self.runtime.command(server, flood)
        yield self.until(server.endings)
        assert server.endings() == [(1, streams.NOT_READING)]
        assert self.runtime.counters == {"smpp-not-read": 1}
        peer.transport.resumeProducing()
        yield peer.lost
        assert len(peer.received) < streams.MOST_UNSENT * 3

    @inlineCallbacks
    def test_a_peer_that_does_not_take_the_farewell_is_left(self):
        """A connection does not stay half closed for ever."""
        self.patch(streams, "FAREWELL", 0.05)
        server, address = self.server()
        peer = self.foreign(address)
        yield peer.made
        yield self.until(lambda: server.connections)
        peer.transport.pauseProducing()

        def farewell(_now):
            server.transmit(1, bytes(7 << 20))
            server.disconnect(1)

        self.runtime.command(server, farewell)
        yield self.until(server.endings)
        assert server.endings() == [(1, CLOSED_HERE)]
        peer.transport.resumeProducing()
        yield peer.lost

    @inlineCallbacks
    def test_a_slow_peer_gets_everything(self):
        """A peer that reads after a while is not cut off."""
        server, address = self.server()
        peer = self.foreign(address)
        yield peer.made
        yield self.until(lambda: server.connections)
        for _ in range(3):
            peer.transport.pauseProducing()
            self.runtime.command(server, lambda _now: server.transmit(1, bytes(4 << 20)))
            yield deferLater(reactor, 0.01)
            peer.transport.resumeProducing()
            size = len(peer.received) // (4 << 20) * (4 << 20) + (4 << 20)
            while len(peer.received) < size:
                yield deferLater(reactor, 0.01)
        assert server.endings() == []
        peer.transport.loseConnection()
        yield peer.lost

    @inlineCallbacks
    def test_a_runtime_that_stops_closes_everything(self):
        """Ports and connections are gone when the Deferred fires; attempts end."""
        server, address = self.server()
        client = self.client()
        self.connect(client, address)
        yield self.until(lambda: client.connections and server.connections)
        peer = self.foreign(address)
        yield peer.made
        self.connect(client, address, attempt=2)
        yield self.runtime.stop()
        yield peer.lost
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(address)
        assert not self.log

    def test_an_attempt_under_way_ends_with_the_runtime(self):
        """Nobody is connected to after the end."""

        class Connector:
            stopped = False

            def stopConnecting(self):
                self.stopped = True

        connector = Connector()

        class StubReactor(Clock):
            def connectTCP(self, *_args, **_options):
                return connector

        clock = StubReactor()
        runtime = TwistedRuntime(clock)
        node = ScriptedStreamNode("client")
        runtime.attach(node, {SMPP: (CLIENT, 0)})
        runtime.command(node, lambda _now: node.connect(SMPP, (SERVER, 1)))
        runtime.stop()
        for _ in range(3):
            clock.advance(0)
        assert connector.stopped

    @inlineCallbacks
    def test_a_node_that_raises_is_logged_and_keeps_its_connections(self):
        """A bug in a node shows the octets, and everything keeps running."""

        def raises(node, event):
            if isinstance(event, StreamReceived) and event.data == b"\xff":
                raise RuntimeError("a bug")
            echo(node, event)

        server, address = self.server(raises)
        peer = self.foreign(address)
        yield peer.made
        peer.transport.write(b"\xff")
        yield self.until(lambda: server.octets(1) == b"\xff")
        peer.transport.write(b"bye")
        yield peer.lost
        assert peer.received == b"bye"
        assert self.runtime.counters["faults"] == 1
        assert any("ff" in event["occasion"] for event in self.log)

    @inlineCallbacks
    def test_a_reset_is_told(self):
        """A peer that resets the connection ends it with a reason."""
        server, address = self.server()
        peer = self.foreign(address)
        yield peer.made
        yield self.until(lambda: server.connections)
        peer.transport.abortConnection()
        yield peer.lost
        yield self.until(server.endings)
        (ending,) = server.endings()
        assert isinstance(server.stream[-1], Disconnected)
        assert ending[1]

    # While somebody interferes

    def in_a_hurry(self):
        """Let what is a second for TCP be a millisecond."""
        later = Rim.call_later
        self.patch(Rim, "call_later", lambda rim, delay, do: later(rim, delay / 1000, do))

    @inlineCallbacks
    def established(self):
        server, address = self.server(None)
        client = self.client()
        self.connect(client, address)
        yield self.until(lambda: client.connections and server.connections)
        return server, client

    @inlineCallbacks
    def test_what_is_lost_comes_later_in_order_and_is_seen_once(self):
        """Who interferes sees who sends what to whom, each time that it goes."""
        self.in_a_hurry()
        server, client = yield self.established()
        shown, fates = [], [LOST, LOST]

        def interference(passed):
            shown.append((passed.sender, passed.receiver, passed.phase, passed.data))
            return fates.pop(0) if fates else Fate(sendings=(0.0,))

        self.runtime.interference = interference
        for octets in (b"one", b"two"):
            self.runtime.command(client, lambda _now, o=octets: client.transmit(2, o))
        self.runtime.command(client, lambda _now: client.disconnect(2))
        self.runtime.command(client, lambda _now: client.transmit(2, b"too late"))
        yield self.until(lambda: server.endings() and client.endings())
        assert server.octets(1) == b"onetwo"
        assert {one[:2] for one in shown} == {("client", "server")}
        assert [octets for *_, octets in shown].count(b"one") > 1
        assert [p.data for p in self.passed if p.phase is Phase.DATA] in (
            [b"one", b"two"],
            [b"onetwo"],
        )

    @inlineCallbacks
    def test_a_connection_that_loses_everything_breaks(self):
        """Its own end says why; the other hears that it was not closed in good order."""
        self.in_a_hurry()
        server, client = yield self.established()
        self.runtime.interference = lambda _passed: LOST
        self.runtime.command(client, lambda _now: client.transmit(2, b"lost"))
        yield self.until(lambda: server.endings() and client.endings())
        assert client.endings() == [(2, NOT_ACKNOWLEDGED)]
        assert server.octets(1) == b""
        self.connect(client, self.runtime.address_of(server, SMPP), attempt=9)
        yield self.until(lambda: isinstance(client.stream[-1], ConnectFailed))
        assert client.stream[-1] == ConnectFailed(9, NOT_ACKNOWLEDGED)

    @inlineCallbacks
    def test_connections_are_reset_by_interface(self):
        """Those with both ends here count once, and so do those of foreign peers."""
        server, client = yield self.established()
        peer = self.foreign(self.runtime.address_of(server, SMPP))
        yield self.until(lambda: len(server.connections) == 2)
        assert self.runtime.reset(Interface.GSUP) == 0
        assert self.runtime.reset(SMPP) == 2
        yield self.until(lambda: len(server.endings()) == 2 and client.endings())
        yield peer.lost
        assert {why for _, why in (*server.endings(), *client.endings())} == {RESET}

    @inlineCallbacks
    def test_a_node_that_crashes_resets_its_connections(self):
        """Its peer hears of it, it does not; and another one listens where it has listened."""
        server, address = self.server()
        peer = self.foreign(address)
        yield peer.made
        yield self.until(lambda: server.connections)
        yield self.runtime.detach(server)
        yield peer.lost
        assert server.endings() == []
        again, where = self.server(port=address[1])
        assert where == address
        peer = self.foreign(address)
        yield peer.made
        yield self.until(lambda: again.connections)
        peer.transport.loseConnection()
        yield self.until(again.endings)

    @inlineCallbacks
    def test_a_runtime_that_stops_waits_for_nothing(self):
        """What somebody holds back goes now, and no attempt is made any more."""
        server, client = yield self.established()
        peer = self.foreign(self.runtime.address_of(server, SMPP))
        yield self.until(lambda: len(server.connections) == 2)
        self.runtime.interference = lambda _passed: Fate(sendings=(60.0,))
        self.runtime.command(server, lambda _now: server.transmit(3, b"held back"))
        self.connect(client, self.runtime.address_of(server, SMPP), attempt=9)
        yield self.runtime.stop()
        yield peer.lost
        assert peer.received == b"held back"
        assert not self.log
