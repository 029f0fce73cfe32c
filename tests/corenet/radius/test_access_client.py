"""The RADIUS authentication client: one answer to each question, before the deadline."""

from __future__ import annotations

from dataclasses import replace
from hashlib import md5
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrad.packet import AccessAccept, AccessChallenge, AccessReject

from corenet.radius.access import AccessClient, AccessOutcome, AccessPolicy, Chap, Pap
from corenet.radius.accounting import (
    RadiusServer,
    RadiusServerAnswered,
    RadiusServerSilent,
    RadiusService,
)

ONE = RadiusServer(("192.0.2.5", 1812), b"radius")
TWO = RadiusServer(("192.0.2.6", 1812), b"other")
POLICY = AccessPolicy(wait=1.0, tries_per_server=2, deadline=7.0, dead_time=60.0)
PASSWORD = Pap(b"hush")
ACCEPTED, REJECTED = AccessOutcome.ACCEPTED, AccessOutcome.REJECTED
UNANSWERED = AccessOutcome.UNANSWERED


class Bench:
    """A client, and servers played by the test."""

    def __init__(self, oracle, servers=(ONE,), policy=POLICY):
        self.client = AccessClient(policy, random=Random(3))
        self.servers = servers
        self.secrets = {server.address: server.secret for server in servers}
        self.oracle = oracle
        self.now = 1_800_000_000.0

    def ask(self, proof=PASSWORD, context="question", **attributes):
        return self.client.ask(self.servers, attributes, proof, self.now, context=context)

    def sent(self):
        """Return the requests that went out, verified, each with its server."""
        return [
            (self.oracle.access(data, self.secrets[peer]), peer)
            for data, peer in self.client.take_datagrams()
        ]

    def answer(self, packet, peer, code=AccessAccept, **attributes):
        reply = packet.CreateReply(**{k.replace("_", "-"): v for k, v in attributes.items()})
        reply.code = code
        reply.add_message_authenticator()
        self.client.receive(reply.ReplyPacket(), peer, self.now)

    def advance(self, seconds):
        end = self.now + seconds
        while (due := self.client.next_timeout()) is not None and due <= end:
            self.now = due
            self.client.handle_timeout(due)
        self.now = end

    def results(self):
        return [(one.context, one.outcome) for one in self.client.take_results()]


@pytest.fixture
def bench(oracle):
    return Bench(oracle)


@pytest.mark.clause("RFC 2865 §5.2", "User-Password")
def test_a_password_is_hidden_and_the_request_signed(bench) -> None:
    """The server that knows the secret finds the password; the request has an authenticator."""
    bench.ask(**{"User-Name": "alice", "3GPP-IMSI": "234150000000001"})
    ((packet, peer),) = bench.sent()
    assert peer == ONE.address
    assert packet.PwDecrypt(packet["User-Password"][0]) == "hush"
    assert packet["User-Name"] == ["alice"]
    assert packet["3GPP-IMSI"] == ["234150000000001"]
    # In front, so that nothing can be put before it (RFC 5080 §2.2.2).
    assert packet.raw_packet[20] == 80


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 32, 100, 128])
def test_a_password_of_any_length_is_hidden(bench, length: int) -> None:
    """In blocks of sixteen octets (RFC 2865 §5.2)."""
    password = bytes(range(1, length + 1))
    bench.ask(Pap(password))
    ((packet, _),) = bench.sent()
    hidden = packet["User-Password"][0]
    assert len(hidden) == max(16, -(-length // 16) * 16)
    plain, last = b"", packet.authenticator
    for place in range(0, len(hidden), 16):
        mask = md5(ONE.secret + last).digest()
        last = hidden[place : place + 16]
        plain += bytes(a ^ b for a, b in zip(last, mask, strict=True))
    assert plain.rstrip(b"\0") == password


@pytest.mark.clause("RFC 2865 §5.3", "CHAP-Password, CHAP-Challenge")
def test_a_challenge_and_its_response_are_told(bench) -> None:
    """CHAP-Password has identifier and response, CHAP-Challenge what was to be answered."""
    response = md5(b"\x05hush" + bytes(16)).digest()
    bench.ask(Chap(5, response, bytes(16)))
    ((packet, _),) = bench.sent()
    assert packet["CHAP-Challenge"] == [bytes(16)]
    assert packet["CHAP-Password"] == [b"\x05" + response]
    assert packet.VerifyChapPasswd("hush")


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(AccessAccept, ACCEPTED), (AccessReject, REJECTED), (AccessChallenge, REJECTED)],
)
@pytest.mark.clause("RFC 2865 §4", "Access-Accept, Access-Reject; Access-Challenge is a reject")
def test_every_answer_ends_the_question(bench, code, outcome) -> None:
    """Once; a second one is ignored. Nobody here can carry on a dialogue."""
    bench.ask()
    ((packet, peer),) = bench.sent()
    bench.answer(packet, peer, code, Session_Timeout=60)
    (result,) = bench.client.take_results()
    assert (result.context, result.outcome) == ("question", outcome)
    assert result.attributes.integer("Session-Timeout") == 60
    bench.answer(packet, peer, code)
    assert bench.results() == []
    assert bench.client.counters.ignored == 1
    assert bench.client.pending == 0
    assert bench.client.next_timeout() is None


def test_silence_is_met_with_the_same_octets(bench) -> None:
    """A server can tell a repetition; with one server it is asked anew after its tries."""
    bench.ask()
    (first,) = bench.client.take_datagrams()
    bench.advance(1)
    assert bench.client.take_datagrams() == [first]
    bench.advance(1)
    (anew,) = bench.client.take_datagrams()
    assert anew[0][1] != first[0][1]
    assert anew[0][4:20] != first[0][4:20]


def test_nobody_answers_until_the_deadline(bench) -> None:
    """The question ends then, and not later."""
    bench.ask()
    bench.advance(6.9)
    assert bench.results() == []
    bench.advance(0.1)
    assert bench.results() == [("question", UNANSWERED)]
    assert bench.client.next_timeout() is None
    assert bench.client.counters.unanswered == 1


def test_the_next_server_is_asked_with_its_own_secret(oracle) -> None:
    """After the tries of the first, which is dead for a while, and then preferred again."""
    bench = Bench(oracle, (ONE, TWO))
    bench.ask()
    bench.advance(2)
    sent = bench.sent()
    assert [peer for _, peer in sent] == [ONE.address, ONE.address, TWO.address]
    assert bench.client.take_events() == [
        RadiusServerSilent("192.0.2.5", RadiusService.AUTHENTICATION)
    ]
    bench.answer(*sent[-1])
    assert bench.results() == [("question", ACCEPTED)]
    bench.ask()
    assert [peer for _, peer in bench.sent()] == [TWO.address]
    bench.advance(61)
    bench.client.take_datagrams()
    bench.client.take_events()
    bench.client.take_results()
    bench.now += 120
    bench.ask()
    ((packet, peer),) = bench.sent()
    assert peer == ONE.address
    bench.answer(packet, peer)
    assert bench.client.take_events() == [
        RadiusServerAnswered("192.0.2.5", RadiusService.AUTHENTICATION)
    ]


def test_a_late_answer_of_the_server_before_is_ignored(oracle) -> None:
    """The question has gone to another one: two answers could contradict each other."""
    bench = Bench(oracle, (ONE, TWO))
    bench.ask()
    bench.advance(2)
    sent = bench.sent()
    bench.answer(*sent[0], code=AccessReject)
    assert bench.results() == []
    bench.answer(*sent[-1])
    assert bench.results() == [("question", ACCEPTED)]


def test_one_lost_packet_does_not_make_a_server_dead(oracle) -> None:
    """It has answered another question since this one was asked."""
    bench = Bench(oracle, (ONE, TWO))
    bench.ask(context="lost")
    bench.client.take_datagrams()
    bench.advance(0.5)
    bench.ask(context="answered")
    bench.answer(*bench.sent()[0])
    bench.advance(1.5)
    assert bench.client.take_events() == []
    assert [peer for _, peer in bench.sent()] == [ONE.address, TWO.address]
    bench.ask(context="next")
    assert [peer for _, peer in bench.sent()] == [ONE.address]


def test_a_wrong_answer_is_ignored(bench) -> None:
    """Wrong secret, wrong identifier, unknown server, another code, a forged signature."""
    bench.ask()
    ((packet, peer),) = bench.sent()
    reply = packet.CreateReply()
    reply.code = AccessAccept
    reply.add_message_authenticator()
    good = reply.ReplyPacket()
    reply.secret = b"guess"
    wrong = [
        (reply.ReplyPacket(), peer),
        (good[:1] + bytes([good[1] ^ 1]) + good[2:], peer),
        (good, ("192.0.2.99", 1812)),
        (b"\x05" + good[1:], peer),
        (good[:19], peer),
        (good[:-1] + bytes([good[-1] ^ 1]), peer),
        (resigned(good[:-1] + bytes([good[-1] ^ 1]), packet), peer),
        (b"", peer),
    ]
    for data, source in wrong:
        bench.client.receive(data, source, bench.now)
    assert bench.client.counters.ignored == len(wrong)
    assert bench.client.pending == 1
    bench.client.receive(good, peer, bench.now)
    assert bench.results() == [("question", ACCEPTED)]


def resigned(data, request):
    """Return an answer with the right Response Authenticator, whatever is in it."""
    digest = md5(data[:4] + request.authenticator + data[20:] + ONE.secret).digest()
    return data[:4] + digest + data[20:]


@pytest.mark.clause("RFC 5080 §2.2.2", "Message-Authenticator in requests; in answers by policy")
def test_a_server_that_signs_has_to_sign(oracle) -> None:
    """An unsigned Access-Accept could be forged by who changes packets on their way."""
    bench = Bench(oracle, (replace(ONE, signs=True),))
    bench.ask()
    ((packet, peer),) = bench.sent()
    bare = bytes((AccessAccept, packet.id, 0, 20)) + bytes(16)
    bench.client.receive(resigned(bare, packet), peer, bench.now)
    assert bench.results() == []
    bench.answer(packet, peer)
    assert bench.results() == [("question", ACCEPTED)]


def test_a_cancelled_question_tells_nothing(bench) -> None:
    """Nor is it asked again; to cancel it twice changes nothing."""
    number = bench.ask()
    ((packet, peer),) = bench.sent()
    bench.client.cancel(number)
    bench.client.cancel(number)
    bench.answer(packet, peer)
    bench.advance(60)
    assert bench.sent() == []
    assert bench.results() == []
    assert bench.client.next_timeout() is None


def test_no_more_than_256_questions_are_under_way_at_a_server(bench) -> None:
    """The rest waits for a number, as long as it has time."""
    for number in range(257):
        bench.ask(context=number)
    sent = bench.sent()
    assert len({packet.id for packet, _ in sent}) == 256
    for packet, peer in sent:
        bench.answer(packet, peer)
    bench.advance(1)
    ((packet, peer),) = bench.sent()
    bench.answer(packet, peer)
    assert sorted(context for context, _ in bench.results()) == list(range(257))


@given(st.binary(max_size=60))
def test_any_octets_from_a_server_are_taken(oracle, octets: bytes) -> None:
    """Nothing that a server sends raises."""
    bench = Bench(oracle)
    bench.ask()
    bench.client.receive(octets, ONE.address, bench.now)
    assert bench.client.pending == 1


@pytest.mark.parametrize(
    "changes", [{"wait": 0}, {"deadline": 0}, {"dead_time": -1}, {"tries_per_server": 0}]
)
def test_a_policy_without_sense_is_refused(changes) -> None:
    """Times above 0, and at least one try."""
    with pytest.raises(ValueError, match="authentication"):
        AccessPolicy(**changes)
