"""Network-requested activation and what crosses it (TS 23.060 §9.2.2.2)."""

from __future__ import annotations

import pytest

from corenet.ggsn.activation.network_activation import TRANSITIONS, Input, State
from corenet.ggsn.events import (
    ActivationFinished,
    DropReason,
    PdpContextCreated,
    PdusDropped,
)
from corenet.interfaces.activation import FailureCause, LocalCause, Step
from gtp.constants import Cause
from gtp.messages import (
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    FailureReportRequest,
    PduNotificationRejectResponse,
    PduNotificationRequest,
    PduNotificationResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
)

IMSI = "234150999999999"
APN = "wap.example"
ADDRESS = "10.45.0.7"
SGSN = "192.0.2.2"
HLR = "192.0.2.9"


def test_a_create_before_the_hlr_answers_satisfies_the_procedure(bench) -> None:
    """The MS was quicker: the HLR is not asked again, and its answer changes nothing."""
    bench.activate()
    request = bench.sent(SendRouteingInformationRequest)
    bench.create()
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    assert bench.outcome().active
    assert bench.ggsn.next_timeout() is None

    response = SendRouteingInformationResponse(
        cause=Cause.REQUEST_ACCEPTED, imsi=IMSI, sgsn_address=SGSN
    )
    bench.respond(request, response, HLR)
    assert bench.control == []


def test_a_create_before_the_notifications_response_satisfies_the_procedure(bench) -> None:
    """Message 16 overtakes 28: 27 is not sent again, and a late 28 changes nothing."""
    bench.activate()
    bench.from_gi(bench.packet())
    bench.route()
    notification = bench.sent(PduNotificationRequest)
    bench.create()
    bench.sent(CreatePdpContextResponse)
    assert bench.outcome().active
    assert len(bench.user) == 1

    response = PduNotificationResponse(teid=notification.teid_control, cause=Cause.MS_GPRS_DETACHED)
    bench.respond(notification, response, SGSN)
    bench.advance(100)
    assert bench.control == []
    assert bench.ggsn.context_at(ADDRESS) is not None


def test_a_create_while_the_failure_is_reported_satisfies_the_procedure(bench) -> None:
    """The MS attaches and activates before the HLR has taken the report."""
    bench.activate()
    bench.route()
    bench.notified(Cause.MS_GPRS_DETACHED)
    bench.sent(FailureReportRequest)
    bench.create()
    bench.sent(CreatePdpContextResponse)
    assert bench.outcome().active
    assert bench.ggsn.not_reachable(IMSI) is None
    bench.advance(100)
    assert bench.control == []


def test_a_reject_after_the_context_is_there_is_acknowledged_and_ignored(bench) -> None:
    """Message 29 comes too late, by header TEID and by address alike."""
    bench.activate()
    bench.route()
    notification = bench.notified()
    bench.create()
    bench.sent(CreatePdpContextResponse)
    bench.reject(notification, Cause.MS_NOT_GPRS_RESPONDING_X)
    assert bench.sent(PduNotificationRejectResponse).cause is Cause.REQUEST_ACCEPTED
    bench.reject(notification, Cause.MS_NOT_GPRS_RESPONDING_X, teid=0)
    assert bench.sent(PduNotificationRejectResponse).cause is Cause.REQUEST_ACCEPTED
    assert bench.ggsn.context_at(ADDRESS) is not None


def test_a_reject_while_the_hlr_is_asked_again_is_acknowledged_and_ignored(bench) -> None:
    """The SGSN is no longer the one that counts."""
    bench.activate()
    bench.route()
    notification = bench.notified(Cause.IMSI_NOT_KNOWN)
    bench.reject(notification, Cause.MS_REFUSES_X)
    bench.route(sgsn="192.0.2.3")
    assert bench.sent(PduNotificationRejectResponse).cause is Cause.REQUEST_ACCEPTED
    bench.sent(PduNotificationRequest, to="192.0.2.3")
    assert bench.told(ActivationFinished) == []


def test_a_lost_procedure_is_unknown_after_our_restart(bench) -> None:
    """A late 29 gets cause 192; a late Create is an ordinary activation."""
    bench.activate()
    bench.route()
    notification = bench.notified()
    bench.restart(recovery=8)
    bench.reject(notification, Cause.MS_REFUSES_X)
    assert bench.sent(PduNotificationRejectResponse).cause is Cause.NON_EXISTENT
    bench.create()
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    assert not bench.told(PdpContextCreated)[0].context.network_requested


def test_a_delete_crossing_a_push_leads_to_a_new_activation(bench) -> None:
    """The context goes while packets come: the next packet starts the procedure anew."""
    bench.create()
    created = bench.sent(CreatePdpContextResponse)
    bench.from_gi(bench.packet(payload=b"one"))
    bench.request(DeletePdpContextRequest(teid=created.teid_control, nsapi=5, teardown=True), SGSN)
    assert bench.sent(DeletePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    two = bench.packet(payload=b"two")
    bench.from_gi(two)
    bench.route()
    bench.notified()
    bench.create(teid_data=0x202)
    bench.sent(CreatePdpContextResponse)
    assert bench.tunnelled()[1] == 0x201
    assert bench.tunnelled() == (two, 0x202, (SGSN, 2152))


def test_deletes_that_cross_are_both_answered(bench) -> None:
    """The SGSN's request finds the context gone; ours is answered as such: both ends agree."""
    bench.create()
    created = bench.sent(CreatePdpContextResponse)
    assert bench.ggsn.deactivate(IMSI, None, bench.now) == 1
    bench.take()
    ours = bench.sent(DeletePdpContextRequest)
    bench.request(DeletePdpContextRequest(teid=created.teid_control, nsapi=5), SGSN)
    assert bench.sent(DeletePdpContextResponse).cause is Cause.NON_EXISTENT
    bench.respond(ours, DeletePdpContextResponse(cause=Cause.NON_EXISTENT), SGSN)
    bench.assert_nothing_left()


def test_deactivation_ends_an_activation_under_way(bench) -> None:
    """The caller is told; stored packets go; the SGSN's Create later is an ordinary one."""
    bench.activate()
    bench.from_gi(bench.packet())
    bench.route()
    bench.notified()
    assert bench.ggsn.deactivate(IMSI, APN, bench.now) == 0
    bench.take()
    outcome = bench.outcome()
    assert outcome.step is Step.MS_ACTIVATION
    assert outcome.cause == FailureCause.local(LocalCause.DEACTIVATED)
    assert outcome.retry_after is None
    assert bench.told(PdusDropped)[0].reason is DropReason.ACTIVATION_FAILED
    bench.assert_nothing_left()


def test_deactivation_leaves_other_activations_alone(bench) -> None:
    """Another APN, an unknown APN and another subscriber are not meant."""
    bench.activate()
    bench.activate(apn="small.example", key="small")
    for imsi, apn in (
        (IMSI, "static.example"),
        (IMSI, "nowhere.example"),
        ("234151111111111", None),
    ):
        assert bench.ggsn.deactivate(imsi, apn, bench.now) == 0
    assert bench.ggsn.activations_under_way == 2
    bench.ggsn.deactivate(IMSI, "small.example", bench.now)
    bench.take()
    assert bench.outcome("small").cause.name == "deactivated meanwhile"
    assert bench.ggsn.activations_under_way == 1


def test_deactivation_lets_a_report_to_the_hlr_end(bench) -> None:
    """Whether the MS can be reached stays right."""
    bench.activate()
    bench.route()
    bench.notified(Cause.MS_GPRS_DETACHED)
    bench.ggsn.deactivate(IMSI, None, bench.now)
    bench.reported()
    assert bench.outcome().hold_until_reachable
    bench.assert_nothing_left()


def test_a_duplicate_create_is_answered_alike_and_creates_nothing(bench) -> None:
    """The SGSN sends again what it has no answer to."""
    request = bench.create()
    first = bench.sent(CreatePdpContextResponse)
    bench.deliver(request, SGSN)
    assert bench.sent(CreatePdpContextResponse) == first
    assert len(bench.ggsn.contexts()) == 1


@pytest.mark.parametrize("state", [s for s in State if s is not State.DONE])
def test_every_state_but_idle_can_fail_and_succeed(state: State) -> None:
    """No state is a trap."""
    if state is State.IDLE:
        assert (state, Input.FAILED) not in TRANSITIONS
        return
    assert TRANSITIONS[state, Input.FAILED][1] is State.DONE
    assert TRANSITIONS[state, Input.CONTEXT_CREATED][1] is State.DONE


def test_nothing_leads_out_of_done() -> None:
    """An input after the end means nothing."""
    assert all(state is not State.DONE for state, _ in TRANSITIONS)
