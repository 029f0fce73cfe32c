"""Gateway, ESME, SMSC and core together: a push that no PDP context can be had for goes by SMS."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest

from corenet.control.model import SmsSending
from corenet.mobile.behaviour import SmsAnswer, SmsBehaviour
from testbed.codecs.pap import MessageState
from testbed.esme.config import SmscMode
from testbed.gateway.events import SmsSubmitted
from testbed.gateway.routing.policy import Policy, Route, Rule
from testbed.lab.build import load
from testbed.simulation.lab import SmsParts, VirtualLab
from testbed.smsc.events import MessageEnded, TransactionEnded
from testbed.smsc.store import MessageStore

ANN, IMSI = "447700900201", "234150000000201"
LONG = "You have 4 new messages, and this is the first of them, word for word: " + "la " * 59 + "la"


class Sms:
    """The lab of the demo's SMS scenarios, in virtual time."""

    def __init__(self, lab):
        self.lab = lab
        self.events = []
        lab.network.on_event(lambda _, node, event: self.events.append(event))
        lab.start()
        assert lab.settle()

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def push(self, to=ANN, **more):
        return self.lab.push(to, text=LONG, **more)

    def reported(self, push_id, within=600.0):
        def found():
            return [
                one.notification
                for one in self.lab.initiator.notified
                if one.notification.push_id == push_id
            ]

        assert self.lab.network.run_until(lambda: bool(found()), within=within)
        return found()[0]

    def behave(self, answer, **more):
        mobiles = self.lab.core.mobiles
        behaviour = SmsBehaviour(SmsAnswer(answer), **more)
        self.lab.network.command(
            mobiles, lambda now: mobiles.set_sms_behaviour(IMSI, behaviour, now)
        )

    def shown(self, imsi=IMSI):
        return [one.text for one in self.lab.shown(imsi)]


@pytest.fixture
def make_sms(open_store):
    with ExitStack() as stores:

        def make(*, seed=1, esme=lambda config: config, smsc=lambda config: config, order=None):
            loaded = load("sms")
            store = MessageStore(":memory:")
            stores.callback(store.close)
            gateway = loaded.gateway
            if order is not None:
                gateway = replace(gateway, policy=Policy((Rule(order=order),)))
            parts = SmsParts(smsc(loaded.smsc), store, esme(loaded.esme))
            return Sms(VirtualLab(loaded.core, gateway, seed=seed, store=open_store(), sms=parts))

        yield make


def test_the_submit_response_is_what_the_initiator_is_told(make_sms):
    """One transaction, one outcome, one result notification."""
    sms = make_sms()
    result = sms.reported(sms.push())
    assert (result.state, int(result.code)) == (MessageState.DELIVERED, 1000)
    assert sms.shown() == [LONG]
    (ended,) = sms.told(TransactionEnded)
    assert (ended.segments, ended.attempts) == (3, 3)


def test_one_lost_segment_is_repaired_within_the_window(make_sms):
    """The initiator hears nothing of it."""
    sms = make_sms()
    result = sms.reported(sms.push("447700900202"))
    assert result.state is MessageState.DELIVERED
    (ended,) = sms.told(TransactionEnded)
    assert (ended.segments, ended.attempts) == (3, 4)
    assert sms.shown("234150000000202") == [LONG]


def test_a_push_waits_for_a_terminal_that_is_not_there_for_anything(make_sms):
    """Neither context nor short message reaches it; when it is back the push goes."""
    sms = make_sms()
    sms.lab.control.drive_mobile(IMSI, "detach", None)
    sms.lab.run(5)
    push_id = sms.push()
    sms.lab.run(300)
    assert sms.lab.initiator.notified == []
    sms.lab.control.drive_mobile(IMSI, "attach", None)
    assert sms.reported(push_id).state is MessageState.DELIVERED
    assert sms.shown() == [LONG]


def test_an_smsc_announces_a_terminal_that_is_back(make_sms):
    """Where only short messages are taken, its alert is what a push that is held waits for."""
    sms = make_sms(order=(Route.SMS, Route.HOLD))
    sms.lab.control.drive_mobile(IMSI, "detach", None)
    sms.lab.run(5)
    push_id = sms.push()
    sms.lab.run(600)
    (absent,) = sms.told(TransactionEnded)
    assert "destination out of order" in absent.outcome
    sms.lab.control.drive_mobile(IMSI, "attach", None)
    assert sms.reported(push_id, within=20).state is MessageState.DELIVERED
    assert sms.shown() == [LONG]


def test_a_failure_for_now_is_tried_again(make_sms):
    """A terminal that fails for the whole window gets another transaction later."""
    sms = make_sms()
    sms.behave("reject", cause=41)
    push_id = sms.push()
    sms.lab.run(40)
    assert len(sms.told(TransactionEnded)) == 1
    sms.behave("accept")
    assert sms.reported(push_id).state is MessageState.DELIVERED
    assert sms.shown() == [LONG]


def test_a_link_that_is_lost_meanwhile_brings_no_second_push(make_sms):
    """The gateway does not know the outcome, asks again under the same key, and is told."""
    sms = make_sms()
    sms.behave("accept", delay=5.0)
    push_id = sms.push()
    assert sms.lab.network.run_until(lambda: bool(sms.told(SmsSubmitted)), within=60)
    sms.lab.run(1)
    sms.lab.network.cut("gateway esme", "smsc")
    sms.lab.run(3)
    sms.lab.network.mend("gateway esme", "smsc")
    assert sms.reported(push_id).state is MessageState.DELIVERED
    assert sms.shown() == [LONG]
    submitted = sms.told(SmsSubmitted)
    assert len(submitted) > 1
    assert len({event.key for event in submitted}) == 1
    (ended,) = sms.told(TransactionEnded)
    assert ended.attempts == 3


def test_a_gateway_that_dies_meanwhile_brings_no_second_push(make_sms):
    """The next one submits under the same key, and the SMSC knows it."""
    sms = make_sms()
    sms.behave("accept", delay=5.0)
    push_id = sms.push()
    assert sms.lab.network.run_until(lambda: bool(sms.told(SmsSubmitted)), within=60)
    sms.lab.run(1)
    sms.lab.gateway.crash()
    sms.lab.run(2)
    sms.lab.gateway.start()
    assert sms.reported(push_id).state is MessageState.DELIVERED
    assert sms.shown() == [LONG]
    assert len(sms.told(TransactionEnded)) == 1


def test_an_smsc_that_dies_meanwhile_is_asked_again(make_sms):
    """It has forgotten the transaction; the terminal joins what comes again or shows it once."""
    sms = make_sms()
    sms.behave("accept", delay=5.0)
    push_id = sms.push()
    assert sms.lab.network.run_until(lambda: bool(sms.told(SmsSubmitted)), within=60)
    sms.lab.run(7)
    sms.lab.smsc.crash()
    sms.lab.run(2)
    sms.lab.smsc.start()
    assert sms.reported(push_id).state is MessageState.DELIVERED
    assert sms.shown() == [LONG]


def test_a_mobile_writes_to_another(make_sms):
    """A text goes up to the SMSC, is kept, and comes down to whoever it is for."""
    sms = make_sms()
    sms.lab.control.drive_mobile(
        "234150000000202", "send-sms", SmsSending(destination="+447700900201", text="hi")
    )
    sms.lab.run(10)
    assert sms.shown() == ["hi"]


def test_an_smsc_without_transaction_mode_will_do(make_sms):
    """The gateway's ESME cuts the push, and the receipts of all segments are the outcome."""

    def in_segments(config):
        return replace(
            config, smscs=tuple(replace(one, mode=SmscMode.SEGMENTS) for one in config.smscs)
        )

    sms = make_sms(esme=in_segments)
    result = sms.reported(sms.push())
    assert result.state is MessageState.DELIVERED
    assert sms.shown() == [LONG]
    assert len(sms.told(MessageEnded)) == 3
    assert sms.told(TransactionEnded) == []
