"""What session clients and servers make of a bad wire, and of anything that may arrive."""

from __future__ import annotations

import contextlib
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtp.testing import Conditions
from testbed.codecs import wtp
from testbed.codecs.media import ContentType
from testbed.codecs.wsp import WspError
from testbed.codecs.wsp.capabilities import Capabilities, ProtocolOption
from testbed.codecs.wsp.pdus import (
    ConfirmedPush,
    Connect,
    ConnectReply,
    Disconnect,
    Get,
    Post,
    Push,
    Redirect,
    Reply,
    Resume,
    Suspend,
)
from testbed.codecs.wtp import Abort, Ack, Invoke, Result, TransactionClass, UserAbort
from testbed.wap.client import SessionClient
from testbed.wap.config import WtpLimits
from testbed.wap.errors import WapError
from testbed.wap.server import SessionLimits, SessionServer
from testbed.wap.session_events import (
    ConfirmedPushReceived,
    MethodAborted,
    MethodReceived,
    PushAborted,
    PushConfirmed,
    ReplyConfirmed,
    ReplyReceived,
    SessionEstablished,
    SessionRequested,
)
from testbed.wap.session_table import SessionState
from tests.testbed.wap.conftest import CLIENT, RESPONDER, SERVER, Pair

TEXT = ContentType("text/plain")

# Sessions that are used as they should be


class Traffic:
    """A client that asks and a server that pushes, each waiting for what it may have open."""

    def __init__(self, seed, conditions):
        self.pair = Pair(conditions=conditions, seed=seed)
        self.random = Random(seed)
        self.outcomes = {}
        self.heard = {}
        self.begun = set()
        self.number = self.pair.client.connect(SERVER, self.pair.now)

    def step(self, *, busy):
        pair = self.pair
        pair.run(0.5)
        for event in pair.told(pair.by_server):
            self.attempt(self.at_server, event)
        for event in pair.told(pair.by_client):
            self.attempt(self.at_client, event)
        if busy:
            self.attempt(self.ask)
            self.attempt(self.push)

    def attempt(self, action, *arguments):
        with contextlib.suppress(WapError):
            action(*arguments)

    def ask(self):
        context = f"get {len(self.begun)}"
        self.pair.client.invoke(self.number, Get(context), self.pair.now, context=context)
        self.begun.add(context)

    def push(self):
        context = f"push {len(self.begun)}"
        session = self.pair.server.session_with(CLIENT)
        if session is not None:
            push = ConfirmedPush(TEXT, context.encode())
            self.pair.server.confirmed_push(session.session, push, self.pair.now, context=context)
            self.begun.add(context)

    def at_server(self, event):
        server, now = self.pair.server, self.pair.now
        match event:
            case SessionRequested():
                server.accept(event.session, now)
            case MethodReceived():
                self.hear(event.request.uri)
                server.reply(event.transaction, Reply(200, TEXT, event.request.uri.encode()), now)
            case PushConfirmed() | PushAborted():
                self.end(event)

    def at_client(self, event):
        client, now = self.pair.client, self.pair.now
        match event:
            case ConfirmedPushReceived():
                self.hear(event.push.body.decode())
                if self.random.random() < 0.3:
                    client.refuse_push(event.transaction, UserAbort.USER_REFUSED, now)
                else:
                    client.confirm_push(event.transaction, now)
            case ReplyReceived():
                assert event.reply.body.decode() == event.context
                self.end(event)
            case MethodAborted():
                self.end(event)

    def hear(self, context):
        self.heard[context] = self.heard.get(context, 0) + 1

    def end(self, event):
        self.outcomes.setdefault(event.context, []).append(event)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.1, 0.3]),
    duplication=st.sampled_from([0.0, 0.3]),
    longest_delay=st.sampled_from([0.01, 3.0]),
    rest=st.booleans(),
)
def test_each_method_and_push_ends_once(seed, loss, duplication, longest_delay, rest):
    """Whatever the wire does: one outcome for each, heard at most once, and nothing is left."""
    traffic = Traffic(seed, Conditions(loss, duplication, 0.01, longest_delay))
    client, server = traffic.pair.client, traffic.pair.server
    for turn in range(160):
        traffic.step(busy=turn < 80)
        if rest and turn in (30, 50):
            traffic.attempt(client.suspend, traffic.number, traffic.pair.now)
        if rest and turn in (40, 60):
            traffic.attempt(client.resume, traffic.number, traffic.pair.now)
    traffic.pair.run(600.0)
    traffic.step(busy=False)
    assert set(traffic.outcomes) == traffic.begun
    assert {len(events) for events in traffic.outcomes.values()} <= {1}
    assert set(traffic.heard.values()) <= {1}
    for context, (outcome,) in traffic.outcomes.items():
        if isinstance(outcome, (ReplyReceived, PushConfirmed)):
            assert traffic.heard[context] == 1
    assert client.open_transactions == server.open_transactions == 0
    assert client.next_timeout() is None


@pytest.mark.parametrize("seed", range(5))
def test_all_succeed_where_nothing_is_lost(seed):
    """With copies and reordering: every method is answered, every push confirmed or refused."""
    traffic = Traffic(seed, Conditions(0.0, 0.3, 0.01, 1.0))
    for turn in range(120):
        traffic.step(busy=turn < 100)
    outcomes = [event for events in traffic.outcomes.values() for event in events]
    assert len(outcomes) == len(traffic.begun) > 100
    aborted = [event for event in outcomes if isinstance(event, (MethodAborted, PushAborted))]
    assert {event.reason for event in aborted} == {UserAbort.USER_REFUSED}


def test_the_same_seed_gives_the_same_run():
    """Two runs put the same octets on the wire at the same times."""
    runs = []
    for _ in range(2):
        traffic = Traffic(7, Conditions(0.2, 0.2, 0.01, 2.0))
        for turn in range(60):
            traffic.step(busy=turn < 40)
        runs.append(traffic.pair.wire.passed)
    assert runs[0] == runs[1]


# Anything

FIRST = 8805
"""The first TID of an end with seed 1."""
IDS = st.sampled_from((271041745, 2, 3))
"""The first session id of a server with that seed, and others."""
OPTIONS = ProtocolOption.CONFIRMED_PUSH | ProtocolOption.PUSH | ProtocolOption.SESSION_RESUME
GRANT = Capabilities(options=OPTIONS, method_mor=3, push_mor=3)
SAID = st.one_of(
    st.builds(Connect, st.sampled_from((Capabilities(), GRANT))),
    st.builds(ConnectReply, IDS, st.just(GRANT)),
    st.builds(Redirect, st.just(())),
    st.builds(Disconnect, IDS),
    st.builds(Suspend, IDS),
    st.builds(Resume, IDS),
    st.builds(Get, st.just("a"), st.just(()), st.sampled_from((0x40, 0x50))),
    st.builds(Post, st.just("a"), st.just(TEXT), st.binary(max_size=9)),
    st.builds(Reply, st.sampled_from((200, 503)), st.just(TEXT)),
    st.builds(Push, st.just(TEXT), st.just(b"")),
    st.builds(ConfirmedPush, st.just(TEXT), st.just(b"")),
).map(lambda pdu: pdu.encode()) | st.binary(max_size=6)
OURS = st.integers(FIRST, FIRST + 3).map(lambda tid: tid | RESPONDER)
THEIRS = st.integers(1, 6)
FLAG = st.booleans()
ARRIVING = st.one_of(
    st.builds(
        Invoke,
        tid=THEIRS,
        transaction_class=st.sampled_from(TransactionClass),
        data=SAID,
        user_ack=FLAG,
        rid=FLAG,
    ),
    st.builds(Result, tid=OURS, data=SAID, rid=FLAG),
    st.builds(Ack, tid=OURS | THEIRS, tid_verification=FLAG, rid=FLAG),
    st.builds(Abort, tid=OURS | THEIRS, user=FLAG, reason=st.sampled_from((0, 1, *UserAbort))),
).map(lambda pdu: pdu.encode())
DATAGRAMS = st.lists(ARRIVING, min_size=1, max_size=4).map(wtp.join)
STEPS = st.one_of(
    st.tuples(st.just("get"), DATAGRAMS),
    st.tuples(st.just("get"), DATAGRAMS),
    st.tuples(st.just("do"), st.integers(0, 10)),
    st.tuples(st.just("wait"), st.sampled_from((0.5, 5.0, 30.0, 700.0))),
)


class Hostile:
    """One end that gets anything, and a user that does anything."""

    def __init__(self, end, peer):
        self.end = end
        self.peer = peer
        self.now = 1000.0
        self.numbers = [1]
        self.transactions = [1]

    def step(self, action, argument):
        if action == "get":
            self.end.receive(argument, self.peer, self.now)
        elif action == "do":
            self.do(argument)
        else:
            self.wait(argument)
        for event in self.end.take_events():
            self.numbers.append(event.session)
            self.transactions.append(getattr(event, "transaction", 1))
        self.end.take_datagrams()

    def do(self, which):
        with contextlib.suppress(WapError, WspError):
            self.commands()[which % len(self.commands())]()

    def wait(self, seconds):
        until = self.now + seconds
        while (due := self.end.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.end.handle_timeout(self.now)
        self.now = until

    def finish(self):
        self.wait(2000.0)
        self.step("wait", 0.0)
        assert self.end.open_transactions == 0


class HostileServer(Hostile):
    def commands(self):
        end, number, transaction = self.end, self.numbers[-1], self.transactions[-1]
        return (
            lambda: end.accept(number, self.now),
            lambda: end.accept(number, self.now),
            lambda: end.refuse(number, Reply(403, TEXT), self.now),
            lambda: end.redirect(number, (), self.now),
            lambda: end.reply(transaction, Reply(200, TEXT), self.now),
            lambda: end.abort_method(transaction, self.now),
            lambda: end.push(number, Push(TEXT, b""), self.now),
            lambda: end.confirmed_push(number, ConfirmedPush(TEXT, b""), self.now),
            lambda: end.abort_push(transaction, self.now),
            lambda: end.disconnect(number, self.now),
        )


class HostileClient(Hostile):
    def commands(self):
        end, number, transaction = self.end, self.numbers[-1], self.transactions[-1]
        return (
            lambda: self.numbers.append(end.connect(self.peer, self.now)),
            lambda: self.numbers.append(end.connect(self.peer, self.now)),
            lambda: end.invoke(number, Get("a"), self.now),
            lambda: end.abort_method(transaction, self.now),
            lambda: end.confirm_push(transaction, self.now),
            lambda: end.refuse_push(transaction, UserAbort.USER_PENDING, self.now),
            lambda: end.suspend(number, self.now),
            lambda: end.resume(number, self.now),
            lambda: end.disconnect(number, self.now),
        )


@settings(max_examples=300)
@given(st.lists(STEPS, min_size=1, max_size=25))
def test_a_server_takes_anything(steps):
    """No error but refusals; sessions end by being idle, transactions by themselves."""
    hostile = HostileServer(
        SessionServer(
            random=Random(1),
            session_limits=SessionLimits(sessions=2, idle=600.0),
            limits=WtpLimits(transactions_per_peer=4),
        ),
        CLIENT,
    )
    for action, argument in steps:
        hostile.step(action, argument)
    hostile.finish()
    assert hostile.end.sessions() == ()
    assert hostile.end.next_timeout() is None


@settings(max_examples=300)
@given(st.lists(STEPS, min_size=1, max_size=25))
def test_a_client_takes_anything(steps):
    """No error but refusals; what is left is sessions that stand or rest."""
    hostile = HostileClient(
        SessionClient(random=Random(1), limits=WtpLimits(transactions_per_peer=4)), SERVER
    )
    for action, argument in steps:
        hostile.step(action, argument)
    hostile.finish()
    states = {view.state for view in hostile.end.sessions()}
    assert states <= {SessionState.CONNECTED, SessionState.SUSPENDED}
    assert hostile.end.next_timeout() is None


def test_the_numbers_are_those_expected():
    """What the properties above count on."""
    client = SessionClient(random=Random(1))
    client.connect(SERVER, 0.0)
    ((datagram, _),) = client.take_datagrams()
    assert wtp.decode(datagram).tid == FIRST
    server = SessionServer(random=Random(1))
    server.receive(datagram, CLIENT, 0.0)
    (requested,) = server.take_events()
    server.accept(requested.session, 0.0)
    assert server.session(requested.session).session_id == 271041745


def test_events_of_a_reply_reach_both_ends():
    """Whoever answers hears that it has arrived, whoever asks has it."""
    traffic = Traffic(1, Conditions())
    told = []
    for turn in range(20):
        traffic.pair.run(0.5)
        told += traffic.pair.by_server + traffic.pair.by_client
        traffic.step(busy=turn < 10)
    kinds = {type(event) for event in told}
    assert {SessionEstablished, ReplyReceived, ReplyConfirmed, PushConfirmed} <= kinds
