"""Pushes on a session: sent, confirmed, refused, not answered (WAP-230 §7.1, push machines)."""

from __future__ import annotations

import pytest

from testbed.codecs.media import ContentType
from testbed.codecs.wsp.capabilities import Capabilities, ProtocolOption
from testbed.codecs.wsp.pdus import ConfirmedPush, ConnectReply, Disconnect, Get, Push
from testbed.codecs.wtp import ProviderAbort, TransactionClass, UserAbort
from testbed.wap.agreement import Agreement
from testbed.wap.client import REFUSALS, WANTED
from testbed.wap.errors import WapError
from testbed.wap.events import InvokeConfirmed
from testbed.wap.session_events import (
    ConfirmedPushReceived,
    EndReason,
    PushAborted,
    PushConfirmed,
    PushReceived,
    SessionEnded,
)
from testbed.wap.session_table import SessionState
from tests.testbed.wap.conftest import CLIENT, SERVER, Pair, RawClient, RawServer

SIC = ContentType("application/vnd.wap.sic")
HEADERS = (("X-Wap-Application-Id", "x-wap-application:wml.ua"),)
PUSH = Push(SIC, b"content", HEADERS)
CONFIRMED = ConfirmedPush(SIC, b"content", HEADERS)
ALL = WANTED.options


def pushed(pair, session, push=CONFIRMED, **more):
    """Push; return the transaction's number at both ends."""
    transaction = pair.server.confirmed_push(session, push, pair.now, **more)
    pair.run()
    return transaction, pair.last(pair.by_client, ConfirmedPushReceived)


def test_a_push_is_confirmed_by_the_application(pair):
    """ConfirmedPush, the application takes it, Ack: delivered."""
    number, session = pair.connect()
    transaction, received = pushed(pair, session, context="push-id")
    assert (received.session, received.peer, received.push) == (number, SERVER, CONFIRMED)
    assert pair.server.session(session).open_pushes == 1
    assert pair.told(pair.by_server) == []
    pair.client.confirm_push(received.transaction, pair.now)
    pair.run()
    assert pair.told(pair.by_server) == [PushConfirmed(session, CLIENT, transaction, "push-id")]
    assert pair.server.session(session).open_pushes == 0
    assert pair.settle()


@pytest.mark.parametrize("reason", sorted(REFUSALS))
def test_a_push_is_refused_by_the_application(pair, reason):
    """The server's user hears the reason that the client's gave."""
    _, session = pair.connect()
    transaction, received = pushed(pair, session, context="push-id")
    pair.client.refuse_push(received.transaction, reason, pair.now)
    pair.run()
    assert pair.told(pair.by_server) == [
        PushAborted(session, CLIENT, transaction, "push-id", reason, True, True)
    ]
    assert pair.told(pair.by_client) == []
    assert pair.settle()


def test_only_reasons_of_a_user_refuse_a_push(pair):
    """Others are said by the layers below."""
    _, session = pair.connect()
    _, received = pushed(pair, session)
    with pytest.raises(WapError, match="DISCONNECT"):
        pair.client.refuse_push(received.transaction, UserAbort.DISCONNECT, pair.now)
    pair.client.confirm_push(received.transaction, pair.now)
    with pytest.raises(WapError, match="is over"):
        pair.client.refuse_push(received.transaction, UserAbort.USER_REFUSED, pair.now)
    with pytest.raises(WapError, match="is over"):
        pair.client.confirm_push(received.transaction, pair.now)


def test_an_application_that_is_silent_confirms_nothing(pair):
    """After 28 seconds the client's transaction layer gives up for it, and both users hear."""
    number, session = pair.connect()
    transaction, received = pushed(pair, session)
    pair.run(30.0)
    assert pair.told(pair.by_client) == [
        PushAborted(
            number, SERVER, received.transaction, None, ProviderAbort.NO_RESPONSE, False, False
        )
    ]
    assert pair.told(pair.by_server) == [
        PushAborted(session, CLIENT, transaction, None, ProviderAbort.NO_RESPONSE, False, True)
    ]
    assert pair.settle()


def test_a_client_that_vanished_confirms_nothing(pair):
    """Nine transmissions, then the user hears of it; the session stays for it to come back."""
    _, session = pair.connect()
    pair.wire.detach(CLIENT)
    transaction = pair.server.confirmed_push(session, CONFIRMED, pair.now)
    pair.run(63.0)
    assert pair.told(pair.by_server) == [
        PushAborted(session, CLIENT, transaction, None, ProviderAbort.NO_RESPONSE, False, False)
    ]
    assert pair.server.session(session).state is SessionState.CONNECTED


def test_a_push_that_nobody_confirms_is_sent_once(pair):
    """Push: the client's user hears of it, the server's does not."""
    number, session = pair.connect()
    pair.server.push(session, PUSH, pair.now)
    pair.run()
    assert pair.told(pair.by_client) == [PushReceived(number, SERVER, PUSH)]
    assert pair.told(pair.by_server) == []
    assert pair.settle()


def test_a_server_takes_a_push_back(pair):
    """The client's user hears of it where it has the push already."""
    number, session = pair.connect()
    transaction, received = pushed(pair, session)
    pair.server.abort_push(transaction, pair.now)
    pair.run()
    assert pair.told(pair.by_server) == []
    assert pair.told(pair.by_client) == [
        PushAborted(number, SERVER, received.transaction, None, UserAbort.PEER_REQUEST, True, True)
    ]
    with pytest.raises(WapError, match="is over"):
        pair.server.abort_push(transaction, pair.now)


def test_a_large_push_goes_in_packets(pair):
    """Larger than the path takes at once."""
    _, session = pair.connect()
    large = ConfirmedPush(SIC, bytes(20_000))
    transaction, received = pushed(pair, session, large)
    assert received.push == large
    pair.client.confirm_push(received.transaction, pair.now)
    pair.run()
    assert pair.last(pair.by_server, PushConfirmed).transaction == transaction


def test_as_many_pushes_are_open_as_agreed_on(pair):
    """The fifth is refused until one of the four is done."""
    _, session = pair.connect()
    received = [pushed(pair, session)[1] for _ in range(4)]
    with pytest.raises(WapError, match="4 pushes"):
        pair.server.confirmed_push(session, CONFIRMED, pair.now)
    pair.client.confirm_push(received[2].transaction, pair.now)
    pair.run()
    pair.server.confirmed_push(session, CONFIRMED, pair.now)


def test_confirmed_pushes_that_were_not_agreed_on_are_refused():
    """They are an option of their own."""
    pair = Pair(client={"wanted": Agreement(options=ProtocolOption.PUSH)})
    _, session = pair.connect()
    with pytest.raises(WapError, match="no pushes of that kind"):
        pair.server.confirmed_push(session, CONFIRMED, pair.now)
    pair.server.push(session, PUSH, pair.now)


def test_unconfirmed_pushes_that_were_not_agreed_on_are_refused():
    """So are these."""
    pair = Pair(client={"wanted": Agreement(options=ProtocolOption.CONFIRMED_PUSH)})
    _, session = pair.connect()
    with pytest.raises(WapError, match="no pushes of that kind"):
        pair.server.push(session, PUSH, pair.now)
    pair.server.confirmed_push(session, CONFIRMED, pair.now)


def test_pushes_that_are_too_large_for_the_client_are_refused():
    """It has said how much it takes."""
    pair = Pair(client={"wanted": Agreement(client_sdu=50, options=ALL)})
    _, session = pair.connect()
    for push, send in (
        (Push(SIC, bytes(50)), pair.server.push),
        (ConfirmedPush(SIC, bytes(50)), pair.server.confirmed_push),
    ):
        with pytest.raises(WapError, match="the client takes 50"):
            send(session, push, pair.now)


def test_pushes_want_a_session_that_stands(pair):
    """Not one that is over, nor one that the client has not acknowledged."""
    number, session = pair.connect()
    pair.client.disconnect(number, pair.now)
    pair.run()
    with pytest.raises(WapError, match="is over"):
        pair.server.push(session, PUSH, pair.now)
    pair.client.connect(SERVER, pair.now)
    pair.run()
    waiting = pair.server.sessions()[0].session
    with pytest.raises(WapError, match="is connecting"):
        pair.server.confirmed_push(waiting, CONFIRMED, pair.now)


def test_disconnecting_aborts_open_pushes(pair):
    """Both users hear that, and why."""
    number, session = pair.connect()
    transaction, received = pushed(pair, session)
    pair.client.disconnect(number, pair.now)
    pair.run()
    assert pair.told(pair.by_client) == [
        PushAborted(number, SERVER, received.transaction, None, UserAbort.DISCONNECT, True, False)
    ]
    aborted, *ended = pair.told(pair.by_server)
    assert (aborted.transaction, aborted.reason) == (transaction, UserAbort.DISCONNECT)
    assert ended == [SessionEnded(session, CLIENT, EndReason.DISCONNECTED)]


# Peers that do not keep to the protocol


def raw_server(options=ALL, granted=ALL):
    raw = RawServer(wanted=Agreement(client_sdu=100, options=options, push_mor=1))
    raw.answer(ConnectReply(1, Capabilities(options=granted)).encode())
    raw.told.clear()
    return raw


def pushed_raw(raw, octets, transaction_class=TransactionClass.RELIABLE):
    raw.end.invoke(octets, CLIENT, raw.pair.now, transaction_class=transaction_class)
    raw.pair.run()
    told, raw.told[:] = list(raw.told), []
    return [event.reason for event in told]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", UserAbort.PROTOCOL_ERROR),
        (PUSH.encode(), UserAbort.PROTOCOL_ERROR),
        (Get("a").encode(), UserAbort.PROTOCOL_ERROR),
        (ConfirmedPush(SIC, bytes(100)).encode(), UserAbort.MRU_EXCEEDED),
    ],
)
def test_a_client_aborts_what_is_no_push_or_too_large(octets, reason):
    """It never reaches the application."""
    raw = raw_server()
    assert pushed_raw(raw, octets) == [reason]
    assert raw.pair.by_client == []


def test_a_client_takes_the_pushes_that_it_has_asked_for():
    """Also from a server that did not agree to send any, as Kannel does not."""
    raw = raw_server(granted=ProtocolOption(0))
    assert pushed_raw(raw, CONFIRMED.encode()) == []
    assert [type(event) for event in raw.say(PUSH)] == [ConfirmedPushReceived, PushReceived]


def test_a_client_aborts_pushes_that_it_has_not_asked_for():
    """Neither the kind nor more at once than it said."""
    raw = raw_server(options=ProtocolOption.PUSH)
    assert pushed_raw(raw, CONFIRMED.encode()) == [UserAbort.PROTOCOL_ERROR]
    raw = raw_server()
    assert pushed_raw(raw, CONFIRMED.encode()) == []
    assert pushed_raw(raw, CONFIRMED.encode()) == [UserAbort.MOR_EXCEEDED]


def test_a_client_passes_unconfirmed_pushes_over_that_it_has_not_asked_for():
    """There is nobody to tell."""
    for raw, push in (
        (raw_server(options=ProtocolOption.CONFIRMED_PUSH), PUSH),
        (raw_server(), CONFIRMED),
        (raw_server(), Push(SIC, bytes(100))),
    ):
        assert raw.say(push) == []


def test_a_client_without_a_session_aborts_pushes():
    """The gateway that thinks it has one hears that it has not, and forgets it."""
    raw = raw_server()
    raw.say(Disconnect(1))
    assert pushed_raw(raw, CONFIRMED.encode()) == [UserAbort.DISCONNECT]
    assert raw.say(PUSH) == []


def test_a_server_whose_client_forgot_the_session_hears_of_it(pair):
    """The next confirmed push is aborted with Disconnect, and the session is over."""
    _, session = pair.connect()
    pair.attach(Pair().client, CLIENT, [])
    transaction = pair.server.confirmed_push(session, CONFIRMED, pair.now)
    pair.run()
    aborted, ended = pair.told(pair.by_server)
    assert (aborted.transaction, aborted.reason) == (transaction, UserAbort.DISCONNECT)
    assert ended == SessionEnded(session, CLIENT, EndReason.DISCONNECTED)


def test_an_ack_that_crosses_the_abort_is_not_told():
    """The server took the push back while the Ack was under way."""
    raw = RawClient()
    session, _ = raw.connect(capabilities=Capabilities(options=ALL))
    transaction = raw.pair.server.confirmed_push(session, CONFIRMED, raw.pair.now)
    raw.pair.run()
    (invoked,) = raw.told
    raw.end.acknowledge(invoked.transaction, raw.pair.now)
    raw.pair.server.abort_push(transaction, raw.pair.now)
    raw.pair.run()
    assert raw.pair.by_server == []


def test_a_client_cannot_reply_to_a_push_in_class_2():
    """It acknowledges, and that is all."""
    raw = raw_server()
    raw.end.invoke(
        CONFIRMED.encode(), CLIENT, raw.pair.now, transaction_class=TransactionClass.RELIABLE
    )
    raw.pair.run()
    received = raw.pair.last(raw.pair.by_client, ConfirmedPushReceived)
    raw.pair.client.confirm_push(received.transaction, raw.pair.now)
    raw.pair.run()
    assert [type(event) for event in raw.told] == [InvokeConfirmed]
