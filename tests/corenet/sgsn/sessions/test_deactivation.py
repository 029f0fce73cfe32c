"""PDP context deactivation (TS 24.008 §6.1.3.4): by the mobile, the network, the GGSN."""

import pytest

from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.node import Interface
from corenet.sgsn.events import DeactivationReason, PdpContextDeactivated, PdpState
from gtp.constants import Cause
from gtp.messages import (
    CreatePdpContextRequest,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    EchoResponse,
    ErrorIndication,
    PduNotificationResponse,
)
from gtp.timers import Timers

TI = sm.TransactionIdentifier(0)


def delete_answered(around, delete, cause=Cause.REQUEST_ACCEPTED):
    """The GGSN has deleted."""
    around.from_ggsn(DeletePdpContextResponse(sequence=delete.sequence, cause=cause))


def ggsn_deletes(around, **changes):
    """The GGSN asks to delete the context on NSAPI 5."""
    values = {
        "teid": around.sgsn.mm_context(around.IMSI).contexts[0].teid_control,
        "nsapi": 5,
        "teardown": True,
    }
    around.ggsn_asks(DeletePdpContextRequest(**(values | changes)))
    return around.sent(DeletePdpContextResponse)


def gone(around, reason, cause):
    """The one PdpContextDeactivated says so."""
    assert around.events(PdpContextDeactivated) == [
        PdpContextDeactivated(around.IMSI, around.APN, 5, around.ADDRESS, cause, reason)
    ]


# -- by the mobile ---------------------------------------------------------------------------


@pytest.mark.clause("23.060 §9.2.4.1", "MS-initiated PDP context deactivation")
@pytest.mark.parametrize("cause", [Cause.REQUEST_ACCEPTED, Cause.NON_EXISTENT])
def test_the_mobile_deactivates(active, cause):
    """Delete to the GGSN, then Accept; 192 is as good as 128."""
    teid = active.sgsn.mm_context(active.IMSI).contexts[0].remote_teid_control
    active.say(sm.DeactivatePdpContextRequest(TI))
    delete = active.sent(DeletePdpContextRequest)
    assert (delete.teid, delete.nsapi, delete.teardown) == (teid, 5, True)
    assert active.silent()
    gone(active, DeactivationReason.MOBILE, 36)
    (view,) = active.sgsn.mm_context(active.IMSI).contexts
    assert view.state is PdpState.DEACTIVATING
    active.say(sm.DeactivatePdpContextRequest(TI))
    assert active.silent()
    delete_answered(active, delete, cause)
    assert active.heard(sm.DeactivatePdpContextAccept).ti == TI.mirrored
    assert active.silent()
    assert active.sgsn.mm_context(active.IMSI).contexts == ()
    assert active.sgsn.next_timeout() is None


def test_the_ggsn_does_not_answer_the_delete(active):
    """The context goes anyway."""
    active.say(sm.DeactivatePdpContextRequest(TI))
    active.run(25)
    assert len(active.gtp) == 5
    active.heard(sm.DeactivatePdpContextAccept)
    assert active.sgsn.counters["deletes_unanswered"] == 1
    assert active.sgsn.next_timeout() is None


def test_an_unknown_context_is_deactivated_gladly(attached):
    """Deactivate for an unknown TI gets Accept (TS 24.008 §8.3)."""
    attached.say(sm.DeactivatePdpContextRequest(sm.TransactionIdentifier(4)))
    assert attached.heard(sm.DeactivatePdpContextAccept).ti.value == 4
    assert attached.events() == []


def test_the_mobile_activates_anew_before_the_accept(active):
    """The new Create waits for the Delete; the old Accept is not sent any more."""
    active.say(sm.DeactivatePdpContextRequest(TI))
    delete = active.sent(DeletePdpContextRequest)
    active.say(active.activate_request(ti=1))
    assert not active.gtp
    delete_answered(active, delete)
    active.from_ggsn(active.created(active.sent(CreatePdpContextRequest)))
    active.heard(sm.ActivatePdpContextAccept)
    assert active.silent()


def test_the_mobile_detaches_before_the_accept(active):
    """The detach takes over."""
    active.say(sm.DeactivatePdpContextRequest(TI))
    delete = active.sent(DeletePdpContextRequest)
    active.say(gmm.DetachRequestUplink())
    assert active.silent()
    delete_answered(active, delete)
    active.heard(gmm.DetachAcceptDownlink)
    assert active.silent()
    assert active.sgsn.next_timeout() is None


# -- by command ------------------------------------------------------------------------------


@pytest.mark.clause("23.060 §9.2.4.2", "SGSN-initiated PDP context deactivation")
def test_the_network_deactivates(active):
    """Delete to the GGSN and Deactivate with 36 to the mobile."""
    assert active.command("deactivate", active.IMSI, 5)
    delete = active.sent(DeletePdpContextRequest)
    deactivate = active.heard(sm.DeactivatePdpContextRequest)
    assert (deactivate.ti, deactivate.cause, deactivate.teardown) == (TI.mirrored, 36, True)
    gone(active, DeactivationReason.NETWORK, 36)
    delete_answered(active, delete)
    active.say(sm.DeactivatePdpContextAccept(TI))
    assert active.silent()
    assert active.sgsn.mm_context(active.IMSI).contexts == ()
    assert active.sgsn.next_timeout() is None


def test_there_is_nothing_to_deactivate(active):
    """The command says so."""
    assert not active.command("deactivate", active.IMSI, 6)
    assert not active.command("deactivate", "001010000000001", 5)
    assert active.command("deactivate", active.IMSI, 5)
    assert not active.command("deactivate", active.IMSI, 5)


@pytest.mark.clause("24.008 §6.1.3.4", "deactivation by each side, T3390, T3395")
def test_the_mobile_does_not_accept(active):
    """T3395: five Deactivates, 8 seconds apart, then the context is forgotten."""
    active.command("deactivate", active.IMSI, 5)
    delete_answered(active, active.sent(DeletePdpContextRequest))
    first = active.heard(sm.DeactivatePdpContextRequest)
    active.run(39.9)
    assert [active.heard(sm.DeactivatePdpContextRequest) for _ in range(4)] == [first] * 4
    assert active.sgsn.mm_context(active.IMSI).contexts
    active.run(0.2)
    assert active.silent()
    assert active.sgsn.mm_context(active.IMSI).contexts == ()
    assert active.sgsn.next_timeout() is None


def test_both_deactivate_at_once(active):
    """The mobile's Deactivate is as good as an Accept, and gets one."""
    active.command("deactivate", active.IMSI, 5)
    active.heard(sm.DeactivatePdpContextRequest)
    active.say(sm.DeactivatePdpContextRequest(TI))
    active.heard(sm.DeactivatePdpContextAccept)
    assert active.sgsn.mm_context(active.IMSI).contexts == ()
    delete_answered(active, active.sent(DeletePdpContextRequest))
    assert active.sgsn.next_timeout() is None


def test_an_accept_nobody_waits_for(active):
    """SM Status 81 for an unknown TI, 101 for one that is not being deactivated."""
    active.say(sm.DeactivatePdpContextAccept(sm.TransactionIdentifier(3)))
    assert active.heard(sm.SmStatus) == sm.SmStatus(sm.TransactionIdentifier(3, True), 81)
    active.say(sm.DeactivatePdpContextAccept(TI))
    assert active.heard(sm.SmStatus).cause == 101
    assert active.sgsn.mm_context(active.IMSI).contexts[0].state is PdpState.ACTIVE


# -- by the GGSN -----------------------------------------------------------------------------


@pytest.mark.clause("23.060 §9.2.4.3", "GGSN-initiated PDP context deactivation")
@pytest.mark.parametrize(
    ("gtp_cause", "sm_cause"),
    [(None, 36), (Cause.REACTIVATION_REQUESTED, 39), (Cause.NETWORK_FAILURE, 36)],
)
def test_the_ggsn_deletes(active, gtp_cause, sm_cause):
    """128 to the GGSN, Deactivate to the mobile with the cause that fits."""
    remote = active.sgsn.mm_context(active.IMSI).contexts[0].remote_teid_control
    response = ggsn_deletes(active, cause=gtp_cause)
    assert (response.cause, response.teid) == (Cause.REQUEST_ACCEPTED, remote)
    assert active.heard(sm.DeactivatePdpContextRequest).cause == sm_cause
    gone(active, DeactivationReason.GGSN, sm_cause)
    assert not active.gtp
    active.say(sm.DeactivatePdpContextAccept(TI))
    assert active.sgsn.next_timeout() is None


@pytest.mark.parametrize("changes", [{"teid": 0}, {"teid": 0xDEAD}, {"nsapi": 9}])
def test_the_ggsn_deletes_what_is_not_there(active, changes):
    """192 with TEID 0."""
    response = ggsn_deletes(active, **changes)
    assert (response.cause, response.teid) == (Cause.NON_EXISTENT, 0)
    assert active.silent()


def test_the_ggsn_deletes_while_the_create_is_out(attached):
    """The mobile is rejected with 38; what may yet be created is deleted."""
    attached.ggsn_asks(attached.notification())
    attached.sent(PduNotificationResponse)
    attached.answer(attached.heard(sm.RequestPdpContextActivation))
    create = attached.sent(CreatePdpContextRequest)
    assert ggsn_deletes(attached).cause is Cause.REQUEST_ACCEPTED
    assert attached.heard(sm.ActivatePdpContextReject).cause == 38
    assert attached.failure().reason.value == "GGSN refuses to create the context"
    attached.from_ggsn(attached.created(create))
    delete = attached.sent(DeletePdpContextRequest)
    delete_answered(attached, delete, Cause.NON_EXISTENT)
    assert attached.silent()
    assert attached.sgsn.next_timeout() is None


def test_the_ggsn_deletes_what_the_mobile_alone_activates(attached):
    """Without a network's request there is nobody else to tell."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    ggsn_deletes(attached)
    attached.heard(sm.ActivatePdpContextReject)
    attached.from_ggsn(attached.created(create, cause=Cause.NON_EXISTENT))
    assert attached.sgsn.next_timeout() is None


@pytest.mark.clause("29.060 §7.3.5, §7.3.6", "Delete PDP Context, both ways")
def test_both_delete_at_once(active):
    """A Delete that crosses ours finds the context gone already."""
    teid = active.sgsn.mm_context(active.IMSI).contexts[0].teid_control
    active.say(sm.DeactivatePdpContextRequest(TI))
    delete = active.sent(DeletePdpContextRequest)
    assert ggsn_deletes(active, teid=teid).cause is Cause.NON_EXISTENT
    delete_answered(active, delete, Cause.NON_EXISTENT)
    active.heard(sm.DeactivatePdpContextAccept)
    assert active.silent()


def error_indication(around, peer=None, teid=None):
    """An Error Indication for the context on NSAPI 5 arrives."""
    view = around.sgsn.mm_context(around.IMSI).contexts[0]
    message = ErrorIndication(
        teid_data=view.remote_teid_data if teid is None else teid,
        peer_address=peer or around.GGSN,
    )
    around.give(Interface.GTP_U, message.encode(), (around.GGSN, 2152))


@pytest.mark.clause(
    "23.060 §9.2.4", "Error Indication ends the context that the GGSN does not know"
)
def test_the_ggsn_does_not_know_the_tunnel(active):
    """Error Indication: the mobile is told to reactivate (39); no Delete is needed."""
    error_indication(active)
    assert active.heard(sm.DeactivatePdpContextRequest).cause == 39
    gone(active, DeactivationReason.ERROR_INDICATION, 39)
    assert not active.gtp


@pytest.mark.parametrize("changes", [{"peer": "192.0.2.77"}, {"teid": 1}])
def test_an_error_indication_for_nothing_here(active, changes):
    """The key is peer address and TEID in the message; what fits nothing is counted."""
    error_indication(active, **changes)
    assert active.silent()
    assert active.sgsn.counters["error_indications_ignored"] == 1


# -- the GGSN restarts -----------------------------------------------------------------------


def test_the_ggsn_restarts(surrounding):
    """A changed Recovery in an echo: every context there is deactivated with 39."""
    around = surrounding(timers=Timers(echo_interval=60))
    around.attach()
    around.activate()
    around.run(61)
    assert around.echoes >= 1
    assert around.silent()
    around.ggsn_recovery = 8
    around.run(60)
    assert around.heard(sm.DeactivatePdpContextRequest).cause == 39
    gone(around, DeactivationReason.GGSN_RESTARTED, 39)
    assert not around.gtp
    around.say(sm.DeactivatePdpContextAccept(TI))
    assert around.sgsn.next_timeout() is None
    assert around.sgsn.counters["ggsn_restarts"] == 1


def test_the_create_response_tells_of_the_restart(surrounding):
    """Old contexts go; the new one, whose response carried the news, stays."""
    around = surrounding(ggsns={"wap.example": ("192.0.2.1",), "web.example": ("192.0.2.1",)})
    around.apns.append("web.example")
    around.static = None
    around.attach()
    around.activate()
    around.say(around.activate_request(ti=1, nsapi=6, apn="web.example"))
    create = around.sent(CreatePdpContextRequest)
    around.ggsn_recovery = 8
    response = around.created(create)
    around.from_ggsn(response)
    assert around.heard(sm.DeactivatePdpContextRequest).ti == TI.mirrored
    assert around.heard(sm.ActivatePdpContextAccept).ti.value == 1
    around.say(sm.DeactivatePdpContextAccept(TI))
    (view,) = around.sgsn.mm_context(around.IMSI).contexts
    assert view.nsapi == 6
    assert view.remote_teid_control == response.teid_control


def test_a_dead_path_leaves_contexts_alone(surrounding):
    """Whether to keep contexts on a dead path is the operator's choice; ours is to keep them."""
    around = surrounding(timers=Timers(echo_interval=60))
    around.attach()
    around.activate()
    answer, around.from_ggsn = around.from_ggsn, lambda *_: None
    around.run(200)
    around.from_ggsn = answer
    assert around.sgsn.counters["paths_down"] == 1
    assert around.sgsn.mm_context(around.IMSI).contexts[0].state is PdpState.ACTIVE


def test_the_path_is_left_alone_with_the_last_context(surrounding):
    """Echo ends with the last context on the GGSN: no timer is left."""
    around = surrounding(timers=Timers(echo_interval=60))
    around.attach()
    around.activate()
    assert around.sgsn.next_timeout() is not None
    around.say(gmm.DetachRequestUplink(power_off=True))
    delete_answered(around, around.sent(DeletePdpContextRequest))
    assert around.sgsn.next_timeout() is None
    assert EchoResponse(recovery=1).recovery == 1


# -- SM Status -------------------------------------------------------------------------------


@pytest.mark.clause("24.008 §6.1.3.6", "SM STATUS ends what the other side does not know")
def test_the_mobile_does_not_know_an_active_context(active):
    """SM Status 81: the context is released here and deleted at the GGSN."""
    active.say(sm.SmStatus(TI, 81))
    delete_answered(active, active.sent(DeletePdpContextRequest))
    assert active.silent()
    assert active.sgsn.mm_context(active.IMSI).contexts == ()
    gone(active, DeactivationReason.MOBILE, 36)


def test_the_mobile_does_not_know_a_context_that_is_being_created(attached):
    """SM Status 97: the activation is given up."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    attached.say(sm.SmStatus(TI, 97))
    attached.from_ggsn(attached.created(create))
    delete_answered(attached, attached.sent(DeletePdpContextRequest))
    assert attached.silent()
    assert attached.sgsn.next_timeout() is None


def test_the_mobile_does_not_know_a_context_that_is_being_deactivated(active):
    """SM Status 81 ends the deactivation."""
    active.command("deactivate", active.IMSI, 5)
    delete_answered(active, active.sent(DeletePdpContextRequest))
    active.say(sm.SmStatus(TI, 81))
    assert active.sgsn.mm_context(active.IMSI).contexts == ()
    assert active.sgsn.next_timeout() is None


@pytest.mark.parametrize(("ti", "cause"), [(0, 98), (5, 81)])
def test_other_status_changes_nothing(active, ti, cause):
    """Other causes, and unknown transactions, are noted; status is never answered."""
    active.say(sm.SmStatus(sm.TransactionIdentifier(ti), cause))
    assert active.silent()
    assert not active.gtp
    assert active.sgsn.counters["sm_status_received"] == 1


@pytest.mark.parametrize(
    ("octets", "cause"),
    [
        ("0a56", 97),  # Activate MBMS Context Request: not served here
        ("0a480403030000 00", 97),  # Modify PDP Context Request as the network has it
        ("0a4303", 97),  # Activate PDP Context Reject: the network's message
        ("0a46", 96),  # Deactivate without its cause
    ],
)
def test_messages_that_cannot_be_taken_get_sm_status(active, octets, cause):
    """Each with its cause (TS 24.008 §8.4, §8.5)."""
    active.say_octets(bytes.fromhex(octets))
    assert active.heard(sm.SmStatus) == sm.SmStatus(TI.mirrored, cause)


def test_a_message_without_transaction_identifier_gets_nothing(active):
    """There is nothing to answer to."""
    active.say_octets(bytes.fromhex("7a"))
    assert active.silent()
