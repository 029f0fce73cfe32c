"""The way to an SMSC, with one that stands for it: what it is given, and what a crash leaves."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from corenet.mobile.behaviour import Behaviour
from testbed.codecs.pap import MessageState
from testbed.esme.outcome import SmsDelivered, SmsFailed
from testbed.gateway.keeping.store import SqliteStore
from testbed.gateway.routing.policy import Policy, Route, Rule
from testbed.lab.build import load
from testbed.simulation.lab import VirtualLab

ORDER = (Route.IP, Route.ACTIVATION, Route.SMS, Route.HOLD)
OFFLINE = "447700900101"


class Smsc:
    """Delivers each transaction once, after a while, and knows one that comes again."""

    def __init__(self, takes=3.0):
        self.takes = takes
        self.lab = None
        self.delivered = Counter()
        self.outcomes = {}
        self.submitted = []
        self.fails = False

    def submit(self, message, answered):
        self.submitted.append(message)
        if message.key in self.outcomes:
            answered(self.outcomes[message.key])
            return

        def end():
            outcome = SmsFailed(0xFE, 0) if self.fails else SmsDelivered(2)
            if message.key not in self.outcomes:
                self.outcomes[message.key] = outcome
                self.delivered[message.key] += not self.fails
            answered(self.outcomes[message.key])

        self.lab.network.call_later(self.takes, end)


@pytest.fixture(scope="module")
def demo():
    """The lab file that comes with the distribution."""
    return load("demo")


@pytest.fixture
def fallback(demo, open_store):
    """A lab whose mobiles are all absent, with an SMSC beside its gateway."""

    def make(**smsc):
        mobiles = tuple(
            replace(mobile, attach_at_start=False, behaviour=Behaviour())
            for mobile in demo.core.mobiles
        )
        stub = Smsc(**smsc)
        gateway = replace(demo.gateway, policy=Policy((Rule(order=ORDER),)), has_smsc=True)
        stub.lab = VirtualLab(
            replace(demo.core, mobiles=mobiles), gateway, seed=3, store=open_store(), sms=stub
        )
        stub.lab.start()
        return stub

    return make


def result(lab, push_id, within=600):
    lab.run(within)
    told = (notified.notification for notified in lab.initiator.notified)
    return next(one for one in told if one.push_id == push_id)


def test_an_absent_terminal_gets_a_short_message(fallback):
    """Activation fails, the SMSC delivers, and the initiator is told so."""
    smsc = fallback()
    push_id = smsc.lab.push(OFFLINE)
    delivered = result(smsc.lab, push_id)
    assert delivered.state is MessageState.DELIVERED
    assert [message.msisdn for message in smsc.submitted] == [OFFLINE]
    assert list(smsc.delivered.values()) == [1]


@pytest.mark.parametrize("seconds", [0.02, 0.5, 1.0, 2.0, 3.0, 3.05, 3.1])
def test_a_gateway_that_dies_meanwhile_delivers_once(fallback, seconds):
    """The second gateway submits under the same key, and reports the one outcome."""
    smsc = fallback()
    push_id = smsc.lab.push(OFFLINE)
    smsc.lab.run(seconds)
    smsc.lab.gateway.crash()
    smsc.lab.run(1.0)
    smsc.lab.gateway.start()
    assert result(smsc.lab, push_id).state is MessageState.DELIVERED
    assert sum(smsc.delivered.values()) == 1
    assert len({message.key for message in smsc.submitted}) == 1
    assert [message.again for message in smsc.submitted] == [False, True][: len(smsc.submitted)]


def test_what_the_smsc_cannot_deliver_is_held_until_the_terminal_is_back(fallback):
    """Then it goes by IP."""
    smsc = fallback()
    smsc.fails = True
    push_id = smsc.lab.push(OFFLINE)
    smsc.lab.run(60)
    assert smsc.lab.initiator.notified == []
    imsi = next(m.imsi for m in smsc.lab.core.config.mobiles if m.msisdn == OFFLINE)
    smsc.lab.control.drive_mobile(imsi, "attach", None)
    assert result(smsc.lab, push_id).state is MessageState.DELIVERED
    assert len(smsc.submitted) == 1


def test_a_gateway_that_is_to_have_an_smsc_needs_one(demo):
    """Nothing is promised that is not there."""
    gateway = replace(demo.gateway, has_smsc=True)
    store = SqliteStore(":memory:")
    with pytest.raises(ValueError, match="there is none"):
        VirtualLab(demo.core, gateway, seed=1, store=store)
    store.close()
