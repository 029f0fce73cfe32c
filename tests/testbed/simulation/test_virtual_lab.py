"""What a lab in virtual time says of itself, and what its gateway's machine does at the edges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.codecs.pap import MessageState, StatusCode
from testbed.gateway.events import ActivationAnswered, ActivationRequested, PushHeld
from testbed.lab.build import load
from testbed.simulation.lab import VirtualLab

OFFLINE, ONLINE, UNKNOWN = "447700900101", "447700900102", "447700900106"


@pytest.fixture(scope="module")
def demo():
    """The lab file that comes with the distribution."""
    return load("demo")


@pytest.fixture
def started(demo, open_store):
    """Starts the lab and waits until its mobiles have attached."""

    def start(**more):
        lab = VirtualLab(
            demo.core,
            demo.gateway,
            seed=1,
            self_activating=demo.self_activating,
            store=open_store(),
            **more,
        )
        lab.start()
        assert lab.settle()
        return lab

    return start


def reported(lab, push_id):
    assert lab.network.run_until(
        lambda: any(push_id == key[0] for key in lab.initiator.results()), within=60
    )
    (one,) = lab.initiator.notified
    return one.notification


def test_a_lab_file_runs_in_virtual_time(started):
    """Mobiles attach and activate as the file says, and a push arrives."""
    lab = started()
    lab.run(5)
    (context,) = lab.core.ggsns["ggsn"].contexts()
    assert context.msisdn == ONLINE
    push_id = lab.push(OFFLINE)
    assert reported(lab, push_id).state is MessageState.DELIVERED
    lab.run(1)
    (shown,) = lab.shown("234150000000101")
    assert shown.details["si-id"] == push_id
    assert lab.switch_everything_off()
    assert lab.leftovers() == []


def test_a_busy_lab_does_not_come_to_rest_and_says_why(started):
    """A context keeps its path watched; each node that has a part of it is named."""
    lab = started()
    lab.run(5)
    lab.push(OFFLINE)
    lab.run(0.05)
    assert not lab.is_at_rest()
    left = "\n".join(lab.leftovers())
    for what in (
        "ggsn: 1 activations",
        "ggsn: 1 PDP contexts",
        "sgsn: 1 PDP contexts",
        "sgsn: a timer for",
        "mobile 234150000000102: attached, 1 PDP contexts",
        "gateway: 1 deliveries unfinished",
        "gateway: 1 sessions",
        "gateway: 1 effects",
        "network: 1 datagrams",
    ):
        assert what in left
    assert not lab.rest(within=10)
    lab.network.cut("sgsn", "mobiles")
    assert not lab.switch_everything_off(within=10)


def test_pushes_need_a_gateway(demo):
    """A core alone has none."""
    lab = VirtualLab(demo.core, seed=1)
    lab.start()
    assert lab.settle()
    with pytest.raises(ValueError, match="gateway"):
        lab.push(OFFLINE)
    assert lab.switch_everything_off()
    assert lab.leftovers() == []


def test_core_without_mobiles_settles_and_rests(demo):
    """There is nobody to wait for, and nobody to switch off."""
    lab = VirtualLab(replace(demo.core, sgsns={}, mobiles=()), seed=1)
    lab.start()
    assert lab.settle(within=1)
    lab.run(1)
    assert lab.switch_everything_off(within=1) is False
    assert lab.leftovers() == [
        "ggsn: 1 accounting records",
        f"ggsn: a timer for {lab.network.timeouts()['ggsn']}",
    ]


def test_unknown_number_is_undeliverable(started):
    """The core knows no such terminal."""
    lab = started()
    result = reported(lab, lab.push("447700999999"))
    assert (result.state, result.code) == (
        MessageState.UNDELIVERABLE,
        StatusCode.ADDRESS_NOT_FOUND,
    )


def test_activation_that_the_core_refuses_is_tried_again(demo, open_store):
    """Without a GGSN there is nothing to activate with; the push waits, and expires."""
    core = replace(demo.core, ggsns={})
    lab = VirtualLab(core, demo.gateway, seed=1, store=open_store())
    answers = []
    lab.network.on_event(
        lambda time, node, event: (
            answers.append(event) if isinstance(event, ActivationAnswered) else None
        )
    )
    lab.start()
    result = reported(lab, lab.push(OFFLINE, lifetime=10))
    assert result.state is MessageState.EXPIRED
    assert [answer.result for answer in answers] == ["core-silent"] * len(answers)
    assert "no GGSN" in answers[0].reason


def test_core_that_does_not_answer_is_given_up(demo, started):
    """The GGSN dies while it activates: the gateway waits a little longer than its deadline."""
    lab = started()
    events = []
    lab.network.on_event(lambda time, node, event: events.append((time, event)))
    lab.push(OFFLINE, lifetime=16)
    assert lab.network.run_until(lambda: any(isinstance(e, ActivationRequested) for _, e in events))
    asked = lab.network.now()
    lab.run(0.01)
    lab.network.detach(lab.core.ggsns["ggsn"])
    assert lab.network.run_until(lambda: any(isinstance(e, PushHeld) for _, e in events))
    (answered,) = [e for _, e in events if isinstance(e, ActivationAnswered)]
    assert answered.reason == "no answer: no answer in time"
    assert lab.network.now() - asked == pytest.approx(demo.gateway.activation_time + 5)
