"""Sessions rest and go on: suspend and resume, in order and not (WAP-230 §7.1)."""

from __future__ import annotations

import pytest

from testbed.codecs.media import ContentType
from testbed.codecs.wsp import pdus
from testbed.codecs.wsp.capabilities import Capabilities, ProtocolOption
from testbed.codecs.wsp.pdus import ConfirmedPush, ConnectReply, Get, Reply, Resume, Suspend
from testbed.codecs.wtp import TransactionClass, UserAbort
from testbed.wap.agreement import Agreement
from testbed.wap.client import WANTED
from testbed.wap.errors import WapError
from testbed.wap.events import InvokeReceived
from testbed.wap.session_events import (
    ConfirmedPushReceived,
    EndReason,
    MethodAborted,
    MethodReceived,
    PushAborted,
    SessionEnded,
    SessionEstablished,
    SessionRefused,
    SessionRequested,
    SessionResumed,
    SessionSuspended,
)
from testbed.wap.session_table import SessionState
from tests.testbed.wap.conftest import CLIENT, SERVER, Pair, RawClient, RawServer

TEXT = ContentType("text/plain")
PUSH = ConfirmedPush(TEXT, b"1")
MOVED = ("10.45.0.8", 40001)
RESUMABLE = Capabilities(options=ProtocolOption.SESSION_RESUME)


def test_a_session_rests_and_goes_on(pair):
    """Suspend, Resume, Reply: both ends know where it stands all the time."""
    number, session = pair.connect(headers=(("User-Agent", "x"),))
    pair.client.suspend(number, pair.now)
    pair.run()
    assert pair.told(pair.by_client) == []
    assert pair.told(pair.by_server) == [SessionSuspended(session, CLIENT)]
    assert pair.client.session(number).state is SessionState.SUSPENDED
    assert pair.server.session(session).state is SessionState.SUSPENDED
    pair.client.resume(number, pair.now, headers=(("User-Agent", "y"),))
    assert pair.client.session(number).state is SessionState.RESUMING
    pair.run()
    assert pair.told(pair.by_client) == [SessionResumed(number, SERVER, ())]
    assert pair.told(pair.by_server) == [SessionResumed(session, CLIENT, (("User-Agent", "y"),))]
    assert pair.server.session(session).headers == (("User-Agent", "y"),)
    pair.server.confirmed_push(session, PUSH, pair.now)
    pair.run()
    assert len(pair.told(pair.by_client)) == 1
    assert pair.settle()


def test_a_session_goes_on_from_another_address(pair):
    """A new PDP context has a new address; the session is known by its id."""
    number, session = pair.connect()
    pair.client.suspend(number, pair.now)
    pair.run()
    pair.wire.detach(CLIENT)
    pair.attach(pair.client, MOVED, pair.by_client)
    pair.client.resume(number, pair.now)
    pair.run()
    pair.told(pair.by_server)
    assert pair.server.session_with(MOVED).session == session
    assert pair.server.session_with(CLIENT) is None
    pair.client.invoke(number, Get("a"), pair.now)
    pair.run()
    assert pair.last(pair.by_server, MethodReceived).peer == MOVED


def test_a_session_goes_on_without_having_rested(pair):
    """A client that moved without saying so resumes; what was open is aborted at both ends."""
    number, session = pair.connect()
    transaction = pair.client.invoke(number, Get("a"), pair.now)
    pair.run()
    method = pair.last(pair.by_server, MethodReceived)
    pair.wire.detach(CLIENT)
    pair.attach(pair.client, MOVED, pair.by_client)
    pair.client.resume(number, pair.now)
    pair.run()
    aborted, resumed = pair.told(pair.by_client)
    assert (aborted.transaction, aborted.reason) == (transaction, UserAbort.RESUME)
    assert isinstance(resumed, SessionResumed)
    assert pair.told(pair.by_server)[0] == MethodAborted(
        session, CLIENT, method.transaction, None, UserAbort.RESUME, True, False
    )


def test_a_session_goes_on_with_a_server_that_moved(pair):
    """Where the client was told to look for it."""
    number, _ = pair.connect()
    elsewhere = ("10.0.0.10", 9201)
    pair.wire.detach(SERVER)
    pair.attach(pair.server, elsewhere, pair.by_server)
    pair.client.resume(number, pair.now, server=elsewhere)
    pair.run()
    assert pair.told(pair.by_client) == [SessionResumed(number, elsewhere, ())]
    assert pair.client.session_with(elsewhere).session == number
    assert pair.client.session_with(SERVER) is None


def test_suspending_aborts_what_is_open(pair):
    """Methods and pushes, with that reason, for the users of both ends."""
    number, session = pair.connect()
    transaction = pair.client.invoke(number, Get("a"), pair.now, context=1)
    push = pair.server.confirmed_push(session, PUSH, pair.now, context=2)
    pair.run()
    received = pair.last(pair.by_client, ConfirmedPushReceived)
    method = pair.last(pair.by_server, MethodReceived)
    pair.client.suspend(number, pair.now)
    pair.run()
    reason = UserAbort.SUSPEND
    assert pair.told(pair.by_client) == [
        MethodAborted(number, SERVER, transaction, 1, reason, True, False),
        PushAborted(number, SERVER, received.transaction, None, reason, True, False),
    ]
    told = pair.told(pair.by_server)
    aborted = {
        event.transaction: event for event in told if not isinstance(event, SessionSuspended)
    }
    assert isinstance(aborted[method.transaction], MethodAborted)
    assert isinstance(aborted[push], PushAborted)
    assert {event.reason for event in aborted.values()} == {reason}
    assert [type(event) for event in told].count(SessionSuspended) == 1
    assert pair.settle()


def test_a_session_that_rests_cannot_be_used(pair):
    """Neither end can, until it goes on."""
    number, session = pair.connect()
    pair.client.suspend(number, pair.now)
    pair.run()
    for attempt in (
        lambda: pair.client.invoke(number, Get("a"), pair.now),
        lambda: pair.client.suspend(number, pair.now),
        lambda: pair.server.confirmed_push(session, PUSH, pair.now),
    ):
        with pytest.raises(WapError, match="is suspended"):
            attempt()


@pytest.mark.parametrize("by_client", [True, False])
def test_a_session_that_rests_can_end(pair, by_client):
    """The other end hears of it."""
    number, session = pair.connect()
    pair.client.suspend(number, pair.now)
    pair.run()
    pair.told(pair.by_server)
    if by_client:
        pair.client.disconnect(number, pair.now)
    else:
        pair.server.disconnect(session, pair.now)
    pair.run()
    (ended,) = (*pair.told(pair.by_client), *pair.told(pair.by_server))
    assert ended.reason is EndReason.DISCONNECTED
    assert pair.client.sessions() == pair.server.sessions() == ()


def test_suspending_wants_to_be_agreed_on(pair):
    """A client that did not ask for it can do neither."""
    pair = Pair(client={"wanted": Agreement()})
    number, _ = pair.connect()
    with pytest.raises(WapError, match="cannot be resumed"):
        pair.client.suspend(number, pair.now)
    with pytest.raises(WapError, match="cannot be resumed"):
        pair.client.resume(number, pair.now)


def test_a_server_that_does_not_answer_leaves_the_session_at_rest(pair):
    """The client's user hears that, and may try again."""
    number, _ = pair.connect()
    pair.client.suspend(number, pair.now)
    pair.run()
    pair.wire.detach(SERVER)
    pair.client.resume(number, pair.now)
    pair.run(63.0)
    assert pair.told(pair.by_client) == [SessionSuspended(number, SERVER)]
    pair.attach(pair.server, SERVER, pair.by_server)
    pair.client.resume(number, pair.now)
    pair.run()
    assert pair.told(pair.by_client) == [SessionResumed(number, SERVER, ())]


def test_a_client_that_does_not_acknowledge_leaves_the_session_at_rest(pair):
    """The server's user hears that it rests again."""
    number, session = pair.connect()
    pair.client.suspend(number, pair.now)
    pair.run()
    pair.told(pair.by_server)
    pair.client.resume(number, pair.now)
    pair.wire.run(0.01)
    pair.wire.detach(CLIENT)
    pair.run(70.0)
    assert pair.told(pair.by_server) == [SessionSuspended(session, CLIENT)]
    assert pair.server.session(session).state is SessionState.SUSPENDED


def test_a_server_that_forgot_the_session_does_not_resume_it(pair):
    """Resume is aborted with Disconnect, and the session is over."""
    number, session = pair.connect()
    pair.client.suspend(number, pair.now)
    pair.server.disconnect(session, pair.now)
    pair.wire.detach(CLIENT)
    pair.run()
    pair.attach(pair.client, CLIENT, pair.by_client)
    pair.client.resume(number, pair.now)
    pair.run()
    assert pair.told(pair.by_client) == [SessionEnded(number, SERVER, EndReason.DISCONNECTED)]


def test_suspending_while_resuming_takes_it_back(pair):
    """The Resume is aborted, and the session rests."""
    number, session = pair.connect()
    pair.client.suspend(number, pair.now)
    pair.run()
    pair.client.resume(number, pair.now)
    pair.client.suspend(number, pair.now)
    pair.run()
    assert pair.client.session(number).state is SessionState.SUSPENDED
    assert pair.server.session(session).state is SessionState.SUSPENDED
    assert pair.settle()


def test_a_session_that_rests_does_not_stand_in_the_way_of_another(pair):
    """A new one between the same addresses begins; the old one can still go on instead of it."""
    first, at_server = pair.connect()
    pair.client.suspend(first, pair.now)
    pair.run()
    second, second_at_server = pair.connect()
    assert {view.session for view in pair.client.sessions()} == {first, second}
    assert {view.session for view in pair.server.sessions()} == {at_server, second_at_server}
    pair.client.resume(first, pair.now)
    pair.run()
    assert pair.told(pair.by_client) == [
        SessionEnded(second, SERVER, EndReason.REPLACED),
        SessionResumed(first, SERVER, ()),
    ]
    ended, resumed = pair.told(pair.by_server)
    assert ended == SessionEnded(second_at_server, CLIENT, EndReason.REPLACED)
    assert resumed.session == at_server


def test_a_push_that_crosses_a_suspend_makes_it_known(pair):
    """The Suspend got lost: the aborted push says the same."""
    number, session = pair.connect()
    pair.wire.detach(SERVER)
    pair.client.suspend(number, pair.now)
    pair.run()
    pair.attach(pair.server, SERVER, pair.by_server)
    transaction = pair.server.confirmed_push(session, PUSH, pair.now)
    pair.run()
    aborted, suspended = pair.told(pair.by_server)
    assert (aborted.transaction, aborted.reason) == (transaction, UserAbort.SUSPEND)
    assert suspended == SessionSuspended(session, CLIENT)


# Peers that do not keep to the protocol


def raw_server():
    raw = RawServer()
    raw.answer(ConnectReply(1, Capabilities(options=WANTED.options)).encode())
    raw.told.clear()
    raw.pair.client.suspend(raw.number, raw.pair.now)
    raw.pair.run()
    raw.told.clear()
    raw.pair.client.resume(raw.number, raw.pair.now)
    raw.pair.run()
    (raw.invoked,) = raw.told
    assert isinstance(raw.invoked, InvokeReceived)
    raw.told.clear()
    return raw


def test_a_server_can_refuse_to_resume():
    """With a status other than 200; the session is over."""
    raw = raw_server()
    reply = Reply(503, TEXT)
    assert raw.answer(reply.encode()) == [SessionRefused(raw.number, SERVER, reply)]
    assert raw.pair.client.sessions() == ()


def test_an_answer_to_resume_that_is_none_ends_the_session():
    """The server hears that it broke the protocol."""
    raw = raw_server()
    assert raw.answer(ConnectReply(1).encode()) == [
        SessionEnded(raw.number, SERVER, EndReason.INVALID)
    ]
    assert [event.reason for event in raw.told] == [UserAbort.PROTOCOL_ERROR]


@pytest.mark.parametrize(
    ("pdu", "reason"), [(Resume(0x7FFFFFFF), UserAbort.DISCONNECT), (None, UserAbort.DISCONNECT)]
)
def test_a_server_resumes_only_what_it_agreed_to(pdu, reason):
    """Neither unknown sessions nor those that cannot be resumed."""
    raw = RawClient()
    _, session_id = raw.connect()
    (aborted,) = raw.invoke((pdu or Resume(session_id)).encode())
    assert aborted.reason == reason
    raw.invoke(Suspend(session_id).encode(), TransactionClass.UNRELIABLE)
    assert raw.pair.by_server == []


def test_a_session_that_waits_for_its_ack_cannot_be_resumed():
    """Nor suspended: it does not stand yet."""
    raw = RawClient()
    raw.invoke(pdus.Connect(RESUMABLE).encode())
    session = raw.pair.last(raw.pair.by_server, SessionRequested).session
    raw.pair.server.accept(session, raw.pair.now)
    raw.pair.run()
    session_id = raw.pair.server.session(session).session_id
    raw.told.clear()
    (aborted,) = raw.invoke(Resume(session_id).encode())
    assert aborted.reason == UserAbort.DISCONNECT
    raw.invoke(Suspend(session_id).encode(), TransactionClass.UNRELIABLE)
    assert raw.pair.by_server == []


def test_methods_on_a_session_that_rests_are_aborted():
    """With that reason."""
    raw = RawClient()
    session, session_id = raw.connect(capabilities=RESUMABLE)
    raw.invoke(Suspend(session_id).encode(), TransactionClass.UNRELIABLE)
    (aborted,) = raw.invoke(Get("a").encode())
    assert aborted.reason == UserAbort.SUSPEND
    assert raw.pair.told(raw.pair.by_server) == [SessionSuspended(session, CLIENT)]


def test_a_client_may_ask_to_resume_again():
    """The first Resume is aborted, the second answered; a method proves that it has come."""
    raw = RawClient()
    session, session_id = raw.connect(capabilities=RESUMABLE)
    for _ in range(2):
        raw.end.invoke(Resume(session_id).encode(), SERVER, raw.pair.now)
        raw.pair.run()
    assert [type(event).__name__ for event in raw.told] == [
        "ResultReceived",
        "TransactionAborted",
        "ResultReceived",
    ]
    assert raw.pair.by_server == []
    raw.told.clear()
    raw.invoke(Get("a").encode())
    resumed, method = raw.pair.told(raw.pair.by_server)
    assert resumed == SessionResumed(session, CLIENT, ())
    assert isinstance(method, MethodReceived)


def test_a_client_hears_that_the_server_thinks_the_session_rests():
    """A method that is aborted with that reason suspends it at this end too."""
    raw = RawServer()
    (established,) = raw.answer(ConnectReply(1, Capabilities(options=WANTED.options)).encode())
    assert isinstance(established, SessionEstablished)
    raw.told.clear()
    raw.pair.client.invoke(raw.number, Get("a"), raw.pair.now)
    raw.pair.run()
    (method,) = raw.told
    raw.end.abort(method.transaction, UserAbort.SUSPEND, raw.pair.now)
    raw.pair.run()
    aborted, suspended = raw.pair.told(raw.pair.by_client)
    assert isinstance(aborted, MethodAborted)
    assert suspended == SessionSuspended(raw.number, SERVER)
    assert raw.pair.client.session(raw.number).state is SessionState.SUSPENDED
