"""One endpoint whose peer is the test, for close looks; and both ends on a wire."""

from __future__ import annotations

from random import Random

import pytest

from gtp.testing import Conditions, VirtualWire
from testbed.codecs import wtp
from testbed.codecs.wsp import pdus
from testbed.codecs.wsp.pdus import Connect
from testbed.codecs.wtp import Ack, Invoke, Result, TransactionClass
from testbed.wap.client import SessionClient
from testbed.wap.config import WtpLimits, WtpTimers
from testbed.wap.events import ResultReceived
from testbed.wap.server import SessionServer
from testbed.wap.session_events import SessionRequested
from testbed.wap.wtp import WtpEndpoint

PEER = ("10.0.0.2", 9201)
RESPONDER = 0x8000


class Bench:
    """A WTP endpoint, the PDUs it sends and the events it tells."""

    def __init__(self, *, timers=None, seed=1, **limits):
        self.endpoint = WtpEndpoint(
            random=Random(seed),
            timers=timers or WtpTimers(),
            limits=WtpLimits(**limits) if limits else None,
        )
        self.now = 1000.0
        self.datagrams = []

    @property
    def counters(self):
        return self.endpoint.counters

    # What is done

    def invoke(self, data=b"ask", **more):
        return self.endpoint.invoke(data, more.pop("peer", PEER), self.now, **more)

    def acknowledge(self, transaction):
        self.endpoint.acknowledge(transaction, self.now)

    def result(self, transaction, data=b"answer"):
        self.endpoint.result(transaction, data, self.now)

    def abort(self, transaction, reason=0xEA):
        self.endpoint.abort(transaction, reason, self.now)

    def get(self, *pdus, peer=PEER):
        """Let the peer send PDUs, or octets."""
        for pdu in pdus:
            octets = pdu if isinstance(pdu, bytes) else pdu.encode()
            self.endpoint.receive(octets, peer, self.now)

    def get_invoke(self, tid=7, data=b"ask", *, peer=PEER, **more):
        """Let the peer begin a transaction; return its number where that was told."""
        more.setdefault("transaction_class", TransactionClass.RESULT)
        self.get(Invoke(tid=tid, data=data, **more), peer=peer)
        events = self.endpoint.take_events()
        return events[0].transaction if events else None

    def wait(self, seconds):
        """Let time pass."""
        until = self.now + seconds
        while (due := self.endpoint.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.endpoint.handle_timeout(self.now)
        self.now = until

    # What is seen

    def sent(self):
        """Return the PDUs sent since the last call."""
        datagrams = self.endpoint.take_datagrams()
        self.datagrams += datagrams
        return [wtp.decode(part) for datagram, _ in datagrams for part in wtp.split(datagram)]

    def told(self):
        """Return the events since the last call."""
        return self.endpoint.take_events()

    def is_idle(self):
        """Return whether nothing is left of any transaction."""
        endpoint = self.endpoint
        return (
            endpoint.open_transactions,
            endpoint.lingering_transactions,
            endpoint.unfinished_octets,
            endpoint.next_timeout(),
        ) == (0, 0, 0, None)


@pytest.fixture
def bench():
    """Return an endpoint with the usual timers."""
    return Bench()


@pytest.fixture
def make_bench():
    """Return what makes endpoints with other timers or limits."""
    return Bench


def ack(tid, **more):
    """Return an Ack by the responder."""
    return Ack(tid=tid | RESPONDER, **more)


def result(tid, data=b"answer", **more):
    """Return a Result by the responder."""
    return Result(tid=tid | RESPONDER, data=data, **more)


CLIENT = ("10.45.0.7", 40000)
SERVER = ("10.0.0.9", 9201)


class Pair:
    """A session client and a session server on a wire, and what each has told."""

    def __init__(self, *, client=None, server=None, conditions=None, seed=1):
        self.wire = VirtualWire(Random(seed), conditions or Conditions(), now=1000.0)
        self.client = SessionClient(random=Random(seed), **(client or {}))
        self.server = SessionServer(random=Random(seed + 1), **(server or {}))
        self.by_client = []
        self.by_server = []
        self.attach(self.client, CLIENT, self.by_client)
        self.attach(self.server, SERVER, self.by_server)

    def attach(self, end, address, told):
        self.wire.attach(end, address, on_event=lambda event, now: told.append(event))

    @property
    def now(self):
        return self.wire.now

    def run(self, seconds=1.0):
        self.wire.run(seconds)

    def told(self, side):
        """Return what one side has told since the last call."""
        events = list(side)
        side.clear()
        return events

    def last(self, side, kind):
        """Return the one event of a kind that one side has told since the last call."""
        (event,) = (one for one in self.told(side) if isinstance(one, kind))
        return event

    def connect(self, *, headers=(), answer=()):
        """Open a session; return its numbers at client and server."""
        number = self.client.connect(SERVER, self.now, headers=headers)
        self.run()
        requested = self.last(self.by_server, SessionRequested)
        self.server.accept(requested.session, self.now, headers=answer)
        self.run()
        self.told(self.by_client)
        self.told(self.by_server)
        return number, requested.session

    def settle(self):
        """Let all timers of transactions end; return whether nothing is left of any."""
        self.run(400.0)
        return self.client.open_transactions == self.server.open_transactions == 0


class RawServer:
    """A session client whose server is only a transaction layer, so that it can say anything."""

    def __init__(self, **client):
        self.pair = Pair(client=client)
        self.told = []
        self.end = WtpEndpoint(random=Random(9))
        self.pair.attach(self.end, SERVER, self.told)
        self.number = self.pair.client.connect(SERVER, self.pair.now)
        self.pair.run()
        (self.invoked,) = self.told
        self.told.clear()

    def answer(self, data):
        """Answer the Connect; return what the client tells."""
        self.end.result(self.invoked.transaction, data, self.pair.now)
        self.pair.run()
        return self.pair.told(self.pair.by_client)

    def say(self, pdu):
        """Say something of class 0; return what the client tells."""
        self.end.invoke(
            pdu.encode(), CLIENT, self.pair.now, transaction_class=TransactionClass.UNRELIABLE
        )
        self.pair.run()
        return self.pair.told(self.pair.by_client)


class RawClient:
    """A session server whose client is only a transaction layer, so that it can say anything."""

    def __init__(self, **server):
        self.pair = Pair(server=server)
        self.told = []
        self.end = WtpEndpoint(random=Random(9))
        self.pair.attach(self.end, CLIENT, self.told)

    def invoke(self, data, transaction_class=TransactionClass.RESULT):
        """Invoke anything; return what the transaction layer tells of it."""
        self.end.invoke(data, CLIENT and SERVER, self.pair.now, transaction_class=transaction_class)
        self.pair.run()
        told, self.told[:] = list(self.told), []
        for event in told:
            if isinstance(event, ResultReceived):
                self.end.acknowledge(event.transaction, self.pair.now)
        self.pair.run()
        return told

    def connect(self, **more):
        """Open a session; return its number and id at the server."""
        self.invoke(Connect(**more).encode())
        session = self.pair.last(self.pair.by_server, SessionRequested).session
        self.pair.server.accept(session, self.pair.now)
        self.pair.run()
        reply = next(event for event in self.told if isinstance(event, ResultReceived))
        self.told.clear()
        self.end.acknowledge(reply.transaction, self.pair.now)
        self.pair.run()
        self.pair.told(self.pair.by_server)
        return session, pdus.decode(reply.data).session_id


@pytest.fixture
def pair():
    """Return a client and a server with the usual capabilities."""
    return Pair()


@pytest.fixture
def make_pair():
    """Return what makes clients and servers with others."""
    return Pair
