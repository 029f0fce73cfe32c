"""Every way in which a network-requested activation ends early, with real nodes on both sides.

TS 23.060 §9.2.2.2 and §9.2.2.3. In each the caller gets the step and the cause, PDUs are
delivered or dropped, and nothing is left behind.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import count

import pytest

from corenet.control.model import BehaviourRequest, Coverage, MobileDeactivation
from corenet.ggsn.config import Apn
from corenet.ggsn.events import (
    DeletionReason,
    DropReason,
    PdpContextCreated,
    PdpContextDeleted,
    PdpContextRefused,
)
from corenet.hlr.config import SubscribedApn, Subscriber
from corenet.interfaces.activation import CauseSource, FailureCause, LocalCause, Step
from corenet.interfaces.nas.causes import SmCause, sm_cause_text
from corenet.interfaces.node import Interface
from corenet.mobile.events import ActivationRefused
from gtp.codes import MsNotReachableReason
from gtp.constants import MessageType

APN = "wap.example"
FIXED, ADDRESS = "234150000000001", "10.45.0.7"
ROAMING = "234150000000002"

EXHAUSTED = 5 * 5.0
"""Seconds until a request is given up: N3-REQUESTS times T3-RESPONSE."""


def gtp(number, name):
    return FailureCause(CauseSource.GTP, number, name)


def map_error(number, name):
    return FailureCause(CauseSource.MAP, number, name)


local = FailureCause.local


def attempt(bench):
    """Let a caller and a datagram ask for an activation; return how it ended for the caller."""
    requested = bench.request()
    bench.datagram()
    outcome = bench.outcome(requested)
    bench.run(1)
    assert outcome.address is None
    assert bench.delivered() == []
    return outcome


def cut_at(bench, message_type):
    """Cut GGSN and SGSN off from one another when such a message is first sent; it is lost too."""
    first = count()

    def tap(passed):
        if passed.interface is not Interface.GTP_C or passed.data[1] != message_type:
            return
        if next(first) == 0:
            bench.network.cut("ggsn", "sgsn")

    bench.network.on_passed(tap)


# Where is the MS?


def test_imsi_unknown_in_hlr(make_bench):
    """The HLR has never heard of the IMSI: no other attempt for five minutes."""
    bench = make_bench(known=(ROAMING,))
    outcome = attempt(bench)
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert outcome.cause == map_error(1, "Unknown subscriber")
    assert (outcome.hold_until_reachable, outcome.retry_after) == (False, 300.0)
    assert bench.dropped() == {DropReason.ACTIVATION_FAILED: 1}
    bench.datagram()
    bench.run(1)
    assert bench.dropped() == {DropReason.ACTIVATION_FAILED: 1, DropReason.BACK_OFF: 1}
    assert bench.messages(MessageType.SEND_ROUTEING_INFORMATION_FOR_GPRS_REQUEST) == 1
    bench.assert_nothing_left()


def test_no_sgsn(make_bench):
    """The MS has never attached: the caller waits for the network to say that it is there."""
    bench = make_bench(attached=False)
    outcome = attempt(bench)
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert outcome.cause == map_error(27, "Absent subscriber: no SGSN serves it")
    assert (outcome.hold_until_reachable, outcome.retry_after) == (True, None)
    assert bench.dropped() == {DropReason.MS_NOT_REACHABLE: 1}
    bench.assert_nothing_left()


def test_ms_not_reachable(bench):
    """The HLR has MNRG set: nothing is tried until it notes that the MS is back."""
    reason = MsNotReachableReason.GPRS_DETACHED
    bench.network.command(bench.hlr, lambda now: bench.hlr.set_not_reachable(FIXED, reason, now))
    outcome = attempt(bench)
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert outcome.cause == map_error(27, "Absent subscriber: GPRS detached")
    assert outcome.hold_until_reachable
    assert bench.dropped() == {DropReason.MS_NOT_REACHABLE: 1}
    again = bench.outcome(bench.request())
    assert again.step is Step.ACCEPTANCE
    assert again.hold_until_reachable
    bench.assert_nothing_left()


# Will the SGSN ask it?


def test_sgsn_does_not_know_the_imsi(make_bench):
    """The SGSN has purged the MS and the HLR has not heard: the HLR is asked twice, then told."""
    bench = make_bench(sgsn={"max_detached": 0})
    bench.network.cut("sgsn", "hlr")
    bench.drive("detach")
    bench.run(30)
    bench.network.mend("sgsn", "hlr")
    assert bench.sgsn.mm_context(FIXED) is None
    outcome = attempt(bench)
    assert outcome.step is Step.PDU_NOTIFICATION
    assert outcome.cause == gtp(194, "IMSI/IMEI not known")
    assert (outcome.hold_until_reachable, outcome.retry_after) == (True, None)
    assert bench.messages(MessageType.SEND_ROUTEING_INFORMATION_FOR_GPRS_REQUEST) == 2
    assert bench.messages(MessageType.FAILURE_REPORT_REQUEST) == 1
    assert bench.hlr.location(FIXED).not_reachable
    assert bench.dropped() == {DropReason.MS_NOT_REACHABLE: 1}
    bench.assert_nothing_left()


def test_ms_is_not_gprs_attached(bench):
    """The SGSN remembers the MS as detached: the HLR is to note when it is back."""
    bench.drive("detach")
    bench.run(5)
    outcome = attempt(bench)
    assert outcome.step is Step.PDU_NOTIFICATION
    assert outcome.cause == gtp(195, "MS is GPRS detached")
    assert (outcome.hold_until_reachable, outcome.retry_after) == (True, None)
    assert bench.messages(MessageType.FAILURE_REPORT_REQUEST) == 1
    assert bench.hlr.location(FIXED).not_reachable
    assert bench.dropped() == {DropReason.MS_NOT_REACHABLE: 1}
    bench.assert_nothing_left()


# What does the MS say?


@pytest.mark.parametrize("cause", [26, 31, 40, *range(95, 102), 111])
def test_ms_rejects(bench, cause):
    """Whatever SM cause the MS refuses with, GTP says that it refuses; the control says why."""
    bench.drive("behaviour", BehaviourRequest(on_request="reject", sm_cause=cause))
    requested = bench.request()
    bench.datagram()
    outcome = bench.outcome(requested)
    assert outcome.step is Step.MS_ACTIVATION
    assert outcome.cause == gtp(4, "MS refuses")
    assert (outcome.hold_until_reachable, outcome.retry_after) == (False, 300.0)
    assert requested.mobile_cause == FailureCause(CauseSource.SM, cause, sm_cause_text(cause))
    assert bench.dropped() == {DropReason.ACTIVATION_FAILED: 1}
    assert bench.delivered() == []
    bench.assert_nothing_left()


def test_ms_is_silent(bench):
    """T3385 expires five times: the MS does not respond, and will be news when it speaks."""
    bench.drive("behaviour", BehaviourRequest(on_request="silent"))
    outcome = attempt(bench)
    assert outcome.step is Step.MS_ACTIVATION
    assert outcome.cause == gtp(5, "MS is not GPRS responding")
    assert (outcome.hold_until_reachable, outcome.retry_after) == (False, 60.0)
    seconds = dict(outcome.steps)[Step.MS_ACTIVATION]
    assert seconds == pytest.approx(5 * 8.0, abs=0.1)
    assert bench.sgsn.mm_context(FIXED).mnrg
    assert bench.dropped() == {DropReason.ACTIVATION_FAILED: 1}
    bench.assert_nothing_left()


def test_ms_is_out_of_coverage(bench):
    """Nothing reaches the MS; back in coverage it is reached after the back-off."""
    bench.drive("coverage", Coverage(in_coverage=False))
    outcome = attempt(bench)
    assert outcome.cause == gtp(5, "MS is not GPRS responding")
    bench.drive("coverage", Coverage(in_coverage=True))
    bench.run(outcome.retry_after)
    assert bench.outcome(bench.request()).address == ADDRESS
    bench.assert_nothing_left()


# Does the context come about?


def test_create_refused_for_want_of_addresses(make_bench):
    """The pool has one address, which another MS has; when that goes, the address is free."""
    bench = make_bench(
        ggsn={"apns": (Apn(APN, (IPv4Network("10.45.0.6/32"),)),), "static_bindings": ()}
    )
    assert bench.outcome(bench.request(ROAMING)).address == "10.45.0.6"
    outcome = bench.outcome(bench.request())
    assert outcome.step is Step.CREATE_PDP_CONTEXT
    assert outcome.cause == gtp(211, "All dynamic PDP addresses are occupied")
    assert (outcome.hold_until_reachable, outcome.retry_after) == (False, 30.0)
    bench.run(1)
    (refused,) = bench.told(ActivationRefused)
    assert (refused.imsi, refused.cause) == (FIXED, SmCause.INSUFFICIENT_RESOURCES)
    bench.drive("detach", imsi=ROAMING)
    bench.run(outcome.retry_after)
    assert bench.outcome(bench.request()).address == "10.45.0.6"
    bench.assert_nothing_left()


def test_create_refused_for_want_of_resources(make_bench):
    """The GGSN has as many contexts as it may."""
    bench = make_bench(ggsn={"maximum_contexts": 1})
    assert bench.outcome(bench.request(ROAMING)).active
    outcome = attempt(bench)
    assert outcome.step is Step.CREATE_PDP_CONTEXT
    assert outcome.cause == gtp(199, "No resources available")
    assert (outcome.hold_until_reachable, outcome.retry_after) == (False, 30.0)
    (refused,) = bench.told(ActivationRefused)
    assert (refused.imsi, refused.cause) == (FIXED, SmCause.INSUFFICIENT_RESOURCES)
    assert bench.dropped() == {DropReason.ACTIVATION_FAILED: 1}
    bench.assert_nothing_left()


def test_apn_unknown_to_the_ggsn_that_is_asked(bench):
    """Without such an APN there is nothing to ask anybody for."""
    outcome = bench.outcome(bench.request(apn="other.example"))
    assert outcome.step is Step.ACCEPTANCE
    assert outcome.cause == local(LocalCause.UNKNOWN_APN)
    assert bench.passed == []
    bench.assert_nothing_left()


def test_create_refused_for_an_unknown_apn(make_bench):
    """The SGSN sends the MS's own activation to a GGSN that has no such APN."""
    apns = (SubscribedApn("other.example"),)
    bench = make_bench(
        sgsn={"ggsns": {"other.example": ("192.0.2.1",)}},
        hlr={"subscribers": (Subscriber(FIXED, "447700900001", apns),)},
        known=(FIXED,),
    )
    bench.activate_by_itself(apn="other.example")
    bench.run(1)
    (refused,) = bench.told(PdpContextRefused)
    assert (refused.imsi, refused.cause) == (FIXED, gtp(219, "Missing or unknown APN"))
    (refused,) = bench.told(ActivationRefused)
    assert refused.cause == SmCause.MISSING_OR_UNKNOWN_APN
    bench.assert_nothing_left()


def test_apn_is_not_subscribed(make_bench):
    """The SGSN refuses the MS before any Create: the GGSN hears of it in message 29."""
    apns = (SubscribedApn("other.example"),)
    bench = make_bench(
        hlr={"subscribers": (Subscriber(FIXED, "447700900001", apns),)}, known=(FIXED,)
    )
    outcome = attempt(bench)
    assert outcome.step is Step.MS_ACTIVATION
    assert outcome.cause == gtp(200, "Service not supported")
    assert (outcome.hold_until_reachable, outcome.retry_after) == (False, 30.0)
    (refused,) = bench.told(ActivationRefused)
    assert refused.cause == SmCause.SERVICE_OPTION_NOT_SUBSCRIBED
    assert bench.messages(MessageType.CREATE_PDP_CONTEXT_REQUEST) == 0
    assert bench.dropped() == {DropReason.ACTIVATION_FAILED: 1}
    bench.assert_nothing_left()


# Does anybody answer? N3-REQUESTS is 5, T3-RESPONSE 5 s


def test_hlr_is_silent(bench):
    """Message 32 is sent five times."""
    bench.network.cut("ggsn", "hlr")
    outcome = attempt(bench)
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert outcome.cause == local(LocalCause.HLR_SILENT)
    assert (outcome.hold_until_reachable, outcome.retry_after) == (False, 10.0)
    assert outcome.steps == ((Step.ROUTEING_INFORMATION, pytest.approx(EXHAUSTED)),)
    assert bench.messages(MessageType.SEND_ROUTEING_INFORMATION_FOR_GPRS_REQUEST) == 5
    assert bench.dropped() == {DropReason.ACTIVATION_FAILED: 1}
    bench.assert_nothing_left()


def test_sgsn_is_silent(bench):
    """Message 27 is sent five times."""
    bench.network.cut("ggsn", "sgsn")
    outcome = attempt(bench)
    assert outcome.step is Step.PDU_NOTIFICATION
    assert outcome.cause == local(LocalCause.SGSN_SILENT)
    assert (outcome.hold_until_reachable, outcome.retry_after) == (False, 10.0)
    assert dict(outcome.steps)[Step.PDU_NOTIFICATION] == pytest.approx(EXHAUSTED)
    assert bench.messages(MessageType.PDU_NOTIFICATION_REQUEST) == 5
    assert bench.dropped() == {DropReason.ACTIVATION_FAILED: 1}
    bench.assert_nothing_left()


def test_ggsn_is_silent_to_the_sgsn(bench):
    """Neither Create nor message 29 gets through: the guard timer ends the waiting."""
    cut_at(bench, MessageType.CREATE_PDP_CONTEXT_REQUEST)
    outcome = attempt(bench)
    assert outcome.step is Step.MS_ACTIVATION
    assert outcome.cause == local(LocalCause.GUARD_TIMER_EXPIRED)
    assert (outcome.hold_until_reachable, outcome.retry_after) == (False, 30.0)
    assert dict(outcome.steps)[Step.MS_ACTIVATION] == pytest.approx(60.0)
    assert bench.messages(MessageType.CREATE_PDP_CONTEXT_REQUEST) == 5
    assert bench.messages(MessageType.PDU_NOTIFICATION_REJECT_REQUEST) == 5
    (refused,) = bench.told(ActivationRefused)
    assert refused.cause == SmCause.NETWORK_FAILURE
    assert bench.dropped() == {DropReason.STORED_TOO_LONG: 1}
    bench.assert_nothing_left()


def test_ggsn_hears_the_sgsn_again_before_the_guard_time(bench):
    """Create was in vain, but message 29 says so."""
    cut_at(bench, MessageType.CREATE_PDP_CONTEXT_REQUEST)
    bench.later(EXHAUSTED + 2, lambda: bench.network.mend("ggsn", "sgsn"))
    outcome = attempt(bench)
    assert outcome.step is Step.MS_ACTIVATION
    assert outcome.cause == gtp(204, "System failure")
    assert (outcome.hold_until_reachable, outcome.retry_after) == (False, 30.0)
    assert dict(outcome.steps)[Step.MS_ACTIVATION] == pytest.approx(EXHAUSTED + 5, abs=0.1)
    assert bench.dropped() == {DropReason.ACTIVATION_FAILED: 1}
    bench.assert_nothing_left()


def test_response_to_create_never_arrives(bench):
    """The GGSN has a context and the SGSN has none, until a packet shows it."""
    cut_at(bench, MessageType.CREATE_PDP_CONTEXT_RESPONSE)
    requested = bench.request()
    bench.datagram()
    assert bench.outcome(requested).address == ADDRESS
    bench.run(2 * EXHAUSTED)
    (refused,) = bench.told(ActivationRefused)
    assert refused.cause == SmCause.NETWORK_FAILURE
    assert [context.imsi for context in bench.ggsn.contexts()] == [FIXED]
    bench.network.mend("ggsn", "sgsn")
    bench.datagram(b"in vain")
    bench.run(1)
    (deleted,) = bench.told(PdpContextDeleted)
    assert deleted.reason is DeletionReason.ERROR_INDICATION
    bench.datagram(b"anew")
    bench.run(1)
    assert bench.delivered() == [b"anew"]
    bench.assert_nothing_left()


# What crosses


@pytest.mark.parametrize("imsi", [FIXED, ROAMING], ids=["static", "dynamic"])
@pytest.mark.parametrize("head_start", range(-90, 91, 5))
def test_ms_activates_by_itself_meanwhile(make_bench, imsi, head_start):
    """Whenever the MS begins, ``head_start`` ms before or after the caller: one context, active."""
    bench = make_bench()
    requests = []
    bench.later(0.1, lambda: requests.append(bench.request(imsi)))
    bench.later(0.1 + head_start / 1000, lambda: bench.activate_by_itself(imsi))
    bench.run(60)
    (requested,) = requests
    outcome = bench.outcome(requested)
    assert outcome.step is Step.ACTIVE
    assert outcome.cause is None
    context = bench.agreed_context(imsi)
    assert context is not None
    assert context.address == outcome.address
    bench.assert_nothing_left()


@pytest.mark.parametrize("behind", [0, 5, 15, 25, 35, 45, 55, 65, 75])
def test_two_triggers_at_once(bench, behind):
    """A caller and a datagram, ``behind`` ms apart: one procedure, two outcomes, one delivery."""
    requested = bench.request()
    bench.later(behind / 1000, lambda: bench.datagram(b"first"))
    bench.later(behind / 1000, lambda: bench.datagram(b"second"))
    assert bench.outcome(requested).address == ADDRESS
    bench.run(1)
    assert bench.messages(MessageType.PDU_NOTIFICATION_REQUEST) == 1
    assert bench.messages(MessageType.CREATE_PDP_CONTEXT_REQUEST) == 1
    assert bench.delivered() == [b"first", b"second"]
    assert bench.dropped() == {}
    assert bench.agreed_context().address == ADDRESS
    bench.assert_nothing_left()


def test_the_datagram_comes_first(bench):
    """A caller joins what a datagram has begun; both hear how it ended."""
    bench.datagram()
    bench.run(0.015)
    requested = bench.request()
    assert bench.outcome(requested).address == ADDRESS
    bench.run(1)
    assert {key: outcome.step for key, outcome in bench.finished().items()} == {
        "gi:1": Step.ACTIVE,
        requested.key: Step.ACTIVE,
    }
    assert bench.messages(MessageType.PDU_NOTIFICATION_REQUEST) == 1
    assert bench.delivered() == [b"push"]
    bench.assert_nothing_left()


def end_context(bench, who):
    if who == "ggsn":
        bench.lab.control.deactivate(FIXED, APN)
    elif who == "mobile":
        bench.drive("deactivate", MobileDeactivation(apn=APN))
    else:
        bench.drive("detach")


@pytest.mark.parametrize("behind", range(0, 61, 5))
@pytest.mark.parametrize("who", ["mobile", "ggsn", "detach"])
def test_delete_crosses_a_push(bench, who, behind):
    """A datagram ``behind`` ms after somebody ends the context: lost on its way in the tunnel,
    or it brings the context back, or it is dropped because the MS has gone.
    """
    assert bench.outcome(bench.request()).active
    bench.run(1)
    end_context(bench, who)
    bench.later(behind / 1000, bench.datagram)
    bench.run(60)
    # The SGSN is 10 ms from the mobile and from the GGSN, and so is the host from the GGSN.
    is_in_tunnel = who != "ggsn" and behind + 10 < 20
    if is_in_tunnel:
        expected = ([], {}, 1)
    elif who == "detach":
        expected = ([], {DropReason.MS_NOT_REACHABLE: 1}, 1)
    else:
        expected = ([b"push"], {}, 2)
    assert (bench.delivered(), bench.dropped(), len(bench.told(PdpContextCreated))) == expected
    assert (bench.agreed_context() is not None) == bool(bench.delivered())
    bench.assert_nothing_left()


@pytest.mark.parametrize("behind", range(0, 61, 5))
@pytest.mark.parametrize("who", ["mobile", "ggsn"])
def test_delete_crosses_a_request(bench, who, behind):
    """A caller ``behind`` ms after somebody ends the context: it is still there, or is again."""
    assert bench.outcome(bench.request()).active
    bench.run(1)
    end_context(bench, who)
    bench.run(behind / 1000)
    was_there = bool(bench.ggsn.contexts())
    outcome = bench.outcome(bench.request())
    assert (outcome.step, outcome.address) == (Step.ACTIVE, ADDRESS)
    bench.run(60)
    assert (bench.agreed_context() is None) == was_there
    bench.assert_nothing_left()
