"""Connections that send at once: what the socket does not take goes later, in order."""

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from testbed.adapters.eager_port import listen_eagerly

HOST = "127.0.0.1"
PIECES = [bytes([65 + number % 26]) * 70_000 for number in range(100)]


class Talker(Protocol):
    """Says all there is as soon as somebody is there."""

    def connectionMade(self):
        for piece in PIECES:
            self.transport.write(piece)
        self.transport.loseConnection()


class Listener(Protocol):
    """Keeps what it hears until the end."""

    def __init__(self):
        self.heard = bytearray()
        self.ended = Deferred()

    def dataReceived(self, data):
        self.heard += data

    def connectionLost(self, reason):
        self.ended.callback(None)


class EagerPortTests(TestCase):
    """A server and a client on loopback."""

    async def talk(self, talker, listener):
        port = listen_eagerly(reactor, 0, Factory.forProtocol(talker), HOST)
        self.addCleanup(port.stopListening)
        client = TCP4ClientEndpoint(reactor, HOST, port.getHost().port)
        await connectProtocol(client, listener)
        return listener

    async def test_what_the_socket_does_not_take_follows_in_order(self):
        """Seven megabytes in a hundred pieces are far more than it takes."""
        listener = await self.talk(Talker, Listener())
        await listener.ended
        assert listener.heard == b"".join(PIECES)

    async def test_a_client_that_has_gone_is_no_fault(self):
        """What is written to it then goes nowhere."""
        gone = Deferred()

        class Late(Talker):
            def connectionLost(self, reason):
                Talker.connectionMade(self)
                gone.callback(None)

            def connectionMade(self):
                self.transport.write(PIECES[0])

        listener = await self.talk(Late, Listener())
        listener.transport.abortConnection()
        await gone
        await listener.ended
