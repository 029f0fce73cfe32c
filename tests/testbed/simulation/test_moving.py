"""Mobiles that go from one SGSN to another (TS 23.060 §6.9.1.2.2), with pushes under way."""

import pytest

from corenet.control.model import Coverage, MobileActivation, Move
from corenet.interfaces.gsup import decode as decode_gsup
from corenet.interfaces.nas.describe import frame_summary
from corenet.interfaces.node import Interface
from corenet.mobile.events import MobileState
from corenet.sgsn.events import (
    DetachReason,
    MmState,
    MobileArrived,
    MobileDetached,
    MobileLeaves,
    NetworkRequestedActivationFailed,
    Reachability,
)
from gtp.constants import MessageType
from testbed.codecs import pap

APN = "wap.example"
CORE = (Interface.GTP_C, Interface.GTP_U, Interface.GR, Interface.RADIO)


class Roaming:
    """A lab with two SGSNs and one mobile, which is in the cell of the first at the beginning."""

    def __init__(self, crowd, *, context=False, standby=False):
        self.crowd = crowd
        self.lab, self.network = crowd.lab, crowd.network
        self.imsi = crowd.imsis[0]
        self.near, self.far = crowd.lab.core.sgsns["sgsn"], crowd.lab.core.sgsns["far"]
        self.ggsn = crowd.lab.core.ggsns["ggsn"]
        if context:
            crowd.drive(0, "activate", MobileActivation(apn=APN))
        self.lab.run(50 if standby else 2)
        self.passed = []
        self.network.on_passed(self.passed.append)
        crowd.events.clear()

    def move(self, cell=1):
        self.crowd.drive(0, "move", Move(cell=cell))

    def steps(self):
        """Return how many messages of the core have passed."""
        return sum(passed.interface in CORE for passed in self.passed)

    def move_at(self, step):
        """Go to the other SGSN as soon as so many messages have passed."""

        def look(passed):
            if passed.interface in CORE and self.steps() == step:
                self.network.call_later(0.0, self.move)

        self.network.on_passed(look)

    def where(self):
        """Return the SGSNs that have the mobile attached, and those with contexts of it."""
        attached, active = [], []
        for sgsn in (self.near, self.far):
            view = sgsn.mm_context(self.imsi)
            if view is not None and view.state is MmState.ATTACHED:
                attached.append(sgsn.name)
                active += [(sgsn.name, one.address) for one in view.contexts]
        return attached, active

    def words(self):
        """Return what has passed, a message each, in the words of its protocol."""
        return [word for passed in self.passed if (word := _word(passed)) is not None]


def _word(passed):
    ends = f"{passed.sender}→{passed.receiver} "
    if passed.interface is Interface.GTP_C:
        return ends + MessageType(passed.data[1]).text
    if passed.interface is Interface.GR:
        return ends + decode_gsup(passed.data).type.name
    if passed.interface is Interface.RADIO:
        return ends + frame_summary(passed.data).partition(",")[0]
    return None


@pytest.fixture
def roaming(make_crowd):
    """Make such a lab."""
    return lambda seed=1, **how: Roaming(make_crowd(far=True, seed=seed), **how)


@pytest.mark.clause("23.060 §6.9.1.2.2", "inter-SGSN routing area update")
def test_the_ladder(roaming):
    """Contexts, GGSN, HLR, Accept: in the order of the standard."""
    lab = roaming(context=True)
    address = lab.ggsn.contexts_of(lab.imsi)[0].address
    lab.move()
    lab.lab.run(10)
    assert lab.words() == [
        "mobiles→far Routing Area Update Request",
        "far→sgsn SGSN Context Request",
        "sgsn→far SGSN Context Response",
        "far→sgsn SGSN Context Acknowledge",
        "far→ggsn Update PDP Context Request",
        "ggsn→far Update PDP Context Response",
        "far→hlr UPDATE_LOCATION_REQUEST",
        "hlr→sgsn LOCATION_CANCEL_REQUEST",
        "hlr→far INSERT_SUBSCRIBER_DATA_REQUEST",
        "sgsn→hlr LOCATION_CANCEL_RESULT",
        "far→hlr INSERT_SUBSCRIBER_DATA_RESULT",
        "hlr→far UPDATE_LOCATION_RESULT",
        "far→mobiles Routing Area Update Accept",
        "mobiles→far Routing Area Update Complete",
    ]
    assert lab.where() == (["far"], [("far", address)])
    told = lab.crowd.told
    assert told(MobileLeaves) == [MobileLeaves(lab.imsi, lab.far.config.control_address)]
    assert [event.old_rai for event in told(MobileArrived)] == ["234-15-4660-1"]
    assert told(MobileDetached) == [MobileDetached(lab.imsi, DetachReason.MOVED)]
    push = lab.crowd.push(0)
    lab.crowd.reported(push)
    assert lab.crowd.shown(0) == [push]
    lab.crowd.assert_nothing_left()


def test_there_and_back(roaming):
    """A mobile that goes back and forth keeps its context and its address."""
    lab = roaming(context=True)
    address = lab.ggsn.contexts_of(lab.imsi)[0].address
    for cell, name in ((1, "far"), (0, "sgsn"), (1, "far")):
        lab.move(cell)
        lab.lab.run(5)
        assert lab.where() == ([name], [(name, address)])
    lab.crowd.assert_nothing_left()


def test_turning_round_without_pause(roaming):
    """Whatever of the moves was over when it turned round, it ends where it is."""
    for wait in range(0, 120, 10):
        lab = roaming(context=True)
        lab.move(1)
        lab.lab.run(wait / 1000)
        lab.move(0)
        lab.lab.run(120)
        attached, _ = lab.where()
        assert attached == ["sgsn"], wait
        mobile = lab.lab.core.mobiles.mobile(lab.imsi)
        assert mobile.state is MobileState.ATTACHED
        push = lab.crowd.push(0)
        lab.crowd.reported(push)
        assert lab.crowd.shown(0) == [push], wait
        lab.crowd.assert_nothing_left()


def test_a_mobile_in_standby_moves(roaming):
    """It is READY in the new SGSN, and STANDBY there when it has been silent."""
    lab = roaming(standby=True)
    assert lab.near.mm_context(lab.imsi).reachability is Reachability.STANDBY
    lab.move()
    lab.lab.run(1)
    assert lab.far.mm_context(lab.imsi).reachability is Reachability.READY
    lab.lab.run(50)
    assert lab.far.mm_context(lab.imsi).reachability is Reachability.STANDBY


UNCONFIRMED, CONFIRMED = pap.DeliveryMethod.NOT_SPECIFIED, pap.DeliveryMethod.CONFIRMED


@pytest.mark.parametrize("method", [UNCONFIRMED, CONFIRMED])
@pytest.mark.parametrize(
    "how",
    [{}, {"standby": True}, {"context": True}, {"context": True, "standby": True}],
    ids=["offline", "offline-standby", "online", "online-standby"],
)
def test_a_push_in_flight_arrives_or_is_reported(roaming, how, method):
    """The mobile moves after each message of the push in turn.

    The push is shown, or the initiator is told that it was not delivered. Only of one that nobody
    confirms is more said than is known: from the moment when the mobile has activated, or is sent
    the packet, it may be lost between the two SGSNs.
    """
    still = roaming(**how)
    push = still.crowd.push(0, delivery_method=method)
    still.crowd.reported(push)
    still.lab.run(1)
    last = still.steps()
    words = still.words()
    certain = next(
        place for place, word in enumerate(words) if "Activate PDP" in word or "User Data" in word
    )
    for step in range(1, last + 1):
        lab = roaming(seed=step, **how)
        lab.move_at(step)
        push = lab.crowd.push(0, delivery_method=method)
        (result,) = lab.crowd.reported(push, within=20_000.0)
        lab.lab.run(30)
        assert lab.where()[0] == ["far"], step
        arrived = lab.crowd.shown(0) == [push]
        if result.state is pap.MessageState.DELIVERED:
            assert arrived or (method is UNCONFIRMED and step >= certain), step
        else:
            assert result.state in (pap.MessageState.EXPIRED, pap.MessageState.UNDELIVERABLE)
        lab.crowd.assert_nothing_left()


def test_a_request_of_the_network_ends_with_the_move(roaming):
    """The old SGSN tells the GGSN at once; the gateway's next attempt finds the new one."""
    lab = roaming()
    lab.crowd.drive(0, "coverage", Coverage(in_coverage=False))
    push = lab.crowd.push(0)
    lab.lab.run(1)
    lab.move()
    lab.crowd.drive(0, "coverage", Coverage(in_coverage=True))
    lab.lab.run(1)
    (failed,) = lab.crowd.told(NetworkRequestedActivationFailed)
    assert failed.reason.value == "mobile goes to another sgsn"
    lab.crowd.reported(push)
    assert lab.crowd.shown(0) == [push]
    assert lab.where()[0] == ["far"]
