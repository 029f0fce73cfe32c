"""A handset's application and gateways around it, in one place and one time."""

from __future__ import annotations

from random import Random

import pytest

from corenet.mobile.testing import ScriptedHost
from testbed.codecs import sia
from testbed.codecs.media import ContentType
from testbed.codecs.sia import SessionInitiation
from testbed.codecs.wsp import PUSH_PORT, Push
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.pdus import decode_unit, encode_unit
from testbed.wap.server import SessionServer
from testbed.wap.session_events import MethodReceived, SessionRequested

ADDRESS = "10.45.0.7"
GATEWAY = ("192.0.2.9", 9201)


def reply_of(there, request):
    """Return what a request for something is answered."""
    return there(request) if callable(there) else there


class Gateway:
    """The gateway's end of sessions, which grants every one unless it is told otherwise."""

    def __init__(self, surroundings, place):
        self._surroundings = surroundings
        self.place = place
        self.server = SessionServer(random=Random(str(place)))
        self.told = []
        self.grants = True
        self.replies = {}
        """What is at which address: a reply, or what makes one of a request.

        A method for another one is left to the test.
        """

    @property
    def session(self):
        """The number of its one session."""
        (session,) = self.server.sessions()
        return session.session

    def do(self, verb, *arguments, **more):
        """Give the server a command, and carry out what comes of it."""
        result = getattr(self.server, verb)(*arguments, self._surroundings.host.now, **more)
        self._surroundings.carry()
        return result

    def hear(self):
        for event in self.server.take_events():
            self.told.append(event)
            if self.grants and isinstance(event, SessionRequested):
                self.server.accept(event.session, self._surroundings.host.now)
            if isinstance(event, MethodReceived) and event.request.uri in self.replies:
                reply = reply_of(self.replies[event.request.uri], event.request)
                self.server.reply(event.transaction, reply, self._surroundings.host.now)

    def names(self):
        """Return the kinds of what it was told since the last call."""
        told, self.told = self.told, []
        return [type(event).__name__ for event in told]


class DatagramGateway:
    """A gateway that answers connectionless methods; it needs no time."""

    def __init__(self, place):
        self.place = place
        self.server = self
        self.replies = {}
        self.asked = []
        """Transaction id and request of what was asked for."""
        self._out = []

    def receive(self, payload, peer, now):
        tid, request = decode_unit(payload)
        self.asked.append((tid, request))
        if request.uri in self.replies:
            reply = reply_of(self.replies[request.uri], request)
            self._out.append((encode_unit(tid, reply), peer))

    def hear(self):
        """It has nothing to be told."""

    def take_datagrams(self):
        out, self._out = self._out, []
        return out

    def next_timeout(self):
        return None

    def handle_timeout(self, now):
        """Nothing is ever due."""


class Surroundings:
    """A host and gateways; datagrams arrive at once, those for nobody are lost."""

    def __init__(self):
        self.host = ScriptedHost(address=ADDRESS, now=1_795_348_800.0)
        self.gateways = {}
        self.passed = []
        """Every datagram: source, destination and octets."""

    def gateway(self, place=GATEWAY):
        """Add a gateway."""
        gateway = self.gateways[place] = Gateway(self, place)
        return gateway

    def datagram_gateway(self, place=("192.0.2.9", 9200)):
        """Add a gateway for connectionless methods."""
        gateway = self.gateways[place] = DatagramGateway(place)
        return gateway

    def carry(self):
        """Deliver until nothing is under way."""
        moving = True
        while moving:
            moving = False
            for payload, local, destination in self.host.take_sent():
                moving = True
                self.passed.append((local, destination, payload))
                gateway = self.gateways.get(destination)
                if gateway is not None:
                    gateway.server.receive(payload, local, self.host.now)
            for gateway in tuple(self.gateways.values()):
                gateway.hear()
                for payload, peer in gateway.server.take_datagrams():
                    moving = True
                    self.passed.append((gateway.place, peer, payload))
                    if peer[0] == self.host.address and peer[1] in self.host.ports:
                        self.host.arrive(payload, gateway.place, peer[1])

    def wait(self, seconds):
        """Let time pass for all."""
        end = self.host.now + seconds
        while True:
            dues = [self.host.next_timeout()]
            dues += [gateway.server.next_timeout() for gateway in self.gateways.values()]
            due = min((due for due in dues if due is not None), default=None)
            if due is None or due > end:
                break
            now = max(due, self.host.now)
            self.host.wait(now - self.host.now)
            for gateway in self.gateways.values():
                gateway.server.handle_timeout(now)
            self.carry()
        self.host.wait(end - self.host.now)

    def is_at_rest(self):
        """Whether the handset waits for nothing and has only its push port."""
        return self.host.next_timeout() is None and set(self.host.ports) <= {PUSH_PORT}

    def invite(self, *places, local=None, applications=("x-wap-application:wml.ua",)):
        """Send a SIA that names these places."""
        contacts = tuple(ContactPoint.for_ip(*place) for place in places)
        self.push(
            Push(
                1,
                ContentType(sia.MEDIA_TYPE),
                sia.encode(SessionInitiation(applications, contacts)),
                (("X-Wap-Application-Id", sia.APPLICATION),),
            ),
            local=local,
        )

    def push(self, push, local=None):
        """Send a connectionless push."""
        address = self.host.address or "" if local is None else local
        receive = self.host.ports[PUSH_PORT]
        receive(push.encode(), ("192.0.2.9", 9200), (address, PUSH_PORT), self.host.now)
        self.carry()


@pytest.fixture
def around():
    """A host without applications, and no gateway yet."""
    return Surroundings()
