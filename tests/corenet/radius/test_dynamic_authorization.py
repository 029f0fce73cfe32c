"""Orders of RADIUS servers: each is taken once, if it is authentic and fresh (RFC 5176)."""

from __future__ import annotations

import hmac
from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrad.packet import CoAPacket

from corenet.radius.attributes import load_dictionary
from corenet.radius.clients import RadiusClient
from corenet.radius.dynamic import (
    KEPT_ANSWERS,
    DynamicAuthorizationServer,
    DynamicPolicy,
    ErrorCause,
)

DISCONNECT, COA = 40, 43
SECRET = b"radius"
PEER = ("192.0.2.5", 40000)
NOW = 1_800_000_000.0
POLICY = DynamicPolicy(
    (RadiusClient("192.0.2.5", SECRET), RadiusClient("198.51.100.0/24", b"other")), window=300.0
)


def ordered(code=DISCONNECT, identifier=7, secret=SECRET, **attributes) -> bytes:
    """Return an order as pyrad writes it."""
    packet = CoAPacket(code=code, id=identifier, secret=secret, dict=load_dictionary())
    for name, value in attributes.items():
        packet.AddAttribute(name.replace("_", "-"), value)
    octets: bytes = packet.RequestPacket()
    return octets


def signed(data: bytes, secret: bytes = SECRET, *, right: bool = True) -> bytes:
    """Return an order with a Message-Authenticator behind its attributes."""
    length = (len(data) + 18).to_bytes(2, "big")
    head = data[:2] + length
    attributes = data[20:] + b"\x50\x12"
    signature = hmac.digest(secret, head + bytes(16) + attributes + bytes(16), "md5")
    attributes += signature if right else bytes(16)
    return head + md5(head + bytes(16) + attributes + secret).digest() + attributes


class Bench:
    """A server of orders, and what came out of it."""

    def __init__(self, policy=POLICY):
        self.server = DynamicAuthorizationServer(policy)
        self.now = NOW

    def receive(self, data, peer=PEER):
        return self.server.receive(data, peer, self.now)

    def answers(self):
        return self.server.take_datagrams()


@pytest.fixture
def bench():
    return Bench()


@pytest.mark.parametrize(("code", "ack", "nak"), [(DISCONNECT, 41, 42), (COA, 44, 45)])
@pytest.mark.clause("RFC 5176 §2", "Disconnect and CoA, ACK and NAK")
def test_an_order_is_answered_as_its_kind_wants(bench, code, ack, nak) -> None:
    """ACK or NAK with Error-Cause, authentic to who asked."""
    for identifier, carried_out in ((1, True), (2, False)):
        data = ordered(code, identifier, Acct_Session_Id="A")
        order = bench.receive(data)
        assert order is not None
        assert order.disconnects is (code == DISCONNECT)
        if carried_out:
            bench.server.acknowledge(order)
        else:
            bench.server.refuse(order, ErrorCause.SESSION_CONTEXT_NOT_FOUND)
        ((answer, peer),) = bench.answers()
        assert peer == PEER
        assert answer[0] == (ack if carried_out else nak)
        assert answer[1] == identifier
        asked = CoAPacket(packet=data, secret=SECRET, dict=load_dictionary())
        reply = asked.CreateReply(packet=answer)
        assert asked.VerifyReply(reply, answer)
        if not carried_out:
            assert answer[20:] == bytes.fromhex("6506000001f7")
    counters = bench.server.counters
    assert (counters.acknowledged, counters.refused) == (1, 1)
    assert counters.disconnects + counters.changes == 2


def test_proxy_states_come_back_in_their_order(bench) -> None:
    """RFC 5176 §2.3: a proxy finds its way by them."""
    order = bench.receive(ordered(Proxy_State=b"one") + b"")
    bench.server.acknowledge(order)
    ((answer, _),) = bench.answers()
    assert answer.endswith(b"\x21\x05one")


def test_a_signed_order_gets_a_signed_answer(bench) -> None:
    """Message-Authenticator over the answer with the order's authenticator (RFC 5176 §3.4)."""
    data = signed(ordered(Acct_Session_Id="A"))
    order = bench.receive(data)
    bench.server.acknowledge(order)
    ((answer, _),) = bench.answers()
    assert answer[20:22] == b"\x50\x12"
    covered = answer[:4] + data[4:20] + b"\x50\x12" + bytes(16) + answer[38:]
    assert hmac.digest(SECRET, covered, "md5") == answer[22:38]


@pytest.mark.parametrize(
    ("data", "peer", "counted"),
    [
        (ordered(), ("203.0.113.1", 1), "unknown_client"),
        (ordered(), ("nowhere", 1), "unknown_client"),
        (ordered(), ("198.51.100.7", 1), "not_authentic"),
        (ordered(secret=b"guess"), PEER, "not_authentic"),
        (signed(ordered(), right=False), PEER, "not_authentic"),
        (signed(ordered())[:-2], PEER, "malformed"),
        (ordered(Message_Authenticator=bytes(8)), PEER, "not_authentic"),
        (ordered()[:19], PEER, "malformed"),
        (ordered(code=4), PEER, "malformed"),
        (b"\x28\x01\x00\x16" + bytes(16) + b"\x01\x01", PEER, "malformed"),
        (b"\x28\x01\x00\x15" + bytes(16) + b"\x01", PEER, "malformed"),
        (ordered(Event_Timestamp=int(NOW) - 301), PEER, "stale"),
        (ordered(Event_Timestamp=int(NOW) + 301), PEER, "stale"),
    ],
)
@pytest.mark.clause("RFC 5176 §6.3", "wrong secrets and stale Event-Timestamps dropped")
def test_what_is_no_good_order_is_dropped_without_a_word(bench, data, peer, counted) -> None:
    """It could be an attack, and an answer would help the attacker."""
    assert bench.receive(data, peer) is None
    assert bench.answers() == []
    assert getattr(bench.server.counters, counted) == 1


def test_the_window_has_two_sides(bench) -> None:
    """Clocks may differ in either direction."""
    for identifier, off in enumerate((-300, 0, 300)):
        stamp = int(NOW) + off
        assert bench.receive(ordered(identifier=identifier, Event_Timestamp=stamp)) is not None


def test_a_timestamp_may_be_needed() -> None:
    """Without it a recorded order could be sent again at any time."""
    bench = Bench(DynamicPolicy(POLICY.clients, needs_timestamp=True))
    assert bench.receive(ordered()) is None
    assert bench.server.counters.stale == 1
    assert bench.receive(ordered(Event_Timestamp=int(NOW))) is not None


@pytest.mark.clause("RFC 5176 §2.3", "duplicates answered from the cache")
def test_a_repeated_order_gets_the_same_answer(bench) -> None:
    """Even from another port; while it is being carried out it gets none."""
    data = ordered(Acct_Session_Id="A")
    order = bench.receive(data)
    assert bench.receive(data) is None
    assert bench.answers() == []
    bench.server.refuse(order, ErrorCause.RESOURCES_UNAVAILABLE)
    ((first, _),) = bench.answers()
    bench.now += 250
    assert bench.receive(data, ("192.0.2.5", 40001)) is None
    assert bench.answers() == [(first, ("192.0.2.5", 40001))]
    assert bench.server.counters.duplicates == 2


def test_an_order_is_a_duplicate_until_it_is_stale(bench) -> None:
    """Its timestamp may be ahead by the window: it is remembered for twice that."""
    data = ordered(Event_Timestamp=int(NOW) + 300)
    bench.server.acknowledge(bench.receive(data))
    bench.answers()
    bench.now += 599
    assert bench.receive(data) is None
    assert len(bench.answers()) == 1
    bench.now += 2
    assert bench.receive(data) is None
    assert bench.server.counters.stale == 1


def test_without_a_timestamp_an_order_is_new_after_a_while(bench) -> None:
    """Identifiers come again; an order that is repeated in earnest is carried out."""
    data = ordered(Acct_Session_Id="A")
    bench.server.acknowledge(bench.receive(data))
    bench.now += 601
    assert bench.receive(data) is not None


def test_answers_that_are_kept_are_bounded(bench) -> None:
    """The oldest gives way; an answer to it later is sent, and not kept."""
    orders = []
    for number in range(KEPT_ANSWERS + 1):
        data = ordered(identifier=number % 256, Acct_Session_Id=f"{number}")
        orders.append((data, bench.receive(data)))
    bench.server.acknowledge(orders[0][1])
    assert len(bench.answers()) == 1
    assert bench.receive(orders[-1][0]) is None
    assert bench.receive(orders[0][0]) is not None


def test_without_a_policy_nobody_is_a_client() -> None:
    """A GGSN that takes no orders."""
    bench = Bench(None)
    assert bench.receive(ordered()) is None
    assert bench.server.counters.unknown_client == 1


@given(st.binary(max_size=80))
def test_any_octets_are_taken(octets: bytes) -> None:
    """Nothing that a server sends raises, nor is it answered."""
    bench = Bench()
    assert bench.receive(octets) is None
    assert (
        bench.receive(b"\x28\x07" + (20 + len(octets)).to_bytes(2, "big") + bytes(16) + octets)
        is None
    )
    assert bench.answers() == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: DynamicPolicy(()),
        lambda: DynamicPolicy(POLICY.clients, window=0),
        lambda: DynamicPolicy(POLICY.clients, port=70000),
        lambda: RadiusClient("192.0.2.5", b""),
        lambda: RadiusClient("nowhere", b"x"),
    ],
)
def test_a_policy_without_sense_is_refused(make) -> None:
    """Somebody who may order, a secret, and a window."""
    with pytest.raises(ValueError):
        make()


def test_an_error_cause_is_shown_in_words() -> None:
    """As in RFC 5176 §3.5."""
    assert ErrorCause.SESSION_CONTEXT_NOT_FOUND.text == "Session context not found"
