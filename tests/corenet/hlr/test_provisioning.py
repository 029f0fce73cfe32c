"""Subscribers that come, change and go while the HLR is in service."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from corenet.authentication.secrets import MilenageSecret, XorSecret
from corenet.hlr.config import Barring, HlrConfig, SubscribedApn, Subscriber
from corenet.hlr.events import (
    LocationCancelled,
    LocationUpdated,
    LocationUpdateFailed,
    SubscriberChanged,
    SubscriberCreated,
    SubscriberDataRefused,
    SubscriberDataTaken,
    SubscriberDeleted,
)
from corenet.hlr.node import Hlr
from corenet.hlr.provisioning import TakenError
from corenet.interfaces.gsup import CancelType, CnDomain, GsupMessage, MessageType, decode
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.node import Address, Event, Interface

IMSI, OTHER, NEW = "234150999999999", "234150999999998", "234150999999997"
SGSN: Address = ("192.0.2.2", 4222)
FAR: Address = ("192.0.2.4", 4222)
FIRST = Subscriber(IMSI, "447700900123", (SubscribedApn("wap.example", "10.45.0.7"),))
SECOND = Subscriber(OTHER, "447700900124")
T = MessageType


class Bench:
    """An HLR with two subscribers, and what it says to SGSNs."""

    def __init__(self, **changes: object) -> None:
        config = replace(HlrConfig("192.0.2.3", (FIRST, SECOND)), **changes)
        self.hlr = Hlr(config, random=Random(1), recovery=1)
        self.now = 7.0

    def say(self, kind: MessageType, sgsn: Address = SGSN, **values: object) -> list[GsupMessage]:
        """Let an SGSN say something about the first subscriber; return what SGSNs get."""
        message = GsupMessage(kind, IMSI, cn_domain=CnDomain.PS, **values)
        local = ("192.0.2.3", 4222)
        self.hlr.receive(Interface.GR, message.encode(), peer=sgsn, local=local, now=self.now)
        return [message for message, _ in self.said()]

    def said(self) -> list[tuple[GsupMessage, Address]]:
        """Take what SGSNs get, each with which."""
        return [(decode(one.data), one.peer) for one in self.hlr.take_datagrams()]

    def register(self, sgsn: Address = SGSN) -> None:
        """Have an SGSN serve the first subscriber."""
        self.say(T.UPDATE_LOCATION_REQUEST, sgsn)
        self.say(T.INSERT_SUBSCRIBER_DATA_RESULT, sgsn)
        self.hlr.take_events()

    def told(self, kind: MessageType, sgsn: Address = SGSN) -> GsupMessage:
        """Take the one message to an SGSN."""
        ((message, peer),) = self.said()
        assert (message.type, peer) == (kind, sgsn)
        return message

    def change(self, **changes: object) -> None:
        """Change the first subscriber."""
        before = self.hlr.subscriber(IMSI)
        assert before is not None
        self.hlr.change(replace(before, **changes), self.now)

    def events(self) -> list[Event]:
        return self.hlr.take_events()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_new_subscriber_may_attach(bench: Bench) -> None:
    """It is found by each of its numbers, and listed last."""
    subscriber = Subscriber(NEW, "447700900125", (SubscribedApn("wap.example", "10.45.0.8"),))
    bench.hlr.create(subscriber, 7.0)
    assert bench.events() == [SubscriberCreated(NEW)]
    assert bench.hlr.by_msisdn("447700900125") == subscriber
    assert bench.hlr.by_address("10.45.0.8") == subscriber
    assert bench.hlr.subscribers(1) == (SECOND, subscriber)
    assert bench.hlr.subscriber_count == 3


@pytest.mark.parametrize(
    ("subscriber", "field"),
    [
        (Subscriber(IMSI, "447700900999"), "imsi"),
        (Subscriber(NEW, FIRST.msisdn), "msisdn"),
        (Subscriber(NEW, "447700900999", (SubscribedApn("x", "10.45.0.7"),)), "address"),
    ],
)
def test_what_another_has_cannot_be_had(bench: Bench, subscriber: Subscriber, field: str) -> None:
    """IMSI, MSISDN and static addresses are one subscriber's; nothing changes else."""
    with pytest.raises(TakenError) as caught:
        bench.hlr.create(subscriber, 7.0)
    assert caught.value.field == field
    assert bench.hlr.subscribers() == (FIRST, SECOND)
    assert bench.events() == []


@pytest.mark.clause("23.060 §6.11.1.1", "Insert Subscriber Data when the subscription changes")
def test_the_serving_sgsn_gets_the_data_of_now(bench: Bench) -> None:
    """All of them, in place of what it has; that it took them is told."""
    bench.register()
    bench.change(msisdn="447700900777", apns=(SubscribedApn("web.example"),))
    insert = bench.told(T.INSERT_SUBSCRIBER_DATA_REQUEST)
    assert (insert.msisdn, insert.pdp_info_complete) == ("447700900777", True)
    assert [info.apn for info in insert.pdp_info] == ["web.example"]
    assert bench.say(T.INSERT_SUBSCRIBER_DATA_RESULT) == []
    assert bench.events() == [SubscriberChanged(IMSI), SubscriberDataTaken(IMSI, SGSN[0])]
    assert bench.hlr.by_msisdn(FIRST.msisdn) is None
    assert bench.hlr.by_address("10.45.0.7") is None
    assert bench.hlr.by_msisdn("447700900777") is not None
    assert bench.hlr.open_requests == 0


def test_nobody_is_told_where_nobody_serves(bench: Bench) -> None:
    """The data come with the next update."""
    bench.change(apns=())
    assert bench.said() == []
    assert bench.say(T.UPDATE_LOCATION_REQUEST)[0].pdp_info == ()


def test_an_sgsn_that_does_not_take_the_data_still_serves(bench: Bench) -> None:
    """An error and silence are told; the location stays."""
    bench.register()
    bench.change(msisdn="447700900778")
    bench.said()
    bench.say(T.INSERT_SUBSCRIBER_DATA_ERROR, cause=GmmCause.IMSI_UNKNOWN_IN_HLR)
    bench.change(msisdn="447700900777")
    bench.said()
    bench.hlr.handle_timeout(17.0)
    refused = [one for one in bench.events() if isinstance(one, SubscriberDataRefused)]
    assert [one.cause for one in refused] == [GmmCause.IMSI_UNKNOWN_IN_HLR, None]
    location = bench.hlr.location(IMSI)
    assert location is not None
    assert location.sgsn == SGSN[0]


def test_data_that_change_during_an_update_go_to_the_new_sgsn(bench: Bench) -> None:
    """One answer grants the update; what comes twice is no matter."""
    bench.register()
    bench.say(T.UPDATE_LOCATION_REQUEST, FAR)
    bench.change(apns=())
    bench.told(T.INSERT_SUBSCRIBER_DATA_REQUEST, FAR)
    (granted,) = bench.say(T.INSERT_SUBSCRIBER_DATA_RESULT, FAR)
    assert granted.type is T.UPDATE_LOCATION_RESULT
    assert bench.say(T.INSERT_SUBSCRIBER_DATA_RESULT, FAR) == []
    assert LocationUpdated(IMSI, FAR[0], SGSN[0]) in bench.events()


def test_who_may_not_roam_any_more_is_sent_away() -> None:
    """Cancel Location, subscription withdrawn; nobody serves the subscriber then."""
    bench = Bench(foreign_sgsns=(SGSN[0],))
    bench.register()
    bench.change(barring=Barring.ROAMING)
    cancel = bench.told(T.LOCATION_CANCEL_REQUEST)
    assert cancel.cancel_type is CancelType.SUBSCRIPTION_WITHDRAW
    location = bench.hlr.location(IMSI)
    assert location is not None
    assert (location.sgsn, location.since) == (None, None)
    bench.say(T.LOCATION_CANCEL_RESULT)
    assert LocationCancelled(IMSI, SGSN[0]) in bench.events()
    (refused,) = bench.say(T.UPDATE_LOCATION_REQUEST)
    assert refused.type is T.UPDATE_LOCATION_ERROR


def test_barring_from_other_networks_does_not_matter_at_home(bench: Bench) -> None:
    """The SGSN gets the data, as with any change."""
    bench.register()
    bench.change(barring=Barring.ROAMING)
    bench.told(T.INSERT_SUBSCRIBER_DATA_REQUEST)


@pytest.mark.clause("29.002 §8.1.3", "Cancel Location when a subscription is withdrawn")
def test_who_is_deleted_is_sent_away(bench: Bench) -> None:
    """And then there was none: no number finds it, and its SGSN's requests are refused."""
    bench.register()
    bench.hlr.delete(IMSI, 7.0)
    assert bench.told(T.LOCATION_CANCEL_REQUEST).cancel_type is CancelType.SUBSCRIPTION_WITHDRAW
    assert SubscriberDeleted(IMSI) in bench.events()
    assert bench.hlr.subscriber(IMSI) is None
    assert bench.hlr.by_msisdn(FIRST.msisdn) is None
    assert bench.hlr.by_address("10.45.0.7") is None
    bench.say(T.LOCATION_CANCEL_RESULT)
    assert bench.hlr.open_requests == 0
    (refused,) = bench.say(T.UPDATE_LOCATION_REQUEST)
    assert refused.cause == GmmCause.IMSI_UNKNOWN_IN_HLR


def test_who_is_deleted_during_an_update_is_refused_it(bench: Bench) -> None:
    """Both SGSNs hear that it is over."""
    bench.register()
    bench.say(T.UPDATE_LOCATION_REQUEST, FAR)
    bench.hlr.delete(IMSI, 7.0)
    said = [(message.type, peer) for message, peer in bench.said()]
    assert said == [
        (T.UPDATE_LOCATION_ERROR, FAR),
        (T.LOCATION_CANCEL_REQUEST, SGSN),
        (T.LOCATION_CANCEL_REQUEST, FAR),
    ]
    cause = GmmCause.IMSI_UNKNOWN_IN_HLR
    assert LocationUpdateFailed(IMSI, FAR[0], cause) in bench.events()


def test_nobody_is_changed_or_deleted_who_is_not_there(bench: Bench) -> None:
    """KeyError says whom."""
    with pytest.raises(KeyError, match=NEW):
        bench.hlr.change(Subscriber(NEW, "447700900125"), 7.0)
    with pytest.raises(KeyError, match=NEW):
        bench.hlr.delete(NEW, 7.0)


def test_a_card_goes_on_counting_unless_it_is_another(bench: Bench) -> None:
    """Sequence numbers of the same card go on; another card begins with its own."""
    secret = MilenageSecret(bytes(16), bytes(16))
    bench.change(secret=secret, sqn=32)
    (first,) = bench.say(T.SEND_AUTH_INFO_REQUEST)
    bench.change(msisdn="447700900777")
    after = bench.hlr.subscriber(IMSI)
    assert after is not None
    assert after.sqn > 32
    (second,) = bench.say(T.SEND_AUTH_INFO_REQUEST)
    assert not {one.autn for one in first.auth_tuples} & {one.autn for one in second.auth_tuples}
    bench.change(secret=XorSecret(bytes(16)), sqn=0)
    (third,) = bench.say(T.SEND_AUTH_INFO_REQUEST)
    assert all(one.autn is None for one in third.auth_tuples)


# -- Delete Subscriber Data ------------------------------------------------------------------


@pytest.mark.clause("23.060 §6.11.1.2", "Delete Subscriber Data for who may not use GPRS any more")
def test_who_may_not_attach_any_more_is_deleted_at_the_sgsn(bench: Bench) -> None:
    """Without a context that would be named; the location is forgotten at once."""
    bench.register()
    bench.change(barring=Barring.ATTACH)
    request = bench.told(T.DELETE_SUBSCRIBER_DATA_REQUEST)
    assert (request.pdp_context_ids, request.cn_domain) == ((), CnDomain.PS)
    assert bench.say(T.DELETE_SUBSCRIBER_DATA_RESULT) == []
    assert bench.events() == [SubscriberChanged(IMSI), LocationCancelled(IMSI, SGSN[0])]
    location = bench.hlr.location(IMSI)
    assert location is not None
    assert location.sgsn is None


def test_whom_an_sgsn_does_not_delete_it_is_told_to_cancel(bench: Bench) -> None:
    """Not every SGSN knows Delete Subscriber Data."""
    bench.register()
    bench.change(barring=Barring.ATTACH)
    bench.said()
    (cancel,) = bench.say(T.DELETE_SUBSCRIBER_DATA_ERROR, cause=GmmCause.MESSAGE_TYPE_UNKNOWN)
    assert (cancel.type, cancel.cancel_type) == (
        T.LOCATION_CANCEL_REQUEST,
        CancelType.SUBSCRIPTION_WITHDRAW,
    )


def test_an_sgsn_that_does_not_know_whom_it_is_to_delete_has_done_so(bench: Bench) -> None:
    """Nothing is left to be said."""
    bench.register()
    bench.change(barring=Barring.ATTACH)
    bench.said()
    assert bench.say(T.DELETE_SUBSCRIBER_DATA_ERROR, cause=GmmCause.IMSI_UNKNOWN_IN_HLR) == []
    assert bench.hlr.open_requests == 0
