"""Pages at the gateway: off both ports, over good and bad wires, for a client of ours."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from corenet.interfaces.node import Interface
from gtp.testing import Conditions, VirtualWire
from testbed.codecs.media import ContentType
from testbed.codecs.wsp.capabilities import ProtocolOption
from testbed.codecs.wsp.pdus import Get, Post, Reply, decode_unit, encode_unit
from testbed.codecs.wtp import UserAbort
from testbed.gateway.carriers.pages import pull_config
from testbed.gateway.config import TlsConfig
from testbed.gateway.testing import ADDRESS, MSISDN, NOW, accounting
from testbed.pull.config import PullConfig, PullLimits
from testbed.pull.effects import FetchFailure, OriginAnswer
from testbed.pull.events import PageServed, RequestAbandoned
from testbed.wap.client import WANTED, SessionClient
from testbed.wap.config import WtpLimits
from testbed.wap.server import GRANTED, SessionLimits
from testbed.wap.session_events import (
    MethodAborted,
    ReplyReceived,
    SessionEstablished,
    SessionRefused,
    SessionResumed,
)

URL = "http://127.0.0.1:8088/page"
TERMINAL = (ADDRESS, 49152)
ELSEWHERE = ("10.45.0.99", 50000)
GATEWAY = ("127.0.0.5", 9201)
PLAIN = ContentType("text/plain")


class Port:
    """The gateway's port of sessions as a machine on a wire; its bench carries effects out."""

    def __init__(self, bench):
        self.bench = bench
        self.sent = 0

    def receive(self, data, peer, now):
        self.bench.now = now
        self.bench.gateway.receive(Interface.WSP, data, peer=peer, local=GATEWAY, now=now)
        self.bench.settle()

    def next_timeout(self):
        return self.bench.gateway.next_timeout()

    def handle_timeout(self, now):
        self.bench.now = now
        self.bench.gateway.handle_timeout(now)
        self.bench.settle()

    def take_datagrams(self):
        new, self.sent = self.bench.datagrams[self.sent :], len(self.bench.datagrams)
        return [(one.data, one.peer) for one in new if one.interface is Interface.WSP]

    def take_events(self):
        return []


class World:
    """A terminal with a session client, and a gateway, on a wire."""

    def __init__(self, bench, *, wanted=WANTED, conditions=None, limits=None):
        self.bench = bench
        bench.origin = self.origin
        self.pages = {}
        self.is_silent = False
        self.wire = VirtualWire(Random(3), conditions or Conditions(), now=NOW)
        self.client = SessionClient(random=Random(2), wanted=wanted, limits=limits)
        self.told = []
        self.wire.attach(Port(bench), GATEWAY)
        self.wire.attach(self.client, TERMINAL, on_event=lambda event, _: self.told.append(event))

    def origin(self, effect):
        if self.is_silent:
            return None
        return OriginAnswer(
            200, (("Content-Type", "text/plain"),), self.pages.get(effect.url, b"?")
        )

    def run(self, seconds=1.0):
        self.wire.run(seconds)

    def connect(self, *headers):
        session = self.client.connect(GATEWAY, self.wire.now, headers=headers)
        self.run()
        return session

    def ask(self, session, pdu=None):
        """Ask for a page; return the replies so far."""
        self.client.invoke(session, pdu or Get(URL), self.wire.now)
        self.run()
        return self.replies()

    def replies(self):
        return [event.reply for event in self.told if isinstance(event, ReplyReceived)]

    def last(self, kind):
        return [event for event in self.told if isinstance(event, kind)][-1]


@pytest.fixture
def world(bench):
    return World(bench)


def unit(bench, tid, pdu, peer=TERMINAL):
    """Let a terminal send a request without a session; return what it is answered."""
    before = len(bench.datagrams)
    octets = encode_unit(tid, pdu)
    bench.gateway.receive(
        Interface.WDP, octets, peer=peer, local=("127.0.0.5", 9200), now=bench.now
    )
    bench.settle()
    return bench.datagrams[before:]


# Off both ports


def test_a_request_without_a_session_is_answered_from_its_port(bench):
    """Out of the WDP port, to where it came from, under its transaction id."""
    (datagram,) = unit(bench, 9, Get(URL))
    assert (datagram.interface, datagram.peer) == (Interface.WDP, TERMINAL)
    assert decode_unit(datagram.data) == (9, Reply(200, PLAIN, b"hello"))
    assert bench.gateway.counters["pull units"] == 1


def test_a_request_over_ipv6_is_answered_over_ipv6(make_bench):
    """To the address that it came from, which is a terminal's by its prefix."""
    bench = make_bench(ask_core=False, ipv6_address="2001:db8::5")
    bench.radius(accounting(1, address="", ipv6="2001:db8:6:1::abcd"))
    terminal = ("2001:db8:6:1::7", 49152)
    octets, own = encode_unit(9, Get(URL)), ("2001:db8::5", 9200)
    bench.gateway.receive(Interface.WDP6, octets, peer=terminal, local=own, now=bench.now)
    bench.settle()
    datagram = bench.datagrams[-1]
    assert (datagram.interface, datagram.peer) == (Interface.WDP6, terminal)
    assert decode_unit(datagram.data) == (9, Reply(200, PLAIN, b"hello"))


@pytest.mark.clause("WAP-230 §6.3.3", "methods on a session, at the gateway")
def test_a_request_on_a_session_is_answered_there(world):
    """Connect, Get, Reply, Post, Reply."""
    session = world.connect()
    world.pages[URL] = b"first"
    assert [reply.body for reply in world.ask(session)] == [b"first"]
    world.ask(session, Post(URL, PLAIN, b"body"))
    assert [fetch.method for fetch in world.bench.fetches] == ["GET", "POST"]
    assert len(world.replies()) == 2


def test_headers_of_the_session_go_along(world):
    """What Connect says counts for each Get."""
    session = world.connect(("User-Agent", "LabTerm/1.0"), ("Accept", "text/plain"))
    world.ask(session)
    headers = dict(world.bench.fetches[0].headers)
    assert (headers["User-Agent"], headers["Accept"]) == ("LabTerm/1.0", "text/plain")


def test_accounting_tells_who_asks(make_bench):
    """The MSISDN of the RADIUS session at that address, for hosts that are listed."""
    bench = make_bench(pull=PullConfig(identify_to=("127.0.0.1",)))
    unit(bench, 1, Get(URL))
    bench.radius(accounting(1))
    unit(bench, 2, Get(URL, (("X-WAP-Network-Client-MSISDN", "15550100"),)))
    bench.radius(accounting(2, identifier=2))
    unit(bench, 3, Get(URL))
    numbers = [
        [value for name, value in fetch.headers if name == "X-WAP-Network-Client-MSISDN"]
        for fetch in bench.fetches
    ]
    assert numbers == [[], [MSISDN], []]
    assert [event.terminal for event in bench.told(PageServed)] == [ADDRESS, f"+{MSISDN}", ADDRESS]


def test_a_gateway_that_does_not_pull_fetches_nothing(make_bench):
    """501 on a session, and no answer without one."""
    bench = make_bench(pull=None)
    world = World(bench)
    session = world.connect()
    assert [reply.status for reply in world.ask(session)] == [501]
    assert unit(bench, 1, Get(URL)) == []
    bench.gateway.fetched(1, OriginAnswer(200, (), b""), NOW)
    bench.gateway.fetch_failed(1, FetchFailure.TIMED_OUT, "", NOW)


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.5:8081/pap", "http://127.0.0.4:8080/v1/terminals", "http://127.0.0.5:8443/"],
)
def test_the_gateways_own_ports_are_closed(make_bench, uri):
    """A terminal would come there in the gateway's name."""
    tls = TlsConfig("c.pem", "k.pem")
    bench = make_bench(control_url="http://127.0.0.4:8080", tls=tls)
    (datagram,) = unit(bench, 1, Get(uri))
    assert decode_unit(datagram.data)[1].status == 403
    assert bench.fetches == []


def test_ports_at_another_address_are_closed(bench):
    """Where initiators are listened to, and not only where pushes leave from."""
    closed = pull_config(replace(bench.config, pap_address="127.0.0.9")).closed
    assert ("127.0.0.9", 8081) in closed


def test_a_core_over_https_is_closed_too(bench):
    """At the port that goes without saying."""
    config = replace(bench.config, control_url="https://core.example/")
    assert ("core.example", 443) in pull_config(config).closed


# What is agreed on


@pytest.mark.clause("WAP-230 §8.3.2", "capabilities granted within what is set")
def test_a_client_gets_what_it_asks_for_within_bounds(make_bench):
    """Sizes, options and requests at one time are the smaller of the two."""
    granted = replace(GRANTED, server_sdu=2000, method_mor=2)
    world = World(make_bench(capabilities=granted))
    world.connect()
    agreement = world.last(SessionEstablished).agreement
    assert (agreement.server_sdu, agreement.method_mor) == (2000, 2)
    assert agreement.allows(ProtocolOption.SESSION_RESUME)


@pytest.mark.parametrize(
    ("said", "granted"),
    [(None, "1.2"), ("1.1", "1.1"), ("1.3", "1.3"), ("1.5", "1.4"), ("x", "1.2")],
)
def test_the_version_of_header_codes_is_the_older_one(world, said, granted):
    """A client that says none has 1.2."""
    world.connect(*([("Encoding-Version", said)] if said else []))
    assert world.last(SessionEstablished).headers == (("Encoding-Version", granted),)


def test_a_session_beyond_the_bound_is_refused(make_bench):
    """503, in a Reply to Connect."""
    world = World(make_bench(wsp_sessions=SessionLimits(sessions=0)))
    world.connect()
    assert world.last(SessionRefused).reply.status == 503


def test_a_page_that_is_larger_than_the_client_takes_is_not_sent(bench):
    """413 says so."""
    world = World(bench, wanted=replace(WANTED, client_sdu=1000))
    world.pages[URL] = bytes(1000)
    assert [reply.status for reply in world.ask(world.connect())] == [413]


# What is given up


def test_a_request_that_is_aborted_breaks_its_fetch_off(world):
    """And nobody is answered."""
    session = world.connect()
    world.is_silent = True
    transaction = world.client.invoke(session, Get(URL), world.wire.now)
    world.run()
    world.client.abort_method(transaction, world.wire.now)
    world.run()
    assert world.bench.broken_off == [1]
    assert len(world.bench.told(RequestAbandoned)) == 1
    assert world.replies() == []


def test_the_end_of_a_session_breaks_its_fetches_off(world):
    """Disconnect."""
    session = world.connect()
    world.is_silent = True
    world.client.invoke(session, Get(URL), world.wire.now)
    world.run()
    world.client.disconnect(session, world.wire.now)
    world.run()
    assert world.bench.broken_off == [1]


def test_a_request_and_the_end_of_its_session_can_come_together(world):
    """In one datagram: nothing is fetched."""
    session = world.connect()
    world.client.invoke(session, Get(URL), world.wire.now)
    world.client.disconnect(session, world.wire.now)
    world.run()
    assert world.bench.fetches == []
    assert world.bench.gateway.sizes["fetches under way"] == 0


@pytest.mark.clause(
    "WAP-230 §7.1.4", "suspend, resume from another address, with methods under way"
)
def test_suspend_ends_what_is_under_way_and_resume_goes_on(world):
    """As WAP-230 §7.1 has it: the client asks anew, and from elsewhere if it has moved."""
    session = world.connect(("User-Agent", "LabTerm/1.0"))
    world.is_silent = True
    world.client.invoke(session, Get(URL), world.wire.now)
    world.run()
    world.client.suspend(session, world.wire.now)
    world.run()
    assert world.last(MethodAborted).reason == UserAbort.SUSPEND
    assert world.bench.broken_off == [1]
    world.is_silent = False
    world.run(100)
    world.wire.detach(TERMINAL)
    world.wire.attach(world.client, ELSEWHERE, on_event=lambda event, _: world.told.append(event))
    world.client.resume(session, world.wire.now)
    world.run()
    assert world.last(SessionResumed).session == session
    assert len(world.ask(session)) == 1
    assert dict(world.bench.fetches[-1].headers)["User-Agent"] == "LabTerm/1.0"


def test_an_origin_that_is_silent_is_a_timeout_on_the_session(world):
    """504 after the time that a request has, while WTP keeps the transaction alive."""
    session = world.connect()
    world.is_silent = True
    world.ask(session)
    world.run(31)
    assert [reply.status for reply in world.replies()] == [504]


# In segments


LARGE = bytes(range(256)) * 800


@pytest.mark.parametrize("conditions", [Conditions(), Conditions(0.1, 0.1, 0.01, 0.5)])
@pytest.mark.clause("WAP-224 §8.14", "segmentation of pages and of what is posted")
def test_a_large_page_comes_in_segments(bench, conditions):
    """200 KiB, whole after re-assembly, over a good wire and a bad one."""
    world = World(bench, conditions=conditions)
    session = world.connect()
    world.run(60)
    world.pages[URL] = LARGE
    assert len(LARGE) == 200 * 1024
    world.ask(session)
    world.run(600)
    (reply,) = world.replies()
    assert reply.body == LARGE
    assert len(world.bench.fetches) == 1


def test_a_large_request_comes_in_segments(bench):
    """200 KiB that a terminal posts."""
    world = World(bench)
    session = world.connect()
    world.ask(session, Post(URL, PLAIN, LARGE))
    world.run(60)
    assert world.bench.fetches[0].body == LARGE
    assert [reply.status for reply in world.replies()] == [200]


def test_small_packets_make_many_segments(bench):
    """What a client sends in packets of its own size is put together."""
    world = World(bench, limits=WtpLimits(packet=100, group=8))
    world.ask(world.connect(), Post(URL, PLAIN, LARGE[:10_000]))
    assert world.bench.fetches[0].body == LARGE[:10_000]


def test_many_requests_on_bad_wires_are_answered_once_each(make_bench):
    """Each Get in turn: one reply, one fetch; what is repeated on the wire is not fetched anew."""
    bench = make_bench(pull=PullConfig(limits=PullLimits(fetches=2)))
    world = World(bench, conditions=Conditions(0.2, 0.2, 0.01, 1.0))
    session = world.connect()
    world.run(60)
    for number in range(30):
        world.pages[f"{URL}{number}"] = str(number).encode()
        world.client.invoke(session, Get(f"{URL}{number}"), world.wire.now)
        world.run(90)
    assert [reply.body for reply in world.replies()] == [str(n).encode() for n in range(30)]
    assert len(bench.fetches) == 30
