"""Sending by hand: answers, repetitions, what is given up, and what comes besides."""

from __future__ import annotations

from corenet.interfaces.node import Event, Interface
from gtp.constants import Cause
from gtp.messages import (
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    EchoRequest,
    EchoResponse,
    EndMarker,
)
from testbed.craft.report import Report
from testbed.craft.sender import (
    AllSent,
    MessageCame,
    MessageSent,
    MessageUnanswered,
    Outgoing,
    Patience,
    Sender,
)

PEER = ("192.0.2.1", 2123)
HERE = ("192.0.2.9", 40_000)
REQUEST = DeletePdpContextRequest(nsapi=5, sequence=7, teid=1)
ASKED = Outgoing(REQUEST.encode(), answered=True)
ANSWER = DeletePdpContextResponse(cause=Cause.NON_EXISTENT, sequence=7).encode()


def come(sender: Sender, data: bytes, now: float, host: str = PEER[0]) -> list[Event]:
    sender.receive(Interface.GTP_C, data, peer=(host, 2123), local=HERE, now=now)
    return sender.take_events()


def test_an_answer_ends_a_message_and_the_next_is_sent() -> None:
    """Messages go one after the other, and when the last is answered all is sent."""
    second = EchoRequest(sequence=8).encode()
    sender = Sender([ASKED, Outgoing(second, True)], PEER, Patience())
    sender.start(10.0)
    assert [(d.peer, d.data) for d in sender.take_datagrams()] == [(PEER, ASKED.data)]
    assert sender.take_events() == [MessageSent(1, 1, ASKED.data)]
    assert come(sender, ANSWER, 10.5) == [MessageCame(1, True, 0.5, PEER, ANSWER)]
    sender.handle_timeout(10.5)
    assert [d.data for d in sender.take_datagrams()] == [second]
    sender.take_events()
    come(sender, EchoResponse(recovery=0, sequence=8).encode(), 10.6)
    sender.handle_timeout(10.6)
    assert sender.take_events() == [AllSent()]
    assert sender.next_timeout() is None


def test_unanswered_messages_are_sent_n3_times() -> None:
    """A message goes out every T3-RESPONSE until N3-REQUESTS, and then it is given up."""
    sender = Sender([ASKED], PEER, Patience(t3_response=2.0, n3_requests=3))
    sender.start(0.0)
    for now in (2.0, 4.0):
        assert sender.next_timeout() == now
        sender.handle_timeout(now - 1.0)
        sender.handle_timeout(now)
    assert len(sender.take_datagrams()) == 3
    sender.take_events()
    sender.handle_timeout(6.0)
    assert sender.take_events() == [MessageUnanswered(1, 3)]


def test_answers_have_the_sequence_number() -> None:
    """What has another number, or is a request, is told and answers nothing."""
    sender = Sender([ASKED], PEER, Patience())
    sender.start(0.0)
    sender.take_events()
    other = DeletePdpContextResponse(cause=Cause.NON_EXISTENT, sequence=9).encode()
    request = EchoRequest(sequence=7).encode()
    for data in (other, request, b""):
        (came,) = come(sender, data, 1.0)
        assert isinstance(came, MessageCame)
        assert not came.answers
    assert sender.next_timeout() == 5.0
    assert come(sender, ANSWER, 1.0, host="192.0.2.77") == []


def test_octets_without_a_number_are_answered_by_any_response() -> None:
    """Of a broken request nobody can tell the number, so the next response is its answer."""
    for broken in (b"\x32\x14", b"\x52" + ASKED.data[1:]):
        sender = Sender([Outgoing(broken, True)], PEER, Patience())
        sender.start(0.0)
        sender.take_events()
        (came,) = come(sender, ANSWER, 0.1)
        assert isinstance(came, MessageCame)
        assert came.answers


def test_messages_without_answer_are_listened_after() -> None:
    """After a message that nobody answers it is listened for what comes all the same."""
    marker = Outgoing(EndMarker().encode(), answered=False)
    sender = Sender([marker, marker], PEER, Patience(listen=0.5, interval=2.0))
    sender.start(0.0)
    sender.take_events()
    (came,) = come(sender, ANSWER, 0.2)
    assert isinstance(came, MessageCame)
    assert not came.answers
    sender.handle_timeout(0.5)
    assert sender.next_timeout() == 2.0
    sender.handle_timeout(2.0)
    assert len(sender.take_datagrams()) == 2


def test_stopped_it_sends_nothing_more() -> None:
    """Ctrl-C between two messages leaves the second one out."""
    sender = Sender([ASKED, ASKED], PEER, Patience())
    sender.start(0.0)
    sender.take_datagrams()
    sender.stop(0.1)
    assert sender.next_timeout() is None
    sender.handle_timeout(9.0)
    assert sender.take_datagrams() == []
    assert sender.name == "sender"


def judged(expected: Cause | None, *events: Event) -> tuple[list[str], Report]:
    lines: list[str] = []
    report = Report(lines.append, "192.0.2.1:2123", expected)
    for event in events:
        report.take(event)
    return lines, report


SENT = MessageSent(1, 1, ASKED.data)


def test_report_decodes_both_ways() -> None:
    """The report shows what went out and what came, element by element."""
    lines, report = judged(
        None, SENT, MessageSent(1, 2, ASKED.data), MessageCame(1, True, 0.25, PEER, ANSWER)
    )
    assert lines[0] == "sent to 192.0.2.1:2123, 14 octets"
    assert "message 1 sent again" in lines
    assert "answered after 250.0 ms, 14 octets" in lines
    assert "    13-14  1 Cause: Non-existent (192)" in lines
    assert report.wrong == []
    (message,) = report.plain()["messages"]
    assert message["transmissions"] == 2
    assert message["came"][0]["elements"] == [{"name": "Cause", "value": "Non-existent (192)"}]
    assert message["came"][0]["milliseconds"] == 250.0


def test_report_judges_the_cause() -> None:
    """With a cause expected, another one is wrong, and so is none."""
    came = MessageCame(1, True, 0.1, PEER, ANSWER)
    assert judged(Cause.NON_EXISTENT, SENT, came)[1].wrong == []
    (wrong,) = judged(Cause.REQUEST_ACCEPTED, SENT, came)[1].wrong
    assert "has cause 192, Non-existent, not 128, Request accepted" in wrong
    echo = MessageCame(1, True, 0.1, PEER, EchoResponse(recovery=1).encode())
    assert "has no cause" in judged(Cause.REQUEST_ACCEPTED, SENT, echo)[1].wrong[0]


def test_report_tells_what_is_missing_or_broken() -> None:
    """Silence is wrong, and so is an answer that is no valid message."""
    assert judged(None, SENT, MessageUnanswered(1, 3))[1].wrong == [
        "message 1 was not answered, sent 3 times"
    ]
    assert judged(None, SENT, MessageUnanswered(1, 1))[1].wrong == ["message 1 was not answered"]
    broken = MessageCame(1, True, 0.1, PEER, ANSWER[:-1])
    _, report = judged(None, SENT, broken)
    assert "no valid message" in report.wrong[0]
    assert "error" in report.plain()["messages"][0]["came"][0]
    besides = MessageCame(1, False, 0.1, PEER, ANSWER[:-1])
    assert judged(None, SENT, besides, AllSent())[1].wrong == []
