"""Questions to real name servers: twisted.names' authority on this machine's own UDP and TCP."""

import os

from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import deferLater
from twisted.internet.tcp import Connection
from twisted.names import dns, server
from twisted.names.authority import FileAuthority
from twisted.trial.unittest import TestCase

from corenet.adapters.names import NameQuestions
from corenet.adapters.runtime import TwistedRuntime
from corenet.interfaces.names import NameAsked, RecordType
from corenet.interfaces.testing import ScriptedNode

# Of this process alone, so that test runs side by side don't take one another's ports.
NET = f"127.{64 + os.getpid() % 128}"
ZONE = "mnc015.mcc234.gprs"
NAME = f"wap.example.{ZONE}"


class Zone(FileAuthority):
    """What an operator's name server knows."""

    def __init__(self, records):
        self.records = {name.encode(): held for name, held in records.items()}
        soa = dns.Record_SOA(b"ns", b"admin", ttl=500, minimum=42)
        self.records[ZONE.encode()] = [soa]
        super().__init__(("", None))

    def loadFile(self, filename):
        self.soa = (ZONE.encode(), self.records[ZONE.encode()][0])


class Says(DatagramProtocol):
    """A name server that says the same to everybody."""

    noisy = False

    def __init__(self, code, authority=()):
        self.code, self.authority = code, authority

    def datagramReceived(self, datagram, addr):
        message = dns.Message()
        message.fromStr(datagram)
        message.answer, message.rCode, message.authority = 1, self.code, list(self.authority)
        self.transport.write(message.toStr(), addr)


class Asker(ScriptedNode):
    """A node that keeps what it hears."""

    def __init__(self, name):
        super().__init__(name)
        self.heard = Deferred()

    def name_answered(self, answer, now):
        self.heard.callback(answer)


class Silent(DatagramProtocol):
    """A name server that never answers."""

    noisy = False

    def __init__(self):
        self.asked = 0

    def datagramReceived(self, datagram, addr):
        self.asked += 1


class NameQuestionTests(TestCase):
    """What becomes of each kind of answer."""

    timeout = 300

    def setUp(self):
        self.runtime = TwistedRuntime(reactor)
        self.nodes = []
        self.addCleanup(self.runtime.stop)
        # The resolver's connections over TCP, if any, end by themselves.
        self.addCleanup(
            self.until, lambda: not any(isinstance(r, Connection) for r in reactor.getReaders())
        )

    @inlineCallbacks
    def until(self, condition):
        """Let the reactor work until something is so."""
        yield deferLater(reactor, 0.01, lambda: None)
        while not condition():
            yield deferLater(reactor, 0.01, lambda: None)

    def serve(self, records, number=1):
        """Start a name server; return its address."""
        factory = server.DNSServerFactory(authorities=[Zone(records)])
        factory.noisy = False
        host = f"{NET}.53.{number}"
        udp = reactor.listenUDP(0, dns.DNSDatagramProtocol(factory), interface=host)
        port = udp.getHost().port
        tcp = reactor.listenTCP(port, factory, interface=host)
        self.addCleanup(udp.stopListening)
        self.addCleanup(tcp.stopListening)
        return host, port

    def listen(self, protocol, number=9):
        """Start something that is no name server; return its address."""
        port = reactor.listenUDP(0, protocol, interface=f"{NET}.53.{number}")
        self.addCleanup(port.stopListening)
        return port.getHost().host, port.getHost().port

    def ask(self, *servers, name=NAME, record=RecordType.A, wait=60):
        """Have a node ask; return what it hears."""
        node = Asker(f"sgsn-{len(self.nodes)}")
        self.nodes.append(node)
        self.questions = NameQuestions(
            reactor, self.runtime, {node.name: node}, {node.name: servers}, wait=wait
        )
        self.runtime.attach(node, {})
        self.runtime.command(node, lambda now: node.tell(NameAsked(name, record)))
        return node.heard

    @inlineCallbacks
    def test_addresses_come_with_their_ttl(self):
        """All A records of the name, and the shortest time for which they are good."""
        place = self.serve(
            {NAME: [dns.Record_A("192.0.2.1", ttl=60), dns.Record_A("192.0.2.9", ttl=30)]}
        )
        answer = yield self.ask(place)
        assert set(answer.addresses) == {"192.0.2.1", "192.0.2.9"}
        assert (answer.name, answer.ttl, answer.failure) == (NAME, 30, None)

    @inlineCallbacks
    def test_addresses_of_ipv6(self):
        """AAAA is asked where the node has IPv6; A records are nothing then."""
        place = self.serve(
            {NAME: [dns.Record_AAAA("2001:db8::1", ttl=60), dns.Record_A("192.0.2.1", ttl=60)]}
        )
        answer = yield self.ask(place, record=RecordType.AAAA)
        assert answer.addresses == ("2001:db8::1",)

    @inlineCallbacks
    def test_a_name_that_is_not_there(self):
        """NXDOMAIN is no failure; the SOA says for how long it may be believed."""
        soa = dns.Record_SOA(b"ns", b"admin", ttl=500, minimum=42)
        says = Says(dns.ENAME, [dns.RRHeader(ZONE.encode(), dns.SOA, ttl=500, payload=soa)])
        answer = yield self.ask(self.listen(says))
        assert (answer.addresses, answer.ttl, answer.failure) == ((), 42, None)

    @inlineCallbacks
    def test_a_name_that_is_not_there_for_an_unknown_time(self):
        """A server may leave the SOA out."""
        answer = yield self.ask(self.serve({}))
        assert (answer.addresses, answer.ttl, answer.failure) == ((), None, None)

    @inlineCallbacks
    def test_a_name_without_such_an_address(self):
        """Nor is a name that has other records only."""
        place = self.serve({NAME: [dns.Record_TXT(b"nothing here", ttl=60)]})
        answer = yield self.ask(place)
        assert (answer.addresses, answer.failure) == ((), None)

    @inlineCallbacks
    def test_an_alias_is_followed(self):
        """Also where its server does not say what it stands for; the shortest TTL counts."""
        place = self.serve(
            {
                NAME: [dns.Record_CNAME(f"gw.{ZONE}".encode(), ttl=7)],
                f"gw.{ZONE}": [dns.Record_A("192.0.2.1", ttl=60)],
            }
        )
        answer = yield self.ask(place)
        assert (answer.addresses, answer.ttl) == (("192.0.2.1",), 7)

    @inlineCallbacks
    def test_aliases_in_a_circle_end(self):
        """They are a failure, not an endless loop."""
        other = f"other.{ZONE}"
        place = self.serve(
            {
                NAME: [dns.Record_CNAME(other.encode(), ttl=7)],
                other: [dns.Record_CNAME(NAME.encode(), ttl=7)],
            }
        )
        answer = yield self.ask(place)
        assert (answer.addresses, answer.failure) == ((), "too many aliases")

    @inlineCallbacks
    def test_the_next_server_is_asked_where_one_is_silent(self):
        """A name server that does not answer is no end."""
        silent = Silent()
        good = self.serve({NAME: [dns.Record_A("192.0.2.1", ttl=60)]})
        answer = yield self.ask(self.listen(silent), good, wait=1)
        assert answer.addresses == ("192.0.2.1",)
        assert silent.asked

    @inlineCallbacks
    def test_the_next_server_is_asked_where_one_refuses(self):
        """Nor is one that serves other zones only."""
        good = self.serve({NAME: [dns.Record_A("192.0.2.1", ttl=60)]})
        for code in (dns.EREFUSED, dns.ESERVER):
            answer = yield self.ask(self.listen(Says(code)), good)
            assert answer.addresses == ("192.0.2.1",)

    @inlineCallbacks
    def test_silence_of_all_is_a_failure(self):
        """Each server is asked twice; then the node hears that there is no answer."""
        silent = Silent()
        answer = yield self.ask(self.listen(silent), wait=1)
        yield self.until(lambda: silent.asked == 2)
        assert answer.addresses == ()
        assert "Timeout" in answer.failure

    @inlineCallbacks
    def test_many_addresses_come_over_tcp(self):
        """An answer that is too long for a datagram is cut, and asked for again over TCP."""
        records = [dns.Record_A(f"192.0.2.{number}", ttl=60) for number in range(1, 101)]
        answer = yield self.ask(self.serve({NAME: records}))
        assert len(answer.addresses) == 100

    @inlineCallbacks
    def test_nothing_is_answered_once_it_has_stopped(self):
        """What is under way when a service ends is nobody's any more."""
        silent = Silent()
        heard = self.ask(self.listen(silent), wait=1)
        yield self.until(lambda: silent.asked)
        self.questions.stop()
        yield deferLater(reactor, 1.5, lambda: None)
        assert not heard.called
