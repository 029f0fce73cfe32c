"""The gateway's HTTP face on a connection in memory: read whole or in pieces, answered alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from testbed.adapters.gateway_http import IDLE_SECONDS, GatewaySite
from testbed.codecs import whole_request
from testbed.gateway.submissions.answers import HttpAnswer

LARGEST = 1000
PLAIN = (
    b"POST /pap?a HTTP/1.1\r\nHost: ppg.example\r\nContent-Type: text/xml\r\n"
    b"Authorization: Basic Zm9v\r\nContent-Length: 5\r\n\r\nhello"
)
HEAD = b"POST /pap HTTP/1.1\r\nHost: x\r\n"


class Client:
    """A client of a site that answers when it is told to."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.submitted: list[tuple[object, ...]] = []
        self.waiting: list[Deferred[HttpAnswer]] = []
        self.cancelled = 0
        site = GatewaySite(
            self.clock,
            pap_path="/pap",
            largest_body=LARGEST,
            viewers=(),
            submit=self._submit,
            find=None,
            search=None,
            health=dict,
            metrics=bytes,
        )
        self.channel = site.buildProtocol(None)
        self.transport = StringTransport()
        self.channel.makeConnection(self.transport)

    def _submit(self, content_type, body, caller):
        self.submitted.append((content_type, body, caller))
        answer: Deferred[HttpAnswer] = Deferred(lambda _: None)
        answer.addErrback(self._count)
        self.waiting.append(answer)
        return answer

    def _count(self, failure):
        failure.trap(CancelledError)
        self.cancelled += 1
        return failure

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.channel.dataReceived(piece)

    def answer(self, body: bytes = b"yes") -> bytes:
        """Answer the submission that came first; return what the client gets."""
        self.transport.clear()
        self.waiting.pop(0).callback(HttpAnswer(202, "application/xml", body))
        got = self.transport.value()
        return b"\r\n".join(line for line in got.split(b"\r\n") if not line.startswith(b"Date:"))


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut for cut in cuts if 0 < cut < len(data)})
    ends = zip([0, *places], [*places, len(data)], strict=True)
    return [data[begin:end] for begin, end in ends]


@given(st.lists(st.integers(1, len(PLAIN) - 1), min_size=1, max_size=5))
def test_a_request_in_pieces_is_the_one_that_comes_whole(cuts):
    """Twisted and the short way see the same, and answer the same."""
    whole, pieces = Client(), Client()
    whole.send(PLAIN)
    pieces.send(*in_pieces(PLAIN, cuts))
    assert whole.submitted == pieces.submitted
    ((content_type, body, caller),) = whole.submitted
    assert (content_type, body) == ("text/xml", b"hello")
    assert caller.authorization == "Basic Zm9v"
    assert caller.target == "/pap?a"
    assert whole.answer() == pieces.answer()


NAMES = st.sampled_from((b"Host", b"X-A", b"Accept", b"Content-Type", b"Content-Length", b"!#$"))
VALUES = st.sampled_from((b"3", b"03", b"a b", b"", b" x ", b"\xff", b"a\x00b", b"4", b"text/xml"))


@given(
    st.lists(st.tuples(NAMES, VALUES), max_size=4),
    st.sampled_from((b"abc", b"", b"abcPOST / HTTP/1.1\r\n\r\n")),
)
def test_what_is_read_whole_twisted_reads_alike(fields, body):
    """Whatever stands in the head: there is no request of which the two make different ones."""
    head = b"POST /pap HTTP/1.1\r\n" + b"".join(b"%s: %s\r\n" % field for field in fields)
    request = head + b"\r\n" + body
    if whole_request.read(request, LARGEST) is None:
        return
    whole, pieces = Client(), Client()
    whole.send(request)
    pieces.send(request[:1], request[1:])
    assert whole.submitted == pieces.submitted
    assert len(whole.submitted) == 1


@pytest.mark.parametrize(
    "request_",
    [
        HEAD + b"Content-Length: 3\r\n\r\nab",
        HEAD + b"Content-Length: 3\r\n\r\nabcd",
        HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"Content-Length: +3\r\n\r\nabc",
        HEAD + b"Content-Length: 03\r\n\r\nabc",
        HEAD + b"Content-Length : 3\r\n\r\nabc",
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        HEAD + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
        HEAD + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc",
        HEAD + b"X: a\r\n b\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"X: \xff\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"X: a\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"\r\nabc",
        HEAD + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001,
        b"POST /pap HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
        b"POST  /pap HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        b"POST http://x/pap HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        b"PUT /pap HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        b"POST /pap HTTP/1.1\r\n",
        b"",
    ],
)
def test_what_is_not_whole_and_plain_is_left_to_twisted(request_):
    """Nothing that could be read in two ways is read the short way."""
    assert whole_request.read(request_, LARGEST) is None


def test_requests_that_come_together_are_answered_one_after_the_other():
    """The second is kept until the first has its answer; so is one that comes meanwhile."""
    client = Client()
    client.send(PLAIN + PLAIN, PLAIN)
    for answered in range(3):
        assert len(client.submitted) == answered + 1
        assert client.answer().startswith(b"HTTP/1.1 202 ")
    assert len(client.submitted) == 3


def test_one_that_comes_while_another_waits_is_kept():
    """Also where both are whole."""
    client = Client()
    client.send(PLAIN, PLAIN)
    assert len(client.submitted) == 1
    client.answer()
    assert len(client.submitted) == 2


def test_a_client_is_let_go_when_it_sends_nothing():
    """A minute after its last answer."""
    client = Client()
    client.send(PLAIN)
    client.clock.advance(IDLE_SECONDS - 1)
    client.answer()
    client.clock.advance(IDLE_SECONDS - 1)
    assert not client.transport.disconnecting
    client.clock.advance(1)
    assert client.transport.disconnecting


def test_a_client_that_waits_for_us_is_not_let_go():
    """However long that takes."""
    client = Client()
    client.send(PLAIN)
    client.clock.pump([IDLE_SECONDS] * 3)
    assert not client.transport.disconnecting
    assert client.answer().endswith(b"yes")


def test_what_a_client_asked_that_has_gone_is_taken_back():
    """Nobody waits for the answer any more."""
    client = Client()
    client.send(PLAIN)
    client.channel.connectionLost(Failure(ConnectionDone()))
    assert client.cancelled == 1
    client.clock.advance(IDLE_SECONDS)
    assert client.clock.getDelayedCalls() == []


def test_other_paths_are_answered_the_short_way_too():
    """404 is at hand at once."""
    client = Client()
    client.send(PLAIN.replace(b"/pap", b"/nowhere"), PLAIN)
    assert client.transport.value().startswith(b"HTTP/1.1 404 ")
    assert len(client.submitted) == 1
