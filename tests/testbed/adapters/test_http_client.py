"""A request is given up after its time, wherever it is by then; in memory."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectionAborted, DNSLookupError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from testbed.adapters.http_client import BoundedClient, TimedOutError

TIME = 5.0
SERVER = "192.0.2.1"


@implementer(IStreamClientEndpoint)
class SlowNames:
    """Where the name of a server is still looked up; that fails when it is broken off."""

    def connect(self, protocolFactory):
        return Deferred(lambda looking_up: looking_up.errback(DNSLookupError("server.example")))


@implementer(IAgentEndpointFactory)
class Endpoints:
    """Leads every URL to one endpoint."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def endpointForURI(self, uri):
        return self.endpoint


class Request:
    """A request in memory, and how it has failed."""

    def __init__(self, reactor, endpoint):
        self.reactor = reactor
        self.client = BoundedClient(
            reactor, connections=None, largest_answer=1, endpoints=Endpoints(endpoint)
        )
        exchange = self.client.exchange(
            "GET", "http://server.example/", headers=Headers(), timeout=TIME
        )
        self.failed = []
        ensureDeferred(exchange).addErrback(self.failed.append)

    def run_out_of_time(self):
        self.reactor.advance(TIME - 0.1)
        assert self.failed == []
        self.reactor.advance(0.1)

    @property
    def error(self):
        (failure,) = self.failed
        return failure.value


@pytest.fixture
def reactor():
    return MemoryReactorClock()


def test_a_name_may_take_too_long(reactor):
    """That is no answer in time, and not a name that is not there."""
    request = Request(reactor, SlowNames())
    request.run_out_of_time()
    assert isinstance(request.error, TimedOutError)
    assert str(request.error) == "no answer in time"


def test_a_connection_may_take_too_long(reactor):
    """As to a host that is switched off."""
    request = Request(reactor, TCP4ClientEndpoint(reactor, SERVER, 80, timeout=10 * TIME))
    request.run_out_of_time()
    assert isinstance(request.error, TimedOutError)


def test_an_answer_may_take_too_long(reactor):
    """Then the connection is closed."""
    request = Request(reactor, TCP4ClientEndpoint(reactor, SERVER, 80))
    ((_, _, factory, _, _),) = reactor.tcpClients
    protocol = factory.buildProtocol(None)
    transport = StringTransport()
    protocol.makeConnection(transport)
    request.run_out_of_time()
    assert transport.disconnecting
    protocol.connectionLost(Failure(ConnectionAborted()))
    assert isinstance(request.error, TimedOutError)


def test_whoever_closes_the_client_breaks_off_a_connection_that_is_being_made(reactor):
    """What was wanted of it ends as if it had taken too long."""
    request = Request(reactor, TCP4ClientEndpoint(reactor, SERVER, 80))
    ensureDeferred(request.client.close())
    assert isinstance(request.error, TimedOutError)
