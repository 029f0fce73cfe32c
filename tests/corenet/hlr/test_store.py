"""What an HLR hands its store, and how it goes on after a restart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from random import Random

import pytest

from corenet.authentication.card import Answered, Card
from corenet.authentication.secrets import MilenageSecret
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.hlr.events import MsBecameReachable, StateNotKept
from corenet.hlr.node import Hlr
from corenet.hlr.store import NotKeptError, State
from corenet.interfaces.gsup import CnDomain, GsupMessage, MessageType, decode
from corenet.interfaces.node import Address, Interface
from gtp.codes import MsNotReachableReason
from gtp.constants import Cause
from gtp.messages import (
    FailureReportRequest,
    NoteMsGprsPresentRequest,
    NoteMsGprsPresentResponse,
)
from gtp.messages import decode as decode_gtp

IMSI, OTHER = "234150999999999", "234150999999998"
SGSN: Address = ("192.0.2.2", 4222)
GGSN: Address = ("192.0.2.1", 2123)
SECRET = MilenageSecret(bytes(16), bytes(16))
KNOWN = Subscriber(IMSI, "447700900123", (SubscribedApn("wap.example", "10.45.0.7"),), SECRET)


class Memory:
    """A store that can be told to fail."""

    def __init__(self) -> None:
        self.subscribers: dict[str, Subscriber] = {}
        self.states: dict[str, State] = {}
        self.writes = 0
        self.broken = False

    def add(self, subscribers: Iterable[Subscriber]) -> None:
        for subscriber in subscribers:
            self.subscribers.setdefault(subscriber.imsi, subscriber)

    def load(self) -> Iterable[tuple[Subscriber, State]]:
        for imsi, subscriber in self.subscribers.items():
            state = self.states.get(imsi, State(sqn=subscriber.sqn))
            yield replace(subscriber, sqn=state.sqn), state

    def replace(self, subscriber: Subscriber) -> None:
        if self.broken:
            raise NotKeptError("the disk is full")
        self.subscribers[subscriber.imsi] = subscriber

    def remove(self, imsi: str) -> None:
        if self.broken:
            raise NotKeptError("the disk is full")
        del self.subscribers[imsi]
        self.states.pop(imsi, None)

    def save(self, states: Mapping[str, State]) -> None:
        if self.broken:
            raise NotKeptError("the disk is full")
        self.writes += 1
        self.states.update(states)


def start(store: Memory, *subscribers: Subscriber) -> Hlr:
    """Start an HLR."""
    config = HlrConfig("192.0.2.3", subscribers or (KNOWN,), commit_interval=0)
    return Hlr(config, random=Random(1), recovery=1, store=store)


def say(hlr: Hlr, kind: MessageType) -> list[GsupMessage]:
    """Let the SGSN say something about the subscriber; return what it gets."""
    message = GsupMessage(kind, IMSI, cn_domain=CnDomain.PS)
    hlr.receive(Interface.GR, message.encode(), peer=SGSN, local=("192.0.2.3", 4222), now=7.0)
    return [
        decode(datagram.data)
        for datagram in hlr.take_datagrams()
        if datagram.interface is Interface.GR
    ]


def register(hlr: Hlr) -> None:
    """Let the subscriber be served by the SGSN."""
    say(hlr, MessageType.UPDATE_LOCATION_REQUEST)
    say(hlr, MessageType.INSERT_SUBSCRIBER_DATA_RESULT)


def wait_for(hlr: Hlr) -> None:
    """Let a GGSN report that the subscriber cannot be reached."""
    request = FailureReportRequest(sequence=1, imsi=IMSI)
    hlr.receive(Interface.GTP_C, request.encode(), peer=GGSN, local=("192.0.2.3", 2123), now=8.0)
    hlr.take_datagrams()


@pytest.fixture
def store() -> Memory:
    return Memory()


def test_the_location_outlives_a_restart(store: Memory) -> None:
    """The next HLR knows the SGSN, and since when."""
    register(start(store))
    again = start(store)
    location = again.location(IMSI)
    assert location is not None
    assert (location.sgsn, location.since) == (SGSN[0], 7.0)


def test_a_subscription_is_held_once(store: Memory) -> None:
    """What the store has as it is configured is one object; what it knows better is the store's."""
    assert start(store).subscriber(IMSI) is KNOWN
    store.replace(replace(KNOWN, msisdn="447700900777"))
    hlr = start(store)
    register(hlr)
    subscriber = hlr.subscriber(IMSI)
    assert subscriber is not None
    assert subscriber.msisdn == "447700900777"


def test_what_is_as_nothing_is_not_written(store: Memory) -> None:
    """Who was asked for, and is nowhere as before, makes no transaction."""
    hlr = start(store)
    say(hlr, MessageType.PURGE_MS_REQUEST)
    assert store.writes == 0


@pytest.mark.clause("23.007 §5", "what an HLR keeps: location, MNRG, GGSNs that wait")
def test_who_waits_is_told_after_a_restart(store: Memory) -> None:
    """A GGSN waits, the HLR restarts, the mobile comes back: Note MS GPRS Present."""
    before = start(store)
    register(before)
    before.set_not_reachable(IMSI, MsNotReachableReason.NO_PAGING_RESPONSE_SGSN, 7.5)
    wait_for(before)
    hlr = start(store)
    location = hlr.location(IMSI)
    assert location is not None
    assert location.not_reachable
    assert location.waiting_ggsns == (GGSN[0],)
    hlr.receive(
        Interface.GR,
        GsupMessage(MessageType.READY_FOR_SM_REQUEST, IMSI, cn_domain=CnDomain.PS).encode(),
        peer=SGSN,
        local=("192.0.2.3", 4222),
        now=9.0,
    )
    assert MsBecameReachable(IMSI) in hlr.take_events()
    assert_told(hlr)
    assert store.states[IMSI].waiting == ()


def assert_told(hlr: Hlr) -> None:
    """Take the one Note MS GPRS Present Request of the HLR, and answer it."""
    (told,) = (d for d in hlr.take_datagrams() if d.interface is Interface.GTP_C)
    request = decode_gtp(told.data)
    assert isinstance(request, NoteMsGprsPresentRequest)
    assert told.peer == GGSN
    answer = NoteMsGprsPresentResponse(cause=Cause.REQUEST_ACCEPTED, sequence=request.sequence)
    hlr.receive(Interface.GTP_C, answer.encode(), peer=GGSN, local=("192.0.2.3", 2123), now=9.0)


def test_who_was_being_told_is_told_by_the_next_hlr(store: Memory) -> None:
    """The HLR restarts before the GGSN has answered, which so would wait for ever."""
    before = start(store)
    register(before)
    wait_for(before)
    say(before, MessageType.READY_FOR_SM_REQUEST)
    hlr = start(store)
    hlr.start(9.0)
    assert_told(hlr)
    assert store.states[IMSI].waiting == ()


def test_a_service_centre_is_not_forgotten(store: Memory) -> None:
    """Message-waiting data and the memory flag are there again."""
    start(store)
    centre: Address = ("192.0.2.5", 4222)
    store.states[IMSI] = State(memory_full=True, waiting_centres=((centre, b"smsc"),))
    location = start(store).location(IMSI)
    assert location is not None
    assert location.memory_full
    assert location.waiting_centres == ("smsc",)


def test_sequence_numbers_go_on(store: Memory) -> None:
    """A card takes the vectors of the next HLR for new ones."""
    card = Card(SECRET)
    for _ in range(2):
        (result,) = say(start(store), MessageType.SEND_AUTH_INFO_REQUEST)
        for vector in result.auth_tuples:
            assert isinstance(card.answer(vector.rand, vector.autn), Answered)


def test_the_store_knows_better_than_the_configuration(store: Memory) -> None:
    """Its subscribers stay as they are; those that it has not are added."""
    start(store)
    other = Subscriber(OTHER, "447700900124")
    hlr = start(store, Subscriber(IMSI, "447700900999"), other)
    assert hlr.by_msisdn("447700900123") == KNOWN
    assert hlr.by_msisdn("447700900999") is None
    assert hlr.by_address("10.45.0.7") == KNOWN
    assert hlr.subscriber(OTHER) == other


def test_what_changes_nothing_is_not_written(store: Memory) -> None:
    """The same SGSN twice is one transaction, also where the HLR has restarted in between."""
    hlr = start(store)
    register(hlr)
    writes = store.writes
    register(hlr)
    register(start(store))
    assert store.writes == writes


def test_what_could_not_be_kept_is_kept_later(store: Memory) -> None:
    """The SGSN is served all the same; the next change brings the one before along."""
    hlr = start(store)
    store.broken = True
    register(hlr)
    assert StateNotKept(1, "the disk is full") in hlr.take_events()
    assert store.states == {}
    store.broken = False
    say(hlr, MessageType.PURGE_MS_REQUEST)
    assert store.states[IMSI].reason is MsNotReachableReason.PURGED_GPRS


# -- provisioning -------------------------------------------------------------------------------


def test_what_is_edited_is_kept(store: Memory) -> None:
    """Who was created, changed or deleted is so after a restart; a location stays."""
    hlr = start(store)
    register(hlr)
    other = Subscriber(OTHER, "447700900124")
    hlr.create(other, 7.0)
    hlr.change(replace(KNOWN, msisdn="447700900777"), 7.0)
    again = start(store)
    assert again.subscriber(OTHER) == other
    found = again.by_msisdn("447700900777")
    assert found is not None
    location = again.location(IMSI)
    assert location is not None
    assert location.sgsn == SGSN[0]
    again.delete(OTHER, 8.0)
    assert start(store).subscriber(OTHER) is None


def test_an_edit_that_cannot_be_kept_is_none(store: Memory) -> None:
    """What the store refuses does not hold in memory either."""
    hlr = start(store)
    register(hlr)
    store.broken = True
    for edit in (
        lambda: hlr.create(Subscriber(OTHER, "447700900124"), 7.0),
        lambda: hlr.change(replace(KNOWN, msisdn="447700900777"), 7.0),
        lambda: hlr.delete(IMSI, 7.0),
    ):
        with pytest.raises(NotKeptError):
            edit()
    assert [one.msisdn for one in hlr.subscribers()] == [KNOWN.msisdn]
    assert hlr.take_datagrams() == []


def test_who_is_deleted_while_something_waits_to_be_kept_is_gone(store: Memory) -> None:
    """A state that could not be kept does not bring a subscriber back."""
    hlr = start(store)
    store.broken = True
    register(hlr)
    store.broken = False
    hlr.delete(IMSI, 8.0)
    assert (store.subscribers, store.states) == ({}, {})


# -- group commit -------------------------------------------------------------------------------


def gathering(store: Memory) -> Hlr:
    """An HLR that gathers what changes for a while."""
    config = HlrConfig("192.0.2.3", (KNOWN,), commit_interval=0.1)
    return Hlr(config, random=Random(1), recovery=1, store=store)


def test_answers_wait_until_what_they_say_is_kept(store: Memory) -> None:
    """Nothing that changed is told before it is on disk, nor what comes after it."""
    hlr = gathering(store)
    assert say(hlr, MessageType.UPDATE_LOCATION_REQUEST)
    assert say(hlr, MessageType.INSERT_SUBSCRIBER_DATA_RESULT) == []
    assert say(hlr, MessageType.READY_FOR_SM_REQUEST) == []
    assert (store.writes, hlr.next_timeout()) == (0, 7.1)
    hlr.handle_timeout(7.05)
    assert (store.writes, hlr.take_datagrams()) == (0, [])
    hlr.handle_timeout(7.1)
    told = [decode(one.data).type for one in hlr.take_datagrams()]
    assert told == [MessageType.UPDATE_LOCATION_RESULT, MessageType.READY_FOR_SM_RESULT]
    assert (store.writes, store.states[IMSI].sgsn) == (1, SGSN)
    assert hlr.next_timeout() is None


def test_an_hlr_that_stops_keeps_what_it_has_gathered(store: Memory) -> None:
    """And tells those who wait for it."""
    hlr = gathering(store)
    register(hlr)
    hlr.stop(7.01)
    assert store.states[IMSI].sgsn == SGSN
    assert hlr.take_datagrams()


def test_what_could_not_be_kept_stops_nobody_when_gathered(store: Memory) -> None:
    """Answers go out all the same, and the next change tries again."""
    hlr = gathering(store)
    store.broken = True
    register(hlr)
    hlr.handle_timeout(7.1)
    assert hlr.take_datagrams()
    store.broken = False
    assert say(hlr, MessageType.UPDATE_LOCATION_REQUEST) == []
    hlr.handle_timeout(7.2)
    assert store.states[IMSI].sgsn == SGSN
