"""Pushes through a whole lab in virtual time: held until reachable, followed by id, disturbed."""

from __future__ import annotations

import pytest

from corenet.adapters.sqlite_file import StoreError
from corenet.control.model import BehaviourRequest
from corenet.ggsn.events import ActivationFinished, ActivationStarted, PdpContextCreated
from corenet.mobile.behaviour import Behaviour
from corenet.mobile.events import ContextActivated, ShownOnScreen
from testbed.codecs.pap import MessageState, StatusCode
from testbed.gateway.config import RetryPolicy
from testbed.gateway.events import (
    ActivationRequested,
    DeliveryEnded,
    InitiatorNotified,
    NotificationFailed,
    PushAccepted,
    PushHeld,
    PushSent,
    StoreFailed,
    TerminalJudged,
)
from testbed.gateway.keeping.store import SqliteStore
from testbed.simulation.gateway_host import GatewayDownError
from testbed.simulation.initiator import Conduct


def one(events):
    (event,) = events
    return event


# From one end to the other


def test_push_to_an_offline_mobile_is_delivered(make_crowd):
    """The push is accepted, the context activated, the SI shown, the initiator notified."""
    crowd = make_crowd()
    push_id = crowd.push(0)
    result = one(crowd.reported(push_id))
    assert (result.state, result.code) == (MessageState.DELIVERED, StatusCode.OK)
    assert crowd.initiator.answers[push_id].code == StatusCode.ACCEPTED
    crowd.lab.run(1)
    assert crowd.shown(0) == [push_id]
    crowd.assert_nothing_left()


def test_push_is_followed_by_its_id(make_crowd):
    """From the push-id one comes to the activation's key, the IMSI, the context, the screen."""
    crowd = make_crowd(3)
    push_id = [crowd.push(index) for index in range(3)][1]
    crowd.reported(push_id)
    crowd.lab.run(1)

    assert one(e for e in crowd.told(PushAccepted) if e.push_id == push_id)
    judged = one(e for e in crowd.told(TerminalJudged) if e.push_id == push_id)
    assert (judged.terminal, judged.verdict) == (f"+{crowd.msisdns[1]}", "activate")
    # The key begins with the push-id, and the GGSN's events have the key.
    requested = one(e for e in crowd.told(ActivationRequested) if e.key.startswith(f"{push_id}~"))
    started = one(e for e in crowd.told(ActivationStarted) if e.key == requested.key)
    assert started.imsi == requested.imsi == crowd.imsis[1]
    outcome = one(e for e in crowd.told(ActivationFinished) if e.key == requested.key).outcome
    created = one(e for e in crowd.told(PdpContextCreated) if e.context.imsi == started.imsi)
    assert created.context.address == outcome.address
    sent = one(e for e in crowd.told(PushSent) if e.push_id == push_id)
    assert sent.peer[0] == outcome.address
    activated = one(e for e in crowd.told(ContextActivated) if e.imsi == started.imsi)
    assert activated.address == outcome.address
    shown = one(e for e in crowd.told(ShownOnScreen) if e.imsi == started.imsi)
    assert shown.shown.details["si-id"] == push_id
    ended = one(e for e in crowd.told(DeliveryEnded) if e.push_id == push_id)
    assert ended.state == "delivered"
    assert one(e for e in crowd.told(InitiatorNotified) if e.push_id == push_id)


def test_pushes_to_one_terminal_share_an_activation(make_crowd):
    """Those that come while the context is activated wait for it; each is led to by its address."""
    crowd = make_crowd()
    push_ids = [crowd.push(0) for _ in range(4)]
    crowd.reported(*push_ids)
    crowd.lab.run(1)
    assert len(crowd.told(ActivationRequested)) == 1
    address = one(crowd.told(PdpContextCreated)).context.address
    assert [(e.push_id, e.peer[0]) for e in crowd.told(PushSent)] == [
        (push_id, address) for push_id in push_ids
    ]
    assert crowd.shown(0) == push_ids
    crowd.assert_nothing_left()


# Held until reachable


def test_push_waits_for_a_mobile_that_is_not_attached(make_crowd):
    """It is sent when the HLR notes that the MS is present, and not because anybody looked."""
    crowd = make_crowd(attached=lambda index: False, retry=RetryPolicy(poll=1e6))
    push_id = crowd.push(0)
    crowd.lab.run(600)
    assert [e.push_id for e in crowd.told(PushHeld)] == [push_id]
    assert crowd.initiator.notified == []
    looks = len(crowd.told(TerminalJudged))
    crowd.drive(0, "power-off")
    crowd.drive(0, "power-on")
    switched_on = crowd.network.now()
    result = one(crowd.reported(push_id))
    assert result.state is MessageState.DELIVERED
    # Attach, Note MS GPRS Present, activation, each over links of 10 ms.
    assert crowd.network.now() - switched_on < 1.0
    assert len(crowd.told(TerminalJudged)) == looks + 1
    crowd.lab.run(1)
    assert crowd.shown(0) == [push_id]
    crowd.assert_nothing_left()


def test_push_waits_for_a_mobile_that_had_detached(make_crowd):
    """The SGSN says that it is detached, the HLR is told, and notes when it is back."""
    crowd = make_crowd(retry=RetryPolicy(poll=1e6))
    crowd.drive(0, "detach")
    crowd.lab.run(5)
    push_id = crowd.push(0)
    crowd.lab.run(600)
    assert crowd.initiator.notified == []
    crowd.drive(0, "attach")
    assert one(crowd.reported(push_id, within=1.0)).state is MessageState.DELIVERED
    crowd.assert_nothing_left()


def test_push_waits_no_longer_than_it_may(make_crowd):
    """A mobile that never comes leaves its push expired; coming later changes nothing."""
    crowd = make_crowd(attached=lambda index: False)
    push_id = crowd.push(0, lifetime=120)
    result = one(crowd.reported(push_id))
    assert result.state is MessageState.EXPIRED
    assert result.desc == (
        "not delivered in time; last: detached: the network will note when it is back"
    )
    crowd.drive(0, "attach")
    crowd.lab.run(5)
    assert crowd.told(PushSent) == []
    crowd.assert_nothing_left()


def test_mobile_that_refuses_for_now_is_asked_again(make_crowd):
    """The gateway tries again after its back-off and the GGSN's."""
    crowd = make_crowd(behaviour=lambda index: Behaviour.reject(26))
    push_id = crowd.push(0)
    crowd.lab.run(10)
    crowd.drive(0, "behaviour", BehaviourRequest(on_request="accept"))
    assert one(crowd.reported(push_id)).state is MessageState.DELIVERED
    assert len(crowd.told(ActivationRequested)) > 1
    crowd.assert_nothing_left()


# Disturbances


def test_core_out_of_reach_is_asked_again(make_crowd):
    """Pushes wait while the control interface is away, whatever it was being asked."""
    crowd = make_crowd(2)
    crowd.host.break_core_off()
    unjudged = crowd.push(0)
    crowd.lab.run(20)
    assert crowd.told(ActivationRequested) == []
    crowd.host.bring_core_back()
    crowd.reported(unjudged)
    interrupted = crowd.push(1)
    assert crowd.network.run_until(lambda: len(crowd.told(ActivationRequested)) == 2)
    crowd.host.break_core_off()
    crowd.lab.run(60)
    assert {push_id for push_id, _ in crowd.initiator.results()} >= {unjudged}
    crowd.host.bring_core_back()
    crowd.reported(interrupted)
    crowd.lab.run(1)
    assert (crowd.shown(0), crowd.shown(1)) == ([unjudged], [interrupted])
    crowd.assert_nothing_left()


def test_terminal_that_came_back_during_an_outage_is_not_missed(make_crowd):
    """The event stream is taken up where it broke off."""
    crowd = make_crowd(attached=lambda index: False, retry=RetryPolicy(poll=1e6))
    push_id = crowd.push(0)
    crowd.lab.run(60)
    crowd.host.break_core_off()
    crowd.drive(0, "attach")
    crowd.lab.run(60)
    assert not crowd.host.core_is_reachable
    assert crowd.told(PushSent) == []
    crowd.host.bring_core_back()
    assert one(crowd.reported(push_id, within=5.0)).state is MessageState.DELIVERED
    crowd.assert_nothing_left()


def test_initiator_that_fails_hears_in_the_end(make_crowd):
    """A notification is posted until it is answered; every copy says the same."""
    crowd = make_crowd(20)
    crowd.initiator.conduct = Conduct(delay=0.5, failing=0.5, mute=0.3)
    push_ids = [crowd.push(index) for index in range(20)]
    crowd.reported(*push_ids)
    crowd.initiator.conduct = Conduct()
    assert crowd.network.run_until(
        lambda: len(crowd.told(InitiatorNotified)) == len(push_ids), within=7200
    )
    assert len(crowd.told(NotificationFailed)) > 10
    assert len(crowd.initiator.notified) > len(push_ids)
    for copies in crowd.initiator.results().values():
        assert len({(copy.state, copy.code, copy.event_time) for copy in copies}) == 1
    crowd.assert_nothing_left()


class FailingStore(SqliteStore):
    """Fails while it is told to."""

    fails = False

    def write(self, rows):
        if self.fails:
            raise StoreError("disk full")
        return super().write(rows)


def test_store_that_fails_refuses_pushes_and_forgets_none(make_crowd):
    """Nothing is accepted while it cannot be kept; what was accepted goes on afterwards."""
    store = FailingStore(":memory:")
    crowd = make_crowd(2, store=store)
    accepted = crowd.push(0)
    assert crowd.network.run_until(lambda: accepted in crowd.initiator.answers)
    store.fails = True
    refused = crowd.push(1)
    crowd.lab.run(5)
    assert crowd.initiator.answers[refused].code == StatusCode.SERVICE_UNAVAILABLE
    assert crowd.told(StoreFailed)
    assert crowd.initiator.notified == []
    store.fails = False
    assert one(crowd.reported(accepted)).state is MessageState.DELIVERED
    assert crowd.initiator.accepted() == [accepted]
    crowd.assert_nothing_left()
    store.close()


# The machine it runs on


def test_submission_to_a_gateway_that_is_down_is_repeated(make_crowd):
    """The initiator posts again until it is answered; the gateway has it once."""
    crowd = make_crowd()
    crowd.host.crash()
    assert not crowd.host.is_up
    with pytest.raises(GatewayDownError):
        crowd.host.gateway.unfinished  # noqa: B018
    with pytest.raises(GatewayDownError):
        crowd.host.crash()
    push_id = crowd.push(0)
    crowd.lab.run(10)
    crowd.host.start()
    with pytest.raises(RuntimeError):
        crowd.host.start()
    crowd.reported(push_id)
    assert crowd.initiator.submissions > 5
    assert crowd.initiator.answers[push_id].code == StatusCode.ACCEPTED
    crowd.assert_nothing_left()
