"""The capture over HTTP: a whole pcapng for each listener, in order, or an end."""

import pytest
from structlog.testing import capture_logs

from corenet.adapters.capture_stream import BACKLOG
from corenet.adapters.control_http import ControlInterface
from tests.corenet.adapters.conftest import Connection, octets_of

HEADER, FIRST, SECOND = b"header", b"first", b"second"


def dechunked(octets):
    """Return what came in whole chunks, and whether the last one was there."""
    found = b""
    while octets:
        size, octets = octets.split(b"\r\n", 1)
        length = int(size, 16)
        found, octets = found + octets[:length], octets[length + 2 :]
        if not length:
            return found, True
    return found, False


class Recorder:
    """What passes in the core."""

    def __init__(self):
        self.sinks = []

    def __call__(self, sink):
        self.sinks.append(sink)
        sink.write(HEADER)
        sink.flush()
        return lambda: self.sinks.remove(sink)

    def record(self, blocks):
        for sink in tuple(self.sinks):
            sink.write(blocks)


class Listener:
    """A client that asks for the capture."""

    def __init__(self, interface, method="GET", query=""):
        self.connection = Connection(interface.site())
        self.connection.send(octets_of(method, f"/v1/capture{query}", None, ()))
        head, self._rest = self.connection.received().split(b"\r\n\r\n", 1)
        self.head = head.decode()

    def hear(self):
        octets, self._rest = self._rest + self.connection.received(), b""
        found, self.ended = dechunked(octets)
        return found

    @property
    def producer(self):
        return self.connection.transport.producer


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def interface(client, recorder):
    """The interface of a core that is captured."""
    one = client()
    return ControlInterface(one.world.control, one.clock, record=recorder)


def test_a_listener_gets_the_header_and_then_what_passes(interface, recorder):
    """The media type is pcapng's; nothing of it is kept by caches."""
    listener = Listener(interface)
    assert "200 OK" in listener.head
    assert "Content-Type: application/x-pcapng" in listener.head
    assert "Cache-Control: no-store" in listener.head
    assert listener.hear() == HEADER
    recorder.record(FIRST)
    assert listener.hear() == FIRST


def test_each_listener_has_a_capture_of_its_own(interface, recorder):
    """Who comes later gets a header too, and what passes from then on."""
    early = Listener(interface)
    recorder.record(FIRST)
    late = Listener(interface)
    recorder.record(SECOND)
    assert early.hear() == HEADER + FIRST + SECOND
    assert late.hear() == HEADER + SECOND


def test_what_passes_while_nobody_reads_comes_later_and_in_order(interface, recorder):
    """Blocks wait whole, and a client that stops again stops them again."""
    listener = Listener(interface)
    listener.producer.pauseProducing()
    recorder.record(FIRST)
    recorder.record(SECOND)
    assert listener.hear() == HEADER
    listener.producer.resumeProducing()
    assert listener.hear() == FIRST + SECOND


def test_a_listener_that_falls_behind_is_let_go(interface, recorder):
    """A capture that ends is better than one with holes; the log says how far behind it was."""
    listener = Listener(interface)
    listener.producer.pauseProducing()
    recorder.record(bytes(BACKLOG))
    assert not listener.connection.transport.aborted
    with capture_logs() as logs:
        recorder.record(FIRST)
    assert listener.connection.transport.aborted
    assert recorder.sinks == []
    assert [(log["event"], log["behind"]) for log in logs] == [
        ("capture listener too slow", BACKLOG + len(FIRST))
    ]


def test_a_listener_that_goes_away_is_forgotten(interface, recorder):
    """Nothing is captured for nobody."""
    listener = Listener(interface)
    listener.connection.break_off()
    assert recorder.sinks == []


def test_captures_end_with_the_interface(interface, recorder):
    """Each listener is told that nothing more comes."""
    listener = Listener(interface)
    interface.close()
    assert (listener.hear(), listener.ended) == (HEADER, True)
    assert recorder.sinks == []


def test_head_of_the_capture_ends(interface, recorder):
    """HEAD is answered, and records nothing."""
    assert "200 OK" in Listener(interface, "HEAD").head
    assert recorder.sinks == []


def test_there_are_no_parameters(interface):
    """A parameter that is none is refused rather than overlooked."""
    assert "400 Bad Request" in Listener(interface, query="?interface=Gn").head


def test_a_core_that_is_not_captured_says_so(client):
    """404, and why."""
    answer = client().get("/v1/capture")
    assert (answer.status, answer.json()["detail"]) == (404, "nothing is captured here")
