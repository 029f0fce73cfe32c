"""The RADIUS accounting client: records until answered, in order, within bounds."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrad.packet import AcctPacket

from corenet.radius.accounting import (
    AccountingAnswered,
    AccountingGivenUp,
    AccountingPolicy,
    AccountingResumed,
    AccountingSent,
    AccountingStatus,
    RadiusServer,
    RadiusServerAnswered,
    RadiusServerSilent,
    RadiusService,
)
from corenet.radius.attributes import encode_attributes, load_dictionary
from corenet.radius.client import AccountingClient
from corenet.radius.journal import JournalEntry, MemoryJournal

START, STOP = AccountingStatus.START, AccountingStatus.STOP
ON, OFF = AccountingStatus.ACCOUNTING_ON, AccountingStatus.ACCOUNTING_OFF
ONE = RadiusServer(("192.0.2.5", 1813), b"radius")
TWO = RadiusServer(("192.0.2.6", 1813), b"other")
POLICY = AccountingPolicy(
    first_wait=2.0, longest_wait=8.0, tries_per_server=2, queue_limit=1000, farewell_tries=2
)
DICTIONARY = load_dictionary()


class Bench:
    """A client, and servers played by the test with pyrad."""

    def __init__(self, servers=(ONE,), policy=POLICY, journal=None):
        self.journal = journal if journal is not None else MemoryJournal()
        self.client = AccountingClient(servers, policy, random=Random(3), journal=self.journal)
        self.secrets = {server.address: server.secret for server in servers}
        self.now = 1_800_000_000.0

    def record(self, status=START, session="A", **attributes):
        octets = encode_attributes(attributes)
        self.client.record(status, octets, self.now, session=session)

    def sent(self):
        """Return the requests that went out, verified, each with its server."""
        found = []
        for data, peer in self.client.take_datagrams():
            packet = AcctPacket(packet=data, secret=self.secrets[peer], dict=DICTIONARY)
            packet.source = peer
            assert packet.VerifyAcctRequest()
            found.append((packet, peer))
        return found

    def shown(self):
        """Return status and session of what went out."""
        return [
            (p["Acct-Status-Type"][0], p["Acct-Session-Id"][0] if "Acct-Session-Id" in p else "")
            for p, _ in self.sent()
        ]

    def answer(self, packet, peer):
        reply = packet.CreateReply()
        self.client.receive(reply.ReplyPacket(), peer, self.now)

    def advance(self, seconds):
        end = self.now + seconds
        while (due := self.client.next_timeout()) is not None and due <= end:
            self.now = due
            self.client.handle_timeout(due)
        self.now = end

    def told(self):
        return self.client.take_events()


def test_a_record_is_sent_answered_and_forgotten() -> None:
    """The server sees the attributes and verifies the authenticator; events tell both ends."""
    bench = Bench()
    bench.client.record(
        START,
        encode_attributes({"Framed-IP-Address": "10.45.0.7"}),
        bench.now,
        session="C000020100000001",
    )
    ((packet, peer),) = bench.sent()
    assert peer == ONE.address
    assert packet["Acct-Status-Type"] == ["Start"]
    assert packet["Acct-Session-Id"] == ["C000020100000001"]
    assert packet["Framed-IP-Address"] == ["10.45.0.7"]
    assert packet["Event-Timestamp"] == [1_800_000_000]
    bench.now += 0.5
    bench.answer(packet, peer)
    assert bench.told() == [
        AccountingSent("192.0.2.5", START, "C000020100000001"),
        AccountingAnswered("192.0.2.5", START, "C000020100000001", 0.5),
    ]
    assert bench.client.pending == 0
    assert bench.client.next_timeout() is None
    assert (bench.client.counters.requests, bench.client.counters.answered) == (1, 1)


def test_without_servers_records_are_forgotten() -> None:
    """A GGSN without accounting."""
    bench = Bench(servers=())
    bench.record()
    bench.client.stop(bench.now)
    assert bench.sent() == []
    assert bench.client.pending == 0
    assert bench.client.next_timeout() is None


@pytest.mark.clause("29.061 §16, RFC 2866", "accounting Start, Interim, Stop, On, Off")
def test_silence_is_met_with_the_same_octets_after_waits_that_double() -> None:
    """Up to the longest wait, spread by a tenth."""
    bench = Bench(policy=replace(POLICY, tries_per_server=6))
    bench.record()
    first = bench.client.take_datagrams()
    waits = []
    for _ in range(5):
        before = bench.now
        while not (again := bench.client.take_datagrams()):
            bench.advance(bench.client.next_timeout() - bench.now)
        waits.append(bench.now - before)
        assert again == first
    assert waits == pytest.approx([2, 4, 8, 8, 8], rel=0.1)
    assert len(set(waits)) == 5
    assert bench.client.counters.retransmissions == 5


def test_of_many_records_the_one_without_an_answer_is_repeated() -> None:
    """Once, at its own time, however many were answered before and behind it."""
    bench = Bench()
    for number in range(1000):
        bench.record(session=f"{number}")
        ((packet, peer),) = bench.sent()
        if number == 500:
            lost = packet
        else:
            bench.answer(packet, peer)
        bench.now += 0.001
    bench.advance(1.2)
    assert bench.sent() == []
    bench.advance(1.0)
    ((again, peer),) = bench.sent()
    assert (again.id, again.authenticator) == (lost.id, lost.authenticator)
    bench.answer(again, peer)
    assert bench.client.next_timeout() is None
    assert bench.client.counters.retransmissions == 1


def test_records_of_one_moment_are_repeated_at_moments_of_their_own() -> None:
    """Spread by a tenth of the wait to both sides, so that they do not come all at once again."""
    bench = Bench()
    for number in range(100):
        bench.record(session=f"{number}")
    bench.sent()
    begin, times = bench.now, []
    while len(times) < 100:
        bench.advance(bench.client.next_timeout() - bench.now)
        times += [bench.now - begin] * len(bench.sent())
    assert len(set(times)) == 100
    assert 1.8 <= min(times) < 1.85
    assert 2.15 < max(times) <= 2.2


@pytest.mark.clause("RFC 2866 §5.2", "Acct-Delay-Time, and a new identifier with it")
def test_a_new_turn_has_a_new_delay_and_with_it_a_new_identifier() -> None:
    """Acct-Delay-Time changes, so it is another request (RFC 2866 §5.2); the stamp stays."""
    bench = Bench()
    bench.record()
    bench.advance(7)
    first, again, anew = (packet for packet, _ in bench.sent())
    assert first["Acct-Delay-Time"] == [0]
    assert first.id == again.id
    assert first.authenticator == again.authenticator
    assert anew.id != first.id
    assert anew.authenticator != first.authenticator
    assert anew["Acct-Delay-Time"] == [5]
    assert anew["Event-Timestamp"] == first["Event-Timestamp"]
    bench.answer(first, ONE.address)
    assert bench.client.pending == 1
    bench.answer(anew, ONE.address)
    assert bench.client.pending == 0


def test_a_lone_server_that_is_silent_is_asked_ever_more_slowly() -> None:
    """For as long as a record lives, at the longest wait."""
    bench = Bench(policy=replace(POLICY, give_up_after=1000.0))
    bench.record()
    bench.advance(100)
    bench.client.take_datagrams()
    bench.advance(100)
    assert 11 <= len(bench.client.take_datagrams()) <= 14


def test_a_record_that_nobody_answers_is_given_up_in_the_end() -> None:
    """Told and counted; what waited behind it has its own time."""
    bench = Bench(policy=replace(POLICY, give_up_after=60.0))
    told = []
    bench.client.on_told = lambda status, session: told.append((status, session))
    bench.record(START, "A")
    bench.advance(30)
    bench.record(STOP, "A")
    bench.advance(45)
    assert [e.status for e in bench.told() if isinstance(e, AccountingGivenUp)] == [START]
    assert told == [(START, "A")]
    bench.advance(60)
    assert told == [(START, "A"), (STOP, "A")]
    assert bench.client.pending == 0
    assert bench.client.counters.given_up == 2


def test_a_silent_server_is_dead_for_a_while() -> None:
    """Told once; then it is preferred again, and told when it answers."""
    bench = Bench(servers=(ONE, TWO), policy=replace(POLICY, dead_time=60.0))
    bench.record(session="A")
    bench.record(session="B")
    bench.advance(7)
    assert [e for e in bench.told() if isinstance(e, RadiusServerSilent)] == [
        RadiusServerSilent("192.0.2.5", RadiusService.ACCOUNTING)
    ]
    assert bench.client.counters.silences == 1
    for packet, peer in bench.sent():
        bench.answer(packet, peer)
    bench.told()
    bench.record(session="C")
    ((packet, peer),) = bench.sent()
    assert peer == TWO.address
    bench.answer(packet, peer)
    bench.advance(60)
    bench.record(session="D")
    ((packet, peer),) = bench.sent()
    assert peer == ONE.address
    bench.told()
    bench.answer(packet, peer)
    assert bench.told()[0] == RadiusServerAnswered("192.0.2.5", RadiusService.ACCOUNTING)


def test_a_server_that_answers_others_is_not_dead() -> None:
    """One record is refused its answer: it goes to the other server, and only it."""
    bench = Bench(servers=(ONE, TWO))
    bench.record(session="A")
    bench.client.take_datagrams()
    bench.advance(3)
    bench.record(session="B")
    for packet, peer in bench.sent():
        if packet["Acct-Session-Id"] == ["B"]:
            bench.answer(packet, peer)
    bench.advance(4)
    assert [peer for _, peer in bench.sent()] == [TWO.address]
    assert bench.client.counters.silences == 0
    bench.record(session="C")
    assert [peer for _, peer in bench.sent()] == [ONE.address]


def test_an_answer_that_crosses_the_change_of_servers_is_ignored() -> None:
    """The record is told to the other server too; each sees it at least once."""
    bench = Bench(servers=(ONE, TWO))
    bench.record(session="A")
    ((first, _),) = bench.sent()
    bench.advance(7)
    sent = bench.sent()
    bench.answer(first, ONE.address)
    assert bench.client.counters.ignored == 1
    bench.answer(*sent[-1])
    assert bench.client.pending == 0


@pytest.mark.clause(
    "29.061 §16.3", "records that nobody answered survive a restart, and go before Accounting-On"
)
def test_what_nobody_answered_is_told_by_the_next_life() -> None:
    """With its stamp, its delay, and in its order; then the Accounting-On, then what is new."""
    bench = Bench()
    bench.record(START, "A")
    bench.record(STOP, "A")
    bench.record(START, "B")
    for packet, peer in bench.sent():
        if packet["Acct-Session-Id"] == ["B"]:
            bench.answer(packet, peer)
    life = Bench(journal=bench.journal)
    life.now += 100
    resumed = life.client.resume(life.now)
    assert [one.text("Acct-Session-Id") for one in resumed] == ["A", "A"]
    assert life.told()[0] == AccountingResumed(2)
    life.record(ON, "")
    life.record(START, "C")
    ((start, peer),) = life.sent()
    assert start["Acct-Delay-Time"] == [100]
    assert start["Event-Timestamp"] == [1_800_000_000]
    life.answer(start, peer)
    ((stop, peer),) = life.sent()
    assert stop["Acct-Status-Type"] == ["Stop"]
    life.answer(stop, peer)
    ((on, peer),) = life.sent()
    assert on["Acct-Status-Type"] == ["Accounting-On"]
    life.answer(on, peer)
    assert life.shown() == [("Start", "C")]
    assert life.client.counters.resumed == 2
    assert [entry.number for entry in life.journal.entries()] == [3]


def test_an_accounting_on_does_not_wait_for_ever_for_what_was_left() -> None:
    """Where nobody answers, it and what is new have their tries all the same."""
    bench = Bench()
    bench.record(START, "A")
    life = Bench(journal=bench.journal)
    life.client.resume(life.now)
    life.record(ON, "")
    life.record(START, "B")
    life.advance(60)
    shown = life.shown()
    assert ("Accounting-On", "") in shown
    assert ("Start", "B") in shown
    assert life.client.pending == 2


def test_the_farewell_of_a_life_that_still_waits_is_not_held_up() -> None:
    """Stopped before what was left has been answered: everything has a few tries."""
    bench = Bench()
    bench.record(START, "A")
    life = Bench(journal=bench.journal)
    life.client.resume(life.now)
    life.record(ON, "")
    life.record(OFF, "")
    assert life.shown() == [("Start", "A")]
    life.client.stop(life.now)
    assert life.shown() == [("Accounting-On", ""), ("Accounting-Off", "")]
    life.advance(60)
    assert life.client.pending == 0
    assert len(life.journal.entries()) == 1


def test_what_a_journal_has_that_is_no_record_is_forgotten() -> None:
    """Cut short, of a status that is told anew, or without a session."""
    journal = MemoryJournal()
    for number, attributes in enumerate(
        (
            b"\x28",
            encode_attributes({"Acct-Status-Type": "Accounting-On"}),
            encode_attributes({"Acct-Status-Type": "Stop"}),
            encode_attributes({"Acct-Session-Id": "A"}),
        )
    ):
        journal.keep(JournalEntry(number, 1_800_000_000.0, attributes))
    bench = Bench(journal=journal)
    assert bench.client.resume(bench.now) == []
    assert journal.entries() == ()
    assert bench.told() == []


def test_without_servers_nothing_is_resumed() -> None:
    """It stays in the journal, for a configuration that has some."""
    bench = Bench()
    bench.record(START, "A")
    life = Bench(servers=(), journal=bench.journal)
    assert life.client.resume(life.now) == []
    assert len(life.journal.entries()) == 1


@pytest.mark.clause("RFC 2866 §3", "Response Authenticator checked")
def test_a_wrong_answer_is_ignored() -> None:
    """Wrong secret, wrong identifier, unknown server, another code, cut short, wrong length."""
    bench = Bench()
    bench.record()
    ((packet, peer),) = bench.sent()
    good = packet.CreateReply().ReplyPacket()
    forged = AcctPacket(
        code=5, id=packet.id, secret=b"guess", authenticator=packet.authenticator
    ).ReplyPacket()
    wrong = [
        (forged, peer),
        (good[:1] + bytes([good[1] ^ 1]) + good[2:], peer),
        (good, ("192.0.2.99", 1813)),
        (b"\x04" + good[1:], peer),
        (good[:19], peer),
        (good[:2] + b"\x00\x15" + good[4:], peer),
        (good[:2] + b"\x00\x13" + good[4:], peer),
        (b"", peer),
    ]
    for data, source in wrong:
        bench.client.receive(data, source, bench.now)
    assert bench.client.counters.ignored == len(wrong)
    assert bench.client.pending == 1
    bench.client.receive(good + b"padding", peer, bench.now)
    assert bench.client.pending == 0
    bench.client.receive(good, peer, bench.now)
    assert bench.client.counters.ignored == len(wrong) + 1


@given(st.binary(max_size=60))
def test_any_octets_from_a_server_are_taken(octets: bytes) -> None:
    """Nothing that a server sends raises."""
    bench = Bench()
    bench.record()
    bench.client.receive(octets, ONE.address, bench.now)
    assert bench.client.pending == 1


def test_a_stop_waits_for_its_start() -> None:
    """One session's records go out one after the other; another session is not held up."""
    bench = Bench()
    bench.record(START, "A")
    bench.record(STOP, "A")
    bench.record(START, "B")
    (start_a, peer), (start_b, _) = bench.sent()
    assert start_a["Acct-Session-Id"] == ["A"]
    assert start_b["Acct-Session-Id"] == ["B"]
    bench.answer(start_a, peer)
    assert bench.shown() == [("Stop", "A")]


def test_accounting_on_is_a_barrier() -> None:
    """What comes after it waits until it is answered, even another one."""
    bench = Bench()
    bench.record(ON, "")
    bench.record(START, "A")
    bench.record(STOP, "A")
    bench.record(ON, "")
    bench.record(START, "B")
    ((on, peer),) = bench.sent()
    assert "Acct-Session-Id" not in on
    bench.answer(on, peer)
    ((start, _), (second, _)) = bench.sent()
    assert start["Acct-Status-Type"] == ["Start"]
    bench.answer(second, peer)
    assert bench.shown() == [("Start", "B")]
    bench.answer(start, peer)
    assert bench.shown() == [("Stop", "A")]


def test_a_barrier_does_not_hold_for_ever() -> None:
    """A server that is silent on Accounting-On gets the rest after its tries."""
    bench = Bench()
    bench.record(ON, "")
    bench.record(START, "A")
    bench.advance(7)
    assert bench.shown() == [("Accounting-On", ""), ("Accounting-On", ""), ("Start", "A")]
    assert [e for e in bench.told() if isinstance(e, AccountingGivenUp)] == [
        AccountingGivenUp(ON, "", 2)
    ]


def test_a_barrier_is_tried_at_every_server() -> None:
    """Only when none has answered it is given up."""
    bench = Bench(servers=(ONE, TWO))
    bench.record(ON, "")
    bench.record(START, "A")
    bench.advance(20)
    peers = [p for packet, p in bench.sent() if packet["Acct-Status-Type"] == ["Accounting-On"]]
    assert peers == [ONE.address] * 2 + [TWO.address] * 2
    assert bench.client.counters.given_up == 1


@pytest.mark.clause("RFC 5080 §2.2.1", "several accounting servers, fail-over, dead time")
def test_the_next_server_is_tried_when_one_does_not_answer() -> None:
    """After the tries of one server, with the other's secret; it stays preferred."""
    bench = Bench(servers=(ONE, TWO))
    bench.record(session="A")
    bench.advance(7)
    peers = [peer for _, peer in bench.sent()]
    assert peers == [ONE.address, ONE.address, TWO.address]
    bench.record(session="B")
    ((packet, peer),) = bench.sent()
    assert peer == TWO.address
    bench.answer(packet, peer)
    assert [e.server for e in bench.told() if isinstance(e, AccountingSent)] == [
        "192.0.2.5",
        "192.0.2.6",
        "192.0.2.6",
    ]


def test_after_the_last_server_comes_the_first_again() -> None:
    """Both are silent: they take turns for as long as it takes."""
    bench = Bench(servers=(ONE, TWO))
    bench.record(session="A")
    bench.record(session="B")
    bench.advance(30)
    peers = [peer for packet, peer in bench.sent() if packet["Acct-Session-Id"] == ["A"]]
    assert peers[:6] == [ONE.address] * 2 + [TWO.address] * 2 + [ONE.address] * 2


def test_no_more_than_256_requests_are_under_way_at_a_server() -> None:
    """An identifier has eight bits; the rest waits its turn."""
    bench = Bench()
    for number in range(300):
        bench.record(session=f"{number}")
    sent = bench.sent()
    assert len(sent) == 256
    assert len({packet.id for packet, _ in sent}) == 256
    bench.answer(*sent[5])
    ((packet, _),) = bench.sent()
    assert packet.id == sent[5][0].id
    assert packet["Acct-Session-Id"] == ["256"]


def test_the_queue_is_bounded() -> None:
    """The oldest is given up, told and counted; what waited behind it goes on."""
    bench = Bench(policy=AccountingPolicy(queue_limit=2))
    bench.record(START, "A")
    bench.record(STOP, "A")
    bench.record(START, "B")
    given_up = [e for e in bench.told() if isinstance(e, AccountingGivenUp)]
    assert given_up == [AccountingGivenUp(START, "A", 1)]
    assert bench.client.counters.given_up == 1
    assert bench.shown() == [("Start", "A"), ("Stop", "A"), ("Start", "B")]
    assert bench.client.pending == 2


def test_giving_up_a_barrier_lets_go_what_it_held() -> None:
    """Nobody answers Accounting-On, and the queue is full."""
    bench = Bench(policy=AccountingPolicy(queue_limit=2))
    bench.record(ON, "")
    bench.record(START, "A")
    bench.record(START, "B")
    assert bench.shown() == [("Accounting-On", ""), ("Start", "A"), ("Start", "B")]
    assert bench.client.pending == 2


def test_a_record_that_is_given_up_while_it_waits_is_never_sent() -> None:
    """Moved to a server whose identifiers are all in use, and then the oldest of a full queue."""
    bench = Bench(servers=(ONE, TWO), policy=AccountingPolicy(queue_limit=300, first_wait=5))
    for number in range(300):
        bench.record(session=f"{number}")
    bench.advance(75)
    bench.sent()
    assert bench.client.pending == 300
    for number in range(300, 600):
        bench.record(session=f"{number}")
    assert bench.client.counters.given_up == 300
    bench.sent()
    bench.advance(3600)
    for packet, peer in bench.sent():
        assert int(packet["Acct-Session-Id"][0]) >= 300
        bench.answer(packet, peer)
    while sent := bench.sent():
        for packet, peer in sent:
            bench.answer(packet, peer)
    assert bench.client.pending == 0
    assert bench.client.next_timeout() is None


def test_accounting_off_of_a_running_client_waits_for_nothing() -> None:
    """It belongs to no session."""
    bench = Bench()
    bench.record(START, "A")
    bench.record(OFF, "")
    assert bench.shown() == [("Start", "A"), ("Accounting-Off", "")]


def test_after_stop_nothing_waits_and_everything_ends() -> None:
    """What waited goes out at once, and each record has a few tries in all."""
    bench = Bench()
    bench.record(ON, "")
    bench.record(START, "A")
    bench.record(STOP, "A")
    assert bench.shown() == [("Accounting-On", "")]
    bench.record(OFF, "")
    bench.client.stop(bench.now)
    assert bench.shown() == [("Start", "A"), ("Stop", "A"), ("Accounting-Off", "")]
    bench.record(STOP, "late")
    assert bench.shown() == [("Stop", "late")]
    bench.advance(3600)
    assert bench.client.pending == 0
    assert bench.client.next_timeout() is None
    assert (bench.client.counters.given_up, bench.client.counters.kept) == (2, 3)
    tries = [e.tries for e in bench.told() if isinstance(e, AccountingGivenUp)]
    assert tries == [2] * 5


def test_stop_lets_a_session_go_on_behind_its_first_record() -> None:
    """What waited behind a record under way goes out beside it."""
    bench = Bench()
    bench.record(START, "A")
    bench.record(STOP, "A")
    ((start, peer),) = bench.sent()
    bench.client.stop(bench.now)
    ((stop, _),) = bench.sent()
    bench.answer(start, peer)
    bench.answer(stop, peer)
    assert bench.client.pending == 0


def test_the_dictionary_has_the_3gpp_attributes() -> None:
    """Numbers and types of TS 29.061 §16.4.7."""
    assert DICTIONARY.vendors.GetForward("3GPP") == 10415
    assert DICTIONARY["3GPP-IMSI"].code == 1
    assert DICTIONARY["3GPP-RAT-Type"].type == "byte"
    assert DICTIONARY["3GPP-MS-TimeZone"].code == 23
