"""The control interface without a socket: what a client writes goes straight to the server."""

import json
from http.client import HTTPResponse
from io import BytesIO

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from corenet.adapters.control_http import ControlInterface


class Answer:
    """A whole response."""

    def __init__(self, octets, method):
        self.wire = octets
        response = HTTPResponse(_Socket(octets), method=method)
        response.begin()
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def media(self):
        return self.headers["Content-Type"]

    def json(self):
        return json.loads(self.body)


class _Socket:
    def __init__(self, octets):
        self._octets = octets

    def makefile(self, _mode):
        return BytesIO(self._octets)


class Transport(StringTransport):
    """Tells the protocol that the connection is gone when it is aborted."""

    protocol = None
    aborted = False

    def abortConnection(self):
        super().abortConnection()
        self.aborted = True
        self.protocol.connectionLost(Failure(ConnectionDone()))


class Connection:
    """One connection of a client."""

    def __init__(self, site):
        self.transport = Transport(peerAddress=IPv4Address("TCP", "127.0.0.1", 50_000))
        self.server = site.buildProtocol(self.transport.getPeer())
        self.transport.protocol = self.server
        self.server.makeConnection(self.transport)

    def send(self, octets):
        self.server.dataReceived(octets)

    def received(self):
        """Return what came since the last call."""
        octets = self.transport.value()
        self.transport.clear()
        return octets

    def break_off(self):
        self.server.connectionLost(Failure(ConnectionDone()))


class Client:
    """A client of one core's control interface."""

    def __init__(self, world, **settings):
        self.world = world
        self.clock = Clock()
        self.interface = ControlInterface(world.control, self.clock, **settings)
        self.site = self.interface.site()

    def connect(self):
        return Connection(self.site)

    def begin(self, method, path, body=None, headers=()):
        """Send a request on a connection of its own; nothing waits for the answer."""
        connection = self.connect()
        connection.send(octets_of(method, path, body, headers))
        return connection

    def ask(self, method, path, body=None, headers=()):
        """Send a request and return its answer, letting the core do what it takes."""
        connection = self.begin(method, path, body, headers)
        transport = connection.transport
        self.world.network.run_until(lambda: bool(transport.value()), within=300)
        octets = connection.received()
        connection.break_off()
        return Answer(octets, method)

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers.items())

    def post(self, path, body=None, headers=()):
        return self.ask("POST", path, body, headers)


def octets_of(method, path, body=None, headers=()):
    """Return a request as it is on the wire; a body that is no octets goes as JSON."""
    lines = [f"{method} {path} HTTP/1.1".encode("latin-1"), b"Host: core.example"]
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        lines.append(b"Content-Type: application/json")
    for name, value in headers:
        octets = value if isinstance(value, bytes) else value.encode("latin-1")
        lines.append(name.encode() + b": " + octets)
    if body is not None:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


@pytest.fixture
def client(world):
    """Make a client of a core; arguments are those of the core and of the interface."""

    def make(*arguments, token=None, **settings):
        return Client(world(*arguments, **settings), token=token)

    return make


@pytest.fixture
def wire():
    """What writes a request."""
    return octets_of


@pytest.fixture
def read_answer():
    """What reads a whole response."""
    return lambda octets, method="GET": Answer(octets, method)
