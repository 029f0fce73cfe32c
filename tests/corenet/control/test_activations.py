"""Asking for activations: their outcomes, their keys, and what a mobile had to say."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from corenet.control.activations import Activations
from corenet.control.errors import ControlError
from corenet.control.model import ActivationRequest, BehaviourRequest, QosRequest
from corenet.ggsn.config import BackOffs
from corenet.interfaces.activation import (
    ActivationOutcome,
    CauseSource,
    FailureCause,
    LocalCause,
    Step,
)
from corenet.interfaces.node import Interface
from corenet.interfaces.testing import ScriptedNode

APN, INTERNET = "wap.example", "internet.example"
NO_BACK_OFF = {"back_offs": BackOffs(0, 0, 0, 0, 0, 0, 0, 0)}


def refuse(core, who, cause=26, index=1):
    core.control.drive_mobile(
        who(index).imsi, "behaviour", BehaviourRequest(on_request="reject", sm_cause=cause)
    )


def mute(core, who, index=1):
    core.control.drive_mobile(who(index).imsi, "behaviour", BehaviourRequest(on_request="silent"))


@pytest.mark.parametrize("by", ["msisdn", "imsi"])
def test_activation_ends_active(world, who, by):
    """The answer says the address and how long each step took."""
    core = world()
    requested = core.request(1, by=by, key="push-1")
    running = requested.view()
    assert (running.outcome, running.step, running.steps) == ("running", None, [])
    assert running.requested_at == datetime.fromtimestamp(core.network.now(), UTC)
    active = core.finished(requested)
    assert (active.outcome, active.step, active.address) == ("active", "active", who(1).address)
    assert (active.imsi, active.msisdn, active.apn) == (who(1).imsi, who(1).msisdn, APN)
    assert [step.step for step in active.steps] == [
        "routeing-information",
        "pdu-notification",
        "ms-activation",
        "create-pdp-context",
    ]
    assert (active.cause, active.mobile_cause, active.retry_after) == (None, None, None)


def test_active_terminal_is_answered_at_once(world, who):
    """Where the context is there already, its address is the answer."""
    core = world()
    core.finished(core.request(1))
    again = core.request(1)
    assert again.outcome is not None
    assert again.view().address == who(1).address


def test_unknown_terminal_is_refused(world):
    """404 names the number."""
    with pytest.raises(ControlError) as refused:
        world().control.request_activation(ActivationRequest(msisdn="447700999999", apn=APN))
    assert (refused.value.status, refused.value.field) == (404, "msisdn")


def test_core_without_ggsn_cannot_activate(world):
    """501: nobody here could."""
    core = world(ggsns={})
    with pytest.raises(ControlError) as refused:
        core.request(1)
    assert refused.value.status == 501


def test_core_that_is_not_attached_yet_is_not_in_service(world):
    """503, and the key is free for another attempt."""
    core = world(attach=False)
    for _ in range(2):
        with pytest.raises(ControlError, match="not attached") as refused:
            core.request(1, key="early")
        assert refused.value.status == 503
    core.core.attach(core.network)
    core.wait(2)
    assert core.finished(core.request(1, key="early")).outcome == "active"


@pytest.mark.parametrize(
    "members",
    [
        {"apn": APN},
        {"apn": APN, "msisdn": "447700900001", "imsi": "234150000000001"},
        {"imsi": "234150000000001"},
        {"imsi": "234150000000001", "apn": "a" * 64},
        {"imsi": "234150000000001", "apn": "wap..example"},
        {"imsi": "234150000000001", "apn": APN, "deadline_seconds": 0},
        {"imsi": "234150000000001", "apn": APN, "deadline_seconds": float("nan")},
        {"imsi": "234150000000001", "apn": APN, "deadline_seconds": float("inf")},
        {"imsi": "234150000000001", "apn": APN, "deadline_seconds": "5"},
        {"imsi": "234150000000001", "apn": APN, "key": "a/b"},
        {"imsi": "234150000000001", "apn": APN, "key": ""},
        {"imsi": 234150000000001, "apn": APN},
        {"imsi": "234150000000001", "apn": APN, "colour": "red"},
    ],
)
def test_malformed_request_is_refused(members):
    """A request is one terminal, one APN, and nothing that is not known."""
    with pytest.raises(ValidationError):
        ActivationRequest.model_validate(members)


# How an activation fails, and what its caller is told


def test_unknown_apn_is_a_bad_gateway(world):
    """A request that the GGSN refuses ends in the acceptance step."""
    requested = world().request(1, apn="nothing.example")
    problem = requested.problem()
    assert (problem.status, problem.detail) == (502, "acceptance: unknown APN")


def test_problem_carries_the_whole_activation(world, who):
    """A failure has the members of a problem and all those of the activation."""
    core = world()
    refuse(core, who)
    requested = core.request(1, key="push-1")
    core.finished(requested)
    problem = requested.problem().problem()
    assert problem["title"] == "Activation failed"
    assert problem["status"] == 502
    assert problem["detail"] == "ms-activation: MS refuses (gtp 4)"
    view = requested.view().model_dump(mode="json")
    assert {name: problem[name] for name in view} == view
    assert "field" not in problem


def test_refusal_by_the_mobile_is_told_with_its_sm_cause(world, who):
    """GTP says that the MS refuses; the SGSN knows what the mobile said."""
    core = world()
    refuse(core, who, cause=32)
    failed = core.finished(core.request(1))
    assert (failed.outcome, failed.step) == ("failed", "ms-activation")
    assert (failed.cause.source, failed.cause.number) == ("gtp", 4)
    assert (failed.mobile_cause.source, failed.mobile_cause.number) == ("sm", 32)
    assert failed.mobile_cause.name == "service option not supported"
    assert failed.retry_after == 300


def test_joined_activations_both_get_the_mobiles_cause(world, who):
    """Two keys on one procedure end alike."""
    core = world()
    refuse(core, who, cause=31)
    first = core.request(1, key="one")
    core.wait(0.01)
    second = core.request(1, key="two", apn="WAP.example.mnc015.mcc234.gprs")
    ended = [core.finished(requested) for requested in (first, second)]
    assert [view.mobile_cause.number for view in ended] == [31, 31]
    assert [view.key for view in ended] == ["one", "two"]
    assert core.ggsn.counters.activations_started == 1


def test_refusal_in_back_off_is_not_the_mobiles(world, who):
    """What the mobile said to the attempt before is not said again."""
    core = world()
    refuse(core, who)
    core.finished(core.request(1))
    again = core.request(1).view()
    assert (again.step, again.cause.name) == ("acceptance", "in back-off: MS refuses")
    assert again.mobile_cause is None
    assert 299 < again.retry_after <= 300


def test_success_after_a_refusal_has_no_cause(world, who):
    """A mobile that changes its mind has said nothing any more."""
    core = world(ggsn=NO_BACK_OFF)
    refuse(core, who)
    assert core.finished(core.request(1)).mobile_cause is not None
    core.control.drive_mobile(who(1).imsi, "behaviour", BehaviourRequest(on_request="accept"))
    active = core.finished(core.request(1))
    assert (active.outcome, active.cause, active.mobile_cause) == ("active", None, None)


def test_silent_mobile_is_a_bad_gateway_with_the_sgsns_cause(world, who):
    """When T3385 has expired for the last time, the SGSN says so; no mobile said anything."""
    core = world()
    mute(core, who)
    requested = core.request(1)
    failed = core.finished(requested)
    assert (failed.step, failed.cause.source, failed.mobile_cause) == ("ms-activation", "gtp", None)
    assert (requested.problem().status, failed.timed_out) == (502, False)


def test_deadline_is_a_gateway_timeout(world, who):
    """Who gives a deadline is answered then, with the step that was under way."""
    core = world()
    mute(core, who)
    began = core.network.now()
    requested = core.request(1, deadline_seconds=3)
    failed = core.finished(requested)
    assert core.network.now() == pytest.approx(began + 3)
    assert (failed.step, failed.cause.name) == ("ms-activation", "deadline expired")
    assert (failed.cause.number, failed.timed_out) == (LocalCause.DEADLINE_EXPIRED, True)
    assert (failed.cause.number, failed.timed_out) == (LocalCause.DEADLINE_EXPIRED, True)
    assert requested.problem().status == 504


def test_guard_timer_is_a_gateway_timeout(world, who):
    """An SGSN that accepts and falls silent is not finished in time."""
    core = world(ggsn={"guard_time": 5.0})
    mute(core, who)
    requested = core.request(1)
    assert core.finished(requested).cause.name == "guard timer expired"
    assert core.finished(requested).cause.number == LocalCause.GUARD_TIMER_EXPIRED
    assert requested.problem().status == 504


@pytest.mark.parametrize(
    ("peer", "step"), [("hlr", "routeing-information"), ("sgsn", "pdu-notification")]
)
def test_silent_peer_is_a_gateway_timeout(world, peer, step):
    """An HLR or SGSN that does not answer is named, after N3-REQUESTS transmissions."""
    core = world()
    core.network.cut("ggsn", peer)
    requested = core.request(1)
    failed = core.finished(requested)
    assert (failed.step, failed.cause.name) == (step, f"{peer.upper()} does not answer")
    assert requested.problem().status == 504


def test_unattached_terminal_is_held_until_it_is_back(world):
    """An absent subscriber is a cause of MAP, and trying again is in vain until it is back."""
    core = world(unattached=(1,))
    failed = core.finished(core.request(1))
    assert (failed.step, failed.cause.source) == ("routeing-information", "map")
    assert failed.hold_until_reachable
    assert failed.retry_after is None


def test_subscriber_that_the_hlr_does_not_know_fails(world):
    """The HLR's answer is the cause."""
    core = world(unknown=(1,))
    failed = core.finished(core.request(1))
    assert (failed.step, failed.outcome) == ("routeing-information", "failed")
    assert "unknown" in failed.cause.name.lower()


def test_activation_without_failure_is_no_problem(world):
    """Only what has failed can be told as a problem."""
    core = world()
    requested = core.request(1)
    for _ in range(2):
        with pytest.raises(ValueError, match="has not failed"):
            requested.problem()
        core.finished(requested)


# Keys


def test_key_names_one_activation(world):
    """The same key gives the same activation, running or ended, and asks nothing anew."""
    core = world()
    first = core.request(1, key="push-1")
    assert core.request(1, by="imsi", key="push-1", apn=APN.upper()) is first
    core.finished(first)
    assert core.request(1, key="push-1") is first
    assert core.control.activation("push-1") is first
    assert core.ggsn.counters.activations_started == 1


@pytest.mark.parametrize(("index", "apn"), [(2, APN), (1, INTERNET)])
def test_key_of_another_activation_is_refused(world, index, apn):
    """409 names the key, whether its activation still runs or has ended."""
    core = world()
    first = core.request(1, key="push-1")
    for _ in range(2):
        with pytest.raises(ControlError) as refused:
            core.request(index, key="push-1", apn=apn)
        assert (refused.value.status, refused.value.field) == (409, "key")
        core.finished(first)


def test_activation_without_a_key_gets_one(world):
    """Each request without a key is one of its own, under a key that nobody else has."""
    core = world()
    taken = f"activation-{core.network.now():.6f}-1"
    keys = [core.request(2, key=taken).key, core.request(1).key, core.request(1).key]
    assert len(set(keys)) == 3
    for key in keys:
        assert core.finished(core.control.activation(key)).outcome == "active"


def test_unknown_key_is_not_found(world):
    """404 names the key."""
    with pytest.raises(ControlError) as refused:
        world().control.activation("nobody")
    assert (refused.value.status, refused.value.field) == (404, "key")


def test_key_like_a_gi_triggers_meets_only_its_own_outcome(world, who):
    """The GGSN names triggers from Gi itself; a client's key that reads the same is no other."""
    core = world()
    mute(core, who, 1)
    gateway = ScriptedNode("gateway")
    core.network.attach(gateway, {Interface.WDP: ("127.0.10.5", 9200)})
    requested = core.request(1, key="gi:1")
    core.network.command(
        gateway, lambda now: gateway.send(Interface.WDP, (who(2).address, 2948), b"hello")
    )
    core.wait(2)
    assert core.terminal(2).online
    assert requested.outcome is None
    assert core.finished(requested).imsi == who(1).imsi


def outcome(imsi, step=Step.ACTIVE, cause=None):
    return ActivationOutcome(imsi, APN, step, "127.10.0.1" if cause is None else None, cause)


def test_ended_activations_are_forgotten_oldest_first():
    """The bound holds for what has ended; what runs is never forgotten."""
    activations = Activations(remembered=2)
    for number in range(5):
        request = ActivationRequest(imsi=f"23415000000{number:04d}", apn=APN, key=f"k{number}")
        activations.begin(request, request.imsi, None, 1.0)
    for number in (1, 0, 2):
        activations.finish(f"k{number}", outcome(f"23415000000{number:04d}"))
    known = [number for number in range(5) if activations.get(f"k{number}")]
    assert (known, len(activations)) == ([0, 2, 3, 4], 2)


def test_cause_of_a_mobile_concerns_its_activation_only():
    """Another subscriber's, another APN's and later ones stay without."""
    activations = Activations()
    said = FailureCause(CauseSource.SM, 26, "Insufficient resources")

    def begin(imsi, apn, key):
        return activations.begin(ActivationRequest(imsi=imsi, apn=apn, key=key), imsi, None, 1.0)[0]

    one = begin("234150000000001", APN, "a")
    others = [begin("234150000000002", APN, "b"), begin("234150000000001", INTERNET, "c")]
    activations.note_mobile_cause("234150000000001", APN.upper(), said)
    others.append(begin("234150000000001", APN, "d"))
    assert one.mobile_cause == said
    assert [other.mobile_cause for other in others] == [None] * 3


def test_problem_without_a_cause_is_a_bad_gateway():
    """A failure of which nobody said why is one all the same."""
    activations = Activations()
    request = ActivationRequest(imsi="234150000000001", apn=APN, key="k")
    requested, _ = activations.begin(request, "234150000000001", None, 1.0)
    activations.finish("k", ActivationOutcome("234150000000001", APN, Step.PDU_NOTIFICATION))
    assert requested.problem().status == 502


# Deactivation


def test_context_is_deactivated(world, who):
    """GGSN, SGSN and mobile let it go; the terminal stays attached."""
    core = world()
    core.finished(core.request(1))
    core.wait(1)
    assert core.control.deactivate(who(1).imsi, APN.upper()).done == "1 PDP context deleted"
    core.wait(1)
    terminal = core.terminal(1)
    assert (terminal.online, terminal.attached, terminal.mobile.contexts) == (False, True, [])


def test_running_activation_is_given_up(world, who):
    """Who deactivates what is being activated ends it."""
    core = world()
    mute(core, who)
    requested = core.request(1)
    core.wait(1)
    done = core.control.deactivate(who(1).imsi, APN)
    assert done.done == "0 PDP contexts deleted, activation given up"
    failed = core.finished(requested)
    assert failed.cause.name == "deactivated meanwhile"
    assert requested.problem().status == 502


@pytest.mark.parametrize(("index", "apn"), [(1, INTERNET), (2, APN), (1, "nothing.example")])
def test_nothing_to_deactivate_is_not_found(world, who, index, apn):
    """404: no such context."""
    core = world()
    core.finished(core.request(1))
    with pytest.raises(ControlError) as refused:
        core.control.deactivate(who(index).imsi, apn)
    assert (refused.value.status, refused.value.field) == (404, "apn")


# Quality of service


def test_another_qos_is_asked_of_the_sgsn(world, who):
    """SGSN and mobile agree, and events tell so."""
    core = world()
    core.finished(core.request(1))
    context = core.terminal(1).contexts[0]
    assert (len(context.qos), context.direct_tunnel) == (24, False)
    better = QosRequest(qos="010B921F73967070742BFFFF")
    assert (
        core.control.bearers.change_qos(who(1).imsi, APN, better).done == "asked for 1 PDP context"
    )
    core.wait(1)
    names = [event.name for event in core.control.events.since(0)]
    assert {"PdpContextModified", "PdpContextUpdated", "ContextModified"} <= set(names)
    assert core.terminal(1).contexts[0].qos == better.qos.lower()


def test_qos_of_no_context_cannot_be_asked_for(world, who):
    """There is no such context."""
    core = world()
    core.finished(core.request(1))
    with pytest.raises(ControlError) as refused:
        core.control.bearers.change_qos(who(2).imsi, APN, QosRequest(qos="010B921F"))
    assert (refused.value.status, refused.value.field) == (404, "apn")


@pytest.mark.parametrize("qos", ["", "010B92", "010B921F71", "xyz", "0" * 512])
def test_what_is_no_qos_profile_is_refused(qos):
    """It has 4 octets, or 12 to 255."""
    with pytest.raises(ValidationError, match="qos"):
        QosRequest(qos=qos)
