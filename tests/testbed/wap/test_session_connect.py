"""Sessions begin and end: each success, refusal, timeout and crossing (WAP-230 §7.1)."""

from __future__ import annotations

from random import Random

import pytest

from gtp.testing import Conditions
from testbed.codecs.media import ContentType
from testbed.codecs.wsp import pdus
from testbed.codecs.wsp.capabilities import Capabilities, ProtocolOption
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.pdus import Connect, ConnectReply, Disconnect, Get, Reply, Suspend
from testbed.codecs.wtp import Invoke, TransactionClass, UserAbort, join
from testbed.wap.agreement import Agreement
from testbed.wap.client import WANTED, SessionClient
from testbed.wap.config import WtpLimits
from testbed.wap.errors import WapError
from testbed.wap.events import TransactionAborted
from testbed.wap.server import GRANTED, SessionLimits, SessionServer
from testbed.wap.session_events import (
    EndReason,
    MethodAborted,
    SessionEnded,
    SessionEstablished,
    SessionRedirected,
    SessionRefused,
    SessionRequested,
)
from testbed.wap.session_table import CLIENT as CLIENT_TABLE
from testbed.wap.session_table import SERVER as SERVER_TABLE
from testbed.wap.session_table import SessionInput, SessionState
from testbed.wap.wtp import WtpEndpoint
from tests.testbed.wap.conftest import CLIENT, SERVER, Pair, RawClient, RawServer

TEXT = ContentType("text/plain")
AGENT = (("User-Agent", "LabTerm/1.0"),)
GATEWAY = (("Server", "gateway"),)


def test_a_session_is_asked_for_and_granted(pair):
    """Connect, ConnectReply, Ack: both ends know the agreement and each other's headers."""
    number = pair.client.connect(SERVER, pair.now, headers=AGENT)
    assert pair.client.session(number).state is SessionState.CONNECTING
    assert pair.client.session(number).session_id is None
    pair.run()
    requested = pair.last(pair.by_server, SessionRequested)
    assert (requested.peer, requested.headers) == (CLIENT, AGENT)
    assert requested.asked.method_mor == WANTED.method_mor
    pair.server.accept(requested.session, pair.now, headers=GATEWAY)
    pair.run()
    agreed = Agreement(0, GRANTED.server_sdu, WANTED.options, 4, 4)
    assert pair.told(pair.by_client) == [SessionEstablished(number, SERVER, agreed, GATEWAY)]
    assert pair.told(pair.by_server) == [
        SessionEstablished(requested.session, CLIENT, agreed, AGENT)
    ]
    at_client, at_server = pair.client.session(number), pair.server.session_with(CLIENT)
    assert at_client.state is at_server.state is SessionState.CONNECTED
    assert at_client.session_id == at_server.session_id
    assert pair.client.sessions() == (at_client,)
    assert pair.client.session_with(SERVER) == at_client
    assert pair.settle()


def test_a_session_can_be_refused(pair):
    """With a status code and content; both ends are done with it."""
    number = pair.client.connect(SERVER, pair.now)
    pair.run()
    requested = pair.last(pair.by_server, SessionRequested)
    reply = Reply(403, TEXT, b"not you")
    pair.server.refuse(requested.session, reply, pair.now)
    pair.run()
    assert pair.told(pair.by_client) == [SessionRefused(number, SERVER, reply)]
    assert pair.told(pair.by_server) == []
    assert pair.client.sessions() == pair.server.sessions() == ()
    assert pair.settle()


def test_a_client_that_goes_away_is_refused_all_the_same(pair):
    """Whether it hears that is of no interest."""
    pair.client.connect(SERVER, pair.now)
    pair.run()
    requested = pair.last(pair.by_server, SessionRequested)
    pair.wire.detach(CLIENT)
    pair.server.refuse(requested.session, Reply(403, TEXT), pair.now)
    pair.run(63.0)
    assert pair.told(pair.by_server) == []
    assert pair.server.open_transactions == 0


def test_a_session_can_be_redirected(pair):
    """The client hears where to, and whether for good."""
    number = pair.client.connect(SERVER, pair.now)
    pair.run()
    requested = pair.last(pair.by_server, SessionRequested)
    contacts = (ContactPoint.for_ip("10.0.0.10", 9201),)
    pair.server.redirect(requested.session, contacts, pair.now, permanent=True)
    pair.run()
    assert pair.told(pair.by_client) == [SessionRedirected(number, SERVER, contacts, True)]
    assert pair.client.sessions() == pair.server.sessions() == ()
    assert pair.settle()


def test_a_server_that_is_not_there_ends_the_attempt(pair):
    """Nine transmissions, then the session is over."""
    pair.wire.detach(SERVER)
    number = pair.client.connect(SERVER, pair.now)
    pair.run(63.0)
    assert pair.told(pair.by_client) == [SessionEnded(number, SERVER, EndReason.ABORTED)]
    assert pair.client.sessions() == ()


def test_a_client_that_goes_away_ends_the_attempt(pair):
    """The server's answer is never acknowledged."""
    pair.client.connect(SERVER, pair.now)
    pair.run()
    requested = pair.last(pair.by_server, SessionRequested)
    pair.wire.detach(CLIENT)
    pair.server.accept(requested.session, pair.now)
    assert pair.server.session(requested.session).state is SessionState.ACCEPTED
    pair.run(63.0)
    assert pair.told(pair.by_server) == [SessionEnded(requested.session, CLIENT, EndReason.ABORTED)]
    assert pair.server.sessions() == ()


def test_a_user_that_does_not_decide_ends_the_attempt(pair):
    """Two minutes after hold on, for both ends."""
    number = pair.client.connect(SERVER, pair.now)
    pair.run(130.0)
    requested, ended = pair.told(pair.by_server)
    assert ended == SessionEnded(requested.session, CLIENT, EndReason.ABORTED)
    assert pair.told(pair.by_client) == [SessionEnded(number, SERVER, EndReason.ABORTED)]
    with pytest.raises(WapError, match="is over"):
        pair.server.accept(requested.session, pair.now)


def test_a_client_can_change_its_mind(pair):
    """Disconnect while the server decides: the Connect is aborted."""
    number = pair.client.connect(SERVER, pair.now)
    pair.run()
    requested = pair.last(pair.by_server, SessionRequested)
    pair.client.disconnect(number, pair.now)
    pair.run()
    assert pair.told(pair.by_server) == [
        SessionEnded(requested.session, CLIENT, EndReason.DISCONNECTED)
    ]
    assert pair.told(pair.by_client) == []
    assert pair.settle()


def test_a_server_can_change_its_mind(pair):
    """Disconnect before the answer: the Connect is aborted with that reason."""
    number = pair.client.connect(SERVER, pair.now)
    pair.run()
    pair.server.disconnect(pair.last(pair.by_server, SessionRequested).session, pair.now)
    pair.run()
    assert pair.told(pair.by_client) == [SessionEnded(number, SERVER, EndReason.DISCONNECTED)]
    assert pair.client.sessions() == pair.server.sessions() == ()


@pytest.mark.parametrize("by_client", [True, False])
def test_either_end_disconnects(pair, by_client):
    """The other end hears of it; what is open is aborted at both."""
    number, session = pair.connect()
    transaction = pair.client.invoke(number, Get("a"), pair.now, context="mine")
    pair.run()
    pair.told(pair.by_server)
    if by_client:
        pair.client.disconnect(number, pair.now)
    else:
        pair.server.disconnect(session, pair.now)
    pair.run()
    by_client_told, by_server_told = pair.told(pair.by_client), pair.told(pair.by_server)
    (aborted,) = (event for event in by_client_told if isinstance(event, MethodAborted))
    assert (aborted.transaction, aborted.context) == (transaction, "mine")
    assert (aborted.reason, aborted.text) == (UserAbort.DISCONNECT, "disconnect")
    ended = [
        event for event in (*by_client_told, *by_server_told) if isinstance(event, SessionEnded)
    ]
    assert [event.reason for event in ended] == [EndReason.DISCONNECTED]
    assert [type(event) for event in by_server_told].count(MethodAborted) == 1
    assert pair.client.sessions() == pair.server.sessions() == ()
    assert pair.settle()


def test_disconnecting_twice_is_refused(pair):
    """The session is over."""
    number, session = pair.connect()
    pair.client.disconnect(number, pair.now)
    with pytest.raises(WapError, match="is over"):
        pair.client.disconnect(number, pair.now)
    with pytest.raises(WapError, match="is over"):
        pair.client.invoke(number, Get("a"), pair.now)
    pair.run()
    with pytest.raises(WapError, match="is over"):
        pair.server.disconnect(session, pair.now)


def test_a_client_has_one_session_with_a_server(pair):
    """A second Connect replaces the first at both ends, once it stands."""
    first, at_server = pair.connect()
    second = pair.client.connect(SERVER, pair.now)
    assert pair.client.session(first) is None
    pair.run()
    assert pair.told(pair.by_client) == [SessionEnded(first, SERVER, EndReason.REPLACED)]
    requested = pair.last(pair.by_server, SessionRequested)
    assert pair.server.session_with(CLIENT).session == at_server
    pair.server.accept(requested.session, pair.now)
    pair.run()
    assert [type(event) for event in pair.told(pair.by_client)] == [SessionEstablished]
    ended, established = pair.told(pair.by_server)
    assert ended == SessionEnded(at_server, CLIENT, EndReason.REPLACED)
    assert established.session == requested.session
    assert [view.session for view in pair.client.sessions()] == [second]
    assert [view.session for view in pair.server.sessions()] == [requested.session]


def test_an_attempt_replaces_the_one_before(pair):
    """A client that restarts while the server decides."""
    pair.client.connect(SERVER, pair.now)
    pair.run()
    first = pair.last(pair.by_server, SessionRequested)
    restarted = SessionClient(random=Random(77))
    pair.attach(restarted, CLIENT, pair.by_client)
    restarted.connect(SERVER, pair.now)
    pair.run()
    ended, second = pair.told(pair.by_server)
    assert ended == SessionEnded(first.session, CLIENT, EndReason.REPLACED)
    pair.server.accept(second.session, pair.now)
    pair.run()
    assert len(pair.server.sessions()) == 1


def test_a_full_server_says_so():
    """The client that finds no place gets 503; the others are not concerned."""
    pair = Pair(server={"session_limits": SessionLimits(sessions=1)})
    pair.connect()
    late = SessionClient(random=Random(5))
    told = []
    pair.attach(late, ("10.45.0.8", 40000), told)
    late.connect(SERVER, pair.now)
    pair.run()
    assert [event.reply.status for event in told] == [503]
    assert len(pair.server.sessions()) == 1
    assert pair.told(pair.by_server) == []


def test_a_silent_client_loses_its_session():
    """After the idle time the session ends with Disconnect; what is heard begins it anew."""
    pair = Pair(server={"session_limits": SessionLimits(idle=600.0)})
    number, session = pair.connect()
    pair.run(500.0)
    pair.client.invoke(number, Get("a"), pair.now)
    pair.run(500.0)
    pair.told(pair.by_server), pair.told(pair.by_client)
    assert len(pair.server.sessions()) == 1
    pair.run(200.0)
    assert pair.told(pair.by_server) == [SessionEnded(session, CLIENT, EndReason.IDLE)]
    assert pair.told(pair.by_client) == [SessionEnded(number, SERVER, EndReason.DISCONNECTED)]
    assert pair.server.next_timeout() is None


def test_an_attempt_that_is_never_decided_ends_before_it_is_idle():
    """Its alarm goes with it."""
    pair = Pair(server={"session_limits": SessionLimits(idle=600.0)})
    pair.client.connect(SERVER, pair.now)
    pair.run(300.0)
    assert pair.server.next_timeout() is None


def test_headers_that_are_too_long_to_be_sent_are_refused():
    """Nothing is left of the attempt."""
    pair = Pair(client={"limits": WtpLimits(packet=1)})
    with pytest.raises(WapError, match="256 packets"):
        pair.client.connect(SERVER, pair.now, headers=(("User-Agent", "x" * 300),))
    assert pair.client.sessions() == ()
    assert pair.client.session_with(SERVER) is None


def test_deciding_twice_is_refused(pair):
    """Accepted is accepted."""
    pair.client.connect(SERVER, pair.now)
    pair.run()
    session = pair.last(pair.by_server, SessionRequested).session
    pair.server.accept(session, pair.now)
    for decide in (
        lambda: pair.server.accept(session, pair.now),
        lambda: pair.server.refuse(session, Reply(500, TEXT), pair.now),
        lambda: pair.server.redirect(session, (), pair.now),
    ):
        with pytest.raises(WapError, match="is accepted"):
            decide()


# Peers that do not keep to the protocol


@pytest.mark.parametrize(
    "octets", [b"", b"\xff", Get("a").encode(), ConnectReply(1).encode() + b"?"]
)
def test_an_answer_that_is_none_ends_the_attempt(octets):
    """The server hears that it broke the protocol."""
    raw = RawServer()
    assert raw.answer(octets) == [SessionEnded(raw.number, SERVER, EndReason.INVALID)]
    (aborted,) = raw.told
    assert isinstance(aborted, TransactionAborted)
    assert (aborted.reason, aborted.by_user) == (UserAbort.PROTOCOL_ERROR, True)


def test_an_answer_that_is_too_large_ends_the_attempt():
    """The client has said how much it takes."""
    raw = RawServer(wanted=Agreement(client_sdu=20))
    reply = ConnectReply(1, headers=(("Server", "x" * 20),))
    assert raw.answer(reply.encode()) == [SessionEnded(raw.number, SERVER, EndReason.INVALID)]
    assert [event.reason for event in raw.told] == [UserAbort.MRU_EXCEEDED]


def test_a_disconnect_of_another_session_changes_nothing():
    """Nor does one before the client knows its session, or from somewhere else."""
    raw = RawServer()
    assert raw.say(Disconnect(5)) == []
    raw.answer(ConnectReply(5).encode())
    assert raw.say(Disconnect(6)) == []
    assert raw.say(Suspend(5)) == []
    assert raw.say(Disconnect(5)) == [SessionEnded(raw.number, SERVER, EndReason.DISCONNECTED)]
    assert raw.say(Disconnect(5)) == []


def test_what_a_server_grants_beyond_what_was_wanted_does_not_count():
    """The client holds to its own wishes."""
    raw = RawServer(wanted=Agreement())
    granted = Capabilities(options=ProtocolOption.PUSH, method_mor=9)
    (established,) = raw.answer(ConnectReply(0, granted).encode())
    assert established.agreement == Agreement()


@pytest.mark.parametrize(
    "octets", [b"", b"\xff", b"\x01\x10", ConnectReply(1).encode(), Disconnect(1).encode()]
)
def test_what_no_client_says_is_aborted(octets):
    """Whatever of class 2 is no Connect, Resume or method."""
    raw = RawClient()
    (aborted,) = raw.invoke(octets)
    assert (aborted.reason, aborted.by_user) == (UserAbort.PROTOCOL_ERROR, True)
    assert raw.pair.by_server == []


def test_what_a_client_says_in_class_1_is_aborted():
    """Only servers use it, for confirmed pushes."""
    raw = RawClient()
    (aborted,) = raw.invoke(Connect().encode(), TransactionClass.RELIABLE)
    assert aborted.reason == UserAbort.PROTOCOL_ERROR


def test_a_client_of_another_version_is_told_so():
    """505 for version 2.0; 1.5 is taken like 1.0."""
    raw = RawClient()
    (result,) = raw.invoke(Connect(version=0x20).encode())
    assert pdus.decode(result.data).status == 505
    raw.connect(version=0x15)


def test_datagrams_that_end_nothing_are_passed_over():
    """Disconnect of another's session or of none, and what is no farewell."""
    raw = RawClient()
    _, session_id = raw.connect()
    unreliable = TransactionClass.UNRELIABLE
    for octets in (b"", Get("a").encode(), Disconnect(session_id + 1).encode()):
        raw.invoke(octets, unreliable)
    stranger = WtpEndpoint(random=Random(3))
    raw.pair.attach(stranger, ("10.9.9.9", 1), [])
    stranger.invoke(
        Disconnect(session_id).encode(), SERVER, raw.pair.now, transaction_class=unreliable
    )
    raw.pair.run()
    assert raw.pair.by_server == []
    raw.invoke(Disconnect(session_id).encode(), unreliable)
    assert [event.reason for event in raw.pair.by_server] == [EndReason.DISCONNECTED]


def test_a_method_proves_that_the_answer_has_come():
    """Where the Ack of ConnectReply is late, the session stands with the first method."""
    raw = RawClient()
    raw.invoke(Connect().encode())
    session = raw.pair.last(raw.pair.by_server, SessionRequested).session
    (early,) = raw.invoke(Get("early").encode())
    assert early.reason == UserAbort.PROTOCOL_ERROR
    raw.pair.server.accept(session, raw.pair.now)
    raw.pair.run()
    reply = raw.told.pop()
    raw.invoke(Get("a").encode())
    established, method = raw.pair.told(raw.pair.by_server)
    assert isinstance(established, SessionEstablished)
    assert method.request == Get("a")
    raw.end.acknowledge(reply.transaction, raw.pair.now)
    raw.pair.run()
    assert raw.pair.by_server == []


# The tables


@pytest.mark.parametrize("table", [CLIENT_TABLE, SERVER_TABLE])
def test_every_state_is_reached_and_can_end(table):
    """From NULL all states of a side can be reached, and each can end."""
    reached, grown = {SessionState.NULL}, True
    while grown:
        before = len(reached)
        reached |= {state for (origin, _), state in table.items() if origin in reached}
        grown = len(reached) > before
    expected = set(SessionState) - ({SessionState.ACCEPTED} if table is CLIENT_TABLE else set())
    assert reached == expected
    for state in reached - {SessionState.NULL}:
        assert table[state, SessionInput.END] is SessionState.NULL


def test_a_session_survives_a_bad_wire():
    """Connect and Disconnect over loss, copies and reordering, from many seeds."""
    for seed in range(30):
        pair = Pair(conditions=Conditions(0.2, 0.2, 0.01, 2.0), seed=seed)
        number = pair.client.connect(SERVER, pair.now)
        for _ in range(400):
            pair.run(0.5)
            for event in pair.told(pair.by_server):
                if isinstance(event, SessionRequested):
                    pair.server.accept(event.session, pair.now)
        assert pair.client.session(number).state is SessionState.CONNECTED
        assert pair.server.session_with(CLIENT).state is SessionState.CONNECTED


class Stubborn(Random):
    """Draws the same number four times, then the next five times."""

    draws = 0

    def randrange(self, *_):
        self.draws += 1
        return self.draws // 5


def test_session_ids_are_drawn_until_one_is_free():
    """No two sessions have the same, whatever chance says."""
    pair = Pair()
    pair.server = SessionServer(random=Stubborn())
    pair.attach(pair.server, SERVER, pair.by_server)
    pair.connect()
    other = SessionClient(random=Random(4))
    pair.attach(other, ("10.45.0.8", 40000), [])
    other.connect(SERVER, pair.now)
    pair.run()
    pair.server.accept(pair.last(pair.by_server, SessionRequested).session, pair.now)
    assert len({view.session_id for view in pair.server.sessions()}) == 2


def test_octets_that_are_no_datagram_are_counted(pair):
    """Lengths that do not fit, PDUs that are none, and shared datagrams within one another."""
    number, _ = pair.connect()
    nested = join([join([Invoke(tid=1, transaction_class=2, data=b"").encode()] * 2)] * 2)
    for octets in (b"", b"\x00\x05", b"\xff", nested):
        pair.server.receive(octets, CLIENT, pair.now)
    assert pair.server.counters.malformed == 5
    assert pair.told(pair.by_server) == []
    pair.client.disconnect(number, pair.now)


def test_the_transaction_layer_underneath_is_counted(pair):
    """The counters of the transactions are those of the end."""
    pair.connect()
    assert pair.client.counters.invokes_sent == 1
    assert pair.server.counters.invokes_received == 1
