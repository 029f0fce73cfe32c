"""Methods on a session: asked, answered, refused, aborted (WAP-230 §7.1, method machines)."""

from __future__ import annotations

import pytest

from testbed.codecs.media import ContentType
from testbed.codecs.wsp.capabilities import Capabilities
from testbed.codecs.wsp.pdus import Connect, ConnectReply, Get, Post, Reply
from testbed.codecs.wtp import ProviderAbort, UserAbort
from testbed.wap.agreement import Agreement
from testbed.wap.config import WtpTimers
from testbed.wap.errors import WapError
from testbed.wap.events import InvokeReceived, ResultConfirmed, TransactionAborted
from testbed.wap.session_events import (
    EndReason,
    MethodAborted,
    MethodReceived,
    ReplyConfirmed,
    ReplyReceived,
    SessionEnded,
)
from tests.testbed.wap.conftest import CLIENT, SERVER, Pair, RawClient, RawServer

TEXT = ContentType("text/plain")
PAGE = Reply(200, TEXT, b"hello", (("Date", "Fri, 25 Jun 1999 15:23:15 GMT"),))


def asked(pair, number, request, **more):
    """Ask for something; return the transaction's number at both ends."""
    transaction = pair.client.invoke(number, request, pair.now, **more)
    pair.run()
    return transaction, pair.last(pair.by_server, MethodReceived)


@pytest.mark.parametrize(
    "request_", [Get("http://a/b", (("Accept", "text/html"),)), Post("http://a/b", TEXT, b"x" * 9)]
)
def test_a_method_is_answered(pair, request_):
    """Get or Post, Reply, Ack; both ends know that it is done."""
    number, session = pair.connect()
    transaction, method = asked(pair, number, request_, context="mine")
    assert (method.session, method.peer, method.request) == (session, CLIENT, request_)
    assert pair.client.session(number).open_methods == 1
    assert pair.server.session(session).open_methods == 1
    pair.server.reply(method.transaction, PAGE, pair.now)
    pair.run()
    assert pair.told(pair.by_client) == [ReplyReceived(number, SERVER, transaction, "mine", PAGE)]
    assert pair.told(pair.by_server) == [ReplyConfirmed(session, CLIENT, method.transaction)]
    assert pair.client.session(number).open_methods == 0
    assert pair.settle()


def test_a_slow_server_keeps_the_client_waiting(pair):
    """The invoke is acknowledged after 4 seconds, so that nothing is sent again."""
    number, _ = pair.connect()
    _, method = asked(pair, number, Get("a"))
    pair.run(60.0)
    assert pair.client.counters.retransmissions == 0
    pair.server.reply(method.transaction, PAGE, pair.now)
    pair.run()
    assert len(pair.told(pair.by_client)) == 1


def test_a_large_body_goes_both_ways(pair):
    """100,000 octets each, in packets."""
    number, _ = pair.connect()
    body = bytes(range(256)) * 391
    _, method = asked(pair, number, Post("a", TEXT, body))
    assert method.request.body == body
    pair.server.reply(method.transaction, Reply(200, TEXT, body), pair.now)
    pair.run(2.0)
    assert pair.last(pair.by_client, ReplyReceived).reply.body == body


def test_methods_are_outstanding_side_by_side(pair):
    """As many as agreed on; the answers come in any order."""
    number, _ = pair.connect()
    asked_for = [asked(pair, number, Get(name)) for name in "abcd"]
    with pytest.raises(WapError, match="4 methods"):
        pair.client.invoke(number, Get("e"), pair.now)
    for _, method in reversed(asked_for):
        pair.server.reply(
            method.transaction, Reply(200, TEXT, method.request.uri.encode()), pair.now
        )
    pair.run()
    replies = pair.told(pair.by_client)
    assert [event.reply.body for event in replies] == [b"d", b"c", b"b", b"a"]
    assert [event.transaction for event in replies] == [one for one, _ in reversed(asked_for)]
    pair.client.invoke(number, Get("e"), pair.now)


def test_a_client_gives_a_method_up(pair):
    """The server hears of it and need not answer; the client's user knows already."""
    number, session = pair.connect()
    transaction, method = asked(pair, number, Get("a"))
    pair.client.abort_method(transaction, pair.now)
    pair.run()
    assert pair.told(pair.by_client) == []
    assert pair.told(pair.by_server) == [
        MethodAborted(session, CLIENT, method.transaction, None, UserAbort.PEER_REQUEST, True, True)
    ]
    with pytest.raises(WapError, match="is over"):
        pair.server.reply(method.transaction, PAGE, pair.now)
    with pytest.raises(WapError, match="is over"):
        pair.client.abort_method(transaction, pair.now)
    assert pair.settle()


def test_a_server_gives_a_method_up(pair):
    """The client hears the reason, and the session goes on."""
    number, _ = pair.connect()
    transaction, method = asked(pair, number, Get("a"), context=7)
    pair.server.abort_method(method.transaction, pair.now, UserAbort.CONGESTION)
    pair.run()
    assert pair.told(pair.by_client) == [
        MethodAborted(number, SERVER, transaction, 7, UserAbort.CONGESTION, True, True)
    ]
    assert pair.told(pair.by_server) == []
    asked(pair, number, Get("b"))


def test_a_method_is_answered_once(pair):
    """A second reply is refused, also while the first is under way; so is giving it up."""
    number, _ = pair.connect()
    _, method = asked(pair, number, Get("a"))
    pair.server.reply(method.transaction, PAGE, pair.now)
    with pytest.raises(WapError, match="is over"):
        pair.server.reply(method.transaction, PAGE, pair.now)
    with pytest.raises(WapError, match="is over"):
        pair.server.abort_method(method.transaction, pair.now)


def test_a_client_that_vanishes_leaves_its_reply_unconfirmed(pair):
    """The server's user hears that after nine transmissions; the session stays."""
    number, session = pair.connect()
    _, method = asked(pair, number, Get("a"))
    pair.wire.detach(CLIENT)
    pair.server.reply(method.transaction, PAGE, pair.now)
    pair.run(63.0)
    assert pair.told(pair.by_server) == [
        MethodAborted(
            session, CLIENT, method.transaction, None, ProviderAbort.NO_RESPONSE, False, False
        )
    ]
    assert pair.server.session(session) is not None


def test_a_server_that_vanishes_leaves_its_method_unanswered(pair):
    """The client's user hears that after nine transmissions."""
    number, _ = pair.connect()
    pair.wire.detach(SERVER)
    transaction = pair.client.invoke(number, Get("a"), pair.now)
    pair.run(63.0)
    assert pair.told(pair.by_client) == [
        MethodAborted(number, SERVER, transaction, None, ProviderAbort.NO_RESPONSE, False, False)
    ]


def test_requests_that_are_too_large_are_refused_by_the_client_itself():
    """The server has said how much it takes."""
    pair = Pair(server={"granted": Agreement(server_sdu=100)})
    number, _ = pair.connect()
    with pytest.raises(WapError, match="the server takes 100"):
        pair.client.invoke(number, Post("a", TEXT, bytes(100)), pair.now)
    pair.client.invoke(number, Post("a", TEXT, bytes(90)), pair.now)


def test_replies_that_are_too_large_are_refused_to_the_server_itself():
    """The client has said how much it takes; the user can send something else."""
    pair = Pair(client={"wanted": Agreement(client_sdu=100)})
    number, _ = pair.connect()
    _, method = asked(pair, number, Get("a"))
    with pytest.raises(WapError, match="the client takes 100"):
        pair.server.reply(method.transaction, Reply(200, TEXT, bytes(100)), pair.now)
    pair.server.reply(method.transaction, Reply(413, TEXT), pair.now)
    pair.run()
    assert pair.last(pair.by_client, ReplyReceived).reply.status == 413


# Peers that do not keep to the protocol


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (Get("a", method=0x50).encode(), UserAbort.PROTOCOL_ERROR),
        (Post("a", TEXT, b"", method=0x70).encode(), UserAbort.PROTOCOL_ERROR),
        (Post("a", TEXT, bytes(1400)).encode(), UserAbort.MRU_EXCEEDED),
    ],
)
def test_what_was_not_agreed_on_is_aborted(octets, reason):
    """Extended methods, and requests larger than the server takes, never reach the user."""
    raw = RawClient()
    raw.connect()
    (aborted,) = raw.invoke(octets)
    assert (aborted.reason, aborted.by_user) == (reason, True)
    assert raw.pair.by_server == []


def test_more_methods_than_agreed_on_are_aborted():
    """The second at once where one is the most; an answered one does not count."""
    raw = RawClient()
    raw.connect(capabilities=Capabilities())
    raw.invoke(Get("a").encode())
    first = raw.pair.last(raw.pair.by_server, MethodReceived)
    (aborted,) = raw.invoke(Get("b").encode())
    assert aborted.reason == UserAbort.MOR_EXCEEDED
    raw.pair.server.reply(first.transaction, PAGE, raw.pair.now)
    # Its Ack is still to come.
    raw.invoke(Get("c").encode())
    assert raw.pair.last(raw.pair.by_server, MethodReceived).request == Get("c")


def test_methods_without_a_session_are_aborted():
    """The client hears that it has none; one that restarted forgets it so."""
    raw = RawClient()
    (aborted,) = raw.invoke(Get("a").encode())
    assert aborted.reason == UserAbort.DISCONNECT


def test_a_client_whose_session_the_server_forgot_hears_of_it(pair):
    """The next method is aborted with Disconnect, and the session is over."""
    number, _ = pair.connect()
    restarted = Pair().server
    pair.attach(restarted, SERVER, [])
    transaction = pair.client.invoke(number, Get("a"), pair.now)
    pair.run()
    aborted, ended = pair.told(pair.by_client)
    assert (aborted.transaction, aborted.reason) == (transaction, UserAbort.DISCONNECT)
    assert ended == SessionEnded(number, SERVER, EndReason.DISCONNECTED)


@pytest.mark.parametrize("octets", [b"", b"\x04\xff\x00", Get("a").encode()])
def test_a_reply_that_is_none_aborts_the_method(octets):
    """Both users hear of it, and the session goes on."""
    raw, method, transaction = served()
    raw.end.result(method.transaction, octets, raw.pair.now)
    raw.pair.run()
    (aborted,) = raw.pair.told(raw.pair.by_client)
    assert (aborted.transaction, aborted.context) == (transaction, "mine")
    assert (aborted.reason, aborted.by_peer) == (UserAbort.PROTOCOL_ERROR, False)
    (heard,) = raw.told
    assert isinstance(heard, TransactionAborted)
    assert heard.reason == UserAbort.PROTOCOL_ERROR
    assert raw.pair.client.session(raw.number) is not None


def served(**client):
    raw = RawServer(**client)
    raw.answer(ConnectReply(1).encode())
    raw.told.clear()
    transaction = raw.pair.client.invoke(raw.number, Get("a"), raw.pair.now, context="mine")
    raw.pair.run()
    (method,) = raw.told
    raw.told.clear()
    return raw, method, transaction


def test_a_reply_that_is_too_large_aborts_the_method():
    """The client has said how much it takes."""
    raw, method, _ = served(wanted=Agreement(client_sdu=50))
    raw.end.result(method.transaction, Reply(200, TEXT, bytes(50)).encode(), raw.pair.now)
    raw.pair.run()
    (aborted,) = raw.pair.told(raw.pair.by_client)
    assert aborted.reason == UserAbort.MRU_EXCEEDED


def test_a_reply_that_crosses_the_abort_is_not_told():
    """The client gave up while the reply was under way."""
    raw, method, transaction = served()
    raw.end.result(method.transaction, PAGE.encode(), raw.pair.now)
    raw.pair.client.abort_method(transaction, raw.pair.now)
    raw.pair.run()
    assert raw.pair.by_client == []
    assert [type(event) for event in raw.told] == [TransactionAborted]


def test_what_a_server_invokes_of_class_2_is_aborted():
    """Servers only push."""
    raw, _, _ = served()
    raw.end.invoke(Connect().encode(), CLIENT, raw.pair.now)
    raw.pair.run()
    assert [event.reason for event in raw.told] == [UserAbort.PROTOCOL_ERROR]


def test_the_reply_is_acknowledged_for_the_user(pair):
    """Reading it is enough: no timer of the user's runs."""
    raw, method, _ = served(timers=WtpTimers(most_ack_expirations=0))
    raw.end.result(method.transaction, PAGE.encode(), raw.pair.now)
    raw.pair.run()
    assert [type(event) for event in raw.told] == [ResultConfirmed]
    assert isinstance(method, InvokeReceived)
