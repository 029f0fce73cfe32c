"""The gateway's session server: sessions for all, requests for whoever answers them."""

from __future__ import annotations

from random import Random

import pytest

from corenet.interfaces.node import Datagram, Interface
from testbed.codecs.media import ContentType
from testbed.codecs.wsp.pdus import Get, Reply
from testbed.gateway.carriers.wap_server import NOT_IMPLEMENTED, NoPull, WapServer
from testbed.gateway.output import Output
from testbed.wap.client import SessionClient
from testbed.wap.session_events import (
    MethodAborted,
    MethodReceived,
    ReplyConfirmed,
    ReplyReceived,
    SessionEnded,
    SessionEstablished,
)

NOW = 1_800_000_000.0
SERVER, TERMINAL = ("127.0.0.5", 9201), ("10.45.0.7", 40000)
PAGE = Reply(200, ContentType("text/vnd.wap.wml"), b"<wml/>")


class ScriptedPull:
    """Keeps what it is given, and answers what it is told to."""

    def __init__(self, server: WapServer, output: Output) -> None:
        self.server = server
        self.requests: list[MethodReceived] = []
        self.ended: list[object] = []
        self.datagrams: list[tuple[bytes, tuple[str, int]]] = []
        self.due: float | None = None
        self.woken: list[float] = []

    def method_received(self, event, now):
        self.requests.append(event)

    def method_ended(self, event, now):
        self.ended.append(event)

    def datagram_received(self, data, peer, now):
        self.datagrams.append((data, peer))

    def next_timeout(self):
        return self.due

    def handle_timeout(self, now):
        self.woken.append(now)


class World:
    """A terminal with a client of sessions, and the gateway's end, joined by a wire."""

    def __init__(self, make_pull):
        self.output = Output()
        self.told = []
        self.pull = None

        def make(server, output):
            self.pull = make_pull(server, output)
            return self.pull

        self.server = WapServer(
            self.output,
            random=Random(1),
            tell=lambda event, now: self.told.append(event),
            make_pull=make,
        )
        self.client = SessionClient(random=Random(2))
        self.heard = []

    def settle(self):
        """Carry datagrams until there are none."""
        while True:
            up = self.client.take_datagrams()
            for data, peer in up:
                assert peer == SERVER
                self.server.receive(data, TERMINAL, NOW)
            down = self.output.take_datagrams()
            for datagram in down:
                assert (datagram.interface, datagram.peer) == (Interface.WSP, TERMINAL)
                self.client.receive(datagram.data, SERVER, NOW)
            self.heard += self.client.take_events()
            if not up and not down:
                return

    def connect(self):
        session = self.client.connect(SERVER, NOW)
        self.settle()
        return session


@pytest.fixture
def world():
    return World(ScriptedPull)


def kinds(events):
    return [type(event) for event in events]


def test_any_terminal_gets_a_session(world):
    """A Connect is accepted, and who pushes is told when the session stands."""
    world.connect()
    assert kinds(world.told) == [SessionEstablished]
    assert kinds(world.heard) == [SessionEstablished]
    assert world.server.sessions == 1


def test_a_request_is_answered_by_whoever_pulls(world):
    """The request is handed on, the reply goes out, its Ack is told."""
    session = world.connect()
    world.client.invoke(session, Get("http://a.example/"), NOW)
    world.settle()
    (event,) = world.pull.requests
    assert event.request.uri == "http://a.example/"
    world.server.reply(event.transaction, PAGE, NOW)
    world.settle()
    assert world.heard[-1].reply == PAGE
    world.client.handle_timeout(world.client.next_timeout())
    world.settle()
    assert kinds(world.pull.ended) == [ReplyConfirmed]


def test_a_request_can_be_aborted(world):
    """The terminal hears that there will be no answer."""
    session = world.connect()
    world.client.invoke(session, Get("http://a.example/"), NOW)
    world.settle()
    world.server.abort_method(world.pull.requests[0].transaction, NOW)
    world.settle()
    assert kinds(world.heard)[-1] is MethodAborted


def test_the_end_of_a_session_ends_its_requests(world):
    """Who pulls is told of the request, who pushes of the session."""
    session = world.connect()
    world.client.invoke(session, Get("http://a.example/"), NOW)
    world.settle()
    world.client.disconnect(session, NOW)
    world.settle()
    assert kinds(world.pull.ended) == [MethodAborted]
    assert kinds(world.told)[-1] is SessionEnded
    assert world.server.sessions == 0


def test_what_comes_without_a_session_is_handed_on(world):
    """A datagram to the WDP port is for whoever pulls."""
    world.server.datagram_received(b"\x01\x40", TERMINAL, NOW)
    assert world.pull.datagrams == [(b"\x01\x40", TERMINAL)]


def test_who_pulls_has_a_timer(world):
    """It is called when it wants to be."""
    world.pull.due = NOW + 1
    assert world.server.next_timeout() == NOW + 1
    world.server.handle_timeout(NOW + 1)
    assert world.pull.woken == [NOW + 1]


def test_a_gateway_that_pushes_only_says_so():
    """A request is answered with 501, a datagram not at all."""
    world = World(NoPull)
    session = world.connect()
    world.client.invoke(session, Get("http://a.example/"), NOW)
    world.settle()
    (reply,) = [event.reply for event in world.heard if isinstance(event, ReplyReceived)]
    assert reply == NOT_IMPLEMENTED
    world.server.datagram_received(b"\x01\x40", TERMINAL, NOW)
    assert world.output.take_datagrams() == []


def test_datagrams_leave_from_the_port_of_sessions(world):
    """A client that connects hears from there."""
    world.client.connect(SERVER, NOW)
    ((data, _),) = world.client.take_datagrams()
    world.server.receive(data, TERMINAL, NOW)
    datagrams = world.output.take_datagrams()
    assert datagrams
    assert all(isinstance(one, Datagram) and one.interface is Interface.WSP for one in datagrams)
