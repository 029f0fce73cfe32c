"""ESME, SMSC, HLR, SGSN and mobile: a whole push as one transaction, over the whole core."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from random import Random

import pytest

from corenet.interfaces.node import Interface
from corenet.mobile.behaviour import SmsAnswer, SmsBehaviour
from corenet.sgsn.events import ShortMessageNotDelivered
from testbed.codecs.media import ContentType
from testbed.codecs.si import ServiceIndication, encode
from testbed.codecs.smpp import (
    BindTransceiver,
    CommandStatus,
    DataSm,
    DeliveryFailureReason,
    EsmClass,
    MessagingMode,
    NetworkErrorCode,
    NetworkType,
    SmeAddress,
    SubmitSm,
)
from testbed.codecs.smpp import parameters as p
from testbed.codecs.wsp.push import Push
from testbed.simulation.smsc_host import SmscHost
from testbed.smpp.events import Alerted, Answered, Delivered
from testbed.smpp.links import Account, SmscLinks
from testbed.smpp.testing import LinkedEsme
from testbed.smsc.config import SmscConfig
from testbed.smsc.events import TransactionEnded
from testbed.smsc.store import MessageStore
from testbed.smsc.transaction import TransactionPolicy

FIXED, ANN = "234150000000001", "447700900001"
CENTRE = "447785016005"
SMSC = "192.0.2.9"
SERVICE = SmeAddress.international("447700900100")
LONG = "You have 4 new messages, and this is the first of them, word for word: " + "la " * 59 + "la"


def push(text=LONG):
    """Return an SI as the octets of a connectionless push."""
    indication = ServiceIndication(
        text=text, href=f"http://www.example.com/{len(text)}", created=0.0
    )
    return Push(1, ContentType("application/vnd.wap.sic"), encode(indication)).encode()


def whole(octets, **more):
    """Return a push in transaction mode, as one message."""
    tlvs = (p.SOURCE_PORT(9200), p.DESTINATION_PORT(2948), p.MESSAGE_PAYLOAD(octets))
    return DataSm(
        source=SERVICE,
        destination=SmeAddress.international(ANN),
        esm_class=int(EsmClass(MessagingMode.TRANSACTION)),
        data_coding=0xF5,
        tlvs=(*tlvs, *more.pop("tlvs", ())),
        **more,
    )


class Sms:
    """A core with an SMSC, and an ESME that is bound to it."""

    def __init__(self, bench, stores, config):
        self.bench = bench
        self.store = MessageStore(":memory:")
        stores.callback(self.store.close)
        hlr = (bench.hlr.config.address, 4222)
        self.host = SmscHost(
            bench.network, replace(config, hlr=hlr), store=self.store, random=Random(5)
        )
        self.host.start()
        account = Account(
            "smsc",
            (SMSC, 2775),
            BindTransceiver(system_id="gateway", password="", interface_version=0x34),
        )
        self.esme = LinkedEsme(SmscLinks([account], random=Random(6)))
        bench.network.attach(self.esme, {Interface.SMPP: ("192.0.2.8", 0)})
        assert bench.network.run_until(lambda: self.esme.links.is_up, within=10)

    def told(self, kind):
        return [event for event in self.esme.told if isinstance(event, kind)]

    def submit(self, pdu, context="push"):
        self.bench.network.command(self.esme, lambda now: self.esme.links.submit(pdu, context, now))

    def answer(self, context="push", within=120.0):
        def answers():
            return [one.response for one in self.told(Answered) if one.context == context]

        assert self.bench.network.run_until(lambda: bool(answers()), within=within)
        return answers()[0]

    def behave(self, answer, **more):
        mobiles = self.bench.mobiles
        behaviour = SmsBehaviour(SmsAnswer(answer), **more)
        self.bench.network.command(
            mobiles, lambda now: mobiles.set_sms_behaviour(FIXED, behaviour, now)
        )

    def shown(self):
        return [(one.kind, one.text) for one in self.bench.lab.shown(FIXED)]


@pytest.fixture
def make_sms(make_bench):
    with ExitStack() as stores:

        def make(*, hlr=None, sgsn=None, **config):
            centres = {"service_centres": {CENTRE: (SMSC, 4222)}}
            bench = make_bench(hlr=centres | (hlr or {}), sgsn=sgsn)
            base = SmscConfig(address=SMSC, hlr=("", 0), number=CENTRE)
            return Sms(bench, stores, replace(base, **config))

        yield make


@pytest.fixture
def sms(make_sms):
    return make_sms()


def test_a_long_push_arrives_whole(sms):
    """Its segments go back to back, the terminal joins them, and then the submit is answered."""
    sms.submit(whole(push()))
    assert sms.answer().status == CommandStatus.ROK
    assert sms.shown() == [("SI", LONG)]
    (ended,) = [event for event in sms.bench.events if isinstance(event, TransactionEnded)]
    assert ended.outcome == "delivered in 3 segments"
    assert ended.seconds < 2


def test_a_segment_that_fails_is_repaired_alone(sms):
    """The terminal refuses one for congestion, takes it the next time, and shows the push."""
    sms.behave("reject", cause=42)
    sms.submit(whole(push()))
    network = sms.bench.network
    assert network.run_until(lambda: bool(sms.bench.told(ShortMessageNotDelivered)), within=60)
    sms.behave("accept")
    assert sms.answer().status == CommandStatus.ROK
    assert sms.shown() == [("SI", LONG)]
    (ended,) = sms.bench.told(TransactionEnded)
    assert (ended.segments, ended.attempts) == (3, 4)


def test_an_absent_terminal_is_told_at_once(sms):
    """The HLR knows that it is not there; nothing is tried, and the answer says why."""
    sms.bench.drive("detach")
    sms.bench.run(5)
    sms.submit(whole(push(), tlvs=(p.SET_DPF(1),)))
    answer = sms.answer(within=2)
    assert answer.status == CommandStatus.RDELIVERYFAILURE
    assert answer.get(p.DELIVERY_FAILURE_REASON) == 0
    assert answer.get(p.NETWORK_ERROR_CODE) == NetworkErrorCode(NetworkType.GSM, 6)
    assert answer.get(p.DPF_RESULT) == 1
    sms.bench.drive("attach")
    sms.bench.run(5)
    (alert,) = sms.told(Alerted)
    assert alert.notification.source.address == ANN


def test_a_full_terminal_is_a_failure_until_it_has_room(sms):
    """Memory full ends the transaction; Ready for SM brings the alert."""
    sms.behave("memory-full")
    sms.submit(whole(push(), tlvs=(p.SET_DPF(1),)))
    answer = sms.answer()
    assert answer.get(p.NETWORK_ERROR_CODE) == NetworkErrorCode(NetworkType.GSM, 32)
    sms.behave("accept")
    sms.bench.run(10)
    assert len(sms.told(Alerted)) == 1


@pytest.mark.parametrize("side", ["hlr", "sgsn"], ids=["SS7 side", "radio side"])
def test_congestion_is_repeated_within_the_window(make_sms, side):
    """Where it does not pass, the answer says that it is temporary, and what is missing."""
    window = TransactionPolicy(window=5.0)
    sms = make_sms(transaction=window, **{side: {"max_short_messages": 0}})
    sms.submit(whole(push()))
    answer = sms.answer()
    assert answer.status == CommandStatus.RDELIVERYFAILURE
    assert answer.get(p.DELIVERY_FAILURE_REASON) == DeliveryFailureReason.TEMPORARY_NETWORK_ERROR
    assert answer.get(p.NETWORK_ERROR_CODE) == NetworkErrorCode(NetworkType.GSM, 34)
    text = answer.get(p.ADDITIONAL_STATUS_INFO_TEXT)
    assert text == "congestion (rp 42); segments missing of 3: 1, 2, 3"
    (ended,) = sms.bench.told(TransactionEnded)
    assert ended.attempts > 1


def test_an_unknown_subscriber_is_a_wrong_address(sms):
    """Nobody has that number."""
    nobody = SmeAddress.international("447700900999")
    sms.submit(replace(whole(push()), destination=nobody))
    answer = sms.answer()
    assert answer.get(p.DELIVERY_FAILURE_REASON) == 1


def test_a_stored_message_waits_for_its_terminal(sms):
    """It goes the moment the terminal is back, and its receipt comes."""
    sms.bench.drive("detach")
    sms.bench.run(5)
    text = SubmitSm(
        source=SERVICE,
        destination=SmeAddress.international(ANN),
        short_message=b"hello",
        registered_delivery=1,
    )
    sms.submit(text)
    assert sms.answer().status == CommandStatus.ROK
    sms.bench.run(600)
    assert sms.shown() == []
    sms.bench.drive("attach")
    sms.bench.run(10)
    assert sms.shown() == [("SMS", "hello")]
    (receipt,) = sms.told(Delivered)
    assert b"stat:DELIVRD" in receipt.request.short_message


def test_what_was_accepted_survives_a_crash(sms):
    """The SMSC comes back, takes the message up, and delivers it; the ESME binds anew."""
    sms.bench.drive("detach")
    sms.bench.run(5)
    sms.submit(
        SubmitSm(
            source=SERVICE,
            destination=SmeAddress.international(ANN),
            short_message=b"hello",
            registered_delivery=1,
        )
    )
    sms.answer()
    sms.host.crash()
    sms.bench.run(60)
    sms.host.start()
    sms.bench.run(60)
    sms.bench.drive("attach")
    sms.bench.run(4000)
    assert sms.shown() == [("SMS", "hello")]
    assert len(sms.told(Delivered)) == 1


def test_the_push_client_waits_for_its_reassembly_time_only(make_sms):
    """A transaction that is over leaves nothing that a later push could be confused with."""
    sms = make_sms()
    sms.behave("reject", cause=42)
    sms.submit(whole(push()))
    assert sms.answer().status == CommandStatus.RDELIVERYFAILURE
    sms.behave("accept")
    sms.submit(whole(push("short")), "second")
    assert sms.answer("second").status == CommandStatus.ROK
    sms.submit(whole(push()), "third")
    assert sms.answer("third").status == CommandStatus.ROK
    assert sms.shown() == [("SI", "short"), ("SI", LONG)]
