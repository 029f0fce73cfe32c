"""What a mobile does with the network's request, and what SGSN, GGSN and caller see of it."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from corenet.control.model import BehaviourRequest, Coverage, MobileDeactivation
from corenet.ggsn.config import Apn
from corenet.ggsn.events import DropReason
from corenet.hlr.config import SubscribedApn, Subscriber
from corenet.interfaces import llc
from corenet.interfaces.activation import CauseSource, FailureCause, Step
from corenet.interfaces.nas import sm
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.node import Interface
from corenet.mobile.behaviour import Answer, Behaviour, Distribution, Fault
from corenet.mobile.events import ActivationRefused, MobileState, NetworkRequestAnswered
from corenet.sgsn.events import NetworkRequestedActivationFailed, NetworkRequestFailure
from gtp.constants import MessageType

APN = "wap.example"
BOTH = (SubscribedApn(APN), SubscribedApn("second.example"))
GGSN = "192.0.2.1"
FIXED = "234150000000001"
T3385 = 8.0

REFUSES = FailureCause(CauseSource.GTP, 4, "MS refuses")
NOT_RESPONDING = FailureCause(CauseSource.GTP, 5, "MS is not GPRS responding")
SYSTEM_FAILURE = FailureCause(CauseSource.GTP, 204, "System failure")


def fails(bench):
    """Let a caller and a datagram ask; return the outcome, and what the SGSN says of it."""
    requested = bench.request()
    bench.datagram()
    outcome = bench.outcome(requested)
    bench.run(1)
    assert outcome.address is None
    assert bench.delivered() == []
    assert bench.dropped() == {DropReason.ACTIVATION_FAILED: 1}
    assert bench.messages(MessageType.PDU_NOTIFICATION_REJECT_REQUEST) == 1
    (failed,) = bench.told(NetworkRequestedActivationFailed)
    return outcome, failed


def said_by_network(bench):
    """Return the session management messages that the mobile has heard, in order."""
    heard = []
    for passed in bench.passed:
        if passed.interface is not Interface.RADIO or passed.source[0] == FIXED:
            continue
        frame = llc.decode_ui(passed.data)
        if frame.payload[0] & 0x0F == sm.PROTOCOL_DISCRIMINATOR:
            heard.append(sm.decode(frame.payload))
    return [one for one in heard if not isinstance(one, sm.RequestPdpContextActivation)]


@pytest.mark.parametrize("cause", list(SmCause), ids=lambda cause: cause.name.lower())
def test_a_refusal_is_told_with_cause_4_whatever_the_reason(make_bench, cause):
    """The SGSN knows the SM cause; the GGSN and who asked hear that the MS refuses."""
    bench = make_bench(mobile={"behaviour": Behaviour.reject(cause)})
    outcome, failed = fails(bench)
    assert (outcome.step, outcome.cause) == (Step.MS_ACTIVATION, REFUSES)
    assert (failed.sm_cause, failed.reason) == (cause, NetworkRequestFailure.REFUSED)
    bench.assert_nothing_left()


def test_silence_is_told_with_cause_5(make_bench):
    """Once T3385 has expired five times; for a minute nobody tries again."""
    bench = make_bench(mobile={"behaviour": Behaviour.silent()})
    outcome, failed = fails(bench)
    assert (outcome.step, outcome.cause) == (Step.MS_ACTIVATION, NOT_RESPONDING)
    assert failed.reason is NetworkRequestFailure.NOT_RESPONDING
    assert dict(outcome.steps)[Step.MS_ACTIVATION] == pytest.approx(5 * T3385, abs=1)
    assert (outcome.hold_until_reachable, outcome.retry_after) == (False, 60.0)
    bench.assert_nothing_left()


def test_a_mobile_that_detaches_is_told_with_cause_5(make_bench):
    """At once: the SGSN hears that it is gone, and does not wait."""
    bench = make_bench(mobile={"behaviour": Behaviour(Answer.DETACH)})
    outcome, failed = fails(bench)
    assert (outcome.step, outcome.cause) == (Step.MS_ACTIVATION, NOT_RESPONDING)
    assert failed.reason is NetworkRequestFailure.DETACHED
    assert dict(outcome.steps)[Step.MS_ACTIVATION] < 1
    assert bench.mobiles.mobile(FIXED).state is MobileState.DETACHED
    (answered,) = bench.told(NetworkRequestAnswered)
    assert answered.answer == "detached"
    bench.assert_nothing_left()


@pytest.mark.parametrize("nsapi", range(5))
def test_a_reserved_nsapi_is_refused_with_cause_96(make_bench, nsapi):
    """The mobile hears Activate PDP Context Reject, the GGSN a system failure; no Create is made.

    Values 0 to 4 are reserved (TS 24.008 §10.5.6.2), as wrong as a mandatory element can be.
    """
    bench = make_bench(mobile={"behaviour": Behaviour(Answer.WRONG_NSAPI, nsapi=nsapi)})
    outcome, failed = fails(bench)
    assert (outcome.step, outcome.cause) == (Step.MS_ACTIVATION, SYSTEM_FAILURE)
    assert failed.sm_cause == SmCause.INVALID_MANDATORY_INFORMATION
    assert failed.reason is NetworkRequestFailure.PROTOCOL_ERROR
    (refused,) = bench.told(ActivationRefused)
    assert refused.cause == SmCause.INVALID_MANDATORY_INFORMATION
    assert bench.messages(MessageType.CREATE_PDP_CONTEXT_REQUEST) == 0
    bench.assert_nothing_left()


def test_an_nsapi_in_use_replaces_that_context(make_bench):
    """The network has it that the mobile has lost the old one (TS 24.008 §6.1.3.1.5)."""
    second = "second.example"
    pool = (IPv4Network("10.45.0.0/24"),)
    bench = make_bench(
        ggsn={"apns": (Apn(APN, pool), Apn(second, (IPv4Network("10.46.0.0/24"),)))},
        sgsn={"ggsns": {APN: (GGSN,), second: (GGSN,)}},
        hlr={"subscribers": (Subscriber(FIXED, "447700900001", BOTH),)},
        known=(FIXED,),
        mobile={"behaviour": Behaviour(Answer.WRONG_NSAPI, nsapi=5)},
    )
    bench.activate_by_itself(apn=second)
    bench.run(2)
    assert [one.apn for one in bench.ggsn.contexts_of(FIXED)] == [second]
    assert bench.outcome(bench.request()).active
    bench.run(2)
    (left,) = bench.ggsn.contexts_of(FIXED)
    assert (left.apn, left.nsapi) == (APN, 5)
    (at_sgsn,) = bench.sgsn.mm_context(FIXED).contexts
    assert (at_sgsn.apn, at_sgsn.nsapi) == (APN, 5)
    assert [one.nsapi for one in bench.mobiles.mobile(FIXED).contexts] == [5, 5], (
        "it knows no better"
    )
    bench.assert_nothing_left()


@pytest.mark.clause("24.008 §8", "malformed answers to the network's request")
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.TOO_SHORT, None),
        (Fault.RESERVED_TRANSACTION, None),
        (Fault.UNKNOWN_TRANSACTION, SmCause.INVALID_TRANSACTION_IDENTIFIER),
        (Fault.UNKNOWN_TYPE, SmCause.MESSAGE_TYPE_UNKNOWN),
    ],
)
def test_what_is_no_answer_is_as_good_as_silence(make_bench, fault, said):
    """Ignored, or answered with SM STATUS (§8.2 to §8.4): the SGSN goes on asking, five times."""
    bench = make_bench(mobile={"behaviour": Behaviour(Answer.MALFORMED, fault=fault)})
    outcome, failed = fails(bench)
    assert (outcome.step, outcome.cause) == (Step.MS_ACTIVATION, NOT_RESPONDING)
    assert failed.reason is NetworkRequestFailure.NOT_RESPONDING
    heard = said_by_network(bench)
    assert [type(one) for one in heard] == ([] if said is None else [sm.SmStatus] * 5)
    assert {one.cause for one in heard} <= {said}
    answers = [one.answer for one in bench.told(NetworkRequestAnswered)]
    assert answers == ["malformed"] * 5
    bench.assert_nothing_left()


@pytest.mark.clause("24.008 §8.5", "Activate PDP Context Request with a mandatory fault: cause 96")
@pytest.mark.parametrize("fault", [Fault.MISSING_ELEMENT, Fault.UNKNOWN_ELEMENT])
def test_an_activation_with_a_mandatory_fault_is_refused_with_cause_96(make_bench, fault):
    """By the procedure's own refusal, and not by SM STATUS; the GGSN hears of it at once."""
    bench = make_bench(mobile={"behaviour": Behaviour(Answer.MALFORMED, fault=fault)})
    outcome, failed = fails(bench)
    assert (outcome.step, outcome.cause) == (Step.MS_ACTIVATION, SYSTEM_FAILURE)
    assert failed.sm_cause == SmCause.INVALID_MANDATORY_INFORMATION
    assert failed.reason is NetworkRequestFailure.PROTOCOL_ERROR
    (heard,) = said_by_network(bench)
    assert isinstance(heard, sm.ActivatePdpContextReject)
    assert heard.cause == SmCause.INVALID_MANDATORY_INFORMATION
    (refused,) = bench.told(ActivationRefused)
    assert refused.cause == SmCause.INVALID_MANDATORY_INFORMATION
    assert "sm_status_received" not in bench.sgsn.counters
    bench.assert_nothing_left()


def test_an_apn_that_is_not_set_up_is_refused(make_bench):
    """The mobile says cause 27; who asked hears that it refuses."""
    bench = make_bench(mobile={"apns": ("other.example",), "only_own_apns": True})
    outcome, failed = fails(bench)
    assert (outcome.step, outcome.cause) == (Step.MS_ACTIVATION, REFUSES)
    assert failed.sm_cause == SmCause.MISSING_OR_UNKNOWN_APN
    bench.assert_nothing_left()


@pytest.mark.parametrize("set_up", ["wap.example", "WAP.Example"])
def test_an_apn_that_is_set_up_is_accepted(make_bench, set_up):
    """In whatever letters (TS 23.003 §9.1)."""
    bench = make_bench(mobile={"apns": (set_up,), "only_own_apns": True})
    assert bench.outcome(bench.request()).active
    bench.assert_nothing_left()


def test_a_mobile_whose_malformed_activation_is_unheard_repeats_it(make_bench):
    """T3380 runs as for any activation, until the mobile gives up."""
    behaviour = Behaviour(Answer.MALFORMED, fault=Fault.MISSING_ELEMENT)
    bench = make_bench(mobile={"behaviour": behaviour})

    def deaf(_time, _node, event):
        if isinstance(event, NetworkRequestAnswered):
            bench.drive("coverage", Coverage(in_coverage=False))

    bench.network.on_event(deaf)
    bench.request()
    bench.run(200)
    (refused,) = bench.told(ActivationRefused)
    assert refused.cause is None
    bench.assert_nothing_left()


def test_a_mobile_with_all_its_contexts_refuses_a_further_one(make_bench):
    """The mobile says cause 26, and takes the request once one of its contexts is gone."""
    bench = make_bench(mobile={"most_contexts": 0})
    outcome, failed = fails(bench)
    assert (outcome.step, outcome.cause) == (Step.MS_ACTIVATION, REFUSES)
    assert failed.sm_cause == SmCause.INSUFFICIENT_RESOURCES
    bench.assert_nothing_left()


def test_a_slow_mobile_is_asked_again_and_answers_once(make_bench):
    """The answer counts from the first request; the repetitions meanwhile are passed over."""
    bench = make_bench(mobile={"behaviour": Behaviour.accept(delay=20.0)})
    outcome = bench.outcome(bench.request())
    assert outcome.active
    assert dict(outcome.steps)[Step.MS_ACTIVATION] == pytest.approx(20, abs=1)
    assert len(bench.told(NetworkRequestAnswered)) == 1
    assert bench.lab.core.mobiles.counters["repeated_requests"] == 2
    bench.assert_nothing_left()


def test_a_mobile_that_is_too_slow_is_taken_for_silent(make_bench):
    """It activates all the same, later, by a transaction that the network has given up."""
    bench = make_bench(mobile={"behaviour": Behaviour.accept(delay=5 * T3385 + 5)})
    requested = bench.request()
    outcome = bench.outcome(requested)
    assert (outcome.step, outcome.cause) == (Step.MS_ACTIVATION, NOT_RESPONDING)
    bench.run(30)
    assert bench.agreed_context() is not None
    bench.assert_nothing_left()


def times_to_answer(make_bench, seed, behaviour):
    """Return how long each of five activations took, to a tenth of a second."""
    bench = make_bench(mobile={"behaviour": behaviour}, mobiles_seed=seed)
    times = []
    for _ in range(5):
        outcome = bench.outcome(bench.request())
        assert outcome.active
        times.append(round(dict(outcome.steps)[Step.MS_ACTIVATION], 1))
        bench.drive("deactivate", MobileDeactivation())
        bench.run(5)
    bench.assert_nothing_left()
    return times


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(delay=2.0, distribution=Distribution.UNIFORM, longest=6.0),
        Behaviour(delay=4.0, distribution=Distribution.EXPONENTIAL, longest=7.0),
    ],
    ids=["uniform", "exponential"],
)
def test_answer_times_are_those_of_the_seed(make_bench, behaviour):
    """The same for the same seed, others for another, never beyond the longest."""
    one, same, other = (times_to_answer(make_bench, seed, behaviour) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert len(set(one)) > 1
    assert max(one + other) <= behaviour.longest + 1


def test_out_of_coverage_by_schedule(make_bench):
    """In an outage nobody answers; once it is over the mobile answers again."""
    bench = make_bench(mobile={"outages": ((60.0, 180.0),)})
    assert bench.mobiles.mobile(FIXED).coverage
    bench.run(70)
    assert not bench.mobiles.mobile(FIXED).coverage
    outcome = bench.outcome(bench.request())
    assert outcome.cause == NOT_RESPONDING
    bench.run(120)
    assert bench.mobiles.mobile(FIXED).coverage
    assert bench.outcome(bench.request()).active
    bench.assert_nothing_left()


def test_behaviour_is_changed_while_the_lab_runs(make_bench):
    """Over the control interface: malformed at first, then as it should be."""
    bench = make_bench()
    bench.drive("behaviour", BehaviourRequest(on_request="malformed", fault="unknown-element"))
    view = bench.lab.control.terminal(FIXED).mobile
    assert (view.on_request, view.fault, view.nsapi) == ("malformed", "unknown-element", None)
    assert bench.outcome(bench.request()).cause == SYSTEM_FAILURE
    bench.drive("behaviour", BehaviourRequest(on_request="wrong-nsapi", nsapi=3))
    assert bench.lab.control.terminal(FIXED).mobile.nsapi == 3
    bench.run(60)
    bench.drive(
        "behaviour",
        BehaviourRequest(
            on_request="accept",
            answer_after=1,
            answer_distribution="uniform",
            answer_at_most=2,
        ),
    )
    outcome = bench.outcome(bench.request())
    assert outcome.active
    assert 1 <= dict(outcome.steps)[Step.MS_ACTIVATION] <= 2.5
    bench.assert_nothing_left()
